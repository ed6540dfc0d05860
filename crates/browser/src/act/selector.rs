//! Finds elements by CSS selector.

use std::time::Duration;

use serde::Deserialize;
use serde_json::json;

use super::documents::FrameAnswer;
use super::executor::{Executor, reject};
use super::text::clip;
use crate::isolated_world::ElementRef;
use crate::observe::element_map::FoundElement;
use agent::observation::Element;
use agent::ports::ActionError;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Selected {
    invalid: bool,
    /// No visible match in time; `hidden` says whether anything matched.
    missing: bool,
    hidden: bool,
    id: u32,
    tag: String,
    role: String,
    name: String,
    #[serde(rename = "type")]
    input_type: String,
    signature: String,
}

impl Executor<'_> {
    /// Waits for the first visible element that a selector matches in the page, its frames and shadow trees.
    pub(crate) async fn wait_for_selector(&self, selector: &str, limit: Duration) -> Result<FoundElement, ActionError> {
        self.check_no_dialog()?;
        let shown = clip(selector, 80);
        let argument = json!({ "selector": selector });
        let mut hidden = false;
        let mut look = |answers: Vec<FrameAnswer<Selected>>| {
            hidden = answers.iter().any(|answer| answer.value.hidden);
            answers.into_iter().find(|answer| answer.value.invalid || !answer.value.missing)
        };
        // Mostly it is there, and what opens closed shadow trees takes as long as a reading.
        let asked = self.ask_all("querySelector", &argument).await;
        let mut found = asked.ok().and_then(&mut look);
        if found.is_none() {
            found = self.ask_until("querySelector", &argument, limit, look).await?;
        }
        let Some(found) = found else {
            let why = if hidden { "what it matches stays hidden" } else { "it matches nothing" };
            return Err(ActionError::TimedOut { what: format!("waiting for {shown:?}: {why}; that"), limit });
        };
        if found.value.invalid {
            reject!("{shown:?} is no CSS selector");
        }
        let documents = self.owners_of(&found).await?;
        let FrameAnswer { document, world, value } = found;
        let Selected { id, tag, role, name, input_type, signature, .. } = value;
        let element = Element { tag, role, name: clip(&name, 200), input_type, ..Element::default() };
        Ok(FoundElement { place: ElementRef { document, world, id }, documents, element, signature })
    }
}
