//! The evaluation set, and the built-in planner on all of it.

use std::collections::HashSet;
use std::path::Path;

#[path = "../../examples/evaluation/goals.rs"]
mod goals;
#[path = "../../examples/sites/mod.rs"]
mod sites;
#[path = "../../examples/evaluation/trial.rs"]
mod trial;

use super::support;
use goals::{End, GOALS};
use support::{Executable, Service};
use trial::{Planner, asked, table, try_all};

#[tokio::test]
async fn the_built_in_planner_meets_every_goal() {
    let log = tempfile::tempdir().unwrap();
    let executable = Executable(Path::new(env!("CARGO_BIN_EXE_browser-use-service")).to_owned());
    let service = Service::start(&executable, &log.path().join("log")).await.unwrap();
    let planner = Planner::of(None, None);
    let tried = try_all(&service, &planner, &asked(&GOALS, &planner, &[])).await;
    service.stop().await.unwrap();
    assert_eq!(tried.len(), GOALS.len());
    assert!(planner.must_meet_all() && tried.iter().all(|tried| tried.problem.is_none()), "{}", table(&tried));
}

#[test]
fn each_goal_has_a_name_of_its_own_a_reason_and_an_outcome_to_check() {
    assert!(GOALS.len() >= 40);
    let names: HashSet<_> = GOALS.iter().map(|goal| goal.name).collect();
    assert_eq!(names.len(), GOALS.len());
    for goal in &GOALS {
        assert!(!goal.why.is_empty() && !goal.why.contains('\n') && goal.task.contains("SITE"), "{}", goal.name);
        assert!(!goal.reached.is_empty() || !goal.says.is_empty(), "{}: every run would meet it", goal.name);
        assert!(goal.end != End::Beyond || goal.reached.is_empty(), "{}: a refusal does nothing", goal.name);
    }
}
