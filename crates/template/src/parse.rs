//! Parses a task into goals.

use super::clauses::{Clause, clauses, is_condition};
use super::goal::Goal;
use super::lex::{Kind, Token, lex};
use super::pattern::Slot;
use super::phrases;
use super::statement::Statement;
use super::text::{fold, is_listed};
use super::values;
use agent::text::one_line;

/// Clauses without a goal: courtesies, headings, and waits that happen anyway after every action.
const IDLE: &str = "thanks|thank you|thanks a lot|please|hello|hi|task|your task|steps|the steps|do the following|\
    do the following steps|follow these steps|do this|report it|report back|report the result|tell me|tell me it|\
    return it|wait for the page|wait for the page to load|wait until the page is loaded|\
    wait until the page has loaded|stop";

/// Objects of "read" and similar verbs that refer to an earlier answer.
const PRONOUNS: &str = "it|them|that|the answer|the result|the value|me";

/// More pieces than this under one verb are treated as one value, which bounds the work on hostile text.
const MAX_PIECES: usize = 16;

/// More repetitions are treated as a mistake.
const MAX_REPEATS: usize = 20;

/// Words for conditions and loops that no phrase supports: "click 'Next' until it is gone".
const BINDING: &str = "if|until|unless|while|each|every|except|otherwise|else";

/// The task's goals in order. All of it must be understood: doing half of a task may be worse than doing nothing.
///
/// # Errors
/// The parts that match no phrase, shortened, without possible passwords; none if the task has no goal.
pub(super) fn parse(task: &str) -> Result<Vec<Goal>, Vec<String>> {
    let tokens = lex(task);
    let clauses = clauses(&tokens);
    let mut reading = Reading { task, goals: Vec::new(), parts: Vec::new() };
    let mut rest = clauses.as_slice();
    while let [clause, after @ ..] = rest {
        rest = match is_condition(clause.tokens) {
            true => reading.condition(clause, after),
            false => {
                reading.clause(clause.tokens);
                after
            }
        };
    }
    let Reading { goals, parts, .. } = reading;
    if parts.is_empty() && !goals.is_empty() { Ok(goals) } else { Err(parts) }
}

struct Reading<'s> {
    task: &'s str,
    goals: Vec<Goal>,
    parts: Vec<String>,
}

impl<'s> Reading<'s> {
    fn slot<'t>(&self, tokens: &'t [Token<'s>]) -> Slot<'t, 's> {
        Slot { tokens, source: self.task }.trimmed()
    }

    fn clause(&mut self, tokens: &[Token<'s>]) {
        let clause = self.slot(tokens);
        if is_listed(&clause.folded(), IDLE) {
            return;
        }
        let Some(found) = goals_of(clause) else { return self.parts.push(without_secrets(clause)) };
        for goal in found {
            let reads = self.goals.iter().any(|goal| matches!(goal, Goal::Read(_)));
            match &goal {
                // "Read the total and report it": that was one thing to read.
                Goal::Read(question) if reads && is_listed(&fold(&question.text), PRONOUNS) => {}
                Goal::TypeAnswer { .. } if !reads => return self.parts.push(without_secrets(clause)),
                _ => self.goals.push(goal),
            }
        }
    }

    /// "If there is a cookie banner, accept it and click 'Go'": the condition and the clauses that it covers, up to the
    /// end of the sentence or the next "then". Returns the clauses after that.
    fn condition<'r, 't>(&mut self, clause: &Clause<'t, 's>, after: &'r [Clause<'t, 's>]) -> &'r [Clause<'t, 's>] {
        let whole = self.slot(clause.tokens);
        let inside = whole.part(1..whole.tokens.len());
        let at = self.goals.len();
        let next = after.first();
        // A comma separates the condition from its instruction. Without one, the clause may contain both.
        let within = if next.is_some_and(|next| !next.apart) { None } else { split_condition(inside) };
        let (condition, mut rest) = match (within, Statement::parse(inside), after) {
            (Some((condition, order)), _, _) => {
                self.clause(order.tokens);
                (condition, after)
            }
            (None, Some(condition), [first, rest @ ..]) => {
                self.clause(first.tokens);
                (condition, rest)
            }
            _ => {
                self.parts.push(without_secrets(whole));
                return after;
            }
        };
        while let [clause, further @ ..] = rest
            && !clause.apart
            && !is_condition(clause.tokens)
        {
            self.clause(clause.tokens);
            rest = further;
        }
        for goal in &mut self.goals[at..] {
            if let Goal::Click(target) = goal
                && matches!(target.label.as_str(), "it" | "that")
            {
                *target = condition.target.clone();
            }
        }
        let goals = self.goals.len() - at;
        self.goals.insert(at, Goal::When { condition, goals });
        rest
    }
}

/// A condition and its instruction without a separator: "there is a cookie banner accept it".
fn split_condition<'t, 's>(inside: Slot<'t, 's>) -> Option<(Statement, Slot<'t, 's>)> {
    let ends = (1..inside.tokens.len()).filter(|end| phrases::begins(&inside.tokens[*end..]));
    ends.take(MAX_PIECES).find_map(|end| {
        let order = inside.part(end..inside.tokens.len());
        goals_of(order)?;
        Some((Statement::parse(inside.part(0..end))?, order))
    })
}

/// One goal, or several under one verb: "type 'a' into 'b' and 'c' into 'd'", "click 'A' and 'B'".
fn goals_of(clause: Slot<'_, '_>) -> Option<Vec<Goal>> {
    if let Some((times, once)) = repeated(clause)
        && let Some((goal @ (Goal::Click(_) | Goal::Keys(_) | Goal::AddToCart { .. }), _)) = phrases::goal(once)
    {
        return (times <= MAX_REPEATS && !is_bound(&goal, once)).then(|| vec![goal; times]);
    }
    let (whole, phrase) = phrases::goal(clause)?;
    if is_bound(&whole, clause) {
        return None;
    }
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
            true => phrases::goal(piece).filter(|(_, first)| first.is_same_row(&phrase)).map(|(goal, _)| goal),
            // Without words between the slots, only the form of the piece shows that it is another object.
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

/// "press Tab 3 times": the number, and the rest.
fn repeated<'t, 's>(clause: Slot<'t, 's>) -> Option<(usize, Slot<'t, 's>)> {
    let (times, length) = match clause.tokens {
        [.., last] if last.folded == "twice" => (2, 1),
        [.., number, last] if last.folded == "times" => {
            let absurd = || number.folded.parse::<u64>().ok().map(|_| usize::MAX);
            (values::whole_number(&number.folded).or_else(absurd)?, 2)
        }
        _ => return None,
    };
    let once = clause.part(0..clause.tokens.len() - length).trimmed();
    (!once.is_empty()).then_some((times, once))
}

/// Whether an instruction that names an element has a condition or a loop. Typed texts and questions may contain any
/// word.
fn is_bound(goal: &Goal, clause: Slot<'_, '_>) -> bool {
    use Goal::{Answer, Check, Click, DoubleClick, Drag, Hover, RightClick, Sort};
    let names_elements = matches!(goal, Click(_) | Hover(_) | DoubleClick(_) | RightClick(_))
        || matches!(goal, Drag { .. } | Check { .. } | Answer { .. } | Sort { .. });
    names_elements && clause.tokens.iter().any(|token| is_listed(&token.folded, BINDING))
}

fn piece_ends(tokens: &[Token<'_>]) -> Vec<usize> {
    let inner = (1..tokens.len()).filter(|at| is_joint(&tokens[*at]) && !is_joint(&tokens[*at - 1]));
    inner.chain([tokens.len()]).collect()
}

fn is_joint(token: &Token<'_>) -> bool {
    token.is_break() || token.folded == "and"
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
    const ANNOUNCING: &str = "password|passphrase|passcode|pin|secret|token|key|code";
    let secret = clause.tokens.iter().position(|token| is_listed(&token.folded, ANNOUNCING));
    let shown = match secret {
        Some(at) if at + 1 < clause.tokens.len() => format!("{} …", clause.part(0..at + 1).text()),
        _ => clause.text(),
    };
    one_line(&shown, 120)
}
