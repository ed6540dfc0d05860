//! What is named by the page's own means instead of by an index: elements by CSS, pages by their URL.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Hands, Place, clip};
use crate::agent::observation::Element;
use crate::agent::ports::{ActionError, ActionOutcome};
use crate::browser::sight::Found;

#[derive(Serialize)]
struct SelectArgument<'a> {
    selector: &'a str,
    /// Milliseconds.
    limit: u64,
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
    /// As [`super::Hands::target`] compares it.
    signature: String,
}

impl Hands<'_> {
    /// The first visible element that a selector matches, once there is one.
    pub(crate) async fn select_by(&self, selector: &str, limit: Duration) -> Result<Found, ActionError> {
        self.unblocked()?;
        let before = self.before()?;
        let argument = |limit| SelectArgument { selector, limit };
        let (document, world, selected) =
            self.wait_in_page::<_, Selected>("hands.select", argument, limit, &before).await?;
        let shown = clip(selector, 80);
        if selected.invalid {
            return Err(ActionError::NotPossible(format!("{shown:?} is no CSS selector")));
        }
        if selected.missing {
            let why = if selected.hidden { "what it matches stays hidden" } else { "it matches nothing" };
            return Err(ActionError::TimedOut { what: format!("waiting for {shown:?}: {why}; that"), limit });
        }
        let Selected { id, tag, role, name, input_type, signature, .. } = selected;
        let element = Element { tag, role, name: clip(&name, 200), input_type, ..Element::default() };
        Ok(Found { place: Place { document, world, id }, element, signature })
    }

    pub(crate) async fn wait_for_url(&self, text: &str, limit: Duration) -> Result<ActionOutcome, ActionError> {
        self.unblocked()?;
        let before = self.before()?;
        let reached = self.context.until(|tabs| tabs.active().filter(|tab| tab.url.contains(text)).map(|_| ()));
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
