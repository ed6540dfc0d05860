//! Models on a scripted server, and requests to them.

use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use agent::image::{Image, ImageFormat};
use agent::ports::{ChatModel, ChatReply, ChatRequest, Message, ModelError, Models, Notices, Provider, Role};
use llm::Providers;
use llm::settings::{CallLimits, LlmSettings, ProviderSettings};
use serde_json::{Value, json};
use tokio::sync::Notify;

use testkit::scripted_server::{Reply, ScriptedServer};

pub(crate) const KEY: &str = "sk-canary-0123456789abcdef";

/// Timeouts that a healthy test does not reach, and delays too short to matter.
pub(crate) fn limits() -> CallLimits {
    CallLimits {
        max_attempts: 3,
        timeout: Duration::from_secs(30),
        connect_timeout: Duration::from_secs(10),
        first_byte_timeout: Duration::from_secs(30),
        idle_timeout: Duration::from_secs(30),
        backoff_base: Duration::from_millis(1),
        backoff_cap: Duration::from_millis(2),
        max_response_bytes: 100_000,
    }
}

pub(crate) fn settings(server: &ScriptedServer, limits: CallLimits) -> LlmSettings {
    let provider = |provider, path: &str, model: &str, api_key: Option<&str>| ProviderSettings {
        provider,
        base_url: server.url(path),
        api_key: api_key.map(Into::into),
        default_model: model.to_owned(),
        first_byte_timeout: None,
    };
    LlmSettings {
        providers: vec![
            provider(Provider::Openai, "/v1", "gpt-test", Some(KEY)),
            provider(Provider::Anthropic, "/", "claude-sonnet-4-test", Some(KEY)),
            provider(Provider::Gemini, "/v1beta", "gemini-test", Some(KEY)),
            provider(Provider::Ollama, "/", "llama-test", None),
        ],
        default_provider: None,
        fallback: None,
        limits,
    }
}

/// The settings of one provider, to change them.
pub(crate) fn settings_of(settings: &mut LlmSettings, provider: Provider) -> &mut ProviderSettings {
    settings.providers.iter_mut().find(|settings| settings.provider == provider).expect("a configured provider")
}

pub(crate) fn without(settings: &mut LlmSettings, provider: Provider) {
    settings.providers.retain(|settings| settings.provider != provider);
}

/// A provider's default model on a scripted server.
pub(crate) struct Fixture {
    pub(crate) server: ScriptedServer,
    pub(crate) model: Arc<dyn ChatModel>,
    pub(crate) notices: CollectedNotices,
}

impl Fixture {
    pub(crate) async fn openai(script: impl IntoIterator<Item = Reply>) -> Self {
        Self::with(Provider::Openai, limits(), script).await
    }

    pub(crate) async fn ollama(script: impl IntoIterator<Item = Reply>) -> Self {
        Self::with(Provider::Ollama, limits(), script).await
    }

    pub(crate) async fn with(provider: Provider, limits: CallLimits, script: impl IntoIterator<Item = Reply>) -> Self {
        let server = ScriptedServer::start(script).await;
        let providers = Providers::new(settings(&server, limits)).expect("usable settings");
        let model = providers.open(provider, None).expect("a configured provider");
        Self { server, model, notices: CollectedNotices::default() }
    }

    pub(crate) async fn ask(&self) -> Result<ChatReply, ModelError> {
        self.ask_with(&[text("the page")]).await
    }

    pub(crate) async fn ask_with(&self, messages: &[Message]) -> Result<ChatReply, ModelError> {
        self.model.complete(request(messages, &self.notices)).await
    }

    /// The error of one call, which must take this many requests.
    pub(crate) async fn error_after(&self, requests: usize) -> ModelError {
        let error = self.ask().await.expect_err("a failure");
        assert_eq!(self.server.count(), requests, "requests that reached the server");
        error
    }

    /// The text of one call's answer, which must take this many requests.
    pub(crate) async fn text_after(&self, requests: usize) -> String {
        let reply = self.ask().await.expect("an answer");
        assert_eq!(self.server.count(), requests, "requests that reached the server");
        reply.text
    }

    pub(crate) fn body(&self, request: usize) -> Value {
        self.server.requests()[request].body.clone()
    }
}

pub(crate) static SCHEMA: LazyLock<Value> = LazyLock::new(
    || json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": false}),
);

pub(crate) fn request<'a>(messages: &'a [Message], notices: &'a dyn Notices) -> ChatRequest<'a> {
    ChatRequest {
        system: "You drive a browser.",
        messages,
        stable: messages.len().saturating_sub(1),
        schema: &SCHEMA,
        schema_name: "decision",
        temperature: 0.1,
        deadline: None,
        notices,
    }
}

pub(crate) fn text(text: &str) -> Message {
    Message { role: Role::User, text: text.to_owned(), image: None }
}

pub(crate) fn picture(text: &str) -> Message {
    let image = Image { format: ImageFormat::Jpeg, base64: "AAAA".into() };
    Message { role: Role::User, text: text.to_owned(), image: Some(image) }
}

/// Keeps the notices it receives.
#[derive(Default)]
pub(crate) struct CollectedNotices {
    messages: Mutex<Vec<String>>,
    arrived: Notify,
}

impl CollectedNotices {
    pub(crate) fn all(&self) -> Vec<String> {
        self.messages.lock().expect("no panic").clone()
    }

    pub(crate) async fn arrived(&self) {
        self.arrived.notified().await;
    }
}

impl Notices for CollectedNotices {
    fn notice(&self, message: String) {
        self.messages.lock().expect("no panic").push(message);
        self.arrived.notify_one();
    }
}

/// OpenAI's response.
pub(crate) fn said(content: &str) -> Reply {
    choice(json!({"message": {"role": "assistant", "content": content}, "finish_reason": "stop"}))
}

pub(crate) fn choice(choice: Value) -> Reply {
    Reply::json(
        200,
        json!({
            "object": "chat.completion",
            "choices": [choice],
            "usage": {
                "prompt_tokens": 120,
                "completion_tokens": 30,
                "prompt_tokens_details": {"cached_tokens": 100},
            },
        }),
    )
}

/// An error that names the field it is about.
pub(crate) fn rejects(param: &str) -> Reply {
    Reply::json(
        400,
        json!({"error": {
            "message": format!("Unsupported: '{param}'"),
            "type": "invalid_request_error",
            "param": param,
            "code": "unsupported_parameter",
        }}),
    )
}

/// An error that mentions no field.
pub(crate) fn rejects_without_a_reason() -> Reply {
    Reply::json(
        400,
        json!({"error": {"message": "Bad request", "type": "BadRequestError", "param": null, "code": 400}}),
    )
}
