//! Enforces the budget of a run: no call is started that may exceed it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::control::Deadline;
use crate::ledger::Ledger;
use crate::planner::PlanError;
use crate::ports::{ChatModel, ChatReply, ChatRequest, ModelName, Usage};
use crate::text::estimate_tokens;
use crate::usage::{Price, Prices};

/// Tokens of a picture of the size that models get.
const PICTURE_TOKENS: u64 = 1_500;
/// Tokens of an answer before the first one is known.
const ANSWER_TOKENS: u64 = 300;

/// The limits of one run, except steps.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Budget {
    /// Prompt and completion tokens together, cached ones included.
    pub tokens: Option<u64>,
    /// In the currency of the prices; only for models that have one.
    pub cost: Option<f64>,
    /// When the run is cut off.
    pub deadline: Option<Deadline>,
}

/// Displayed as the noun in "the run's ... budget".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, strum::Display)]
#[strum(serialize_all = "lowercase")]
pub enum Limit {
    #[strum(serialize = "step")]
    Steps,
    #[strum(serialize = "token")]
    Tokens,
    Cost,
    Time,
}

/// The last call: the estimated tokens of its prompt, and its usage.
#[derive(Clone, Copy)]
struct LastCall {
    estimate: u64,
    usage: Usage,
}

/// The model of a run within its budget. Every call is entered in the ledger.
pub(crate) struct MeteredModel {
    model: Arc<dyn ChatModel>,
    prices: Prices,
    budget: Budget,
    ledger: Arc<Ledger>,
    last: Mutex<Option<LastCall>>,
}

impl MeteredModel {
    pub(crate) fn new(model: Arc<dyn ChatModel>, prices: Prices, budget: Budget, ledger: Arc<Ledger>) -> Self {
        Self { model, prices, budget, ledger, last: Mutex::default() }
    }

    /// The price of the current model, which a fallback may have replaced.
    fn price(&self) -> Option<Price> {
        self.prices.of(&self.model.name())
    }

    pub(crate) fn name(&self) -> ModelName {
        self.model.name()
    }

    pub(crate) async fn complete(&self, request: ChatRequest<'_>) -> Result<ChatReply, PlanError> {
        let estimate = estimate_prompt(&request);
        if let Some(limit) = self.exceeded_by(1, self.estimate(estimate)) {
            return Err(PlanError::OverBudget(limit));
        }
        let mut reply = self.model.complete(request).await?;
        if reply.usage.prompt_tokens == 0 {
            // Not every server reports usage.
            reply.usage.prompt_tokens = estimate;
            reply.usage.completion_tokens = estimate_tokens(&reply.text) as u64;
        }
        *self.lock() = Some(LastCall { estimate, usage: reply.usage });
        self.ledger.add_usage(&self.model.name(), self.price(), reply.usage);
        Ok(reply)
    }

    /// The limit without room for two more calls like the last one.
    pub(crate) fn nearly_reached(&self) -> Option<Limit> {
        let last = (*self.lock())?;
        self.exceeded_by(2, last.usage)
    }

    fn exceeded_by(&self, calls: u32, call: Usage) -> Option<Limit> {
        let tally = self.ledger.entries().tally;
        let tokens = call.prompt_tokens.saturating_add(call.completion_tokens).saturating_mul(calls.into());
        if self.budget.tokens.is_some_and(|limit| tally.tokens().saturating_add(tokens) > limit) {
            return Some(Limit::Tokens);
        }
        let (limit, price) = (self.budget.cost?, self.price()?);
        let cost = tally.cost()? + price.of(&call) * f64::from(calls);
        (cost > limit).then_some(Limit::Cost)
    }

    /// The usage of a call with so many estimated prompt tokens, scaled from the last call.
    fn estimate(&self, prompt: u64) -> Usage {
        let Some(last) = *self.lock() else {
            return Usage { calls: 1, prompt_tokens: prompt, completion_tokens: ANSWER_TOKENS, ..Usage::default() };
        };
        let scaled = |tokens: u64| (prompt as f64 * tokens as f64 / last.estimate.max(1) as f64) as u64;
        Usage {
            calls: 1,
            prompt_tokens: scaled(last.usage.prompt_tokens),
            cached_tokens: scaled(last.usage.cached_tokens),
            cache_written_tokens: scaled(last.usage.cache_written_tokens),
            completion_tokens: last.usage.completion_tokens,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<LastCall>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn estimate_prompt(request: &ChatRequest<'_>) -> u64 {
    let texts = request.messages.iter().map(|message| estimate_tokens(&message.text)).sum::<usize>();
    let fixed = estimate_tokens(request.system) + estimate_tokens(&request.schema.to_string());
    let pictures = request.messages.iter().filter(|message| message.image.is_some()).count() as u64;
    (texts + fixed) as u64 + pictures * PICTURE_TOKENS
}
