//! Notices about a page besides its text.

use std::collections::BTreeSet;

use super::frames::FrameReading;
use agent::observation::PageView;
use agent::text::shorten;

/// Maximum number of sentences about what was denied.
const MAX_DENIALS: usize = 8;
/// Maximum length of a scheme in characters.
const MAX_SCHEME: usize = 30;

/// For a page without anything to see.
pub(crate) const EMPTY_PAGE: &str = "The page looks empty.";

/// One sentence each, for [`Observation::notices`](agent::observation::Observation::notices).
pub fn notices(page: &FrameReading, view: &PageView) -> Vec<String> {
    let mut notices = Vec::new();
    let reading = &page.reading;
    let says_nothing = view.elements.is_empty() && !view.text.lines().any(|line| !line.starts_with("..."));
    match (reading.ready.as_str(), says_nothing) {
        ("loading" | "interactive", true) => {
            notices.push("The page is still loading and shows nothing yet.".to_owned())
        }
        ("loading", false) => notices.push("The page is still loading; parts may be missing.".to_owned()),
        (_, true) if reading.layered => {
            notices.push("A layer covers the page and offers nothing; it may go away by itself.".to_owned())
        }
        (_, true) => notices.push(EMPTY_PAGE.to_owned()),
        _ => {}
    }
    let unreadable = unreadable(page);
    if unreadable > 0 {
        notices.push(format!("{unreadable} frames of the page could not be read."));
    }
    let mut denials = BTreeSet::new();
    collect_denials(page, &mut denials);
    notices.extend(denials.into_iter().take(MAX_DENIALS));
    notices
}

fn collect_denials(frame: &FrameReading, into: &mut BTreeSet<String>) {
    into.extend(frame.reading.denied.iter().filter_map(|(name, value)| denial(name, value)));
    frame.children.iter().filter_map(|child| child.content.as_ref()).for_each(|child| collect_denials(child, into));
}

/// A request of the page that was denied, in one sentence.
fn denial(name: &str, value: &str) -> Option<String> {
    let what = match name {
        "location" => "for the location",
        "notifications" => "to show notifications",
        "clipboard" => "to read the clipboard",
        "camera" => "for a camera or microphone",
        "screen" => "to record the screen",
        "passkey" => "for a passkey",
        "pointer" => "to lock the pointer",
        "print" => {
            return Some("The page asked to print, which is not possible here; savePdf keeps it as a file.".to_owned());
        }
        "program" => {
            let scheme = shorten(value, MAX_SCHEME);
            return Some(format!("The page wanted to open another program ({scheme}), which is not possible here."));
        }
        _ => return None,
    };
    Some(format!("The page asked {what} and was denied."))
}

fn unreadable(frame: &FrameReading) -> usize {
    frame.children.iter().map(|child| child.content.as_ref().map_or(1, unreadable)).sum()
}
