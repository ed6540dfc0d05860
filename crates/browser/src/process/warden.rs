//! The process between us and a browser: starts it, outlives us, and leaves nothing of it behind.
//!
//! It is this executable under another first argument ([`ARGUMENT`]). Its only input is the browser's end of the
//! DevTools socket: when our end closes, for whatever reason and even by SIGKILL, the kernel tells it, and it kills
//! every process that descends from it and removes the profile folder. The same happens when the browser ends by itself.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use command_fds::{CommandFdExt, FdMapping};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, kill_process_group, set_child_subreaper, setsid, wait};

use crate::process::procfs;

/// First argument of a warden: `warden PROFILE DISPLAY EXECUTABLE ARGUMENT...`.
pub const ARGUMENT: &str = "warden";
/// The file in a profile folder that its warden keeps locked.
pub(crate) const LOCK_FILE: &str = "warden.lock";
/// DISPLAY argument: the browser shows no window.
pub(crate) const NO_DISPLAY: &str = "none";
/// DISPLAY argument: start an X server of its own.
pub(crate) const OWN_DISPLAY: &str = "xvfb";

/// How long an X server may take to remove its lock file before it is killed.
const DISPLAY_STOP_TIMEOUT: Duration = Duration::from_secs(2);

/// Runs as a warden when the command line asks for one; to be called before anything else in `main`.
pub fn run_if_requested() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next()? != ARGUMENT {
        return None;
    }
    Some(match watch(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Our stderr is the service's only source for why a browser did not start.
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    })
}

fn watch(mut arguments: impl Iterator<Item = OsString>) -> anyhow::Result<()> {
    use anyhow::Context;

    let mut next = |what: &str| arguments.next().with_context(|| format!("warden: {what} is missing"));
    let profile = PathBuf::from(next("the profile folder")?);
    let display = next("the display")?;
    let executable = next("the executable")?;

    // A signal to the service's process group or terminal must not reach us, and whatever the browser's processes leave
    // behind becomes our child, so that it can be found, killed and reaped.
    setsid().context("warden: setsid")?;
    set_child_subreaper(Some(rustix::process::getpid())).context("warden: subreaper")?;
    // What `ps` shows; started by another name for the same file, we would go by that.
    let _ = std::fs::write("/proc/self/comm", "browser-warden");
    let _lock = lock(&profile).context("warden: lock file")?;
    std::env::set_current_dir(&profile).context("warden: the profile folder")?;

    let socket = io::stdin().as_fd().try_clone_to_owned().context("warden: socket")?;
    let mut children_started = Children::default();
    let outcome = start(&profile, &display, &executable, arguments, &socket, &mut children_started);
    if outcome.is_ok() {
        wait_for_end(socket, &children_started);
    }
    kill_descendants(&children_started);
    std::fs::remove_dir_all(&profile).or_else(|error| match error.kind() {
        io::ErrorKind::NotFound => Ok(()),
        _ => Err(error),
    })?;
    outcome
}

/// Holds a folder for as long as this process lives. The lock file gets its name only when it is locked, so that one that
/// is not locked is one whose warden is gone.
fn lock(profile: &Path) -> io::Result<File> {
    let unnamed = profile.join(format!("{LOCK_FILE}.new"));
    let lock = File::create(&unnamed)?;
    lock.try_lock()?;
    std::fs::rename(unnamed, profile.join(LOCK_FILE))?;
    Ok(lock)
}

/// The children whose ends mean something.
#[derive(Default)]
struct Children {
    browser: Option<Pid>,
    /// An X server for the browser alone.
    display: Option<Pid>,
}

/// Starts the browser, after an X server when it needs one, and tells its process id on stdout.
fn start(
    profile: &Path,
    display: &OsStr,
    executable: &OsStr,
    arguments: impl Iterator<Item = OsString>,
    socket: &OwnedFd,
    children_started: &mut Children,
) -> anyhow::Result<()> {
    use anyhow::Context;

    let mut command = Command::new(executable);
    command
        .args(arguments)
        // Chromium writes below these, and its wrapper script reads them; with all of them in the profile folder,
        // removing that folder removes everything.
        .env("HOME", profile)
        // Chromium makes a socket in it, whose path must not be longer than 107 bytes. This path to the profile folder,
        // our working directory, is short wherever the folder is.
        .env("TMPDIR", format!("/proc/{}/cwd", std::process::id()))
        .env("XDG_CONFIG_HOME", profile)
        .env("XDG_CACHE_HOME", profile)
        .env("XDG_RUNTIME_DIR", profile)
        // Without a session bus Chromium would look for one and log its failure.
        .env("DBUS_SESSION_BUS_ADDRESS", "disabled:")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .process_group(0)
        // `--remote-debugging-pipe` reads from 3 and writes to 4.
        .fd_mappings(vec![
            FdMapping { parent_fd: socket.try_clone()?, child_fd: 3 },
            FdMapping { parent_fd: socket.try_clone()?, child_fd: 4 },
        ])
        .context("warden: descriptors")?;
    if display == OWN_DISPLAY {
        let number = start_display(children_started).context("warden: Xvfb")?;
        command.env("DISPLAY", format!(":{number}"));
    } else if display != NO_DISPLAY {
        command.env("DISPLAY", display);
    }
    let browser = command.spawn().with_context(|| format!("{} cannot be started", executable.display()))?;
    children_started.browser = pid(&browser);
    let mut stdout = io::stdout();
    writeln!(stdout, "{}", browser.id())?;
    stdout.flush()?;
    Ok(())
}

fn start_display(children_started: &mut Children) -> anyhow::Result<u32> {
    use anyhow::Context;

    let mut server = Command::new("Xvfb")
        .args(["-displayfd", "1", "-screen", "0", "1600x1200x24", "-nolisten", "tcp", "-noreset"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    children_started.display = pid(&server);
    let stdout = server.stdout.take().expect("stdout is piped");
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line)?;
    line.trim().parse().context("it told no display")
}

fn pid(child: &Child) -> Option<Pid> {
    Pid::from_raw(i32::try_from(child.id()).ok()?)
}

/// Blocks until the service closes its end of the socket, or the browser or its X server ends.
fn wait_for_end(socket: OwnedFd, children_started: &Children) {
    let (over, is_over) = std::sync::mpsc::channel();
    let browser_ended = over.clone();
    // Threads instead of signals: neither wait can be interrupted, and both end with the process.
    std::thread::spawn(move || {
        // No readiness is asked for: the bytes are the browser's. A hang-up is reported always.
        let mut watched = [PollFd::new(&socket, PollFlags::empty())];
        while !matches!(poll(&mut watched, None), Ok(1..)) {}
        // The receiver is gone only when the other thread was first.
        let _ = over.send(());
    });
    let awaited = [children_started.browser, children_started.display];
    std::thread::spawn(move || {
        loop {
            match wait(WaitOptions::empty()) {
                // Anything else is an orphan: a helper of the browser whose own parent is gone.
                Ok(Some((child, _))) if !awaited.contains(&Some(child)) => {}
                Err(rustix::io::Errno::INTR) => {}
                _ => break,
            }
        }
        let _ = browser_ended.send(());
    });
    // Both senders live in threads that send before they end.
    let _ = is_over.recv();
}

/// Kills and reaps until nothing descends from this process any more: as a subreaper it inherits every orphan.
fn kill_descendants(children_started: &Children) {
    let since = Instant::now();
    if let Some(group) = children_started.browser {
        // All at once where they kept together; the group is empty when they have ended.
        let _ = kill_process_group(group, Signal::KILL);
    }
    loop {
        for child in children() {
            // An X server removes its lock file and socket when asked politely, and ends with its last client.
            let polite = Some(child) == children_started.display && since.elapsed() < DISPLAY_STOP_TIMEOUT;
            let signal = if polite { Signal::TERM } else { Signal::KILL };
            // It may have ended by itself.
            let _ = kill_process(child, signal);
        }
        match wait(WaitOptions::NOHANG) {
            Err(rustix::io::Errno::CHILD) => return,
            Ok(Some(_)) | Err(_) => {}
            // The signals are on their way; there is no event to wait for that a new orphan could not outrun.
            Ok(None) => std::thread::sleep(Duration::from_millis(1)),
        }
    }
}

/// The kernel's own list where it keeps one (not every kernel is built with it), else whoever names us as parent.
fn children() -> Vec<Pid> {
    let lists = std::fs::read_dir("/proc/self/task").map(|threads| {
        threads.flatten().map(|thread| std::fs::read_to_string(thread.path().join("children"))).collect::<Vec<_>>()
    });
    match lists {
        // A thread that has just ended has no list; all of them have none only where there are no lists.
        Ok(lists) if lists.iter().any(Result::is_ok) => {
            let pids = lists.iter().flatten().flat_map(|list| list.split_whitespace());
            pids.filter_map(|pid| Pid::from_raw(pid.parse().ok()?)).collect()
        }
        _ => procfs::children_of(std::process::id())
            .into_iter()
            .filter_map(|pid| Pid::from_raw(pid.try_into().ok()?))
            .collect(),
    }
}
