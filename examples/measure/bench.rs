//! `make bench`: measures what reading a page costs and prints Markdown tables. The pages have 100 to 50,000 nodes, frames and
//! shadow roots. For each page it measures, in turn: a bare screenshot, our observation with and without its screenshot, and
//! the calls by which the leading library reads a page.

use std::time::{Duration, Instant};

use agent::action::Action;
use agent::image::ImageFormat;
use agent::ports::Page;
use anyhow::Context;
use browser::observe;
use testkit::stats::median;

use crate::generated::Generated;
use crate::library::LibraryPage;
use crate::local_browser::LocalBrowser;

const SIZES: [usize; 4] = [100, 1_000, 10_000, 50_000];
/// The first rounds warm up pages and caches and are not counted.
const ROUNDS: usize = 18;
const WARM_UP: usize = 3;

/// A page's figures; times are medians.
struct Figures {
    nodes: usize,
    frames: usize,
    bare: Duration,
    observation: Duration,
    text: Duration,
    /// Of `text`, the processor time of this process: the connection, parsing, composing.
    rust: Duration,
    library: Duration,
    library_bytes: usize,
    tokens: usize,
    elements: usize,
}

// One thread, so that its processor time is all of this process.
#[tokio::main(flavor = "current_thread")]
pub(crate) async fn run() -> anyhow::Result<()> {
    let site = Generated::open().await?;
    let browser = LocalBrowser::open().await?;
    let mut figures = Vec::new();
    for nodes in SIZES {
        eprintln!("{nodes} nodes");
        figures.push(measure(&browser, &site, nodes).await?);
    }
    browser.close().await;
    print(&figures);
    Ok(())
}

async fn measure(browser: &LocalBrowser, site: &Generated, nodes: usize) -> anyhow::Result<Figures> {
    let url = site.url(nodes)?;
    let page = browser.page(&url, Some(ImageFormat::Jpeg)).await?;
    let without_screenshots = browser.page(&url, None).await?;
    let address = url.to_string();
    // On another thread, as this one serves the page.
    let mut library = tokio::task::spawn_blocking(move || LibraryPage::open(&address)).await??;
    let [mut bare, mut observation, mut text, mut rust, mut calls] = [const { Vec::new() }; 5];
    let (mut library_bytes, mut view) = (0, String::new());
    let mut elements = 0;
    for round in 0..ROUNDS {
        let is_counted = round >= WARM_UP;
        let count = |into: &mut Vec<Duration>, time| {
            if is_counted {
                into.push(time);
            }
        };
        // A screenshot is taken anew only after an action.
        page.act(&Action::wait(0.0)).await?;
        let started = Instant::now();
        page.picture().await?;
        count(&mut bare, started.elapsed());

        page.act(&Action::wait(0.0)).await?;
        let started = Instant::now();
        let seen = page.observe().await?;
        count(&mut observation, started.elapsed());
        seen.screenshot.context("no screenshot")?;

        let (started, worked) = (Instant::now(), processor_time()?);
        let seen = without_screenshots.observe().await?;
        count(&mut text, started.elapsed());
        count(&mut rust, processor_time()?.saturating_sub(worked));
        view = seen.view.text;
        elements = seen.view.elements.len();

        let started = Instant::now();
        library_bytes = library.read()?;
        count(&mut calls, started.elapsed());
    }
    page.close().await;
    without_screenshots.close().await;
    Ok(Figures {
        nodes,
        frames: library.frames(),
        bare: median(bare),
        observation: median(observation),
        text: median(text),
        rust: median(rust),
        library: median(calls),
        library_bytes,
        tokens: observe::tokens(&view),
        elements,
    })
}

/// The processor time that this thread has used.
fn processor_time() -> anyhow::Result<Duration> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds = stat.split(' ').next().context("schedstat is empty")?.parse()?;
    Ok(Duration::from_nanos(nanoseconds))
}

fn print(figures: &[Figures]) {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    println!("Medians of {} rounds on {cores} cores; milliseconds.\n", ROUNDS - WARM_UP);
    println!(
        "| nodes | documents | bare screenshot | observation | observation without screenshot | of it Rust CPU \
         | the library's calls | their replies | tokens | elements |"
    );
    println!("|{}", " --- |".repeat(10));
    let ms = |time: Duration| format!("{:.1}", time.as_secs_f64() * 1000.0);
    for page in figures {
        println!(
            "| {} | {} | {} | {} | {} | {} | {} | {:.1} MB | {} | {} |",
            page.nodes,
            page.frames,
            ms(page.bare),
            ms(page.observation),
            ms(page.text),
            ms(page.rust),
            ms(page.library),
            page.library_bytes as f64 / 1e6,
            page.tokens,
            page.elements
        );
    }
    println!("\n| target | measured | |\n| --- | --- | --- |");
    let of = |nodes| figures.iter().find(|page| page.nodes == nodes);
    let (Some(large), Some(huge)) = (of(10_000), of(50_000)) else { return };
    let ratio = |of: Duration, to: Duration| of.as_secs_f64() / to.as_secs_f64();
    let target = |what: &str, measured: f64, most: f64| {
        println!("| {what} | {measured:.2} | {} |", if measured <= most { "met" } else { "missed" });
    };
    target("10,000 nodes: at most 2 bare screenshots", ratio(large.observation, large.bare), 2.0);
    target("50,000 nodes: at most 4 bare screenshots", ratio(huge.observation, huge.bare), 4.0);
    target("10,000 nodes: at most 1/5 of the library's calls", ratio(large.observation, large.library), 0.2);
    target("50,000 nodes: at most 1/5 of the library's calls", ratio(huge.observation, huge.library), 0.2);
    target("10,000 nodes: without screenshot below 150 ms", large.text.as_secs_f64() * 1000.0, 150.0);
    target("without screenshot, 50,000 nodes: at most 5 times 10,000 nodes", ratio(huge.text, large.text), 5.0);
}
