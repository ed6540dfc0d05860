//! Is the process alive; would it take a run?

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::http::auth::Authenticated;
use crate::http::error::ApiError;
use crate::http::router::HttpState;

/// `GET /health`: alive, whatever else.
pub(in crate::http) async fn health() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// `GET /ready`: a browser is up and a run would not be refused.
pub(in crate::http) async fn ready(State(HttpState { runs, .. }): State<HttpState>) -> Result<Json<Value>, ApiError> {
    runs.ready().map_err(ApiError::NotReady)?;
    let counts = runs.counts();
    Ok(Json(json!({ "status": "ready", "running": counts.running, "queued": counts.queued })))
}

/// `GET /health/details`: what an operator wants to know and nobody else needs to.
pub(in crate::http) async fn details(
    _caller: Authenticated,
    State(state): State<HttpState>,
) -> Result<Json<Value>, ApiError> {
    let HttpState { runs, settings, inspect, .. } = state;
    // It reads files of the kernel's, which may take milliseconds.
    let looked_at = tokio::task::spawn_blocking(move || (inspect.browser(), inspect.memory()));
    // It panicked, and the log has it.
    let (browser, memory) = looked_at.await.map_err(|_| ApiError::Internal)?;
    let (counts, limits) = (runs.counts(), runs.settings());
    Ok(Json(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "ready": runs.ready().is_ok(),
        "runs": { "running": counts.running, "queued": counts.queued },
        "browser": browser,
        "memory": memory,
        "limits": {
            "concurrentRuns": limits.max_concurrent,
            "queuedRuns": limits.max_queued,
            "runsPerCaller": limits.max_per_caller,
            "requestsPerMinute": settings.max_requests_per_minute,
            "connections": settings.serve.max_connections,
            "memoryHighWater": limits.memory.high_water,
            "memoryCritical": limits.memory.critical,
        },
    })))
}
