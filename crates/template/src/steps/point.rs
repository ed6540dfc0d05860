//! Pointing, clicking in unusual ways, and dragging.

use super::look::Aim;
use super::{Move, Scene};
use crate::find::Use;
use crate::goal::Pointing;
use crate::target::Target;
use agent::action::{Action, MouseButton};
use agent::observation::ElementIndex;

impl Scene<'_> {
    pub(super) fn point(&self, target: &Target, how: Pointing) -> Move {
        match self.aim(target, Use::Click) {
            Aim::At(element, exact) => Move::on(how.action(element.index), exact),
            Aim::Elsewhere(elsewhere) => elsewhere,
        }
    }

    pub(super) fn drag(&self, from: &Target, to: &Target) -> Move {
        let from = match self.aim(from, Use::Click) {
            Aim::At(element, _) => element,
            Aim::Elsewhere(elsewhere) => return elsewhere,
        };
        match self.aim(to, Use::Click) {
            Aim::At(to, _) => Move::on(
                Action::Drag { from: from.index.into(), x: None, y: None, to: Some(to.index.into()), path: None },
                false,
            ),
            Aim::Elsewhere(elsewhere) => elsewhere,
        }
    }
}

impl Pointing {
    fn action(self, index: ElementIndex) -> Action {
        let click = |button, count| Action::Click {
            index: Some(index.into()),
            x: None,
            y: None,
            button,
            count,
            modifiers: None,
        };
        match self {
            Self::Hover => Action::Hover { index: index.into() },
            Self::DoubleClick => click(None, Some(2)),
            Self::RightClick => click(Some(MouseButton::Right), None),
        }
    }
}
