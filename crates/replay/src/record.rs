//! Records runs: stands between a run and its model and page, and writes the file when the run is over. Until then
//! everything is in memory, since a secret is known only once it was typed and may stand in all that came before.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use serde::Serialize;
use serde_json::Value;
use tempfile::NamedTempFile;
use url::Url;

use super::format::{Answer, Call, Deed, End, Entry, Header, MAX_BYTES, Said};
use super::secrets::{Secrets, each_text};
use agent::action::{Action, ElementIndex};
use agent::image::Image;
use agent::observation::{Observation, PageView};
use agent::ports::{
    ActionError, ActionOutcome, BrowserError, ChatModel, ChatReply, ChatRequest, ModelError, ModelName, Page,
};
use agent::secrets::Secrets as Declared;

/// What is left of the largest file for masks, which may be longer than what they mask, and for the end.
const MAX_RECORDED: usize = MAX_BYTES / 4 * 3;

/// Where recordings go.
pub enum Recordings {
    /// One file, for one run.
    File(PathBuf),
    /// A folder, with a file for each run, by its id.
    Folder(PathBuf),
}

impl Recordings {
    /// Into a file, over one that is there.
    ///
    /// # Errors
    /// No file can be written there.
    pub fn file(path: PathBuf) -> io::Result<Self> {
        NamedTempFile::new_in(folder_of(&path))?;
        Ok(Self::File(path))
    }

    /// Into a folder, which is made if it is missing.
    ///
    /// # Errors
    /// No file can be written there.
    pub fn folder(path: PathBuf) -> io::Result<Self> {
        std::fs::create_dir_all(&path)?;
        NamedTempFile::new_in(&path)?;
        Ok(Self::Folder(path))
    }
}

impl Recordings {
    /// Begins the recording of a run. `declared` are the secrets that its caller gave, of which none is written.
    pub fn begin(&self, header: Header, declared: Declared) -> Arc<Recording> {
        let path = match self {
            Self::File(path) => path.clone(),
            Self::Folder(folder) => folder.join(format!("{}.jsonl", header.run)),
        };
        Arc::new(Recording { path, header, declared, taken: Mutex::default() })
    }
}

/// One run's recording.
pub struct Recording {
    path: PathBuf,
    header: Header,
    /// What the caller gave as secrets.
    declared: Declared,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    entries: Vec<Value>,
    bytes: usize,
    /// Too long: nothing more is taken.
    full: bool,
    secrets: Secrets,
    /// The fields they were typed into.
    fields: Vec<String>,
    /// Of the last reading.
    view: PageView,
    /// Of the last call.
    system: String,
    schema: Value,
    messages: Vec<Said>,
}

impl Recording {
    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, entry: &Entry) {
        self.lock().take(entry);
    }

    fn see(&self, reading: &Result<Observation, BrowserError>) {
        if let Ok(observation) = reading {
            self.lock().view = observation.view.clone();
        }
    }
}

impl Taken {
    fn take(&mut self, entry: &Entry) {
        if self.full {
            return;
        }
        let entry = to_value(entry);
        self.bytes += entry.to_string().len() + 1;
        if self.bytes > MAX_RECORDED {
            self.full = true;
            tracing::warn!(limit_bytes = MAX_RECORDED, "the run is too long to be recorded to its end");
            return;
        }
        self.entries.push(entry);
    }

    /// Text that goes into a password field is a secret, and so is what goes into a field that nobody has seen.
    fn learn(&mut self, action: &Action) {
        let Action::Input { index, text, .. } = action else { return };
        let element = self.view.element(*index);
        let secret = element.is_none_or(|element| element.input_type == "password");
        if secret && !text.is_empty() && !self.secrets.knows(text) {
            self.fields.push(element.map(|element| element.name.clone()).unwrap_or_default());
            self.secrets.add(self.fields.len(), text);
        }
    }

    fn call(&mut self, request: ChatRequest<'_>, result: &Result<ChatReply, ModelError>) {
        let said = Said::all(request.messages);
        let kept = self.messages.iter().zip(&said).take_while(|(before, now)| before == now).count();
        let new = |is_new: bool| is_new.then_some(());
        let call = Call {
            system: new(self.system != request.system).map(|()| request.system.to_owned()),
            schema: new(self.schema != *request.schema).map(|()| request.schema.clone()),
            kept,
            messages: said[kept..].iter().cloned().map(|said| said.without(&self.view.text)).collect(),
            answer: result.clone().map(Answer::from),
        };
        request.system.clone_into(&mut self.system);
        self.schema = request.schema.clone();
        self.messages = said;
        self.take(&Entry::Call(call));
    }
}

impl Recording {
    /// A model whose calls are recorded.
    pub fn model(self: Arc<Self>, model: Arc<dyn ChatModel>) -> Arc<dyn ChatModel> {
        Arc::new(RecordedModel { model, notes: self })
    }

    /// A page whose readings and actions are recorded.
    pub fn page(self: Arc<Self>, page: Arc<dyn Page>) -> Arc<dyn Page> {
        Arc::new(RecordedPage { page, notes: self })
    }

    /// Writes the recording. What goes wrong is logged: the run is over.
    pub async fn end(&self, end: Option<End>) {
        let lines = {
            let mut taken = std::mem::take(&mut *self.lock());
            if let Some(end) = end.filter(|_| !taken.full) {
                taken.entries.push(to_value(&Entry::End(end)));
            }
            let header = Header { secrets: std::mem::take(&mut taken.fields), ..self.header.clone() };
            taken.entries.insert(0, to_value(&header));
            let masked = taken.entries.into_iter().map(|mut entry| {
                if let Some(masker) = self.declared.masker() {
                    each_text(&mut entry, &|text| masker.mask_in(text));
                }
                taken.secrets.mask(&mut entry);
                entry.to_string() + "\n"
            });
            masked.collect::<String>()
        };
        let path = self.path.clone();
        let written = tokio::task::spawn_blocking(move || write(&path, &lines)).await;
        if let Err(error) = written.unwrap_or_else(|panicked| Err(io::Error::other(panicked))) {
            tracing::error!(%error, path = %self.path.display(), "the recording cannot be written");
        }
    }
}

pub(super) fn to_value(value: &impl Serialize) -> Value {
    serde_json::to_value(value).expect("our own types have string keys")
}

/// Whole or not at all, and for its owner alone, as temporary files are.
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
    notes: Arc<Recording>,
}

#[async_trait]
impl ChatModel for RecordedModel {
    fn name(&self) -> ModelName {
        self.model.name()
    }

    async fn complete(&self, request: ChatRequest<'_>) -> Result<ChatReply, ModelError> {
        let result = self.model.complete(request).await;
        self.notes.lock().call(request, &result);
        result
    }
}

struct RecordedPage {
    page: Arc<dyn Page>,
    notes: Arc<Recording>,
}

impl RecordedPage {
    fn done(&self, deed: Deed, outcome: Result<ActionOutcome, ActionError>) -> Result<ActionOutcome, ActionError> {
        self.notes.take(&Entry::Do { deed, outcome: outcome.clone() });
        outcome
    }
}

#[async_trait]
impl Page for RecordedPage {
    async fn observe(&self) -> Result<Observation, BrowserError> {
        let reading = self.page.observe().await;
        self.notes.see(&reading);
        self.notes.take(&Entry::Observe { reading: reading.clone() });
        reading
    }

    async fn read(&self) -> Result<Observation, BrowserError> {
        let reading = self.page.read().await;
        self.notes.see(&reading);
        self.notes.take(&Entry::Read { reading: reading.clone() });
        reading
    }

    async fn act(&self, action: &Action) -> Result<ActionOutcome, ActionError> {
        // Before it is tried: a run that is cut off meanwhile has typed it.
        if !matches!(action, Action::Input { text, .. } if self.notes.declared.are_meant_in(text)) {
            self.notes.lock().learn(action);
        }
        let outcome = self.page.act(action).await;
        self.done(Deed::Act { action: action.clone() }, outcome)
    }

    async fn select(&self, selector: &str, limit: Duration) -> Result<ElementIndex, ActionError> {
        let found = self.page.select(selector, limit).await;
        self.notes.take(&Entry::Select { selector: selector.to_owned(), limit, found: found.clone() });
        found
    }

    async fn press(&self, index: ElementIndex, keys: &str) -> Result<ActionOutcome, ActionError> {
        let outcome = self.page.press(index, keys).await;
        self.done(Deed::Press { index, keys: keys.to_owned() }, outcome)
    }

    async fn wait_for_url(&self, text: &str, limit: Duration) -> Result<ActionOutcome, ActionError> {
        let outcome = self.page.wait_for_url(text, limit).await;
        self.done(Deed::WaitForUrl { text: text.to_owned(), limit }, outcome)
    }

    async fn picture(&self) -> Result<Image, BrowserError> {
        let picture = self.page.picture().await;
        self.notes.take(&Entry::Picture { taken: picture.as_ref().map(|_| ()).map_err(Clone::clone) });
        picture
    }

    async fn open(&self, url: &Url) -> Result<ActionOutcome, ActionError> {
        let outcome = self.page.open(url).await;
        self.done(Deed::Open { url: url.to_string() }, outcome)
    }

    async fn close(&self) {
        self.page.close().await;
    }
}
