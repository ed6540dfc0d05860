//! Table rows as single lines.

use super::super::flat_page::Piece;
use super::super::frames::FrameReading;
use super::super::line::PageUrl;
use super::super::reading::{Item, Rect};
use super::super::words::plain;
use super::frame_viewport::FrameViewport;
use super::{Flattener, TEXT};

/// Above these, a table row is not shown as one line.
const ROW_ELEMENTS: usize = 16;
const ROW_CHARS: usize = 500;

impl Flattener<'_> {
    /// A row as one line, with cells separated by ` | `; none if it is too large. Returns the number of items consumed.
    pub(super) fn row(
        &mut self,
        frame: &FrameReading,
        items: &[Item],
        window: &FrameViewport,
        url: &PageUrl,
    ) -> Option<usize> {
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
        let mut pieces: Vec<Piece> = Vec::new();
        let mut nearest: Option<(Rect, u32)> = None;
        // Cells begun since the last piece, but for the row's first.
        let mut new_cells = 0;
        let mut has_begun = false;
        for item in &items[..end] {
            let (piece, (place, distance)) = match item {
                Item::Cell => {
                    new_cells += usize::from(has_begun);
                    has_begun = true;
                    continue;
                }
                Item::Text(text) => {
                    let Some((place, Some(distance))) = self.locate(text.place(), text.seen, window) else { continue };
                    (Piece::Text(plain(&text.text, TEXT)), (place, distance))
                }
                Item::Element(item) => {
                    let Some(offered) = self.offered(frame.key, item, window) else { continue };
                    (self.control(frame, item, window, url), offered)
                }
                _ => continue,
            };
            has_begun = true;
            if new_cells == 0 && !pieces.is_empty() {
                pieces.push(Piece::Text(" ".to_owned()));
            }
            for _ in 0..std::mem::take(&mut new_cells) {
                pieces.push(Piece::Text(" | ".to_owned()));
            }
            pieces.push(piece);
            if nearest.is_none_or(|(_, nearest)| distance < nearest) {
                nearest = Some((place, distance));
            }
        }
        if let Some((place, distance)) = nearest {
            self.line(pieces, place, distance);
        }
        Some(end + 1)
    }
}
