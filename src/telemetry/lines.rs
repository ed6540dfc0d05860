//! Log lines on their way out.
//!
//! A pipe that nobody reads from fills up, and whoever writes to it waits: here that would be the threads which carry
//! the runs. So a thread of its own writes, behind a queue with an end, and what finds it full is dropped and counted.

use std::io::{self, Write};
use std::iter;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
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
    out: Out,
    /// The thread that writes.
    writer: ThreadId,
}

type Out = Arc<Mutex<dyn Write + Send>>;

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
        let out: Out = Arc::new(Mutex::new(out));
        let (writes_to, counted) = (out.clone(), dropped.clone());
        let writer =
            thread::Builder::new().name("log".to_owned()).spawn(move || write(&writes_to, &lines, &counted))?;
        Ok((Self { queue: queue.clone(), dropped, out, writer: writer.thread().id() }, LastLines(queue)))
    }
}

/// One line a write, as the subscriber hands them over.
impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if thread::current().id() == self.writer {
            // It is told that lines are missing, which must not be missing itself: the queue may be full again.
            let _ = lock(&self.out).write_all(line);
        } else if self.queue.try_send(Message::Line(line.to_vec())).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn lock(out: &Out) -> MutexGuard<'_, dyn Write + Send + 'static> {
    out.lock().unwrap_or_else(PoisonError::into_inner)
}

fn write(out: &Out, lines: &Receiver<Message>, dropped: &AtomicU64) {
    while let Ok(first) = lines.recv() {
        // All that waits, so that what is missing is told after what came before it, and once.
        for message in iter::once(first).chain(lines.try_iter()).take(QUEUE) {
            match message {
                // Whom would one tell that the log cannot be written?
                Message::Line(line) => drop(lock(out).write_all(&line)),
                Message::Written(told) => {
                    tell_missing(dropped);
                    let _ = told.try_send(());
                }
            }
        }
        tell_missing(dropped);
    }
}

fn tell_missing(dropped: &AtomicU64) {
    let missing = dropped.swap(0, Ordering::Relaxed);
    if missing > 0 {
        warn!(missing, "lines of the log were dropped, as they were not taken");
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
