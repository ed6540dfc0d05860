//! Tests of the connection against a peer.

mod calls;
mod events;
mod failures;
mod framing;

use std::pin::Pin;
use std::time::Duration;

use chromiumoxide_cdp::cdp::browser_protocol::page::{HandleJavaScriptDialogParams, NavigateParams};
use chromiumoxide_cdp::cdp::js_protocol::runtime::EvaluateParams;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio_util::task::TaskTracker;

use super::events::SESSION_FAILED;
use super::{CdpError, Connection, Event, EventReceiver, KnownEvent, Session};

const LIMIT: Duration = Duration::from_secs(5);

/// The pending reply to any command.
type PendingReply = Pin<Box<dyn Future<Output = Result<Value, CdpError>>>>;

/// The browser's end of the socket.
struct Peer {
    socket: DuplexStream,
    unread: Vec<u8>,
}

/// A connection whose socket buffers `capacity` bytes.
fn connect_with(capacity: usize) -> (Connection, EventReceiver, Peer) {
    let (ours, theirs) = tokio::io::duplex(capacity);
    let (connection, events) = Connection::open(ours, LIMIT, &TaskTracker::new());
    (connection, events, Peer { socket: theirs, unread: Vec::new() })
}

fn connect() -> (Connection, EventReceiver, Peer) {
    connect_with(1 << 20)
}

impl Peer {
    /// The next command; none when the socket is closed.
    async fn command_or_end(&mut self) -> Option<Value> {
        loop {
            if let Some(end) = self.unread.iter().position(|byte| *byte == 0) {
                let message: Vec<u8> = self.unread.drain(..=end).collect();
                return Some(serde_json::from_slice(&message[..end]).expect("commands are JSON"));
            }
            if self.socket.read_buf(&mut self.unread).await.unwrap() == 0 {
                return None;
            }
        }
    }

    async fn command(&mut self) -> Value {
        self.command_or_end().await.expect("a command")
    }

    async fn send(&mut self, message: &Value) {
        self.send_raw(message.to_string().as_bytes()).await;
        self.send_raw(&[0]).await;
    }

    async fn send_raw(&mut self, bytes: &[u8]) {
        self.socket.write_all(bytes).await.unwrap();
    }

    /// Answers a command with a recognizable value.
    async fn answer(&mut self, command: &Value, value: impl Into<Value>) {
        self.send(&json!({"id": command["id"], "result": {"value": value.into()}})).await;
    }
}

/// Announces a page's session, or a frame's from its parent's session.
fn attached(by: Option<&str>, session: &str) -> Value {
    let info = json!({"targetId": format!("target of {session}"), "type": "page", "title": "", "url": ""});
    let mut event = json!({"method": "Target.attachedToTarget", "params": {"sessionId": session, "targetInfo": info}});
    if let Some(by) = by {
        event["sessionId"] = by.into();
    }
    event
}

/// A renderer command.
fn evaluate(session: &Session, expression: &str) -> PendingReply {
    Box::pin(session.call_as(EvaluateParams::new(expression), LIMIT))
}

/// A browser command.
fn navigate(session: &Session) -> PendingReply {
    Box::pin(session.call_as(NavigateParams::new("https://shop.example/"), LIMIT))
}

fn answer_dialog(session: &Session) -> PendingReply {
    Box::pin(session.call_as(HandleJavaScriptDialogParams::new(true), LIMIT))
}

fn parameters(event: &Event) -> Value {
    serde_json::from_slice(&event.params).unwrap()
}

/// Waits until everything sent before has been read.
async fn still_works(connection: &Connection, peer: &mut Peer) {
    let reply = evaluate(&connection.root(), "still");
    let command = loop {
        let command = peer.command().await;
        if command["params"]["expression"] == "still" {
            break command;
        }
    };
    peer.answer(&command, "works").await;
    assert_eq!(reply.await, Ok(json!({"value": "works"})));
}
