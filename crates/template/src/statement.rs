//! What a task says of the page, to be held against it: "'Saved' is shown", "there is no cookie banner".

use super::answer::{content_words, holds};
use super::lex::{Kind, Token};
use super::lines::Line;
use super::pattern::Slot;
use super::target::Target;
use super::text::{fold, quote};
use super::values::after_articles;
use agent::observation::Observation;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Statement {
    /// What is shown, or is not; as written.
    pub(super) what: String,
    /// The same, as an element that it may be.
    pub(super) target: Target,
    pub(super) absent: bool,
}

/// What may stand before the thing, and whether it says that the thing is not there. The longer ones first.
const BEFORE: [(&str, bool); 15] = [
    ("there is no", true),
    ("there are no", true),
    ("there isnt", true),
    ("there is", false),
    ("there are", false),
    ("theres", false),
    ("you see", false),
    ("you can see", false),
    ("i see", false),
    ("the page says", false),
    ("the page shows", false),
    ("the page has", false),
    ("the page contains", false),
    ("the page does not show", true),
    ("the page does not say", true),
];

/// The same behind it.
const BEHIND: [(&str, bool); 26] = [
    ("is not shown", true),
    ("is not visible", true),
    ("is not there", true),
    ("is not displayed", true),
    ("is not listed", true),
    ("is not on the page", true),
    ("isnt shown", true),
    ("isnt there", true),
    ("does not appear", true),
    ("is missing", true),
    ("is gone", true),
    ("is shown", false),
    ("are shown", false),
    ("is visible", false),
    ("is there", false),
    ("is displayed", false),
    ("is listed", false),
    ("is on the page", false),
    ("is open", false),
    ("is present", false),
    ("appears", false),
    ("shows up", false),
    ("comes up", false),
    ("pops up", false),
    ("opens", false),
    ("exists", false),
];

/// Nouns for what a page puts over itself; they rarely stand on it.
const LAYERS: [&str; 9] =
    ["banner", "dialog", "popup", "notice", "modal", "overlay", "window", "confirmation", "message"];

/// What the browser's own dialogs are called.
const DIALOGS: [&str; 7] = ["dialog", "popup", "alert", "prompt", "confirmation", "question", "confirm"];

impl Statement {
    /// None when the words say nothing of what is to be seen on a page.
    pub(super) fn parse(slot: Slot<'_, '_>) -> Option<Self> {
        let slot = slot.trimmed();
        if let Some((length, absent)) =
            BEFORE.iter().find_map(|(words, absent)| starts_with(slot.tokens, words).map(|length| (length, *absent)))
        {
            return Self::of(slot.part(length..slot.tokens.len()), absent);
        }
        BEHIND.iter().find_map(|(words, absent)| {
            let length = words.split(' ').count();
            let at = slot.tokens.len().checked_sub(length)?;
            starts_with(&slot.tokens[at..], words)?;
            Self::of(slot.part(0..at), *absent)
        })
    }

    pub(super) fn of(thing: Slot<'_, '_>, absent: bool) -> Option<Self> {
        let what = after_articles(thing);
        // "any error" is an error.
        let what = match what.tokens {
            [first, rest @ ..] if !rest.is_empty() && first.folded == "any" => Slot { tokens: rest, ..what },
            _ => what,
        };
        (!content_words(&what.folded()).is_empty() || what.is_quoted()).then(|| Self {
            what: what.text(),
            target: Target::parse(what),
            absent,
        })
    }

    /// Whether the thing itself, present or absent, is among these lines or is a control or dialog of the page.
    pub(super) fn sees(&self, observation: &Observation, lines: &[Line]) -> bool {
        let words = content_words(&fold(&self.what));
        let named: Vec<&String> = words.iter().filter(|word| !LAYERS.contains(&word.as_str())).collect();
        if let Some(dialog) = &observation.dialog {
            let told = content_words(&fold(&dialog.message));
            return words.iter().any(|word| DIALOGS.contains(&word.as_str()))
                || (!named.is_empty() && named.iter().all(|word| holds(&told, word)));
        }
        if named.is_empty() {
            return observation.view.text.lines().any(|line| is_layer(line.trim_start()));
        }
        let has_all = |text: &str| {
            let held = content_words(&fold(text));
            named.iter().all(|word| holds(&held, word))
        };
        // "the 'Save' button": the noun stands nowhere, the button does.
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

/// The view's line for a dialog that lies over the page.
pub(super) fn is_layer(line: &str) -> bool {
    line.starts_with("<modal dialog>") || line.starts_with("<dialog>")
}

/// How many tokens the words take, when the tokens begin with them.
fn starts_with(tokens: &[Token<'_>], words: &str) -> Option<usize> {
    let mut length = 0;
    for word in words.split(' ') {
        let token = tokens.get(length)?;
        if token.kind != Kind::Word || token.folded != word {
            return None;
        }
        length += 1;
    }
    Some(length)
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
    fn presence_and_absence_are_told_apart() {
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
    fn a_thing_is_seen_in_a_line_over_two_lines_or_as_a_control() {
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
