//! A Chromium with faults: a program between the service and the real browser that relays DevTools messages and breaks
//! those that a plan names. A plan does the same in every run: randomness is derived from its seed, a message's method and
//! that method's count.
//!
//! [`FaultyChromium::install`] writes a stub into a folder, to be used as `BROWSER_EXECUTABLE`. The stub starts a program that
//! calls [`run_if_requested`] first. The folder also holds the `plan`, read at each start; the `log`, a line for each injected
//! fault; and `starts`, a byte for each browser started. While it holds a file `paused`, messages are counted and pass
//! unchanged.
//!
//! A plan is a list of lines, each `seed NUMBER` or a rule:
//!
//! ```text
//! [start N] WHEN: FAULT        with `start N`, only in the N-th browser of the folder
//!
//! once METHOD                  the first response to this command, or the first such event
//! every METHOD                 each of them; * is every method
//! message N                    the N-th message from the browser, from 1 on
//! rate P                       each message with this probability
//!
//! cut                          the connection ends instead of the message
//! mute                         this message and all after it are withheld, and the connection stays open
//! drop                         the message is lost
//! delay MS                     it and what follows are delayed
//! drip                         it comes in many small pieces
//! twice                        it comes twice, if it is a response
//! truncate                     half of it comes
//! invalid                      what comes is not JSON
//! nul                          empty messages come before it
//! stray                        a response to no command and an event of an unknown session come before it
//! oversize                     what comes has no end
//! garbage                      a thousand messages come that are not JSON
//! result JSON                  this result comes instead
//! refuse                       the command fails and never reaches the browser (`every` and `once`)
//! swallow                      the command never reaches the browser and gets no response (`every` and `once`)
//! ignore                       the command never reaches the browser and gets an empty result (`every` and `once`)
//! ```

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

mod plan;
mod relay;

/// The folder of the browser that this process stands for.
const FOLDER: &str = "FAULTY_CHROMIUM";
/// The arguments that the service passes to its browser, one a line.
const ARGUMENTS: &str = "FAULTY_CHROMIUM_ARGUMENTS";
/// The environment variable that names the real browser; `chromium` by default.
pub const BROWSER: &str = "FAULTY_CHROMIUM_BROWSER";
/// The file that suspends all faults.
const PAUSED: &str = "paused";

/// An installed browser with faults.
pub struct FaultyChromium {
    folder: PathBuf,
}

impl FaultyChromium {
    /// Installs a browser into an existing folder. `program` with these arguments must call [`run_if_requested`].
    ///
    /// # Errors
    ///
    /// The folder cannot be written to.
    pub fn install(folder: &Path, program: &Path, arguments: &[&str], plan: &str) -> io::Result<Self> {
        let browser = Self { folder: folder.to_owned() };
        browser.set_plan(plan)?;
        // Safe Rust cannot take over a descriptor by its number. Descriptors 3 and 4 are the same socket.
        let stub = format!(
            "#!/bin/sh\nexport {FOLDER}='{}'\nexport {ARGUMENTS}=\"$(printf '%s\\n' \"$@\")\"\n\
             exec '{}' {} <&3 3>&- 4>&-\n",
            folder.display(),
            program.display(),
            arguments.join(" ")
        );
        fs::write(browser.executable(), stub)?;
        fs::set_permissions(browser.executable(), fs::Permissions::from_mode(0o755))?;
        Ok(browser)
    }

    /// The stub, for `BROWSER_EXECUTABLE`.
    pub fn executable(&self) -> PathBuf {
        self.folder.join("faulty-chromium")
    }

    /// Replaces the plan for browsers started from now on.
    ///
    /// # Errors
    ///
    /// The folder cannot be written to.
    pub fn set_plan(&self, plan: &str) -> io::Result<()> {
        fs::write(self.folder.join("plan"), plan)
    }

    /// Suspends all faults, also of browsers that run.
    ///
    /// # Errors
    ///
    /// The folder cannot be written to.
    pub fn pause(&self) -> io::Result<()> {
        fs::write(self.folder.join(PAUSED), "")
    }

    /// Ends a pause.
    ///
    /// # Errors
    ///
    /// There is no pause.
    pub fn resume(&self) -> io::Result<()> {
        fs::remove_file(self.folder.join(PAUSED))
    }

    /// The faults injected so far: `start 1: cut at Page.navigate 3`.
    pub fn injected(&self) -> Vec<String> {
        let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        log.lines().map(str::to_owned).collect()
    }
}

/// Relays messages and exits if a stub started this process; otherwise returns at once.
pub fn run_if_requested() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    match relay::run(Path::new(&folder)) {
        Ok(()) => std::process::exit(0),
        Err(error) => {
            eprintln!("{error:#}");
            std::process::exit(1);
        }
    }
}
