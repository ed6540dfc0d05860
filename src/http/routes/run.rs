//! Starts a run and streams its events.

use axum::extract::{Request, State};
use axum::response::Response;

use crate::http::auth::Authenticated;
use crate::http::body::read_json;
use crate::http::error::ApiError;
use crate::http::headers::{caller_id, idempotency_key, last_event_id};
use crate::http::request::parse_run_request;
use crate::http::router::HttpState;
use crate::http::sse;
use crate::run::Once;

/// `POST /api/v1/browser-use/run/stream`.
pub(in crate::http) async fn stream(
    _caller: Authenticated,
    State(HttpState { runs, settings, rate, .. }): State<HttpState>,
    request: Request,
) -> Result<Response, ApiError> {
    let caller = caller_id(request.headers())?;
    rate.take(caller.as_ref()).map_err(|retry_after| ApiError::TooMany { retry_after })?;
    let once = match idempotency_key(request.headers())? {
        Some(key) => Some((key, last_event_id(request.headers())?.unwrap_or_default())),
        // A new run has no events that a caller could have.
        None => None,
    };
    let body = read_json(request, &settings).await?;
    let parsed = parse_run_request(&body, settings.screenshots);
    let mut request = parsed.map_err(ApiError::Invalid)?;
    request.caller = caller;
    let events = match once {
        Some((key, after)) => runs.start_once(request, Once { key, body, after })?,
        None => runs.start(request)?,
    };
    Ok(sse::response(events, settings.keep_alive))
}
