//! Which actions a run has: all of them, but for those that a deployment may withhold.

use super::action::Action;

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Vocabulary {
    /// JavaScript of the model's own in the page.
    pub(super) evaluate: bool,
    /// Programs of the model's own that use these actions.
    pub(super) script: bool,
}

impl Vocabulary {
    #[cfg(test)]
    pub(super) const ALL: Self = Self { evaluate: true, script: true };

    /// By an action's name as models write it.
    pub(super) fn has(self, name: &str) -> bool {
        match name {
            "evaluate" => self.evaluate,
            "script" => self.script,
            _ => true,
        }
    }

    pub(super) fn allows(self, action: &Action) -> bool {
        self.has(action.name())
    }
}
