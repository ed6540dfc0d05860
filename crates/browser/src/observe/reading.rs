//! The reading script's record of one document. A page influences it, so only its types are trusted.

use serde::Deserialize;

use crate::isolated_world::NodeId;

/// One reading of a document. Coordinates are CSS pixels relative to its viewport.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Reading {
    pub url: String,
    pub title: String,
    /// `document.readyState`.
    pub ready: String,
    /// Width and height.
    pub viewport: [i32; 2],
    /// Horizontal and vertical.
    pub scroll: [i32; 2],
    /// Width and height of the content.
    pub page: [i32; 2],
    /// Number of elements.
    pub nodes: u32,
    pub(crate) items: Vec<Item>,
    /// Possible hosts of closed shadow trees that were not probed yet.
    pub hosts: Vec<NodeId>,
    pub(crate) above: OffscreenSummary,
    pub(crate) below: OffscreenSummary,
    /// Controls left and right of the viewport.
    pub(crate) beside: u32,
    /// Parts omitted because of the reading's size limit.
    pub(crate) cut: u32,
    /// Square pixels of the viewport covered by large pictures without text.
    pub(crate) wordless: u32,
    /// A layer covers the whole viewport; only its content was read.
    pub(crate) layered: bool,
    /// Of the main document.
    pub(crate) marks: BlockSigns,
    /// The frame was to show a PDF document, which was downloaded.
    #[serde(skip)]
    pub(crate) is_pdf: bool,
    /// What the document asked for and was denied, with the scheme of a program.
    pub(crate) denied: Vec<(String, String)>,
    /// The focused element, if it was read.
    pub(crate) focus: Option<NodeId>,
    /// Top and bottom of the listed part.
    pub(crate) range: [i32; 2],
    /// Script time in milliseconds.
    pub ms: f64,
}

impl Reading {
    /// Parses the script's reply.
    ///
    /// # Errors
    /// The reply is malformed: the world was tampered with or has another version.
    pub fn parse(json: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(json)
    }

    pub(super) fn newest_id(&self) -> Option<NodeId> {
        let ids = self.items.iter().filter_map(|item| match item {
            Item::Element(element) => Some(element.id),
            _ => None,
        });
        ids.max()
    }

    /// The owner elements of visible frames.
    pub fn frame_owners(&self) -> impl Iterator<Item = NodeId> {
        self.items.iter().filter_map(|item| match item {
            Item::Frame(frame) => Some(frame.id),
            _ => None,
        })
    }
}

/// Signs of a blocking page.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct BlockSigns {
    /// Providers of loaded challenge scripts.
    pub(crate) gates: Vec<String>,
    /// Error messages of forms.
    pub(crate) complaints: Vec<String>,
}

/// The number of controls beyond the listed part, and some headings there, nearest first.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct OffscreenSummary {
    pub(crate) controls: u32,
    pub(crate) headings: Vec<String>,
}

/// The document in reading order: text, controls and structure.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) enum Item {
    #[serde(rename = "t")]
    Text(TextItem),
    #[serde(rename = "e")]
    Element(Box<ElementItem>),
    #[serde(rename = "f")]
    Frame(FrameItem),
    /// A structure begins: its kind and name.
    #[serde(rename = "o")]
    Open(String, String),
    /// Ends the innermost structure or `open` element.
    #[serde(rename = "c")]
    Close,
    /// The next item of the innermost list.
    #[serde(rename = "n")]
    Next,
    /// The next cell of the innermost row.
    #[serde(rename = "p")]
    Cell,
}

/// `[x, y, width, height]`.
pub(crate) type Rect = [i32; 4];

/// A line of text; serialized as an array.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub(crate) struct TextItem {
    pub(crate) x: i32,
    pub(crate) y: i32,
    pub(crate) width: i32,
    pub(crate) height: i32,
    /// 1 if at least partly in the viewport.
    pub(crate) seen: u8,
    pub(crate) text: String,
    /// 1 to 6 for headings, else 0.
    pub(crate) level: u8,
}

impl TextItem {
    pub(super) fn place(&self) -> Rect {
        [self.x, self.y, self.width, self.height]
    }
}

/// A control.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct ElementItem {
    #[serde(rename = "i")]
    pub(crate) id: NodeId,
    #[serde(rename = "b")]
    pub(crate) place: Rect,
    /// 1 if at least partly in the viewport.
    #[serde(rename = "v")]
    pub(crate) seen: u8,
    /// Painted over by something else.
    pub(crate) covered: bool,
    /// Structure follows, up to the matching [`Item::Close`].
    pub(crate) open: bool,
    pub(crate) tag: String,
    /// The explicit role.
    pub(crate) role: String,
    /// The implicit role.
    pub(crate) kind: String,
    pub(crate) name: String,
    /// The name in the signature, if it differs from the shown one.
    pub(crate) sig: Option<String>,
    #[serde(rename = "type")]
    pub(crate) input_type: String,
    /// The `name` attribute of an unlabelled field.
    pub(crate) field: String,
    pub(crate) format: String,
    pub(crate) value: Option<String>,
    /// A password field has a value.
    pub(crate) filled: bool,
    pub(crate) placeholder: String,
    /// "true", "false" or "mixed".
    pub(crate) checked: Option<String>,
    pub(crate) selected: Option<bool>,
    pub(crate) expanded: Option<bool>,
    pub(crate) current: String,
    pub(crate) disabled: bool,
    pub(crate) required: bool,
    pub(crate) readonly: bool,
    /// "true" or the problem.
    pub(crate) invalid: String,
    pub(crate) busy: bool,
    pub(crate) popup: String,
    pub(crate) sort: String,
    /// Names of hidden controls that appear when the pointer is over the element.
    pub(crate) reveals: String,
    /// A script does something when the pointer comes over it.
    pub(crate) hover: bool,
    pub(crate) min: String,
    pub(crate) max: String,
    pub(crate) step: String,
    pub(crate) maxlength: Option<u32>,
    pub(crate) pattern: String,
    pub(crate) accept: String,
    pub(crate) multiple: bool,
    /// The first options, and their total number.
    pub(crate) options: Vec<String>,
    pub(crate) total: u32,
    /// Absolute.
    pub(crate) href: String,
    pub(crate) newtab: bool,
    pub(crate) download: bool,
    pub(crate) date: String,
    pub(crate) draggable: bool,
    pub(crate) editable: bool,
    pub(crate) muted: bool,
    /// Invisible but usable: a file input.
    pub(crate) hidden: bool,
    /// For unnamed controls: the name of their picture, and its colour.
    pub(crate) icon: String,
    pub(crate) colour: String,
    /// The state of a board's cell.
    pub(crate) state: String,
    /// The centre of a part of a drawing, relative to the drawing.
    pub(crate) at: Option<[i32; 2]>,
    /// The first and last line that an editor shows.
    pub(crate) lines: Option<[u32; 2]>,
    /// The number of an editor's lines, from its model.
    #[serde(skip)]
    pub(crate) line_count: Option<u32>,
    /// The number of an editor among those whose models the page's scripts can reach.
    pub(crate) editor: Option<usize>,
    /// Of a canvas or a part of a drawing.
    pub(crate) size: Option<[i32; 2]>,
    /// Of a scroll container: pages above, below, to the left and to the right.
    pub(crate) scroll: Option<[f64; 4]>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct FrameItem {
    #[serde(rename = "i")]
    pub(crate) id: NodeId,
    /// The content box.
    #[serde(rename = "b")]
    pub(crate) place: Rect,
    pub(crate) src: String,
    pub(crate) name: String,
    /// It names a PDF document.
    pub(crate) pdf: bool,
    /// The visible part: left, top, right, bottom.
    pub(crate) seen: Option<[i32; 4]>,
    /// A 5 by 5 grid of bits over the visible part, row by row: covered.
    pub(crate) cover: u32,
}
