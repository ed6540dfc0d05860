//! Target discovery and auto-attach.

use chromiumoxide_cdp::cdp::browser_protocol::target::{
    FilterEntry, SetAutoAttachParams, SetDiscoverTargetsParams, TargetFilter,
};

/// Discovers pages only. Workers are not observed, and their titles, set by pages, have no length limit.
pub(crate) fn discover_pages() -> SetDiscoverTargetsParams {
    SetDiscoverTargetsParams { discover: true, filter: Some(pages()) }
}

/// Attaches the root session to new pages before they run.
pub(crate) fn attach_to_pages() -> SetAutoAttachParams {
    SetAutoAttachParams { filter: Some(pages()), ..attach_to_all_within() }
}

/// Attaches a page's or frame's session to its out-of-process frames and workers. Filtering dedicated workers out would
/// stop them: Chromium makes them wait for a debugger anyway.
pub(crate) fn attach_to_all_within() -> SetAutoAttachParams {
    SetAutoAttachParams { auto_attach: true, wait_for_debugger_on_start: true, flatten: Some(true), filter: None }
}

/// Targets without an entry are excluded.
fn pages() -> TargetFilter {
    TargetFilter::new([FilterEntry { exclude: None, r#type: Some("page".into()) }])
}
