//! The body of a request for a run, parsed into a [`RunRequest`].
//!
//! `parse` names the fields; `values` parses each of them. All problems of a body are reported together, in the order of
//! the fields, and `http::error` turns them into FastAPI's 422.

mod action;
mod file;
mod input;
mod secrets;
mod values;

use std::time::Duration;

use agent::RequestedAction;
use agent::image::ImageFormat;
use agent::ports::ModelChoice;
use serde_json::Value;
use url_policy::DomainRules;

use self::input::{Fields, Parsed, boolean, integer_within, list};
use super::error::Problem;
use crate::run::RunRequest;

/// Fields in which null is an invalid value; in the others it is the same as a missing field.
const NOT_NULL: [&str; 5] = ["task", "maxSteps", "temperature", "headless", "screenshotFormat"];

/// Parses the body of `POST /api/v1/browser-use/run/stream`. `default_screenshots` is for requests that specify no format.
pub(super) fn parse_run_request(
    body: &[u8],
    default_screenshots: Option<ImageFormat>,
) -> Result<RunRequest, Vec<Problem>> {
    parse(body, default_screenshots)
        .map_err(|problems| problems.into_iter().map(|problem| problem.within("body")).collect())
}

/// Unknown fields are ignored.
fn parse(body: &[u8], default_screenshots: Option<ImageFormat>) -> Parsed<RunRequest> {
    let value: Value = match serde_json::from_slice(body) {
        Ok(value) => value,
        Err(_) if body.is_empty() => return input::one("missing", "Field required"),
        Err(error) => {
            return Err(vec![Problem::new("json_invalid", "JSON decode error").within(offset_of(&error, body))]);
        }
    };
    let mut fields = Fields::of(&value, &NOT_NULL)?;
    let task = fields.required("task", values::task);
    let max_steps = fields.optional("maxSteps", |value| integer_within(value, 1, RunRequest::MAX_STEPS));
    let max_tokens = fields.optional("maxTokens", values::max_tokens);
    let max_cost = fields.optional("maxCost", values::max_cost);
    let max_time = fields.optional("maxSeconds", values::max_time);
    let model = fields.optional("model", values::model).flatten();
    let provider = fields.optional("provider", values::provider);
    let temperature = fields.optional("temperature", values::temperature);
    let headless = fields.optional("headless", boolean);
    let start_url =
        fields.optional("startUrl", values::start_url).or_else(|| fields.optional("baseUrl", values::start_url));
    let actions = fields.optional("actions", |value| list(value, RequestedAction::MAX_COUNT, action::action));
    let output = fields.optional("outputSchema", values::output_schema);
    let files = fields.optional("files", values::files);
    let allowed = fields.optional("allowedDomains", values::allowed_domains);
    let blocked = fields.optional("blockedDomains", values::domains);
    let secrets = fields.optional("sensitiveData", secrets::secrets);
    let screenshots = fields.optional("screenshotFormat", values::screenshot_format);
    let skip_unchanged_screenshots = fields.optional("skipUnchangedScreenshots", boolean);
    // The deployment's own maximum is checked when the run starts.
    let detach = fields.optional("detachSeconds", |value| integer_within(value, 0, RunRequest::MAX_SECONDS));

    fields.finish(task.map(|task| RunRequest {
        task,
        max_steps: max_steps.unwrap_or(RunRequest::DEFAULT_STEPS),
        max_tokens,
        max_cost,
        max_time,
        model: ModelChoice { provider, model },
        temperature: temperature.unwrap_or(RunRequest::DEFAULT_TEMPERATURE),
        headless: headless.unwrap_or(true),
        start_url,
        actions: actions.unwrap_or_default(),
        output,
        files: files.unwrap_or_default(),
        domains: DomainRules { allowed: allowed.map(Into::into), blocked: blocked.unwrap_or_default().into() },
        secrets: secrets.unwrap_or_default(),
        screenshots: screenshots.unwrap_or(default_screenshots),
        skip_unchanged_screenshots: skip_unchanged_screenshots.unwrap_or(false),
        detach: Duration::from_secs(detach.unwrap_or_default().into()),
        caller: None,
    }))
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
    fn every_documented_field_is_parsed() {
        let documentation = include_str!("../../../docs/API.md");
        let (_, table) = documentation.split_once("| field | type | default | rule |").unwrap();
        let table = table.split("\n\n").next().unwrap();
        let cells = table.lines().filter_map(|line| line.split(" | ").next());
        let fields: Vec<&str> = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect();
        assert_eq!(fields.len(), 20, "{fields:?}");
        for field in fields {
            // No field takes a list of lists.
            let body = serde_json::json!({ "task": "x", field: [[]] });
            let problems = parse_run_request(body.to_string().as_bytes(), None).unwrap_err();
            let problem = serde_json::to_value(&problems[0]).unwrap();
            assert_eq!((&problem["loc"][0], &problem["loc"][1]), (&"body".into(), &field.into()));
        }
        let missing = serde_json::to_value(parse_run_request(b"{}", None).unwrap_err()).unwrap();
        assert_eq!(
            missing,
            serde_json::json!([{ "loc": ["body", "task"], "msg": "Field required", "type": "missing" }])
        );
    }

    #[test]
    fn numbers_have_ranges() {
        let parse = |field: &str, value: Value| {
            parse_run_request(serde_json::json!({ "task": "x", field: value }).to_string().as_bytes(), None)
        };
        for (field, valid, invalid) in [
            ("maxSteps", vec!["1", "200"], vec!["0", "201", "-9223372036854775808", "9223372036854775807"]),
            ("maxTokens", vec!["1"], vec!["0", "-9223372036854775808"]),
            ("maxCost", vec!["0.001"], vec!["0", "-1", "inf", "nan"]),
            ("maxSeconds", vec!["0.5", "86400"], vec!["0", "-1", "1e-12", "86401", "inf", "nan"]),
            ("temperature", vec!["0", "2"], vec!["-0.1", "2.1", "nan"]),
            ("detachSeconds", vec!["0", "86400"], vec!["-1", "86401", "-9223372036854775808", "9223372036854775807"]),
        ] {
            for value in valid {
                assert!(parse(field, value.into()).is_ok(), "{field}: {value}");
            }
            for value in invalid {
                assert!(parse(field, value.into()).is_err(), "{field}: {value}");
            }
        }
        assert_eq!(parse("maxSeconds", 0.5.into()).unwrap().max_time, Some(Duration::from_millis(500)));
        assert_eq!(parse("detachSeconds", 90.into()).unwrap().detach, Duration::from_secs(90));
    }
}
