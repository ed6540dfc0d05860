//! The texts of editors that draw a part of them, from the objects that the page's own scripts hold.

use chromiumoxide_cdp::cdp::js_protocol::runtime::CallFunctionOnParams;
use serde::Deserialize;

use super::frame_reader::FrameReader;
use super::reading::{ElementItem, Item, Reading};
use crate::isolated_world::{Document, ScriptError};
use cdp::messages::Evaluated;

const SCRIPT: &str = include_str!("../../scripts/dist/editor_models.js");
/// A longer text is shown in the view as far as the editor shows it.
const MAX_SHOWN: usize = 2_000;

/// An editor's text. The page can put anything there.
#[derive(Debug, Deserialize)]
pub(crate) struct EditorModel {
    pub(crate) text: String,
    lines: u32,
    language: String,
}

impl FrameReader<'_> {
    /// The texts of the editors known by name, in document order; none where the page keeps it to itself.
    pub(crate) async fn editor_models(self, document: &Document) -> Result<Vec<Option<EditorModel>>, ScriptError> {
        let root = self.root(document).await?;
        let call = CallFunctionOnParams::builder().function_declaration(SCRIPT).object_id(root).return_by_value(true);
        let call = call.build().expect("the declaration is set");
        let found: Evaluated<Vec<Option<EditorModel>>> = document.session.call_as(call, self.limit).await?;
        Ok(found.result.value.unwrap_or_default())
    }

    /// Adds to the editors of a reading what their models say. Costs a call only where there are such editors.
    pub(super) async fn add_editor_models(self, document: &Document, reading: &mut Reading) {
        let editors = reading.items.iter_mut().filter_map(|item| match item {
            Item::Element(element) if element.editor.is_some() => Some(element),
            _ => None,
        });
        let editors: Vec<_> = editors.collect();
        if editors.is_empty() {
            return;
        }
        // What the editors show is known without it.
        let models = self.editor_models(document).await.unwrap_or_default();
        for editor in editors {
            if let Some(Some(model)) = editor.editor.and_then(|number| models.get(number)) {
                add(editor, model);
            }
        }
    }
}

fn add(editor: &mut ElementItem, model: &EditorModel) {
    editor.line_count = Some(model.lines);
    if editor.state.is_empty() {
        editor.state.clone_from(&model.language);
    }
    if model.text.chars().count() <= MAX_SHOWN {
        editor.value = Some(model.text.clone());
        editor.lines = Some([1, model.lines]);
    }
}
