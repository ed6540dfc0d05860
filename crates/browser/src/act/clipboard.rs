//! The run's own clipboard. The browser's is common to all its pages, whatever their context.

use std::sync::{Mutex, MutexGuard, PoisonError};

use futures::future::join_all;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use url::Origin;

use super::Executor;
use super::pages::FrameAnswer;
use super::secret::origin;
use agent::ports::ActionError;

/// Characters that are kept.
const MAX_HELD: usize = 100_000;

/// What a run has copied last.
#[derive(Default)]
pub(crate) struct Clipboard(Mutex<Option<Copied>>);

#[derive(Clone)]
struct Copied {
    text: String,
    /// Of the document that it was copied from.
    origin: Origin,
}

impl Clipboard {
    fn lock(&self) -> MutexGuard<'_, Option<Copied>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Serialize)]
struct HoldArgument<'a> {
    text: &'a str,
}

#[derive(Deserialize)]
struct Holder {
    origin: String,
}

#[derive(Serialize)]
struct HeldArgument {
    limit: usize,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Held {
    text: Option<String>,
    origin: String,
}

impl Executor<'_> {
    /// Lets the page's documents paste what the run has copied. In a run with secrets these are the documents of the
    /// origin that it was copied from: it may be a value that is shown there, or a piece of one, which no masker knows.
    pub(super) async fn offer_clipboard(&self) -> Result<(), ActionError> {
        // A button of the page's may have copied something.
        self.collect_clipboard().await;
        let copied = self.clipboard.lock().clone();
        let text = copied.as_ref().map_or("", |copied| &copied.text);
        if self.secrets.is_empty() {
            self.ask_all::<Holder>("setClipboard", &HoldArgument { text }).await?;
            return Ok(());
        }
        let holders = self.ask_all::<Holder>("setClipboard", &HoldArgument { text: "" }).await?;
        let own = holders
            .iter()
            .filter(|holder| copied.as_ref().is_some_and(|copied| origin(&holder.value.origin) == copied.origin));
        let argument = HoldArgument { text };
        let handed = own.map(|FrameAnswer { document, world, .. }| {
            let limit = self.command_timeout();
            self.worlds.call_known::<IgnoredAny>(document, *world, "setClipboard", &argument, limit)
        });
        // A document that is gone by now pastes nothing.
        join_all(handed).await;
        Ok(())
    }

    /// Keeps what a document has copied since it was handed out.
    pub(super) async fn collect_clipboard(&self) {
        let argument = HeldArgument { limit: MAX_HELD };
        // A page that is gone or blocked by a dialog takes along what it had copied.
        let Ok(answers) = self.ask_all::<Held>("clipboard", &argument).await else { return };
        let copied = answers.into_iter().find_map(|FrameAnswer { value: Held { text, origin: from }, .. }| {
            text.map(|text| Copied { text, origin: origin(&from) })
        });
        if copied.is_some() {
            *self.clipboard.lock() = copied;
        }
    }
}
