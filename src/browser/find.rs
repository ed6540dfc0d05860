//! Where a Chromium is on this system.

use std::path::{Path, PathBuf};

/// Names under which distributions install it, the best supported first.
const NAMES: [&str; 6] =
    ["chromium", "chromium-headless-shell", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome"];

/// The executable to use: the configured one, or the first found in `PATH`.
pub(crate) fn executable(configured: Option<&Path>) -> Option<PathBuf> {
    match configured {
        Some(path) => on_path(path),
        None => NAMES.iter().find_map(|name| on_path(Path::new(name))),
    }
}

/// Whether this is the old headless mode as a binary of its own, which knows no `--headless` and shows no windows.
pub(crate) fn is_headless_shell(executable: &Path) -> bool {
    executable.file_name().is_some_and(|name| name.to_string_lossy().replace('_', "-").contains("headless-shell"))
}

/// A program by path or by name in `PATH`.
pub(crate) fn on_path(program: &Path) -> Option<PathBuf> {
    if program.components().count() > 1 {
        return program.is_file().then(|| program.to_owned());
    }
    std::env::split_paths(&std::env::var_os("PATH")?).map(|folder| folder.join(program)).find(|path| path.is_file())
}
