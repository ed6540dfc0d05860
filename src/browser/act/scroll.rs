//! Scrolling the page or a container.

use chromiumoxide_cdp::cdp::browser_protocol::input::{DispatchMouseEventParams, DispatchMouseEventType};
use serde::{Deserialize, Serialize};

use super::{Hands, delivered};
use crate::agent::action::{ElementIndex, ScrollDirection};
use crate::agent::ports::{ActionError, ActionOutcome};

/// Furthest in one action, in viewports.
const MAX_PAGES: f64 = 100.0;

#[derive(Serialize)]
struct ScrollArgument {
    id: Option<u32>,
    /// In widths and heights of what is scrolled.
    dx: f64,
    dy: f64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Scrolled {
    gone: bool,
    moved: f64,
    above: f64,
    below: f64,
    page: bool,
    x: f64,
    y: f64,
    width: f64,
    height: f64,
}

impl Hands<'_> {
    pub(super) async fn scroll(
        &self,
        direction: ScrollDirection,
        pages: f64,
        index: Option<ElementIndex>,
    ) -> Result<ActionOutcome, ActionError> {
        if !pages.is_finite() || pages <= 0.0 {
            return Err(ActionError::NotPossible("`pages` is a number above 0".into()));
        }
        let pages = pages.min(MAX_PAGES);
        let place = match index {
            Some(index) => Some(self.target(index).await?.place),
            None => None,
        };
        let before = self.before()?;
        let (name, dx, dy) = match direction {
            ScrollDirection::Up => ("up", 0.0, -pages),
            ScrollDirection::Down => ("down", 0.0, pages),
            ScrollDirection::Left => ("left", -pages, 0.0),
            ScrollDirection::Right => ("right", pages, 0.0),
        };
        let argument = ScrollArgument { id: place.as_ref().map(|place| place.id), dx, dy };
        let scrolled: Scrolled = match &place {
            Some(place) => self.call_at(place, "hands.scroll", &argument).await?,
            None => self.call_in(&self.active()?, "hands.scroll", &argument, self.command_timeout()).await?,
        };
        if scrolled.gone {
            return Err(ActionError::ElementGone { index: index.map_or(0, |index| index.0) });
        }
        if scrolled.moved < 1.0 {
            // Some pages scroll by themselves when they hear the wheel.
            let wheel = DispatchMouseEventParams::builder()
                .r#type(DispatchMouseEventType::MouseWheel)
                .x(scrolled.x)
                .y(scrolled.y)
                .delta_x(dx * scrolled.width)
                .delta_y(dy * scrolled.height)
                .build()
                .expect("type and place are set");
            delivered(self.active()?.session.call(wheel).await)?;
        }
        let what = if scrolled.page { "" } else { " in its container" };
        let mut outcome = self.settle(format!("Scroll {name}{what}"), &before).await?;
        let vertical = matches!(direction, ScrollDirection::Up | ScrollDirection::Down);
        let told = match () {
            () if scrolled.moved < 1.0 => "nothing scrolled: this is the end".to_owned(),
            () if vertical => format!("{} px above, {} px below", scrolled.above, scrolled.below),
            () => format!("scrolled by {} px", scrolled.moved),
        };
        outcome.effect = if outcome.effect.is_empty() { told } else { format!("{told}; {}", outcome.effect) };
        Ok(outcome)
    }
}
