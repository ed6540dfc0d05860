//! click
