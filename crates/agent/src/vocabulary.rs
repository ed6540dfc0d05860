//! The actions of a run: those that it cannot use, or may not use, are not offered and cost no tokens.

use crate::action::Action;
use crate::ports::{ModelName, Provider};
use crate::settings::{AgentSettings, Scripts};
use crate::task::AgentTask;

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Vocabulary {
    /// JavaScript of the model in the page.
    pub(crate) evaluate: bool,
    /// Scripts of the model that call actions.
    pub(crate) script: bool,
    /// Questions to a person.
    pub(crate) ask: bool,
    /// The output in `done`.
    pub(crate) data: bool,
}

impl Vocabulary {
    #[cfg(test)]
    pub(crate) const ALL: Self = Self { evaluate: true, script: true, ask: true, data: true };

    /// Of a run with this model, or with the built-in planner.
    pub(crate) fn of(settings: &AgentSettings, model: Option<&ModelName>, task: &AgentTask) -> Self {
        let script = match settings.scripts {
            Scripts::On => true,
            Scripts::Off => false,
            Scripts::Auto => model.is_some_and(|model| model.provider != Provider::Ollama.name()),
        };
        // A script could read a field that a secret was typed into, and send it anywhere.
        let evaluate = settings.allow_evaluate && !task.secrets.may_have_any();
        Self { evaluate, script, ask: task.human.is_some(), data: task.output.is_some() }
    }

    /// By an action's name as models write it.
    pub(crate) fn has(self, name: &str) -> bool {
        match name {
            "evaluate" => self.evaluate,
            "script" => self.script,
            "ask" => self.ask,
            _ => true,
        }
    }

    pub(crate) fn allows(self, action: &Action) -> bool {
        self.has(action.name())
    }
}
