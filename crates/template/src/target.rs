//! Which element a goal means: "the second 'Add to cart' button", "search box", "first result".

use super::lex::{Kind, Token};
use super::pattern::Slot;
use super::text::{collapse, fold, quote};

/// An element as a person names it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Target {
    /// The label without articles, ordinals and the kind's noun; may be empty ("the first link").
    pub(super) label: String,
    /// All that was said but the articles; an element with just this name is meant before any other.
    pub(super) whole: String,
    pub(super) ordinal: Option<Ordinal>,
    pub(super) kind: Option<ElementKind>,
    /// A text beside the element: "'Add to cart' next to 'Red kettle'".
    pub(super) near: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ordinal {
    /// 0 is the first.
    Nth(usize),
    Last,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ElementKind {
    Button,
    Link,
    Field,
    Dropdown,
    Checkbox,
    Radio,
    Tab,
    /// An entry of a list of results.
    Result,
    /// A noun that says nothing of what the element is.
    Other,
}

const ARTICLES: [&str; 8] = ["the", "a", "an", "on", "my", "your", "its", "this"];

const ORDINALS: [(&str, Ordinal); 21] = [
    ("first", Ordinal::Nth(0)),
    ("1st", Ordinal::Nth(0)),
    ("second", Ordinal::Nth(1)),
    ("2nd", Ordinal::Nth(1)),
    ("third", Ordinal::Nth(2)),
    ("3rd", Ordinal::Nth(2)),
    ("fourth", Ordinal::Nth(3)),
    ("4th", Ordinal::Nth(3)),
    ("fifth", Ordinal::Nth(4)),
    ("5th", Ordinal::Nth(4)),
    ("sixth", Ordinal::Nth(5)),
    ("6th", Ordinal::Nth(5)),
    ("seventh", Ordinal::Nth(6)),
    ("7th", Ordinal::Nth(6)),
    ("eighth", Ordinal::Nth(7)),
    ("8th", Ordinal::Nth(7)),
    ("ninth", Ordinal::Nth(8)),
    ("9th", Ordinal::Nth(8)),
    ("tenth", Ordinal::Nth(9)),
    ("10th", Ordinal::Nth(9)),
    ("last", Ordinal::Last),
];

const KINDS: [(&str, ElementKind); 32] = [
    ("button", ElementKind::Button),
    ("buttons", ElementKind::Button),
    ("icon", ElementKind::Button),
    ("link", ElementKind::Link),
    ("links", ElementKind::Link),
    ("page", ElementKind::Link),
    ("section", ElementKind::Link),
    ("text field", ElementKind::Field),
    ("text box", ElementKind::Field),
    ("input field", ElementKind::Field),
    ("search field", ElementKind::Field),
    ("field", ElementKind::Field),
    ("textbox", ElementKind::Field),
    ("textarea", ElementKind::Field),
    ("input", ElementKind::Field),
    ("box", ElementKind::Field),
    ("slider", ElementKind::Field),
    ("dropdown", ElementKind::Dropdown),
    ("drop down", ElementKind::Dropdown),
    ("select", ElementKind::Dropdown),
    ("menu", ElementKind::Dropdown),
    ("list", ElementKind::Dropdown),
    ("checkbox", ElementKind::Checkbox),
    ("check box", ElementKind::Checkbox),
    ("switch", ElementKind::Checkbox),
    ("toggle", ElementKind::Checkbox),
    ("radio button", ElementKind::Radio),
    ("radio", ElementKind::Radio),
    ("tab", ElementKind::Tab),
    ("card", ElementKind::Other),
    ("column", ElementKind::Other),
    ("result", ElementKind::Result),
];

/// Words that join a kind to its label and say nothing: "the button that says 'Buy'".
const JOINTS: [&str; 12] =
    ["called", "named", "labelled", "labeled", "that", "says", "with", "text", "label", "option", "entry", "titled"];

/// Adverbs at the end that change nothing.
const TAILS: [&str; 3] = ["please", "again", "once"];

impl Target {
    pub(super) fn parse(slot: Slot<'_, '_>) -> Self {
        let slot = slot.trimmed();
        let mut quoted = slot.tokens.iter().filter(|token| token.kind == Kind::Quoted);
        if let (Some(label), None) = (quoted.next(), quoted.next())
            && let Some(target) = Self::around(label.text, slot.tokens)
        {
            return target;
        }
        let all: Vec<&str> = slot.tokens.iter().map(|token| token.text).filter(|text| !text.is_empty()).collect();
        let mut words = all.as_slice();
        while let [most @ .., last] = words
            && !most.is_empty()
            && TAILS.contains(&fold(last).as_str())
        {
            words = most;
        }
        while let [first, rest @ ..] = words
            && !rest.is_empty()
            && ARTICLES.contains(&fold(first).as_str())
        {
            words = rest;
        }
        let mut target = Self { whole: words.join(" "), ..Self::default() };
        if let [first, rest @ ..] = words
            && !rest.is_empty()
            && let Some(ordinal) = Self::ordinal(&fold(first))
        {
            target.ordinal = Some(ordinal);
            words = rest;
        }
        if let Some((kind, length)) = trailing_kind(words) {
            target.kind = Some(kind);
            // "search field" is a field labelled "search": the noun alone goes.
            let length = if fold(&words.join(" ")).ends_with("search field") { 1 } else { length };
            words = &words[..words.len() - length];
        }
        target.label = words.join(" ");
        target
    }

    pub(super) fn ordinal(word: &str) -> Option<Ordinal> {
        ORDINALS.iter().find(|(name, _)| *name == word).map(|(_, ordinal)| *ordinal)
    }

    /// An element that is called just this.
    pub(super) fn named(label: &str) -> Self {
        let label = collapse(label);
        Self { whole: label.clone(), label, ..Self::default() }
    }

    /// A quoted label; what stands around it must be understood as well, else there is more meant than the label.
    fn around(label: &str, tokens: &[Token<'_>]) -> Option<Self> {
        let mut target = Self::named(label);
        let words: Vec<&str> =
            tokens.iter().filter(|token| token.kind == Kind::Word).map(|token| token.folded.as_str()).collect();
        for word in words {
            if let Some(ordinal) = Self::ordinal(word) {
                target.ordinal = Some(ordinal);
            } else if let Some((kind, _)) = trailing_kind(&[word]) {
                target.kind = Some(kind);
            } else if !ARTICLES.contains(&word) && !JOINTS.contains(&word) && !TAILS.contains(&word) {
                return None;
            }
        }
        Some(target)
    }
}

/// As a sentence names it: "'Add to cart'", "the first link".
impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.label.is_empty() {
            return write!(f, "the {}", self.whole);
        }
        f.write_str(&quote(&self.label))?;
        match &self.near {
            Some(near) => write!(f, " next to {}", quote(near)),
            None => Ok(()),
        }
    }
}

/// The kind named by the last word or two, and how many words that takes.
fn trailing_kind(words: &[&str]) -> Option<(ElementKind, usize)> {
    [2, 1].into_iter().filter(|length| *length <= words.len()).find_map(|length| {
        let tail = fold(&words[words.len() - length..].join(" "));
        let (_, kind) = KINDS.iter().find(|(noun, _)| *noun == tail)?;
        Some((*kind, length))
    })
}

#[cfg(test)]
mod tests {
    use super::super::lex::lex;
    use super::*;

    #[test]
    fn articles_ordinals_and_kinds_are_told_from_the_label() {
        use ElementKind::{Button, Dropdown, Field, Link, Result};
        use Ordinal::{Last, Nth};
        let cases = [
            ("Buy", "Buy", None, None),
            ("the Buy now button", "Buy now", None, Some(Button)),
            ("'Buy, then pay'", "Buy, then pay", None, None),
            ("the second 'Add to cart' button", "Add to cart", Some(Nth(1)), Some(Button)),
            ("button 'Save'", "Save", None, Some(Button)),
            ("the link that says \"More\"", "More", None, Some(Link)),
            ("search box", "search", None, Some(Field)),
            ("the search field", "search", None, Some(Field)),
            ("the first link", "", Some(Nth(0)), Some(Link)),
            ("first result", "", Some(Nth(0)), Some(Result)),
            ("the last 'Remove'", "Remove", Some(Last), None),
            ("the Country drop down", "Country", None, Some(Dropdown)),
            ("First name", "name", Some(Nth(0)), None),
            ("Save again please", "Save", None, None),
            ("'Save' behind the curtain", "Save behind the curtain", None, None),
        ];
        for (source, label, ordinal, kind) in cases {
            let tokens = lex(source);
            let target = Target::parse(Slot { tokens: &tokens, source });
            assert_eq!((target.label.as_str(), target.ordinal, target.kind), (label, ordinal, kind), "{source}");
        }
    }

    #[test]
    fn the_whole_phrase_is_kept_since_a_label_may_look_like_an_ordinal() {
        let source = "the First name";
        let tokens = lex(source);
        assert_eq!(Target::parse(Slot { tokens: &tokens, source }).whole, "First name");
    }
}
