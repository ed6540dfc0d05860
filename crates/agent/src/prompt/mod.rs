//! The prompts of a model. The fixed texts are Markdown files in this folder; `README.md` gives their reasons.

pub(crate) mod answer;
pub(crate) mod fence;
pub(crate) mod history;
pub(crate) mod schema;

use std::fmt::Write;

use self::fence::Fence;
use crate::extract::parts::{self, LongExtract, PART};
use crate::files::FileInfo;
use crate::observation::{Observation, Scroll};
use crate::output::OutputSchema;
use crate::planner::{Turn, last_decided};
use crate::secrets::{SecretName, Secrets};
use crate::text::one_line;

/// Longest URL or title shown, in characters.
const MAX_LINE: usize = 300;
/// Longest single notice shown, in characters.
const MAX_NOTICE: usize = 500;
/// Tabs listed.
const MAX_TABS: usize = 20;
/// The system prompt of a query about a long text.
pub(crate) const READING: &str = include_str!("reading.md").trim_ascii_end();

/// The system prompt, the same for all runs of a deployment.
pub(crate) fn system(max_actions: u32) -> String {
    include_str!("system.md").trim_end().replace("{max_actions}", &max_actions.to_string())
}

/// The first message, the same for all calls of a run.
pub(crate) fn task(
    task: &str,
    files: &[FileInfo],
    secrets: &Secrets,
    output: Option<&OutputSchema>,
    fence: &Fence,
) -> String {
    let names: Vec<String> = files.iter().map(ToString::to_string).collect();
    let files = if names.is_empty() { String::new() } else { format!("\n\nFiles for upload: {}", names.join(", ")) };
    let secrets = told(secrets);
    // The task is inserted last, so that nothing in it is taken for a placeholder.
    let mut text = include_str!("task.md")
        .trim_end()
        .replace("{boundary}", fence.boundary())
        .replace("{task}", &format!("{task}{files}{secrets}"));
    if let Some(output) = output {
        text.push_str("\n\n");
        text.push_str(&include_str!("output.md").trim_end().replace("{schema}", &output.text()));
    }
    text
}

/// What may be typed without being read; nothing when there is nothing.
fn told(secrets: &Secrets) -> String {
    let lines = secrets.names_by_origin().map(|(origin, names)| {
        let names: Vec<&str> = names.map(SecretName::as_str).collect();
        format!("- {origin}: {}", names.join(", "))
    });
    let lines = lines.collect::<Vec<_>>().join("\n");
    if lines.is_empty() {
        return String::new();
    }
    format!("\n\n{}", include_str!("secrets.md").trim_end().replace("{secrets}", &lines))
}

/// The run's boundary in the first message of a call, for comparing calls of two runs.
pub fn boundary(task_message: &str) -> Option<&str> {
    task_message
        .rsplit_once("The run's boundary: ")
        .map(|(_, boundary)| boundary)
        .filter(|boundary| !boundary.is_empty())
}

/// The message after an unusable answer.
pub(crate) fn unusable(problem: &str) -> String {
    include_str!("unusable.md").trim_end().replace("{problem}", problem)
}

/// The last message: the newest page and the reminders.
pub(crate) fn turn(turn: &Turn<'_>, fence: &Fence) -> String {
    let mut text = format!("Step {} of {}.", turn.step, turn.max_steps);
    for reminder in turn.reminders {
        text.push('\n');
        text.push_str(&fence.defuse(&one_line(reminder, MAX_NOTICE)));
    }
    if let Some(last) = last_decided(turn.history) {
        long_extracts(&mut text, &parts::of(last, turn.history), fence);
    }
    text.push('\n');
    text.push_str(&fence.wrap("page", &page(turn.observation)));
    text
}

/// The long texts that the last step read, up to one part's length, and a note about the rest.
fn long_extracts(text: &mut String, extracts: &[LongExtract<'_>], fence: &Fence) {
    let mut left = PART;
    for long in extracts {
        let mut waiting = Vec::new();
        for (number, part) in (long.first..).zip(&long.parts) {
            let length = part.chars().count();
            if !waiting.is_empty() || length > left {
                waiting.push(number);
                continue;
            }
            left -= length;
            let _ = writeln!(text, "\nExtract {number}:");
            text.push_str(&fence.wrap("extract", part));
        }
        if let (Some(first), Some(last)) = (waiting.first(), waiting.last()) {
            let (name, length) = (parts::name(*first, *last), long.characters());
            let _ = write!(text, "\nNot shown yet: {name}, the rest of {length} characters; extract again to see it.");
        }
    }
}

/// The first message of a query about a long text.
pub(crate) fn query(query: &str, fence: &Fence) -> String {
    include_str!("query.md").trim_end().replace("{boundary}", fence.boundary()).replace("{query}", query)
}

/// The message with one part of a long text.
pub(crate) fn part(number: usize, of: usize, before: &str, part: &str, fence: &Fence) -> String {
    let before = if before.is_empty() { String::new() } else { fence.wrap("before", before) + "\n" };
    format!("Part {number} of {of}:\n{before}{}", fence.wrap("part", part))
}

fn page(observation: &Observation) -> String {
    let mut text = String::new();
    for line in [&observation.url, &observation.title].map(|line| one_line(line, MAX_LINE)) {
        if !line.is_empty() {
            let _ = writeln!(text, "{line}");
        }
    }
    if observation.tabs.len() > 1 {
        text.push_str("Tabs:");
        for tab in observation.tabs.iter().take(MAX_TABS) {
            let marker = if tab.active { " (active)" } else { "" };
            let _ = write!(text, " {}{marker} {};", tab.id, one_line(&tab.url, 80));
        }
        text.push('\n');
    }
    if let Some(scroll) = scroll(observation.view.scroll) {
        let _ = writeln!(text, "{scroll}");
    }
    if let Some(blocker) = &observation.blocker {
        let _ = writeln!(text, "! {}", one_line(&blocker.to_string(), MAX_NOTICE));
    }
    for notice in &observation.notices {
        let _ = writeln!(text, "! {}", one_line(notice, MAX_NOTICE));
    }
    text.push_str(&observation.view.text);
    text
}

/// The scroll position in viewport heights; none for a page that fits into the viewport.
fn scroll(scroll: Scroll) -> Option<String> {
    if scroll.viewport_height == 0 || (scroll.pixels_above, scroll.pixels_below) == (0, 0) {
        return None;
    }
    let pages = |pixels: u32| f64::from(pixels) / f64::from(scroll.viewport_height);
    Some(format!("{:.1} pages above, {:.1} below", pages(scroll.pixels_above), pages(scroll.pixels_below)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::{PageView, Tab};

    fn tab(id: u32, url: &str, active: bool) -> Tab {
        Tab { id, url: url.into(), title: String::new(), active }
    }

    #[test]
    fn a_turn_shows_reminders_and_then_the_page_with_tabs_position_and_notices() {
        let observation = Observation {
            url: "https://shop.example/lamps".into(),
            title: "Lamps\nand more".into(),
            tabs: vec![tab(1, "https://shop.example/", false), tab(2, "https://shop.example/lamps", true)],
            view: PageView {
                text: "[1]<button>Buy".into(),
                scroll: Scroll { pixels_above: 450, pixels_below: 1800, viewport_height: 900 },
                ..PageView::default()
            },
            dialog: None,
            blocker: None,
            downloads: Vec::new(),
            notices: vec!["a dialog said: 1 left".into()],
            screenshot: None,
        };
        let shown = turn(
            &Turn {
                task: "",
                history: &[],
                observation: &observation,
                picture: None,
                step: 3,
                max_steps: 20,
                only_done: false,
                reminders: &["Mind the gap.".into()],
                deadline: None,
                notices: &|_: String| {},
            },
            &Fence::fixed("1a2b3c4d"),
        );
        let expected = [
            "Step 3 of 20.",
            "Mind the gap.",
            "<page-1a2b3c4d>",
            "https://shop.example/lamps",
            "Lamps and more",
            "Tabs: 1 https://shop.example/; 2 (active) https://shop.example/lamps;",
            "0.5 pages above, 2.0 below",
            "! a dialog said: 1 left",
            "[1]<button>Buy",
            "</page-1a2b3c4d>",
        ];
        assert_eq!(shown.lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_page_that_fits_the_viewport_has_no_scroll_position() {
        assert_eq!(scroll(Scroll { pixels_above: 0, pixels_below: 0, viewport_height: 900 }), None);
        assert_eq!(scroll(Scroll { pixels_above: 9, pixels_below: 0, viewport_height: 0 }), None);
        assert!(scroll(Scroll { pixels_above: u32::MAX, pixels_below: u32::MAX, viewport_height: 1 }).is_some());
    }

    #[test]
    fn uploaded_files_are_named_with_the_task() {
        let files = [("cv.pdf", 12_000), ("me.png", 900)];
        let files = files.map(|(name, bytes)| FileInfo { name: name.into(), bytes });
        let text = task("Apply", &files, &Secrets::default(), None, &Fence::fixed("1a2b3c4d"));
        assert!(text.contains("\nApply\n\nFiles for upload: cv.pdf (12 kB), me.png (900 B)\n"), "{text}");
    }

    #[test]
    fn the_boundary_is_announced_with_the_task() {
        let text = task("The run's boundary: no", &[], &Secrets::default(), None, &Fence::fixed("1a2b3c4d"));
        assert_eq!(boundary(&text), Some("1a2b3c4d"));
        assert_eq!(boundary("no such thing"), None);
    }

    #[test]
    fn a_task_cannot_smuggle_in_placeholders() {
        let text = task("print {boundary} and {task}", &[], &Secrets::default(), None, &Fence::fixed("1a2b3c4d"));
        assert_eq!(text, "The user's task:\nprint {boundary} and {task}\n\nThe run's boundary: 1a2b3c4d");
    }
}
