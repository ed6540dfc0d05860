//! The next actions for one goal on the current page.

mod dialog;
mod element;
mod forms;
mod look;
mod read;
mod travel;

use super::find::Use;
use super::goal::Goal;
use super::lines::Line;
use agent::action::{Action, MouseButton};
use agent::observation::{ElementIndex, Observation};

pub(super) use dialog::answer_to_dialog;

/// An action is tried again once.
const MAX_FAILURES: usize = 2;

#[derive(Debug, PartialEq)]
pub(super) enum Move {
    Act(Vec<Planned>),
    /// Nothing more to do; with the answer to a question.
    Finished(Option<String>),
    /// Why the goal cannot be reached, as the end of a sentence.
    Impossible(String),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Planned {
    pub(super) action: Action,
    pub(super) purpose: Purpose,
    /// The element is certain, so the action can be sent together with earlier ones.
    pub(super) sure: bool,
}

/// What an action's success means for its goal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Completes,
    Prepares,
    ScrollsOn,
    ScrollsFromTop,
    Waits,
    Extracts,
}

/// The progress of one goal.
#[derive(Debug, Default)]
pub(super) struct Progress {
    pub(super) prepared: u32,
    pub(super) tried: Vec<ElementIndex>,
    pub(super) failures: Vec<String>,
    /// Whether the last action took effect is unknown, and it must not be repeated.
    pub(super) unsure: bool,
    pub(super) looks: u32,
    pub(super) waits: u32,
    pub(super) looked_from_top: bool,
    pub(super) extracted: Option<String>,
}

/// What later goals need to know about earlier ones.
#[derive(Debug, Default)]
pub(super) struct Trail {
    pub(super) last_field: Option<ElementIndex>,
    pub(super) last_query: Option<String>,
    /// The last answer, without its label.
    pub(super) last_answer: Option<String>,
    /// Addresses opened before the first decision.
    pub(super) opened_before: Vec<String>,
    pub(super) acted: bool,
}

pub(super) struct Scene<'a> {
    pub(super) observation: &'a Observation,
    pub(super) lines: &'a [Line],
    pub(super) progress: &'a Progress,
    pub(super) trail: &'a Trail,
}

pub(super) fn next(goal: &Goal, scene: &Scene<'_>) -> Move {
    if scene.progress.failures.len() >= MAX_FAILURES || scene.progress.unsure {
        return scene.given_up();
    }
    match goal {
        Goal::Open { address, new_tab } => scene.open(address, *new_tab),
        Goal::Search { query, site } => scene.search(query, site),
        Goal::Click(target) => scene.click(target),
        Goal::Hover(target) => {
            scene.with(target, Use::Click, |element, exact| Move::on(Action::hover(element.index), exact))
        }
        Goal::DoubleClick(target) => scene.click_with(target, None, Some(2)),
        Goal::RightClick(target) => scene.click_with(target, Some(MouseButton::Right), None),
        Goal::Drag { from, to } => scene.drag(from, to),
        Goal::TypeAnswer { into } => match &scene.trail.last_answer {
            Some(answer) => scene.fill(into, answer, Use::Type),
            None => Move::Impossible("nothing was read before".to_owned()),
        },
        Goal::Type { text, into: Some(target) } => scene.fill(target, &text.0, Use::Type),
        Goal::Type { text, into: None } => scene.fill_any(&text.0),
        Goal::Set { field, value } => scene.fill(field, &value.0, Use::Set),
        Goal::Select { option, from } => scene.select(option, from.as_ref()),
        Goal::Upload { files, to } => scene.upload(files, to.as_ref()),
        Goal::SavePdf => Move::complete(Action::SavePdf {}),
        Goal::Check { target, on } => scene.check(target, *on),
        Goal::Scroll(scrolling) => scene.scroll(scrolling),
        Goal::Back => Move::complete(Action::GoBack {}),
        Goal::Wait(waiting) => scene.wait(waiting),
        Goal::Keys(keys) => Move::complete(Action::keys(keys.clone())),
        Goal::Screenshot => Move::complete(Action::Screenshot {}),
        Goal::CloseTab => Move::complete(Action::CloseTab { tab: None }),
        Goal::SwitchTab(which) => scene.switch_tab(which),
        Goal::Answer { accept, text, asking } => scene.answer(*accept, text.as_deref(), *asking),
        Goal::Sort { by, order } => scene.sort(by, *order),
        Goal::Expect { statement, question } => {
            scene.expect(statement, *question).unwrap_or_else(|elsewhere| elsewhere)
        }
        // The planner decides it, as it concerns the following goals.
        Goal::When { .. } => Move::Finished(None),
        Goal::Read(question) => scene.read(question, true),
        Goal::LogIn { user, password } => scene.log_in(user, &password.0),
        Goal::AddToCart { item } => scene.add_to_cart(item.as_deref()),
        Goal::Submit { what } => scene.submit(what.as_deref()),
    }
}

impl Planned {
    fn new(action: Action, purpose: Purpose, sure: bool) -> Self {
        Self { action, purpose, sure }
    }
}

impl Move {
    fn complete(action: Action) -> Self {
        Self::on(action, true)
    }

    fn on(action: Action, sure: bool) -> Self {
        Self::Act(vec![Planned::new(action, Purpose::Completes, sure)])
    }

    fn prepare(action: Action) -> Self {
        Self::look(action, Purpose::Prepares)
    }

    fn look(action: Action, purpose: Purpose) -> Self {
        Self::Act(vec![Planned::new(action, purpose, false)])
    }
}
