//! What the agent was last shown, and the way from its indices back to the elements.

use std::collections::HashMap;
use std::sync::Arc;

use crate::act::Place;
use crate::observe::frame_reader::Located;
use crate::observe::{FrameKey, FrameReading, IndexTable, LocalId, Reading, Shown, compose};
use crate::page::overlay::Label;
use agent::action::ElementIndex;
use agent::observation::{Element, PageView};

/// A run's indices, and the elements of its last view. Only what that view shows can be acted on: stale elements are
/// never offered.
#[derive(Default)]
pub(crate) struct Sight {
    indices: IndexTable,
    elements: HashMap<ElementIndex, Element>,
    documents: HashMap<FrameKey, Located>,
    /// What the view was made of.
    page: Option<Arc<FrameReading>>,
    /// The last check of the browser that was waited for.
    check: Option<FrameKey>,
}

/// An element that is shown.
pub(crate) struct Seen {
    pub(crate) element: Element,
    pub(crate) place: Place,
    /// What it was when it was shown, in the eyes' words.
    pub(crate) signature: String,
}

/// An element that was found without a view.
pub(crate) struct Found {
    pub(crate) place: Place,
    /// Its document and those around it.
    pub(crate) documents: Vec<(FrameKey, Located)>,
    /// Its index is yet to be given.
    pub(crate) element: Element,
    pub(crate) signature: String,
}

impl Sight {
    /// Turns a reading into the view that is shown from now on.
    pub(crate) fn show(
        &mut self,
        page: Arc<FrameReading>,
        documents: HashMap<FrameKey, Located>,
        budget: usize,
    ) -> PageView {
        let view = compose(&page, &mut self.indices, budget);
        self.page = Some(page);
        self.elements = view.elements.iter().map(|element| (element.index, element.clone())).collect();
        self.documents = documents;
        view
    }

    /// The elements in the viewport, by their indices, with their boxes in it.
    pub(crate) fn labels(&self) -> Vec<Label> {
        let in_view = |index: &ElementIndex| Some(Label(index.0, self.indices.resolve(*index)?.in_view?));
        let mut labels: Vec<Label> = self.elements.keys().filter_map(in_view).collect();
        labels.sort_unstable_by_key(|label| label.0);
        labels
    }

    /// Adds an element that was asked for by other means than its index, until the next view.
    pub(crate) fn admit(&mut self, found: Found) -> ElementIndex {
        let Found { place, documents, mut element, signature } = found;
        element.index = self.indices.show(Shown {
            frame: place.world,
            node: LocalId(place.id),
            tag: element.tag.clone(),
            role: element.role.clone(),
            name: element.name.clone(),
            signature,
            place: [0; 4],
            in_view: None,
        });
        let index = element.index;
        self.elements.insert(index, element);
        // The page may have gone on to another document since it was last read.
        for (world, located) in documents {
            self.documents.entry(world).or_insert(located);
        }
        index
    }

    /// Shows nothing: the page could not be read.
    pub(crate) fn clear(&mut self) {
        self.elements.clear();
        self.documents.clear();
        self.page = None;
    }

    /// Forgets the indices of documents that are gone.
    pub(crate) fn retain(&mut self, is_alive: impl Fn(FrameKey) -> bool) {
        self.indices.retain_frames(is_alive);
    }

    /// Whether a check is worth waiting for: each is, once.
    pub(crate) fn waits_for(&mut self, check: FrameKey) -> bool {
        self.check.replace(check) != Some(check)
    }

    pub(crate) fn find(&self, index: ElementIndex) -> Option<Seen> {
        let element = self.elements.get(&index)?;
        let shown = self.indices.resolve(index)?;
        let place = self.place(shown.frame, shown.node)?;
        Some(Seen { element: element.clone(), place, signature: shown.signature.clone() })
    }

    /// The reading of a document that the view was made of.
    pub(crate) fn reading(&self, world: FrameKey) -> Option<&Reading> {
        self.page.as_ref()?.find(world)
    }

    /// Where the frame of a document is in the one above it; none for a main document.
    pub(crate) fn owner(&self, world: FrameKey) -> Option<Place> {
        let (parent, owner) = self.documents.get(&world)?.owner?;
        self.place(parent, owner)
    }

    fn place(&self, world: FrameKey, node: LocalId) -> Option<Place> {
        let document = self.documents.get(&world)?.document.clone();
        Some(Place { document, world, id: node.0 })
    }
}
