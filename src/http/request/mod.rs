//! The body of a request for a run, as JSON and as a [`RunRequest`].
//!
//! [`RunBody`] declares the fields; `values` parses each type. All problems of a body are reported together, in the order
//! of the fields, and `http::error` turns them into FastAPI's 422.

mod action;
mod file;
mod input;
mod secrets;
mod values;

use std::collections::{BTreeMap, HashSet};

use agent::RequestedAction;
use agent::files::SentFile;
use agent::image::ImageFormat;
use agent::output::OutputSchema;
use agent::ports::{ModelChoice, Provider};
use agent::secrets::Secrets;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use url_policy::{DomainPattern, DomainRules};

use self::action::ActionBody;
use self::file::FileBody;
use self::input::{List, Parsed, Problems, not_null, object};
use self::values::{Model, ScreenshotFormat};
use super::error::Problem;
use crate::run::{DetachTime, MaxCost, MaxSteps, MaxTime, MaxTokens, RunRequest, StartUrl, Task, Temperature};

const MAX_FILES: usize = 20;
const MAX_DOMAINS: usize = 200;

/// The body of `POST /api/v1/browser-use/run/stream`. Unknown fields are ignored. Null is the same as a missing field,
/// except where noted as `not_null`.
#[derive(Deserialize, JsonSchema)]
#[schemars(extend("required" = ["task"]))]
#[serde(rename_all = "camelCase")]
pub(super) struct RunBody {
    /// What to do, in plain language.
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "String", length(min = 1, max = 32_768))]
    task: Option<Parsed<Task>>,
    /// Steps that the run may take; 20 by default.
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "Option<u32>", range(min = 1, max = 200))]
    max_steps: Option<Parsed<MaxSteps>>,
    /// Tokens of all model calls.
    #[schemars(with = "Option<u64>", range(min = 1))]
    max_tokens: Option<Parsed<MaxTokens>>,
    /// Cost of all model calls, in the currency of the deployment's prices.
    #[schemars(with = "Option<f64>", extend("exclusiveMinimum" = 0))]
    max_cost: Option<Parsed<MaxCost>>,
    /// Seconds from the run's admission to its end.
    #[schemars(with = "Option<f64>", range(max = 86_400), extend("exclusiveMinimum" = 0))]
    max_seconds: Option<Parsed<MaxTime>>,
    /// A model of the provider; the provider's default if missing or blank.
    #[schemars(with = "Option<String>", length(max = 256))]
    model: Option<Parsed<Model>>,
    /// `openai`, `anthropic`, `gemini`, `ollama` or `template`.
    #[schemars(with = "Option<String>")]
    provider: Option<Parsed<Provider>>,
    /// 0.1 by default.
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "Option<f64>", range(min = 0.0, max = 2.0))]
    temperature: Option<Parsed<Temperature>>,
    /// True by default; false requires a display.
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "Option<bool>")]
    headless: Option<Parsed<bool>>,
    /// The page to open before the first step.
    #[schemars(with = "Option<url::Url>", length(max = 8_192))]
    start_url: Option<Parsed<StartUrl>>,
    /// Accepted for `startUrl`.
    #[schemars(with = "Option<url::Url>", length(max = 8_192))]
    base_url: Option<Parsed<StartUrl>>,
    /// Actions to take before the first model call.
    #[schemars(with = "Option<Vec<ActionBody>>", length(max = 100))]
    actions: Option<Parsed<List<RequestedAction, { RequestedAction::MAX_COUNT }>>>,
    /// A JSON Schema for the answer as data.
    #[schemars(with = "Option<BTreeMap<String, Value>>")]
    output_schema: Option<Parsed<OutputSchema>>,
    /// Files that the run may upload.
    #[schemars(with = "Option<Vec<FileBody>>", length(max = 20))]
    files: Option<Parsed<List<SentFile, MAX_FILES>>>,
    /// The only domains that the run may reach, such as `example.com` or `*.example.com:8443`.
    #[schemars(with = "Option<Vec<String>>", length(min = 1, max = 200))]
    allowed_domains: Option<Parsed<List<DomainPattern, MAX_DOMAINS>>>,
    /// Domains that the run may not reach.
    #[schemars(with = "Option<Vec<String>>", length(max = 200))]
    blocked_domains: Option<Parsed<List<DomainPattern, MAX_DOMAINS>>>,
    /// Values to type that no model sees, by name, by origin.
    #[schemars(with = "Option<BTreeMap<String, BTreeMap<String, String>>>")]
    sensitive_data: Option<Parsed<Secrets>>,
    /// `png`, `jpeg`, `webp` or `none`.
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "Option<String>")]
    screenshot_format: Option<Parsed<ScreenshotFormat>>,
    /// Whether to omit a screenshot that is identical to the last one sent.
    #[schemars(with = "Option<bool>")]
    skip_unchanged_screenshots: Option<Parsed<bool>>,
    /// Seconds that the run continues without a reader.
    #[schemars(with = "Option<u32>", range(max = 86_400))]
    detach_seconds: Option<Parsed<DetachTime>>,
}

/// Parses a body. `default_screenshots` is for requests that specify no format; `max_task_bytes` is the deployment's limit.
pub(super) fn parse_run_request(
    body: &[u8],
    default_screenshots: Option<ImageFormat>,
    max_task_bytes: usize,
) -> Result<RunRequest, Vec<Problem>> {
    parse(body, default_screenshots, max_task_bytes)
        .map_err(|problems| problems.into_iter().map(|problem| problem.within("body")).collect())
}

fn parse(
    body: &[u8],
    default_screenshots: Option<ImageFormat>,
    max_task_bytes: usize,
) -> Result<RunRequest, Vec<Problem>> {
    let value: Value = match serde_json::from_slice(body) {
        Ok(value) => value,
        Err(_) if body.is_empty() => return input::one("missing", "Field required"),
        Err(error) => {
            return Err(vec![Problem::new("json_invalid", "JSON decode error").within(offset_of(&error, body))]);
        }
    };
    let body: RunBody = object(&value)?;
    let mut problems = Problems::default();
    let task = problems.require("task", body.task);
    if task.as_ref().is_some_and(|task| task.as_str().len() > max_task_bytes) {
        problems.add("task", "string_too_long", format!("String should have at most {max_task_bytes} bytes"));
    }
    let max_steps = problems.take("maxSteps", body.max_steps);
    let max_tokens = problems.take("maxTokens", body.max_tokens);
    let max_cost = problems.take("maxCost", body.max_cost);
    let max_time = problems.take("maxSeconds", body.max_seconds);
    let model = problems.take("model", body.model);
    let provider = problems.take("provider", body.provider);
    let temperature = problems.take("temperature", body.temperature);
    let headless = problems.take("headless", body.headless);
    let start_url = match problems.take("startUrl", body.start_url) {
        None => problems.take("baseUrl", body.base_url),
        url => url,
    };
    let actions = problems.take("actions", body.actions);
    let output = problems.take("outputSchema", body.output_schema);
    let files = problems.take("files", body.files).map(|list| list.0).unwrap_or_default();
    if let Some(index) = first_repeated_name(&files) {
        let problem = Problem::new("value_error", "Value error, another file has this name");
        problems.0.push(problem.within("name").within(index).within("files"));
    }
    let allowed = problems.take("allowedDomains", body.allowed_domains).map(|list| list.0);
    if allowed.as_ref().is_some_and(Vec::is_empty) {
        // Whether it means nothing or everything would be a guess.
        problems.add("allowedDomains", "too_short", "List should have at least 1 item after validation, not 0");
    }
    let blocked = problems.take("blockedDomains", body.blocked_domains).map(|list| list.0).unwrap_or_default();
    let secrets = problems.take("sensitiveData", body.sensitive_data);
    let screenshots = problems.take("screenshotFormat", body.screenshot_format);
    let skip_unchanged = problems.take("skipUnchangedScreenshots", body.skip_unchanged_screenshots);
    let detach = problems.take("detachSeconds", body.detach_seconds);

    match task {
        Some(task) if problems.0.is_empty() => Ok(RunRequest {
            task,
            max_steps: max_steps.unwrap_or_default(),
            max_tokens,
            max_cost,
            max_time,
            model: ModelChoice { provider, model: model.and_then(|model| model.0) },
            temperature: temperature.unwrap_or_default(),
            headless: headless.unwrap_or(true),
            start_url,
            actions: actions.map(|list| list.0).unwrap_or_default(),
            output,
            files,
            domains: DomainRules { allowed: allowed.map(Into::into), blocked: blocked.into() },
            secrets: secrets.unwrap_or_default(),
            screenshots: screenshots.map_or(default_screenshots, |format| format.0),
            skip_unchanged_screenshots: skip_unchanged.unwrap_or(false),
            detach: detach.unwrap_or_default(),
            caller: None,
        }),
        _ => Err(problems.0),
    }
}

fn first_repeated_name(files: &[SentFile]) -> Option<usize> {
    let mut names = HashSet::new();
    files.iter().position(|file| !names.insert(&file.name))
}

/// How many characters of the body are valid JSON.
fn offset_of(error: &serde_json::Error, body: &[u8]) -> usize {
    let before: usize =
        body.split(|byte| *byte == b'\n').take(error.line().saturating_sub(1)).map(|line| line.len() + 1).sum();
    // At the end of the input the column is that of the last character read, else that of the wrong one.
    let column = error.column().saturating_sub(usize::from(!error.is_eof()));
    let offset = (before + column).min(body.len());
    String::from_utf8_lossy(&body[..offset]).chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_has_every_documented_field_and_requires_the_task() {
        let schema = serde_json::to_value(schemars::schema_for!(RunBody)).unwrap();
        assert_eq!(schema["required"], serde_json::json!(["task"]));
        let documentation = include_str!("../../../docs/API.md");
        for name in schema["properties"].as_object().unwrap().keys() {
            assert!(documentation.contains(&format!("`{name}`")), "{name} is not documented");
        }
        assert_eq!(schema["properties"].as_object().unwrap().len(), 20);
        assert_eq!(schema["properties"]["maxSteps"]["maximum"], 200);
    }
}
