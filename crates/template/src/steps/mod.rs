//! What to do next for one goal on the page at hand.

mod dialog;
mod fill;
mod forms;
mod look;
mod pointer;
mod read;
mod travel;

use super::find::Use;
use super::goal::Goal;
use super::lines::Line;
use agent::action::Action;
use agent::observation::{ElementIndex, Observation};

pub(super) use dialog::answers;
pub(super) use read::read_at_once;

/// An action is tried again once.
const MAX_FAILURES: usize = 2;

/// The next move towards a goal.
#[derive(Debug, PartialEq)]
pub(super) enum Move {
    Act(Vec<Planned>),
    /// Nothing (more) to do; with the answer when something was to be read.
    Finished(Option<String>),
    /// Why it cannot be reached, as the rest of a sentence.
    Impossible(String),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Planned {
    pub(super) action: Action,
    pub(super) purpose: Purpose,
    /// Meant for just this element, so that it can be sent along with earlier actions before their effect is seen.
    pub(super) sure: bool,
}

/// What an action's success means for its goal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Completes,
    /// A step on the way: the site was opened, the login form shown.
    Prepares,
    /// Only to see more.
    Looks(Look),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    Further,
    FromTop,
    Again,
    Text,
}

/// How far one goal has come.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// Preparing actions that succeeded.
    pub(super) prepared: u32,
    /// Elements on which an action failed.
    pub(super) tried: Vec<ElementIndex>,
    pub(super) failures: Vec<String>,
    /// Whether the last action took effect is not known, and it must not be done twice.
    pub(super) unsure: bool,
    pub(super) looks: u32,
    pub(super) waits: u32,
    pub(super) looked_from_top: bool,
    /// The page's text, once it was asked for.
    pub(super) extracted: Option<String>,
}

/// What earlier goals leave behind for later ones.
#[derive(Debug, Default)]
pub(super) struct Trail {
    pub(super) last_field: Option<ElementIndex>,
    pub(super) last_query: Option<String>,
    /// What was last read, without its label.
    pub(super) last_answer: Option<String>,
    /// Addresses that were opened before the first decision.
    pub(super) opened_before: Vec<String>,
    /// Something has been done since.
    pub(super) acted: bool,
}

/// The page and where the goal stands.
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
        Goal::Point { target, how } => scene.point(target, *how),
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
        Goal::Expect { statement, question } => scene.expect(statement, *question),
        // Decided by the planner, as it is about the goals that follow.
        Goal::When { .. } => Move::Finished(None),
        Goal::Read(question) => scene.read(question),
        Goal::LogIn { user, password } => scene.log_in(user, &password.0),
        Goal::AddToCart { item } => scene.add_to_cart(item.as_deref()),
        Goal::Submit { what } => scene.submit(what.as_deref()),
    }
}

impl Move {
    fn complete(action: Action) -> Self {
        Self::on(action, true)
    }

    fn on(action: Action, sure: bool) -> Self {
        Self::Act(vec![Planned { action, purpose: Purpose::Completes, sure }])
    }

    fn prepare(action: Action) -> Self {
        Self::Act(vec![Planned { action, purpose: Purpose::Prepares, sure: false }])
    }

    fn look(action: Action, look: Look) -> Self {
        Self::Act(vec![Planned { action, purpose: Purpose::Looks(look), sure: false }])
    }
}
