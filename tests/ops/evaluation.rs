//! The evaluation set, and the built-in planner on a sample of it.

use std::collections::HashSet;
use std::path::Path;

use testkit::evaluation::{End, GOALS, Planner, table, try_all};
use testkit::service::Service;

use super::SERVICE;

/// A goal for each site and each way to end; `make nightly` tries them all.
#[tokio::test]
async fn the_built_in_planner_meets_a_goal_of_every_kind() {
    let log = tempfile::tempdir().unwrap();
    let mut kinds = HashSet::new();
    let goals: Vec<_> = GOALS.iter().filter(|goal| kinds.insert((goal.site, goal.end))).collect();
    let service = Service::start(Path::new(SERVICE), &log.path().join("log")).await.unwrap();
    let outcomes = try_all(&service, &Planner::new(None, None), &goals).await;
    service.stop().await.unwrap();
    assert_eq!(outcomes.len(), goals.len());
    assert!(outcomes.iter().all(|outcome| outcome.problem.is_none()), "{}", table(&outcomes));
}

#[test]
fn each_goal_has_a_unique_name_a_reason_and_an_outcome() {
    let names: HashSet<_> = GOALS.iter().map(|goal| goal.name).collect();
    assert_eq!(names.len(), GOALS.len());
    for goal in &GOALS {
        assert!(!goal.why.is_empty() && !goal.why.contains('\n') && goal.task.contains("SITE"), "{}", goal.name);
        assert!(!goal.reached.is_empty() || !goal.says.is_empty(), "{}: every run would meet it", goal.name);
        assert!(goal.end != End::Beyond || goal.reached.is_empty(), "{}: a refusal does nothing", goal.name);
    }
}
