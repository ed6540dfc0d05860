//! Steering a run while it goes on: pause, resume, stop, and what its user adds.
//!
//! The agent obeys before each action and each decision. A stopped run is ended by its owner, which drops it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use strum::IntoStaticStr;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout_at};

/// Instructions that wait for the next decision.
const MAX_INSTRUCTIONS: usize = 20;

/// What a run is told to do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Steering {
    #[default]
    Running,
    /// It pauses before its next action.
    Pausing,
    Paused,
    Stopping,
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
}

/// The controls of one run.
pub struct Control {
    state: watch::Sender<State>,
    max_pause: Duration,
    on_change: Box<dyn Fn(Steering) + Send + Sync>,
}

#[derive(Default)]
struct State {
    steering: Steering,
    instructions: Vec<Instruction>,
    /// All earlier pauses together.
    paused: Duration,
    paused_since: Option<Instant>,
}

impl State {
    fn resume(&mut self) {
        self.steering = Steering::Running;
        self.paused += self.paused_since.take().map_or(Duration::ZERO, |since| since.elapsed());
    }
}

impl Default for Control {
    /// Controls that nobody uses.
    fn default() -> Self {
        Self::new(Duration::MAX, |_| {})
    }
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control").field("steering", &self.steering()).finish_non_exhaustive()
    }
}

impl Control {
    /// A pause ends by itself after `max_pause`. Changes are reported to `on_change` in their order; it must not block.
    pub fn new(max_pause: Duration, on_change: impl Fn(Steering) + Send + Sync + 'static) -> Self {
        Self { state: watch::Sender::default(), max_pause, on_change: Box::new(on_change) }
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
            state.resume();
            state.steering = Steering::Stopping;
            Ok(())
        });
    }

    /// Adds an instruction for the next decision. What has been decided and not yet carried out is dropped.
    ///
    /// # Errors
    /// The run is stopping, or too many instructions wait.
    pub fn instruct(&self, instruction: Instruction) -> Result<(), NotSteered> {
        self.change(|state| match state.steering {
            Steering::Stopping => Err(NotSteered::Stopping),
            _ => add(state, instruction),
        })
    }

    /// Waits until the run is told to stop.
    pub async fn stopped(&self) {
        self.until(|state| state.steering == Steering::Stopping).await;
    }

    /// How long the run has been paused, all pauses together.
    pub fn paused_for(&self) -> Duration {
        let state = self.state.borrow();
        state.paused + state.paused_since.map_or(Duration::ZERO, |since| since.elapsed())
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
                Steering::Running => return !self.state.borrow().instructions.is_empty(),
                Steering::Stopping => std::future::pending().await,
                Steering::Pausing => {
                    let _paused = self.change(|state| {
                        if state.steering == Steering::Pausing {
                            state.steering = Steering::Paused;
                            state.paused_since = Some(Instant::now());
                        }
                        Ok(())
                    });
                }
                Steering::Paused => {
                    let continued = self.until(|state| state.steering != Steering::Paused);
                    let limit = since.and_then(|since| since.checked_add(self.max_pause));
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
            let before = state.steering;
            result = change(state);
            if state.steering != before {
                (self.on_change)(state.steering);
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

fn add(state: &mut State, instruction: Instruction) -> Result<(), NotSteered> {
    if state.instructions.len() >= MAX_INSTRUCTIONS {
        return Err(NotSteered::TooManyInstructions);
    }
    state.instructions.push(instruction);
    Ok(())
}

/// The end of a run's time, which pauses postpone.
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
        self.at + self.control.paused_for()
    }

    /// Waits until it has passed.
    pub async fn passed(&self) {
        loop {
            self.control.until(|state| state.steering != Steering::Paused).await;
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
