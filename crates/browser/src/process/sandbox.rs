//! Whether Chromium's own sandbox is used, and why.

use std::ffi::OsStr;
use std::fmt::{self, Display, Formatter};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::process::executable::is_headless_shell;
use crate::settings::SandboxMode;

/// The sandbox mode and its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sandbox {
    /// `BROWSER_SANDBOX=on`.
    Forced,
    /// With user namespaces.
    Namespaces,
    /// With Chromium's setuid root helper.
    SetuidHelper(PathBuf),
    /// `BROWSER_SANDBOX=off`.
    Disabled,
    /// Chromium has no sandbox as root.
    Root,
    /// Neither user namespaces nor a helper.
    Unavailable,
}

/// The helper's name, next to Chromium's executable.
const HELPER: &str = "chrome-sandbox";

impl Sandbox {
    /// Runs once at start: it spawns a process, and the answer does not change.
    pub(crate) fn choose(mode: SandboxMode, executable: &Path) -> Self {
        match mode {
            SandboxMode::On => Self::Forced,
            SandboxMode::Off => Self::Disabled,
            SandboxMode::Auto if rustix::process::geteuid().is_root() => Self::Root,
            SandboxMode::Auto if user_namespaces_work() => Self::Namespaces,
            SandboxMode::Auto => helper(executable).map_or(Self::Unavailable, Self::SetuidHelper),
        }
    }

    pub fn is_on(&self) -> bool {
        matches!(self, Self::Forced | Self::Namespaces | Self::SetuidHelper(_))
    }
}

impl Display for Sandbox {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Forced => f.write_str("BROWSER_SANDBOX is on"),
            Self::Namespaces => f.write_str("this user may make user namespaces"),
            Self::SetuidHelper(path) => write!(f, "the setuid helper {} is installed", path.display()),
            Self::Disabled => f.write_str("BROWSER_SANDBOX is off"),
            Self::Root => f.write_str("the service runs as root, as which Chromium has no sandbox"),
            Self::Unavailable => f.write_str(
                "this user may not make user namespaces (by the kernel's settings or a seccomp profile), and there is \
                 no setuid helper that would work",
            ),
        }
    }
}

fn user_namespaces_work() -> bool {
    Command::new("unshare")
        // Some hosts withhold the rights that a network namespace needs.
        .args(["--user", "--net", "true"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// The setuid helper, if it works.
fn helper(executable: &Path) -> Option<PathBuf> {
    if has_no_new_privs() {
        return None;
    }
    // Debian's headless shell shares the folder of its Chromium.
    let package = if is_headless_shell(executable) { OsStr::new("chromium") } else { executable.file_name()? };
    let beside = executable.canonicalize().ok().and_then(|path| Some(path.parent()?.to_owned()));
    // The executable on the path may be a script that starts one in `/usr/lib`.
    let folders = beside.into_iter().chain([Path::new("/usr/lib").join(package)]);
    folders.map(|folder| folder.join(HELPER)).find(|path| is_setuid_root(path))
}

fn is_setuid_root(path: &Path) -> bool {
    const SETUID_AND_FOR_ALL: u32 = 0o4001;
    path.metadata()
        .is_ok_and(|file| file.is_file() && file.uid() == 0 && file.mode() & SETUID_AND_FOR_ALL == SETUID_AND_FOR_ALL)
}

/// Whether setuid files have no effect for this process, as under `no-new-privileges`.
fn has_no_new_privs() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().any(|line| line.strip_prefix("NoNewPrivs:").is_some_and(|value| value.trim() == "1"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn the_helper_must_be_setuid_root() {
        let folder = tempfile::tempdir().unwrap();
        let (chromium, helper_path) = (folder.path().join("chromium-x"), folder.path().join(HELPER));
        std::fs::write(&chromium, "").unwrap();
        assert_eq!(helper(&chromium), None);
        std::fs::write(&helper_path, "").unwrap();
        std::fs::set_permissions(&helper_path, std::fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(helper(&chromium), None, "it would run as whoever starts it");
        std::fs::set_permissions(&helper_path, std::fs::Permissions::from_mode(0o4755)).unwrap();
        let works = rustix::process::geteuid().is_root() && !has_no_new_privs();
        assert_eq!(
            helper(&chromium),
            works.then(|| helper_path.canonicalize().unwrap()),
            "of another user's it is not taken"
        );
    }

    #[test]
    fn explicit_modes_are_obeyed() {
        let nowhere = Path::new("/nonexistent/chromium");
        assert_eq!(Sandbox::choose(SandboxMode::On, nowhere), Sandbox::Forced);
        assert_eq!(Sandbox::choose(SandboxMode::Off, nowhere), Sandbox::Disabled);
        let auto = Sandbox::choose(SandboxMode::Auto, nowhere);
        let expected = match (rustix::process::geteuid().is_root(), user_namespaces_work()) {
            (true, _) => Sandbox::Root,
            (false, true) => Sandbox::Namespaces,
            (false, false) => Sandbox::Unavailable,
        };
        assert_eq!(auto, expected);
    }
}
