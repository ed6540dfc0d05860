//! Errors, in the shapes that different servers send.

use serde_json::Value;

use crate::capabilities::{Feature, mentioned};
use crate::protocol::{Outcome, Received};
use crate::retry::AttemptError;
use agent::ports::{ModelError, ModelName};

/// The fields of a request whose rejection means that the model does not support a feature.
const FIELDS: &[(&str, Feature)] = &[
    ("response_format", Feature::Output),
    ("json_schema", Feature::Output),
    ("json_object", Feature::Output),
    ("grammar", Feature::Output),
    ("tools", Feature::Output),
    ("tool_choice", Feature::Output),
    ("temperature", Feature::Temperature),
    ("max_completion_tokens", Feature::Limit),
    ("max_tokens", Feature::Limit),
    ("stream", Feature::Streaming),
    ("stream_options", Feature::Streaming),
    ("image", Feature::Images),
    ("images", Feature::Images),
    ("image_url", Feature::Images),
];

/// An error object. Servers may omit any field; missing fields are empty.
#[derive(Debug, Default, PartialEq)]
pub(super) struct ApiError {
    /// The field that the error is about, such as `response_format.type`.
    param: String,
    code: String,
    kind: String,
    message: String,
    /// The HTTP status that gateways put into errors inside a 200.
    status: Option<u16>,
}

impl ApiError {
    /// Reads a body: `{"error": {...}}`, `{"error": "..."}`, the bare object, or a list of invalid fields under
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
        let status = error["code"].as_u64().and_then(|code| u16::try_from(code).ok());
        let mut read = Self {
            param: text("param"),
            code: text("code"),
            kind: text("type"),
            message: text("message"),
            status: status.filter(|status| (400..600).contains(status)),
        };
        // Pydantic's list of invalid fields: [{"loc": ["body", "temperature"], "msg": "...", ...}].
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

    /// The status of an error inside a 200.
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

    fn is_any(&self, words: &[&str]) -> bool {
        words.contains(&self.code.as_str()) || words.contains(&self.kind.as_str())
    }

    /// What the error means for the request: by its code, else by `status`.
    pub(super) fn outcome(&self, status: u16, received: &Received<'_>) -> Result<Outcome, AttemptError> {
        let ModelName { provider, model } = received.name.clone();
        if self.code == "model_not_found" {
            return Err(AttemptError::Permanent(ModelError::UnknownModel { provider, model }));
        }
        // Moderation in front of the model.
        if matches!(self.code.as_str(), "content_filter" | "content_policy_violation" | "moderation_blocked") {
            return Err(received.filtered(&self.code));
        }
        // A 429 that no retry resolves.
        if self.is_any(&["insufficient_quota", "billing_hard_limit_reached"]) {
            let detail = received.endpoint.quote(&self.message);
            return Err(AttemptError::Permanent(ModelError::Rejected { provider, model, detail }));
        }
        if matches!(status, 400 | 422) && self.is_any(&["context_length_exceeded", "exceed_context_size_error"]) {
            return Err(received.context_too_long());
        }
        received.server_error(status, &self.message, self.feature(), None)
    }

    /// The feature whose field the error names, or mentions in its message if it names none.
    fn feature(&self) -> Option<Feature> {
        // Plain text is a string; an error inside `content` is about the image in a list of parts.
        if self.param.starts_with("messages") && self.param.contains("content") {
            return Some(Feature::Images);
        }
        mentioned(if self.param.is_empty() { &self.message } else { &self.param }, FIELDS)
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
            assert_eq!((error.feature(), error.message.as_str()), (None, "no"), "{body}");
        }
        for body in ["", "<html>", "[]", "null", "3"] {
            assert_eq!(ApiError::of_body(body.as_bytes()), ApiError::default(), "{body:?}");
        }
    }

    #[test]
    fn a_field_belongs_to_a_feature() {
        for (param, feature) in [
            ("response_format", Some(Feature::Output)),
            ("response_format.type", Some(Feature::Output)),
            ("tools[0].function.parameters", Some(Feature::Output)),
            ("temperature", Some(Feature::Temperature)),
            ("max_tokens", Some(Feature::Limit)),
            ("stream_options.include_usage", Some(Feature::Streaming)),
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

    #[test]
    fn a_message_counts_if_no_field_is_named() {
        for (message, feature) in [
            ("This response_format type is unavailable now", Some(Feature::Output)),
            ("This model does not support response format `json_schema`.", Some(Feature::Output)),
            ("messages[1]: unknown variant `image_url`, expected `text`", Some(Feature::Images)),
            ("Invalid max_tokens value, the valid range of max_tokens is [1, 8192]", Some(Feature::Limit)),
            ("Bad request", None),
        ] {
            let error = ApiError { message: message.into(), ..ApiError::default() };
            assert_eq!(error.feature(), feature, "{message}");
            assert_eq!(ApiError { param: "model".into(), ..error }.feature(), None);
        }
    }
}
