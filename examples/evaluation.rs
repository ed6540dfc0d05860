//! What `make eval` runs: sends every goal of the evaluation set to the real service, with a real browser and a fresh
//! site, and compares what came of it with what should have. Prints a table and the score.
//!
//! With the built-in planner every goal must be met: exit code 1 when one is not. A model is only compared, so then the
//! score is no matter of success. `PROVIDER` and `MODEL` in the
//! environment say who decides; names of goals after the executable try only those.

use std::path::Path;

use anyhow::{Context, bail};

#[path = "evaluation/goals.rs"]
mod goals;
mod sites;
#[expect(dead_code, unused_imports, reason = "the demo and the figures need more of it")]
mod support;
#[path = "evaluation/trial.rs"]
mod trial;

use goals::GOALS;
use support::{Executable, Service};
use trial::{Planner, asked, table, try_all};

const LOG: &str = "target/evaluation.log";

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let executable = Executable::from_args()?;
    let names: Vec<String> = std::env::args().skip(2).collect();
    let given = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let planner = Planner::of(given("PROVIDER"), given("MODEL"));
    if let Some(unknown) = names.iter().find(|name| !GOALS.iter().any(|goal| goal.name == *name)) {
        bail!("there is no goal called {unknown}");
    }
    let goals = asked(&GOALS, &planner, &names);
    let log = Path::new(env!("CARGO_MANIFEST_DIR")).join(LOG);
    let service = Service::start(&executable, &log).await?;
    let tried = try_all(&service, &planner, &goals).await;
    // Stopped also when something failed: nothing of the evaluation outlives it.
    let stopped = service.stop().await;
    print!("{}", table(&tried));
    stopped.context("the service did not stop as it should")?;

    let met = tried.iter().filter(|tried| tried.problem.is_none()).count();
    println!("{met} of {} goals met by {planner}", tried.len());
    if planner.must_meet_all() && met < tried.len() {
        std::process::exit(1);
    }
    Ok(())
}
