//! Commands of a session.

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

/// A flat session: the browser, a page, or an out-of-process frame.
#[derive(Clone)]
pub struct Session {
    connection: Connection,
    id: Option<Arc<str>>,
}

impl Connection {
    /// The browser's root session.
    pub fn root(&self) -> Session {
        Session { connection: self.clone(), id: None }
    }

    /// A handle to an announced session.
    pub fn session(&self, id: &str) -> Session {
        Session { connection: self.clone(), id: Some(id.into()) }
    }
}

impl Session {
    /// None for the root session.
    pub fn id(&self) -> Option<&Arc<str>> {
        self.id.as_ref()
    }

    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Sends a command at once and returns its pending reply, with the connection's timeout.
    pub fn call<C: Command>(&self, command: C) -> PendingReply<C::Response> {
        self.call_within(command, self.connection.command_timeout())
    }

    /// Like [`Session::call`], with another timeout.
    pub fn call_within<C: Command>(&self, command: C, limit: Duration) -> PendingReply<C::Response> {
        self.request(&command.identifier(), &command, limit)
    }

    /// Like [`Session::call`], with a reply type of our own.
    pub fn call_as<R: DeserializeOwned, C: Command>(&self, command: C, limit: Duration) -> PendingReply<R> {
        self.request(&command.identifier(), &command, limit)
    }

    /// Sends a command without waiting for its reply.
    pub fn send<C: Command>(&self, command: C) {
        let method = command.identifier();
        match self.connection.request(self.id.as_ref(), &method, &command) {
            // Nobody waits for the reply, so do not keep it registered.
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
                    // A timeout, not a pause.
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

/// The pending reply to a command. Dropping it ignores the reply; the command is sent.
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
                // Dropped unanswered: the connection is closed.
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
