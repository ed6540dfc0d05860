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
        let given = parts.headers.get(KEY_HEADER).map_or(&[][..], |value| value.as_bytes());
        if bool::from(given.ct_eq(expected.expose_secret().as_bytes())) {
            Ok(Self { _proof: () })
        } else {
            Err(Refused::Unauthorized)
        }
    }
}
