//! The warden: a process that starts a browser, outlives the service, and cleans up after both.
//!
//! It is this executable with [`ARGUMENT`] as its first argument. Its stdin is the browser's end of the DevTools
//! socket. When the service's end closes, even by SIGKILL, the kernel reports a hang-up, and the warden kills all its
//! descendants and removes the profile. It does the same when the browser ends.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context;
use command_fds::{CommandFdExt, FdMapping};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, kill_process_group, set_child_subreaper, setsid, wait};

use crate::process::procfs;

/// The command line is `warden PROFILE DISPLAY EXECUTABLE ARGUMENT...`.
pub const ARGUMENT: &str = "warden";
/// Locked by the warden while it runs, in the profile folder.
pub(crate) const LOCK_FILE: &str = "warden.lock";
/// DISPLAY: headless.
pub(crate) const NO_DISPLAY: &str = "none";
/// DISPLAY: start a private X server.
pub(crate) const OWN_DISPLAY: &str = "xvfb";

/// How long an X server may take to stop before it is killed.
const DISPLAY_STOP_TIMEOUT: Duration = Duration::from_secs(2);

/// Runs as a warden if the command line says so. Call it first in `main`.
pub fn run_if_requested() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next()? != ARGUMENT {
        return None;
    }
    Some(match watch(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The service reads our stderr to explain a failed start.
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    })
}

fn watch(mut arguments: impl Iterator<Item = OsString>) -> anyhow::Result<()> {
    let mut next = |what: &str| arguments.next().with_context(|| format!("warden: {what} is missing"));
    let profile = PathBuf::from(next("the profile folder")?);
    let display = next("the display")?;
    let executable = next("the executable")?;

    // Leave the service's process group and terminal, whose signals must not reach us, and become the parent of
    // orphaned descendants, to kill and reap them.
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

/// Locks a folder while this process lives. The file gets its name once it is locked, so an unlocked one belongs to a
/// warden that is gone.
fn lock(profile: &Path) -> io::Result<File> {
    let unnamed = profile.join(format!("{LOCK_FILE}.new"));
    let lock = File::create(&unnamed)?;
    lock.try_lock()?;
    std::fs::rename(unnamed, profile.join(LOCK_FILE))?;
    Ok(lock)
}

#[derive(Default)]
struct Children {
    browser: Option<Pid>,
    /// A private X server.
    display: Option<Pid>,
}

/// Starts the X server, if needed, and the browser, and writes the browser's pid to stdout.
fn start(
    profile: &Path,
    display: &OsStr,
    executable: &OsStr,
    arguments: impl Iterator<Item = OsString>,
    socket: &OwnedFd,
    children_started: &mut Children,
) -> anyhow::Result<()> {
    let mut command = Command::new(executable);
    command
        .args(arguments)
        // Chromium and its wrapper script write below these.
        .env("HOME", profile)
        // Chromium creates a socket here, and its path must be shorter than 108 bytes: this is a short path to our
        // working directory, the profile.
        .env("TMPDIR", format!("/proc/{}/cwd", std::process::id()))
        .env("XDG_CONFIG_HOME", profile)
        .env("XDG_CACHE_HOME", profile)
        .env("XDG_RUNTIME_DIR", profile)
        // Without a session bus Chromium logs an error.
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
    line.trim().parse().context("it reported no display")
}

fn pid(child: &Child) -> Option<Pid> {
    Pid::from_raw(i32::try_from(child.id()).ok()?)
}

/// Blocks until the service closes its end of the socket, or the browser or its X server ends.
fn wait_for_end(socket: OwnedFd, children_started: &Children) {
    let (over, is_over) = std::sync::mpsc::channel();
    let browser_ended = over.clone();
    // Threads, since neither wait can be interrupted; they end with the process.
    std::thread::spawn(move || {
        // Not readable events: the data is for the browser. Hang-ups are always reported.
        let mut watched = [PollFd::new(&socket, PollFlags::empty())];
        while !matches!(poll(&mut watched, None), Ok(1..)) {}
        // The receiver is gone if the other thread was first.
        let _ = over.send(());
    });
    let awaited = [children_started.browser, children_started.display];
    std::thread::spawn(move || {
        loop {
            match wait(WaitOptions::empty()) {
                // Otherwise an orphaned helper of the browser.
                Ok(Some((child, _))) if !awaited.contains(&Some(child)) => {}
                Err(rustix::io::Errno::INTR) => {}
                _ => break,
            }
        }
        let _ = browser_ended.send(());
    });
    // Both threads send before they end.
    let _ = is_over.recv();
}

/// Kills and reaps descendants until none is left; orphans become our children.
fn kill_descendants(children_started: &Children) {
    let since = Instant::now();
    if let Some(group) = children_started.browser {
        // The browser's group, which may be empty already.
        let _ = kill_process_group(group, Signal::KILL);
    }
    loop {
        for child in children() {
            // An X server removes its lock file and socket on SIGTERM.
            let polite = Some(child) == children_started.display && since.elapsed() < DISPLAY_STOP_TIMEOUT;
            let signal = if polite { Signal::TERM } else { Signal::KILL };
            // It may have ended.
            let _ = kill_process(child, signal);
        }
        match wait(WaitOptions::NOHANG) {
            Err(rustix::io::Errno::CHILD) => return,
            Ok(Some(_)) | Err(_) => {}
            // No event could be awaited without missing a new orphan.
            Ok(None) => std::thread::sleep(Duration::from_millis(1)),
        }
    }
}

/// The kernel's list of children, if it has one, else all processes with this parent.
fn children() -> Vec<Pid> {
    let lists = std::fs::read_dir("/proc/self/task").map(|threads| {
        threads.flatten().map(|thread| std::fs::read_to_string(thread.path().join("children"))).collect::<Vec<_>>()
    });
    match lists {
        // A thread that has just ended has no list.
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
