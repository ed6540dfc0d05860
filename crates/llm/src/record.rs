//! What is written down about a call: figures, never content.

use std::time::Instant;

use agent::ports::{ChatReply, ModelError, ModelName};

/// Logs how a call went. Its error is logged by whoever handles it.
pub(super) async fn recorded(
    name: &ModelName,
    call: impl Future<Output = Result<ChatReply, ModelError>>,
) -> Result<ChatReply, ModelError> {
    let begin = Instant::now();
    let result = call.await;
    let (provider, model) = (name.provider.as_str(), name.model.as_str());
    let elapsed_ms = u64::try_from(begin.elapsed().as_millis()).unwrap_or(u64::MAX);
    match &result {
        Ok(ChatReply { usage, .. }) => tracing::info!(
            provider,
            model,
            elapsed_ms,
            prompt_tokens = usage.prompt_tokens,
            cached_tokens = usage.cached_tokens,
            cache_written_tokens = usage.cache_written_tokens,
            completion_tokens = usage.completion_tokens,
            "a model answered"
        ),
        Err(_) => tracing::debug!(provider, model, elapsed_ms, "a model call failed"),
    }
    result
}
