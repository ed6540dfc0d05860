//! Commands of a session.

use std::sync::Arc;
use std::time::Duration;

use chromiumoxide_types::Command;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

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

    /// Sends a command at once and returns its pending reply, with the connection's timeout. Dropping the reply ignores
    /// it; the command is sent.
    pub fn call<C: Command>(&self, command: C) -> impl Future<Output = Result<C::Response, CdpError>> + use<C> {
        self.call_within(command, self.connection.command_timeout())
    }

    /// Like [`Session::call`], with another timeout.
    pub fn call_within<C: Command>(
        &self,
        command: C,
        limit: Duration,
    ) -> impl Future<Output = Result<C::Response, CdpError>> + use<C> {
        self.call_as(command, limit)
    }

    /// Like [`Session::call_within`], with a reply type of our own.
    pub fn call_as<R: DeserializeOwned, C: Command>(
        &self,
        command: C,
        limit: Duration,
    ) -> impl Future<Output = Result<R, CdpError>> + use<R, C> {
        let method = command.identifier();
        // Sent, and with a deadline, before the reply is awaited.
        let sent = self.connection.request(self.id.as_ref(), &method, &command);
        let sent = sent.map(|(registered, reply)| (registered, timeout(limit, reply)));
        async move {
            let (_registered, reply) = sent?;
            let reply = match reply.await {
                Ok(Ok(reply)) => reply?,
                // Dropped unanswered: the connection is closed.
                Ok(Err(_)) => return Err(CdpError::Closed),
                Err(_elapsed) => return Err(CdpError::TimedOut { method: method.into_owned(), limit }),
            };
            serde_json::from_slice(&reply)
                .map_err(|error| CdpError::Decode { method: method.into_owned(), detail: error.to_string() })
        }
    }

    /// Sends a command without waiting for its reply.
    pub fn send<C: Command>(&self, command: C) {
        let method = command.identifier();
        if let Err(error) = self.connection.request(self.id.as_ref(), &method, &command) {
            tracing::debug!(%method, %error, "command not sent");
        }
    }
}
