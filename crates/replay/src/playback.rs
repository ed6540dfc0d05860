//! The position in a recording that is replayed, and the divergences so far.

use std::collections::VecDeque;
use std::fmt;
use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio_util::sync::CancellationToken;

use super::compare;
use super::format::{End, Entry, ModelCall, PageAction, RecordedMessage, Recording};
use super::recorder::to_value;
use super::secrets::Secrets;
use agent::observation::{Observation, PageView};
use agent::ports::{ActionError, ActionOutcome, BrowserError, ChatReply, ChatRequest, ModelError};

/// Divergences reported; later ones follow from them.
const MAX_DIVERGENCES: usize = 50;

/// A difference between the recorded run and its replay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Divergence {
    /// 0 before the first step.
    pub step: usize,
    /// May quote pages and models.
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

/// The result of a replay.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// In order; empty if the replay matches the recording.
    pub divergences: Vec<Divergence>,
    /// Remarks that are not divergences.
    pub notes: Vec<String>,
    /// Steps replayed.
    pub steps: usize,
}

/// The position in a recording. Clones share it.
#[derive(Clone)]
pub struct Playback {
    state: Arc<Mutex<State>>,
    secrets: Arc<Secrets>,
    stopped: CancellationToken,
    /// The pages are the recorded ones, so the requests to the model must be the same, too.
    offline: bool,
}

#[derive(Default)]
struct State {
    entries: VecDeque<Entry>,
    started: bool,
    /// The run has ended; no step follows the last observation.
    ended: bool,
    end: Option<End>,
    report: Report,
    /// Observations between steps so far.
    observations: usize,
    /// As last recorded.
    view: PageView,
    system: Option<String>,
    schema: Option<serde_json::Value>,
    messages: Vec<RecordedMessage>,
}

impl Playback {
    pub(super) fn new(recording: Recording, secrets: Secrets, offline: bool) -> Self {
        let state = State { entries: recording.entries.into(), end: recording.end, ..State::default() };
        Self {
            state: Arc::new(Mutex::new(state)),
            secrets: Arc::new(secrets),
            stopped: CancellationToken::new(),
            offline,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns when the replay has diverged so far that it cannot continue. The caller then cancels the run.
    pub async fn stopped(&self) {
        self.stopped.cancelled().await;
    }

    /// Compares the end of the run.
    pub fn end(&self, is: &End) {
        let mut state = self.lock();
        state.ended = true;
        if let Some(next) = state.entries.front().map(Entry::name) {
            state.diverge(format!("the run has ended, and the recorded one continues with {next}"));
        }
        let (mut differences, was) = (Vec::new(), state.end.take());
        match (&was, is) {
            (
                Some(End::Finished { success, text, errors }),
                End::Finished { success: success_now, text: text_now, errors: errors_now },
            ) => {
                compare::value(&mut differences, "success", &success.to_string(), &success_now.to_string());
                compare::lines(&mut differences, "the answer", text, &self.secrets.mask_text(text_now));
                let errors_now = self.secrets.mask_text(&errors_now.join("\n")).into_owned();
                compare::lines(&mut differences, "the errors", &errors.join("\n"), &errors_now);
            }
            (Some(was), is) if was != is => differences.push(format!("the end was {was:?} and is {is:?}")),
            _ => {}
        }
        differences.into_iter().for_each(|difference| state.diverge(difference));
    }

    /// Whether any entry was replayed; if not, nothing was compared.
    pub fn has_started(&self) -> bool {
        self.lock().started
    }

    pub fn report(&self) -> Report {
        let state = self.lock();
        Report { steps: state.observations.saturating_sub(1), ..state.report.clone() }
    }

    /// The next entry if `take` accepts it. Otherwise the replay is stopped, and this never returns.
    async fn next<T>(&self, requested: &str, take: impl FnOnce(&mut State, Entry) -> Option<T>) -> T {
        let taken = self.lock().next(&self.secrets.mask_text(requested), take);
        match taken {
            Some(taken) => taken,
            None => self.stop().await,
        }
    }

    async fn stop<T>(&self) -> T {
        self.stopped.cancel();
        pending().await
    }

    /// Reports a divergence after which the replay cannot continue.
    pub(super) async fn fail<T>(&self, what: String) -> T {
        self.lock().diverge(self.secrets.mask_text(&what).into_owned());
        self.stop().await
    }

    pub(super) fn diverge(&self, differences: Vec<String>) {
        let mut state = self.lock();
        differences.into_iter().for_each(|difference| state.diverge(difference));
    }

    /// An observation between steps.
    pub(super) async fn observe(&self) -> Result<Observation, BrowserError> {
        let take = |_: &mut State, entry| match entry {
            Entry::Observe { reading } => Some(reading),
            _ => None,
        };
        self.next("an observation between steps", take).await
    }

    /// Completes an observation between steps: what follows belongs to the next step.
    pub(super) fn observed(&self, reading: &Result<Observation, BrowserError>) {
        let mut state = self.lock();
        state.observations += 1;
        state.update_view(reading);
    }

    /// An observation within a step.
    pub(super) async fn read(&self) -> Result<Observation, BrowserError> {
        let take = |state: &mut State, entry| match entry {
            Entry::Read { reading } => {
                state.update_view(&reading);
                Some(reading)
            }
            _ => None,
        };
        self.next("an observation", take).await
    }

    /// The page as last recorded.
    pub(super) fn view(&self) -> PageView {
        self.lock().view.clone()
    }

    pub(super) async fn picture(&self) -> Result<(), BrowserError> {
        let take = |_: &mut State, entry| match entry {
            Entry::Picture { taken } => Some(taken),
            _ => None,
        };
        self.next("a screenshot", take).await
    }

    /// The outcome of an action, which must be the recorded one.
    pub(super) async fn act(&self, action: &PageAction) -> Result<ActionOutcome, ActionError> {
        let mut requested = to_value(action);
        self.secrets.mask(&mut requested);
        let take = |_: &mut State, entry| match entry {
            Entry::Act { action, outcome } if to_value(&action) == requested => Some(outcome),
            _ => None,
        };
        self.next(&action.name(), take).await
    }

    pub(super) async fn call(&self, request: ChatRequest<'_>) -> Result<ChatReply, ModelError> {
        let take = |state: &mut State, entry| match entry {
            Entry::ModelCall(call) => Some(state.call(call, self.offline.then_some(request))),
            _ => None,
        };
        self.next("a model call", take).await
    }

    /// The value with its secrets masked.
    pub(super) fn masked<T: serde::Serialize + serde::de::DeserializeOwned + Clone>(&self, value: &T) -> T {
        let mut json = to_value(value);
        self.secrets.mask(&mut json);
        serde_json::from_value(json).unwrap_or_else(|_| value.clone())
    }

    pub(super) fn secrets(&self) -> &Secrets {
        &self.secrets
    }
}

impl State {
    fn diverge(&mut self, what: String) {
        if self.report.divergences.len() < MAX_DIVERGENCES {
            let step = if self.ended { self.observations.saturating_sub(1) } else { self.observations };
            self.report.divergences.push(Divergence { step, what });
        }
    }

    fn update_view(&mut self, reading: &Result<Observation, BrowserError>) {
        if let Ok(observation) = reading {
            self.view = observation.view.clone();
        }
    }

    fn next<T>(&mut self, requested: &str, take: impl FnOnce(&mut Self, Entry) -> Option<T>) -> Option<T> {
        self.started = true;
        let Some(entry) = self.entries.pop_front() else {
            match &self.end {
                Some(End::Finished { .. }) => {
                    self.diverge(format!("the recorded run has ended, this one continues with {requested}"))
                }
                // The run was cut off; how it would have continued is unknown.
                Some(End::Failed { .. }) | None => {
                    self.report.notes.push("the recorded run was cut off here".to_owned());
                }
            }
            return None;
        };
        let name = entry.name();
        let taken = take(self, entry);
        if taken.is_none() {
            self.diverge(format!("the recorded run continues with {name}, this one with {requested}"));
        }
        taken
    }

    fn call(&mut self, call: ModelCall, request: Option<ChatRequest<'_>>) -> Result<ChatReply, ModelError> {
        self.messages.truncate(call.kept);
        self.messages.extend(call.messages.into_iter().map(|message| message.with_view(&self.view.text)));
        self.system = call.system.or(self.system.take());
        self.schema = call.schema.or(self.schema.take());
        if let Some(request) = request {
            self.compare(request);
        }
        call.reply
    }

    fn compare(&mut self, request: ChatRequest<'_>) {
        let unchanged = self.system.as_deref() == Some(request.system) && self.schema.as_ref() == Some(request.schema);
        let note = "the system prompt or the schema has changed since the recording";
        if !unchanged && !self.report.notes.iter().any(|earlier| earlier == note) {
            self.report.notes.push(note.to_owned());
        }
        let (mut differences, messages) = (Vec::new(), RecordedMessage::list(request.messages));
        if self.messages.len() != messages.len() {
            let (was, is) = (self.messages.len(), messages.len());
            differences.push(format!("the number of messages to the model was {was} and is {is}"));
        }
        for ((was, is), number) in self.messages.iter().zip(&messages).zip(1..) {
            compare::lines(&mut differences, &format!("message {number} to the model"), &was.text, &is.text);
            if (was.role, was.image) != (is.role, is.image) {
                differences.push(format!("message {number} to the model has another role or image"));
            }
        }
        differences.into_iter().for_each(|difference| self.diverge(difference));
    }
}
