//! Values within phrases: addresses, sites, keys, numbers.

use url::Url;

use super::goal::{Address, Site};
use super::lex::{Kind, Token};
use super::pattern::Slot;
use super::text::is_listed;
use agent::action::SearchEngine;

pub(super) const GOOGLE: Site = Site::Web(Some(SearchEngine::Google));

/// Words around an address that carry no meaning: "the page http://a.example in the browser".
const AROUND_ADDRESS: &str = "the|a|an|url|page|website|web|site|address|homepage|home|of|at|in|my|your|browser|this|\
    link|shop|new|tab";

const HERE: &str = "shop|store|site|website|page|here|catalogue|catalog|app|docs|documentation|webshop|search field|\
    search box|search bar|this";

const KEYS: &str = "Enter|Escape|Tab|Space|Backspace|Delete|Home|End|PageDown|PageUp|ArrowDown|ArrowUp|ArrowLeft|\
    ArrowRight|F1|F2|F3|F4|F5|F6|F7|F8|F9|F10|F11|F12";

const MODIFIERS: [(&str, &str); 4] =
    [("Control", "control|ctrl"), ("Shift", "shift"), ("Alt", "alt|option"), ("Meta", "meta|cmd|command")];

const NUMBERS: [&str; 11] = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];

/// The one address in the slot, if the rest are words such as "the page".
pub(super) fn address(slot: Slot<'_, '_>) -> Option<Address> {
    let is_filler = |token: &&Token<'_>| token.kind != Kind::Quoted && is_listed(&token.folded, AROUND_ADDRESS);
    let mut words = slot.tokens.iter().filter(|token| !token.is_break() && !is_filler(token));
    match (words.next(), words.next()) {
        (Some(only), None) => parse_address(only.text),
        _ => None,
    }
}

/// Whether a word has a scheme, as in `file:///a` or `http://`.
pub(super) fn has_scheme(slot: Slot<'_, '_>) -> bool {
    slot.tokens.iter().any(|token| token.text.contains("://"))
}

fn parse_address(word: &str) -> Option<Address> {
    let word = word.trim().trim_matches(['<', '>', '(']);
    // A closing parenthesis belongs to the sentence unless the address opened one.
    let word = if word.contains('(') { word } else { word.trim_end_matches(')') };
    if word.is_empty() || word.contains(char::is_whitespace) {
        return None;
    }
    let lower = word.to_ascii_lowercase();
    if lower.starts_with("http://") || lower.starts_with("https://") {
        let url = Url::parse(word).ok()?;
        return url.has_host().then(|| Address { url: word.to_owned(), guessed_scheme: false });
    }
    if word.contains("://") || word.contains('@') {
        return None;
    }
    let host = word.split(['/', '?', '#', ':']).next().unwrap_or_default();
    let local = host.eq_ignore_ascii_case("localhost") || host.parse::<std::net::Ipv4Addr>().is_ok();
    let top = host.rsplit_once('.').map_or("", |(_, top)| top);
    let is_domain = top.len() >= 2 && top.chars().all(char::is_alphabetic) && host.split('.').all(is_domain_label);
    let url = format!("{}://{word}", if local { "http" } else { "https" });
    (local || is_domain).then(|| Url::parse(&url)).and_then(Result::ok)?;
    Some(Address { url, guessed_scheme: !local })
}

fn is_domain_label(label: &str) -> bool {
    let inner = label.trim_matches('-');
    !label.is_empty() && inner == label && label.chars().all(|c| c.is_alphanumeric() || c == '-')
}

/// A place to search: an address, the current page or the web; none for anything else ("in Paris").
pub(super) fn site(slot: Slot<'_, '_>) -> Option<Site> {
    let slot = after_articles(slot);
    let folded = slot.folded();
    let engine = match folded.as_str() {
        "web" | "internet" => None,
        "google" | "google com" => Some(SearchEngine::Google),
        "bing" => Some(SearchEngine::Bing),
        "duckduckgo" | "duck duck go" => Some(SearchEngine::Duckduckgo),
        here if is_listed(here, HERE) => return Some(Site::Here),
        _ => return address(slot).map(Site::At),
    };
    Some(Site::Web(engine))
}

/// "Control+A" for "ctrl + a", "Enter" for "the Enter key". A quoted text is a label, not a key.
pub(super) fn keys(slot: Slot<'_, '_>) -> Option<String> {
    if slot.tokens.iter().any(|token| token.kind == Kind::Quoted) {
        return None;
    }
    let slot = after_articles(slot);
    let folded = slot.folded();
    let named_key = folded.ends_with(" key");
    let mut name = folded.strip_suffix(" key").unwrap_or(&folded);
    let mut combination = Vec::new();
    while let Some((first, rest)) = name.split_once(' ')
        && let Some((modifier, _)) = MODIFIERS.iter().find(|(_, names)| is_listed(first, names))
    {
        combination.push(*modifier);
        name = rest;
    }
    let compact = name.replace(' ', "");
    let known = match compact.as_str() {
        "return" => "enter".to_owned(),
        "esc" => "escape".to_owned(),
        "spacebar" => "space".to_owned(),
        "del" => "delete".to_owned(),
        other => other.strip_suffix("arrow").map_or(other.to_owned(), |direction| format!("arrow{direction}")),
    };
    let key = match KEYS.split('|').find(|key| key.eq_ignore_ascii_case(&known)) {
        Some(key) => key,
        // A single character is a key only with a modifier or if the task calls it one: "press A" may be a button.
        None if name.chars().count() == 1 && (named_key || !combination.is_empty()) => name,
        None => return None,
    };
    combination.push(key);
    Some(combination.join("+"))
}

pub(super) fn number(word: &str) -> Option<f64> {
    let number = match word {
        "half" => 0.5,
        "once" => 1.0,
        "twice" => 2.0,
        "thrice" => 3.0,
        _ => match NUMBERS.iter().position(|name| *name == word) {
            Some(number) => number as f64,
            None => word.parse().ok()?,
        },
    };
    (0.0..=100.0).contains(&number).then_some(number)
}

/// "3" and "three", for counting; at least 1.
pub(super) fn whole_number(word: &str) -> Option<usize> {
    number(word).filter(|number| number.fract() == 0.0 && *number >= 1.0).map(|number| number as usize)
}

/// The names of files: each quoted piece, or without quotes each word except "and" and "the file".
pub(super) fn files(slot: Slot<'_, '_>) -> Vec<String> {
    let quoted = slot.tokens.iter().any(|token| token.kind == Kind::Quoted);
    let kind = if quoted { Kind::Quoted } else { Kind::Word };
    let files =
        slot.tokens.iter().filter(|token| token.kind == kind && !is_listed(&token.folded, "and|the|a|my|file|files"));
    files.map(|token| token.text.to_owned()).collect()
}

pub(super) fn after_articles<'t, 's>(slot: Slot<'t, 's>) -> Slot<'t, 's> {
    let slot = slot.trimmed();
    let articles = slot.tokens.iter().take_while(|token| is_listed(&token.folded, "the|a|an|this|my|your")).count();
    slot.part(articles.min(slot.tokens.len().saturating_sub(1))..slot.tokens.len())
}

#[cfg(test)]
mod tests {
    use super::super::lex::lex;
    use super::*;

    fn with_slot<T>(source: &str, read: impl Fn(Slot<'_, '_>) -> T) -> T {
        let tokens = lex(source);
        read(Slot { tokens: &tokens, source })
    }

    #[test]
    fn urls_are_distinguished_from_labels() {
        let cases = [
            ("http://127.0.0.1:8080", Some(("http://127.0.0.1:8080", false))),
            ("HTTPS://Example.com/a?b=c#d", Some(("HTTPS://Example.com/a?b=c#d", false))),
            ("the page example.com/a.html", Some(("https://example.com/a.html", true))),
            ("'shop.example'", Some(("https://shop.example", true))),
            ("localhost:3000", Some(("http://localhost:3000", false))),
            ("127.0.0.1", Some(("http://127.0.0.1", false))),
            ("(https://a.example/x)", Some(("https://a.example/x", false))),
            ("the cart", None),
            ("someone@example.com", None),
            ("file:///etc/passwd", None),
            ("version 1.2", None),
            ("a.example b.example", None),
            ("example.com:99999", None),
            ("http://", None),
        ];
        for (source, expected) in cases {
            let found = with_slot(source, address);
            let found = found.as_ref().map(|address| (address.url.as_str(), address.guessed_scheme));
            assert_eq!(found, expected, "{source}");
        }
    }

    #[test]
    fn keys_are_distinguished_from_labels() {
        let cases = [
            ("Enter", Some("Enter")),
            ("the Enter key", Some("Enter")),
            ("ctrl+A", Some("Control+a")),
            ("Ctrl + Shift + Tab", Some("Control+Shift+Tab")),
            ("page down", Some("PageDown")),
            ("the x key", Some("x")),
            ("'Enter'", None),
            ("Buy", None),
            ("A", None),
            ("the Delete button", None),
        ];
        for (source, expected) in cases {
            assert_eq!(with_slot(source, keys).as_deref(), expected, "{source}");
        }
    }
}
