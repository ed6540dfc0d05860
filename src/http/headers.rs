//! The headers `X-Caller-Id`, `Last-Event-ID` and `Idempotency-Key`.

use axum::http::{HeaderMap, HeaderValue};

use super::error::ApiError;
use crate::run::{CallerId, IdempotencyKey};

const CALLER_ID: &str = "x-caller-id";
const LAST_EVENT_ID: &str = "last-event-id";
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// The caller's own name, unverified.
pub(super) fn caller_id(headers: &HeaderMap) -> Result<Option<CallerId>, ApiError> {
    let Some(value) = single(headers, CALLER_ID)? else { return Ok(None) };
    CallerId::parse(value.as_bytes())
        .map(Some)
        .map_err(|error| ApiError::invalid_header(CALLER_ID, "value_error", format!("Value error, {error}")))
}

/// The last event that the caller has; none if the header is missing or empty.
pub(super) fn last_event_id(headers: &HeaderMap) -> Result<Option<u64>, ApiError> {
    let Some(value) = single(headers, LAST_EVENT_ID)?.filter(|value| !value.is_empty()) else { return Ok(None) };
    let digits = value.to_str().ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    match digits.and_then(|digits| digits.parse().ok()) {
        Some(id) => Ok(Some(id)),
        None => Err(ApiError::invalid_header(LAST_EVENT_ID, "int_parsing", "Input should be the id of an event")),
    }
}

pub(super) fn ahead_of_stream(last: u64) -> ApiError {
    ApiError::invalid_header(LAST_EVENT_ID, "less_than_equal", format!("Input should be less than or equal to {last}"))
}

pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, ApiError> {
    let Some(value) = single(headers, IDEMPOTENCY_KEY)? else { return Ok(None) };
    IdempotencyKey::parse(value.as_bytes()).map(Some).ok_or_else(|| {
        let message = format!("Input should be 1 to {} printable ASCII characters", IdempotencyKey::MAX_BYTES);
        ApiError::invalid_header(IDEMPOTENCY_KEY, "string_pattern_mismatch", message)
    })
}

pub(super) fn key_reused() -> ApiError {
    ApiError::invalid_header(
        IDEMPOTENCY_KEY,
        "idempotency_key_reused",
        "The key was used for a request with another body",
    )
}

pub(super) fn single<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<Option<&'a HeaderValue>, ApiError> {
    let mut given = headers.get_all(name).iter();
    match (given.next(), given.next()) {
        (first, None) => Ok(first),
        (_, Some(_)) => {
            Err(ApiError::invalid_header(name, "value_error", "Value error, the header stands more than once"))
        }
    }
}
