//! Hover and drag.

use std::time::Duration;

use chromiumoxide_cdp::cdp::browser_protocol::input::{
    DispatchDragEventParams, DispatchDragEventReturns, DispatchDragEventType, DragData, DragDataItem,
    SetInterceptDragsParams,
};
use chromiumoxide_types::{Command, Method, MethodId};
use serde::Serialize;

use super::executor::{Executor, Target, reject};
use super::mouse::{Point, hold, move_to};
use super::outcome::delivered;
use super::text::label;
use crate::context::VIEWPORT;
use crate::context::tabs::Tabs;
use agent::locator::Locator;
use agent::ports::{ActionError, ActionOutcome};
use cdp::Session;

/// Moves between two points. Pointer-based drag libraries expect several.
const STEPS: u32 = 8;
const MAX_PATH: usize = 100;
/// Moves at the end of a drag; each takes a frame.
const REST: usize = 2;
/// How far to move down to start a drag whose end is not in view yet, in pixels.
const NUDGE: f64 = 24.0;
/// How long a draggable element may take to start a drag.
const DRAG_START: Duration = Duration::from_millis(500);

/// `Input.dispatchDragEvent`. The generated type omits an empty `items`, which Chromium rejects; pages that keep the
/// dragged data in script send none.
#[derive(Debug, Serialize)]
struct DragEvent<'a> {
    #[serde(rename = "type")]
    kind: DispatchDragEventType,
    x: f64,
    y: f64,
    data: Dragged<'a>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Dragged<'a> {
    items: &'a [DragDataItem],
    #[serde(skip_serializing_if = "Option::is_none")]
    files: Option<&'a [String]>,
    drag_operations_mask: i64,
}

impl Method for DragEvent<'_> {
    fn identifier(&self) -> MethodId {
        DispatchDragEventParams::IDENTIFIER.into()
    }
}

impl Command for DragEvent<'_> {
    type Response = DispatchDragEventReturns;
}

impl<'a> DragEvent<'a> {
    fn new(kind: DispatchDragEventType, (x, y): Point, data: &'a DragData) -> Self {
        let DragData { items, files, drag_operations_mask } = data;
        let data = Dragged { items, files: files.as_deref(), drag_operations_mask: *drag_operations_mask };
        Self { kind, x, y, data }
    }
}

impl Executor<'_> {
    /// Points at an element, or at a point inside it.
    pub(super) async fn hover(&self, index: &Locator, at: Option<Point>) -> Result<ActionOutcome, ActionError> {
        let target = self.target(index).await?;
        let before = self.start_on(&target).await?;
        let point = self.point_of(&target, at).await?;
        move_to(&self.active()?.session, point, false).await?;
        let place = at.map(|(x, y)| format!(" at {x}, {y}")).unwrap_or_default();
        self.settle(format!("Point at {}{place}", label(&target.element)), &before).await
    }

    /// Drags an element, or a point inside it, to another element, a point inside that, or along a path of offsets.
    pub(super) async fn drag(
        &self,
        from: (&Locator, Option<Point>),
        to: Option<(&Locator, Option<Point>)>,
        path: &[Point],
    ) -> Result<ActionOutcome, ActionError> {
        if path.len() > MAX_PATH || path.iter().any(|(dx, dy)| !(dx.is_finite() && dy.is_finite())) {
            reject!("a path has at most {MAX_PATH} points of finite numbers");
        }
        let source = self.target(from.0).await?;
        let mut before = self.start_on(&source).await?;
        let located = self.locate_at(&source, from.1).await?;
        before.expects_change = located.kind != "picture";
        let start = self.reach(&source, &located).await?;
        let inside = |value: f64, size: i64| value.clamp(0.0, f64::from(i32::try_from(size).unwrap_or(0) - 1));
        let offset = |(dx, dy): &Point| (inside(start.0 + dx, VIEWPORT.0), inside(start.1 + dy, VIEWPORT.1));
        let mut way: Vec<Point> = path.iter().map(offset).collect();
        let mut below = None;
        let description = match (to, path) {
            (Some((to, at)), _) => {
                let target = self.target(to).await?;
                // Without scrolling: bringing the target into view could hide the source.
                let seen = self.locate_unmoved(&target, at).await?;
                let description = format!("Drag {} to {}", label(&source.element), label(&target.element));
                if seen.is_hidden() {
                    below = Some((target, at));
                } else {
                    way.push(self.reach(&target, &seen).await?);
                }
                description
            }
            (None, [.., (dx, dy)]) => format!("Drag {} by {dx}, {dy}", label(&source.element)),
            (None, []) => {
                reject!("say where to drag: `to` an element, or along a `path`");
            }
        };
        let session = self.active()?.session;
        let toward = way.first().copied().unwrap_or((start.0, inside(start.1 + NUDGE, VIEWPORT.1)));
        let data = self.start_drag(&session, start, toward, located.draggable).await?;
        if let Some((target, at)) = below {
            // The page is scrolled with the button held, as with a wheel.
            match self.point_of(&target, at).await {
                Ok(point) => way.push(point),
                Err(error) => {
                    self.end_drag(&session, data.as_ref(), &[start], start).await?;
                    return Err(error);
                }
            }
        }
        self.end_drag(&session, data.as_ref(), &way, start).await?;
        self.settle(description, &before).await
    }

    /// Where an element, or a point inside it, can be reached once it is in view.
    async fn point_of(&self, target: &Target, at: Option<Point>) -> Result<Point, ActionError> {
        let located = self.locate_at(target, at).await?;
        self.reach(target, &located).await
    }

    /// Presses at a point and moves a little, until a draggable element starts a drag. Returns the data of an HTML drag,
    /// which Chromium hands over.
    async fn start_drag(
        &self,
        session: &Session,
        start: Point,
        toward: Point,
        is_draggable: bool,
    ) -> Result<Option<DragData>, ActionError> {
        if is_draggable {
            delivered(session.call(SetInterceptDragsParams::new(true)).await)?;
        }
        move_to(session, start, false).await?;
        hold(session, start, true).await?;
        for step in 1..=2 {
            move_to(session, between(start, toward, step), true).await?;
        }
        if !is_draggable {
            return Ok(None);
        }
        let take = |tabs: &mut Tabs| tabs.active().and_then(|tab| tab.dragged.take());
        let taken = self.context.wait_within(DRAG_START, take).await;
        session.send(SetInterceptDragsParams::new(false));
        // Without data the page handles the press itself: a pointer drag.
        Ok(taken?)
    }

    /// Moves along a way and lets go at its end, or drops the data of an HTML drag there.
    async fn end_drag(
        &self,
        session: &Session,
        data: Option<&DragData>,
        way: &[Point],
        start: Point,
    ) -> Result<(), ActionError> {
        let end = way.last().copied().unwrap_or(start);
        let Some(data) = data else {
            move_along(session, start, way).await?;
            return hold(session, end, false).await;
        };
        let over = |kind, point: Point| DragEvent::new(kind, point, data);
        let mut kind = DispatchDragEventType::DragEnter;
        for point in way {
            delivered(session.call(over(kind, *point)).await)?;
            kind = DispatchDragEventType::DragOver;
        }
        delivered(session.call(over(DispatchDragEventType::DragOver, end)).await)?;
        delivered(session.call(over(DispatchDragEventType::Drop, end)).await)?;
        hold(session, end, false).await
    }
}

/// Presses at the first point, moves over all of them and releases at the last.
pub(super) async fn drag_pointer(session: &Session, way: &[Point]) -> Result<(), ActionError> {
    let [start, rest @ ..] = way else { return Ok(()) };
    move_to(session, *start, false).await?;
    hold(session, *start, true).await?;
    move_along(session, *start, rest).await?;
    hold(session, *rest.last().unwrap_or(start), false).await
}

/// Moves over the points of a way, and stays at its last for a moment: what is below a pointer that rests is what many
/// pages drop onto.
async fn move_along(session: &Session, mut from: Point, way: &[Point]) -> Result<(), ActionError> {
    // Long paths are drawn: their points are close to each other.
    let steps = if way.len() > STEPS as usize { 1 } else { STEPS };
    for to in way {
        for step in 1..=steps {
            let part = f64::from(step) / f64::from(steps);
            move_to(session, (from.0 + (to.0 - from.0) * part, from.1 + (to.1 - from.1) * part), true).await?;
        }
        from = *to;
    }
    for _ in 0..REST {
        move_to(session, from, true).await?;
    }
    Ok(())
}

fn between(start: Point, end: Point, step: u32) -> Point {
    let part = f64::from(step) / f64::from(STEPS);
    (start.0 + (end.0 - start.0) * part, start.1 + (end.1 - start.1) * part)
}
