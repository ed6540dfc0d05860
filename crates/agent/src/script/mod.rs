//! The action `script`: a short JavaScript program of the model. It can call the agent's actions and read the page, and
//! nothing else. Its calls take the same path as other actions, URL policy included.

mod engine;

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::Instant;

use self::engine::{Call, Failure};
use crate::action::Action;
use crate::confirm::ConfirmActions;
use crate::control::Control;
use crate::locator::Locator;
use crate::observation::{Element, Observation};
use crate::ports::{ActionError, ActionOutcome, Page};
use crate::report::{LogLevel, Reporter};
use crate::text::{one_line, shorten};
use crate::vocabulary::Vocabulary;

/// Longest script, in bytes.
const MAX_CODE: usize = 16 << 10;
/// Actions and reads per script.
const MAX_CALLS: usize = 200;
/// Total run time, pages included.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Longest result, in characters.
const MAX_RESULT: usize = 20_000;
/// Actions named in the description.
const MAX_NAMED: usize = 8;

/// What a script that called anything else is told.
const FUNCTIONS: &str = "a script has only open, back, click, hover, input, select, press, scroll, wait, text, find \
                         and view; with help as its arguments, the action explains them";

/// What scripts may do.
#[derive(Clone, Copy)]
pub(crate) struct Allowed<'a> {
    pub(crate) vocabulary: Vocabulary,
    /// What needs a person's consent.
    pub(crate) confirm: Option<&'a ConfirmActions>,
}

/// A call of the script.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum Request {
    Act(Action),
    /// The text of an element, or of the page.
    Text(Option<Locator>),
    /// Elements by a part of their name, value or role.
    Find(String),
    View(()),
}

/// Runs a script on the page. `seen` is the last observation. Each action is logged as it is carried out.
///
/// # Errors
/// The script threw or was stopped; the text lists what it did.
pub(crate) async fn run(
    code: &str,
    page: &dyn Page,
    seen: &Observation,
    allowed: Allowed<'_>,
    reporter: &dyn Reporter,
    control: &Control,
) -> Result<ActionOutcome, ActionError> {
    if code.len() > MAX_CODE {
        return Err(ActionError::NotPossible(format!("a script may have {MAX_CODE} bytes")));
    }
    let (calls, mut inbox) = mpsc::channel(1);
    let deadline = Instant::now() + TIMEOUT;
    let program = {
        let code = code.to_owned();
        // The runtime owns the thread. It ends with this future, which drops the inbox.
        tokio::task::spawn_blocking(move || engine::run(&code, calls, deadline.into_std()))
    };
    let mut host = ScriptHost {
        page,
        control,
        allowed,
        reporter,
        seen: Some(seen.clone()),
        calls: 0,
        done: Vec::new(),
        page_changed: false,
    };
    let served = async {
        while let Some(Call { request, answer }) = inbox.recv().await {
            let value = host.serve(&request).await?;
            // A stopped script no longer receives.
            let _ = answer.send(value.to_string());
        }
        Ok::<_, ActionError>(())
    };
    match tokio::time::timeout_at(deadline, served).await {
        Ok(served) => served?,
        // An action took longer than the time left.
        Err(_elapsed) => return Err(host.stopped()),
    }
    // The channel is closed, so the script has finished.
    match program.await.unwrap_or(Err(Failure::Stopped)) {
        Ok(result) => Ok(host.outcome(&result)),
        Err(Failure::Stopped) => Err(host.stopped()),
        Err(failure) => {
            let why = failure.to_string();
            // The schema names some of the functions, and models guess the others.
            let guessed = ["is not defined", "not a function"].iter().any(|sign| why.contains(sign));
            Err(host.failed(&if guessed { format!("{why} ({FUNCTIONS})") } else { why }))
        }
    }
}

/// Serves the script's calls.
struct ScriptHost<'a> {
    page: &'a dyn Page,
    control: &'a Control,
    allowed: Allowed<'a>,
    reporter: &'a dyn Reporter,
    /// The page as last read; cleared by each action.
    seen: Option<Observation>,
    calls: usize,
    /// Descriptions of its actions.
    done: Vec<String>,
    page_changed: bool,
}

impl ScriptHost<'_> {
    /// Answers a call. Returns only errors that end the script; others are thrown in it.
    async fn serve(&mut self, request: &str) -> Result<Value, ActionError> {
        self.calls += 1;
        if self.calls > MAX_CALLS {
            return Ok(json!({"error": format!("a script may make {MAX_CALLS} calls")}));
        }
        let answered = match serde_json::from_str(request) {
            Ok(request) => self.answer(request).await,
            Err(error) => {
                Err(ActionError::NotPossible(format!("that cannot be done: {}", one_line(&error.to_string(), 200))))
            }
        };
        match answered {
            Ok(value) => Ok(json!({"value": value})),
            Err(error @ ActionError::Interrupted) => Err(error),
            Err(ActionError::Browser(error)) if error.is_fatal() => Err(error.into()),
            Err(error) => Ok(json!({"error": error.to_string()})),
        }
    }

    async fn answer(&mut self, request: Request) -> Result<Value, ActionError> {
        match request {
            Request::Act(action) => self.act(&action).await,
            Request::Text(index) => {
                let outcome = self.page.act(&Action::extract(index)).await?;
                Ok(outcome.extracted.unwrap_or_default().into())
            }
            Request::Find(words) => {
                let words = words.to_lowercase();
                let elements = &self.look().await?.view.elements;
                Ok(elements.iter().filter(|element| is_meant(element, &words)).map(described).collect())
            }
            Request::View(()) => {
                let Observation { url, title, view, .. } = self.look().await?;
                Ok(json!({"url": url, "title": title, "text": view.text}))
            }
        }
    }

    async fn act(&mut self, action: &Action) -> Result<Value, ActionError> {
        if !is_callable(action) || !self.allowed.vocabulary.allows(action) {
            return Err(ActionError::NotPossible(format!("a script cannot {}", action.name())));
        }
        if let Some(confirm) = self.allowed.confirm
            && confirm.include(action, self.look().await?)
        {
            // The script's time would be over before a person has answered.
            return Err(ActionError::NotPossible(
                "the user is asked before this is done: make it an action of its own, outside of a script".into(),
            ));
        }
        if self.control.is_pausing() {
            // Its time is over soon, and a person may have changed the page.
            self.control.checkpoint().await;
            return Err(ActionError::NotPossible("the run was paused: look at the page again".into()));
        }
        let outcome = self.page.act(action).await;
        // Even a failed action may have changed the page.
        self.seen = None;
        let outcome = outcome?;
        self.page_changed |= outcome.page_changed;
        self.reporter.log(LogLevel::Info, format!("script: {}", outcome.description)).await;
        self.done.push(outcome.description);
        Ok(outcome.effect.into())
    }

    /// The current page.
    async fn look(&mut self) -> Result<&Observation, ActionError> {
        let seen = match self.seen.take() {
            Some(seen) => seen,
            None => self.page.read().await?,
        };
        Ok(self.seen.insert(seen))
    }

    fn outcome(&self, result: &str) -> ActionOutcome {
        let extracted = Some(shorten(result, MAX_RESULT)).filter(|result| result != "null" && !result.is_empty());
        ActionOutcome {
            description: format!("Run a script: {}", self.account()),
            effect: if extracted.is_some() { String::new() } else { "it returned nothing".into() },
            extracted,
            page_changed: self.page_changed,
        }
    }

    fn failed(&self, why: &str) -> ActionError {
        ActionError::NotPossible(format!("the script failed: {}; it did: {}", one_line(why, 300), self.account()))
    }

    fn stopped(&self) -> ActionError {
        self.failed(&format!("it was stopped after {} s", TIMEOUT.as_secs()))
    }

    fn account(&self) -> String {
        let named = self.done.iter().take(MAX_NAMED).map(String::as_str).collect::<Vec<_>>().join("; ");
        match self.done.len() {
            0 => "no action".into(),
            count if count > MAX_NAMED => format!("{named}; and {} more actions", count - MAX_NAMED),
            _ => named,
        }
    }
}

/// Whether scripts may call it: all actions on a page.
fn is_callable(action: &Action) -> bool {
    !matches!(action, Action::Ask { .. } | Action::Done { .. } | Action::Script { .. } | Action::Screenshot {})
}

fn is_meant(element: &Element, words: &str) -> bool {
    [&element.name, &element.placeholder, &element.value, &element.role, &element.tag]
        .into_iter()
        .any(|text| text.to_lowercase().contains(words))
}

fn described(element: &Element) -> Value {
    json!({
        "index": element.index,
        "role": element.role,
        "name": element.name,
        "value": element.value,
        "checked": element.checked,
        "disabled": element.disabled,
        "href": element.href,
    })
}
