//! Clicking: at a point of the element that input events reach, with real ones.

use chromiumoxide_cdp::cdp::browser_protocol::input::{DispatchMouseEventParams, DispatchMouseEventType, MouseButton};
use serde::{Deserialize, Serialize};

use super::{Hands, IdArgument, Target, clip, delivered, label};
use crate::agent::action::ElementIndex;
use crate::agent::ports::{ActionError, ActionOutcome};
use crate::browser::cdp::Session;

#[derive(Serialize)]
pub(super) struct LocateArgument {
    id: u32,
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
    pub(super) async fn click(&self, index: ElementIndex) -> Result<ActionOutcome, ActionError> {
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
                    "element {index} takes files; its file dialog cannot be used"
                )));
            }
            _ if located.disabled => {
                return Err(ActionError::NotPossible(format!("element {index} is disabled")));
            }
            _ => {}
        }
        let point = self.reach(&target, &located).await?;
        // Input events go to the page's own session, in its coordinates, whichever frame they reach.
        press(&self.active()?.session, point).await?;
        let mut outcome = self.settle(format!("Click {}", label(&target.element)), &before).await?;
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
        let located: Located =
            self.call_at(&target.place, "hands.locate", &LocateArgument { id: target.place.id }).await?;
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

/// Move, press and release, sent in one go: waiting in between costs a frame each.
pub(super) async fn press(session: &Session, (x, y): (f64, f64)) -> Result<(), ActionError> {
    let event = |kind, buttons| {
        DispatchMouseEventParams::builder()
            .r#type(kind)
            .x(x)
            .y(y)
            .button(MouseButton::Left)
            .buttons(buttons)
            .click_count(1)
    };
    let moved = DispatchMouseEventParams::new(DispatchMouseEventType::MouseMoved, x, y);
    let pressed = event(DispatchMouseEventType::MousePressed, 1).build().expect("type and place are set");
    let released = event(DispatchMouseEventType::MouseReleased, 0).build().expect("type and place are set");
    let sent = (session.call(moved), session.call(pressed), session.call(released));
    delivered(sent.0.await)?;
    delivered(sent.1.await)?;
    delivered(sent.2.await)
}
