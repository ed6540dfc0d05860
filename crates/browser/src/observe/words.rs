//! Sanitizes page text and estimates tokens.

use std::fmt::Write as _;

/// Estimates a text's tokens, on the high side of common tokenizers.
pub fn tokens(text: &str) -> usize {
    #[derive(PartialEq, Clone, Copy)]
    enum Run {
        Blank,
        Letters,
        Digits,
        Marks,
    }
    // In twelfths, to avoid fractions.
    let mut twelfths = 0;
    let mut run = Run::Blank;
    let mut length = 0;
    for character in text.chars() {
        let (kind, cost) = match character {
            ' ' | '\t' => (Run::Blank, 0),
            '\n' => (Run::Blank, 12),
            'a'..='z' | 'A'..='Z' => (Run::Letters, if run == Run::Letters && length % 6 != 0 { 0 } else { 12 }),
            '0'..='9' => (Run::Digits, if run == Run::Digits && length % 3 != 0 { 0 } else { 12 }),
            '!'..='~' => (Run::Marks, if run == Run::Marks && length % 2 != 0 { 0 } else { 12 }),
            '\u{80}'..='\u{7ff}' => (Run::Letters, 6),
            '\u{800}'..='\u{ffff}' => (Run::Marks, 12),
            _ => (Run::Marks, 24),
        };
        length = if kind == run { length + 1 } else { 1 };
        run = kind;
        twelfths += cost;
    }
    usize::div_ceil(twelfths, 12)
}

/// Text on one line, without control and invisible characters, with blanks collapsed, at most `limit` characters long;
/// longer texts end in an ellipsis.
pub(super) fn cleaned(text: &str, limit: usize) -> String {
    let mut out = String::with_capacity(text.len().min(limit * 4));
    let mut count = 0;
    let mut blank = false;
    for character in text.chars() {
        if character.is_whitespace() || character.is_control() {
            blank = true;
            continue;
        }
        if is_unseen(character) {
            continue;
        }
        // A joiner without anything to join is dropped.
        if matches!(character, '\u{200c}' | '\u{200d}')
            && (blank || out.chars().next_back().is_none_or(|c| c.is_ascii()))
        {
            continue;
        }
        if count >= limit {
            out.push('…');
            return out;
        }
        if blank && !out.is_empty() {
            out.push(' ');
            count += 1;
        }
        blank = false;
        out.push(character);
        count += 1;
    }
    out
}

/// Invisible characters that could hide text or reorder it.
fn is_unseen(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{e000}'..='\u{f8ff}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}'
        | '\u{f0000}'..='\u{10ffff}')
}

/// Sanitized text that cannot pass for an element, a region or a note of the view: a backslash precedes what would.
pub(super) fn plain(text: &str, limit: usize) -> String {
    escaped(&cleaned(text, limit))
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    let unstarred = text.trim_start_matches('*').len();
    let opens_tag =
        text.strip_prefix('<').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/'));
    if opens_tag || text.starts_with("...") {
        out.push('\\');
    }
    for (at, character) in text.char_indices() {
        if character == '[' {
            let at_start = at + unstarred <= text.len();
            if looks_like_index(&text[at + 1..], at_start) {
                out.push('\\');
            }
        }
        out.push(character);
    }
    out
}

/// Whether a bracket followed by this looks like an index: digits and a bracket, at the start of a text or before a
/// tag.
fn looks_like_index(rest: &str, at_start: bool) -> bool {
    let after = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    if after.len() == rest.len() {
        return false;
    }
    match after.trim_start().strip_prefix(']') {
        Some(_) if at_start => true,
        // Also at the end of a piece: the next one could begin with a tag.
        Some(tail) => tail.trim_start().is_empty() || tail.trim_start().starts_with('<'),
        None => false,
    }
}

/// Appends ` name=value`, quoted unless the value is a plain word, with line breaks as `\n`.
pub(super) fn attribute(out: &mut String, name: &str, value: &str, limit: usize) {
    out.push(' ');
    out.push_str(name);
    out.push('=');
    let plain_word = |c: char| c.is_alphanumeric() || "_-./:#%+&?=~@,".contains(c);
    if !value.is_empty()
        && value.chars().count() <= limit
        && !value.chars().any(is_unseen)
        && value.chars().all(plain_word)
        && !value.ends_with('/')
    {
        out.push_str(value);
        return;
    }
    // First drop what is invisible: nothing may come between a bracket and what makes it look like an index.
    let seen: String =
        value.chars().filter(|c| matches!(c, '\n' | '\t') || !(c.is_control() || is_unseen(*c))).collect();
    out.push('"');
    for (count, (at, character)) in seen.char_indices().enumerate() {
        if count >= limit {
            let _ = write!(out, "… {} more characters", seen.chars().count() - limit);
            break;
        }
        match character {
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '[' if looks_like_index(&seen[at + 1..], false) => out.push_str("\\["),
            c if c.is_whitespace() => out.push(' '),
            c => out.push(c),
        }
    }
    out.push('"');
}
