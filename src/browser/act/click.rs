//! Clicking: at a point of the element that input events reach, with real ones.

use serde::{Deserialize, Serialize};

use super::mouse::{Point, Press, press};
use super::{Hands, IdArgument, Target, clip, label};
use crate::agent::action::{ElementIndex, MouseButton};
use crate::agent::ports::{ActionError, ActionOutcome};
use crate::browser::context::VIEWPORT;

#[derive(Serialize)]
pub(super) struct LocateArgument {
    id: u32,
    /// Bring it into view first.
    scroll: bool,
}

/// What `hands.locate` found out.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Located {
    gone: bool,
    hidden: bool,
    covered: Option<String>,
    x: f64,
    y: f64,
    pub(super) kind: String,
    state: Option<bool>,
    pub(super) disabled: bool,
    pub(super) draggable: bool,
    options: Option<Vec<String>>,
}

#[derive(Serialize)]
struct ThroughArgument {
    id: u32,
    /// In the frame.
    x: f64,
    y: f64,
}

/// What `hands.through` found out: the point in the document that holds the frame.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Through {
    gone: bool,
    covered: Option<String>,
    x: f64,
    y: f64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct StateNow {
    state: Option<bool>,
    gone: bool,
}

impl Hands<'_> {
    /// Clicks a point of the viewport, for what is no element: a canvas, a map.
    pub(super) async fn click_at(&self, point: Point, how: Press) -> Result<ActionOutcome, ActionError> {
        let (x, y) = point;
        let inside = |value: f64, size: i64| value >= 0.0 && value < size as f64;
        if !(inside(x, VIEWPORT.0) && inside(y, VIEWPORT.1)) {
            let (width, height) = VIEWPORT;
            return Err(ActionError::NotPossible(format!("the viewport is {width} by {height} pixels")));
        }
        let before = self.before()?;
        press(&self.active()?.session, point, how).await?;
        self.settle(format!("Click at {x}, {y}"), &before).await
    }

    pub(super) async fn click(&self, index: ElementIndex, how: Press) -> Result<ActionOutcome, ActionError> {
        let target = self.target(index).await?;
        let before = self.before()?;
        let located = self.locate(&target).await?;
        match located.kind.as_str() {
            "select" => {
                let options = located.options.unwrap_or_default();
                return Err(ActionError::NotPossible(format!(
                    "element {index} is a select; use `select` with one of: {}",
                    options.join(", ")
                )));
            }
            "file" => {
                return Err(ActionError::NotPossible(format!(
                    "element {index} takes files; use `upload` to put some into it"
                )));
            }
            _ if located.disabled => {
                return Err(ActionError::NotPossible(format!("element {index} is disabled")));
            }
            _ => {}
        }
        let point = self.reach(&target, &located).await?;
        // Input events go to the page's own session, in its coordinates, whichever frame they reach.
        press(&self.active()?.session, point, how).await?;
        let verb = match (how.button, how.count) {
            (MouseButton::Right, _) => "Right-click",
            (MouseButton::Middle, _) => "Middle-click",
            (MouseButton::Left, 1) => "Click",
            (MouseButton::Left, _) => "Double-click",
        };
        let mut outcome = self.settle(format!("{verb} {}", label(&target.element)), &before).await?;
        if let Some(was) = located.state.filter(|_| !outcome.page_changed) {
            let state =
                self.call_at::<StateNow>(&target.place, "hands.state", &IdArgument { id: target.place.id }).await;
            // An element that is gone, or a page that is, has said enough in the effect.
            if let Ok(StateNow { state: Some(now), gone: false }) = state {
                let told = match (was == now, located.kind.as_str()) {
                    (true, _) => "its state did not change".to_owned(),
                    (false, "check") => format!("it is now {}", if now { "checked" } else { "unchecked" }),
                    (false, _) => format!("it is now {}", if now { "on" } else { "off" }),
                };
                outcome.effect = if outcome.effect.is_empty() { told } else { format!("{told}; {}", outcome.effect) };
            }
        }
        Ok(outcome)
    }

    pub(super) async fn locate(&self, target: &Target) -> Result<Located, ActionError> {
        self.locate_with(target, true).await
    }

    /// As [`Hands::locate`], without scrolling to it.
    pub(super) async fn locate_unmoved(&self, target: &Target) -> Result<Located, ActionError> {
        self.locate_with(target, false).await
    }

    async fn locate_with(&self, target: &Target, scroll: bool) -> Result<Located, ActionError> {
        let argument = LocateArgument { id: target.place.id, scroll };
        let located: Located = self.call_at(&target.place, "hands.locate", &argument).await?;
        if located.gone {
            return Err(ActionError::ElementGone { index: target.index.0 });
        }
        Ok(located)
    }

    /// A point of an element in the coordinates of the page: up through the frames that hold it, each of which must let
    /// it through.
    pub(super) async fn reach(&self, target: &Target, located: &Located) -> Result<(f64, f64), ActionError> {
        let (mut x, mut y) = target.reachable(located)?;
        let mut frame = self.sight.owner(target.place.world);
        while let Some(owner) = frame {
            let argument = ThroughArgument { id: owner.id, x, y };
            let through: Through = self.call_at(&owner, "hands.through", &argument).await?;
            if through.gone {
                return Err(ActionError::ElementGone { index: target.index.0 });
            }
            if let Some(by) = through.covered {
                return Err(ActionError::Covered { index: target.index.0, by: clip(&by, 120) });
            }
            (x, y) = (through.x, through.y);
            frame = self.sight.owner(owner.world);
        }
        Ok((x, y))
    }
}

impl Target {
    /// The point at which input events reach the element.
    fn reachable(&self, located: &Located) -> Result<(f64, f64), ActionError> {
        if located.hidden {
            return Err(ActionError::NotPossible(format!("element {} is not visible", self.index)));
        }
        match &located.covered {
            Some(by) => Err(ActionError::Covered { index: self.index.0, by: clip(by, 120) }),
            None => Ok((located.x, located.y)),
        }
    }
}
