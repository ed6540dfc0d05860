//! Measurements that use the browser without the service: `measure bench`, `measure egress`, and `measure look [URL]`.

use std::process::ExitCode;

use anyhow::{Context, bail};
use browser::warden;

mod bench;
mod egress;
mod eyes;
mod generated;
mod library;
mod look;

fn main() -> ExitCode {
    // First of all: the pool starts this executable as its browser's warden.
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
    match arguments.next().context("measure what: bench, egress or look?")?.as_str() {
        "bench" => bench::run(),
        "egress" => egress::run(),
        "look" => look::run(arguments.next()),
        other => bail!("unknown measurement {other}"),
    }
}
