//! The sandbox: one JavaScript program in an embedded QuickJS, on a thread of its own. The language is all it has: no
//! file, no network, no clock to wait on. Its one door to the outside is a function that takes and gives JSON.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc as reply;
use std::time::Instant;

use rquickjs::{CaughtError, Context, Ctx, Function, Promise, Runtime};
use tokio::sync::mpsc;

/// Bytes the program's values may take.
const MEMORY: usize = 32 << 20;
/// Bytes of the interpreter's stack; a thread of the runtime's blocking pool has 2 MiB.
const STACK: usize = 512 << 10;
/// Collected once this much has been allocated since; the limit above is not for garbage.
const GC_THRESHOLD: usize = 4 << 20;

const PRELUDE: &str = include_str!("prelude.js");

/// The program asks for something and waits for the answer, both JSON.
pub(super) struct Call {
    pub(super) request: String,
    pub(super) answer: reply::SyncSender<String>,
}

/// Why a program has no result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Failure {
    /// It threw; the text is what it threw.
    #[error("{0}")]
    Threw(String),
    /// It was stopped: out of time, or nobody waits for it any more.
    #[error("the script was stopped")]
    Stopped,
    #[error("the script needs too much memory")]
    OutOfMemory,
}

/// Runs a program to its end on this thread and gives its result as text.
///
/// # Errors
/// It threw, or was stopped by `stop` or at `deadline`.
pub(super) fn run(
    code: &str,
    calls: mpsc::Sender<Call>,
    stop: &Arc<AtomicBool>,
    deadline: Instant,
) -> Result<String, Failure> {
    let runtime = Runtime::new().map_err(|_| Failure::OutOfMemory)?;
    runtime.set_memory_limit(MEMORY);
    runtime.set_max_stack_size(STACK);
    runtime.set_gc_threshold(GC_THRESHOLD);
    let stopped = {
        let stop = Arc::clone(stop);
        move || stop.load(Ordering::Relaxed) || Instant::now() >= deadline
    };
    // Asked every some thousand operations; a program cannot catch it.
    runtime.set_interrupt_handler(Some(Box::new(stopped.clone())));
    let context = Context::full(&runtime).map_err(|_| Failure::OutOfMemory)?;
    context.with(|context| {
        evaluate(&context, code, calls).map_err(|error| match told(&context, error) {
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

/// What was thrown, as the model should read it.
fn told(context: &Ctx<'_>, error: rquickjs::Error) -> String {
    match CaughtError::from_error(context, error) {
        CaughtError::Exception(exception) => {
            let name: String = exception.get("name").unwrap_or_default();
            let message = exception.message().unwrap_or_default();
            // "Error" alone is what our own calls throw, and says nothing.
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
