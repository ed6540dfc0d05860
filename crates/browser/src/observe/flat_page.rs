//! The lines of a page, before some are selected.

use super::index::IndexedElement;
use super::reading::Rect;
use agent::observation::Element;

#[derive(Debug)]
pub(super) struct Line {
    pub(super) pieces: Vec<Piece>,
    pub(super) depth: usize,
    /// The line it is indented under and shown with.
    pub(super) parent: Option<usize>,
    /// Its list and list item.
    pub(super) group: Option<(usize, u32)>,
    /// Pixels from the viewport; 0 inside.
    pub(super) distance: u32,
    /// A header is shown only with a line under it.
    pub(super) is_header: bool,
    pub(super) tokens: usize,
    pub(super) place: Rect,
    pub(super) mergeable: bool,
}

#[derive(Debug)]
pub(super) enum Piece {
    Text(String),
    /// An index of [`FlatPage::controls`], and the text after the element's index.
    Control(usize, String),
}

#[derive(Debug)]
pub(super) struct Control {
    pub(super) indexed: IndexedElement,
    /// Without its index, which it gets when it is shown.
    pub(super) element: Element,
    pub(super) is_new: bool,
}

#[derive(Debug, Default)]
pub(super) struct FlatPage {
    pub(super) lines: Vec<Line>,
    pub(super) controls: Vec<Control>,
    /// Number of lists.
    pub(super) groups: usize,
    /// Controls of frames that are more than a screen away.
    pub(super) above: u32,
    pub(super) below: u32,
}
