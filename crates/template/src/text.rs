//! Text in a form for comparison: without case, punctuation, diacritics and double spaces.

use agent::text::one_line;

/// Lower case, diacritics and apostrophes removed, everything that is neither letter nor digit a single blank.
/// "E-Mail  *" becomes "e mail", "Café" becomes "cafe".
pub(super) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let mut gap = false;
    for lower in text.chars().flat_map(char::to_lowercase) {
        if is_silent(lower) {
            continue;
        }
        if !lower.is_alphanumeric() {
            gap = true;
            continue;
        }
        if gap && !folded.is_empty() {
            folded.push(' ');
        }
        gap = false;
        match plain(lower) {
            Some(letters) => folded.push_str(letters),
            None => folded.push(lower),
        }
    }
    folded
}

/// The text with every run of white space as one blank, none at the ends.
pub(super) fn collapse(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether the text is one of the entries of "a|b|c".
pub(super) fn is_listed(text: &str, list: &str) -> bool {
    list.split('|').any(|entry| entry == text)
}

/// The text in quotes, short enough for a sentence.
pub(super) fn quote(text: &str) -> String {
    format!("'{}'", one_line(text, 80))
}

pub(super) fn enumerate(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// Characters that do not matter for comparison: apostrophes, combining marks, zero-width characters.
fn is_silent(c: char) -> bool {
    matches!(c, '\'' | '’' | '\u{00ad}' | '\u{0300}'..='\u{036f}' | '\u{200b}'..='\u{200f}' | '\u{feff}')
}

fn plain(c: char) -> Option<&'static str> {
    const LETTERS: &str = "a=àáâãäåāăą ae=æ c=çćĉċč d=ďđð e=èéêëēĕėęě g=ĝğġģ h=ĥħ i=ìíîïĩīĭįı k=ķ l=ĺļľł n=ñńņň o=òóôõöøōŏő \
        oe=œ r=ŕř s=śŝşšș ss=ß t=ţťț u=ùúûüũūŭůűų w=ŵ y=ýÿŷ z=źżž";
    if c.is_ascii() {
        return None;
    }
    let mut letters = LETTERS.split(' ').filter_map(|entry| entry.split_once('='));
    letters.find_map(|(plain, accented)| accented.contains(c).then_some(plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_removes_case_punctuation_diacritics_and_repeated_blanks() {
        let cases = [
            ("E-Mail  *", "e mail"),
            ("  Add to\ncart! ", "add to cart"),
            ("Café Größe Łódź", "cafe grosse lodz"),
            ("cafe\u{301}", "cafe"),
            ("don't", "dont"),
            ("12,00 EUR", "12 00 eur"),
            ("日本語", "日本語"),
            ("»", ""),
        ];
        for (text, folded) in cases {
            assert_eq!(fold(text), folded, "{text}");
        }
    }
}
