//! Which URLs a run may reach.
