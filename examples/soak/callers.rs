//! Those who call: some read to the end, some slowly, some never, some leave.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use fastrand::Rng;
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use super::hostile;
use super::support::order::order_request;
use super::support::{Service, Watched};
use super::world::World;

/// Longer than the queue, a run and all its clean-up may take together, on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(75);
/// How long one who never reads stays.
const STANDING: Duration = Duration::from_secs(12);

/// How a caller treats the stream. Callers that come back to a run they have left would be one more.
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
}

/// What is asked for.
#[derive(Debug, Clone, Copy)]
enum Errand {
    /// An order at the shop, by the built-in planner.
    Order,
    /// A look at the shop, by the model.
    Visit,
    /// A page that means harm, by the built-in planner.
    Harm(&'static str),
    /// The same by the model.
    ModelHarm(&'static str),
}

/// What one caller was told.
#[derive(Default)]
pub(crate) struct Told {
    /// How often each kind met each outcome.
    pub(crate) outcomes: BTreeMap<(Kind, String), usize>,
    pub(crate) first_events: Vec<Duration>,
    /// Orders that succeeded.
    pub(crate) orders: usize,
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
        let posted = Instant::now();
        let response = self.service.run(&self.request(Errand::Order)).await?;
        let run = Watched::read(response, posted, |_, _| Ok(())).await?;
        ensure!(run.success, "an order failed while nothing was broken: {}", run.answer);
        Ok(())
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
        let posted = Instant::now();
        let post = self.client.post(self.service.stream_url()).header("X-Gateway-Key", &self.service.key);
        let response = post.json(&self.request(errand)).send().await.context("the request")?;
        if response.status() != StatusCode::OK {
            told.refusals += 1;
            return self.refused(&response).await;
        }
        let outcome = match kind {
            Kind::Good | Kind::Slow => {
                let pause =
                    if kind == Kind::Slow { Duration::from_millis(self.rng.u64(50..800)) } else { Duration::ZERO };
                let (run, end) = read(response, posted, pause).await?;
                told.first_events.push(run.first_event);
                told.orders += usize::from(matches!(errand, Errand::Order) && run.success);
                let code = end["code"].as_str();
                ensure!(code != Some("internal_error"), "a fault of the service's own: {end}");
                match (end["type"].as_str(), code) {
                    (Some("error"), Some(code)) => format!("error {code}"),
                    _ => format!("result {}", end["stopReason"].as_str().unwrap_or("without a reason")),
                }
            }
            Kind::Unreading => {
                sleep(STANDING).await;
                "left".to_owned()
            }
            Kind::Vanishing => {
                let stays = Duration::from_millis(self.rng.u64(..6_000));
                // Whatever it was told by then.
                let read = timeout(stays, read(response, posted, Duration::ZERO)).await;
                if let Ok(read) = read {
                    read?;
                }
                "left".to_owned()
            }
        };
        *told.outcomes.entry((kind, outcome)).or_default() += 1;
        Ok(())
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
        match self.rng.u8(..10) {
            0..5 => Kind::Good,
            5..7 => Kind::Slow,
            7 => Kind::Unreading,
            _ => Kind::Vanishing,
        }
    }

    fn errand(&mut self) -> Errand {
        let page = hostile::PAGES[self.rng.usize(..hostile::PAGES.len())];
        match self.rng.u8(..10) {
            0..4 => Errand::Order,
            4..6 => Errand::Visit,
            6..9 => Errand::Harm(page),
            _ => Errand::ModelHarm(page),
        }
    }

    fn request(&self, errand: Errand) -> Value {
        let (shop, hostile) = (&self.world.shop.url, &self.world.hostile);
        match errand {
            Errand::Order => order_request(shop),
            Errand::Visit => json!({ "task": "look around", "startUrl": shop, "provider": "openai", "maxSteps": 8 }),
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

/// Reads a stream to its end, with a pause behind each line; returns its terminal event as well.
async fn read(response: Response, posted: Instant, pause: Duration) -> anyhow::Result<(Watched, Value)> {
    let mut end = Value::Null;
    let see = |_: &str, event: Option<&Value>| {
        if let Some(event) = event {
            event.clone_into(&mut end);
        }
        Ok(())
    };
    let run = Watched::read_with_pauses(response, posted, pause, see).await?;
    Ok((run, end))
}
