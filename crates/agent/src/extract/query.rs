//! Answers a query about a text that is too long for a prompt: the model reads it part by part and collects entries.

use std::sync::Arc;

use crate::control::Deadline;
use serde::Deserialize;
use serde_json::{Value, json};

use super::parts::{PART, parts};
use crate::budget::MeteredModel;
use crate::planner::PlanError;
use crate::ports::{ActionError, ActionOutcome, ChatRequest, Message, Notices};
use crate::prompt;
use crate::prompt::answer;
use crate::prompt::fence::Fence;
use crate::task::AgentTask;
use crate::text::{one_line, shorten};

/// Characters per part, about 5,000 tokens.
const CHUNK: usize = 20_000;
/// Parts read of one text.
const MAX_CHUNKS: usize = 8;
/// Consecutive failed calls before it gives up.
const MAX_FAILURES: usize = 2;
/// Longest query or schema, in characters.
const MAX_QUERY: usize = 2_000;
/// Longest entry, and longest summary of a part for later calls, in characters.
const MAX_ENTRY: usize = 2_000;
const MAX_CARRIED: usize = 3_000;
/// Lines before a part that are shown with it, and their length.
const CONTEXT_LINES: usize = 3;
const MAX_CONTEXT_LINE: usize = 200;
const MAX_ERROR: usize = 200;

#[derive(Clone, Copy)]
pub(crate) struct Query<'a> {
    pub(crate) query: &'a str,
    /// JSON Schema of an entry.
    pub(crate) schema: Option<&'a str>,
}

pub(crate) struct QueryReader {
    model: Arc<MeteredModel>,
    temperature: f64,
    deadline: Option<Deadline>,
    fence: Fence,
}

/// The entries of all parts, deduplicated.
struct Findings {
    /// Values of the schema, or strings.
    entries: Vec<Value>,
    /// Dropped entries that are not JSON although there is a schema.
    unfit: usize,
    problems: Vec<String>,
    is_data: bool,
}

#[derive(Deserialize)]
struct Found {
    found: Vec<String>,
}

impl QueryReader {
    pub(crate) fn new(model: Arc<MeteredModel>, task: &AgentTask) -> Self {
        Self { model, temperature: task.temperature, deadline: task.budget.deadline.clone(), fence: Fence::random() }
    }

    /// Whether a text is too long to be shown.
    pub(crate) fn is_needed_for(text: &str) -> bool {
        text.chars().nth(PART).is_some()
    }

    /// Replaces the outcome's text by the entries that answer the query.
    ///
    /// # Errors
    /// No part could be read.
    pub(crate) async fn search(
        &self,
        outcome: ActionOutcome,
        query: Query<'_>,
        notices: &dyn Notices,
    ) -> Result<ActionOutcome, ActionError> {
        let text = outcome.extracted.unwrap_or_default();
        let all = parts(&text, CHUNK);
        let chunks = &all[..all.len().min(MAX_CHUNKS)];
        let mut findings =
            Findings { entries: Vec::new(), unfit: 0, problems: Vec::new(), is_data: query.schema.is_some() };
        let schema = schema();
        let mut messages = vec![Message::user(prompt::query(&self.bounded(query), &self.fence))];
        let (mut failures, mut read, mut start) = (0, 0, 0);
        for (at, chunk) in chunks.iter().enumerate() {
            let number = at + 1;
            let context = context(&text[..start]);
            start += chunk.len();
            messages.push(Message::user(prompt::part(number, all.len(), &context, chunk, &self.fence)));
            let request = ChatRequest {
                system: prompt::READING,
                messages: &messages,
                // Findings are only appended; the part changes each time.
                stable: messages.len() - 1,
                schema: &schema,
                schema_name: "found",
                temperature: self.temperature,
                deadline: self.deadline.as_ref().map(Deadline::instant),
                notices,
            };
            let answered = match self.model.complete(request).await {
                Ok(reply) => answer::json::<Found>(&reply.text).map_err(|problem| problem.to_string()),
                Err(PlanError::OverBudget(_)) => {
                    findings.problems.push(format!("the budget leaves no room to read part {number} and what follows"));
                    break;
                }
                Err(error) => Err(error.to_string()),
            };
            messages.pop();
            match answered {
                Ok(found) => {
                    (failures, read) = (0, read + 1);
                    if let Some(added) = findings.add(found.found) {
                        let added = self.fence.wrap("found", &shorten(&added, MAX_CARRIED));
                        messages.push(Message::user(format!("Found in part {number}:\n{added}")));
                    }
                }
                Err(problem) => {
                    failures += 1;
                    findings
                        .problems
                        .push(format!("part {number} could not be read: {}", one_line(&problem, MAX_ERROR)));
                    if failures == MAX_FAILURES && number < chunks.len() {
                        findings.problems.push(format!("parts {} to {} were given up", number + 1, chunks.len()));
                        break;
                    }
                }
            }
        }
        if read == 0 {
            let why = findings.problems.join("; ");
            return Err(ActionError::NotPossible(format!("{why}; without a query the text itself can be read")));
        }
        let effect = [&outcome.effect, &findings.account(read, all.len())];
        let effect: Vec<&str> = effect.into_iter().map(String::as_str).filter(|effect| !effect.is_empty()).collect();
        Ok(ActionOutcome { effect: effect.join("; "), extracted: findings.text(), ..outcome })
    }

    fn bounded(&self, Query { query, schema }: Query<'_>) -> String {
        let mut text = shorten(query.trim(), MAX_QUERY);
        if let Some(schema) = schema {
            text.push_str("\n\nEach entry is a JSON text that fits this JSON Schema:\n");
            text.push_str(&shorten(schema.trim(), MAX_QUERY));
        }
        text
    }
}

impl Findings {
    /// Adds new entries and returns them, one per line.
    fn add(&mut self, found: Vec<String>) -> Option<String> {
        let before = self.entries.len();
        for text in found.iter().map(|text| text.trim()).filter(|text| !text.is_empty()) {
            let entry = match self.is_data {
                true => match serde_json::from_str(text) {
                    Ok(entry) => entry,
                    Err(_) => {
                        self.unfit += 1;
                        continue;
                    }
                },
                false => Value::String(one_line(text, MAX_ENTRY)),
            };
            if !self.entries.iter().any(|known| is_same(known, &entry)) {
                self.entries.push(entry);
            }
        }
        let added: Vec<String> = self.entries[before..].iter().map(line).collect();
        (!added.is_empty()).then(|| added.join("\n"))
    }

    fn text(&self) -> Option<String> {
        let lines: Vec<String> = self.entries.iter().map(line).collect();
        match (lines.is_empty(), self.is_data) {
            (true, _) => None,
            (false, true) => Some(format!("[{}]", lines.join(",\n"))),
            (false, false) => Some(lines.iter().map(|line| format!("- {line}")).collect::<Vec<_>>().join("\n")),
        }
    }

    fn account(&self, read: usize, all: usize) -> String {
        let mut account = format!("{} found, {read} of {all} parts read", self.entries.len());
        if all > MAX_CHUNKS {
            account.push_str(&format!(", {MAX_CHUNKS} is the most: extract an element for what follows"));
        }
        if self.unfit > 0 {
            account.push_str(&format!("; {} entries left out that are no JSON", self.unfit));
        }
        for problem in &self.problems {
            account.push_str("; ");
            account.push_str(problem);
        }
        account
    }
}

fn line(entry: &Value) -> String {
    match entry {
        Value::String(text) => text.clone(),
        data => data.to_string(),
    }
}

/// Compares data by value, texts by letters and digits.
fn is_same(one: &Value, other: &Value) -> bool {
    let letters = |text: &str| -> String {
        text.chars().filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    match (one, other) {
        (Value::String(one), Value::String(other)) => {
            one == other || {
                let (one, other) = (letters(one), letters(other));
                !one.is_empty() && one == other
            }
        }
        _ => one == other,
    }
}

/// The last heading and the last lines before a part.
fn context(before: &str) -> String {
    let heading = before.lines().rev().find(|line| line.starts_with('#'));
    let last: Vec<&str> = before.lines().rev().take(CONTEXT_LINES).collect();
    let heading = heading.filter(|heading| !last.contains(heading));
    let lines = heading.into_iter().chain(last.into_iter().rev());
    lines.map(|line| one_line(line, MAX_CONTEXT_LINE)).collect::<Vec<_>>().join("\n")
}

fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {"found": {"type": "array", "items": {"type": "string"}}},
        "required": ["found"],
        "additionalProperties": false,
    })
}
