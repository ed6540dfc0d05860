//! One run's agent.

use std::sync::Arc;

use crate::agent_loop::AgentLoop;
use crate::budget::MeteredModel;
use crate::ledger::Ledger;
use crate::model_planner::ModelPlanner;
use crate::planner::Planner;
use crate::ports::{ChatModel, ModelName, Page};
use crate::report::{AgentError, AgentResult, Reporter};
use crate::settings::{AgentSettings, Vision};
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

    /// Works on the task until the run ends. Dropping the future stops it at once; the page's owner closes the page.
    ///
    /// # Errors
    ///
    /// The browser is gone, or the model cannot be used.
    pub async fn run(self, task: AgentTask) -> Result<AgentResult, AgentError> {
        let mut settings = self.settings;
        let (planner, model): (Box<dyn Planner>, _) = match self.decider {
            Decider::Model(model) => {
                let (prices, budget) = (settings.prices.clone(), task.budget.clone());
                let model = Arc::new(MeteredModel::new(model, prices, budget, self.ledger.clone()));
                (Box::new(ModelPlanner::new(model.clone(), &settings, &task)), Some(model))
            }
            Decider::Planner(planner) => {
                settings.vision = Vision::Never;
                (planner, None)
            }
        };
        let is_requested_only = model.is_none() && !task.actions.is_empty();
        let agent_loop = AgentLoop::new(settings, planner, model, self.page, self.reporter, self.ledger, task);
        if is_requested_only { agent_loop.run_requested_only().await } else { agent_loop.run().await }
    }
}
