//! Typing what only the page may know.
//!
//! What a field is part of is read first, and judged here. Then it is read again and typed into in one turn of the
//! document's own thread, in our world of it: nothing of the page runs in between, and a document that went away takes
//! that world with it. Keys and inserted text, which go wherever the focus is by then, are not used.

use super::prepend_note;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use url::{Origin, Url};

use super::mouse::{Press, press};
use super::{Executor, clip, label};
use agent::locator::Locator;
use agent::ports::{ActionError, ActionOutcome};

/// What a secret is about to be typed into, as `secretField` reads it.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct SecretField {
    gone: bool,
    /// Of the document that holds the field; `null` for an opaque one.
    origin: String,
    /// A field with a text or a date of its own.
    field: bool,
    disabled: bool,
    /// It searches, by its type or role or by the form it is in.
    search: bool,
    /// Its form says that it puts its fields into a URL.
    url: bool,
    /// The origins its form sends it to, but for the document's own URL and scripts; `null` for opaque ones.
    targets: Vec<String>,
}

#[derive(Serialize)]
struct HolderArgument {
    id: u32,
}

#[derive(Serialize)]
struct TypeArgument<'a> {
    id: u32,
    clear: bool,
    text: &'a str,
    /// What was judged.
    judged: &'a SecretField,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Typed {
    gone: bool,
    /// It is no longer what was judged, and nothing was typed.
    changed: bool,
    unfocused: bool,
    /// The field holds what was typed.
    holds: bool,
}

impl Executor<'_> {
    /// Types a text with placeholders, whose values take their place here.
    pub(super) async fn input_secret(
        &self,
        index: &Locator,
        text: &str,
        clear: bool,
        submit: bool,
    ) -> Result<ActionOutcome, ActionError> {
        let target = self.target(index).await?;
        let before = self.start_filling(&target).await?;
        let place = &target.place;
        let judged: SecretField = self.call_known(place, "secretField", &HolderArgument { id: place.id }).await?;
        if judged.gone {
            return Err(ActionError::ElementGone { index: index.clone() });
        }
        let filled = self.authorize(&judged, index, text)?;
        let located = self.locate(&target).await?;
        press(&self.active()?.session, self.reach(&target, &located).await?, Press::default()).await?;
        let argument = TypeArgument { id: place.id, clear, text: filled.expose_secret(), judged: &judged };
        let typed: Typed = self.call_known(place, "typeSecret", &argument).await?;
        if typed.gone {
            return Err(ActionError::ElementGone { index: index.clone() });
        }
        if typed.changed {
            let why = format!("element {index} became something else under the click; nothing was typed");
            return Err(ActionError::NotPossible(why));
        }
        if typed.unfocused {
            return Err(ActionError::NotPossible(format!(
                "element {index} does not take the focus; nothing was typed"
            )));
        }
        // What listens to keys hears one, with the whole text in place; it says nothing of it.
        self.press_keys(if submit { "Enter" } else { "End" }).await?;
        let description = format!("Type '{}' into {}", clip(text, 80), label(&target.element));
        let mut outcome = self.settle(description, &before).await?;
        if !typed.holds {
            prepend_note(&mut outcome, "the field does not hold all of it".to_owned());
        }
        Ok(outcome)
    }

    /// The text with the values in it, if this is where they may go.
    fn authorize(&self, holder: &SecretField, index: &Locator, text: &str) -> Result<SecretString, ActionError> {
        let refused = |why: &str| Err(ActionError::NotPossible(format!("element {index} {why}; nothing was typed")));
        if !holder.field {
            return refused("is no input field, and a secret is typed into nothing else");
        }
        if holder.disabled {
            return refused("is disabled");
        }
        if holder.search {
            return refused("is for searching, and a secret is not searched for");
        }
        if holder.url {
            return refused("is in a form that puts what is typed into a URL, where a secret must not stand");
        }
        let targets: Vec<Origin> = holder.targets.iter().map(|target| origin(target)).collect();
        let filled = self.secrets.fill(text, &origin(&holder.origin), &targets);
        filled.map_err(|refusal| ActionError::NotPossible(refusal.to_string()))
    }
}

/// What cannot be read has an origin that nothing matches.
pub(super) fn origin(url: &str) -> Origin {
    Url::parse(url).map_or_else(|_| Origin::new_opaque(), |url| url.origin())
}
