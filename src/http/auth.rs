//! Authentication.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use secrecy::ExposeSecret;
use subtle::ConstantTimeEq;

use super::error::ApiError;
use super::headers::single;
use super::router::HttpState;

const KEY_HEADER: &str = "x-gateway-key";

/// Extractor that rejects a request without the right key, if one is configured, before the body is read.
pub(super) struct Authenticated(());

impl FromRequestParts<HttpState> for Authenticated {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &HttpState) -> Result<Self, ApiError> {
        let Some(expected) = &state.settings.api_key else { return Ok(Self(())) };
        // Of several keys, a proxy might have checked another one.
        match single(&parts.headers, KEY_HEADER) {
            Ok(Some(key)) if key.as_bytes().ct_eq(expected.expose_secret().as_bytes()).into() => Ok(Self(())),
            _ => Err(ApiError::Unauthorized),
        }
    }
}
