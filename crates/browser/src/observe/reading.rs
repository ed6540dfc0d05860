//! What the script says about one document. Made by a page, so nothing in it is trusted beyond its types.

use serde::Deserialize;

/// A node's number in its frame's isolated world, stable for as long as the node lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Deserialize)]
#[serde(transparent)]
pub struct NodeId(pub u32);

/// One document, read once. Coordinates are CSS pixels relative to the document's own viewport.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Reading {
    pub url: String,
    pub title: String,
    /// `document.readyState`.
    pub ready: String,
    /// Width and height.
    pub viewport: [i32; 2],
    /// Horizontal and vertical scroll position.
    pub scroll: [i32; 2],
    /// Width and height of the whole content.
    pub page: [i32; 2],
    /// Elements in the document.
    pub nodes: u32,
    pub(crate) items: Vec<Item>,
    /// Elements that could hold a closed shadow tree and about which nothing is known yet.
    pub hosts: Vec<NodeId>,
    pub(crate) above: OffscreenSummary,
    pub(crate) below: OffscreenSummary,
    /// Controls to the left and right of the viewport.
    pub(crate) beside: u32,
    /// Parts left out because the reading had grown too large.
    pub(crate) cut: u32,
    /// Square pixels of the viewport that large pictures without words take up.
    pub(crate) wordless: u32,
    /// A layer covers the whole viewport; only what is in it was read.
    pub(crate) layered: bool,
    /// Of the main document.
    pub(crate) marks: BlockSigns,
    /// The focused element, when it is among those read.
    pub(crate) focus: Option<NodeId>,
    /// Top and bottom of the part that is listed.
    pub(crate) range: [i32; 2],
    /// The script's own time in milliseconds.
    pub ms: f64,
}

impl Reading {
    /// Reads the script's response.
    ///
    /// # Errors
    /// Not of the expected form: the world was tampered with or belongs to another version.
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

    /// The frames in sight of this document, by their owner elements.
    pub fn frame_owners(&self) -> impl Iterator<Item = NodeId> {
        self.items.iter().filter_map(|item| match item {
            Item::Frame(frame) => Some(frame.id),
            _ => None,
        })
    }
}

/// Signs of a page that keeps people out, apart from what it shows.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct BlockSigns {
    /// Whose challenge scripts it loads.
    pub(crate) gates: Vec<String>,
    /// What its forms complain of.
    pub(crate) complaints: Vec<String>,
}

/// How many controls lie beyond what is listed, and some of the headings there, nearest first.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct OffscreenSummary {
    pub(crate) controls: u32,
    pub(crate) headings: Vec<String>,
}

/// The document in reading order: text and controls, with marks for the structure around them.
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
    /// The innermost structure, or element with `open`, ends.
    #[serde(rename = "c")]
    Close,
    /// The next item of the innermost list begins.
    #[serde(rename = "n")]
    Next,
    /// The next cell of the innermost row begins.
    #[serde(rename = "p")]
    Cell,
}

/// `[x, y, width, height]`.
pub(crate) type Rect = [i32; 4];

/// A line of text, on the wire an array.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub(crate) struct TextItem {
    pub(crate) x: i32,
    pub(crate) y: i32,
    pub(crate) width: i32,
    pub(crate) height: i32,
    /// 1 when (partly) in the viewport.
    pub(crate) seen: u8,
    pub(crate) text: String,
    /// 1 to 6 for headings, else 0.
    pub(crate) level: u8,
}

/// A control, with what deviates from the ordinary.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct ElementItem {
    #[serde(rename = "i")]
    pub(crate) id: NodeId,
    #[serde(rename = "b")]
    pub(crate) place: Rect,
    /// 1 when (partly) in the viewport.
    #[serde(rename = "v")]
    pub(crate) seen: u8,
    /// Something else is painted over it.
    pub(crate) covered: bool,
    /// Structure follows, up to the matching [`Item::Close`].
    pub(crate) open: bool,
    pub(crate) tag: String,
    /// The role given by the author.
    pub(crate) role: String,
    /// The role implied, when none was given.
    pub(crate) kind: String,
    pub(crate) name: String,
    /// The name by which the element is recognised, where it is not the one that is shown.
    pub(crate) sig: Option<String>,
    #[serde(rename = "type")]
    pub(crate) input_type: String,
    /// The field's name attribute, for fields without a label.
    pub(crate) field: String,
    pub(crate) format: String,
    pub(crate) value: Option<String>,
    /// A password field holds something.
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
    /// "true" or what is wrong.
    pub(crate) invalid: String,
    pub(crate) busy: bool,
    pub(crate) popup: String,
    pub(crate) sort: String,
    pub(crate) min: String,
    pub(crate) max: String,
    pub(crate) step: String,
    pub(crate) maxlength: Option<u32>,
    pub(crate) pattern: String,
    pub(crate) accept: String,
    pub(crate) multiple: bool,
    /// The first options and how many there are.
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
    /// Not to be seen but usable all the same: an input for files.
    pub(crate) hidden: bool,
    /// For controls without a name: what the author called the picture, and its colour.
    pub(crate) icon: String,
    pub(crate) colour: String,
    /// What tells a cell of a board from the others.
    pub(crate) state: String,
    /// The middle of a part of a drawing, from the drawing's corner.
    pub(crate) at: Option<[i32; 2]>,
    /// Of a canvas or a part of a drawing.
    pub(crate) size: Option<[i32; 2]>,
    /// Of a scroll container: its own pages above, below, to the left and to the right.
    pub(crate) scroll: Option<[f64; 4]>,
}

/// A frame's owner element.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct FrameItem {
    #[serde(rename = "i")]
    pub(crate) id: NodeId,
    /// Of the content box.
    #[serde(rename = "b")]
    pub(crate) place: Rect,
    pub(crate) src: String,
    pub(crate) name: String,
    /// The visible part: left, top, right, bottom.
    pub(crate) seen: Option<[i32; 4]>,
    /// Bits of a 5 by 5 grid over the visible part, row by row: covered there.
    pub(crate) cover: u32,
}
