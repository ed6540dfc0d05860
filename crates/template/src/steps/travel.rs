//! Opens pages and tabs, searches, scrolls, waits.

use super::element::{input, is_plain_text_field};
use super::look::{MAX_LOOKS, scroll_by};
use super::{Move, Purpose, Scene};
use crate::find::{self, Use};
use crate::goal::{Address, Scrolling, Site, Waiting, WhichTab};
use crate::target::{ElementKind, Target};
use crate::text::quote;
use agent::action::{Action, ScrollDirection};
use agent::observation::Tab;

impl Scene<'_> {
    pub(super) fn open(&self, address: &Address, new_tab: bool) -> Move {
        let there = same_address(&self.observation.url, &address.url);
        let opened = self.trail.opened_before.iter().any(|url| same_address(url, &address.url));
        if (there || (opened && !self.trail.acted)) && !new_tab {
            return Move::Finished(None);
        }
        self.visit(address, new_tab).map_or_else(|| self.given_up(), Move::complete)
    }

    /// Opens an address; one without a scheme by https and then, if that fails, by http.
    fn visit(&self, address: &Address, new_tab: bool) -> Option<Action> {
        let url = match (self.progress.failures.len(), address.url.strip_prefix("https://")) {
            (0, _) => address.url.clone(),
            (_, Some(rest)) if address.guessed_scheme => format!("http://{rest}"),
            _ => return None,
        };
        Some(Action::Navigate { url, new_tab: new_tab.then_some(true) })
    }

    pub(super) fn scroll(&self, scrolling: &Scrolling) -> Move {
        let scroll = self.observation.view.scroll;
        let on = |direction, pixels: u32| {
            let screens = pixels.div_ceil(scroll.viewport_height.max(1)).clamp(1, 100);
            Move::look(scroll_by(direction, f64::from(screens)), Purpose::ScrollsOn)
        };
        let more = self.progress.looks < MAX_LOOKS;
        match scrolling {
            Scrolling::By { direction, pages } => Move::complete(scroll_by(*direction, *pages)),
            // A page may grow while it is scrolled.
            Scrolling::ToBottom if scroll.pixels_below > 0 && more => on(ScrollDirection::Down, scroll.pixels_below),
            Scrolling::ToTop if scroll.pixels_above > 0 && more => on(ScrollDirection::Up, scroll.pixels_above),
            Scrolling::ToBottom | Scrolling::ToTop => Move::Finished(None),
            Scrolling::ToText(text) if self.shows(text) => Move::Finished(None),
            Scrolling::ToText(text) => self.look_around(|| format!("{} is nowhere on {}", quote(text), self.page())),
        }
    }

    pub(super) fn wait(&self, waiting: &Waiting) -> Move {
        if !self.progress.failures.is_empty() {
            return self.given_up();
        }
        let (mut seconds, mut text, mut gone) = (None, None, None);
        match waiting {
            Waiting::For(awaited) if self.shows(awaited) => return Move::Finished(None),
            Waiting::For(awaited) => text = Some(awaited.clone()),
            Waiting::Gone(unwanted) => gone = Some(unwanted.clone()),
            Waiting::Seconds(given) => seconds = Some(given.clamp(0.0, 30.0)),
        }
        Move::complete(Action::Wait { seconds, text, gone, selector: None, url: None })
    }

    pub(super) fn shows(&self, text: &str) -> bool {
        self.lines.iter().any(|line| find::fits_text(text, &line.text))
    }

    pub(super) fn search(&self, query: &str, site: &Site) -> Move {
        let view = &self.observation.view;
        match site {
            Site::Web(engine) => return Move::complete(Action::Search { query: query.to_owned(), engine: *engine }),
            Site::At(address) if self.progress.prepared == 0 && !same_host(&self.observation.url, &address.url) => {
                return self.visit(address, false).map_or_else(|| self.given_up(), Move::prepare);
            }
            Site::Any | Site::Here | Site::At(_) => {}
        }
        if let Some(field) = find::search_field(view) {
            return Move::complete(input(field.index, query, Some(true)));
        }
        if *site == Site::Any {
            return Move::complete(Action::Search { query: query.to_owned(), engine: None });
        }
        let mut fields = view.elements.iter().filter(|element| is_plain_text_field(element));
        if let (Some(only), None) = (fields.next(), fields.next()) {
            return Move::complete(input(only.index, query, Some(true)));
        }
        // Some sites show the field only after a click on a magnifying glass.
        let opener = self.find(&Target::named("search"), Use::Click);
        match self.pick(&opener) {
            Some(opener) if self.progress.prepared < if matches!(site, Site::At(_)) { 2 } else { 1 } => {
                Move::prepare(Action::click(opener.index))
            }
            _ => self.look_around(|| format!("there is no search field on {}", self.page())),
        }
    }

    /// Switches to a tab of the browser or, if none has the name, to one in the page.
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

fn same_address(a: &str, b: &str) -> bool {
    a == b || url::Url::parse(a).is_ok_and(|a| url::Url::parse(b) == Ok(a))
}

fn same_host(a: &str, b: &str) -> bool {
    let host = |address: &str| {
        let url = url::Url::parse(address).ok()?;
        let host = url.host_str()?;
        Some((host.strip_prefix("www.").unwrap_or(host).to_owned(), url.port()))
    };
    host(a).is_some_and(|a| host(b) == Some(a))
}
