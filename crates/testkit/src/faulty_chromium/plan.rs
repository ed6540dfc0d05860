//! Which messages of a DevTools connection are broken, and how.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use anyhow::{Context, bail};

use super::relay::Head;

/// A plan and the counts that its rules refer to.
pub(super) struct Plan {
    seed: u64,
    start: u64,
    rules: Vec<Rule>,
    /// The methods of commands without a response so far, by id.
    pending: HashMap<u64, String>,
    /// Messages from the browser so far, by method and in total.
    counts: HashMap<String, u64>,
    messages: u64,
}

struct Rule {
    when: When,
    fault: Fault,
    /// A `once` rule that has been applied.
    done: bool,
}

enum When {
    Once(String),
    Every(String),
    Message(u64),
    Rate(f64),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Fault {
    Cut,
    Mute,
    Drop,
    Delay(Duration),
    Drip,
    Twice,
    Truncate,
    Invalid,
    Nul,
    Stray,
    Oversize,
    Garbage,
    Result(String),
    Refuse,
    Swallow,
    Ignore,
}

impl Plan {
    /// Parses the rules that apply to the N-th start of a browser.
    pub(super) fn parse(plan: &str, start: u64) -> anyhow::Result<Self> {
        let mut parsed =
            Self { seed: 0, start, rules: Vec::new(), pending: HashMap::new(), counts: HashMap::new(), messages: 0 };
        for line in plan.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let invalid = || format!("invalid line in the plan: {line:?}");
            if let Some(seed) = line.strip_prefix("seed ") {
                parsed.seed = seed.trim().parse().with_context(invalid)?;
                continue;
            }
            let (when, fault) = line.split_once(": ").with_context(invalid)?;
            let words: Vec<&str> = when.split_whitespace().collect();
            let (only, words) = match words.as_slice() {
                ["start", number, rest @ ..] => (Some(number.parse::<u64>().with_context(invalid)?), rest),
                rest => (None, rest),
            };
            let when = match words {
                ["once", method] => When::Once((*method).to_owned()),
                ["every", method] => When::Every((*method).to_owned()),
                ["message", number] => When::Message(number.parse().with_context(invalid)?),
                ["rate", rate] => When::Rate(rate.parse().with_context(invalid)?),
                _ => bail!(invalid()),
            };
            let fault = Fault::parse(fault.trim()).with_context(invalid)?;
            if only.is_none_or(|only| only == start) {
                parsed.rules.push(Rule { when, fault, done: false });
            }
        }
        Ok(parsed)
    }

    /// Records a command. Returns the fault that keeps it from the browser, if there is one.
    pub(super) fn command(&mut self, id: u64, method: &str) -> Option<Fault> {
        let matching = |rule: &&mut Rule| !rule.done && rule.fault.stops_commands() && rule.when.names(method);
        let hit = self.rules.iter_mut().find(matching);
        if let Some(rule) = hit {
            rule.done = matches!(rule.when, When::Once(_));
            return Some(rule.fault.clone());
        }
        self.pending.insert(id, method.to_owned());
        None
    }

    /// Records a message from the browser. Returns the method it belongs to, and its fault if there is one.
    pub(super) fn message(&mut self, head: &Head) -> (String, Option<Fault>) {
        let command = head.id.and_then(|id| self.pending.remove(&id));
        let method = head.method.clone().or(command).unwrap_or_default();
        self.messages += 1;
        let count = self.counts.entry(method.clone()).or_default();
        *count += 1;
        let (seed, start, count, messages) = (self.seed, self.start, *count, self.messages);
        let hit = self.rules.iter_mut().enumerate().find(|(place, rule)| {
            !rule.done
                && !rule.fault.stops_commands()
                && match &rule.when {
                    When::Once(_) | When::Every(_) => rule.when.names(&method),
                    When::Message(number) => *number == messages,
                    When::Rate(rate) => {
                        let mut hasher = DefaultHasher::new();
                        (seed, start, place, &method, count).hash(&mut hasher);
                        fastrand::Rng::with_seed(hasher.finish()).f64() < *rate
                    }
                }
        });
        let fault = hit.map(|(_, rule)| {
            rule.done = matches!(rule.when, When::Once(_));
            rule.fault.clone()
        });
        (method, fault)
    }

    /// How many messages belonged to a method so far.
    pub(super) fn count(&self, method: &str) -> u64 {
        self.counts.get(method).copied().unwrap_or(0)
    }
}

impl When {
    fn names(&self, method: &str) -> bool {
        matches!(self, Self::Once(named) | Self::Every(named) if named == "*" || named == method)
    }
}

impl Fault {
    fn parse(text: &str) -> anyhow::Result<Self> {
        let (name, value) = text.split_once(' ').unwrap_or((text, ""));
        Ok(match name {
            "cut" => Self::Cut,
            "mute" => Self::Mute,
            "drop" => Self::Drop,
            "delay" => Self::Delay(Duration::from_millis(value.parse()?)),
            "drip" => Self::Drip,
            "twice" => Self::Twice,
            "truncate" => Self::Truncate,
            "invalid" => Self::Invalid,
            "nul" => Self::Nul,
            "stray" => Self::Stray,
            "oversize" => Self::Oversize,
            "garbage" => Self::Garbage,
            "result" => Self::Result(value.to_owned()),
            "refuse" => Self::Refuse,
            "swallow" => Self::Swallow,
            "ignore" => Self::Ignore,
            other => bail!("there is no fault {other:?}"),
        })
    }

    /// Whether it applies to commands, rather than to messages from the browser.
    fn stops_commands(&self) -> bool {
        matches!(self, Self::Refuse | Self::Swallow | Self::Ignore)
    }

    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Cut => "cut",
            Self::Mute => "mute",
            Self::Drop => "drop",
            Self::Delay(_) => "delay",
            Self::Drip => "drip",
            Self::Twice => "twice",
            Self::Truncate => "truncate",
            Self::Invalid => "invalid",
            Self::Nul => "nul",
            Self::Stray => "stray",
            Self::Oversize => "oversize",
            Self::Garbage => "garbage",
            Self::Result(_) => "result",
            Self::Refuse => "refuse",
            Self::Swallow => "swallow",
            Self::Ignore => "ignore",
        }
    }
}
