//! Starts runs, and knows how many there are.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;
use tracing::{Instrument, info, info_span};

use super::admission::{Admission, Places, Refusal};
use super::caller::CallerId;
use super::event::{RunEvent, RunEventKind};
use super::id::RunId;
use super::recorder::Recorder;
use super::request::RunRequest;
use super::settings::RunSettings;
use super::supervisor::{self, Cancelled, Outbox, Run};
use crate::agent::agent::AgentSettings;
use crate::agent::ports::{BrowserError, Browsers, HeadfulUnavailable, ModelName, ModelUnavailable, Models, Provider};

/// Events a run may be ahead of its reader; a screenshot is in most of them.
const EVENTS_AHEAD: usize = 8;

/// The deployment's runs. Clones are the same service.
#[derive(Clone)]
pub struct RunService {
    inner: Arc<Inner>,
}

struct Inner {
    settings: RunSettings,
    agent: AgentSettings,
    browsers: Arc<dyn Browsers>,
    models: Arc<dyn Models>,
    recorder: Option<Arc<dyn Recorder>>,
    admission: Admission,
    runs: TaskTracker,
    /// Ends every run; each run's own token is a child of it.
    cancel: CancellationToken,
}

/// One run's events. Dropping it before its end cancels the run.
pub struct RunStream {
    id: RunId,
    events: mpsc::Receiver<RunEventKind>,
    read: u64,
    _cancel: DropGuard,
}

/// Why no run was started.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Model(#[from] ModelUnavailable),
    #[error(transparent)]
    Headful(#[from] HeadfulUnavailable),
    #[error("the built-in planner gives no output as data: outputSchema needs a model")]
    OutputNeedsModel,
    #[error("the budget cannot be kept: no price is set for the model {} of {}", .model.model, .model.provider)]
    PriceUnknown {
        model: ModelName,
        /// Whose budget it is: the request's, or else the deployment's.
        asked_for: bool,
    },
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// Why a run started now would not get far.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotReady {
    #[error(transparent)]
    Refusing(#[from] Refusal),
    #[error(transparent)]
    Browser(#[from] BrowserError),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunCounts {
    pub running: usize,
    pub queued: usize,
}

impl RunService {
    pub fn new(
        settings: RunSettings,
        agent: AgentSettings,
        browsers: Arc<dyn Browsers>,
        models: Arc<dyn Models>,
    ) -> Self {
        Self::recorded(settings, agent, browsers, models, None)
    }

    /// As [`new`](Self::new), with somebody who keeps what the runs do.
    pub fn recorded(
        settings: RunSettings,
        agent: AgentSettings,
        browsers: Arc<dyn Browsers>,
        models: Arc<dyn Models>,
        recorder: Option<Arc<dyn Recorder>>,
    ) -> Self {
        let admission = Admission::new(Places {
            running: settings.max_concurrent,
            queued: settings.max_queued,
            per_caller: settings.max_per_caller,
        });
        let (runs, cancel) = (TaskTracker::new(), CancellationToken::new());
        Self { inner: Arc::new(Inner { settings, agent, browsers, models, recorder, admission, runs, cancel }) }
    }

    /// Starts a run, or puts it into the queue; its first event is there when this returns.
    pub fn start(&self, request: RunRequest) -> Result<RunStream, StartError> {
        let inner = &self.inner;
        let provider = request.model.provider.unwrap_or_else(|| inner.models.default_provider());
        let model = match provider {
            Provider::Template => None,
            provider => Some(inner.models.open(provider, request.model.model.as_deref())?),
        };
        match &model {
            None if request.output.is_some() => return Err(StartError::OutputNeedsModel),
            None => {}
            Some(model) => inner.check_price(&model.name(), request.max_cost.is_some())?,
        }
        inner.browsers.supports(request.headless)?;
        // Taken before the place, so that whoever waits for the last run to end also waits for this one.
        let _counted = inner.runs.token();
        let ticket = inner.admission.enter(request.caller.as_ref())?;

        let id = RunId::new();
        let model_name = model.as_ref().map(|model| model.name().model);
        let span = info_span!("run", run.id = %id);
        let caller = request.caller.as_ref().map(CallerId::as_str);
        // Quoted, as it is the caller's text.
        span.in_scope(|| info!(provider = provider.name(), model = model_name, ?caller, "run accepted"));
        let recording = inner
            .recorder
            .as_ref()
            .map(|recorder| recorder.begin(id, &request, &inner.agent, provider, model_name.as_deref()));
        let first = RunEventKind::Started { at: SystemTime::now(), run_id: id, provider, model: model_name };
        let (outbox, events) = Outbox::new(first, EVENTS_AHEAD);
        let cancelled = Cancelled { service: inner.cancel.clone(), run: inner.cancel.child_token() };
        let guard = cancelled.run.clone().drop_guard();
        let run = Run {
            request,
            model,
            browsers: inner.browsers.clone(),
            settings: inner.settings.clone(),
            agent: inner.agent.clone(),
            recording,
            ticket,
            outbox,
            cancelled,
        };
        inner.runs.spawn(supervisor::supervise(run).instrument(span));
        Ok(RunStream { id, events, read: 0, _cancel: guard })
    }

    /// Whether there is a browser and a place, at work or in the queue.
    pub fn ready(&self) -> Result<(), NotReady> {
        self.inner.admission.check()?;
        Ok(self.inner.browsers.ready()?)
    }

    pub fn settings(&self) -> &RunSettings {
        &self.inner.settings
    }

    pub fn counts(&self) -> RunCounts {
        let (running, queued) = self.inner.admission.counts();
        RunCounts { running, queued }
    }

    /// Whether runs are kept waiting and new ones refused because memory is short.
    pub fn set_memory_high(&self, is_high: bool) {
        self.inner.admission.set_memory_high(is_high);
    }

    /// Refuses new runs from now on and ends those that wait for a place. Callers are told to come back when `grace`,
    /// the time left to the runs at work, is over.
    pub fn drain(&self, grace: Duration) {
        self.inner.admission.drain(Instant::now() + grace);
    }

    /// Cancels every run; each still tells its end.
    pub fn cancel(&self) {
        self.inner.cancel.cancel();
    }

    /// Waits until no run is left; to be called after [`drain`](Self::drain).
    pub async fn finished(&self) {
        self.inner.runs.close();
        self.inner.runs.wait().await;
    }
}

impl Inner {
    /// A run whose costs cannot be told is not begun under a limit on them.
    fn check_price(&self, model: &ModelName, asked_for: bool) -> Result<(), StartError> {
        let limited = asked_for || self.settings.max_cost.is_some();
        if limited && self.agent.prices.of(model).is_none() {
            return Err(StartError::PriceUnknown { model: model.clone(), asked_for });
        }
        Ok(())
    }
}

impl RunStream {
    pub fn id(&self) -> RunId {
        self.id
    }

    /// The next event; none when the run is over and cleaned up. Loses nothing when the future is dropped.
    pub async fn next(&mut self) -> Option<RunEvent> {
        let kind = self.events.recv().await?;
        self.read += 1;
        Some(RunEvent { sequence: self.read, kind })
    }
}
