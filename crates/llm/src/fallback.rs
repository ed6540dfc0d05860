//! A second model for the rest of the run when the first fails for good.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;

use agent::ports::{ChatModel, ChatReply, ChatRequest, ModelError, ModelName};

/// One run's model with its fallback.
pub(super) struct WithFallback {
    first: Arc<dyn ChatModel>,
    fallback: Arc<dyn ChatModel>,
    switched: AtomicBool,
}

impl WithFallback {
    pub(super) fn new(first: Arc<dyn ChatModel>, fallback: Arc<dyn ChatModel>) -> Self {
        Self { first, fallback, switched: AtomicBool::new(false) }
    }

    fn current(&self) -> &dyn ChatModel {
        // Nothing else is published by the switch.
        if self.switched.load(Ordering::Relaxed) { &*self.fallback } else { &*self.first }
    }
}

/// Whether another model could cure the failure. `docs/MODELS.md` has the reasons.
fn another_may_do(error: &ModelError) -> bool {
    match error {
        ModelError::Unauthorized { .. }
        | ModelError::UnknownModel { .. }
        | ModelError::Rejected { .. }
        | ModelError::RateLimited { .. }
        | ModelError::Unavailable { .. }
        | ModelError::Unreachable { .. }
        | ModelError::TimedOut { .. }
        | ModelError::Interrupted { .. }
        | ModelError::Malformed { .. }
        | ModelError::Empty { .. }
        | ModelError::Filtered { .. }
        | ModelError::CutOff { .. } => true,
        // The agent makes its request shorter.
        ModelError::ContextTooLong { .. } => false,
        // A model has judged the task; asking others until one agrees is not what a fallback is for.
        ModelError::Refused { .. } => false,
    }
}

#[async_trait]
impl ChatModel for WithFallback {
    fn name(&self) -> ModelName {
        self.current().name()
    }

    async fn complete(&self, request: ChatRequest<'_>) -> Result<ChatReply, ModelError> {
        let switched = self.switched.load(Ordering::Relaxed);
        match self.current().complete(request).await {
            Err(error) if !switched && another_may_do(&error) => {
                let ModelName { provider, model } = self.fallback.name();
                tracing::warn!(%error, provider, model, "a run goes on with the fallback model");
                let notice = format!("{error}, going on with {provider}'s model {model} for the rest of the run");
                request.notices.notice(notice);
                self.switched.store(true, Ordering::Relaxed);
                self.fallback.complete(request).await
            }
            result => result,
        }
    }
}
