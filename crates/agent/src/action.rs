//! What the agent can do to a page: the vocabulary shared by models, planners and the browser.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An element's number as the page view shows it, `[41]`. Stable for as long as the element lives.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct ElementIndex(pub u32);

impl std::fmt::Display for ElementIndex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "[{}]", self.0)
    }
}

/// One action: an object with its name as the one key, `{"click":{"index":41}}`. Models are offered another form, see
/// `schema`; they read the comments below, so what the names say is not said again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Action {
    Navigate {
        url: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        new_tab: Option<bool>,
    },
    /// Search the web.
    Search {
        query: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        engine: Option<SearchEngine>,
    },
    GoBack {},
    /// Click an element, at x, y from its corner when given; without an index x, y is a point of the viewport.
    Click {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        index: Option<ElementIndex>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        x: Option<f64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        y: Option<f64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        button: Option<MouseButton>,
        /// 2 for a double click, 3 to select a paragraph.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        count: Option<u8>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        modifiers: Option<Vec<Modifier>>,
    },
    Hover {
        index: ElementIndex,
    },
    /// Drag an element, or the point x, y in it, to another element or along a path of [dx, dy] pixels from the start.
    Drag {
        from: ElementIndex,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        x: Option<f64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        y: Option<f64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<ElementIndex>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        path: Option<Vec<(f64, f64)>>,
    },
    /// Replaces what the field holds unless `clear` is false.
    Input {
        index: ElementIndex,
        text: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        clear: Option<bool>,
        /// Press Enter afterwards.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        submit: Option<bool>,
    },
    /// In a select, listbox or menu, by the options' text or value.
    Select {
        index: ElementIndex,
        options: Vec<String>,
    },
    DropdownOptions {
        index: ElementIndex,
    },
    /// Into a file field, or through the button that opens its chooser.
    Upload {
        index: ElementIndex,
        files: Vec<String>,
    },
    SavePdf {},
    /// Press keys at the focused element: "Enter", "Control+a", "Escape", or several separated by blanks.
    SendKeys {
        keys: String,
    },
    /// With an index, scroll the container that holds the element.
    Scroll {
        direction: ScrollDirection,
        /// In viewport heights (or widths); 1 when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pages: Option<f64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        index: Option<ElementIndex>,
    },
    ScrollToText {
        text: String,
        /// Also select it, with the mouse.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        select: Option<bool>,
    },
    /// In the whole page.
    FindText {
        pattern: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        regex: Option<bool>,
    },
    /// By CSS selector.
    FindElements {
        selector: String,
    },
    /// Wait for a text to appear or to go, or for some seconds.
    Wait {
        /// At most 30.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seconds: Option<f64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        gone: Option<String>,
    },
    /// Read the text of the page or of one element.
    Extract {
        /// What to look for; a long text comes back as a list of what it says to this.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        query: Option<String>,
        /// JSON Schema of an entry of that list, as text.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        schema: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        index: Option<ElementIndex>,
        /// Number of an earlier extract, to see it once more.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        again: Option<u32>,
    },
    /// Shown in the next step.
    Screenshot {},
    SwitchTab {
        tab: u32,
    },
    /// The current one when none is named.
    CloseTab {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tab: Option<u32>,
    },
    AnswerDialog {
        accept: bool,
        /// For a prompt.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
    /// Run JavaScript in the page; what it ends with is the result.
    Evaluate {
        js: String,
    },
    Script {
        code: String,
    },
    Done {
        text: String,
        success: bool,
        /// The output as a JSON text; null without success.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(with = "Option<String>")]
        data: Option<Value>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MouseButton {
    Left,
    Middle,
    Right,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Modifier {
    Alt,
    Control,
    Meta,
    Shift,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SearchEngine {
    Duckduckgo,
    Google,
    Bing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ScrollDirection {
    Up,
    Down,
    Left,
    Right,
}

impl Action {
    /// The ordinary click.
    pub fn click(index: ElementIndex) -> Self {
        Self::Click { index: Some(index), x: None, y: None, button: None, count: None, modifiers: None }
    }

    /// The end without an output.
    pub fn done(text: impl Into<String>, success: bool) -> Self {
        Self::Done { text: text.into(), success, data: None }
    }

    /// The whole text of an element, or of the page.
    pub fn extract(index: Option<ElementIndex>) -> Self {
        Self::Extract { query: None, schema: None, index, again: None }
    }

    /// The action's name as models and events write it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Navigate { .. } => "navigate",
            Self::Search { .. } => "search",
            Self::GoBack {} => "goBack",
            Self::Click { .. } => "click",
            Self::Hover { .. } => "hover",
            Self::Drag { .. } => "drag",
            Self::Input { .. } => "input",
            Self::Select { .. } => "select",
            Self::DropdownOptions { .. } => "dropdownOptions",
            Self::Upload { .. } => "upload",
            Self::SavePdf {} => "savePdf",
            Self::SendKeys { .. } => "sendKeys",
            Self::Scroll { .. } => "scroll",
            Self::ScrollToText { .. } => "scrollToText",
            Self::FindText { .. } => "findText",
            Self::FindElements { .. } => "findElements",
            Self::Wait { .. } => "wait",
            Self::Extract { .. } => "extract",
            Self::Screenshot {} => "screenshot",
            Self::SwitchTab { .. } => "switchTab",
            Self::CloseTab { .. } => "closeTab",
            Self::AnswerDialog { .. } => "answerDialog",
            Self::Evaluate { .. } => "evaluate",
            Self::Script { .. } => "script",
            Self::Done { .. } => "done",
        }
    }

    /// The element the action is aimed at, if any.
    pub fn index(&self) -> Option<ElementIndex> {
        match self {
            Self::Input { index, .. }
            | Self::Select { index, .. }
            | Self::Upload { index, .. }
            | Self::Hover { index }
            | Self::DropdownOptions { index }
            | Self::Drag { from: index, .. } => Some(*index),
            Self::Click { index, .. } | Self::Scroll { index, .. } | Self::Extract { index, .. } => *index,
            Self::Navigate { .. }
            | Self::Search { .. }
            | Self::GoBack {}
            | Self::SavePdf {}
            | Self::SendKeys { .. }
            | Self::ScrollToText { .. }
            | Self::FindText { .. }
            | Self::FindElements { .. }
            | Self::SwitchTab { .. }
            | Self::CloseTab { .. }
            | Self::Wait { .. }
            | Self::Screenshot {}
            | Self::AnswerDialog { .. }
            | Self::Evaluate { .. }
            | Self::Script { .. }
            | Self::Done { .. } => None,
        }
    }
}
