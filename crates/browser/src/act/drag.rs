//! Hover and drag.

use std::time::Duration;

use chromiumoxide_cdp::cdp::browser_protocol::input::{
    DispatchDragEventParams, DispatchDragEventReturns, DispatchDragEventType, DragData, DragDataItem,
    SetInterceptDragsParams,
};
use chromiumoxide_types::{Command, Method, MethodId};
use serde::Serialize;

use super::executor::{Executor, reject};
use super::mouse::{Point, hold, move_to};
use super::outcome::delivered;
use super::text::label;
use crate::context::VIEWPORT;
use agent::locator::Locator;
use agent::ports::{ActionError, ActionOutcome};
use cdp::Session;

/// Moves between two points. Pointer-based drag libraries expect several.
const STEPS: u32 = 8;
const MAX_PATH: usize = 100;
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
    pub(super) async fn hover(&self, index: &Locator) -> Result<ActionOutcome, ActionError> {
        let target = self.target(index).await?;
        let before = self.start_on(&target).await?;
        let located = self.locate(&target).await?;
        let point = self.reach(&target, &located).await?;
        move_to(&self.active()?.session, point, false).await?;
        self.settle(format!("Point at {}", label(&target.element)), &before).await
    }

    /// Drags an element, or a point inside it, to another element or along a path of offsets.
    pub(super) async fn drag(
        &self,
        from: &Locator,
        at: Option<Point>,
        to: Option<&Locator>,
        path: &[Point],
    ) -> Result<ActionOutcome, ActionError> {
        if path.len() > MAX_PATH || path.iter().any(|(dx, dy)| !(dx.is_finite() && dy.is_finite())) {
            reject!("a path has at most {MAX_PATH} points of finite numbers");
        }
        let source = self.target(from).await?;
        let mut before = self.start_on(&source).await?;
        let located = self.locate_at(&source, at).await?;
        before.expects_change = located.kind != "picture";
        let draggable = located.draggable;
        let start = self.reach(&source, &located).await?;
        let inside = |value: f64, size: i64| value.clamp(0.0, f64::from(i32::try_from(size).unwrap_or(0) - 1));
        let mut way = vec![start];
        way.extend(path.iter().map(|(dx, dy)| (inside(start.0 + dx, VIEWPORT.0), inside(start.1 + dy, VIEWPORT.1))));
        let description = match (to, path) {
            (Some(to), _) => {
                let target = self.target(to).await?;
                // Without scrolling: bringing the target into view could hide the source.
                let located = self.locate_unmoved(&target).await?;
                way.push(self.reach(&target, &located).await?);
                format!("Drag {} to {}", label(&source.element), label(&target.element))
            }
            (None, [.., (dx, dy)]) => format!("Drag {} by {dx}, {dy}", label(&source.element)),
            (None, []) => {
                reject!("say where to drag: `to` an element, or along a `path`");
            }
        };
        let session = self.active()?.session;
        if draggable {
            self.drag_data(&session, &way).await?;
        } else {
            drag_pointer(&session, &way).await?;
        }
        self.settle(description, &before).await
    }

    /// HTML drag and drop: Chromium hands over the data, and gets it back at the target.
    async fn drag_data(&self, session: &Session, way: &[Point]) -> Result<(), ActionError> {
        let end = way.last().copied().unwrap_or_default();
        delivered(session.call(SetInterceptDragsParams::new(true)).await)?;
        let dragged = self.start_drag(session, way).await;
        session.send(SetInterceptDragsParams::new(false));
        match dragged? {
            Some(data) => {
                let over = |kind, point: Point| DragEvent::new(kind, point, &data);
                let mut kind = DispatchDragEventType::DragEnter;
                for point in way.iter().skip(1) {
                    delivered(session.call(over(kind, *point)).await)?;
                    kind = DispatchDragEventType::DragOver;
                }
                delivered(session.call(over(DispatchDragEventType::DragOver, end)).await)?;
                delivered(session.call(over(DispatchDragEventType::Drop, end)).await)?;
            }
            // The page handled the press itself; continue as a pointer drag.
            None => move_along(session, way).await?,
        }
        hold(session, end, false).await
    }

    async fn start_drag(&self, session: &Session, way: &[Point]) -> Result<Option<DragData>, ActionError> {
        let [start, next, ..] = way else { return Ok(None) };
        move_to(session, *start, false).await?;
        hold(session, *start, true).await?;
        for step in 1..=2 {
            move_to(session, between(*start, *next, step), true).await?;
        }
        let taken = self.context.wait_until(|tabs| tabs.active().and_then(|tab| tab.dragged.take()));
        match tokio::time::timeout(DRAG_START, taken).await {
            Ok(data) => Ok(Some(data?)),
            Err(_) => Ok(None),
        }
    }
}

/// Presses at the first point, moves over all of them and releases at the last.
pub(super) async fn drag_pointer(session: &Session, way: &[Point]) -> Result<(), ActionError> {
    let [start, .., end] = way else { return Ok(()) };
    move_to(session, *start, false).await?;
    hold(session, *start, true).await?;
    move_along(session, way).await?;
    hold(session, *end, false).await
}

async fn move_along(session: &Session, way: &[Point]) -> Result<(), ActionError> {
    for leg in way.windows(2) {
        let [from, to] = leg else { break };
        for step in 1..=STEPS {
            move_to(session, between(*from, *to, step), true).await?;
        }
    }
    Ok(())
}

fn between(start: Point, end: Point, step: u32) -> Point {
    let part = f64::from(step) / f64::from(STEPS);
    (start.0 + (end.0 - start.0) * part, start.1 + (end.1 - start.1) * part)
}
