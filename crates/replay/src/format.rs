//! The file: JSON Lines, the header first, then what happened, an entry a line, and how it ended.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use agent::action::{Action, ElementIndex};
use agent::agent::AgentSettings;
use agent::explicit::ExplicitAction;
use agent::files::FileInfo;
use agent::observation::Observation;
use agent::ports::{ActionError, ActionOutcome, BrowserError, ChatReply, Message, ModelError, Provider, Role, Usage};
use agent::prompt;

/// Of the format. A file of another one is refused.
pub const VERSION: u32 = 1;
/// Largest file, in bytes: what is longer is neither written nor read.
pub(super) const MAX_BYTES: usize = 32 << 20;
/// Most lines of a file.
const MAX_LINES: usize = 20_000;
/// Stands in the place of the boundary, which is another one in each run.
const BOUNDARY: &str = "boundary";

/// A recorded run.
#[derive(Debug, Clone)]
pub struct Recorded {
    pub(super) header: Header,
    pub(super) entries: Vec<Entry>,
    /// None when the recording was cut off.
    pub(super) end: Option<End>,
}

/// What the run was asked to do, and by what settings.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Header {
    /// Of the format.
    pub version: u32,
    /// The version of this service that wrote the file.
    pub service: String,
    /// The run's id.
    pub run: String,
    pub task: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_url: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<ExplicitAction>,
    /// What was sent along, without the contents.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileInfo>,
    /// The names of what the caller let the run type, by origin.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sensitive_data: BTreeMap<String, Vec<String>>,
    /// The JSON Schema of the answer as data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_schema: Option<serde_json::Value>,
    /// The run's own lists, as the request has them; without one every domain is allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_domains: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blocked_domains: Vec<String>,
    pub max_steps: u32,
    pub temperature: f64,
    pub provider: Provider,
    /// None for the built-in planner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    pub agent: AgentSettings,
    /// The fields whose typed text is masked: `***1***` is that of the first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<String>,
}

/// One use of the page or of the model.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(super) enum Entry {
    Observe {
        reading: Result<Observation, BrowserError>,
    },
    /// As `Observe`, within a step.
    Read {
        reading: Result<Observation, BrowserError>,
    },
    /// The picture itself is not kept.
    Picture {
        taken: Result<(), BrowserError>,
    },
    Do {
        deed: Deed,
        outcome: Result<ActionOutcome, ActionError>,
    },
    Select {
        selector: String,
        limit: Duration,
        found: Result<ElementIndex, ActionError>,
    },
    Call(Call),
    End(End),
}

impl Entry {
    /// In words, for a person.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Observe { .. } | Self::Read { .. } => "a reading of the page".into(),
            Self::Picture { .. } => "a picture of the page".into(),
            Self::Do { deed, .. } => deed.name(),
            Self::Select { selector, .. } => format!("a look for {selector:?}"),
            Self::Call(_) => "a model call".into(),
            Self::End(_) => "the end".into(),
        }
    }
}

/// What is done to a page.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(super) enum Deed {
    Open { url: String },
    Act { action: Action },
    Press { index: ElementIndex, keys: String },
    WaitForUrl { text: String, limit: Duration },
}

impl Deed {
    pub(super) fn name(&self) -> String {
        match self {
            Self::Open { url } => format!("opening {url}"),
            Self::Act { action } => serde_json::to_string(action).unwrap_or_else(|_| action.name().to_owned()),
            Self::Press { index, keys } => format!("pressing {keys} at {index}"),
            Self::WaitForUrl { text, .. } => format!("waiting for a URL with {text:?}"),
        }
    }
}

/// A model call: what is new since the call before, and the answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Call {
    /// None: as in the call before. So is the schema.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) system: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) schema: Option<Value>,
    /// Messages that are those of the call before, from the first on.
    pub(super) kept: usize,
    /// The messages that follow.
    pub(super) messages: Vec<Said>,
    pub(super) answer: Result<Answer, ModelError>,
}

/// A message of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Said {
    pub(super) role: Role,
    pub(super) text: String,
    /// The byte of `text` where the text of the last page view belongs, which is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) view_at: Option<usize>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) image: bool,
}

impl Said {
    /// The messages of a call, the same for the same call of another run.
    pub(super) fn all(messages: &[Message]) -> Vec<Self> {
        let boundary = messages.first().and_then(|message| prompt::boundary(&message.text));
        let text = |text: &str| boundary.map_or_else(|| text.to_owned(), |own| text.replace(own, BOUNDARY));
        let said = |message: &Message| Self {
            role: message.role,
            text: text(&message.text),
            view_at: None,
            image: message.image.is_some(),
        };
        messages.iter().map(said).collect()
    }

    /// Without the text of the page view, if it has it.
    pub(super) fn without(mut self, view: &str) -> Self {
        if let Some(at) = self.text.find(view).filter(|_| !view.is_empty()) {
            self.text.replace_range(at..at + view.len(), "");
            self.view_at = Some(at);
        }
        self
    }

    pub(super) fn with(mut self, view: &str) -> Self {
        if let Some(at) = self.view_at.take() {
            self.text.insert_str(at, view);
        }
        self
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Answer {
    pub(super) text: String,
    pub(super) usage: Usage,
}

impl From<ChatReply> for Answer {
    fn from(reply: ChatReply) -> Self {
        Self { text: reply.text, usage: reply.usage }
    }
}

/// How the run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum End {
    Finished { success: bool, text: String, errors: Vec<String> },
    Failed { code: String, message: String },
}

/// Why a file is no recording.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableRecording {
    #[error("longer than {} MiB or {MAX_LINES} lines", MAX_BYTES >> 20)]
    TooLong,
    #[error("the file is empty")]
    Empty,
    #[error("line {line}: {problem}")]
    Line { line: usize, problem: String },
}

impl Recorded {
    /// Reads a file, from wherever it comes.
    ///
    /// # Errors
    /// It is too long, or a line is not what it should be.
    pub fn parse(bytes: &[u8]) -> Result<Self, UnreadableRecording> {
        if bytes.len() > MAX_BYTES {
            return Err(UnreadableRecording::TooLong);
        }
        let mut lines = bytes.split(|byte| *byte == b'\n').zip(1..).filter(|(line, _)| !line.trim_ascii().is_empty());
        let (first, line) = lines.next().ok_or(UnreadableRecording::Empty)?;
        let header = header(first).map_err(|problem| UnreadableRecording::Line { line, problem })?;
        let mut recorded = Self { header, entries: Vec::new(), end: None };
        let mut messages = 0;
        for (text, line) in lines {
            if recorded.entries.len() == MAX_LINES {
                return Err(UnreadableRecording::TooLong);
            }
            let entry = entry(text, &mut messages).and_then(|entry| recorded.add(entry));
            entry.map_err(|problem| UnreadableRecording::Line { line, problem })?;
        }
        Ok(recorded)
    }

    fn add(&mut self, entry: Entry) -> Result<(), String> {
        if self.end.is_some() {
            return Err("something follows the end".into());
        }
        match entry {
            Entry::End(end) => self.end = Some(end),
            entry => self.entries.push(entry),
        }
        Ok(())
    }
}

fn header(line: &[u8]) -> Result<Header, String> {
    #[derive(Deserialize)]
    struct Versioned {
        version: u32,
    }
    let of: Versioned = serde_json::from_slice(line).map_err(|_| "not the header of a recording".to_owned())?;
    if of.version != VERSION {
        return Err(format!("the format's version is {}; this program reads {VERSION}", of.version));
    }
    let header: Header = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    if !(1..=50).contains(&header.agent.max_actions_per_step) || !(1..=100).contains(&header.agent.max_failures) {
        return Err("the agent's settings are out of bounds".into());
    }
    if header.model.is_none() != (header.provider == Provider::Template) {
        return Err("a provider has a model, and the built-in planner has none".into());
    }
    if header.actions.len() > ExplicitAction::MAX_COUNT {
        return Err(format!("more than {} actions", ExplicitAction::MAX_COUNT));
    }
    Ok(header)
}

/// `messages` counts those of the call before.
fn entry(line: &[u8], messages: &mut usize) -> Result<Entry, String> {
    let entry: Entry = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    if let Entry::Call(call) = &entry {
        if call.kept > *messages {
            return Err(format!("{} messages of the call before are kept, which had {messages}", call.kept));
        }
        let split = |said: &Said| said.view_at.is_none_or(|at| said.text.is_char_boundary(at));
        if !call.messages.iter().all(split) {
            return Err("a page view belongs where no character begins".into());
        }
        *messages = call.kept + call.messages.len();
    }
    Ok(entry)
}
