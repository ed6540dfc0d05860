//! Helpers for text from outside: truncating, flattening, estimating tokens.

/// A rough guess, good to a fifth or so for English and markup: four characters a token.
pub(crate) fn estimate_tokens(text: &str) -> usize {
    text.chars().count().div_ceil(4)
}

/// At most `max` characters. A truncated text ends with an ellipsis, beside which maskers look for parts of secrets.
pub fn shorten(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        None => text.to_owned(),
        Some(_) => text.chars().take(max.saturating_sub(1)).chain(['…']).collect(),
    }
}

/// The text in one line of at most `max` characters: runs of blanks and control characters become one blank.
pub fn one_line(text: &str, max: usize) -> String {
    let mut line = String::new();
    // The rest of a huge text does not matter.
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        if line.len() > max.saturating_mul(4) {
            break;
        }
    }
    shorten(&line, max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_truncated_by_characters_with_an_ellipsis() {
        assert_eq!(shorten("grün", 4), "grün");
        assert_eq!(shorten("grüne", 4), "grü…");
        assert_eq!(shorten("", 0), "");
    }

    #[test]
    fn line_breaks_and_control_characters_become_single_blanks() {
        assert_eq!(one_line(" a\n\t b\u{7}\u{0}c ", 80), "a b c");
        assert_eq!(one_line(&"x".repeat(1_000), 3), "xx…");
    }
}
