//! The API's JSON: requests written in a model's dialect, answers read whatever the server made of them.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::agent::ports::{ChatReply, ChatRequest, Message, ModelError, ModelName, Role, Usage};
use crate::llm::MAX_ANSWER_TOKENS;
use crate::llm::endpoint::Endpoint;
use crate::llm::retry::Fault;
use crate::llm::transport::Answer;

use super::dialect::{AnswerForm, Dialect, LimitField, Presence};
use super::error::ApiError;

/// What came of a request that reached the model's server and was dealt with there.
pub(super) enum Outcome {
    Reply(ChatReply),
    /// The server does not take the request as it is; another form of it may do. The message is fit to be passed on.
    Rejected(ApiError),
}

pub(super) fn request(model: &str, request: &ChatRequest<'_>, dialect: Dialect) -> Value {
    let ChatRequest { schema, schema_name, .. } = request;
    let mut body = json!({"model": model});
    let system = match dialect.form {
        AnswerForm::StrictSchema => {
            body["response_format"] = json!({
                "type": "json_schema",
                "json_schema": {"name": schema_name, "strict": true, "schema": schema},
            });
            request.system.to_owned()
        }
        AnswerForm::ToolCall => {
            body["tools"] = json!([{
                "type": "function",
                "function": {"name": schema_name, "description": "Gives the answer.", "parameters": schema},
            }]);
            body["tool_choice"] = json!({"type": "function", "function": {"name": schema_name}});
            request.system.to_owned()
        }
        AnswerForm::JsonMode => {
            body["response_format"] = json!({"type": "json_object"});
            with_schema(request)
        }
        AnswerForm::Plain => with_schema(request),
    };
    let mut messages = vec![json!({"role": "system", "content": system})];
    messages.extend(request.messages.iter().map(|message| self::message(message, dialect.images)));
    body["messages"] = messages.into();
    if dialect.temperature == Presence::Sent {
        body["temperature"] = json!(request.temperature);
    }
    match dialect.limit {
        LimitField::MaxCompletionTokens => body["max_completion_tokens"] = json!(MAX_ANSWER_TOKENS),
        LimitField::MaxTokens => body["max_tokens"] = json!(MAX_ANSWER_TOKENS),
        LimitField::Omitted => {}
    }
    body
}

/// The schema goes to the end of the system message: some chat templates know no other place for instructions.
fn with_schema(request: &ChatRequest<'_>) -> String {
    format!(
        "{}\n\nAnswer with one JSON object and nothing else. It must fit this JSON Schema:\n{}",
        request.system, request.schema
    )
}

fn message(message: &Message, images: Presence) -> Value {
    let role = match message.role {
        Role::User => "user",
        Role::Assistant => "assistant",
    };
    match &message.image {
        // The picture's size is bounded by whoever took it, so the server may choose how closely to look.
        Some(image) if images == Presence::Sent => json!({"role": role, "content": [
            {"type": "text", "text": message.text},
            {"type": "image_url", "image_url": {"url": image.data_url(), "detail": "auto"}},
        ]}),
        _ => json!({"role": role, "content": message.text}),
    }
}

#[derive(Deserialize)]
struct Completion {
    #[serde(default)]
    choices: Vec<Choice>,
    #[serde(default)]
    usage: Value,
    #[serde(default)]
    error: Value,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default)]
    message: Said,
    finish_reason: Option<String>,
    /// Gateways put the error of the server behind them here.
    #[serde(default)]
    error: Value,
}

#[derive(Deserialize, Default)]
struct Said {
    content: Option<Content>,
    refusal: Option<String>,
    tool_calls: Option<Vec<ToolCall>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Deserialize)]
struct Part {
    #[serde(default)]
    text: String,
}

#[derive(Deserialize)]
struct ToolCall {
    function: Function,
}

#[derive(Deserialize)]
struct Function {
    arguments: String,
}

/// Makes sense of an answer of any status.
pub(super) fn read(answer: Answer, name: &ModelName, endpoint: &Endpoint) -> Result<Outcome, Fault> {
    if !(200..300).contains(&answer.status) {
        let error = ApiError::of_body(&answer.body);
        return failure(error, answer.status, &answer, name, endpoint);
    }
    let provider = || name.provider.clone();
    let completion: Completion = serde_json::from_slice(&answer.body)
        .map_err(|_| Fault::Final(ModelError::Malformed { provider: provider() }))?;
    let mut errors = std::iter::once(&completion.error).chain(completion.choices.iter().map(|choice| &choice.error));
    if let Some(error) = errors.find(|error| !error.is_null()) {
        let error = ApiError::of_object(error);
        let status = error.status();
        return failure(error, status, &answer, name, endpoint);
    }
    let usage = usage(&completion.usage);
    let choice = completion.choices.into_iter().next();
    let choice = choice.ok_or_else(|| Fault::Final(ModelError::Empty { provider: provider() }))?;
    let text = text(choice, endpoint, provider())?;
    Ok(Outcome::Reply(ChatReply { text, usage }))
}

fn text(choice: Choice, endpoint: &Endpoint, provider: String) -> Result<String, Fault> {
    let Said { content, refusal, tool_calls } = choice.message;
    if let Some(refusal) = refusal.filter(|refusal| !refusal.is_empty()) {
        return Err(Fault::Final(ModelError::Refused { provider, reason: endpoint.quote(&refusal) }));
    }
    match choice.finish_reason.as_deref() {
        Some("content_filter") => return Err(Fault::Final(filtered(provider))),
        Some("length") => return Err(Fault::Final(ModelError::CutOff { provider })),
        _ => {}
    }
    // Whichever form was asked for, some servers answer in the other.
    let called = tool_calls.and_then(|calls| calls.into_iter().next()).map(|call| call.function.arguments);
    let said = content.map(|content| match content {
        Content::Text(text) => text,
        Content::Parts(parts) => parts.into_iter().map(|part| part.text).collect(),
    });
    let text = called.or(said).filter(|text| !text.trim().is_empty());
    text.ok_or(Fault::Final(ModelError::Empty { provider }))
}

fn failure(
    mut error: ApiError,
    status: u16,
    answer: &Answer,
    name: &ModelName,
    endpoint: &Endpoint,
) -> Result<Outcome, Fault> {
    let ModelName { provider, model } = name.clone();
    let message = match error.message.as_str() {
        "" => format!("status {status}"),
        message => endpoint.quote(message),
    };
    if error.is_unknown_model() {
        return Err(Fault::Final(ModelError::UnknownModel { provider, model }));
    }
    if error.is_moderation() {
        return Err(Fault::Final(filtered(provider)));
    }
    if error.is_quota_exhausted() {
        return Err(Fault::Final(ModelError::Rejected { provider, model, detail: message }));
    }
    if matches!(status, 400 | 422) {
        error.message = message;
        return Ok(Outcome::Rejected(error));
    }
    Err(Fault::of_status(status, answer.retry_after, name, || message))
}

fn filtered(provider: String) -> ModelError {
    ModelError::Refused { provider, reason: "its content filter stopped the answer".to_owned() }
}

/// Figures are a courtesy: a server that leaves them out, or sends something else, still gave an answer.
fn usage(usage: &Value) -> Usage {
    let tokens = |pointer: &str| usage.pointer(pointer).and_then(Value::as_u64).unwrap_or_default();
    Usage {
        calls: 1,
        prompt_tokens: tokens("/prompt_tokens"),
        cached_tokens: tokens("/prompt_tokens_details/cached_tokens"),
        completion_tokens: tokens("/completion_tokens"),
    }
}
