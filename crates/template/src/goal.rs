//! The goals of a task.

use super::answer::Question;
use super::statement::Statement;
use super::target::Target;
use super::text::{enumerate, quote};
use agent::action::{ScrollDirection, SearchEngine};
use agent::text::shorten;

/// `Type` without a target goes into the first empty text field, `Upload` to the first file field. `TypeAnswer` types
/// the last answer. `Set` types, selects or ticks, whichever the element takes. `Answer` is for a dialog of the browser
/// or of the page. An `Expect` that is not a question fails the task. The next `goals` goals after `When` apply only if the
/// condition holds. `Submit` presses the button that fits `what` in the form last filled in.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Goal {
    Open { address: Address, new_tab: bool },
    Search { query: String, site: Site },
    Click(Target),
    Hover(Target),
    DoubleClick(Target),
    RightClick(Target),
    Drag { from: Target, to: Target },
    Type { text: Hidden, into: Option<Target> },
    TypeAnswer { into: Target },
    Select { option: String, from: Option<Target> },
    Set { field: Target, value: Hidden },
    Upload { files: Vec<String>, to: Option<Target> },
    SavePdf,
    Check { target: Target, on: bool },
    Scroll(Scrolling),
    Back,
    Wait(Waiting),
    Keys(String),
    Screenshot,
    CloseTab,
    SwitchTab(WhichTab),
    Answer { accept: bool, text: Option<String>, asking: Asking },
    Sort { by: String, order: Option<Order> },
    Expect { statement: Statement, question: bool },
    When { condition: Statement, goals: usize },
    Read(Question),
    LogIn { user: String, password: Hidden },
    AddToCart { item: Option<String> },
    Submit { what: Option<String> },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum WhichTab {
    /// 0 is the first.
    At(usize),
    Newest,
    /// The one of two that is not active.
    Other,
    /// The one before the active tab.
    Before,
    Named(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asking {
    Dialog,
    Cookies,
    /// What a condition has just found: "if there is a banner, accept it".
    ItselfJustSeen,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Ascending,
    Descending,
}

/// Text to type. `Debug` does not print it, as it may be a password.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Hidden(pub(super) String);

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Hidden({} bytes)", self.0.len())
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) url: String,
    /// The task names a bare host; http is tried after https.
    pub(super) guessed_scheme: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Site {
    /// The page's own search if it has one, else the web.
    Any,
    Here,
    At(Address),
    Web(Option<SearchEngine>),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Scrolling {
    By { direction: ScrollDirection, pages: f64 },
    ToBottom,
    ToTop,
    ToText(String),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Waiting {
    For(String),
    Gone(String),
    Seconds(f64),
}

impl Order {
    pub(super) const BOTH: [Self; 2] = [Self::Ascending, Self::Descending];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Ascending => "ascending",
            Self::Descending => "descending",
        }
    }

    /// How tasks and options of a list name it, folded.
    pub(super) fn names(self) -> impl Iterator<Item = &'static str> {
        let names = match self {
            Self::Ascending => "in ascending order|ascending|asc|low to high|lowest first|a z|a to z|oldest first",
            Self::Descending => "in descending order|descending|desc|high to low|highest first|z a|z to a|newest first",
        };
        names.split('|')
    }
}

impl Asking {
    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::Dialog | Self::ItselfJustSeen => "dialog",
            Self::Cookies => "cookie banner",
        }
    }
}

impl Goal {
    /// In the imperative: "click 'Buy'". Never contains text to type.
    pub(super) fn order(&self) -> String {
        let (verb, _, object) = self.phrase();
        format!("{verb} {object}")
    }

    /// In the past tense: "clicked 'Buy'".
    pub(super) fn report(&self) -> String {
        let (_, verb, object) = self.phrase();
        format!("{verb} {object}")
    }

    /// The verb in the present and the past, and its object.
    fn phrase(&self) -> (&'static str, &'static str, String) {
        let url = |address: &Address| shorten(&address.url, 200);
        match self {
            Self::Open { address, new_tab } => {
                ("open", "opened", url(address) + if *new_tab { " in a new tab" } else { "" })
            }
            Self::Search { query, site } => {
                let place = match site {
                    Site::At(address) => url(address) + " ",
                    Site::Web(_) => "the web ".to_owned(),
                    Site::Any | Site::Here => String::new(),
                };
                ("search", "searched", format!("{place}for {}", quote(query)))
            }
            Self::Click(target) => ("click", "clicked", target.to_string()),
            Self::Hover(target) => ("point at", "pointed at", target.to_string()),
            Self::DoubleClick(target) => ("double-click", "double-clicked", target.to_string()),
            Self::RightClick(target) => ("right-click", "right-clicked", target.to_string()),
            Self::Drag { from, to } => ("drag", "dragged", format!("{from} to {to}")),
            Self::TypeAnswer { into } => ("fill in", "filled in", format!("{into} with what was read")),
            Self::Type { into, .. } => {
                ("fill in", "filled in", into.as_ref().map_or("the text field".to_owned(), Target::to_string))
            }
            Self::Select { option, from } => (
                "choose",
                "chose",
                quote(option) + &from.as_ref().map(|from| format!(" in {from}")).unwrap_or_default(),
            ),
            Self::Set { field, .. } => ("set", "set", field.to_string()),
            Self::Upload { files, to } => {
                let files = enumerate(&files.iter().map(|file| quote(file)).collect::<Vec<_>>());
                ("upload", "uploaded", files + &to.as_ref().map(|to| format!(" to {to}")).unwrap_or_default())
            }
            Self::SavePdf => ("save", "saved", "the page as PDF".to_owned()),
            Self::Check { target, on: true } => ("tick", "ticked", target.to_string()),
            Self::Check { target, on: false } => ("untick", "unticked", target.to_string()),
            Self::Scroll(scrolling) => {
                let object = match scrolling {
                    Scrolling::By { direction, .. } => format!("{direction:?}").to_lowercase(),
                    Scrolling::ToBottom => "to the bottom".to_owned(),
                    Scrolling::ToTop => "to the top".to_owned(),
                    Scrolling::ToText(text) => format!("to {}", quote(text)),
                };
                ("scroll", "scrolled", object)
            }
            Self::Back => ("go", "went", "back".to_owned()),
            Self::Wait(Waiting::For(text)) => ("wait", "waited", format!("for {}", quote(text))),
            Self::Wait(Waiting::Gone(text)) => ("wait", "waited", format!("for {} to go", quote(text))),
            Self::Wait(Waiting::Seconds(seconds)) => ("wait", "waited", format!("{seconds} s")),
            Self::Keys(keys) => ("press", "pressed", keys.clone()),
            Self::Screenshot => ("take", "took", "a screenshot".to_owned()),
            Self::CloseTab => ("close", "closed", "the tab".to_owned()),
            Self::SwitchTab(which) => {
                let object = match which {
                    WhichTab::At(at) => format!("to tab {}", at + 1),
                    WhichTab::Newest => "to the newest tab".to_owned(),
                    WhichTab::Other => "to the other tab".to_owned(),
                    WhichTab::Before => "to the tab before".to_owned(),
                    WhichTab::Named(name) => format!("to the tab {}", quote(name)),
                };
                ("switch", "switched", object)
            }
            Self::Answer { accept: true, asking, .. } => ("accept", "accepted", format!("the {}", asking.noun())),
            Self::Answer { accept: false, asking, .. } => ("dismiss", "dismissed", format!("the {}", asking.noun())),
            Self::Sort { by, .. } => ("sort", "sorted", format!("by {}", quote(by))),
            Self::Expect { statement, .. } => ("check", "checked", format!("whether {statement}")),
            Self::When { condition, .. } => ("look", "looked", format!("whether {condition}")),
            Self::Read(question) => ("read", "read", question.to_string()),
            Self::LogIn { user, .. } => ("log in", "logged in", format!("as {}", quote(user))),
            Self::AddToCart { item } => {
                ("add", "added", item.as_deref().map_or("it".to_owned(), quote) + " to the cart")
            }
            Self::Submit { .. } => ("submit", "submitted", "the form".to_owned()),
        }
    }
}
