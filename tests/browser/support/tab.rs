//! A run's page with shorthands for tests.

use std::sync::Arc;
use std::time::Duration;

use agent::action::{Action, ScrollDirection};
use agent::observation::{Element, ElementIndex, Observation};
use agent::ports::{ActionError, ActionOutcome, Browsers, Page, PageSpec};

use super::{Browser, Site, headless};

const PATIENCE: Duration = Duration::from_secs(10);

type Outcome = Result<ActionOutcome, ActionError>;

/// An open page. Tests close it at their end; one that fails leaves that to its drop.
pub(crate) struct Tab(Arc<dyn Page>);

/// A new run in the shared browser, at a path of a site.
pub(crate) async fn open(site: &Site, path: &str) -> Tab {
    open_as(headless(), site, path).await
}

/// The same with a specification of its own.
pub(crate) async fn open_as(spec: PageSpec, site: &Site, path: &str) -> Tab {
    let tab = Tab::new(Browser::shared().open(spec).await.unwrap());
    tab.go(&site.url(path)).await.unwrap();
    tab
}

impl Tab {
    pub(crate) fn new(page: Arc<dyn Page>) -> Self {
        Self(page)
    }

    pub(crate) fn page(&self) -> &Arc<dyn Page> {
        &self.0
    }

    pub(crate) async fn close(self) {
        self.0.close().await;
    }

    pub(crate) async fn observe(&self) -> Observation {
        self.0.observe().await.unwrap()
    }

    /// Observes until the page satisfies a condition.
    pub(crate) async fn until(&self, wanted: impl Fn(&Observation) -> bool) -> Observation {
        let patience = tokio::time::Instant::now() + PATIENCE;
        loop {
            let seen = self.observe().await;
            if wanted(&seen) {
                return seen;
            }
            assert!(tokio::time::Instant::now() < patience, "it stays as it is: {seen:#?}");
        }
    }

    /// The page's view.
    pub(crate) async fn text(&self) -> String {
        self.observe().await.view.text
    }

    /// The element with this name, placeholder or id of last resort, its tag.
    pub(crate) async fn element(&self, label: &str) -> Element {
        let view = self.observe().await.view;
        let wanted: [fn(&Element) -> &str; 3] = [|e| &e.name, |e| &e.placeholder, |e| &e.tag];
        let found = wanted.iter().find_map(|of| view.elements.iter().find(|element| of(element) == label));
        found.unwrap_or_else(|| panic!("no element {label:?} in\n{}", view.text)).clone()
    }

    pub(crate) async fn find(&self, label: &str) -> ElementIndex {
        self.element(label).await.index
    }

    pub(crate) async fn act(&self, action: Action) -> Outcome {
        self.0.act(&action).await
    }

    pub(crate) async fn go(&self, url: &str) -> Outcome {
        self.act(Action::Navigate { url: url.to_owned(), new_tab: None }).await
    }

    pub(crate) async fn back(&self) -> Outcome {
        self.act(Action::GoBack {}).await
    }

    pub(crate) async fn click(&self, label: &str) -> Outcome {
        let index = self.find(label).await;
        self.act(Action::click(index)).await
    }

    pub(crate) async fn input(&self, label: &str, text: &str) -> Outcome {
        let index = self.find(label).await;
        self.act(Action::Input { index: index.into(), text: text.to_owned(), clear: None, submit: None }).await
    }

    /// Types at the caret, without clearing the field.
    pub(crate) async fn append(&self, label: &str, text: &str) -> Outcome {
        let index = self.find(label).await;
        self.act(Action::Input { index: index.into(), text: text.to_owned(), clear: Some(false), submit: None }).await
    }

    pub(crate) async fn select(&self, label: &str, options: &[&str]) -> Outcome {
        let index = self.find(label).await;
        self.act(Action::Select {
            index: index.into(),
            options: options.iter().map(|&option| option.to_owned()).collect(),
        })
        .await
    }

    pub(crate) async fn keys(&self, keys: &str) -> Outcome {
        self.act(Action::keys(keys)).await
    }

    pub(crate) async fn type_text(&self, text: &str) -> Outcome {
        self.act(Action::Type { text: text.to_owned() }).await
    }

    pub(crate) async fn scroll(&self, direction: ScrollDirection, index: Option<ElementIndex>) -> Outcome {
        self.act(Action::Scroll { direction, pages: None, index: index.map(Into::into) }).await
    }

    /// The text of the page, unshortened.
    pub(crate) async fn read(&self) -> String {
        self.act(Action::extract(None)).await.unwrap().extracted.unwrap()
    }
}
