//! The planner that asks a model: builds the request, parses the answer, and asks again if it is unusable.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use crate::action::Action;
use crate::budget::MeteredModel;
use crate::planner::{Decision, PlanError, Planner, Turn};
use crate::ports::{ChatRequest, Message, ModelError, ModelName, Role};
use crate::prompt::fence::Fence;
use crate::prompt::history::History;
use crate::prompt::{self, answer, schema};
use crate::settings::AgentSettings;
use crate::task::AgentTask;
use crate::text::{one_line, shorten};
use crate::vocabulary::Vocabulary;

/// Repeated questions after unusable answers before the step counts as failed.
const REPAIRS: u32 = 2;
/// Longest problem of an answer shown to the model, in characters. It may quote the answer, and that the page.
const MAX_PROBLEM: usize = 2_000;
/// Longest unusable answer shown to the model again, in characters.
const MAX_QUOTED: usize = 2_000;

pub(crate) struct ModelPlanner {
    model: Arc<MeteredModel>,
    task: AgentTask,
    fence: Fence,
    system: String,
    decision_schema: Value,
    done_schema: Value,
    history: History,
}

impl ModelPlanner {
    pub(crate) fn new(model: Arc<MeteredModel>, settings: &AgentSettings, task: &AgentTask) -> Self {
        let vocabulary = Vocabulary::of(settings, Some(&model.name()), task);
        Self {
            model,
            task: task.clone(),
            fence: Fence::random(),
            system: prompt::system(settings.max_actions_per_step.max(1)),
            decision_schema: schema::decision(vocabulary),
            done_schema: schema::done_only(vocabulary),
            history: History::new(settings.history_token_budget),
        }
    }

    /// What is wrong with the output of a decision that ends the run.
    fn output_problem(&self, decision: &Decision) -> Option<String> {
        let output = self.task.output.as_ref()?;
        decision.actions.iter().find_map(|action| match action {
            Action::Done { success: true, data, .. } => output.read(data.as_ref()).err(),
            _ => None,
        })
    }

    /// Stable part first, the newest page last: task, earlier steps, page.
    fn messages(&mut self, turn: &Turn<'_>) -> Vec<Message> {
        self.history.extend(turn.history, &self.fence);
        let AgentTask { files, secrets, output, .. } = &self.task;
        let mut messages = vec![Message::user(prompt::task(turn.task, files, secrets, output.as_ref(), &self.fence))];
        messages.extend(self.history.messages());
        messages.push(Message { image: turn.picture.cloned(), ..Message::user(prompt::turn(turn, &self.fence)) });
        messages
    }
}

#[async_trait]
impl Planner for ModelPlanner {
    fn name(&self) -> ModelName {
        self.model.name()
    }

    async fn decide(&mut self, turn: Turn<'_>) -> Result<Decision, PlanError> {
        let mut messages = self.messages(&turn);
        // All but the page.
        let mut stable = messages.len() - 1;
        let mut repairs = 0;
        // An answer with invalid data, which is better than none.
        let mut unfit = None;
        loop {
            let request = ChatRequest {
                system: &self.system,
                messages: &messages,
                stable,
                schema: if turn.only_done { &self.done_schema } else { &self.decision_schema },
                schema_name: schema::NAME,
                temperature: self.task.temperature,
                deadline: turn.deadline,
                notices: turn.notices,
            };
            let reply = match self.model.complete(request).await {
                Ok(reply) => reply,
                Err(error @ PlanError::OverBudget(_)) => return unfit.ok_or(error),
                // The limits of models differ and are mostly unknown.
                Err(PlanError::Model(ModelError::ContextTooLong { .. })) if repairs == 0 && self.history.shrink() => {
                    turn.notices.notice("the prompt is too long for the model, asking again with less history".into());
                    messages = self.messages(&turn);
                    stable = messages.len() - 1;
                    continue;
                }
                Err(error) => return Err(error),
            };
            let problem = match answer::parse(&reply.text, turn.only_done) {
                Ok(decision) => match self.output_problem(&decision) {
                    Some(problem) => {
                        unfit = Some(decision);
                        problem
                    }
                    None => return Ok(decision),
                },
                Err(problem) => problem.to_string(),
            };
            if repairs == REPAIRS {
                return unfit.ok_or(PlanError::NotUnderstood { detail: problem });
            }
            repairs += 1;
            // Without the problem, which may quote text that must not be logged.
            turn.notices.notice("the model's answer cannot be used, asking again".into());
            messages.push(Message { role: Role::Assistant, text: quoted(&reply.text), image: None });
            messages.push(Message::user(prompt::unusable(&self.fence.defuse(&one_line(&problem, MAX_PROBLEM)))));
        }
    }
}

/// Providers refuse an empty message.
fn quoted(answer: &str) -> String {
    match answer.trim() {
        "" => "(empty)".into(),
        text => shorten(text, MAX_QUOTED),
    }
}
