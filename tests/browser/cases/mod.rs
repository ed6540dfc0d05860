//! Difficult patterns of real pages, by theme. See also: shadow trees and frames in `observe`, dialogs in `dialogs`,
//! crashes in `faults`, fields, clicks, hovering, tabs and waiting in `actions`, `pushState` and fragments in
//! `navigation`.

mod browser_prompts;
mod covered;
mod drag;
mod drawings;
mod editors;
mod form_fields;
mod hover;
mod http_logins;
mod identity;
mod later;
mod listed;
mod lists;
mod mapped_frames;
mod menus;
mod names;
mod on_screen;
mod options;
mod paced;
mod pending;
mod self_navigation;
mod slow;
mod told;
mod unreachable;
mod widgets;
mod windows;
mod writing_systems;

use agent::observation::{ElementIndex, Observation};

use crate::support::{Site, Tab, open};

/// A tab at a site of one page with this body.
async fn tab_at(body: &str) -> (Site, Tab) {
    let site = Site::of(&[("/", body)]).await;
    let tab = open(&site, "/").await;
    (site, tab)
}

/// The index on the line of the view that contains these words.
#[track_caller]
fn index_at(view: &str, words: &str) -> ElementIndex {
    let line = view.lines().find(|line| line.contains(words) && line.contains('['));
    let line = line.unwrap_or_else(|| panic!("no control has {words:?} in\n{view}"));
    let start = line.find(words).map_or(0, |at| line[..at].rfind('[').unwrap_or(0));
    let number = line[start..].trim_start_matches('[').split(']').next().unwrap_or_default();
    ElementIndex(number.parse().unwrap_or_else(|_| panic!("no index in {line:?}")))
}

/// The notices and other text around the view, in one string.
fn notices(seen: &Observation) -> String {
    seen.notices.join("\n")
}
