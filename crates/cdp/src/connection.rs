//! The socket to a browser: requests by id, replies and events by session.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use chromiumoxide_cdp::cdp::browser_protocol::target::CloseTargetParams;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::error::CdpError;
use super::events::{Event, EventReceiver};
use super::oversized::{OversizedMessage, Recipient};
use super::state::{Flooded, State, Waiter};

/// Maximum number of queued requests. Chromium reads as fast as we write; a full queue means it hangs.
const OUTGOING_QUEUE: usize = 4_096;
/// Maximum number of queued events per route. Readers never wait for replies, so a full queue means a page is flooding.
const EVENT_QUEUE: usize = 16_384;
/// Maximum message size; a longer one fails its request or its session. The largest we request, screenshots and page
/// views, are below 10 MB.
pub(super) const MAX_MESSAGE: usize = 64 << 20;
/// Maximum number of malformed messages. Each costs only its command or event; above the limit the connection closes.
pub(super) const MAX_UNREADABLE: usize = 100;
/// Buffer size kept between messages.
const READ_BUFFER: usize = 64 << 10;
/// Minimum free space for a read to be worth its system call.
const MIN_READ: usize = 8 << 10;

/// A handle to the socket. The socket closes on [`Connection::close`] or with the last handle.
#[derive(Clone)]
pub struct Connection {
    shared: Arc<Shared>,
    _close_on_drop: Arc<tokio_util::sync::DropGuard>,
}

struct Shared {
    outgoing: mpsc::Sender<Vec<u8>>,
    next_id: AtomicU64,
    state: Mutex<State>,
    closed: CancellationToken,
    command_timeout: Duration,
}

/// The JSON-RPC envelope with raw `result` and `params`.
#[derive(Deserialize)]
struct Envelope<'a> {
    id: Option<u64>,
    #[serde(borrow)]
    method: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "sessionId")]
    session_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    params: Option<&'a RawValue>,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
    error: Option<RpcError>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct RpcError {
    code: i64,
    message: String,
}

/// Chromium's error code for an unknown session.
const SESSION_NOT_FOUND: i64 = -32_001;

impl Connection {
    /// Takes over a socket with NUL-terminated messages, as `--remote-debugging-pipe` uses. The receiver gets the root
    /// session's events; other sessions' go where [`Connection::route`] sends them.
    pub fn open<S>(socket: S, command_timeout: Duration, tasks: &TaskTracker) -> (Self, EventReceiver)
    where
        S: AsyncRead + AsyncWrite + Send + 'static,
    {
        let (outgoing, queue) = mpsc::channel(OUTGOING_QUEUE);
        let (root, root_events) = mpsc::channel(EVENT_QUEUE);
        let closed = CancellationToken::new();
        let shared = Arc::new(Shared {
            outgoing,
            next_id: AtomicU64::new(1),
            state: Mutex::new(State::new(root)),
            closed: closed.clone(),
            command_timeout,
        });
        tasks.spawn(serve(socket, queue, Arc::downgrade(&shared), closed.clone()));
        let connection = Self { shared, _close_on_drop: Arc::new(closed.drop_guard()) };
        (connection, root_events)
    }

    /// A bounded event queue for [`Connection::route`].
    pub fn event_queue() -> (mpsc::Sender<Event>, EventReceiver) {
        mpsc::channel(EVENT_QUEUE)
    }

    /// Routes a session's events to a queue; until then they are dropped.
    pub fn route(&self, session: &str, events: mpsc::Sender<Event>) {
        let mut state = self.shared.lock();
        if !state.closed {
            state.routes.insert(Some(session.into()), events);
        }
    }

    /// Removes all routes to a queue.
    pub fn unroute(&self, events: &mpsc::Sender<Event>) {
        self.shared.lock().routes.retain(|_, queue| !queue.same_channel(events));
    }

    /// Fails the renderer commands of a session that a dialog blocks.
    pub fn fail_blocked(&self, session: &str) {
        self.shared
            .lock()
            .fail(&CdpError::DialogOpen, |waiter| !waiter.browser_side && waiter.session.as_deref() == Some(session));
    }

    /// Closes the socket; pending commands fail with [`CdpError::Closed`].
    pub fn close(&self) {
        self.shared.closed.cancel();
    }

    /// Resolves when either side has closed the socket.
    pub async fn closed(&self) {
        self.shared.closed.cancelled().await;
    }

    pub fn is_closed(&self) -> bool {
        self.shared.closed.is_cancelled()
    }

    pub fn command_timeout(&self) -> Duration {
        self.shared.command_timeout
    }

    /// Queues a message without waiting, so that consecutive commands are pipelined. The reply comes as long as the
    /// request is registered.
    pub(super) fn request(
        &self,
        session: Option<&Arc<str>>,
        method: &str,
        params: &impl serde::Serialize,
    ) -> Result<(Registered, oneshot::Receiver<Result<Bytes, CdpError>>), CdpError> {
        let id = self.shared.next_id.fetch_add(1, Ordering::Relaxed);
        let message = encode(id, session.map(AsRef::as_ref), method, params)?;
        let browser_side = is_browser_side(method);
        let (reply, receiver) = oneshot::channel();
        {
            let mut state = self.shared.lock();
            if state.closed {
                return Err(CdpError::Closed);
            }
            if !browser_side && let Some(reason) = session.and_then(|session| state.failed.get(session)) {
                return Err(reason.clone());
            }
            let waiter = Waiter { session: session.cloned(), browser_side, reply, method: method.to_owned() };
            state.waiting.insert(id, waiter);
        }
        let registered = Registered { connection: self.clone(), id };
        if self.shared.outgoing.try_send(message).is_err() {
            return Err(if self.is_closed() { CdpError::Closed } else { CdpError::Overloaded });
        }
        Ok((registered, receiver))
    }

    /// The number of pending replies and of routes.
    #[cfg(test)]
    pub(super) fn registered(&self) -> (usize, usize) {
        let state = self.shared.lock();
        (state.waiting.len(), state.routes.len())
    }
}

/// A request whose reply is waited for. Dropping it stops waiting.
pub(super) struct Registered {
    connection: Connection,
    id: u64,
}

impl Drop for Registered {
    fn drop(&mut self) {
        self.connection.shared.lock().waiting.remove(&self.id);
    }
}

/// Whether the browser process executes a command, so that it works with a crashed or blocked renderer.
fn is_browser_side(method: &str) -> bool {
    matches!(method, "Page.navigate" | "Page.handleJavaScriptDialog" | "Page.reload")
        || method.starts_with("Target.")
        || method.starts_with("Browser.")
        || method.starts_with("Fetch.")
}

fn encode(id: u64, session: Option<&str>, method: &str, params: &impl serde::Serialize) -> Result<Vec<u8>, CdpError> {
    #[derive(serde::Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Request<'a, P> {
        id: u64,
        method: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        session_id: Option<&'a str>,
        params: &'a P,
    }
    let mut message = serde_json::to_vec(&Request { id, method, session_id: session, params })
        .map_err(|error| CdpError::Decode { method: method.to_owned(), detail: error.to_string() })?;
    message.push(0);
    Ok(message)
}

/// Reads and writes until the socket ends or the connection is closed, then fails pending commands.
async fn serve<S>(
    socket: S,
    mut queue: mpsc::Receiver<Vec<u8>>,
    shared: std::sync::Weak<Shared>,
    closed: CancellationToken,
) where
    S: AsyncRead + AsyncWrite,
{
    let _closing = Closing { shared: shared.clone(), closed: closed.clone() };
    let (mut reader, mut writer) = tokio::io::split(socket);
    let write = async {
        while let Some(message) = queue.recv().await {
            if writer.write_all(&message).await.is_err() {
                break;
            }
        }
    };
    let read = async {
        let mut buffer = BytesMut::with_capacity(READ_BUFFER);
        let mut scanned = 0;
        let mut oversized: Option<OversizedMessage> = None;
        while let Ok(1..) = reader.read_buf(&mut buffer).await {
            while let Some(end) = memchr::memchr(0, &buffer[scanned..]) {
                let message = buffer.split_to(scanned + end).freeze();
                buffer.advance(1);
                scanned = 0;
                let Some(shared) = shared.upgrade() else { return };
                match oversized.take() {
                    // It may end in the read in which it exceeds the limit.
                    None if message.len() > MAX_MESSAGE => shared.receive_oversized(&OversizedMessage::new(&message)),
                    None => shared.receive(&message),
                    Some(mut oversized) => {
                        oversized.push(&message);
                        shared.receive_oversized(&oversized);
                    }
                }
                if closed.is_cancelled() {
                    return;
                }
            }
            scanned = buffer.len();
            if let Some(oversized) = &mut oversized {
                oversized.push(&buffer);
                buffer.clear();
                scanned = 0;
            } else if scanned > MAX_MESSAGE {
                oversized = Some(OversizedMessage::new(&buffer));
                buffer.clear();
                scanned = 0;
            }
            if scanned == 0 && buffer.capacity() > READ_BUFFER {
                // Release the space of a long message.
                buffer = BytesMut::with_capacity(READ_BUFFER);
            }
            if buffer.capacity() - scanned < MIN_READ {
                // At least double it, so that copying stays linear.
                buffer.reserve(scanned.max(READ_BUFFER));
            }
        }
    };
    tokio::select! {
        () = write => {}
        () = read => {}
        () = closed.cancelled() => {}
    }
}

/// Closes the connection when its task ends, even by a panic.
struct Closing {
    shared: std::sync::Weak<Shared>,
    closed: CancellationToken,
}

impl Drop for Closing {
    fn drop(&mut self) {
        self.closed.cancel();
        if let Some(shared) = self.shared.upgrade() {
            shared.lock().close();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // The critical sections only move values, so a poisoned lock is usable.
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Fails the pending command, or the session: a reader that misses an event has a wrong state. The root session's
    /// events concern everybody.
    fn receive_oversized(&self, message: &OversizedMessage) {
        let recipient = message.recipient();
        tracing::warn!(bytes = message.length(), ?recipient, "DevTools message too long");
        match recipient {
            Recipient::Request(id) => {
                let Some(Waiter { reply, method, .. }) = self.lock().waiting.remove(&id) else { return };
                // The receiver may be gone.
                let _ = reply.send(Err(CdpError::TooLong { method }));
            }
            Recipient::Session(session) => self.fail_session(&mut self.lock(), Some(session)),
            Recipient::Browser(shortened) => self.receive(&shortened.into()),
            Recipient::Nobody => {}
            Recipient::Unknown => self.closed.cancel(),
        }
    }

    /// Fails a session and closes its page: Chromium would keep writing what nobody reads, ahead of everything else.
    fn fail_session(&self, state: &mut State, session: Option<Arc<str>>) {
        if let Some(page) = session.as_ref().and_then(|session| state.page_of(session)) {
            let id = self.next_id.fetch_add(1, Ordering::Relaxed);
            let close = encode(id, None, CloseTargetParams::IDENTIFIER, &CloseTargetParams::new(page));
            if !close.is_ok_and(|close| self.outgoing.try_send(close).is_ok()) {
                tracing::warn!("the page of a failed session cannot be closed");
            }
        }
        state.fail_session(session);
    }

    fn receive(&self, message: &Bytes) {
        if message.is_empty() {
            return;
        }
        let envelope: Envelope<'_> = match serde_json::from_slice(message) {
            Ok(envelope) => envelope,
            Err(error) => {
                let unreadable = self.lock().unreadable();
                tracing::warn!(%error, unreadable, "DevTools message is not an envelope");
                if unreadable > MAX_UNREADABLE {
                    self.closed.cancel();
                }
                return;
            }
        };
        let part = |raw: Option<&RawValue>| match raw {
            Some(raw) => message.slice_ref(raw.get().as_bytes()),
            None => Bytes::from_static(b"{}"),
        };
        let mut state = self.lock();
        if let Some(id) = envelope.id {
            // The caller timed out or was dropped.
            let Some(waiter) = state.waiting.remove(&id) else { return };
            let reply = match envelope.error {
                None => Ok(part(envelope.result)),
                Some(error) if error.code == SESSION_NOT_FOUND => Err(CdpError::Detached),
                Some(error) => {
                    Err(CdpError::Refused { method: waiter.method, code: error.code, message: error.message })
                }
            };
            // The receiver may be gone.
            let _ = waiter.reply.send(reply);
        } else if let Some(method) = envelope.method {
            let session = envelope.session_id.map(|id| Arc::from(&*id));
            let event = Event { session, method: method.into_owned(), params: part(envelope.params) };
            if let Err(Flooded(session)) = state.dispatch(event) {
                self.fail_session(&mut state, session);
            }
            if !state.routes.contains_key(&None) {
                // Nobody reads the root session's events any more, which announce pages.
                self.closed.cancel();
            }
        }
    }
}
