//! The composition root: the only place that knows every adapter.

use std::future::{Future, ready};
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::serve::ListenerExt;
use futures::future::BoxFuture;
use futures::{FutureExt, Stream};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{error, info, warn};

use crate::agent::ports::{Browsers, Models};
use crate::browser::Pool;
use crate::config::Settings;
use crate::http::{self, Patience, PatientListener};
use crate::llm::Providers;
use crate::replay::{Recorded, Recordings, Replay};
use crate::run::{Recorder, RunService};
use crate::shutdown::{self, ShutdownSettings};

/// The service, put together and not yet serving.
pub struct App {
    router: Router,
    runs: RunService,
    shutdown: ShutdownSettings,
    /// How long a connection's client may take nothing of what it is sent.
    patience: Duration,
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
            Recordings::folder(folder).context(what)
        });
        Self::recording(settings, recordings.transpose()?)
    }

    /// As [`build`](Self::build), with the runs recorded there and nowhere else.
    pub fn recording(settings: Settings, recordings: Option<Recordings>) -> anyhow::Result<Self> {
        let tasks = TaskTracker::new();
        let models = Arc::new(Providers::new(settings.llm.clone())?);
        let pool = Pool::start(settings.browser.clone(), settings.policy.clone(), tasks.clone())?;
        let recorder = recordings.map(|recordings| Arc::new(recordings) as Arc<dyn Recorder>);
        let mut app = Self::with_tasks(settings, pool.clone(), models, recorder, tasks);
        app.close_browsers = async move { pool.close().await }.boxed();
        Ok(app)
    }

    /// The service for one run, that of a recording: in real browsers, or against the recorded views.
    pub fn replaying(
        mut settings: Settings,
        recorded: Recorded,
        offline: bool,
        secrets: &[(usize, String)],
    ) -> anyhow::Result<(Self, Arc<Replay>)> {
        let tasks = TaskTracker::new();
        if offline {
            let replay = Replay::new(recorded, None, secrets)?;
            settings.agent = replay.agent(&settings.agent);
            return Ok((Self::with_tasks(settings, replay.clone(), replay.clone(), None, tasks), replay));
        }
        let pool = Pool::start(settings.browser.clone(), settings.policy.clone(), tasks.clone())?;
        let replay = Replay::new(recorded, Some(pool.clone()), secrets)?;
        settings.agent = replay.agent(&settings.agent);
        let mut app = Self::with_tasks(settings, replay.clone(), replay.clone(), None, tasks);
        app.close_browsers = async move { pool.close().await }.boxed();
        Ok((app, replay))
    }

    /// The service with the given browsers and models.
    pub fn with(settings: Settings, browsers: Arc<dyn Browsers>, models: Arc<dyn Models>) -> Self {
        Self::with_tasks(settings, browsers, models, None, TaskTracker::new())
    }

    fn with_tasks(
        settings: Settings,
        browsers: Arc<dyn Browsers>,
        models: Arc<dyn Models>,
        recorder: Option<Arc<dyn Recorder>>,
        tasks: TaskTracker,
    ) -> Self {
        let authenticated = settings.http.api_key.is_some();
        // The run gives up first, so that it is told why it ended; then its connection is of no use.
        let patience = 2 * settings.run.stall_timeout;
        let runs = RunService::recorded(settings.run, settings.agent, browsers, models, recorder);
        let router = http::router(settings.http, runs.clone(), tasks.clone());
        let close_browsers = ready(()).boxed();
        Self { router, runs, shutdown: settings.shutdown, patience, authenticated, tasks, close_browsers }
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

    /// Serves until `stop` has an item, then stops in order; a second item makes it hurry.
    pub async fn run(self, listener: TcpListener, stop: impl Stream<Item = ()>) -> io::Result<()> {
        let mut stop = pin!(stop);
        info!(address = %listener.local_addr()?, "listening");
        if !self.authenticated {
            warn!("BROWSER_USE_INTERNAL_API_KEY is not set: everybody on this machine may call");
        }
        let listener = listener.tap_io(|connection| {
            // Events are small and wanted at once.
            if let Err(error) = connection.set_nodelay(true) {
                warn!(%error, "events of this connection may come late");
            }
        });
        let let_go = CancellationToken::new();
        let patience = Patience { limit: self.patience, let_go: let_go.clone() };
        let listener = PatientListener { listener, patience };
        let server = axum::serve(listener, self.router).with_graceful_shutdown(let_go.clone().cancelled_owned());
        let server = self.tasks.spawn(server.into_future());

        shutdown::asked(&mut stop).await;
        let serving = async {
            let_go.cancel();
            if let Err(error) = server.await {
                error!(%error, "the server failed");
            }
        };
        let again = shutdown::asked(&mut stop);
        shutdown::shut_down(self.shutdown, &self.runs, serving, again, self.close_browsers).await;
        Ok(())
    }

    /// Ends what never served: cancels the runs, waits for them to clean up and closes the browsers. An item of `stop`
    /// makes it hurry.
    pub async fn close(self, stop: &mut (impl Stream<Item = ()> + Unpin)) {
        self.runs.cancel();
        shutdown::shut_down(self.shutdown, &self.runs, ready(()), shutdown::asked(stop), self.close_browsers).await;
    }
}
