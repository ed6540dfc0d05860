//! Records runs: wraps a run's model and page, and writes the file when the run ends. Until then everything is kept in
//! memory, since a secret is known only once it is typed and may occur in earlier entries.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use serde::Serialize;
use serde_json::Value;
use tempfile::NamedTempFile;
use url::Url;

use super::format::{End, Entry, Header, MAX_BYTES, ModelCall, PageAction, RecordedMessage};
use super::secrets::{Secrets, each_text};
use agent::action::Action;
use agent::image::Image;
use agent::observation::{Observation, PageView};
use agent::ports::{
    ActionError, ActionOutcome, BrowserError, ChatModel, ChatReply, ChatRequest, ModelError, ModelName, Page,
};
use agent::secrets::Secrets as Declared;

/// Leaves room for masks, which may be longer than the text that they replace, and for the end.
const MAX_RECORDED: usize = MAX_BYTES / 4 * 3;

/// Where recordings are written.
pub enum Destination {
    /// A file, for a single run.
    File(PathBuf),
    /// A folder, with a file per run, named by its id.
    Folder(PathBuf),
}

impl Destination {
    /// A file, which is overwritten.
    ///
    /// # Errors
    /// The folder is not writable.
    pub fn file(path: PathBuf) -> io::Result<Self> {
        NamedTempFile::new_in(folder_of(&path))?;
        Ok(Self::File(path))
    }

    /// A folder, which is created if missing.
    ///
    /// # Errors
    /// The folder cannot be created or is not writable.
    pub fn folder(path: PathBuf) -> io::Result<Self> {
        std::fs::create_dir_all(&path)?;
        NamedTempFile::new_in(&path)?;
        Ok(Self::Folder(path))
    }

    /// Starts recording a run. `declared` are the caller's secrets; they are masked in the file.
    pub fn begin(&self, header: Header, declared: Declared) -> Arc<RunRecorder> {
        let path = match self {
            Self::File(path) => path.clone(),
            Self::Folder(folder) => folder.join(format!("{}.jsonl", header.run)),
        };
        Arc::new(RunRecorder { path, header, declared, state: Mutex::default() })
    }
}

/// Records one run.
pub struct RunRecorder {
    path: PathBuf,
    header: Header,
    declared: Declared,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    entries: Vec<Value>,
    bytes: usize,
    /// The limit is reached; nothing more is recorded.
    full: bool,
    secrets: Secrets,
    /// The names of the fields they were typed into.
    fields: Vec<String>,
    /// Of the last observation.
    view: PageView,
    /// Of the last model call.
    system: String,
    schema: Value,
    messages: Vec<RecordedMessage>,
}

impl RunRecorder {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, entry: &Entry) {
        self.lock().add(entry);
    }
}

impl State {
    fn add(&mut self, entry: &Entry) {
        if self.full {
            return;
        }
        let entry = to_value(entry);
        self.bytes += entry.to_string().len() + 1;
        if self.bytes > MAX_RECORDED {
            self.full = true;
            tracing::warn!(limit_bytes = MAX_RECORDED, "the run is too long, its recording is truncated");
            return;
        }
        self.entries.push(entry);
    }

    fn add_observation(&mut self, reading: &Result<Observation, BrowserError>, entry: &Entry) {
        if let Ok(observation) = reading {
            self.view = observation.view.clone();
        }
        self.add(entry);
    }

    /// Text typed into a password field is a secret, and so is text typed into an unknown element.
    fn note_secret(&mut self, action: &Action) {
        let Action::Input { index, text, .. } = action else { return };
        let element = index.index().and_then(|index| self.view.element(index));
        let secret = element.is_none_or(|element| element.input_type == "password");
        if secret && !text.is_empty() && !self.secrets.knows(text) {
            self.fields.push(element.map(|element| element.name.clone()).unwrap_or_default());
            self.secrets.add(self.fields.len(), text);
        }
    }

    fn add_call(&mut self, request: ChatRequest<'_>, result: &Result<ChatReply, ModelError>) {
        let messages = RecordedMessage::list(request.messages);
        let kept = self.messages.iter().zip(&messages).take_while(|(previous, current)| previous == current).count();
        let new = messages[kept..].iter().cloned().map(|message| message.without_view(&self.view.text));
        let call = ModelCall {
            system: (self.system != request.system).then(|| request.system.to_owned()),
            schema: (self.schema != *request.schema).then(|| request.schema.clone()),
            kept,
            messages: new.collect(),
            reply: result.clone(),
        };
        request.system.clone_into(&mut self.system);
        self.schema = request.schema.clone();
        self.messages = messages;
        self.add(&Entry::ModelCall(call));
    }
}

impl RunRecorder {
    /// Wraps the model so that its calls are recorded.
    pub fn model(self: Arc<Self>, model: Arc<dyn ChatModel>) -> Arc<dyn ChatModel> {
        Arc::new(RecordedModel { model, recorder: self })
    }

    /// Wraps the page so that its observations and actions are recorded.
    pub fn page(self: Arc<Self>, page: Arc<dyn Page>) -> Arc<dyn Page> {
        Arc::new(RecordedPage { page, recorder: self })
    }

    /// Writes the file and returns its path. Errors are logged, as the run is over.
    pub async fn end(&self, end: Option<End>) -> Option<PathBuf> {
        let lines = {
            let mut state = std::mem::take(&mut *self.lock());
            if let Some(end) = end.filter(|_| !state.full) {
                state.entries.push(to_value(&Entry::End(end)));
            }
            let header = Header { secrets: std::mem::take(&mut state.fields), ..self.header.clone() };
            state.entries.insert(0, to_value(&header));
            let masked = state.entries.into_iter().map(|mut entry| {
                if let Some(masker) = self.declared.masker() {
                    each_text(&mut entry, &|text| masker.mask_in(text));
                }
                state.secrets.mask(&mut entry);
                entry.to_string() + "\n"
            });
            masked.collect::<String>()
        };
        let path = self.path.clone();
        let written = tokio::task::spawn_blocking(move || write(&path, &lines)).await;
        match written.unwrap_or_else(|panicked| Err(io::Error::other(panicked))) {
            Ok(()) => Some(self.path.clone()),
            Err(error) => {
                tracing::error!(%error, path = %self.path.display(), "the recording cannot be written");
                None
            }
        }
    }
}

pub(super) fn to_value(value: &impl Serialize) -> Value {
    serde_json::to_value(value).expect("these types have string keys")
}

/// Writes atomically; the file is readable by its owner only, as temporary files are.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut file = NamedTempFile::new_in(folder_of(path))?;
    file.write_all(text.as_bytes())?;
    file.persist(path)?;
    Ok(())
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

struct RecordedModel {
    model: Arc<dyn ChatModel>,
    recorder: Arc<RunRecorder>,
}

#[async_trait]
impl ChatModel for RecordedModel {
    fn name(&self) -> ModelName {
        self.model.name()
    }

    async fn complete(&self, request: ChatRequest<'_>) -> Result<ChatReply, ModelError> {
        let result = self.model.complete(request).await;
        self.recorder.lock().add_call(request, &result);
        result
    }
}

struct RecordedPage {
    page: Arc<dyn Page>,
    recorder: Arc<RunRecorder>,
}

impl RecordedPage {
    fn record(
        &self,
        action: PageAction,
        outcome: Result<ActionOutcome, ActionError>,
    ) -> Result<ActionOutcome, ActionError> {
        self.recorder.add(&Entry::Act { action, outcome: outcome.clone() });
        outcome
    }
}

#[async_trait]
impl Page for RecordedPage {
    async fn observe(&self) -> Result<Observation, BrowserError> {
        let reading = self.page.observe().await;
        self.recorder.lock().add_observation(&reading, &Entry::Observe { reading: reading.clone() });
        reading
    }

    async fn read(&self) -> Result<Observation, BrowserError> {
        let reading = self.page.read().await;
        self.recorder.lock().add_observation(&reading, &Entry::Read { reading: reading.clone() });
        reading
    }

    async fn act(&self, action: &Action) -> Result<ActionOutcome, ActionError> {
        // Before the action: a run cancelled meanwhile may have typed it.
        if !matches!(action, Action::Input { text, .. } if self.recorder.declared.has_placeholder(text)) {
            self.recorder.lock().note_secret(action);
        }
        let outcome = self.page.act(action).await;
        self.record(PageAction::Act { action: action.clone() }, outcome)
    }

    async fn picture(&self) -> Result<Image, BrowserError> {
        let picture = self.page.picture().await;
        self.recorder.add(&Entry::Picture { taken: picture.as_ref().map(|_| ()).map_err(Clone::clone) });
        picture
    }

    async fn open(&self, url: &Url) -> Result<ActionOutcome, ActionError> {
        let outcome = self.page.open(url).await;
        self.record(PageAction::Open { url: url.to_string() }, outcome)
    }

    async fn close(&self) {
        self.page.close().await;
    }
}
