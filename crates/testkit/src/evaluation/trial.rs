//! Sends goals to the service and checks the outcome.

use std::time::{Duration, Instant};

use futures::{StreamExt as _, stream};
use serde_json::{Value, json};

use super::goals::{End, Goal};
use crate::run::RunSummary;
use crate::service::Service;
use crate::sites::Site;

/// Goals run at a time.
const CONCURRENCY: usize = 2;
const MAX_STEPS: u32 = 30;

/// The provider and model that decide.
pub struct Planner {
    provider: String,
    /// The provider's default when none is named.
    model: Option<String>,
}

impl Planner {
    /// The built-in planner when no provider is named.
    pub fn new(provider: Option<String>, model: Option<String>) -> Self {
        match provider {
            Some(provider) => Self { provider, model },
            None => Self { provider: "template".to_owned(), model: None },
        }
    }

    /// Whether every goal was written to be met by this planner.
    pub fn must_meet_all(&self) -> bool {
        self.provider == "template"
    }
}

impl std::fmt::Display for Planner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.provider)?;
        self.model.as_ref().map_or(Ok(()), |model| write!(f, " {model}"))
    }
}

/// The outcome of a goal.
pub struct Outcome {
    pub goal: &'static Goal,
    /// Why the goal was missed; none when it was met.
    pub problem: Option<String>,
    steps: usize,
    duration: Duration,
}

/// A finished run: what it reported and what it did.
struct Trial {
    run: RunSummary,
    /// The steps' descriptions.
    steps: Vec<String>,
    reached: Vec<String>,
}

/// The goals that make sense for a planner: a model may well meet those beyond the built-in one. When names are given, only
/// the goals named.
pub fn select(goals: &'static [Goal], planner: &Planner, names: &[String]) -> Vec<&'static Goal> {
    let named = |goal: &&Goal| names.is_empty() || names.iter().any(|name| name == goal.name);
    goals.iter().filter(|goal| planner.must_meet_all() || goal.end != End::Beyond).filter(named).collect()
}

/// Tries goals, a few at a time, and returns the outcomes in the goals' order.
pub async fn try_all(service: &Service, planner: &Planner, goals: &[&'static Goal]) -> Vec<Outcome> {
    stream::iter(goals).map(|goal| try_one(service, planner, goal)).buffered(CONCURRENCY).collect().await
}

async fn try_one(service: &Service, planner: &Planner, goal: &'static Goal) -> Outcome {
    let started = Instant::now();
    let (problem, steps) = match run(service, planner, goal).await {
        Ok(trial) => {
            let problem = problem(goal, &trial).map(|problem| format!("{problem}\n    its steps: {:?}", trial.steps));
            (problem, trial.run.steps.len())
        }
        Err(error) => (Some(format!("{error:#}")), 0),
    };
    Outcome { goal, problem, steps, duration: started.elapsed() }
}

async fn run(service: &Service, planner: &Planner, goal: &Goal) -> anyhow::Result<Trial> {
    let site = Site::open(goal.site).await?;
    let mut request = json!({
        "task": goal.task.replace("SITE", &site.url),
        "provider": planner.provider,
        "maxSteps": MAX_STEPS,
        "screenshotFormat": "jpeg",
    });
    if let Some(model) = &planner.model {
        request["model"] = json!(model);
    }
    let started = Instant::now();
    let response = service.run(&request).await?;
    let mut steps = Vec::new();
    let note_step = |_: &str, event: Option<&Value>| {
        let step = event.filter(|event| event["type"] == "step");
        steps.extend(step.and_then(|step| step["description"].as_str()).map(str::to_owned));
        Ok(())
    };
    let run = RunSummary::read(response, started, note_step).await?;
    Ok(Trial { run, steps, reached: site.reached() })
}

/// How a trial differs from its goal. What reached the site comes first, since that is what counts.
fn problem(goal: &Goal, Trial { run, reached, .. }: &Trial) -> Option<String> {
    if *reached != goal.reached {
        return Some(format!("reached the site: {reached:?} instead of {:?}; answer: {}", goal.reached, run.answer));
    }
    if run.success != (goal.end == End::Success) {
        return Some(format!("success is {}; answer: {}", run.success, run.answer));
    }
    let answer = run.answer.to_lowercase();
    let missing = goal.says.iter().find(|text| !answer.contains(&text.to_lowercase()))?;
    Some(format!("the answer does not contain {missing:?}: {}", run.answer))
}

/// A line for each goal; under a missed one, what it tests and what went wrong.
pub fn table(outcomes: &[Outcome]) -> String {
    let width = outcomes.iter().map(|outcome| outcome.goal.name.len()).max().unwrap_or_default();
    let mut table = format!("{:width$}  outcome  steps      ms\n", "goal");
    for Outcome { goal, problem, steps, duration } in outcomes {
        let verdict = if problem.is_none() { "met" } else { "MISSED" };
        table.push_str(&format!("{:width$}  {verdict:7}  {steps:5}  {:6}\n", goal.name, duration.as_millis()));
        if let Some(problem) = problem {
            table.push_str(&format!("    {}\n    {problem}\n", goal.why));
        }
    }
    table
}
