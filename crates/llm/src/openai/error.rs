//! Errors of the API, in the shapes in which servers send them.

use serde_json::Value;

use crate::dialect::{Cause, Feature};
use crate::protocol::says_too_long;

/// What a server says about a call it did not answer. Servers leave out what they like; what is missing is empty.
#[derive(Debug, Default, PartialEq)]
pub(super) struct ApiError {
    /// The field that the error is about, `response_format.type`.
    pub(super) param: String,
    pub(super) code: String,
    pub(super) kind: String,
    /// Prose; passed on, never interpreted.
    pub(super) message: String,
    /// A status that the object itself names, as gateways do inside a 200.
    status: Option<u16>,
}

impl ApiError {
    /// Reads a whole body: `{"error": {...}}`, `{"error": "..."}`, the bare object, or a list of invalid fields under
    /// `detail`. Empty for anything else.
    pub(super) fn of_body(body: &[u8]) -> Self {
        let Ok(body) = serde_json::from_slice::<Value>(body) else { return Self::default() };
        Self::of_object(body.get("error").filter(|error| !error.is_null()).unwrap_or(&body))
    }

    pub(super) fn of_object(error: &Value) -> Self {
        if let Some(message) = error.as_str() {
            return Self { message: message.to_owned(), ..Self::default() };
        }
        let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
        let mut read = Self {
            param: text("param"),
            code: text("code"),
            kind: text("type"),
            message: text("message"),
            status: error["code"]
                .as_u64()
                .and_then(|code| u16::try_from(code).ok())
                .filter(|code| (400..600).contains(code)),
        };
        // The validation library of many Python servers: [{"loc": ["body", "temperature"], "msg": "...", ...}].
        for detail in [&error["detail"], &error["message"]["detail"]] {
            if let Some(message) = detail.as_str() {
                read.message = message.to_owned();
            }
            let Some(invalid) = detail.get(0) else { continue };
            let loc = invalid["loc"].as_array().into_iter().flatten();
            let loc = loc.map(|part| part.as_str().map_or_else(|| part.to_string(), str::to_owned));
            read.param = loc.filter(|part| part != "body").collect::<Vec<_>>().join(".");
            read.message = invalid["msg"].as_str().unwrap_or_default().to_owned();
        }
        read
    }

    /// The status that fits an error which came with status 200.
    pub(super) fn status(&self) -> u16 {
        if let Some(status) = self.status {
            return status;
        }
        match (self.code.as_str(), self.kind.as_str()) {
            ("rate_limit_exceeded", _) | (_, "rate_limit_error" | "rate_limit_exceeded") => 429,
            ("server_error" | "internal_error", _) | (_, "server_error" | "internal_error") => 500,
            ("overloaded_error", _) | (_, "overloaded_error") => 529,
            _ => 400,
        }
    }

    /// No wait brings the next call through: the account has nothing left.
    pub(super) fn is_quota_exhausted(&self) -> bool {
        [&self.code, &self.kind]
            .into_iter()
            .any(|word| word == "insufficient_quota" || word == "billing_hard_limit_reached")
    }

    pub(super) fn is_unknown_model(&self) -> bool {
        self.code == "model_not_found"
    }

    /// A moderation in front of the model stopped the prompt.
    pub(super) fn is_moderation(&self) -> bool {
        matches!(self.code.as_str(), "content_filter" | "content_policy_violation" | "moderation_blocked")
    }

    /// The request is longer than the model's context. Half of the servers have no code for it.
    pub(super) fn is_too_long(&self) -> bool {
        const CODES: [&str; 2] = ["context_length_exceeded", "exceed_context_size_error"];
        CODES.contains(&self.code.as_str()) || CODES.contains(&self.kind.as_str()) || says_too_long(&self.message)
    }

    /// What the error's fields say it is about.
    pub(super) fn cause(&self) -> Cause {
        match self.feature() {
            Some(feature) => Cause::Feature(feature),
            None if self.param.is_empty() => Cause::Unnamed,
            None => Cause::Elsewhere,
        }
    }

    /// The feature that the named field belongs to.
    fn feature(&self) -> Option<Feature> {
        let (field, rest) = match self.param.find(['.', '[']) {
            Some(end) => self.param.split_at(end),
            None => (self.param.as_str(), ""),
        };
        match field {
            "response_format" | "tools" | "tool_choice" | "functions" | "function_call" => Some(Feature::Form),
            "temperature" => Some(Feature::Temperature),
            "max_completion_tokens" | "max_tokens" => Some(Feature::Limit),
            "stream" | "stream_options" => Some(Feature::Stream),
            // Text alone is a string; `content` with something inside it is a list of parts, one of them a picture.
            "messages" if rest.contains("content") => Some(Feature::Images),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(body: Value) -> ApiError {
        ApiError::of_body(body.to_string().as_bytes())
    }

    #[test]
    fn every_known_shape_gives_the_field_and_the_message() {
        for body in [
            json!({"error": {"param": "temperature", "message": "no", "code": null, "type": "invalid_request_error"}}),
            json!({"object": "error", "param": "temperature", "message": "no", "code": 400}),
            json!({"detail": [{"loc": ["body", "temperature"], "msg": "no", "type": "extra_forbidden"}]}),
            json!({"message": {"detail": [{"loc": ["body", "temperature"], "msg": "no"}]}}),
        ] {
            let error = of(body.clone());
            assert_eq!((error.param.as_str(), error.message.as_str()), ("temperature", "no"), "{body}");
        }
        for body in [json!({"error": "no"}), json!({"detail": "no"}), json!({"error": {"message": "no", "param": ""}})]
        {
            let error = of(body.clone());
            assert_eq!((error.cause(), error.message.as_str()), (Cause::Unnamed, "no"), "{body}");
        }
        for body in ["", "<html>", "[]", "null", "3"] {
            assert_eq!(ApiError::of_body(body.as_bytes()), ApiError::default(), "{body:?}");
        }
    }

    #[test]
    fn a_field_tells_the_feature_it_belongs_to() {
        for (param, feature) in [
            ("response_format", Some(Feature::Form)),
            ("response_format.type", Some(Feature::Form)),
            ("tools[0].function.parameters", Some(Feature::Form)),
            ("temperature", Some(Feature::Temperature)),
            ("max_tokens", Some(Feature::Limit)),
            ("stream_options.include_usage", Some(Feature::Stream)),
            ("messages.[1].content.[1].type", Some(Feature::Images)),
            ("messages[1].content[1].image_url", Some(Feature::Images)),
            ("messages", None),
            ("model", None),
            ("", None),
        ] {
            let error = ApiError { param: param.into(), ..ApiError::default() };
            assert_eq!(error.feature(), feature, "{param}");
        }
    }
}
