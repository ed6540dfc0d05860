//! Errors of the API as responses. None repeats what the caller sent.

use std::collections::VecDeque;
use std::time::Duration;

use axum::Json;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Value, json};

use super::headers;
use crate::run::{NotReady, Refusal, RefusalReason, ResumeError, SnapshotError, StartError, SteerError};
use agent::control::NotSteered;

/// Why a request is rejected.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum ApiError {
    Unauthorized,
    NotJson,
    TooLarge,
    BodyTimeout,
    /// At least one problem.
    Invalid(Vec<Problem>),
    NoRoom(Refusal),
    /// The caller exceeded its rate limit.
    TooMany {
        retry_after: Duration,
    },
    NotReady(NotReady),
    NotFound,
    UnknownRun,
    UnknownFile,
    /// There is no picture of the page.
    NoPicture(SnapshotError),
    /// The run does not obey.
    NotSteered(SteerError),
    MethodNotAllowed,
    Internal,
}

/// What is wrong with one part of a request, in FastAPI's shape.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Problem {
    /// From `body` or `header` inward: names, indices of lists, or an offset of the body in characters.
    loc: VecDeque<Value>,
    msg: String,
    #[serde(rename = "type")]
    kind: &'static str,
}

impl Problem {
    pub(super) fn new(kind: &'static str, msg: impl Into<String>) -> Self {
        Self { loc: VecDeque::new(), msg: msg.into(), kind }
    }

    /// Prepends to the location.
    pub(super) fn within(mut self, part: impl Into<Value>) -> Self {
        self.loc.push_front(part.into());
        self
    }
}

impl ApiError {
    fn invalid_field(field: &'static str, kind: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid(vec![Problem::new(kind, message).within(field).within("body")])
    }

    pub(super) fn invalid_query(field: &'static str, kind: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid(vec![Problem::new(kind, message).within(field).within("query")])
    }

    pub(super) fn invalid_header(header: &'static str, kind: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid(vec![Problem::new(kind, message).within(header).within("header")])
    }
}

impl From<StartError> for ApiError {
    fn from(error: StartError) -> Self {
        let message = error.to_string();
        match error {
            StartError::Model(_) => Self::invalid_field("provider", "provider_unavailable", message),
            StartError::Headful(_) => Self::invalid_field("headless", "headful_unavailable", message),
            StartError::OutputNeedsModel => Self::invalid_field("outputSchema", "model_required", message),
            StartError::PriceUnknown { asked_for, .. } => {
                Self::invalid_field(if asked_for { "maxCost" } else { "model" }, "price_unknown", message)
            }
            StartError::StartUrl(refusal) => Self::invalid_field("startUrl", "url_not_allowed", refusal.to_string()),
            StartError::DetachTooLong { max } => {
                let message = format!("Input should be less than or equal to {}", max.as_secs());
                Self::invalid_field("detachSeconds", "less_than_equal", message)
            }
            StartError::Resume(error) => error.into(),
            StartError::Refused(refusal) => Self::NoRoom(refusal),
        }
    }
}

impl From<ResumeError> for ApiError {
    fn from(error: ResumeError) -> Self {
        match error {
            ResumeError::Unknown => Self::UnknownRun,
            ResumeError::Ahead { last } => headers::ahead_of_stream(last),
            ResumeError::KeyReused => headers::key_reused(),
        }
    }
}

impl From<SnapshotError> for ApiError {
    fn from(error: SnapshotError) -> Self {
        match error {
            SnapshotError::Unknown => Self::UnknownRun,
            error => Self::NoPicture(error),
        }
    }
}

impl From<SteerError> for ApiError {
    fn from(error: SteerError) -> Self {
        match error {
            SteerError::Unknown => Self::UnknownRun,
            SteerError::NotSteered(NotSteered::Unfit(why)) => {
                Self::invalid_field("input", "value_error", format!("Value error, {why}"))
            }
            error => Self::NotSteered(error),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        match self {
            Self::NotSteered(error) => detail(
                StatusCode::CONFLICT,
                match error {
                    SteerError::Unknown => "run_not_found",
                    SteerError::Ended => "run_ended",
                    SteerError::NeedsModel => "model_required",
                    SteerError::NotSteered(NotSteered::NotPaused) => "not_paused",
                    SteerError::NotSteered(NotSteered::Stopping) => "run_stopping",
                    SteerError::NotSteered(NotSteered::InputClosed) => "input_closed",
                    // A 422.
                    SteerError::NotSteered(NotSteered::Unfit(_)) => "invalid_input",
                    SteerError::NotSteered(NotSteered::TooManyInstructions) => "too_many_messages",
                },
            ),
            Self::Unauthorized => detail(StatusCode::UNAUTHORIZED, "invalid_gateway_key"),
            Self::NotJson => detail(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type"),
            Self::TooLarge => detail(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large"),
            Self::BodyTimeout => detail(StatusCode::REQUEST_TIMEOUT, "request_timeout"),
            Self::Invalid(problems) => detail(StatusCode::UNPROCESSABLE_ENTITY, problems),
            Self::NoRoom(refusal) => {
                let (status, reason) = refused(refusal.reason);
                with_retry_after(detail(status, reason), refusal.retry_after)
            }
            Self::TooMany { retry_after } => {
                let response = detail(StatusCode::TOO_MANY_REQUESTS, "too_many_requests");
                with_retry_after(response, retry_after)
            }
            Self::NotReady(NotReady::Refusing(refusal)) => {
                let (_, reason) = refused(refusal.reason);
                with_retry_after(not_ready(reason, &refusal.to_string()), refusal.retry_after)
            }
            Self::NotReady(NotReady::Browser(error)) => not_ready("browser_unavailable", &error.to_string()),
            Self::UnknownRun | Self::NoPicture(SnapshotError::Unknown) => {
                detail(StatusCode::NOT_FOUND, "run_not_found")
            }
            Self::UnknownFile => detail(StatusCode::NOT_FOUND, "file_not_found"),
            Self::NoPicture(SnapshotError::Ended) => detail(StatusCode::CONFLICT, "run_ended"),
            Self::NoPicture(SnapshotError::NoPage) => detail(StatusCode::CONFLICT, "no_page"),
            Self::NoPicture(SnapshotError::Failed(_)) => detail(StatusCode::CONFLICT, "no_picture"),
            Self::NotFound => detail(StatusCode::NOT_FOUND, "Not Found"),
            Self::MethodNotAllowed => detail(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed"),
            Self::Internal => detail(StatusCode::INTERNAL_SERVER_ERROR, "internal_error"),
        }
    }
}

fn detail(status: StatusCode, detail: impl Serialize) -> Response {
    (status, Json(json!({ "detail": detail }))).into_response()
}

fn not_ready(reason: &str, detail: &str) -> Response {
    let body = json!({ "status": "unavailable", "reason": reason, "detail": detail });
    (StatusCode::SERVICE_UNAVAILABLE, Json(body)).into_response()
}

/// The status of a rejected run, and its reason in the body.
fn refused(reason: RefusalReason) -> (StatusCode, &'static str) {
    match reason {
        RefusalReason::Full => (StatusCode::SERVICE_UNAVAILABLE, "service_full"),
        RefusalReason::Draining => (StatusCode::SERVICE_UNAVAILABLE, "service_draining"),
        RefusalReason::MemoryHigh => (StatusCode::SERVICE_UNAVAILABLE, "memory_high"),
        RefusalReason::CallerFull => (StatusCode::TOO_MANY_REQUESTS, "caller_full"),
    }
}

fn with_retry_after(mut response: Response, wait: Duration) -> Response {
    // Rounded up: a caller that comes back earlier is rejected again.
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    response
}
