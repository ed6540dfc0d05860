//! A run's ports with its secrets kept: what comes in is masked before the agent sees it, and what goes out before anybody
//! else does. The agent itself never holds a value.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;
use url::Url;

use super::{Mask, Masker, Secrets, apart};
use crate::action::Action;
use crate::image::Image;
use crate::observation::Observation;
use crate::ports::{
    ActionError, ActionOutcome, BrowserError, ChatModel, ChatReply, ChatRequest, Message, ModelError, ModelName,
    Notices, Page,
};
use crate::report::{LogLevel, Reporter, StepReport};

/// A page that shows masks for values, and takes placeholders only where a field is typed into.
pub struct MaskedPage {
    page: Arc<dyn Page>,
    secrets: Secrets,
    masker: Arc<Masker>,
}

impl MaskedPage {
    /// The page itself when there are no secrets.
    pub fn wrap(page: Arc<dyn Page>, secrets: &Secrets) -> Arc<dyn Page> {
        match secrets.masker() {
            None => page,
            Some(masker) => Arc::new(Self { page, secrets: secrets.clone(), masker: masker.clone() }),
        }
    }

    /// Of what comes from the page, which may be long.
    async fn masked<T: Mask + Send + 'static>(&self, told: T) -> T {
        let masker = self.masker.clone();
        apart(move || told.masked(&masker)).await
    }

    /// Every text of an action, whatever fields it has or will have.
    fn check(&self, action: &Action) -> Result<(), ActionError> {
        if let Action::Input { index, text, .. } = action {
            if let Some(selector) = index.selector() {
                self.check_text("a selector", selector)?;
            }
            return self.secrets.check_names(text).map_err(|refusal| ActionError::NotPossible(refusal.to_string()));
        }
        let json = serde_json::to_value(action).map_err(|error| ActionError::NotPossible(error.to_string()))?;
        self.check_texts(action.name(), &json)
    }

    fn check_texts(&self, what: &str, json: &Value) -> Result<(), ActionError> {
        match json {
            Value::String(text) => self.check_text(what, text),
            Value::Array(values) => values.iter().try_for_each(|value| self.check_texts(what, value)),
            Value::Object(fields) => fields.values().try_for_each(|value| self.check_texts(what, value)),
            Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
        }
    }

    fn check_text(&self, what: &str, text: &str) -> Result<(), ActionError> {
        if !self.secrets.are_meant_in(text) {
            return Ok(());
        }
        Err(ActionError::NotPossible(format!("a secret is typed into a field, with input; {what} takes none")))
    }
}

#[async_trait]
impl Page for MaskedPage {
    async fn observe(&self) -> Result<Observation, BrowserError> {
        self.masked(self.page.observe().await).await
    }

    async fn read(&self) -> Result<Observation, BrowserError> {
        self.masked(self.page.read().await).await
    }

    async fn act(&self, action: &Action) -> Result<ActionOutcome, ActionError> {
        self.check(action)?;
        self.masked(self.page.act(action).await).await
    }

    async fn picture(&self) -> Result<Image, BrowserError> {
        self.page.picture().await.map_err(|error| error.masked(&self.masker))
    }

    async fn open(&self, url: &Url) -> Result<ActionOutcome, ActionError> {
        // What is the caller's own may be in it, a placeholder may not: it would be taken for the value.
        let decoded = url.as_str().replace("%3C", "<").replace("%3E", ">");
        self.check_text("a URL", &decoded)?;
        self.masked(self.page.open(url).await).await
    }

    async fn close(&self) {
        self.page.close().await;
    }
}

/// A model that is asked with masks and whose answers are masked: a value that it came to know by other means is a
/// placeholder again before anything is done with it.
pub struct MaskedModel {
    model: Arc<dyn ChatModel>,
    masker: Arc<Masker>,
}

impl MaskedModel {
    /// The model itself when there are no secrets.
    pub fn wrap(model: Arc<dyn ChatModel>, secrets: &Secrets) -> Arc<dyn ChatModel> {
        match secrets.masker() {
            None => model,
            Some(masker) => Arc::new(Self { model, masker: masker.clone() }),
        }
    }
}

/// Passes on what a call says about itself.
struct MaskedNotices<'a> {
    notices: &'a dyn Notices,
    masker: &'a Masker,
}

impl Notices for MaskedNotices<'_> {
    fn notice(&self, message: String) {
        self.notices.notice(message.masked(self.masker));
    }
}

#[async_trait]
impl ChatModel for MaskedModel {
    fn name(&self) -> ModelName {
        self.model.name()
    }

    async fn complete(&self, request: ChatRequest<'_>) -> Result<ChatReply, ModelError> {
        let ChatRequest { system, messages, stable, schema, schema_name, temperature, deadline, notices } = request;
        let (masker, mut system, mut messages) = (self.masker.clone(), system.to_owned(), messages.to_vec());
        let (system, messages) = apart(move || {
            system.mask(&masker);
            messages.iter_mut().for_each(|Message { role: _, text, image: _ }| text.mask(&masker));
            (system, messages)
        })
        .await;
        let notices = MaskedNotices { notices, masker: &self.masker };
        let request = ChatRequest {
            system: &system,
            messages: &messages,
            stable,
            // Ours, the same for all runs.
            schema,
            schema_name,
            temperature,
            deadline,
            notices: &notices,
        };
        let reply = self.model.complete(request).await;
        let masked = |ChatReply { text, usage }| ChatReply { text: text.masked(&self.masker), usage };
        reply.map(masked).map_err(|error| error.masked(&self.masker))
    }
}

/// Tells nobody a value, whatever the agent has put together.
pub struct MaskedReporter {
    reporter: Arc<dyn Reporter>,
    masker: Arc<Masker>,
}

impl MaskedReporter {
    /// The reporter itself when there are no secrets.
    pub fn wrap(reporter: Arc<dyn Reporter>, secrets: &Secrets) -> Arc<dyn Reporter> {
        match secrets.masker() {
            None => reporter,
            Some(masker) => Arc::new(Self { reporter, masker: masker.clone() }),
        }
    }
}

#[async_trait]
impl Reporter for MaskedReporter {
    async fn log(&self, level: LogLevel, message: String) {
        self.reporter.log(level, message.masked(&self.masker)).await;
    }

    async fn step(&self, report: StepReport) {
        self.reporter.step(report.masked(&self.masker)).await;
    }
}
