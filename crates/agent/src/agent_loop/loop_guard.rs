//! Detects loops: the same action on the same element again and again, or a page that nothing changes.

use std::collections::{HashSet, VecDeque};

use crate::action::Action;

/// Steps looked back on.
const WINDOW: usize = 20;
/// Repeats at which the model is warned.
const WARNINGS: [usize; 3] = [5, 8, 12];
/// Repeats at which the run ends.
const LIMIT: usize = 15;

#[derive(Default)]
pub(super) struct LoopGuard {
    /// The actions of the last steps, newest last.
    recent: VecDeque<HashSet<String>>,
    /// The page after the last step, and the number of steps in a row that left it so.
    page: Option<(u64, usize)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    Fine,
    /// Tell the model.
    Repeating(String),
    /// End the run; the text is the reason.
    Stuck(String),
}

impl LoopGuard {
    /// Adds a step: the actions it tried and the page after it.
    pub(super) fn record<'a>(&mut self, actions: impl Iterator<Item = &'a Action>, fingerprint: u64) -> Verdict {
        let keys: HashSet<String> = actions.filter_map(key).collect();
        if self.recent.len() == WINDOW {
            self.recent.pop_front();
        }
        let repeats = |key: &String| 1 + self.recent.iter().filter(|earlier| earlier.contains(key)).count();
        let same_action = keys.iter().map(repeats).max().unwrap_or(0);
        self.recent.push_back(keys);

        let unchanged = match self.page {
            Some((seen, times)) if seen == fingerprint => times + 1,
            _ => 1,
        };
        self.page = Some((fingerprint, unchanged));

        let action_text = || format!("the same action was taken in {same_action} of the last {WINDOW} steps");
        let page_text = || format!("the page has stayed the same for {unchanged} steps");
        if same_action >= LIMIT {
            Verdict::Stuck(action_text())
        } else if unchanged >= LIMIT {
            Verdict::Stuck(page_text())
        } else if WARNINGS.contains(&same_action) {
            Verdict::Repeating(action_text())
        } else if WARNINGS.contains(&unchanged) {
            Verdict::Repeating(page_text())
        } else {
            Verdict::Fine
        }
    }
}

/// Equal for equal actions. None for actions that are rightly repeated, such as scrolling or waiting: if they lead
/// nowhere, the unchanged page shows it.
fn key(action: &Action) -> Option<String> {
    let is_telling = matches!(
        action,
        Action::Navigate { .. }
            | Action::Search { .. }
            | Action::Click { .. }
            | Action::Input { .. }
            | Action::Hover { .. }
            | Action::Drag { .. }
            | Action::DropdownOptions { .. }
            | Action::Upload { .. }
            | Action::FindText { .. }
            | Action::FindElements { .. }
            | Action::Select { .. }
    );
    is_telling.then(|| format!("{action:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::ScrollDirection;
    use crate::observation::ElementIndex;

    fn click(index: u32) -> Action {
        Action::click(ElementIndex(index))
    }

    /// The verdicts of `count` steps, each with the actions and the page of its number.
    fn verdicts(count: u64, step: impl Fn(u64) -> (Vec<Action>, u64)) -> Vec<Verdict> {
        let mut guard = LoopGuard::default();
        (1..=count)
            .map(|number| {
                let (actions, page) = step(number);
                guard.record(actions.iter(), page)
            })
            .collect()
    }

    /// The numbers of the steps with a warning and of the first one that ends the run.
    fn told_and_stuck(verdicts: &[Verdict]) -> (Vec<usize>, Option<usize>) {
        let told = (1..).zip(verdicts).filter(|(_, v)| matches!(v, Verdict::Repeating(_))).map(|(n, _)| n).collect();
        (told, verdicts.iter().position(|v| matches!(v, Verdict::Stuck(_))).map(|at| at + 1))
    }

    #[test]
    fn the_same_click_is_reported_at_5_8_and_12_and_ends_the_run_at_15() {
        let seen = verdicts(15, |step| (vec![click(7)], step));
        assert_eq!(told_and_stuck(&seen), (vec![5, 8, 12], Some(15)));
        assert_eq!(seen[14], Verdict::Stuck("the same action was taken in 15 of the last 20 steps".into()));
    }

    #[test]
    fn an_unchanged_page_is_reported_at_5_8_and_12_and_ends_the_run_at_15() {
        let seen = verdicts(15, |step| (vec![click(step as u32)], 9));
        assert_eq!(told_and_stuck(&seen), (vec![5, 8, 12], Some(15)));
        assert_eq!(seen[4], Verdict::Repeating("the page has stayed the same for 5 steps".into()));
    }

    #[test]
    fn alternating_actions_count_within_a_window_of_20_steps() {
        let seen = verdicts(60, |step| (vec![click((step % 2) as u32)], step));
        assert_eq!(told_and_stuck(&seen).1, None);
        assert_eq!(&told_and_stuck(&seen).0[..4], &[9, 10, 15, 16]);
    }

    #[test]
    fn repeats_within_one_step_count_once() {
        let seen = verdicts(4, |step| (vec![click(7); 5], step));
        assert_eq!(told_and_stuck(&seen), (vec![], None));
    }

    #[test]
    fn scrolling_down_a_long_page_is_not_a_loop() {
        let scroll = Action::Scroll { direction: ScrollDirection::Down, pages: None, index: None };
        let seen = verdicts(40, |step| (vec![scroll.clone()], step));
        assert_eq!(told_and_stuck(&seen), (vec![], None));
    }
}
