//! headful
