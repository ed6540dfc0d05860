//! Pressing keys at whatever has the focus.

use chromiumoxide_cdp::cdp::browser_protocol::input::{DispatchKeyEventParams, DispatchKeyEventType, InsertTextParams};

use super::{Executor, clip, delivered};
use agent::ports::{ActionError, ActionOutcome};

/// Chords in one action at most.
const MAX_CHORDS: usize = 100;

/// One press: modifiers and a key.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Chord {
    /// Bit field of the protocol: Alt 1, Control 2, Meta 4, Shift 8.
    modifiers: i64,
    key: Key,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Key {
    Named(&'static NamedKey),
    /// A character a keyboard has a key for.
    Character(char),
    /// Text that no key makes, inserted as an input method would.
    Text(String),
}

/// A key that is no character: DOM key and code, Windows virtual key code, and the text it makes.
#[derive(Debug, PartialEq, Eq)]
struct NamedKey {
    name: &'static str,
    code: &'static str,
    virtual_key: i64,
    text: &'static str,
}

const fn named(name: &'static str, code: &'static str, virtual_key: i64, text: &'static str) -> NamedKey {
    NamedKey { name, code, virtual_key, text }
}

/// UI Events key values, with the codes that a US keyboard sends.
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

/// Keys of punctuation on a US keyboard: what each makes alone and with Shift, its code and virtual key code.
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
/// What the digits make with Shift, from 0 on.
const SHIFTED_DIGITS: &str = ")!@#$%^&*(";

/// Other names that models and people write.
const ALIASES: [(&str, &str); 15] = [
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
];

/// Characters by the names of their keys.
const CHARACTERS: [(&str, char); 7] = [
    ("plus", '+'),
    ("minus", '-'),
    ("comma", ','),
    ("period", '.'),
    ("slash", '/'),
    ("backslash", '\\'),
    ("equal", '='),
];

impl Executor<'_> {
    pub(super) async fn send_keys(&self, keys: &str) -> Result<ActionOutcome, ActionError> {
        let mut before = self.start_action().await?;
        before.expects_change = true;
        self.press_keys(keys).await?;
        self.settle(format!("Press {}", clip(keys, 80)), &before).await
    }

    /// Presses keys without waiting for what they start.
    pub(super) async fn press_keys(&self, keys: &str) -> Result<(), ActionError> {
        self.press_chords(&parse(keys).map_err(ActionError::NotPossible)?).await
    }

    /// Types a text key by key.
    pub(super) async fn type_keys(&self, text: &str) -> Result<(), ActionError> {
        let chords: Vec<Chord> =
            text.chars().map(|character| Chord { modifiers: 0, key: Key::of(character) }).collect();
        self.press_chords(&chords).await
    }

    async fn press_chords(&self, chords: &[Chord]) -> Result<(), ActionError> {
        let session = self.active()?.session;
        let uses_clipboard = chords.iter().any(Chord::uses_clipboard);
        if uses_clipboard {
            self.offer_clipboard().await?;
        }
        // Sent in one go; the browser keeps their order.
        let mut sent = Vec::new();
        for chord in chords {
            if let Key::Text(text) = &chord.key {
                delivered(session.call(InsertTextParams::new(text)).await)?;
                continue;
            }
            sent.push(session.call(event(chord, true)));
            sent.push(session.call(event(chord, false)));
        }
        for reply in sent {
            delivered(reply.await)?;
        }
        if uses_clipboard {
            self.collect_clipboard().await;
        }
        Ok(())
    }
}

impl Chord {
    fn uses_clipboard(&self) -> bool {
        match &self.key {
            Key::Character(character) => {
                self.modifiers & 6 != 0 && matches!(character.to_ascii_lowercase(), 'c' | 'x' | 'v')
            }
            Key::Named(key) => self.modifiers & 10 != 0 && matches!(key.name, "Insert" | "Delete"),
            Key::Text(_) => false,
        }
    }
}

impl Key {
    /// The key that makes a character, if there is one.
    fn of(character: char) -> Self {
        match character {
            ' ' => Self::Named(name("space").expect("it is in the list")),
            character if character.is_ascii_graphic() => Self::Character(character),
            character => Self::Text(character.to_string()),
        }
    }
}

/// Blanks separate chords, `+` joins modifiers and a key. A word that names no key is typed as text; words that follow
/// one another are one text.
fn parse(keys: &str) -> Result<Vec<Chord>, String> {
    let mut chords: Vec<Chord> = Vec::new();
    for word in keys.split_whitespace() {
        let next = chord(word)?;
        match (chords.last_mut(), &next.key) {
            (Some(Chord { key: Key::Text(text), .. }), Key::Text(more)) => {
                text.push(' ');
                text.push_str(more);
            }
            _ => chords.push(next),
        }
    }
    match chords.len() {
        0 => Err("name at least one key".into()),
        1..=MAX_CHORDS => Ok(chords),
        _ => Err(format!("at most {MAX_CHORDS} keys at a time")),
    }
}

/// Any text, as a fuzz target: it is refused, or comes to a bounded number of chords.
#[cfg(any(test, fuzzing))]
pub(crate) fn fuzz(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(chords) = parse(text) {
        assert!((1..=MAX_CHORDS).contains(&chords.len()));
        for chord in &chords {
            assert!(matches!(chord.key, Key::Text(_)) || event(chord, true) != event(chord, false));
        }
    }
}

fn chord(word: &str) -> Result<Chord, String> {
    let mut modifiers = 0;
    let mut rest = word;
    while let Some((first, after)) = rest.split_once('+') {
        let bit = match first.to_ascii_lowercase().as_str() {
            "alt" | "option" => 1,
            "control" | "ctrl" | "controlormeta" => 2,
            "meta" | "cmd" | "command" => 4,
            "shift" => 8,
            _ => break,
        };
        modifiers |= bit;
        rest = after;
    }
    let mut characters = rest.chars();
    let key = match (characters.next(), characters.next()) {
        (None, _) => return Err(format!("{word:?} names no key")),
        (Some(character), None) if character.is_ascii_graphic() => Key::Character(character),
        _ => match name(rest) {
            Some(key) => Key::Named(key),
            None => match character_of(rest) {
                Some(character) => Key::Character(character),
                None if modifiers == 0 => Key::Text(rest.to_owned()),
                None => return Err(format!("{word:?} names no key")),
            },
        },
    };
    Ok(Chord { modifiers, key })
}

fn name(word: &str) -> Option<&'static NamedKey> {
    let lower = word.to_ascii_lowercase();
    let name = ALIASES.iter().find(|(alias, _)| *alias == lower).map_or(lower.as_str(), |(_, name)| name);
    NAMED.iter().find(|key| key.name.eq_ignore_ascii_case(name))
}

/// The character of a key that is named by its code (`KeyA`, `Digit1`), or by its own name within a chord.
fn character_of(word: &str) -> Option<char> {
    let code = word.strip_prefix("Key").or_else(|| word.strip_prefix("Digit"));
    let mut characters = code.unwrap_or_default().chars();
    match (characters.next(), characters.next()) {
        (Some(character), None) if character.is_ascii_alphanumeric() => Some(character.to_ascii_lowercase()),
        _ => CHARACTERS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, character)| *character),
    }
}

/// What a US keyboard's key for a character makes with or without Shift held, its code and its virtual key code.
fn world_of(character: char, shift: bool) -> (char, String, i64) {
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

fn event(chord: &Chord, down: bool) -> DispatchKeyEventParams {
    let (key, code, virtual_key, text) = match &chord.key {
        Key::Named(key) => (key.name.to_owned(), key.code.to_owned(), key.virtual_key, key.text.to_owned()),
        Key::Character(character) => {
            let (character, code, virtual_key) = world_of(*character, chord.modifiers & 8 != 0);
            (character.to_string(), code, virtual_key, character.to_string())
        }
        Key::Text(text) => (text.clone(), String::new(), 0, text.clone()),
    };
    // With Control, Alt or Meta a key is a command and makes no text.
    let makes_text = down && !text.is_empty() && chord.modifiers & 7 == 0;
    let mut event = DispatchKeyEventParams::builder()
        .r#type(match (down, makes_text) {
            (true, true) => DispatchKeyEventType::KeyDown,
            (true, false) => DispatchKeyEventType::RawKeyDown,
            (false, _) => DispatchKeyEventType::KeyUp,
        })
        .modifiers(chord.modifiers)
        .key(key)
        .code(code)
        .windows_virtual_key_code(virtual_key);
    if makes_text {
        event = event.text(text);
    }
    if let Some(command) = editing_command(chord).filter(|_| down) {
        event = event.command(command);
    }
    event.build().expect("the type is set")
}

/// Editing chords are the platform's to translate; synthetic events have no platform, so the command goes with them.
fn editing_command(chord: &Chord) -> Option<&'static str> {
    let Key::Character(character) = chord.key else { return None };
    match (chord.modifiers, character.to_ascii_lowercase()) {
        (2 | 4, 'a') => Some("selectAll"),
        (2 | 4, 'c') => Some("copy"),
        (2 | 4, 'x') => Some("cut"),
        (2 | 4, 'v') => Some("paste"),
        (2 | 4, 'z') => Some("undo"),
        (2 | 4, 'y') | (10 | 12, 'z') => Some("redo"),
        (10 | 12, 'v') => Some("pasteAndMatchStyle"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chords_have_modifiers_names_and_aliases() {
        let chords = parse("Control+Shift+a ctrl+ESC Return + x").unwrap();
        let keys: Vec<_> = chords.iter().map(|chord| (chord.modifiers, &chord.key)).collect();
        assert_eq!(keys[0], (10, &Key::Character('a')));
        assert_eq!(keys[1], (2, &Key::Named(name("Escape").unwrap())));
        assert_eq!(keys[2], (0, &Key::Named(name("Enter").unwrap())));
        assert_eq!(keys[3], (0, &Key::Character('+')));
        assert_eq!(keys[4], (0, &Key::Character('x')));
    }

    #[test]
    fn words_that_name_no_key_are_text_unless_modified() {
        assert_eq!(parse("grüße").unwrap()[0].key, Key::Text("grüße".into()));
        assert!(parse("Control+grüße").is_err());
        assert!(parse("Control+").is_err());
        assert!(parse("  ").is_err());
    }

    #[test]
    fn a_plus_can_be_pressed_with_and_without_modifiers() {
        let chords = parse("Control++ Shift++").unwrap();
        assert_eq!(chords[0], Chord { modifiers: 2, key: Key::Character('+') });
        assert_eq!(chords[1], Chord { modifiers: 8, key: Key::Character('+') });
        // What stands before the plus is no modifier, so all of it is text.
        assert_eq!(parse("1+1").unwrap()[0].key, Key::Text("1+1".into()));
    }

    #[test]
    fn many_keys_are_pressed_and_too_many_refused() {
        assert_eq!(parse(&"Tab ".repeat(MAX_CHORDS)).unwrap().len(), MAX_CHORDS);
        assert!(parse(&"Tab ".repeat(MAX_CHORDS + 1)).is_err());
    }

    #[test]
    fn keys_are_pressed_as_a_keyboard_would() {
        let down = |keys: &str| event(&parse(keys).unwrap()[0], true);
        let typed = |keys: &str| down(keys).text;
        assert_eq!(typed("a").as_deref(), Some("a"));
        assert_eq!(typed("Shift+a").as_deref(), Some("A"));
        assert_eq!(typed("A").as_deref(), Some("A"));
        assert_eq!(typed("Enter").as_deref(), Some("\r"));
        assert_eq!(typed("Space").as_deref(), Some(" "));
        assert_eq!(typed("Control+a"), None, "a command makes no text");
        assert_eq!(typed("Tab"), None);
        let (enter, letter) = (down("Enter"), down("b"));
        assert_eq!((enter.windows_virtual_key_code, enter.code.as_deref()), (Some(13), Some("Enter")));
        assert_eq!((letter.windows_virtual_key_code, letter.code.as_deref()), (Some(66), Some("KeyB")));
        assert_eq!(event(&parse("a").unwrap()[0], false).text, None, "releasing a key makes no text");
    }

    #[test]
    fn editing_chords_carry_their_command_once() {
        let [down, up] = [true, false].map(|down| event(&parse("Control+A").unwrap()[0], down).commands);
        assert_eq!(down, Some(vec!["selectAll".to_owned()]));
        assert!(up.unwrap_or_default().is_empty());
        assert_eq!(editing_command(&parse("Control+Shift+Z").unwrap()[0]), Some("redo"));
        assert_eq!(editing_command(&parse("a").unwrap()[0]), None);
    }
}
