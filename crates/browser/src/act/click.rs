//! Clicking: at a point of the element that input events reach, with real ones.

use serde::{Deserialize, Serialize};

use super::mouse::{Point, Press, press};
use super::{ElementRef, Executor, Target, clip, label};
use crate::context::VIEWPORT;
use agent::action::MouseButton;
use agent::locator::Locator;
use agent::ports::{ActionError, ActionOutcome};

#[derive(Serialize)]
pub(super) struct LocateArgument {
    id: u32,
    /// Bring it into view first.
    scroll: bool,
    /// The point that is meant, from the element's corner.
    at: Option<Point>,
}

/// What `locate` found out.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Located {
    gone: bool,
    hidden: bool,
    /// The element's size, when the point that is meant is not in it.
    outside: Option<(f64, f64)>,
    covered: Option<String>,
    x: f64,
    y: f64,
    pub(super) kind: String,
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

/// What `frameToParent` found out: the point in the document that holds the frame.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Through {
    gone: bool,
    covered: Option<String>,
    x: f64,
    y: f64,
}

impl Executor<'_> {
    /// Clicks a point of the viewport, for what is no element: a canvas, a map.
    pub(super) async fn click_at(&self, point: Point, how: Press) -> Result<ActionOutcome, ActionError> {
        let (x, y) = point;
        let inside = |value: f64, size: i64| value >= 0.0 && value < size as f64;
        if !(inside(x, VIEWPORT.0) && inside(y, VIEWPORT.1)) {
            let (width, height) = VIEWPORT;
            return Err(ActionError::NotPossible(format!("the viewport is {width} by {height} pixels")));
        }
        let before = self.start_action().await?;
        press(&self.active()?.session, point, how).await?;
        self.settle(format!("Click at {x}, {y}"), &before).await
    }

    /// Clicks an element where it can be reached, or at a point in it.
    pub(super) async fn click(
        &self,
        index: &Locator,
        at: Option<Point>,
        how: Press,
    ) -> Result<ActionOutcome, ActionError> {
        let target = self.target(index).await?;
        let mut before = self.start_on(&target).await?;
        let located = self.locate_at(&target, at).await?;
        match located.kind.as_str() {
            "select" => {
                let options = located.options.unwrap_or_default();
                return Err(ActionError::NotPossible(format!(
                    "element {index} is a select; use `select` with one of: {}",
                    options.join(", ")
                )));
            }
            "file" => {
                return Err(ActionError::NotPossible(format!("element {index} takes files; use `upload`")));
            }
            _ if located.disabled => {
                return Err(ActionError::NotPossible(format!("element {index} is disabled")));
            }
            _ => {}
        }
        // What is painted in it changes without a trace that could be read.
        before.expects_change = located.kind != "picture";
        let point = self.reach(&target, &located).await?;
        // Input events go to the page's own session, in its coordinates, whichever frame they reach.
        press(&self.active()?.session, point, how).await?;
        let verb = match (how.button, how.count) {
            (MouseButton::Right, _) => "Right-click",
            (MouseButton::Middle, _) => "Middle-click",
            (MouseButton::Left, 1) => "Click",
            (MouseButton::Left, 2) => "Double-click",
            (MouseButton::Left, _) => "Triple-click",
        };
        let place = at.map(|(x, y)| format!(" at {x}, {y}")).unwrap_or_default();
        self.settle(format!("{verb} {}{place}", label(&target.element)), &before).await
    }

    pub(super) async fn locate(&self, target: &Target) -> Result<Located, ActionError> {
        self.locate_with(target, LocateArgument { id: target.place.id, scroll: true, at: None }).await
    }

    /// As [`Executor::locate`], a point in the element.
    pub(super) async fn locate_at(&self, target: &Target, at: Option<Point>) -> Result<Located, ActionError> {
        self.locate_with(target, LocateArgument { id: target.place.id, scroll: true, at }).await
    }

    /// As [`Executor::locate`], without scrolling to it.
    pub(super) async fn locate_unmoved(&self, target: &Target) -> Result<Located, ActionError> {
        self.locate_with(target, LocateArgument { id: target.place.id, scroll: false, at: None }).await
    }

    async fn locate_with(&self, target: &Target, argument: LocateArgument) -> Result<Located, ActionError> {
        let located: Located = self.call_at(&target.place, "locate", &argument).await?;
        if located.gone {
            return Err(ActionError::ElementGone { index: target.index.clone() });
        }
        Ok(located)
    }

    /// A point of an element in the coordinates of the page: up through the frames that hold it, each of which must let
    /// it through.
    pub(super) async fn reach(&self, target: &Target, located: &Located) -> Result<(f64, f64), ActionError> {
        let mut point = target.reachable(located)?;
        let mut frame = self.elements.owner(target.place.world);
        while let Some(owner) = frame {
            let lifted = self.through(&owner, point).await?;
            point = lifted.map_err(|by| ActionError::Covered { index: target.index.clone(), by })?;
            frame = self.elements.owner(owner.world);
        }
        Ok(point)
    }

    /// A point of a document's viewport in the coordinates of the page.
    pub(super) async fn to_page(&self, place: &ElementRef, mut point: Point) -> Result<Point, ActionError> {
        let mut frame = self.elements.owner(place.world);
        while let Some(owner) = frame {
            let lifted = self.through(&owner, point).await?;
            point = lifted.map_err(|by| ActionError::NotPossible(format!("its frame is covered by {by}")))?;
            frame = self.elements.owner(owner.world);
        }
        Ok(point)
    }

    /// A point in a frame as one of the document around it, or what covers the frame there.
    pub(super) async fn through(
        &self,
        owner: &ElementRef,
        (x, y): Point,
    ) -> Result<Result<Point, String>, ActionError> {
        let through: Through = self.call_at(owner, "frameToParent", &ThroughArgument { id: owner.id, x, y }).await?;
        if through.gone {
            return Err(ActionError::NotPossible("the frame is gone; look at the current list".into()));
        }
        Ok(match through.covered {
            Some(by) => Err(clip(&by, 120)),
            None => Ok((through.x, through.y)),
        })
    }
}

impl Target {
    /// The point at which input events reach the element.
    fn reachable(&self, located: &Located) -> Result<(f64, f64), ActionError> {
        if let Some((width, height)) = located.outside {
            return Err(ActionError::NotPossible(format!("element {} is {width} by {height} pixels", self.index)));
        }
        if located.hidden {
            return Err(ActionError::NotPossible(format!("element {} is not visible", self.index)));
        }
        match &located.covered {
            Some(by) => Err(ActionError::Covered { index: self.index.clone(), by: clip(by, 120) }),
            None => Ok((located.x, located.y)),
        }
    }
}
