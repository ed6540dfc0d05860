//! Fuzz target for messages of the browser.

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio_util::task::TaskTracker;

use super::Connection;

pub const TARGETS: &[(&str, fn(&[u8]))] = &[("devtools_messages", messages)];

/// The connection survives any input and ends with the socket.
fn messages(data: &[u8]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    runtime.block_on(async {
        let (ours, mut theirs) = tokio::io::duplex(64);
        let (connection, mut events) = Connection::open(ours, Duration::from_secs(60), &TaskTracker::new());
        let (queue, mut session_events) = Connection::event_queue();
        connection.route("s", queue);
        let command = chromiumoxide_cdp::cdp::browser_protocol::browser::GetVersionParams::default();
        let waiting = [connection.root().call(command.clone()), connection.session("s").call(command)];
        let speak = async {
            let (mut from, mut to) = tokio::io::split(&mut theirs);
            let mut nowhere = tokio::io::sink();
            let heard = tokio::io::copy(&mut from, &mut nowhere);
            tokio::select! {
                _ = to.write_all(data) => {}
                _ = heard => {}
            }
        };
        speak.await;
        drop(theirs);
        connection.closed().await;
        while events.recv().await.is_some() {}
        session_events.close();
        for reply in waiting {
            drop(reply.await);
        }
    });
}

#[cfg(test)]
#[test]
fn corpus_inputs_hold_the_invariants() {
    testkit::corpus::replay(TARGETS);
}
