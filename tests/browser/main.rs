//! A real Chromium against sites that the tests serve: what an action does to a page, what a fault does to a run, and
//! that nothing is ever left. Tests assert what reached the page or its server, not what was called.
//!
//! `nightly` takes minutes and is left to `make nightly`; tests in modules named `privileged` need root with CAP_SYS_ADMIN.
#![expect(clippy::unwrap_used, reason = "helpers of a test may panic as the test itself")]

mod actions;
mod again;
mod blocked;
mod cases;
mod crashes;
mod devtools;
mod dialogs;
mod downloads;
mod egress;
mod faults;
mod frames;
mod headful;
mod helpers;
mod injection;
mod isolation;
mod keys;
mod limits;
mod marks;
mod navigation;
mod networks;
mod nightly;
mod observe;
mod pictures;
mod sandbox;
mod secrets;
mod service;
mod settling;
mod signals;
mod starts;
mod support;
mod system;
mod unwarded;
mod uploads;
mod vanishing;
mod warden;
mod wire;
