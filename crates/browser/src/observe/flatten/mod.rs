//! Turns the readings of all frames into a list of lines in reading order, with positions.

mod frame_viewport;
mod row;

use std::collections::HashSet;

use self::frame_viewport::FrameViewport;
use super::flat_page::{Control, FlatPage, Line, Piece};
use super::frame_reader::MAX_DEPTH;
use super::frames::FrameReading;
use super::index::IndexedElement;
use super::line::{PageUrl, element, element_line, signature};
use super::reading::{ElementItem, FrameItem, Item, Reading, Rect, TextItem};
use super::words::{plain, tokens};
use crate::isolated_world::{NodeId, WorldId};

const TEXT: usize = 4000;
/// Characters shown of an address that is to be opened.
const MAX_ADDRESS: usize = 300;
/// Short texts side by side are joined.
const BESIDE_CHARS: usize = 80;

/// Whether an element is new since the frame was last read.
pub(in crate::observe) type IsNew<'a> = dyn Fn(WorldId, &Reading, &ElementItem) -> bool + 'a;

pub(in crate::observe) fn flatten(page: &FrameReading, is_new: &IsNew<'_>) -> FlatPage {
    let viewport = page.reading.viewport.map(|side| side.max(1));
    let mut flattener =
        Flattener { flat: FlatPage::default(), is_new, viewport, stack: Vec::new(), met: HashSet::new() };
    flattener.frame(page, &FrameViewport { dx: 0, dy: 0, seen: Some([0, 0, viewport[0], viewport[1]]), cover: 0 }, 0);
    flattener.flat
}

/// An open structure.
enum Scope {
    /// Indented under this line.
    Under(usize),
    /// Indented without a header.
    Deeper,
    /// A list and its current item.
    List(usize, u32),
    /// No effect on its content.
    Plain,
}

struct Flattener<'a> {
    flat: FlatPage,
    is_new: &'a IsNew<'a>,
    viewport: [i32; 2],
    stack: Vec<Scope>,
    met: HashSet<(WorldId, NodeId)>,
}

impl Flattener<'_> {
    fn frame(&mut self, frame: &FrameReading, window: &FrameViewport, depth: usize) {
        let items = &frame.reading.items;
        let base = self.stack.len();
        let url = PageUrl::new(&frame.reading.url);
        let mut at = 0;
        while let Some(item) = items.get(at) {
            at += 1;
            match item {
                Item::Text(text) => self.text(text, window),
                Item::Element(item) => {
                    let line = self.control_line(frame, item, window, &url);
                    if item.open {
                        self.stack.push(line.map_or(Scope::Plain, Scope::Under));
                    }
                }
                Item::Frame(item) => self.child(frame, item, window, depth),
                Item::Open(kind, _) if kind == "row" => match self.row(frame, &items[at..], window, &url) {
                    Some(used) => at += used,
                    None => self.stack.push(Scope::Plain),
                },
                Item::Open(kind, name) => self.open(kind, name),
                Item::Close => {
                    // An unbalanced reading must not close another frame's scopes.
                    if self.stack.len() > base {
                        self.stack.pop();
                    }
                }
                Item::Next => {
                    if let Some(Scope::List(_, item)) = self.stack[base..].last_mut() {
                        *item += 1;
                    }
                }
                Item::Cell => {}
            }
        }
        self.stack.truncate(base);
    }

    fn open(&mut self, kind: &str, name: &str) {
        let scope = match kind {
            "list" => {
                self.flat.groups += 1;
                Scope::List(self.flat.groups - 1, 0)
            }
            "sub" => Scope::Deeper,
            _ => {
                let name = plain(name, 80);
                let header = if name.is_empty() {
                    format!("<{}>", plain(kind, 30))
                } else {
                    format!("<{}> {name}", plain(kind, 30))
                };
                Scope::Under(self.header(header))
            }
        };
        self.stack.push(scope);
    }

    fn header(&mut self, text: String) -> usize {
        let line = self.line(vec![Piece::Text(text)], [0; 4], u32::MAX);
        self.flat.lines[line].is_header = true;
        line
    }

    fn line(&mut self, pieces: Vec<Piece>, place: Rect, distance: u32) -> usize {
        let mut parent = None;
        let mut depth = 0;
        let mut group = None;
        for scope in &self.stack {
            match scope {
                Scope::Under(line) => {
                    parent = Some(*line);
                    depth += 1;
                }
                Scope::Deeper => depth += 1,
                Scope::List(list, item) => group = Some((*list, *item)),
                Scope::Plain => {}
            }
        }
        // A line break, and for each index its brackets, digits and possibly a star.
        let tokens = 1 + pieces
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => tokens(text),
                Piece::Control(_, text) => 5 + tokens(text),
            })
            .sum::<usize>();
        self.flat.lines.push(Line {
            pieces,
            depth,
            parent,
            group,
            distance,
            is_header: false,
            tokens,
            place,
            mergeable: false,
        });
        self.flat.lines.len() - 1
    }

    /// The distance from the viewport; none if it is too far to be listed.
    fn distance(&self, place: Rect, in_view: bool) -> Option<u32> {
        if in_view {
            return Some(0);
        }
        let [_, y, _, height] = place;
        let screen = self.viewport[1];
        let bottom = y.saturating_add(height);
        let distance = if bottom <= 0 { bottom.saturating_neg() } else { y.saturating_sub(screen) }.max(1);
        (distance <= screen).then_some(distance.unsigned_abs())
    }

    /// The place on the page of something that its frame's owner does not cover, and its distance.
    fn locate(&self, place: Rect, seen: u8, window: &FrameViewport) -> Option<(Rect, Option<u32>)> {
        let place = window.on_page(place);
        let in_view = seen == 1 && window.is_in_view(place);
        (!in_view || !window.is_covered(place)).then(|| (place, self.distance(place, in_view)))
    }

    fn text(&mut self, item: &TextItem, window: &FrameViewport) {
        let Some((place, Some(distance))) = self.locate(item.place(), item.seen, window) else { return };
        let mut text = plain(&item.text, TEXT);
        if text.is_empty() {
            return;
        }
        if item.level > 0 {
            text = format!("{} {text}", "#".repeat(usize::from(item.level.min(6))));
        }
        let mergeable = item.level == 0 && text.chars().count() <= BESIDE_CHARS;
        if mergeable && self.merge(&text, place) {
            return;
        }
        let line = self.line(vec![Piece::Text(text)], place, distance);
        self.flat.lines[line].mergeable = mergeable;
    }

    /// Appends a short text to the one left of it.
    fn merge(&mut self, text: &str, place: Rect) -> bool {
        let depth = self.stack.iter().filter(|scope| matches!(scope, Scope::Under(_) | Scope::Deeper)).count();
        let Some(line) = self.flat.lines.last_mut() else { return false };
        let [x, y, width, height] = line.place;
        let overlap = y.saturating_add(height).min(place[1].saturating_add(place[3])).saturating_sub(y.max(place[1]));
        let beside =
            place[0] >= x.saturating_add(width).saturating_sub(2) && overlap.saturating_mul(2) > height.min(place[3]);
        if !line.mergeable || line.depth != depth || !beside {
            return false;
        }
        let Some(Piece::Text(before)) = line.pieces.last_mut() else { return false };
        before.push_str(" | ");
        before.push_str(text);
        line.tokens += 1 + tokens(text);
        line.place[2] = place[0].saturating_add(place[2]).saturating_sub(x);
        true
    }

    fn control(&mut self, frame: &FrameReading, item: &ElementItem, window: &FrameViewport, url: &PageUrl) -> Piece {
        let in_view = if item.seen == 1 { window.part_in_view(item.place) } else { None };
        self.flat.controls.push(Control {
            indexed: IndexedElement { frame: frame.key, node: item.id, signature: signature(item), in_view },
            element: element(item),
            is_new: (self.is_new)(frame.key, &frame.reading, item),
        });
        let focused = frame.reading.focus == Some(item.id);
        Piece::Control(self.flat.controls.len() - 1, element_line(item, url, focused))
    }

    /// The element's position; none if it cannot be used.
    fn offered(&mut self, frame: WorldId, item: &ElementItem, window: &FrameViewport) -> Option<(Rect, u32)> {
        let (place, distance) =
            self.locate(item.place, item.seen, window).filter(|_| item.id.0 != 0 && !item.covered)?;
        let Some(distance) = distance else {
            let side = if place[1] < 0 { &mut self.flat.above } else { &mut self.flat.below };
            *side += 1;
            return None;
        };
        // An element gets one line, whatever the reading says.
        self.met.insert((frame, item.id)).then_some((place, distance))
    }

    fn control_line(
        &mut self,
        frame: &FrameReading,
        item: &ElementItem,
        window: &FrameViewport,
        url: &PageUrl,
    ) -> Option<usize> {
        let (place, distance) = self.offered(frame.key, item, window)?;
        let label = self.label_before(item);
        let piece = self.control(frame, item, window, url);
        if let (Some(label), Some(control)) = (label, self.flat.controls.last_mut()) {
            control.element.name = label;
        }
        Some(self.line(vec![piece], place, distance))
    }

    /// For an unlabelled field: the text right before it.
    fn label_before(&self, item: &ElementItem) -> Option<String> {
        let is_field = matches!(item.tag.as_str(), "input" | "textarea" | "select") || item.editable;
        if !is_field || !item.name.is_empty() || !item.placeholder.is_empty() {
            return None;
        }
        match self.flat.lines.last()?.pieces.as_slice() {
            [Piece::Text(text)] if text.chars().count() <= BESIDE_CHARS => {
                Some(text.trim_start_matches(['#', ' ']).to_owned())
            }
            _ => None,
        }
    }

    fn child(&mut self, frame: &FrameReading, item: &FrameItem, window: &FrameViewport, depth: usize) {
        let place = window.on_page(item.place);
        let [dx, dy, ..] = place;
        let seen = item.seen.and_then(|[left, top, right, bottom]| {
            let outer = window.seen?;
            let part = [
                left.saturating_add(window.dx).max(outer[0]),
                top.saturating_add(window.dy).max(outer[1]),
                right.saturating_add(window.dx).min(outer[2]),
                bottom.saturating_add(window.dy).min(outer[3]),
            ];
            (part[0] < part[2] && part[1] < part[3]).then_some(part)
        });
        if item.cover == (1 << 25) - 1 {
            return;
        }
        let child = frame.children.iter().find(|child| child.owner == item.id);
        let name = plain(&item.name, 80);
        let title = if name.is_empty() { "<iframe>".to_owned() } else { format!("<iframe> {name}") };
        let content = child.and_then(|child| child.content.as_ref());
        let is_pdf =
            content.map_or(item.pdf, |inner| inner.reading.items.is_empty() && (item.pdf || inner.reading.is_pdf));
        if is_pdf {
            // Others cannot be opened.
            let note = match item.src.starts_with("http") {
                true => {
                    format!("{title} {} (a PDF document; open its address to read it)", plain(&item.src, MAX_ADDRESS))
                }
                false => format!("{title} (a PDF document)"),
            };
            self.frame_note(place, seen.is_some(), note);
            return;
        }
        match content {
            Some(inner) if depth < MAX_DEPTH => {
                let header = self.header(title);
                self.stack.push(Scope::Under(header));
                self.frame(inner, &FrameViewport { dx, dy, seen, cover: item.cover }, depth + 1);
                self.stack.pop();
            }
            _ => {
                // An empty frame without URL is not worth a line.
                if matches!(item.src.as_str(), "" | "about:blank") {
                    return;
                }
                let source = plain(&item.src, 80);
                self.frame_note(place, seen.is_some(), format!("{title} {source} (its content could not be read)"));
            }
        }
    }

    /// One line in the place of a frame's content.
    fn frame_note(&mut self, place: Rect, is_seen: bool, note: String) {
        if let Some(distance) = self.distance(place, is_seen) {
            self.line(vec![Piece::Text(note)], place, distance);
        }
    }
}
