//! The settings of a deployment for all its agents.

use serde::{Deserialize, Serialize};

use crate::usage::Prices;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AgentSettings {
    /// Actions carried out per model answer; at least 1.
    pub max_actions_per_step: u32,
    /// Consecutive failed steps after which one last call may only answer `done`; at least 1.
    pub max_failures: u32,
    pub vision: Vision,
    /// Whether models may run their own JavaScript in pages.
    pub allow_evaluate: bool,
    pub scripts: Scripts,
    /// Estimated tokens of earlier steps in a prompt; beyond it they are condensed.
    pub history_token_budget: usize,
    /// Not recorded: the cost of a run is no part of what it does.
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

/// When a model gets a picture of the page in addition to its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Vision {
    /// When the model asked for a screenshot, or the text says too little: there is next to none, or large pictures
    /// have no text. An unchanged picture that the model did not ask for is not sent twice.
    Auto,
    Always,
    Never,
}

/// Whether models may write scripts that call the agent's actions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Scripts {
    /// All models except those of Ollama: small models answer everything with a script.
    Auto,
    On,
    Off,
}
