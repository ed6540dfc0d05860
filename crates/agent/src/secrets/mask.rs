//! What can be masked. Each type is taken apart by all its fields: one that is added does not compile until somebody has
//! decided what becomes of it here.

use serde_json::Value;

use super::Masker;
use crate::files::FileInfo;
use crate::ledger::Tally;
use crate::observation::{Blocker, Dialog, Element, Observation, PageView, Tab};
use crate::ports::{ActionError, ActionOutcome, BrowserError, ModelError};
use crate::report::{AgentResult, StepReport};

/// Something with texts in it.
pub trait Mask {
    /// Puts masks in the place of values.
    fn mask(&mut self, masker: &Masker);

    /// The same, masked.
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

impl Mask for Observation {
    fn mask(&mut self, masker: &Masker) {
        // Pictures are covered where they are taken.
        let Self { url, title, tabs, view, notices, downloads, dialog, blocker, screenshot: _ } = self;
        url.mask(masker);
        title.mask(masker);
        tabs.mask(masker);
        view.mask(masker);
        notices.mask(masker);
        downloads.mask(masker);
        dialog.mask(masker);
        blocker.mask(masker);
    }
}

impl Mask for Tab {
    fn mask(&mut self, masker: &Masker) {
        let Self { id: _, url, title, active: _ } = self;
        url.mask(masker);
        title.mask(masker);
    }
}

impl Mask for PageView {
    fn mask(&mut self, masker: &Masker) {
        // The fingerprint is a hash of the whole page.
        let Self { text, elements, scroll: _, fingerprint: _, wordless: _ } = self;
        text.mask(masker);
        elements.mask(masker);
    }
}

impl Mask for Element {
    fn mask(&mut self, masker: &Masker) {
        let Self { index: _, tag, role, name, input_type, placeholder, value, href, options, checked: _, disabled: _ } =
            self;
        for text in [tag, role, name, input_type, placeholder, value, href] {
            text.mask(masker);
        }
        options.mask(masker);
    }
}

impl Mask for Dialog {
    fn mask(&mut self, masker: &Masker) {
        let Self { kind: _, message, proposal } = self;
        message.mask(masker);
        proposal.mask(masker);
    }
}

impl Mask for Blocker {
    fn mask(&mut self, masker: &Masker) {
        let Self { kind: _, message } = self;
        message.mask(masker);
    }
}

impl Mask for FileInfo {
    fn mask(&mut self, masker: &Masker) {
        let Self { name, bytes: _ } = self;
        name.mask(masker);
    }
}

impl Mask for ActionOutcome {
    fn mask(&mut self, masker: &Masker) {
        let Self { description, effect, extracted, page_changed: _ } = self;
        description.mask(masker);
        effect.mask(masker);
        extracted.mask(masker);
    }
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
            // Names of the deployment's, and numbers.
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

impl Mask for StepReport {
    fn mask(&mut self, masker: &Masker) {
        let Self { step: _, action: _, description, thought, url, title, screenshot: _, downloads, blocker } = self;
        description.mask(masker);
        thought.mask(masker);
        url.mask(masker);
        title.mask(masker);
        downloads.mask(masker);
        blocker.mask(masker);
    }
}

impl Mask for AgentResult {
    fn mask(&mut self, masker: &Masker) {
        let Self { success: _, final_text, output, stop_reason: _, errors, blocker, tally } = self;
        final_text.mask(masker);
        output.mask(masker);
        errors.mask(masker);
        blocker.mask(masker);
        tally.mask(masker);
    }
}

impl Mask for Tally {
    fn mask(&mut self, masker: &Masker) {
        let Self { steps: _, urls, usage: _ } = self;
        urls.mask(masker);
    }
}
