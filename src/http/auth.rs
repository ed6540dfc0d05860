//! Who may call.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use secrecy::ExposeSecret;
use subtle::ConstantTimeEq;

use super::error::{Place, Problem, Refused};
use super::router::HttpState;
use crate::run::CallerId;

const KEY_HEADER: &str = "x-gateway-key";
const CALLER_HEADER: &str = "x-caller-id";

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

/// Whom a request is for, by its own word; to be taken after [`Caller`], as who has no key has no say.
pub(super) struct OnBehalfOf(pub(super) Option<CallerId>);

impl FromRequestParts<HttpState> for OnBehalfOf {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _state: &HttpState) -> Result<Self, Refused> {
        let mut given = parts.headers.get_all(CALLER_HEADER).iter();
        let wrong =
            |message: String| Refused::Invalid(vec![Problem::at(Place::header(CALLER_HEADER), "value_error", message)]);
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
