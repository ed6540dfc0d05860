//! The frames below a tab's main frame: which there are, in whom, and in which session their documents are asked.

use std::collections::HashMap;
use std::sync::Arc;

use crate::isolated_world::Document;
use cdp::Session;

/// One tab's frames, as its events tell of them.
#[derive(Default)]
pub(crate) struct Frames {
    by_id: HashMap<Arc<str>, Frame>,
}

struct Frame {
    parent: Arc<str>,
    /// Of the process that holds its document: the parent's, or one of its own.
    session: Session,
}

/// Frames kept at most; a page that makes frames without end must not fill the memory. What is beyond is not read.
const MAX_FRAMES: usize = 1_000;

impl Frames {
    pub(crate) fn attached(&mut self, id: &str, parent: &str, session: Session) {
        if self.by_id.len() < MAX_FRAMES {
            self.by_id.insert(id.into(), Frame { parent: parent.into(), session });
        }
    }

    /// A frame's document is in another process from now on.
    pub(crate) fn moved(&mut self, id: &str, parent: Option<&str>, session: Session) {
        match (self.by_id.get_mut(id), parent) {
            (Some(frame), _) => frame.session = session,
            (None, Some(parent)) => self.attached(id, parent, session),
            (None, None) => {}
        }
    }

    /// A frame is gone, and with it the frames in it.
    pub(crate) fn detached(&mut self, id: &str) {
        let mut gone: Vec<Arc<str>> = vec![id.into()];
        while let Some(id) = gone.pop() {
            self.by_id.remove(&id);
            gone.extend(self.by_id.iter().filter(|(_, frame)| frame.parent == id).map(|(id, _)| id.clone()));
        }
    }

    /// The frames in a document that went away.
    pub(crate) fn emptied(&mut self, id: &str) {
        let inner: Vec<_> =
            self.by_id.iter().filter(|(_, frame)| *frame.parent == *id).map(|(inner, _)| inner.clone()).collect();
        for inner in inner {
            self.detached(&inner);
        }
    }

    pub(crate) fn clear(&mut self) {
        self.by_id.clear();
    }

    pub(crate) fn has(&self, frame: &str) -> bool {
        self.by_id.contains_key(frame)
    }

    /// Whether a session is one that a frame's document has to itself.
    pub(crate) fn has_session(&self, session: &str) -> bool {
        self.by_id.values().any(|frame| frame.session.id().is_some_and(|id| **id == *session))
    }

    /// The documents of the frames directly in a frame.
    pub(crate) fn of(&self, parent: &str) -> Vec<Document> {
        let of_parent = self.by_id.iter().filter(|(_, frame)| *frame.parent == *parent);
        of_parent.map(|(id, frame)| Document { session: frame.session.clone(), frame: id.clone() }).collect()
    }
}
