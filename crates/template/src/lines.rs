//! The page's text as lines, from the page view with its indices and tags, or from extracted text.

use std::sync::LazyLock;

use agent::observation::{Element, ElementIndex, PageView};
use regex::Regex;

static ELEMENT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"\*?\[(?<index>\d+)\](?<tag>\s*<[A-Za-z/](?:[^>"]|"[^"]*")*>?)?"#).expect("a valid expression")
});

/// The tag of a part of the page that is not an element.
static PAGE_PART: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"^<[A-Za-z/](?:[^>"]|"[^"]*")*>?"#).expect("a valid expression"));

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// The elements in the line; none in plain text, several in a row of a table.
    pub(super) indices: Vec<ElementIndex>,
    pub(super) text: String,
}

/// The lines of a page view. A field's current value follows its label: "label: value". The view's notes about omitted
/// parts are left out.
pub(super) fn of_view(view: &PageView) -> Vec<Line> {
    let lines = view.text.lines().map(str::trim).filter(|line| !line.starts_with("... "));
    lines.map(|line| read(line, view)).filter(|line| !line.text.is_empty()).collect()
}

pub(super) fn of_text(text: &str) -> Vec<Line> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(|line| Line { indices: Vec::new(), text: line.to_owned() }).collect()
}

/// `*[41]<button />Buy | *[42]<link />More` is the elements 41 and 42 and "Buy | More".
fn read(line: &str, view: &PageView) -> Line {
    let is_element = |index: &regex::Match<'_>, tagged: bool| {
        let before = &line[..index.start()];
        // The view escapes a bracket that the page wrote. An element without a tag begins its line.
        !before.ends_with('\\') && (tagged || before.is_empty())
    };
    let mut elements = Vec::new();
    for found in ELEMENT.captures_iter(line) {
        let whole = found.get(0).expect("the whole match");
        if is_element(&whole, found.name("tag").is_some())
            && let Ok(index) = found["index"].parse()
        {
            elements.push((whole.range(), ElementIndex(index)));
        }
    }
    let Some((first, _)) = elements.first() else {
        return Line { indices: Vec::new(), text: plain(&PAGE_PART.replace(line, "")).trim().to_owned() };
    };
    let mut text = plain(&line[..first.start]);
    for (at, (range, index)) in elements.iter().enumerate() {
        let end = elements.get(at + 1).map_or(line.len(), |(next, _)| next.start);
        text.push_str(&element_text(view.element(*index), &plain(&line[range.end..end])));
    }
    Line { indices: elements.into_iter().map(|(_, index)| index).collect(), text: text.trim().to_owned() }
}

/// An element's text: what the view shows of it, completed by its name and value.
fn element_text(element: Option<&Element>, label: &str) -> String {
    let Some(element) = element else { return label.to_owned() };
    let (name, value) = (element.name.trim(), element.value.trim());
    let text = match label.trim() {
        "" => name.to_owned(),
        bare if bare.contains(name) => label.to_owned(),
        _ => format!("{name} {label}"),
    };
    match value {
        "" => text,
        _ if text.trim().is_empty() => value.to_owned(),
        _ if text.trim() == name => format!("{name}: {value}"),
        _ => format!("{value} {text}"),
    }
}

/// Without the backslashes that escape text that looks like an element, and without closing tags.
fn plain(text: &str) -> String {
    let unmasked = text.replace("\\[", "[").replace("\\<", "<").replace("\\...", "...");
    match unmasked.trim_end().strip_suffix('>').and_then(|open| open.rfind("</")) {
        Some(closing) => unmasked[..closing].to_owned(),
        None => unmasked,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, elements: Vec<Element>) -> Vec<(Vec<u32>, String)> {
        let view = PageView { text: text.to_owned(), elements, ..PageView::default() };
        let lines = of_view(&view).into_iter();
        lines.map(|line| (line.indices.into_iter().map(|index| index.0).collect(), line.text)).collect()
    }

    fn named(index: u32, name: &str, value: &str) -> Element {
        let (name, value) = (name.to_owned(), value.to_owned());
        Element { index: ElementIndex(index), name, value, ..Element::default() }
    }

    #[test]
    fn indices_and_tags_are_separated_from_visible_text() {
        let cases: [(&str, &[u32], &str); 14] = [
            ("Shop", &[], "Shop"),
            ("\t[1]<link href=\"/a>b\" />Blue kettle", &[1], "Blue kettle"),
            ("  *[1]<button>Buy</button>", &[1], "Buy"),
            ("<h1>Total", &[], "Total"),
            ("<navigation />Main", &[], "Main"),
            ("a < b and [x] y", &[], "a < b and [x] y"),
            ("see [3] and [4]", &[], "see [3] and [4]"),
            ("\\[3] is a note", &[], "[3] is a note"),
            (
                "[1]<link />Blue kettle | 2 | €24.00 | *[2]<button />Remove",
                &[1, 2],
                "Blue kettle | 2 | €24.00 | Remove",
            ),
            ("[1]Buy", &[1], "Buy"),
            ("[7]<combobox value=2 options=\"1|2\" />Quantity", &[7], "Quantity: 2"),
            ("Pieces [7]<combobox value=2 /> each", &[7], "Pieces 2 Quantity  each"),
            ("... 2.1 screens below: scroll down", &[], ""),
            ("\\... and so on", &[], "... and so on"),
        ];
        for (line, indices, text) in cases {
            let found = shown(line, vec![named(7, "Quantity", "2")]);
            match text {
                "" => assert!(found.is_empty(), "{line}: {found:?}"),
                _ => assert_eq!(found, [(indices.to_vec(), text.to_owned())], "{line}"),
            }
        }
    }

    #[test]
    fn an_element_with_an_empty_line_is_identified_by_its_name() {
        assert_eq!(shown("[7]<input />", vec![named(7, "Street", "")]), [(vec![7], "Street".to_owned())]);
        assert_eq!(shown("[7]<input />", vec![named(7, "Street", "Main 1")]), [(vec![7], "Street: Main 1".to_owned())]);
    }
}
