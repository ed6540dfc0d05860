//! Why a DevTools command did not succeed.

use std::time::Duration;

/// The outcome of a command that was not its result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CdpError {
    /// The browser answered with an error of its own.
    #[error("{method}: {message} ({code})")]
    Refused { method: String, code: i64, message: String },
    /// No answer within the deadline.
    #[error("{method}: no answer within {} s", limit.as_secs_f32())]
    TimedOut { method: String, limit: Duration },
    /// The renderer behind the session crashed.
    #[error("the target crashed")]
    TargetCrashed,
    /// A dialog that waits for an answer blocks the session.
    #[error("a dialog is open")]
    DialogOpen,
    /// The session's target is gone.
    #[error("the session is detached")]
    Detached,
    /// The socket is closed: the browser is gone.
    #[error("the connection is closed")]
    Closed,
    /// More is queued for the browser, or by it, than it or we take off.
    #[error("the connection is overloaded")]
    Overloaded,
    /// An answer that is longer than what is kept of one.
    #[error("{method}: the answer is too long")]
    TooLong { method: String },
    /// An answer that does not fit its type.
    #[error("{method}: the answer does not fit: {detail}")]
    Decode { method: String, detail: String },
}
