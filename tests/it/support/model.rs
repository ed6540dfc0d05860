//! A model that answers from a script.

use std::collections::VecDeque;
use std::future::pending;
use std::sync::{Arc, Mutex};

use agent::ports::{
    ChatModel, ChatReply, ChatRequest, ModelError, ModelName, ModelUnavailable, Models, Provider, Usage,
};
use async_trait::async_trait;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::Counter;

/// What every call takes.
const USAGE: Usage =
    Usage { calls: 1, prompt_tokens: 1_000, cached_tokens: 500, cache_written_tokens: 0, completion_tokens: 100 };

/// One call's outcome.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    Say(String),
    Fail(ModelError),
    Panic,
    /// Never answers; the call ends when it is dropped.
    Hang,
    /// Answers when the test permits it; each answer uses up one permit.
    When(Arc<Semaphore>, Box<Reply>),
}

impl Reply {
    /// Decides on the given actions.
    pub(crate) fn actions(next_goal: &str, actions: Value) -> Self {
        let decision = json!({
            "evaluationPreviousGoal": "",
            "memory": "",
            "nextGoal": next_goal,
            "actions": actions,
        });
        Self::Say(decision.to_string())
    }

    pub(crate) fn click(index: u32) -> Self {
        Self::actions("click it", json!([{ "click": { "index": index } }]))
    }

    /// One of many different steps, so that no loop is detected.
    pub(crate) fn visit(number: usize) -> Self {
        let url = format!("https://shop.example/{number}");
        Self::actions(&"go on ".repeat(100), json!([{ "navigate": { "url": url } }]))
    }

    pub(crate) fn when(self, leave: &Arc<Semaphore>) -> Self {
        Self::When(leave.clone(), Box::new(self))
    }

    /// Ends with success and data.
    pub(crate) fn data(text: &str, data: &str) -> Self {
        Self::actions("finish", json!([{ "done": { "text": text, "success": true, "data": data } }]))
    }

    pub(crate) fn done(text: &str) -> Self {
        Self::actions("finish", json!([{ "done": { "text": text, "success": true } }]))
    }
}

/// Answers each call with the next reply; the last one repeats.
pub(crate) struct ScriptedModel {
    script: Mutex<VecDeque<Reply>>,
    pub(crate) calls: Counter,
    /// The messages of each call.
    asked: Mutex<Vec<Vec<String>>>,
    /// Each call, including the system prompt.
    prompts: Mutex<Vec<String>>,
}

impl ScriptedModel {
    pub(crate) fn new(script: impl IntoIterator<Item = Reply>) -> Arc<Self> {
        Arc::new(Self {
            script: Mutex::new(script.into_iter().collect()),
            calls: Counter::new(),
            prompts: Mutex::default(),
            asked: Mutex::default(),
        })
    }

    /// The first message of each call: the task.
    pub(crate) fn tasks(&self) -> Vec<String> {
        self.asked().into_iter().map(|mut messages| messages.remove(0)).collect()
    }

    /// The messages of each call.
    pub(crate) fn asked(&self) -> Vec<Vec<String>> {
        self.asked.lock().expect("no panic holds the list").clone()
    }

    /// Each call as one text.
    pub(crate) fn prompts(&self) -> Vec<String> {
        self.prompts.lock().expect("no panic holds the list").clone()
    }

    fn next(&self) -> Reply {
        let mut script = self.script.lock().expect("no panic holds the script");
        let next = if script.len() > 1 { script.pop_front() } else { script.front().cloned() };
        next.expect("the script has a reply")
    }
}

#[async_trait]
impl ChatModel for ScriptedModel {
    fn name(&self) -> ModelName {
        ModelName { provider: "openai".into(), model: "scripted-1".into() }
    }

    async fn complete(&self, request: ChatRequest<'_>) -> Result<ChatReply, ModelError> {
        let messages: Vec<String> = request.messages.iter().map(|message| message.text.clone()).collect();
        self.prompts.lock().expect("no panic holds the list").push(format!(
            "{}\n{}",
            request.system,
            messages.join("\n")
        ));
        self.asked.lock().expect("no panic holds the list").push(messages);
        self.calls.add();
        let mut reply = self.next();
        while let Reply::When(leave, then) = reply {
            leave.acquire().await.expect("the semaphore is open").forget();
            reply = *then;
        }
        match reply {
            Reply::When(..) => unreachable!("the loop above has ended"),
            Reply::Say(text) => Ok(ChatReply { text, usage: USAGE }),
            Reply::Fail(error) => Err(error),
            Reply::Panic => panic!("the model panics, as scripted"),
            Reply::Hang => pending().await,
        }
    }
}

/// A deployment with one scripted provider, `openai`.
pub(crate) struct OneModel(pub(crate) Arc<ScriptedModel>);

impl Models for OneModel {
    fn default_provider(&self) -> Provider {
        Provider::Openai
    }

    fn open(&self, provider: Provider, _model: Option<&str>) -> Result<Arc<dyn ChatModel>, ModelUnavailable> {
        match provider {
            Provider::Openai => Ok(self.0.clone()),
            other => Err(ModelUnavailable::NotConfigured(other)),
        }
    }
}
