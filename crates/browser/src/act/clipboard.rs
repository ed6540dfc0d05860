//! A clipboard per run: Chromium shares one between all contexts. Copied text is passed between it and the page's
//! documents.

use std::sync::Mutex;

use futures::future::join_all;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;
use url::Origin;

use super::documents::FrameAnswer;
use super::executor::Executor;
use super::secret::origin;
use crate::process::panics::lock;
use agent::ports::ActionError;

/// Maximum length in characters.
const MAX_HELD: usize = 100_000;

#[derive(Default)]
pub(crate) struct Clipboard(Mutex<Option<Copied>>);

#[derive(Clone)]
struct Copied {
    text: String,
    /// The origin it was copied from.
    origin: Origin,
}

#[derive(Deserialize)]
struct ClipboardDocument {
    origin: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Held {
    text: Option<String>,
    origin: String,
}

impl Executor<'_> {
    /// Makes the run's clipboard available to the page's documents. With secrets, only to documents of the origin it
    /// was copied from: it may hold a fragment of a secret, which no masker recognizes.
    pub(super) async fn offer_clipboard(&self) -> Result<(), ActionError> {
        // The page itself may have copied something, for instance from a button.
        self.collect_clipboard().await;
        let copied = lock(&self.clipboard.0).clone();
        let text = copied.as_ref().map_or("", |copied| &copied.text);
        if self.secrets.is_empty() {
            self.ask_all::<ClipboardDocument>("setClipboard", &json!({ "text": text })).await?;
            return Ok(());
        }
        let holders = self.ask_all::<ClipboardDocument>("setClipboard", &json!({ "text": "" })).await?;
        let own = holders
            .iter()
            .filter(|holder| copied.as_ref().is_some_and(|copied| origin(&holder.value.origin) == copied.origin));
        let argument = json!({ "text": text });
        let handed = own.map(|FrameAnswer { document, world, .. }| {
            let limit = self.command_timeout();
            self.worlds.call_known::<IgnoredAny>(document, *world, "setClipboard", &argument, limit)
        });
        // A document that is gone pastes nothing.
        join_all(handed).await;
        Ok(())
    }

    /// Stores what a document has copied since the clipboard was offered.
    pub(super) async fn collect_clipboard(&self) {
        let argument = json!({ "limit": MAX_HELD });
        // A page that is gone or blocked by a dialog loses what it copied.
        let Ok(answers) = self.ask_all::<Held>("clipboard", &argument).await else { return };
        let copied = answers.into_iter().find_map(|FrameAnswer { value: Held { text, origin: from }, .. }| {
            text.map(|text| Copied { text, origin: origin(&from) })
        });
        if copied.is_some() {
            *lock(&self.clipboard.0) = copied;
        }
    }
}
