//! Converts a run's request and end to a recording's, and back.

use std::path::PathBuf;
use std::sync::Arc;

use agent::AgentSettings;
use agent::files::{FileInfo, FileName, SentFile};
use agent::output::OutputSchema;
use agent::ports::{ChatModel, ModelChoice, Page, Provider};
use agent::secrets::{HttpCredentials, OriginSecrets, SecretName, SecretValue, Secrets};
use anyhow::{Context, ensure};
use async_trait::async_trait;
use replay::{Destination, End, Header, Replay, RunRecorder, VERSION};
use url_policy::{DomainPattern, DomainRules, PatternError};
use uuid::Uuid;

use crate::run::{Recorder, Recording, RunEventKind, RunId, RunRequest, StartUrl, Task};

/// Maximum total size of the files of a replayed request, in bytes.
const MAX_FILES_BYTES: u64 = 64 << 20;

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
            http_credentials: request
                .secrets
                .http_credentials()
                .iter()
                .map(|one| (one.origin().to_string(), one.username().to_owned()))
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

    async fn end(&self, end: &RunEventKind) -> Option<PathBuf> {
        Self::end(self, end_of(end)).await
    }
}

/// A terminal event as the end of a recording; none for other events.
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
        RunEventKind::Started { .. }
        | RunEventKind::Log { .. }
        | RunEventKind::Asked(_)
        | RunEventKind::Step(_)
        | RunEventKind::Gap { .. } => None,
    }
}

/// The request that replays a recording.
///
/// # Errors
/// The recording contains what no request could.
pub fn request(replay: &Replay, headless: bool) -> anyhow::Result<RunRequest> {
    let request = recorded_request(replay).context("the recording's header is invalid")?;
    Ok(RunRequest { headless, ..request })
}

fn recorded_request(replay: &Replay) -> anyhow::Result<RunRequest> {
    let header = replay.header();
    let reveal = |text: &str| replay.reveal(text);
    let domains =
        |patterns: &[String]| patterns.iter().map(|pattern| pattern.parse()).collect::<Result<_, PatternError>>();
    ensure!((1..=RunRequest::MAX_STEPS).contains(&header.max_steps), "maxSteps is out of range");
    ensure!((0.0..=RunRequest::MAX_TEMPERATURE).contains(&header.temperature), "the temperature is out of range");
    Ok(RunRequest {
        max_steps: header.max_steps,
        model: ModelChoice { provider: Some(header.provider), model: header.model.clone() },
        temperature: header.temperature,
        start_url: header.start_url.as_deref().map(|url| StartUrl::parse(&reveal(url))).transpose()?,
        actions: header.actions.iter().map(|action| action.map_text(reveal)).collect(),
        output: header.output_schema.clone().map(OutputSchema::parse).transpose()?,
        files: files(header)?,
        domains: DomainRules {
            allowed: header.allowed_domains.as_deref().map(domains).transpose()?,
            blocked: domains(&header.blocked_domains)?,
        },
        secrets: secrets(header)?,
        ..RunRequest::plain(Task::parse(&reveal(&header.task))?)
    })
}

/// Zeros of the recorded sizes.
fn files(header: &Header) -> anyhow::Result<Vec<SentFile>> {
    let bytes = header.files.iter().fold(0_u64, |sum, file| sum.saturating_add(file.bytes));
    ensure!(bytes <= MAX_FILES_BYTES, "the files are too large");
    let file = |file: &FileInfo| {
        let content = vec![0; usize::try_from(file.bytes)?].into();
        Ok(SentFile { name: FileName::parse(&file.name)?, content })
    };
    header.files.iter().map(file).collect()
}

/// The recorded names with random values: offline, nothing is typed.
fn secrets(header: &Header) -> anyhow::Result<Secrets> {
    let value = || SecretValue::parse(&Uuid::new_v4().to_string());
    let mut secrets = Vec::new();
    for (origin, names) in &header.sensitive_data {
        let mut values = Vec::new();
        for name in names {
            values.push((SecretName::parse(name)?, value()?));
        }
        secrets.push(OriginSecrets { origin: origin.parse()?, values });
    }
    let mut credentials = Vec::new();
    for (origin, username) in &header.http_credentials {
        credentials.push(HttpCredentials::new(origin.parse()?, username.clone(), value()?)?);
    }
    Ok(Secrets::new(secrets)?.with_http_credentials(credentials)?)
}
