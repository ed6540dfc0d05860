//! Wrappers of a run's ports that keep its secrets: the agent sees and reports placeholders instead of values.

use std::sync::Arc;

use async_trait::async_trait;
use url::Url;

use super::{Mask, Secrets, run_blocking};
use crate::action::Action;
use crate::image::Image;
use crate::observation::Observation;
use crate::ports::{
    ActionError, ActionOutcome, BrowserError, ChatModel, ChatReply, ChatRequest, ModelError, ModelName, Page,
};
use crate::report::{LogLevel, Reporter, StepReport};

/// Masks the values that are known at this moment.
fn masked<T: Mask>(output: T, secrets: &Secrets) -> T {
    match secrets.masker() {
        Some(masker) => output.masked(&masker),
        None => output,
    }
}

/// A page whose texts are masked, and which accepts placeholders only in text to type.
pub struct MaskedPage {
    page: Arc<dyn Page>,
    secrets: Secrets,
}

impl MaskedPage {
    /// Returns the page itself if there are no secrets and never will be.
    pub fn wrap(page: Arc<dyn Page>, secrets: &Secrets) -> Arc<dyn Page> {
        if !secrets.may_have_any() { page } else { Arc::new(Self { page, secrets: secrets.clone() }) }
    }

    async fn masked<T: Mask + Send + 'static>(&self, output: T) -> T {
        let secrets = self.secrets.clone();
        run_blocking(move || masked(output, &secrets)).await
    }

    fn check(&self, action: &Action) -> Result<(), ActionError> {
        let not_possible = |why: String| Err(ActionError::NotPossible(why));
        if let Action::Input { index, text, .. } = action {
            if let Some(selector) = index.selector() {
                self.check_text("a selector", selector)?;
            }
            return self.secrets.check_names(text).or_else(|refusal| not_possible(refusal.to_string()));
        }
        // All its texts, whatever its fields. JSON does not escape any character of a placeholder.
        match serde_json::to_string(action) {
            Ok(json) => self.check_text(action.name(), &json),
            Err(error) => not_possible(error.to_string()),
        }
    }

    fn check_text(&self, what: &str, text: &str) -> Result<(), ActionError> {
        if !self.secrets.has_placeholder(text) {
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
        self.page.picture().await.map_err(|error| masked(error, &self.secrets))
    }

    async fn open(&self, url: &Url) -> Result<ActionOutcome, ActionError> {
        // A placeholder would be masked like the value, and hide that the page got something else.
        let decoded = url.as_str().replace("%3C", "<").replace("%3E", ">");
        self.check_text("a URL", &decoded)?;
        self.masked(self.page.open(url).await).await
    }

    async fn close(&self) {
        self.page.close().await;
    }
}

/// A model whose requests and replies are masked: it may know a value from elsewhere.
pub struct MaskedModel {
    model: Arc<dyn ChatModel>,
    secrets: Secrets,
}

impl MaskedModel {
    /// Returns the model itself if there are no secrets and never will be.
    pub fn wrap(model: Arc<dyn ChatModel>, secrets: &Secrets) -> Arc<dyn ChatModel> {
        if !secrets.may_have_any() { model } else { Arc::new(Self { model, secrets: secrets.clone() }) }
    }
}

#[async_trait]
impl ChatModel for MaskedModel {
    fn name(&self) -> ModelName {
        self.model.name()
    }

    async fn complete(&self, request: ChatRequest<'_>) -> Result<ChatReply, ModelError> {
        // The schema is ours, the same for all runs.
        let secrets = self.secrets.clone();
        let (system, messages) = (request.system.to_owned(), request.messages.to_vec());
        let (system, messages) = run_blocking(move || (masked(system, &secrets), masked(messages, &secrets))).await;
        let notices = |message: String| request.notices.notice(masked(message, &self.secrets));
        let request = ChatRequest { system: &system, messages: &messages, notices: &notices, ..request };
        masked(self.model.complete(request).await, &self.secrets)
    }
}

/// A reporter whose reports are masked.
pub struct MaskedReporter {
    reporter: Arc<dyn Reporter>,
    secrets: Secrets,
}

impl MaskedReporter {
    /// Returns the reporter itself if there are no secrets and never will be.
    pub fn wrap(reporter: Arc<dyn Reporter>, secrets: &Secrets) -> Arc<dyn Reporter> {
        if !secrets.may_have_any() { reporter } else { Arc::new(Self { reporter, secrets: secrets.clone() }) }
    }
}

#[async_trait]
impl Reporter for MaskedReporter {
    async fn log(&self, level: LogLevel, message: String) {
        self.reporter.log(level, masked(message, &self.secrets)).await;
    }

    async fn step(&self, report: StepReport) {
        self.reporter.step(masked(report, &self.secrets)).await;
    }
}
