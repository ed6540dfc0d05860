//! Key chords: parsing, and the events that press them.

use chromiumoxide_cdp::cdp::browser_protocol::input::{DispatchKeyEventParams, DispatchKeyEventType};

use super::keyboard_layout::{NamedKey, character_of, key_of, name};

const MAX_CHORDS: usize = 100;

/// A key with its modifiers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chord {
    /// DevTools bit field: Alt 1, Control 2, Meta 4, Shift 8.
    pub(super) modifiers: i64,
    pub(super) key: Key,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Key {
    Named(&'static NamedKey),
    /// A character on the keyboard.
    Character(char),
    /// Text without a key, inserted as an input method would.
    Text(String),
}

impl Chord {
    pub(super) fn uses_clipboard(&self) -> bool {
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
    pub(super) fn of(character: char) -> Self {
        match character {
            ' ' => Self::Named(name("space").expect("it is in the list")),
            '\n' => Self::Named(name("enter").expect("it is in the list")),
            '\t' => Self::Named(name("tab").expect("it is in the list")),
            character if character.is_ascii_graphic() => Self::Character(character),
            character => Self::Text(character.to_string()),
        }
    }
}

/// Parses chords separated by blanks. Modifiers and key of a chord are joined by `+` or `-`, with or without blanks. A
/// word that names no key is an error: a misspelt key typed as text would change the page.
pub(super) fn parse(keys: &str) -> Result<Vec<Chord>, String> {
    let chords = words(keys).iter().map(|word| chord(word)).collect::<Result<Vec<_>, _>>()?;
    match chords.len() {
        0 => Err("name at least one key".into()),
        1..=MAX_CHORDS => Ok(chords),
        _ => Err(format!("at most {MAX_CHORDS} keys at a time")),
    }
}

/// The chords' texts: `Control + a` is one.
fn words(keys: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for token in keys.split_whitespace() {
        match words.last_mut() {
            Some(open) if is_open(open) || (modifier(last_part(open)).is_some() && token.starts_with('+')) => {
                open.push_str(token);
            }
            _ => words.push(token.to_owned()),
        }
    }
    words
}

/// Whether a word ends with a modifier and its `+`.
fn is_open(word: &str) -> bool {
    word.strip_suffix('+').is_some_and(|before| modifier(last_part(before)).is_some())
}

fn last_part(word: &str) -> &str {
    word.rsplit(['+', '-']).next().unwrap_or(word)
}

/// The DevTools bit of a modifier.
fn modifier(name: &str) -> Option<i64> {
    Some(match name.to_lowercase().as_str() {
        "alt" | "option" | "opt" | "⌥" => 1,
        "control" | "ctrl" | "ctl" | "controlormeta" | "commandorcontrol" | "cmdorctrl" | "mod" | "⌃" => 2,
        "meta" | "cmd" | "command" | "super" | "win" | "windows" | "⌘" => 4,
        "shift" | "⇧" => 8,
        _ => return None,
    })
}

/// Fuzz target: any text is rejected or parsed into a bounded number of chords.
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
    while let Some((first, after)) = rest.split_once(['+', '-']) {
        let Some(bit) = modifier(first) else { break };
        modifiers |= bit;
        rest = after;
    }
    let mut characters = rest.chars();
    let key = match (characters.next(), characters.next()) {
        (None, _) => return Err(no_key(word)),
        // Another keyboard may have a key for it.
        (Some(character), None) if modifiers == 0 || character.is_ascii_graphic() => Key::of(character),
        _ => match (name(rest), character_of(rest)) {
            (Some(key), _) => Key::Named(key),
            (None, Some(character)) => Key::Character(character),
            (None, None) => return Err(no_key(word)),
        },
    };
    // `Ctrl+K` is written with a capital and pressed without Shift.
    let key = match key {
        Key::Character(letter) if modifiers & 7 != 0 => Key::Character(letter.to_ascii_lowercase()),
        key => key,
    };
    Ok(Chord { modifiers, key })
}

fn no_key(word: &str) -> String {
    format!(
        "{word:?} names no key; keys are named as in \"Enter\", \"ArrowDown\", \"a\" or \"Control+Shift+a\", and text is for `type`"
    )
}

pub(super) fn event(chord: &Chord, down: bool) -> DispatchKeyEventParams {
    let (key, code, virtual_key, text) = match &chord.key {
        Key::Named(key) => (key.name.to_owned(), key.code.to_owned(), key.virtual_key, key.text.to_owned()),
        Key::Character(character) => {
            let (character, code, virtual_key) = key_of(*character, chord.modifiers & 8 != 0);
            (character.to_string(), code, virtual_key, character.to_string())
        }
        Key::Text(text) => (text.clone(), String::new(), 0, text.clone()),
    };
    // With Control, Alt or Meta, a key is a command and produces no text.
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

/// Synthetic events skip the platform's translation of editing shortcuts, so the command is sent along.
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
    fn a_chord_is_one_in_every_usual_spelling() {
        for spelling in ["Control+a", "control + a", "Ctrl+ a", "CTRL +a", "Ctrl-a", "ctrl-A", "CmdOrCtrl+a", "⌃+a"] {
            let chords = parse(spelling).unwrap();
            let [Chord { modifiers: 2, key: Key::Character('a' | 'A') }] = chords[..] else {
                panic!("{spelling}: {chords:?}");
            };
        }
        assert_eq!(parse("Ctrl - Shift").unwrap_or_default().len(), 3, "a lone minus is a key");
        assert_eq!(parse("Control + Shift + ArrowLeft").unwrap(), parse("Ctrl-Shift-left").unwrap());
        assert_eq!(parse("Win+Page-Down Page_Up").unwrap(), parse("Meta+PageDown PageUp").unwrap());
    }

    #[test]
    fn a_word_that_names_no_key_is_an_error() {
        for unknown in ["NoSuchKey", "hello", "grüße", "Control+grüße", "Control+", "1+1", "Enter NoSuchKey", "  "]
        {
            assert!(parse(unknown).is_err(), "{unknown}");
        }
        assert_eq!(parse("é").unwrap()[0].key, Key::Text("é".into()));
    }

    #[test]
    fn plus_and_minus_can_be_pressed_with_and_without_modifiers() {
        let chords = parse("Control++ Shift++ Ctrl+- - +").unwrap();
        let pressed: Vec<_> = chords.iter().map(|chord| (chord.modifiers, chord.key.clone())).collect();
        let [plus, minus] = ['+', '-'].map(Key::Character);
        let expected = [(2, plus.clone()), (8, plus.clone()), (2, minus.clone()), (0, minus), (0, plus)];
        assert_eq!(pressed, expected);
    }

    #[test]
    fn too_many_keys_are_rejected() {
        assert_eq!(parse(&"Tab ".repeat(MAX_CHORDS)).unwrap().len(), MAX_CHORDS);
        assert!(parse(&"Tab ".repeat(MAX_CHORDS + 1)).is_err());
    }

    #[test]
    fn key_events_match_a_keyboard() {
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
    fn a_command_has_a_capital_only_with_shift() {
        let pressed = |keys: &str| event(&parse(keys).unwrap()[0], true).key;
        for (keys, key) in
            [("Ctrl+K", "k"), ("Alt+K", "k"), ("Ctrl+Shift+K", "K"), ("Control+shift+k", "K"), ("K", "K")]
        {
            assert_eq!(pressed(keys).as_deref(), Some(key), "{keys}");
        }
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
