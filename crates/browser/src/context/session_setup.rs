//! Sets up the session of a page or frame.

use chromiumoxide_cdp::cdp::browser_protocol::emulation::{
    SetDeviceMetricsOverrideParams, SetFocusEmulationEnabledParams,
};
use chromiumoxide_cdp::cdp::browser_protocol::page::{
    self, SetInterceptFileChooserDialogParams, SetLifecycleEventsEnabledParams,
};
use chromiumoxide_cdp::cdp::browser_protocol::{fetch, inspector, network};

use super::prompts;
use crate::process::targets;
use cdp::Session;

/// The viewport in CSS pixels. The window alone would be 143 pixels shorter.
pub(crate) const VIEWPORT: (i64, i64) = (1280, 900);

pub(super) fn set_up_page(session: &Session) {
    session.send(SetDeviceMetricsOverrideParams::new(VIEWPORT.0, VIEWPORT.1, 1.0, false));
    // Otherwise background tabs stop animation frames and screenshots.
    session.send(SetFocusEmulationEnabledParams::new(true));
    session.send(inspector::EnableParams::default());
    set_up_frame(session);
}

pub(super) fn set_up_frame(session: &Session) {
    session.send(page::EnableParams::default());
    session.send(SetLifecycleEventsEnabledParams::new(true));
    // Nobody could close a chooser's window.
    session.send(SetInterceptFileChooserDialogParams::new(true));
    session.send(network::EnableParams::default());
    // Including requests for a login, which would open a prompt.
    session.send(fetch::EnableParams::builder().handle_auth_requests(true).build());
    prompts::guard(session);
    session.send(targets::attach_to_all_within());
}
