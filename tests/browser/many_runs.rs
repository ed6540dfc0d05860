//! many_runs
