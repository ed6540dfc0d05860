//! A clipboard per run: Chromium shares one between all contexts.

use std::sync::{Mutex, MutexGuard, PoisonError};

use url::Origin;

#[derive(Default)]
pub(crate) struct Clipboard(Mutex<Option<Copied>>);

#[derive(Clone)]
pub(super) struct Copied {
    pub(super) text: String,
    /// The origin it was copied from.
    pub(super) origin: Origin,
}

impl Clipboard {
    pub(super) fn lock(&self) -> MutexGuard<'_, Option<Copied>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
