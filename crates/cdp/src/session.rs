//! Commands to one target.

use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use chromiumoxide_types::Command;
use serde::de::DeserializeOwned;
use tokio::sync::oneshot;
use tokio::time::Sleep;

use super::connection::Connection;
use super::error::CdpError;

/// A flat session: the browser itself, a page, or a frame with a process of its own.
#[derive(Clone)]
pub struct Session {
    connection: Connection,
    id: Option<Arc<str>>,
}

impl Session {
    pub(super) fn new(connection: Connection, id: Option<Arc<str>>) -> Self {
        Self { connection, id }
    }

    /// None for the browser's own session.
    pub fn id(&self) -> Option<&Arc<str>> {
        self.id.as_ref()
    }

    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Sends a command at once and returns its reply to wait for, under the connection's deadline.
    pub fn call<C: Command>(&self, command: C) -> PendingReply<C::Response> {
        self.call_within(command, self.connection.command_timeout())
    }

    /// As [`Session::call`], under a deadline of its own.
    pub fn call_within<C: Command>(&self, command: C, limit: Duration) -> PendingReply<C::Response> {
        self.request(&command.identifier(), &command, limit)
    }

    /// A command whose reply is read into a type of our own: for the large ones.
    pub fn call_as<R: DeserializeOwned, C: Command>(&self, command: C, limit: Duration) -> PendingReply<R> {
        self.request(&command.identifier(), &command, limit)
    }

    /// Sends a command whose outcome nobody needs. A failure shows in what comes after it.
    pub fn send<C: Command>(&self, command: C) {
        let method = command.identifier();
        match self.connection.request(self.id.as_ref(), &method, &command) {
            // The reply comes to nobody; it must not stay registered until the connection ends.
            Ok((id, _)) => self.connection.forget(id),
            Err(error) => tracing::debug!(%method, %error, "command not sent"),
        }
    }

    fn request<R>(&self, method: &str, params: &impl serde::Serialize, limit: Duration) -> PendingReply<R> {
        let sent = self.connection.request(self.id.as_ref(), method, params);
        PendingReply {
            state: match sent {
                Ok((id, reply)) => State::Waiting {
                    id,
                    reply,
                    // The end of the wait, not a pause: the reply ends it sooner.
                    deadline: Box::pin(tokio::time::sleep(limit)),
                    connection: self.connection.clone(),
                },
                Err(error) => State::Failed(error),
            },
            method: method.to_owned(),
            limit,
            result: PhantomData,
        }
    }
}

/// The reply to a command that is already on its way. Dropping it forgets the reply, not the command.
#[must_use = "use `Session::send` for a command whose reply nobody needs"]
pub struct PendingReply<R> {
    state: State,
    method: String,
    limit: Duration,
    result: PhantomData<fn() -> R>,
}

enum State {
    Waiting {
        id: u64,
        reply: oneshot::Receiver<Result<Bytes, CdpError>>,
        deadline: Pin<Box<Sleep>>,
        connection: Connection,
    },
    Failed(CdpError),
    Done,
}

impl<R: DeserializeOwned> Future for PendingReply<R> {
    type Output = Result<R, CdpError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let raw = match &mut this.state {
            State::Waiting { reply, deadline, .. } => match Pin::new(reply).poll(context) {
                Poll::Ready(Ok(raw)) => raw,
                // Dropped unanswered: the connection is gone.
                Poll::Ready(Err(_)) => Err(CdpError::Closed),
                Poll::Pending => {
                    ready!(deadline.as_mut().poll(context));
                    Err(CdpError::TimedOut { method: this.method.clone(), limit: this.limit })
                }
            },
            State::Failed(error) => Err(error.clone()),
            State::Done => panic!("polled after it was ready"),
        };
        this.finish();
        Poll::Ready(raw.and_then(|raw| {
            serde_json::from_slice(&raw)
                .map_err(|error| CdpError::Decode { method: this.method.clone(), detail: error.to_string() })
        }))
    }
}

impl<R> PendingReply<R> {
    fn finish(&mut self) {
        if let State::Waiting { id, connection, .. } = std::mem::replace(&mut self.state, State::Done) {
            connection.forget(id);
        }
    }
}

impl<R> Drop for PendingReply<R> {
    fn drop(&mut self) {
        self.finish();
    }
}
