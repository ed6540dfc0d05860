//! Log lines on their way out.
//!
//! A pipe that nobody reads from fills up, and whoever writes to it waits: here that would be the threads which carry
//! the runs. So a thread of its own writes, behind a queue with an end, and what finds it full is dropped and counted.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use tracing::warn;

/// Lines that may wait, of some hundred bytes each.
const QUEUE: usize = 1024;
/// How long the end of the process waits for what is still to be written.
const LAST_LINES: Duration = Duration::from_millis(500);
/// Between two looks for a place in the queue, at the end.
const LOOK: Duration = Duration::from_millis(5);

/// Where lines are put; never waits and never fails. Clones write to the same.
#[derive(Clone)]
pub(super) struct Lines {
    queue: SyncSender<Message>,
    dropped: Arc<AtomicU64>,
}

/// Writes what is left when it is dropped, as far as somebody takes it.
#[must_use = "the last lines are written when it is dropped"]
pub struct LastLines(SyncSender<Message>);

enum Message {
    Line(Vec<u8>),
    /// All before it is written.
    Written(SyncSender<()>),
}

impl Lines {
    /// Starts the thread that writes.
    ///
    /// # Errors
    /// The system has no thread to give.
    pub(super) fn to(out: impl Write + Send + 'static) -> io::Result<(Self, LastLines)> {
        let (queue, lines) = sync_channel(QUEUE);
        let dropped = Arc::new(AtomicU64::new(0));
        let counted = dropped.clone();
        thread::Builder::new().name("log".to_owned()).spawn(move || write(out, &lines, &counted))?;
        Ok((Self { queue: queue.clone(), dropped }, LastLines(queue)))
    }
}

/// One line a write, as the subscriber hands them over.
impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.queue.try_send(Message::Line(line.to_vec())).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn write(mut out: impl Write, lines: &Receiver<Message>, dropped: &AtomicU64) {
    while let Ok(message) = lines.recv() {
        match message {
            // Whom would one tell that the log cannot be written?
            Message::Line(line) => drop(out.write_all(&line)),
            Message::Written(told) => drop(told.try_send(())),
        }
        let missing = dropped.swap(0, Ordering::Relaxed);
        if missing > 0 {
            warn!(missing, "lines of the log were dropped, as they were not taken");
        }
    }
}

impl Drop for LastLines {
    fn drop(&mut self) {
        let until = Instant::now() + LAST_LINES;
        let (told, written) = sync_channel(1);
        while self.0.try_send(Message::Written(told.clone())).is_err() {
            if Instant::now() >= until {
                return;
            }
            thread::sleep(LOOK);
        }
        let _ = written.recv_timeout(until.saturating_duration_since(Instant::now()));
    }
}
