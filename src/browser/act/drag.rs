//! Pointing and dragging.

use std::time::Duration;

use chromiumoxide_cdp::cdp::browser_protocol::input::{
    DispatchDragEventParams, DispatchDragEventType, DragData, SetInterceptDragsParams,
};

use super::mouse::{Point, hold, move_to};
use super::{Hands, delivered, label};
use crate::agent::action::ElementIndex;
use crate::agent::ports::{ActionError, ActionOutcome};
use crate::browser::cdp::Session;
use crate::browser::context::VIEWPORT;

/// Moves between press and release. Libraries that drag by pointer events want to see a few.
const STEPS: u32 = 8;
/// How long a page may take to start dragging something that says it is draggable.
const DRAG_START: Duration = Duration::from_millis(500);

impl Hands<'_> {
    pub(super) async fn hover(&self, index: ElementIndex) -> Result<ActionOutcome, ActionError> {
        let target = self.target(index).await?;
        let before = self.before()?;
        let located = self.locate(&target).await?;
        let point = self.reach(&target, &located).await?;
        move_to(&self.active()?.session, point, false).await?;
        self.settle(format!("Point at {}", label(&target.element)), &before).await
    }

    pub(super) async fn drag(
        &self,
        from: ElementIndex,
        to: Option<ElementIndex>,
        offset: Option<(f64, f64)>,
    ) -> Result<ActionOutcome, ActionError> {
        let source = self.target(from).await?;
        let before = self.before()?;
        let located = self.locate(&source).await?;
        let draggable = located.draggable;
        let start = self.reach(&source, &located).await?;
        let (end, description) = match (to, offset) {
            (Some(to), _) => {
                let target = self.target(to).await?;
                // Brought into view together or not at all: scrolling for the one may hide the other.
                let located = self.locate_unmoved(&target).await?;
                let end = self.reach(&target, &located).await?;
                (end, format!("Drag {} to {}", label(&source.element), label(&target.element)))
            }
            (None, Some((dx, dy))) => {
                let inside = |value: f64, size: i64| value.clamp(0.0, f64::from(i32::try_from(size).unwrap_or(0) - 1));
                let end = (inside(start.0 + dx, VIEWPORT.0), inside(start.1 + dy, VIEWPORT.1));
                (end, format!("Drag {} by {dx}, {dy}", label(&source.element)))
            }
            (None, None) => {
                return Err(ActionError::NotPossible("say where to drag: `to` an element, or by `dx` and `dy`".into()));
            }
        };
        let session = self.active()?.session;
        if draggable {
            self.drag_data(&session, start, end).await?;
        } else {
            drag_pointer(&session, start, end).await?;
        }
        self.settle(description, &before).await
    }

    /// HTML's drag and drop: the browser hands over what is dragged, and gets it back over the target.
    async fn drag_data(&self, session: &Session, start: Point, end: Point) -> Result<(), ActionError> {
        delivered(session.call(SetInterceptDragsParams::new(true)).await)?;
        let dragged = self.start_drag(session, start, end).await;
        session.tell(SetInterceptDragsParams::new(false));
        match dragged? {
            Some(data) => {
                for kind in
                    [DispatchDragEventType::DragEnter, DispatchDragEventType::DragOver, DispatchDragEventType::Drop]
                {
                    delivered(session.call(DispatchDragEventParams::new(kind, end.0, end.1, data.clone())).await)?;
                }
            }
            // The page took the press for itself; the rest is moves.
            None => move_along(session, start, end).await?,
        }
        hold(session, end, false).await
    }

    async fn start_drag(&self, session: &Session, start: Point, end: Point) -> Result<Option<DragData>, ActionError> {
        move_to(session, start, false).await?;
        hold(session, start, true).await?;
        for step in 1..=2 {
            move_to(session, between(start, end, step), true).await?;
        }
        let taken = self.context.until(|tabs| tabs.active().and_then(|tab| tab.dragged.take()));
        match tokio::time::timeout(DRAG_START, taken).await {
            Ok(data) => Ok(Some(data?)),
            Err(_) => Ok(None),
        }
    }
}

async fn drag_pointer(session: &Session, start: Point, end: Point) -> Result<(), ActionError> {
    move_to(session, start, false).await?;
    hold(session, start, true).await?;
    move_along(session, start, end).await?;
    hold(session, end, false).await
}

async fn move_along(session: &Session, start: Point, end: Point) -> Result<(), ActionError> {
    for step in 1..=STEPS {
        move_to(session, between(start, end, step), true).await?;
    }
    Ok(())
}

fn between(start: Point, end: Point, step: u32) -> Point {
    let part = f64::from(step) / f64::from(STEPS);
    (start.0 + (end.0 - start.0) * part, start.1 + (end.1 - start.1) * part)
}
