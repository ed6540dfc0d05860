//! What is named by the page's own means instead of by an index: elements by CSS, pages by their URL.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::pages::FrameAnswer;
use super::read::{DEFAULT_WAIT, wait_of};
use super::{ElementRef, Executor, clip};
use crate::observe::element_map::FoundElement;
use agent::observation::Element;
use agent::ports::{ActionError, ActionOutcome};

#[derive(Serialize)]
struct SelectArgument<'a> {
    selector: &'a str,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Selected {
    invalid: bool,
    /// Nothing that matches could be seen in time; whether anything matched at all.
    missing: bool,
    hidden: bool,
    id: u32,
    tag: String,
    role: String,
    name: String,
    #[serde(rename = "type")]
    input_type: String,
    /// As [`super::Executor::target`] compares it.
    signature: String,
}

impl Executor<'_> {
    /// The first visible element that a selector matches in the page, its frames and its shadow trees, once there is one.
    pub(crate) async fn wait_for_selector(&self, selector: &str, limit: Duration) -> Result<FoundElement, ActionError> {
        self.check_no_dialog()?;
        let shown = clip(selector, 80);
        let mut hidden = false;
        let look = |answers: Vec<FrameAnswer<Selected>>| {
            hidden = answers.iter().any(|answer| answer.value.hidden);
            answers.into_iter().find(|answer| answer.value.invalid || !answer.value.missing)
        };
        let found = self.ask_until("querySelector", &SelectArgument { selector }, limit, look).await?;
        let Some(found) = found else {
            let why = if hidden { "what it matches stays hidden" } else { "it matches nothing" };
            return Err(ActionError::TimedOut { what: format!("waiting for {shown:?}: {why}; that"), limit });
        };
        if found.value.invalid {
            return Err(ActionError::NotPossible(format!("{shown:?} is no CSS selector")));
        }
        let documents = self.owners_of(&found).await?;
        let FrameAnswer { document, world, value } = found;
        let Selected { id, tag, role, name, input_type, signature, .. } = value;
        let element = Element { tag, role, name: clip(&name, 200), input_type, ..Element::default() };
        Ok(FoundElement { place: ElementRef { document, world, id }, documents, element, signature })
    }

    pub(super) async fn wait_for_url(&self, text: &str, seconds: Option<f64>) -> Result<ActionOutcome, ActionError> {
        let limit = seconds.map_or(DEFAULT_WAIT, wait_of);
        let before = self.start_action().await?;
        let reached = self.context.wait_until(|tabs| tabs.active().filter(|tab| tab.url.contains(text)).map(|_| ()));
        let shown = clip(text, 80);
        match tokio::time::timeout(limit, reached).await {
            Ok(reached) => reached?,
            Err(_) => {
                return Err(ActionError::TimedOut {
                    what: format!("waiting for a URL that contains {shown:?}"),
                    limit,
                });
            }
        }
        self.settle(format!("Wait for a URL with '{shown}'"), &before).await
    }
}
