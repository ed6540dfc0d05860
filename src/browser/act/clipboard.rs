//! The run's own clipboard. The browser's is common to all its pages, whatever their context.

use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::Hands;
use crate::agent::ports::ActionError;

/// Characters that are kept.
const MAX_HELD: usize = 100_000;

/// What a run has copied last.
#[derive(Default)]
pub(crate) struct Clipboard(Mutex<String>);

#[derive(Serialize)]
struct HoldArgument<'a> {
    text: &'a str,
}

#[derive(Serialize)]
struct HeldArgument {
    limit: usize,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Held {
    text: Option<String>,
}

impl Hands<'_> {
    /// Lets the page's documents paste what the run has copied.
    pub(super) async fn hand_out_clipboard(&self) -> Result<(), ActionError> {
        // A button of the page's may have copied something.
        self.take_in_clipboard().await;
        let text = self.clipboard.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.ask_all::<serde::de::IgnoredAny>("hands.hold", &HoldArgument { text: &text }).await?;
        Ok(())
    }

    /// Keeps what a document has copied since it was handed out.
    pub(super) async fn take_in_clipboard(&self) {
        let argument = HeldArgument { limit: MAX_HELD };
        // A page that is gone or blocked by a dialog takes along what it had copied.
        let Ok(answers) = self.ask_all::<Held>("hands.held", &argument).await else { return };
        if let Some(copied) = answers.into_iter().find_map(|answer| answer.value.text) {
            *self.clipboard.0.lock().unwrap_or_else(PoisonError::into_inner) = copied;
        }
    }
}
