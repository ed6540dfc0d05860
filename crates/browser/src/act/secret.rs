//! Types secrets.
//!
//! The field and its form are read and checked against the secret's rules. Then one synchronous call in our isolated
//! world reads them again and sets the value: no page script runs in between, and a replaced document takes the world
//! with it. Key events and inserted text go to whatever has the focus, so they are not used.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;
use url::{Origin, Url};

use super::executor::{Executor, reject};
use super::mouse::Press;
use super::outcome::prepend_note;
use super::text::{clip, label};
use agent::locator::Locator;
use agent::ports::{ActionError, ActionOutcome};

/// The field about to receive a secret, as `secretField` reads it.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct SecretField {
    gone: bool,
    /// Of the field's document; `null` if opaque.
    origin: String,
    /// An editable text or date input.
    field: bool,
    disabled: bool,
    /// A search field, by type, role or form.
    search: bool,
    /// The form uses GET.
    url: bool,
    /// Origins the form submits to, excluding the document's own URL and scripts; `null` if opaque.
    targets: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Typed {
    gone: bool,
    /// The field no longer matches the authorized state; nothing was typed.
    changed: bool,
    unfocused: bool,
    /// The field holds the typed text.
    holds: bool,
}

impl Executor<'_> {
    /// Types a text after replacing placeholders with secret values.
    pub(super) async fn input_secret(
        &self,
        index: &Locator,
        text: &str,
        clear: bool,
        submit: bool,
    ) -> Result<ActionOutcome, ActionError> {
        let wait = self.secrets.wait_for_codes(text);
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        let target = self.target(index).await?;
        let before = self.start_filling(&target).await?;
        let place = &target.place;
        let judged: SecretField = self.call_known(place, "secretField", &json!({ "id": place.id })).await?;
        if judged.gone {
            return Err(ActionError::ElementGone { index: index.clone() });
        }
        let filled = self.authorize(&judged, index, text)?;
        let located = self.locate(&target).await?;
        self.press_on(&target, &located, Press::default()).await?;
        let argument = json!({ "id": place.id, "clear": clear, "text": filled.expose_secret(), "judged": judged });
        let typed: Typed = self.call_known(place, "typeSecret", &argument).await?;
        if typed.gone {
            return Err(ActionError::ElementGone { index: index.clone() });
        }
        if typed.changed {
            reject!("element {index} became something else under the click; nothing was typed");
        }
        if typed.unfocused {
            reject!("element {index} does not take the focus; nothing was typed");
        }
        // Key listeners fire once, with the whole text in place and without revealing it.
        self.press_keys(if submit { "Enter" } else { "End" }).await?;
        let description = format!("Type '{}' into {}", clip(text, 80), label(&target.element));
        let mut outcome = self.settle(description, &before).await?;
        if !typed.holds {
            prepend_note(&mut outcome, "the field does not hold all of it".to_owned());
        }
        Ok(outcome)
    }

    /// The text with its secrets, if they are allowed in this field.
    fn authorize(&self, holder: &SecretField, index: &Locator, text: &str) -> Result<SecretString, ActionError> {
        let obstacles = [
            (!holder.field, "is no input field, and a secret is typed into nothing else"),
            (holder.disabled, "is disabled"),
            (holder.search, "is for searching, and a secret is not searched for"),
            (holder.url, "is in a form that puts what is typed into a URL, where a secret must not stand"),
        ];
        if let Some((_, why)) = obstacles.into_iter().find(|(is_so, _)| *is_so) {
            reject!("element {index} {why}; nothing was typed");
        }
        let targets: Vec<Origin> = holder.targets.iter().map(|target| origin(target)).collect();
        let filled = self.secrets.fill(text, &origin(&holder.origin), &targets);
        filled.map_err(|refusal| ActionError::NotPossible(refusal.to_string()))
    }
}

/// An unparsable URL has an opaque origin, which matches nothing.
pub(super) fn origin(url: &str) -> Origin {
    Url::parse(url).map_or_else(|_| Origin::new_opaque(), |url| url.origin())
}
