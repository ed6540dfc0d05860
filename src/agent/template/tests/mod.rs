//! Whole tasks on small hand-made sites, and the parser as a whole.
