//! A fake browser in memory.

use std::future::pending;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use agent::action::Action;
use agent::files::FileInfo;
use agent::image::{Image, ImageFormat};
use agent::locator::Locator;
use agent::observation::{Blocker, Element, ElementIndex, Observation, PageView, Tab};
use agent::ports::{ActionError, ActionOutcome, BrowserError, Browsers, HeadfulUnavailable, Page, PageSpec};
use agent::secrets::Secrets;
use agent::storage_state::SavedStorage;
use async_trait::async_trait;
use url::Url;
use url_policy::{DomainRules, Refusal, UrlPolicy};

use super::Counter;

/// The outcome of one operation of a page.
#[derive(Debug, Clone, Default)]
pub(crate) enum Fate {
    #[default]
    Succeed,
    Fail(BrowserError),
    Panic,
    /// Never completes.
    Hang,
}

impl Fate {
    async fn meet(&self) -> Result<(), BrowserError> {
        match self {
            Self::Succeed => Ok(()),
            Self::Fail(error) => Err(error.clone()),
            Self::Panic => panic!("the browser panics, as scripted"),
            Self::Hang => pending().await,
        }
    }
}

/// The outcome of each operation.
#[derive(Debug, Clone, Default)]
pub(crate) struct Script {
    pub(crate) open: Fate,
    pub(crate) visit: Fate,
    pub(crate) act: Fate,
    pub(crate) observe: Fate,
    pub(crate) save: Fate,
    pub(crate) close: Fate,
    /// Why there is no browser, if there is none.
    pub(crate) not_ready: Option<BrowserError>,
    /// Whether there is a display.
    pub(crate) display: bool,
    /// The script of the pages after the first one, if different.
    pub(crate) then: Option<Box<Script>>,
    /// Size of the screenshots, a different one after each action; a small one that never changes when it is 0.
    pub(crate) picture_bytes: usize,
    /// Text that its pages show everywhere.
    pub(crate) reflects: String,
    /// A folder whose files are downloaded by the first action.
    pub(crate) downloads: Option<PathBuf>,
    /// What blocks its pages, as long as it is there.
    pub(crate) blocker: Arc<Mutex<Option<Blocker>>>,
}

/// A source of fake pages that counts operations.
pub(crate) struct FakeBrowsers {
    script: Mutex<Script>,
    pub(crate) log: Arc<PageLog>,
}

pub(crate) struct PageLog {
    pub(crate) asked: Counter,
    pub(crate) opened: Counter,
    pub(crate) acted: Counter,
    pub(crate) closed: Counter,
    done: Mutex<Vec<String>>,
    visited: Mutex<Vec<String>>,
    specs: Mutex<Vec<PageSpec>>,
}

impl PageLog {
    /// The URLs opened before a first step.
    pub(crate) fn visited(&self) -> Vec<String> {
        self.visited.lock().expect("no panic holds the list").clone()
    }

    /// Operations on pages, in order.
    pub(crate) fn done(&self) -> Vec<String> {
        self.done.lock().expect("no panic holds the list").clone()
    }

    /// Without secrets, which end with their run.
    pub(crate) fn specs(&self) -> Vec<PageSpec> {
        self.specs.lock().expect("no panic holds the list").clone()
    }
}

impl FakeBrowsers {
    pub(crate) fn new(script: Script) -> Arc<Self> {
        let log = PageLog {
            asked: Counter::new(),
            opened: Counter::new(),
            acted: Counter::new(),
            closed: Counter::new(),
            done: Mutex::default(),
            visited: Mutex::default(),
            specs: Mutex::default(),
        };
        Arc::new(Self { script: Mutex::new(script), log: Arc::new(log) })
    }

    fn now(&self) -> Script {
        self.script.lock().expect("no panic holds the script").clone()
    }

    /// The script of the page to be opened.
    fn next(&self) -> Script {
        let mut script = self.script.lock().expect("no panic holds the script");
        let now = script.clone();
        if let Some(then) = &now.then {
            *script = (**then).clone();
        }
        now
    }
}

#[async_trait]
impl Browsers for FakeBrowsers {
    async fn open(&self, spec: PageSpec) -> Result<Arc<dyn Page>, BrowserError> {
        let script = self.next();
        self.log.asked.add();
        script.open.meet().await?;
        self.log.opened.add();
        self.log
            .specs
            .lock()
            .expect("no panic holds the list")
            .push(PageSpec { secrets: Secrets::default(), ..spec.clone() });
        Ok(Arc::new(FakePage {
            script,
            log: self.log.clone(),
            spec,
            downloaded: Mutex::default(),
            has_downloaded: AtomicBool::default(),
            made: Mutex::default(),
        }))
    }

    fn supports(&self, headless: bool) -> Result<(), HeadfulUnavailable> {
        if headless || self.now().display {
            Ok(())
        } else {
            Err(HeadfulUnavailable { reason: "there is no display".into() })
        }
    }

    fn permits(&self, url: &Url, domains: &DomainRules) -> Result<(), Refusal> {
        UrlPolicy::default().narrowed(domains).check_lists(url)
    }

    fn ready(&self) -> Result<(), BrowserError> {
        self.now().not_ready.map_or(Ok(()), Err)
    }
}

/// Always shows the same page with one button.
struct FakePage {
    script: Script,
    log: Arc<PageLog>,
    spec: PageSpec,
    /// What its actions have downloaded since it was looked at.
    downloaded: Mutex<Vec<FileInfo>>,
    has_downloaded: AtomicBool,
    made: Mutex<Vec<FileInfo>>,
}

impl FakePage {
    /// Downloads, with the first action.
    fn download(&self) {
        if self.has_downloaded.swap(true, Ordering::SeqCst) {
            return;
        }
        let Some(folder) = &self.script.downloads else { return };
        let files = folder.read_dir().expect("a folder").map(|entry| entry.expect("an entry"));
        let info = |file: std::fs::DirEntry| FileInfo {
            name: file.file_name().into_string().expect("a text"),
            bytes: file.metadata().expect("a file").len(),
        };
        let mut files: Vec<FileInfo> = files.map(info).collect();
        files.sort_by(|a, b| a.name.cmp(&b.name));
        *self.made.lock().expect("no panic holds the list") = files.clone();
        *self.downloaded.lock().expect("no panic holds the list") = files;
    }
}

#[async_trait]
impl Page for FakePage {
    async fn observe(&self) -> Result<Observation, BrowserError> {
        self.script.observe.meet().await?;
        let picture: Arc<str> = match self.script.picture_bytes {
            0 => "cGljdHVyZQ==".into(),
            bytes => format!("{:04}{}", self.log.acted.get(), "A".repeat(bytes)).into(),
        };
        let shown = &self.script.reflects;
        let (url, title) = (format!("https://shop.example/{shown}"), format!("Shop{shown}"));
        let button = Element {
            index: ElementIndex(1),
            tag: "button".into(),
            role: "button".into(),
            name: format!("Buy{shown}"),
            value: shown.clone(),
            href: shown.clone(),
            options: vec![shown.clone()],
            placeholder: shown.clone(),
            ..Element::default()
        };
        Ok(Observation {
            downloads: match shown.as_str() {
                "" => std::mem::take(&mut *self.downloaded.lock().expect("no panic holds the list")),
                shown => vec![FileInfo { name: shown.to_owned(), bytes: 1 }],
            },
            dialog: None,
            blocker: self.script.blocker.lock().expect("no panic holds it").clone(),
            tabs: vec![Tab { id: 1, url: url.clone(), title: title.clone(), active: true }],
            url,
            title,
            view: PageView {
                text: format!("[1]<button>Buy{shown}</button>"),
                elements: vec![button],
                // The page changes after every action, so that no loop is detected.
                fingerprint: self.log.acted.get() as u64,
                ..PageView::default()
            },
            notices: match shown.as_str() {
                "" => Vec::new(),
                shown => vec![format!("a dialog said: {shown}")],
            },
            screenshot: self.spec.screenshots.map(|format| Image { format, base64: picture }),
        })
    }

    async fn read(&self) -> Result<Observation, BrowserError> {
        self.observe().await
    }

    async fn act(&self, action: &Action) -> Result<ActionOutcome, ActionError> {
        self.log.acted.add();
        self.download();
        self.log.done.lock().expect("no panic holds the list").push(format!("{action:?}"));
        if action.selectors().any(|selector| selector == "#missing") {
            return Err(ActionError::TimedOut { what: "waiting for it".into(), limit: Locator::WAIT });
        }
        self.script.act.meet().await?;
        let shown = &self.script.reflects;
        if matches!(action, Action::Hover { .. }) {
            return Err(ActionError::NotPossible(format!("covered by {shown}")));
        }
        let description = match action {
            Action::Click { .. } => format!("Click 'Buy{shown}'"),
            other => format!("Do {}", other.name()),
        };
        let extracted = matches!(action, Action::Extract { .. }).then(|| format!("12 €{shown}"));
        Ok(ActionOutcome { description, extracted, effect: shown.clone(), ..ActionOutcome::default() })
    }

    async fn files(&self) -> Vec<(FileInfo, PathBuf)> {
        let folder = self.script.downloads.clone().unwrap_or_default();
        let made = self.made.lock().expect("no panic holds the list").clone();
        made.into_iter().map(|file| (file.clone(), folder.join(&file.name))).collect()
    }

    async fn snapshot(&self, format: ImageFormat) -> Result<Image, BrowserError> {
        Ok(Image { format, base64: "cGljdHVyZQ==".into() })
    }

    async fn picture(&self) -> Result<Image, BrowserError> {
        Ok(Image { format: ImageFormat::Jpeg, base64: "cGljdHVyZQ==".into() })
    }

    async fn open(&self, url: &Url) -> Result<ActionOutcome, ActionError> {
        self.log.visited.lock().expect("no panic holds the list").push(url.to_string());
        self.script.visit.meet().await?;
        Ok(ActionOutcome { description: format!("Open {url}"), ..ActionOutcome::default() })
    }

    async fn storage(&self) -> Result<SavedStorage, BrowserError> {
        self.script.save.meet().await?;
        assert!(self.spec.saves_storage, "it was not announced");
        let state = self.spec.storage.as_deref().cloned().unwrap_or_default();
        Ok(SavedStorage { state, lost: vec!["one origin".into()] })
    }

    async fn close(&self) {
        self.log.closed.add();
        // Closing returns no error, so only panics and hangs matter.
        let _ = self.script.close.meet().await;
    }
}
