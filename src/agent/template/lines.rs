//! The page's text as lines, whoever wrote it: the page view with its indices and tags, or plain extracted text.

use crate::agent::action::ElementIndex;
use crate::agent::observation::PageView;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// The element that the line shows, none for plain text.
    pub(super) index: Option<ElementIndex>,
    /// What a person reads in it.
    pub(super) text: String,
}

/// The lines of a page view. A field's current value follows its label as "label: value".
pub(super) fn of_view(view: &PageView) -> Vec<Line> {
    let mut lines = Vec::new();
    for raw in view.text.lines() {
        let (index, rest) = split_index(raw);
        let text = without_tags(rest, index.is_some());
        let element = index.and_then(|index| view.element(index));
        let text = match element {
            Some(element) if !element.value.is_empty() && !element.name.is_empty() => {
                format!("{}: {}", element.name, element.value)
            }
            Some(element) if !element.name.is_empty() && !text.contains(element.name.trim()) => {
                format!("{} {text}", element.name)
            }
            _ => text,
        };
        let text = text.trim();
        if !text.is_empty() {
            lines.push(Line { index, text: text.to_owned() });
        }
    }
    lines
}

/// The lines of a plain text.
pub(super) fn of_text(text: &str) -> Vec<Line> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(|line| Line { index: None, text: line.to_owned() }).collect()
}

/// `  *[41]<button>Buy` is 41 and `<button>Buy`.
fn split_index(line: &str) -> (Option<ElementIndex>, &str) {
    let marked = line.trim_start().trim_start_matches('*').trim_start();
    let indexed = marked.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    match indexed.and_then(|(digits, rest)| Some((digits.parse().ok()?, rest))) {
        Some((index, rest)) => (Some(ElementIndex(index)), rest),
        None => (None, line.trim()),
    }
}

/// Drops `<...>` where a tag can be meant: in an element's line, or at the start of a line. "a < b" stays.
fn without_tags(line: &str, element: bool) -> String {
    if !element && !line.starts_with('<') {
        return line.to_owned();
    }
    let mut text = String::with_capacity(line.len());
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        let opens = c == '<' && chars.peek().is_some_and(|next| next.is_alphabetic() || *next == '/');
        if !opens {
            text.push(c);
            continue;
        }
        let mut in_quotes = false;
        for inside in chars.by_ref() {
            match inside {
                '"' => in_quotes = !in_quotes,
                '>' if !in_quotes => break,
                _ => {}
            }
        }
        text.push(' ');
    }
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::observation::Element;

    #[test]
    fn indices_and_tags_are_dropped_and_values_follow_their_labels() {
        let field = Element {
            index: ElementIndex(2),
            name: "Quantity".to_owned(),
            value: "3".to_owned(),
            ..Element::default()
        };
        let view = PageView {
            text: "Shop\n  [1]<a href=\"/a>b\">Blue kettle</a>\n\t*[2]<input value=\"3\" />\n<h1>Total</h1>\n a < b \n\n[x] y"
                .to_owned(),
            elements: vec![field],
            ..PageView::default()
        };
        let shown: Vec<(Option<u32>, String)> =
            of_view(&view).into_iter().map(|line| (line.index.map(|index| index.0), line.text)).collect();
        let expected = [
            (None, "Shop"),
            (Some(1), "Blue kettle"),
            (Some(2), "Quantity: 3"),
            (None, "Total"),
            (None, "a < b"),
            (None, "[x] y"),
        ];
        assert_eq!(shown, expected.map(|(index, text)| (index, text.to_owned())));
    }
}
