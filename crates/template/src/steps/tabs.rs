//! Going from tab to tab.

use super::{Move, Scene};
use crate::find;
use crate::goal::WhichTab;
use crate::target::{ElementKind, Target};
use crate::text::quote;
use agent::action::Action;
use agent::observation::Tab;

impl Scene<'_> {
    pub(super) fn close_tab(&self) -> Move {
        Move::complete(Action::CloseTab { tab: None })
    }

    /// To a tab of the browser; when none is called so, to one that the page itself has drawn.
    pub(super) fn switch_tab(&self, which: &WhichTab) -> Move {
        let tabs = &self.observation.tabs;
        let active = tabs.iter().position(|tab| tab.active);
        let others = || tabs.iter().filter(|tab| !tab.active);
        let tab: Option<&Tab> = match which {
            WhichTab::At(at) => tabs.get(*at),
            WhichTab::Newest => tabs.last(),
            WhichTab::Other if tabs.len() > 2 => {
                return Move::Impossible(format!("there are {} other tabs", tabs.len() - 1));
            }
            WhichTab::Other => others().next(),
            WhichTab::Before => active.and_then(|at| tabs.get(at.checked_sub(1)?)),
            WhichTab::Named(name) => {
                let fits = |tab: &&Tab| find::fits_text(name, &tab.title) || find::fits_text(name, &tab.url);
                others().find(fits).or_else(|| tabs.iter().find(fits))
            }
        };
        match (tab, which) {
            (Some(tab), _) if tab.active => Move::Finished(None),
            (Some(tab), _) => Move::complete(Action::SwitchTab { tab: tab.id }),
            (None, WhichTab::Named(name)) => {
                self.click(&Target { kind: Some(ElementKind::Tab), ..Target::named(name) })
            }
            (None, _) => {
                let titles: Vec<String> = tabs.iter().map(|tab| quote(&tab.title)).collect();
                Move::Impossible(format!("there is no such tab; the tabs are {}", titles.join(", ")))
            }
        }
    }
}
