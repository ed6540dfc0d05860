//! Starts runs and counts them.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use futures::FutureExt;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{Instrument, error, info, info_span};

use super::admission::{Admission, Places, Refusal, RunCounts};
use super::caller::CallerId;
use super::event::RunEventKind;
use super::files::{FileStore, KeptFile, RunFiles};
use super::handle::{Command, Progress, RunHandle, RunState, RunStatus, SnapshotError, SteerError};
use super::id::RunId;
use super::recorder::Recorder;
use super::registry::{NewRun, Once, Registry, Room};
use super::request::RunRequest;
use super::settings::RunSettings;
use super::stream::{Channel, ResumeError, RunStream, StreamOptions};
use super::supervisor::{self, Run};
use agent::AgentSettings;
use agent::control::{Control, Limits};
use agent::image::{Image, ImageFormat};
use agent::ports::{BrowserError, Browsers, HeadfulUnavailable, ModelName, ModelUnavailable, Models, Provider};

/// The deployment's runs. Clones share them.
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
    registry: Registry,
    files: Arc<FileStore>,
    runs: TaskTracker,
    /// Tasks that wait until the events of a finished run can be dropped.
    retention: TaskTracker,
    /// Ends all runs and retention.
    cancel: CancellationToken,
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
        /// Whether the request has a budget; otherwise it is the deployment's.
        asked_for: bool,
    },
    /// The domain lists exclude the start page.
    #[error("the start page is out of reach: {0}")]
    StartUrl(url_policy::Refusal),
    #[error("a run continues without a reader for at most {} s", .max.as_secs())]
    DetachTooLong { max: Duration },
    #[error(transparent)]
    Resume(#[from] ResumeError),
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// Why a run that started now would fail.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotReady {
    #[error(transparent)]
    Refusing(#[from] Refusal),
    #[error(transparent)]
    Browser(#[from] BrowserError),
}

impl RunService {
    /// A service without a recorder records nothing.
    pub fn new(
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
        let registry = Registry::new(Room {
            kept: settings.streams_kept,
            // Enough for all runs to end at once with unread events.
            read: settings.max_concurrent.saturating_mul(settings.stream_buffer),
        });
        let files = FileStore::new(settings.files_folder.clone(), settings.files_kept);
        let (runs, retention, cancel) = (TaskTracker::new(), TaskTracker::new(), CancellationToken::new());
        let inner =
            Inner { settings, agent, browsers, models, recorder, admission, registry, files, runs, retention, cancel };
        Self { inner: Arc::new(inner) }
    }

    /// Starts or queues a run. Its first event is available when this returns.
    pub fn start(&self, request: RunRequest) -> Result<RunStream, StartError> {
        self.inner.registry.enter(request.caller.clone(), None, || self.begin(request))
    }

    /// As [`start`](Self::start); if the same request has started a run before, takes over its stream instead.
    pub fn start_once(&self, request: RunRequest, once: Once) -> Result<RunStream, StartError> {
        self.inner.registry.enter(request.caller.clone(), Some(once), || self.begin(request))
    }

    /// Resumes the stream of a run that the same caller started, from the event after `after`. Its previous reader is
    /// interrupted.
    pub fn resume(&self, id: RunId, caller: Option<&CallerId>, after: u64) -> Result<RunStream, ResumeError> {
        self.inner.registry.attach(id, caller, after)
    }

    /// The caller's runs that go on or whose events are held, newest first.
    pub fn list(&self, caller: Option<&CallerId>) -> Vec<RunStatus> {
        self.inner.registry.handles(caller).iter().map(|handle| handle.status()).collect()
    }

    /// One of the caller's runs; none if there is no such run.
    pub fn status(&self, id: RunId, caller: Option<&CallerId>) -> Option<RunStatus> {
        Some(self.inner.registry.handle(id, caller)?.status())
    }

    /// Has one of the caller's runs carry out a command; returns its state after that.
    pub fn steer(&self, id: RunId, caller: Option<&CallerId>, command: Command) -> Result<RunState, SteerError> {
        self.inner.registry.handle(id, caller).ok_or(SteerError::Unknown)?.steer(command)
    }

    /// The files that one of the caller's runs has kept, in order; none if there is no such run.
    pub fn files(&self, id: RunId, caller: Option<&CallerId>) -> Option<Vec<Arc<KeptFile>>> {
        let handle = self.inner.registry.handle(id, caller)?;
        Some(handle.files.as_ref().map(|files| files.list()).unwrap_or_default())
    }

    /// The page of one of the caller's runs as it is now.
    ///
    /// # Errors
    /// There is no such run, or no picture of it.
    pub async fn snapshot(
        &self,
        id: RunId,
        caller: Option<&CallerId>,
        format: ImageFormat,
    ) -> Result<Image, SnapshotError> {
        self.inner.registry.handle(id, caller).ok_or(SnapshotError::Unknown)?.snapshot(format).await
    }

    fn begin(&self, request: RunRequest) -> Result<NewRun, StartError> {
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
        if let Some(url) = &request.start_url {
            inner.browsers.permits(url.as_url(), &request.domains).map_err(StartError::StartUrl)?;
        }
        if request.detach > inner.settings.max_detach {
            return Err(StartError::DetachTooLong { max: inner.settings.max_detach });
        }
        // Before the ticket, so that `finished` waits for this run, too.
        let _counted = inner.runs.token();
        let ticket = inner.admission.enter(request.caller.as_ref())?;

        let id = RunId::new();
        let model_name = model.as_ref().map(|model| model.name().model);
        let span = info_span!("run", run.id = %id);
        let caller = request.caller.as_ref().map(CallerId::as_str);
        // Debug form, which quotes the caller's text.
        span.in_scope(|| info!(provider = provider.name(), model = model_name, ?caller, "run accepted"));
        let recording = inner
            .recorder
            .as_ref()
            .map(|recorder| recorder.begin(id, &request, &inner.agent, provider, model_name.as_deref()));
        let options = StreamOptions {
            buffer: inner.settings.stream_buffer,
            stall_timeout: inner.settings.stall_timeout,
            detach: request.detach,
            skip_unchanged: request.skip_unchanged_screenshots,
        };
        let started_at = SystemTime::now();
        let first = RunEventKind::Started { at: started_at, run_id: id, provider, model: model_name.clone() };
        let (channel, stream) = Channel::open(id, options, first);
        let events = channel.clone();
        let limits = Limits { max_pause: inner.settings.max_pause, input_timeout: inner.settings.input_timeout };
        let control = Control::new(limits, move |change| events.push(RunEventKind::changed(change)));
        let handle = Arc::new(RunHandle {
            id,
            caller: request.caller.clone(),
            provider,
            model: model_name,
            started_at,
            control: Arc::new(control),
            secrets: Mutex::new(request.secrets.clone()),
            progress: Progress::default(),
            files: (request.keep_files || request.trace).then(|| Arc::new(RunFiles::new(inner.files.clone()))),
            page: Mutex::default(),
            snapshots: tokio::sync::Mutex::default(),
        });
        let run = Run {
            request,
            model,
            browsers: inner.browsers.clone(),
            settings: inner.settings.clone(),
            agent: inner.agent.clone(),
            recording,
            ticket,
            events: channel.clone(),
            handle: handle.clone(),
            service: inner.cancel.clone(),
        };
        let (inner, finished) = (inner.clone(), channel.clone());
        let run = async move {
            if AssertUnwindSafe(supervisor::supervise(run)).catch_unwind().await.is_err() {
                error!("the cleanup of a run panicked");
            }
            inner.retire(id, finished.clone());
            // Last: a reader that has seen the end finds the run kept or forgotten.
            finished.close();
        };
        self.inner.runs.spawn(run.instrument(span));
        Ok((channel, handle, stream))
    }

    /// Whether a browser and a slot, or a place in the queue, are available.
    pub fn ready(&self) -> Result<(), NotReady> {
        self.inner.admission.check()?;
        Ok(self.inner.browsers.ready()?)
    }

    pub fn settings(&self) -> &RunSettings {
        &self.inner.settings
    }

    pub fn counts(&self) -> RunCounts {
        self.inner.admission.counts()
    }

    /// Rejects new runs and holds queued ones while memory is short.
    pub fn set_memory_high(&self, is_high: bool) {
        self.inner.admission.set_memory_high(is_high);
    }

    /// Rejects new runs and ends queued ones. `grace`, the time left to running ones, becomes the `Retry-After`.
    pub fn drain(&self, grace: Duration) {
        self.inner.admission.drain(Instant::now() + grace);
    }

    /// Cancels all runs; each still emits its terminal event.
    pub fn cancel(&self) {
        self.inner.cancel.cancel();
    }

    /// Waits for all runs to end. Call [`drain`](Self::drain) first.
    pub async fn finished(&self) {
        self.inner.runs.close();
        self.inner.runs.wait().await;
    }
}

impl Inner {
    /// Forgets a finished run, at once or when its events need not be kept any longer.
    fn retire(self: Arc<Self>, id: RunId, channel: Arc<Channel>) {
        if self.cancel.is_cancelled() || !channel.is_kept() {
            self.registry.forget(id);
            return;
        }
        self.registry.keep(id);
        let inner = self.clone();
        self.retention.spawn(async move {
            let kept = async {
                loop {
                    channel.is_without_reader().await;
                    inner.registry.make_room();
                    tokio::select! {
                        // Also when the events were evicted.
                        () = channel.abandoned() => break,
                        () = channel.has_reader() => {}
                    }
                }
            };
            inner.cancel.run_until_cancelled(kept).await;
            inner.registry.forget(id);
        });
    }

    /// Rejects a cost budget for a model without a price.
    fn check_price(&self, model: &ModelName, asked_for: bool) -> Result<(), StartError> {
        let limited = asked_for || self.settings.max_cost.is_some();
        if limited && self.agent.prices.of(model).is_none() {
            return Err(StartError::PriceUnknown { model: model.clone(), asked_for });
        }
        Ok(())
    }
}
