//! Opens pages and acts on them; `make apps` drives it. Each line of standard input is `{"open": URL}` or an action in the form
//! of requests, such as `{"click": {"index": 3}}`. Each line of standard output describes the page after it:
//! `{"text", "notices", "milliseconds", "effect", "error"}`.

use std::io::{BufRead, Write};
use std::time::Instant;

use agent::action::Action;
use agent::ports::Page;
use anyhow::Context;
use browser::BrowserPage;
use serde::Deserialize;
use serde_json::json;
use url::Url;

use crate::local_browser::LocalBrowser;

#[derive(Deserialize)]
#[serde(untagged)]
enum Step {
    Open { open: String },
    Act(Action),
}

#[tokio::main]
pub(crate) async fn run() -> anyhow::Result<()> {
    let browser = LocalBrowser::open().await?;
    let done = take_all(&browser).await;
    browser.close().await;
    done
}

async fn take_all(browser: &LocalBrowser) -> anyhow::Result<()> {
    let mut page: Option<BrowserPage> = None;
    for line in std::io::stdin().lock().lines() {
        let step: Step = serde_json::from_str(&line?).context("not a step")?;
        let started = Instant::now();
        let result = match step {
            Step::Open { open } => {
                if let Some(last) = page.take() {
                    last.close().await;
                }
                page = Some(browser.page(&Url::parse(&open)?, None).await?);
                Ok(String::new())
            }
            Step::Act(action) => {
                let page = page.as_ref().context("no page is open")?;
                page.act(&action).await.map(|outcome| format!("{}: {}", outcome.description, outcome.effect))
            }
        };
        let seen = page.as_ref().context("no page is open")?.observe().await?;
        let (effect, error) = match result {
            Ok(effect) => (effect, None),
            Err(error) => (String::new(), Some(error.to_string())),
        };
        let answer = json!({
            "text": seen.view.text,
            "notices": seen.notices,
            "milliseconds": started.elapsed().as_millis(),
            "effect": effect,
            "error": error,
        });
        let mut out = std::io::stdout().lock();
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    if let Some(page) = page {
        page.close().await;
    }
    Ok(())
}
