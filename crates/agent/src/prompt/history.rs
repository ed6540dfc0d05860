//! Earlier steps as the model reads them. Steps are only appended, so that a provider's prefix cache hits, until they
//! exceed their budget and the older ones are condensed.

use std::collections::VecDeque;
use std::fmt::Write;

use super::fence::Fence;
use crate::extract::parts::{Numbering, SHORT};
use crate::planner::{ActionResult, PastStep};
use crate::ports::Message;
use crate::text::{estimate_tokens, one_line, shorten};

/// Longest description, effect or error of one action, in characters.
const MAX_RESULT: usize = 500;
/// Longest goal or memory in full and condensed.
const MAX_THOUGHT: usize = 600;
const MAX_BRIEF: usize = 200;

pub(crate) struct History {
    /// Estimated tokens.
    budget: usize,
    /// Number of steps added.
    seen: usize,
    numbering: Numbering,
    /// Condensed steps, oldest first, one line each.
    briefs: VecDeque<String>,
    /// Number of condensed steps that were dropped.
    forgotten: usize,
    recent: VecDeque<Entry>,
}

struct Entry {
    full: String,
    brief: String,
}

impl History {
    pub(crate) fn new(budget: usize) -> Self {
        Self {
            budget,
            seen: 0,
            numbering: Numbering::default(),
            briefs: VecDeque::new(),
            forgotten: 0,
            recent: VecDeque::new(),
        }
    }

    /// Adds the new steps.
    pub(crate) fn extend(&mut self, past: &[PastStep], fence: &Fence) {
        for step in past.iter().skip(self.seen) {
            self.recent.push_back(Entry { full: full(step, &mut self.numbering, fence), brief: brief(step, fence) });
        }
        self.seen = past.len();
        if self.tokens() > self.budget {
            self.condense();
        }
    }

    /// Halves the current size for good; false when nothing is left to condense.
    pub(crate) fn shrink(&mut self) -> bool {
        let before = self.tokens();
        self.budget = self.budget.min(before / 2);
        self.condense();
        self.tokens() < before
    }

    /// One message for all condensed steps, if any, and one per step.
    pub(crate) fn messages(&self) -> impl Iterator<Item = Message> {
        let condensed = (!self.briefs.is_empty()).then(|| self.condensed());
        let texts = condensed.into_iter().chain(self.recent.iter().map(|entry| entry.full.clone()));
        texts.map(Message::user)
    }

    /// Condenses to half the budget, so that it happens rarely. The newest step always stays whole.
    fn condense(&mut self) {
        while self.recent.len() > 1 && self.recent_tokens() > self.budget / 4 {
            self.briefs.extend(self.recent.pop_front().map(|entry| entry.brief));
        }
        while self.briefs.len() > 1 && estimate_tokens(&self.condensed()) > self.budget / 4 {
            self.briefs.pop_front();
            self.forgotten += 1;
        }
    }

    fn condensed(&self) -> String {
        let mut text = "Earlier steps, condensed".to_owned();
        if self.forgotten > 0 {
            let _ = write!(text, " (the first {} left out)", self.forgotten);
        }
        text.push(':');
        for brief in &self.briefs {
            text.push('\n');
            text.push_str(brief);
        }
        text
    }

    fn tokens(&self) -> usize {
        let condensed = if self.briefs.is_empty() { 0 } else { estimate_tokens(&self.condensed()) };
        condensed + self.recent_tokens()
    }

    fn recent_tokens(&self) -> usize {
        self.recent.iter().map(|entry| estimate_tokens(&entry.full)).sum()
    }
}

/// The step in a few lines. Text of the model or the page is put on one line and defused, so that it cannot forge a
/// fence.
fn full(step: &PastStep, numbering: &mut Numbering, fence: &Fence) -> String {
    let flat = |text: &str, max: usize| fence.defuse(&one_line(text, max));
    let mut text = format!("Step {}:", step.step);
    let goal = flat(&step.decision.next_goal, MAX_THOUGHT);
    if !goal.is_empty() {
        let _ = write!(text, " {goal}");
    }
    let memory = flat(&step.decision.memory, MAX_THOUGHT);
    if !memory.is_empty() {
        let _ = write!(text, "\nMemory: {memory}");
    }
    for result in &step.results {
        let _ = write!(text, "\n- {}", result_line(result, numbering, fence));
    }
    let skipped = step.decision.actions.len().saturating_sub(step.results.len());
    if skipped > 0 {
        let _ = write!(text, "\n- {skipped} skipped");
    }
    if let Some(error) = &step.error {
        let _ = write!(text, "\nError: {}", flat(error, MAX_RESULT));
    }
    text
}

fn result_line(result: &ActionResult, numbering: &mut Numbering, fence: &Fence) -> String {
    let flat = |text: &str| fence.defuse(&one_line(text, MAX_RESULT));
    let outcome = match &result.outcome {
        Ok(outcome) => outcome,
        Err(error) => return format!("{} failed: {}", result.action.name(), flat(error)),
    };
    let mut text = flat(&outcome.description);
    if text.is_empty() {
        text.push_str(result.action.name());
    }
    let effect = flat(&outcome.effect);
    if !effect.is_empty() {
        let _ = write!(text, ": {effect}");
    }
    if let Some(long) = numbering.next(result) {
        let _ = write!(text, "; {}, {} characters", long.name(), long.characters());
    } else if let Some(extract) = &outcome.extracted {
        let _ = write!(text, "; {}", fence.wrap("extract", &shorten(extract, SHORT)));
    }
    text
}

/// The step in one line.
fn brief(step: &PastStep, fence: &Fence) -> String {
    let failed = step.error.is_some() || step.results.iter().any(|result| result.outcome.is_err());
    let goal = one_line(&step.decision.next_goal, MAX_BRIEF);
    let mut text = format!("{}: {goal}{}", step.step, if failed { " (failed)" } else { "" });
    let memory = one_line(&step.decision.memory, MAX_BRIEF);
    if !memory.is_empty() {
        let _ = write!(text, " | {memory}");
    }
    fence.defuse(&text)
}
