//! The composition root: the only place that knows every adapter.

use std::future::{Future, ready};
use std::io;
use std::pin::pin;
use std::sync::Arc;

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
use crate::http;
use crate::llm::Providers;
use crate::run::RunService;
use crate::shutdown::{self, ShutdownSettings};

/// The service, put together and not yet serving.
pub struct App {
    router: Router,
    runs: RunService,
    shutdown: ShutdownSettings,
    authenticated: bool,
    /// Owns what outlives a response or a run: refused uploads, browser processes.
    tasks: TaskTracker,
    close_browsers: BoxFuture<'static, ()>,
}

impl App {
    /// The service with real browsers and model providers.
    pub fn build(settings: Settings) -> anyhow::Result<Self> {
        let tasks = TaskTracker::new();
        let models = Arc::new(Providers::new(settings.llm.clone())?);
        let pool = Pool::start(settings.browser.clone(), settings.policy.clone(), tasks.clone())?;
        let mut app = Self::with_tasks(settings, pool.clone(), models, tasks);
        app.close_browsers = async move { pool.close().await }.boxed();
        Ok(app)
    }

    /// The service with the given browsers and models.
    pub fn with(settings: Settings, browsers: Arc<dyn Browsers>, models: Arc<dyn Models>) -> Self {
        Self::with_tasks(settings, browsers, models, TaskTracker::new())
    }

    fn with_tasks(
        settings: Settings,
        browsers: Arc<dyn Browsers>,
        models: Arc<dyn Models>,
        tasks: TaskTracker,
    ) -> Self {
        let authenticated = settings.http.api_key.is_some();
        let runs = RunService::new(settings.run, settings.agent, browsers, models);
        let router = http::router(settings.http, runs.clone(), tasks.clone());
        let close_browsers = ready(()).boxed();
        Self { router, runs, shutdown: settings.shutdown, authenticated, tasks, close_browsers }
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
