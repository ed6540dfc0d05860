//! Points of frames as points of the page, however the frames are transformed, zoomed and nested.
//!
//! A frame's viewport is a rectangle in its own pixels, painted as a quadrilateral in its parent. `DOM.getBoxModel`
//! reports that quadrilateral, in the viewport of the parent's local root: the outermost document of the same DevTools
//! session. Two such quadrilaterals, one applied and one inverted, lead from a frame to its parent.

use std::iter::successors;

use chromiumoxide_cdp::cdp::browser_protocol::dom::{BoxModel, GetBoxModelParams};
use serde::Deserialize;
use serde_json::json;

use super::executor::{Executor, reject};
use super::mouse::Point;
use super::text::clip;
use crate::error::browser_error;
use crate::isolated_world::{Document, ElementRef, FrameDocument, ObjectGroup, PageDocuments, WorldId, owner_of};
use agent::ports::ActionError;
use cdp::CdpError;

/// Depth of nested frames through which a point is followed.
const MAX_DEPTH: usize = 20;
/// Looks at where a frame is painted, after it was scrolled.
const MAX_LOOKS: u32 = 3;

/// A document's viewport in its own pixels.
#[derive(Debug, Deserialize)]
struct Viewport {
    width: f64,
    height: f64,
}

/// What `hitFrame` found out.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Hit {
    gone: bool,
    /// The point was outside the viewport; the frame was scrolled.
    scrolled: bool,
    covered: Option<String>,
}

impl Executor<'_> {
    /// A point of a document's viewport as a point of the page, or what covers one of the frames around it there.
    pub(super) async fn through_frames(
        &self,
        documents: &PageDocuments,
        world: WorldId,
        mut point: Point,
    ) -> Result<Result<Point, String>, ActionError> {
        let Some(FrameDocument { document, .. }) = documents.get(&world) else { return Ok(Ok(point)) };
        // Innermost first.
        let owners = successors(owner_of(documents, world), |owner| owner_of(documents, owner.world));
        let owners: Vec<ElementRef> = owners.take(MAX_DEPTH).collect();
        let mut inner = document.clone();
        for (at, owner) in owners.iter().enumerate() {
            let mut hit = Hit { scrolled: true, ..Hit::default() };
            let mut lifted = point;
            for _ in 0..MAX_LOOKS {
                lifted = self.lift(&inner, owner, owners.get(at + 1), point).await?;
                let argument = json!({ "id": owner.id, "x": lifted.0, "y": lifted.1 });
                hit = self.call_at(owner, "hitFrame", &argument).await?;
                if !hit.scrolled {
                    break;
                }
            }
            if hit.gone {
                reject!("the frame is gone; look at the current list");
            }
            if hit.scrolled {
                return Ok(Err("something outside this frame".into()));
            }
            if let Some(by) = hit.covered {
                return Ok(Err(clip(&by, 120)));
            }
            point = lifted;
            inner = owner.document.clone();
        }
        Ok(Ok(point))
    }

    /// A point of a frame's viewport as a point of its parent's. `above` is the element of the parent's own frame.
    async fn lift(
        &self,
        inner: &Document,
        owner: &ElementRef,
        above: Option<&ElementRef>,
        point: Point,
    ) -> Result<Point, ActionError> {
        let painted = self.painted(inner, owner).await?.apply(point);
        match above.filter(|above| above.document.session.id() == owner.document.session.id()) {
            // The parent is no local root.
            Some(above) => Ok(self.painted(&owner.document, above).await?.inverse().apply(painted)),
            None => Ok(painted),
        }
    }

    /// The mapping from a frame's viewport to where it is painted in the viewport of its parent's local root.
    async fn painted(&self, inner: &Document, owner: &ElementRef) -> Result<Projection, ActionError> {
        let Viewport { width, height } = self.call_in(inner, "viewport", &()).await?;
        let group = self.worlds.group();
        let boxes = self.box_model(owner, &group).await;
        self.worlds.release(&owner.document, group);
        let boxes = boxes?;
        match boxes.content.inner()[..] {
            [x0, y0, x1, y1, x2, y2, x3, y3] => {
                Ok(Projection::new((width, height), [(x0, y0), (x1, y1), (x2, y2), (x3, y3)]))
            }
            _ => reject!("the frame is not painted"),
        }
    }

    async fn box_model(&self, owner: &ElementRef, group: &ObjectGroup) -> Result<BoxModel, ActionError> {
        let object = self.worlds.object_of(&owner.document, owner.id, group).await?;
        let asked = GetBoxModelParams::builder().object_id(object).build();
        match owner.document.session.call(asked).await {
            Ok(boxes) => Ok(boxes.model),
            Err(CdpError::Refused { .. }) => reject!("the frame has no place on the page; look at the current list"),
            Err(error) => Err(browser_error(error).into()),
        }
    }
}

/// A projective mapping of the plane, as a matrix in rows.
#[derive(Debug, Clone, Copy)]
struct Projection([[f64; 3]; 3]);

impl Projection {
    /// Maps a rectangle at the origin to a quadrilateral, corners clockwise from the top left. Source: P. Heckbert,
    /// "Fundamentals of Texture Mapping and Image Warping", 1989, section 2.2.3.
    fn new((width, height): (f64, f64), [p0, p1, p2, p3]: [Point; 4]) -> Self {
        let (dx1, dx2, dx3) = (p1.0 - p2.0, p3.0 - p2.0, p0.0 - p1.0 + p2.0 - p3.0);
        let (dy1, dy2, dy3) = (p1.1 - p2.1, p3.1 - p2.1, p0.1 - p1.1 + p2.1 - p3.1);
        let area = dx1 * dy2 - dx2 * dy1;
        let (g, h) = ((dx3 * dy2 - dx2 * dy3) / area, (dx1 * dy3 - dx3 * dy1) / area);
        Self([
            [(p1.0 - p0.0 + g * p1.0) / width, (p3.0 - p0.0 + h * p3.0) / height, p0.0],
            [(p1.1 - p0.1 + g * p1.1) / width, (p3.1 - p0.1 + h * p3.1) / height, p0.1],
            [g / width, h / height, 1.0],
        ])
    }

    fn apply(&self, (x, y): Point) -> Point {
        let [first, second, third] = self.0.map(|[a, b, c]| a * x + b * y + c);
        (first / third, second / third)
    }

    /// Up to a factor, which a projection does not have.
    fn inverse(&self) -> Self {
        let [[a, b, c], [d, e, f], [g, h, i]] = self.0;
        Self([
            [e * i - f * h, c * h - b * i, b * f - c * e],
            [f * g - d * i, a * i - c * g, c * d - a * f],
            [d * h - e * g, b * g - a * h, a * e - b * d],
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_near(left: Point, right: Point) {
        assert!((left.0 - right.0).abs() < 1e-9 && (left.1 - right.1).abs() < 1e-9, "{left:?} is not {right:?}");
    }

    #[test]
    fn a_projection_maps_corners_to_corners_and_back() {
        let corners = [(0.0, 0.0), (300.0, 0.0), (300.0, 160.0), (0.0, 160.0)];
        for quadrilateral in [
            [(30.0, 80.0), (330.0, 80.0), (330.0, 240.0), (30.0, 240.0)],
            [(30.0, 80.0), (180.0, 80.0), (180.0, 160.0), (30.0, 160.0)],
            [(190.0, 10.0), (190.0, 310.0), (30.0, 310.0), (30.0, 10.0)],
            [(30.0, 80.0), (300.0, 90.0), (280.0, 220.0), (40.0, 240.0)],
        ] {
            let projection = Projection::new((300.0, 160.0), quadrilateral);
            for (corner, painted) in corners.into_iter().zip(quadrilateral) {
                assert_near(projection.apply(corner), painted);
                assert_near(projection.inverse().apply(painted), corner);
            }
            let middle = (150.0, 80.0);
            assert_near(projection.inverse().apply(projection.apply(middle)), middle);
        }
    }
}
