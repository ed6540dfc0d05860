//! Clients: some read to the end, some slowly, some never; some disconnect, some resume.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use fastrand::Rng;
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};
use testkit::login::{PASSWORD, USER};
use testkit::service::Service;
use testkit::shop::order_request;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use super::environment::Environment;
use super::hostile::{self, ECHO, REACH};
use super::reading::Reading;

/// Longer than queue, run and clean-up may take together on a busy machine.
const PATIENCE: Duration = Duration::from_secs(75);
/// How long a client that never reads stays connected.
const STALL: Duration = Duration::from_secs(12);
/// `detachSeconds`; longer than any client is away.
const DETACHED: Duration = Duration::from_secs(20);
/// Broken connections of one run.
const PARTS: usize = 3;
/// The password in tasks.
const PLACEHOLDER: &str = "<secret>password</secret>";

/// How a caller treats the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Reads at once.
    Fast,
    /// Pauses after each event.
    Slow,
    /// Reads nothing and disconnects after a while.
    Stalled,
    /// Reads, and disconnects in the middle.
    Disconnecting,
    /// Loses the connection repeatedly and resumes.
    Resuming,
    /// Repeats its request while the run is running, and takes its stream over.
    Repeating,
}

/// The task of a run.
#[derive(Debug, Clone, Copy)]
enum Task {
    /// An order at the shop, by the built-in planner.
    Order,
    /// A visit to the shop, by the model.
    Visit,
    /// A login with a secret password.
    Login,
    /// The same password on a page that shows it everywhere.
    Echo,
    /// A page that tries to reach a forbidden host.
    Restricted,
    /// A hostile page, by the built-in planner.
    Hostile(&'static str),
    /// The same by the model.
    HostileByModel(&'static str),
}

impl Task {
    fn name(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Visit => "visit",
            Self::Login => "login",
            Self::Echo => "echo",
            Self::Restricted => "restricted",
            Self::Hostile(_) => "hostile",
            Self::HostileByModel(_) => "hostile by model",
        }
    }
}

/// The outcomes of one caller.
#[derive(Default)]
pub(crate) struct CallerReport {
    /// How often each kind met each outcome.
    pub(crate) outcomes: BTreeMap<(Kind, String), usize>,
    pub(crate) first_events: Vec<Duration>,
    /// Runs of each task, and how many of them succeeded.
    pub(crate) tasks: BTreeMap<&'static str, (usize, usize)>,
    /// Resumed streams.
    pub(crate) resumptions: usize,
    pub(crate) rejections: usize,
    pub(crate) violations: Vec<String>,
}

pub(crate) struct Caller {
    service: Arc<Service>,
    environment: Arc<Environment>,
    client: Client,
    rng: Rng,
}

impl Caller {
    pub(crate) fn new(service: Arc<Service>, environment: Arc<Environment>, rng: Rng) -> Self {
        Self { service, environment, client: Client::new(), rng }
    }

    /// One order while nothing else happens.
    ///
    /// # Errors
    /// It does not succeed.
    pub(crate) async fn order(&mut self) -> anyhow::Result<()> {
        let mut reading = Reading::begin();
        let response = self.service.run(&self.request(Task::Order)).await?;
        reading.read(response, Duration::ZERO).await?;
        ensure!(reading.succeeded(), "an order failed without faults: {}", reading.end);
        Ok(())
    }

    /// A run without domain lists, to the page that tries to reach the forbidden host.
    ///
    /// # Errors
    /// Its stream breaks.
    pub(crate) async fn reach_forbidden_host(&mut self) -> anyhow::Result<()> {
        let mut request = self.request(Task::Restricted);
        request.as_object_mut().context("a request is an object")?.remove("allowedDomains");
        let response = self.service.run(&request).await?;
        Reading::begin().read(response, Duration::ZERO).await
    }

    /// Starts runs until then, and reads the last one to its end.
    pub(crate) async fn call_until(&mut self, until: Instant) -> CallerReport {
        let mut report = CallerReport::default();
        while Instant::now() < until {
            let (kind, task) = (self.kind(), self.task());
            let called = timeout(PATIENCE, self.call(kind, task, &mut report)).await;
            let called = called.unwrap_or_else(|_| Err(anyhow::anyhow!("no end within {} s", PATIENCE.as_secs())));
            if let Err(error) = called {
                report.violations.push(format!("{kind:?} on {task:?}: {error:#}"));
            }
        }
        report
    }

    async fn call(&mut self, kind: Kind, task: Task, report: &mut CallerReport) -> anyhow::Result<()> {
        let mut request = self.request(task);
        if matches!(kind, Kind::Resuming | Kind::Repeating) {
            request["detachSeconds"] = json!(DETACHED.as_secs());
        }
        let key = Uuid::new_v4().to_string();
        let mut reading = Reading::begin();
        let response = self.post(&request, &key).await?;
        if response.status() != StatusCode::OK {
            report.rejections += 1;
            return self.rejected(&response).await;
        }
        match kind {
            Kind::Fast => reading.read(response, Duration::ZERO).await?,
            Kind::Slow => reading.read(response, Duration::from_millis(self.rng.u64(50..800))).await?,
            Kind::Stalled => sleep(STALL).await,
            Kind::Disconnecting => {
                let stays = Duration::from_millis(self.rng.u64(..6_000));
                // Whatever arrived by then.
                if let Ok(read) = timeout(stays, reading.read(response, Duration::ZERO)).await {
                    read?;
                }
            }
            Kind::Resuming => report.resumptions += self.read_resuming(&mut reading, response).await?,
            Kind::Repeating => reading = self.read_repeating(reading, response, &request, &key).await?,
        }
        let outcome = if matches!(kind, Kind::Stalled | Kind::Disconnecting) {
            "disconnected".to_owned()
        } else {
            ensure!(reading.code() != Some("internal_error"), "an internal error: {}", reading.end);
            ensure!(!reading.taken_over(), "another reader took the stream over");
            report.first_events.push(reading.first_event);
            reading.outcome()
        };
        *report.outcomes.entry((kind, outcome)).or_default() += 1;
        let (runs, successes) = report.tasks.entry(task.name()).or_default();
        *runs += 1;
        *successes += usize::from(reading.succeeded());
        Ok(())
    }

    async fn post(&self, request: &Value, key: &str) -> anyhow::Result<Response> {
        let post = self.client.post(self.service.stream_url()).header("X-Gateway-Key", &self.service.key);
        post.header("Idempotency-Key", key).json(request).send().await.context("the request")
    }

    /// Reads to the end over connections that break at any moment; returns how often it resumed.
    async fn read_resuming(&mut self, reading: &mut Reading, mut response: Response) -> anyhow::Result<usize> {
        let stream = format!("{}/api/v1/browser-use/runs/{}/stream", self.service.base, run_id(&response)?);
        for part in 0..PARTS {
            let stays = Duration::from_millis(self.rng.u64(..4_000));
            if let Ok(read) = timeout(stays, reading.read(response, Duration::ZERO)).await {
                return read.map(|()| part);
            }
            // Only the end of the connection was missing.
            if reading.done {
                return Ok(part);
            }
            sleep(Duration::from_millis(self.rng.u64(..2_000))).await;
            let get = self.client.get(&stream).header("X-Gateway-Key", &self.service.key);
            response = get.header("Last-Event-ID", reading.last_id.to_string()).send().await.context("resuming")?;
            ensure!(response.status() == StatusCode::OK, "resuming was rejected with {}", response.status());
        }
        reading.read(response, Duration::ZERO).await.map(|()| PARTS)
    }

    /// Reads a stream that a repeated request takes over at some moment; returns the second reading.
    async fn read_repeating(
        &mut self,
        mut first: Reading,
        response: Response,
        request: &Value,
        key: &str,
    ) -> anyhow::Result<Reading> {
        let run = run_id(&response)?.to_owned();
        let pause = Duration::from_millis(self.rng.u64(..5_000));
        let second = async {
            sleep(pause).await;
            let mut reading = Reading::begin();
            let response = self.post(request, key).await?;
            ensure!(
                response.status() == StatusCode::OK,
                "the repeated request was rejected with {}",
                response.status()
            );
            ensure!(run_id(&response)? == run, "the repeated request started another run");
            reading.read(response, Duration::ZERO).await?;
            Ok(reading)
        };
        let (first_read, second) = tokio::join!(first.read(response, Duration::ZERO), second);
        first_read.context("the first stream")?;
        let second = second.context("the second stream")?;
        ensure!(first.taken_over() || first.end == second.end, "two ends: {} and {}", first.end, second.end);
        Ok(second)
    }

    /// Waits for less than `Retry-After`, to keep up the load.
    async fn rejected(&mut self, response: &Response) -> anyhow::Result<()> {
        let status = response.status();
        ensure!(
            [StatusCode::SERVICE_UNAVAILABLE, StatusCode::TOO_MANY_REQUESTS].contains(&status),
            "rejected with {status}"
        );
        let retry_after = response.headers().get("retry-after").context("a rejection without Retry-After")?;
        let seconds: u64 = retry_after.to_str()?.parse().context("Retry-After is not a number")?;
        ensure!(seconds >= 1, "Retry-After is {seconds}");
        sleep(Duration::from_millis(self.rng.u64(200..1_500))).await;
        Ok(())
    }

    fn kind(&mut self) -> Kind {
        match self.rng.u8(..14) {
            0..5 => Kind::Fast,
            5..7 => Kind::Slow,
            7 => Kind::Stalled,
            8..10 => Kind::Disconnecting,
            10..12 => Kind::Resuming,
            _ => Kind::Repeating,
        }
    }

    fn task(&mut self) -> Task {
        let page = hostile::PAGES[self.rng.usize(..hostile::PAGES.len())];
        match self.rng.u8(..14) {
            0..4 => Task::Order,
            4..6 => Task::Visit,
            6..8 => Task::Login,
            8 => Task::Echo,
            9 => Task::Restricted,
            10..13 => Task::Hostile(page),
            _ => Task::HostileByModel(page),
        }
    }

    fn request(&self, task: Task) -> Value {
        let (shop, hostile) = (&self.environment.shop.url, &self.environment.hostile.url(""));
        match task {
            Task::Order => order_request(shop),
            Task::Visit => json!({ "task": "look around", "startUrl": shop, "provider": "openai", "maxSteps": 8 }),
            Task::Login => {
                let url = &self.environment.login.url;
                let task =
                    format!("open {url}, log in as {USER} with password {PLACEHOLDER}, then read 'Welcome back'");
                let origin = url.trim_end_matches("/login");
                json!({ "task": task, "provider": "template", "sensitiveData": { origin: { "password": PASSWORD } } })
            }
            Task::Echo => {
                let task =
                    format!("open {hostile}/{ECHO}, type {PLACEHOLDER} into 'Password', click 'Go', then read 'Home'");
                json!({ "task": task, "provider": "template", "sensitiveData": { hostile: { "password": PASSWORD } } })
            }
            Task::Restricted => {
                let task = format!("open {hostile}/{REACH}, read 'Home', then click 'Go'");
                let allowed = hostile.trim_start_matches("http://");
                json!({ "task": task, "provider": "template", "allowedDomains": [allowed] })
            }
            Task::Hostile(page) => {
                let task = format!("open {hostile}/{page}, click 'Go', then read 'Home'");
                json!({ "task": task, "provider": "template", "screenshotFormat": "jpeg" })
            }
            Task::HostileByModel(page) => {
                let url = format!("{hostile}/{page}");
                json!({ "task": "look around", "startUrl": url, "provider": "openai", "maxSteps": 8 })
            }
        }
    }
}

fn run_id(response: &Response) -> anyhow::Result<&str> {
    Ok(response.headers().get("x-run-id").context("a stream without X-Run-Id")?.to_str()?)
}
