//! Reads a task's text into goals.

use super::clauses::clauses;
use super::goal::Goal;
use super::lex::{Kind, Token, lex};
use super::pattern::{Slot, is_break};
use super::phrases;
use super::text::{clip, collapse, fold};

/// Parts of the task that no phrase of the table fits; no parts when the task asks for nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NotUnderstood {
    /// As written, shortened; what may be a password is left out.
    pub(super) parts: Vec<String>,
}

/// Clauses that ask for nothing: courtesies, headings, and waits that happen anyway after every action.
const IDLE: [&str; 25] = [
    "thanks",
    "thank you",
    "thanks a lot",
    "please",
    "hello",
    "hi",
    "task",
    "your task",
    "steps",
    "the steps",
    "do the following",
    "do the following steps",
    "follow these steps",
    "do this",
    "report it",
    "report back",
    "report the result",
    "tell me",
    "tell me it",
    "return it",
    "wait for the page",
    "wait for the page to load",
    "wait until the page is loaded",
    "wait until the page has loaded",
    "stop",
];

/// Objects of "read" and its like that point back at what was read before.
const PRONOUNS: [&str; 7] = ["it", "them", "that", "the answer", "the result", "the value", "me"];

/// More further pieces than this under one verb are taken for one value; it bounds the work on hostile text.
const MAX_PIECES: usize = 16;

/// The task's goals in order. All of the task must be understood: half an order carried out may be worse than none.
pub(super) fn parse(task: &str) -> Result<Vec<Goal>, NotUnderstood> {
    let tokens = lex(task);
    let mut goals = Vec::new();
    let mut parts = Vec::new();
    for tokens in clauses(&tokens) {
        let clause = Slot { tokens, source: task }.trimmed();
        if IDLE.contains(&clause.folded().as_str()) {
            continue;
        }
        match goals_of(clause) {
            Some(found) => goals.extend(found),
            None => parts.push(without_secrets(clause)),
        }
    }
    if !parts.is_empty() || goals.is_empty() {
        return Err(NotUnderstood { parts });
    }
    let mut reads = false;
    goals.retain(|goal| {
        let Goal::Read(question) = goal else { return true };
        let points_back = reads && PRONOUNS.contains(&fold(&question.text).as_str());
        reads = true;
        !points_back
    });
    Ok(goals)
}

/// One goal, or several under one verb: "type 'a' into 'b' and 'c' into 'd'", "click 'A' and 'B'".
fn goals_of(clause: Slot<'_, '_>) -> Option<Vec<Goal>> {
    let (whole, phrase) = phrases::goal(clause)?;
    let ends = piece_ends(clause.tokens);
    if ends.len() < 2 || ends.len() > MAX_PIECES {
        return Some(vec![whole]);
    }
    let listable = matches!(whole, Goal::Click(_) | Goal::Check { .. } | Goal::Read(_));
    let mut goals = Vec::new();
    let mut start = 0;
    for end in ends {
        let piece = clause.part(start..end).trimmed();
        let goal = match goals.is_empty() {
            true => phrases::goal(piece).filter(|(_, first)| first.is(&phrase)).map(|(goal, _)| goal),
            // Without words that part the slots only the form of the piece tells that it is a further object.
            false if phrase.has_connector() || (listable && begins_object(piece)) => phrase.again(unjoined(piece)),
            false => None,
        };
        if let Some(goal) = goal {
            goals.push(goal);
            start = end;
        }
    }
    Some(if start == clause.tokens.len() { goals } else { vec![whole] })
}

/// Where the pieces between commas and "and"s end.
fn piece_ends(tokens: &[Token<'_>]) -> Vec<usize> {
    let inner = (1..tokens.len()).filter(|at| is_joint(&tokens[*at]) && !is_joint(&tokens[*at - 1]));
    inner.chain([tokens.len()]).collect()
}

fn is_joint(token: &Token<'_>) -> bool {
    is_break(token) || token.folded == "and"
}

fn unjoined<'t, 's>(piece: Slot<'t, 's>) -> Slot<'t, 's> {
    let joints = piece.tokens.iter().take_while(|token| is_joint(token)).count();
    piece.part(joints..piece.tokens.len())
}

fn begins_object(piece: Slot<'_, '_>) -> bool {
    let first = unjoined(piece).tokens.first();
    first.is_some_and(|token| token.kind == Kind::Quoted || matches!(token.folded.as_str(), "the" | "its"))
}

/// The clause as written, up to a word that announces a secret.
fn without_secrets(clause: Slot<'_, '_>) -> String {
    const ANNOUNCING: [&str; 8] = ["password", "passphrase", "passcode", "pin", "secret", "token", "key", "code"];
    let secret = clause.tokens.iter().position(|token| ANNOUNCING.contains(&token.folded.as_str()));
    let shown = match secret {
        Some(at) if at + 1 < clause.tokens.len() => format!("{} …", clause.part(0..at + 1).text()),
        _ => clause.text(),
    };
    clip(&collapse(&shown), 120)
}
