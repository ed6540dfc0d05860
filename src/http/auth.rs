//! Authentication.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use secrecy::ExposeSecret;
use subtle::ConstantTimeEq;

use super::error::{ApiError, Problem};
use super::router::HttpState;
use crate::run::CallerId;

const KEY_HEADER: &str = "x-gateway-key";
const CALLER_HEADER: &str = "x-caller-id";

/// Extractor that rejects a request without the right key, if one is configured, before the body is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Authenticated {
    _proof: (),
}

impl FromRequestParts<HttpState> for Authenticated {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &HttpState) -> Result<Self, ApiError> {
        let Some(expected) = &state.settings.api_key else {
            return Ok(Self { _proof: () });
        };
        let mut given = parts.headers.get_all(KEY_HEADER).iter();
        match (given.next(), given.next()) {
            // A proxy might have checked the other one.
            (Some(key), None) if key.as_bytes().ct_eq(expected.expose_secret().as_bytes()).into() => {
                Ok(Self { _proof: () })
            }
            _ => Err(ApiError::Unauthorized),
        }
    }
}

/// The caller's own name, unverified. Extract it after [`Authenticated`].
pub(super) struct CallerHeader(pub(super) Option<CallerId>);

impl FromRequestParts<HttpState> for CallerHeader {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &HttpState) -> Result<Self, ApiError> {
        let mut given = parts.headers.get_all(CALLER_HEADER).iter();
        let wrong =
            |message: String| ApiError::Invalid(vec![Problem::of_header(CALLER_HEADER, "value_error", message)]);
        match (given.next(), given.next()) {
            (None, _) => Ok(Self(None)),
            (Some(name), None) => match CallerId::parse(name.as_bytes()) {
                Ok(caller) => Ok(Self(Some(caller))),
                Err(error) => Err(wrong(format!("Value error, {error}"))),
            },
            (Some(_), Some(_)) => Err(wrong("Value error, the header stands more than once".to_owned())),
        }
    }
}
