//! Writes log lines without blocking.
//!
//! A pipe that nobody reads fills up and blocks its writers, which would be the threads of the runs. So a separate thread writes
//! from a bounded queue. Lines that do not fit are dropped and counted.

use std::io::{self, Write};
use std::iter;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use tracing::warn;

/// Maximum number of queued lines, of a few hundred bytes each.
const QUEUE: usize = 1024;
/// How long the end of the process waits for queued lines.
const FLUSH_LIMIT: Duration = Duration::from_millis(500);
/// Interval of attempts to queue the flush.
const RETRY_INTERVAL: Duration = Duration::from_millis(5);

/// Queues lines; never blocks and never fails. Clones share the queue.
#[derive(Clone)]
pub(super) struct Lines {
    queue: SyncSender<Message>,
    dropped: Arc<AtomicU64>,
    out: Out,
    /// The writing thread.
    writer: ThreadId,
}

type Out = Arc<Mutex<dyn Write + Send>>;

/// Flushes the queue when dropped, as far as the output accepts it.
#[must_use = "the last lines are written when it is dropped"]
pub struct LastLines(SyncSender<Message>);

enum Message {
    Line(Vec<u8>),
    /// Acknowledged when all lines before it are written.
    Flush(SyncSender<()>),
}

impl Lines {
    /// Starts the thread.
    ///
    /// # Errors
    /// No thread can be started.
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

/// The subscriber writes a whole line at a time.
impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if thread::current().id() == self.writer {
            // This is the line that reports dropped lines. It bypasses the queue, which may be full again.
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
        // All queued lines, so that dropped ones are reported once, and after the lines before them.
        for message in iter::once(first).chain(lines.try_iter()).take(QUEUE) {
            match message {
                // An error cannot be logged.
                Message::Line(line) => drop(lock(out).write_all(&line)),
                Message::Flush(done) => {
                    report_dropped(dropped);
                    let _ = done.try_send(());
                }
            }
        }
        report_dropped(dropped);
    }
}

fn report_dropped(dropped: &AtomicU64) {
    let missing = dropped.swap(0, Ordering::Relaxed);
    if missing > 0 {
        warn!(missing, "log lines were dropped because the output was too slow");
    }
}

impl Drop for LastLines {
    fn drop(&mut self) {
        let until = Instant::now() + FLUSH_LIMIT;
        let (done, flushed) = sync_channel(1);
        while self.0.try_send(Message::Flush(done.clone())).is_err() {
            if Instant::now() >= until {
                return;
            }
            // The channel has no blocking send with a limit.
            thread::sleep(RETRY_INTERVAL);
        }
        let _ = flushed.recv_timeout(until.saturating_duration_since(Instant::now()));
    }
}
