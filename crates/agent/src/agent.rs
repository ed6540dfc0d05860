//! One run's agent: what it is made of and how it is started. Its loop is in `steps`.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use url::Url;

use super::budget::{Budget, Metered};
use super::explicit::ExplicitAction;
use super::files::FileInfo;
use super::ledger::Ledger;
use super::model_planner::ModelPlanner;
use super::output::OutputSchema;
use super::planner::Planner;
use super::ports::{BrowserError, ChatModel, ModelError, ModelName, Page};
use super::report::{AgentResult, Reporter};
use super::secrets::Secrets;
use super::steps::Steps;
use super::usage::Prices;

/// What a deployment sets for all its agents.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AgentSettings {
    /// Actions carried out of one answer; at least 1.
    pub max_actions_per_step: u32,
    /// Failed steps in a row after which one last call may only say `done`; at least 1.
    pub max_failures: u32,
    pub vision: Vision,
    /// Whether models may run JavaScript of their own in pages.
    pub allow_evaluate: bool,
    pub scripts: Scripts,
    /// Tokens (estimated) that earlier steps may take up in a prompt before they are condensed.
    pub history_token_budget: usize,
    /// What a run costs is not a part of what it does.
    #[serde(skip)]
    pub prices: Prices,
}

impl Default for AgentSettings {
    fn default() -> Self {
        Self {
            max_actions_per_step: 5,
            max_failures: 3,
            vision: Vision::Auto,
            allow_evaluate: false,
            scripts: Scripts::Auto,
            history_token_budget: 8_000,
            prices: Prices::default(),
        }
    }
}

/// When a model gets a picture of the page beside its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Vision {
    /// When it asked for a screenshot, or the text says too little: there is next to none, or large pictures of which
    /// the page says nothing. What it has been sent by itself is not sent again while the page stays the same.
    Auto,
    Always,
    Never,
}

/// Whether models may write programs that use the agent's own actions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Scripts {
    /// All models but those of Ollama: small ones take a program for the answer to everything.
    Auto,
    On,
    Off,
}

/// What one run is to do.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentTask {
    pub task: String,
    /// What the caller sent along; the page has them.
    pub files: Vec<FileInfo>,
    /// Whose names it may type; their values are the page's.
    pub secrets: Secrets,
    /// Opened before the first step; without it, the one URL that the task names, if it does.
    pub start_url: Option<Url>,
    /// Carried out before the first decision. Without a model they are all that is done.
    pub actions: Vec<ExplicitAction>,
    /// That are decided on; `actions` come on top.
    pub max_steps: u32,
    pub temperature: f64,
    /// What the answer has to be as data, too; for models only.
    pub output: Option<OutputSchema>,
    pub budget: Budget,
}

/// What ends a run before the agent could.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AgentError {
    #[error(transparent)]
    Browser(#[from] BrowserError),
    #[error(transparent)]
    Model(ModelError),
}

/// Who decides in a run.
pub enum Decider {
    Model(Arc<dyn ChatModel>),
    /// Reads text alone: the page is never pictured for it.
    Planner(Box<dyn Planner>),
}

impl Decider {
    /// As the logs and the `starting` event name it.
    pub fn name(&self) -> ModelName {
        match self {
            Self::Model(model) => model.name(),
            Self::Planner(planner) => planner.name(),
        }
    }
}

pub struct Agent {
    settings: AgentSettings,
    decider: Decider,
    page: Arc<dyn Page>,
    reporter: Arc<dyn Reporter>,
    ledger: Arc<Ledger>,
}

impl Agent {
    pub fn new(
        settings: AgentSettings,
        decider: Decider,
        page: Arc<dyn Page>,
        reporter: Arc<dyn Reporter>,
        ledger: Arc<Ledger>,
    ) -> Self {
        Self { settings, decider, page, reporter, ledger }
    }

    /// Works on the task until it ends. Dropping the future stops it at once; its owner closes the page.
    ///
    /// # Errors
    ///
    /// The browser is gone, or the model cannot be used.
    pub async fn run(self, task: AgentTask) -> Result<AgentResult, AgentError> {
        let mut settings = self.settings;
        let (planner, model): (Box<dyn Planner>, _) = match self.decider {
            Decider::Model(model) => {
                let (prices, budget) = (settings.prices.clone(), task.budget.clone());
                let model = Arc::new(Metered::new(model, prices, budget, self.ledger.clone()));
                (Box::new(ModelPlanner::new(model.clone(), &settings, &task)), Some(model))
            }
            Decider::Planner(planner) => {
                settings.vision = Vision::Never;
                (planner, None)
            }
        };
        let only_explicit_actions = model.is_none() && !task.actions.is_empty();
        let steps = Steps::new(settings, planner, model, self.page, self.reporter, self.ledger, task);
        if only_explicit_actions { steps.run_laid_down().await } else { steps.run().await }
    }
}
