//! The file format: JSON Lines with a header, one entry per event, and the end of the run.

use std::collections::BTreeMap;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use agent::action::Action;
use agent::files::FileInfo;
use agent::observation::Observation;
use agent::ports::{ActionError, ActionOutcome, BrowserError, ChatReply, Message, ModelError, Provider, Role};
use agent::{AgentSettings, RequestedAction, prompt};

/// Version of the format. Version 1 is read too, except for runs with requested actions, which it records
/// differently. Files of other versions are rejected.
pub const VERSION: u32 = 2;
/// Largest file written or read, in bytes.
pub(super) const MAX_BYTES: usize = 32 << 20;
/// Largest number of entries.
const MAX_LINES: usize = 20_000;
/// Replaces the boundary of page text in prompts, which is random in each run.
const BOUNDARY: &str = "boundary";

/// A recorded run.
#[derive(Debug, Clone)]
pub struct Recording {
    pub(super) header: Header,
    pub(super) entries: Vec<Entry>,
    /// `None` if the recording is truncated.
    pub(super) end: Option<End>,
}

/// The run's request and settings.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Header {
    /// Of the format, [`VERSION`].
    pub version: u32,
    /// The version of this service that wrote the file.
    pub service: String,
    /// The id of the run.
    pub run: String,
    pub task: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_url: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<RequestedAction>,
    /// Uploaded files, without their contents.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileInfo>,
    /// The names of the caller's secrets, by origin.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub sensitive_data: BTreeMap<String, Vec<String>>,
    /// The user names for HTTP authentication, by origin.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub http_credentials: BTreeMap<String, String>,
    /// JSON Schema of the run's output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output_schema: Option<serde_json::Value>,
    /// The run's own lists. `None` allows every domain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_domains: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blocked_domains: Vec<String>,
    pub max_steps: u32,
    pub temperature: f64,
    pub provider: Provider,
    /// `None` for the built-in planner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    pub agent: AgentSettings,
    /// Names of the fields whose input is masked: `***1***` is that of the first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<String>,
}

/// One call to the page or the model, with its result.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(super) enum Entry {
    Observe {
        reading: Result<Observation, BrowserError>,
    },
    /// An observation within a step, without a screenshot.
    Read {
        reading: Result<Observation, BrowserError>,
    },
    /// The image itself is not recorded.
    Picture {
        taken: Result<(), BrowserError>,
    },
    #[serde(rename = "do")]
    Act {
        #[serde(rename = "deed")]
        action: PageAction,
        outcome: Result<ActionOutcome, ActionError>,
    },
    #[serde(rename = "call")]
    ModelCall(ModelCall),
    End(End),
}

impl Entry {
    /// A description for divergences.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Observe { .. } | Self::Read { .. } => "an observation".into(),
            Self::Picture { .. } => "a screenshot".into(),
            Self::Act { action, .. } => action.name(),
            Self::ModelCall(_) => "a model call".into(),
            Self::End(_) => "the end".into(),
        }
    }
}

/// An action on a page.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(super) enum PageAction {
    Open { url: String },
    Act { action: Action },
}

impl PageAction {
    pub(super) fn name(&self) -> String {
        match self {
            Self::Open { url } => format!("opening {url}"),
            Self::Act { action } => serde_json::to_string(action).unwrap_or_else(|_| action.name().to_owned()),
        }
    }
}

/// A model call: what differs from the previous call, and the reply.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ModelCall {
    /// `None` if unchanged, like the schema.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) system: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) schema: Option<Value>,
    /// How many leading messages are those of the previous call.
    pub(super) kept: usize,
    /// The messages after those.
    pub(super) messages: Vec<RecordedMessage>,
    #[serde(rename = "answer")]
    pub(super) reply: Result<ChatReply, ModelError>,
}

/// A message to the model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RecordedMessage {
    pub(super) role: Role,
    pub(super) text: String,
    /// Byte offset in `text` at which the text of the last page view was cut out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) view_at: Option<usize>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) image: bool,
}

impl RecordedMessage {
    /// The messages of a call, without what differs in every run.
    pub(super) fn list(messages: &[Message]) -> Vec<Self> {
        let boundary = messages.first().and_then(|message| prompt::boundary(&message.text));
        let text = |text: &str| boundary.map_or_else(|| text.to_owned(), |own| text.replace(own, BOUNDARY));
        let record = |message: &Message| Self {
            role: message.role,
            text: text(&message.text),
            view_at: None,
            image: message.image.is_some(),
        };
        messages.iter().map(record).collect()
    }

    /// Cuts out the text of the page view.
    pub(super) fn without_view(mut self, view: &str) -> Self {
        if let Some(at) = self.text.find(view).filter(|_| !view.is_empty()) {
            self.text.replace_range(at..at + view.len(), "");
            self.view_at = Some(at);
        }
        self
    }

    /// Puts the text of the page view back.
    pub(super) fn with_view(mut self, view: &str) -> Self {
        if let Some(at) = self.view_at.take() {
            self.text.insert_str(at, view);
        }
        self
    }
}

/// How the run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum End {
    Finished { success: bool, text: String, errors: Vec<String> },
    Failed { code: String, message: String },
}

/// Why a file cannot be read as a recording.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    #[error("longer than {} MiB or {MAX_LINES} lines", MAX_BYTES >> 20)]
    TooLong,
    #[error("the file is empty")]
    Empty,
    #[error("line {line}: {problem}")]
    Line { line: usize, problem: String },
}

impl Recording {
    /// Parses a file, which may come from an untrusted source.
    ///
    /// # Errors
    /// The file is too long, or a line is invalid.
    pub fn parse(bytes: &[u8]) -> Result<Self, RecordingError> {
        if bytes.len() > MAX_BYTES {
            return Err(RecordingError::TooLong);
        }
        let mut lines = bytes.split(|byte| *byte == b'\n').zip(1..).filter(|(line, _)| !line.trim_ascii().is_empty());
        let (first, line) = lines.next().ok_or(RecordingError::Empty)?;
        let header = header(first).map_err(|problem| RecordingError::Line { line, problem })?;
        let mut recording = Self { header, entries: Vec::new(), end: None };
        let mut messages = 0;
        for (text, line) in lines {
            if recording.entries.len() == MAX_LINES {
                return Err(RecordingError::TooLong);
            }
            let entry = entry(text, &mut messages).and_then(|entry| recording.push(entry));
            entry.map_err(|problem| RecordingError::Line { line, problem })?;
        }
        Ok(recording)
    }

    fn push(&mut self, entry: Entry) -> Result<(), String> {
        if self.end.is_some() {
            return Err("there are entries after the end".into());
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
        #[serde(default)]
        actions: Vec<IgnoredAny>,
    }
    let header: Versioned = serde_json::from_slice(line).map_err(|_| "not the header of a recording".to_owned())?;
    if !(1..=VERSION).contains(&header.version) {
        return Err(format!("the format's version is {}; this program reads 1 to {VERSION}", header.version));
    }
    if header.version == 1 && !header.actions.is_empty() {
        return Err("a run with requested actions in version 1 of the format, which cannot be replayed".into());
    }
    let header: Header = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    if !(1..=50).contains(&header.agent.max_actions_per_step) || !(1..=100).contains(&header.agent.max_failures) {
        return Err("the agent's settings are out of range".into());
    }
    if header.model.is_none() != (header.provider == Provider::Template) {
        return Err("a provider needs a model, and the built-in planner has none".into());
    }
    if header.actions.len() > RequestedAction::MAX_COUNT {
        return Err(format!("more than {} actions", RequestedAction::MAX_COUNT));
    }
    Ok(header)
}

/// `messages` is the number of messages of the previous call.
fn entry(line: &[u8], messages: &mut usize) -> Result<Entry, String> {
    let entry: Entry = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    if let Entry::ModelCall(call) = &entry {
        if call.kept > *messages {
            return Err(format!("{} messages are kept from the previous call, which had {messages}", call.kept));
        }
        let is_valid = |message: &RecordedMessage| message.view_at.is_none_or(|at| message.text.is_char_boundary(at));
        if !call.messages.iter().all(is_valid) {
            return Err("a page view's offset is within a character".into());
        }
        *messages = call.kept + call.messages.len();
    }
    Ok(entry)
}
