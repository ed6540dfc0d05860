//! Assembles the service. The only file that names every adapter.

use std::future::{Future, ready};
use std::io;
use std::pin::pin;
use std::sync::Arc;

use anyhow::Context;
use async_trait::async_trait;
use axum::Router;
use futures::future::BoxFuture;
use futures::{FutureExt, Stream};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};
use tracing::{error, info, warn};

use crate::config::Settings;
use crate::http::details::{BrowserDetails, Inspect};
use crate::http::settings::ServeSettings;
use crate::http::{self, serve};
use crate::machine::{Machine, MemoryUse};
use crate::run::{self, Memory, Recorder, RunService};
use crate::shutdown::{self, ShutdownSettings};
use agent::ports::{Browsers, Models};
use browser::{Pool, SystemResolver};
use llm::Providers;
use replay::{Destination, Recording, Replay};

/// The assembled service, before it serves requests.
pub struct App {
    router: Router,
    serve: ServeSettings,
    runs: RunService,
    memory: Arc<dyn Memory>,
    shutdown: ShutdownSettings,
    authenticated: bool,
    /// Owns the tasks that outlive a response or a run, such as those of browser processes.
    tasks: TaskTracker,
    close_browsers: BoxFuture<'static, ()>,
}

impl App {
    /// The service with real browsers and model providers.
    pub fn build(settings: Settings) -> anyhow::Result<Self> {
        let folder = settings.record_dir.clone();
        let recordings = folder.map(|folder| {
            let what = format!("cannot write into RECORD_DIR {}", folder.display());
            Destination::folder(folder).context(what)
        });
        Self::recording(settings, recordings.transpose()?)
    }

    /// As [`build`](Self::build), with the given destination of recordings instead of the configured one.
    pub fn recording(settings: Settings, recordings: Option<Destination>) -> anyhow::Result<Self> {
        let tasks = TaskTracker::new();
        let models = Arc::new(Providers::new(settings.llm.clone())?);
        let pool =
            Pool::start(settings.browser.clone(), settings.policy.clone(), Arc::new(SystemResolver), tasks.clone())?;
        let recorder = recordings.map(|recordings| Arc::new(recordings) as Arc<dyn Recorder>);
        Ok(Self::assemble(settings, pool.clone(), models, recorder, tasks, Some(pool)))
    }

    /// The service for a replay: in real browsers, or against the recorded views.
    pub fn replaying(
        mut settings: Settings,
        recording: Recording,
        offline: bool,
        secrets: &[(usize, String)],
    ) -> anyhow::Result<(Self, Arc<Replay>)> {
        let tasks = TaskTracker::new();
        let pool = match offline {
            true => None,
            false => Some(Pool::start(
                settings.browser.clone(),
                settings.policy.clone(),
                Arc::new(SystemResolver),
                tasks.clone(),
            )?),
        };
        let live = pool.clone().map(|pool| pool as Arc<dyn Browsers>);
        let replay = Replay::new(recording, live, secrets)?;
        settings.agent = replay.agent(&settings.agent);
        Ok((Self::assemble(settings, replay.clone(), replay.clone(), None, tasks, pool), replay))
    }

    /// The service with the given browsers and models.
    pub fn with(settings: Settings, browsers: Arc<dyn Browsers>, models: Arc<dyn Models>) -> Self {
        Self::assemble(settings, browsers, models, None, TaskTracker::new(), None)
    }

    /// `pool` is `None` if the browsers are not started by this service.
    fn assemble(
        settings: Settings,
        browsers: Arc<dyn Browsers>,
        models: Arc<dyn Models>,
        recorder: Option<Arc<dyn Recorder>>,
        tasks: TaskTracker,
        pool: Option<Arc<Pool>>,
    ) -> Self {
        let (authenticated, serve) = (settings.http.api_key.is_some(), settings.http.serve);
        let runs = RunService::new(settings.run, settings.agent, browsers, models, recorder);
        let host = Arc::new(Host { machine: Machine::this(), pool: pool.clone() });
        let router = http::router(settings.http, runs.clone(), tasks.clone(), host.clone());
        let close_browsers = async move {
            if let Some(pool) = pool {
                pool.close().await;
            }
        };
        Self {
            router,
            serve,
            runs,
            memory: host,
            shutdown: settings.shutdown,
            authenticated,
            tasks,
            close_browsers: close_browsers.boxed(),
        }
    }

    /// The runs, for callers that start one without HTTP.
    pub fn runs(&self) -> &RunService {
        &self.runs
    }

    /// Sets how the browsers given to [`App::with`] are closed at the end.
    pub fn closing(mut self, close_browsers: impl Future<Output = ()> + Send + 'static) -> Self {
        self.close_browsers = close_browsers.boxed();
        self
    }

    /// Watches the given memory instead of the machine's.
    pub fn watching(mut self, memory: Arc<dyn Memory>) -> Self {
        self.memory = memory;
        self
    }

    /// Serves until `stop` yields an item, then shuts down gracefully. A second item skips the grace period.
    ///
    /// # Errors
    /// The listener has no address, or the server or the memory watch has panicked.
    pub async fn run(self, listener: TcpListener, stop: impl Stream<Item = ()>) -> io::Result<()> {
        let mut stop = pin!(stop);
        info!(address = %listener.local_addr()?, "listening");
        if !self.authenticated {
            warn!("BROWSER_USE_INTERNAL_API_KEY is not set: every process on this machine has access");
        }
        let stop_serving = CancellationToken::new();
        // Longer than the stall timeout, so that the run ends first and reports the reason.
        let write_timeout = 2 * self.runs.settings().stall_timeout;
        let serving = serve::serve(listener, self.router, self.serve, write_timeout, stop_serving.clone());
        let mut server = self.tasks.spawn(serving);
        let watch = run::watch(self.runs.clone(), self.runs.settings().memory, self.memory);
        let mut watching = AbortOnDropHandle::new(self.tasks.spawn(watch));

        // Both end only if they panic, and the panic is already logged.
        let ended = tokio::select! {
            () = shutdown::requested(&mut stop) => Ok(()),
            _ = &mut server => Err("the server has ended"),
            _ = &mut watching => Err("the memory watch has ended"),
        };
        if let Err(cause) = ended {
            error!(cause, "the service cannot continue");
        }
        let serving = async {
            stop_serving.cancel();
            if !server.is_finished() {
                let _ = server.await;
            }
        };
        let again = shutdown::requested(&mut stop);
        shutdown::shut_down(self.shutdown, &self.runs, serving, again, self.close_browsers).await;
        ended.map_err(io::Error::other)
    }

    /// Shuts down an app that never served: cancels the runs, waits for their cleanup and closes the browsers. An item of
    /// `stop` skips the wait.
    pub async fn close(self, stop: &mut (impl Stream<Item = ()> + Unpin)) {
        self.runs.cancel();
        shutdown::shut_down(self.shutdown, &self.runs, ready(()), shutdown::requested(stop), self.close_browsers).await;
    }
}

/// The machine with its memory, and the browsers that use most of it.
struct Host {
    machine: Machine,
    /// `None` if the browsers are not started by this service.
    pool: Option<Arc<Pool>>,
}

#[async_trait]
impl Memory for Host {
    async fn used(&self) -> Option<f64> {
        let machine = self.machine.clone();
        // Reading the kernel's files may take milliseconds.
        let used = tokio::task::spawn_blocking(move || machine.memory_use());
        Some(used.await.ok()??.fraction())
    }

    async fn relieve(&self) -> Option<u64> {
        self.pool.as_ref()?.kill_largest_page().await
    }
}

impl Inspect for Host {
    fn browser(&self) -> Option<BrowserDetails> {
        let pool = self.pool.as_ref()?;
        let sandbox = pool.sandbox();
        Some(BrowserDetails {
            version: pool.version(),
            sandboxed: sandbox.is_on(),
            sandbox_reason: sandbox.to_string(),
        })
    }

    fn memory(&self) -> Option<MemoryUse> {
        self.machine.memory_use()
    }
}
