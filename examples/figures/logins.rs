//! A login in five model calls: alone, and many at once. The model answers at once.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::ensure;
use axum::Router;
use axum::response::Html;
use axum::routing::get;
use futures::future::join_all;
use serde_json::json;
use testkit::login::{GREETING, Model, Site};
use testkit::processes;
use testkit::run::RunSummary;
use testkit::server::Server;
use testkit::service::Service;
use testkit::stats::median;

/// Presses on the large page.
const PRESSES: usize = 20;

/// Logins one after the other, after one that warms up.
const ALONE: usize = 15;
const AT_ONCE: [usize; 2] = [16, 40];

/// Measures and prints a table.
pub(crate) async fn measure(executable: &Path, log: &Path) -> anyhow::Result<()> {
    let site = Site::open().await?;
    let model = Model::start(&site.url).await?;
    let settings = model.settings();
    let mut settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    settings.push(("MAX_CONCURRENT_RUNS", "40"));
    let service = Service::start_with(executable, log, &settings).await?;
    let measured = logins(&service, &model).await;
    service.stop().await?;
    measured
}

async fn logins(service: &Service, model: &Model) -> anyhow::Result<()> {
    login(service).await?;
    model.take_calls();
    let (mut wall, mut work, mut question, mut first, mut steps) = (vec![], vec![], vec![], vec![], vec![]);
    for _ in 0..ALONE {
        // A spare context is made after each run.
        tokio::time::sleep(Duration::from_secs(2)).await;
        let before = processes::cpu_time(service.id()?)?;
        let started = Instant::now();
        let run = login(service).await?;
        work.push(processes::cpu_time(service.id()?)?.saturating_sub(before));
        wall.push(run.total);
        question.extend(model.take_calls().first().map(|(received, _)| *received - started));
        first.extend(run.steps.first());
        steps.extend(run.step_times().into_iter().skip(1));
    }
    let millis = |values: &[Duration]| format!("{:.0} ms", median(values.to_vec()).as_secs_f64() * 1000.0);
    println!("\nA login in five model calls, medians of {ALONE}:\n\n| | |\n| --- | --- |");
    println!("| request to answer | {} |", millis(&wall));
    println!("| its CPU time, browser included | {} |", millis(&work));
    println!("| request to first question | {} |", millis(&question));
    println!("| request to first step | {} |", millis(&first));
    println!("| a later step | {} |", millis(&steps));
    println!(
        "| a step on a page of 10,000 nodes, each a press that changes a text | {} |",
        millis(&presses(service).await?)
    );
    for count in AT_ONCE {
        let started = Instant::now();
        let runs = join_all((0..count).map(|_| login(service))).await;
        let all = started.elapsed();
        let first: Vec<_> = runs.iter().flatten().filter_map(|run| run.steps.first().copied()).collect();
        let succeeded = runs.iter().flatten().count();
        let first = median(first).as_secs_f64();
        println!(
            "| {count} at once: all, median first step | {succeeded} in {:.1} s, {first:.1} s |",
            all.as_secs_f64()
        );
        for error in runs.iter().filter_map(|run| run.as_ref().err()) {
            eprintln!("failed: {error:#}");
        }
    }
    Ok(())
}

/// The steps on a page of 10,000 nodes.
async fn presses(service: &Service) -> anyhow::Result<Vec<Duration>> {
    let row = |number: usize| format!("<li><a href='/{number}'>Item {number}</a> <b>new</b></li>");
    let rows: String = (0..1_660).map(row).collect();
    let html = format!(
        "<!doctype html><title>Large</title><p id=out>0</p><button onclick='out.textContent++'>Count</button><ul>{rows}</ul>"
    );
    let site = Server::start(Router::new().route("/", get(move || async { Html(html) }))).await?;
    let actions = vec![json!({"type": "click", "selector": "button"}); PRESSES];
    let request = json!({"task": "Count", "startUrl": site.url("/"), "provider": "template", "actions": actions});
    let run = RunSummary::read(service.run(&request).await?, Instant::now(), |_, _| Ok(())).await?;
    ensure!(run.success && run.steps.len() == PRESSES, "{} steps: {}", run.steps.len(), run.answer);
    Ok(run.step_times().into_iter().skip(1).collect())
}

async fn login(service: &Service) -> anyhow::Result<RunSummary> {
    let started = Instant::now();
    let run = RunSummary::read(service.run(&Model::request()).await?, started, |_, _| Ok(())).await?;
    ensure!(run.success && run.answer == GREETING, "a login failed: {}", run.answer);
    Ok(run)
}
