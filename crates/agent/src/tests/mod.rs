//! The agent as a whole, with a scripted model and a fake page.

mod acting;
mod ending;
mod failing;
mod output;
mod prefix;
mod prompting;
mod reading;
mod requested;
mod script;
mod spending;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use tokio::time::Instant;
use url::Url;

use super::action::Action;
use super::budget::Budget;
use super::files::FileInfo;
use super::image::{Image, ImageFormat};
use super::ledger::Ledger;
use super::locator::Locator;
use super::observation::{Element, ElementIndex, Observation, PageView};
use super::planner::{Decision, PlanError, Planner, Turn};
use super::ports::*;
use super::report::{AgentResult, LogLevel, Reporter, StepReport, StopReason};
use super::secrets::{OriginSecrets, SecretName, SecretValue, Secrets};
use super::settings::{AgentSettings, Scripts};
use super::task::AgentTask;
use super::{Agent, AgentError, Decider};

/// An agent on a fake page with a scripted model; the script's last answer repeats.
struct World {
    settings: AgentSettings,
    task: AgentTask,
    model: Arc<ScriptedModel>,
    page: Arc<FakePage>,
    events: Arc<Recorder>,
    ledger: Arc<Ledger>,
}

impl World {
    fn new(answers: impl IntoIterator<Item = Result<String, ModelError>>) -> Self {
        Self {
            settings: AgentSettings::default(),
            task: AgentTask {
                secrets: Secrets::default(),
                task: "Buy a lamp".into(),
                files: vec![],
                start_url: None,
                actions: vec![],
                max_steps: 20,
                temperature: 0.1,
                output: None,
                budget: Budget::default(),
                human: None,
            },
            model: Arc::new(ScriptedModel { answers: Mutex::new(answers.into_iter().collect()), ..Default::default() }),
            page: Arc::default(),
            events: Arc::default(),
            ledger: Arc::default(),
        }
    }

    fn agent(&self, decider: Decider) -> Agent {
        Agent {
            control: Arc::default(),
            settings: self.settings.clone(),
            decider,
            page: self.page.clone(),
            reporter: self.events.clone(),
            ledger: self.ledger.clone(),
        }
    }

    async fn try_run(&self) -> Result<AgentResult, AgentError> {
        self.agent(Decider::Model(self.model.clone())).run(self.task.clone()).await
    }

    async fn run(&self) -> AgentResult {
        self.try_run().await.expect("nothing broke")
    }

    fn calls(&self) -> Vec<Call> {
        self.model.calls.lock().unwrap().clone()
    }

    fn steps(&self) -> Vec<StepReport> {
        self.events.steps.lock().unwrap().clone()
    }

    fn logs(&self) -> Vec<String> {
        self.events.logs.lock().unwrap().iter().map(|(_, message)| message.clone()).collect()
    }

    fn acted(&self) -> Vec<&'static str> {
        self.page.acted.lock().unwrap().iter().map(Action::name).collect()
    }
}

/// A model's answer with these actions.
fn answer(actions: Value) -> Result<String, ModelError> {
    let thoughts = json!({"evaluationPreviousGoal": "eval", "memory": "mem", "nextGoal": "goal", "actions": actions});
    Ok(thoughts.to_string())
}

fn click(index: u32) -> Value {
    json!({"click": {"index": index}})
}

fn done(text: &str) -> Value {
    json!({"done": {"text": text, "success": true}})
}

/// A planner that is never called.
struct Idle;

#[async_trait]
impl Planner for Idle {
    fn name(&self) -> ModelName {
        ModelName { provider: "idle".into(), model: "built-in".into() }
    }

    async fn decide(&mut self, _: Turn<'_>) -> Result<Decision, PlanError> {
        panic!("there is nothing to decide")
    }
}

/// The requests to a model.
#[derive(Clone)]
struct Call {
    system: String,
    messages: Vec<Message>,
    stable: usize,
    schema: Value,
    deadline: Option<Instant>,
}

impl Call {
    fn page_view(&self) -> &Message {
        self.messages.last().unwrap()
    }

    fn shows_page_last(&self) -> bool {
        self.page_view().text.starts_with("Step ")
    }

    /// The prefix that later calls must begin with.
    fn prefix(&self) -> String {
        serialized(&self.system, &self.messages[..self.stable])
    }

    fn text(&self) -> String {
        serialized(&self.system, &self.messages)
    }

    fn only_done(&self) -> bool {
        !self.schema.to_string().contains("navigate")
    }
}

fn serialized(system: &str, messages: &[Message]) -> String {
    messages.iter().fold(system.to_owned(), |text, message| text + &format!("\n<{:?}>\n{}", message.role, message.text))
}

#[derive(Default)]
struct ScriptedModel {
    answers: Mutex<VecDeque<Result<String, ModelError>>>,
    calls: Mutex<Vec<Call>>,
    /// The usage of each call; by default only the call is counted.
    usage: Option<Usage>,
    /// The notice of every call.
    notice: Option<String>,
    /// After its notice, a call waits for this many log events.
    until_logged: Option<Arc<tokio::sync::Semaphore>>,
}

#[async_trait]
impl ChatModel for ScriptedModel {
    fn name(&self) -> ModelName {
        ModelName { provider: "scripted".into(), model: "script-1".into() }
    }

    async fn complete(&self, request: ChatRequest<'_>) -> Result<ChatReply, ModelError> {
        self.calls.lock().unwrap().push(Call {
            system: request.system.to_owned(),
            messages: request.messages.to_vec(),
            stable: request.stable,
            schema: request.schema.clone(),
            deadline: request.deadline,
        });
        if let Some(notice) = &self.notice {
            request.notices.notice(notice.clone());
        }
        if let Some(logged) = &self.until_logged {
            logged.acquire().await.unwrap().forget();
        }
        let mut answers = self.answers.lock().unwrap();
        let answer = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        let usage = self.usage.unwrap_or(Usage { calls: 1, ..Usage::default() });
        answer.expect("a script has an answer").map(|text| ChatReply { text, usage })
    }
}

/// A page where every action works and every reading differs, unless a test queues other outcomes.
#[derive(Default)]
struct FakePage {
    /// Outcomes of the next actions.
    outcomes: Mutex<VecDeque<Result<ActionOutcome, ActionError>>>,
    /// Outcomes of the next readings; `None` is the default.
    readings: Mutex<VecDeque<Option<Result<Observation, BrowserError>>>>,
    opening: Mutex<Option<ActionError>>,
    /// How long every action takes.
    pace: Duration,
    acted: Mutex<Vec<Action>>,
    opened: Mutex<Vec<String>>,
    read: Mutex<u32>,
    pictured: Mutex<u32>,
}

impl FakePage {
    fn queue(&self, outcomes: impl IntoIterator<Item = Result<ActionOutcome, ActionError>>) {
        self.outcomes.lock().unwrap().extend(outcomes);
    }

    fn queue_readings(&self, readings: impl IntoIterator<Item = Option<Result<Observation, BrowserError>>>) {
        self.readings.lock().unwrap().extend(readings);
    }
}

fn ok() -> Result<ActionOutcome, ActionError> {
    Ok(ActionOutcome { description: "Click 'Save'".into(), ..ActionOutcome::default() })
}

fn impossible() -> Result<ActionOutcome, ActionError> {
    Err(ActionError::NotPossible("the button is disabled".into()))
}

/// The page as its nth reading shows it.
fn reading(number: u32) -> Observation {
    let save = Element { index: ElementIndex(1), name: "Save".into(), ..Element::default() };
    Observation {
        url: format!("https://shop.example/{number}"),
        title: format!("Shop {number}"),
        view: PageView {
            text: format!("view {number}\n[1]<button>Save\n{}", "A lamp for every room. ".repeat(40)),
            elements: vec![save; 5],
            fingerprint: u64::from(number),
            ..PageView::default()
        },
        screenshot: Some(image("event")),
        ..Observation::default()
    }
}

fn image(content: &str) -> Image {
    Image { format: ImageFormat::Png, base64: content.into() }
}

#[async_trait]
impl Page for FakePage {
    async fn observe(&self) -> Result<Observation, BrowserError> {
        *self.read.lock().unwrap() += 1;
        let queued = self.readings.lock().unwrap().pop_front().flatten();
        queued.unwrap_or_else(|| Ok(reading(*self.read.lock().unwrap())))
    }

    async fn read(&self) -> Result<Observation, BrowserError> {
        Ok(Observation { screenshot: None, ..self.observe().await? })
    }

    async fn act(&self, action: &Action) -> Result<ActionOutcome, ActionError> {
        self.acted.lock().unwrap().push(action.clone());
        // On paused time, as durations are tested.
        tokio::time::sleep(self.pace).await;
        if action.selectors().any(|selector| selector == "#missing") {
            return Err(ActionError::TimedOut { what: "waiting for \"#missing\"".into(), limit: Locator::WAIT });
        }
        let queued = self.outcomes.lock().unwrap().pop_front();
        queued.unwrap_or_else(|| match action {
            Action::Wait { .. } | Action::SendKeys { .. } => Ok(ActionOutcome::default()),
            _ => ok(),
        })
    }

    async fn picture(&self) -> Result<Image, BrowserError> {
        *self.pictured.lock().unwrap() += 1;
        Ok(image("model"))
    }

    async fn open(&self, url: &Url) -> Result<ActionOutcome, ActionError> {
        self.opened.lock().unwrap().push(url.to_string());
        match self.opening.lock().unwrap().take() {
            Some(error) => Err(error),
            None => Ok(ActionOutcome { description: format!("Open {url}"), page_changed: true, ..Default::default() }),
        }
    }

    async fn close(&self) {}
}

#[derive(Default)]
struct Recorder {
    logs: Mutex<Vec<(LogLevel, String)>>,
    steps: Mutex<Vec<StepReport>>,
    logged: Option<Arc<tokio::sync::Semaphore>>,
}

#[async_trait]
impl Reporter for Recorder {
    async fn log(&self, level: LogLevel, message: String) {
        self.logs.lock().unwrap().push((level, message));
        if let Some(logged) = &self.logged {
            logged.add_permits(1);
        }
    }

    async fn step(&self, report: StepReport) {
        self.steps.lock().unwrap().push(report);
    }
}
