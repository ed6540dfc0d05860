//! A real Chromium against sites that the tests serve: what an action does to a page, what a fault does to a run, and
//! that nothing is ever left. Tests assert what reached the page or its server, not what was called.
#![expect(clippy::unwrap_used, reason = "helpers of a test may panic as the test itself")]

mod actions;
mod again;
mod blocked;
mod cases;
mod dialogs;
mod downloads;
mod faults;
mod frames;
mod headful;
mod injection;
mod isolation;
mod many_runs;
mod marks;
mod navigation;
mod observe;
mod pictures;
mod secrets;
mod service;
mod settling;
mod support;

mod uploads;
mod warden;
