//! The answer of a planner.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::action::Action;

/// One answer of a planner.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Decision {
    /// Did the last actions reach their goal?
    #[serde(default)]
    pub evaluation_previous_goal: String,
    /// What to remember for later steps.
    #[serde(default)]
    pub memory: String,
    /// What the actions below are for.
    #[serde(default)]
    pub next_goal: String,
    /// Run in order until one fails or the page changes under them.
    pub actions: Vec<Action>,
}
