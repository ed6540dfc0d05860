//! Finds text and elements without calling a model.

use regex::RegexBuilder;
use serde::Deserialize;
use serde_json::json;

use super::documents::FrameAnswer;
use super::drag::drag_pointer;
use super::executor::{Executor, reject};
use super::extract::MAX_TEXT;
use super::mouse::Point;
use super::outcome::prepend_note;
use super::text::clip;
use super::wait::Has;
use crate::isolated_world::ElementRef;
use crate::observe::element_map::FoundElement;
use crate::process::panics::lock;
use agent::observation::Element;
use agent::ports::{ActionError, ActionOutcome};

/// Maximum number of matches reported.
const MAX_FOUND: usize = 20;
/// Characters of context on each side of a match.
const AROUND: usize = 80;
/// Memory limit of a compiled pattern. Matching time is linear in the text.
const MAX_PATTERN_SIZE: usize = 1 << 20;

/// The ends of the text in its document's viewport.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ScrolledTo {
    found: bool,
    from: Option<Point>,
    to: Option<Point>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Selection {
    text: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Matched {
    invalid: bool,
    total: usize,
    lines: Vec<String>,
    /// The visible elements.
    elements: Vec<MatchedElement>,
}

#[derive(Debug, Deserialize)]
struct MatchedElement {
    /// Its number among the lines.
    line: usize,
    id: u32,
    tag: String,
    role: String,
    name: String,
    #[serde(rename = "type")]
    input_type: String,
    signature: Option<String>,
}

impl Executor<'_> {
    /// Scrolls to a text in the page or its frames, and optionally selects it by dragging over it.
    pub(super) async fn scroll_to_text(&self, text: &str, select: bool) -> Result<ActionOutcome, ActionError> {
        let before = self.start_action().await?;
        let shown: Vec<FrameAnswer<Has>> = self.ask_all("hasTexts", &json!({ "texts": [text] })).await?;
        for answer in shown.into_iter().filter(|answer| answer.value.has == [true]) {
            let document = &answer.document;
            let to: ScrolledTo = self.call_in(document, "scrollToText", &json!({ "text": text })).await?;
            if !to.found {
                continue;
            }
            if !select {
                return self.settle(format!("Scroll to '{}'", clip(text, 80)), &before).await;
            }
            let Some((from, to)) = to.from.zip(to.to) else { continue };
            let (documents, world) = (self.owners_of(&answer).await?, answer.world);
            let from = self.to_page(&documents, world, from).await?;
            let to = self.to_page(&documents, world, to).await?;
            drag_pointer(&self.active()?.session, &[from, to]).await?;
            let mut outcome = self.settle(format!("Select the text '{}'", clip(text, 80)), &before).await?;
            if !outcome.page_changed {
                let selected: Selection = self.call_in(document, "selection", &()).await?;
                prepend_note(
                    &mut outcome,
                    match selected.text.as_str() {
                        "" => "the page did not let it be selected".into(),
                        text => format!("selected: '{}'", clip(text, 100)),
                    },
                );
            }
            return Ok(outcome);
        }
        reject!("{:?} is not on the page", clip(text, 80))
    }

    pub(super) async fn find_text(&self, pattern: &str, regex: bool) -> Result<ActionOutcome, ActionError> {
        let source = if regex { pattern.to_owned() } else { regex::escape(pattern) };
        let pattern_of = RegexBuilder::new(&source).case_insensitive(!regex).size_limit(MAX_PATTERN_SIZE).build();
        let Ok(matcher) = pattern_of else {
            reject!("{:?} is no regular expression", clip(pattern, 80));
        };
        let read = self.page_text(false, 4 * MAX_TEXT).await?;
        let found = matcher.find_iter(&read.text).take(MAX_FOUND).map(|place| around(&read.text, place.range()));
        let found: Vec<String> = found.collect();
        let total = matcher.find_iter(&read.text).count();
        let description = format!("Find '{}'", clip(pattern, 80));
        Ok(search_outcome(description, (total, "places"), "it is not on the page", &found))
    }

    /// Lists what a selector matches. Visible elements become known to the caller, who gives them indices.
    pub(super) async fn find_elements(&self, selector: &str) -> Result<ActionOutcome, ActionError> {
        let argument = json!({ "selector": selector, "limit": MAX_FOUND });
        let mut matched = Matched::default();
        let mut found = Vec::new();
        for mut answer in self.ask_all::<Matched>("querySelectorAll", &argument).await? {
            matched.invalid |= answer.value.invalid;
            matched.total += answer.value.total;
            let elements = std::mem::take(&mut answer.value.elements);
            if !elements.is_empty() && matched.lines.len() < MAX_FOUND {
                let documents = self.owners_of(&answer).await?;
                let before = matched.lines.len();
                found.extend(elements.into_iter().filter(|element| before + element.line < MAX_FOUND).map(|element| {
                    let MatchedElement { line, id, tag, role, name, input_type, signature } = element;
                    let place = ElementRef { document: answer.document.clone(), world: answer.world, id };
                    let element = Element { tag, role, name: clip(&name, 200), input_type, ..Element::default() };
                    let signature = signature.unwrap_or_default();
                    (before + line, FoundElement { place, documents: documents.clone(), element, signature })
                }));
            }
            matched.lines.extend(answer.value.lines);
        }
        matched.lines.truncate(MAX_FOUND);
        if matched.invalid {
            reject!("{:?} is no CSS selector", clip(selector, 80));
        }
        *lock(self.found) = found;
        let description = format!("Find elements '{}'", clip(selector, 80));
        Ok(search_outcome(description, (matched.total, "elements"), "nothing matches", &matched.lines))
    }
}

/// The number of matches, or that there is `none`, and the first matches.
fn search_outcome(description: String, (total, noun): (usize, &str), none: &str, first: &[String]) -> ActionOutcome {
    let effect = match total {
        0 => none.to_owned(),
        total if total > MAX_FOUND => format!("the first {MAX_FOUND} of {total} {noun}"),
        total => format!("{total} {noun}"),
    };
    let extracted = (!first.is_empty()).then(|| first.join("\n"));
    ActionOutcome { description, effect, extracted, page_changed: false }
}

/// A match with its context on one line, with an ellipsis where the text continues.
fn around(text: &str, place: std::ops::Range<usize>) -> String {
    let start = text[..place.start].char_indices().rev().take(AROUND).last().map_or(place.start, |(at, _)| at);
    let end = text[place.end..].char_indices().nth(AROUND).map_or(text.len(), |(at, _)| place.end + at);
    let (before, after) = (if start > 0 { "…" } else { "" }, if end < text.len() { "…" } else { "" });
    clip(&format!("{before}{}{after}", &text[start..end]), 4 * AROUND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_are_shown_with_context_at_character_boundaries() {
        let text = format!("{}Preis: 12 €{}", "ü".repeat(100), "é".repeat(100));
        let start = text.find("12").unwrap();
        let shown = around(&text, start..start + 2);
        assert!(shown.contains("Preis: 12 €"), "{shown}");
        assert!(shown.chars().count() <= 2 + 2 * AROUND + 2);
        assert!(shown.starts_with('…') && shown.ends_with('…'), "a masker looks for what was cut there: {shown}");
        assert_eq!(around("Preis: 12 €", 7..9), "Preis: 12 €");
    }
}
