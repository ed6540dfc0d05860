//! A task in, a stream of events out.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

use crate::http::auth::{Caller, OnBehalfOf};
use crate::http::body::read_json;
use crate::http::error::Refused;
use crate::http::router::HttpState;
use crate::http::sse;
use crate::http::validation::parse_run_request;

/// `POST /api/v1/browser-use/run/stream`.
pub(in crate::http) async fn stream(
    _caller: Caller,
    OnBehalfOf(caller): OnBehalfOf,
    State(HttpState { runs, settings, rate, .. }): State<HttpState>,
    request: Request,
) -> Result<Response, Refused> {
    rate.take(caller.as_ref()).map_err(|retry_after| Refused::TooMany { retry_after })?;
    let body = read_json(request, &settings).await?;
    let mut request = parse_run_request(&body, settings.screenshots).map_err(Refused::Invalid)?;
    request.caller = caller;
    let events = runs.start(request)?;
    let headers = [
        (CONTENT_TYPE.as_str(), "text/event-stream".to_owned()),
        (CACHE_CONTROL.as_str(), "no-cache".to_owned()),
        ("x-accel-buffering", "no".to_owned()),
        ("x-run-id", events.id().to_string()),
    ];
    // The body owns the run's events: when hyper drops it, because the client went away, the run is cancelled.
    Ok((headers, Body::from_stream(sse::frames(events, settings.keep_alive))).into_response())
}
