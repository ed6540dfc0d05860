use tokio::sync::mpsc;

use super::*;

fn event(session: &str, n: u32) -> Value {
    json!({"method": "Page.somethingHappened", "sessionId": session, "params": {"n": n}})
}

#[tokio::test]
async fn events_go_to_the_route_of_their_session_and_browser_events_to_the_root() {
    let (connection, mut root, mut peer) = connect();
    let (one, mut of_one) = Connection::event_queue();
    let (two, mut of_two) = Connection::event_queue();
    connection.route("one", one);
    connection.route("two", two);
    peer.send(&event("two", 2)).await;
    peer.send(&event("one", 1)).await;
    peer.send(&json!({"method": "Target.targetCreated", "params": {"n": 0}})).await;
    for (events, session, n) in [(&mut of_one, Some("one"), 1), (&mut of_two, Some("two"), 2), (&mut root, None, 0)] {
        let event = events.recv().await.unwrap();
        assert_eq!(event.session.as_deref(), session);
        assert_eq!(parameters(&event), json!({"n": n}));
    }
}

#[tokio::test]
async fn an_event_without_parameters_has_empty_ones() {
    let (_connection, mut root, mut peer) = connect();
    peer.send(&json!({"method": "Target.targetCreated"})).await;
    assert_eq!(parameters(&root.recv().await.unwrap()), json!({}));
}

#[tokio::test]
async fn an_event_that_does_not_match_its_type_is_ignored() {
    let (_connection, mut root, mut peer) = connect();
    peer.send(&json!({"method": "Target.targetInfoChanged", "params": ["unexpected"]})).await;
    assert!(root.recv().await.unwrap().parse().is_none());
}

#[tokio::test]
async fn events_of_a_session_without_a_route_are_dropped() {
    let (connection, _root, mut peer) = connect();
    peer.send(&event("tab", 1)).await;
    still_works(&connection, &mut peer).await;
    let (queue, mut events) = Connection::event_queue();
    connection.route("tab", queue.clone());
    peer.send(&event("tab", 2)).await;
    assert_eq!(parameters(&events.recv().await.unwrap()), json!({"n": 2}));

    connection.unroute(&queue);
    peer.send(&event("tab", 3)).await;
    still_works(&connection, &mut peer).await;
    assert!(events.try_recv().is_err());
}

#[tokio::test]
async fn a_route_without_a_reader_is_removed() {
    let (connection, _root, mut peer) = connect();
    let (queue, events) = Connection::event_queue();
    connection.route("tab", queue);
    drop(events);
    peer.send(&event("tab", 1)).await;
    still_works(&connection, &mut peer).await;
    assert_eq!(connection.registered().1, 1, "the browser's own");
}

#[tokio::test]
async fn a_session_with_too_many_unread_events_is_closed_without_affecting_others() {
    let (connection, _root, mut peer) = connect();
    let (flooded, _unread) = mpsc::channel(2);
    let (other, mut of_other) = mpsc::channel(2);
    connection.route("flooded", flooded);
    connection.route("other", other);
    let waits = evaluate(&connection.session("flooded"), "waits");
    let neighbour = evaluate(&connection.session("other"), "waits too");
    for n in 0..3 {
        peer.send(&event("flooded", n)).await;
    }
    assert_eq!(waits.await, Err(CdpError::Overloaded));
    // The reader missed an event, so the session cannot be used.
    assert_eq!(evaluate(&connection.session("flooded"), "later").await, Err(CdpError::Overloaded));
    peer.send(&json!({"method": "Inspector.targetReloadedAfterCrash", "sessionId": "flooded"})).await;
    peer.send(&event("other", 1)).await;
    assert!(of_other.recv().await.is_some());
    assert_eq!(evaluate(&connection.session("flooded"), "later").await, Err(CdpError::Overloaded));

    let (_given_up, command) = (peer.command().await, peer.command().await);
    peer.answer(&command, "fine").await;
    assert_eq!(neighbour.await, Ok(json!({"value": "fine"})));
}

#[tokio::test]
async fn a_browser_whose_events_are_not_read_is_closed() {
    let (connection, unread, mut peer) = connect();
    drop(unread);
    peer.send(&json!({"method": "Target.targetCreated"})).await;
    connection.closed().await;
}

#[tokio::test]
async fn a_detached_page_detaches_its_frames() {
    let (connection, _root, mut peer) = connect();
    for (by, session) in [(None, "page"), (Some("page"), "frame"), (Some("frame"), "nested"), (None, "other")] {
        peer.send(&attached(by, session)).await;
    }
    let (queue, mut events) = Connection::event_queue();
    connection.route("nested", queue);
    let (waits, neighbour) =
        (evaluate(&connection.session("nested"), "x"), evaluate(&connection.session("other"), "y"));
    let (_, of_neighbour) = (peer.command().await, peer.command().await);
    peer.send(&json!({"method": "Target.detachedFromTarget", "params": {"sessionId": "page"}})).await;
    assert_eq!(waits.await, Err(CdpError::Detached));
    assert!(events.recv().await.is_none());
    peer.answer(&of_neighbour, "fine").await;
    assert_eq!(neighbour.await, Ok(json!({"value": "fine"})));
}

#[tokio::test]
async fn sessions_that_announce_each_other_do_not_loop() {
    let (connection, _root, mut peer) = connect();
    peer.send(&attached(Some("b"), "a")).await;
    peer.send(&attached(Some("a"), "b")).await;
    let (queue, _unread) = mpsc::channel(1);
    connection.route("a", queue);
    for n in 0..2 {
        peer.send(&event("a", n)).await;
    }
    peer.send(&json!({"method": "Target.detachedFromTarget", "params": {"sessionId": "b"}})).await;
    still_works(&connection, &mut peer).await;
}

#[tokio::test]
async fn a_detached_session_loses_its_route() {
    let (connection, mut root, mut peer) = connect();
    let (queue, mut events) = Connection::event_queue();
    connection.route("tab", queue);
    peer.send(&json!({"method": "Target.detachedFromTarget", "params": {"sessionId": "tab", "targetId": "t"}})).await;
    assert_eq!(root.recv().await.unwrap().method, "Target.detachedFromTarget");
    assert!(events.recv().await.is_none());
    assert_eq!(connection.registered().1, 1, "the browser's own");
}

#[tokio::test]
async fn a_full_queue_loses_console_messages_first() {
    let (connection, _root, mut peer) = connect();
    let (queue, mut events) = mpsc::channel(4);
    connection.route("tab", queue);
    let said = json!({"method": "Runtime.consoleAPICalled", "sessionId": "tab", "params": {}});
    for _ in 0..9 {
        peer.send(&said).await;
    }
    peer.send(&event("tab", 1)).await;
    still_works(&connection, &mut peer).await;
    let mut methods = Vec::new();
    while let Ok(event) = events.try_recv() {
        methods.push(event.method);
    }
    let console = "Runtime.consoleAPICalled";
    assert_eq!(methods, [console, console, console, "Page.somethingHappened"]);
}
