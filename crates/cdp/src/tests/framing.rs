use proptest::prelude::*;

use super::super::connection::{MAX_MESSAGE, MAX_UNREADABLE};
use super::*;

#[tokio::test]
async fn invalid_messages_are_skipped() {
    let (connection, mut events, mut peer) = connect();
    let long_number = format!("{{\"id\":{}}}", "9".repeat(400));
    let garbage: [&[u8]; 17] = [
        b"",
        b"not JSON",
        b"{",
        b"null",
        b"[1]",
        b"{}",
        b"\"id\"",
        b"{\"id\":\"one\"}",
        b"{\"id\":-1,\"result\":{}}",
        b"{\"id\":1,\"id\":1}",
        b"{\"id\":1,\"error\":\"text\"}",
        b"{\"method\":7}",
        b"{\"method\":\"Page.x\",\"sessionId\":\"nobody's\",\"params\":{}}",
        b"{\"method\":\"Target.detachedFromTarget\",\"sessionId\":\"nobody's\",\"params\":7}",
        b"{\"method\":\"Page.x\",\"params\":{\"text\":\"\xff\xfe\"}}",
        b"{\"id\":99,\"result\":{}}",
        long_number.as_bytes(),
    ];
    for message in garbage {
        peer.send_raw(message).await;
        peer.send_raw(&[0]).await;
        still_works(&connection, &mut peer).await;
    }
    assert!(events.try_recv().is_err());
}

#[tokio::test]
async fn too_many_invalid_messages_close_the_connection() {
    let (connection, _events, mut peer) = connect();
    let waiting = evaluate(&connection.root(), "asked");
    for _ in 0..MAX_UNREADABLE {
        peer.send_raw(b"neither JSON nor anything\0").await;
    }
    still_works(&connection, &mut peer).await;
    peer.send_raw(b"one more\0").await;
    assert_eq!(waiting.await, Err(CdpError::Closed));
    assert!(connection.is_closed());
}

#[tokio::test]
async fn unknown_fields_and_events_are_ignored() {
    let (_connection, mut events, mut peer) = connect();
    peer.send(&json!({"method": "Future.event", "params": {"n": 1}, "novelty": [{"deep": {}}]})).await;
    assert_eq!(events.recv().await.unwrap().method, "Future.event");
}

#[tokio::test]
async fn escaped_text_is_decoded() {
    let (connection, _events, mut peer) = connect();
    let (queue, mut events) = Connection::event_queue();
    connection.route("täb", queue);
    peer.send_raw(
        "{\"method\":\"Page\\u002ex\",\"sessionId\":\"t\\u00e4b\",\"params\":{\"text\":\"\\u0000ü\"}}\0".as_bytes(),
    )
    .await;
    let event = events.recv().await.unwrap();
    assert_eq!(event.method, "Page.x");
    assert_eq!(parameters(&event), json!({"text": "\0ü"}));
}

#[tokio::test]
async fn messages_may_be_split_at_any_byte() {
    let messages: String = (0..3).map(|n| format!("{{\"method\":\"Page.x\",\"params\":{{\"n\":{n}}}}}\0")).collect();
    for at in 0..=messages.len() {
        let (_connection, mut events, mut peer) = connect();
        peer.send_raw(&messages.as_bytes()[..at]).await;
        // The first part is read before the second arrives.
        tokio::task::yield_now().await;
        peer.send_raw(&messages.as_bytes()[at..]).await;
        for n in 0..3 {
            assert_eq!(parameters(&events.recv().await.unwrap()), json!({"n": n}), "split at {at}");
        }
    }
}

#[tokio::test]
async fn a_message_longer_than_the_socket_buffer_arrives_whole() {
    let (connection, mut events, mut peer) = connect_with(1_000);
    let reply = evaluate(&connection.root(), "a large page");
    let command = peer.command().await;
    let text = "x".repeat(2 << 20);
    peer.answer(&command, text.as_str()).await;
    assert_eq!(reply.await.unwrap()["value"], text);
    peer.send(&json!({"method": "Page.next"})).await;
    assert_eq!(events.recv().await.unwrap().method, "Page.next");
}

/// Writes a message above the size limit with this start and end.
async fn send_too_long(peer: &mut Peer, beginning: &str, end: &str) {
    peer.send_raw(beginning.as_bytes()).await;
    let part = vec![b'x'; 1 << 20];
    for _ in 0..=MAX_MESSAGE >> 20 {
        peer.send_raw(&part).await;
    }
    peer.send_raw(end.as_bytes()).await;
    peer.send_raw(&[0]).await;
}

#[tokio::test]
async fn an_oversized_reply_fails_only_its_command() {
    let (connection, _events, mut peer) = connect_with(16 << 20);
    let (reply, other) = (evaluate(&connection.session("s"), "x"), evaluate(&connection.session("s"), "y"));
    let (first, second) = (peer.command().await, peer.command().await);
    let beginning = format!("{{\"id\":{},\"result\":{{\"value\":\"", first["id"]);
    send_too_long(&mut peer, &beginning, "\"},\"sessionId\":\"s\"}").await;
    // Compared by hand: a failure would print everything.
    let failed = reply.await.map(|value| value.to_string().len());
    assert_eq!(failed, Err(CdpError::TooLong { method: "Runtime.evaluate".into() }));
    peer.answer(&second, "went on").await;
    assert_eq!(other.await, Ok(json!({"value": "went on"})));
}

#[tokio::test]
async fn an_oversized_event_closes_only_its_session() {
    let (connection, _events, mut peer) = connect_with(16 << 20);
    let (loud, quiet) = (connection.session("loud"), connection.session("quiet"));
    let (failing, working) = (evaluate(&loud, "x"), evaluate(&quiet, "y"));
    let (_, second) = (peer.command().await, peer.command().await);
    send_too_long(&mut peer, "{\"method\":\"Fetch.requestPaused\",\"params\":{\"t\":\"", "\"},\"sessionId\":\"loud\"}")
        .await;
    assert_eq!(failing.await, Err(CdpError::Overloaded));
    assert_eq!(evaluate(&loud, "x").await, Err(CdpError::Overloaded));
    peer.answer(&second, "went on").await;
    assert_eq!(working.await, Ok(json!({"value": "went on"})));
}

#[tokio::test]
async fn an_oversized_event_of_a_page_or_its_frames_closes_the_page() {
    for loud in ["page", "frame", "nested"] {
        let (connection, _events, mut peer) = connect_with(16 << 20);
        for (by, session) in [(None, "page"), (Some("page"), "frame"), (Some("frame"), "nested"), (None, "other")] {
            peer.send(&attached(by, session)).await;
        }
        still_works(&connection, &mut peer).await;
        let (queue, mut events) = Connection::event_queue();
        connection.route(loud, queue);
        let end = format!("\"}},\"sessionId\":\"{loud}\"}}");
        send_too_long(&mut peer, "{\"method\":\"Fetch.requestPaused\",\"params\":{\"t\":\"", &end).await;
        let close = peer.command().await;
        assert_eq!((&close["method"], &close["sessionId"]), (&json!("Target.closeTarget"), &json!(null)), "{loud}");
        assert_eq!(close["params"]["targetId"], "target of page");
        assert_eq!(events.recv().await.unwrap().method, SESSION_FAILED);
        assert!(events.recv().await.is_none());
    }
}

#[tokio::test]
async fn an_oversized_message_without_a_recipient_closes_the_connection() {
    let (connection, _events, mut peer) = connect_with(16 << 20);
    let reply = evaluate(&connection.root(), "x");
    send_too_long(&mut peer, "{\"method\":\"Target.attachedToTarget\",\"params\":{\"t\":\"", "\"}}").await;
    assert_eq!(reply.await, Err(CdpError::Closed));
}

#[tokio::test]
async fn an_oversized_browser_event_is_shortened_if_its_beginning_suffices() {
    let (connection, mut events, mut peer) = connect_with(16 << 20);
    send_too_long(&mut peer, "{\"method\":\"Target.targetInfoChanged\",\"params\":{\"t\":\"", "\"}}").await;
    let known = "{\"method\":\"Browser.downloadWillBegin\",\"params\":{\"frameId\":\"f\",\"guid\":\"g\"";
    send_too_long(&mut peer, &format!("{known},\"url\":\"data:,"), "\",\"suggestedFilename\":\"n\"}}").await;
    let begins = events.recv().await.unwrap();
    assert_eq!(begins.method, "Browser.downloadWillBegin", "the other is for nobody");
    let Some(KnownEvent::DownloadWillBegin(begins)) = begins.parse() else { panic!("it does not fit its type") };
    assert_eq!((&*begins.frame_id, &*begins.guid, &*begins.suggested_filename), ("f", "g", ""));
    still_works(&connection, &mut peer).await;
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn arbitrary_bytes_do_not_panic(chunks in prop::collection::vec(any_chunk(), 0..12)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let (connection, _events, mut peer) = connect();
            let reply = evaluate(&connection.session("s"), "x");
            for chunk in &chunks {
                // Fails only if a chunk closed the connection, which none does.
                peer.send_raw(chunk).await;
                tokio::task::yield_now().await;
            }
            drop(peer);
            connection.closed().await;
            // Any answer will do.
            let _ = reply.await;
            assert_eq!(connection.registered(), (0, 0));
        });
    }
}

/// From random bytes to almost valid messages.
fn any_chunk() -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop::sample::select(vec![
        "\0",
        "{",
        "}",
        "\"id\":1",
        "\"id\":",
        ",",
        "\"method\":",
        "\"Inspector.targetCrashed\"",
        "\"sessionId\":\"s\"",
        "\"Target.detachedFromTarget\"",
        "\"params\":",
        "{\"sessionId\":\"s\",\"targetId\":\"t\"}",
        "\"result\":{}",
        "\"error\":",
        "{\"code\":-32001}",
        "null",
        "[",
        "\\u",
        "{\"id\":1,\"result\":{}}\0",
    ]);
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..64),
        prop::collection::vec(pieces, 0..12).prop_map(|pieces| pieces.concat().into_bytes()),
    ]
}
