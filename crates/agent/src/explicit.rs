//! Actions that the caller has laid down: carried out in order and without a model, before anyone decides.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::action::{Action, ElementIndex, ScrollDirection};
use super::decision::Decision;
use super::observation::PageView;
use super::planner::{ActionResult, PastStep};
use super::ports::{ActionError, ActionOutcome, Page};
use super::secrets::Secrets;
use super::sequence::MAX_EXTRACT;
use super::text::{one_line, shorten};

/// Height of the viewport in CSS pixels, for a page that could not be read.
const VIEWPORT_HEIGHT: u32 = 900;
/// Longest selector or text in a description, in characters.
const MAX_LABEL: usize = 80;

/// One action of the caller's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum ExplicitAction {
    /// Wait until an element is visible.
    WaitFor {
        selector: String,
        limit: Duration,
    },
    Click {
        target: Target,
    },
    /// Replace what a field holds.
    Type {
        target: Target,
        text: String,
    },
    Scroll {
        direction: ScrollDirection,
        /// CSS pixels; a viewport's height when left out.
        pixels: Option<u32>,
    },
    Wait {
        delay: Duration,
    },
    /// Read the text of an element.
    ExtractText {
        selector: String,
    },
    /// Press Enter at an element.
    PressEnter {
        selector: String,
    },
    /// Wait until the tab's URL contains a text.
    WaitForUrlContains {
        text: String,
        limit: Duration,
    },
}

/// What an action is aimed at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Target {
    /// CSS, matched through the page's shadow roots. The first visible match counts, and is waited for.
    Selector(String),
    /// As the page view shows it.
    Index(ElementIndex),
}

impl ExplicitAction {
    /// Actions that one run may be given.
    pub const MAX_COUNT: usize = 100;
    /// Longest wait, for whatever.
    pub const MAX_WAIT: Duration = Duration::from_secs(60);
    /// How long an element or a URL is waited for when nothing else is asked.
    pub const DEFAULT_WAIT: Duration = Duration::from_secs(10);
    /// Characters of a selector.
    pub const MAX_SELECTOR: usize = 1_000;
    /// Furthest scroll, in CSS pixels.
    pub const MAX_PIXELS: u32 = 90_000;

    /// As the caller and the events write it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::WaitFor { .. } => "wait_for",
            Self::Click { .. } => "click",
            Self::Type { .. } => "type",
            Self::Scroll { .. } => "scroll",
            Self::Wait { .. } => "wait",
            Self::ExtractText { .. } => "extract_text",
            Self::PressEnter { .. } => "press_enter",
            Self::WaitForUrlContains { .. } => "wait_for_url_contains",
        }
    }

    /// The action with placeholders for the values that it types: so they, too, go only where they may.
    pub fn masked(&self, secrets: &Secrets) -> Self {
        match (self, secrets.masker()) {
            (Self::Type { target, text }, Some(masker)) => {
                Self::Type { target: target.clone(), text: masker.mask(text).into_owned() }
            }
            _ => self.clone(),
        }
    }

    /// The action in words, for where the browser has none. Typed text is left out, since it may be a secret.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::WaitFor { selector, .. } => format!("Wait for {}", quoted(selector)),
            Self::Click { target } => format!("Click {target}"),
            Self::Type { target, .. } => format!("Type into {target}"),
            Self::Scroll { direction: ScrollDirection::Up, .. } => "Scroll up".into(),
            Self::Scroll { .. } => "Scroll down".into(),
            Self::Wait { delay } => format!("Wait {} s", delay.as_secs_f32()),
            Self::ExtractText { selector } => format!("Read {}", quoted(selector)),
            Self::PressEnter { selector } => format!("Press Enter at {}", quoted(selector)),
            Self::WaitForUrlContains { text, .. } => format!("Wait for a URL with {}", quoted(text)),
        }
    }

    /// Carries the action out; `view` is the page as it was last read. Answers what was done in the agent's own
    /// vocabulary, as near as it comes, and what came of it.
    pub(super) async fn carry_out(
        &self,
        page: &dyn Page,
        view: &PageView,
    ) -> Result<(Action, ActionOutcome), ActionError> {
        let (action, mut outcome) = match self {
            Self::WaitFor { selector, limit } => {
                page.select(selector, *limit).await?;
                (waiting(*limit), ActionOutcome::default())
            }
            Self::Click { target } => done(page, Action::click(target.find(page).await?)).await?,
            Self::Type { target, text } => {
                let index = target.find(page).await?;
                done(page, Action::Input { index, text: text.clone(), clear: None, submit: None }).await?
            }
            Self::Scroll { direction, pixels } => {
                let height = match view.scroll.viewport_height {
                    0 => VIEWPORT_HEIGHT,
                    height => height,
                };
                let pages = pixels.map(|pixels| f64::from(pixels) / f64::from(height));
                done(page, Action::Scroll { direction: *direction, pages, index: None }).await?
            }
            Self::Wait { delay } => {
                // What the caller asked for is time itself.
                tokio::time::sleep(*delay).await;
                (waiting(*delay), ActionOutcome::default())
            }
            Self::ExtractText { selector } => {
                let index = page.select(selector, ExplicitAction::DEFAULT_WAIT).await?;
                done(page, Action::extract(Some(index))).await?
            }
            Self::PressEnter { selector } => {
                let index = page.select(selector, ExplicitAction::DEFAULT_WAIT).await?;
                let keys = "Enter".to_owned();
                let outcome = page.press(index, &keys).await?;
                (Action::SendKeys { keys }, outcome)
            }
            Self::WaitForUrlContains { text, limit } => (waiting(*limit), page.wait_for_url(text, *limit).await?),
        };
        if outcome.description.trim().is_empty() {
            outcome.description = self.describe();
        }
        outcome.extracted = outcome.extracted.map(|text| shorten(&text, MAX_EXTRACT));
        Ok((action, outcome))
    }
}

/// How the actions of one run went.
#[derive(Debug)]
pub(super) struct Account {
    /// How many there are.
    pub(super) of: usize,
    /// Of those that succeeded, in order.
    results: Vec<(Action, ActionOutcome)>,
}

impl Account {
    pub(super) fn of(actions: usize) -> Self {
        Self { of: actions, results: Vec::new() }
    }

    /// Takes down a success and answers its description.
    pub(super) fn add(&mut self, action: Action, outcome: ActionOutcome) -> String {
        let description = outcome.description.clone();
        self.results.push((action, outcome));
        description
    }

    pub(super) fn is_complete(&self) -> bool {
        self.results.len() == self.of
    }

    /// What was read, in order, or how far it went.
    pub(super) fn text(&self) -> String {
        let texts: Vec<&str> = self.results.iter().filter_map(|(_, outcome)| outcome.extracted.as_deref()).collect();
        match self.results.len() {
            _ if !texts.is_empty() => shorten(&texts.join("\n"), MAX_EXTRACT),
            done if done == self.of => format!("All actions were carried out, {done} in number."),
            done => format!("{done} of {} actions were carried out.", self.of),
        }
    }

    /// As one step for those who decide on what comes next; `problem` is why it went no further.
    pub(super) fn as_step(&self, step: u32, problem: Option<String>) -> PastStep {
        let decision = Decision {
            next_goal: "carry out what was laid down for the start".into(),
            actions: self.results.iter().map(|(action, _)| action.clone()).collect(),
            ..Decision::default()
        };
        let results = self
            .results
            .iter()
            .map(|(action, outcome)| ActionResult { action: action.clone(), outcome: Ok(outcome.clone()) });
        PastStep { step, decision, results: results.collect(), error: problem, interrupted: false }
    }
}

impl Target {
    async fn find(&self, page: &dyn Page) -> Result<ElementIndex, ActionError> {
        match self {
            Self::Selector(selector) => page.select(selector, ExplicitAction::DEFAULT_WAIT).await,
            Self::Index(index) => Ok(*index),
        }
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Selector(selector) => f.write_str(&quoted(selector)),
            Self::Index(index) => index.fmt(f),
        }
    }
}

async fn done(page: &dyn Page, action: Action) -> Result<(Action, ActionOutcome), ActionError> {
    let outcome = page.act(&action).await?;
    Ok((action, outcome))
}

fn waiting(limit: Duration) -> Action {
    Action::Wait { seconds: Some(limit.as_secs_f64()), text: None, gone: None }
}

fn quoted(text: &str) -> String {
    format!("'{}'", one_line(text, MAX_LABEL))
}
