//! Renders the selected lines as text, with notes about what is omitted.

use super::budget::{Fate, NOTE, choose, is_colour};
use super::flat_page::{Control, FlatPage, Line, Piece};
use super::flatten::flatten;
use super::frames::FrameReading;
use super::index::{IndexTable, LastReading};
use super::reading::{ElementItem, OffscreenSummary, Reading};
use super::words::{plain, tokens};
use crate::isolated_world::WorldId;
use agent::observation::{Element, PageView, Scroll};

/// Tokens reserved for the first and last line.
const EDGES: usize = 110;

/// The view of a page in about `budget` tokens (at least 200). Its indices resolve through `index`; elements that are
/// not shown get none.
pub fn compose(page: &FrameReading, index: &mut IndexTable, budget: usize) -> PageView {
    let is_new = |frame: WorldId, reading: &Reading, item: &ElementItem| is_new(index, frame, reading, item);
    let flat = flatten(page, &is_new);
    let room = budget.max(200) - EDGES;
    let fates = choose(&flat.lines, flat.groups, room);
    let mut view =
        Renderer { index, flat: &flat, text: String::new(), elements: Vec::new(), fingerprint: Fingerprint::new() };
    view.note_above(&page.reading);
    view.lines(&fates, room);
    view.note_below(&page.reading, &fates);
    let Renderer { text, elements, fingerprint: Fingerprint(fingerprint), .. } = view;
    remember(page, index);
    PageView { text, elements, scroll: scroll(&page.reading), fingerprint, wordless: wordless(page) }
}

/// An element is new if it was created since the frame was last read, within the part listed then; elements scrolled
/// into view are not.
fn is_new(index: &IndexTable, frame: WorldId, reading: &Reading, item: &ElementItem) -> bool {
    index.last_reading(frame).is_some_and(|last| {
        let middle = i64::from(item.place[1]) + i64::from(item.place[3]) / 2 + i64::from(reading.scroll[1]);
        item.id > last.newest && middle >= i64::from(last.range[0]) && middle <= i64::from(last.range[1])
    })
}

fn remember(frame: &FrameReading, index: &mut IndexTable) {
    let before = index.last_reading(frame.key).map(|last| last.newest);
    let newest = frame.reading.newest_id().max(before);
    let range = frame.reading.range.map(|edge| edge.saturating_add(frame.reading.scroll[1]));
    index.remember_reading(frame.key, LastReading { newest: newest.unwrap_or_default(), range });
    for inner in frame.inner() {
        remember(inner, index);
    }
}

/// Percent of the viewport.
fn wordless(page: &FrameReading) -> u8 {
    fn pixels(frame: &FrameReading) -> u64 {
        frame.inner().map(pixels).fold(u64::from(frame.reading.wordless), u64::saturating_add)
    }
    let viewport: u64 = page.reading.viewport.iter().map(|length| u64::try_from(*length).unwrap_or(0)).product();
    let percent = pixels(page).saturating_mul(100) / viewport.max(1);
    u8::try_from(percent.min(100)).unwrap_or(100)
}

fn scroll(reading: &Reading) -> Scroll {
    let pixels = |length: i64| u32::try_from(length.max(0)).unwrap_or(u32::MAX);
    let [_, y] = reading.scroll;
    let [_, viewport] = reading.viewport;
    Scroll {
        pixels_above: pixels(i64::from(y)),
        pixels_below: pixels(i64::from(reading.page[1]) - i64::from(viewport) - i64::from(y)),
        viewport_height: pixels(i64::from(viewport)),
    }
}

struct Renderer<'a> {
    index: &'a mut IndexTable,
    flat: &'a FlatPage,
    text: String,
    elements: Vec<Element>,
    fingerprint: Fingerprint,
}

impl Renderer<'_> {
    fn lines(&mut self, fates: &[Fate], room: usize) {
        let lines = self.flat.lines.iter().zip(fates);
        let shown = lines.clone().filter(|(_, fate)| **fate == Fate::Shown);
        let spent: usize = shown.map(|(line, _)| line.tokens).sum();
        let mut notes = room.saturating_sub(spent) / NOTE;
        let mut gap = Gap::default();
        for (line, fate) in lines {
            if *fate != Fate::Shown {
                gap.add(line, *fate);
                continue;
            }
            self.gap(std::mem::take(&mut gap), &mut notes, line.depth);
            self.line(line);
        }
        self.gap(gap, &mut notes, 0);
    }

    fn gap(&mut self, gap: Gap, notes: &mut usize, depth: usize) {
        let Some(note) = gap.note().filter(|_| *notes > 0) else { return };
        *notes -= 1;
        self.indent(depth);
        self.text.push_str(&note);
        self.text.push('\n');
    }

    fn indent(&mut self, depth: usize) {
        // Deeper indentation carries no information.
        for _ in 0..depth.min(8) {
            self.text.push('\t');
        }
    }

    fn line(&mut self, line: &Line) {
        self.indent(line.depth);
        for piece in &line.pieces {
            match piece {
                Piece::Text(text) => {
                    self.text.push_str(text);
                    self.fingerprint.add(text);
                }
                Piece::Control(control, text) => {
                    let control = &self.flat.controls[*control];
                    let index = self.show(control);
                    if control.is_new {
                        self.text.push('*');
                    }
                    self.text.push_str(&index);
                    self.text.push_str(text);
                    self.fingerprint.add(text);
                }
            }
        }
        self.text.push('\n');
        self.fingerprint.add("\n");
    }

    fn show(&mut self, control: &Control) -> String {
        let index = self.index.show(control.indexed.clone());
        self.elements.push(Element { index, ..control.element.clone() });
        index.to_string()
    }

    fn note_above(&mut self, reading: &Reading) {
        let above = scroll(reading).pixels_above;
        if let Some(note) = beyond(reading, above, "above", "up", &reading.above, self.flat.above) {
            self.text.push_str(&note);
            self.text.push('\n');
        }
    }

    fn note_below(&mut self, reading: &Reading, fates: &[Fate]) {
        let mut parts = Vec::new();
        let flat = self.flat;
        let left_out = |(line, fate): &(&Line, &Fate)| **fate != Fate::Shown && !line.is_header;
        let lines = flat.lines.iter().zip(fates).filter(left_out).count() + reading.cut as usize;
        if lines > 0 {
            parts.push(format!("{lines} lines left out, those nearest the viewport are shown: scroll to see them"));
        }
        if reading.beside > 0 {
            parts.push(format!("{} controls to the side", reading.beside));
        }
        let below = scroll(reading).pixels_below;
        match beyond(reading, below, "below", "down", &reading.below, flat.below) {
            Some(_)
                if below <= scroll(reading).viewport_height
                    && reading.below.controls.saturating_add(flat.below) == 0 =>
            {
                let screens = f64::from(below) / f64::from(reading.viewport[1].max(1));
                parts.push(format!("end of page, {screens:.1} screens below the viewport"));
            }
            Some(note) => parts.push(note.trim_start_matches("... ").to_owned()),
            None if reading.layered => {
                parts.push("a layer covers the page; what lies beneath is not listed".to_owned())
            }
            None => parts.push("end of page".to_owned()),
        }
        self.text.push_str("... ");
        self.text.push_str(&parts.join("; "));
    }
}

/// `... 2.1 screens below, about 140 controls, "Reviews", "Shipping": scroll down`.
fn beyond(
    reading: &Reading,
    pixels: u32,
    side: &str,
    direction: &str,
    beyond: &OffscreenSummary,
    more: u32,
) -> Option<String> {
    let controls = beyond.controls.saturating_add(more);
    // A few empty pixels are not worth scrolling.
    if reading.layered || (pixels < 8 && controls == 0) {
        return None;
    }
    let screens = f64::from(pixels) / f64::from(reading.viewport[1].max(1));
    let mut note = format!("... {screens:.1} screens {side}");
    if controls > 0 {
        note.push_str(&format!(", about {controls} more controls"));
    }
    for heading in beyond.headings.iter().take(6) {
        let heading = plain(heading, 40);
        if !heading.is_empty() && tokens(&note) + tokens(&heading) < EDGES / 2 - 8 {
            note.push_str(&format!(", \"{heading}\""));
        }
    }
    note.push_str(&format!(": scroll {direction}"));
    Some(note)
}

/// Consecutive omitted lines.
#[derive(Default)]
struct Gap {
    controls: usize,
    texts: usize,
    items: usize,
    /// Of them, those of a palette in the viewport, which no scrolling lists.
    colours: usize,
    last_item: Option<(usize, u32)>,
}

impl Gap {
    fn add(&mut self, line: &Line, fate: Fate) {
        if line.is_header {
            return;
        }
        if fate == Fate::Folded {
            if self.last_item != line.group {
                self.items += 1;
                self.colours += usize::from(line.distance == 0 && is_colour(line));
                self.last_item = line.group;
            }
            return;
        }
        let controls = line.pieces.iter().filter(|piece| matches!(piece, Piece::Control(..))).count();
        self.controls += controls;
        self.texts += usize::from(controls == 0);
    }

    fn note(&self) -> Option<String> {
        let note = match (self.items, self.controls, self.texts) {
            (0, 0, 0) => return None,
            (0, 0, texts) => format!("... {texts} lines of text left out"),
            (0, controls, _) => format!("... {controls} controls left out, scroll to see"),
            (items, 0, 0) if items == self.colours => format!("... {items} more like these, in view"),
            (items, 0, 0) => format!("... {items} more like these, scroll to see"),
            (items, controls, texts) => {
                format!("... {items} more like these and {} other lines, scroll to see", controls + texts)
            }
        };
        Some(note)
    }
}

/// FNV-1a: short and stable across processes.
struct Fingerprint(u64);

impl Fingerprint {
    fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    fn add(&mut self, text: &str) {
        for byte in text.bytes() {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}
