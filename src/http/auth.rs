//! Who may call.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use secrecy::ExposeSecret;
use subtle::ConstantTimeEq;

use super::error::Refused;
use super::router::HttpState;

const KEY_HEADER: &str = "x-gateway-key";

/// Proof that the request came with the right key, or that none is needed. A handler that takes it cannot be reached
/// without; it is checked before the body is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Caller {
    _proof: (),
}

impl FromRequestParts<HttpState> for Caller {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &HttpState) -> Result<Self, Refused> {
        let Some(expected) = &state.settings.api_key else {
            return Ok(Self { _proof: () });
        };
        let mut given = parts.headers.get_all(KEY_HEADER).iter();
        match (given.next(), given.next()) {
            // Two keys are one too many: someone on the way would have looked at the other one.
            (Some(key), None) if key.as_bytes().ct_eq(expected.expose_secret().as_bytes()).into() => {
                Ok(Self { _proof: () })
            }
            _ => Err(Refused::Unauthorized),
        }
    }
}
