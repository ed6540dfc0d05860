//! Answers the dialog that blocks a page.

use chromiumoxide_cdp::cdp::browser_protocol::page::HandleJavaScriptDialogParams;

use super::executor::{Executor, reject};
use super::text::clip;
use crate::error::browser_error;
use agent::ports::{ActionError, ActionOutcome};

impl Executor<'_> {
    pub(super) async fn answer_dialog(&self, accept: bool, text: Option<&str>) -> Result<ActionOutcome, ActionError> {
        let before = self.start_action().await?;
        let open = self.context.tabs().active().and_then(|tab| tab.dialog.take());
        let Some(open) = open else {
            reject!("no dialog is open");
        };
        let mut answer = HandleJavaScriptDialogParams::new(accept);
        if open.shown.kind == "prompt" {
            // As in a browser, an accepted prompt without text returns its default.
            answer.prompt_text = Some(text.map_or(open.shown.proposal, str::to_owned));
        }
        open.session.call(answer).await.map_err(browser_error)?;
        let verb = if accept { "Accept" } else { "Dismiss" };
        self.settle(format!("{verb} the dialog '{}'", clip(&open.shown.message, 80)), &before).await
    }
}
