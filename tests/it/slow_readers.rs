//! Clients that read slowly or not at all.

use std::sync::Arc;
use std::time::{Duration, Instant};

use browser_use_service::run::RunEventKind;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::Semaphore;

use crate::support::browser::Script;
use crate::support::model::Reply;
use crate::support::service::{KEY, RUN, Service, Stage};
use crate::support::soon;

/// What hyper and the kernel buffer for a client that reads nothing: some megabytes on any machine.
const HIDDEN: usize = 24 << 20;
const PICTURE: usize = 512 << 10;
const STEPS: usize = 150;
/// A client that reads less than this within the stall timeout counts as stalled.
const PIECE: usize = 16 << 10;

/// More screenshots than all buffers hold.
fn flooding(leave: &Arc<Semaphore>) -> Stage {
    const { assert!(STEPS * PICTURE > 3 * HIDDEN) };
    let script = Script { picture_bytes: PICTURE, ..Script::default() };
    let replies = (1..STEPS).map(Reply::visit).chain([Reply::done("ok")]);
    Stage::new(replies.map(|reply| reply.when(leave))).browser(script).set("STREAM_BUFFER", "1MiB")
}

/// A run whose client has a small window and has read nothing.
async fn unread_run(service: &Service, then: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4 << 10).expect("a small window");
    let mut stream = socket.connect(service.address).await.expect("a connection");
    let body = json!({ "task": "x", "maxSteps": STEPS }).to_string();
    let head = format!(
        "POST {RUN} HTTP/1.1\r\nHost: service\r\nX-Gateway-Key: {KEY}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n",
        body.len(),
    );
    stream.write_all(format!("{head}{body}{then}").as_bytes()).await.expect("the request is taken");
    stream
}

/// Lets the run take one step at a time, so that each screenshot is sent as far as possible, until all are sent or the
/// run is over.
async fn flood(service: &Service, leave: &Semaphore) {
    for step in 1..STEPS {
        leave.add_permits(1);
        tokio::select! {
            () = service.model.calls.reaches(step + 1) => {}
            () = service.pages.closed.reaches(1) => break,
        }
    }
}

/// The body of a response in chunks.
fn without_chunks(response: &[u8]) -> String {
    let end = response.windows(4).position(|bytes| bytes == b"\r\n\r\n").expect("a head");
    let (mut rest, mut body) = (&response[end + 4..], Vec::new());
    loop {
        let end = rest.windows(2).position(|bytes| bytes == b"\r\n").expect("a chunk's size");
        let size = std::str::from_utf8(&rest[..end]).expect("a number");
        let size = usize::from_str_radix(size, 16).expect("a number");
        if size == 0 {
            return String::from_utf8(body).expect("text");
        }
        body.extend_from_slice(&rest[end + 2..][..size]);
        rest = &rest[end + 2 + size + 2..];
    }
}

/// Reads the rest, and parses it together with what was received before.
async fn rest(mut client: TcpStream, mut received: Vec<u8>) -> Vec<Value> {
    let mut chunk = vec![0; 1 << 16];
    while !received.ends_with(b"data: [DONE]\n\n\r\n0\r\n\r\n") {
        let read = soon("the rest", client.read(&mut chunk)).await.expect("the connection does not break");
        assert!(read > 0, "the stream ends properly");
        received.extend_from_slice(&chunk[..read]);
    }
    assert!(received.len() < HIDDEN, "{} bytes were kept", received.len());
    let text = without_chunks(&received);
    text.lines().filter_map(|line| serde_json::from_str(line.strip_prefix("data: ")?).ok()).collect()
}

#[tokio::test]
async fn a_client_that_never_reads_ends_its_run_and_is_disconnected_without_affecting_others() {
    let leave = Arc::new(Semaphore::new(0));
    let mut service = flooding(&leave)
        .set("STREAM_STALL_TIMEOUT", "300ms")
        .set("SHUTDOWN_GRACE", "100s")
        .set("SHUTDOWN_TIMEOUT", "300s")
        .start()
        .await;
    let unread = unread_run(&service, "").await;
    flood(&service, &leave).await;
    // `detachSeconds` also applies before it counts as stalled, however busy the machine is.
    let neighbour = json!({
        "task": "x", "provider": "template", "actions": [{ "type": "click", "selector": "#go" }], "detachSeconds": 60
    });
    assert_eq!(service.run_all(&neighbour).await.last().unwrap()["success"], true);
    service.pages.closed.reaches(2).await;
    let calls = service.model.calls.get();
    leave.add_permits(STEPS);
    // The connection is closed too: a shutdown waits for all of them.
    service.stop();
    soon("the end of the service", service.stopped()).await;
    assert_eq!(service.model.calls.get(), calls, "no model call after the run's end");
    drop(unread);
}

#[tokio::test]
async fn a_client_that_never_reads_does_not_delay_shutdown() {
    let leave = Arc::new(Semaphore::new(0));
    let stage = flooding(&leave).set("STREAM_STALL_TIMEOUT", "10m");
    let mut service = stage.set("SHUTDOWN_GRACE", "10ms").set("SHUTDOWN_TIMEOUT", "300s").start().await;
    let unread = unread_run(&service, "").await;
    flood(&service, &leave).await;
    let asked = Instant::now();
    service.stop();
    soon("the end of the service", service.stopped()).await;
    assert!(asked.elapsed() >= Duration::from_secs(1), "its connection was waited for, for a second");
    assert_eq!((service.pages.closed.get(), service.browsers_closed.get()), (1, 1));
    drop(unread);
}

#[tokio::test]
async fn a_client_that_reads_byte_by_byte_gets_every_step_within_bounded_memory() {
    let leave = Arc::new(Semaphore::new(0));
    let service = flooding(&leave).start().await;
    let mut client = unread_run(&service, "").await;
    let mut received = Vec::new();
    for step in 1..=STEPS {
        leave.add_permits(1);
        service.model.calls.reaches(step).await;
        received.push(soon("a byte", client.read_u8()).await.expect("a byte"));
    }
    service.pages.closed.reaches(1).await;

    // The rest is what was buffered.
    let events = rest(client, received).await;
    let steps: Vec<&Value> = events.iter().filter(|event| event["type"] == "step").collect();
    let numbers: Vec<u64> = steps.iter().map(|step| step["step"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=STEPS as u64).collect::<Vec<_>>(), "every step once and in order");
    assert!(steps.iter().any(|step| step["screenshotDropped"] == true), "screenshots were dropped");
    assert!(steps.last().unwrap()["screenshot"].is_string(), "but for the newest");
    assert_eq!(events.last().unwrap()["stopReason"], "done");
}

#[tokio::test]
async fn a_client_that_reads_a_byte_now_and_then_counts_as_stalled() {
    let leave = Arc::new(Semaphore::new(0));
    // The connection is closed after the same time again, and is read to its end until then.
    let service = flooding(&leave).set("STREAM_STALL_TIMEOUT", "3s").start().await;
    let mut client = unread_run(&service, "").await;
    let mut received = Vec::new();
    let dripping = async {
        let mut pace = tokio::time::interval(Duration::from_millis(20));
        loop {
            pace.tick().await;
            received.push(client.read_u8().await.expect("a byte"));
        }
    };
    let ending = async {
        flood(&service, &leave).await;
        service.pages.closed.reaches(1).await;
    };
    tokio::select! {
        () = dripping => {}
        () = ending => {}
    }
    assert!((50..PIECE).contains(&received.len()), "{} bytes were taken", received.len());
    let events = rest(client, received).await;
    assert_eq!(events.last().unwrap()["code"], "client_stalled");
}

#[tokio::test]
async fn a_client_that_sent_extra_bytes_and_left_is_detected_by_keep_alive() {
    let stage = Stage::new([Reply::Hang]).set("KEEP_ALIVE", "20ms");
    let service = stage.start().await;
    // Bytes after the request hide the end of the connection from the server.
    let mut client = unread_run(&service, "GET /health HTTP/1.1\r\nHost: service\r\n\r\n").await;
    service.model.calls.reaches(1).await;
    client.shutdown().await.unwrap();
    drop(client);
    service.pages.closed.reaches(1).await;
    assert_eq!(service.model.calls.get(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_stalled_reader_gets_client_stalled_if_it_reads_again() {
    let leave = Arc::new(Semaphore::new(3));
    let (runs, model, pages) = Stage::new([Reply::click(1).when(&leave)]).set("STREAM_STALL_TIMEOUT", "10s").runs();
    let started = tokio::time::Instant::now();
    let mut stream = runs.start(crate::lifecycle::request()).unwrap();
    pages.closed.reaches(1).await;
    assert_eq!((started.elapsed().as_secs(), model.calls.get()), (10, 4));
    let mut last = None;
    while let Some(event) = stream.next().await {
        last = Some(event.kind);
    }
    let Some(RunEventKind::Failed { failure, tally, .. }) = last else { panic!("a failure ends it") };
    assert_eq!((failure.code(), tally.steps), ("client_stalled", 3));
}
