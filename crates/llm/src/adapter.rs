//! A provider's models behind the agent's `ChatModel`, whatever the provider.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use agent::ports::{ChatModel, ChatReply, ChatRequest, ModelError, ModelName};

use super::dialect::{Cause, Dialect, Feature, Memory, Streaming};
use super::endpoint::Endpoint;
use super::protocol::{Inquiry, Outcome, Protocol};
use super::record::recorded;
use super::sse;
use super::transport::{Answer, Call, Transport};

/// Requests one call may take to find out what a model supports; with a server that rejects whatever it is sent the
/// search must end.
const MAX_FORMS_TRIED: usize = 12;

/// Longest model name taken from a caller, in characters; it is repeated in errors and log lines. No model has a longer
/// one, so what is cut off would not have been found either.
const MAX_MODEL_CHARS: usize = 200;

/// A provider's endpoint and what has been found out about its models.
pub(super) struct Adapter {
    protocol: &'static Protocol,
    transport: Arc<Transport>,
    endpoint: Endpoint,
    default_model: String,
    /// How long a streamed answer may take to begin.
    opening: Duration,
    memory: Memory,
}

impl Adapter {
    pub(super) fn new(
        protocol: &'static Protocol,
        transport: Arc<Transport>,
        endpoint: Endpoint,
        default_model: String,
        opening: Duration,
    ) -> Self {
        Self { protocol, transport, endpoint, default_model, opening, memory: Memory::new(&protocol.ladder) }
    }

    /// The name of the model that is asked for, or of the deployment's default.
    fn name(&self, model: Option<&str>) -> ModelName {
        let model = model.map(str::trim).filter(|model| !model.is_empty()).unwrap_or(&self.default_model);
        let model = model.chars().filter(|c| !c.is_control()).take(MAX_MODEL_CHARS).collect();
        ModelName { provider: self.protocol.provider.name().to_owned(), model }
    }
}

pub(super) struct Model {
    adapter: Arc<Adapter>,
    name: ModelName,
}

impl Model {
    pub(super) fn new(adapter: Arc<Adapter>, model: Option<&str>) -> Self {
        let name = adapter.name(model);
        Self { adapter, name }
    }

    /// Asks in the dialect known for the model. When the server rejects a feature, asks again without it and keeps that
    /// in mind for all later calls.
    ///
    /// A server that names the rejected field is believed. One that only says something in prose is not read: each
    /// feature not seen working yet is given up in turn, alone, until one of these requests is accepted.
    async fn converse(&self, request: ChatRequest<'_>) -> Result<ChatReply, ModelError> {
        let Adapter { memory, protocol, .. } = &*self.adapter;
        let model = self.name.model.as_str();
        let with_image = request.messages.iter().any(|message| message.image.is_some());
        if let Some(inquiry) = protocol.eyes.as_ref().filter(|_| with_image && memory.recall(model).eyes_unknown()) {
            self.ask_about_eyes(&request, inquiry).await?;
        }
        let mut dialect = memory.recall(model).dialect;
        let mut guesses: Option<VecDeque<(Feature, Dialect)>> = None;
        let mut guessed = None;
        for _ in 0..MAX_FORMS_TRIED {
            let rejection = match self.ask(&request, dialect).await? {
                (Outcome::Reply(reply), streamed) => {
                    memory.worked(model, dialect, with_image);
                    if !streamed {
                        memory.does_not_stream(model);
                    }
                    return Ok(reply);
                }
                (Outcome::Rejected(rejection), _) => rejection,
            };
            let known = memory.recall(model);
            let next = match rejection.cause {
                // About the guess, not about what made it necessary: the next guess may do.
                Cause::Feature(feature) if guessed != Some(feature) => {
                    guesses = None;
                    guessed = None;
                    let may_lack = known.may_lack(feature, with_image);
                    let lower = if may_lack { memory.give_up(model, dialect, feature) } else { None };
                    lower.map(|lower| (feature, lower))
                }
                Cause::Elsewhere => None,
                Cause::Feature(_) | Cause::Unnamed => {
                    let all = || known.guesses(&protocol.ladder, with_image).into();
                    let next = guesses.get_or_insert_with(all).pop_front();
                    guessed = next.map(|(feature, _)| feature);
                    next
                }
            };
            let Some((feature, other)) = next else { return Err(self.rejected(&rejection.message)) };
            dialect = other;
            self.tell(&request, feature, dialect, guessed.is_some());
        }
        Err(self.rejected("it takes the request in no form"))
    }

    /// One request, and whether its answer came as a stream if one was asked for.
    async fn ask(&self, request: &ChatRequest<'_>, dialect: Dialect) -> Result<(Outcome, bool), ModelError> {
        let Adapter { protocol, transport, endpoint, .. } = &*self.adapter;
        let (url, body) = (protocol.request)(endpoint, &self.name.model, request, dialect);
        let whole = dialect.stream == Streaming::Off;
        // An answer in one piece has nothing to show before its end.
        let opening = if whole { transport.limits().timeout } else { self.adapter.opening };
        let call = self.call(request, url, &body, opening);
        let read = |answer: &Answer| {
            let outcome = (protocol.read)(answer, &self.name, endpoint)?;
            Ok((outcome, whole || sse::is_stream(&answer.body)))
        };
        transport.call(call, read).await
    }

    async fn ask_about_eyes(&self, request: &ChatRequest<'_>, inquiry: &Inquiry) -> Result<(), ModelError> {
        let Adapter { transport, endpoint, memory, opening, .. } = &*self.adapter;
        let ModelName { provider, model } = &self.name;
        let (url, body) = (inquiry.request)(endpoint, model);
        let call = self.call(request, url, &body, *opening);
        let sighted = transport.call(call, |answer| (inquiry.read)(answer, &self.name)).await?;
        memory.asked_about_eyes(model, sighted);
        if !sighted {
            request.notices.notice(format!("{provider}'s model {model} takes no pictures, going on without them"));
        }
        Ok(())
    }

    fn call<'a>(
        &'a self,
        request: &ChatRequest<'a>,
        url: url::Url,
        body: &'a serde_json::Value,
        opening: Duration,
    ) -> Call<'a> {
        let (endpoint, name) = (&self.adapter.endpoint, &self.name);
        Call { name, endpoint, url, body, opening, deadline: request.deadline, notices: request.notices }
    }

    fn tell(&self, request: &ChatRequest<'_>, feature: Feature, dialect: Dialect, guessing: bool) {
        let ModelName { provider, model } = &self.name;
        let instead = dialect.instead_of(feature);
        tracing::debug!(provider, model, instead, guessing, "a model's server rejected a form of request");
        let rejects = if guessing { "a part of the request that it does not name" } else { feature.name() };
        request.notices.notice(format!("{provider} rejects {rejects} for the model {model}, {instead}"));
    }

    fn rejected(&self, detail: &str) -> ModelError {
        let ModelName { provider, model } = self.name.clone();
        ModelError::Rejected { provider, model, detail: detail.to_owned() }
    }
}

#[async_trait]
impl ChatModel for Model {
    fn name(&self) -> ModelName {
        self.name.clone()
    }

    async fn complete(&self, request: ChatRequest<'_>) -> Result<ChatReply, ModelError> {
        recorded(&self.name, self.converse(request)).await
    }
}
