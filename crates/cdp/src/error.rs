//! Errors of DevTools commands.

use std::time::Duration;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CdpError {
    /// The browser returned an error.
    #[error("{method}: {message} ({code})")]
    Refused { method: String, code: i64, message: String },
    /// No reply within the timeout.
    #[error("{method}: no answer within {} s", limit.as_secs_f32())]
    TimedOut { method: String, limit: Duration },
    /// The session's renderer crashed.
    #[error("the target crashed")]
    TargetCrashed,
    /// An open dialog blocks the session.
    #[error("a dialog is open")]
    DialogOpen,
    /// The session's target is gone.
    #[error("the session is detached")]
    Detached,
    /// The socket is closed: the browser is gone.
    #[error("the connection is closed")]
    Closed,
    /// A queue, ours or the browser's, is full.
    #[error("the connection is overloaded")]
    Overloaded,
    /// The reply exceeds the message limit.
    #[error("{method}: the answer is too long")]
    TooLong { method: String },
    /// The reply does not match its type.
    #[error("{method}: the answer does not fit: {detail}")]
    Decode { method: String, detail: String },
}
