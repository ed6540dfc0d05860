//! What pages, the browser and models write, as fuzz targets.

use super::act::keys;
use super::cdp;
use super::observe;
use crate::fuzzing::Target;

pub const TARGETS: &[Target] =
    &[("page_view", observe::fuzzing::page_view), ("keys", keys::fuzz), ("devtools_messages", cdp::fuzzing::messages)];
