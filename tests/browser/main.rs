//! A real Chromium against sites that the tests serve: effects of actions and faults, and
//! leftovers. Tests assert what reached the page or its server, not what was called.
//!
//! `nightly` takes minutes and is left to `make nightly`; tests in modules named `privileged` need root with CAP_SYS_ADMIN.
#![expect(clippy::unwrap_used, reason = "helpers of a test may panic as the test itself")]

mod actions;
mod blocked;
mod browser_starts;
mod cases;
mod chromium_processes;
mod crashes;
mod devtools;
mod dialogs;
mod downloads;
mod egress;
mod faults;
mod frames;
mod headful;
mod injection;
mod interruptions;
mod isolation;
mod kept_files;
mod keys;
mod killed_wardens;
mod limits;
mod navigation;
mod networks;
mod nightly;
mod observe;
mod sandbox;
mod screenshot_marks;
mod secret_traffic;
mod secrets;
mod service;
mod settling;
mod signals;
mod stale_elements;
mod storage;
mod support;
mod system;
mod trace;
mod uploads;
mod warden;
mod wordless_pictures;
