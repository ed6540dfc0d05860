//! `make figures`: measures a running service and prints a Markdown table. It runs the demo's task with the built-in planner,
//! so that no model or network affects the figures.

mod logins;

use std::time::{Duration, Instant};

use anyhow::ensure;
use futures::future::try_join_all;
use serde_json::{Value, json};
use testkit::processes;
use testkit::run::RunSummary;
use testkit::service::{self, Service};
use testkit::shop::{Shop, order_request};
use testkit::stats::median;

/// Starts of the service, and consecutive runs in each.
const STARTS: usize = 5;
const RUNS_PER_START: usize = 4;
/// Concurrent runs, to measure the memory of one more.
const TOGETHER: usize = 4;
/// Interval of memory readings, which take time themselves.
const MEMORY_EVERY: Duration = Duration::from_millis(100);

#[derive(Default)]
struct Figures {
    ready: Vec<Duration>,
    stop: Vec<Duration>,
    first_event: Vec<Duration>,
    first_step: Vec<Duration>,
    step: Vec<Duration>,
    run: Vec<Duration>,
    steps_per_run: usize,
    five_steps: Vec<Duration>,
    /// Processor time of a run of five steps.
    five_steps_work: Vec<Duration>,
    idle_bytes: Vec<u64>,
    alone_bytes: Vec<u64>,
    added_bytes: Vec<u64>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let executable = service::executable_from_args()?;
    let log = std::env::temp_dir().join("browser-use-figures.log");
    let mut figures = Figures::default();
    for start in 1..=STARTS {
        eprintln!("start {start} of {STARTS}");
        let service = Service::start(&executable, &log).await?;
        let measured = measure(&service, &mut figures).await;
        figures.ready.push(service.ready_after);
        figures.stop.push(service.stop().await?);
        measured?;
    }
    print(&figures);
    logins::measure(&executable, &log).await?;
    std::fs::remove_file(log)?;
    Ok(())
}

async fn measure(service: &Service, figures: &mut Figures) -> anyhow::Result<()> {
    figures.idle_bytes.push(processes::memory(service.id()?)?);
    for _ in 0..RUNS_PER_START {
        let run = order(service).await?;
        figures.first_event.push(run.first_event);
        figures.first_step.extend(run.steps.first());
        figures.step.extend(run.step_times());
        figures.run.push(run.total);
        figures.steps_per_run = run.steps.len();
    }
    for _ in 0..RUNS_PER_START {
        let before = processes::cpu_time(service.id()?)?;
        let run = five_steps(service).await?;
        figures.five_steps_work.push(processes::cpu_time(service.id()?)?.saturating_sub(before));
        figures.five_steps.push(run.total);
    }
    let alone = peak_while(service, order(service)).await?;
    let together = peak_while(service, try_join_all((0..TOGETHER).map(|_| order(service)))).await?;
    figures.alone_bytes.push(alone);
    figures.added_bytes.push(together.saturating_sub(alone) / (TOGETHER as u64 - 1));
    Ok(())
}

async fn order(service: &Service) -> anyhow::Result<RunSummary> {
    let shop = Shop::open().await?;
    let posted = Instant::now();
    let run = RunSummary::read(service.run(&order_request(&shop.url)).await?, posted, |_, _| Ok(())).await?;
    ensure!(run.success, "a run failed: {}", run.answer);
    ensure!(shop.orders.list().len() == 1, "a run placed no order");
    Ok(run)
}

async fn five_steps(service: &Service) -> anyhow::Result<RunSummary> {
    let shop = Shop::open().await?;
    let posted = Instant::now();
    let run = RunSummary::read(service.run(&five_steps_request(&shop.url)).await?, posted, |_, _| Ok(())).await?;
    ensure!(run.success && run.steps.len() == 5, "{} steps: {}", run.steps.len(), run.answer);
    Ok(run)
}

/// A request for the built-in planner that takes five steps: a search, three clicks, the answer.
fn five_steps_request(shop: &str) -> Value {
    let task = format!(
        "open {shop}, search for 'blue kettle', click 'Blue kettle', click 'Add to cart', click 'Checkout', \
         then read the title"
    );
    json!({ "task": task, "provider": "template" })
}

/// The most memory the service and its browsers use while something runs.
async fn peak_while<T>(service: &Service, work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<u64> {
    let root = service.id()?;
    let mut peak = 0;
    let mut poll = tokio::time::interval(MEMORY_EVERY);
    poll.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut work = std::pin::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return done.map(|_| peak),
            _ = poll.tick() => peak = peak.max(processes::memory(root)?),
        }
    }
}

fn print(figures: &Figures) {
    let time = |values: &[Duration]| format!("{:.0} ms", median(values.to_vec()).as_secs_f64() * 1000.0);
    let size = |values: &[u64]| format!("{} MB", median(values.to_vec()) / 1_000_000);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let (starts, runs) = (figures.ready.len(), figures.run.len());

    println!(
        "Medians of {starts} starts and {runs} runs, on {cores} cores; memory is the sum of all processes' PSS.\n"
    );
    println!("| | |\n| --- | --- |");
    println!("| start to ready | {} |", time(&figures.ready));
    println!("| request to first event | {} |", time(&figures.first_event));
    println!("| request to first step | {} |", time(&figures.first_step));
    println!("| a step, screenshot included | {} |", time(&figures.step));
    println!("| the demo's order, {} steps | {} |", figures.steps_per_run, time(&figures.run));
    println!("| a run of five steps | {} |", time(&figures.five_steps));
    println!("| its CPU time, browser included | {:.2} s |", median(figures.five_steps_work.clone()).as_secs_f64());
    println!("| SIGTERM to exit | {} |", time(&figures.stop));
    println!("| memory, idle with a warm browser and a spare context | {} |", size(&figures.idle_bytes));
    println!("| memory, at the peak of one run | {} |", size(&figures.alone_bytes));
    println!("| memory, per additional run | {} |", size(&figures.added_bytes));
}
