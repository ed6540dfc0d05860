//! The warden, with a shell script as its browser.

use std::io::{BufRead, BufReader, Read};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use rustix::process::Signal;
use tempfile::TempDir;

use crate::support::{WARDEN, processes};

/// A warden with the service's end of its browser's socket. The script has that browser's end as 3 and 4.
struct Warded {
    root: TempDir,
    profile: PathBuf,
    warden: Child,
    socket: UnixStream,
}

impl Warded {
    /// Returns once the script runs.
    fn start(script: &str) -> Self {
        let root = tempfile::tempdir().unwrap();
        let (profile, executable) = (root.path().join("profile"), root.path().join("browser"));
        std::fs::create_dir(&profile).unwrap();
        std::fs::write(&executable, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&executable, PermissionsExt::from_mode(0o755)).unwrap();
        let (ours, theirs) = UnixStream::pair().unwrap();
        let mut warden = Command::new(WARDEN)
            .args(["warden".as_ref(), profile.as_os_str(), "none".as_ref(), executable.as_os_str()])
            .stdin(OwnedFd::from(theirs))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut pid = String::new();
        BufReader::new(warden.stdout.as_mut().unwrap()).read_line(&mut pid).unwrap();
        assert!(pid.trim().parse::<u32>().is_ok(), "{pid:?}");
        Self { root, profile, warden, socket: ours }
    }

    /// What the browser says, up to its next line.
    fn hears(&self) -> String {
        let mut line = String::new();
        BufReader::new(&self.socket).read_line(&mut line).unwrap();
        line.trim().to_owned()
    }

    /// Closes the socket and waits; returns the warden's exit code.
    fn hang_up(mut self) -> Option<i32> {
        drop(self.socket);
        let code = self.warden.wait().unwrap().code();
        assert!(!self.profile.exists());
        assert_eq!(processes::of(self.root.path()), []);
        code
    }
}

#[test]
fn closing_the_connection_ends_a_browser_and_its_descendants() {
    let warded = Warded::start(
        "trap '' TERM HUP INT; (setsid sleep 1000 & sleep 1000 & wait) & echo ready >&4; while true; do sleep 1000; done",
    );
    assert_eq!(warded.hears(), "ready");
    assert_eq!(warded.hang_up(), Some(0));
}

#[test]
fn an_orphan_that_exits_is_not_taken_for_the_browser() {
    // The helper outlives its parent, so the warden inherits it; the browser continues after its exit.
    let warded = Warded::start(
        "mkfifo $HOME/helper; sh -c '(read line < $HOME/helper) & exit'; echo > $HOME/helper; \
         while kill -0 $PPID && [ -n \"$(grep -l \"^PPid:.$PPID$\" /proc/[0-9]*/status | grep -v /$$/)\" ]; do :; done; \
         echo alone >&4; read line <&3; echo \"heard $line\" >&4; sleep 1000",
    );
    assert_eq!(warded.hears(), "alone");
    std::io::Write::write_all(&mut &warded.socket, b"you\n").unwrap();
    assert_eq!(warded.hears(), "heard you");
    assert_eq!(warded.hang_up(), Some(0));
}

#[test]
fn a_browser_that_exits_ends_its_helpers_and_warden() {
    let mut warded = Warded::start("setsid sleep 1000 & read line <&3");
    std::io::Write::write_all(&mut &warded.socket, b"end\n").unwrap();
    assert_eq!(warded.warden.wait().unwrap().code(), Some(0));
    // The socket is closed on the other side.
    assert_eq!(warded.socket.read(&mut [0]).unwrap(), 0);
    assert_eq!(warded.hang_up(), Some(0));
}

#[test]
fn everything_written_below_the_home_folder_is_removed() {
    let warded =
        Warded::start("mkdir -p $TMPDIR/a/b $XDG_CACHE_HOME/c; echo x > $HOME/a/b/file; echo ready >&4; sleep 1000");
    assert_eq!(warded.hears(), "ready");
    assert!(warded.profile.join("a/b/file").exists() && warded.profile.join("warden.lock").exists());
    assert_eq!(warded.hang_up(), Some(0));
}

#[test]
fn terminal_signals_do_not_reach_a_warden() {
    let warded = Warded::start("echo ready >&4; sleep 1000");
    assert_eq!(warded.hears(), "ready");
    let group = rustix::process::Pid::from_raw(warded.warden.id().try_into().unwrap()).unwrap();
    // It leads its own session, outside of any terminal's job control.
    assert_eq!(rustix::process::getpgid(Some(group)).unwrap(), group);
    assert_eq!(rustix::process::getsid(Some(group)).unwrap(), group);
    assert_eq!(warded.hang_up(), Some(0));
}

#[test]
fn a_profile_in_use_is_not_reused() {
    let first = Warded::start("echo ready >&4; sleep 1000");
    assert_eq!(first.hears(), "ready");
    let lock = std::fs::File::open(first.profile.join("warden.lock")).unwrap();
    assert!(lock.try_lock().is_err(), "it is locked from the moment it has its name");
    assert_eq!(first.hang_up(), Some(0));
}

#[test]
fn a_failed_start_is_reported_and_leaves_nothing_behind() {
    let profile = tempfile::tempdir().unwrap().keep();
    let (_ours, theirs) = UnixStream::pair().unwrap();
    let outcome = Command::new(WARDEN)
        .args(["warden".as_ref(), profile.as_os_str(), "none".as_ref(), "/no/such/browser".as_ref()])
        .stdin(OwnedFd::from(theirs))
        .output()
        .unwrap();
    assert_eq!(outcome.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&outcome.stderr).contains("/no/such/browser"));
    assert!(!profile.exists());
}

#[test]
fn a_killed_warden_leaves_an_unlocked_folder() {
    let mut warded = Warded::start("echo ready >&4; exec 4>&-; read line <&3");
    assert_eq!(warded.hears(), "ready");
    processes::signal(warded.warden.id(), Signal::KILL);
    warded.warden.wait().unwrap();
    let lock = std::fs::File::open(warded.profile.join("warden.lock")).unwrap();
    lock.try_lock().unwrap();
}
