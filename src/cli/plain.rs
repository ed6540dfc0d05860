//! Makes text from pages and models safe for a terminal.

/// Replaces control characters.
const REPLACEMENT: char = '\u{fffd}';

/// Replaces control and bidirectional formatting characters, and thus the first character of escape sequences. Line
/// breaks are kept.
pub(super) fn plain(text: &str) -> String {
    text.chars().map(|c| if c == '\n' { c } else { shown(c) }).collect()
}

/// Like [`plain`], in one line of at most `max` characters.
pub(super) fn plain_line(text: &str, max: usize) -> String {
    let mut line = String::new();
    let words = text.split_whitespace().enumerate();
    let mut characters = words.flat_map(|(at, word)| (at > 0).then_some(' ').into_iter().chain(word.chars()));
    line.extend(characters.by_ref().take(max).map(shown));
    if characters.next().is_some() {
        line.pop();
        line.push('…');
    }
    line
}

fn shown(c: char) -> char {
    match c {
        '\t' | '\u{2028}' | '\u{2029}' => ' ',
        // Bidirectional embeddings, overrides and isolates.
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => REPLACEMENT,
        c if c.is_control() => REPLACEMENT,
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_replaced() {
        let attack = "a\u{1b}[2J\u{1b}]0;title\u{7}b\u{9b}31mc\rd\u{8}e\u{7f}\u{202e}f\u{2066}";
        let harmless = plain(attack);
        assert_eq!(harmless, "a�[2J�]0;title�b�31mc�d�e��f�");
        assert!(!plain_line(attack, 80).contains('\u{1b}'));
    }

    #[test]
    fn line_breaks_are_kept_in_a_text_and_removed_from_a_line() {
        assert_eq!(plain("one\n\ttwo\u{2028}three"), "one\n two three");
        assert_eq!(plain_line("  one\n\r\n two\u{85}three ", 80), "one two three");
    }

    #[test]
    fn a_long_line_is_truncated_with_an_ellipsis() {
        assert_eq!(plain_line("grün und gut", 8), "grün un…");
        assert_eq!(plain_line("grün", 4), "grün");
    }
}
