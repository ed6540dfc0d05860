//! A second model, for the rest of a run whose first model has failed permanently.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;

use agent::ports::{ChatModel, ChatReply, ChatRequest, ModelError, ModelName};

/// A run's model with its fallback.
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
        if self.switched.load(Ordering::Relaxed) { &*self.fallback } else { &*self.first }
    }
}

/// Whether another model may succeed; see `docs/MODELS.md`.
fn is_recoverable(error: &ModelError) -> bool {
    match error {
        // The agent shortens its request.
        ModelError::ContextTooLong { .. } => false,
        // The model has refused the task. A fallback must not look for a model that accepts it.
        ModelError::Refused { .. } => false,
        _ => true,
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
            Err(error) if !switched && is_recoverable(&error) => {
                let ModelName { provider, model } = self.fallback.name();
                tracing::warn!(%error, provider, model, "a run continues with the fallback model");
                let notice = format!("{error}, continuing with {provider}'s model {model} for the rest of the run");
                request.notices.notice(notice);
                self.switched.store(true, Ordering::Relaxed);
                self.fallback.complete(request).await
            }
            result => result,
        }
    }
}
