//! What can be masked. Each type lists all its fields, so that a new one does not compile until it is decided here whether
//! it is masked.

use serde_json::Value;

use super::Masker;
use crate::files::FileInfo;
use crate::ledger::Tally;
use crate::observation::{Blocker, Dialog, Element, Observation, PageView, Tab};
use crate::ports::{ActionError, ActionOutcome, BrowserError, ChatReply, Message, ModelError};
use crate::report::{AgentResult, StepReport};

/// Something that contains text.
pub trait Mask {
    /// Replaces secret values by their placeholders.
    fn mask(&mut self, masker: &Masker);

    /// The same by value.
    fn masked(mut self, masker: &Masker) -> Self
    where
        Self: Sized,
    {
        self.mask(masker);
        self
    }
}

impl Mask for String {
    fn mask(&mut self, masker: &Masker) {
        masker.mask_in(self);
    }
}

impl Mask for Value {
    fn mask(&mut self, masker: &Masker) {
        masker.mask_json(self);
    }
}

impl<T: Mask> Mask for Vec<T> {
    fn mask(&mut self, masker: &Masker) {
        self.iter_mut().for_each(|item| item.mask(masker));
    }
}

impl<T: Mask> Mask for Option<T> {
    fn mask(&mut self, masker: &Masker) {
        self.iter_mut().for_each(|item| item.mask(masker));
    }
}

impl<T: Mask, E: Mask> Mask for Result<T, E> {
    fn mask(&mut self, masker: &Masker) {
        match self {
            Ok(value) => value.mask(masker),
            Err(error) => error.mask(masker),
        }
    }
}

/// Masks the fields before the semicolon and leaves those after it.
macro_rules! mask_fields {
    ($($type:ident { $($masked:ident),*; $($left:ident),* })*) => {$(
        impl Mask for $type {
            fn mask(&mut self, masker: &Masker) {
                let Self { $($masked,)* $($left: _,)* } = self;
                $($masked.mask(masker);)*
            }
        }
    )*};
}

mask_fields! {
    // Screenshots are masked when they are taken.
    Observation { url, title, tabs, view, notices, downloads, dialog, blocker; screenshot }
    Tab { url, title; id, active }
    // The fingerprint is a hash of the whole page.
    PageView { text, elements; scroll, fingerprint, wordless }
    Element { tag, role, name, input_type, placeholder, value, href, options; index, checked, disabled }
    Dialog { message, proposal; kind }
    Blocker { message; kind }
    FileInfo { name; bytes }
    ActionOutcome { description, effect, extracted; page_changed }
    Message { text; role, image }
    ChatReply { text; usage }
    StepReport { description, thought, url, title, downloads, kept, blocker; step, action, screenshot }
    AgentResult { final_text, output, errors, blocker, tally, kept; success, stop_reason }
    Tally { urls; steps, usage }
}

impl Mask for ActionError {
    fn mask(&mut self, masker: &Masker) {
        match self {
            Self::ElementGone { index: _ } | Self::Interrupted => {}
            Self::ElementChanged { index: _, was, now } => {
                was.mask(masker);
                now.mask(masker);
            }
            Self::Covered { index: _, by: text }
            | Self::NotPossible(text)
            | Self::TimedOut { what: text, limit: _ } => text.mask(masker),
            Self::Navigation { url, cause: text } | Self::Forbidden { url, reason: text } => {
                url.mask(masker);
                text.mask(masker);
            }
            Self::Browser(error) => error.mask(masker),
        }
    }
}

impl Mask for BrowserError {
    fn mask(&mut self, masker: &Masker) {
        match self {
            Self::NotStarted { cause } | Self::Protocol { cause } => cause.mask(masker),
            Self::Lost | Self::PageCrashed | Self::Unresponsive { limit: _ } => {}
        }
    }
}

impl Mask for ModelError {
    fn mask(&mut self, masker: &Masker) {
        match self {
            Self::Rejected { provider: _, model: _, detail: text }
            | Self::Refused { provider: _, reason: text }
            | Self::Filtered { provider: _, reason: text } => text.mask(masker),
            // Numbers, and names from the deployment's settings.
            Self::Unauthorized { provider: _, model: _ }
            | Self::UnknownModel { provider: _, model: _ }
            | Self::ContextTooLong { provider: _, model: _ }
            | Self::RateLimited { provider: _, retry_after: _ }
            | Self::Unavailable { provider: _, status: _ }
            | Self::Unreachable { provider: _ }
            | Self::TimedOut { provider: _ }
            | Self::Interrupted { provider: _ }
            | Self::Malformed { provider: _ }
            | Self::Empty { provider: _ }
            | Self::CutOff { provider: _ } => {}
        }
    }
}
