//! A task board that is all script.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::routing::{get, post};

use super::{Record, page};

pub(super) fn router(record: Arc<Record>) -> Router {
    Router::new()
        .route("/", get(|| async { page("Task board", include_str!("board.html")) }))
        .route("/did", post(did))
        .with_state(record)
}

async fn did(State(record): State<Arc<Record>>, what: String) {
    record.note(what);
}
