//! Values within phrases: addresses, sites, keys, numbers.

use url::Url;

use super::goal::{Address, Site};
use super::lex::Kind;
use super::pattern::Slot;
use super::text::is_listed;
use agent::action::SearchEngine;

pub(super) const GOOGLE: Site = Site::Web(Some(SearchEngine::Google));

/// Words around an address that say nothing: "the page http://a.example in the browser".
const AROUND_ADDRESS: &str = "\
    the|a|an|url|page|website|web|site|address|homepage|home|of|at|in|my|your|browser|this|link|shop|new|tab";

/// Places that mean the page at hand.
const HERE: &str = "\
    shop|store|site|website|page|here|catalogue|catalog|app|docs|documentation|webshop|search field|\
    search box|search bar|this";

const WEB: [(&str, Option<SearchEngine>); 4] = [
    ("web|internet", None),
    ("google|google com", Some(SearchEngine::Google)),
    ("bing", Some(SearchEngine::Bing)),
    ("duckduckgo|duck duck go", Some(SearchEngine::Duckduckgo)),
];

/// Keys with their names in the `sendKeys` action; an empty name is the same in upper case.
const KEYS: [(&str, &str); 15] = [
    ("enter|return", "Enter"),
    ("escape|esc", "Escape"),
    ("tab", "Tab"),
    ("space|spacebar", "Space"),
    ("backspace", "Backspace"),
    ("delete|del", "Delete"),
    ("home", "Home"),
    ("end", "End"),
    ("page down|pagedown", "PageDown"),
    ("page up|pageup", "PageUp"),
    ("arrow down|arrowdown|down arrow", "ArrowDown"),
    ("arrow up|arrowup|up arrow", "ArrowUp"),
    ("arrow left|arrowleft|left arrow", "ArrowLeft"),
    ("arrow right|arrowright|right arrow", "ArrowRight"),
    ("f1|f2|f3|f4|f5|f6|f7|f8|f9|f10|f11|f12", ""),
];

const MODIFIERS: [(&str, &str); 4] =
    [("control|ctrl", "Control"), ("shift", "Shift"), ("alt|option", "Alt"), ("meta|cmd|command", "Meta")];

/// From 1 on.
const NUMBERS: [&str; 10] =
    ["one|once", "two|twice", "three|thrice", "four", "five", "six", "seven", "eight", "nine", "ten"];

/// The one address in the slot, when all else in it is words like "the page".
pub(super) fn address(slot: Slot<'_, '_>) -> Option<Address> {
    let mut found = None;
    for token in slot.tokens {
        match parse_address(token.text) {
            Some(address) if found.is_none() => found = Some(address),
            Some(_) => return None,
            None if token.kind == Kind::Quoted => return None,
            None if token.text.is_empty() || is_listed(&token.folded, AROUND_ADDRESS) => {}
            None => return None,
        }
    }
    found
}

/// Whether some word is written like an address of a scheme, `file:///a` or `http://`.
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
    let authority = word.split(['/', '?', '#']).next().unwrap_or_default();
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    if port.is_some_and(|port| port.parse::<u16>().is_err()) {
        return None;
    }
    let local = host.eq_ignore_ascii_case("localhost") || host.parse::<std::net::Ipv4Addr>().is_ok();
    if !local && !is_domain(host) {
        return None;
    }
    let scheme = if local { "http" } else { "https" };
    let url = format!("{scheme}://{word}");
    Url::parse(&url).ok()?;
    Some(Address { url, guessed_scheme: !local })
}

/// "shop.example": labels of letters, digits and hyphens, the last one of letters.
fn is_domain(host: &str) -> bool {
    let mut labels = host.split('.').rev();
    let top = labels.next().unwrap_or_default();
    let mut rest = labels.peekable();
    top.len() >= 2
        && top.chars().all(char::is_alphabetic)
        && rest.peek().is_some()
        && rest.all(|label| {
            !label.is_empty()
                && label.chars().all(|c| c.is_alphanumeric() || c == '-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        })
}

/// A place to search: an address, the page at hand or the web; none when it is none of these ("in Paris").
pub(super) fn site(slot: Slot<'_, '_>) -> Option<Site> {
    let slot = after_articles(slot);
    let folded = slot.folded();
    if let Some((_, engine)) = WEB.iter().find(|(names, _)| is_listed(&folded, names)) {
        return Some(Site::Web(*engine));
    }
    if is_listed(&folded, HERE) {
        return Some(Site::Here);
    }
    address(slot).map(Site::At)
}

/// "Control+A" for "ctrl + a", "Enter" for "the Enter key". What is quoted is a label, not a key.
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
        && let Some((_, modifier)) = MODIFIERS.iter().find(|(names, _)| is_listed(first, names))
    {
        combination.push(*modifier);
        name = rest;
    }
    let function_key = name.to_uppercase();
    let key = match KEYS.iter().find(|(names, _)| is_listed(name, names)) {
        Some((_, "")) => &function_key,
        Some((_, key)) => *key,
        // A single character is a key only beside a modifier or when called one: "press A" may be a button.
        None if name.chars().count() == 1 && (named_key || !combination.is_empty()) => name,
        None => return None,
    };
    combination.push(key);
    Some(combination.join("+"))
}

pub(super) fn number(word: &str) -> Option<f64> {
    let named = match word {
        "half" => Some(0.5),
        _ => (1_u8..).zip(NUMBERS).find(|(_, names)| is_listed(word, names)).map(|(number, _)| number.into()),
    };
    named.or_else(|| word.parse().ok()).filter(|number: &f64| number.is_finite() && (0.0..=100.0).contains(number))
}

/// "3" and "three", for counting; at least 1.
pub(super) fn whole_number(word: &str) -> Option<usize> {
    let number = number(word).filter(|number| number.fract() == 0.0 && *number >= 1.0)?;
    (1..=100).find(|whole| f64::from(*whole) == number).map(|whole: u8| usize::from(whole))
}

/// The names of files: each quoted piece is one; without quotes, each word is that is not "and" or "the file".
pub(super) fn files(slot: Slot<'_, '_>) -> Vec<String> {
    let is_file = |kind| slot.tokens.iter().filter(move |token| token.kind == kind);
    let quoted: Vec<String> = is_file(Kind::Quoted).map(|token| token.text.to_owned()).collect();
    if !quoted.is_empty() {
        return quoted;
    }
    let says_nothing = |word: &str| matches!(word, "and" | "the" | "a" | "my" | "file" | "files");
    is_file(Kind::Word).filter(|token| !says_nothing(&token.folded)).map(|token| token.text.to_owned()).collect()
}

pub(super) fn after_articles<'t, 's>(slot: Slot<'t, 's>) -> Slot<'t, 's> {
    let mut slot = slot.trimmed();
    while let [first, rest @ ..] = slot.tokens
        && !rest.is_empty()
        && matches!(first.folded.as_str(), "the" | "a" | "an" | "this" | "my" | "your")
    {
        slot.tokens = rest;
    }
    slot
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
    fn addresses_are_told_from_labels() {
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
    fn keys_are_told_from_labels() {
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
