//! The body of a request for a run, parsed into a [`RunRequest`].
//!
//! [`RunBody`] declares the fields; `values` has their rules. All problems of a body are reported together, in the order
//! of the fields, and `http::error` turns them into FastAPI's 422.

mod action;
mod file;
mod http_credentials;
mod input;
mod secrets;
mod steering;
mod storage_state;
mod values;

use std::collections::BTreeMap;
use std::time::Duration;

use agent::image::ImageFormat;
use agent::ports::{ModelChoice, Provider};
use agent::secrets::Secrets;
use agent::{Human, RequestedAction};
use schemars::{JsonSchema, Schema, schema_for};
use serde::Deserialize;
use serde_json::{Map, Value};
use url_policy::DomainRules;

use self::action::ActionBody;
use self::file::FileBody;
use self::http_credentials::BrowserBody;
use self::input::{Field, OneOf, Parsed, Problems, list, not_null, within};
pub(super) use self::steering::{parse_added, parse_input, parse_replaced, parse_resumed};
use self::storage_state::StorageBody;
use self::values::{MAX_DOMAINS, MAX_FILES, MAX_MODEL_NAME_BYTES};
use super::error::Problem;
use crate::run::{RunRequest, StartUrl, Task};

/// The body of `POST /api/v1/browser-use/run/stream`. Unknown fields are ignored.
#[derive(Deserialize, JsonSchema)]
#[schemars(extend("required" = ["task"]))]
#[serde(rename_all = "camelCase")]
struct RunBody {
    /// What to do, in plain language.
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "String", length(min = 1, max = Task::MAX_BYTES))]
    task: Option<Field<String>>,
    /// Steps that the run may take.
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "i64", range(min = 1, max = RunRequest::MAX_STEPS), extend("default" = RunRequest::DEFAULT_STEPS))]
    max_steps: Option<Field<i64>>,
    /// Tokens of all model calls.
    #[schemars(range(min = 1))]
    max_tokens: Option<Field<i64>>,
    /// Cost of all model calls, in the currency of the deployment's prices.
    #[schemars(extend("exclusiveMinimum" = 0))]
    max_cost: Option<Field<f64>>,
    /// Seconds from the run's admission to its end.
    #[schemars(range(max = RunRequest::MAX_SECONDS), extend("exclusiveMinimum" = 0))]
    max_seconds: Option<Field<f64>>,
    /// A model of the provider; the provider's default if missing or blank.
    #[schemars(length(max = MAX_MODEL_NAME_BYTES))]
    model: Option<Field<String>>,
    /// Who decides; the deployment's default if missing.
    provider: Option<Field<OneOf<Provider>>>,
    /// The model's sampling temperature.
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "f64", range(min = 0, max = RunRequest::MAX_TEMPERATURE))]
    #[schemars(extend("default" = RunRequest::DEFAULT_TEMPERATURE))]
    temperature: Option<Field<f64>>,
    /// False requires a display.
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "bool", extend("default" = true))]
    headless: Option<Field<bool>>,
    /// The page to open before the first step.
    #[schemars(url, length(max = StartUrl::MAX_BYTES))]
    start_url: Option<Field<String>>,
    /// Accepted for `startUrl`.
    #[schemars(url, length(max = StartUrl::MAX_BYTES))]
    base_url: Option<Field<String>>,
    /// Actions to take before the first model call.
    #[schemars(length(max = RequestedAction::MAX_COUNT))]
    actions: Option<Field<Vec<Field<ActionBody>>>>,
    /// A JSON Schema for the answer as data.
    output_schema: Option<Field<Map<String, Value>>>,
    /// Files that the run may upload.
    #[schemars(length(max = MAX_FILES))]
    files: Option<Field<Vec<Field<FileBody>>>>,
    /// The only domains that the run may reach, such as `example.com` or `*.example.com:8443`.
    #[schemars(length(min = 1, max = MAX_DOMAINS))]
    allowed_domains: Option<Field<Vec<Field<String>>>>,
    /// Domains that the run may not reach.
    #[schemars(length(max = MAX_DOMAINS))]
    blocked_domains: Option<Field<Vec<Field<String>>>>,
    /// Values to type that no model sees, by name, by origin.
    #[schemars(with = "Option<BTreeMap<String, BTreeMap<String, SecretBody>>>")]
    #[schemars(extend("maxProperties" = Secrets::MAX_ORIGINS))]
    sensitive_data: Option<Field<Map<String, Value>>>,
    /// Whether the run may ask a person.
    #[schemars(extend("default" = false))]
    human_input: Option<Field<bool>>,
    /// Names of actions, or `risky`, that need a person's consent.
    #[schemars(with = "Option<ConfirmBody>")]
    confirm_actions: Option<Field<Value>>,
    /// Whether files that the run downloads and saves can be fetched.
    #[schemars(extend("default" = false))]
    keep_files: Option<Field<bool>>,
    /// Whether console messages and requests can be fetched.
    #[schemars(extend("default" = false))]
    trace: Option<Field<bool>>,
    /// Settings of the run's browser.
    browser: Option<Field<BrowserBody>>,
    /// Cookies and storage of an earlier run, loaded before the first page.
    storage_state: Option<Field<StorageBody>>,
    /// Whether the last event has the run's cookies and storage.
    #[schemars(extend("default" = false))]
    return_storage_state: Option<Field<bool>>,
    /// The deployment's default if missing.
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "OneOf<Option<ImageFormat>>")]
    screenshot_format: Option<Field<OneOf<Option<ImageFormat>>>>,
    /// Whether to omit a screenshot that is identical to the last one sent.
    #[schemars(extend("default" = false))]
    skip_unchanged_screenshots: Option<Field<bool>>,
    /// Seconds that the run continues without a reader. The deployment may limit them further.
    #[schemars(range(min = 0, max = RunRequest::MAX_SECONDS), extend("default" = 0))]
    detach_seconds: Option<Field<i64>>,
}

/// A text, or the seed of one-time codes in base32.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
enum SecretBody {
    Text(String),
    Totp { totp: String },
}

/// A list of names, or `risky`.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
enum ConfirmBody {
    One(String),
    Many(Vec<String>),
}

/// The JSON Schema of a request for a run, for an OpenAPI document.
pub fn run_request_schema() -> Schema {
    schema_for!(RunBody)
}

/// Parses the body of `POST /api/v1/browser-use/run/stream`. `default_screenshots` is for requests that specify no format.
pub(super) fn parse_run_request(
    body: &[u8],
    default_screenshots: Option<ImageFormat>,
) -> Result<RunRequest, Vec<Problem>> {
    in_body(parse(body, default_screenshots))
}

fn in_body<T>(parsed: Parsed<T>) -> Parsed<T> {
    parsed.map_err(|problems| problems.into_iter().map(|problem| problem.within("body")).collect())
}

/// Unknown fields are ignored.
fn parse(body: &[u8], default_screenshots: Option<ImageFormat>) -> Parsed<RunRequest> {
    let body: RunBody = input::object(json(body)?)?;
    let mut problems = Problems::default();
    let task = problems.required("task", body.task, values::task);
    let max_steps = problems.optional("maxSteps", body.max_steps, |steps| within(steps, 1, RunRequest::MAX_STEPS));
    let max_tokens = problems.optional("maxTokens", body.max_tokens, values::max_tokens);
    let max_cost = problems.optional("maxCost", body.max_cost, values::max_cost);
    let max_time = problems.optional("maxSeconds", body.max_seconds, values::max_time);
    let model = problems.optional("model", body.model, values::model).flatten();
    let provider = problems.optional("provider", body.provider, |OneOf(provider)| Ok(provider));
    let temperature = problems.optional("temperature", body.temperature, values::temperature);
    let headless = problems.optional("headless", body.headless, Ok);
    let start_url = problems
        .optional("startUrl", body.start_url, values::start_url)
        .or_else(|| problems.optional("baseUrl", body.base_url, values::start_url));
    let actions =
        problems.optional("actions", body.actions, |actions| list(actions, RequestedAction::MAX_COUNT, action::action));
    let output = problems.optional("outputSchema", body.output_schema, values::output_schema);
    let files = problems.optional("files", body.files, values::files);
    let allowed = problems.optional("allowedDomains", body.allowed_domains, values::allowed_domains);
    let blocked = problems.optional("blockedDomains", body.blocked_domains, values::domains);
    let secrets = problems.optional("sensitiveData", body.sensitive_data, secrets::secrets);
    let credentials = problems.optional("browser", body.browser, http_credentials::of_browser);
    let secrets = problems.made(
        "sensitiveData",
        secrets::with_http_credentials(secrets.unwrap_or_default(), credentials.unwrap_or_default()),
    );
    let human_input = problems.optional("humanInput", body.human_input, Ok).unwrap_or(false);
    let confirm =
        problems.optional("confirmActions", body.confirm_actions, |names| values::confirm(names, human_input));
    let human = human_input.then(|| Human { confirm: confirm.unwrap_or_default() });
    let storage = problems.optional("storageState", body.storage_state, storage_state::storage_state);
    let returns_storage = problems.optional("returnStorageState", body.return_storage_state, Ok);
    let trace = problems.optional("trace", body.trace, Ok).unwrap_or(false);
    let keep_files = problems.optional("keepFiles", body.keep_files, Ok).unwrap_or(false);
    let screenshots = problems.optional("screenshotFormat", body.screenshot_format, |OneOf(format)| Ok(format));
    let skip_unchanged = problems.optional("skipUnchangedScreenshots", body.skip_unchanged_screenshots, Ok);
    // The deployment's own maximum is checked when the run starts.
    let detach =
        problems.optional("detachSeconds", body.detach_seconds, |time| within(time, 0, RunRequest::MAX_SECONDS));

    problems.finish(task.map(|task| RunRequest {
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
        secrets: match (secrets.unwrap_or_default(), &human) {
            (secrets, Some(_)) => secrets.open_to_more(),
            (secrets, None) => secrets,
        },
        human,
        storage,
        returns_storage: returns_storage.unwrap_or(false),
        keep_files,
        trace,
        screenshots: screenshots.unwrap_or(default_screenshots),
        skip_unchanged_screenshots: skip_unchanged.unwrap_or(false),
        detach: Duration::from_secs(detach.unwrap_or_default().into()),
        caller: None,
    }))
}

fn json(body: &[u8]) -> Parsed<Value> {
    match serde_json::from_slice(body) {
        Ok(value) => Ok(value),
        Err(_) if body.is_empty() => input::one("missing", "Field required"),
        Err(error) => Err(vec![Problem::new("json_invalid", "JSON decode error").within(offset_of(&error, body))]),
    }
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

    fn documented_fields() -> Vec<&'static str> {
        let documentation = include_str!("../../../docs/API.md");
        let (_, table) = documentation.split_once("| field | type | default | rule |").unwrap();
        let table = table.split("\n\n").next().unwrap();
        let cells = table.lines().filter_map(|line| line.split(" | ").next());
        cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect()
    }

    #[test]
    fn the_schema_has_every_documented_field_and_the_ranges_that_are_checked() {
        let schema = run_request_schema().to_value();
        assert_eq!(schema["required"], serde_json::json!(["task"]));
        let properties = schema["properties"].as_object().unwrap();
        let (mut documented, mut declared) = (documented_fields(), properties.keys().collect::<Vec<_>>());
        documented.sort_unstable();
        declared.sort_unstable();
        assert_eq!(declared, documented);
        let parses = |field: &str, value: Value| {
            let body = serde_json::json!({ "task": "x", field: value });
            parse_run_request(body.to_string().as_bytes(), None).is_ok()
        };
        for (field, schema) in properties {
            let types = schema["type"].as_array().into_iter().flatten();
            let variants = schema["anyOf"].as_array().into_iter().flatten().map(|variant| &variant["type"]);
            let is_nullable = types.chain(variants).any(|name| name == "null");
            assert_eq!(parses(field, Value::Null), is_nullable, "{field}");
            for (bound, outside) in [("minimum", -1.0), ("maximum", 1.0)] {
                let Some(bound) = schema[bound].as_f64() else { continue };
                assert!(parses(field, bound.into()) && !parses(field, (bound + outside).into()), "{field}: {bound}");
            }
            let positive = schema["exclusiveMinimum"] == 0;
            assert!(!positive || !parses(field, 0.into()) && parses(field, 0.001.into()), "{field}");
            for name in schema["enum"].as_array().into_iter().flatten() {
                assert!(parses(field, name.clone()), "{field}: {name}");
            }
            let default = schema["default"].clone();
            assert!(default.is_null() || parses(field, default), "{field}");
        }
    }

    #[test]
    fn every_documented_field_is_parsed() {
        let fields = documented_fields();
        assert_eq!(fields.len(), 27, "{fields:?}");
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
