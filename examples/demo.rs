//! `make demo`: starts a shop and the service, sends the service a task over HTTP, prints the stream as it arrives, and compares
//! the agent's answer with the shop's record.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use regex::Regex;
use serde_json::Value;
use testkit::run::RunSummary;
use testkit::service::{self, Service};
use testkit::shop::{BUYER, Shop, order_request};
use testkit::stats::median;

const FOLDER: &str = "target/demo";

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let executable = service::executable_from_args()?;
    let folder = fresh_folder()?;

    let shop = Shop::open().await?;
    println!("the demo shop    {}", shop.url);

    let service = Service::start(&executable, &folder.join("service.log")).await?;
    println!("the service      ready after {}\n", seconds(service.ready_after));

    let request = order_request(&shop.url);
    println!("{}\n", curl_command(&service, &request));
    let run = watch(&service, &request, &folder).await;
    // Also when the run failed.
    let stopped = service.stop().await;
    let run = run?;
    let stop_time = stopped?;

    let number = check(&run, &shop)?;
    println!("\nthe shop has     order {number} of {BUYER}: 2 × Blue kettle, Express");
    println!("the agent says   {}", run.answer);
    println!("first event      {} after the request", seconds(run.first_event));
    println!(
        "steps            {} of them, {} the median one, {} in all",
        run.steps.len(),
        seconds(median(run.step_times())),
        seconds(run.total)
    );
    println!("stopped in       {}, exit code 0, no process or file left behind", seconds(stop_time));
    println!("screenshots      {FOLDER}/step-*.png");
    Ok(())
}

/// The order's number, if the agent placed the order and names it.
fn check(run: &RunSummary, shop: &Shop) -> anyhow::Result<String> {
    ensure!(run.success, "the run ended without success: {}", run.answer);
    ensure!(run.steps.len() >= 5, "the run took only {} steps", run.steps.len());
    let orders = shop.orders.list();
    let [order] = &orders[..] else { bail!("the shop has {} orders instead of one", orders.len()) };
    let bought: Vec<_> = order.items.iter().map(|item| (item.product.as_str(), item.quantity)).collect();
    ensure!(
        bought == [("Blue kettle", 2)]
            && order.name == BUYER
            && order.email == "ada@example.com"
            && order.shipping == "Express",
        "the order differs from the task: {order:?}"
    );
    ensure!(run.answer.contains(&order.number), "the answer does not name the order {}: {}", order.number, run.answer);
    Ok(order.number.clone())
}

async fn watch(service: &Service, request: &Value, folder: &Path) -> anyhow::Result<RunSummary> {
    let posted = Instant::now();
    let response = service.run(request).await?;
    let show = |line: &str, event: Option<&Value>| {
        print_line(line, posted.elapsed());
        match event {
            Some(event) if event["type"] == "step" => save_screenshot(event, folder),
            _ => Ok(()),
        }
    };
    RunSummary::read(response, posted, show).await
}

/// The equivalent of [`Service::run`].
fn curl_command(service: &Service, request: &Value) -> String {
    format!(
        "curl -N {} \\\n  -H 'X-Gateway-Key: {}' -H 'Content-Type: application/json' \\\n  -d '{}'",
        service.stream_url(),
        service.key,
        request.to_string().replace('\'', r"'\''")
    )
}

/// Prints a line of the stream, with its screenshot abbreviated.
fn print_line(line: &str, after: Duration) {
    let picture = Regex::new("(;base64,.{24})[^\"]+").expect("the pattern is valid");
    println!("{:>8}  {}", seconds(after), picture.replace(line, "$1..."));
}

fn save_screenshot(event: &Value, folder: &Path) -> anyhow::Result<()> {
    let step = event["step"].as_u64().context("a step without a number")?;
    let data_url = event["screenshot"].as_str().with_context(|| format!("step {step} has no screenshot"))?;
    let base64 = data_url.strip_prefix("data:image/png;base64,").context("not a PNG")?;
    std::fs::write(folder.join(format!("step-{step:02}.png")), STANDARD.decode(base64)?)?;
    Ok(())
}

/// An empty folder for the screenshots and the log.
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
