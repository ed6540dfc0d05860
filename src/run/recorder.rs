//! Who keeps what runs do, to look at or to repeat it.

use std::sync::Arc;

use async_trait::async_trait;

use super::event::RunEventKind;
use super::id::RunId;
use super::request::RunRequest;
use agent::AgentSettings;
use agent::ports::{ChatModel, Page, Provider};

/// The deployment's recorder of runs.
pub trait Recorder: Send + Sync {
    /// Begins the recording of a run that was accepted. `model` is its name, none for the built-in planner.
    fn begin(
        &self,
        id: RunId,
        request: &RunRequest,
        agent: &AgentSettings,
        provider: Provider,
        model: Option<&str>,
    ) -> Arc<dyn Recording>;
}

/// One run's recording: it stands between the run and what the run uses.
#[async_trait]
pub trait Recording: Send + Sync {
    fn model(self: Arc<Self>, model: Arc<dyn ChatModel>) -> Arc<dyn ChatModel>;

    fn page(self: Arc<Self>, page: Arc<dyn Page>) -> Arc<dyn Page>;

    /// Keeps the recording; `end` is the run's terminal event. What goes wrong is logged: the run is over.
    async fn end(&self, end: &RunEventKind);
}
