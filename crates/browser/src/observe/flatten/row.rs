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
}
