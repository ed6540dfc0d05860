//! Drives one run from the queue to its terminal event, and cleans up.

use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use futures::FutureExt;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::admission::{Place, Ticket};
use super::event::RunEventKind;
use super::failure::Failure;
use super::files::{KeepingPage, RunFiles};
use super::handle::RunHandle;
use super::reconnecting_page::ReconnectingPage;
use super::recorder::Recording;
use super::request::RunRequest;
use super::settings::RunSettings;
use super::storage;
use super::stream::Channel;
use agent::budget::Budget;
use agent::control::Deadline;
use agent::files::SentFile;
use agent::ledger::{Entries, Ledger};
use agent::ports::{Browsers, ChatModel, Page, PageSpec, Trace, TraceFiles, TraceHandle};
use agent::report::{AgentResult, LogLevel, Reporter, StepReport, StopReason};
use agent::secrets::{Mask, MaskedModel, MaskedPage, MaskedReporter, Masker, Secrets};
use agent::text::shorten;
use agent::{Agent, AgentSettings, AgentTask, Decider};
use template::TemplatePlanner;

/// Closing a page has the browser's own deadlines, 5 s for a context and 10 s for a browser; this one only bounds a defect.
const CLOSE_LIMIT: Duration = Duration::from_secs(20);
/// A recording takes milliseconds to write. A disk that hangs delays the slot and the stream's end no longer than this.
const RECORD_LIMIT: Duration = Duration::from_secs(20);
/// The same while the caller waits for its outcome.
const KEEP_LIMIT: Duration = Duration::from_secs(5);
/// The name of a run's recording among its files.
const RECORDING: &str = "recording.jsonl";
/// Those of its console messages and failures, and of its requests.
const TRACE: &str = "trace.jsonl";
const ARCHIVE: &str = "network.har";
/// Fraction of a run's time after which a warning is sent.
const WARN_AT: f64 = 0.8;
/// Longest text of a run that was stopped, in characters.
const MAX_STOPPED_TEXT: usize = 10_000;

/// Everything a run needs until its end.
pub(super) struct Run {
    pub(super) request: RunRequest,
    pub(super) model: Option<Arc<dyn ChatModel>>,
    pub(super) browsers: Arc<dyn Browsers>,
    pub(super) settings: RunSettings,
    pub(super) agent: AgentSettings,
    pub(super) recording: Option<Arc<dyn Recording>>,
    pub(super) ticket: Ticket,
    pub(super) events: Arc<Channel>,
    pub(super) handle: Arc<RunHandle>,
    /// Ends every run of the service.
    pub(super) service: CancellationToken,
}

/// Runs to the end. All events are sent, the page is closed and the slot is free; the stream is still open.
pub(super) async fn supervise(run: Run) {
    let started = Instant::now();
    // Until the page is closed: its browser may log what it saw.
    let secrets = run.request.secrets.clone();
    if let Some(masker) = secrets.masker() {
        masker.mask_logs();
    }
    // Outside of the work, so that it can be closed even after a panic.
    let page = OnceLock::new();
    let trace = if run.request.trace { run.browsers.trace() } else { None };
    let ledger = Arc::new(Ledger::default());
    let outcome = tokio::select! {
        // A cancelled run starts no further model call.
        biased;
        failure = run.cancelled() => Err(failure),
        () = run.handle.control.stopped() => Ok(stopped(ledger.entries())),
        outcome = AssertUnwindSafe(work(&run, &page, &ledger, trace.clone())).catch_unwind() => {
            outcome.unwrap_or(Err(Failure::Internal))
        }
    };
    let duration = started.elapsed();
    log(&outcome, duration);
    let storage = match run.request.returns_storage {
        true => Some(storage::returned(&run.request, page.get(), &run.events).await),
        false => None,
    };
    let mut end = match outcome {
        Ok(result) => RunEventKind::Finished { result, duration, storage },
        Err(failure) => RunEventKind::Failed { failure, tally: ledger.entries().tally, duration, storage },
    };
    let masker = run.request.secrets.masker();
    if let Some(masker) = &masker {
        end.mask(masker);
    }
    let keeps_recording = run.request.keep_files;
    let Run { mut recording, ticket, events, handle, .. } = run;
    if let Some(files) = &handle.files {
        // The result names the trace and the recording, so they are written first.
        if let Some(TraceHandle(trace)) = trace {
            keep_trace(&*trace, masker, files, &events).await;
        }
        if keeps_recording && let Some(recording) = recording.take() {
            keep_recording(&*recording, &end, files).await;
        }
        if let RunEventKind::Finished { result, .. } = &mut end {
            result.kept = files.list().iter().map(|file| file.info()).collect();
        }
    }
    // The caller gets the outcome at once; the stream stays open until cleanup is done.
    handle.ended();
    events.push(end.clone());
    if let Some(page) = page.into_inner() {
        close(page).await;
    }
    if let Some(recording) = recording {
        write(&*recording, &end, RECORD_LIMIT).await;
    }
    drop(ticket);
}

async fn work(
    run: &Run,
    page: &OnceLock<Arc<dyn Page>>,
    ledger: &Arc<Ledger>,
    trace: Option<TraceHandle>,
) -> Result<AgentResult, Failure> {
    let limit = run.settings.queue_timeout;
    timeout(limit, wait_for_place(run)).await.unwrap_or(Err(Failure::QueueTimeout { waited: limit }))?;
    let (begun, limit) = (Instant::now(), run.time_limit());
    run.handle.admitted();
    let deadline = Deadline::new(begun + limit, run.handle.control.clone());
    let warning = Deadline::new(begun + limit.mul_f64(WARN_AT), run.handle.control.clone());
    let driven = async {
        let mut drive = std::pin::pin!(drive(run, page, ledger, deadline.clone(), trace));
        tokio::select! {
            result = &mut drive => return result,
            () = warning.passed() => {}
        }
        let message = format!("{}% of the time budget is used, of {} s", WARN_AT * 100.0, limit.as_secs_f32());
        run.events.push(RunEventKind::log(LogLevel::Warning, message));
        drive.await
    };
    tokio::select! {
        result = driven => result,
        () = deadline.passed() => Ok(out_of_time(ledger.entries(), limit)),
    }
}

fn out_of_time(entries: Entries, limit: Duration) -> AgentResult {
    let Entries { mut errors, blocker, tally, .. } = entries;
    errors.push(format!("the run was not finished within {} s", limit.as_secs_f32()));
    AgentResult { stop_reason: StopReason::BudgetTime, errors, blocker, tally, ..AgentResult::default() }
}

/// What a run that was stopped knew so far.
fn stopped(entries: Entries) -> AgentResult {
    let Entries { notes, errors, blocker, tally } = entries;
    let final_text = shorten(&notes.join("\n"), MAX_STOPPED_TEXT);
    AgentResult { stop_reason: StopReason::Stopped, final_text, errors, blocker, tally, ..AgentResult::default() }
}

async fn wait_for_place(run: &Run) -> Result<(), Failure> {
    let mut place = run.ticket.place();
    loop {
        match place {
            Place::Admitted => return Ok(()),
            Place::Rejected => return Err(Failure::ShuttingDown),
            Place::Queued { position } => {
                let message = format!("waiting for a free place, position {position} in the queue");
                run.events.push(RunEventKind::log(LogLevel::Info, message));
            }
        }
        place = run.ticket.changed_from(place).await;
    }
}

async fn drive(
    run: &Run,
    slot: &OnceLock<Arc<dyn Page>>,
    ledger: &Arc<Ledger>,
    deadline: Deadline,
    trace: Option<TraceHandle>,
) -> Result<AgentResult, Failure> {
    let request = &run.request;
    let secrets = &request.secrets;
    let (storage, left_out) = storage::within_reach(request, &*run.browsers);
    if let Some(message) = left_out {
        run.events.push(RunEventKind::log(LogLevel::Warning, message));
    }
    let spec = PageSpec {
        headless: request.headless,
        screenshots: request.screenshots,
        files: request.files.clone(),
        domains: request.domains.clone(),
        secrets: secrets.clone(),
        storage,
        saves_storage: request.returns_storage,
        trace,
    };
    let reporter = MaskedReporter::wrap(Arc::new(RunReporter(run.events.clone(), run.handle.clone())), secrets);
    let reconnecting =
        ReconnectingPage::open(run.browsers.clone(), spec, reporter.clone(), run.settings.max_restarts).await?;
    let opened = slot.get_or_init(|| Arc::new(reconnecting)).clone();
    run.handle.opened(opened.clone());
    let opened: Arc<dyn Page> = match run.handle.files.clone().filter(|_| request.keep_files) {
        None => opened,
        Some(files) => Arc::new(KeepingPage::new(opened, files, secrets.clone(), reporter.clone())),
    };
    // Secrets are masked inside of the recording, so that it contains none.
    let mut page = MaskedPage::wrap(opened, secrets);
    let mut model = run.model.clone().map(|model| MaskedModel::wrap(model, secrets));
    if let Some(recording) = &run.recording {
        page = recording.clone().page(page);
        model = model.map(|model| recording.clone().model(model));
    }
    let decider = match model {
        Some(model) => Decider::Model(model),
        None => Decider::Planner(Box::new(TemplatePlanner::new())),
    };
    let control = run.handle.control.clone();
    let agent = Agent { settings: run.agent.clone(), decider, page, reporter, ledger: ledger.clone(), control };
    let settings = &run.settings;
    let task = AgentTask {
        task: masked(request.task.as_str(), secrets),
        files: request.files.iter().map(SentFile::info).collect(),
        secrets: secrets.clone(),
        start_url: request.start_url.as_ref().map(|url| url.as_url().clone()),
        actions: request.actions.iter().map(|action| action.map_text(|text| masked(text, secrets))).collect(),
        max_steps: request.max_steps.min(settings.max_steps),
        temperature: request.temperature,
        output: request.output.clone(),
        budget: Budget {
            tokens: request.max_tokens.into_iter().chain(settings.max_tokens).min(),
            cost: request.max_cost.into_iter().chain(settings.max_cost).reduce(f64::min),
            deadline: Some(deadline),
        },
        human: request.human.clone(),
    };
    Ok(agent.run(task).await?)
}

/// A text of the caller's without its secrets.
pub(super) fn masked(text: &str, secrets: &Secrets) -> String {
    secrets.masker().map_or_else(|| text.to_owned(), |masker| masker.mask(text).into_owned())
}

impl Run {
    /// Waits until the run is cancelled.
    async fn cancelled(&self) -> Failure {
        tokio::select! {
            biased;
            () = self.service.cancelled() => Failure::ShuttingDown,
            failure = self.events.given_up() => failure,
        }
    }

    fn time_limit(&self) -> Duration {
        self.request.max_time.map_or(self.settings.timeout, |limit| limit.min(self.settings.timeout))
    }
}

async fn write(recording: &dyn Recording, end: &RunEventKind, limit: Duration) -> Option<PathBuf> {
    let written = timeout(limit, AssertUnwindSafe(recording.end(end)).catch_unwind()).await;
    match written {
        Ok(Ok(path)) => return path,
        Ok(Err(_)) => error!("writing the recording panicked"),
        Err(_elapsed) => error!(limit_ms = limit.as_millis(), "the recording was not written in time"),
    }
    None
}

async fn keep_recording(recording: &dyn Recording, end: &RunEventKind, files: &RunFiles) {
    if let Some(path) = write(recording, end, KEEP_LIMIT).await
        && let Err(problem) = files.keep(RECORDING.into(), path).await
    {
        warn!(problem, "the recording is not kept");
    }
}

async fn keep_trace(trace: &dyn Trace, masker: Option<Arc<Masker>>, files: &RunFiles, events: &Channel) {
    let TraceFiles { mut lines, mut har } = trace.files();
    let also = masker.clone();
    let lines = files.keep_written(TRACE, move || {
        if let Some(masker) = masker {
            lines.mask(&masker);
        }
        lines.into_iter().flat_map(|line| format!("{line}\n").into_bytes()).collect()
    });
    let lines = lines.await;
    let har = files.keep_written(ARCHIVE, move || {
        if let Some(masker) = also {
            har.mask(&masker);
        }
        har.to_string().into_bytes()
    });
    for problem in [lines, har.await].into_iter().filter_map(Result::err) {
        warn!("a trace is not kept");
        events.push(RunEventKind::log(LogLevel::Warning, problem));
    }
}

async fn close(page: Arc<dyn Page>) {
    match timeout(CLOSE_LIMIT, AssertUnwindSafe(page.close()).catch_unwind()).await {
        Ok(Ok(())) => {}
        Ok(Err(_)) => error!("closing the page panicked"),
        Err(_elapsed) => error!(limit_ms = CLOSE_LIMIT.as_millis(), "the page was not closed in time"),
    }
}

fn log(outcome: &Result<AgentResult, Failure>, elapsed: Duration) {
    let elapsed_ms = elapsed.as_millis();
    match outcome {
        Ok(result) => {
            let reason = result.stop_reason.name();
            info!(success = result.success, reason, step_errors = result.errors.len(), elapsed_ms, "run finished");
        }
        Err(failure @ (Failure::Cancelled | Failure::ClientStalled | Failure::ShuttingDown)) => {
            info!(code = failure.code(), elapsed_ms, "run cancelled");
        }
        Err(failure) => warn!(code = failure.code(), cause = ?failure, elapsed_ms, "run failed"),
    }
}

/// The agent's reports as events, and as what is known of the run.
struct RunReporter(Arc<Channel>, Arc<RunHandle>);

#[async_trait]
impl Reporter for RunReporter {
    async fn log(&self, level: LogLevel, message: String) {
        self.0.push(RunEventKind::log(level, message));
    }

    async fn step(&self, mut report: StepReport) {
        if let Some(files) = &self.1.files {
            report.kept = files.take_new();
        }
        info!(target: super::STEP_LOG_TARGET, step = report.step, action = report.action, "step");
        self.1.step(&report);
        self.0.push(RunEventKind::Step(report));
    }
}
