//! One goal, sent to the service, and what came of it.

use std::time::{Duration, Instant};

use futures::{StreamExt as _, stream};
use serde_json::{Value, json};

use super::goals::{End, Goal};
use super::sites::Site;
use super::support::{Service, Watched};

/// At a time; more would make each slower on the machines this is for.
const AT_A_TIME: usize = 2;
const MAX_STEPS: u32 = 30;

/// Who decides.
pub(crate) struct Planner {
    provider: String,
    /// The deployment's own when none is named.
    model: Option<String>,
}

impl Planner {
    /// The built-in one when no provider is named.
    pub(crate) fn of(provider: Option<String>, model: Option<String>) -> Self {
        match provider {
            Some(provider) => Self { provider, model },
            None => Self { provider: "template".to_owned(), model: None },
        }
    }

    /// Whether each goal was written to be met by it.
    pub(crate) fn must_meet_all(&self) -> bool {
        self.provider == "template"
    }
}

impl std::fmt::Display for Planner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.provider)?;
        self.model.as_ref().map_or(Ok(()), |model| write!(f, " {model}"))
    }
}

/// What came of a goal.
pub(crate) struct Tried {
    pub(crate) goal: &'static Goal,
    /// Why it is not met; none when it is.
    pub(crate) problem: Option<String>,
    steps: usize,
    took: Duration,
}

/// A run, by what it told and by what it did.
struct Seen {
    run: Watched,
    /// What it says it did, a step each.
    did: Vec<String>,
    reached: Vec<String>,
}

/// The goals that make sense for this planner: what is beyond the built-in one may well be within a model's reach.
/// When names are given, of those only.
pub(crate) fn asked(goals: &'static [Goal], planner: &Planner, names: &[String]) -> Vec<&'static Goal> {
    let named = |goal: &&Goal| names.is_empty() || names.iter().any(|name| name == goal.name);
    goals.iter().filter(|goal| planner.must_meet_all() || goal.end != End::Beyond).filter(named).collect()
}

/// Tries the goals, a few at a time; answers in their order.
pub(crate) async fn try_all(service: &Service, planner: &Planner, goals: &[&'static Goal]) -> Vec<Tried> {
    stream::iter(goals).map(|goal| try_one(service, planner, goal)).buffered(AT_A_TIME).collect().await
}

async fn try_one(service: &Service, planner: &Planner, goal: &'static Goal) -> Tried {
    let began = Instant::now();
    let mut tried = Tried { goal, problem: None, steps: 0, took: Duration::ZERO };
    match watch(service, planner, goal).await {
        Ok(seen) => {
            tried.steps = seen.run.steps.len();
            tried.problem = problem(goal, &seen).map(|problem| format!("{problem}\n    it did: {:?}", seen.did));
        }
        Err(error) => tried.problem = Some(format!("{error:#}")),
    }
    tried.took = began.elapsed();
    tried
}

async fn watch(service: &Service, planner: &Planner, goal: &Goal) -> anyhow::Result<Seen> {
    let site = Site::open(goal.site).await?;
    let mut request: Value = json!({
        "task": goal.task.replace("SITE", &site.url),
        "provider": planner.provider,
        "maxSteps": MAX_STEPS,
        "screenshotFormat": "jpeg",
    });
    if let Some(model) = &planner.model {
        request["model"] = json!(model);
    }
    let posted = Instant::now();
    let response = service.run(&request).await?;
    let mut did = Vec::new();
    let see = |_: &str, event: Option<&Value>| {
        did.extend(
            event
                .filter(|event| event["type"] == "step")
                .and_then(|step| step["description"].as_str())
                .map(str::to_owned),
        );
        Ok(())
    };
    let run = Watched::read(response, posted, see).await?;
    Ok(Seen { run, did, reached: site.reached() })
}

/// What differs from what should have come of the goal: on the site first, since that is what counts.
fn problem(goal: &Goal, Seen { run, reached, .. }: &Seen) -> Option<String> {
    let wanted: Vec<&str> = goal.reached.to_vec();
    if *reached != wanted {
        return Some(format!("reached the site: {reached:?} instead of {wanted:?}; it said: {}", run.answer));
    }
    let should_succeed = goal.end == End::Success;
    if run.success != should_succeed {
        return Some(format!("success is {}; it said: {}", run.success, run.answer));
    }
    let answer = run.answer.to_lowercase();
    let missing = goal.says.iter().find(|text| !answer.contains(&text.to_lowercase()))?;
    Some(format!("does not say {missing:?}: {}", run.answer))
}

/// A line a goal, and under it what it is good for and what is wrong, if something is.
pub(crate) fn table(tried: &[Tried]) -> String {
    let width = tried.iter().map(|tried| tried.goal.name.len()).max().unwrap_or_default();
    let mut table = format!("{:width$}  outcome  steps      ms\n", "goal");
    for Tried { goal, problem, steps, took } in tried {
        let outcome = if problem.is_none() { "met" } else { "MISSED" };
        table.push_str(&format!("{:width$}  {outcome:7}  {steps:5}  {:6}\n", goal.name, took.as_millis()));
        if let Some(problem) = problem {
            table.push_str(&format!("    {}\n    {problem}\n", goal.why));
        }
    }
    table
}
