//! The bodies of commands to a run. Unknown fields are ignored.

use agent::asking::InputRequest;
use schemars::JsonSchema;
use secrecy::SecretString;
use serde::Deserialize;

use super::input::{Field, Parsed, Problems, not_null, object};
use super::{Problem, Task, in_body, json, values};

/// The body of `POST /api/v1/browser-use/runs/{id}/resume`.
#[derive(Deserialize, JsonSchema)]
struct ResumeBody {
    /// What a person did or wants, for the next decision.
    #[schemars(length(min = 1, max = Task::MAX_BYTES))]
    message: Option<Field<String>>,
}

/// The body of `POST /api/v1/browser-use/runs/{id}/messages`.
#[derive(Deserialize, JsonSchema)]
#[schemars(extend("required" = ["text"]))]
struct MessageBody {
    /// An instruction for the next decision.
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "String", length(min = 1, max = Task::MAX_BYTES))]
    text: Option<Field<String>>,
}

/// The body of `PATCH /api/v1/browser-use/runs/{id}`.
#[derive(Deserialize, JsonSchema)]
#[schemars(extend("required" = ["task"]))]
struct TaskBody {
    /// The task that replaces the run's.
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "String", length(min = 1, max = Task::MAX_BYTES))]
    task: Option<Field<String>>,
}

/// The body of `POST /api/v1/browser-use/runs/{id}/input`.
#[derive(Deserialize, JsonSchema)]
#[schemars(extend("required" = ["requestId", "input"]))]
#[serde(rename_all = "camelCase")]
struct InputBody {
    /// Of the `input_request`.
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "String")]
    request_id: Option<Field<String>>,
    /// The answer.
    #[serde(default, deserialize_with = "not_null")]
    #[schemars(with = "String", length(max = InputRequest::MAX_BYTES))]
    input: Option<Field<String>>,
}

/// The message of a resumed run; none in an empty body.
pub(in crate::http) fn parse_resumed(body: &[u8]) -> Result<Option<Task>, Vec<Problem>> {
    if body.is_empty() {
        return Ok(None);
    }
    in_body((|| {
        let body: ResumeBody = object(json(body)?)?;
        let mut problems = Problems::default();
        let message = problems.optional("message", body.message, values::task);
        problems.finish(Some(message))
    })())
}

/// An added instruction.
pub(in crate::http) fn parse_added(body: &[u8]) -> Result<Task, Vec<Problem>> {
    in_body((|| {
        let body: MessageBody = object(json(body)?)?;
        required("text", body.text)
    })())
}

/// Another task.
pub(in crate::http) fn parse_replaced(body: &[u8]) -> Result<Task, Vec<Problem>> {
    in_body((|| {
        let body: TaskBody = object(json(body)?)?;
        required("task", body.task)
    })())
}

/// The id of the question, and the answer, which may be a secret.
pub(in crate::http) fn parse_input(body: &[u8]) -> Result<(String, SecretString), Vec<Problem>> {
    in_body((|| {
        let body: InputBody = object(json(body)?)?;
        let mut problems = Problems::default();
        let id = problems.required("requestId", body.request_id, Ok);
        let input = problems.required("input", body.input, |input| Ok(input.into()));
        problems.finish(id.zip(input))
    })())
}

fn required(name: &'static str, field: Option<Field<String>>) -> Parsed<Task> {
    let mut problems = Problems::default();
    let text = problems.required(name, field, values::task);
    problems.finish(text)
}
