//! Events as JSON objects, as clients read them.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use serde::{Serialize, Serializer};
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::routes::files::content_type;
use crate::run::{ReturnedStorage, RunEvent, RunEventKind, RunId, Withheld};
use agent::asking::InputRequest;
use agent::control::Steering;
use agent::image::Image;
use agent::report::{Blocker, FileInfo, LogLevel, ModelUsage, Tally};
use agent::storage_state::StorageState;

/// Error texts may quote a provider at length.
const MAX_ERROR_CHARS: usize = 1_000;

/// One event's object.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "lowercase", rename_all_fields = "camelCase")]
pub(super) enum EventDto<'a> {
    Log(LogDto<'a>),
    Step {
        step: u32,
        action: &'a str,
        description: &'a str,
        agent_thought: &'a str,
        url: &'a str,
        title: &'a str,
        screenshot: Option<DataUrl<'a>>,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        screenshot_dropped: bool,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        screenshot_unchanged: bool,
        #[serde(skip_serializing_if = "<[_]>::is_empty")]
        downloads: &'a [FileInfo],
        #[serde(skip_serializing_if = "Vec::is_empty")]
        files: Vec<FileDto>,
        #[serde(skip_serializing_if = "Option::is_none")]
        blocker: Option<BlockerDto<'a>>,
        is_complete: bool,
    },
    #[serde(rename = "input_request")]
    InputRequest {
        #[serde(flatten)]
        request: InputRequestDto,
        is_complete: bool,
    },
    Result {
        success: bool,
        final_text: &'a str,
        errors: &'a [String],
        #[serde(skip_serializing_if = "Option::is_none")]
        blocker: Option<BlockerDto<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        output: Option<&'a Value>,
        stop_reason: &'static str,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        files: Vec<FileDto>,
        #[serde(flatten)]
        tally: TallyDto<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        storage_state: Option<Option<&'a StorageState>>,
        is_complete: bool,
    },
    Error {
        error: String,
        code: &'static str,
        #[serde(flatten)]
        tally: TallyDto<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        storage_state: Option<Option<&'a StorageState>>,
        is_complete: bool,
    },
}

impl<'a> EventDto<'a> {
    /// An event of this run.
    pub(super) fn new(run: RunId, event: &'a RunEvent) -> Self {
        let files = |kept: &[FileInfo]| kept.iter().map(|file| FileDto::new(run, file)).collect();
        match &event.kind {
            RunEventKind::Started { at, run_id, provider, model } => Self::Log(LogDto {
                run_id: Some(run_id.to_string()),
                provider: Some(provider.name()),
                model: model.as_deref(),
                ..LogDto::new(*at, LogLevel::Info, "starting")
            }),
            RunEventKind::Log { at, level, message, state } => {
                Self::Log(LogDto { state: state.map(Steering::name), ..LogDto::new(*at, *level, message) })
            }
            RunEventKind::Asked(request) => Self::InputRequest { request: request.clone().into(), is_complete: false },
            RunEventKind::Gap { at, from, to } => Self::Log(LogDto {
                gap: Some(GapDto { from: *from, to: *to }),
                ..LogDto::new(
                    *at,
                    LogLevel::Warning,
                    format!("the events {from} to {to} were not kept until they could be sent"),
                )
            }),
            RunEventKind::Step(report) => Self::Step {
                step: report.step,
                action: &report.action,
                description: &report.description,
                agent_thought: &report.thought,
                url: &report.url,
                title: &report.title,
                screenshot: report.screenshot.as_ref().map(DataUrl),
                screenshot_dropped: event.withheld == Some(Withheld::Dropped),
                screenshot_unchanged: event.withheld == Some(Withheld::Unchanged),
                downloads: &report.downloads,
                files: files(&report.kept),
                blocker: report.blocker.as_ref().map(BlockerDto::from),
                is_complete: false,
            },
            RunEventKind::Finished { result, duration, storage } => Self::Result {
                success: result.success,
                final_text: &result.final_text,
                errors: &result.errors,
                blocker: result.blocker.as_ref().map(BlockerDto::from),
                output: result.output.as_ref(),
                stop_reason: result.stop_reason.name(),
                files: files(&result.kept),
                tally: TallyDto::new(&result.tally, *duration),
                storage_state: storage.as_ref().map(|ReturnedStorage(state)| state.as_deref()),
                is_complete: true,
            },
            RunEventKind::Failed { failure, tally, duration, storage } => Self::Error {
                error: one_sentence(&failure.to_string()),
                code: failure.code(),
                tally: TallyDto::new(tally, *duration),
                storage_state: storage.as_ref().map(|ReturnedStorage(state)| state.as_deref()),
                is_complete: true,
            },
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LogDto<'a> {
    level: LogLevel,
    message: Cow<'a, str>,
    timestamp: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    run_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gap: Option<GapDto>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
}

impl<'a> LogDto<'a> {
    fn new(at: SystemTime, level: LogLevel, message: impl Into<Cow<'a, str>>) -> Self {
        let (message, timestamp) = (message.into(), Timestamp(at));
        Self { level, message, timestamp, run_id: None, provider: None, model: None, gap: None, state: None }
    }
}

/// The ids of missing events, inclusive.
#[derive(Debug, Serialize)]
pub(super) struct GapDto {
    from: u64,
    to: u64,
}

/// A file that callers can fetch.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FileDto {
    name: String,
    bytes: u64,
    content_type: String,
    /// Below the service's own address.
    url: String,
}

impl FileDto {
    pub(super) fn new(run: RunId, file: &FileInfo) -> Self {
        let url = format!("/api/v1/browser-use/runs/{run}/files/{}", encoded(&file.name));
        Self { name: file.name.clone(), bytes: file.bytes, content_type: content_type(&file.name), url }
    }
}

/// A text as one segment of a path.
pub(super) fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(byte.into()),
            byte => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// What a run asks a person.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct InputRequestDto {
    request_id: String,
    kind: &'static str,
    prompt: String,
    options: Vec<String>,
    step: u32,
    expires_at: Timestamp,
}

impl From<InputRequest> for InputRequestDto {
    fn from(request: InputRequest) -> Self {
        let InputRequest { id, kind, prompt, options, step, expires_at } = request;
        let (request_id, expires_at) = (id.to_string(), Timestamp(expires_at));
        Self { request_id, kind: kind.name(), prompt, options, step, expires_at }
    }
}

/// What blocks a page.
#[derive(Debug, Serialize)]
pub(super) struct BlockerDto<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    message: &'a str,
}

impl<'a> From<&'a Blocker> for BlockerDto<'a> {
    fn from(blocker: &'a Blocker) -> Self {
        Self { kind: blocker.kind.name(), message: &blocker.message }
    }
}

/// A run's progress and costs.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TallyDto<'a> {
    steps: u32,
    duration_ms: u64,
    urls: &'a [String],
    usage: Vec<UsageDto<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct UsageDto<'a> {
    provider: &'a str,
    model: &'a str,
    calls: u32,
    prompt_tokens: u64,
    cached_tokens: u64,
    completion_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<f64>,
}

impl<'a> TallyDto<'a> {
    fn new(tally: &'a Tally, duration: Duration) -> Self {
        Self {
            steps: tally.steps,
            duration_ms: u64::try_from(duration.as_millis()).unwrap_or(u64::MAX),
            urls: &tally.urls,
            usage: tally.usage.iter().map(UsageDto::from).collect(),
        }
    }
}

impl<'a> From<&'a ModelUsage> for UsageDto<'a> {
    fn from(used: &'a ModelUsage) -> Self {
        Self {
            provider: &used.name.provider,
            model: &used.name.model,
            calls: used.usage.calls,
            prompt_tokens: used.usage.prompt_tokens,
            cached_tokens: used.usage.cached_tokens,
            completion_tokens: used.usage.completion_tokens,
            // Hides the noise of floating-point sums; no price is that fine.
            cost: used.cost.map(|cost| (cost * 1e9).round() / 1e9),
        }
    }
}

fn one_sentence(text: &str) -> String {
    text.chars().take(MAX_ERROR_CHARS).map(|character| if character.is_control() { ' ' } else { character }).collect()
}

/// RFC 3339 in UTC, to the millisecond.
#[derive(Debug)]
pub(super) struct Timestamp(pub(super) SystemTime);

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let at = OffsetDateTime::from(self.0);
        let at = at.replace_millisecond(at.millisecond()).expect("it was this millisecond before");
        serializer.collect_str(&at.format(&Rfc3339).map_err(serde::ser::Error::custom)?)
    }
}

/// An image as a `data:` URL, serialized without a copy of the image.
#[derive(Debug)]
pub(super) struct DataUrl<'a>(&'a Image);

impl Serialize for DataUrl<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Image { format, base64 } = self.0;
        serializer.collect_str(&format_args!("data:{};base64,{base64}", format.media_type()))
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn timestamps_are_utc_to_the_millisecond() {
        let json = |at| serde_json::to_string(&Timestamp(at)).unwrap();
        let noon = UNIX_EPOCH + Duration::from_secs(1_769_774_400);
        assert_eq!(json(noon), r#""2026-01-30T12:00:00Z""#);
        assert_eq!(json(noon + Duration::from_nanos(45_678_901)), r#""2026-01-30T12:00:00.045Z""#);
    }

    #[test]
    fn error_texts_are_bounded_and_without_line_breaks() {
        assert_eq!(one_sentence("a\nb\u{85}c"), "a b c");
        assert_eq!(one_sentence(&"ü".repeat(5_000)).chars().count(), MAX_ERROR_CHARS);
    }
}
