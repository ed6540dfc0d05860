//! A run's name.

use std::fmt;

use uuid::Uuid;

/// Unique and sortable by the time of the run's start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RunId(Uuid);

impl RunId {
    pub(super) fn new() -> Self {
        Self(Uuid::now_v7())
    }

    /// None for what is not written as runs' ids are told.
    pub fn parse(raw: &str) -> Option<Self> {
        Uuid::parse_str(raw).ok().map(Self).filter(|id| id.to_string() == raw)
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}
