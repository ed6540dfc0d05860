//! scroll
