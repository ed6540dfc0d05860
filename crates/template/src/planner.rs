//! The planner: tracks the goals, checks the results of its actions, decides the next ones.

use async_trait::async_trait;

use super::goal::Goal;
use super::lines;
use super::parse::parse;
use super::steps::{self, Move, Planned, Progress, Purpose, Scene, Trail};
use super::text::{enumerate, is_listed, quote};
use agent::action::Action;
use agent::observation::Observation;
use agent::planner::{Decision, PastStep, PlanError, Planner, Turn};
use agent::ports::ModelName;
use agent::text::shorten;

const MAX_ACTIONS: usize = 5;
/// Maximum number of turns for one goal, to prevent endless loops.
const MAX_TURNS: u32 = 24;

/// Decides without a model, based on a small language of browser goals: "open", "search", "click", "type ... into",
/// "select", "read" and the like, in sequences. Deterministic. One planner serves one run.
#[derive(Default)]
pub struct TemplatePlanner {
    /// Or the parts of the task that were not understood.
    plan: Option<Result<Plan, Vec<String>>>,
}

impl TemplatePlanner {
    pub fn new() -> Self {
        Self::default()
    }
}

#[async_trait]
impl Planner for TemplatePlanner {
    fn name(&self) -> ModelName {
        ModelName { provider: "template".to_owned(), model: "built-in".to_owned() }
    }

    async fn decide(&mut self, turn: Turn<'_>) -> Result<Decision, PlanError> {
        let plan = self.plan.get_or_insert_with(|| parse(turn.task).map(|goals| Plan::new(goals, turn.history)));
        Ok(match plan {
            Ok(plan) => plan.decide(turn),
            Err(not_understood) => done(beyond(not_understood), false),
        })
    }
}

#[derive(Default)]
struct Plan {
    goals: Vec<Goal>,
    /// The current goal; all earlier ones are reached.
    at: usize,
    progress: Progress,
    /// Turns spent on the current goal.
    turns: u32,
    /// The actions of the last decision, each with its goal.
    sent: Vec<(usize, Planned)>,
    trail: Trail,
    answers: Vec<String>,
    /// Conditions, and goals whose condition did not hold.
    skipped: Vec<usize>,
}

impl Plan {
    fn new(goals: Vec<Goal>, history: &[PastStep]) -> Self {
        let results = history.iter().flat_map(|step| &step.results);
        let opened = results.filter_map(|result| match (&result.action, &result.outcome) {
            (Action::Navigate { url, .. }, Ok(_)) => Some(url.clone()),
            _ => None,
        });
        let trail = Trail { opened_before: opened.collect(), ..Trail::default() };
        Self { goals, trail, ..Self::default() }
    }

    fn decide(&mut self, turn: Turn<'_>) -> Decision {
        let evaluation = self.learn(turn.history);
        if turn.observation.dialog.is_some() && !turn.only_done {
            return Decision { evaluation_previous_goal: evaluation, ..self.answer_dialog(turn.observation) };
        }
        self.turns += 1;
        let mut decision = self.next(turn.observation, turn.only_done);
        decision.evaluation_previous_goal = evaluation;
        decision.memory = format!("{} of {} goals reached", self.at, self.goals.len());
        decision
    }

    /// Processes the results of the last actions. Returns a sentence about them.
    fn learn(&mut self, history: &[PastStep]) -> String {
        let sent = std::mem::take(&mut self.sent);
        let Some(step) = history.last().filter(|_| !sent.is_empty()) else { return String::new() };
        let before = self.at;
        for ((goal, planned), result) in sent.into_iter().zip(&step.results) {
            // Texts may be masked in the history, so they are not compared.
            let of = |action: &Action| (action.name(), action.index());
            if of(&planned.action) != of(&result.action) {
                break;
            }
            match &result.outcome {
                Ok(outcome) => self.succeeded(goal, &planned, outcome.extracted.clone()),
                Err(error) => {
                    // An interrupted action that changes nothing is simply repeated.
                    if step.interrupted && may_be_repeated(&result.action) {
                        return format!("Failed: {}", shorten(error, 200));
                    }
                    self.progress.tried.extend(planned.action.index());
                    self.progress.unsure |= step.interrupted;
                    return self.failed(error);
                }
            }
        }
        if let Some(error) = step.error.as_ref().filter(|_| step.results.is_empty()) {
            return self.failed(error);
        }
        let reached = self.reports(before..self.at);
        if reached.is_empty() { reached } else { format!("Done: {reached}") }
    }

    fn succeeded(&mut self, goal: usize, planned: &Planned, extracted: Option<String>) {
        self.trail.acted = true;
        if matches!(planned.action, Action::Input { .. } | Action::Select { .. }) {
            self.trail.last_field = planned.action.index();
        }
        match planned.purpose {
            Purpose::Completes => {
                if let Goal::Search { query, .. } = &self.goals[goal] {
                    self.trail.last_query = Some(query.clone());
                }
                self.advance();
            }
            Purpose::Prepares => self.progress.prepared += 1,
            Purpose::ScrollsOn => self.progress.looks += 1,
            Purpose::ScrollsFromTop => self.progress.looked_from_top = true,
            Purpose::Waits => self.progress.waits += 1,
            Purpose::Extracts => self.progress.extracted = Some(extracted.unwrap_or_default()),
        }
    }

    fn advance(&mut self) {
        self.at += 1;
        self.turns = 0;
        self.progress = Progress::default();
    }

    fn failed(&mut self, error: &str) -> String {
        self.progress.failures.push(error.to_owned());
        format!("Failed: {}", shorten(error, 200))
    }

    /// Skips a condition, and the goals that depend on it.
    fn skip(&mut self, goals: usize) {
        self.skipped.extend(self.at..=self.at + goals);
        self.at += goals;
        self.advance();
    }

    /// Answers as the current goal says. Otherwise accepts: the task asked for the action that opened the dialog.
    fn answer_dialog(&mut self, observation: &Observation) -> Decision {
        let lines = lines::of_view(&observation.view);
        // Conditions about something else are checked when the dialog is closed.
        while let Some(Goal::When { condition, goals }) = self.goals.get(self.at)
            && condition.sees(observation, &lines)
        {
            self.skip(if condition.absent { *goals } else { 0 });
        }
        let planned = self.goals.get(self.at).and_then(steps::answer_to_dialog);
        let accept = Action::AnswerDialog { accept: true, text: None };
        let action = planned.as_ref().map_or(accept, |planned| planned.action.clone());
        self.sent = planned.into_iter().map(|planned| (self.at, planned)).collect();
        let dismisses = matches!(action, Action::AnswerDialog { accept: false, .. });
        let next_goal = if dismisses { "Dismiss the dialog" } else { "Accept the dialog" }.to_owned();
        Decision { next_goal, actions: vec![action], ..Decision::default() }
    }

    fn next(&mut self, observation: &Observation, only_done: bool) -> Decision {
        let lines = lines::of_view(&observation.view);
        while let Some(goal) = self.goals.get(self.at) {
            let scene = Scene { observation, lines: &lines, progress: &self.progress, trail: &self.trail };
            if let Goal::When { condition, goals } = goal {
                self.skip(if scene.holds(condition) { 0 } else { *goals });
                continue;
            }
            let next = match goal {
                // The last decision only reads what is visible.
                Goal::Read(question) if only_done => {
                    Some(scene.read(question, false)).filter(|next| matches!(next, Move::Finished(_)))
                }
                _ if only_done => None,
                _ if self.turns > MAX_TURNS => Some(Move::Impossible("it took too many steps".to_owned())),
                _ => Some(steps::next(goal, &scene)),
            };
            match next {
                Some(Move::Finished(answer)) => {
                    self.trail.last_answer = answer.as_deref().map(value_of).or(self.trail.last_answer.take());
                    self.answers.extend(answer);
                    self.advance();
                }
                Some(Move::Impossible(reason)) => return done(self.summary(observation, Some(&reason)), false),
                Some(Move::Act(planned)) => {
                    let order = goal.order();
                    self.sent = planned.into_iter().map(|planned| (self.at, planned)).collect();
                    let orders = self.send_along(observation, &lines, order);
                    return Decision {
                        next_goal: capitalised(&enumerate(&orders)),
                        actions: self.sent.iter().map(|(_, planned)| planned.action.clone()).collect(),
                        ..Decision::default()
                    };
                }
                None => return done(self.summary(observation, Some("the run ends here")), false),
            }
        }
        done(self.summary(observation, None), true)
    }

    /// Adds actions of the following goals while all only fill in visible fields. If the page changes, the agent skips
    /// the rest, and they are decided again.
    fn send_along(&mut self, observation: &Observation, lines: &[lines::Line], order: String) -> Vec<String> {
        let mut orders = vec![order];
        let mut used: Vec<_> = self.sent.iter().filter_map(|(_, planned)| planned.action.index()).collect();
        let fresh = Progress::default();
        for (ahead, goal) in self.goals.iter().enumerate().skip(self.at + 1) {
            let Some((filled, last)) = self.sent.last() else { break };
            if !only_fills(&self.goals[*filled], last) || !may_go_along(goal) || !self.progress.failures.is_empty() {
                break;
            }
            // "Submit" depends on the field filled in before it.
            let trail = Trail { last_field: used.last().copied(), ..Trail::default() };
            let scene = Scene { observation, lines, progress: &fresh, trail: &trail };
            let Move::Act(planned) = steps::next(goal, &scene) else { break };
            let fresh_element = |planned: &Planned| planned.action.index().is_none_or(|index| !used.contains(&index));
            if !planned.iter().all(|planned| planned.sure && fresh_element(planned))
                || self.sent.len() + planned.len() > MAX_ACTIONS
            {
                break;
            }
            used.extend(planned.iter().filter_map(|planned| planned.action.index()));
            self.sent.extend(planned.into_iter().map(|planned| (ahead, planned)));
            orders.push(goal.order());
        }
        orders
    }

    fn reports(&self, reached: std::ops::Range<usize>) -> String {
        let reached = reached.filter(|at| !self.skipped.contains(at)).filter_map(|at| self.goals.get(at));
        enumerate(&reached.map(Goal::report).collect::<Vec<_>>())
    }

    fn summary(&self, observation: &Observation, trouble: Option<&str>) -> String {
        let reached = self.reports(0..self.at);
        let answers = self.answers.join("\n");
        if let Some(trouble) = trouble {
            let order = self.goals.get(self.at).map(Goal::order).unwrap_or_default();
            let before = match reached.as_str() {
                "" => "Nothing was done before that.".to_owned(),
                _ => format!("Done before that: {reached}."),
            };
            return format!("I could not {order}: {trouble}. {before}\n{answers}").trim_end().to_owned();
        }
        let (title, url) = (quote(&observation.title), shorten(&observation.url, 200));
        match (answers.as_str(), reached.as_str()) {
            ("", "") => format!("Nothing was to be done: the page is {title} ({url})."),
            ("", _) => format!("Done: {reached}; the page is {title} ({url})."),
            _ => answers,
        }
    }
}

/// Whether repeating it has no further effect on a site.
fn may_be_repeated(action: &Action) -> bool {
    const REPEATABLE: &str = "navigate|search|hover|scroll|scrollToText|findText|dropdownOptions|savePdf|wait|extract|\
        screenshot";
    is_listed(action.name(), REPEATABLE)
}

/// Whether an action changes nothing but one field.
fn only_fills(goal: &Goal, planned: &Planned) -> bool {
    let fills = match planned.action {
        Action::Input { submit, .. } => submit != Some(true),
        Action::Click { .. } => matches!(goal, Goal::Check { .. } | Goal::Set { .. }),
        _ => matches!(planned.action, Action::Select { .. }),
    };
    fills && planned.purpose == Purpose::Completes
}

fn may_go_along(goal: &Goal) -> bool {
    use Goal::{Check, Click, Keys, Select, Set, Submit, Type};
    matches!(goal, Check { .. } | Click(_) | Keys(_) | Set { .. } | Submit { .. })
        || matches!(goal, Type { into: Some(_), .. } | Select { from: Some(_), .. })
}

/// An answer without its label: "A-1001" of "Order number: A-1001".
fn value_of(answer: &str) -> String {
    answer.rsplit_once(": ").map_or(answer, |(_, value)| value).trim().to_owned()
}

fn beyond(not_understood: &[String]) -> String {
    const SHOWN: usize = 3;
    let parts: Vec<String> = not_understood.iter().take(SHOWN).map(|part| quote(part)).collect();
    let what = match parts.as_slice() {
        [] => "I found nothing to do in the task.".to_owned(),
        parts => format!("I did not understand {}, so nothing was done.", enumerate(parts)),
    };
    format!(
        "{what} Without a model I can open a page, search, click a label, type \
         into a field, choose an option, tick a box, scroll, go back, wait, press keys, log in, upload a file, \
         save the page as PDF, take a screenshot and read from the page, one after the other."
    )
}

fn done(text: String, success: bool) -> Decision {
    Decision {
        next_goal: "End with the result".to_owned(),
        actions: vec![Action::done(text, success)],
        ..Decision::default()
    }
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
