//! Steering a run while it goes on: pause, resume, stop, what its user adds, and what it asks a person.
//!
//! The agent obeys before each action and each decision. A stopped run is ended by its owner, which drops it.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use strum::IntoStaticStr;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};
use uuid::Uuid;

use crate::asking::{Answer, InputRequest, Question, UnfitInput};

/// Instructions that wait for the next decision.
const MAX_INSTRUCTIONS: usize = 20;
/// After so many questions in a row without an answer, nobody is there, and no more are asked.
const MAX_UNANSWERED: u32 = 2;

/// What a run is told to do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Steering {
    #[default]
    Running,
    /// It pauses before its next action.
    Pausing,
    Paused,
    /// It has asked a person.
    AwaitingInput,
    Stopping,
}

/// What others are told of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    State(Steering),
    Asked(InputRequest),
}

impl Steering {
    /// A stable snake_case name, part of the wire contract.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// Words of the user for the next decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Instruction {
    /// In addition to the task.
    Added(String),
    /// In place of the task.
    Replaced(String),
    /// To a question of the run; none: nobody answered.
    Answered { prompt: String, answer: Option<String> },
}

/// Why a command was not carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotSteered {
    #[error("the run is not paused")]
    NotPaused,
    #[error("the run is stopping")]
    Stopping,
    #[error("{MAX_INSTRUCTIONS} instructions wait for the next decision")]
    TooManyInstructions,
    #[error("that is not asked, or not any more")]
    InputClosed,
    #[error("the input is no answer: {0}")]
    Unfit(UnfitInput),
}

/// The controls of one run.
pub struct Control {
    state: watch::Sender<State>,
    limits: Limits,
    on_change: Box<dyn Fn(Change) + Send + Sync>,
}

/// How long a run waits for people.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// A pause ends by itself after this.
    pub max_pause: Duration,
    /// A question stays open for this long.
    pub input_timeout: Duration,
}

#[derive(Default)]
struct State {
    steering: Steering,
    instructions: Vec<Instruction>,
    /// What is asked.
    open: Option<InputRequest>,
    /// To the last question.
    answer: Option<Answer>,
    /// Questions in a row that nobody answered.
    unanswered: u32,
    /// All earlier pauses and waits together.
    rested: Duration,
    resting_since: Option<Instant>,
    paused_since: Option<Instant>,
}

impl State {
    /// What it goes on with after a pause or an answer.
    fn resume(&mut self) {
        self.steering = if self.open.is_some() { Steering::AwaitingInput } else { Steering::Running };
    }

    fn close(&mut self, answer: Answer) {
        (self.open, self.answer) = (None, Some(answer));
        if self.steering == Steering::AwaitingInput {
            self.resume();
        }
    }

    fn keep_time(&mut self) {
        match (self.steering == Steering::Paused, self.paused_since) {
            (true, None) => self.paused_since = Some(Instant::now()),
            (false, Some(_)) => self.paused_since = None,
            _ => {}
        }
        match (matches!(self.steering, Steering::Paused | Steering::AwaitingInput), self.resting_since) {
            (true, None) => self.resting_since = Some(Instant::now()),
            (false, Some(since)) => {
                self.rested += since.elapsed();
                self.resting_since = None;
            }
            _ => {}
        }
    }
}

impl Default for Control {
    /// Controls that nobody uses.
    fn default() -> Self {
        Self::new(Limits { max_pause: Duration::MAX, input_timeout: Duration::ZERO }, |_| {})
    }
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control").field("steering", &self.steering()).finish_non_exhaustive()
    }
}

impl Control {
    /// Changes are reported to `on_change` in their order; it must not block.
    pub fn new(limits: Limits, on_change: impl Fn(Change) + Send + Sync + 'static) -> Self {
        Self { state: watch::Sender::default(), limits, on_change: Box::new(on_change) }
    }

    pub fn steering(&self) -> Steering {
        self.state.borrow().steering
    }

    /// Pauses the run before its next action. Does nothing if it is paused already.
    ///
    /// # Errors
    /// It is stopping.
    pub fn pause(&self) -> Result<Steering, NotSteered> {
        self.change(|state| {
            match state.steering {
                Steering::Stopping => return Err(NotSteered::Stopping),
                Steering::Running => state.steering = Steering::Pausing,
                // It does nothing meanwhile.
                Steering::AwaitingInput => state.steering = Steering::Paused,
                Steering::Pausing | Steering::Paused => {}
            }
            Ok(state.steering)
        })
    }

    /// Lets a paused run continue, and adds a message for its next decision.
    ///
    /// # Errors
    /// It is not paused, or too many messages wait.
    pub fn resume(&self, message: Option<String>) -> Result<(), NotSteered> {
        self.change(|state| {
            if !matches!(state.steering, Steering::Pausing | Steering::Paused) {
                return Err(NotSteered::NotPaused);
            }
            if let Some(message) = message {
                add(state, Instruction::Added(message))?;
            }
            state.resume();
            Ok(())
        })
    }

    /// Ends the run, in whatever state it is.
    pub fn stop(&self) {
        let _stopping = self.change(|state| {
            state.open = None;
            state.steering = Steering::Stopping;
            Ok(())
        });
    }

    /// Adds an instruction for the next decision. What has been decided and not yet carried out is dropped.
    ///
    /// # Errors
    /// The run is stopping, or too many instructions wait.
    pub fn instruct(&self, instruction: Instruction) -> Result<(), NotSteered> {
        self.change(|state| {
            if state.steering == Steering::Stopping {
                return Err(NotSteered::Stopping);
            }
            let is_other_task = matches!(instruction, Instruction::Replaced(_));
            add(state, instruction)?;
            if is_other_task && state.open.is_some() {
                state.close(Answer::Withdrawn);
            }
            Ok(())
        })
    }

    /// Forgets what was said and not read: the run is over.
    pub fn clear(&self) {
        self.state.send_modify(|state| {
            state.instructions.clear();
            (state.open, state.answer) = (None, None);
        });
    }

    /// What the run asks a person now.
    pub fn input_request(&self) -> Option<InputRequest> {
        self.state.borrow().open.clone()
    }

    /// Answers what the run asks.
    ///
    /// # Errors
    /// It does not ask that, or not any more, or the input is no answer to it.
    pub fn answer(&self, id: Uuid, input: &str) -> Result<(), NotSteered> {
        self.change(|state| {
            if state.steering == Steering::Stopping {
                return Err(NotSteered::Stopping);
            }
            let open = state.open.as_ref().filter(|open| open.id == id).ok_or(NotSteered::InputClosed)?;
            let answer = open.read(input).map_err(NotSteered::Unfit)?;
            state.close(Answer::Given(answer));
            Ok(())
        })
    }

    /// Asks a person and waits for the answer. The wait does not count as the run's time.
    pub(crate) async fn ask(&self, question: Question) -> Answer {
        let Question { kind, prompt, options, step } = question;
        let limit = self.limits.input_timeout;
        let (id, expires_at) = (Uuid::new_v4(), SystemTime::now() + limit);
        let request = InputRequest { id, kind, prompt, options, step, expires_at };
        let mut nobody_is_there = false;
        let asked = self.change(|state| {
            if state.steering == Steering::Stopping {
                return Err(NotSteered::Stopping);
            }
            nobody_is_there = state.unanswered >= MAX_UNANSWERED;
            if !nobody_is_there {
                (state.open, state.answer) = (Some(request), None);
                state.steering = match state.steering {
                    Steering::Pausing | Steering::Paused => Steering::Paused,
                    _ => Steering::AwaitingInput,
                };
            }
            Ok(())
        });
        if asked.is_err() {
            // Its owner drops the run.
            return std::future::pending().await;
        }
        if nobody_is_there {
            return Answer::Nobody;
        }
        let open = OpenQuestion { control: self, id };
        let _answered_in_time = timeout(limit, self.until(|state| state.answer.is_some())).await;
        drop(open);
        let mut outcome = Answer::Nobody;
        self.state.send_if_modified(|state| {
            outcome = state.answer.take().unwrap_or(Answer::Nobody);
            state.unanswered = if matches!(outcome, Answer::Nobody) { state.unanswered + 1 } else { 0 };
            false
        });
        outcome
    }

    /// Adds what a person answered for the next decision, also beyond the limit of instructions.
    pub(crate) fn tell(&self, instruction: Instruction) {
        self.state.send_if_modified(|state| {
            state.instructions.push(instruction);
            false
        });
    }

    /// Waits until the run is told to stop.
    pub async fn stopped(&self) {
        self.until(|state| state.steering == Steering::Stopping).await;
    }

    /// How long the run has been paused or has waited for a person, all together.
    pub fn rested_for(&self) -> Duration {
        let state = self.state.borrow();
        state.rested + state.resting_since.map_or(Duration::ZERO, |since| since.elapsed())
    }

    /// To be awaited before each action and decision: waits while the run is paused, and for ever if it is to stop.
    /// Returns whether there are instructions that nobody has read.
    pub(crate) async fn checkpoint(&self) -> bool {
        loop {
            let (steering, since) = {
                let state = self.state.borrow();
                (state.steering, state.paused_since)
            };
            match steering {
                Steering::Running | Steering::AwaitingInput => return !self.state.borrow().instructions.is_empty(),
                Steering::Stopping => std::future::pending().await,
                Steering::Pausing => {
                    let _paused = self.change(|state| {
                        if state.steering == Steering::Pausing {
                            state.steering = Steering::Paused;
                        }
                        Ok(())
                    });
                }
                Steering::Paused => {
                    let continued = self.until(|state| state.steering != Steering::Paused);
                    let limit = since.and_then(|since| since.checked_add(self.limits.max_pause));
                    match limit {
                        None => continued.await,
                        Some(limit) => {
                            if timeout_at(limit, continued).await.is_err() {
                                // Somebody may do so at this moment.
                                let _resumed = self.resume(None);
                            }
                        }
                    }
                }
            }
        }
    }

    /// Whether the next checkpoint pauses.
    pub(crate) fn is_pausing(&self) -> bool {
        matches!(self.steering(), Steering::Pausing | Steering::Paused)
    }

    /// The instructions since the last decision, oldest first.
    pub(crate) fn take_instructions(&self) -> Vec<Instruction> {
        let mut taken = Vec::new();
        self.state.send_if_modified(|state| {
            taken = std::mem::take(&mut state.instructions);
            false
        });
        taken
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> Result<T, NotSteered>) -> Result<T, NotSteered> {
        let mut result = Err(NotSteered::NotPaused);
        self.state.send_if_modified(|state| {
            let (before, asked_before) = (state.steering, state.open.as_ref().map(|open| open.id));
            result = change(state);
            state.keep_time();
            if state.steering != before {
                (self.on_change)(Change::State(state.steering));
            }
            if let Some(open) = state.open.as_ref().filter(|open| Some(open.id) != asked_before) {
                (self.on_change)(Change::Asked(open.clone()));
            }
            result.is_ok()
        });
        result
    }

    async fn until(&self, reached: impl Fn(&State) -> bool) {
        // The sender is this object.
        let mut changes = self.state.subscribe();
        let _reached = changes.wait_for(|state| reached(state)).await;
    }
}

/// Closes a question that nobody waits for any more.
struct OpenQuestion<'a> {
    control: &'a Control,
    id: Uuid,
}

impl Drop for OpenQuestion<'_> {
    fn drop(&mut self) {
        let _closed = self.control.change(|state| {
            if state.open.as_ref().is_some_and(|open| open.id == self.id) {
                state.close(Answer::Nobody);
            }
            Ok(())
        });
    }
}

fn add(state: &mut State, instruction: Instruction) -> Result<(), NotSteered> {
    if state.instructions.len() >= MAX_INSTRUCTIONS {
        return Err(NotSteered::TooManyInstructions);
    }
    state.instructions.push(instruction);
    Ok(())
}

/// The end of a run's time, which pauses and waits for people postpone.
#[derive(Debug, Clone)]
pub struct Deadline {
    at: Instant,
    control: Arc<Control>,
}

impl Deadline {
    pub fn new(at: Instant, control: Arc<Control>) -> Self {
        Self { at, control }
    }

    /// As of now: a pause moves it.
    pub fn instant(&self) -> Instant {
        self.at + self.control.rested_for()
    }

    /// Waits until it has passed.
    pub async fn passed(&self) {
        loop {
            self.control.until(|state| state.resting_since.is_none()).await;
            let at = self.instant();
            if Instant::now() >= at {
                return;
            }
            sleep_until(at).await;
        }
    }
}

impl PartialEq for Deadline {
    fn eq(&self, other: &Self) -> bool {
        self.instant() == other.instant()
    }
}
