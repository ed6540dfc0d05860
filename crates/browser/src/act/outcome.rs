//! Settling after an action, and describing its effect.

use std::time::{Duration, Instant};

use super::executor::Executor;
use super::page_diff::{ActionStart, DocumentDiff, Input};
use super::text::clip;
use crate::error::browser_error;
use crate::wait::settle::{self, Baseline, Settled};
use agent::ports::{ActionError, ActionOutcome, BrowserError};
use cdp::CdpError;

/// Maximum length of an effect in characters.
const MAX_EFFECT: usize = 480;
/// How long to wait for the first change after a press or key that has changed nothing. A model call costs more.
const LATE_CHANGE: Duration = Duration::from_millis(500);

impl Executor<'_> {
    /// Waits until the page settles and describes the effect.
    pub(super) async fn settle(&self, description: String, start: &ActionStart) -> Result<ActionOutcome, ActionError> {
        let baseline = &start.baseline;
        let mut settled = self.settle_tabs(baseline).await?;
        let mut diffs = self.page_diff(start).await;
        let deadline = Instant::now() + LATE_CHANGE;
        while self.awaits_change(start, &settled, &diffs) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            self.wait_for_change(left).await?;
            settled = self.settle_tabs(baseline).await?;
            diffs = self.page_diff(start).await;
        }
        let outcome = self.outcome(description, start, settled, &diffs);
        match Self::unseen_input(start, &diffs).filter(|_| !outcome.page_changed) {
            None => Ok(outcome),
            Some(Input::Press) => Err(unseen("press")),
            Some(Input::Key) => Err(unseen("key")),
        }
    }

    async fn settle_tabs(&self, baseline: &Baseline) -> Result<Settled, BrowserError> {
        let mut settled = settle::settle(self.context, self.worlds, baseline, self.early_capture).await?;
        if let Some(other) = settle::baseline_of_new_tab(self.context, baseline) {
            // A tab opened by the action becomes the active one.
            let there = settle::settle(self.context, self.worlds, &other, self.early_capture).await?;
            settled.unfinished = settled.unfinished.or(there.unfinished);
        }
        settle::wait_for_downloads(self.context, baseline).await?;
        Ok(settled)
    }

    /// Whether a press or key has had no effect so far that anybody could see: pages answer from timers.
    fn awaits_change(&self, start: &ActionStart, settled: &Settled, diffs: &[DocumentDiff]) -> bool {
        if !start.expects_change || settled.new_document || settled.unfinished.is_some() {
            return false;
        }
        if self.context.files().ledger().has_news() {
            return false;
        }
        let (own, rest) = start.describe(diffs, false);
        let has_effect = diffs.iter().any(|diff| diff.is_effect(settled.navigated_in_document));
        if has_effect || !own.is_empty() || !rest.is_empty() {
            return false;
        }
        let mut tabs = self.context.tabs();
        let is_in_front = tabs.active().is_some_and(|tab| tab.id == start.baseline.tab);
        let tab = tabs.by_id(start.baseline.tab).filter(|_| is_in_front);
        tab.is_some_and(|tab| {
            let has_notice = !tab.notices.is_empty() || tab.dialog.is_some() || tab.refused.is_some();
            !has_notice && tab.chooser.is_none() && !tab.crashed
        })
    }

    fn outcome(
        &self,
        description: String,
        start: &ActionStart,
        settled: Settled,
        diffs: &[DocumentDiff],
    ) -> ActionOutcome {
        let mut tabs = self.context.tabs();
        tabs.expect_no_windows();
        let (mut effects, changes) = start.describe(diffs, settled.new_document);
        if diffs.iter().any(DocumentDiff::is_unmoved) {
            effects.push("its state did not change".into());
        }
        let mut other_tab = false;
        match tabs.by_id(start.baseline.tab) {
            None => {
                effects.push("the tab closed".to_owned());
                other_tab = true;
            }
            Some(tab) => {
                effects.append(&mut tab.notices);
                effects.extend(tab.dialog.as_ref().map(|dialog| dialog.shown.to_string()));
                if let Some((url, reason)) = tab.refused.take() {
                    effects.push(format!("{} may not be opened: {reason}", clip(&url, 200)));
                }
                if let Some(chooser) = tab.chooser.take() {
                    effects.push(match chooser.input {
                        Some(_) => "a file chooser opened: to choose files, `upload` to this element".to_owned(),
                        None => "the page asked for a file in a way that is not supported here".to_owned(),
                    });
                }
                if tab.crashed {
                    effects.push("the page crashed; navigate to go on".into());
                } else if let Some(cause) = tab.load.failure().filter(|_| settled.new_document) {
                    effects.push(format!("{} could not be opened: {cause}", clip(&tab.url, 200)));
                } else if settled.new_document || settled.navigated_in_document {
                    effects.push(format!("the page is now {}", clip(&tab.url, 200)));
                }
            }
        }
        if let Some(active) = tabs.active().filter(|active| active.id != start.baseline.tab) {
            effects.push(format!("a new tab is in front: {}", clip(&active.url, 200)));
            other_tab = true;
        }
        let mut files = self.context.files().ledger();
        effects.append(&mut files.take_notices());
        effects.extend(files.in_progress());
        effects.extend(changes);
        effects.extend(settled.unfinished.map(|unfinished| unfinished.to_string()));
        if effects.is_empty() && start.expects_change && DocumentDiff::none_changed(diffs) {
            effects.push("nothing on the page changed".into());
        } else if effects.is_empty() && start.expects_change && diffs.iter().any(DocumentDiff::has_scrolled_part) {
            effects.push("a part of the page scrolled".into());
        }
        ActionOutcome {
            description,
            effect: join_effects(&effects),
            extracted: None,
            page_changed: settled.new_document || other_tab,
        }
    }
}

fn unseen(input: &str) -> ActionError {
    ActionError::NotPossible(format!(
        "the page did not see the {input}: something of the browser's own is in the way; `navigate` to the page again"
    ))
}

/// The outcome of an input event. Opening a dialog or closing the tab is an effect, not a failure.
pub(super) fn delivered<T>(outcome: Result<T, CdpError>) -> Result<(), ActionError> {
    match outcome {
        Ok(_) | Err(CdpError::DialogOpen | CdpError::Detached) => Ok(()),
        Err(error) => Err(ActionError::Browser(browser_error(error))),
    }
}

/// Prepends a sentence to the effect.
pub(super) fn prepend_note(outcome: &mut ActionOutcome, note: String) {
    let rest = std::mem::take(&mut outcome.effect);
    outcome.effect = if rest.is_empty() { note } else { join_effects(&[note, rest]) };
}

/// Joins the parts of an effect, up to the length limit.
fn join_effects(parts: &[String]) -> String {
    clip(&parts.join("; "), MAX_EFFECT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn effects_are_bounded() {
        let parts = vec!["x".repeat(300); 50];
        assert_eq!(join_effects(&parts).chars().count(), MAX_EFFECT);
    }
}
