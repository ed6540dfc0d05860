//! What an agent reports during a run and at its end.

use async_trait::async_trait;
use serde::Serialize;
use serde_json::Value;
use strum::IntoStaticStr;

pub use super::files::FileInfo;
pub use super::ledger::Tally;
pub use super::observation::Blocker;
pub use super::usage::ModelUsage;
use crate::image::Image;
use crate::ports::{BrowserError, ModelError};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    Debug,
    Info,
    Warning,
    Error,
}

/// One finished step.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StepReport {
    /// 1, 2, 3 ... without gaps.
    pub step: u32,
    /// Name of the first action, empty when there was none.
    pub action: String,
    /// The actions in words for a person.
    pub description: String,
    /// Evaluation, next goal and memory, joined.
    pub thought: String,
    /// The page after the actions.
    pub url: String,
    pub title: String,
    pub screenshot: Option<Image>,
    /// Downloads since the previous step.
    pub downloads: Vec<FileInfo>,
    /// Those of them that the run's owner keeps, which fills it in.
    pub kept: Vec<FileInfo>,
    /// What blocks that page.
    pub blocker: Option<Blocker>,
}

/// Receives an agent's reports; the run that owns the agent implements it.
#[async_trait]
pub trait Reporter: Send + Sync {
    async fn log(&self, level: LogLevel, message: String);
    async fn step(&self, report: StepReport);
}

/// The end of a run in which nothing broke.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AgentResult {
    /// As claimed in `done`. False without `done`, and with an output that does not fit its schema.
    pub success: bool,
    /// The answer, empty if there is none.
    pub final_text: String,
    /// The structured answer, if the request has a schema and it fits.
    pub output: Option<Value>,
    pub stop_reason: StopReason,
    /// The errors of all steps, in order.
    pub errors: Vec<String>,
    /// What blocked the page when the run ended without success.
    pub blocker: Option<Blocker>,
    pub tally: Tally,
    /// The files that the run's owner keeps, which fills it in.
    pub kept: Vec<FileInfo>,
}

impl AgentResult {
    /// Bytes of memory that the output holds.
    pub fn output_bytes(&self) -> usize {
        self.output.as_ref().map_or(0, tree_bytes)
    }
}

/// Heap bytes of a value. Its text says little about that: an object with one number takes about fifty times its text.
fn tree_bytes(value: &Value) -> usize {
    /// An entry of a map with its hash and its place in the index.
    const ENTRY: usize = size_of::<(String, Value)>() + 2 * size_of::<usize>();
    /// Entries that a map has room for from the first one on.
    const FIRST: usize = 4;
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        Value::String(text) => text.capacity(),
        Value::Array(items) => items.capacity() * size_of::<Value>() + items.iter().map(tree_bytes).sum::<usize>(),
        Value::Object(entries) if entries.is_empty() => 0,
        Value::Object(entries) => {
            let held = |(name, value): (&String, &Value)| name.len() + tree_bytes(value);
            entries.len().next_power_of_two().max(FIRST) * ENTRY + entries.iter().map(held).sum::<usize>()
        }
    }
}

/// Why a run failed instead of ending with a result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AgentError {
    #[error(transparent)]
    Browser(#[from] BrowserError),
    #[error(transparent)]
    Model(ModelError),
}

/// Why an agent stopped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum StopReason {
    /// It answered `done`. The only reason with success, apart from `ActionsComplete`.
    #[default]
    Done,
    /// It gave up on a blocked page.
    Blocked,
    /// Its output did not fit the schema.
    OutputInvalid,
    /// It claimed success on a blocked page, and could not be asked again.
    Unconfirmed,
    MaxSteps,
    /// Too many consecutive failed steps.
    Failures,
    /// It went in circles.
    Loop,
    BudgetTokens,
    BudgetCost,
    BudgetTime,
    /// All requested actions were carried out, in a run without a model.
    ActionsComplete,
    ActionsFailed,
    /// Somebody stopped it.
    Stopped,
}

impl StopReason {
    /// A stable snake_case name, part of the wire contract.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn data_counts_by_its_memory_and_not_by_its_text() {
        let held = |output: Value| AgentResult { output: Some(output), ..AgentResult::default() }.output_bytes();
        let entry = size_of::<(String, Value)>();
        assert!(held(json!(vec![1; 10_000])) >= 10_000 * size_of::<Value>());
        assert!(held(json!(vec![json!({ "a": 1 }); 10_000])) >= 10_000 * 4 * entry, "a map begins with room for 4");
        assert!(held(json!(vec![vec!["x".repeat(100)]; 100])) >= 100 * (100 + 2 * size_of::<Value>()));
        assert!(held(json!(["x".repeat(1 << 20)])) < 2 << 20, "nor for much more");
        assert_eq!(AgentResult::default().output_bytes(), 0);
    }
}
