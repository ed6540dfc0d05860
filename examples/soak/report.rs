//! The result of the soak test.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use testkit::login::PASSWORD;

use super::callers::{CallerReport, Kind};
use super::resources::State;

/// Log lines that no injected fault explains.
const DEFECTS: [&str; 4] =
    ["panicked", "was not closed in time", "closing the page panicked", "left its browser behind"];

#[derive(Default)]
pub(crate) struct Report {
    outcomes: BTreeMap<(Kind, String), usize>,
    first_events: Vec<Duration>,
    tasks: BTreeMap<&'static str, (usize, usize)>,
    resumptions: usize,
    rejections: usize,
    /// Faults of browsers, of their messages and of the model's answers.
    pub(crate) killed: BTreeMap<&'static str, usize>,
    pub(crate) messages: BTreeMap<String, usize>,
    pub(crate) injected: BTreeMap<&'static str, usize>,
    pub(crate) before: State,
    pub(crate) after: State,
    /// Bytes (PSS).
    pub(crate) peak: u64,
    pub(crate) stopped_after: Duration,
    pub(crate) violations: Vec<String>,
}

impl Report {
    pub(crate) fn add(&mut self, caller: CallerReport) {
        for (outcome, count) in caller.outcomes {
            *self.outcomes.entry(outcome).or_default() += count;
        }
        self.first_events.extend(caller.first_events);
        for (task, (runs, successes)) in caller.tasks {
            let of_all = self.tasks.entry(task).or_default();
            *of_all = (of_all.0 + runs, of_all.1 + successes);
        }
        self.resumptions += caller.resumptions;
        self.rejections += caller.rejections;
        self.violations.extend(caller.violations);
    }

    /// Checks that the service is back at its earlier usage, and that the load was high enough.
    pub(crate) fn compare(&mut self, before: &State, after: &State) {
        self.violations.extend(after.differs(Some(before)));
        if self.rejections == 0 {
            self.violations.push("no request was rejected: the load was too low".to_owned());
        }
    }

    pub(crate) fn read_log(&mut self, log: &str) {
        let defects = log.lines().filter(|line| DEFECTS.iter().any(|defect| line.contains(defect)));
        self.violations.extend(defects.map(|line| format!("the log says: {line}")));
        let secrets = log.lines().filter(|line| line.contains(PASSWORD));
        self.violations.extend(secrets.map(|line| format!("the log contains a secret: {line}")));
    }

    /// A percentile of the times to the first event in milliseconds.
    fn within(&self, percent: usize) -> u128 {
        let mut sorted = self.first_events.clone();
        sorted.sort_unstable();
        let at = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
        sorted.get(at).copied().unwrap_or_default().as_millis()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let runs: usize = self.outcomes.values().sum();
        let Self { resumptions, rejections, .. } = self;
        writeln!(f, "{runs} runs, {resumptions} streams resumed, {rejections} rejections")?;
        let tasks = self.tasks.iter().map(|(task, (runs, successes))| format!("{task} {successes} of {runs}"));
        writeln!(f, "succeeded: {}", tasks.collect::<Vec<_>>().join(", "))?;
        for ((kind, outcome), count) in &self.outcomes {
            writeln!(f, "  {:<13} {outcome:<28} {count:>5}", format!("{kind:?}"))?;
        }
        writeln!(f, "faults of browsers: {}", counted(&self.killed))?;
        writeln!(f, "faults of their messages: {}", counted(&self.messages))?;
        writeln!(f, "faults of the model's answers: {}", counted(&self.injected))?;
        writeln!(
            f,
            "first event within {} / {} / {} ms (50, 95, 99 %)",
            self.within(50),
            self.within(95),
            self.within(99)
        )?;
        writeln!(f, "before: {}", self.before)?;
        writeln!(f, "peak:   {} MB", self.peak >> 20)?;
        writeln!(f, "after:  {}", self.after)?;
        writeln!(f, "stopped after {} ms", self.stopped_after.as_millis())?;
        for violation in &self.violations {
            writeln!(f, "VIOLATION: {violation}")?;
        }
        Ok(())
    }
}

fn counted(faults: &BTreeMap<impl fmt::Display, usize>) -> String {
    faults.iter().map(|(fault, count)| format!("{fault} {count}")).collect::<Vec<_>>().join(", ")
}
