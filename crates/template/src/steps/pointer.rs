//! Hovers, double-clicks, right-clicks, drags, and sorts tables.

use super::{Move, Scene};
use crate::find::{self, Use};
use crate::goal::{Order, Pointing};
use crate::target::Target;
use crate::text::{fold, quote};
use agent::action::{Action, MouseButton};
use agent::observation::ElementIndex;

impl Scene<'_> {
    pub(super) fn point(&self, target: &Target, how: Pointing) -> Move {
        self.with(target, Use::Click, |element, exact| Move::on(how.action(element.index), exact))
    }

    pub(super) fn drag(&self, from: &Target, to: &Target) -> Move {
        self.with(from, Use::Click, |from, _| {
            self.with(to, Use::Click, |to, _| {
                let (from, to) = (from.index.into(), Some(to.index.into()));
                Move::on(Action::Drag { from, x: None, y: None, to, path: None }, false)
            })
        })
    }

    /// By the list that says "sort", else by the column's heading, which most tables turn round at a second click.
    pub(super) fn sort(&self, by: &str, order: Option<Order>) -> Move {
        let elements = &self.observation.view.elements;
        let sorts =
            |name: &str| fold(name).split(' ').any(|word| matches!(word, "sort" | "sorted" | "order" | "sorting"));
        if let Some(list) = elements.iter().find(|element| find::is_select(element) && sorts(&element.name)) {
            let wanted = match order {
                Some(order) => list.options.iter().find(|option| find::fits_text(by, option) && order.is_said(option)),
                None => list.options.iter().find(|option| find::fits_text(by, option)),
            };
            return match wanted {
                Some(option) => {
                    Move::on(Action::Select { index: list.index.into(), options: vec![option.clone()] }, false)
                }
                None => Move::Impossible(format!("{} has no such order", quote(&list.name))),
            };
        }
        self.with(&Target::named(by), Use::Click, |heading, _| {
            let click = Action::click(heading.index);
            let Some(order) = order else { return Move::on(click, false) };
            match (self.sorted(heading.index), self.progress.prepared) {
                (Some(now), _) if now == order => Move::Finished(None),
                (_, 0 | 1) => Move::prepare(click),
                _ => Move::Impossible(format!(
                    "the column {} does not say that it is sorted {}",
                    quote(by),
                    order.name()
                )),
            }
        })
    }

    /// How a column is sorted, by its heading's line in the view.
    fn sorted(&self, heading: ElementIndex) -> Option<Order> {
        let (_, after) = self.observation.view.text.split_once(&format!("{heading}<"))?;
        let tag = after.split(" />").next()?;
        [Order::Ascending, Order::Descending].into_iter().find(|order| tag.contains(&format!(" sort={}", order.name())))
    }
}

impl Order {
    fn name(self) -> &'static str {
        match self {
            Self::Ascending => "ascending",
            Self::Descending => "descending",
        }
    }

    /// Whether an option of a list says so: "Price, low to high".
    fn is_said(self, option: &str) -> bool {
        let folded = fold(option);
        let said: &[&str] = match self {
            Self::Ascending => &["ascending", "asc", "low to high", "lowest first", "a z", "a to z", "oldest first"],
            Self::Descending => {
                &["descending", "desc", "high to low", "highest first", "z a", "z to a", "newest first"]
            }
        };
        said.iter().any(|words| find::fits_text(words, &folded) && folded.contains(words))
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
