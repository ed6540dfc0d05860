//! Locates Chromium.

use std::path::{Path, PathBuf};

/// Debian's headless shell: for headless runs, as it starts in half the time, and takes a fifth less processor time and a
/// third of the idle memory (`make figures`).
const HEADLESS_SHELL: &str = "chromium-headless-shell";
/// What the script of that name in `/usr/bin` starts and waits for. A signal to the script would not reach it.
const HEADLESS_SHELL_BINARY: &str = "/usr/lib/chromium/chromium-headless-shell";
/// Names of packages of the whole Chromium, the best supported first.
const CHROMIUM: [&str; 5] = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome"];

/// The Chromium for each kind of run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Executables {
    pub(crate) headless: PathBuf,
    /// None if only a headless shell is installed.
    pub(crate) headful: Option<PathBuf>,
}

impl Executables {
    /// The configured executable for both, or those in `PATH`.
    pub(crate) fn find(configured: Option<&Path>) -> Option<Self> {
        let (headless, headful) = match configured {
            Some(path) => (on_path(path).map(without_script), on_path(path)),
            None => {
                let chromium = CHROMIUM.iter().find_map(|name| on_path(Path::new(name)));
                (on_path(Path::new(HEADLESS_SHELL)).map(without_script).or_else(|| chromium.clone()), chromium)
            }
        };
        Some(Self { headless: headless?, headful: headful.filter(|path| !is_headless_shell(path)) })
    }
}

fn without_script(path: PathBuf) -> PathBuf {
    let binary = Path::new(HEADLESS_SHELL_BINARY);
    if path == Path::new("/usr/bin").join(HEADLESS_SHELL) && binary.is_file() { binary.to_owned() } else { path }
}

/// The old headless mode as a separate binary, without `--headless` and windows.
pub(crate) fn is_headless_shell(executable: &Path) -> bool {
    executable.file_name().is_some_and(|name| name.to_string_lossy().replace('_', "-").contains("headless-shell"))
}

/// A program by path, or by name in `PATH`.
pub(crate) fn on_path(program: &Path) -> Option<PathBuf> {
    if program.components().count() > 1 {
        return program.is_file().then(|| program.to_owned());
    }
    std::env::split_paths(&std::env::var_os("PATH")?).map(|folder| folder.join(program)).find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_found_by_path_or_name() {
        let by_name = on_path(Path::new("sh")).unwrap();
        assert!(by_name.is_absolute());
        assert_eq!(on_path(&by_name), Some(by_name));
        assert_eq!(on_path(Path::new("no-program-is-called-this")), None);
        assert_eq!(on_path(Path::new("/no/such/chromium")), None);
        assert_eq!(on_path(Path::new("/")), None, "a folder is no program");
    }

    #[test]
    fn a_missing_configured_executable_is_not_replaced() {
        assert_eq!(Executables::find(Some(Path::new("/no/such/chromium"))), None);
    }

    #[test]
    fn a_configured_headless_shell_shows_no_windows() {
        let folder = tempfile::tempdir().unwrap();
        let (shell, chromium) = (folder.path().join("headless_shell"), folder.path().join("chromium"));
        for (path, headful) in [(&shell, None), (&chromium, Some(chromium.clone()))] {
            std::fs::write(path, "").unwrap();
            assert_eq!(Executables::find(Some(path)), Some(Executables { headless: path.clone(), headful }));
        }
    }

    #[test]
    fn headless_shells_are_recognized_by_name() {
        for name in ["/usr/bin/chromium-headless-shell", "chrome-headless-shell", "/opt/headless_shell"] {
            assert!(is_headless_shell(Path::new(name)), "{name}");
        }
        for name in ["/usr/bin/chromium", "/opt/headless-shell/chromium"] {
            assert!(!is_headless_shell(Path::new(name)), "{name}");
        }
    }
}
