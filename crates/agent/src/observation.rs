//! What the agent sees: the page is read once a step, for the step's event and for the next decision.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;

use crate::files::FileInfo;
use crate::image::Image;

/// Height of the viewport of all pages, in CSS pixels.
pub const VIEWPORT_HEIGHT: u32 = 900;

/// An element's number as the page view shows it, `[41]`. Stable for as long as the element lives.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct ElementIndex(pub u32);

impl std::fmt::Display for ElementIndex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "[{}]", self.0)
    }
}

/// One reading of the current tab.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Observation {
    pub url: String,
    pub title: String,
    /// All tabs of the run; exactly one is active unless there is none.
    pub tabs: Vec<Tab>,
    pub view: PageView,
    /// What the page's text does not contain: an answered dialog, a download, pending requests, a page that looks empty
    /// or could not be read. One sentence each.
    pub notices: Vec<String>,
    /// Downloads since the previous observation.
    pub downloads: Vec<FileInfo>,
    /// A dialog that waits for an answer. Until then the page is blocked and has no elements.
    pub dialog: Option<Dialog>,
    /// What prevents work on the page, if anything.
    pub blocker: Option<Blocker>,
    /// The screenshot for the step's event, in the run's format; none if the run has none or the page could not be
    /// captured.
    #[serde(skip)]
    pub screenshot: Option<Image>,
}

/// A `confirm` or `prompt` that a page has opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Dialog {
    /// `confirm` or `prompt`.
    pub kind: String,
    pub message: String,
    /// The text that a prompt proposes.
    pub proposal: String,
}

impl std::fmt::Display for Dialog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a {} is open and blocks the page: {:?}", self.kind, self.message)?;
        if !self.proposal.is_empty() {
            write!(f, ", proposing {:?}", self.proposal)?;
        }
        write!(f, "; answer it with answerDialog")
    }
}

/// An obstacle between the agent and the page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Blocker {
    pub kind: BlockerKind,
    /// One sentence, which may quote the page.
    pub message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, IntoStaticStr)]
#[serde(rename_all = "camelCase")]
#[strum(serialize_all = "snake_case")]
pub enum BlockerKind {
    /// A captcha or a similar test.
    Captcha,
    /// The site rejects the browser as a bot.
    BotDenied,
    /// A check that usually passes by itself, but has not yet.
    Interstitial,
    /// A login form instead of the requested page.
    LoginRequired,
    RateLimited,
    /// A form has rejected its fields.
    FormInvalid,
}

impl BlockerKind {
    /// A stable snake_case name, part of the wire contract.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

impl std::fmt::Display for Blocker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "blocked ({}): {}", self.kind.name(), self.message)
    }
}

/// A tab of the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tab {
    /// 1, 2, 3 ... in the order of opening; never reused within a run.
    pub id: u32,
    pub url: String,
    pub title: String,
    pub active: bool,
}

/// The page as text, with the elements that its indices name.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PageView {
    /// The text tree, within its budget, one node per line. Every index in it is in `elements`.
    pub text: String,
    /// The elements that `text` shows, in document order.
    pub elements: Vec<Element>,
    /// Vertical position in the page, in CSS pixels.
    pub scroll: Scroll,
    /// A hash of what the page shows.
    pub fingerprint: u64,
    /// Percent of the viewport covered by large pictures without a text: drawings, photos, charts.
    pub wordless: u8,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Scroll {
    pub pixels_above: u32,
    pub pixels_below: u32,
    pub viewport_height: u32,
}

/// An element the agent can act on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Element {
    pub index: ElementIndex,
    /// Lower-case tag name.
    pub tag: String,
    /// The ARIA role, given or implied by the tag ("button", "link", "textbox", "combobox", "checkbox" ...).
    pub role: String,
    /// The accessible name, from label, aria-label, placeholder, content, title or alternative text. May be empty.
    pub name: String,
    /// The `type` of an input, lower case; empty for other elements.
    pub input_type: String,
    pub placeholder: String,
    /// Current value of a field; always empty for passwords.
    pub value: String,
    /// Where a link leads, absolute; empty for other elements.
    pub href: String,
    /// The options of a select, in order; their visible texts.
    pub options: Vec<String>,
    /// Checked or selected state, for elements that have one.
    pub checked: Option<bool>,
    pub disabled: bool,
}

impl PageView {
    pub fn element(&self, index: ElementIndex) -> Option<&Element> {
        self.elements.iter().find(|element| element.index == index)
    }
}
