//! The composition root: the only place that knows every adapter.

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
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{error, info, warn};

use crate::config::Settings;
use crate::http::details::{BrowserDetails, Inspect, MemoryDetails, SandboxDetails};
use crate::http::settings::ServeSettings;
use crate::http::{self, serve};
use crate::machine::Machine;
use crate::run::{self, Memory, Recorder, RunService};
use crate::shutdown::{self, ShutdownSettings};
use agent::ports::{Browsers, Models};
use browser::Pool;
use llm::Providers;
use replay::{Destination, Recording, Replay};

/// The service, put together and not yet serving.
pub struct App {
    router: Router,
    serve: ServeSettings,
    runs: RunService,
    memory: Arc<dyn Memory>,
    shutdown: ShutdownSettings,
    authenticated: bool,
    /// Owns what outlives a response or a run: refused uploads, browser processes.
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

    /// As [`build`](Self::build), with the runs recorded there and nowhere else.
    pub fn recording(settings: Settings, recordings: Option<Destination>) -> anyhow::Result<Self> {
        let tasks = TaskTracker::new();
        let models = Arc::new(Providers::new(settings.llm.clone())?);
        let pool = Pool::start(settings.browser.clone(), settings.policy.clone(), tasks.clone())?;
        let recorder = recordings.map(|recordings| Arc::new(recordings) as Arc<dyn Recorder>);
        let host = Arc::new(Host { machine: Machine::this(), pool: Some(pool.clone()) });
        let mut app = Self::with_tasks(settings, pool.clone(), models, recorder, tasks, host);
        app.close_browsers = async move { pool.close().await }.boxed();
        Ok(app)
    }

    /// The service for one run, that of a recording: in real browsers, or against the recorded views.
    pub fn replaying(
        mut settings: Settings,
        recording: Recording,
        offline: bool,
        secrets: &[(usize, String)],
    ) -> anyhow::Result<(Self, Arc<Replay>)> {
        let tasks = TaskTracker::new();
        if offline {
            let replay = Replay::new(recording, None, secrets)?;
            settings.agent = replay.agent(&settings.agent);
            let app = Self::with_tasks(settings, replay.clone(), replay.clone(), None, tasks, Host::alone());
            return Ok((app, replay));
        }
        let pool = Pool::start(settings.browser.clone(), settings.policy.clone(), tasks.clone())?;
        let replay = Replay::new(recording, Some(pool.clone()), secrets)?;
        settings.agent = replay.agent(&settings.agent);
        let host = Arc::new(Host { machine: Machine::this(), pool: Some(pool.clone()) });
        let mut app = Self::with_tasks(settings, replay.clone(), replay.clone(), None, tasks, host);
        app.close_browsers = async move { pool.close().await }.boxed();
        Ok((app, replay))
    }

    /// The service with the given browsers and models.
    pub fn with(settings: Settings, browsers: Arc<dyn Browsers>, models: Arc<dyn Models>) -> Self {
        Self::with_tasks(settings, browsers, models, None, TaskTracker::new(), Host::alone())
    }

    fn with_tasks(
        settings: Settings,
        browsers: Arc<dyn Browsers>,
        models: Arc<dyn Models>,
        recorder: Option<Arc<dyn Recorder>>,
        tasks: TaskTracker,
        host: Arc<Host>,
    ) -> Self {
        let (authenticated, serve) = (settings.http.api_key.is_some(), settings.http.serve);
        let runs = RunService::recorded(settings.run, settings.agent, browsers, models, recorder);
        let router = http::router(settings.http, runs.clone(), tasks.clone(), host.clone());
        let close_browsers = ready(()).boxed();
        Self { router, serve, runs, memory: host, shutdown: settings.shutdown, authenticated, tasks, close_browsers }
    }

    /// The runs behind the routes, for whoever starts one without HTTP.
    pub fn runs(&self) -> &RunService {
        &self.runs
    }

    /// What closes the browsers at the end, when [`App::with`] was given some that need it.
    pub fn closing(mut self, close_browsers: impl Future<Output = ()> + Send + 'static) -> Self {
        self.close_browsers = close_browsers.boxed();
        self
    }

    /// Watches another memory than the machine's.
    pub fn watching(mut self, memory: Arc<dyn Memory>) -> Self {
        self.memory = memory;
        self
    }

    /// Serves until `stop` has an item, then stops in order; a second item makes it hurry.
    ///
    /// # Errors
    /// The listener has no address, or the service has stopped because a task is gone that it cannot do without.
    pub async fn run(self, listener: TcpListener, stop: impl Stream<Item = ()>) -> io::Result<()> {
        let mut stop = pin!(stop);
        info!(address = %listener.local_addr()?, "listening");
        if !self.authenticated {
            warn!("BROWSER_USE_INTERNAL_API_KEY is not set: everybody on this machine may call");
        }
        let stop_serving = CancellationToken::new();
        // The run gives up on its reader first, and reports why. After that, the connection is useless.
        let write_timeout = 2 * self.runs.settings().stall_timeout;
        let serving = serve::serve(listener, self.router, self.serve, write_timeout, stop_serving.clone());
        let mut server = self.tasks.spawn(serving);
        let watch = run::watch(self.runs.clone(), self.runs.settings().memory, self.memory);
        let mut watching = AbortOnDrop(self.tasks.spawn(watch));

        // Neither ends by itself but in a panic, which was told where it happened.
        let ended = tokio::select! {
            () = shutdown::asked(&mut stop) => Ok(()),
            _ = &mut server => Err("the server has ended"),
            _ = &mut watching.0 => Err("the watch over the memory has ended"),
        };
        if let Err(cause) = ended {
            error!(cause, "the service cannot go on");
        }
        let serving = async {
            stop_serving.cancel();
            if !server.is_finished() {
                let _ = server.await;
            }
        };
        let again = shutdown::asked(&mut stop);
        shutdown::shut_down(self.shutdown, &self.runs, serving, again, self.close_browsers).await;
        ended.map_err(io::Error::other)
    }

    /// Ends what never served: cancels the runs, waits for them to clean up and closes the browsers. An item of `stop`
    /// makes it hurry.
    pub async fn close(self, stop: &mut (impl Stream<Item = ()> + Unpin)) {
        self.runs.cancel();
        shutdown::shut_down(self.shutdown, &self.runs, ready(()), shutdown::asked(stop), self.close_browsers).await;
    }
}

/// What stands around the runs: the machine with its memory, and the browsers that use most of it.
struct Host {
    machine: Machine,
    /// None where the browsers are somebody else's.
    pool: Option<Arc<Pool>>,
}

impl Host {
    fn alone() -> Arc<Self> {
        Arc::new(Self { machine: Machine::this(), pool: None })
    }
}

#[async_trait]
impl Memory for Host {
    async fn used(&self) -> Option<f64> {
        let machine = self.machine.clone();
        // The kernel may have to count first.
        let look = tokio::task::spawn_blocking(move || machine.memory_use());
        Some(look.await.ok()??.part())
    }

    async fn relieve(&self) -> Option<u64> {
        self.pool.as_ref()?.kill_largest_page().await
    }
}

impl Inspect for Host {
    fn browser(&self) -> Option<BrowserDetails> {
        let pool = self.pool.as_ref()?;
        let sandbox = pool.sandbox();
        let sandbox = SandboxDetails { enabled: sandbox.is_on(), reason: sandbox.to_string() };
        Some(BrowserDetails { version: pool.version(), sandbox })
    }

    fn memory(&self) -> Option<MemoryDetails> {
        let seen = self.machine.memory_use()?;
        Some(MemoryDetails { used_bytes: seen.used, limit_bytes: seen.limit })
    }
}

/// A task that is to end with its owner.
struct AbortOnDrop(JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
