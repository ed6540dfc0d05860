//! The actions on a page, shared by models, planners, callers and the browser.
//!
//! To add an action, add a variant here, with its words in [`Action::describe`], and carry it out in the browser's
//! `act`. The schema that models read is generated from this file.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use strum::{IntoStaticStr, VariantNames};

use crate::locator::Locator;
use crate::observation::{ElementIndex, PageView};
use crate::text::one_line;

/// Longest label, URL or text in a description, in characters.
const MAX_LABEL: usize = 80;

/// One action: an object with its name as the one key, `{"click":{"index":41}}`. Models see a different form, see
/// `prompt::schema`. The doc comments of variants and fields are part of what models read, so they cost tokens. Fields
/// with `schemars(skip)` are for callers only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, IntoStaticStr, VariantNames)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
#[strum(serialize_all = "camelCase")]
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
        index: Option<Locator>,
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
        index: Locator,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        x: Option<f64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        y: Option<f64>,
    },
    /// Drag an element, or the point x, y in it, to another element, or toX, toY in it, or along a path of [dx, dy] pixels
    /// from the start.
    Drag {
        from: Locator,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        x: Option<f64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        y: Option<f64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<Locator>,
        #[serde(default, rename = "toX", skip_serializing_if = "Option::is_none")]
        to_x: Option<f64>,
        #[serde(default, rename = "toY", skip_serializing_if = "Option::is_none")]
        to_y: Option<f64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        path: Option<Vec<(f64, f64)>>,
    },
    /// Replaces what the field holds unless clear is false; submit presses Enter.
    Input {
        index: Locator,
        text: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        clear: Option<bool>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        submit: Option<bool>,
    },
    /// Of any list or menu, by text or value.
    Select {
        index: Locator,
        options: Vec<String>,
    },
    DropdownOptions {
        index: Locator,
    },
    /// Into a file field or the button that opens its chooser.
    Upload {
        index: Locator,
        files: Vec<String>,
    },
    SavePdf {},
    /// At the focus: Enter, Control+a; several with blanks between.
    SendKeys {
        keys: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(skip)]
        index: Option<Locator>,
    },
    /// Type at the focus, key by key: for what is no field, such as a game or a sheet.
    Type {
        text: String,
    },
    /// With an index, the container that holds it.
    Scroll {
        direction: ScrollDirection,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pages: Option<f64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        index: Option<Locator>,
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
    /// By CSS selector; gives indices.
    FindElements {
        selector: String,
    },
    /// For a text, a text to be gone, or up to 30 seconds.
    Wait {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seconds: Option<f64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        gone: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(skip)]
        selector: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(skip)]
        url: Option<String>,
    },
    /// Text of the page or an element; of a long one, what it says to query.
    Extract {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        query: Option<String>,
        /// JSON Schema of an entry, as text; the result is a list.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        schema: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        index: Option<Locator>,
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
    /// The user: for what only the user knows or decides. options: the only answers. secret: a value that you type by a name and do
    /// not see.
    Ask {
        prompt: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        options: Option<Vec<String>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        secret: Option<bool>,
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
    /// A plain click.
    pub fn click(element: impl Into<Locator>) -> Self {
        let index = Some(element.into());
        Self::Click { index, x: None, y: None, button: None, count: None, modifiers: None }
    }

    /// The pointer over an element.
    pub fn hover(element: impl Into<Locator>) -> Self {
        Self::Hover { index: element.into(), x: None, y: None }
    }

    /// The whole text of an element, or of the page.
    pub fn extract(element: Option<Locator>) -> Self {
        Self::Extract { query: None, schema: None, index: element, again: None }
    }

    /// Keys at the focused element.
    pub fn keys(keys: impl Into<String>) -> Self {
        Self::SendKeys { keys: keys.into(), index: None }
    }

    /// A wait for time alone.
    pub fn wait(seconds: f64) -> Self {
        Self::Wait { seconds: Some(seconds), text: None, gone: None, selector: None, url: None }
    }

    /// The end of the run, without an output.
    pub fn done(text: impl Into<String>, success: bool) -> Self {
        Self::Done { text: text.into(), success, data: None }
    }

    /// The name in model answers.
    pub fn name(&self) -> &'static str {
        self.into()
    }

    /// The element that the action is for, if it has one.
    pub fn locator(&self) -> Option<&Locator> {
        match self {
            Self::Input { index, .. }
            | Self::Select { index, .. }
            | Self::Upload { index, .. }
            | Self::Hover { index, .. }
            | Self::DropdownOptions { index }
            | Self::Drag { from: index, .. } => Some(index),
            Self::Click { index, .. }
            | Self::Scroll { index, .. }
            | Self::SendKeys { index, .. }
            | Self::Extract { index, .. } => index.as_ref(),
            _ => None,
        }
    }

    /// The index of that element, if the locator is one.
    pub fn index(&self) -> Option<ElementIndex> {
        self.locator().and_then(Locator::index)
    }

    /// The selectors of the elements that the action names.
    pub fn selectors(&self) -> impl Iterator<Item = &str> {
        let to = if let Self::Drag { to, .. } = self { to.as_ref() } else { None };
        self.locator().into_iter().chain(to).filter_map(Locator::selector)
    }

    /// The action in words, for one that failed or that is not the browser's. Without typed text, which may be secret.
    pub(crate) fn describe(&self, view: &PageView) -> String {
        let short = |text: &str| format!("'{}'", one_line(text, MAX_LABEL));
        let label = |element: &Locator| {
            let name = element.index().and_then(|index| view.element(index)).map(|element| element.name.as_str());
            name.map(short).filter(|name| name != "''").unwrap_or_else(|| element.to_string())
        };
        match self {
            Self::Navigate { url, .. } => format!("Open {}", one_line(url, MAX_LABEL)),
            Self::Search { query, .. } => format!("Search for {}", short(query)),
            Self::GoBack {} => "Go back".into(),
            Self::Click { index: Some(index), .. } => format!("Click {}", label(index)),
            Self::Click { index: None, .. } => "Click a point".into(),
            Self::Hover { index, .. } => format!("Point at {}", label(index)),
            Self::Drag { from, .. } => format!("Drag {}", label(from)),
            Self::DropdownOptions { index } => format!("List the options of {}", label(index)),
            Self::ScrollToText { text, .. } => format!("Scroll to {}", short(text)),
            Self::FindText { pattern, .. } => format!("Find {}", short(pattern)),
            Self::FindElements { selector } => format!("Find elements {}", short(selector)),
            Self::SwitchTab { tab } => format!("Switch to tab {tab}"),
            Self::CloseTab { .. } => "Close a tab".into(),
            Self::Input { index, .. } => format!("Type into {}", label(index)),
            Self::Select { index, options } => format!("Select {} in {}", short(&options.join("', '")), label(index)),
            Self::Upload { index, files } => format!("Upload {} to {}", short(&files.join("', '")), label(index)),
            Self::SavePdf {} => "Save the page as PDF".into(),
            Self::SendKeys { keys, index: Some(index) } => {
                format!("Press {} at {}", one_line(keys, MAX_LABEL), label(index))
            }
            Self::SendKeys { index: None, .. } => "Press keys".into(),
            Self::Type { .. } => "Type at the focus".into(),
            Self::Scroll { direction, .. } => format!("Scroll {}", format!("{direction:?}").to_lowercase()),
            Self::Wait { selector: Some(selector), .. } => format!("Wait for {}", short(selector)),
            Self::Wait { url: Some(url), .. } => format!("Wait for a URL with {}", short(url)),
            Self::Wait { seconds: Some(seconds), text: None, gone: None, .. } => format!("Wait {seconds} s"),
            Self::Wait { .. } => "Wait".into(),
            Self::Extract { again: Some(number @ 1..), .. } => format!("Read extract {number} again"),
            Self::Extract { index: Some(index), .. } => format!("Read {}", label(index)),
            Self::Extract { index: None, .. } => "Read the page".into(),
            Self::Screenshot {} => "Take a screenshot".into(),
            Self::AnswerDialog { accept: true, .. } => "Accept the dialog".into(),
            Self::AnswerDialog { accept: false, .. } => "Dismiss the dialog".into(),
            Self::Evaluate { .. } => "Evaluate JavaScript".into(),
            Self::Script { .. } => "Run a script".into(),
            Self::Ask { prompt, .. } => format!("Ask the user {}", short(prompt)),
            Self::Done { success: true, .. } => "Finish the task".into(),
            Self::Done { success: false, .. } => "End the task unfulfilled".into(),
        }
    }
}
