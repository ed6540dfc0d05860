//! What is still to be played of a recording, and what has differed so far.

use std::collections::VecDeque;
use std::fmt;
use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

use super::compare;
use super::format::{Answer, Call, Deed, End, Entry, Recorded, Said};
use super::record::to_value;
use super::secrets::Secrets;
use agent::action::ElementIndex;
use agent::observation::{Observation, PageView};
use agent::ports::{ActionError, ActionOutcome, BrowserError, ChatRequest, ModelError};

/// Differences that are told; what comes after them follows from them.
const MAX_DIVERGENCES: usize = 50;

/// One difference between the recorded run and this one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Divergence {
    /// 0 before the first step.
    pub step: usize,
    /// It may quote pages and models.
    pub what: String,
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.step {
            0 => write!(f, "before the first step: {}", self.what),
            step => write!(f, "step {step}: {}", self.what),
        }
    }
}

/// What came of a replay.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// In order; none when the run was the recorded one.
    pub divergences: Vec<Divergence>,
    /// What is worth knowing and no divergence.
    pub notes: Vec<String>,
    /// Steps played.
    pub steps: usize,
}

/// How a replay goes on in an entry's place, or why it does not.
type Played<T> = Result<T, Stop>;

/// The replay cannot go on.
#[derive(Debug)]
struct Stop;

/// Clones play the same recording.
#[derive(Clone)]
pub(super) struct Tape {
    playing: Arc<Mutex<Playing>>,
    secrets: Arc<Secrets>,
    stopped: CancellationToken,
    /// Against the recorded views, so that also what the model is asked is the same.
    exact: bool,
}

struct Playing {
    entries: VecDeque<Entry>,
    begun: bool,
    /// No step comes after the last reading.
    over: bool,
    end: Option<End>,
    report: Report,
    /// Readings between steps so far.
    readings: usize,
    view: PageView,
    /// Of the last call, as recorded.
    system: Option<String>,
    schema: Option<serde_json::Value>,
    messages: Vec<Said>,
}

impl Tape {
    pub(super) fn new(recorded: Recorded, secrets: Secrets, exact: bool) -> Self {
        let playing = Playing {
            entries: recorded.entries.into(),
            begun: false,
            over: false,
            end: recorded.end,
            report: Report::default(),
            readings: 0,
            view: PageView::default(),
            system: None,
            schema: None,
            messages: Vec::new(),
        };
        Self {
            playing: Arc::new(Mutex::new(playing)),
            secrets: Arc::new(secrets),
            stopped: CancellationToken::new(),
            exact,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Playing> {
        self.playing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Is over when the replay cannot go on.
    pub(super) async fn stopped(&self) {
        self.stopped.cancelled().await;
    }

    /// Compares how the run ended, which is all that is left to compare.
    pub(super) fn ended(&self, is: &End) {
        let mut playing = self.lock();
        playing.over = true;
        if let Some(next) = playing.entries.front().map(Entry::name) {
            playing.diverge(format!("the run is over, and the recorded one goes on with {next}"));
        }
        let (mut differences, was) = (Vec::new(), playing.end.take());
        match (&was, is) {
            (
                Some(End::Finished { success, text, errors }),
                End::Finished { success: now, text: said, errors: failed },
            ) => {
                compare::different(&mut differences, "success", &success.to_string(), &now.to_string());
                compare::lines(&mut differences, "the answer", text, &self.secrets.mask_text(said));
                let failed = self.secrets.mask_text(&failed.join("\n")).into_owned();
                compare::lines(&mut differences, "the errors", &errors.join("\n"), &failed);
            }
            (Some(was), is) if was != is => differences.push(format!("the end was {was:?} and is {is:?}")),
            _ => {}
        }
        differences.into_iter().for_each(|difference| playing.diverge(difference));
    }

    pub(super) fn has_begun(&self) -> bool {
        self.lock().begun
    }

    pub(super) fn report(&self) -> Report {
        let playing = self.lock();
        Report { steps: playing.readings.saturating_sub(1), ..playing.report.clone() }
    }

    /// The next entry, when it is what is `asked` for; else the replay is over and this never returns.
    async fn next<T>(&self, asked: &str, take: impl FnOnce(&mut Playing, Entry) -> Option<T>) -> T {
        let played = self.lock().next(&self.secrets.mask_text(asked), take);
        match played {
            Ok(played) => played,
            Err(Stop) => self.stop().await,
        }
    }

    async fn stop<T>(&self) -> T {
        self.stopped.cancel();
        pending().await
    }

    /// Tells a difference after which nothing fits any more.
    pub(super) async fn give_up<T>(&self, what: String) -> T {
        self.lock().diverge(self.secrets.mask_text(&what).into_owned());
        self.stop().await
    }

    pub(super) fn diverge(&self, differences: Vec<String>) {
        let mut playing = self.lock();
        differences.into_iter().for_each(|difference| playing.diverge(difference));
    }

    /// A reading between steps.
    pub(super) async fn observe(&self) -> Result<Observation, BrowserError> {
        let take = |_: &mut Playing, entry| match entry {
            Entry::Observe { reading } => Some(reading),
            _ => None,
        };
        self.next("a reading of the page between steps", take).await
    }

    /// The reading is through; what comes now belongs to the next step.
    pub(super) fn observed(&self, reading: &Result<Observation, BrowserError>) {
        let mut playing = self.lock();
        playing.readings += 1;
        playing.see(reading);
    }

    pub(super) async fn read(&self) -> Result<Observation, BrowserError> {
        let take = |playing: &mut Playing, entry| match entry {
            Entry::Read { reading } => {
                playing.see(&reading);
                Some(reading)
            }
            _ => None,
        };
        self.next("a reading of the page", take).await
    }

    /// The page as the recorded run saw it last.
    pub(super) fn view(&self) -> PageView {
        self.lock().view.clone()
    }

    pub(super) async fn picture(&self) -> Result<(), BrowserError> {
        let take = |_: &mut Playing, entry| match entry {
            Entry::Picture { taken } => Some(taken),
            _ => None,
        };
        self.next("a picture of the page", take).await
    }

    /// What came of a deed; it must be the recorded one.
    pub(super) async fn deed(&self, deed: &Deed) -> Result<ActionOutcome, ActionError> {
        let mut asked = to_value(deed);
        self.secrets.mask(&mut asked);
        let take = |_: &mut Playing, entry| match entry {
            Entry::Do { deed, outcome } if to_value(&deed) == asked => Some(outcome),
            _ => None,
        };
        self.next(&deed.name(), take).await
    }

    pub(super) async fn select(&self, wanted: &str) -> Result<ElementIndex, ActionError> {
        let take = |_: &mut Playing, entry| match entry {
            Entry::Select { selector, found, .. } if selector == wanted => Some(found),
            _ => None,
        };
        self.next(&format!("a look for {wanted:?}"), take).await
    }

    pub(super) async fn call(&self, request: ChatRequest<'_>) -> Result<Answer, ModelError> {
        let take = |playing: &mut Playing, entry| match entry {
            Entry::Call(call) => Some(playing.call(call, self.exact.then_some(request))),
            _ => None,
        };
        self.next("a model call", take).await
    }

    /// The recorded value and the same without secrets.
    pub(super) fn masked<T: serde::Serialize + serde::de::DeserializeOwned + Clone>(&self, value: &T) -> T {
        let mut json = to_value(value);
        self.secrets.mask(&mut json);
        serde_json::from_value(json).unwrap_or_else(|_| value.clone())
    }

    pub(super) fn secrets(&self) -> &Secrets {
        &self.secrets
    }
}

impl Playing {
    fn diverge(&mut self, what: String) {
        if self.report.divergences.len() < MAX_DIVERGENCES {
            let step = if self.over { self.readings.saturating_sub(1) } else { self.readings };
            self.report.divergences.push(Divergence { step, what });
        }
    }

    fn see(&mut self, reading: &Result<Observation, BrowserError>) {
        if let Ok(observation) = reading {
            self.view = observation.view.clone();
        }
    }

    fn next<T>(&mut self, asked: &str, take: impl FnOnce(&mut Self, Entry) -> Option<T>) -> Played<T> {
        self.begun = true;
        let Some(entry) = self.entries.pop_front() else {
            match &self.end {
                Some(End::Finished { .. }) => {
                    self.diverge(format!("the recorded run is over, this one goes on with {asked}"))
                }
                // It was cut off, and nobody knows how it would have gone on.
                Some(End::Failed { .. }) | None => {
                    self.report.notes.push("the recorded run was cut off here".to_owned());
                }
            }
            return Err(Stop);
        };
        let name = entry.name();
        take(self, entry).ok_or_else(|| {
            self.diverge(format!("the recorded run goes on with {name}, this one with {asked}"));
            Stop
        })
    }

    fn call(&mut self, call: Call, request: Option<ChatRequest<'_>>) -> Result<Answer, ModelError> {
        self.messages.truncate(call.kept);
        self.messages.extend(call.messages.into_iter().map(|said| said.with(&self.view.text)));
        self.system = call.system.or(self.system.take());
        self.schema = call.schema.or(self.schema.take());
        if let Some(request) = request {
            self.compare(request);
        }
        call.answer
    }

    fn compare(&mut self, request: ChatRequest<'_>) {
        let fixed = self.system.as_deref() == Some(request.system) && self.schema.as_ref() == Some(request.schema);
        let note = "the system prompt or the schema is another than when the run was recorded";
        if !fixed && !self.report.notes.iter().any(|said| said == note) {
            self.report.notes.push(note.to_owned());
        }
        let (mut differences, now) = (Vec::new(), Said::all(request.messages));
        if self.messages.len() != now.len() {
            let (was, is) = (self.messages.len(), now.len());
            differences.push(format!("the model was asked with {was} messages and is with {is}"));
        }
        for ((was, is), number) in self.messages.iter().zip(&now).zip(1..) {
            compare::lines(&mut differences, &format!("message {number} to the model"), &was.text, &is.text);
            if (was.role, was.image) != (is.role, is.image) {
                differences.push(format!("message {number} to the model has another role or picture"));
            }
        }
        differences.into_iter().for_each(|difference| self.diverge(difference));
    }
}
