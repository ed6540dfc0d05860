//! Which of the browser's targets are heard of, and by whom.

use chromiumoxide_cdp::cdp::browser_protocol::target::{
    FilterEntry, SetAutoAttachParams, SetDiscoverTargetsParams, TargetFilter,
};

/// Has the browser itself tell of pages. Not of workers: nothing of them is read, and their titles are names that pages
/// give them, as long as they like, which would be everybody's to hear.
pub(crate) fn discover_pages() -> SetDiscoverTargetsParams {
    SetDiscoverTargetsParams { discover: true, filter: Some(pages()) }
}

/// Has the browser itself attach to pages as they begin, before anything of theirs runs.
pub(crate) fn attach_to_pages() -> SetAutoAttachParams {
    SetAutoAttachParams { filter: Some(pages()), ..attach_to_all_within() }
}

/// Has a page or frame attach to what begins in it: frames of other processes, and workers. To leave out dedicated workers
/// would be to stop them: Chromium holds them for a debugger all the same, which is not there to let them go.
pub(crate) fn attach_to_all_within() -> SetAutoAttachParams {
    SetAutoAttachParams { auto_attach: true, wait_for_debugger_on_start: true, flatten: Some(true), filter: None }
}

/// What no entry names is left out.
fn pages() -> TargetFilter {
    TargetFilter::new([FilterEntry { exclude: None, r#type: Some("page".into()) }])
}
