//! What one run is asked to do.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::action::Action;
use crate::budget::Budget;
use crate::confirm::ConfirmActions;
use crate::files::FileInfo;
use crate::output::OutputSchema;
use crate::secrets::Secrets;

#[derive(Debug, Clone)]
pub struct AgentTask {
    pub task: String,
    /// Files that the caller sent. The page has their contents.
    pub files: Vec<FileInfo>,
    /// The secrets that may be typed by name. The page has their values.
    pub secrets: Secrets,
    /// Opened before the first step. Without it, the one URL in the task's text is.
    pub start_url: Option<Url>,
    /// Carried out before the first decision. Without a model they are the whole run.
    pub actions: Vec<RequestedAction>,
    /// Steps that are decided on; each of `actions` is one more.
    pub max_steps: u32,
    pub temperature: f64,
    /// The schema of the structured answer; for models only.
    pub output: Option<OutputSchema>,
    pub budget: Budget,
    /// Whether there is a person to ask, and about what.
    pub human: Option<Human>,
}

/// A person whom a run may ask.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Human {
    /// What is asked about before it is done.
    pub confirm: ConfirmActions,
}

/// An action of the request, carried out without a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RequestedAction {
    /// As the caller and the step events call it, such as `press_enter`.
    pub name: String,
    pub action: Action,
}

impl RequestedAction {
    /// Actions per run.
    pub const MAX_COUNT: usize = 100;
    /// Longest wait of one action.
    pub const MAX_WAIT: Duration = Duration::from_secs(60);
    /// How long an action waits for an element or a URL unless the request says otherwise.
    pub const DEFAULT_WAIT: Duration = Duration::from_secs(10);
    /// Characters of a selector.
    pub const MAX_SELECTOR: usize = 1_000;
    /// Furthest scroll, in CSS pixels.
    pub const MAX_PIXELS: u32 = 90_000;

    /// The action with another typed text, if it types one.
    #[must_use]
    pub fn map_text(&self, map: impl FnOnce(&str) -> String) -> Self {
        let mut mapped = self.clone();
        if let Action::Input { text, .. } = &mut mapped.action {
            *text = map(text);
        }
        mapped
    }
}
