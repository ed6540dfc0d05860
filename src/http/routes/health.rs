//! Is the process alive; would it take a run?

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::http::error::Refused;
use crate::http::router::HttpState;

/// `GET /health`: alive, whatever else.
pub(in crate::http) async fn health() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// `GET /ready`: a browser is up and a run would not be refused.
pub(in crate::http) async fn ready(State(HttpState { runs, .. }): State<HttpState>) -> Result<Json<Value>, Refused> {
    runs.ready().map_err(Refused::NotReady)?;
    let counts = runs.counts();
    Ok(Json(json!({ "status": "ready", "running": counts.running, "queued": counts.queued })))
}
