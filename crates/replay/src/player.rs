//! Runs a recording again: a model that gives the recorded answers, and either pages that show the recorded views or
//! the real ones, which are held against them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use url::Url;
use uuid::Uuid;

use super::compare;
use super::format::{Deed, End, Header, Recorded};
use super::numbers::Numbers;
use super::record::to_value;
use super::secrets::Secrets as Masked;
use super::tape::{Report, Tape};
use agent::action::{Action, ElementIndex};
use agent::agent::AgentSettings;
use agent::explicit::ExplicitAction;
use agent::files::{FileName, SentFile};
use agent::image::{Image, ImageFormat};
use agent::observation::Observation;
use agent::output::OutputSchema;
use agent::ports::{
    ActionError, ActionOutcome, BrowserError, Browsers, ChatModel, ChatReply, ChatRequest, HeadfulUnavailable,
    ModelChoice, ModelError, ModelName, ModelUnavailable, Models, Page, PageSpec, Provider,
};
use agent::secrets::{SecretName, SecretValue, Secrets, SecretsOf};
use url_policy::{DomainRules, PatternError, Refusal};

/// Bytes of all sent files together, which are played as zeros.
const MAX_FILES_BYTES: u64 = 64 << 20;

/// A recording about to be run again, and what comes of it. It is the deployment's browsers and models for one run.
pub struct Replay {
    header: Header,
    tape: Tape,
    /// None: the recorded views are played.
    live: Option<Arc<dyn Browsers>>,
}

/// A recorded run's request. The text fields are as the file has them, and anybody may have written it.
pub struct Requested {
    pub task: String,
    pub max_steps: u32,
    pub model: ModelChoice,
    pub temperature: f64,
    pub start_url: Option<String>,
    pub actions: Vec<ExplicitAction>,
    pub output: Option<OutputSchema>,
    /// Of the recorded sizes, and all zeros: contents are not recorded.
    pub files: Vec<SentFile>,
    pub domains: DomainRules,
    /// The recorded names, with values that nobody knows.
    pub secrets: Secrets,
}

/// Why a recording cannot be run again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CannotReplay {
    #[error("the text typed into {field:?} is masked: give it with --secret {number}=TEXT, or replay with --offline")]
    SecretMissing { number: usize, field: String },
    #[error("the recording has no secret {0}")]
    NoSuchSecret(usize),
    #[error("the run was sent files, which a recording does not hold: replay with --offline")]
    FilesMissing,
    #[error("the run was given sensitiveData, which a recording does not hold: replay with --offline")]
    SensitiveDataMissing,
    #[error("the recording's header is wrong: {0}")]
    Header(String),
}

impl Replay {
    /// Against the pages of `live`, or else against the recorded views. `secrets` are those that the recording masks, by
    /// their number; live pages want all of them.
    pub fn new(
        recorded: Recorded,
        live: Option<Arc<dyn Browsers>>,
        given: &[(usize, String)],
    ) -> Result<Arc<Self>, CannotReplay> {
        let fields = &recorded.header.secrets;
        let mut secrets = Masked::default();
        for (number, text) in given {
            if !(1..=fields.len()).contains(number) {
                return Err(CannotReplay::NoSuchSecret(*number));
            }
            // What the model is asked must be what it was asked, masks and all.
            if live.is_some() {
                secrets.add(*number, text);
            }
        }
        if live.is_some() {
            let missing = fields.iter().zip(1..).find(|(_, number)| !given.iter().any(|(given, _)| given == number));
            if let Some((field, number)) = missing {
                return Err(CannotReplay::SecretMissing { number, field: field.clone() });
            }
            if !recorded.header.files.is_empty() {
                return Err(CannotReplay::FilesMissing);
            }
            if !recorded.header.sensitive_data.is_empty() {
                return Err(CannotReplay::SensitiveDataMissing);
            }
        }
        let header = recorded.header.clone();
        let exact = live.is_none();
        Ok(Arc::new(Self { header, tape: Tape::new(recorded, secrets, exact), live }))
    }

    /// The run as it was asked for, with what the recording masks and this replay was given. What the run might spend
    /// is no part of it, as its answers are there already.
    ///
    /// # Errors
    /// The header holds what no request could have.
    pub fn request(&self) -> Result<Requested, CannotReplay> {
        let header = &self.header;
        let reveal = |text: &str| self.tape.secrets().reveal(text);
        let wrong = |error: &dyn std::fmt::Display| CannotReplay::Header(error.to_string());
        let output = header.output_schema.clone().map(OutputSchema::parse);
        Ok(Requested {
            task: reveal(&header.task),
            max_steps: header.max_steps,
            model: ModelChoice { provider: Some(header.provider), model: header.model.clone() },
            temperature: header.temperature,
            start_url: header.start_url.as_deref().map(reveal),
            actions: header.actions.iter().map(|action| self.revealed(action)).collect(),
            output: output.transpose().map_err(|error| wrong(&error))?,
            files: self.files()?,
            domains: self.domains().map_err(|error| wrong(&error))?,
            secrets: self.declared().map_err(|error| wrong(&*error))?,
        })
    }

    fn revealed(&self, action: &ExplicitAction) -> ExplicitAction {
        match action {
            ExplicitAction::Type { target, text } => {
                ExplicitAction::Type { target: target.clone(), text: self.tape.secrets().reveal(text) }
            }
            other => other.clone(),
        }
    }

    /// The run's own lists, within which its replay stays as well.
    fn domains(&self) -> Result<DomainRules, PatternError> {
        let parsed = |patterns: &[String]| patterns.iter().map(|pattern| pattern.parse()).collect::<Result<_, _>>();
        let allowed = self.header.allowed_domains.as_deref().map(parsed).transpose()?;
        Ok(DomainRules { allowed, blocked: parsed(&self.header.blocked_domains)? })
    }

    /// The names that the run was told, with values that nobody knows: nothing is typed.
    fn declared(&self) -> Result<Secrets, Box<dyn std::error::Error>> {
        let mut places = Vec::new();
        for (origin, names) in &self.header.sensitive_data {
            let mut values = Vec::new();
            for name in names {
                values.push((SecretName::parse(name)?, SecretValue::parse(&Uuid::new_v4().to_string())?));
            }
            places.push(SecretsOf { origin: origin.parse()?, values });
        }
        Ok(Secrets::new(places)?)
    }

    fn files(&self) -> Result<Vec<SentFile>, CannotReplay> {
        let files = &self.header.files;
        let bytes = files.iter().fold(0_u64, |sum, file| sum.saturating_add(file.bytes));
        if bytes > MAX_FILES_BYTES {
            return Err(CannotReplay::Header("its files are too large".into()));
        }
        let file = |name: &str, bytes: u64| {
            let name = FileName::parse(name).map_err(|error| CannotReplay::Header(error.to_string()))?;
            Ok(SentFile { name, content: vec![0; usize::try_from(bytes).unwrap_or(0)].into() })
        };
        files.iter().map(|info| file(&info.name, info.bytes)).collect()
    }

    /// The agent's settings of then. JavaScript of the recording runs in live pages only where this deployment allows
    /// it, since anybody may have written the file.
    pub fn agent(&self, own: &AgentSettings) -> AgentSettings {
        let then = self.header.agent.clone();
        let allow_evaluate = then.allow_evaluate && (self.live.is_none() || own.allow_evaluate);
        AgentSettings { allow_evaluate, ..then }
    }

    /// Is over when the run has diverged so far that it cannot go on; it waits for being cancelled then.
    pub async fn stopped(&self) {
        self.tape.stopped().await;
    }

    /// Compares how the run ended.
    pub fn ended(&self, end: &End) {
        self.tape.ended(end);
    }

    /// Whether anything of the recording was played; if not, nothing was compared.
    pub fn has_begun(&self) -> bool {
        self.tape.has_begun()
    }

    pub fn report(&self) -> Report {
        self.tape.report()
    }

    fn playing(&self, live: Option<Arc<dyn Page>>) -> Arc<dyn Page> {
        Arc::new(PlayedPage { tape: self.tape.clone(), live, numbers: Mutex::default() })
    }
}

impl Models for Replay {
    fn default_provider(&self) -> Provider {
        self.header.provider
    }

    fn open(&self, provider: Provider, model: Option<&str>) -> Result<Arc<dyn ChatModel>, ModelUnavailable> {
        let name = ModelName { provider: provider.name().to_owned(), model: model.unwrap_or_default().to_owned() };
        Ok(Arc::new(PlayedModel { name, tape: self.tape.clone() }))
    }
}

#[async_trait]
impl Browsers for Replay {
    async fn open(&self, spec: PageSpec) -> Result<Arc<dyn Page>, BrowserError> {
        Ok(match &self.live {
            Some(browsers) => self.playing(Some(browsers.open(spec).await?)),
            None => self.playing(None),
        })
    }

    fn supports(&self, headless: bool) -> Result<(), HeadfulUnavailable> {
        self.live.as_ref().map_or(Ok(()), |browsers| browsers.supports(headless))
    }

    fn permits(&self, url: &Url, domains: &DomainRules) -> Result<(), Refusal> {
        self.live.as_ref().map_or(Ok(()), |browsers| browsers.permits(url, domains))
    }

    fn ready(&self) -> Result<(), BrowserError> {
        self.live.as_ref().map_or(Ok(()), |browsers| browsers.ready())
    }
}

/// Gives the recorded answers.
struct PlayedModel {
    name: ModelName,
    tape: Tape,
}

#[async_trait]
impl ChatModel for PlayedModel {
    fn name(&self) -> ModelName {
        self.name.clone()
    }

    async fn complete(&self, request: ChatRequest<'_>) -> Result<ChatReply, ModelError> {
        let answer = self.tape.call(request).await?;
        Ok(ChatReply { text: self.tape.secrets().reveal_in_json(&answer.text), usage: answer.usage })
    }
}

/// Shows the recorded views, or a live page with the numbers of the recorded one.
struct PlayedPage {
    tape: Tape,
    live: Option<Arc<dyn Page>>,
    numbers: Mutex<Numbers>,
}

impl PlayedPage {
    /// Holds a live reading against the recorded one and numbers it as that.
    async fn compared(
        &self,
        was: &Result<Observation, BrowserError>,
        mut is: Result<Observation, BrowserError>,
    ) -> Result<Observation, BrowserError> {
        match (was, &mut is) {
            (Ok(was), Ok(now)) => {
                *self.numbers.lock().unwrap_or_else(PoisonError::into_inner) = Numbers::of(&was.view, now);
                self.tape.diverge(compare::readings(was, &self.tape.masked(now)));
            }
            (Err(was), Err(now)) if was == now => {}
            (Ok(_), Err(now)) => return self.tape.give_up(format!("the page cannot be read: {now}")).await,
            (Err(was), _) => {
                return self.tape.give_up(format!("the page could not be read then ({was}), and now it can")).await;
            }
        }
        is
    }

    async fn done(
        &self,
        deed: &Deed,
        was: Result<ActionOutcome, ActionError>,
        is: Result<ActionOutcome, ActionError>,
    ) -> Result<ActionOutcome, ActionError> {
        match (&was, &is) {
            (Ok(was), Ok(now)) => {
                let differences = compare::outcomes(was, &self.tape.masked(now));
                self.tape.diverge(differences.iter().map(|what| format!("{}: {what}", was.description)).collect());
            }
            (Err(was), Err(now)) => {
                let mut differences = Vec::new();
                compare::different(&mut differences, "the error", &was.to_string(), &self.tape.masked(now).to_string());
                self.tape.diverge(differences);
            }
            (Ok(_), Err(now)) => return self.tape.give_up(format!("{} fails: {now}", deed.name())).await,
            (Err(was), Ok(_)) => {
                return self.tape.give_up(format!("{} failed then ({was}), and now it does not", deed.name())).await;
            }
        }
        is
    }

    /// An action on the live page's own elements.
    async fn aimed(&self, action: &Action) -> Action {
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
        let live = self.numbers.lock().unwrap_or_else(PoisonError::into_inner).live(index);
        match (live, self.tape.view().element(index)) {
            (Some(live), _) => live,
            // It named nothing then either.
            (None, None) => index,
            (None, Some(element)) => {
                let element = compare::label(element);
                self.tape.give_up(format!("{element} is not on the page, and is to be acted on")).await
            }
        }
    }
}

#[async_trait]
impl Page for PlayedPage {
    async fn observe(&self) -> Result<Observation, BrowserError> {
        let was = self.tape.observe().await;
        let is = match &self.live {
            Some(page) => self.compared(&was, page.observe().await).await,
            None => was.clone(),
        };
        self.tape.observed(&was);
        is
    }

    async fn read(&self) -> Result<Observation, BrowserError> {
        let was = self.tape.read().await;
        match &self.live {
            Some(page) => self.compared(&was, page.read().await).await,
            None => was,
        }
    }

    async fn act(&self, action: &Action) -> Result<ActionOutcome, ActionError> {
        let deed = Deed::Act { action: action.clone() };
        let was = self.tape.deed(&deed).await;
        match &self.live {
            Some(page) => self.done(&deed, was, page.act(&self.aimed(action).await).await).await,
            None => was,
        }
    }

    async fn select(&self, selector: &str, limit: Duration) -> Result<ElementIndex, ActionError> {
        let was = self.tape.select(selector).await;
        let Some(page) = &self.live else { return was };
        match (was, page.select(selector, limit).await) {
            (Ok(was), Ok(is)) => {
                self.numbers.lock().unwrap_or_else(PoisonError::into_inner).add(was, is);
                Ok(was)
            }
            (Err(was), Err(_)) => Err(was),
            (Ok(_), Err(is)) => self.tape.give_up(format!("{selector:?} is not found: {is}")).await,
            (Err(_), Ok(_)) => self.tape.give_up(format!("{selector:?} was not found then, and now it is")).await,
        }
    }

    async fn press(&self, index: ElementIndex, keys: &str) -> Result<ActionOutcome, ActionError> {
        let deed = Deed::Press { index, keys: keys.to_owned() };
        let was = self.tape.deed(&deed).await;
        match &self.live {
            Some(page) => self.done(&deed, was, page.press(self.live_index(index).await, keys).await).await,
            None => was,
        }
    }

    async fn wait_for_url(&self, text: &str, limit: Duration) -> Result<ActionOutcome, ActionError> {
        let deed = Deed::WaitForUrl { text: text.to_owned(), limit };
        let was = self.tape.deed(&deed).await;
        match &self.live {
            Some(page) => self.done(&deed, was, page.wait_for_url(text, limit).await).await,
            None => was,
        }
    }

    async fn picture(&self) -> Result<Image, BrowserError> {
        self.tape.picture().await?;
        match &self.live {
            Some(page) => page.picture().await,
            None => Ok(Image { format: ImageFormat::Png, base64: "".into() }),
        }
    }

    async fn open(&self, url: &Url) -> Result<ActionOutcome, ActionError> {
        let deed = Deed::Open { url: url.to_string() };
        let was = self.tape.deed(&deed).await;
        match &self.live {
            Some(page) => self.done(&deed, was, page.open(url).await).await,
            None => was,
        }
    }

    async fn close(&self) {
        if let Some(page) = &self.live {
            page.close().await;
        }
    }
}
