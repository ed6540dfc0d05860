//! An element as the view writes it: `<input type=date format=YYYY-MM-DD required />Arrival`.

use std::fmt::Write as _;

use super::reading::ElementItem;
use super::words::{attribute, cleaned, plain};
use agent::observation::Element;

const NAME: usize = 200;
/// Limit of an editor's text.
const EDITOR_VALUE: usize = 2_000;
/// Limit of a short attribute.
const WORD: usize = 60;
const VALUE: usize = 400;
const HREF: usize = 48;
/// A longer list of options is abbreviated.
const OPTIONS_IN_FULL: usize = 10;
const FIRST_OPTIONS: usize = 7;

/// The element's line, without its index.
pub(super) fn element_line(item: &ElementItem, page: &PageUrl, focused: bool) -> String {
    let mut out = String::with_capacity(64);
    out.push('<');
    out.push_str(&shown_tag(item));
    let name = cleaned(&item.name, NAME);
    let mut word = |name: &str, value: &str| {
        if !value.is_empty() {
            attribute(&mut out, name, value, WORD);
        }
    };
    if item.tag != "button" && item.input_type != "text" {
        word("type", &item.input_type);
    }
    word("format", &item.format);
    if name.is_empty() {
        if item.placeholder.is_empty() {
            word("field", &item.field);
        }
        word("icon", &item.icon);
    }
    if name.is_empty() || item.at.is_some() {
        word("colour", &item.colour);
    }
    word("state", &item.state);
    if let Some([x, y]) = item.at {
        let _ = write!(out, " at={x},{y}");
    }
    if let Some([width, height]) = item.size {
        let _ = write!(out, " size={width}x{height}");
    }
    if let Some(shown) = item.lines {
        attribute(&mut out, "lines", &shown_lines(shown, item.line_count), WORD);
    }
    if let Some(value) = item.value.as_deref().filter(|value| !value.is_empty() && item.input_type != "password") {
        attribute(&mut out, "value", value, if item.lines.is_some() { EDITOR_VALUE } else { VALUE });
    }
    if item.placeholder != item.name && !item.placeholder.is_empty() {
        attribute(&mut out, "placeholder", &item.placeholder, WORD * 2);
    }
    states(&mut out, item, focused);
    bounds(&mut out, item);
    options(&mut out, item);
    if let Some(href) = short_href(&item.href, page, &name) {
        attribute(&mut out, "href", &href, HREF);
    }
    for (flag, set) in [("newtab", item.newtab), ("download", item.download)] {
        if set {
            let _ = write!(out, " {flag}");
        }
    }
    if let Some(scroll) = item.scroll {
        scroll_state(&mut out, scroll);
    }
    out.push_str(" />");
    out.push_str(&plain(&name, NAME));
    out
}

/// `12`, or `1-40 of 200` where an editor shows a part of its lines.
fn shown_lines([first, last]: [u32; 2], count: Option<u32>) -> String {
    match count {
        Some(count) if (first, last) == (1, count) => count.to_string(),
        Some(count) => format!("{first}-{last} of {count}"),
        None => format!("{first}-{last}, maybe more"),
    }
}

fn shown_tag(item: &ElementItem) -> String {
    let shown = match item.role.as_str() {
        "" | "none" | "presentation" => &item.tag,
        role => role,
    };
    let shown: String =
        shown.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).take(40).collect();
    if shown.is_empty() { "element".to_owned() } else { shown }
}

fn states(out: &mut String, item: &ElementItem, focused: bool) {
    let checked = item.checked.as_deref();
    let flags = [
        ("checked", checked == Some("true")),
        ("checked=mixed", checked == Some("mixed")),
        ("selected", item.selected == Some(true)),
        ("expanded", item.expanded == Some(true)),
        ("collapsed", item.expanded == Some(false)),
        ("disabled", item.disabled),
        ("required", item.required),
        ("readonly", item.readonly),
        ("filled", item.filled),
        ("multiple", item.multiple),
        ("editable", item.editable),
        ("draggable", item.draggable),
        ("busy", item.busy),
        ("muted", item.muted),
        ("hidden", item.hidden),
        ("hover", item.hover),
        ("focused", focused),
    ];
    for (flag, _) in flags.into_iter().filter(|(_, set)| *set) {
        let _ = write!(out, " {flag}");
    }
    if item.invalid == "true" {
        out.push_str(" invalid");
    } else if !item.invalid.is_empty() {
        attribute(out, "invalid", &item.invalid, WORD * 2);
    }
    match item.current.as_str() {
        "" => {}
        "true" => out.push_str(" current"),
        other => attribute(out, "current", other, WORD),
    }
    match item.popup.as_str() {
        "" => {}
        "true" => out.push_str(" popup=menu"),
        other => attribute(out, "popup", other, WORD),
    }
}

fn bounds(out: &mut String, item: &ElementItem) {
    for (name, value) in [
        ("min", &item.min),
        ("max", &item.max),
        ("step", &item.step),
        ("pattern", &item.pattern),
        ("accept", &item.accept),
        ("sort", &item.sort),
        ("reveals", &item.reveals),
        ("date", &item.date),
    ] {
        if !value.is_empty() {
            attribute(out, name, value, WORD);
        }
    }
    if let Some(length) = item.maxlength {
        let _ = write!(out, " maxlength={length}");
    }
}

/// `options="Red|Green|Blue|… 245 more"`.
fn options(out: &mut String, item: &ElementItem) {
    let total = item.options.len().max(item.total as usize);
    if item.options.is_empty() {
        return;
    }
    let shown = if total > OPTIONS_IN_FULL { FIRST_OPTIONS } else { item.options.len() };
    let mut list = String::new();
    for (n, option) in item.options.iter().take(shown).enumerate() {
        if n > 0 {
            list.push('|');
        }
        list.push_str(&cleaned(option, WORD));
    }
    if total > shown {
        let _ = write!(list, "|… {} more", total - shown);
    }
    attribute(out, "options", &list, FIRST_OPTIONS.max(OPTIONS_IN_FULL) * (WORD + 2));
}

/// In the container's own pages: `scroll="0.5 above, 2.1 below"`.
fn scroll_state(out: &mut String, scroll: [f64; 4]) {
    let parts: Vec<String> = scroll
        .iter()
        .zip(["above", "below", "left", "right"])
        .filter(|(pages, _)| **pages > 0.0)
        .map(|(pages, side)| format!("{:.1} {side}", pages.min(9999.0)))
        .collect();
    let _ = write!(out, " scroll=\"{}\"", if parts.is_empty() { "all in view".to_owned() } else { parts.join(", ") });
}

/// A short form of a link's target, relative to the page; none if the link's name says the same.
fn short_href(href: &str, page: &PageUrl, name: &str) -> Option<String> {
    if href.is_empty() || href.starts_with("javascript:") || href.starts_with("data:") || href.starts_with("blob:") {
        return None;
    }
    let target = page.relative(href);
    if matches!(target, "" | "#") {
        return None;
    }
    let (path, tail) = target.split_at(target.find(['?', '#']).unwrap_or(target.len()));
    let segment = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let segment = segment.split_once('.').map_or(segment, |(stem, _)| stem);
    // The `#method.push` of a link named "push".
    let last = if path.is_empty() { tail.trim_start_matches('#') } else { segment };
    let says = letters(name);
    let repeats = match (path.is_empty(), tail.is_empty()) {
        (true, _) => tail.starts_with('#') && letters(last).ends_with(&says),
        (false, true) => letters(last) == says,
        (false, false) => false,
    };
    if repeats && !says.is_empty() {
        return None;
    }
    let length = target.chars().count();
    if length <= HREF {
        return Some(target.to_owned());
    }
    // Keep both ends: the section and the item.
    let head: String = target.chars().take(HREF / 2 - 1).collect();
    let tail: String = target.chars().skip(length - HREF / 2).collect();
    Some(format!("{head}…{tail}"))
}

fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// The URL that links are shown relative to.
pub(super) struct PageUrl {
    document: String,
    /// With a trailing slash; none if it is the origin.
    folder: Option<String>,
    origin: String,
}

impl PageUrl {
    pub(super) fn new(url: &str) -> Self {
        let document = url.split('#').next().unwrap_or_default().to_owned();
        let path = document.split('?').next().unwrap_or_default();
        let start = path.find("://").map_or(0, |at| at + 3);
        let origin_end = path[start..].find('/').map_or(path.len(), |at| start + at);
        let origin = path[..origin_end].to_owned();
        let folder = path.rfind('/').filter(|at| *at > origin_end).map(|at| path[..=at].to_owned());
        Self { document, folder, origin }
    }

    fn relative<'a>(&self, href: &'a str) -> &'a str {
        if let Some(rest) =
            href.strip_prefix(self.document.as_str()).filter(|rest| rest.is_empty() || rest.starts_with('#'))
        {
            return rest;
        }
        if let Some(rest) =
            self.folder.as_deref().and_then(|folder| href.strip_prefix(folder)).filter(|rest| !rest.is_empty())
        {
            return rest;
        }
        match href.strip_prefix(self.origin.as_str()) {
            Some(path) if path.starts_with('/') && !self.origin.is_empty() => path,
            _ => href.strip_prefix("https://").or_else(|| href.strip_prefix("http://")).unwrap_or(href),
        }
    }
}

fn role(item: &ElementItem) -> &str {
    match item.role.as_str() {
        "" | "none" | "presentation" => &item.kind,
        role => role,
    }
}

/// Must equal the script's `signature`.
pub(super) fn signature(item: &ElementItem) -> String {
    let role = Some(role(item)).filter(|role| !role.is_empty()).unwrap_or(&item.tag);
    format!("{role} {}", item.sig.as_ref().unwrap_or(&item.name))
}

pub(super) fn element(item: &ElementItem) -> Element {
    let role = role(item);
    let mut name = cleaned(&item.name, NAME + 1);
    if name.is_empty() {
        name = cleaned(if item.placeholder.is_empty() { &item.icon } else { &item.placeholder }, NAME + 1);
    }
    let is_password = item.input_type == "password";
    Element {
        index: Default::default(),
        tag: cleaned(&item.tag, 40),
        role: cleaned(role, 40),
        name,
        input_type: cleaned(&item.input_type, 40),
        placeholder: cleaned(&item.placeholder, 200),
        value: if is_password { String::new() } else { item.value.clone().unwrap_or_default() },
        href: if item.href.chars().any(char::is_control) { String::new() } else { item.href.clone() },
        options: item.options.iter().map(|option| cleaned(option, 100)).collect(),
        checked: match item.checked.as_deref() {
            Some("true") => Some(true),
            Some(_) => Some(false),
            None => item.selected,
        },
        disabled: item.disabled,
    }
}
