//! The port of the recorder.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;

use super::event::RunEventKind;
use super::id::RunId;
use super::request::RunRequest;
use agent::AgentSettings;
use agent::ports::{ChatModel, Page, Provider};

/// The deployment's recorder of runs.
pub trait Recorder: Send + Sync {
    /// Starts the recording of an accepted run. `model` is none for the built-in planner.
    fn begin(
        &self,
        id: RunId,
        request: &RunRequest,
        agent: &AgentSettings,
        provider: Provider,
        model: Option<&str>,
    ) -> Arc<dyn Recording>;
}

/// One run's recording, which wraps the run's ports.
#[async_trait]
pub trait Recording: Send + Sync {
    fn model(self: Arc<Self>, model: Arc<dyn ChatModel>) -> Arc<dyn ChatModel>;

    fn page(self: Arc<Self>, page: Arc<dyn Page>) -> Arc<dyn Page>;

    /// Completes the recording with the run's terminal event; returns its file. Errors are only logged.
    async fn end(&self, end: &RunEventKind) -> Option<PathBuf>;
}
