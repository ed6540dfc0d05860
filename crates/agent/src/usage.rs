//! Token usage by model, and its cost.

use std::collections::HashMap;
use std::sync::Arc;

use crate::ports::{ModelName, Usage};

/// All calls of one model in one run.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelUsage {
    pub name: ModelName,
    pub usage: Usage,
    /// In the currency of the configured prices; none without a price.
    pub cost: Option<f64>,
}

/// Prices per million tokens, in any currency.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Price {
    pub prompt: f64,
    /// For prompt tokens from the provider's cache.
    pub cached: f64,
    pub completion: f64,
}

impl Price {
    pub fn of(&self, usage: &Usage) -> f64 {
        let cached = usage.cached_tokens.min(usage.prompt_tokens);
        let million = |tokens: u64, price: f64| tokens as f64 / 1e6 * price;
        million(usage.prompt_tokens - cached, self.prompt)
            + million(cached, self.cached)
            + million(usage.completion_tokens, self.completion)
    }

    /// From `0.4/0.1/1.6`.
    fn parse(text: &str) -> Option<Self> {
        let prices: Option<Vec<f64>> = text.split('/').map(|price| price.trim().parse().ok()).collect();
        let prices = prices.filter(|prices| prices.iter().all(|price| price.is_finite() && *price >= 0.0))?;
        let [prompt, cached, completion] = prices[..] else { return None };
        Some(Self { prompt, cached, completion })
    }
}

/// Configured prices, by `provider/model`. Clones are cheap.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Prices(Arc<HashMap<String, Price>>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a comma-separated list of provider/model=prompt/cached/completion")]
pub struct PricesError;

impl Prices {
    /// From `openai/gpt-4.1-mini=0.4/0.1/1.6, ...`: prompt, cached, completion.
    ///
    /// # Errors
    ///
    /// The text has another form, or a price is negative.
    pub fn parse(list: &str) -> Result<Self, PricesError> {
        let entry = |entry: &str| {
            let (name, price) = entry.rsplit_once('=')?;
            let (provider, model) = name.trim().split_once('/')?;
            let named = !provider.is_empty() && !model.is_empty();
            named.then_some(()).and_then(|()| Some((name.trim().to_owned(), Price::parse(price)?)))
        };
        let prices: Option<HashMap<_, _>> = list.split(',').map(entry).collect();
        Ok(Self(Arc::new(prices.ok_or(PricesError)?)))
    }

    pub fn of(&self, name: &ModelName) -> Option<Price> {
        self.0.get(&format!("{}/{}", name.provider, name.model)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(model: &str) -> ModelName {
        ModelName { provider: "openai".into(), model: model.into() }
    }

    #[test]
    fn prices_are_per_million_tokens_and_cached_ones_count_once() {
        let prices = Prices::parse("openai/a/b:7b=2/0.5/8, openai/c=0/0/1").unwrap();
        let usage = Usage {
            calls: 3,
            prompt_tokens: 1_000_000,
            cached_tokens: 600_000,
            cache_written_tokens: 0,
            completion_tokens: 500_000,
        };
        let cost = |model| prices.of(&name(model)).map(|price| price.of(&usage));
        assert!((cost("a/b:7b").unwrap() - (0.8 + 0.3 + 4.0)).abs() < 1e-9);
        assert!((cost("c").unwrap() - 0.5).abs() < 1e-9);
        assert_eq!(cost("d"), None);
        // A provider that counts more cached tokens than it was sent takes nothing off the price.
        let odd = Usage { cached_tokens: 9, prompt_tokens: 4, ..Usage::default() };
        assert!((prices.of(&name("a/b:7b")).unwrap().of(&odd) - 4.0 * 0.5e-6).abs() < 1e-12);
    }

    #[test]
    fn invalid_price_lists_are_rejected() {
        for text in [
            "",
            "a/b",
            "a=1/1/1",
            "a/=1/1/1",
            "/b=1/1/1",
            "a/b=1/1",
            "a/b=1/1/1/1",
            "a/b=1/1/-1",
            "a/b=1/1/inf",
            "a/b=1/1/NaN",
            "a/b=1/1/1,",
            "a/b=1/x/1",
        ] {
            assert_eq!(Prices::parse(text), Err(PricesError), "{text}");
        }
    }
}
