//! Locates Chromium.

use std::path::{Path, PathBuf};

/// Names of Chromium packages, the best supported first.
const NAMES: [&str; 6] =
    ["chromium", "chromium-headless-shell", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome"];

/// The configured executable, or the first one in `PATH`.
pub(crate) fn executable(configured: Option<&Path>) -> Option<PathBuf> {
    match configured {
        Some(path) => on_path(path),
        None => NAMES.iter().find_map(|name| on_path(Path::new(name))),
    }
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
        assert_eq!(executable(Some(Path::new("/no/such/chromium"))), None);
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
