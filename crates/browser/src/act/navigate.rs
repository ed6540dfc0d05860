//! Navigation: open a URL, search the web, go back.

use std::time::Duration;

use chromiumoxide_cdp::cdp::browser_protocol::page::{
    GetNavigationHistoryParams, NavigateParams, NavigateToHistoryEntryParams,
};
use tokio::time::Instant;
use url::Url;

use super::executor::{Executor, reject};
use super::navigation_guard::{NavigationGuard, stop_loading};
use super::outcome::prepend_note;
use super::page_diff::ActionStart;
use super::text::clip;
use crate::egress::Denied;
use crate::error::browser_error;
use agent::action::SearchEngine;
use agent::ports::{ActionError, ActionOutcome, BrowserError};
use cdp::messages::Navigated;
use cdp::{CdpError, Session};

/// The error of a navigation that was replaced or had nothing to show.
const ABORTED: &str = "net::ERR_ABORTED";
const BLANK: &str = "about:blank";
/// How often a page's own navigation may replace ours.
const MAX_OVERTAKEN: u32 = 5;
/// How long an answered navigation may take to commit before it is requested again. It takes milliseconds, but a
/// concurrent navigation of the page can cancel both silently.
const SHOWN_WITHIN: Duration = Duration::from_secs(2);

impl Executor<'_> {
    /// Opens a URL as a model writes it; a missing scheme is https.
    pub(super) async fn navigate(&self, text: &str, new_tab: bool) -> Result<ActionOutcome, ActionError> {
        let text = text.trim();
        let parsed = match Url::parse(text) {
            // `localhost:8080/x` parses with the scheme `localhost`.
            Ok(url) if text.split_once(':').is_some_and(|(_, rest)| rest.starts_with("//")) => Ok(url),
            Ok(url) if url.scheme() == "about" => Ok(url),
            _ => Url::parse(&format!("https://{text}")),
        };
        match parsed {
            Ok(url) => self.open(&url, new_tab, format!("Open {}", clip(url.as_str(), 120))).await,
            Err(_) => reject!("{:?} is not a URL", clip(text, 120)),
        }
    }

    pub(super) async fn search(&self, query: &str, engine: Option<SearchEngine>) -> Result<ActionOutcome, ActionError> {
        let (name, address) = match engine.unwrap_or(SearchEngine::Duckduckgo) {
            SearchEngine::Duckduckgo => ("DuckDuckGo", "https://duckduckgo.com/?q="),
            SearchEngine::Google => ("Google", "https://www.google.com/search?udm=14&q="),
            SearchEngine::Bing => ("Bing", "https://www.bing.com/search?q="),
        };
        let encoded: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
        let url = Url::parse(&format!("{address}{encoded}")).expect("a fixed address with an encoded query");
        self.open(&url, false, format!("Search {name} for '{}'", clip(query, 80))).await
    }

    pub(crate) async fn open(
        &self,
        url: &Url,
        new_tab: bool,
        description: String,
    ) -> Result<ActionOutcome, ActionError> {
        // Requests are checked again when they are made. Checking here gives the model the reason and avoids an error
        // page.
        let verdict = if url.as_str() == BLANK { Ok(()) } else { self.context.egress().check(url).await };
        match verdict {
            Ok(()) => {}
            Err(Denied::Forbidden(reason)) => {
                return Err(ActionError::Forbidden { url: clip(url.as_str(), 200), reason });
            }
            Err(Denied::Unresolved) => return Err(failed(url, "net::ERR_NAME_NOT_RESOLVED")),
        }
        if new_tab || self.context.tabs().active().is_none() {
            let most = self.context.browser().settings.max_tabs;
            if self.context.tabs().len() >= most {
                reject!("{most} tabs are open, the most there may be; close one");
            }
            self.context.open_tab().await?;
        }
        let start = if self.is_shown(url) { self.start_action().await? } else { self.start_loading()? };
        let session = self.active()?.session;
        let navigated = self.load_url(url, &start, &session).await?;
        if let Some(cause) = navigated.error_text.filter(|_| !navigated.is_download) {
            let (refused, requested) = match self.context.tabs().by_id(start.baseline.tab) {
                Some(tab) => (tab.refused.take(), tab.requested.clone()),
                None => (None, None),
            };
            if let Some((url, reason)) = refused {
                return Err(ActionError::Forbidden { url: clip(&url, 200), reason });
            }
            // A 204, or a response that is neither shown nor downloaded.
            if cause == ABORTED {
                let mut outcome = self.settle(description, &start).await?;
                "the server sent nothing to show; the page is the same".clone_into(&mut outcome.effect);
                return Ok(outcome);
            }
            let cause = self.context.egress().explain(requested.as_deref().unwrap_or(url.as_str()), &cause);
            return Err(failed(url, &cause));
        }
        if navigated.is_download {
            let mut outcome = self.settle(description, &start).await?;
            prepend_note(&mut outcome, "it is a download; the page is the same".into());
            return Ok(outcome);
        }
        let outcome = self.settle(description, &start).await?;
        let failure =
            self.context.tabs().by_id(start.baseline.tab).and_then(|tab| Some(tab.load.failure()?.to_owned()));
        failure.map_or(Ok(outcome), |cause| Err(failed(url, &cause)))
    }

    /// Requests a URL until its document commits or the navigation fails.
    async fn load_url(&self, url: &Url, start: &ActionStart, session: &Session) -> Result<Navigated, ActionError> {
        let settings = &self.context.browser().settings;
        let (limit, patience) = (settings.navigation_timeout, settings.command_timeout);
        let mut guard = NavigationGuard::new(self.context, session, start.baseline.tab);
        let (mut overtaken, mut deadline) = (0, None);
        loop {
            guard.begin(url);
            let navigated = match session.call_as::<Navigated, _>(NavigateParams::new(url.as_str()), limit).await {
                Ok(navigated) => navigated,
                Err(CdpError::TimedOut { limit, .. }) => {
                    return Err(ActionError::TimedOut { what: format!("opening {}", clip(url.as_str(), 200)), limit });
                }
                Err(error) => {
                    guard.cancelled();
                    return Err(ActionError::Browser(browser_error(error)));
                }
            };
            // Counts from the first response; until then the server may take its time.
            let deadline = *deadline.get_or_insert_with(|| Instant::now() + patience);
            // If the page navigates at the same moment, the last navigation wins.
            let is_overtaken = match &navigated {
                Navigated { loader_id: Some(loader), error_text: None, is_download: false, .. } => {
                    guard.identified(loader);
                    match self.wait_for_commit(start, loader, deadline).await? {
                        Some(true) => {
                            guard.committed();
                            return Ok(navigated);
                        }
                        None if Instant::now() >= deadline => {
                            return Err(BrowserError::Unresponsive { limit: patience }.into());
                        }
                        Some(false) | None => true,
                    }
                }
                Navigated { error_text, is_download, .. } => {
                    !is_download && error_text.as_deref() == Some(ABORTED) && self.has_left(start, url)
                }
            };
            if !is_overtaken || overtaken == MAX_OVERTAKEN {
                guard.cancelled();
                return Ok(navigated);
            }
            overtaken += 1;
        }
    }

    /// Waits for the document to commit, since the reply may precede the event. False if another document committed
    /// instead, none on timeout.
    async fn wait_for_commit(
        &self,
        start: &ActionStart,
        loader: &str,
        deadline: Instant,
    ) -> Result<Option<bool>, ActionError> {
        let documents = start.baseline.counts().documents;
        let limit = SHOWN_WITHIN.min(deadline.saturating_duration_since(Instant::now()));
        let committed = self.context.wait_within(limit, |tabs| match tabs.by_id(start.baseline.tab) {
            Some(tab) if !tab.crashed && tab.load.has_committed(loader) => Some(true),
            Some(tab) if !tab.crashed => {
                let is_another = tab.activity.counts().documents != documents && !tab.activity.is_navigating();
                is_another.then_some(false)
            }
            _ => Some(true),
        });
        Ok(committed.await?)
    }

    /// Whether the active tab shows this URL, apart from the fragment.
    fn is_shown(&self, url: &Url) -> bool {
        let without_fragment = |url: &str| url.split('#').next().unwrap_or_default().to_owned();
        let shown = self.context.tabs().active().map(|tab| without_fragment(&tab.url));
        shown == Some(without_fragment(url.as_str()))
    }

    /// Whether the tab shows, or navigates to, a document other than the requested one.
    fn has_left(&self, start: &ActionStart, url: &Url) -> bool {
        self.context.tabs().by_id(start.baseline.tab).is_some_and(|tab| {
            let elsewhere = tab.activity.pending_navigation().is_some_and(|pending| pending.url != url.as_str());
            elsewhere || tab.activity.counts().documents != start.baseline.counts().documents
        })
    }

    pub(super) async fn go_back(&self) -> Result<ActionOutcome, ActionError> {
        let start = self.start_action().await?;
        let session = self.active()?.session;
        let history = session.call(GetNavigationHistoryParams::default()).await.map_err(browser_error)?;
        let earlier = usize::try_from(history.current_index - 1).ok().and_then(|index| history.entries.get(index));
        let Some(entry) = earlier.filter(|entry| entry.url != "about:blank") else {
            reject!("there is no earlier page in this tab");
        };
        session.call(NavigateToHistoryEntryParams::new(entry.id)).await.map_err(browser_error)?;
        // Unlike `Page.navigate`, this returns before the navigation starts.
        let mark = start.baseline.counts();
        let limit = self.context.browser().settings.navigation_timeout;
        let moved = self.context.wait_within(limit, |tabs| match tabs.by_id(start.baseline.tab) {
            Some(tab) if !tab.crashed => {
                let now = tab.activity.counts();
                (now.documents != mark.documents || now.same_document != mark.same_document).then_some(())
            }
            _ => Some(()),
        });
        if moved.await?.is_none() {
            stop_loading(self.context, &session, start.baseline.tab);
            return Err(ActionError::TimedOut { what: "going back".into(), limit });
        }
        self.settle("Go back".into(), &start).await
    }
}

fn failed(url: &Url, cause: &str) -> ActionError {
    ActionError::Navigation { url: clip(url.as_str(), 200), cause: cause.to_owned() }
}
