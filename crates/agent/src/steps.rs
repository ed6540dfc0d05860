//! The loop: observe, decide, act, report, until the agent is done or cannot go on.

mod ending;
mod limits;

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tracing::Instrument;

use super::action::Action;
use super::agent::{AgentError, AgentSettings, AgentTask, Vision};
use super::attempt::Attempt;
use super::budget::{Limit, Metered};
use super::decision::Decision;
use super::explicit::Account;
use super::files::FileInfo;
use super::history::last_decided;
use super::image::Image;
use super::ledger::{Ledger, without_credentials};
use super::loop_guard::{LoopGuard, Verdict};
use super::notices;
use super::observation::{Observation, PageView};
use super::planner::{ActionResult, PastStep, PlanError, Planner, Turn};
use super::ports::{ActionError, ModelError, Page};
use super::reading::Reading;
use super::report::{AgentResult, LogLevel, Reporter, StepReport, StopReason};
use super::sequence::{self, Carried, End, MAX_ERROR, Stage};
use super::text::shorten;
use super::url_in_task::url_in_task;
use super::vocabulary::Vocabulary;
use ending::Ending;
use limits::stop_of;

/// Longest description of a step, in characters.
const MAX_DESCRIPTION: usize = 1_000;
/// A page view with less text and fewer elements says too little: a picture may say more.
const SPARSE_TEXT: usize = 200;
const SPARSE_ELEMENTS: usize = 3;
/// Percent of the viewport that wordless pictures take up, from which on the text does not carry the page.
const WORDLESS: u8 = 25;

/// A run under way.
pub(super) struct Steps {
    settings: AgentSettings,
    vocabulary: Vocabulary,
    /// `Sync`, so that the run's future stays `Send` while it borrows itself.
    planner: Box<dyn Planner>,
    /// The planner's, if it has one.
    model: Option<Arc<Metered>>,
    /// With a model only.
    reading: Option<Reading>,
    page: Arc<dyn Page>,
    reporter: Arc<dyn Reporter>,
    ledger: Arc<Ledger>,
    task: AgentTask,
    /// The page after the last step.
    observation: Observation,
    /// Downloaded and not reported yet.
    downloads: Vec<FileInfo>,
    history: Vec<PastStep>,
    /// The last picture that a decision was made on, and the fingerprint of its page.
    pictured: Option<(u64, Image)>,
    /// Steps taken for the caller's own actions; those that are decided on come after them.
    given: u32,
    /// Failed steps in a row.
    failures: u32,
    /// For the next decision alone.
    reminders: Vec<String>,
    guard: LoopGuard,
    /// Limits whose nearness was told.
    warned: HashSet<Limit>,
    /// How long the last step that was decided on took.
    pace: Option<Duration>,
    /// Whether the agent was asked if it is done although the page is blocked.
    doubted: bool,
}

impl Steps {
    pub(super) fn new(
        settings: AgentSettings,
        planner: Box<dyn Planner>,
        model: Option<Arc<Metered>>,
        page: Arc<dyn Page>,
        reporter: Arc<dyn Reporter>,
        ledger: Arc<Ledger>,
        task: AgentTask,
    ) -> Self {
        let vocabulary = Vocabulary::of(&settings, model.as_ref().map(|model| model.name()).as_ref(), &task);
        Self {
            settings,
            vocabulary,
            planner,
            reading: model.clone().map(|model| Reading::new(model, &task)),
            model,
            page,
            reporter,
            ledger,
            task,
            observation: Observation::default(),
            downloads: Vec::new(),
            history: Vec::new(),
            pictured: None,
            given: 0,
            failures: 0,
            reminders: Vec::new(),
            guard: LoopGuard::default(),
            warned: HashSet::new(),
            pace: None,
            doubted: false,
        }
    }

    /// Carries out the caller's actions and nothing else.
    pub(super) async fn run_laid_down(mut self) -> Result<AgentResult, AgentError> {
        let account = self.begin().await?;
        let success = account.is_complete();
        tracing::info!(success, "the actions laid down are through");
        let reason = if success { StopReason::ActionsComplete } else { StopReason::ActionsFailed };
        Ok(self.result(Ending { reason, text: account.text(), success, output: None }))
    }

    pub(super) async fn run(mut self) -> Result<AgentResult, AgentError> {
        let ending = self.take_all().await;
        for used in self.ledger.entries().tally.usage {
            tracing::info!(
                provider = used.name.provider,
                model = used.name.model,
                model_calls = used.usage.calls,
                prompt_tokens = used.usage.prompt_tokens,
                cached_tokens = used.usage.cached_tokens,
                completion_tokens = used.usage.completion_tokens,
                "the agent is through"
            );
        }
        Ok(self.result(ending?))
    }

    fn result(self, ending: Ending) -> AgentResult {
        let Ending { reason, text, success, output } = ending;
        let entries = self.ledger.entries();
        AgentResult {
            success,
            final_text: text,
            output,
            stop_reason: reason,
            errors: entries.errors,
            blocker: self.observation.blocker.filter(|_| !success),
            tally: entries.tally,
        }
    }

    async fn take_all(&mut self) -> Result<Ending, AgentError> {
        self.begin().await?;
        for step in self.given + 1..=self.last_step() {
            let (span, begun) = (tracing::info_span!("step", step), Instant::now());
            if let ControlFlow::Break(ending) = self.step(step).instrument(span).await? {
                return Ok(ending);
            }
            self.pace = Some(begun.elapsed());
        }
        self.log(LogLevel::Warning, format!("all {} steps are used up", self.task.max_steps)).await;
        Ok(StopReason::MaxSteps.into())
    }

    /// All that comes before the first decision.
    async fn begin(&mut self) -> Result<Account, AgentError> {
        let opened = self.open_start_page().await?;
        if let Some(error) = self.observe().await? {
            self.failed(error);
        }
        self.take_given(opened).await
    }

    fn last_step(&self) -> u32 {
        self.given + self.task.max_steps
    }

    /// Takes the steps that the caller has laid down, an action each, until one fails. The history has them as one step.
    async fn take_given(&mut self, opened: bool) -> Result<Account, AgentError> {
        let actions = std::mem::take(&mut self.task.actions);
        let mut account = Account::of(actions.len());
        let mut problem =
            (!opened).then(|| "the start page did not open, so nothing that was to follow was tried".into());
        for action in actions.iter().take_while(|_| opened) {
            self.given += 1;
            let tried = action.carry_out(&*self.page, &self.observation.view).await;
            let description = match tried {
                Ok((action, outcome)) => account.add(action, outcome),
                Err(ActionError::Browser(error)) if error.is_fatal() => return Err(error.into()),
                Err(error) => {
                    let description = format!("{} failed: {error}", action.describe());
                    let (step, of) = (self.given, account.of);
                    let error = shorten(&format!("action {step} of {of}: {description}"), MAX_ERROR);
                    self.failed(error.clone());
                    problem = Some(error);
                    description
                }
            };
            let unreadable = self.observe().await?;
            self.report(self.given, action.name(), &Decision::default(), description).await;
            if let Some(error) = unreadable {
                self.failed(error);
            }
            if problem.is_some() {
                break;
            }
        }
        if account.of > 0 {
            self.history.push(account.as_step(self.given, problem));
        }
        Ok(account)
    }

    /// Whether there is a page to begin with. What comes of it stands in the history as a step 0: a page that does not
    /// open is the model's to deal with.
    async fn open_start_page(&mut self) -> Result<bool, AgentError> {
        let Some(url) = self.task.start_url.clone().or_else(|| url_in_task(&self.task.task)) else { return Ok(true) };
        let shown = without_credentials(&url);
        self.log(LogLevel::Info, format!("opening {shown}")).await;
        let outcome = match self.page.open(&url).await {
            Ok(outcome) => Ok(outcome),
            Err(ActionError::Browser(error)) if error.is_fatal() => return Err(error.into()),
            Err(error) => {
                let error = shorten(&error.to_string(), MAX_ERROR);
                self.log(LogLevel::Warning, error.clone()).await;
                self.failed(error.clone());
                Err(error)
            }
        };
        let opened = outcome.is_ok();
        let action = Action::Navigate { url: shown, new_tab: None };
        let decision =
            Decision { next_goal: "open the start page".into(), actions: vec![action.clone()], ..Decision::default() };
        self.history.push(PastStep {
            step: 0,
            decision,
            results: vec![ActionResult { action, outcome }],
            error: None,
            interrupted: false,
        });
        Ok(opened)
    }

    async fn step(&mut self, step: u32) -> Result<ControlFlow<Ending>, AgentError> {
        self.warn_of_steps(step).await;
        let forced = self.forced(step);
        self.remind(step, forced).await;
        let mut attempt = self.attempt(step, forced).await?;
        if let Some(blocker) = self.doubt(&attempt) {
            let again = self.ask_again(step, forced, &attempt, &blocker).await?;
            attempt = match again.problem {
                None => attempt.followed_by(again),
                Some(problem) => {
                    self.failed(shorten(
                        &format!("{blocker}; the agent could not be asked again: {problem}"),
                        MAX_ERROR,
                    ));
                    attempt.unconfirmed()
                }
            };
        }
        if let Some(limit) = attempt.over_budget {
            let problem = attempt.problem.unwrap_or_default();
            self.log(LogLevel::Warning, problem.clone()).await;
            self.failed(problem);
            return Ok(ControlFlow::Break(stop_of(limit).into()));
        }
        let Attempt { decision, carried, problem: not_decided, unconfirmed, .. } = attempt;

        if let End::Done(answer) = carried.end {
            self.report(step, first_action(&decision), &decision, carried.descriptions.join("; ")).await;
            let forced = if unconfirmed { Some(StopReason::Unconfirmed) } else { forced };
            return Ok(ControlFlow::Break(self.ending(answer, forced)));
        }

        let unreadable = self.observe().await?;
        let description = match &not_decided {
            Some(problem) => format!("No action: {problem}"),
            None => carried.descriptions.join("; "),
        };
        self.report(step, first_action(&decision), &decision, description).await;
        let stuck = self.watch(&carried.results).await;
        self.learn(step, decision, carried, not_decided.or(unreadable));
        if let Some(reason) = stuck {
            self.failed(reason);
            return Ok(ControlFlow::Break(StopReason::Loop.into()));
        }
        match forced {
            None | Some(StopReason::MaxSteps) => return Ok(ControlFlow::Continue(())),
            Some(StopReason::Failures) => {
                self.log(LogLevel::Warning, format!("giving up after {} failed steps in a row", self.failures)).await;
            }
            Some(_) => self.log(LogLevel::Warning, "the last call of the budget brought no answer".into()).await,
        }
        Ok(ControlFlow::Break(forced.unwrap_or_default().into()))
    }

    /// Decides and carries out what was decided; after a `done` it looks at the page once more.
    async fn attempt(&mut self, step: u32, forced: Option<StopReason>) -> Result<Attempt, AgentError> {
        let decided = self.decide(step, forced.is_some()).await?;
        self.warn_of_spending().await;
        let decision = match decided {
            Ok(decision) => decision,
            Err(problem) => return Ok(problem),
        };
        let limit = usize::try_from(self.settings.max_actions_per_step.max(1)).unwrap_or(usize::MAX);
        let stage = Stage {
            page: &*self.page,
            seen: &self.observation,
            reporter: &*self.reporter,
            vocabulary: self.vocabulary,
            limit,
            history: &self.history,
            reading: self.reading.as_ref(),
        };
        let carried = sequence::carry_out(stage, &decision.actions).await?;
        // The answer is there: a page that cannot be read any more does not take it back.
        if matches!(carried.end, End::Done(_))
            && let Ok(observation) = self.page.observe().await
        {
            self.seen(observation);
        }
        Ok(Attempt { decision, carried, ..Attempt::default() })
    }

    /// Notes a step error.
    fn failed(&mut self, error: String) {
        self.ledger.failed(error);
    }

    /// The decision, or an attempt that comes to nothing.
    async fn decide(&mut self, step: u32, only_done: bool) -> Result<Result<Decision, Attempt>, AgentError> {
        let picture = self.picture().await?;
        let reminders = std::mem::take(&mut self.reminders);
        let (outbox, inbox) = notices::channel();
        let call = self.planner.decide(Turn {
            task: &self.task.task,
            files: &self.task.files,
            history: &self.history,
            observation: &self.observation,
            picture: picture.as_ref(),
            step,
            max_steps: self.last_step(),
            only_done,
            reminders: &reminders,
            notices: &outbox,
        });
        Ok(match inbox.report_during(&*self.reporter, call).await {
            Ok(decision) => allowed(decision, only_done).map_err(Attempt::without_decision),
            Err(PlanError::Model(error)) if ends_the_run(&error) => return Err(AgentError::Model(error)),
            Err(error) => {
                let over_budget = match &error {
                    PlanError::OverBudget(limit) => Some(*limit),
                    _ => None,
                };
                let problem = shorten(&error.to_string(), MAX_ERROR);
                Err(Attempt { over_budget, ..Attempt::without_decision(problem) })
            }
        })
    }

    /// The picture for the next decision, if there is to be one. A page that cannot be pictured is decided on by its
    /// text.
    async fn picture(&mut self) -> Result<Option<Image>, AgentError> {
        let asked_for = || {
            let last = last_decided(&self.history);
            last.is_some_and(|step| step.results.iter().any(|result| result.action == Action::Screenshot {}))
        };
        let view = &self.observation.view;
        let says_little = || {
            let sparse = view.elements.len() < SPARSE_ELEMENTS && view.text.len() < SPARSE_TEXT;
            // A blank tab, and a page that could not be read, have nothing to show.
            self.observation.url.starts_with("http") && (sparse || view.wordless >= WORDLESS)
        };
        let (wanted, unasked) = match self.settings.vision {
            Vision::Never => (false, false),
            Vision::Always => (true, false),
            Vision::Auto if asked_for() => (true, false),
            Vision::Auto => (says_little(), true),
        };
        if !wanted {
            return Ok(None);
        }
        match self.page.picture().await {
            Ok(picture) => {
                let pictured = (view.fingerprint, picture);
                if unasked && self.pictured.as_ref() == Some(&pictured) {
                    return Ok(None);
                }
                let (_, picture) = self.pictured.insert(pictured);
                Ok(Some(picture.clone()))
            }
            Err(error) if error.is_fatal() => Err(error.into()),
            Err(error) => {
                tracing::debug!(%error, "no picture for the model");
                Ok(None)
            }
        }
    }

    /// Reads the page. When that fails, the observation says so and offers nothing, and the error is returned.
    async fn observe(&mut self) -> Result<Option<String>, AgentError> {
        match self.page.observe().await {
            Ok(observation) => {
                self.seen(observation);
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

    fn seen(&mut self, mut observation: Observation) {
        self.ledger.visited(&observation.url);
        self.downloads.append(&mut observation.downloads);
        self.observation = observation;
    }

    async fn report(&mut self, step: u32, action: &str, decision: &Decision, description: String) {
        let thoughts = [&decision.evaluation_previous_goal, &decision.next_goal, &decision.memory];
        let thoughts: Vec<&str> =
            thoughts.into_iter().map(|text| text.trim()).filter(|text| !text.is_empty()).collect();
        let report = StepReport {
            step,
            action: action.to_owned(),
            description: shorten(&description, MAX_DESCRIPTION),
            thought: thoughts.join("\n"),
            url: self.observation.url.clone(),
            title: self.observation.title.clone(),
            screenshot: self.observation.screenshot.clone(),
            downloads: std::mem::take(&mut self.downloads),
            blocker: self.observation.blocker.clone(),
        };
        let blocker = report.blocker.clone();
        self.reporter.step(report).await;
        self.ledger.stepped(step, blocker);
    }

    /// Looks for a loop; the reason when the run has to end because of one.
    async fn watch(&mut self, results: &[ActionResult]) -> Option<String> {
        let actions = results.iter().map(|result| &result.action);
        match self.guard.record(actions, self.observation.view.fingerprint) {
            Verdict::Fine => None,
            Verdict::Repeating(what) => {
                self.log(LogLevel::Warning, format!("going in circles? {what}")).await;
                self.reminders.push(format!("You seem to go in circles: {what}. Try another way, or end with done."));
                None
            }
            Verdict::Stuck(what) => {
                let reason = format!("stopped for going in circles: {what}");
                self.log(LogLevel::Warning, reason.clone()).await;
                Some(reason)
            }
        }
    }

    /// Keeps what later decisions and the result need of a step. `problem` is one of the step as a whole.
    fn learn(&mut self, step: u32, decision: Decision, carried: Carried, problem: Option<String>) {
        let skipped = decision.actions.len().saturating_sub(carried.results.len());
        let failed = match carried.end {
            End::Failed(error) => Some(error),
            End::Skipped(why) => {
                let of = decision.actions.len();
                self.reminders.push(format!("{skipped} of your {of} actions were skipped: {why}."));
                None
            }
            End::Through | End::Done(_) => None,
        };
        self.failures = if failed.is_some() || problem.is_some() { self.failures + 1 } else { 0 };
        tracing::debug!(action = first_action(&decision), failures = self.failures, "step taken");
        // A crash fails the action and then the reading of the page, with the same words.
        let repeated = failed == problem;
        for error in failed.into_iter().chain(problem.clone().filter(|_| !repeated)) {
            self.failed(error);
        }
        let Carried { results, interrupted, .. } = carried;
        self.history.push(PastStep { step, decision, results, error: problem, interrupted });
    }

    async fn log(&self, level: LogLevel, message: String) {
        self.reporter.log(level, message).await;
    }
}

fn first_action(decision: &Decision) -> &'static str {
    decision.actions.first().map_or("", Action::name)
}

/// The decision without what may not be done now, or why nothing is left of it.
fn allowed(mut decision: Decision, only_done: bool) -> Result<Decision, String> {
    if only_done {
        decision.actions.retain(|action| matches!(action, Action::Done { .. }));
    }
    match decision.actions.is_empty() {
        false => Ok(decision),
        true if only_done => Err("only done was possible, and the answer was another".into()),
        true => Err("the answer held no action".into()),
    }
}

/// Whether the next call would fail in the same way: the adapter has retried what may pass.
fn ends_the_run(error: &ModelError) -> bool {
    match error {
        ModelError::Unauthorized { .. }
        | ModelError::UnknownModel { .. }
        | ModelError::Rejected { .. }
        | ModelError::RateLimited { .. }
        | ModelError::Unavailable { .. }
        | ModelError::Unreachable { .. }
        | ModelError::TimedOut { .. }
        | ModelError::Interrupted { .. }
        | ModelError::ContextTooLong { .. } => true,
        ModelError::Malformed { .. }
        | ModelError::Empty { .. }
        | ModelError::Refused { .. }
        | ModelError::Filtered { .. }
        | ModelError::CutOff { .. } => false,
    }
}
