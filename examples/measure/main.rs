//! Measurements that use the browser without the service: `measure bench`, `measure egress`, `measure steps`, and
//! `measure view [URL]`.

use std::process::ExitCode;

use anyhow::{Context, bail};
use browser::warden;

mod bench;
mod egress;
mod generated;
mod library;
mod local_browser;
mod steps;
mod view;

fn main() -> ExitCode {
    // The pool starts this executable as its browser's warden.
    if let Some(code) = warden::run_if_requested() {
        return code;
    }
    match measure() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("measure: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn measure() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    match arguments.next().context("usage: measure bench|egress|steps|view [URL]")?.as_str() {
        "bench" => bench::run(),
        "egress" => egress::run(),
        "steps" => steps::run(),
        "view" => view::run(arguments.next()),
        other => bail!("unknown measurement {other}"),
    }
}
