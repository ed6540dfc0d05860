//! The evaluation set, and the built-in planner on all of it.

use std::collections::HashSet;
use std::path::Path;

use testkit::evaluation::{End, GOALS, Planner, select, table, try_all};
use testkit::service::Service;

use super::SERVICE;

#[tokio::test]
async fn the_built_in_planner_meets_every_goal() {
    let log = tempfile::tempdir().unwrap();
    let service = Service::start(Path::new(SERVICE), &log.path().join("log")).await.unwrap();
    let planner = Planner::new(None, None);
    let tried = try_all(&service, &planner, &select(&GOALS, &planner, &[])).await;
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
