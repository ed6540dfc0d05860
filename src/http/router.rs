//! Routes and middleware.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tokio_util::task::TaskTracker;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::trace::TraceLayer;
use tracing::{Span, debug, info, info_span};

use super::details::Inspect;
use super::error::ApiError;
use super::identity::{self, Identity};
use super::rate::Rate;
use super::settings::HttpSettings;
use super::{drain_body, routes};
use crate::run::RunService;

/// State of the handlers.
#[derive(Clone)]
pub(super) struct HttpState {
    pub(super) runs: RunService,
    pub(super) settings: Arc<HttpSettings>,
    pub(super) rate: Arc<Rate>,
    pub(super) inspect: Arc<dyn Inspect>,
}

/// The service's whole HTTP interface. `tasks` owns what outlives a response.
pub fn router(settings: HttpSettings, runs: RunService, tasks: TaskTracker, inspect: Arc<dyn Inspect>) -> Router {
    let rate = Arc::new(Rate::new(settings.max_requests_per_minute));
    Router::new()
        .route("/api/v1/browser-use/run/stream", post(routes::run::stream))
        // HEAD would take the stream over and drop it.
        .route(
            "/api/v1/browser-use/runs/{id}/stream",
            get(routes::resume::resume).head(async || ApiError::MethodNotAllowed),
        )
        .route("/api/v1/browser-use/runs", get(routes::runs::list))
        .route("/api/v1/browser-use/runs/{id}", get(routes::runs::status).patch(routes::runs::replace))
        .route("/api/v1/browser-use/runs/{id}/pause", post(routes::runs::pause))
        .route("/api/v1/browser-use/runs/{id}/resume", post(routes::runs::resume))
        .route("/api/v1/browser-use/runs/{id}/stop", post(routes::runs::stop))
        .route("/api/v1/browser-use/runs/{id}/messages", post(routes::runs::add))
        .route("/api/v1/browser-use/runs/{id}/input", post(routes::runs::input))
        .route("/api/v1/browser-use/runs/{id}/files", get(routes::files::list))
        .route("/api/v1/browser-use/runs/{id}/files/{name}", get(routes::files::file))
        .route("/api/v1/browser-use/runs/{id}/screenshot", get(routes::files::screenshot))
        .route("/health", get(routes::health::health))
        .route("/health/details", get(routes::health::details))
        .route("/ready", get(routes::health::ready))
        .fallback(async || ApiError::NotFound)
        .method_not_allowed_fallback(async || ApiError::MethodNotAllowed)
        .with_state(HttpState { runs, settings: Arc::new(settings), rate, inspect })
        .layer(from_fn_with_state(tasks, drain_body::drain_body))
        .layer(CatchPanicLayer::custom(on_panic))
        .layer(TraceLayer::new_for_http().make_span_with(request_span).on_response(on_response).on_failure(()))
        .layer(from_fn(identity::identify))
}

/// Identifies a request without anything secret: no headers, query or body.
fn request_span(request: &Request) -> Span {
    let identity = request.extensions().get::<Identity>();
    info_span!(
        "request",
        method = %request.method(),
        path = request.uri().path(),
        request.id = identity.map(Identity::request_id),
        trace.id = identity.map(Identity::trace_id),
    )
}

fn on_response(response: &Response, latency: Duration, _span: &Span) {
    let (status, latency_us) = (response.status().as_u16(), latency.as_micros());
    if response.status() >= StatusCode::BAD_REQUEST {
        info!(status, latency_us, "refused");
    } else {
        debug!(status, latency_us, "answered");
    }
}

/// The panic hook has logged the panic.
fn on_panic(_panic: Box<dyn Any + Send>) -> Response {
    ApiError::Internal.into_response()
}
