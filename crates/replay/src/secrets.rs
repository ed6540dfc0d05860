//! What was typed into password fields, and its traces in everything else that a recording holds.

use std::borrow::Cow;

use serde_json::Value;

use agent::secrets::Masker;

/// A shorter secret is masked only where it stands alone or in quotes: elsewhere it is likely to be something else.
const SHORT: usize = 4;
/// Values under these names are our own words, never typed.
const OWN_WORDS: [&str; 3] = ["tag", "role", "inputType"];

/// Secrets by number, from 1 on.
#[derive(Default)]
pub(super) struct Secrets {
    known: Vec<Secret>,
    /// Of those that are not short.
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
        // What is put back first must not be a part of what is put back later.
        self.known.sort_by_key(|secret| std::cmp::Reverse(secret.value.len()));
        let long = self.known.iter().filter(|secret| !secret.is_short());
        self.masker = Some(Masker::new(long.map(|secret| (mask_of(secret.number), secret.value.as_str()))));
    }

    pub(super) fn knows(&self, value: &str) -> bool {
        self.known.iter().any(|secret| secret.value == value)
    }

    /// Masks every text in a value.
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

    /// Puts the secrets where their masks stand.
    pub(super) fn reveal(&self, text: &str) -> String {
        self.known.iter().fold(text.to_owned(), |text, secret| text.replace(&mask_of(secret.number), &secret.value))
    }

    /// As [`reveal`](Self::reveal), in a text that is JSON.
    pub(super) fn reveal_in_json(&self, text: &str) -> String {
        let reveal = |text: String, secret: &Secret| text.replace(&mask_of(secret.number), &escaped(&secret.value));
        self.known.iter().fold(text.to_owned(), reveal)
    }
}

/// Every text that may be somebody's, and none of the names and words by which a recording is read.
pub(super) fn each_text(value: &mut Value, change: &impl Fn(&mut String)) {
    match value {
        Value::String(text) => change(text),
        Value::Array(values) => values.iter_mut().for_each(|value| each_text(value, change)),
        Value::Object(fields) => {
            let typed = fields.iter_mut().filter(|(name, _)| !OWN_WORDS.contains(&name.as_str()));
            typed.for_each(|(_, value)| each_text(value, change));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn mask_of(number: usize) -> String {
    format!("***{number}***")
}

/// As it stands between the quotes of a JSON string.
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
    fn a_secret_is_masked_in_whatever_form_it_stands() {
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
    fn a_short_secret_is_masked_where_it_can_be_nothing_else() {
        let secrets = secrets(&["1"]);
        assert_eq!(secrets.mask_text("1"), "***1***");
        assert_eq!(secrets.mask_text("{\"text\":\"1\",\"index\":1}"), "{\"text\":\"***1***\",\"index\":1}");
        assert_eq!(secrets.mask_text("Step 1 of 20"), "Step 1 of 20");
    }

    #[test]
    fn what_was_masked_comes_back() {
        let secrets = secrets(&["a\"bcd"]);
        assert_eq!(secrets.reveal("type ***1***"), "type a\"bcd");
        assert_eq!(secrets.reveal_in_json("{\"text\":\"***1***\"}"), "{\"text\":\"a\\\"bcd\"}");
        assert_eq!(secrets.reveal("***2***"), "***2***");
    }
}
