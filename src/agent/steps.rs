//! The loop: observe, decide, act, report, until the agent is done or cannot go on.

use std::ops::ControlFlow;
use std::sync::Arc;

use tracing::Instrument;
use url::Url;

use super::action::Action;
use super::agent::{AgentError, AgentSettings, AgentTask, Vision};
use super::decision::Decision;
use super::explicit::Account;
use super::files::FileInfo;
use super::history::last_decided;
use super::image::Image;
use super::loop_guard::{LoopGuard, Verdict};
use super::notices;
use super::observation::{Observation, PageView};
use super::planner::{ActionResult, PastStep, PlanError, Planner, Turn};
use super::ports::{ActionError, ModelError, Page, Usage};
use super::reading::Reading;
use super::report::{AgentResult, LogLevel, Reporter, StepReport};
use super::sequence::{self, Carried, End, MAX_ERROR, Stage};
use super::text::shorten;
use super::url_in_task::url_in_task;
use super::vocabulary::Vocabulary;

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
    planner: Box<dyn Planner + Sync>,
    /// With a model only.
    reading: Option<Reading>,
    page: Arc<dyn Page>,
    reporter: Arc<dyn Reporter>,
    task: AgentTask,
    /// The page after the last step.
    observation: Observation,
    /// Downloaded and not reported yet.
    downloads: Vec<FileInfo>,
    history: Vec<PastStep>,
    /// The last picture that a decision was made on, and the fingerprint of its page.
    pictured: Option<(u64, Image)>,
    errors: Vec<String>,
    /// Steps taken for the caller's own actions; those that are decided on come after them.
    given: u32,
    /// Failed steps in a row.
    failures: u32,
    /// For the next decision alone.
    reminders: Vec<String>,
    guard: LoopGuard,
    usage: Usage,
}

/// How the agent's part ended: the answer, if there is one.
type Ending = Option<(String, bool)>;

impl Steps {
    pub(super) fn new(
        settings: AgentSettings,
        vocabulary: Vocabulary,
        planner: Box<dyn Planner + Sync>,
        reading: Option<Reading>,
        page: Arc<dyn Page>,
        reporter: Arc<dyn Reporter>,
        task: AgentTask,
    ) -> Self {
        Self {
            settings,
            vocabulary,
            planner,
            reading,
            page,
            reporter,
            task,
            observation: Observation::default(),
            downloads: Vec::new(),
            history: Vec::new(),
            pictured: None,
            errors: Vec::new(),
            given: 0,
            failures: 0,
            reminders: Vec::new(),
            guard: LoopGuard::default(),
            usage: Usage::default(),
        }
    }

    /// Carries out the caller's actions and nothing else.
    pub(super) async fn run_laid_down(mut self) -> Result<AgentResult, AgentError> {
        let account = self.begin().await?;
        let success = account.is_complete();
        tracing::info!(success, "the actions laid down are through");
        let blocker = self.observation.blocker.filter(|_| !success);
        Ok(AgentResult { success, final_text: account.text(), errors: self.errors, blocker })
    }

    pub(super) async fn run(mut self) -> Result<AgentResult, AgentError> {
        let ending = self.take_all().await;
        tracing::info!(
            model_calls = self.usage.calls,
            prompt_tokens = self.usage.prompt_tokens,
            cached_tokens = self.usage.cached_tokens,
            completion_tokens = self.usage.completion_tokens,
            "the agent is through"
        );
        let (final_text, success) = ending?.unwrap_or_default();
        let blocker = self.observation.blocker.filter(|_| !success);
        Ok(AgentResult { success, final_text, errors: self.errors, blocker })
    }

    async fn take_all(&mut self) -> Result<Ending, AgentError> {
        self.begin().await?;
        for step in self.given + 1..=self.last_step() {
            let span = tracing::info_span!("step", step);
            if let ControlFlow::Break(ending) = self.step(step).instrument(span).await? {
                return Ok(ending);
            }
        }
        self.log(LogLevel::Warning, format!("all {} steps are used up", self.task.max_steps)).await;
        Ok(None)
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
        self.history.push(PastStep { step: 0, decision, results: vec![ActionResult { action, outcome }], error: None });
        Ok(opened)
    }

    async fn step(&mut self, step: u32) -> Result<ControlFlow<Ending>, AgentError> {
        let last_call = self.failures >= self.settings.max_failures.max(1);
        let only_done = last_call || step == self.last_step();
        self.remind(step, only_done);
        let (decision, not_decided) = match self.decide(step, only_done).await? {
            Ok(decision) => (decision, None),
            Err(problem) => (Decision::default(), Some(problem)),
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
        self.usage += carried.usage;

        if let End::Done { text, success } = carried.end {
            // The answer is there: a page that cannot be read any more does not take it back.
            if let Ok(observation) = self.page.observe().await {
                self.seen(observation);
            }
            self.report(step, first_action(&decision), &decision, carried.descriptions.join("; ")).await;
            return Ok(ControlFlow::Break(Some((text, success))));
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
            return Ok(ControlFlow::Break(None));
        }
        if last_call {
            self.log(LogLevel::Warning, format!("giving up after {} failed steps in a row", self.failures)).await;
            return Ok(ControlFlow::Break(None));
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Notes a step error.
    fn failed(&mut self, error: String) {
        self.reporter.error(&error);
        self.errors.push(error);
    }

    /// Adds what the coming decision should bear in mind to what the last step left.
    fn remind(&mut self, step: u32, only_done: bool) {
        let (used, max) = (u64::from(step - 1 - self.given), u64::from(self.task.max_steps));
        let three_quarters = (3 * max).div_ceil(4);
        if step == self.last_step() {
            self.reminders.push("This is the last step: only done is possible. Answer with what you have.".into());
        } else if only_done {
            let failures = self.failures;
            self.reminders
                .push(format!("{failures} steps in a row failed, so only done is possible: say what was reached."));
        } else if used == three_quarters {
            self.reminders.push(format!("{used} of {max} steps are used: come to an end."));
        }
    }

    /// The decision, or why there is none, as a step's error.
    async fn decide(&mut self, step: u32, only_done: bool) -> Result<Result<Decision, String>, AgentError> {
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
        match inbox.report_during(&*self.reporter, call).await {
            Ok(answer) => {
                self.usage += answer.usage;
                Ok(allowed(answer.decision, only_done))
            }
            Err(PlanError::Model(error)) if ends_the_run(&error) => Err(AgentError::Model(error)),
            Err(error) => {
                if let PlanError::NotUnderstood { usage, .. } = &error {
                    self.usage += *usage;
                }
                Ok(Err(shorten(&error.to_string(), MAX_ERROR)))
            }
        }
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
        self.reporter.step(report).await;
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
            End::Through | End::Done { .. } => None,
        };
        self.failures = if failed.is_some() || problem.is_some() { self.failures + 1 } else { 0 };
        tracing::debug!(action = first_action(&decision), failures = self.failures, "step taken");
        // A crash fails the action and then the reading of the page, with the same words.
        let repeated = failed == problem;
        for error in failed.into_iter().chain(problem.clone().filter(|_| !repeated)) {
            self.failed(error);
        }
        self.history.push(PastStep { step, decision, results: carried.results, error: problem });
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
        | ModelError::TimedOut { .. } => true,
        ModelError::Malformed { .. }
        | ModelError::Empty { .. }
        | ModelError::Refused { .. }
        | ModelError::CutOff { .. } => false,
    }
}

/// As events, logs and prompts may show it.
fn without_credentials(url: &Url) -> String {
    let mut url = url.clone();
    // Both only fail on URLs that cannot hold credentials.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.into()
}
