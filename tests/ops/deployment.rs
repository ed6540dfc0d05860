//! Files that must agree with each other.
