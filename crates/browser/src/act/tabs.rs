//! Switching and closing tabs.

use chromiumoxide_cdp::cdp::browser_protocol::target::CloseTargetParams;

use super::executor::Executor;
use super::text::clip;
use crate::error::browser_error;
use agent::ports::{ActionError, ActionOutcome, BrowserError};

impl Executor<'_> {
    pub(super) async fn switch_tab(&self, id: u32) -> Result<ActionOutcome, ActionError> {
        let url = {
            let mut tabs = self.context.tabs();
            if !tabs.activate(id) {
                return Err(no_such_tab(id));
            }
            let tab = tabs.active().ok_or_else(|| no_such_tab(id))?;
            tab.bring_to_front();
            tab.url.clone()
        };
        let before = self.start_action().await?;
        let mut outcome = self.settle(format!("Switch to tab {id}"), &before).await?;
        outcome.effect = format!("the page is now {}", clip(&url, 200));
        outcome.page_changed = true;
        Ok(outcome)
    }

    pub(super) async fn close_tab(&self, id: Option<u32>) -> Result<ActionOutcome, ActionError> {
        let closing = {
            let mut tabs = self.context.tabs();
            let tab = match id {
                Some(id) => tabs.by_id(id),
                None => tabs.active(),
            };
            tab.map(|tab| (tab.id, tab.target.clone()))
        };
        let (id, target) = closing.ok_or_else(|| no_such_tab(id.unwrap_or(0)))?;
        // Not `Page.close`, which a `beforeunload` handler can prevent.
        let close = CloseTargetParams::new(target.to_string());
        self.context.browser().connection.root().call(close).await.map_err(browser_error)?;
        let limit = self.command_timeout();
        let closed = self.context.wait_within(limit, |tabs| tabs.by_id(id).is_none().then_some(())).await?;
        closed.ok_or(BrowserError::Unresponsive { limit })?;
        let effect = match self.context.tabs().active() {
            Some(tab) => format!("the page is now {}", clip(&tab.url, 200)),
            None => "no tab is open; navigate to open one".to_owned(),
        };
        Ok(ActionOutcome { description: format!("Close tab {id}"), effect, extracted: None, page_changed: true })
    }
}

fn no_such_tab(id: u32) -> ActionError {
    ActionError::NotPossible(format!("there is no tab {id}"))
}
