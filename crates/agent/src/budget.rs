//! What a run may spend: kept by not starting what cannot fit, and by asking for an answer while there is room for one.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use crate::ledger::Ledger;
use crate::ports::{ChatModel, ChatReply, ChatRequest, ModelError, ModelName, Usage};
use crate::text::estimate_tokens;
use crate::usage::{Price, Prices};

/// Tokens of a picture, as providers count one of the size that models are sent.
const PICTURE: u64 = 1_500;
/// Tokens of an answer, as long as none has been seen.
const ANSWER: u64 = 300;

/// The limits of one run beside its steps.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Budget {
    /// Prompt and completion tokens together, cached ones included.
    pub tokens: Option<u64>,
    /// In the currency of the prices; only for models that have one.
    pub cost: Option<f64>,
    /// When the run is cut off.
    pub deadline: Option<Instant>,
}

/// What has a limit in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Limit {
    Steps,
    Tokens,
    Cost,
    Time,
}

impl Limit {
    /// In the sentence "the run's ... are nearly used up".
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Self::Steps => "step",
            Self::Tokens => "token",
            Self::Cost => "cost",
            Self::Time => "time",
        }
    }
}

/// Why a metered call brought nothing.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum CallError {
    /// It was not started, since it might not fit.
    OverBudget(Limit),
    Model(ModelError),
}

/// The last call: how many tokens its prompt was thought to have, and what it took.
#[derive(Clone, Copy)]
struct Last {
    thought: u64,
    took: Usage,
}

/// The one way to a run's model: every call is entered in the ledger, and none is started that cannot fit.
pub(crate) struct MeteredModel {
    model: Arc<dyn ChatModel>,
    prices: Prices,
    budget: Budget,
    ledger: Arc<Ledger>,
    last: Mutex<Option<Last>>,
}

impl MeteredModel {
    pub(crate) fn new(model: Arc<dyn ChatModel>, prices: Prices, budget: Budget, ledger: Arc<Ledger>) -> Self {
        Self { model, prices, budget, ledger, last: Mutex::default() }
    }

    /// Of the model that answers now: after a failure it may be another one.
    fn price(&self) -> Option<Price> {
        self.prices.of(&self.model.name())
    }

    pub(crate) fn name(&self) -> ModelName {
        self.model.name()
    }

    pub(crate) async fn complete(&self, request: ChatRequest<'_>) -> Result<ChatReply, CallError> {
        let thought = thought(&request);
        if let Some(limit) = self.exceeded_by(1, self.estimate(thought)) {
            return Err(CallError::OverBudget(limit));
        }
        let mut reply = self.model.complete(request).await.map_err(CallError::Model)?;
        if reply.usage.prompt_tokens == 0 {
            // Not every server tells; a budget is kept all the same.
            reply.usage.prompt_tokens = thought;
            reply.usage.completion_tokens = estimate_tokens(&reply.text) as u64;
        }
        *self.lock() = Some(Last { thought, took: reply.usage });
        self.ledger.add_usage(&self.model.name(), self.price(), reply.usage);
        Ok(reply)
    }

    /// The limit that leaves no room for another call like the last one and one more after it.
    pub(crate) fn nearly_reached(&self) -> Option<Limit> {
        let last = (*self.lock())?;
        self.exceeded_by(2, last.took)
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

    /// What a call may take whose prompt is thought to have so many tokens, going by what became of the last one.
    fn estimate(&self, thought: u64) -> Usage {
        let Some(last) = *self.lock() else {
            return Usage {
                calls: 1,
                prompt_tokens: thought,
                cached_tokens: 0,
                cache_written_tokens: 0,
                completion_tokens: ANSWER,
            };
        };
        let scaled = |tokens: u64| (thought as f64 * tokens as f64 / last.thought.max(1) as f64) as u64;
        Usage {
            calls: 1,
            prompt_tokens: scaled(last.took.prompt_tokens),
            cached_tokens: scaled(last.took.cached_tokens),
            cache_written_tokens: scaled(last.took.cache_written_tokens),
            completion_tokens: last.took.completion_tokens,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Last>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many tokens a prompt may have.
fn thought(request: &ChatRequest<'_>) -> u64 {
    let texts = request.messages.iter().map(|message| estimate_tokens(&message.text)).sum::<usize>();
    let fixed = estimate_tokens(request.system) + estimate_tokens(&request.schema.to_string());
    let pictures = request.messages.iter().filter(|message| message.image.is_some()).count() as u64;
    (texts + fixed) as u64 + pictures * PICTURE
}
