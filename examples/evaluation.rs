//! `make eval`: sends every goal of the evaluation set to the service, each with a fresh site, and prints a table of the outcomes
//! and the score.
//!
//! The built-in planner must meet every goal: the exit code is 1 when it misses one. Models are only scored. `PROVIDER` and
//! `MODEL` in the environment choose the planner; names of goals after the executable select those goals.

use std::path::Path;

use anyhow::{Context, bail};
use testkit::evaluation::{GOALS, Planner, select, table, try_all};
use testkit::service::{self, Service};

const LOG: &str = "target/evaluation.log";

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let executable = service::executable_from_args()?;
    let names: Vec<String> = std::env::args().skip(2).collect();
    let given = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let planner = Planner::new(given("PROVIDER"), given("MODEL"));
    if let Some(unknown) = names.iter().find(|name| !GOALS.iter().any(|goal| goal.name == *name)) {
        bail!("there is no goal called {unknown}");
    }
    let goals = select(&GOALS, &planner, &names);
    let log = Path::new(env!("CARGO_MANIFEST_DIR")).join(LOG);
    let service = Service::start(&executable, &log).await?;
    let outcomes = try_all(&service, &planner, &goals).await;
    let stopped = service.stop().await;
    print!("{}", table(&outcomes));
    stopped.context("stopping the service")?;

    let met = outcomes.iter().filter(|outcome| outcome.problem.is_none()).count();
    println!("{met} of {} goals met by {planner}", outcomes.len());
    if planner.must_meet_all() && met < outcomes.len() {
        std::process::exit(1);
    }
    Ok(())
}
