//! The frame tree of a tab, and the session of each frame.

use std::collections::HashMap;
use std::sync::Arc;

use crate::isolated_world::Document;
use cdp::Session;

#[derive(Default)]
pub(crate) struct Frames {
    by_id: HashMap<Arc<str>, Frame>,
}

struct Frame {
    parent: Arc<str>,
    /// Of the process that hosts its document.
    session: Session,
}

/// Maximum number of frames tracked; others are not read.
const MAX_FRAMES: usize = 1_000;

impl Frames {
    pub(crate) fn attached(&mut self, id: &str, parent: &str, session: Session) {
        if self.by_id.len() < MAX_FRAMES {
            self.by_id.insert(id.into(), Frame { parent: parent.into(), session });
        }
    }

    /// The frame's document moved to another process.
    pub(crate) fn moved(&mut self, id: &str, parent: Option<&str>, session: Session) {
        match (self.by_id.get_mut(id), parent) {
            (Some(frame), _) => frame.session = session,
            (None, Some(parent)) => self.attached(id, parent, session),
            (None, None) => {}
        }
    }

    /// Removes a frame and its descendants.
    pub(crate) fn detached(&mut self, id: &str) {
        self.by_id.remove(id);
        self.emptied(id);
    }

    /// Removes the descendants of a frame whose document was replaced.
    pub(crate) fn emptied(&mut self, id: &str) {
        for inner in self.of(id) {
            self.detached(&inner.frame);
        }
    }

    pub(crate) fn clear(&mut self) {
        self.by_id.clear();
    }

    pub(crate) fn has(&self, frame: &str) -> bool {
        self.by_id.contains_key(frame)
    }

    /// Whether a session belongs to an out-of-process frame.
    pub(crate) fn has_session(&self, session: &str) -> bool {
        self.by_id.values().any(|frame| frame.session.id().is_some_and(|id| **id == *session))
    }

    /// The frame that a frame is in, with the session in which its document is asked; no session for a tab's main frame.
    pub(crate) fn parent_of(&self, id: &str) -> Option<(Arc<str>, Option<Session>)> {
        let parent = &self.by_id.get(id)?.parent;
        Some((parent.clone(), self.by_id.get(parent).map(|frame| frame.session.clone())))
    }

    /// The documents of a frame's direct children.
    pub(crate) fn of(&self, parent: &str) -> Vec<Document> {
        let of_parent = self.by_id.iter().filter(|(_, frame)| *frame.parent == *parent);
        of_parent.map(|(id, frame)| Document { session: frame.session.clone(), frame: id.clone() }).collect()
    }
}
