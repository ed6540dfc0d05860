//! Statements of a task about the page: "'Saved' is shown", "there is no cookie banner".

use std::sync::LazyLock;

use super::answer::{content_words, holds};
use super::lines::Line;
use super::pattern::{Pattern, Slot};
use super::target::Target;
use super::text::{fold, is_listed, quote};
use super::values::after_articles;
use agent::observation::Observation;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Statement {
    /// The thing that is shown, or is not; as written.
    pub(super) what: String,
    /// The same, as an element that it may be.
    pub(super) target: Target,
    pub(super) absent: bool,
}

/// Phrases for a thing that is shown, and whether they negate it.
static FORMS: LazyLock<[(Pattern, bool); 4]> = LazyLock::new(|| {
    let before = "<there is|there are|theres|you see|you can see|i see|the page says|the page shows|the page has|\
                  the page contains> {thing}";
    let not_before = "<there is no|there are no|there isnt|the page does not show|the page does not say> {thing}";
    let behind = "{thing} <is shown|are shown|is visible|is there|is displayed|is listed|is on the page|is open|\
                  is present|appears|shows up|comes up|pops up|opens|exists>";
    let not_behind = "{thing} <is not shown|is not visible|is not there|is not displayed|is not listed|\
                      is not on the page|isnt shown|isnt there|does not appear|is missing|is gone>";
    [(not_before, true), (before, false), (not_behind, true), (behind, false)]
        .map(|(pattern, absent)| (Pattern::compile(pattern), absent))
});

/// Nouns for layers over a page. The page's text rarely contains them.
const LAYERS: &str = "banner|dialog|popup|notice|modal|overlay|window|confirmation|message";

const DIALOGS: &str = "dialog|popup|alert|prompt|confirmation|question|confirm";

impl Statement {
    /// None if the words are not about what the page shows.
    pub(super) fn parse(slot: Slot<'_, '_>) -> Option<Self> {
        let (slots, absent) = FORMS.iter().find_map(|(pattern, absent)| Some((pattern.matches(slot)?, *absent)))?;
        Self::of(slots.taken[0], absent)
    }

    pub(super) fn of(thing: Slot<'_, '_>, absent: bool) -> Option<Self> {
        let what = after_articles(thing);
        // "any error" is an error.
        let any = usize::from(what.tokens.len() > 1 && what.tokens[0].is_word("any"));
        let what = what.part(any..what.tokens.len());
        (!content_words(&what.text()).is_empty() || what.is_quoted()).then(|| Self {
            what: what.text(),
            target: Target::parse(what),
            absent,
        })
    }

    /// Whether the thing itself, present or absent, is among these lines or is a control or dialog of the page.
    pub(super) fn sees(&self, observation: &Observation, lines: &[Line]) -> bool {
        let words = content_words(&self.what);
        let named: Vec<&String> = words.iter().filter(|word| !is_listed(word, LAYERS)).collect();
        if let Some(dialog) = &observation.dialog {
            let told = content_words(&dialog.message);
            return words.iter().any(|word| is_listed(word, DIALOGS))
                || (!named.is_empty() && named.iter().all(|word| holds(&told, word)));
        }
        if named.is_empty() {
            return observation.view.text.lines().any(|line| is_layer(line.trim_start()));
        }
        let has_all = |text: &str| {
            let held = content_words(text);
            named.iter().all(|word| holds(&held, word))
        };
        // "the 'Save' button": the page's text lacks the noun.
        let label = fold(&self.target.label);
        let control = |name: &str| !label.is_empty() && fold(name) == label;
        lines.iter().any(|line| has_all(&line.text))
            || lines.windows(2).any(|pair| has_all(&format!("{} {}", pair[0].text, pair[1].text)))
            || observation.view.elements.iter().any(|element| control(&element.name))
    }
}

impl std::fmt::Display for Statement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} is {}shown", quote(&self.what), if self.absent { "not " } else { "" })
    }
}

/// Whether it is the view's line for a dialog over the page.
pub(super) fn is_layer(line: &str) -> bool {
    line.starts_with("<modal dialog>") || line.starts_with("<dialog>")
}

#[cfg(test)]
mod tests {
    use super::super::lex::lex;
    use super::super::lines;
    use super::super::tests::observation;
    use super::*;

    fn parsed(source: &str) -> Option<(String, bool)> {
        let tokens = lex(source);
        Statement::parse(Slot { tokens: &tokens, source }).map(|statement| (statement.what, statement.absent))
    }

    #[test]
    fn presence_and_absence_are_distinguished() {
        let cases = [
            ("there is a cookie banner", Some(("cookie banner", false))),
            ("there is no 'Sold out'", Some(("Sold out", true))),
            ("'Order placed' is shown", Some(("Order placed", false))),
            ("the error does not appear", Some(("error", true))),
            ("the page says 'is gone'", Some(("is gone", false))),
            ("it is cheap", None),
            ("is shown", None),
        ];
        for (source, expected) in cases {
            assert_eq!(parsed(source), expected.map(|(what, absent)| (what.to_owned(), absent)), "{source}");
        }
    }

    #[test]
    fn a_text_is_found_in_a_line_across_two_lines_or_as_a_control() {
        let page = observation("http://a.test/", "Page", &["We use cookies", "Total", "12,00 EUR", "button: Save"]);
        let lines = lines::of_view(&page.view);
        let cases = [
            ("cookie banner", true),
            ("total 12,00 EUR", true),
            ("Save button", true),
            ("total 13,00 EUR", false),
            ("Delete button", false),
            ("dialog", false),
        ];
        for (what, seen) in cases {
            let tokens = lex(what);
            let statement = Statement::of(Slot { tokens: &tokens, source: what }, false).expect(what);
            assert_eq!(statement.sees(&page, &lines), seen, "{what}");
        }
    }
}
