//! Notices about a page besides its text.

use super::frames::FrameReading;
use agent::observation::PageView;

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
    notices
}

fn unreadable(frame: &FrameReading) -> usize {
    frame.children.iter().map(|child| child.content.as_ref().map_or(1, unreadable)).sum()
}
