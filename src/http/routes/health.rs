//! Health, readiness and details of the service.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::http::auth::Authenticated;
use crate::http::error::ApiError;
use crate::http::router::HttpState;

/// `GET /health`: the process is alive.
pub(in crate::http) async fn health() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// `GET /ready`: a browser is available and a run would be accepted.
pub(in crate::http) async fn ready(State(HttpState { runs, .. }): State<HttpState>) -> Result<Json<Value>, ApiError> {
    runs.ready().map_err(ApiError::NotReady)?;
    let counts = runs.counts();
    Ok(Json(json!({ "status": "ready", "running": counts.running, "queued": counts.queued })))
}

/// `GET /health/details`: for operators.
pub(in crate::http) async fn details(
    _caller: Authenticated,
    State(state): State<HttpState>,
) -> Result<Json<Value>, ApiError> {
    let HttpState { runs, settings, inspect, .. } = state;
    // Reading the kernel's files may take milliseconds.
    let inspected = tokio::task::spawn_blocking(move || (inspect.browser(), inspect.memory()));
    // It panicked, and the log has it.
    let (browser, memory) = inspected.await.map_err(|_| ApiError::Internal)?;
    let (counts, limits) = (runs.counts(), runs.settings());
    Ok(Json(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "ready": runs.ready().is_ok(),
        "runs": { "running": counts.running, "queued": counts.queued },
        "browser": browser.map(|browser| json!({
            "version": browser.version,
            "sandbox": { "enabled": browser.sandboxed, "reason": browser.sandbox_reason },
        })),
        "memory": memory.map(|memory| json!({ "usedBytes": memory.used, "limitBytes": memory.limit })),
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
