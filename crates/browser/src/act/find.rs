//! Finding things in a page without a model's help.

use super::prepend_note;
use regex::RegexBuilder;
use serde::{Deserialize, Serialize};

use super::drag::drag_pointer;
use super::mouse::Point;
use super::pages::FrameAnswer;
use super::read::{Has, MAX_TEXT, TextsArgument};
use super::{Executor, clip};
use agent::ports::{ActionError, ActionOutcome};

/// Places told at most.
const MAX_FOUND: usize = 20;
/// Characters shown on either side of a place.
const AROUND: usize = 80;
/// Memory a pattern's automaton may take. The engine's time is linear in the text, whatever the pattern.
const MAX_PATTERN_SIZE: usize = 1 << 20;

#[derive(Serialize)]
struct TextToFind<'a> {
    text: &'a str,
}

/// What `scrollToText` found: the text's ends in its document's viewport.
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

#[derive(Serialize)]
struct Selector<'a> {
    selector: &'a str,
    limit: usize,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Matched {
    invalid: bool,
    total: usize,
    lines: Vec<String>,
}

impl Executor<'_> {
    /// Brings a text of the page or its frames into view, and selects it by dragging over it.
    pub(super) async fn scroll_to_text(&self, text: &str, select: bool) -> Result<ActionOutcome, ActionError> {
        let before = self.start_action().await?;
        let shown: Vec<FrameAnswer<Has>> = self.ask_all("hasTexts", &TextsArgument { texts: &[text] }).await?;
        for answer in shown.into_iter().filter(|answer| answer.value.has == [true]) {
            let document = &answer.document;
            let to: ScrolledTo =
                self.call_in(document, "scrollToText", &TextToFind { text }, self.command_timeout()).await?;
            if !to.found {
                continue;
            }
            if !select {
                return self.settle(format!("Scroll to '{}'", clip(text, 80)), &before).await;
            }
            let Some((from, to)) = to.from.zip(to.to) else { continue };
            let chain = self.owners_of(&answer).await?;
            let (from, to) =
                (self.to_page_point_through(&chain, from).await?, self.to_page_point_through(&chain, to).await?);
            drag_pointer(&self.active()?.session, &[from, to]).await?;
            let mut outcome = self.settle(format!("Select the text '{}'", clip(text, 80)), &before).await?;
            if !outcome.page_changed {
                let selected: Selection = self.call_in(document, "selection", &(), self.command_timeout()).await?;
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
        Err(ActionError::NotPossible(format!("{:?} is not on the page", clip(text, 80))))
    }

    pub(super) async fn find_text(&self, pattern: &str, regex: bool) -> Result<ActionOutcome, ActionError> {
        let source = if regex { pattern.to_owned() } else { regex::escape(pattern) };
        let pattern_of = RegexBuilder::new(&source).case_insensitive(!regex).size_limit(MAX_PATTERN_SIZE).build();
        let Ok(matcher) = pattern_of else {
            return Err(ActionError::NotPossible(format!("{:?} is no regular expression", clip(pattern, 80))));
        };
        let read = self.page_text(false, 4 * MAX_TEXT).await?;
        let found = matcher.find_iter(&read.text).take(MAX_FOUND).map(|place| around(&read.text, place.range()));
        let found: Vec<String> = found.collect();
        let total = matcher.find_iter(&read.text).count();
        let effect = match total {
            0 => "it is not on the page".to_owned(),
            total if total > MAX_FOUND => format!("the first {MAX_FOUND} of {total} places"),
            total => format!("{total} places"),
        };
        let description = format!("Find '{}'", clip(pattern, 80));
        let extracted = (!found.is_empty()).then(|| found.join("\n"));
        Ok(ActionOutcome { description, effect, extracted, page_changed: false })
    }

    pub(super) async fn find_elements(&self, selector: &str) -> Result<ActionOutcome, ActionError> {
        let argument = Selector { selector, limit: MAX_FOUND };
        let mut matched = Matched::default();
        for FrameAnswer { value, .. } in self.ask_all::<Matched>("querySelectorAll", &argument).await? {
            matched.invalid |= value.invalid;
            matched.total += value.total;
            matched.lines.extend(value.lines);
        }
        matched.lines.truncate(MAX_FOUND);
        if matched.invalid {
            return Err(ActionError::NotPossible(format!("{:?} is no CSS selector", clip(selector, 80))));
        }
        let effect = match matched.total {
            0 => "nothing matches".to_owned(),
            total if total > MAX_FOUND => format!("the first {MAX_FOUND} of {total} elements"),
            total => format!("{total} elements"),
        };
        let description = format!("Find elements '{}'", clip(selector, 80));
        let extracted = (!matched.lines.is_empty()).then(|| matched.lines.join("\n"));
        Ok(ActionOutcome { description, effect, extracted, page_changed: false })
    }
}

/// A place in a text with what stands around it, on one line, with an ellipsis where the text goes on.
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
    fn a_place_is_shown_with_its_surroundings_at_character_boundaries() {
        let text = format!("{}Preis: 12 €{}", "ü".repeat(100), "é".repeat(100));
        let start = text.find("12").unwrap();
        let shown = around(&text, start..start + 2);
        assert!(shown.contains("Preis: 12 €"), "{shown}");
        assert!(shown.chars().count() <= 2 + 2 * AROUND + 2);
        assert!(shown.starts_with('…') && shown.ends_with('…'), "a masker looks for what was cut there: {shown}");
        assert_eq!(around("Preis: 12 €", 7..9), "Preis: 12 €");
    }
}
