//! The page's text as lines, whoever wrote it: the page view with its indices and tags, or plain extracted text.

use agent::observation::{Element, ElementIndex, PageView};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// The elements in the line; none in plain text, several in a row of a table.
    pub(super) indices: Vec<ElementIndex>,
    /// What a person reads in it.
    pub(super) text: String,
}

/// The lines of a page view. A field's current value follows its label, "label: value". Notes of the view about what
/// it left out are no text of the page.
pub(super) fn of_view(view: &PageView) -> Vec<Line> {
    let lines = view.text.lines().map(str::trim).filter(|line| !line.starts_with("... "));
    lines.map(|line| read(line, view)).filter(|line| !line.text.is_empty()).collect()
}

/// The lines of a plain text.
pub(super) fn of_text(text: &str) -> Vec<Line> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(|line| Line { indices: Vec::new(), text: line.to_owned() }).collect()
}

/// `*[41]<button />Buy | *[42]<link />More` is the elements 41 and 42 and "Buy | More".
fn read(line: &str, view: &PageView) -> Line {
    let mut indices = Vec::new();
    let mut text = String::new();
    let mut rest = line;
    while let Some(at) = rest.find('[') {
        let (before, bracket) = rest.split_at(at);
        let starts = text.trim().is_empty() && before.trim_matches([' ', '*']).is_empty();
        match index(bracket, starts) {
            // A bracket with a backslash in front is one that the page itself wrote.
            Some((index, after)) if !before.ends_with('\\') => {
                text.push_str(&plain(before.trim_end_matches('*')));
                indices.push(index);
                let (label, next) = after.split_at(next_index(after));
                text.push_str(&element_text(view.element(index), label));
                rest = next;
            }
            _ => {
                text.push_str(&plain(before.strip_suffix('\\').unwrap_or(before)));
                text.push('[');
                rest = &bracket[1..];
            }
        }
    }
    // A tag that stands for no element names a part of the page.
    text.push_str(&plain(if line.starts_with('<') && indices.is_empty() { without_tag(rest) } else { rest }));
    Line { indices, text: text.trim().to_owned() }
}

/// The index a bracket holds and what follows it: at a line's start or before a tag, else it is text.
fn index(bracket: &str, starts_line: bool) -> Option<(ElementIndex, &str)> {
    let (digits, after) = bracket.strip_prefix('[')?.split_once(']')?;
    let index = digits.parse().ok()?;
    (starts_line || after.trim_start().starts_with('<')).then_some((ElementIndex(index), after))
}

/// Where the next bracket of an element stands, tags skipped; else the end.
fn next_index(text: &str) -> usize {
    let tag = text.len() - without_tag(text).len();
    let mut from = tag;
    while let Some(at) = text[from..].find('[').map(|at| from + at) {
        if !text[..at].ends_with('\\') && index(&text[at..], false).is_some() {
            return at;
        }
        from = at + 1;
    }
    text.len()
}

/// An element's text: what the view shows of it, completed by its name and value.
fn element_text(element: Option<&Element>, shown: &str) -> String {
    let label = plain(without_tag(shown).trim_end_matches('*'));
    let Some(element) = element else { return label };
    let (name, value) = (element.name.trim(), element.value.trim());
    let text = match label.trim() {
        "" => name.to_owned(),
        bare if bare.contains(name) => label.clone(),
        _ => format!("{name} {label}"),
    };
    match value {
        "" => text,
        _ if text.trim().is_empty() => value.to_owned(),
        _ if text.trim() == name => format!("{name}: {value}"),
        _ => format!("{value} {text}"),
    }
}

/// What follows the tag that the text begins with, if it does.
fn without_tag(text: &str) -> &str {
    let trimmed = text.trim_start();
    if !trimmed.strip_prefix('<').is_some_and(|inside| inside.starts_with(|c: char| c.is_alphabetic() || c == '/')) {
        return text;
    }
    let mut in_quotes = false;
    let end = trimmed.char_indices().find(|(_, c)| {
        in_quotes ^= *c == '"';
        *c == '>' && !in_quotes
    });
    end.map_or("", |(at, _)| &trimmed[at + 1..])
}

/// Without the backslashes that keep a page's text from looking like an element, and without closing tags.
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
    fn indices_and_tags_are_told_from_what_a_person_reads() {
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
    fn an_element_whose_line_is_bare_is_told_by_its_name() {
        assert_eq!(shown("[7]<input />", vec![named(7, "Street", "")]), [(vec![7], "Street".to_owned())]);
        assert_eq!(shown("[7]<input />", vec![named(7, "Street", "Main 1")]), [(vec![7], "Street: Main 1".to_owned())]);
    }
}
