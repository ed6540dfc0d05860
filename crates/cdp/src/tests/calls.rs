use chromiumoxide_cdp::cdp::browser_protocol::browser::GetVersionParams;

use super::*;

#[tokio::test]
async fn a_command_names_its_session_method_and_parameters() {
    let (connection, _events, mut peer) = connect();
    let _reply = evaluate(&connection.session("tab"), "1 + 1");
    let command = peer.command().await;
    assert_eq!(command["sessionId"], "tab");
    assert_eq!(command["method"], "Runtime.evaluate");
    assert_eq!(command["params"]["expression"], "1 + 1");

    let _reply = evaluate(&connection.root(), "1 + 1");
    let command = peer.command().await;
    assert_eq!(command.get("sessionId"), None);
}

#[tokio::test]
async fn a_reply_goes_to_its_caller_whatever_the_order() {
    let (connection, _events, mut peer) = connect();
    let replies = ["a", "b", "c"].map(|name| evaluate(&connection.session(name), name));
    let mut commands = Vec::new();
    for _ in &replies {
        commands.push(peer.command().await);
    }
    for command in commands.iter().rev() {
        peer.answer(command, command["params"]["expression"].clone()).await;
    }
    for (reply, name) in replies.into_iter().zip(["a", "b", "c"]) {
        assert_eq!(reply.await, Ok(json!({"value": name})));
    }
    assert_eq!(connection.registered().0, 0);
}

#[tokio::test]
async fn commands_are_written_in_order_without_waiting_for_replies() {
    let (connection, _events, mut peer) = connect();
    let session = connection.session("tab");
    let _replies: Vec<_> = (0..50).map(|n| evaluate(&session, &n.to_string())).collect();
    for n in 0..50 {
        assert_eq!(peer.command().await["params"]["expression"], n.to_string());
    }
}

#[tokio::test]
async fn commands_are_sent_before_their_reply_is_awaited() {
    let (connection, _events, mut peer) = connect();
    let reply = evaluate(&connection.root(), "x");
    let command = peer.command().await;
    peer.answer(&command, 1).await;
    assert_eq!(reply.await, Ok(json!({"value": 1})));
}

#[tokio::test]
async fn an_error_reply_fails_the_command_with_its_code() {
    let (connection, _events, mut peer) = connect();
    let reply = evaluate(&connection.root(), "x");
    let command = peer.command().await;
    peer.send(&json!({"id": command["id"], "error": {"code": -32000, "message": "No such context"}})).await;
    let refused =
        CdpError::Refused { method: "Runtime.evaluate".into(), code: -32_000, message: "No such context".into() };
    assert_eq!(reply.await, Err(refused));
}

#[tokio::test]
async fn an_incomplete_error_reply_still_fails_the_command() {
    let (connection, _events, mut peer) = connect();
    let reply = evaluate(&connection.root(), "x");
    let command = peer.command().await;
    peer.send(&json!({"id": command["id"], "error": {}})).await;
    assert!(matches!(reply.await, Err(CdpError::Refused { code: 0, .. })));
}

#[tokio::test]
async fn a_reply_without_a_result_is_empty() {
    let (connection, _events, mut peer) = connect();
    let reply = evaluate(&connection.root(), "x");
    let command = peer.command().await;
    peer.send(&json!({"id": command["id"]})).await;
    assert_eq!(reply.await, Ok(json!({})));
}

#[tokio::test]
async fn a_malformed_reply_fails_only_its_command() {
    let (connection, _events, mut peer) = connect();
    let reply = connection.root().call(GetVersionParams::default());
    let command = peer.command().await;
    peer.answer(&command, "no version").await;
    assert!(matches!(reply.await, Err(CdpError::Decode { method, .. }) if method == "Browser.getVersion"));
    still_works(&connection, &mut peer).await;
}

#[tokio::test(start_paused = true)]
async fn a_command_without_a_reply_ends_at_its_deadline() {
    let (connection, _events, _peer) = connect();
    let started = tokio::time::Instant::now();
    let outcome = evaluate(&connection.root(), "while (true);").await;
    assert_eq!(outcome, Err(CdpError::TimedOut { method: "Runtime.evaluate".into(), limit: LIMIT }));
    assert!(started.elapsed() >= LIMIT && started.elapsed() < LIMIT * 2);
    assert_eq!(connection.registered().0, 0);
}

#[tokio::test(start_paused = true)]
async fn the_deadline_runs_from_sending_not_from_waiting() {
    let (connection, _events, _peer) = connect();
    let reply = evaluate(&connection.root(), "while (true);");
    tokio::time::advance(LIMIT).await;
    let started = tokio::time::Instant::now();
    assert!(matches!(reply.await, Err(CdpError::TimedOut { .. })));
    assert!(started.elapsed() < LIMIT / 10);
}

#[tokio::test(start_paused = true)]
async fn a_reply_after_the_deadline_is_dropped() {
    let (connection, _events, mut peer) = connect();
    let outcome = evaluate(&connection.root(), "late").await;
    assert!(matches!(outcome, Err(CdpError::TimedOut { .. })));
    let late = peer.command().await;
    peer.answer(&late, "late").await;
    still_works(&connection, &mut peer).await;
    assert_eq!(connection.registered().0, 0);
}

#[tokio::test]
async fn a_dropped_call_is_unregistered() {
    let (connection, _events, mut peer) = connect();
    let reply = evaluate(&connection.root(), "dropped");
    assert_eq!(connection.registered().0, 1);
    drop(reply);
    assert_eq!(connection.registered().0, 0);
    // The command was sent, and its reply does no harm.
    let command = peer.command().await;
    peer.answer(&command, "for nobody").await;
    still_works(&connection, &mut peer).await;
}

#[tokio::test]
async fn commands_without_a_reply_are_not_registered() {
    let (connection, _events, mut peer) = connect();
    connection.session("tab").send(EvaluateParams::new("told"));
    assert_eq!(connection.registered().0, 0);
    let command = peer.command().await;
    assert_eq!(command["params"]["expression"], "told");
    peer.answer(&command, "for nobody").await;
    still_works(&connection, &mut peer).await;
}

#[tokio::test]
async fn commands_beyond_the_queue_limit_are_rejected_and_the_rest_are_sent() {
    let (connection, _events, mut peer) = connect_with(64);
    let session = connection.session("tab");
    // The writer runs only at the first await.
    let mut replies: Vec<_> = (0..5_000).map(|n| evaluate(&session, &n.to_string())).collect();
    let last = replies.pop().unwrap();
    assert_eq!(last.await, Err(CdpError::Overloaded));
    let queued = connection.registered().0;
    assert!((4_000..5_000).contains(&queued), "{queued}");
    for n in 0..queued {
        assert_eq!(peer.command().await["params"]["expression"], n.to_string());
    }
    still_works(&connection, &mut peer).await;
}

#[tokio::test]
async fn a_blocked_writer_does_not_stop_the_reader() {
    let (connection, mut events, mut peer) = connect_with(64);
    let first = evaluate(&connection.root(), "first");
    let command = peer.command().await;
    // More than the socket takes, and nobody reads it.
    let long = evaluate(&connection.root(), &"x".repeat(100_000));
    peer.answer(&command, "answered").await;
    assert_eq!(first.await, Ok(json!({"value": "answered"})));
    peer.send(&json!({"method": "Target.targetCreated", "params": {}})).await;
    assert_eq!(events.recv().await.unwrap().method, "Target.targetCreated");
    let command = peer.command().await;
    peer.answer(&command, "long").await;
    assert_eq!(long.await, Ok(json!({"value": "long"})));
}
