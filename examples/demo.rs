//! What `make demo` runs: a shop, the real service as a process of its own, and a task sent to it over HTTP. Shows the
//! stream as it arrives and compares what the agent says with what the shop recorded.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use regex::Regex;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

#[path = "demo_shop/site.rs"]
mod shop;
mod support;

use support::{BUYER, EventLines, Executable, Service};

const FOLDER: &str = "target/demo";

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let executable = Executable::from_args()?;
    let folder = fresh_folder()?;

    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let shop_url = format!("http://{}/", listener.local_addr()?);
    let (site, orders) = shop::router();
    let mut servers = JoinSet::new();
    servers.spawn(async move { axum::serve(listener, site).await });
    println!("the demo shop    {shop_url}");

    let service = Service::start(&executable, &folder.join("service.log")).await?;
    println!("the service      ready after {}\n", seconds(service.ready_after));

    let request = support::order_request(&shop_url);
    println!("{}\n", service.curl_command(&request));
    let posted = Instant::now();
    let run = watch(EventLines::new(service.run(&request).await?), posted, &folder).await;
    // Stopped also when the run failed: nothing of the demo outlives it.
    let stopped = service.stop().await;
    let run = run?;
    let stop_time = stopped?;

    ensure!(run.success, "the run ended without success: {}", run.answer);
    ensure!(run.steps.len() >= 5, "the run took {} steps only", run.steps.len());
    let orders = orders.list();
    let order = orders.first().context("the agent says it ordered, but the shop has no order")?;
    ensure!(orders.len() == 1, "the shop has {} orders instead of one", orders.len());
    ensure!(
        order.name == BUYER && order.email == "ada@example.com" && order.shipping == "Express",
        "the order is not as asked: {order:?}"
    );
    ensure!(
        order.items.len() == 1 && order.items[0].product == "Blue kettle" && order.items[0].quantity == 2,
        "not what was to be bought: {:?}",
        order.items
    );
    ensure!(run.answer.contains(&order.number), "the answer does not name the order {}: {}", order.number, run.answer);

    let mut steps = run.steps.clone();
    steps.sort();
    println!("\nthe shop has     order {} of {}: 2 × Blue kettle, Express", order.number, order.name);
    println!("the agent says   {}", run.answer);
    println!("first event      {} after the request", seconds(run.first_event));
    println!(
        "steps            {} of them, {} the median one, {} in all",
        steps.len(),
        seconds(steps[steps.len() / 2]),
        seconds(run.total)
    );
    println!("stopped in       {}, exit code 0, no process and no file left", seconds(stop_time));
    println!("screenshots      {FOLDER}/step-*.png");
    Ok(())
}

/// What a client saw of a run.
struct Watched {
    success: bool,
    answer: String,
    first_event: Duration,
    /// Each step's time, from the event before it.
    steps: Vec<Duration>,
    total: Duration,
}

/// Shows the stream's lines as they arrive, saves the screenshots, and fails unless it ends as the API says.
async fn watch(mut lines: EventLines, posted: Instant, folder: &Path) -> anyhow::Result<Watched> {
    let picture = Regex::new("(;base64,.{24})[^\"]+").expect("the pattern is valid");
    let mut run = Watched {
        success: false,
        answer: String::new(),
        first_event: Duration::ZERO,
        steps: vec![],
        total: Duration::ZERO,
    };
    let mut previous = posted;
    let mut complete = false;
    let mut done = false;
    while let Some(line) = lines.next().await? {
        if !line.is_empty() {
            println!("{:>8}  {}", seconds(posted.elapsed()), picture.replace(&line, "$1..."));
        }
        let Some(data) = line.strip_prefix("data: ") else { continue };
        ensure!(!done, "something follows [DONE]: {data}");
        if data == "[DONE]" {
            done = true;
            continue;
        }
        ensure!(!complete, "an event follows the terminal one: {data}");
        let event: Value = serde_json::from_str(data)?;
        if run.first_event.is_zero() {
            run.first_event = posted.elapsed();
        }
        match event["type"].as_str().unwrap_or_default() {
            "step" => {
                run.steps.push(previous.elapsed());
                previous = Instant::now();
                save_screenshot(&event, folder)?;
            }
            "result" => {
                run.success = event["success"] == true;
                run.answer = event["finalText"].as_str().unwrap_or_default().to_owned();
                complete = true;
            }
            "error" => {
                run.answer = event["error"].as_str().unwrap_or_default().to_owned();
                complete = true;
            }
            _ => {}
        }
    }
    ensure!(complete && done, "the stream broke off");
    run.total = posted.elapsed();
    Ok(run)
}

fn save_screenshot(event: &Value, folder: &Path) -> anyhow::Result<()> {
    let step = event["step"].as_u64().context("a step without a number")?;
    let data_url = event["screenshot"].as_str().with_context(|| format!("step {step} has no screenshot"))?;
    let base64 = data_url.strip_prefix("data:image/png;base64,").context("not a PNG")?;
    std::fs::write(folder.join(format!("step-{step:02}.png")), STANDARD.decode(base64)?)?;
    Ok(())
}

/// The folder for what the demo shows, without what an earlier one left there.
fn fresh_folder() -> anyhow::Result<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(FOLDER);
    if folder.exists() {
        std::fs::remove_dir_all(&folder)?;
    }
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

fn seconds(duration: Duration) -> String {
    format!("{:.2} s", duration.as_secs_f64())
}
