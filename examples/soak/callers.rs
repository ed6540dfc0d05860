//! Those who call: some read to the end, some slowly, some never, some leave, some come back.

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

use super::hostile::{self, ECHO, REACH};
use super::reading::Reading;
use super::world::World;

/// Longer than the queue, a run and all its clean-up may take together, on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(75);
/// How long one who never reads stays.
const STANDING: Duration = Duration::from_secs(12);
/// How long a run waits for one who comes back; longer than anybody is away.
const DETACHED: Duration = Duration::from_secs(20);
/// Connections that break of one run.
const PARTS: usize = 3;
/// As tasks write the password.
const PLACEHOLDER: &str = "<secret>password</secret>";

/// How a caller treats the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Reads as fast as it comes.
    Good,
    /// Takes its time over each line.
    Slow,
    /// Reads nothing and leaves after a while.
    Unreading,
    /// Reads, and leaves in the middle.
    Vanishing,
    /// Loses the connection again and again, and comes back for what it missed.
    Resuming,
    /// Sends its request again while that is at work, and reads on there.
    Repeating,
}

/// What is asked for.
#[derive(Debug, Clone, Copy)]
enum Errand {
    /// An order at the shop, by the built-in planner.
    Order,
    /// A look at the shop, by the model.
    Visit,
    /// A login with a password that nobody is told.
    Login,
    /// The same password for a page that shows it everywhere.
    Echo,
    /// A page that wants to go where it may not.
    Narrowed,
    /// A page that means harm, by the built-in planner.
    Harm(&'static str),
    /// The same by the model.
    ModelHarm(&'static str),
}

impl Errand {
    fn name(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Visit => "visit",
            Self::Login => "login",
            Self::Echo => "echo",
            Self::Narrowed => "narrowed",
            Self::Harm(_) => "harm",
            Self::ModelHarm(_) => "harm by the model",
        }
    }
}

/// What one caller was told.
#[derive(Default)]
pub(crate) struct Told {
    /// How often each kind met each outcome.
    pub(crate) outcomes: BTreeMap<(Kind, String), usize>,
    pub(crate) first_events: Vec<Duration>,
    /// How many runs of each errand there were, and how many of them were seen to succeed.
    pub(crate) errands: BTreeMap<&'static str, (usize, usize)>,
    /// How often a stream was gone on with.
    pub(crate) resumptions: usize,
    pub(crate) refusals: usize,
    pub(crate) violations: Vec<String>,
}

pub(crate) struct Caller {
    service: Arc<Service>,
    world: Arc<World>,
    client: Client,
    rng: Rng,
}

impl Caller {
    pub(crate) fn new(service: Arc<Service>, world: Arc<World>, rng: Rng) -> Self {
        Self { service, world, client: Client::new(), rng }
    }

    /// One order while nothing else happens.
    ///
    /// # Errors
    /// It does not succeed.
    pub(crate) async fn order(&mut self) -> anyhow::Result<()> {
        let mut reading = Reading::begin();
        let response = self.service.run(&self.request(Errand::Order)).await?;
        reading.go_on(response, Duration::ZERO).await?;
        ensure!(reading.succeeded(), "an order failed while nothing was broken: {}", reading.end);
        Ok(())
    }

    /// A run that may go where others may not, to a page that wants to.
    ///
    /// # Errors
    /// Its stream breaks.
    pub(crate) async fn go_where_none_may(&mut self) -> anyhow::Result<()> {
        let mut request = self.request(Errand::Narrowed);
        request.as_object_mut().context("a request is an object")?.remove("allowedDomains");
        let response = self.service.run(&request).await?;
        Reading::begin().go_on(response, Duration::ZERO).await
    }

    /// Calls again and again; what was begun by then comes to its end.
    pub(crate) async fn call_until(&mut self, until: Instant) -> Told {
        let mut told = Told::default();
        while Instant::now() < until {
            let (kind, errand) = (self.kind(), self.errand());
            let called = timeout(PATIENCE, self.call(kind, errand, &mut told)).await;
            let called = called.unwrap_or_else(|_| Err(anyhow::anyhow!("no end within {} s", PATIENCE.as_secs())));
            if let Err(error) = called {
                told.violations.push(format!("{kind:?} on {errand:?}: {error:#}"));
            }
        }
        told
    }

    async fn call(&mut self, kind: Kind, errand: Errand, told: &mut Told) -> anyhow::Result<()> {
        let mut request = self.request(errand);
        if matches!(kind, Kind::Resuming | Kind::Repeating) {
            request["detachSeconds"] = json!(DETACHED.as_secs());
        }
        let key = Uuid::new_v4().to_string();
        let mut reading = Reading::begin();
        let response = self.post(&request, &key).await?;
        if response.status() != StatusCode::OK {
            told.refusals += 1;
            return self.refused(&response).await;
        }
        match kind {
            Kind::Good => reading.go_on(response, Duration::ZERO).await?,
            Kind::Slow => reading.go_on(response, Duration::from_millis(self.rng.u64(50..800))).await?,
            Kind::Unreading => sleep(STANDING).await,
            Kind::Vanishing => {
                let stays = Duration::from_millis(self.rng.u64(..6_000));
                // Whatever it was told by then.
                if let Ok(read) = timeout(stays, reading.go_on(response, Duration::ZERO)).await {
                    read?;
                }
            }
            Kind::Resuming => told.resumptions += self.read_in_parts(&mut reading, response).await?,
            Kind::Repeating => reading = self.read_from_both(reading, response, &request, &key).await?,
        }
        let outcome = if matches!(kind, Kind::Unreading | Kind::Vanishing) {
            "left".to_owned()
        } else {
            ensure!(reading.code() != Some("internal_error"), "a fault of the service's own: {}", reading.end);
            ensure!(!reading.taken_over(), "somebody else took the stream");
            told.first_events.push(reading.first_event);
            reading.outcome()
        };
        *told.outcomes.entry((kind, outcome)).or_default() += 1;
        let (runs, successes) = told.errands.entry(errand.name()).or_default();
        *runs += 1;
        *successes += usize::from(reading.succeeded());
        Ok(())
    }

    async fn post(&self, request: &Value, key: &str) -> anyhow::Result<Response> {
        let post = self.client.post(self.service.stream_url()).header("X-Gateway-Key", &self.service.key);
        post.header("Idempotency-Key", key).json(request).send().await.context("the request")
    }

    /// Reads to the end, over some connections that break at any moment; returns how often it came back.
    async fn read_in_parts(&mut self, reading: &mut Reading, mut response: Response) -> anyhow::Result<usize> {
        let stream = format!("{}/api/v1/browser-use/runs/{}/stream", self.service.base, run_id(&response)?);
        for part in 0..PARTS {
            let stays = Duration::from_millis(self.rng.u64(..4_000));
            if let Ok(read) = timeout(stays, reading.go_on(response, Duration::ZERO)).await {
                return read.map(|()| part);
            }
            // It was told everything, and only the connection's end was still to come.
            if reading.done {
                return Ok(part);
            }
            sleep(Duration::from_millis(self.rng.u64(..2_000))).await;
            let get = self.client.get(&stream).header("X-Gateway-Key", &self.service.key);
            response = get.header("Last-Event-ID", reading.last_id.to_string()).send().await.context("coming back")?;
            ensure!(response.status() == StatusCode::OK, "coming back is refused with {}", response.status());
        }
        reading.go_on(response, Duration::ZERO).await.map(|()| PARTS)
    }

    /// Reads a stream that is taken over at some moment by the same request sent again; returns what that was told.
    async fn read_from_both(
        &mut self,
        mut first: Reading,
        response: Response,
        request: &Value,
        key: &str,
    ) -> anyhow::Result<Reading> {
        let run = run_id(&response)?.to_owned();
        let pause = Duration::from_millis(self.rng.u64(..5_000));
        let again = async {
            sleep(pause).await;
            let mut reading = Reading::begin();
            let response = self.post(request, key).await?;
            ensure!(response.status() == StatusCode::OK, "the same again is refused with {}", response.status());
            ensure!(run_id(&response)? == run, "the same again is another run");
            reading.go_on(response, Duration::ZERO).await?;
            Ok(reading)
        };
        let (first_read, again) = tokio::join!(first.go_on(response, Duration::ZERO), again);
        first_read.context("the first stream")?;
        let again = again.context("the second stream")?;
        ensure!(first.taken_over() || first.end == again.end, "two ends: {} and {}", first.end, again.end);
        Ok(again)
    }

    /// Comes back later, but sooner than it is told to: the load is to stay what it is.
    async fn refused(&mut self, response: &Response) -> anyhow::Result<()> {
        let status = response.status();
        ensure!(
            [StatusCode::SERVICE_UNAVAILABLE, StatusCode::TOO_MANY_REQUESTS].contains(&status),
            "refused with {status}"
        );
        let retry_after = response.headers().get("retry-after").context("a refusal without Retry-After")?;
        let seconds: u64 = retry_after.to_str()?.parse().context("Retry-After is no number")?;
        ensure!(seconds >= 1, "Retry-After is {seconds}");
        sleep(Duration::from_millis(self.rng.u64(200..1_500))).await;
        Ok(())
    }

    fn kind(&mut self) -> Kind {
        match self.rng.u8(..14) {
            0..5 => Kind::Good,
            5..7 => Kind::Slow,
            7 => Kind::Unreading,
            8..10 => Kind::Vanishing,
            10..12 => Kind::Resuming,
            _ => Kind::Repeating,
        }
    }

    fn errand(&mut self) -> Errand {
        let page = hostile::PAGES[self.rng.usize(..hostile::PAGES.len())];
        match self.rng.u8(..14) {
            0..4 => Errand::Order,
            4..6 => Errand::Visit,
            6..8 => Errand::Login,
            8 => Errand::Echo,
            9 => Errand::Narrowed,
            10..13 => Errand::Harm(page),
            _ => Errand::ModelHarm(page),
        }
    }

    fn request(&self, errand: Errand) -> Value {
        let (shop, hostile) = (&self.world.shop.url, &self.world.hostile.url(""));
        match errand {
            Errand::Order => order_request(shop),
            Errand::Visit => json!({ "task": "look around", "startUrl": shop, "provider": "openai", "maxSteps": 8 }),
            Errand::Login => {
                let url = &self.world.login.url;
                let task =
                    format!("open {url}, log in as {USER} with password {PLACEHOLDER}, then read 'Welcome back'");
                let origin = url.trim_end_matches("/login");
                json!({ "task": task, "provider": "template", "sensitiveData": { origin: { "password": PASSWORD } } })
            }
            Errand::Echo => {
                let task =
                    format!("open {hostile}/{ECHO}, type {PLACEHOLDER} into 'Password', click 'Go', then read 'Home'");
                json!({ "task": task, "provider": "template", "sensitiveData": { hostile: { "password": PASSWORD } } })
            }
            Errand::Narrowed => {
                let task = format!("open {hostile}/{REACH}, read 'Home', then click 'Go'");
                let allowed = hostile.trim_start_matches("http://");
                json!({ "task": task, "provider": "template", "allowedDomains": [allowed] })
            }
            Errand::Harm(page) => {
                let task = format!("open {hostile}/{page}, click 'Go', then read 'Home'");
                json!({ "task": task, "provider": "template", "screenshotFormat": "jpeg" })
            }
            Errand::ModelHarm(page) => {
                let url = format!("{hostile}/{page}");
                json!({ "task": "look around", "startUrl": url, "provider": "openai", "maxSteps": 8 })
            }
        }
    }
}

fn run_id(response: &Response) -> anyhow::Result<&str> {
    Ok(response.headers().get("x-run-id").context("a stream without X-Run-Id")?.to_str()?)
}
