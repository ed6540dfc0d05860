//! The state of a run, and what the parts of the loop do to it.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use super::loop_guard::LoopGuard;
use crate::agent::{Agent, Decider};
use crate::budget::{Limit, MeteredModel};
use crate::control::{Control, Instruction};
use crate::extract::query::QueryReader;
use crate::files::FileInfo;
use crate::image::Image;
use crate::ledger::Ledger;
use crate::model_planner::ModelPlanner;
use crate::observation::{Observation, PageView};
use crate::planner::{Decision, PastStep, Planner};
use crate::ports::Page;
use crate::report::{AgentError, LogLevel, Reporter, StepReport};
use crate::settings::{AgentSettings, Vision};
use crate::task::AgentTask;
use crate::text::shorten;
use crate::vocabulary::Vocabulary;

/// Longest description of a step, in characters.
const MAX_DESCRIPTION: usize = 1_000;

pub(crate) struct AgentLoop {
    pub(super) settings: AgentSettings,
    pub(super) vocabulary: Vocabulary,
    pub(super) planner: Box<dyn Planner>,
    /// None with the built-in planner; so is `query_reader`.
    pub(super) model: Option<Arc<MeteredModel>>,
    pub(super) query_reader: Option<QueryReader>,
    pub(super) page: Arc<dyn Page>,
    pub(super) reporter: Arc<dyn Reporter>,
    pub(super) ledger: Arc<Ledger>,
    pub(super) control: Arc<Control>,
    pub(super) task: AgentTask,
    /// The page after the last step.
    pub(super) observation: Observation,
    /// Not reported yet.
    downloads: Vec<FileInfo>,
    pub(super) history: Vec<PastStep>,
    /// The last picture that the planner got, and the fingerprint of its page.
    pub(super) last_picture: Option<(u64, Image)>,
    /// Steps taken by requested actions. The steps that are decided on follow them.
    pub(super) requested_steps: u32,
    /// Consecutive failed steps.
    pub(super) failures: u32,
    /// For the next decision only.
    pub(super) reminders: Vec<String>,
    pub(super) guard: LoopGuard,
    /// Limits with a warning already given.
    pub(super) warned: HashSet<Limit>,
    /// Duration of the last step that was decided on.
    pub(super) last_duration: Option<Duration>,
    /// The planner was asked to confirm a success on a blocked page.
    pub(super) asked_to_confirm: bool,
    /// A person was asked to pass the human check that the page shows.
    pub(super) is_check_known: bool,
    /// How often a person was asked to deal with a blocker.
    pub(super) helped: u32,
}

impl AgentLoop {
    pub(crate) fn new(agent: Agent, task: AgentTask) -> Self {
        let Agent { mut settings, decider, page, reporter, ledger, control } = agent;
        let (planner, model): (Box<dyn Planner>, _) = match decider {
            Decider::Model(model) => {
                let (prices, budget) = (settings.prices.clone(), task.budget.clone());
                let model = Arc::new(MeteredModel::new(model, prices, budget, ledger.clone()));
                (Box::new(ModelPlanner::new(model.clone(), &settings, &task)), Some(model))
            }
            Decider::Planner(planner) => {
                settings.vision = Vision::Never;
                (planner, None)
            }
        };
        Self {
            vocabulary: Vocabulary::of(&settings, model.as_ref().map(|model| model.name()).as_ref(), &task),
            query_reader: model.clone().map(|model| QueryReader::new(model, &task)),
            settings,
            planner,
            model,
            page,
            reporter,
            ledger,
            control,
            task,
            observation: Observation::default(),
            downloads: Vec::new(),
            history: Vec::new(),
            last_picture: None,
            requested_steps: 0,
            failures: 0,
            reminders: Vec::new(),
            guard: LoopGuard::default(),
            warned: HashSet::new(),
            last_duration: None,
            asked_to_confirm: false,
            is_check_known: false,
            helped: 0,
        }
    }

    pub(super) fn last_step(&self) -> u32 {
        self.requested_steps + self.task.max_steps
    }

    /// Adds what the user has said since the last decision to the task.
    pub(super) fn take_instructions(&mut self) {
        for instruction in self.control.take_instructions() {
            match instruction {
                Instruction::Added(text) => {
                    self.task.task.push_str("\n\nThe user added, after step ");
                    self.task.task.push_str(&format!("{}: {text}", self.ledger.entries().tally.steps));
                    self.reminders.push("The user has added to the task.".into());
                }
                Instruction::Answered { prompt, answer } => {
                    let step = self.ledger.entries().tally.steps;
                    let answer = answer.unwrap_or_else(|| "(nobody answered: decide without)".into());
                    self.task.task.push_str(&format!(
                        "\n\nYou asked the user, after step {step}: {prompt}\nThe user answered: {answer}"
                    ));
                    self.reminders.push("Your question to the user is answered, below the task.".into());
                }
                Instruction::Replaced(task) => {
                    self.task.task = task;
                    self.reminders
                        .push("The user has replaced the task; what was done for the old one stays done.".into());
                }
            }
        }
    }

    pub(super) fn add_error(&self, error: String) {
        self.ledger.add_error(error);
    }

    pub(super) async fn log(&self, level: LogLevel, message: String) {
        self.reporter.log(level, message).await;
    }

    /// Reads the page. A page that cannot be read leaves an observation that says so, and returns the error.
    pub(super) async fn observe(&mut self) -> Result<Option<String>, AgentError> {
        match self.page.observe().await {
            Ok(observation) => {
                self.set_observation(observation);
                Ok(None)
            }
            Err(error) if error.is_fatal() => Err(error.into()),
            Err(error) => {
                tracing::warn!(?error, "the page cannot be read");
                let error = error.to_string();
                let notice = format!("{error} and could not be read: navigate elsewhere, open it again, or wait");
                self.observation = Observation {
                    view: PageView::default(),
                    notices: vec![notice],
                    screenshot: None,
                    blocker: None,
                    downloads: Vec::new(),
                    ..std::mem::take(&mut self.observation)
                };
                Ok(Some(error))
            }
        }
    }

    pub(super) fn set_observation(&mut self, mut observation: Observation) {
        self.ledger.add_url(&observation.url);
        self.downloads.append(&mut observation.downloads);
        self.observation = observation;
    }

    pub(super) async fn report(&mut self, step: u32, action: &str, decision: &Decision, description: String) {
        let thoughts = [&decision.evaluation_previous_goal, &decision.next_goal, &decision.memory];
        let thoughts: Vec<&str> =
            thoughts.into_iter().map(|text| text.trim()).filter(|text| !text.is_empty()).collect();
        let blocker = self.observation.blocker.clone();
        let report = StepReport {
            step,
            action: action.to_owned(),
            description: shorten(&description, MAX_DESCRIPTION),
            thought: thoughts.join("\n"),
            url: self.observation.url.clone(),
            title: self.observation.title.clone(),
            screenshot: self.observation.screenshot.clone(),
            downloads: std::mem::take(&mut self.downloads),
            kept: Vec::new(),
            blocker: blocker.clone(),
        };
        self.reporter.step(report).await;
        self.ledger.end_step(step, blocker);
    }
}
