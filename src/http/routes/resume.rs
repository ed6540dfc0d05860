//! Resumes the stream of a run.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;

use crate::http::auth::Authenticated;
use crate::http::error::ApiError;
use crate::http::headers::{caller_id, last_event_id};
use crate::http::router::HttpState;
use crate::http::sse;
use crate::run::{ResumeError, RunId};

/// `GET /api/v1/browser-use/runs/{id}/stream`.
pub(in crate::http) async fn resume(
    _caller: Authenticated,
    State(HttpState { runs, settings, .. }): State<HttpState>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let caller = caller_id(&headers)?;
    let after = last_event_id(&headers)?.unwrap_or_default();
    let id = id.ok().and_then(|Path(id)| RunId::parse(&id)).ok_or(ResumeError::Unknown)?;
    let events = runs.resume(id, caller.as_ref(), after)?;
    Ok(sse::response(events, settings.keep_alive))
}
