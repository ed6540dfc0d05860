//! Runs a login in five model calls and prints each prompt as a line of JSON; `make tokens` counts the tokens.
//! The run is real, in a real browser. The model is scripted.

use std::time::Instant;

use anyhow::{Context, ensure};
use serde_json::{Value, json};
use testkit::login::{GREETING, Model, Site};
use testkit::run::RunSummary;
use testkit::service::{self, Service};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let executable = service::executable_from_args()?;
    let log = std::env::temp_dir().join("browser-use-prompts.log");
    let site = Site::open().await?;
    let model = Model::start(&site.url).await?;
    let settings = model.settings();
    let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let service = Service::start_with(&executable, &log, &settings).await?;
    let run = RunSummary::read(service.run(&Model::request()).await?, Instant::now(), |_, _| Ok(())).await;
    service.stop().await?;
    let run = run?;
    ensure!(run.success && run.answer == GREETING, "the login failed: {}", run.answer);
    for (_, request) in model.take_calls() {
        println!("{}", parts(&request)?);
    }
    std::fs::remove_file(log)?;
    Ok(())
}

/// The fixed, growing and new parts of a prompt.
fn parts(request: &Value) -> anyhow::Result<Value> {
    let messages = request["messages"].as_array().context("no messages")?;
    let texts: Vec<_> = messages
        .iter()
        .map(|message| message["content"].as_str().context("a message is not text"))
        .collect::<anyhow::Result<_>>()?;
    let [instructions, between @ .., page] = texts.as_slice() else { anyhow::bail!("too few messages") };
    let schema = &request["response_format"]["json_schema"]["schema"];
    ensure!(schema.is_object(), "the schema is not where it is expected");
    Ok(json!({
        "instructions": instructions,
        "schema": schema.to_string(),
        "task and history": between.join("\n"),
        "page": page,
    }))
}
