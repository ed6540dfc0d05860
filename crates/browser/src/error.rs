//! Maps DevTools errors to the agent's.

use agent::ports::BrowserError;
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
