//! Texts that were read off a page and are too long for a prompt.

pub(crate) mod parts;
pub(crate) mod query;
