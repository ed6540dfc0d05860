//! The service under test.

use std::net::SocketAddr;
use std::sync::Arc;

use agent::ports::Models;
use async_trait::async_trait;
use browser_use_service::app::App;
use browser_use_service::config::Settings;
use browser_use_service::http::settings::HttpSettings;
use browser_use_service::run::{Memory, Recorder, RunService};
use futures::channel::mpsc::{UnboundedSender, unbounded};
use llm::Providers;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::browser::{FakeBrowsers, PageLog, Script};
use super::client::Events;
use super::model::{OneModel, Reply, ScriptedModel};
use super::{Counter, soon};

pub(crate) const KEY: &str = "gateway-secret-9d1f";
pub(crate) const RUN: &str = "/api/v1/browser-use/run/stream";

/// A builder for the service under test.
pub(crate) struct Stage {
    replies: Vec<Reply>,
    script: Script,
    variables: Vec<(String, String)>,
    real_models: bool,
    memory: Option<Arc<dyn Memory>>,
    max_connections: Option<usize>,
}

/// A running service. Its tasks end with it.
pub(crate) struct Service {
    pub(crate) address: SocketAddr,
    pub(crate) client: reqwest::Client,
    pub(crate) model: Arc<ScriptedModel>,
    pub(crate) pages: Arc<PageLog>,
    pub(crate) browsers_closed: Arc<Counter>,
    stop: UnboundedSender<()>,
    serving: JoinSet<std::io::Result<()>>,
}

impl Stage {
    /// A model with this script, a working browser, a key, a few slots and no queue.
    pub(crate) fn new(replies: impl IntoIterator<Item = Reply>) -> Self {
        let stage = Self {
            replies: replies.into_iter().collect(),
            script: Script::default(),
            variables: Vec::new(),
            real_models: false,
            memory: None,
            max_connections: None,
        };
        stage
            .set("BROWSER_USE_INTERNAL_API_KEY", KEY)
            .set("MAX_CONCURRENT_RUNS", "4")
            .set("MAX_QUEUED_RUNS", "0")
            .set("AGENT_VISION", "never")
    }

    pub(crate) fn set(mut self, name: &str, value: &str) -> Self {
        self.variables.retain(|(set, _)| set != name);
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Model providers from the settings instead of a script.
    pub(crate) fn with_real_models(mut self) -> Self {
        self.real_models = true;
        self
    }

    /// Fixed memory usage, as the machine's may be high while tests run.
    pub(crate) fn memory(mut self, memory: Arc<dyn Memory>) -> Self {
        self.memory = Some(memory);
        self
    }

    /// The maximum number of connections, also above the setting's range.
    pub(crate) fn max_connections(mut self, most: usize) -> Self {
        self.max_connections = Some(most);
        self
    }

    pub(crate) fn browser(mut self, script: Script) -> Self {
        self.script = script;
        self
    }

    fn settings(&self) -> Settings {
        Settings::from_variables(self.variables.clone()).expect("the test's settings are valid")
    }

    /// The run service without HTTP, for tests on paused time.
    pub(crate) fn runs(self) -> (RunService, Arc<ScriptedModel>, Arc<PageLog>) {
        self.recorded_runs(None)
    }

    /// The same, recorded.
    pub(crate) fn recorded_runs(
        self,
        recorder: Option<Arc<dyn Recorder>>,
    ) -> (RunService, Arc<ScriptedModel>, Arc<PageLog>) {
        let settings = self.settings();
        let (model, browsers) = (ScriptedModel::new(self.replies), FakeBrowsers::new(self.script));
        let pages = browsers.log.clone();
        let runs = RunService::new(settings.run, settings.agent, browsers, Arc::new(OneModel(model.clone())), recorder);
        (runs, model, pages)
    }

    /// The HTTP settings.
    pub(crate) fn http(&self) -> HttpSettings {
        self.settings().http
    }

    pub(crate) async fn start(self) -> Service {
        let mut settings = self.settings();
        if let Some(most) = self.max_connections {
            settings.http.serve.max_connections = most;
        }
        let (model, browsers) = (ScriptedModel::new(self.replies), FakeBrowsers::new(self.script));
        let pages = browsers.log.clone();
        let browsers_closed = Arc::new(Counter::new());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("the listener is bound");
        let (stop, stopping) = unbounded();
        let closed = browsers_closed.clone();
        let models: Arc<dyn Models> = if self.real_models {
            Arc::new(Providers::new(settings.llm.clone()).expect("usable providers"))
        } else {
            Arc::new(OneModel(model.clone()))
        };
        let app = App::with(settings, browsers, models).closing(async move { closed.add() });
        let app = app.watching(self.memory.unwrap_or_else(|| Arc::new(Ample)));
        let mut serving = JoinSet::new();
        serving.spawn(app.run(listener, stopping));
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        Service { address, client, model, pages, browsers_closed, stop, serving }
    }
}

/// Memory usage that is always low.
struct Ample;

#[async_trait]
impl Memory for Ample {
    async fn used(&self) -> Option<f64> {
        Some(0.0)
    }

    async fn relieve(&self) -> Option<u64> {
        None
    }
}

impl Service {
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// A run request with the right key.
    pub(crate) fn post(&self, body: &Value) -> reqwest::RequestBuilder {
        self.client.post(self.url(RUN)).header("X-Gateway-Key", KEY).json(body)
    }

    /// Sends a run request and expects a stream.
    pub(crate) async fn run(&self, body: &Value) -> Events {
        let response = soon("the response", self.post(body).send()).await.expect("a response");
        assert_eq!(response.status(), 200, "{:?}", response.text().await);
        Events::new(response)
    }

    /// Requests the stream of a run after the event `last`.
    pub(crate) fn stream(&self, run_id: &str, last: Option<u64>) -> reqwest::RequestBuilder {
        let path = format!("/api/v1/browser-use/runs/{run_id}/stream");
        let request = self.client.get(self.url(&path)).header("X-Gateway-Key", KEY);
        last.into_iter().fold(request, |request, last| request.header("Last-Event-ID", last))
    }

    /// Like `stream`, but expects success.
    pub(crate) async fn resume(&self, run_id: &str, last: Option<u64>) -> Events {
        let response = soon("the response", self.stream(run_id, last).send()).await.expect("a response");
        assert_eq!(response.status(), 200, "{:?}", response.text().await);
        Events::new(response)
    }

    /// Like `run`, to the end.
    pub(crate) async fn run_all(&self, body: &Value) -> Vec<Value> {
        self.run(body).await.collect().await
    }

    /// Sends a command to a run; `(status, body)`.
    pub(crate) async fn steer(&self, run_id: &str, command: &str, body: Option<Value>) -> (u16, Value) {
        let url = self.url(&format!("/api/v1/browser-use/runs/{run_id}/{command}"));
        let (method, url) = match command {
            "" => (reqwest::Method::PATCH, url.trim_end_matches('/').to_owned()),
            _ => (reqwest::Method::POST, url),
        };
        let request = self.client.request(method, url).header("X-Gateway-Key", KEY);
        let request = if let Some(body) = body { request.json(&body) } else { request };
        let response = soon("an answer", request.send()).await.expect("an answer");
        (response.status().as_u16(), response.json().await.expect("JSON"))
    }

    /// `GET /runs` and what is below it.
    pub(crate) async fn runs(&self, below: &str, caller: Option<&str>) -> (u16, Value) {
        let url = self.url(&format!("/api/v1/browser-use/runs{below}"));
        let request = self.client.get(url).header("X-Gateway-Key", KEY);
        let request = if let Some(caller) = caller { request.header("X-Caller-Id", caller) } else { request };
        let response = soon("an answer", request.send()).await.expect("an answer");
        (response.status().as_u16(), response.json().await.expect("JSON"))
    }

    /// Waits until a run is in a state, and returns its status.
    pub(crate) async fn state(&self, run_id: &str, state: &str) -> Value {
        let reached = async {
            loop {
                let (status, seen) = self.runs(&format!("/{run_id}"), None).await;
                assert_eq!(status, 200, "{seen}");
                if seen["state"] == state {
                    return seen;
                }
                tokio::task::yield_now().await;
            }
        };
        soon(state, reached).await
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        let response = soon("the response", self.client.get(self.url(path)).send()).await.expect("a response");
        (response.status().as_u16(), response.json().await.expect("JSON"))
    }

    /// Waits until `/ready` has this answer and returns it.
    pub(crate) async fn readiness(&self, such: impl Fn(u16, &Value) -> bool) -> Value {
        let asking = async {
            loop {
                let (status, body) = self.get("/ready").await;
                if such(status, &body) {
                    return body;
                }
            }
        };
        soon("the service's readiness", asking).await
    }

    /// Stops the service, like a signal.
    pub(crate) fn stop(&self) {
        self.stop.unbounded_send(()).expect("the service listens");
    }

    /// Waits until the service has stopped by itself and returns the reason.
    pub(crate) async fn failed(&mut self) -> std::io::Error {
        let ended = soon("the service's end", self.serving.join_next()).await;
        ended.expect("it was serving").expect("it does not panic").expect_err("nobody has asked it to stop")
    }

    /// Waits until the service has stopped.
    pub(crate) async fn stopped(&mut self) {
        let ended = soon("the service's end", self.serving.join_next()).await;
        ended.expect("it was serving").expect("it does not panic").expect("it ends well");
    }
}
