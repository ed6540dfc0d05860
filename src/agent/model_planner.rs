//! The planner that asks a model: builds the request, reads the answer, and asks again when it could not be used.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;
use tokio::time::Instant;

use super::answer;
use super::fence::Fence;
use super::history::History;
use super::planner::{Answer, PlanError, Planner, Turn};
use super::ports::{ChatModel, ChatRequest, Message, ModelName, Role, Usage};
use super::text::shorten;
use super::vocabulary::Vocabulary;
use super::{prompt, schema};

/// How often a model is told that its answer could not be used before the step counts as failed.
const REPAIRS: u32 = 2;
/// Characters of an unusable answer that are shown to the model again.
const MAX_QUOTED: usize = 2_000;

pub(super) struct ModelPlanner {
    model: Arc<dyn ChatModel>,
    temperature: f64,
    /// The run's.
    deadline: Option<Instant>,
    fence: Fence,
    system: String,
    decision_schema: Value,
    done_schema: Value,
    history: History,
}

impl ModelPlanner {
    /// The history budget is in tokens, estimated.
    pub(super) fn new(
        model: Arc<dyn ChatModel>,
        max_actions: u32,
        vocabulary: Vocabulary,
        history_budget: usize,
        temperature: f64,
        deadline: Option<Instant>,
    ) -> Self {
        Self {
            model,
            temperature,
            deadline,
            fence: Fence::random(),
            system: prompt::system(max_actions, vocabulary),
            decision_schema: schema::decision(vocabulary),
            done_schema: schema::done_only(),
            history: History::new(history_budget),
        }
    }

    /// Stable part first, the newest page last: task, earlier steps, page.
    fn messages(&mut self, turn: &Turn<'_>) -> Vec<Message> {
        self.history.extend(turn.history, &self.fence);
        let mut messages = vec![user(prompt::task(turn.task, turn.files, &self.fence))];
        messages.extend(self.history.messages());
        messages.push(Message { image: turn.picture.cloned(), ..user(prompt::turn(turn, &self.fence)) });
        messages
    }
}

#[async_trait]
impl Planner for ModelPlanner {
    fn name(&self) -> ModelName {
        self.model.name()
    }

    async fn decide(&mut self, turn: Turn<'_>) -> Result<Answer, PlanError> {
        let mut messages = self.messages(&turn);
        // All but the page.
        let stable = messages.len() - 1;
        let mut usage = Usage::default();
        let mut repairs = 0;
        loop {
            let request = ChatRequest {
                system: &self.system,
                messages: &messages,
                stable,
                schema: if turn.only_done { &self.done_schema } else { &self.decision_schema },
                schema_name: schema::NAME,
                temperature: self.temperature,
                deadline: self.deadline,
                notices: turn.notices,
            };
            let reply = self.model.complete(request).await?;
            usage += reply.usage;
            let problem = match answer::parse(&reply.text, turn.only_done) {
                Ok(decision) => return Ok(Answer { decision, usage }),
                Err(problem) => problem.to_string(),
            };
            if repairs == REPAIRS {
                return Err(PlanError::NotUnderstood { detail: problem, usage });
            }
            repairs += 1;
            // What is wrong with it may quote it, and the answer may hold what is not for a log.
            turn.notices.notice("the model's answer cannot be used, asking again".into());
            messages.push(Message { role: Role::Assistant, text: quoted(&reply.text), image: None });
            messages.push(user(prompt::unusable(&problem)));
        }
    }
}

fn user(text: String) -> Message {
    Message { role: Role::User, text, image: None }
}

/// Providers refuse an empty message.
fn quoted(answer: &str) -> String {
    match answer.trim() {
        "" => "(empty)".into(),
        text => shorten(text, MAX_QUOTED),
    }
}
