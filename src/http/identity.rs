//! Request and trace ids: the caller's if well-formed, otherwise generated, and part of every response.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use uuid::Uuid;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
const MAX_REQUEST_ID_BYTES: usize = 128;

/// A request's ids, safe to log and to send back.
#[derive(Debug, Clone)]
pub(super) struct Identity {
    request_id: String,
    /// W3C Trace Context: version, trace id, parent id, flags.
    traceparent: String,
}

impl Identity {
    fn of(headers: &HeaderMap) -> Self {
        let given = |name, valid: fn(&str) -> bool| {
            headers.get(name).and_then(|value| value.to_str().ok()).filter(|value| valid(value)).map(str::to_owned)
        };
        Self {
            request_id: given(REQUEST_ID, is_request_id).unwrap_or_else(|| Uuid::now_v7().to_string()),
            traceparent: given(TRACEPARENT, is_traceparent).unwrap_or_else(new_traceparent),
        }
    }

    pub(super) fn request_id(&self) -> &str {
        &self.request_id
    }

    pub(super) fn trace_id(&self) -> &str {
        self.traceparent.split('-').nth(1).unwrap_or_default()
    }
}

/// Middleware that adds the [`Identity`] to the request's extensions and the response's headers.
pub(super) async fn identify(mut request: Request, next: Next) -> Response {
    let identity = Identity::of(request.headers());
    let pairs = [(REQUEST_ID, &identity.request_id), (TRACEPARENT, &identity.traceparent)]
        .map(|(name, value)| (name, HeaderValue::from_str(value).expect("identifiers are plain ASCII")));
    request.extensions_mut().insert(identity);
    let mut response = next.run(request).await;
    response.headers_mut().extend(pairs);
    response
}

fn is_request_id(value: &str) -> bool {
    (1..=MAX_REQUEST_ID_BYTES).contains(&value.len())
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.:+/=@".contains(&byte))
}

fn is_traceparent(value: &str) -> bool {
    let parts: Vec<&str> = value.split('-').collect();
    let is_zero = |part: &str| part.bytes().all(|byte| byte == b'0');
    // Lower case only.
    let is_hex = |part: &&str| part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let [version, trace, parent, _flags] = parts[..] else { return false };
    parts.iter().map(|part| part.len()).eq([2, 32, 16, 2])
        && parts.iter().all(is_hex)
        && version != "ff"
        && !is_zero(trace)
        && !is_zero(parent)
}

fn new_traceparent() -> String {
    // Both halves of a random UUID have bits set by its version and variant, so neither id is zero.
    let (parent, _) = Uuid::new_v4().as_u64_pair();
    format!("00-{}-{parent:016x}-00", Uuid::new_v4().simple())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_traceparent_is_a_valid_one() {
        assert!(is_traceparent(&new_traceparent()));
    }

    #[test]
    fn malformed_identifiers_are_not_adopted() {
        assert!(is_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
        for bad in [
            "",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
        ] {
            assert!(!is_traceparent(bad), "{bad}");
        }
        assert!(is_request_id("gateway:42/a-b_c.d"));
        for bad in ["", "a b", "a\"b", "<script>", &"x".repeat(129)] {
            assert!(!is_request_id(bad), "{bad}");
        }
    }
}
