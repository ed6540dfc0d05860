//! Finding things in a page without a model's help.

use regex::RegexBuilder;
use serde::{Deserialize, Serialize};

use super::read::{MAX_TEXT, Text, TextArgument};
use super::{Hands, IdArgument, clip, label};
use crate::agent::action::ElementIndex;
use crate::agent::ports::{ActionError, ActionOutcome};

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

#[derive(Deserialize)]
struct ScrolledTo {
    found: bool,
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

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Options {
    gone: bool,
    options: Option<Vec<String>>,
}

impl Hands<'_> {
    pub(super) async fn scroll_to_text(&self, text: &str) -> Result<ActionOutcome, ActionError> {
        let before = self.before()?;
        let argument = TextToFind { text };
        let document = self.active()?;
        let to: ScrolledTo = self.call_in(&document, "hands.scrollToText", &argument, self.command_timeout()).await?;
        if !to.found {
            return Err(ActionError::NotPossible(format!("{:?} is not on the page", clip(text, 80))));
        }
        self.settle(format!("Scroll to '{}'", clip(text, 80)), &before).await
    }

    pub(super) async fn find_text(&self, pattern: &str, regex: bool) -> Result<ActionOutcome, ActionError> {
        let source = if regex { pattern.to_owned() } else { regex::escape(pattern) };
        let pattern_of = RegexBuilder::new(&source).case_insensitive(!regex).size_limit(MAX_PATTERN_SIZE).build();
        let Ok(matcher) = pattern_of else {
            return Err(ActionError::NotPossible(format!("{:?} is no regular expression", clip(pattern, 80))));
        };
        let argument = TextArgument { id: None, limit: 10 * MAX_TEXT };
        let read: Text = self.call_in(&self.active()?, "hands.text", &argument, self.command_timeout()).await?;
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
        let document = self.active()?;
        let matched: Matched = self.call_in(&document, "hands.matches", &argument, self.command_timeout()).await?;
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

    pub(super) async fn dropdown_options(&self, index: ElementIndex) -> Result<ActionOutcome, ActionError> {
        let target = self.target(index).await?;
        let place = &target.place;
        let listed: Options = self.call_at(place, "hands.options", &IdArgument { id: place.id }).await?;
        if listed.gone {
            return Err(ActionError::ElementGone { index: index.0 });
        }
        let Some(options) = listed.options else {
            return Err(ActionError::NotPossible(format!(
                "element {index} has no options to list; click it to see more"
            )));
        };
        let description = format!("List the options of {}", label(&target.element));
        let effect = format!("{} options", options.len());
        Ok(ActionOutcome { description, effect, extracted: Some(options.join("\n")), page_changed: false })
    }
}

/// A place in a text with what stands around it, on one line.
fn around(text: &str, place: std::ops::Range<usize>) -> String {
    let start = text[..place.start].char_indices().rev().take(AROUND).last().map_or(place.start, |(at, _)| at);
    let end = text[place.end..].char_indices().nth(AROUND).map_or(text.len(), |(at, _)| place.end + at);
    clip(&text[start..end], 4 * AROUND)
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
        assert!(shown.chars().count() <= 2 + 2 * AROUND);
    }
}
