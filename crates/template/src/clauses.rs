//! Splits a task into clauses, one goal each.
//!
//! Sentences, lines, semicolons and "then" always separate clauses. A comma, a colon or "and" does so only before a
//! known verb, so that values may contain them.

use std::sync::LazyLock;

use super::lex::{Kind, Token, Words};
use super::phrases;

static FILLERS: LazyLock<Words> = LazyLock::new(|| {
    Words::new(
        "i would like you to|i want you to|after that|can you|could you|would you|you should|please|now|also|finally|\
         first|firstly|second|secondly|next|lastly|afterwards|kindly|just|lets|again",
    )
});

static JOINERS: LazyLock<Words> = LazyLock::new(|| Words::new("and|then|but|plus"));

/// A prohibition has no goal. It extends to the next hard break, so that "do not open it and click 'Buy'" clicks
/// nothing.
static PROHIBITIONS: LazyLock<Words> = LazyLock::new(|| Words::new("do not|dont|never"));

/// A part of a task with one goal, or several under one verb.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clause<'t, 's> {
    pub(super) tokens: &'t [Token<'s>],
    /// More than a comma or an "and" separates it from the clause before.
    pub(super) apart: bool,
}

/// The clauses in order, none of them empty; prohibitions are left out.
pub(super) fn clauses<'t, 's>(tokens: &'t [Token<'s>]) -> Vec<Clause<'t, 's>> {
    let mut clauses = Vec::new();
    let mut start = skip_lead(tokens, 0);
    let mut at = start;
    let mut apart = true;
    while at < tokens.len() {
        if at == start && PROHIBITIONS.begin(&tokens[at..]).is_some() {
            let ends = |token: &Token<'_>| token.kind == Kind::HardBreak || token.is_word("but");
            at += tokens[at..].iter().take_while(|token| !ends(token)).count();
            start = skip_lead(tokens, at);
            at = start;
            apart = true;
            continue;
        }
        let token = &tokens[at];
        let hard = token.kind == Kind::HardBreak || token.is_word("then");
        let soft = token.kind == Kind::SoftBreak || JOINERS.begin(&tokens[at..]).is_some();
        if !hard && !soft {
            at += 1;
            continue;
        }
        let next = skip_lead(tokens, at);
        // A joiner in the run that was skipped may be a "then" or a line's end after the comma.
        let hard = hard || tokens[at..next].iter().any(|token| token.kind == Kind::HardBreak || token.is_word("then"));
        if hard || begins_clause(&tokens[next..]) {
            push(&mut clauses, &tokens[start..at], apart);
            start = next;
            apart = hard;
        }
        at = next.max(at + 1);
    }
    push(&mut clauses, &tokens[start.min(tokens.len())..], apart);
    clauses
}

fn push<'t, 's>(clauses: &mut Vec<Clause<'t, 's>>, tokens: &'t [Token<'s>], apart: bool) {
    if tokens.iter().any(|token| matches!(token.kind, Kind::Word | Kind::Quoted)) {
        clauses.push(Clause { tokens, apart });
    }
}

fn begins_clause(tokens: &[Token<'_>]) -> bool {
    phrases::begins(tokens) || PROHIBITIONS.begin(tokens).is_some() || is_condition(tokens)
}

pub(super) fn is_condition(tokens: &[Token<'_>]) -> bool {
    tokens.first().is_some_and(|token| token.is_word("if"))
}

fn skip_lead(tokens: &[Token<'_>], mut at: usize) -> usize {
    loop {
        let rest = &tokens[at..];
        at += match rest.first() {
            Some(token) if token.is_break() => 1,
            _ => match JOINERS.begin(rest).or_else(|| FILLERS.begin(rest)) {
                Some(length) => length,
                None => return at,
            },
        };
    }
}

#[cfg(test)]
mod tests {
    use super::super::lex::lex;
    use super::super::pattern::Slot;
    use super::*;

    #[test]
    fn tasks_are_split_only_where_a_new_goal_begins() {
        let cases: [(&str, &[&str]); 12] = [
            ("open a.example, click Buy and then read the price", &["open a.example", "click Buy", "read the price"]),
            ("type rock and roll, loud into Name", &["type rock and roll, loud into Name"]),
            ("click 'Terms, then open it' then go back", &["click 'Terms, then open it'", "go back"]),
            ("1. open a.example\n2. click Buy;\n- scroll down", &["open a.example", "click Buy", "scroll down"]),
            ("Please open a.example. After that, please click Buy!", &["open a.example", "click Buy"]),
            ("Do the following: open a.example", &["Do the following", "open a.example"]),
            ("click Buy then dance", &["click Buy", "dance"]),
            ("click Buy, \n\n dance", &["click Buy", "dance"]),
            ("do not open it and click 'Buy'. Scroll down", &["Scroll down"]),
            ("click 'Buy' but do not submit, then go back", &["click 'Buy'"]),
            ("don't search but click Buy", &["click Buy"]),
            (" , and then ; ", &[]),
        ];
        for (source, expected) in cases {
            let tokens = lex(source);
            let found: Vec<String> =
                clauses(&tokens).into_iter().map(|clause| raw(Slot { tokens: clause.tokens, source })).collect();
            assert_eq!(found, expected, "{source}");
        }
    }

    fn raw(clause: Slot<'_, '_>) -> String {
        let tokens = clause.trimmed().tokens;
        clause.source[tokens[0].start..tokens[tokens.len() - 1].end].to_owned()
    }
}
