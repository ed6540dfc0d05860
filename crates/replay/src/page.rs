//! The page of a replayed run.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use url::Url;

use super::compare;
use super::format::PageAction;
use super::indices::Indices;
use super::playback::Playback;
use super::recorder::to_value;
use agent::action::Action;
use agent::image::{Image, ImageFormat};
use agent::observation::{ElementIndex, Observation};
use agent::ports::{ActionError, ActionOutcome, BrowserError, Page};

/// A recorded page, or a live page with the element indices of the recorded one.
pub(super) struct ReplayPage {
    playback: Playback,
    live: Option<Arc<dyn Page>>,
    indices: Mutex<Indices>,
}

impl ReplayPage {
    pub(super) fn new(playback: Playback, live: Option<Arc<dyn Page>>) -> Self {
        Self { playback, live, indices: Mutex::default() }
    }

    fn indices(&self) -> MutexGuard<'_, Indices> {
        self.indices.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Compares a live observation with the recorded one and renumbers its elements.
    async fn compare_observation(
        &self,
        was: &Result<Observation, BrowserError>,
        mut is: Result<Observation, BrowserError>,
    ) -> Result<Observation, BrowserError> {
        match (was, &mut is) {
            (Ok(was), Ok(now)) => {
                *self.indices() = Indices::renumber(&was.view, now);
                self.playback.diverge(compare::observations(was, &self.playback.masked(now)));
            }
            (Err(was), Err(now)) if was == now => {}
            (Ok(_), Err(now)) => return self.playback.fail(format!("the page cannot be read: {now}")).await,
            (Err(was), _) => {
                return self.playback.fail(format!("the page could not be read ({was}), and now it can")).await;
            }
        }
        is
    }

    async fn compare_outcome(
        &self,
        action: &PageAction,
        was: Result<ActionOutcome, ActionError>,
        is: Result<ActionOutcome, ActionError>,
    ) -> Result<ActionOutcome, ActionError> {
        match (&was, &is) {
            (Ok(was), Ok(now)) => {
                let differences = compare::outcomes(was, &self.playback.masked(now));
                self.playback.diverge(differences.iter().map(|what| format!("{}: {what}", was.description)).collect());
            }
            (Err(was), Err(now)) => {
                let mut differences = Vec::new();
                compare::value(&mut differences, "the error", &was.to_string(), &self.playback.masked(now).to_string());
                self.playback.diverge(differences);
            }
            (Ok(_), Err(now)) => return self.playback.fail(format!("{} fails: {now}", action.name())).await,
            (Err(was), Ok(_)) => {
                return self.playback.fail(format!("{} failed ({was}), and now it does not", action.name())).await;
            }
        }
        is
    }

    /// The action with the live page's indices.
    async fn with_live_indices(&self, action: &Action) -> Action {
        let mut json = to_value(action);
        let mut fields = json.as_object_mut().into_iter().flat_map(|action| action.values_mut()).next();
        for name in ["index", "from", "to"] {
            if let Some(field) = fields.as_deref_mut().and_then(|fields| fields.get_mut(name))
                && let Some(index) = field.as_u64().and_then(|index| u32::try_from(index).ok())
            {
                *field = self.live_index(ElementIndex(index)).await.0.into();
            }
        }
        serde_json::from_value(json).unwrap_or_else(|_| action.clone())
    }

    async fn live_index(&self, index: ElementIndex) -> ElementIndex {
        let live = self.indices().live(index);
        match (live, self.playback.view().element(index)) {
            (Some(live), _) => live,
            // The recorded index was invalid, too.
            (None, None) => index,
            (None, Some(element)) => {
                let element = compare::label(element);
                self.playback.fail(format!("the action's target, {element}, is not on the page")).await
            }
        }
    }
}

#[async_trait]
impl Page for ReplayPage {
    async fn observe(&self) -> Result<Observation, BrowserError> {
        let was = self.playback.observe().await;
        let is = match &self.live {
            Some(page) => self.compare_observation(&was, page.observe().await).await,
            None => was.clone(),
        };
        self.playback.observed(&was);
        is
    }

    async fn read(&self) -> Result<Observation, BrowserError> {
        let was = self.playback.read().await;
        match &self.live {
            Some(page) => self.compare_observation(&was, page.read().await).await,
            None => was,
        }
    }

    async fn act(&self, action: &Action) -> Result<ActionOutcome, ActionError> {
        let recorded = PageAction::Act { action: action.clone() };
        let was = self.playback.act(&recorded).await;
        match &self.live {
            Some(page) => {
                self.compare_outcome(&recorded, was, page.act(&self.with_live_indices(action).await).await).await
            }
            None => was,
        }
    }

    async fn picture(&self) -> Result<Image, BrowserError> {
        self.playback.picture().await?;
        match &self.live {
            Some(page) => page.picture().await,
            None => Ok(Image { format: ImageFormat::Png, base64: "".into() }),
        }
    }

    async fn open(&self, url: &Url) -> Result<ActionOutcome, ActionError> {
        let recorded = PageAction::Open { url: url.to_string() };
        let was = self.playback.act(&recorded).await;
        match &self.live {
            Some(page) => self.compare_outcome(&recorded, was, page.open(url).await).await,
            None => was,
        }
    }

    async fn close(&self) {
        if let Some(page) = &self.live {
            page.close().await;
        }
    }
}
