//! Scrolls to elements, and reports missing ones.

use super::{Move, Purpose, Scene};
use crate::find::{self, Matches, Use};
use crate::target::Target;
use crate::text::{enumerate, quote};
use agent::action::{Action, ScrollDirection};
use agent::observation::Element;
use agent::text::shorten;

/// Turns spent on scrolling, per goal.
pub(super) const MAX_LOOKS: u32 = 12;
/// Waits for a page that looks empty, per goal.
const MAX_WAITS: u32 = 3;

impl<'a> Scene<'a> {
    pub(super) fn given_up(&self) -> Move {
        let error = self.progress.failures.last().map(String::as_str).unwrap_or_default();
        Move::Impossible(shorten(error.trim_end_matches('.'), 400))
    }

    pub(super) fn find(&self, target: &Target, use_: Use) -> Matches<'a> {
        find::find(&self.observation.view, self.lines, target, use_)
    }

    /// Acts on the target, with whether the match is exact. Scrolls if it is not visible.
    pub(super) fn with(&self, target: &Target, use_: Use, act: impl FnOnce(&'a Element, bool) -> Move) -> Move {
        let matches = self.find(target, use_);
        match self.pick(&matches) {
            Some(element) => act(element, matches.exact),
            None => self.look_around(|| self.missing(target, use_, matches.too_few)),
        }
    }

    /// Clicks the element, or scrolls if it is not visible.
    pub(super) fn click_or(&self, element: Option<&Element>, missing: impl FnOnce() -> String) -> Move {
        match element {
            Some(element) => Move::on(Action::click(element.index), false),
            None => self.look_around(missing),
        }
    }

    /// The first one that has not failed yet, or else the first one.
    pub(super) fn pick(&self, matches: &Matches<'a>) -> Option<&'a Element> {
        let untried = matches.elements.iter().find(|element| !self.progress.tried.contains(&element.index));
        untried.or(matches.elements.first()).copied()
    }

    /// Scrolls to the page's end and then, if the search began further down, from the top.
    pub(super) fn look_around(&self, missing: impl FnOnce() -> String) -> Move {
        let view = &self.observation.view;
        let scroll = view.scroll;
        if view.elements.is_empty() && view.text.trim().is_empty() && self.progress.waits < MAX_WAITS {
            return Move::look(
                Action::Wait { seconds: Some(1.0), text: None, gone: None, selector: None, url: None },
                Purpose::Waits,
            );
        }
        if self.progress.looks < MAX_LOOKS {
            if scroll.pixels_below > 0 {
                // The view includes one screen above and below.
                return Move::look(scroll_by(ScrollDirection::Down, 2.0), Purpose::ScrollsOn);
            }
            let screens_above = scroll.pixels_above.div_ceil(scroll.viewport_height.max(1)).min(100);
            // The page above is longer than what was scrolled through, so the search began in the middle.
            if !self.progress.looked_from_top && self.progress.looks * 2 < screens_above {
                return Move::look(scroll_by(ScrollDirection::Up, f64::from(screens_above)), Purpose::ScrollsFromTop);
            }
        }
        Move::Impossible(missing())
    }

    pub(super) fn missing(&self, target: &Target, use_: Use, too_few: bool) -> String {
        let what = match use_ {
            Use::Click => "nothing to click",
            Use::Type => "no text field",
            Use::Choose => "no list to choose from",
            Use::Tick => "no checkbox",
            Use::Set => "no field",
            Use::Upload => "no file field",
        };
        let found = if too_few { "not that many elements" } else { what };
        let similar = find::similar(&self.observation.view, target, use_);
        let hint = match similar.as_slice() {
            [] => String::new(),
            some => format!("; there is {}", enumerate(some)),
        };
        format!("there is {found} labelled {target} on {}{hint}", self.page())
    }

    pub(super) fn page(&self) -> String {
        match self.observation.title.trim() {
            "" => format!("the page {}", shorten(&self.observation.url, 200)),
            title => format!("the page {}", quote(title)),
        }
    }
}

pub(super) fn scroll_by(direction: ScrollDirection, pages: f64) -> Action {
    Action::Scroll { direction, pages: Some(pages), index: None }
}
