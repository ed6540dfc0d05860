//! Extracts text.

use serde::Deserialize;
use serde_json::json;

use super::documents::FrameAnswer;
use super::executor::{Executor, Target};
use super::text::{clip, label};
use crate::observe::editor_models::EditorModel;
use crate::observe::frame_reader::FrameReader;
use agent::locator::Locator;
use agent::ports::{ActionError, ActionOutcome};
use agent::text::shorten;

/// Maximum characters read from a page, about 25,000 tokens.
pub(super) const MAX_TEXT: usize = 100_000;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Text {
    pub(super) text: String,
    total: usize,
    /// The text is what this editor shows of its own.
    editor: Option<usize>,
}

impl Executor<'_> {
    pub(super) async fn extract(
        &self,
        query: Option<&str>,
        index: Option<&Locator>,
    ) -> Result<ActionOutcome, ActionError> {
        let (read, what) = match index {
            Some(index) => {
                let target = self.target(index).await?;
                let argument = json!({ "id": target.place.id, "limit": MAX_TEXT, "marks": true });
                let mut read: Text = self.call_target(&target, "text", &argument).await?;
                if read.editor.is_some()
                    && let Some(model) = self.editor_model(&target).await?
                {
                    read.total = model.text.chars().count();
                    read.text = shorten(&model.text, MAX_TEXT);
                }
                (read, label(&target.element))
            }
            None => (self.page_text_with_pdf().await?, "the page".to_owned()),
        };
        let described = match query {
            Some(query) => format!("Read {what} for '{}'", clip(query, 80)),
            None => format!("Read {what}"),
        };
        let effect = match read.total {
            0 => "there is no text".to_owned(),
            total if total > MAX_TEXT => format!("the first {MAX_TEXT} of {total} characters"),
            _ => String::new(),
        };
        Ok(ActionOutcome { description: described, effect, extracted: Some(read.text), page_changed: false })
    }

    /// The whole text of an editor, where the page's scripts can reach it.
    pub(super) async fn editor_model(&self, target: &Target) -> Result<Option<EditorModel>, ActionError> {
        let argument = json!({ "id": target.place.id, "limit": 0, "marks": false });
        let Text { editor: Some(number), .. } = self.call_target(target, "text", &argument).await? else {
            return Ok(None);
        };
        let reader = FrameReader { context: self.context, worlds: self.worlds, limit: self.command_timeout() };
        let models = reader.editor_models(&target.place.document).await?;
        Ok(models.into_iter().nth(number).flatten())
    }

    /// The text of the page, its frames and the PDF document that it has opened.
    async fn page_text_with_pdf(&self) -> Result<Text, ActionError> {
        let mut whole = self.page_text(true, MAX_TEXT).await?;
        let frame = self.active()?.frame;
        let program = &self.context.browser().settings.warden;
        if let Some(pdf) = self.context.files().pdf_of(&frame, program).await {
            if !whole.text.is_empty() {
                whole.text.push_str("\n\n");
            }
            whole.text.push_str(&pdf.shown(MAX_TEXT));
            whole.total = whole.text.chars().count();
            whole.text = shorten(&whole.text, MAX_TEXT);
        }
        Ok(whole)
    }

    /// The text of the page and its frames, at most `limit` characters; `marks` adds headings, lists, tables and link
    /// targets.
    pub(super) async fn page_text(&self, marks: bool, limit: usize) -> Result<Text, ActionError> {
        let argument = json!({ "id": null, "limit": limit, "marks": marks });
        let answers: Vec<FrameAnswer<Text>> = self.ask_all("text", &argument).await?;
        let mut whole = Text::default();
        for (at, answer) in answers.into_iter().enumerate().filter(|(_, answer)| answer.value.total > 0) {
            if at > 0 {
                whole.text.push_str("\n\nIn a frame:\n");
            }
            whole.text.push_str(&answer.value.text);
            whole.total += answer.value.total;
        }
        whole.text = shorten(&whole.text, limit);
        Ok(whole)
    }
}
