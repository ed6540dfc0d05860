//! Maps the indices of the last view to elements.

use std::collections::HashMap;
use std::sync::Arc;

use crate::isolated_world::{ElementRef, NodeId, PageDocuments, WorldId};
use crate::observe::{FrameReading, IndexBox, IndexTable, IndexedElement, Reading, compose};
use agent::locator::Locator;
use agent::observation::{Element, ElementIndex, PageView};

/// The indices of a run and the elements of its last view. Only shown elements can be acted on.
#[derive(Default)]
pub(crate) struct ElementMap {
    indices: IndexTable,
    elements: HashMap<ElementIndex, Element>,
    /// The elements that selectors stand for.
    selected: HashMap<String, ElementIndex>,
    /// The elements of the last search, which need not be in the view.
    found: HashMap<ElementIndex, Element>,
    documents: PageDocuments,
    /// The reading behind the view.
    page: Option<Arc<FrameReading>>,
    /// The last interstitial that was waited for.
    check: Option<WorldId>,
}

pub(crate) struct MappedElement {
    pub(crate) element: Element,
    pub(crate) place: ElementRef,
    /// Its signature when it was shown.
    pub(crate) signature: String,
}

/// An element found by selector.
pub(crate) struct FoundElement {
    pub(crate) place: ElementRef,
    /// Its document and those around it.
    pub(crate) documents: PageDocuments,
    /// Its index is assigned later.
    pub(crate) element: Element,
    pub(crate) signature: String,
}

impl ElementMap {
    /// Replaces the view.
    pub(crate) fn update(&mut self, page: Arc<FrameReading>, documents: PageDocuments, budget: usize) -> PageView {
        let view = compose(&page, &mut self.indices, budget);
        self.page = Some(page);
        self.elements = self.found.clone();
        self.elements.extend(view.elements.iter().map(|element| (element.index, element.clone())));
        self.selected.clear();
        self.documents = documents;
        view
    }

    /// The elements in the viewport with their boxes.
    pub(crate) fn index_boxes(&self) -> Vec<IndexBox> {
        let in_view = |index: &ElementIndex| Some(IndexBox(index.0, self.indices.resolve(*index)?.in_view?));
        let mut boxes: Vec<IndexBox> = self.elements.keys().filter_map(in_view).collect();
        boxes.sort_unstable_by_key(|index_box| index_box.0);
        boxes
    }

    /// Gives indices to what a search found, in front of its lines. They are valid until the next search.
    pub(crate) fn keep(&mut self, found: Vec<(usize, FoundElement)>, lines: &str) -> String {
        let mut lines: Vec<String> = lines.lines().map(str::to_owned).collect();
        self.found.clear();
        for (number, found) in found {
            let index = self.insert(found);
            if let Some(element) = self.elements.get(&index) {
                self.found.insert(index, element.clone());
            }
            if let Some(line) = lines.get_mut(number) {
                line.insert_str(0, &index.to_string());
            }
        }
        lines.join("\n")
    }

    /// Adds the element that a selector stands for, until the next view.
    pub(crate) fn add(&mut self, selector: &str, found: FoundElement) -> ElementIndex {
        let index = self.insert(found);
        self.selected.insert(selector.to_owned(), index);
        index
    }

    fn insert(&mut self, found: FoundElement) -> ElementIndex {
        let FoundElement { place, documents, mut element, signature } = found;
        element.index =
            self.indices.show(IndexedElement { frame: place.world, node: NodeId(place.id), signature, in_view: None });
        let index = element.index;
        self.elements.insert(index, element);
        // The page may have navigated since it was last read.
        for (world, located) in documents {
            self.documents.entry(world).or_insert(located);
        }
        index
    }

    /// Shows nothing: the page could not be read.
    pub(crate) fn clear(&mut self) {
        self.elements.clear();
        self.selected.clear();
        self.documents.clear();
        self.page = None;
    }

    /// Drops the indices of documents that are gone.
    pub(crate) fn retain(&mut self, is_alive: impl Fn(WorldId) -> bool) {
        self.indices.retain_frames(is_alive);
        self.found.retain(|index, _| self.indices.resolve(*index).is_some());
    }

    /// Whether an interstitial is worth waiting for: each is, once.
    pub(crate) fn waits_for(&mut self, check: WorldId) -> bool {
        self.check.replace(check) != Some(check)
    }

    pub(crate) fn get(&self, locator: &Locator) -> Option<MappedElement> {
        let index = match locator {
            Locator::Index(index) => *index,
            Locator::Selector(selector) => *self.selected.get(selector)?,
        };
        let element = self.elements.get(&index)?;
        let shown = self.indices.resolve(index)?;
        let document = self.documents.get(&shown.frame)?.document.clone();
        let place = ElementRef { document, world: shown.frame, id: shown.node.0 };
        Some(MappedElement { element: element.clone(), place, signature: shown.signature.clone() })
    }

    pub(crate) fn reading(&self, world: WorldId) -> Option<&Reading> {
        self.page.as_ref()?.find(world)
    }

    pub(crate) fn documents(&self) -> &PageDocuments {
        &self.documents
    }
}
