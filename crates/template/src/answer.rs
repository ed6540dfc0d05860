//! Finds an answer in the page's lines: "Order number: A-1001" for "the order number".

use super::lines::Line;
use super::pattern::Slot;
use super::text::{fold, is_listed, quote};
use agent::text::{one_line, shorten};

/// Longest answer for the text of a whole page, in characters.
const MAX_PAGE_TEXT: usize = 4_000;
const MAX_ANSWER: usize = 500;
/// Words of a question that are used.
const MAX_WORDS: usize = 12;
/// Lines after a product's name in which its price is searched.
const REACH: usize = 3;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Question {
    pub(super) text: String,
    pub(super) wanted: Wanted,
    /// The folded words that a line must contain to be about it.
    words: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Page,
    Title,
    Heading,
    Address,
    Price,
    /// Something with digits.
    Number,
    /// How many of one of the [`THINGS`] there are.
    Count(&'static str),
    /// The names of one of the [`THINGS`].
    List(&'static str),
    Anything,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) text: String,
    pub(super) certainty: Certainty,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Certainty {
    /// Only some of the question's words are there.
    Guess,
    /// All words are there, but not as a label with a value.
    Likely,
    /// No further search is needed.
    Sure,
}

const STOP_WORDS: &str = "the|a|an|of|is|are|was|were|does|do|did|be|will|what|whats|which|who|how|much|many|for|on|in|at|\
    to|from|by|with|this|that|these|those|me|my|your|it|its|there|here|and|out|page|website|site|shown|displayed|\
    current|text|please|i|you|screen";

/// Words for the whole page.
const PAGE_WORDS: &str = "content|contents|everything|whole|entire|all|full|body";

/// Words for a price. A line with a price need not contain them.
const PRICE_WORDS: &str = "price|prices|cost|costs";

/// Words for a sum. The answer is money, and the line contains the word.
const SUM_WORDS: &str = "total|subtotal|amount|sum";

/// Things that can be counted or listed; rows are those of a table.
const THINGS: [&str; 5] = ["links", "buttons", "checkboxes", "fields", "rows"];

const NUMBER_WORDS: &str = "number|no|id|quantity|count|date|phone|code";

impl Question {
    pub(super) fn page() -> Self {
        Self { text: String::new(), wanted: Wanted::Page, words: Vec::new() }
    }

    /// A question of the task; `head` is the phrase that began it, "how much" or "read".
    pub(super) fn parse(head: &str, slot: Slot<'_, '_>) -> Self {
        let text = slot.text();
        let mut words = content_words(&text);
        words.truncate(MAX_WORDS);
        let any = |list: &str| words.iter().any(|word| is_listed(word, list));
        let wanted = match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            _ if words.iter().all(|word| is_listed(word, PAGE_WORDS)) => Wanted::Page,
            ["title"] => Wanted::Title,
            ["heading" | "headline"] | ["main" | "first" | "top", "heading" | "headline"] => Wanted::Heading,
            ["url"] | ["address"] => Wanted::Address,
            _ if head == "how much" || any(PRICE_WORDS) || any(SUM_WORDS) => Wanted::Price,
            _ if head == "how many" || head == "count" || any(NUMBER_WORDS) => Wanted::Number,
            _ => Wanted::Anything,
        };
        let mut things = words.iter().filter(|word| !is_listed(word, "all|table|list"));
        let all_of = match (things.next(), things.next()) {
            (Some(only), None) => THINGS.into_iter().find(|name| name == only),
            _ => None,
        };
        let wanted = match (all_of, head) {
            (Some(things), "how many" | "count") => Wanted::Count(things),
            (Some(things), _) if things != "rows" => Wanted::List(things),
            _ => wanted,
        };
        Self { text, wanted, words }
    }

    pub(super) fn answer(&self, lines: &[Line]) -> Option<Found> {
        let found = match self.wanted {
            Wanted::Page => {
                let text = lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>().join("\n");
                let found = Found { text: shorten(&text, MAX_PAGE_TEXT), certainty: Certainty::Likely };
                return Some(found).filter(|_| !text.is_empty());
            }
            Wanted::Heading => Found { text: heading(lines)?.to_owned(), certainty: Certainty::Sure },
            _ => self.in_table(lines).or_else(|| self.in_lines(lines))?,
        };
        Some(Found { text: one_line(&found.text, MAX_ANSWER), ..found })
    }

    fn subject(&self) -> Vec<&str> {
        let price = self.wanted == Wanted::Price;
        let words = self.words.iter().map(String::as_str);
        words.filter(|word| !price || !is_listed(word, PRICE_WORDS)).collect()
    }

    fn fits(&self, value: &str) -> bool {
        if self.wants_digits() { value.contains(|c: char| c.is_ascii_digit()) } else { !value.trim().is_empty() }
    }

    /// Whether a text can be the answer without a label: "5 in stock" is no price.
    fn fits_alone(&self, text: &str) -> bool {
        if self.wanted == Wanted::Price { looks_like_money(text) } else { self.fits(text) }
    }

    /// A row about one part of the question in a table with a column for the rest: "stock of the blue kettle".
    fn in_table(&self, lines: &[Line]) -> Option<Found> {
        let mut header: Option<Vec<&str>> = None;
        let outside = lines.iter().filter(|line| cells(&line.text).len() < 2);
        let outside: Vec<Vec<String>> = outside.map(|line| content_words(&line.text)).collect();
        for line in lines {
            let cells = cells(&line.text);
            if cells.len() < 2 {
                header = None;
                continue;
            }
            let Some(names) = &header else {
                header = Some(cells);
                continue;
            };
            let row = content_words(&line.text);
            let (about, rest): (Vec<&String>, Vec<&String>) = self.words.iter().partition(|word| holds(&row, word));
            if about.is_empty() || rest.is_empty() {
                continue;
            }
            // "the amount of invoice 2004": the word "invoice" may be elsewhere on the page.
            let column = names.iter().position(|name| {
                let name = content_words(name);
                let (column, elsewhere): (Vec<&String>, Vec<&String>) =
                    rest.iter().partition(|word| holds(&name, word));
                !column.is_empty() && elsewhere.iter().all(|word| outside.iter().any(|line| holds(line, word)))
            });
            let cell =
                column.and_then(|column| cells.get(column).filter(|cell| self.fits(cell)).zip(names.get(column)));
            if let Some((cell, name)) = cell {
                return Some(Found { text: format!("{}: {name}: {cell}", cells[0]), certainty: Certainty::Sure });
            }
        }
        None
    }

    fn in_lines(&self, lines: &[Line]) -> Option<Found> {
        let subject = self.subject();
        let candidates = (0..lines.len()).filter_map(|at| self.candidate(&subject, lines, at));
        let (cost, text) = candidates.min_by_key(|(cost, _)| *cost)?;
        let certainty = match cost {
            ..UNSURE => Certainty::Sure,
            UNSURE..GUESS => Certainty::Likely,
            GUESS.. => Certainty::Guess,
        };
        Some(Found { text, certainty })
    }

    fn candidate(&self, subject: &[&str], lines: &[Line], at: usize) -> Option<(u32, String)> {
        let line = &lines[at];
        let words = content_words(&line.text);
        let missing = subject.iter().filter(|word| !holds(&words, word)).count();
        if missing * 2 > subject.len() || (missing > 0 && missing == subject.len()) {
            return None;
        }
        let (label, value) = split_label(&line.text);
        let label_words = content_words(label);
        let has_all = |held: &[String]| subject.iter().all(|word| holds(held, word));
        let labelled = has_all(&label_words);
        let (money, digits) = (self.wanted == Wanted::Price, self.wants_digits());
        let extra = |of: &[String]| of.len().saturating_sub(subject.len()).min(20) as u32;
        let following = |reach: usize| {
            lines[at + 1..].iter().take(reach).find(|next| next.indices.is_empty() && self.fits_alone(&next.text))
        };
        // A price question without a subject is answered by the word "price" or the first line with an amount.
        let named = !subject.is_empty() || self.words.iter().any(|word| holds(&words, word));
        // "Quantity: 1" does not answer "the price", which has no words to compare with the label.
        let answers = |value: &&str| self.fits(value) && (named || !money || looks_like_money(value));
        let says_more = missing == 0 && words.len() > subject.len();
        let (text, cost) = if let Some(value) = value.filter(|value| labelled && answers(value)) {
            (format!("{}: {}", label.trim(), value.trim()), extra(&label_words))
        } else if digits && (says_more || subject.is_empty()) && self.fits_alone(&line.text) {
            (line.text.clone(), 1 + extra(&words))
        } else if !digits && says_more && has_all(&words[..subject.len()]) {
            (line.text.clone(), 30 + extra(&words))
        } else if let Some(next) = following(if money { REACH } else { 1 })
            && (labelled || missing == 0)
            && (money || extra(&words) <= 1)
        {
            (format!("{}: {}", label.trim(), next.text), 2 + extra(&words))
        } else {
            (line.text.clone(), UNSURE + extra(&words))
        };
        // A link or a button with these words more likely leads to the answer.
        let clickable = u32::from(!line.indices.is_empty() && value.is_none()) * 25;
        let unnamed = u32::from(!named) * 40;
        Some((cost + clickable + unnamed + missing as u32 * GUESS, text))
    }

    fn wants_digits(&self) -> bool {
        matches!(self.wanted, Wanted::Price | Wanted::Number)
    }
}

/// For a sentence: "'the order number'", "the page".
impl std::fmt::Display for Question {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.wanted {
            Wanted::Page => f.write_str("the page"),
            _ => f.write_str(&quote(&self.text)),
        }
    }
}

/// The cost of a candidate without a label and a value.
const UNSURE: u32 = 100;
/// The cost of each word of the question that it lacks.
const GUESS: u32 = 1_000;

/// The view marks headings with as many `#` as their level.
fn heading(lines: &[Line]) -> Option<&str> {
    let marked = lines.iter().filter_map(|line| line.text.strip_prefix('#')?.trim_start_matches('#').strip_prefix(' '));
    marked.map(str::trim).find(|text| !text.is_empty())
}

/// The words that carry meaning; "e mail" counts as "email".
pub(super) fn content_words(text: &str) -> Vec<String> {
    let words = fold(text).replace("e mail", "email");
    words.split(' ').filter(|word| !word.is_empty() && !is_listed(word, STOP_WORDS)).map(str::to_owned).collect()
}

/// Whether the words contain one, in the singular or the plural.
pub(super) fn holds(words: &[String], word: &str) -> bool {
    words
        .iter()
        .any(|held| held == word || held.strip_suffix('s') == Some(word) || word.strip_suffix('s') == Some(held))
}

/// A currency beside digits, or digits with two decimals.
fn looks_like_money(text: &str) -> bool {
    const CURRENCIES: [&str; 14] =
        ["eur", "euro", "euros", "usd", "dollar", "dollars", "gbp", "chf", "pln", "sek", "nok", "dkk", "jpy", "czk"];
    let digits = text.contains(|c: char| c.is_ascii_digit());
    let sign = text.contains(['€', '$', '£', '¥', '₹', '₽', '₺']);
    let code = || fold(text).split(' ').any(|word| CURRENCIES.contains(&word));
    digits && (sign || code() || has_two_decimals(text))
}

fn has_two_decimals(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_digit() && c != '.' && c != ',').any(|number| {
        let number = number.trim_end_matches(['.', ',']);
        number.rsplit_once(['.', ',']).is_some_and(|(whole, cents)| !whole.is_empty() && cents.len() == 2)
    })
}

/// "Label: value", "Label | value", or a tab between the two.
fn split_label(line: &str) -> (&str, Option<&str>) {
    let split = [": ", "\t", " | ", " – ", " = "].into_iter().filter_map(|mark| line.split_once(mark));
    match split.min_by_key(|(label, _)| label.len()) {
        Some((label, value)) => (label, Some(value)),
        None => (line.trim_end_matches([':', ' ']), None),
    }
}

pub(super) fn cells(line: &str) -> Vec<&str> {
    let separator = if line.contains('\t') { '\t' } else { '|' };
    line.split(separator).map(str::trim).collect()
}
