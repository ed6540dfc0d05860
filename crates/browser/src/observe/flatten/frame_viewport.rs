//! Where a frame's document is visible.

use super::super::reading::Rect;

/// Where a frame's document is visible on the page.
pub(super) struct FrameViewport {
    pub(super) dx: i32,
    pub(super) dy: i32,
    /// The visible part in page coordinates: left, top, right, bottom.
    pub(super) seen: Option<[i32; 4]>,
    pub(super) cover: u32,
}

impl FrameViewport {
    /// A rectangle of the document in page coordinates.
    pub(super) fn on_page(&self, [x, y, width, height]: Rect) -> Rect {
        [x.saturating_add(self.dx), y.saturating_add(self.dy), width.max(0), height.max(0)]
    }

    pub(super) fn is_in_view(&self, [x, y, width, height]: Rect) -> bool {
        let Some([left, top, right, bottom]) = self.seen else { return false };
        x < right && y < bottom && x.saturating_add(width) > left && y.saturating_add(height) > top
    }

    /// The visible part of a rectangle of the document, in page coordinates.
    pub(super) fn part_in_view(&self, place: Rect) -> Option<Rect> {
        let [left, top, right, bottom] = self.seen?;
        let [x, y, width, height] = self.on_page(place);
        let (l, t) = (x.max(left), y.max(top));
        let (r, b) = (x.saturating_add(width).min(right), y.saturating_add(height).min(bottom));
        (l < r && t < b).then(|| [l, t, r - l, b - t])
    }

    /// Whether the owner's cover grid covers the middle of a rectangle.
    pub(super) fn is_covered(&self, [x, y, width, height]: Rect) -> bool {
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
