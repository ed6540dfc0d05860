//! Replaces secret values in texts, in all their encodings, by placeholders. `docs/SECURITY.md` has the table of what is
//! promised.
//!
//! Pages choose the texts: time and memory are linear in a text's length, whatever it holds.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use aho_corasick::AhoCorasick;
use serde_json::Value;

use super::decode::{Form, Layer};
use super::encode::encodings;
use super::search::Search;

/// Shortest encoding, in characters, that is also found with separators in it.
const MIN_JOINED: usize = 8;

/// The maskers of current runs, for log lines.
static LIVE: Mutex<Vec<Weak<Masker>>> = Mutex::new(Vec::new());

/// Values and their placeholders. `Debug` prints neither.
pub struct Masker {
    placeholders: Vec<String>,
    /// What is inside a placeholder stays as it is.
    existing: AhoCorasick,
    searches: [(Form, Search); 2],
}

/// A secret part of a text.
struct Match {
    range: Range<usize>,
    secret: usize,
    /// In bytes: of the longest match, where several overlap.
    longest: usize,
}

impl std::fmt::Debug for Masker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Masker({} values)", self.placeholders.len())
    }
}

impl Default for Masker {
    /// Masks nothing.
    fn default() -> Self {
        Self::new([])
    }
}

impl Masker {
    /// Of placeholders and the values that they replace.
    pub fn new<'a>(values: impl IntoIterator<Item = (String, &'a str)>) -> Self {
        let (mut placeholders, mut spaced, mut joined) = (Vec::new(), Vec::new(), Vec::new());
        for (secret, (placeholder, value)) in values.into_iter().enumerate() {
            placeholders.push(placeholder);
            for encoding in encodings(value) {
                let encoding = Layer::original(&encoding, 0);
                let pattern = encoding.normalized(Form::Spaced).text.trim().to_owned();
                let bare = encoding.normalized(Form::Joined).text;
                let is_long = bare.chars().count() >= MIN_JOINED;
                // Whatever text has it without separators has it with them, too.
                let covered = is_long && bare == pattern;
                if !pattern.is_empty() && !covered {
                    spaced.push((pattern, secret));
                }
                if is_long {
                    joined.push((bare, secret));
                }
            }
        }
        Self {
            existing: AhoCorasick::new(&placeholders).expect("requests are too small for its limits"),
            placeholders,
            searches: [(Form::Spaced, Search::new(spaced)), (Form::Joined, Search::new(joined))],
        }
    }

    /// Masks log lines, too, until the masker is dropped.
    pub fn mask_logs(self: &Arc<Self>) {
        let mut live = LIVE.lock().unwrap_or_else(PoisonError::into_inner);
        live.retain(|masker| masker.strong_count() > 0);
        live.push(Arc::downgrade(self));
    }

    /// The text with a placeholder for each value.
    pub fn mask<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let matches = self.matches(text);
        if matches.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut masked = String::with_capacity(text.len());
        let mut copied = 0;
        for Match { range, secret, .. } in matches {
            masked.push_str(&text[copied..range.start]);
            masked.push_str(&self.placeholders[secret]);
            copied = range.end;
        }
        masked.push_str(&text[copied..]);
        Cow::Owned(masked)
    }

    pub fn mask_in(&self, text: &mut String) {
        if let Cow::Owned(masked) = self.mask(text) {
            *text = masked;
        }
    }

    /// Masks all strings, names of fields and numbers. A masked number is a string.
    pub fn mask_json(&self, value: &mut Value) {
        match value {
            Value::String(text) => self.mask_in(text),
            Value::Array(values) => values.iter_mut().for_each(|value| self.mask_json(value)),
            Value::Object(fields) => {
                if fields.keys().any(|name| !self.matches(name).is_empty()) {
                    let named = std::mem::take(fields).into_iter();
                    *fields = named.map(|(name, value)| (self.mask(&name).into_owned(), value)).collect();
                }
                fields.values_mut().for_each(|value| self.mask_json(value));
            }
            Value::Number(number) => {
                if let Cow::Owned(masked) = self.mask(&number.to_string()) {
                    *value = Value::String(masked);
                }
            }
            Value::Null | Value::Bool(_) => {}
        }
    }

    /// The secret byte ranges of a text, in order, without overlaps and on character boundaries.
    pub fn find(&self, text: &str) -> Vec<Range<usize>> {
        self.matches(text).into_iter().map(|found| found.range).collect()
    }

    fn matches(&self, text: &str) -> Vec<Match> {
        let mut matches = Vec::new();
        let mut start = 0;
        let end_of_text = text.len()..text.len();
        for existing in self.existing.find_iter(text).map(|found| found.range()).chain([end_of_text]) {
            self.match_between(&text[start..existing.start], start, &mut matches);
            start = existing.end;
        }
        matches
    }

    /// Adds the matches in a part of a text that starts at `offset`.
    fn match_between(&self, text: &str, offset: usize, matches: &mut Vec<Match>) {
        let mut found = Vec::new();
        Layer::original(text, offset).for_each_decoded(&mut |decoded| {
            for (form, search) in &self.searches {
                let layer = decoded.normalized(*form);
                search.find(&layer.text, |bytes, secret| {
                    let range = layer.source(bytes);
                    let new = Match { longest: range.len(), range, secret };
                    if !found.last_mut().is_some_and(|last: &mut Match| last.unite(&new)) {
                        found.push(new);
                    }
                });
                found.sort_by_key(|found| (found.range.start, found.range.end));
                found.dedup_by(|next, last| last.unite(next));
            }
        });
        matches.append(&mut found);
    }
}

impl Match {
    /// Extends the match by another one if they overlap. The longest of all determines the secret.
    fn unite(&mut self, other: &Self) -> bool {
        let overlaps = self.range.start < other.range.end && other.range.start < self.range.end;
        if overlaps {
            self.range = self.range.start.min(other.range.start)..self.range.end.max(other.range.end);
            if other.longest > self.longest {
                (self.secret, self.longest) = (other.secret, other.longest);
            }
        }
        overlaps
    }
}

/// Masks the secrets of all current runs.
pub fn mask_log_line(line: &str) -> Cow<'_, str> {
    let live: Vec<Arc<Masker>> = {
        let live = LIVE.lock().unwrap_or_else(PoisonError::into_inner);
        live.iter().filter_map(Weak::upgrade).collect()
    };
    live.iter().fold(Cow::Borrowed(line), |line, masker| match masker.mask(&line) {
        Cow::Owned(masked) => Cow::Owned(masked),
        Cow::Borrowed(_) => line,
    })
}

#[cfg(test)]
mod tests;
