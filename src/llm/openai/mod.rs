//! OpenAI's chat completions, and servers that speak the same API with more or fewer of its features.

mod dialect;
mod error;
mod wire;

use std::collections::VecDeque;
use std::sync::Arc;

use async_trait::async_trait;

use crate::agent::ports::{ChatModel, ChatReply, ChatRequest, ModelError, ModelName, Provider};

use super::endpoint::Endpoint;
use super::providers::chosen;
use super::record::recorded;
use super::transport::{Call, Transport};
use dialect::{Dialect, Feature, Memory};
use error::Cause;
use wire::Outcome;

/// Requests one call may take to find out what a model supports; with a server that rejects whatever it is sent the
/// search must end.
const MAX_FORMS_TRIED: usize = 12;

/// One endpoint and what has been found out about its models.
pub(super) struct OpenAi {
    transport: Arc<Transport>,
    endpoint: Endpoint,
    default_model: String,
    memory: Memory,
}

impl OpenAi {
    pub(super) fn new(transport: Arc<Transport>, endpoint: Endpoint, default_model: String) -> Self {
        Self { transport, endpoint, default_model, memory: Memory::default() }
    }
}

pub(super) struct OpenAiModel {
    openai: Arc<OpenAi>,
    name: ModelName,
}

impl OpenAiModel {
    pub(super) fn new(openai: Arc<OpenAi>, model: Option<&str>) -> Self {
        let name = chosen(Provider::Openai, model, &openai.default_model);
        Self { openai, name }
    }

    /// Asks in the dialect known for the model. When the server rejects a feature, asks again without it and keeps that
    /// in mind for all later calls.
    ///
    /// A server that names the rejected field is believed. One that only says something in prose is not read: each
    /// feature not seen working yet is given up in turn, alone, until one of these requests is accepted.
    async fn converse(&self, request: ChatRequest<'_>) -> Result<ChatReply, ModelError> {
        let OpenAi { memory, .. } = &*self.openai;
        let with_image = request.messages.iter().any(|message| message.image.is_some());
        let mut dialect = memory.recall(&self.name.model).dialect;
        let mut guesses: Option<VecDeque<(Feature, Dialect)>> = None;
        let mut guessed = None;
        for _ in 0..MAX_FORMS_TRIED {
            let rejection = match self.ask(&request, dialect).await? {
                Outcome::Reply(reply) => {
                    memory.worked(&self.name.model, dialect, with_image);
                    return Ok(reply);
                }
                Outcome::Rejected(rejection) => rejection,
            };
            let known = memory.recall(&self.name.model);
            let next = match rejection.cause() {
                // About the guess, not about what made it necessary: the next guess may do.
                Cause::Feature(feature) if guessed != Some(feature) => {
                    guesses = None;
                    guessed = None;
                    let may_lack = known.may_lack(feature, with_image);
                    let lower = if may_lack { memory.give_up(&self.name.model, dialect, feature) } else { None };
                    lower.map(|lower| (feature, lower))
                }
                Cause::Elsewhere => None,
                Cause::Feature(_) | Cause::Unnamed => {
                    let next = guesses.get_or_insert_with(|| known.guesses(with_image).into()).pop_front();
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

    async fn ask(&self, request: &ChatRequest<'_>, dialect: Dialect) -> Result<Outcome, ModelError> {
        let OpenAi { transport, endpoint, .. } = &*self.openai;
        let call = Call {
            name: &self.name,
            endpoint,
            url: endpoint.method(&["chat", "completions"]),
            body: &wire::request(&self.name.model, request, dialect),
            notices: request.notices,
        };
        transport.call(call, |answer| wire::read(answer, &self.name, endpoint)).await
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
impl ChatModel for OpenAiModel {
    fn name(&self) -> ModelName {
        self.name.clone()
    }

    async fn complete(&self, request: ChatRequest<'_>) -> Result<ChatReply, ModelError> {
        recorded(&self.name, self.converse(request)).await
    }
}

/// An answer's text or all that may be told of why there is none, for the fuzz targets.
#[cfg(any(test, fuzzing))]
pub(super) fn read_reply(
    answer: super::transport::Answer,
    name: &ModelName,
    endpoint: &Endpoint,
) -> Result<ChatReply, String> {
    match wire::read(answer, name, endpoint) {
        Ok(Outcome::Reply(reply)) => Ok(reply),
        Ok(Outcome::Rejected(rejection)) => Err(format!("{:?}: {}", rejection.cause(), rejection.message)),
        Err(fault) => Err(format!("{fault:?}")),
    }
}
