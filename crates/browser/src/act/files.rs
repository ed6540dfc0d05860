//! File uploads, and saving the page as PDF.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chromiumoxide_cdp::cdp::browser_protocol::dom::SetFileInputFilesParams;
use chromiumoxide_cdp::cdp::browser_protocol::io::{CloseParams, ReadParams, StreamHandle};
use chromiumoxide_cdp::cdp::browser_protocol::page::{PrintToPdfParams, PrintToPdfTransferMode};
use chromiumoxide_cdp::cdp::js_protocol::runtime::RemoteObjectId;
use serde::Deserialize;
use serde_json::json;

use super::executor::{Executor, Target, reject};
use super::mouse::Press;
use super::outcome::{delivered, prepend_note};
use super::page_diff::ActionStart;
use super::text::{clip, label};
use crate::error::browser_error;
use crate::files::FileLimitError;
use crate::isolated_world::{Document, ObjectGroup};
use agent::files::FileName;
use agent::locator::Locator;
use agent::ports::{ActionError, ActionOutcome, BrowserError};
use cdp::{CdpError, Session};

#[derive(Deserialize)]
struct Title {
    title: String,
}

/// How long a click may take to open a file chooser; a page may ask its server first.
const CHOOSER_WAIT: Duration = Duration::from_secs(3);
const CHUNK: i64 = 1 << 20;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct FileField {
    /// The input that the element is, labels or contains.
    id: Option<u32>,
}

/// A file input, as an object of its document's world.
struct Field {
    document: Document,
    object: RemoteObjectId,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct FileFieldLimits {
    disabled: bool,
    multiple: bool,
    folder: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct HeldFiles {
    names: Vec<String>,
    /// Files that do not match `accept`.
    unfit: Vec<String>,
    accept: String,
}

impl Executor<'_> {
    pub(super) async fn upload(&self, index: &Locator, names: &[String]) -> Result<ActionOutcome, ActionError> {
        // Downloads and saved pages may contain typed secrets, and no masker reads files.
        let only_sent = !self.secrets.is_empty();
        let paths = self.context.files().paths(names, only_sent);
        let paths = paths.map_err(|error| ActionError::NotPossible(error.to_string()))?;
        let target = self.target(index).await?;
        let start = self.start_filling(&target).await?;
        let group = self.worlds.group();
        let field = self.file_field(&target, &start, &group).await?;
        let outcome = self.put_files(&target, &field, names, paths, &start).await;
        self.worlds.release(&field.document, group);
        outcome
    }

    async fn put_files(
        &self,
        target: &Target,
        Field { document, object }: &Field,
        names: &[String],
        paths: Vec<std::path::PathBuf>,
        start: &ActionStart,
    ) -> Result<ActionOutcome, ActionError> {
        let index = &target.index;
        let takes: FileFieldLimits = self.worlds.call_on(document, object, "fileFieldLimits", None).await?;
        match takes {
            FileFieldLimits { disabled: true, .. } => reject!("element {index} is disabled"),
            FileFieldLimits { folder: true, .. } => {
                reject!("element {index} takes whole folders, which is not supported")
            }
            FileFieldLimits { multiple: false, .. } if names.len() > 1 => {
                reject!("element {index} takes one file only")
            }
            _ => {}
        }
        let paths: Vec<String> = paths.iter().map(|path| path.to_string_lossy().into_owned()).collect();
        let mut put = SetFileInputFilesParams::new(paths);
        put.object_id = Some(object.clone());
        delivered(document.session.call(put).await)?;
        // The page may have navigated already; settling reports that.
        let holds: Option<HeldFiles> = self.worlds.call_on(document, object, "heldFiles", None).await.ok();
        let description = format!("Upload '{}' to {}", clip(&names.join("', '"), 120), label(&target.element));
        let mut outcome = self.settle(description, start).await?;
        let told = match holds {
            Some(HeldFiles { names, .. }) if names.is_empty() => {
                "the page has taken it and emptied the field".to_owned()
            }
            Some(HeldFiles { names, unfit, accept }) => {
                let holds = format!("the field now holds {}", clip(&names.join(", "), 300));
                match unfit.is_empty() {
                    true => holds,
                    false => format!("{holds}; it asks for {accept}, which {} is not", clip(&unfit.join(", "), 200)),
                }
            }
            None => return Ok(outcome),
        };
        prepend_note(&mut outcome, told);
        Ok(outcome)
    }

    /// The input an element is, labels, or opens a chooser for when clicked.
    async fn file_field(
        &self,
        target: &Target,
        start: &ActionStart,
        group: &ObjectGroup,
    ) -> Result<Field, ActionError> {
        let place = &target.place;
        let found: FileField = self.call_target(target, "fileField", &json!({ "id": place.id })).await?;
        if let Some(id) = found.id {
            let object = self.worlds.object_of(&place.document, id, group).await?;
            return Ok(Field { document: place.document.clone(), object });
        }
        let located = self.locate(target).await?;
        if located.disabled {
            reject!("element {} is disabled", target.index);
        }
        self.press_on(target, &located, Press::default()).await?;
        let opened = self.context.wait_within(CHOOSER_WAIT, |tabs| match tabs.by_id(start.baseline.tab) {
            Some(tab) if !tab.crashed && tab.dialog.is_none() => tab.chooser.take().map(Some),
            _ => Some(None),
        });
        let Some(chooser) = opened.await?.flatten() else {
            let outcome = self.settle(String::new(), start).await?;
            let effect = if outcome.effect.is_empty() { String::new() } else { format!("; but {}", outcome.effect) };
            reject!("element {} is no file field, and clicking it opened no file chooser{effect}", target.index);
        };
        let Some(input) = chooser.input else {
            reject!("the page asks for files in a way that is not supported here; look for another way");
        };
        let object = self.worlds.resolve(&chooser.document, input, group).await?;
        Ok(Field { document: chooser.document, object })
    }

    pub(super) async fn save_pdf(&self) -> Result<ActionOutcome, ActionError> {
        let document = self.active()?;
        let Title { title } = self.call_in(&document, "title", &()).await?;
        let session = document.session;
        let print = PrintToPdfParams::builder()
            .print_background(true)
            .prefer_css_page_size(true)
            .transfer_mode(PrintToPdfTransferMode::ReturnAsStream)
            .build();
        let limit = self.context.browser().settings.navigation_timeout;
        let printed = match session.call_within(print, limit).await {
            Ok(printed) => printed,
            Err(CdpError::Refused { message, .. }) => {
                reject!("this browser cannot save the page: {message}");
            }
            Err(error) => return Err(ActionError::Browser(browser_error(error))),
        };
        let Some(handle) = printed.stream else {
            return Err(BrowserError::Protocol { cause: "Page.printToPDF: no stream".into() }.into());
        };
        let content = self.read(&session, &handle).await;
        session.send(CloseParams::new(handle));
        let kept = self.context.files().keep(&FileName::titled(&title, "pdf"), content?).await;
        let kept =
            kept.map_err(|error| BrowserError::Protocol { cause: format!("a PDF cannot be written: {error}") })?;
        let file = kept.map_err(not_kept)?;
        Ok(ActionOutcome {
            description: "Save the page as PDF".into(),
            effect: format!("saved {file}"),
            ..ActionOutcome::default()
        })
    }

    /// Reads a stream up to the file size limit.
    async fn read(&self, session: &Session, handle: &StreamHandle) -> Result<Vec<u8>, ActionError> {
        let max = self.context.files().limits().file_bytes;
        let mut content = Vec::new();
        loop {
            let read = ReadParams::builder().handle(handle.clone()).size(CHUNK).build().expect("the handle is set");
            let chunk = session.call(read).await.map_err(browser_error)?;
            if chunk.base64_encoded == Some(true) {
                let decoded = STANDARD.decode_vec(&chunk.data, &mut content);
                decoded.map_err(|error| BrowserError::Protocol { cause: format!("IO.read: {error}") })?;
            } else {
                content.extend_from_slice(chunk.data.as_bytes());
            }
            if content.len() as u64 > max {
                return Err(not_kept(FileLimitError::FileSize { max }));
            }
            if chunk.eof {
                return Ok(content);
            }
        }
    }
}

fn not_kept(refused: FileLimitError) -> ActionError {
    ActionError::NotPossible(format!("the page was not saved: {refused}"))
}
