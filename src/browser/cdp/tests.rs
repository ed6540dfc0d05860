//! The connection against a scripted socket: the test plays the browser.

use std::time::Duration;

use chromiumoxide_cdp::cdp::browser_protocol::page::{HandleJavaScriptDialogParams, NavigateParams};
use chromiumoxide_cdp::cdp::browser_protocol::target::CloseTargetParams;
use chromiumoxide_cdp::cdp::js_protocol::runtime::{EvaluateParams, TerminateExecutionParams};
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio_util::task::TaskTracker;

use super::{CdpError, Connection, EventReceiver, Session};

const LIMIT: Duration = Duration::from_secs(5);

/// The browser's end of the socket.
struct Browser {
    socket: DuplexStream,
    read: Vec<u8>,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Answer {
    answer: u32,
}

fn connect() -> (Connection, EventReceiver, Browser) {
    let (ours, theirs) = tokio::io::duplex(1 << 20);
    let (connection, events) = Connection::open(ours, LIMIT, &TaskTracker::new());
    (connection, events, Browser { socket: theirs, read: Vec::new() })
}

impl Browser {
    /// The next request.
    async fn asked(&mut self) -> Value {
        loop {
            if let Some(end) = self.read.iter().position(|byte| *byte == 0) {
                let message: Vec<u8> = self.read.drain(..=end).collect();
                return serde_json::from_slice(&message[..end]).unwrap();
            }
            assert_ne!(self.socket.read_buf(&mut self.read).await.unwrap(), 0, "the connection hung up");
        }
    }

    async fn says(&mut self, message: impl ToString) {
        self.socket.write_all(message.to_string().as_bytes()).await.unwrap();
        self.socket.write_all(&[0]).await.unwrap();
    }

    async fn replies(&mut self, request: &Value, answer: u32) {
        self.says(json!({ "id": request["id"], "result": { "answer": answer } })).await;
    }
}

fn ask(session: &Session) -> super::session::Pending<Answer> {
    session.call_as(EvaluateParams::new("1"), LIMIT)
}

#[tokio::test]
async fn replies_go_to_their_callers_whatever_their_order() {
    let (connection, _events, mut browser) = connect();
    let session = connection.session("S");
    // Both are on their way before the first is waited for.
    let (first, second) = (ask(&session), ask(&session));
    let (one, two) = (browser.asked().await, browser.asked().await);
    assert_eq!((&one["method"], &one["sessionId"]), (&json!("Runtime.evaluate"), &json!("S")));
    browser.replies(&two, 2).await;
    browser.replies(&one, 1).await;
    assert_eq!(first.await, Ok(Answer { answer: 1 }));
    assert_eq!(second.await, Ok(Answer { answer: 2 }));
    assert_eq!(connection.waiting(), 0);
}

#[tokio::test]
async fn a_refusal_carries_what_the_browser_said() {
    let (connection, _events, mut browser) = connect();
    let pending = ask(&connection.root());
    let id = browser.asked().await["id"].clone();
    browser.says(json!({ "id": id, "error": { "code": -32000, "message": "no" } })).await;
    let refused = CdpError::Refused { method: "Runtime.evaluate".into(), code: -32000, message: "no".into() };
    assert_eq!(pending.await, Err(refused));
}

#[tokio::test]
async fn an_answer_of_another_shape_is_an_error_of_its_own() {
    let (connection, _events, mut browser) = connect();
    let pending = ask(&connection.root());
    let id = browser.asked().await["id"].clone();
    browser.says(json!({ "id": id, "result": { "answer": "many" } })).await;
    assert!(matches!(pending.await, Err(CdpError::Decode { .. })));
}

#[tokio::test(start_paused = true)]
async fn silence_ends_at_the_deadline_and_a_late_reply_reaches_nobody() {
    let (connection, _events, mut browser) = connect();
    let started = tokio::time::Instant::now();
    let pending = ask(&connection.root());
    let request = browser.asked().await;
    assert_eq!(pending.await, Err(CdpError::TimedOut { method: "Runtime.evaluate".into(), limit: LIMIT }));
    assert_eq!(started.elapsed().as_secs(), LIMIT.as_secs());
    assert_eq!(connection.waiting(), 0);
    browser.replies(&request, 1).await;
    let next = ask(&connection.root());
    let request = browser.asked().await;
    browser.replies(&request, 2).await;
    assert_eq!(next.await, Ok(Answer { answer: 2 }));
}

#[tokio::test]
async fn what_nobody_waits_for_is_sent_and_forgotten() {
    let (connection, _events, mut browser) = connect();
    connection.root().tell(TerminateExecutionParams::default());
    drop(ask(&connection.root()));
    assert_eq!(connection.waiting(), 0);
    assert_eq!(browser.asked().await["method"], "Runtime.terminateExecution");
    assert_eq!(browser.asked().await["method"], "Runtime.evaluate");
}

#[tokio::test]
async fn a_crash_fails_what_waits_for_its_session_and_no_other() {
    let (connection, _events, mut browser) = connect();
    let (crashing, other) = (connection.session("A"), connection.session("B"));
    let (lost, kept, navigating) =
        (ask(&crashing), ask(&other), crashing.call_as::<Answer, _>(NavigateParams::new("http://a.example/"), LIMIT));
    let (_, kept_request, navigate) = (browser.asked().await, browser.asked().await, browser.asked().await);
    browser.says(json!({ "method": "Inspector.targetCrashed", "params": {}, "sessionId": "A" })).await;
    assert_eq!(lost.await, Err(CdpError::TargetCrashed));
    // Nothing that the renderer would have to answer is even asked; what the browser answers itself still is.
    assert_eq!(ask(&crashing).await, Err(CdpError::TargetCrashed));
    browser.replies(&kept_request, 1).await;
    browser.replies(&navigate, 2).await;
    assert_eq!(kept.await, Ok(Answer { answer: 1 }));
    assert_eq!(navigating.await, Ok(Answer { answer: 2 }));
    browser.says(json!({ "method": "Inspector.targetReloadedAfterCrash", "params": {}, "sessionId": "A" })).await;
    browser.says(json!({ "method": "Page.x", "params": {}, "sessionId": "A" })).await;
    // Events and replies keep their order, so after this reply the session is known to be well again.
    let probe = ask(&other);
    let request = browser.asked().await;
    browser.replies(&request, 3).await;
    probe.await.unwrap();
    let healed = ask(&crashing);
    let request = browser.asked().await;
    browser.replies(&request, 4).await;
    assert_eq!(healed.await, Ok(Answer { answer: 4 }));
}

#[tokio::test]
async fn a_detached_session_fails_what_waits_for_it() {
    let (connection, _events, mut browser) = connect();
    let pending = ask(&connection.session("A"));
    browser.asked().await;
    browser.says(json!({ "method": "Target.detachedFromTarget", "params": { "sessionId": "A" } })).await;
    assert_eq!(pending.await, Err(CdpError::Detached));
    let late = ask(&connection.session("A"));
    let id = browser.asked().await["id"].clone();
    browser.says(json!({ "id": id, "error": { "code": -32001, "message": "Session with given id not found." } })).await;
    assert_eq!(late.await, Err(CdpError::Detached));
}

#[tokio::test]
async fn a_dialog_fails_what_it_blocks_but_not_its_own_answer() {
    let (connection, _events, mut browser) = connect();
    let session = connection.session("A");
    let (blocked, answer) =
        (ask(&session), session.call_as::<Answer, _>(HandleJavaScriptDialogParams::new(true), LIMIT));
    let (_, request) = (browser.asked().await, browser.asked().await);
    connection.fail_blocked("A");
    assert_eq!(blocked.await, Err(CdpError::DialogOpen));
    browser.replies(&request, 1).await;
    assert_eq!(answer.await, Ok(Answer { answer: 1 }));
}

#[tokio::test]
async fn a_closed_socket_fails_everything_from_then_on() {
    let (connection, mut events, mut browser) = connect();
    let pending = ask(&connection.session("A"));
    browser.asked().await;
    browser.socket.write_all(b"{\"id\":1,\"resu").await.unwrap();
    drop(browser);
    assert_eq!(pending.await, Err(CdpError::Closed));
    connection.closed().await;
    assert!(connection.is_closed());
    assert_eq!(ask(&connection.root()).await, Err(CdpError::Closed));
    assert!(events.recv().await.is_none());
}

#[tokio::test]
async fn closing_hangs_up_and_fails_what_waits() {
    let (connection, _events, mut browser) = connect();
    let pending = ask(&connection.root());
    browser.asked().await;
    connection.close();
    assert_eq!(pending.await, Err(CdpError::Closed));
    assert_eq!(browser.socket.read_buf(&mut browser.read).await.unwrap(), 0);
}

#[tokio::test]
async fn the_last_handle_hangs_up() {
    let (connection, _events, mut browser) = connect();
    let session = connection.session("A");
    drop(connection);
    drop(session);
    assert_eq!(browser.socket.read_buf(&mut browser.read).await.unwrap(), 0);
}

#[tokio::test]
async fn events_go_where_their_session_is_routed_and_nowhere_before() {
    let (connection, mut root, mut browser) = connect();
    let (sender, mut routed) = Connection::event_queue();
    browser.says(json!({ "method": "Page.early", "params": {}, "sessionId": "A" })).await;
    browser.says(json!({ "method": "Target.one", "params": { "answer": 1 } })).await;
    let first = root.recv().await.unwrap();
    assert_eq!((first.method.as_str(), first.parse::<Answer>()), ("Target.one", Some(Answer { answer: 1 })));
    connection.route("A", sender);
    browser.says(json!({ "method": "Page.two", "params": { "answer": "?" }, "sessionId": "A" })).await;
    let second = routed.recv().await.unwrap();
    assert_eq!((second.session.as_deref(), second.method.as_str()), (Some("A"), "Page.two"));
    assert_eq!(second.parse::<Answer>(), None, "what does not fit is skipped");
}

#[tokio::test]
async fn a_reader_that_does_not_read_loses_its_session_and_no_other() {
    let (connection, mut root, mut browser) = connect();
    let (sender, mut unread) = Connection::event_queue();
    connection.route("A", sender);
    let pending = ask(&connection.session("A"));
    browser.asked().await;
    for _ in 0..=unread.max_capacity() {
        browser.says(r#"{"method":"Network.dataReceived","params":{},"sessionId":"A"}"#).await;
    }
    assert_eq!(pending.await, Err(CdpError::Overwhelmed));
    browser.says(json!({ "method": "Target.one", "params": {} })).await;
    assert_eq!(root.recv().await.unwrap().method, "Target.one");
    while unread.recv().await.is_some() {}
}

#[tokio::test]
async fn what_is_no_message_is_skipped() {
    let (connection, _events, mut browser) = connect();
    let pending = ask(&connection.root());
    let request = browser.asked().await;
    for garbage in ["", "nonsense", "[]", "{}", "{\"id\":\"1\"}", "{\"id\":77,\"result\":{}}", "{\"method\":5}"] {
        browser.says(garbage).await;
    }
    browser.socket.write_all(b"\xff\xfe\0").await.unwrap();
    browser.replies(&request, 1).await;
    assert_eq!(pending.await, Ok(Answer { answer: 1 }));
}

#[tokio::test]
async fn messages_may_arrive_in_pieces_and_together() {
    let (connection, _events, mut browser) = connect();
    let (first, second) = (ask(&connection.root()), ask(&connection.root()));
    let (one, two) = (browser.asked().await, browser.asked().await);
    let reply = |request: &Value, answer| json!({ "id": request["id"], "result": { "answer": answer } }).to_string();
    let both = format!("{}\0{}\0", reply(&one, 1), reply(&two, 2));
    for byte in both.as_bytes() {
        browser.socket.write_all(&[*byte]).await.unwrap();
        tokio::task::yield_now().await;
    }
    assert_eq!(first.await, Ok(Answer { answer: 1 }));
    assert_eq!(second.await, Ok(Answer { answer: 2 }));
}

#[tokio::test]
async fn a_browser_that_takes_nothing_off_is_found_out_and_not_waited_for() {
    let (ours, _theirs) = tokio::io::duplex(64);
    let (connection, _events) = Connection::open(ours, LIMIT, &TaskTracker::new());
    let mut last = Ok(());
    let mut waiting = Vec::new();
    for _ in 0..10_000 {
        let sent = ask(&connection.root());
        if let Some(Err(error)) =
            futures::FutureExt::now_or_never(connection.root().call(CloseTargetParams::new("T".to_owned())))
        {
            last = Err(error);
            break;
        }
        waiting.push(sent);
    }
    assert_eq!(last, Err(CdpError::Overwhelmed));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_bytes_from_a_browser_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let (connection, _events, mut browser) = connect();
            let pending = ask(&connection.root());
            browser.asked().await;
            browser.socket.write_all(&bytes).await.unwrap();
            drop(browser);
            assert!(pending.await.is_err());
            connection.closed().await;
        });
    }
}
