//! The table of phrases: everything the planner understands.
//!
//! Rows are tried in order; the first whose pattern matches the whole clause and whose goal accepts it wins. So
//! specific rows precede general ones.

use std::sync::LazyLock;

use super::answer::Question;
use super::builders::{answer, claim, click, open, option, scrolling, sorting, type_into, which_tab};
use super::goal::{Asking, Goal, Hidden, Scrolling, Site, Waiting, WhichTab};
use super::lex::Token;
use super::pattern::{Pattern, Slot, Slots};
use super::statement::Statement;
use super::text::is_listed;
use super::values;
use agent::action::ScrollDirection;

struct Row {
    pattern: Pattern,
    build: fn(&Slots<'_, '_>) -> Option<Goal>,
}

/// `pattern => goal`, where `s` is what the slots matched; a goal rejects the clause with `?`.
macro_rules! rows {
    ($s:ident; $($pattern:literal => $goal:expr,)*) => {
        vec![$(Row { pattern: Pattern::compile($pattern), build: |$s| { let _ = $s; Some($goal) } }),*]
    };
}

static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| {
    rows! { s;
        // Navigating.
        "<go back|navigate back|back|return> [to the previous page|to the last page|to the page before|one page]" => Goal::Back,
        "<close> [the|this] [current] <tab>" => Goal::CloseTab,
        "<switch to|switch back to|change to|go back to|return to> [the] {which} <tab|browser tab>" => which_tab(s.taken[0]),
        "<switch|change> [back] <tabs|tab>" => Goal::SwitchTab(WhichTab::Other),
        "<go back to|return to> {place}" => open(s.taken[0], false).unwrap_or(Goal::Back),
        "<open|open up|go to|visit|load> {place} <in a new tab|in another tab>" => open(s.taken[0], true)?,
        "<open|open up|go to|goto|visit|navigate to|browse to|load|head to|start at|start on|start from> {place}" =>
            match open(s.taken[0], false) {
                Some(open) => open,
                None if values::has_scheme(s.taken[0]) => return None,
                None => Goal::Click(s.target(0)),
            },
        "<scroll> {how}" => Goal::Scroll(scrolling(s.taken[0])?),
        "<scroll>" => Goal::Scroll(Scrolling::By { direction: ScrollDirection::Down, pages: 1.0 }),
        // Searching.
        "<search> {site?} <for> {query}" => Goal::Search { query: s.text(1), site: values::site(s.taken[0])? },
        "<search for|search|look for|look up|google for|google> {query} <on|in|at|using|with|via> {site}" =>
            Goal::Search { query: s.text(0), site: values::site(s.taken[1])? },
        "<google for|google> {query}" => Goal::Search { query: s.text(0), site: values::GOOGLE },
        "<search for|search|look for|look up> {query}" => Goal::Search { query: s.text(0), site: Site::Any },
        // Logging in, the cart.
        "<log in|login|log on|logon|sign in|sign on> [to|into] [the|this|my] [shop|store|site|website|page|app|webshop] \
         <as|with|using> [the] [user|username|user name|account|e-mail|email|login] {user?} \
         <with password|with the password|and password|and the password|using password|password|with|and> {password}" =>
            Goal::LogIn { user: s.text(0), password: s.hidden(1) },
        "<log out|logout|log off> [of the site|of the shop|again]" => click("log out"),
        "<sign out> [of the site|of the shop|again]" => click("sign out"),
        "<add|put> {item} <to|in|into> [the|my|your] <cart|basket|bag|trolley|shopping cart|shopping bag|shopping basket>" => {
            let pronoun = is_listed(&s.taken[0].folded(), "it|this|them|that|the item|the product");
            Goal::AddToCart { item: (!pronoun).then(|| s.bare(0)) }
        },
        "<check out|checkout|proceed to checkout|proceed to the checkout> [the cart]" => click("checkout"),
        "<place> [the|my|your|an] <order>" => click("place order"),
        // Filling in.
        "<type|enter|paste|put|insert|fill in|copy> <it|that|this|the answer|the result|the value> <into|in to|in|to> {label}" =>
            Goal::TypeAnswer { into: s.target(0) },
        "<clear|empty|erase> {label}" => Goal::Type { text: Hidden(String::new()), into: Some(s.target(0)) },
        "<fill in|fill out|fill> {label?} <with> {text}" => Goal::Type { text: s.hidden(1), into: Some(s.target(0)) },
        "<fill in|fill> {text} <into|in to|in|to> {label}" => type_into(s),
        "<type|enter|input|write|put|insert> [in] {text} <into|in to> {label}" => type_into(s),
        "<type|enter|input|write|put|insert> [in] {text} <in|to|as|for> {label}" => type_into(s),
        "<type|enter|input|write> [in] {text}" => Goal::Type { text: s.hidden(0), into: None },
        "<set|change> {label?} <to> {value}" => Goal::Set { field: s.target(0), value: s.hidden(1) },
        "<select|choose|pick> {option} <from|in|under|for|as> {label}" =>
            Goal::Select { option: option(s.taken[0]), from: Some(s.target(1)) },
        "<select|choose|pick> {option}" => Goal::Select { option: option(s.taken[0]), from: None },
        // Checks.
        "<check whether|check if|see whether|see if|tell me whether|tell me if|find out whether|find out if|find out> {statement}" =>
            Goal::Expect { statement: Statement::parse(s.taken[0])?, question: true },
        "<is there|are there|does the page say|does the page show|does the page contain|does it say|does it show> {thing} \
         [on the page|on this page]" => Goal::Expect { statement: Statement::of(s.taken[0], false)?, question: true },
        "<check that|verify that|make sure that|ensure that|confirm that|check|verify|make sure|ensure> {statement}" =>
            Goal::Expect { statement: Statement::parse(s.taken[0])?, question: false },
        "<check that|verify that|make sure that|ensure that|confirm that|verify|make sure|ensure> {thing} \
         <is|are|says|shows|reads|contains|has> {value}" => Goal::Expect { statement: claim(s)?, question: false },
        // Dialogs.
        "<accept|allow|agree to> [all] [the] <cookies|cookie banner|cookie notice>" => answer(true, Asking::Cookies),
        "<reject|decline|refuse|deny|dismiss|close> [all] [the] <cookies|cookie banner|cookie notice>" =>
            answer(false, Asking::Cookies),
        "<accept|confirm|ok> [the|this] <dialog|alert|popup|pop-up|prompt|confirmation|question|message>" =>
            answer(true, Asking::Dialog),
        "<dismiss|cancel|close|decline|reject> [the|this] \
         <dialog|alert|popup|pop-up|prompt|confirmation|question|message|modal|banner|overlay>" =>
            answer(false, Asking::Dialog),
        "<answer|reply to> [the|this] <dialog|prompt|question> <with> {text}" =>
            Goal::Answer { accept: true, text: Some(s.text(0)), asking: Asking::Dialog },
        "<accept|confirm|allow> <it|this|them|that>" => answer(true, Asking::ItselfJustSeen),
        "<dismiss|close|decline|reject> <it|this|them|that>" => answer(false, Asking::ItselfJustSeen),
        // Files.
        "<upload|attach> {files} <to|into|in to|in|at|as|under> {label}" => {
            let any = is_listed(&s.bare(1), "file field|file input|upload field|form");
            Goal::Upload { files: values::files(s.taken[0]), to: (!any).then(|| s.target(1)) }
        },
        "<upload|attach> {files}" => Goal::Upload { files: values::files(s.taken[0]), to: None },
        "<save|print|export> [the|this] [page|it|result|document] <as|as a|as an|to|to a|into a> \
         <pdf|pdf file|pdf document>" => Goal::SavePdf,
        // Keys and clicks.
        "<check|tick|enable|turn on> {label}" => Goal::Check { target: s.target(0), on: true },
        "<uncheck|untick|disable|turn off> {label}" => Goal::Check { target: s.target(0), on: false },
        "<submit|submit it|submit form|submit the form|submit this form|send the form>" => Goal::Submit { what: None },
        "<submit> {what}" => Goal::Submit { what: Some(s.text(0)) },
        "<hover over|hover on|hover|point at|mouse over|move the mouse over|move the mouse to> {label}" =>
            Goal::Hover(s.target(0)),
        "<double-click on|double-click|double click on|double click|doubleclick> {label}" =>
            Goal::DoubleClick(s.target(0)),
        "<right-click on|right-click|right click on|right click> {label}" =>
            Goal::RightClick(s.target(0)),
        "<drag and drop|drag|move> {label} <onto|on to|into|to|on|over> {place}" =>
            Goal::Drag { from: s.target(0), to: s.target(1) },
        "<sort by|order by> {column}" => sorting(s.taken[0])?,
        "<sort|order> {table} <by> {column}" => sorting(s.taken[1])?,
        "<press|hit|push|strike> {keys}" => Goal::Keys(values::keys(s.taken[0])?),
        "<click on|click|press on|press|tap on|tap|push|hit|follow> {label} <next to|beside|near|for|of> {near}" => {
            let mut target = s.target(0);
            target.near = Some(s.text(1));
            (s.taken[0].is_quoted() || target.kind.is_some()).then_some(Goal::Click(target))?
        },
        "<click on|click|press on|press|tap on|tap|push|hit|follow> {label}" => Goal::Click(s.target(0)),
        // Waiting.
        "<wait for|wait until> {text} <to disappear|to go away|to vanish|disappears|vanishes|is gone|has gone|goes away>" =>
            Goal::Wait(Waiting::Gone(s.bare(0))),
        "<wait for|wait> {seconds} <seconds|second|secs|sec|s>" =>
            Goal::Wait(Waiting::Seconds(values::number(&s.text(0).to_lowercase())?)),
        "<wait for|wait until> {text} [to appear|to show|to show up|appears|shows|shows up|is shown|is visible]" =>
            Goal::Wait(Waiting::For(s.bare(0))),
        "<wait> [a moment|a second|a bit]" => Goal::Wait(Waiting::Seconds(1.0)),
        // Reading. "find" reads as well: text for a search field is "searched" or "looked for".
        "<take|make|capture|grab|get> [me] [a|an|the] [full page] <screenshot|screen shot|picture of the page> \
         [of the page|of this page|of it|of the result|of the results|of the screen]" => Goal::Screenshot,
        "<screenshot> [the page|this page|it]" => Goal::Screenshot,
        "<extract|read out|read|get|get me|tell me|give me|show me|show|find|find out|report|return|note|note down|copy|\
         print|output|list|count|what is|whats|what are|what was|what|how much|how many|how long|who|when|where> {question}" =>
            Goal::Read(Question::parse(&s.head, s.taken[0])),
        "<extract|read>" => Goal::Read(Question::page()),
    }
});

pub(super) fn begins(tokens: &[Token<'_>]) -> bool {
    ROWS.iter().any(|row| row.pattern.begins(tokens))
}

pub(super) fn goal(clause: Slot<'_, '_>) -> Option<(Goal, Phrase)> {
    ROWS.iter().find_map(|row| {
        let slots = row.pattern.matches(clause)?;
        Some(((row.build)(&slots)?, Phrase { row, head: slots.head }))
    })
}

/// The row that a clause matched, for further pieces: "type 'a' into 'b' and 'c' into 'd'".
pub(super) struct Phrase {
    row: &'static Row,
    head: String,
}

impl Phrase {
    /// The goal of a further piece that does not repeat the verb.
    pub(super) fn again(&self, piece: Slot<'_, '_>) -> Option<Goal> {
        (self.row.build)(&self.row.pattern.matches_continued(&self.head, piece)?)
    }

    pub(super) fn is_same_row(&self, other: &Self) -> bool {
        std::ptr::eq(self.row, other.row)
    }

    pub(super) fn has_connector(&self) -> bool {
        self.row.pattern.has_connector()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_of_the_table_compiles() {
        assert!(!ROWS.is_empty());
    }
}
