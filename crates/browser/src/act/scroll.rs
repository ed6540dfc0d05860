//! Scrolls the page or a container.

use chromiumoxide_cdp::cdp::browser_protocol::input::{DispatchMouseEventParams, DispatchMouseEventType};
use serde::Deserialize;
use serde_json::json;

use super::executor::{Executor, reject};
use super::outcome::{delivered, prepend_note};
use crate::isolated_world::{ElementRef, owner_of};
use agent::action::ScrollDirection;
use agent::locator::Locator;
use agent::ports::{ActionError, ActionOutcome};

/// Maximum distance of one action, in viewports.
const MAX_PAGES: f64 = 100.0;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Scrolled {
    gone: bool,
    /// The scroller.
    id: u32,
    moved: f64,
    page: bool,
    x: f64,
    y: f64,
    width: f64,
    height: f64,
}

/// A scroller's hidden content on both sides, CSS pixels.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ScrollPosition {
    gone: bool,
    before: i64,
    after: i64,
}

impl Executor<'_> {
    pub(super) async fn scroll(
        &self,
        direction: ScrollDirection,
        pages: f64,
        index: Option<&Locator>,
    ) -> Result<ActionOutcome, ActionError> {
        if !pages.is_finite() || pages <= 0.0 {
            reject!("`pages` is a number above 0");
        }
        let pages = pages.min(MAX_PAGES);
        let place = match index {
            Some(index) => Some(self.target(index).await?.place),
            None => None,
        };
        let before = self.start_action().await?;
        let (name, dx, dy) = match direction {
            ScrollDirection::Up => ("up", 0.0, -pages),
            ScrollDirection::Down => ("down", 0.0, pages),
            ScrollDirection::Left => ("left", -pages, 0.0),
            ScrollDirection::Right => ("right", pages, 0.0),
        };
        // In widths and heights of the scroller.
        let argument = json!({ "id": place.as_ref().map(|place| place.id), "dx": dx, "dy": dy });
        let (document, world, scrolled): (_, _, Scrolled) = match &place {
            Some(place) => (place.document.clone(), place.world, self.call_at(place, "scroll", &argument).await?),
            None => {
                let document = self.active()?;
                let called = self.worlds.call(&document, "scroll", &argument, self.command_timeout()).await;
                let (world, scrolled) = called?;
                (document, world, scrolled)
            }
        };
        if let (true, Some(index)) = (scrolled.gone, index) {
            return Err(ActionError::ElementGone { index: index.clone() });
        }
        if scrolled.moved < 1.0 {
            // Some pages implement scrolling with wheel listeners.
            let (x, y) = match &place {
                Some(place) => self.to_page(self.elements.documents(), place.world, (scrolled.x, scrolled.y)).await?,
                None => (scrolled.x, scrolled.y),
            };
            let wheel = DispatchMouseEventParams::builder()
                .r#type(DispatchMouseEventType::MouseWheel)
                .x(x)
                .y(y)
                .delta_x(dx * scrolled.width)
                .delta_y(dy * scrolled.height)
                .build()
                .expect("type and place are set");
            delivered(self.active()?.session.call(wheel).await)?;
        }
        let is_main = place.as_ref().is_none_or(|place| owner_of(self.elements.documents(), place.world).is_none());
        let what = match (scrolled.page, is_main) {
            (true, true) => "",
            (true, false) => " in its frame",
            (false, _) => " in its container",
        };
        let mut outcome = self.settle(format!("Scroll {name}{what}"), &before).await?;
        let scroller = ElementRef { document, world, id: scrolled.id };
        let horizontal = matches!(direction, ScrollDirection::Left | ScrollDirection::Right);
        let argument = json!({ "id": scroller.id, "horizontal": horizontal });
        // If the document was replaced, the scroller is gone.
        let position = self.call_at::<ScrollPosition>(&scroller, "scrollPosition", &argument).await.unwrap_or_default();
        if !position.gone && !outcome.page_changed {
            let note = position.describe(direction, scrolled.moved >= 1.0, outcome.effect.is_empty());
            prepend_note(&mut outcome, note);
        }
        Ok(outcome)
    }
}

impl ScrollPosition {
    /// `still`: the action had no other effect.
    fn describe(&self, direction: ScrollDirection, moved: bool, still: bool) -> String {
        let (names, rest, end) = match direction {
            ScrollDirection::Up => (("above", "below"), self.before, "top"),
            ScrollDirection::Down => (("above", "below"), self.after, "bottom"),
            ScrollDirection::Left => (("left", "right"), self.before, "left end"),
            ScrollDirection::Right => (("left", "right"), self.after, "right end"),
        };
        let room = format!("{} px {}, {} px {}", self.before, names.0, self.after, names.1);
        match (moved, rest) {
            (true, 0) => format!("{room}: the {end} is reached"),
            (true, _) => room,
            (false, 0) if still => format!("nothing scrolled: it is already at the {end}"),
            (false, _) if still => "nothing scrolled".into(),
            (false, _) => "nothing scrolled, but the page heard the wheel".into(),
        }
    }
}
