//! The keys of a US keyboard.

/// A named key: DOM key and code, Windows virtual key code, and the text it produces.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NamedKey {
    pub(super) name: &'static str,
    pub(super) code: &'static str,
    pub(super) virtual_key: i64,
    pub(super) text: &'static str,
}

const fn named(name: &'static str, code: &'static str, virtual_key: i64, text: &'static str) -> NamedKey {
    NamedKey { name, code, virtual_key, text }
}

/// UI Events key values with US keyboard codes.
static NAMED: &[NamedKey] = &[
    named("Enter", "Enter", 13, "\r"),
    named("Tab", "Tab", 9, ""),
    named("Escape", "Escape", 27, ""),
    named("Backspace", "Backspace", 8, ""),
    named("Delete", "Delete", 46, ""),
    named("Insert", "Insert", 45, ""),
    named("Home", "Home", 36, ""),
    named("End", "End", 35, ""),
    named("PageUp", "PageUp", 33, ""),
    named("PageDown", "PageDown", 34, ""),
    named("ArrowLeft", "ArrowLeft", 37, ""),
    named("ArrowUp", "ArrowUp", 38, ""),
    named("ArrowRight", "ArrowRight", 39, ""),
    named("ArrowDown", "ArrowDown", 40, ""),
    named(" ", "Space", 32, " "),
    named("F1", "F1", 112, ""),
    named("F2", "F2", 113, ""),
    named("F3", "F3", 114, ""),
    named("F4", "F4", 115, ""),
    named("F5", "F5", 116, ""),
    named("F6", "F6", 117, ""),
    named("F7", "F7", 118, ""),
    named("F8", "F8", 119, ""),
    named("F9", "F9", 120, ""),
    named("F10", "F10", 121, ""),
    named("F11", "F11", 122, ""),
    named("F12", "F12", 123, ""),
    named("Control", "ControlLeft", 17, ""),
    named("Shift", "ShiftLeft", 16, ""),
    named("Alt", "AltLeft", 18, ""),
    named("Meta", "MetaLeft", 91, ""),
    named("ContextMenu", "ContextMenu", 93, ""),
    named("CapsLock", "CapsLock", 20, ""),
    named("NumLock", "NumLock", 144, ""),
    named("ScrollLock", "ScrollLock", 145, ""),
    named("Pause", "Pause", 19, ""),
    named("PrintScreen", "PrintScreen", 44, ""),
];

/// US punctuation keys: unshifted, shifted, code and virtual key code.
static PUNCTUATION: [(char, char, &str, i64); 11] = [
    ('-', '_', "Minus", 189),
    ('=', '+', "Equal", 187),
    ('[', '{', "BracketLeft", 219),
    (']', '}', "BracketRight", 221),
    ('\\', '|', "Backslash", 220),
    (';', ':', "Semicolon", 186),
    ('\'', '"', "Quote", 222),
    (',', '<', "Comma", 188),
    ('.', '>', "Period", 190),
    ('/', '?', "Slash", 191),
    ('`', '~', "Backquote", 192),
];

/// The shifted digits, from 0.
const SHIFTED_DIGITS: &str = ")!@#$%^&*(";

const ALIASES: [(&str, &str); 20] = [
    ("return", "Enter"),
    ("esc", "Escape"),
    ("del", "Delete"),
    ("space", " "),
    ("spacebar", " "),
    ("left", "ArrowLeft"),
    ("up", "ArrowUp"),
    ("right", "ArrowRight"),
    ("down", "ArrowDown"),
    ("pgup", "PageUp"),
    ("pgdn", "PageDown"),
    ("numpadenter", "Enter"),
    ("ctrl", "Control"),
    ("cmd", "Meta"),
    ("option", "Alt"),
    ("command", "Meta"),
    ("win", "Meta"),
    ("super", "Meta"),
    ("pagedn", "PageDown"),
    ("menu", "ContextMenu"),
];

/// Characters by key name.
const CHARACTERS: [(&str, char); 7] = [
    ("plus", '+'),
    ("minus", '-'),
    ("comma", ','),
    ("period", '.'),
    ("slash", '/'),
    ("backslash", '\\'),
    ("equal", '='),
];

/// The key of a name in any spelling: `PageDown`, `page_down`, `Page-Down`.
pub(super) fn name(word: &str) -> Option<&'static NamedKey> {
    let lower = word.to_ascii_lowercase().replace(['-', '_'], "");
    let name = ALIASES.iter().find(|(alias, _)| *alias == lower).map_or(lower.as_str(), |(_, name)| name);
    NAMED.iter().find(|key| key.name.eq_ignore_ascii_case(name))
}

/// The character of a key given by code (`KeyA`, `Digit1`) or name.
pub(super) fn character_of(word: &str) -> Option<char> {
    let code = word.strip_prefix("Key").or_else(|| word.strip_prefix("Digit"));
    let mut characters = code.unwrap_or_default().chars();
    match (characters.next(), characters.next()) {
        (Some(character), None) if character.is_ascii_alphanumeric() => Some(character.to_ascii_lowercase()),
        _ => CHARACTERS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, character)| *character),
    }
}

/// What the key of a character produces, its code and its virtual key code.
pub(super) fn key_of(character: char, shift: bool) -> (char, String, i64) {
    let upper = character.to_ascii_uppercase();
    match upper {
        'A'..='Z' => (if shift { upper } else { character }, format!("Key{upper}"), i64::from(u32::from(upper))),
        '0'..='9' => {
            let shifted = SHIFTED_DIGITS.chars().nth(upper as usize - '0' as usize).unwrap_or(upper);
            (if shift { shifted } else { upper }, format!("Digit{upper}"), i64::from(u32::from(upper)))
        }
        _ => {
            if let Some(digit) = SHIFTED_DIGITS.chars().position(|shifted| shifted == character) {
                return (character, format!("Digit{digit}"), i64::try_from(48 + digit).unwrap_or(0));
            }
            match PUNCTUATION.iter().find(|(plain, shifted, ..)| [*plain, *shifted].contains(&character)) {
                Some((_, shifted, code, virtual_key)) => {
                    (if shift { *shifted } else { character }, (*code).to_owned(), *virtual_key)
                }
                None => (character, String::new(), 0),
            }
        }
    }
}
