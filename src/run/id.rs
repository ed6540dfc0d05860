//! Run ids.

use std::fmt;

use uuid::{NoContext, Timestamp, Uuid};

/// Unique and sortable by the millisecond of the run's start; the other 74 bits are random.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RunId(Uuid);

impl RunId {
    pub(crate) fn new() -> Self {
        // Not `now_v7`, which counts within a millisecond: one id would reveal most bits of the next one.
        Self(Uuid::new_v7(Timestamp::now(NoContext)))
    }

    /// None unless it is in the form that [`Display`](fmt::Display) writes.
    pub fn parse(raw: &str) -> Option<Self> {
        Uuid::parse_str(raw).ok().map(Self).filter(|id| id.to_string() == raw)
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn an_id_reveals_only_the_time_of_the_next() {
        // The first bits after the variant, where a count would stand.
        let middle = |id: RunId| (id.0.as_u128() >> 48) as u16 & 0x3fff;
        let seen: HashSet<u16> = (0..100).map(|_| middle(RunId::new())).collect();
        assert!(seen.len() > 90, "{}", seen.len());
        let raw = RunId::new().to_string();
        assert_eq!(RunId::parse(&raw).map(|id| id.to_string()), Some(raw));
    }
}
