//! Facts for detecting blocked pages.

use std::collections::HashMap;

use super::challenge_frames::provider;
use super::frames::FrameReading;
use super::reading::{ElementItem, FrameItem, Item};

/// The server's response for a main document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DocumentResponse {
    pub status: u16,
    /// The relevant ones, by lower-case name.
    pub headers: HashMap<String, String>,
}

/// Headers that announce a block.
const TELLING: [&str; 5] =
    ["cf-mitigated", "x-amzn-waf-action", "x-vercel-mitigated", "retry-after", "www-authenticate"];
const MAX_HEADER: usize = 100;
/// Length of the examined beginning of the text.
const MAX_OPENING: usize = 1_000;
const MAX_HEADINGS: usize = 4;
const MAX_COMPLAINTS: usize = 4;

impl DocumentResponse {
    pub fn new(status: u16, headers: HashMap<String, String>) -> Self {
        let telling = headers.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value));
        let telling = telling.filter(|(name, _)| TELLING.contains(&name.as_str()));
        Self {
            status,
            headers: telling.map(|(name, value)| (name, value.chars().take(MAX_HEADER).collect())).collect(),
        }
    }

    pub(super) fn header(&self, header: &str) -> &str {
        self.headers.get(header).map_or("", String::as_str)
    }
}

/// A visible frame.
#[derive(Debug, Clone, Default)]
pub(super) struct FrameFact {
    pub(super) url: String,
    /// Of its visible part, CSS pixels.
    pub(super) width: i32,
    pub(super) height: i32,
}

#[derive(Debug, Clone, Default)]
pub struct Facts {
    pub(super) response: DocumentResponse,
    /// The requested URL, before redirects; empty if unknown.
    pub(super) asked: String,
    pub(super) url: String,
    pub(super) title: String,
    pub(super) headings: Vec<String>,
    /// The beginning of the text.
    pub(super) opening: String,
    /// Characters in and around the viewport.
    pub(super) text: usize,
    /// Links, buttons and fields in and around the viewport.
    pub(super) controls: usize,
    /// Editable fields, including passwords.
    pub(super) fields: usize,
    pub(super) password: bool,
    /// There is a field for a user name.
    pub(super) account: bool,
    pub(super) frames: Vec<FrameFact>,
    /// Providers of loaded challenge scripts.
    pub(super) gates: Vec<String>,
    /// Problems of form fields, and messages of the form.
    pub(super) complaints: Vec<String>,
}

impl Facts {
    pub fn new(page: &FrameReading, response: Option<&DocumentResponse>, asked: Option<&str>) -> Self {
        let mut facts = Self {
            response: response.cloned().unwrap_or_default(),
            asked: asked.unwrap_or_default().to_owned(),
            url: page.reading.url.clone(),
            title: page.reading.title.clone(),
            gates: page.reading.marks.gates.clone(),
            ..Self::default()
        };
        facts.document(page, true);
        facts.complaints.extend(page.reading.marks.complaints.iter().cloned());
        facts.complaints.truncate(MAX_COMPLAINTS);
        facts
    }

    /// Frames count only by their amount of content.
    fn document(&mut self, document: &FrameReading, is_main: bool) {
        for item in &document.reading.items {
            match item {
                Item::Text(text) => {
                    if is_main && (1..=2).contains(&text.level) && self.headings.len() < MAX_HEADINGS {
                        self.headings.push(text.text.clone());
                    }
                    if is_main && self.opening.len() < MAX_OPENING {
                        self.opening.push_str(&text.text);
                        self.opening.push('\n');
                    }
                    self.text += text.text.chars().count();
                }
                Item::Element(element) => self.element(element),
                Item::Frame(frame) => self.frame(document, frame),
                Item::Open(..) | Item::Close | Item::Next | Item::Cell => {}
            }
        }
    }

    fn element(&mut self, element: &ElementItem) {
        self.controls += 1;
        let to_write_in = element.tag == "textarea"
            || (element.tag == "input"
                && !matches!(
                    element.input_type.as_str(),
                    "checkbox" | "radio" | "submit" | "button" | "image" | "reset"
                ));
        self.fields += usize::from(to_write_in);
        self.password |= element.input_type == "password";
        self.account |= to_write_in && (element.input_type == "email" || names_an_account(element));
        // Pages mark empty fields before anything was filled in or sent.
        let is_said = element.invalid != "true" || element.value.as_ref().is_some_and(|value| !value.is_empty());
        if !element.invalid.is_empty() && is_said && self.complaints.len() < MAX_COMPLAINTS {
            let name = [&element.name, &element.placeholder, &element.field].into_iter().find(|name| !name.is_empty());
            let name = name.map_or("a field", String::as_str);
            self.complaints.push(match element.invalid.as_str() {
                "true" => format!("{name} is not valid"),
                wrong => format!("{name}: {wrong}"),
            });
        }
    }

    fn frame(&mut self, document: &FrameReading, frame: &FrameItem) {
        let Some([left, top, right, bottom]) = frame.seen else { return };
        let child = document.children.iter().find(|child| child.owner == frame.id);
        let inner = child.and_then(|child| child.content.as_ref());
        // A frame may have navigated from its `src`; an error page has no useful URL.
        let url = inner.map(|inner| &inner.reading.url).filter(|url| url.starts_with("http")).unwrap_or(&frame.src);
        self.frames.push(FrameFact {
            url: url.clone(),
            width: right.saturating_sub(left),
            height: bottom.saturating_sub(top),
        });
        if let Some(inner) = inner.filter(|_| provider(url).is_none()) {
            self.document(inner, false);
        }
    }
}

fn names_an_account(element: &ElementItem) -> bool {
    let named = [&element.name, &element.field, &element.placeholder].map(|name| name.to_lowercase());
    named.iter().any(|name| ["user", "e-mail", "email", "login", "account"].iter().any(|word| name.contains(word)))
}
