//! Masks text that was typed into password fields, wherever a recording contains it.

use std::borrow::Cow;

use serde_json::Value;

use agent::secrets::Masker;

/// A shorter secret is masked only as a whole text or in quotes: elsewhere it is likely to be something else.
const SHORT: usize = 4;
/// Fields whose values are fixed words of the format.
const FIXED_FIELDS: [&str; 3] = ["tag", "role", "inputType"];

/// Secrets, numbered from 1.
#[derive(Default)]
pub(super) struct Secrets {
    known: Vec<Secret>,
    /// For those that are not short.
    masker: Option<Masker>,
}

struct Secret {
    number: usize,
    value: String,
}

impl Secret {
    fn is_short(&self) -> bool {
        self.value.chars().count() < SHORT
    }
}

impl Secrets {
    pub(super) fn add(&mut self, number: usize, value: &str) {
        self.known.push(Secret { number, value: value.to_owned() });
        // Longest first, so that a secret that contains another one is masked as a whole.
        self.known.sort_by_key(|secret| std::cmp::Reverse(secret.value.len()));
        let long = self.known.iter().filter(|secret| !secret.is_short());
        self.masker = Some(Masker::new(long.map(|secret| (mask_of(secret.number), secret.value.as_str()))));
    }

    pub(super) fn knows(&self, value: &str) -> bool {
        self.known.iter().any(|secret| secret.value == value)
    }

    pub(super) fn mask(&self, value: &mut Value) {
        each_text(value, &|text| {
            if let Cow::Owned(masked) = self.mask_text(text) {
                *text = masked;
            }
        });
    }

    pub(super) fn mask_text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut masked = self.masker.as_ref().map_or(Cow::Borrowed(text), |masker| masker.mask(text));
        for secret in self.known.iter().filter(|secret| secret.is_short()) {
            let mask = mask_of(secret.number);
            if *masked == secret.value {
                return Cow::Owned(mask);
            }
            let quoted = Value::from(secret.value.as_str()).to_string();
            if masked.contains(&quoted) {
                masked = Cow::Owned(masked.replace(&quoted, &format!("\"{mask}\"")));
            }
        }
        masked
    }

    /// Replaces masks by their secrets.
    pub(super) fn reveal(&self, text: &str) -> String {
        self.known.iter().fold(text.to_owned(), |text, secret| text.replace(&mask_of(secret.number), &secret.value))
    }

    /// The same in JSON.
    pub(super) fn reveal_in_json(&self, text: &str) -> String {
        let reveal = |text: String, secret: &Secret| text.replace(&mask_of(secret.number), &escaped(&secret.value));
        self.known.iter().fold(text.to_owned(), reveal)
    }
}

/// Changes all strings except field names and fixed words of the format, which the parser needs.
pub(super) fn each_text(value: &mut Value, change: &impl Fn(&mut String)) {
    match value {
        Value::String(text) => change(text),
        Value::Array(values) => values.iter_mut().for_each(|value| each_text(value, change)),
        Value::Object(fields) => {
            let typed = fields.iter_mut().filter(|(name, _)| !FIXED_FIELDS.contains(&name.as_str()));
            typed.for_each(|(_, value)| each_text(value, change));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn mask_of(number: usize) -> String {
    format!("***{number}***")
}

/// The inside of a JSON string.
fn escaped(text: &str) -> String {
    let quoted = Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn secrets(values: &[&str]) -> Secrets {
        let mut secrets = Secrets::default();
        for (value, number) in values.iter().zip(1..) {
            secrets.add(number, value);
        }
        secrets
    }

    #[test]
    fn a_secret_is_masked_in_each_encoding() {
        let secrets = secrets(&["hunter \"2\"", "hunter"]);
        let mut value = json!({
            "text": "log in with hunter \"2\" and hunter",
            "answer": "{\"text\":\"hunter \\\"2\\\"\"}",
            "url": ["https://x.example/?p=hunter+%222%22", "https://x.example/hunter%20%222%22"],
            "inputType": "hunter",
        });
        secrets.mask(&mut value);
        let expected = json!({
            "text": "log in with ***1*** and ***2***",
            "answer": "{\"text\":\"***1***\"}",
            "url": ["https://x.example/?p=***1***", "https://x.example/***1***"],
            "inputType": "hunter",
        });
        assert_eq!(value, expected);
    }

    #[test]
    fn a_short_secret_is_masked_only_as_a_whole_text_or_in_quotes() {
        let secrets = secrets(&["1"]);
        assert_eq!(secrets.mask_text("1"), "***1***");
        assert_eq!(secrets.mask_text("{\"text\":\"1\",\"index\":1}"), "{\"text\":\"***1***\",\"index\":1}");
        assert_eq!(secrets.mask_text("Step 1 of 20"), "Step 1 of 20");
    }

    #[test]
    fn masks_are_replaced_by_their_secrets() {
        let secrets = secrets(&["a\"bcd"]);
        assert_eq!(secrets.reveal("type ***1***"), "type a\"bcd");
        assert_eq!(secrets.reveal_in_json("{\"text\":\"***1***\"}"), "{\"text\":\"a\\\"bcd\"}");
        assert_eq!(secrets.reveal("***2***"), "***2***");
    }
}
