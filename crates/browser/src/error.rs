//! Maps DevTools errors to the agent's.

use crate::isolated_world::ScriptError;
use agent::ports::{ActionError, BrowserError};
use cdp::CdpError;

pub(crate) fn browser_error(error: CdpError) -> BrowserError {
    match error {
        CdpError::TimedOut { limit, .. } => BrowserError::Unresponsive { limit },
        CdpError::TargetCrashed => BrowserError::PageCrashed,
        CdpError::Closed => BrowserError::Lost,
        CdpError::Refused { .. }
        | CdpError::DialogOpen
        | CdpError::Detached
        | CdpError::Overloaded
        | CdpError::TooLong { .. }
        | CdpError::Decode { .. } => BrowserError::Protocol { cause: error.to_string() },
    }
}

impl From<ScriptError> for BrowserError {
    fn from(error: ScriptError) -> Self {
        match error {
            ScriptError::Cdp(error) => browser_error(error),
            ScriptError::Threw(cause) => Self::Protocol { cause },
        }
    }
}

impl From<ScriptError> for ActionError {
    fn from(error: ScriptError) -> Self {
        Self::Browser(error.into())
    }
}
