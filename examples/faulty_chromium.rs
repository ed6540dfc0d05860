//! A Chromium with faults, for a service run by hand or by a load test:
//!
//! ```console
//! $ cargo run --example faulty_chromium -- FOLDER 'once Page.navigate: cut'
//! FOLDER/faulty-chromium
//! $ BROWSER_EXECUTABLE=FOLDER/faulty-chromium cargo run
//! ```
//!
//! `support/faulty.rs` says what a plan can be.

#[path = "support/faulty.rs"]
mod faulty;

use anyhow::Context;

fn main() -> anyhow::Result<()> {
    faulty::run_if_asked();
    let mut arguments = std::env::args_os().skip(1);
    let folder = arguments.next().context("which folder?")?;
    let plan = arguments.next().context("which plan?")?;
    let folder = std::path::absolute(folder)?;
    std::fs::create_dir_all(&folder)?;
    let program = std::env::current_exe()?;
    let faulty = faulty::Faulty::install(&folder, &program, &[], &plan.to_string_lossy())?;
    println!("{}", faulty.executable().display());
    for line in faulty.injected() {
        println!("so far: {line}");
    }
    Ok(())
}
