//! A run's output on a terminal. Text from pages and models is made safe by [`plain`](super::plain).

use std::io::{self, Write};
use std::time::Duration;

use super::plain::{plain, plain_line};
use agent::report::{AgentResult, LogLevel, ModelUsage, StepReport, StopReason};

/// Longest line of a step, in characters.
const MAX_LINE: usize = 500;
/// Lines of a thought: evaluation, next goal, memory.
const MAX_THOUGHTS: usize = 3;
/// Longest final text, in characters.
const MAX_TEXT: usize = 200_000;
/// Step errors listed for a run without success.
const MAX_ERRORS: usize = 5;
/// Aligns the texts of a step with its description.
const INDENT: &str = "                 ";

/// Writes a run's output.
pub(super) struct Screen<W> {
    out: W,
    /// Escape sequences are allowed.
    terminal: bool,
    max_steps: u32,
    /// Completed steps.
    steps: u32,
    /// The last line is the progress line, which is overwritten.
    waiting: bool,
}

impl<W: Write> Screen<W> {
    pub(super) fn new(out: W, terminal: bool, max_steps: u32) -> Self {
        Self { out, terminal, max_steps, steps: 0, waiting: false }
    }

    pub(super) fn started(&mut self, provider: &str, model: Option<&str>) -> io::Result<()> {
        let planner = match model {
            Some(model) => format!("{provider} {}", plain_line(model, MAX_LINE)),
            None => format!("{provider}, the built-in planner"),
        };
        self.dimmed(&format!("{planner}; at most {} steps", self.max_steps))
    }

    pub(super) fn log(&mut self, elapsed: Duration, level: LogLevel, message: &str) -> io::Result<()> {
        let mark = match level {
            LogLevel::Debug | LogLevel::Info => "",
            LogLevel::Warning => "warning: ",
            LogLevel::Error => "error: ",
        };
        self.dimmed(&format!("{:>7}  {:>6}  {mark}{}", "", seconds(elapsed), plain_line(message, MAX_LINE)))
    }

    pub(super) fn step(&mut self, elapsed: Duration, step: &StepReport) -> io::Result<()> {
        self.clear()?;
        self.steps = step.step;
        let number = format!("{}/{}", step.step, self.max_steps);
        let description = plain_line(&step.description, MAX_LINE);
        writeln!(self.out, "{number:>7}  {:>6}  {description}", seconds(elapsed))?;
        if let Some(blocker) = &step.blocker {
            writeln!(self.out, "{INDENT}{}", plain_line(&blocker.to_string(), MAX_LINE))?;
        }
        let page = format!("{} · {}", step.title, step.url);
        for text in step.thought.lines().take(MAX_THOUGHTS).chain([page.as_str()]) {
            let line = plain_line(text, MAX_LINE);
            if !line.is_empty() {
                self.dimmed(&format!("{INDENT}{line}"))?;
            }
        }
        self.out.flush()
    }

    /// On a terminal, shows the current step and the elapsed time.
    pub(super) fn waiting(&mut self, elapsed: Duration) -> io::Result<()> {
        if !self.terminal {
            return Ok(());
        }
        self.clear()?;
        let number = format!("{}/{}", (self.steps + 1).min(self.max_steps), self.max_steps);
        write!(self.out, "\x1b[2m{number:>7}  {:>6}  ...\x1b[0m", seconds(elapsed))?;
        self.waiting = true;
        self.out.flush()
    }

    pub(super) fn finished(&mut self, elapsed: Duration, result: &AgentResult) -> io::Result<()> {
        let verdict = if result.success { "done" } else { "not done" };
        let reason = Some(result.stop_reason).filter(|reason| *reason != StopReason::Done);
        self.ended(verdict, elapsed, reason, &result.tally.usage)?;
        let text: String = result.final_text.chars().take(MAX_TEXT).collect();
        if !text.trim().is_empty() {
            writeln!(self.out, "\n{}", plain(text.trim()))?;
        }
        if let Some(output) = &result.output {
            writeln!(self.out, "\n{}", plain(&format!("{output:#}")))?;
        }
        if let Some(blocker) = &result.blocker {
            writeln!(self.out, "\n{}", plain_line(&blocker.to_string(), MAX_LINE))?;
        }
        if !result.success && !result.errors.is_empty() {
            writeln!(self.out, "\nerrors:")?;
            for error in result.errors.iter().rev().take(MAX_ERRORS).rev() {
                writeln!(self.out, "- {}", plain_line(error, MAX_LINE))?;
            }
        }
        self.out.flush()
    }

    pub(super) fn failed(&mut self, elapsed: Duration, failure: &str, usage: &[ModelUsage]) -> io::Result<()> {
        self.ended("failed", elapsed, None, usage)?;
        writeln!(self.out, "\n{}", plain_line(failure, MAX_LINE))?;
        self.out.flush()
    }

    pub(super) fn interrupted(&mut self, elapsed: Duration) -> io::Result<()> {
        self.ended("interrupted", elapsed, None, &[])?;
        self.out.flush()
    }

    fn ended(
        &mut self,
        verdict: &str,
        elapsed: Duration,
        reason: Option<StopReason>,
        usage: &[ModelUsage],
    ) -> io::Result<()> {
        self.clear()?;
        let steps = if self.steps == 1 { "step" } else { "steps" };
        let reason = reason.map(|reason| format!(": {}", reason.name())).unwrap_or_default();
        writeln!(self.out, "\n{verdict} after {} {steps} in {}{reason}", self.steps, seconds(elapsed))?;
        usage.iter().try_for_each(|used| self.dimmed(&format_usage(used)))
    }

    fn dimmed(&mut self, line: &str) -> io::Result<()> {
        self.clear()?;
        if self.terminal { writeln!(self.out, "\x1b[2m{line}\x1b[0m") } else { writeln!(self.out, "{line}") }
    }

    fn clear(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.waiting) { write!(self.out, "\r\x1b[K") } else { Ok(()) }
    }
}

/// A model's usage in one line.
fn format_usage(used: &ModelUsage) -> String {
    let ModelUsage { name, usage, cost } = used;
    let calls = if usage.calls == 1 { "call" } else { "calls" };
    let cost = cost.map(|cost| format!(", cost {cost:.4}")).unwrap_or_default();
    let line = format!(
        "{} {}: {} {calls}, {} tokens in ({} of them cached), {} out{cost}",
        name.provider, name.model, usage.calls, usage.prompt_tokens, usage.cached_tokens, usage.completion_tokens
    );
    plain_line(&line, MAX_LINE)
}

fn seconds(elapsed: Duration) -> String {
    format!("{:.1} s", elapsed.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use agent::observation::{Blocker, BlockerKind};
    use agent::ports::{ModelName, Usage};
    use agent::report::Tally;

    const AT: Duration = Duration::from_millis(1_260);

    fn shown(terminal: bool, show: impl FnOnce(&mut Screen<&mut Vec<u8>>) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        show(&mut Screen::new(&mut out, terminal, 20)).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn step(description: &str, thought: &str) -> StepReport {
        StepReport {
            step: 3,
            action: "click".into(),
            description: description.into(),
            thought: thought.into(),
            url: "https://example.com/".into(),
            title: "Flights".into(),
            ..StepReport::default()
        }
    }

    #[test]
    fn a_step_shows_progress_action_thought_and_page() {
        let text = shown(false, |screen| screen.step(AT, &step("Click 'Search'", "Find flights")));
        let expected = "   3/20   1.3 s  Click 'Search'\n                 Find flights\n                 \
                        Flights · https://example.com/\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn escape_sequences_go_to_terminals_only_and_never_come_from_outside() {
        let attack = "\u{1b}]0;owned\u{7}";
        let everything = |screen: &mut Screen<&mut Vec<u8>>| {
            screen.started("openai", Some(attack))?;
            screen.log(AT, LogLevel::Warning, attack)?;
            screen.waiting(AT)?;
            screen.step(AT, &StepReport { url: attack.into(), title: attack.into(), ..step(attack, attack) })?;
            screen.finished(
                AT,
                &AgentResult {
                    final_text: attack.into(),
                    output: Some(attack.into()),
                    errors: vec![attack.into()],
                    ..AgentResult::default()
                },
            )?;
            let name = ModelName { provider: "openai".into(), model: attack.into() };
            screen.failed(AT, attack, &[ModelUsage { name, usage: Usage::default(), cost: None }])
        };
        let plain = shown(false, everything);
        assert!(!plain.chars().any(|c| c.is_control() && c != '\n'), "{plain:?}");
        let mut ours = shown(true, everything);
        for sequence in ["\x1b[2m", "\x1b[0m", "\r\x1b[K"] {
            ours = ours.replace(sequence, "");
        }
        assert!(!ours.chars().any(|c| c.is_control() && c != '\n'), "{ours:?}");
        assert!(
            shown(true, |screen| screen.step(AT, &step("Click", "Why"))).contains("\x1b[2m                 Why\x1b[0m")
        );
    }

    #[test]
    fn the_progress_line_is_overwritten() {
        let text = shown(true, |screen| {
            screen.waiting(AT)?;
            screen.failed(AT, "the browser is gone", &[])
        });
        assert_eq!(
            text,
            "\x1b[2m   1/20   1.3 s  ...\x1b[0m\r\x1b[K\nfailed after 0 steps in 1.3 s\n\nthe browser is gone\n"
        );
    }

    #[test]
    fn the_end_shows_reason_usage_and_output() {
        let name = ModelName { provider: "openai".into(), model: "gpt".into() };
        let usage = Usage {
            calls: 2,
            prompt_tokens: 1_200,
            cached_tokens: 800,
            cache_written_tokens: 0,
            completion_tokens: 90,
        };
        let tally = Tally { usage: vec![ModelUsage { name, usage, cost: Some(0.01234) }], ..Tally::default() };
        let output = Some(serde_json::json!({"price": 12}));
        let result = AgentResult { stop_reason: StopReason::MaxSteps, output, tally, ..AgentResult::default() };
        let text = shown(false, |screen| screen.finished(AT, &result));
        assert_eq!(
            text,
            "\nnot done after 0 steps in 1.3 s: max_steps\nopenai gpt: 2 calls, 1200 tokens in (800 of them cached), 90 out, \
             cost 0.0123\n\n{\n  \"price\": 12\n}\n"
        );
    }

    #[test]
    fn a_blocker_is_shown_at_the_step_and_at_the_end() {
        let blocker = Some(Blocker { kind: BlockerKind::Captcha, message: "Prove that you are\nhuman\u{1b}".into() });
        let text =
            shown(false, |screen| screen.step(AT, &StepReport { blocker: blocker.clone(), ..step("Click", "") }));
        assert!(text.contains("\n                 blocked (captcha): Prove that you are human\u{fffd}\n"), "{text:?}");
        let result = AgentResult { blocker, ..AgentResult::default() };
        let text = shown(false, |screen| screen.finished(AT, &result));
        assert!(text.contains("\nblocked (captcha): Prove that you are human\u{fffd}\n"), "{text:?}");
    }

    #[test]
    fn a_run_without_success_shows_its_last_errors() {
        let errors = (1..=7).map(|n| format!("error {n}")).collect();
        let result = AgentResult { final_text: "I could not\nfind it.".into(), errors, ..AgentResult::default() };
        let text = shown(false, |screen| screen.finished(AT, &result));
        assert!(text.contains("\nI could not\nfind it.\n"), "{text}");
        assert!(text.contains("- error 7") && text.contains("- error 3") && !text.contains("- error 2"), "{text}");
    }
}
