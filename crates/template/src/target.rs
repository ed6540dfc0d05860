//! The element that a goal names: "the second 'Add to cart' button", "search box", "first result".

use super::lex::{Kind, Token};
use super::pattern::Slot;
use super::text::{collapse, fold, is_listed, quote};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Target {
    /// The label without articles, ordinals and the kind's noun; may be empty ("the first link").
    pub(super) label: String,
    /// Everything but the articles. An element with exactly this name takes precedence.
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
    Result,
    /// A noun that does not specify the kind of element.
    Other,
}

const ARTICLES: &str = "the|a|an|on|my|your|its|this";

const ORDINALS: &str =
    "first|1st second|2nd third|3rd fourth|4th fifth|5th sixth|6th seventh|7th eighth|8th ninth|9th tenth|10th";

const KINDS: [(ElementKind, &str); 9] = [
    (ElementKind::Button, "button|buttons|icon"),
    (ElementKind::Link, "link|links|page|section"),
    (ElementKind::Field, "text field|text box|input field|search field|field|textbox|textarea|input|box|slider"),
    (ElementKind::Dropdown, "dropdown|drop down|select|menu|list"),
    (ElementKind::Checkbox, "checkbox|check box|switch|toggle"),
    (ElementKind::Radio, "radio button|radio"),
    (ElementKind::Tab, "tab"),
    (ElementKind::Result, "result"),
    (ElementKind::Other, "card|column"),
];

/// Words without meaning between a kind and its label: "the button that says 'Buy'".
const JOINTS: &str = "called|named|labelled|labeled|that|says|with|text|label|option|entry|titled";

/// Words at the end without meaning.
const TAILS: &str = "please|again|once";

impl Ordinal {
    pub(super) fn of<T: Copy>(self, items: &[T]) -> Option<T> {
        match self {
            Self::Nth(nth) => items.get(nth).copied(),
            Self::Last => items.last().copied(),
        }
    }
}

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
        let end = all.iter().rposition(|word| !is_listed(&fold(word), TAILS)).map_or(1, |last| last + 1);
        let words = &all[..end.min(all.len())];
        let articles = words.iter().take_while(|word| is_listed(&fold(word), ARTICLES)).count();
        let mut words = &words[articles.min(words.len().saturating_sub(1))..];
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
            // "search field" is a field labelled "search": only the noun is removed.
            let length = if fold(&words.join(" ")).ends_with("search field") { 1 } else { length };
            words = &words[..words.len() - length];
        }
        target.label = words.join(" ");
        target
    }

    pub(super) fn ordinal(word: &str) -> Option<Ordinal> {
        let nth = || ORDINALS.split(' ').position(|names| is_listed(word, names));
        if word == "last" { Some(Ordinal::Last) } else { nth().map(Ordinal::Nth) }
    }

    pub(super) fn named(label: &str) -> Self {
        let label = collapse(label);
        Self { whole: label.clone(), label, ..Self::default() }
    }

    /// A quoted label. All words around it must be known, or it is only part of the name.
    fn around(label: &str, tokens: &[Token<'_>]) -> Option<Self> {
        let mut target = Self::named(label);
        for word in tokens.iter().filter(|token| token.kind == Kind::Word).map(|token| token.folded.as_str()) {
            if let Some(ordinal) = Self::ordinal(word) {
                target.ordinal = Some(ordinal);
            } else if let Some((kind, _)) = trailing_kind(&[word]) {
                target.kind = Some(kind);
            } else if ![ARTICLES, JOINTS, TAILS].iter().any(|list| is_listed(word, list)) {
                return None;
            }
        }
        Some(target)
    }
}

/// For a sentence: "'Add to cart'", "the first link".
impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let near = self.near.as_ref().map(|near| format!(" next to {}", quote(near))).unwrap_or_default();
        match self.label.as_str() {
            "" => write!(f, "the {}", self.whole),
            label => write!(f, "{}{near}", quote(label)),
        }
    }
}

/// The kind named by the last word or two, and how many words that takes.
fn trailing_kind(words: &[&str]) -> Option<(ElementKind, usize)> {
    [2, 1].into_iter().filter(|length| *length <= words.len()).find_map(|length| {
        let tail = fold(&words[words.len() - length..].join(" "));
        let (kind, _) = KINDS.iter().find(|(_, nouns)| is_listed(&tail, nouns))?;
        Some((*kind, length))
    })
}

#[cfg(test)]
mod tests {
    use super::super::lex::lex;
    use super::*;

    #[test]
    fn articles_ordinals_and_kinds_are_separated_from_the_label() {
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
    fn the_whole_phrase_is_kept_as_a_possible_label() {
        let source = "the First name";
        let tokens = lex(source);
        assert_eq!(Target::parse(Slot { tokens: &tokens, source }).whole, "First name");
    }
}
