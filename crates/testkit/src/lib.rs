//! What tests, examples and benchmarks of this workspace share.

pub mod corpus;
