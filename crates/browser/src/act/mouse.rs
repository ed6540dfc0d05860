//! Mouse events in page coordinates.

use chromiumoxide_cdp::cdp::browser_protocol::input::{
    self, DispatchMouseEventParams, DispatchMouseEventParamsBuilder, DispatchMouseEventType,
};

use super::outcome::delivered;
use agent::action::{Modifier, MouseButton};
use agent::ports::ActionError;
use cdp::Session;

/// A point of the viewport, CSS pixels.
pub(super) type Point = (f64, f64);

#[derive(Debug, Clone, Copy)]
pub(super) struct Press {
    pub(super) button: MouseButton,
    /// 2 for a double click.
    pub(super) count: u8,
    /// DevTools bit field: Alt 1, Control 2, Meta 4, Shift 8.
    pub(super) modifiers: i64,
    /// The page gets a frame for what the pointer brings about by being there.
    pub(super) hovers: bool,
}

impl Press {
    /// One that focuses a field.
    pub(super) const FOCUS: Self = Self { button: MouseButton::Left, count: 1, modifiers: 0, hovers: false };
}

impl Default for Press {
    fn default() -> Self {
        Self { button: MouseButton::Left, count: 1, modifiers: 0, hovers: true }
    }
}

pub(super) fn bits(modifiers: &[Modifier]) -> i64 {
    modifiers.iter().fold(0, |bits, modifier| {
        bits | match modifier {
            Modifier::Alt => 1,
            Modifier::Control => 2,
            Modifier::Meta => 4,
            Modifier::Shift => 8,
        }
    })
}

/// Moves the mouse to where it is to press. The page has a frame for what that brings about.
pub(super) async fn point_at(session: &Session, at: Point, press: Press) -> Result<(), ActionError> {
    let moved = event(DispatchMouseEventType::MouseMoved, at).modifiers(press.modifiers);
    delivered(session.call(build(moved)).await)
}

/// Moves, presses and releases. The events are pipelined, since awaiting a move costs a frame.
pub(super) async fn press(session: &Session, at: Point, press: Press) -> Result<(), ActionError> {
    let mut sent = Vec::new();
    if press.hovers {
        point_at(session, at, press).await?;
    } else {
        sent.push(session.call(build(event(DispatchMouseEventType::MouseMoved, at).modifiers(press.modifiers))));
    }
    for count in 1..=press.count {
        let (button, held) = protocol(press.button);
        let step = |kind, held| {
            let event = event(kind, at).button(button.clone()).buttons(held).modifiers(press.modifiers);
            build(event.click_count(i64::from(count)))
        };
        sent.push(session.call(step(DispatchMouseEventType::MousePressed, held)));
        sent.push(session.call(step(DispatchMouseEventType::MouseReleased, 0)));
    }
    for reply in sent {
        delivered(reply.await)?;
    }
    Ok(())
}

/// Moves the mouse, with the left button held while dragging.
pub(super) async fn move_to(session: &Session, to: Point, dragging: bool) -> Result<(), ActionError> {
    let mut moved = event(DispatchMouseEventType::MouseMoved, to);
    if dragging {
        moved = moved.button(input::MouseButton::Left).buttons(1);
    }
    delivered(session.call(build(moved)).await)
}

/// Presses or releases the left button.
pub(super) async fn hold(session: &Session, at: Point, down: bool) -> Result<(), ActionError> {
    let kind = if down { DispatchMouseEventType::MousePressed } else { DispatchMouseEventType::MouseReleased };
    let held = event(kind, at).button(input::MouseButton::Left).buttons(i64::from(down)).click_count(1);
    delivered(session.call(build(held)).await)
}

fn event(kind: DispatchMouseEventType, (x, y): Point) -> DispatchMouseEventParamsBuilder {
    DispatchMouseEventParams::builder().r#type(kind).x(x).y(y)
}

fn build(event: DispatchMouseEventParamsBuilder) -> DispatchMouseEventParams {
    event.build().expect("type and place are set")
}

/// The button's DevTools name and its bit in `buttons`.
fn protocol(button: MouseButton) -> (input::MouseButton, i64) {
    match button {
        MouseButton::Left => (input::MouseButton::Left, 1),
        MouseButton::Right => (input::MouseButton::Right, 2),
        MouseButton::Middle => (input::MouseButton::Middle, 4),
    }
}
