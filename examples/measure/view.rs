//! Prints the views of pages; `make compare` drives it. Each line of standard input names a page:
//! `{"url": "http://127.0.0.1:…", "elements": [["selector", …], …]}`. Each line of standard output describes one:
//! `{"text", "tokens", "notices", "listed"}`, where `listed` has a boolean for every element: whether the view has an index for
//! a match of one of its selectors. With a URL as its argument, it prints that page's view instead.

use std::io::{BufRead, Write};

use agent::action::Action;
use agent::observation::Observation;
use agent::ports::Page;
use anyhow::Context;
use browser::{BrowserPage, observe};
use serde::Deserialize;
use serde_json::json;
use url::Url;

use crate::local_browser::LocalBrowser;

/// Time for animated charts and counters after the page has settled.
const REST_SECONDS: f64 = 1.5;

#[derive(Deserialize)]
struct Question {
    url: String,
    /// For each element, CSS selectors of the elements that stand for it.
    elements: Vec<Vec<String>>,
}

#[tokio::main]
pub(crate) async fn run(url: Option<String>) -> anyhow::Result<()> {
    let browser = LocalBrowser::open().await?;
    let done = match url {
        Some(url) => show(&browser, &url).await,
        None => answer_all(&browser).await,
    };
    browser.close().await;
    done
}

async fn show(browser: &LocalBrowser, url: &str) -> anyhow::Result<()> {
    let (page, seen) = visit(browser, &Url::parse(url)?).await?;
    for notice in &seen.notices {
        println!("({notice})");
    }
    println!("{}", seen.view.text);
    page.close().await;
    Ok(())
}

async fn answer_all(browser: &LocalBrowser) -> anyhow::Result<()> {
    for line in std::io::stdin().lock().lines() {
        let question: Question = serde_json::from_str(&line?).context("not a question")?;
        let (page, seen) = visit(browser, &Url::parse(&question.url)?).await?;
        let mut listed = Vec::with_capacity(question.elements.len());
        for selectors in &question.elements {
            listed.push(is_listed(&page, &seen, selectors).await);
        }
        page.close().await;
        let text = &seen.view.text;
        let answer =
            json!({ "text": text, "tokens": observe::tokens(text), "notices": seen.notices, "listed": listed });
        let mut out = std::io::stdout().lock();
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}

async fn visit(browser: &LocalBrowser, url: &Url) -> anyhow::Result<(BrowserPage, Observation)> {
    let page = browser.page(url, None).await?;
    page.act(&Action::wait(REST_SECONDS)).await?;
    let seen = page.observe().await?;
    Ok((page, seen))
}

async fn is_listed(page: &BrowserPage, seen: &Observation, selectors: &[String]) -> bool {
    for selector in selectors {
        if let Some(index) = page.index_of(selector).await
            && seen.view.element(index).is_some()
        {
            return true;
        }
    }
    false
}
