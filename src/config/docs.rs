//! Documentation of the settings, generated from their declarations.

use std::fmt::Write;

use super::Settings;
use super::variables::{Variable, Variables};

const WIDTH: usize = 118;

const ENV_HEADER: &str = "\
# Every setting of the service. Generated: `browser-use-service settings`.
#
# Copy to `.env` and change what you need: `make run` and docker compose read it. The process's own environment takes
# precedence. A commented line shows the default, or an example if there is none. A blank value counts as unset. If a
# value is invalid, the service does not start, and the error names the variable.
#
# Durations: seconds (90, 1.5) or with units (250ms, 10m, 1h30m). Sizes: bytes or with units (512KiB, 2GiB).
";

const MARKDOWN_HEADER: &str = "\
# Settings

<!-- Generated: `browser-use-service settings --markdown > docs/SETTINGS.md` -->

The service reads environment variables once at start, and those that are not set from `.env` in the working directory.
A blank value counts as unset. If a value is invalid, the service does not start, and the error names the variable.

Durations: seconds (`90`, `1.5`) or with units (`250ms`, `10m`, `1h30m`). Sizes: bytes or with units (`512KiB`,
`2GiB`).
";

/// The content of `.env.example`.
pub fn env_example() -> String {
    let mut text = ENV_HEADER.to_owned();
    let mut section = "";
    for Variable { section: own, name, form, value, help, .. } in declared() {
        if own != section {
            section = own;
            writeln!(text, "\n# ---- {section} {}", "-".repeat(WIDTH - 8 - section.len()))
                .expect("writing to a string");
        }
        text.push('\n');
        comment(&mut text, &format!("{} Must be {form}.", help.replace('`', "")));
        let mark = if value.is_empty() { "" } else { "# " };
        writeln!(text, "{mark}{name}={value}").expect("writing to a string");
    }
    text
}

/// The content of `docs/SETTINGS.md`.
pub fn markdown() -> String {
    let mut text = MARKDOWN_HEADER.to_owned();
    let mut section = "";
    for Variable { section: own, name, form, value, has_default, help } in declared() {
        if own != section {
            section = own;
            write!(text, "\n## {section}\n\n| variable | default | form | |\n| --- | --- | --- | --- |\n")
                .expect("writing to a string");
        }
        let default = if has_default { format!(" `{value}`") } else { String::new() };
        writeln!(text, "| `{name}` |{default} | {form} | {help} |").expect("writing to a string");
    }
    text
}

fn declared() -> Vec<Variable> {
    let mut variables = Variables::default();
    Settings::read(&mut variables).expect("the defaults are valid");
    variables.declared
}

/// Appends `words` as lines of comments.
fn comment(text: &mut String, words: &str) {
    let mut line = "#".to_owned();
    for word in words.split_whitespace() {
        if line.len() + 1 + word.len() > WIDTH {
            text.push_str(&line);
            text.push('\n');
            line.truncate(1);
        }
        line.push(' ');
        line.push_str(word);
    }
    text.push_str(&line);
    text.push('\n');
}
