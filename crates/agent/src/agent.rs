//! One run's agent.

use std::sync::Arc;

use crate::agent_loop::AgentLoop;
use crate::control::Control;
use crate::ledger::Ledger;
use crate::planner::Planner;
use crate::ports::{ChatModel, ModelName, Page};
use crate::report::{AgentError, AgentResult, Reporter};
use crate::settings::AgentSettings;
use crate::task::AgentTask;

/// Who decides in a run.
pub enum Decider {
    Model(Arc<dyn ChatModel>),
    /// Never gets a picture of the page.
    Planner(Box<dyn Planner>),
}

impl Decider {
    /// The name in logs and in the `starting` event.
    pub fn name(&self) -> ModelName {
        match self {
            Self::Model(model) => model.name(),
            Self::Planner(planner) => planner.name(),
        }
    }
}

pub struct Agent {
    pub settings: AgentSettings,
    pub decider: Decider,
    pub page: Arc<dyn Page>,
    pub reporter: Arc<dyn Reporter>,
    pub ledger: Arc<Ledger>,
    pub control: Arc<Control>,
}

impl Agent {
    /// Works on the task until the run ends. Dropping the future stops it at once; the page's owner closes the page.
    ///
    /// # Errors
    ///
    /// The browser is gone, or the model cannot be used.
    pub async fn run(self, task: AgentTask) -> Result<AgentResult, AgentError> {
        let is_requested_only = matches!(self.decider, Decider::Planner(_)) && !task.actions.is_empty();
        let agent_loop = AgentLoop::new(self, task);
        if is_requested_only { agent_loop.run_requested_only().await } else { agent_loop.run().await }
    }
}
