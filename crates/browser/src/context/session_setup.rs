//! What a session is told when it begins.

use chromiumoxide_cdp::cdp::browser_protocol::emulation::{
    SetDeviceMetricsOverrideParams, SetFocusEmulationEnabledParams,
};
use chromiumoxide_cdp::cdp::browser_protocol::page::{
    self, SetInterceptFileChooserDialogParams, SetLifecycleEventsEnabledParams,
};
use chromiumoxide_cdp::cdp::browser_protocol::{fetch, inspector, network};

use super::VIEWPORT;
use crate::process::targets;
use cdp::Session;

pub(super) fn set_up_page(session: &Session) {
    session.send(SetDeviceMetricsOverrideParams::new(VIEWPORT.0, VIEWPORT.1, 1.0, false));
    // Pages in tabs that are not in front would stop their animation frames and give no screenshots.
    session.send(SetFocusEmulationEnabledParams::new(true));
    session.send(inspector::EnableParams::default());
    set_up_frame(session);
}

pub(super) fn set_up_frame(session: &Session) {
    session.send(page::EnableParams::default());
    session.send(SetLifecycleEventsEnabledParams::new(true));
    // A chooser's window could be closed by nobody.
    session.send(SetInterceptFileChooserDialogParams::new(true));
    session.send(network::EnableParams::default());
    session.send(fetch::EnableParams::default());
    session.send(targets::attach_to_all_within());
}
