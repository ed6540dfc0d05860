use super::*;

fn crashed(session: &str) -> Value {
    json!({"method": "Inspector.targetCrashed", "sessionId": session, "params": {}})
}

fn detached(session: &str) -> Value {
    json!({"method": "Target.detachedFromTarget", "params": {"sessionId": session, "targetId": "t"}})
}

#[tokio::test]
async fn a_crash_fails_the_pending_commands_of_its_session_only() {
    let (connection, _events, mut peer) = connect();
    let (tab, other) = (connection.session("tab"), connection.session("other"));
    let doomed = [evaluate(&tab, "one"), evaluate(&tab, "two")];
    let survivors = [evaluate(&other, "three"), evaluate(&connection.root(), "four"), navigate(&tab)];
    peer.send(&crashed("tab")).await;
    for reply in doomed {
        assert_eq!(reply.await, Err(CdpError::TargetCrashed));
    }
    let mut commands = Vec::new();
    for _ in 0..5 {
        commands.push(peer.command().await);
    }
    for command in &commands[2..] {
        peer.answer(command, "fine").await;
    }
    for reply in survivors {
        assert_eq!(reply.await, Ok(json!({"value": "fine"})));
    }
}

#[tokio::test]
async fn a_crashed_session_rejects_renderer_commands_until_it_is_reloaded() {
    let (connection, _events, mut peer) = connect();
    let tab = connection.session("tab");
    peer.send(&crashed("tab")).await;
    still_works(&connection, &mut peer).await;
    assert_eq!(evaluate(&tab, "refused").await, Err(CdpError::TargetCrashed));
    assert_eq!(connection.registered().0, 0);

    let revival = navigate(&tab);
    let command = peer.command().await;
    assert_eq!(command["method"], "Page.navigate", "what is refused is not sent");
    peer.answer(&command, "fine").await;
    assert_eq!(revival.await, Ok(json!({"value": "fine"})));

    peer.send(&json!({"method": "Inspector.targetReloadedAfterCrash", "sessionId": "tab", "params": {}})).await;
    still_works(&connection, &mut peer).await;
    let reply = evaluate(&tab, "healed");
    let command = peer.command().await;
    peer.answer(&command, "fine").await;
    assert_eq!(reply.await, Ok(json!({"value": "fine"})));
}

#[tokio::test]
async fn a_detached_session_fails_its_pending_commands() {
    let (connection, _events, mut peer) = connect();
    let doomed = [evaluate(&connection.session("tab"), "one"), navigate(&connection.session("tab"))];
    let survivor = evaluate(&connection.session("other"), "two");
    peer.send(&detached("tab")).await;
    for reply in doomed {
        assert_eq!(reply.await, Err(CdpError::Detached));
    }
    let (_, _, command) = (peer.command().await, peer.command().await, peer.command().await);
    peer.answer(&command, "fine").await;
    assert_eq!(survivor.await, Ok(json!({"value": "fine"})));
}

#[tokio::test]
async fn a_frames_detachment_is_reported_by_its_parents_session() {
    let (connection, _events, mut peer) = connect();
    let doomed = evaluate(&connection.session("frame"), "one");
    let mut told = detached("frame");
    told["sessionId"] = "tab".into();
    peer.send(&told).await;
    assert_eq!(doomed.await, Err(CdpError::Detached));
}

#[tokio::test]
async fn a_session_unknown_to_the_browser_is_detached() {
    let (connection, _events, mut peer) = connect();
    let reply = evaluate(&connection.session("gone"), "x");
    let command = peer.command().await;
    let error = json!({"code": -32001, "message": "Session with given id not found."});
    peer.send(&json!({"id": command["id"], "error": error})).await;
    assert_eq!(reply.await, Err(CdpError::Detached));
}

#[tokio::test]
async fn a_dialog_fails_the_commands_it_blocks_but_not_its_own_answer() {
    let (connection, _events, mut peer) = connect();
    let (tab, other) = (connection.session("tab"), connection.session("other"));
    let blocked = evaluate(&tab, "confirm('sure?')");
    let answer = answer_dialog(&tab);
    let neighbour = evaluate(&other, "x");
    connection.fail_blocked("tab");
    assert_eq!(blocked.await, Err(CdpError::DialogOpen));
    let _blocked = peer.command().await;
    for reply in [answer, neighbour] {
        let command = peer.command().await;
        peer.answer(&command, "fine").await;
        assert_eq!(reply.await, Ok(json!({"value": "fine"})));
    }
    // An open dialog does not affect later commands.
    let reply = evaluate(&tab, "later");
    let command = peer.command().await;
    peer.answer(&command, "fine").await;
    assert_eq!(reply.await, Ok(json!({"value": "fine"})));
}

#[tokio::test]
async fn a_closed_connection_fails_all_pending_commands() {
    for last_words in ["", "{\"id\":1,\"result\":{\"val"] {
        let (connection, mut events, mut peer) = connect();
        let replies = [evaluate(&connection.root(), "x"), navigate(&connection.session("tab"))];
        let (_, _) = (peer.command().await, peer.command().await);
        peer.send_raw(last_words.as_bytes()).await;
        drop(peer);
        for reply in replies {
            assert_eq!(reply.await, Err(CdpError::Closed));
        }
        is_closed(&connection, &mut events).await;
    }
}

#[tokio::test]
async fn messages_received_before_the_connection_closed_are_processed() {
    let (connection, _events, mut peer) = connect();
    let reply = evaluate(&connection.root(), "x");
    let command = peer.command().await;
    peer.answer(&command, "last words").await;
    drop(peer);
    connection.closed().await;
    assert_eq!(reply.await, Ok(json!({"value": "last words"})));
}

#[tokio::test]
async fn closing_fails_all_pending_commands_and_closes_the_socket() {
    let (connection, mut events, mut peer) = connect();
    let reply = evaluate(&connection.root(), "x");
    peer.command().await;
    connection.close();
    assert_eq!(reply.await, Err(CdpError::Closed));
    assert_eq!(peer.command_or_end().await, None);
    is_closed(&connection, &mut events).await;
    connection.close();
}

#[tokio::test]
async fn closing_does_not_wait_for_a_blocked_writer() {
    let (connection, mut events, _peer) = connect_with(64);
    let reply = evaluate(&connection.root(), &"x".repeat(100_000));
    tokio::task::yield_now().await;
    connection.close();
    assert_eq!(reply.await, Err(CdpError::Closed));
    is_closed(&connection, &mut events).await;
}

#[tokio::test]
async fn dropping_the_last_handle_closes_the_connection() {
    let (connection, events, mut peer) = connect();
    let session = connection.session("tab");
    let reply = evaluate(&session, "x");
    drop((connection, events));
    peer.command().await;
    drop(session);
    // A pending call keeps the connection open.
    peer.send(&json!({"id": 1, "result": {"value": "fine"}})).await;
    assert_eq!(reply.await, Ok(json!({"value": "fine"})));
    assert_eq!(peer.command_or_end().await, None);
}

#[tokio::test]
async fn no_route_is_added_once_the_connection_is_closed() {
    let (connection, mut root, peer) = connect();
    drop(peer);
    is_closed(&connection, &mut root).await;
    let (queue, mut events) = Connection::event_queue();
    connection.route("tab", queue);
    assert!(events.recv().await.is_none());
}

async fn is_closed(connection: &Connection, events: &mut EventReceiver) {
    connection.closed().await;
    assert!(connection.is_closed());
    assert!(events.recv().await.is_none());
    assert_eq!(evaluate(&connection.root(), "later").await, Err(CdpError::Closed));
    assert_eq!(navigate(&connection.session("tab")).await, Err(CdpError::Closed));
    assert_eq!(connection.registered(), (0, 0));
}
