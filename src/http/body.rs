//! Reads a request's body: JSON by its media type, bounded in size and time.

use axum::body::Body;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, Request};
use futures::StreamExt;
use tokio::time::timeout;

use super::error::ApiError;
use super::settings::HttpSettings;

/// The body's bytes, not yet parsed.
pub(super) async fn read_json(request: Request<Body>, settings: &HttpSettings) -> Result<Vec<u8>, ApiError> {
    let limit = settings.max_body_bytes;
    if !is_json(request.headers()) {
        return Err(ApiError::NotJson);
    }
    let announced = announced_length(request.headers());
    if announced.is_some_and(|length| length > limit as u64) {
        return Err(ApiError::TooLarge);
    }
    timeout(settings.body_timeout, read(request.into_body(), limit)).await.unwrap_or(Err(ApiError::BodyTimeout))
}

async fn read(body: Body, limit: usize) -> Result<Vec<u8>, ApiError> {
    let mut stream = body.into_data_stream();
    let mut bytes = Vec::new();
    while let Some(chunk) = stream.next().await {
        // The caller disconnected; nobody reads the response.
        let chunk = chunk.map_err(|_| ApiError::BodyTimeout)?;
        if bytes.len() + chunk.len() > limit {
            return Err(ApiError::TooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// `application/json` or `application/*+json`, with or without parameters.
fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence
        .strip_prefix("application/")
        .is_some_and(|subtype| subtype == "json" || subtype.len() > 5 && subtype.ends_with("+json"))
}

fn announced_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
