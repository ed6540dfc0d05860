//! Reads a request's body: JSON by its media type, bounded in size and time.

use axum::body::{Body, HttpBody as _};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, Request};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::time::timeout;

use super::error::ApiError;
use super::settings::HttpSettings;

/// As [`read_json`], for a body that may be left out, with its media type.
pub(super) async fn read_optional_json(request: Request<Body>, settings: &HttpSettings) -> Result<Vec<u8>, ApiError> {
    if !request.headers().contains_key(CONTENT_TYPE) && request.body().is_end_stream() {
        return Ok(Vec::new());
    }
    read_json(request, settings).await
}

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
    match timeout(settings.body_timeout, Limited::new(request.into_body(), limit).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes().into()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(ApiError::TooLarge),
        // Or the caller disconnected, and nobody reads the response.
        Ok(Err(_)) | Err(_) => Err(ApiError::BodyTimeout),
    }
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
