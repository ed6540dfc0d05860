//! What a task asks for, one goal after the other.

use super::answer::Question;
use super::statement::Statement;
use super::target::Target;
use super::text::{clip, enumerate, quote};
use agent::action::{ScrollDirection, SearchEngine};

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Goal {
    Open {
        address: Address,
        new_tab: bool,
    },
    Search {
        query: String,
        site: Site,
    },
    Click(Target),
    Point {
        target: Target,
        how: Pointing,
    },
    Drag {
        from: Target,
        to: Target,
    },
    /// Into the first fitting field when none is named.
    Type {
        text: Hidden,
        into: Option<Target>,
    },
    Select {
        option: String,
        from: Option<Target>,
    },
    /// What was last read off a page.
    TypeAnswer {
        into: Target,
    },
    /// Type, select or tick, whichever the element takes.
    Set {
        field: Target,
        value: Hidden,
    },
    Upload {
        files: Vec<String>,
        /// The first file field when none is named.
        to: Option<Target>,
    },
    SavePdf,
    Check {
        target: Target,
        on: bool,
    },
    Scroll(Scrolling),
    Back,
    Wait(Waiting),
    Keys(String),
    Screenshot,
    CloseTab,
    SwitchTab(WhichTab),
    /// A dialog, or something on the page that asks.
    Answer {
        accept: bool,
        text: Option<String>,
        asking: Asking,
    },
    Sort {
        by: String,
        order: Option<Order>,
    },
    Expect {
        statement: Statement,
        /// Answered either way; else the task fails when it does not hold.
        question: bool,
    },
    /// The goals that follow, as many as said, are for when the condition holds.
    When {
        condition: Statement,
        goals: usize,
    },
    Read(Question),
    LogIn {
        user: String,
        password: Hidden,
    },
    AddToCart {
        item: Option<String>,
    },
    /// The form last filled in; with words that its button may bear.
    Submit {
        what: Option<String>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pointing {
    Hover,
    DoubleClick,
    RightClick,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum WhichTab {
    /// 0 is the first.
    At(usize),
    Newest,
    /// The one of two that is not shown.
    Other,
    /// The one opened before this one.
    Before,
    /// By its title or address.
    Named(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asking {
    Dialog,
    Cookies,
    /// What a condition has just seen: "if there is a banner, accept it".
    ItselfJustSeen,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Ascending,
    Descending,
}

/// Typed, never told: it may be a password.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Hidden(pub(super) String);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) url: String,
    /// The task named a bare host; https is a guess, http the second one.
    pub(super) guessed_scheme: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Site {
    /// The page's own search when it has one, else the web.
    Any,
    /// The page's own search.
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

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Hidden({} bytes)", self.0.len())
    }
}

impl Goal {
    /// What it is, as an order: "click 'Buy'". Tells no text that is typed.
    pub(super) fn order(&self) -> String {
        let (verb, _, object) = self.phrase();
        format!("{verb} {object}")
    }

    /// The same as a report: "clicked 'Buy'".
    pub(super) fn report(&self) -> String {
        let (_, verb, object) = self.phrase();
        format!("{verb} {object}")
    }

    /// The verb in the present and the past, and what follows it.
    fn phrase(&self) -> (&'static str, &'static str, String) {
        match self {
            Self::Open { address, new_tab: false } => ("open", "opened", clip(&address.url, 200)),
            Self::Open { address, new_tab: true } => {
                ("open", "opened", format!("{} in a new tab", clip(&address.url, 200)))
            }
            Self::Search { query, site } => {
                let (verb, past) = ("search", "searched");
                match site {
                    Site::At(address) => (verb, past, format!("{} for {}", clip(&address.url, 200), quote(query))),
                    Site::Web(_) => (verb, past, format!("the web for {}", quote(query))),
                    Site::Any | Site::Here => (verb, past, format!("for {}", quote(query))),
                }
            }
            Self::Click(target) => ("click", "clicked", target.to_string()),
            Self::Point { target, how: Pointing::Hover } => ("point at", "pointed at", target.to_string()),
            Self::Point { target, how: Pointing::DoubleClick } => {
                ("double-click", "double-clicked", target.to_string())
            }
            Self::Point { target, how: Pointing::RightClick } => ("right-click", "right-clicked", target.to_string()),
            Self::Drag { from, to } => ("drag", "dragged", format!("{from} to {to}")),
            Self::TypeAnswer { into } => ("fill in", "filled in", format!("{into} with what was read")),
            Self::Type { into: Some(target), .. } => ("fill in", "filled in", target.to_string()),
            Self::Type { into: None, .. } => ("fill in", "filled in", "the text field".to_owned()),
            Self::Select { option, from: Some(target) } => {
                ("choose", "chose", format!("{} in {target}", quote(option)))
            }
            Self::Select { option, from: None } => ("choose", "chose", quote(option)),
            Self::Set { field, .. } => ("set", "set", field.to_string()),
            Self::Upload { files, to } => {
                let files = enumerate(&files.iter().map(|file| quote(file)).collect::<Vec<_>>());
                let to = to.as_ref().map(|target| format!(" to {target}")).unwrap_or_default();
                ("upload", "uploaded", format!("{files}{to}"))
            }
            Self::SavePdf => ("save", "saved", "the page as PDF".to_owned()),
            Self::Check { target, on: true } => ("tick", "ticked", target.to_string()),
            Self::Check { target, on: false } => ("untick", "unticked", target.to_string()),
            Self::Scroll(scrolling) => ("scroll", "scrolled", scrolling.to_string()),
            Self::Back => ("go", "went", "back".to_owned()),
            Self::Wait(waiting) => ("wait", "waited", waiting.to_string()),
            Self::Keys(keys) => ("press", "pressed", keys.clone()),
            Self::Screenshot => ("take", "took", "a screenshot".to_owned()),
            Self::CloseTab => ("close", "closed", "the tab".to_owned()),
            Self::SwitchTab(which) => ("switch", "switched", format!("to {which}")),
            Self::Answer { accept: true, asking, .. } => ("accept", "accepted", format!("the {}", asking.noun())),
            Self::Answer { accept: false, asking, .. } => ("dismiss", "dismissed", format!("the {}", asking.noun())),
            Self::Sort { by, .. } => ("sort", "sorted", format!("by {}", quote(by))),
            Self::Expect { statement, .. } => ("check", "checked", format!("whether {statement}")),
            Self::When { condition, .. } => ("look", "looked", format!("whether {condition}")),
            Self::Read(question) => ("read", "read", question.to_string()),
            Self::LogIn { user, .. } => ("log in", "logged in", format!("as {}", quote(user))),
            Self::AddToCart { item: Some(item) } => ("add", "added", format!("{} to the cart", quote(item))),
            Self::AddToCart { item: None } => ("add", "added", "it to the cart".to_owned()),
            Self::Submit { .. } => ("submit", "submitted", "the form".to_owned()),
        }
    }
}

impl std::fmt::Display for Scrolling {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::By { direction, .. } => f.write_str(direction_name(*direction)),
            Self::ToBottom => f.write_str("to the bottom"),
            Self::ToTop => f.write_str("to the top"),
            Self::ToText(text) => write!(f, "to {}", quote(text)),
        }
    }
}

impl std::fmt::Display for WhichTab {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::At(at) => write!(f, "tab {}", at + 1),
            Self::Newest => f.write_str("the newest tab"),
            Self::Other => f.write_str("the other tab"),
            Self::Before => f.write_str("the tab before"),
            Self::Named(name) => write!(f, "the tab {}", quote(name)),
        }
    }
}

impl std::fmt::Display for Waiting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::For(text) => write!(f, "for {}", quote(text)),
            Self::Gone(text) => write!(f, "for {} to go", quote(text)),
            Self::Seconds(seconds) => write!(f, "{seconds} s"),
        }
    }
}

fn direction_name(direction: ScrollDirection) -> &'static str {
    match direction {
        ScrollDirection::Up => "up",
        ScrollDirection::Down => "down",
        ScrollDirection::Left => "left",
        ScrollDirection::Right => "right",
    }
}
