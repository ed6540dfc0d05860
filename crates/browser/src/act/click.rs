//! Clicks, sent as real input events to a point where they reach the element.

use serde::Deserialize;
use serde_json::json;

use super::executor::{Executor, Target, reject};
use super::mouse::{Point, Press, point_at, press};
use super::page_diff::Input;
use super::text::{clip, label};
use crate::context::VIEWPORT;
use crate::isolated_world::{PageDocuments, WorldId};
use agent::action::MouseButton;
use agent::locator::Locator;
use agent::ports::{ActionError, ActionOutcome};

/// How many times a press follows an element that moves away from under the pointer.
const MAX_FOLLOWED: usize = 3;

/// What `locate` found out.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Located {
    hidden: bool,
    /// The element's size, if the requested point is outside it.
    outside: Option<(f64, f64)>,
    covered: Option<String>,
    x: f64,
    y: f64,
    /// Where the element was.
    left: f64,
    top: f64,
    pub(super) kind: String,
    pub(super) disabled: bool,
    pub(super) draggable: bool,
    /// What it holds is not shown, whatever its type is now.
    pub(super) secret: bool,
    pub(super) focused: bool,
    options: Option<Vec<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Moved {
    moved: bool,
}

impl Executor<'_> {
    /// Clicks a point of the viewport that is not an element: a canvas, a map.
    pub(super) async fn click_at(&self, point: Point, how: Press) -> Result<ActionOutcome, ActionError> {
        let (x, y) = point;
        let (width, height) = VIEWPORT;
        let inside = |value: f64, size: i64| value >= 0.0 && value < size as f64;
        if !(inside(x, width) && inside(y, height)) {
            reject!("the viewport is {width} by {height} pixels");
        }
        let start = self.start_action().await?;
        press(&self.active()?.session, point, how).await?;
        self.settle(format!("Click at {x}, {y}"), &start).await
    }

    /// Clicks an element, optionally at a point inside it.
    pub(super) async fn click(
        &self,
        index: &Locator,
        at: Option<Point>,
        how: Press,
    ) -> Result<ActionOutcome, ActionError> {
        let target = self.target(index).await?;
        let mut start = self.start_on(&target).await?;
        let located = self.locate_at(&target, at).await?;
        match located.kind.as_str() {
            "select" => {
                let options = located.options.unwrap_or_default().join(", ");
                reject!("element {index} is a select; use `select` with one of: {options}");
            }
            "file" => reject!("element {index} takes files; use `upload`"),
            _ if located.disabled => reject!("element {index} is disabled"),
            _ => {}
        }
        // Canvas content changes without anything the diff could read.
        start.expects_change = located.kind != "picture";
        start.input = Some(Input::Press).filter(|_| start.expects_change);
        self.press_on(&target, &located, how).await?;
        let verb = match (how.button, how.count) {
            (MouseButton::Right, _) => "Right-click",
            (MouseButton::Middle, _) => "Middle-click",
            (MouseButton::Left, 1) => "Click",
            (MouseButton::Left, 2) => "Double-click",
            (MouseButton::Left, _) => "Triple-click",
        };
        let place = at.map(|(x, y)| format!(" at {x}, {y}")).unwrap_or_default();
        self.settle(format!("{verb} {}{place}", label(&target.element)), &start).await
    }

    /// Clicks where input events reach the element. They go to the page's session in page coordinates, whichever frame
    /// they hit. An element that moves on meanwhile, as on pages that glide after scrolling, is followed.
    pub(super) async fn press_on(&self, target: &Target, located: &Located, how: Press) -> Result<(), ActionError> {
        let session = self.active()?.session;
        let mut point = self.reach(target, located).await?;
        if !how.hovers {
            return press(&session, point, how).await;
        }
        let Located { mut x, mut y, mut left, mut top, .. } = *located;
        for _ in 0..MAX_FOLLOWED {
            point_at(&session, point, how).await?;
            let argument = json!({ "id": target.place.id, "x": x, "y": y, "left": left, "top": top });
            // What the pointer has replaced or left is pressed where it was.
            let moved = self.call_target(target, "movedAway", &argument).await;
            if !moved.is_ok_and(|Moved { moved }| moved) {
                break;
            }
            let located = self.locate_at(target, Some((x - left, y - top))).await?;
            point = self.reach(target, &located).await?;
            Located { x, y, left, top, .. } = located;
        }
        press(&session, point, Press { hovers: false, ..how }).await
    }

    /// Scrolls the element into view and finds a point to click.
    pub(super) async fn locate(&self, target: &Target) -> Result<Located, ActionError> {
        self.locate_at(target, None).await
    }

    /// Like [`Executor::locate`], for a point relative to the element's corner.
    pub(super) async fn locate_at(&self, target: &Target, at: Option<Point>) -> Result<Located, ActionError> {
        let argument = json!({ "id": target.place.id, "scroll": true, "at": at });
        self.call_target(target, "locate", &argument).await
    }

    /// Like [`Executor::locate`], without scrolling.
    pub(super) async fn locate_unmoved(&self, target: &Target, at: Option<Point>) -> Result<Located, ActionError> {
        let argument = json!({ "id": target.place.id, "scroll": false, "at": at });
        self.call_target(target, "locate", &argument).await
    }

    /// A point of the element in page coordinates, checked for cover in every enclosing frame.
    pub(super) async fn reach(&self, target: &Target, located: &Located) -> Result<Point, ActionError> {
        let point = target.reachable(located)?;
        let reached = self.through_frames(self.elements.documents(), target.place.world, point).await?;
        reached.map_err(|by| ActionError::Covered { index: target.index.clone(), by })
    }

    /// Converts a point of a document's viewport to page coordinates.
    pub(super) async fn to_page(
        &self,
        documents: &PageDocuments,
        world: WorldId,
        point: Point,
    ) -> Result<Point, ActionError> {
        match self.through_frames(documents, world, point).await? {
            Ok(point) => Ok(point),
            Err(by) => reject!("its frame is covered by {by}"),
        }
    }
}

impl Located {
    /// Whether no part of the element is in the viewport.
    pub(super) fn is_hidden(&self) -> bool {
        self.hidden
    }
}

impl Target {
    /// The point at which input events reach the element, in its document's viewport.
    fn reachable(&self, located: &Located) -> Result<Point, ActionError> {
        let index = &self.index;
        if let Some((width, height)) = located.outside {
            reject!("element {index} is {width} by {height} pixels");
        }
        if located.hidden {
            reject!("element {index} is not visible");
        }
        match &located.covered {
            Some(by) => Err(ActionError::Covered { index: index.clone(), by: clip(by, 120) }),
            None => Ok((located.x, located.y)),
        }
    }
}
