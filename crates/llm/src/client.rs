//! A provider's models behind the agent's `ChatModel`.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;
use tokio::time::Instant;
use url::Url;

use agent::ports::{ChatModel, ChatReply, ChatRequest, ModelError, ModelName};

use super::capabilities::{Capabilities, Feature, Streaming};
use super::corrections::{Corrections, MAX_CORRECTIONS};
use super::endpoint::Endpoint;
use super::protocol::{ImageQuery, Outcome, Protocol, Received};
use super::sse;
use super::transport::{Call, Response, Transport};

/// Longest model name, in characters. Names come from callers and are repeated in errors and logs.
const MAX_MODEL_CHARS: usize = 200;

/// One configured provider.
pub(crate) struct Client {
    pub(crate) protocol: &'static Protocol,
    pub(crate) transport: Arc<Transport>,
    pub(crate) endpoint: Endpoint,
    pub(crate) default_model: String,
    /// For streamed responses.
    pub(crate) first_byte_timeout: Duration,
    pub(crate) corrections: Corrections,
}

pub(crate) struct Model {
    client: Arc<Client>,
    name: ModelName,
}

impl Model {
    /// The named model, or the provider's default.
    pub(crate) fn new(client: Arc<Client>, model: Option<&str>) -> Self {
        let model = model.map(str::trim).filter(|model| !model.is_empty()).unwrap_or(&client.default_model);
        let model = model.chars().filter(|c| !c.is_control()).take(MAX_MODEL_CHARS).collect();
        let name = ModelName { provider: client.protocol.provider.name().to_owned(), model };
        Self { client, name }
    }

    /// Sends what the model is known to support. If the server rejects a feature, sends the request again without it
    /// and remembers that.
    async fn converse(&self, request: &ChatRequest<'_>) -> Result<ChatReply, ModelError> {
        let Client { corrections, protocol, .. } = &*self.client;
        let model = self.name.model.as_str();
        let with_image = request.messages.iter().any(|message| message.image.is_some());
        if let Some(query) = &protocol.image_query
            && with_image
            && corrections.must_query_images(model)
        {
            self.query_images(request, query).await?;
        }
        let mut capabilities = corrections.capabilities(model);
        let mut left = MAX_CORRECTIONS;
        loop {
            let (feature, detail) = match self.send(request, capabilities).await? {
                (Outcome::Reply(reply), streamed) => {
                    corrections.answered(model, capabilities, with_image, streamed);
                    return Ok(reply);
                }
                (Outcome::Rejected { feature, detail }, _) => (feature, detail),
            };
            let feature = feature.filter(|feature| *feature != Feature::Images || with_image);
            let corrected =
                feature.and_then(|feature| Some((feature, corrections.correct(model, capabilities, feature)?)));
            let Some((feature, corrected)) = corrected.filter(|_| left > 0) else {
                let ModelName { provider, model } = self.name.clone();
                return Err(ModelError::Rejected { provider, model, detail });
            };
            let instead = match corrected.describe(feature) {
                "" => "without".to_owned(),
                instead => format!("with {instead}"),
            };
            let rejected = capabilities.describe(feature);
            let provider = &self.name.provider;
            tracing::debug!(provider, model, rejected, instead, "a model does not support a feature");
            let notice = format!("{provider} does not support {rejected} for the model {model}, continuing {instead}");
            request.notices.notice(notice);
            capabilities = corrected;
            left -= 1;
        }
    }

    /// One request, retried as needed, and whether the response was an event stream.
    async fn send(&self, request: &ChatRequest<'_>, capabilities: Capabilities) -> Result<(Outcome, bool), ModelError> {
        let Client { protocol, transport, endpoint, first_byte_timeout, .. } = &*self.client;
        let (url, body) = (protocol.request)(endpoint, &self.name.model, request, capabilities);
        // Without streaming, the first byte comes when the response is complete.
        let whole = capabilities.streaming == Streaming::Off;
        let first_byte_timeout = if whole { transport.limits().timeout } else { *first_byte_timeout };
        let read = |response: &Response| {
            let received = Received { response, name: &self.name, endpoint };
            Ok(((protocol.read)(&received)?, sse::is_stream(&response.body)))
        };
        transport.call(self.call(request, url, &body, first_byte_timeout), read).await
    }

    async fn query_images(&self, request: &ChatRequest<'_>, query: &ImageQuery) -> Result<(), ModelError> {
        let Client { transport, endpoint, corrections, first_byte_timeout, .. } = &*self.client;
        let ModelName { provider, model } = &self.name;
        let (url, body) = (query.request)(endpoint, model);
        let read = |response: &Response| (query.read)(&Received { response, name: &self.name, endpoint });
        let supported = transport.call(self.call(request, url, &body, *first_byte_timeout), read).await?;
        corrections.set_images(model, supported);
        if !supported {
            let notice = format!("{provider} does not support images for the model {model}, continuing without");
            request.notices.notice(notice);
        }
        Ok(())
    }

    fn call<'a>(
        &'a self,
        request: &ChatRequest<'a>,
        url: Url,
        body: &'a Value,
        first_byte_timeout: Duration,
    ) -> Call<'a> {
        let (endpoint, name) = (&self.client.endpoint, &self.name);
        Call { name, endpoint, url, body, first_byte_timeout, deadline: request.deadline, notices: request.notices }
    }
}

#[async_trait]
impl ChatModel for Model {
    fn name(&self) -> ModelName {
        self.name.clone()
    }

    /// Logs metrics, never content. Errors are logged by the caller.
    async fn complete(&self, request: ChatRequest<'_>) -> Result<ChatReply, ModelError> {
        let start = Instant::now();
        let result = self.converse(&request).await;
        let ModelName { provider, model } = &self.name;
        let elapsed_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
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
}
