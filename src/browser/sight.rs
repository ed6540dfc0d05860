//! What the agent was last shown, and the way from its indices back to the elements.

use std::collections::HashMap;

use super::act::Place;
use super::observe::{FrameKey, FrameReading, IndexTable, Shown, compose};
use super::world::Document;
use crate::agent::action::ElementIndex;
use crate::agent::observation::{Element, PageView};

/// A run's indices, and the elements of its last view. Only what that view shows can be acted on: stale elements are
/// never offered.
#[derive(Default)]
pub(crate) struct Sight {
    indices: IndexTable,
    elements: HashMap<ElementIndex, Element>,
    documents: HashMap<FrameKey, Document>,
}

impl Sight {
    /// Turns a reading into the view that is shown from now on.
    pub(crate) fn show(
        &mut self,
        page: &FrameReading,
        documents: HashMap<FrameKey, Document>,
        budget: usize,
    ) -> PageView {
        let view = compose(page, &mut self.indices, budget);
        self.elements = view.elements.iter().map(|element| (element.index, element.clone())).collect();
        self.documents = documents;
        view
    }

    /// Shows nothing: the page could not be read.
    pub(crate) fn clear(&mut self) {
        self.elements.clear();
        self.documents.clear();
    }

    /// Forgets the indices of documents that are gone.
    pub(crate) fn retain(&mut self, is_alive: impl Fn(FrameKey) -> bool) {
        self.indices.retain_frames(is_alive);
    }

    /// What an element was when it was shown, in the terms in which the eyes recognise it.
    pub(crate) fn shown(&self, index: ElementIndex) -> Option<&Shown> {
        self.indices.resolve(index).filter(|_| self.elements.contains_key(&index))
    }

    pub(crate) fn find(&self, index: ElementIndex) -> Option<(Element, Place)> {
        let element = self.elements.get(&index)?;
        let shown = self.indices.resolve(index)?;
        let document = self.documents.get(&shown.frame)?.clone();
        Some((element.clone(), Place { document, world: shown.frame, id: shown.node.0 }))
    }
}
