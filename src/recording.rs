//! Runs and their recordings: what of a run's request and end a recording holds, and a request made of one.

use std::sync::Arc;

use agent::AgentSettings;
use agent::files::SentFile;
use agent::ports::{ChatModel, Page, Provider};
use async_trait::async_trait;
use replay::{Destination, End, Header, RecordedRequest, Replay, ReplayError, RunRecorder, VERSION};
use url_policy::DomainPattern;

use crate::run::{Recorder, Recording, RunEventKind, RunId, RunRequest, StartUrl, Task};

impl Recorder for Destination {
    fn begin(
        &self,
        id: RunId,
        request: &RunRequest,
        agent: &AgentSettings,
        provider: Provider,
        model: Option<&str>,
    ) -> Arc<dyn Recording> {
        let header = Header {
            version: VERSION,
            service: env!("CARGO_PKG_VERSION").to_owned(),
            run: id.to_string(),
            task: request.task.as_str().to_owned(),
            start_url: request.start_url.as_ref().map(|url| url.as_url().to_string()),
            actions: request.actions.clone(),
            files: request.files.iter().map(SentFile::info).collect(),
            sensitive_data: request
                .secrets
                .names_by_origin()
                .map(|(origin, names)| (origin.to_string(), names.map(|name| name.as_str().to_owned()).collect()))
                .collect(),
            output_schema: request.output.as_ref().map(|output| output.as_json().clone()),
            allowed_domains: request.domains.allowed.as_deref().map(listed),
            blocked_domains: listed(&request.domains.blocked),
            max_steps: request.max_steps,
            temperature: request.temperature,
            provider,
            model: model.map(str::to_owned),
            agent: agent.clone(),
            secrets: Vec::new(),
        };
        Destination::begin(self, header, request.secrets.clone())
    }
}

fn listed(domains: &[DomainPattern]) -> Vec<String> {
    domains.iter().map(DomainPattern::to_string).collect()
}

#[async_trait]
impl Recording for RunRecorder {
    fn model(self: Arc<Self>, model: Arc<dyn ChatModel>) -> Arc<dyn ChatModel> {
        Self::model(self, model)
    }

    fn page(self: Arc<Self>, page: Arc<dyn Page>) -> Arc<dyn Page> {
        Self::page(self, page)
    }

    async fn end(&self, end: &RunEventKind) {
        Self::end(self, end_of(end)).await;
    }
}

/// How a run ended, as recordings have it; none for an event that ends nothing.
pub fn end_of(event: &RunEventKind) -> Option<End> {
    match event {
        RunEventKind::Finished { result, .. } => Some(End::Finished {
            success: result.success,
            text: result.final_text.clone(),
            errors: result.errors.clone(),
        }),
        RunEventKind::Failed { failure, .. } => {
            Some(End::Failed { code: failure.code().to_owned(), message: failure.to_string() })
        }
        RunEventKind::Started { .. } | RunEventKind::Log { .. } | RunEventKind::Step(_) | RunEventKind::Gap { .. } => {
            None
        }
    }
}

/// The request that runs a recording again.
///
/// # Errors
/// The recording holds what no request could have.
pub fn request(replay: &Replay, headless: bool) -> Result<RunRequest, ReplayError> {
    let RecordedRequest { task, max_steps, model, temperature, start_url, actions, output, files, domains, secrets } =
        replay.request()?;
    let invalid = |error: &dyn std::fmt::Display| ReplayError::Header(error.to_string());
    if !(1..=RunRequest::MAX_STEPS).contains(&max_steps) {
        return Err(invalid(&format!("the run has not 1 to {} steps", RunRequest::MAX_STEPS)));
    }
    Ok(RunRequest {
        max_steps,
        model,
        temperature,
        headless,
        start_url: start_url.map(|url| StartUrl::parse(&url)).transpose().map_err(|error| invalid(&error))?,
        actions,
        output,
        files,
        domains,
        secrets,
        ..RunRequest::plain(Task::parse(&task).map_err(|error| invalid(&error))?)
    })
}
