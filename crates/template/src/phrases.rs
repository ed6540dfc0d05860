//! The table of phrases: everything the planner understands, one row a way of saying it.
//!
//! Rows are tried in order; the first whose pattern matches the whole clause and whose builder accepts it wins. So the
//! particular comes before the general.

use std::sync::LazyLock;

use super::answer::Question;
use super::builders::{
    answer, claim, hidden, option, scrolling, sorting, target, text, type_into, which_tab, without_article,
};
use super::goal::{Asking, Goal, Hidden, Pointing, Scrolling, Site, Waiting, WhichTab};
use super::lex::Token;
use super::pattern::{Ends, Pattern, Slot, Slots};
use super::statement::Statement;
use super::target::Target;
use super::values;
use agent::action::ScrollDirection;

struct Row {
    pattern: &'static str,
    ends: Ends,
    build: fn(&Slots<'_, '_>) -> Option<Goal>,
}

const fn row(pattern: &'static str, build: fn(&Slots<'_, '_>) -> Option<Goal>) -> Row {
    Row { pattern, ends: Ends::Last, build }
}

/// As [`row`], where the first connector counts: labels rarely hold one, the value after it may.
const fn label_first(pattern: &'static str, build: fn(&Slots<'_, '_>) -> Option<Goal>) -> Row {
    Row { pattern, ends: Ends::First, build }
}

const ROWS: &[Row] = &[
    // Moving about.
    row(
        "<go back|navigate back|back|return> [to the previous page|to the last page|to the page before|one page]",
        |_| Some(Goal::Back),
    ),
    row("<close> [the|this] [current] <tab>", |_| Some(Goal::CloseTab)),
    row("<switch to|switch back to|change to|go back to|return to> [the] {which} <tab|browser tab>", which_tab),
    row("<switch|change> [back] <tabs|tab>", |_| Some(Goal::SwitchTab(WhichTab::Other))),
    row("<go back to|return to> {place}", |s| {
        Some(values::address(s.taken[0]).map_or(Goal::Back, |address| Goal::Open { address, new_tab: false }))
    }),
    row("<open|open up|go to|visit|load> {place} <in a new tab|in another tab>", |s| {
        Some(Goal::Open { address: values::address(s.taken[0])?, new_tab: true })
    }),
    row(
        "<open|open up|go to|goto|visit|navigate to|browse to|load|head to|start at|start on|start from> {place}",
        |s| {
            Some(match values::address(s.taken[0]) {
                Some(address) => Goal::Open { address, new_tab: false },
                None if values::has_scheme(s.taken[0]) => return None,
                None => Goal::Click(target(s, 0)),
            })
        },
    ),
    row("<scroll> {how}", |s| scrolling(s.taken[0]).map(Goal::Scroll)),
    row("<scroll>", |_| Some(Goal::Scroll(Scrolling::By { direction: ScrollDirection::Down, pages: 1.0 }))),
    // Searching.
    label_first("<search> {site} <for> {query}", |s| {
        Some(Goal::Search { query: text(s, 1), site: values::site(s.taken[0])? })
    }),
    row("<search for|search|look for|look up|google for|google> {query} <on|in|at|using|with|via> {site}", |s| {
        Some(Goal::Search { query: text(s, 0), site: values::site(s.taken[1])? })
    }),
    row("<google for|google> {query}", |s| Some(Goal::Search { query: text(s, 0), site: values::GOOGLE })),
    row("<search for|search|look for|look up> {query}", |s| Some(Goal::Search { query: text(s, 0), site: Site::Any })),
    // Logging in.
    label_first(
        "<log in|login|log on|logon|sign in|sign on> <as|with|using> [the] \
         [user|username|user name|account|e-mail|email|login] {user} \
         <with password|with the password|and password|and the password|using password|password|with|and> {password}",
        |s| Some(Goal::LogIn { user: text(s, 0), password: hidden(s, 1) }),
    ),
    label_first(
        "<log in to|log into|login to|sign in to|sign into> {site} <as|with|using> [the] \
         [user|username|user name|account|e-mail|email|login] {user} \
         <with password|with the password|and password|and the password|using password|password|with|and> {password}",
        |s| {
            let here = values::site(s.taken[0]) == Some(Site::Here);
            here.then(|| Goal::LogIn { user: text(s, 1), password: hidden(s, 2) })
        },
    ),
    // The cart.
    row(
        "<add|put> {item} <to|in|into> [the|my|your] <cart|basket|bag|trolley|shopping cart|shopping bag|shopping basket>",
        |s| {
            let pronoun =
                matches!(s.taken[0].folded().as_str(), "it" | "this" | "them" | "that" | "the item" | "the product");
            Some(Goal::AddToCart { item: (!pronoun).then(|| without_article(s.taken[0])) })
        },
    ),
    row("<check out|checkout|proceed to checkout|proceed to the checkout> [the cart]", |_| {
        Some(Goal::Click(Target::named("checkout")))
    }),
    row("<place> [the|my|your|an] <order>", |_| Some(Goal::Click(Target::named("place order")))),
    // Filling in.
    row(
        "<type|enter|paste|put|insert|fill in|copy> <it|that|this|the answer|the result|the value> \
         <into|in to|in|to> {label}",
        |s| Some(Goal::TypeAnswer { into: target(s, 0) }),
    ),
    row("<clear|empty|erase> {label}", |s| Some(Goal::Type { text: Hidden(String::new()), into: Some(target(s, 0)) })),
    label_first("<fill in|fill out|fill> {label} <with> {text}", |s| {
        Some(Goal::Type { text: hidden(s, 1), into: Some(target(s, 0)) })
    }),
    row("<fill in|fill> {text} <into|in to|in|to> {label}", type_into),
    row("<type|enter|input|write|put|insert> [in] {text} <into|in to> {label}", type_into),
    row("<type|enter|input|write|put|insert> [in] {text} <in|to|as|for> {label}", type_into),
    row("<type|enter|input|write> [in] {text}", |s| Some(Goal::Type { text: hidden(s, 0), into: None })),
    label_first("<set|change> {label} <to> {value}", |s| Some(Goal::Set { field: target(s, 0), value: hidden(s, 1) })),
    row("<select|choose|pick> {option} <from|in|under|for|as> {label}", |s| {
        Some(Goal::Select { option: option(s.taken[0]), from: Some(target(s, 1)) })
    }),
    row("<select|choose|pick> {option}", |s| Some(Goal::Select { option: option(s.taken[0]), from: None })),
    row(
        "<check whether|check if|see whether|see if|tell me whether|tell me if|find out whether|find out if|find out> \
         {statement}",
        |s| Some(Goal::Expect { statement: Statement::parse(s.taken[0])?, question: true }),
    ),
    row(
        "<is there|are there|does the page say|does the page show|does the page contain|does it say|does it show> \
         {thing} <on the page|on this page>",
        |s| Some(Goal::Expect { statement: Statement::of(s.taken[0], false)?, question: true }),
    ),
    row(
        "<is there|are there|does the page say|does the page show|does the page contain|does it say|does it show> \
         {thing}",
        |s| Some(Goal::Expect { statement: Statement::of(s.taken[0], false)?, question: true }),
    ),
    row(
        "<check that|verify that|make sure that|ensure that|confirm that|check|verify|make sure|ensure> {statement}",
        |s| {
            // Without "that" it is a claim only when it says that something is to be seen.
            Some(Goal::Expect { statement: Statement::parse(s.taken[0])?, question: false })
        },
    ),
    row(
        "<check that|verify that|make sure that|ensure that|confirm that|verify|make sure|ensure> {thing} \
         <is|are|says|shows|reads|contains|has> {value}",
        |s| Some(Goal::Expect { statement: claim(s)?, question: false }),
    ),
    // What asks.
    row("<accept|allow|agree to> [all] [the] <cookies|cookie banner|cookie notice>", |_| answer(true, Asking::Cookies)),
    row("<reject|decline|refuse|deny|dismiss|close> [all] [the] <cookies|cookie banner|cookie notice>", |_| {
        answer(false, Asking::Cookies)
    }),
    row("<accept|confirm|ok> [the|this] <dialog|alert|popup|pop-up|prompt|confirmation|question|message>", |_| {
        answer(true, Asking::Dialog)
    }),
    row(
        "<dismiss|cancel|close|decline|reject> [the|this] \
         <dialog|alert|popup|pop-up|prompt|confirmation|question|message|modal|banner|overlay>",
        |_| answer(false, Asking::Dialog),
    ),
    row("<answer|reply to> [the|this] <dialog|prompt|question> <with> {text}", |s| {
        Some(Goal::Answer { accept: true, text: Some(text(s, 0)), asking: Asking::Dialog })
    }),
    row("<accept|confirm|allow> <it|this|them|that>", |_| answer(true, Asking::ItselfJustSeen)),
    row("<dismiss|close|decline|reject> <it|this|them|that>", |_| answer(false, Asking::ItselfJustSeen)),
    // Files.
    row("<upload|attach> {files} <to|into|in to|in|at|as|under> {label}", |s| {
        let any = matches!(without_article(s.taken[1]).as_str(), "file field" | "file input" | "upload field" | "form");
        Some(Goal::Upload { files: values::files(s.taken[0]), to: (!any).then(|| target(s, 1)) })
    }),
    row("<upload|attach> {files}", |s| Some(Goal::Upload { files: values::files(s.taken[0]), to: None })),
    row(
        "<save|print|export> [the|this] [page|it|result|document] <as|as a|as an|to|to a|into a> <pdf|pdf file|pdf document>",
        |_| Some(Goal::SavePdf),
    ),
    row("<check|tick|enable|turn on> {label}", |s| Some(Goal::Check { target: target(s, 0), on: true })),
    row("<uncheck|untick|disable|turn off> {label}", |s| Some(Goal::Check { target: target(s, 0), on: false })),
    row("<submit|submit it|submit form|submit the form|submit this form|send the form>", |_| {
        Some(Goal::Submit { what: None })
    }),
    row("<submit> {what}", |s| Some(Goal::Submit { what: Some(text(s, 0)) })),
    // Keys and clicks.
    row("<hover over|hover on|hover|point at|mouse over|move the mouse over|move the mouse to> {label}", |s| {
        Some(Goal::Point { target: target(s, 0), how: Pointing::Hover })
    }),
    row("<double-click on|double-click|double click on|double click|doubleclick> {label}", |s| {
        Some(Goal::Point { target: target(s, 0), how: Pointing::DoubleClick })
    }),
    row("<right-click on|right-click|right click on|right click> {label}", |s| {
        Some(Goal::Point { target: target(s, 0), how: Pointing::RightClick })
    }),
    row("<drag and drop|drag|move> {label} <onto|on to|into|to|on|over> {place}", |s| {
        Some(Goal::Drag { from: target(s, 0), to: target(s, 1) })
    }),
    row("<sort by|order by> {column}", sorting),
    row("<sort|order> {table} <by> {column}", |s| sorting(&Slots { head: s.head.clone(), taken: vec![s.taken[1]] })),
    row("<log out|logout|log off> [of the site|of the shop|again]", |_| Some(Goal::Click(Target::named("log out")))),
    row("<sign out> [of the site|of the shop|again]", |_| Some(Goal::Click(Target::named("sign out")))),
    row("<press|hit|push|strike> {keys}", |s| values::keys(s.taken[0]).map(Goal::Keys)),
    row(
        "<click on|click|press on|press|tap on|tap|push|hit|follow> {label} <next to|beside|near|for|of> {near}",
        |s| {
            let mut target = target(s, 0);
            target.near = Some(text(s, 1));
            (s.taken[0].is_quoted() || target.kind.is_some()).then_some(Goal::Click(target))
        },
    ),
    row("<click on|click|press on|press|tap on|tap|push|hit|follow> {label}", |s| Some(Goal::Click(target(s, 0)))),
    // Waiting and looking.
    row(
        "<wait for|wait until> {text} <to disappear|to go away|to vanish|disappears|vanishes|is gone|has gone|goes away>",
        |s| Some(Goal::Wait(Waiting::Gone(without_article(s.taken[0])))),
    ),
    row("<wait for|wait> {seconds} <seconds|second|secs|sec|s>", |s| {
        Some(Goal::Wait(Waiting::Seconds(values::number(&s.taken[0].text().to_lowercase())?)))
    }),
    row(
        "<wait for|wait until> {text} <to appear|to show|to show up|appears|shows|shows up|is shown|is visible>",
        |s| Some(Goal::Wait(Waiting::For(without_article(s.taken[0])))),
    ),
    row("<wait for|wait until> {text}", |s| Some(Goal::Wait(Waiting::For(without_article(s.taken[0]))))),
    row("<wait> [a moment|a second|a bit]", |_| Some(Goal::Wait(Waiting::Seconds(1.0)))),
    row(
        "<take|make|capture|grab|get> [me] [a|an|the] [full page] <screenshot|screen shot|picture of the page> \
         [of the page|of this page|of it|of the result|of the results|of the screen]",
        |_| Some(Goal::Screenshot),
    ),
    row("<screenshot> [the page|this page|it]", |_| Some(Goal::Screenshot)),
    // Reading. "find" is a reading as well: what is to be typed into a search field is "searched" or "looked for".
    row(
        "<extract|read out|read|get|get me|tell me|give me|show me|show|find|find out|report|return|note|note down|copy|\
         print|output|list|count|what is|whats|what are|what was|what|how much|how many|how long|who|when|where> {question}",
        |s| Some(Goal::Read(Question::parse(&s.head, s.taken[0]))),
    ),
    row("<extract|read>", |_| Some(Goal::Read(Question::page()))),
];

static PATTERNS: LazyLock<Vec<(Pattern, &'static Row)>> =
    LazyLock::new(|| ROWS.iter().map(|row| (Pattern::compile(row.pattern, row.ends), row)).collect());

/// Whether some phrase could begin with these tokens.
pub(super) fn begins(tokens: &[Token<'_>]) -> bool {
    PATTERNS.iter().any(|(pattern, _)| pattern.begins(tokens))
}

/// What a clause asks for.
pub(super) fn goal(clause: Slot<'_, '_>) -> Option<(Goal, Phrase)> {
    PATTERNS.iter().find_map(|(pattern, row)| {
        let slots = pattern.matches(clause)?;
        let goal = (row.build)(&slots)?;
        Some((goal, Phrase { pattern, row, head: slots.head }))
    })
}

/// The row that a clause matched, for more of the same: "type 'a' into 'b' and 'c' into 'd'".
pub(super) struct Phrase {
    pattern: &'static Pattern,
    row: &'static Row,
    head: String,
}

impl Phrase {
    /// The goal that a further piece means when the verb is not said again.
    pub(super) fn again(&self, piece: Slot<'_, '_>) -> Option<Goal> {
        (self.row.build)(&self.pattern.matches_continued(&self.head, piece)?)
    }

    /// Whether both are of the same row.
    pub(super) fn is(&self, other: &Self) -> bool {
        std::ptr::eq(self.pattern, other.pattern)
    }

    /// Whether words part its slots, so that a further piece is told by its form.
    pub(super) fn has_connector(&self) -> bool {
        self.pattern.has_connector()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_of_the_table_compiles() {
        assert_eq!(PATTERNS.len(), ROWS.len());
    }
}
