//! The sandbox of scripts: an embedded QuickJS on its own thread, without files, network or timers. Its only way out is
//! a function that takes and returns JSON.

use std::sync::mpsc as reply;
use std::time::Instant;

use rquickjs::{CaughtError, Context, Ctx, Function, Promise, Runtime};
use tokio::sync::mpsc;

/// Heap limit in bytes.
const MEMORY: usize = 32 << 20;
/// Stack limit in bytes; threads of the blocking pool have 2 MiB.
const STACK: usize = 512 << 10;
/// Bytes allocated between garbage collections.
const GC_THRESHOLD: usize = 4 << 20;

const PRELUDE: &str = include_str!("prelude.js");

/// A call and where its answer goes, both JSON.
pub(super) struct Call {
    pub(super) request: String,
    pub(super) answer: reply::SyncSender<String>,
}

/// Why a script has no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Failure {
    /// It threw this.
    #[error("{0}")]
    Threw(String),
    /// It ran out of time or was cancelled.
    #[error("the script was stopped")]
    Stopped,
    #[error("the script needs too much memory")]
    OutOfMemory,
}

/// Runs a script on this thread and returns its result as text.
///
/// # Errors
/// It threw, ran out of memory, or was stopped: nobody receives its calls any more, or the deadline has passed.
pub(super) fn run(code: &str, calls: mpsc::Sender<Call>, deadline: Instant) -> Result<String, Failure> {
    let runtime = Runtime::new().map_err(|_| Failure::OutOfMemory)?;
    runtime.set_memory_limit(MEMORY);
    runtime.set_max_stack_size(STACK);
    runtime.set_gc_threshold(GC_THRESHOLD);
    let stopped = {
        let calls = calls.clone();
        move || calls.is_closed() || Instant::now() >= deadline
    };
    // Called every few thousand operations. Scripts cannot catch the interrupt.
    runtime.set_interrupt_handler(Some(Box::new(stopped.clone())));
    let context = Context::full(&runtime).map_err(|_| Failure::OutOfMemory)?;
    context.with(|context| {
        evaluate(&context, code, calls).map_err(|error| match thrown(&context, error) {
            _ if stopped() => Failure::Stopped,
            text if text.contains("out of memory") => Failure::OutOfMemory,
            text => Failure::Threw(text),
        })
    })
}

fn evaluate(context: &Ctx<'_>, code: &str, calls: mpsc::Sender<Call>) -> rquickjs::Result<String> {
    let call = move |request: String| {
        let (answer, answered) = reply::sync_channel(1);
        let gone = || r#"{"error":"the script was stopped"}"#.to_owned();
        match calls.blocking_send(Call { request, answer }) {
            Ok(()) => answered.recv().unwrap_or_else(|_| gone()),
            Err(_) => gone(),
        }
    };
    let run: Function<'_> = context.eval(PRELUDE)?;
    let done: Promise<'_> = run.call((Function::new(context.clone(), call)?, code))?;
    done.finish()
}

/// The exception as the model reads it.
fn thrown(context: &Ctx<'_>, error: rquickjs::Error) -> String {
    match CaughtError::from_error(context, error) {
        CaughtError::Exception(exception) => {
            let name: String = exception.get("name").unwrap_or_default();
            let message = exception.message().unwrap_or_default();
            // Our own calls throw plain errors.
            if name.is_empty() || name == "Error" { message } else { format!("{name}: {message}") }
        }
        CaughtError::Value(value) => match value.as_string().and_then(|text| text.to_string().ok()) {
            Some(text) => text,
            None => format!("it threw {}", value.type_name()),
        },
        // A promise that nothing will ever settle.
        CaughtError::Error(rquickjs::Error::WouldBlock) => "it waits for something that never comes".into(),
        CaughtError::Error(error) => error.to_string(),
    }
}
