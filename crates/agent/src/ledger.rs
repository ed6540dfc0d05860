//! What a run has done and used so far. Outlives the run's future, so that a run that was cut off can still report it.

use std::sync::{Mutex, MutexGuard, PoisonError};

use url::Url;

use crate::observation::Blocker;
use crate::ports::{ModelName, Usage};
use crate::text::shorten;
use crate::usage::{ModelUsage, Price};

/// Longest URL kept, in characters.
const MAX_URL: usize = 2_000;

/// Written by the agent of one run, read when the run ends.
#[derive(Debug, Default)]
pub struct Ledger(Mutex<Entries>);

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Entries {
    /// The errors of all steps, in order.
    pub errors: Vec<String>,
    /// What the agent wrote down for later steps, in order.
    pub notes: Vec<String>,
    /// On the page after the last step.
    pub blocker: Option<Blocker>,
    pub tally: Tally,
}

/// Steps, pages and usage of a run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tally {
    /// Reported steps.
    pub steps: u32,
    /// Pages seen, in order, without consecutive repeats and without credentials. At most one per step and one before
    /// the first.
    pub urls: Vec<String>,
    /// In the order of their first calls.
    pub usage: Vec<ModelUsage>,
}

impl Tally {
    /// Prompt and completion tokens of all models.
    pub fn tokens(&self) -> u64 {
        self.usage.iter().map(|used| used.usage.prompt_tokens.saturating_add(used.usage.completion_tokens)).sum()
    }

    /// None when a model has no price.
    pub fn cost(&self) -> Option<f64> {
        self.usage.iter().map(|used| used.cost).sum()
    }
}

impl Ledger {
    pub fn entries(&self) -> Entries {
        self.lock().clone()
    }

    pub(crate) fn add_error(&self, error: String) {
        self.lock().errors.push(error);
    }

    pub(crate) fn add_note(&self, note: &str) {
        let notes = &mut self.lock().notes;
        if !note.trim().is_empty() && notes.last().is_none_or(|last| last != note) {
            notes.push(note.to_owned());
        }
    }

    pub(crate) fn end_step(&self, step: u32, blocker: Option<Blocker>) {
        let mut entries = self.lock();
        entries.tally.steps = step;
        entries.blocker = blocker;
    }

    pub(crate) fn add_url(&self, url: &str) {
        let Ok(url) = Url::parse(url) else { return };
        if !matches!(url.scheme(), "http" | "https") {
            return;
        }
        let url = shorten(&without_credentials(&url), MAX_URL);
        let urls = &mut self.lock().tally.urls;
        if urls.last() != Some(&url) {
            urls.push(url);
        }
    }

    pub(crate) fn add_usage(&self, name: &ModelName, price: Option<Price>, usage: Usage) {
        let used = &mut self.lock().tally.usage;
        let at = used.iter().position(|used| used.name == *name).unwrap_or_else(|| {
            used.push(ModelUsage { name: name.clone(), usage: Usage::default(), cost: None });
            used.len() - 1
        });
        used[at].usage += usage;
        used[at].cost = price.map(|price| price.of(&used[at].usage));
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The URL for events, logs and prompts.
pub fn without_credentials(url: &Url) -> String {
    let mut url = url.clone();
    // Both fail only for URLs that cannot have credentials.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(model: &str) -> ModelName {
        ModelName { provider: "openai".into(), model: model.into() }
    }

    #[test]
    fn urls_are_kept_in_order_without_consecutive_duplicates_or_passwords() {
        let ledger = Ledger::default();
        for url in [
            "about:blank",
            "https://ada:s3cret@a.example/?q=1",
            "https://a.example/?q=1",
            "http://b.example/",
            "",
            "https://a.example/?q=1",
        ] {
            ledger.add_url(url);
        }
        assert_eq!(
            ledger.entries().tally.urls,
            ["https://a.example/?q=1", "http://b.example/", "https://a.example/?q=1"]
        );
    }

    #[test]
    fn usage_is_summed_by_model_and_priced_models_report_a_cost() {
        let ledger = Ledger::default();
        let call =
            Usage { calls: 1, prompt_tokens: 1_000, cached_tokens: 0, cache_written_tokens: 0, completion_tokens: 100 };
        let price = Price { prompt: 1.0, cached: 1.0, completion: 10.0 };
        ledger.add_usage(&name("a"), Some(price), call);
        ledger.add_usage(&name("b"), None, call);
        ledger.add_usage(&name("a"), Some(price), call);
        let tally = ledger.entries().tally;
        let calls: Vec<_> = tally.usage.iter().map(|used| (used.name.model.as_str(), used.usage.calls)).collect();
        assert_eq!(calls, [("a", 2), ("b", 1)]);
        assert!((tally.usage[0].cost.unwrap() - 0.004).abs() < 1e-12);
        assert_eq!((tally.tokens(), tally.cost()), (3_300, None));
    }
}
