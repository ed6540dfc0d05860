//! From the readings of all frames to one list of lines in reading order, each with its place on the page.

use std::collections::HashSet;

use super::frames::{ChildContent, FrameReading, WorldId};
use super::line::{PageUrl, element, element_line, signature};
use super::reading::{ElementItem, FrameItem, Item, NodeId, Reading, Rect, TextItem};
use super::words::{plain, tokens};
use agent::observation::Element;

const TEXT: usize = 4000;
/// Frames in frames are read this deep.
const DEPTH: usize = 5;
/// A row of a table is one line when it is no more than this.
const ROW_ELEMENTS: usize = 16;
const ROW_CHARS: usize = 500;
/// Short texts side by side belong together.
const BESIDE_CHARS: usize = 80;

/// One line of the view to be.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) pieces: Vec<Piece>,
    pub(super) depth: usize,
    /// The line it stands under, which must be shown with it.
    pub(super) parent: Option<usize>,
    /// Its list and which of the list's items it belongs to.
    pub(super) group: Option<(usize, u32)>,
    /// In pixels from the viewport; 0 in it.
    pub(super) distance: u32,
    /// A header, worth nothing without a line under it.
    pub(super) is_header: bool,
    pub(super) tokens: usize,
    place: Rect,
    mergeable: bool,
}

#[derive(Debug)]
pub(super) enum Piece {
    Text(String),
    /// An element of [`FlatPage::controls`] and what stands after its index.
    Control(usize, String),
}

/// An element that could be shown.
#[derive(Debug)]
pub(super) struct Control {
    pub(super) frame: WorldId,
    pub(super) node: NodeId,
    pub(super) element: Element,
    pub(super) signature: String,
    /// In its document, from the document's origin.
    pub(super) place: Rect,
    /// In the page's viewport.
    pub(super) in_view: Option<Rect>,
    pub(super) is_new: bool,
}

#[derive(Debug, Default)]
pub(super) struct FlatPage {
    pub(super) lines: Vec<Line>,
    pub(super) controls: Vec<Control>,
    /// How many lists there are.
    pub(super) groups: usize,
    /// Controls of frames that lie further than a screen from the viewport.
    pub(super) above: u32,
    pub(super) below: u32,
}

/// What was known of a frame before, as far as newness is concerned.
pub(super) type IsNew<'a> = dyn Fn(WorldId, &Reading, &ElementItem) -> bool + 'a;

pub(super) fn flatten(page: &FrameReading, is_new: &IsNew<'_>) -> FlatPage {
    let viewport = page.reading.viewport.map(|side| side.max(1));
    let mut flattener =
        Flattener { flat: FlatPage::default(), is_new, viewport, stack: Vec::new(), met: HashSet::new() };
    flattener.frame(page, &FrameViewport { dx: 0, dy: 0, seen: Some([0, 0, viewport[0], viewport[1]]), cover: 0 }, 0);
    flattener.flat
}

/// Where a frame's document shows on the page.
struct FrameViewport {
    dx: i32,
    dy: i32,
    /// Its visible part in page coordinates: left, top, right, bottom.
    seen: Option<[i32; 4]>,
    cover: u32,
}

impl FrameViewport {
    fn is_in_view(&self, [x, y, width, height]: Rect) -> bool {
        let Some([left, top, right, bottom]) = self.seen else { return false };
        x < right && y < bottom && x.saturating_add(width) > left && y.saturating_add(height) > top
    }

    /// What is in view of a place in the document, on the page.
    fn part_in_view(&self, [x, y, width, height]: Rect) -> Option<Rect> {
        let [left, top, right, bottom] = self.seen?;
        let (x, y) = (x.saturating_add(self.dx), y.saturating_add(self.dy));
        let (l, t) = (x.max(left), y.max(top));
        let (r, b) = (x.saturating_add(width).min(right), y.saturating_add(height).min(bottom));
        (l < r && t < b).then(|| [l, t, r - l, b - t])
    }

    /// Whether the owner's grid of covered cells has the middle of a place covered.
    fn is_covered(&self, [x, y, width, height]: Rect) -> bool {
        let Some([left, top, right, bottom]) = self.seen.filter(|_| self.cover != 0) else { return false };
        let cell = |at: i64, from: i32, to: i32| {
            let span = (i64::from(to) - i64::from(from)).max(1);
            ((at - i64::from(from)) * 5 / span).clamp(0, 4)
        };
        let column = cell(i64::from(x) + i64::from(width) / 2, left, right);
        let row = cell(i64::from(y) + i64::from(height) / 2, top, bottom);
        self.cover >> (row * 5 + column) & 1 == 1
    }
}

/// A structure that is open.
enum Scope {
    /// Its lines stand under this line.
    Under(usize),
    /// One level deeper, without a line of its own.
    Deeper,
    /// A list and its current item.
    List(usize, u32),
    /// Without effect on its content.
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
                    // An unbalanced reading cannot close what another frame has opened.
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
        // The line break, and for each index its brackets, digits and possibly a star.
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

    /// How far a place is from the viewport, none when it is too far to be listed.
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

    fn text(&mut self, item: &TextItem, window: &FrameViewport) {
        let place =
            [item.x.saturating_add(window.dx), item.y.saturating_add(window.dy), item.width.max(0), item.height.max(0)];
        let in_view = item.seen == 1 && window.is_in_view(place);
        if in_view && window.is_covered(place) {
            return;
        }
        let Some(distance) = self.distance(place, in_view) else { return };
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

    /// Puts a short text behind the one to its left.
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
        let [x, y, width, height] = item.place;
        let [scroll_x, scroll_y] = frame.reading.scroll;
        self.flat.controls.push(Control {
            frame: frame.key,
            node: item.id,
            element: element(item),
            signature: signature(item),
            place: [x.saturating_add(scroll_x), y.saturating_add(scroll_y), width, height],
            in_view: if item.seen == 1 { window.part_in_view(item.place) } else { None },
            is_new: (self.is_new)(frame.key, &frame.reading, item),
        });
        let focused = frame.reading.focus == Some(item.id);
        Piece::Control(self.flat.controls.len() - 1, element_line(item, url, focused))
    }

    /// None when the element cannot be used.
    fn offered(&mut self, frame: WorldId, item: &ElementItem, window: &FrameViewport) -> Option<(Rect, u32)> {
        let [x, y, width, height] = item.place;
        let place = [x.saturating_add(window.dx), y.saturating_add(window.dy), width.max(0), height.max(0)];
        let in_view = item.seen == 1 && window.is_in_view(place);
        if item.id.0 == 0 || item.covered || (in_view && window.is_covered(place)) {
            return None;
        }
        let distance = self.distance(place, in_view);
        if distance.is_none() {
            let side = if place[1] < 0 { &mut self.flat.above } else { &mut self.flat.below };
            *side += 1;
        }
        // An element has one line, whatever a reading says.
        (distance.is_some() && self.met.insert((frame, item.id))).then_some((place, distance?))
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

    /// For a field that nobody has named: the text right before it, which is what a person takes for its label.
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

    /// A row as one line, cells parted by ` | `; none when it holds too much for that. Answers how many items it took.
    fn row(&mut self, frame: &FrameReading, items: &[Item], window: &FrameViewport, url: &PageUrl) -> Option<usize> {
        let mut elements = 0;
        let mut chars = 0;
        let end = items.iter().position(|item| match item {
            Item::Close => true,
            Item::Text(text) => {
                chars += text.text.len();
                false
            }
            Item::Element(element) => {
                elements += if element.open { ROW_ELEMENTS + 1 } else { 1 };
                chars += element.name.len();
                false
            }
            Item::Open(..) | Item::Frame(_) => {
                elements = ROW_ELEMENTS + 1;
                false
            }
            Item::Next | Item::Cell => false,
        })?;
        if elements > ROW_ELEMENTS || chars > ROW_CHARS {
            return None;
        }
        let mut cells: Vec<Vec<Piece>> = Vec::new();
        let mut nearest: Option<(Rect, u32)> = None;
        for item in &items[..end] {
            let (piece, place) = match item {
                Item::Cell => {
                    cells.push(Vec::new());
                    continue;
                }
                Item::Text(text) => {
                    let place =
                        [text.x.saturating_add(window.dx), text.y.saturating_add(window.dy), text.width, text.height];
                    let in_view = text.seen == 1 && window.is_in_view(place);
                    let Some(distance) =
                        self.distance(place, in_view).filter(|_| !(in_view && window.is_covered(place)))
                    else {
                        continue;
                    };
                    (Piece::Text(plain(&text.text, TEXT)), (place, distance))
                }
                Item::Element(item) => {
                    let Some(place) = self.offered(frame.key, item, window) else { continue };
                    (self.control(frame, item, window, url), place)
                }
                _ => continue,
            };
            if cells.is_empty() {
                cells.push(Vec::new());
            }
            if let Some(cell) = cells.last_mut() {
                cell.push(piece);
            }
            if nearest.is_none_or(|(_, distance)| place.1 < distance) {
                nearest = Some(place);
            }
        }
        while cells.last().is_some_and(Vec::is_empty) {
            cells.pop();
        }
        if let Some((place, distance)) = nearest {
            let mut pieces = Vec::new();
            for (n, cell) in cells.into_iter().enumerate() {
                if n > 0 {
                    pieces.push(Piece::Text(" | ".to_owned()));
                }
                for (m, piece) in cell.into_iter().enumerate() {
                    if m > 0 {
                        pieces.push(Piece::Text(" ".to_owned()));
                    }
                    pieces.push(piece);
                }
            }
            self.line(pieces, place, distance);
        }
        Some(end + 1)
    }

    fn child(&mut self, frame: &FrameReading, item: &FrameItem, window: &FrameViewport, depth: usize) {
        let [x, y, width, height] = item.place;
        let (dx, dy) = (x.saturating_add(window.dx), y.saturating_add(window.dy));
        let place = [dx, dy, width.max(0), height.max(0)];
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
        match child.map(|child| &child.content) {
            Some(ChildContent::Read(inner)) if depth < DEPTH => {
                let header = self.header(title);
                self.stack.push(Scope::Under(header));
                self.frame(inner, &FrameViewport { dx, dy, seen, cover: item.cover }, depth + 1);
                self.stack.pop();
            }
            _ => {
                // An empty frame of no address is nobody's loss.
                if matches!(item.src.as_str(), "" | "about:blank") {
                    return;
                }
                if let Some(distance) = self.distance(place, seen.is_some()) {
                    let source = plain(&item.src, 80);
                    self.line(
                        vec![Piece::Text(format!("{title} {source} (its content could not be read)"))],
                        place,
                        distance,
                    );
                }
            }
        }
    }
}
