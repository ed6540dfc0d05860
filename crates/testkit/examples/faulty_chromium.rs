//! Installs a Chromium with faults, for a service that you run by hand:
//!
//! ```console
//! $ cargo run -p testkit --example faulty_chromium -- FOLDER 'once Page.navigate: cut'
//! FOLDER/faulty-chromium
//! $ BROWSER_EXECUTABLE=FOLDER/faulty-chromium cargo run
//! ```
//!
//! [`testkit::faulty_chromium`] describes plans.

use anyhow::Context;
use testkit::faulty_chromium::{self, FaultyChromium};

fn main() -> anyhow::Result<()> {
    faulty_chromium::run_if_requested();
    let mut arguments = std::env::args_os().skip(1);
    let folder = arguments.next().context("which folder?")?;
    let plan = arguments.next().context("which plan?")?;
    let folder = std::path::absolute(folder)?;
    std::fs::create_dir_all(&folder)?;
    let program = std::env::current_exe()?;
    let browser = FaultyChromium::install(&folder, &program, &[], &plan.to_string_lossy())?;
    println!("{}", browser.executable().display());
    for line in browser.injected() {
        println!("so far: {line}");
    }
    Ok(())
}
