//! What to do next for one goal on the page at hand.

use super::answer::{Asks, Certainty, Question};
use super::find::{self, Matches, Use};
use super::goal::{Address, Goal, Scrolling, Site, Waiting};
use super::lines::{self, Line};
use super::target::{ElementKind, Ordinal, Target};
use super::text::{clip, enumerate, fold, quote};
use crate::agent::action::{Action, ElementIndex, ScrollDirection};
use crate::agent::observation::{Element, Observation};

/// Turns spent on looking for something by scrolling, per goal.
const MAX_LOOKS: u32 = 12;
/// Waits for a page that looks empty, per goal.
const MAX_WAITS: u32 = 3;
/// An action is tried again once.
const MAX_FAILURES: usize = 2;

/// The next move towards a goal.
#[derive(Debug, PartialEq)]
pub(super) enum Move {
    Act(Vec<Planned>),
    /// Nothing (more) to do; with the answer when something was to be read.
    Finished(Option<String>),
    /// Why it cannot be reached, as the rest of a sentence.
    Impossible(String),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Planned {
    pub(super) action: Action,
    pub(super) part: Part,
    /// Meant for just this element, so that it can be sent along with earlier actions before their effect is seen.
    pub(super) sure: bool,
}

/// What an action's success means for its goal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Completes,
    /// A step on the way: the site was opened, the login form shown.
    Prepares,
    /// Only to see more.
    Looks(Look),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    Further,
    FromTop,
    Again,
    Text,
}

/// How far one goal has come.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// Preparing actions that succeeded.
    pub(super) prepared: u32,
    /// Elements on which an action failed.
    pub(super) tried: Vec<ElementIndex>,
    pub(super) failures: Vec<String>,
    pub(super) looks: u32,
    pub(super) waits: u32,
    pub(super) looked_from_top: bool,
    /// The page's text, once it was asked for.
    pub(super) extracted: Option<String>,
}

/// What earlier goals leave behind for later ones.
#[derive(Debug, Default)]
pub(super) struct Trail {
    pub(super) last_field: Option<ElementIndex>,
    pub(super) last_query: Option<String>,
    /// Addresses that were opened before the first decision.
    pub(super) opened_before: Vec<String>,
    /// Something has been done since.
    pub(super) acted: bool,
}

/// The page and where the goal stands.
pub(super) struct Scene<'a> {
    pub(super) observation: &'a Observation,
    pub(super) lines: &'a [Line],
    pub(super) progress: &'a Progress,
    pub(super) trail: &'a Trail,
}

/// Where an action may go.
enum Aim<'a> {
    At(&'a Element, bool),
    Elsewhere(Move),
}

pub(super) fn next(goal: &Goal, scene: &Scene<'_>) -> Move {
    if scene.progress.failures.len() >= MAX_FAILURES {
        return scene.given_up();
    }
    match goal {
        Goal::Open(address) => scene.open(address),
        Goal::Search { query, site } => scene.search(query, site),
        Goal::Click(target) => scene.click(target),
        Goal::Type { text, into: Some(target) } => scene.fill(target, &text.0, Use::Type),
        Goal::Type { text, into: None } => scene.fill_any(&text.0),
        Goal::Set { field, value } => scene.fill(field, &value.0, Use::Set),
        Goal::Select { option, from } => scene.select(option, from.as_ref()),
        Goal::Check { target, on } => scene.check(target, *on),
        Goal::Scroll(scrolling) => scene.scroll(scrolling),
        Goal::Back => Move::complete(Action::GoBack {}),
        Goal::Wait(waiting) => scene.wait(waiting),
        Goal::Keys(keys) => Move::complete(Action::SendKeys { keys: keys.clone() }),
        Goal::Screenshot => Move::complete(Action::Screenshot {}),
        Goal::Read(question) => scene.read(question),
        Goal::LogIn { user, password } => scene.log_in(user, &password.0),
        Goal::AddToCart { item } => scene.add_to_cart(item.as_deref()),
        Goal::Submit { what } => scene.submit(what.as_deref()),
    }
}

/// What the page in sight answers, without another look.
pub(super) fn read_at_once(question: &Question, scene: &Scene<'_>) -> Option<String> {
    match question.asks {
        Asks::Title => Some(scene.observation.title.clone()),
        Asks::Address => Some(scene.observation.url.clone()),
        _ => question.answer(scene.lines).filter(|found| found.certainty > Certainty::Guess).map(|found| found.text),
    }
}

impl Move {
    fn complete(action: Action) -> Self {
        Self::Act(vec![Planned { action, part: Part::Completes, sure: true }])
    }

    fn on(action: Action, sure: bool) -> Self {
        Self::Act(vec![Planned { action, part: Part::Completes, sure }])
    }

    fn prepare(action: Action) -> Self {
        Self::Act(vec![Planned { action, part: Part::Prepares, sure: false }])
    }

    fn look(action: Action, look: Look) -> Self {
        Self::Act(vec![Planned { action, part: Part::Looks(look), sure: false }])
    }
}

impl<'a> Scene<'a> {
    fn given_up(&self) -> Move {
        let error = self.progress.failures.last().map(String::as_str).unwrap_or_default();
        Move::Impossible(clip(error.trim_end_matches('.'), 400))
    }

    // ------------------------------------------------------------ finding

    /// The element, or a move that may bring it into sight, or the reason why there is none.
    fn aim(&self, target: &Target, use_: Use) -> Aim<'a> {
        let matches = find::find(&self.observation.view, self.lines, target, use_);
        match self.pick(&matches) {
            Some(element) => Aim::At(element, matches.exact),
            None => Aim::Elsewhere(self.look_around(|| self.missing(target, use_, matches.too_few))),
        }
    }

    /// The first one that has not failed yet; when all have, the first one once more.
    fn pick(&self, matches: &Matches<'a>) -> Option<&'a Element> {
        let untried = matches.elements.iter().find(|element| !self.progress.tried.contains(&element.index));
        untried.or(matches.elements.first()).copied()
    }

    /// Scrolls on: first to the page's end, then, if it was not seen, from the top.
    fn look_around(&self, missing: impl FnOnce() -> String) -> Move {
        let view = &self.observation.view;
        let scroll = view.scroll;
        if view.elements.is_empty() && view.text.trim().is_empty() && self.progress.waits < MAX_WAITS {
            return Move::look(Action::Wait { seconds: Some(1.0), text: None, gone: None }, Look::Again);
        }
        if self.progress.looks < MAX_LOOKS {
            if scroll.pixels_below > 0 {
                // The view shows one screen above and below, so every second screen shows all.
                return Move::look(scroll_by(ScrollDirection::Down, 2.0), Look::Further);
            }
            let seen_from = self.progress.looks;
            if scroll.pixels_above > 0
                && !self.progress.looked_from_top
                && u64::from(seen_from) * 2 < self.screens_above()
            {
                return Move::look(scroll_by(ScrollDirection::Up, self.screens_above() as f64), Look::FromTop);
            }
        }
        Move::Impossible(missing())
    }

    fn screens_above(&self) -> u64 {
        let scroll = self.observation.view.scroll;
        u64::from(scroll.pixels_above.div_ceil(scroll.viewport_height.max(1)))
    }

    fn missing(&self, target: &Target, use_: Use, too_few: bool) -> String {
        let what = match use_ {
            Use::Click => "nothing to click",
            Use::Type => "no text field",
            Use::Choose => "no list to choose from",
            Use::Tick => "no checkbox",
            Use::Set => "no field",
        };
        let found = if too_few { "not that many elements" } else { what };
        let similar = find::similar(&self.observation.view, target, use_);
        let hint = match similar.as_slice() {
            [] => String::new(),
            some => format!("; there is {}", enumerate(some)),
        };
        format!("there is {found} labelled {target} on {}{hint}", self.page())
    }

    fn page(&self) -> String {
        match self.observation.title.trim() {
            "" => format!("the page {}", clip(&self.observation.url, 200)),
            title => format!("the page {}", quote(title)),
        }
    }

    // ------------------------------------------------------------ moving about

    fn open(&self, address: &Address) -> Move {
        let there = same_address(&self.observation.url, &address.url);
        let opened = self.trail.opened_before.iter().any(|url| same_address(url, &address.url));
        if there || (opened && !self.trail.acted) {
            return Move::Finished(None);
        }
        match self.visit(address) {
            Some(action) => Move::complete(action),
            None => self.given_up(),
        }
    }

    /// Opens an address; one without a scheme by https and then, if that fails, by http.
    fn visit(&self, address: &Address) -> Option<Action> {
        let url = match (self.progress.failures.len(), address.url.strip_prefix("https://")) {
            (0, _) => address.url.clone(),
            (_, Some(rest)) if address.guessed_scheme => format!("http://{rest}"),
            _ => return None,
        };
        Some(Action::Navigate { url, new_tab: None })
    }

    fn scroll(&self, scrolling: &Scrolling) -> Move {
        let scroll = self.observation.view.scroll;
        let screens = |pixels: u32| f64::from(pixels.div_ceil(scroll.viewport_height.max(1)).clamp(1, 100));
        let more = self.progress.looks < MAX_LOOKS;
        match scrolling {
            Scrolling::By { direction, pages } => Move::complete(scroll_by(*direction, *pages)),
            // A page may grow while it is scrolled.
            Scrolling::ToBottom if scroll.pixels_below > 0 && more => {
                Move::look(scroll_by(ScrollDirection::Down, screens(scroll.pixels_below)), Look::Further)
            }
            Scrolling::ToTop if scroll.pixels_above > 0 && more => {
                Move::look(scroll_by(ScrollDirection::Up, screens(scroll.pixels_above)), Look::Further)
            }
            Scrolling::ToBottom | Scrolling::ToTop => Move::Finished(None),
            Scrolling::ToText(text) if self.shows(text) => Move::Finished(None),
            Scrolling::ToText(text) => self.look_around(|| format!("{} is nowhere on {}", quote(text), self.page())),
        }
    }

    fn wait(&self, waiting: &Waiting) -> Move {
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
        Move::complete(Action::Wait { seconds, text, gone })
    }

    fn shows(&self, text: &str) -> bool {
        self.lines.iter().any(|line| find::fits_text(text, &line.text))
    }

    // ------------------------------------------------------------ searching

    fn search(&self, query: &str, site: &Site) -> Move {
        let view = &self.observation.view;
        match site {
            Site::Web(engine) => return Move::complete(Action::Search { query: query.to_owned(), engine: *engine }),
            Site::At(address) if self.progress.prepared == 0 && !same_host(&self.observation.url, &address.url) => {
                return self.visit(address).map_or_else(|| self.given_up(), Move::prepare);
            }
            Site::Any | Site::Here | Site::At(_) => {}
        }
        if let Some(field) = find::search_field(view) {
            return Move::complete(submit_input(field.index, query));
        }
        if *site == Site::Any {
            return Move::complete(Action::Search { query: query.to_owned(), engine: None });
        }
        let fields: Vec<&Element> = view.elements.iter().filter(|element| is_plain_text_field(element)).collect();
        if let [only] = fields.as_slice() {
            return Move::complete(submit_input(only.index, query));
        }
        // Some sites show the field only after a click on a magnifying glass.
        let opener = find::find(view, self.lines, &Target::named("search"), Use::Click);
        match self.pick(&opener) {
            Some(opener) if opener_helps(self.progress, site) => Move::prepare(Action::Click { index: opener.index }),
            _ => self.look_around(|| format!("there is no search field on {}", self.page())),
        }
    }

    // ------------------------------------------------------------ clicking and filling in

    fn click(&self, target: &Target) -> Move {
        if target.kind == Some(ElementKind::Result) && target.label.is_empty() {
            return match self.result(target.ordinal) {
                Some(result) => Move::on(Action::Click { index: result.index }, false),
                None => self.look_around(|| self.missing(target, Use::Click, false)),
            };
        }
        match self.aim(target, Use::Click) {
            Aim::At(element, exact) => Move::on(Action::Click { index: element.index }, exact),
            Aim::Elsewhere(elsewhere) => elsewhere,
        }
    }

    /// An entry of a result list: a link about what was searched for, else one below a line that says "results".
    fn result(&self, ordinal: Option<Ordinal>) -> Option<&'a Element> {
        let view = &self.observation.view;
        let links = || view.elements.iter().filter(|element| element.role == "link" || element.tag == "a");
        let query = self.trail.last_query.as_deref().unwrap_or_default();
        let mut results: Vec<&Element> = links().filter(|link| find::fits_text(query, &link.name)).collect();
        if results.is_empty() || fold(query).is_empty() {
            let heading =
                self.lines.iter().position(|line| fold(&line.text).split(' ').any(|word| word.starts_with("result")));
            let below = &self.lines[heading.map_or(0, |at| at + 1)..];
            results = links().filter(|link| below.iter().any(|line| line.index == Some(link.index))).collect();
        }
        match ordinal {
            Some(Ordinal::Last) => results.last().copied(),
            Some(Ordinal::Nth(nth)) => results.get(nth).copied(),
            None => results.first().copied(),
        }
    }

    fn fill(&self, target: &Target, value: &str, use_: Use) -> Move {
        let mut matches = find::find(&self.observation.view, self.lines, target, use_);
        if matches.elements.is_empty() && use_ == Use::Type {
            // "Fill in Country" is said of a list as well.
            matches = find::find(&self.observation.view, self.lines, target, Use::Choose);
        }
        match self.pick(&matches) {
            Some(element) => put(element, value, matches.exact),
            None => self.look_around(|| self.missing(target, use_, matches.too_few)),
        }
    }

    fn fill_any(&self, text: &str) -> Move {
        let fields = || self.observation.view.elements.iter().filter(|element| is_plain_text_field(element));
        match fields().find(|field| field.value.is_empty()).or_else(|| fields().next()) {
            Some(field) => Move::on(input(field.index, text), false),
            None => self.look_around(|| format!("there is no text field on {}", self.page())),
        }
    }

    fn select(&self, option: &str, from: Option<&Target>) -> Move {
        let view = &self.observation.view;
        let listed = match from {
            Some(target) => find::find(view, self.lines, target, Use::Choose),
            None => Matches {
                elements: view.elements.iter().filter(|element| exact_option(element, option).is_some()).collect(),
                ..Matches::default()
            },
        };
        if let Some(element) = self.pick(&listed) {
            return put(element, option, listed.exact);
        }
        // A group of radio buttons is a list to the reader, and so is a menu of links.
        let named = Target::named(option);
        let others: &[Use] = if from.is_some() { &[Use::Tick] } else { &[Use::Tick, Use::Click] };
        for use_ in others {
            let matches = find::find(view, self.lines, &named, *use_);
            match self.pick(&matches) {
                Some(element) if element.checked == Some(true) => return Move::Finished(None),
                Some(element) => return Move::on(Action::Click { index: element.index }, matches.exact),
                None => {}
            }
        }
        self.look_around(|| self.missing(from.unwrap_or(&named), Use::Choose, listed.too_few))
    }

    fn check(&self, target: &Target, on: bool) -> Move {
        match self.aim(target, Use::Tick) {
            Aim::At(element, exact) => tick(element, on, exact),
            Aim::Elsewhere(elsewhere) => elsewhere,
        }
    }

    // ------------------------------------------------------------ reading

    fn read(&self, question: &Question) -> Move {
        match question.asks {
            Asks::Title => return Move::Finished(Some(self.observation.title.clone())),
            Asks::Address => return Move::Finished(Some(self.observation.url.clone())),
            _ => {}
        }
        let in_view = question.answer(self.lines);
        if let Some(found) = in_view.as_ref().filter(|found| found.certainty == Certainty::Sure) {
            return Move::Finished(Some(found.text.clone()));
        }
        let Some(extracted) = &self.progress.extracted else {
            if self.progress.failures.is_empty() {
                let query = (question.asks != Asks::Page).then(|| question.text.clone());
                return Move::look(Action::Extract { query, index: None }, Look::Text);
            }
            return finish_reading(question, in_view, &self.page());
        };
        let found = question.answer(&lines::of_text(extracted));
        finish_reading(question, found.or(in_view), &self.page())
    }

    // ------------------------------------------------------------ forms

    fn log_in(&self, user: &str, password: &str) -> Move {
        let elements = &self.observation.view.elements;
        let secret_at = elements.iter().position(|element| element.input_type == "password" && !element.disabled);
        let before = &elements[..secret_at.unwrap_or(elements.len())];
        let names = ["user", "username", "email", "mail", "login", "account", "phone", "name"];
        let named = before.iter().filter(|element| is_plain_text_field(element)).find(|element| {
            let words = fold(&format!("{} {}", element.name, element.placeholder));
            element.input_type == "email" || words.split(' ').any(|word| names.contains(&word))
        });
        let last_before = || before.iter().rfind(|element| is_plain_text_field(element));
        match (secret_at, named) {
            (Some(at), named) => {
                let mut actions = Vec::new();
                if let Some(field) = named.or_else(last_before) {
                    actions.push(Planned { action: input(field.index, user), part: Part::Prepares, sure: true });
                }
                let secret = elements[at].index;
                let button = elements[at + 1..].iter().find(|element| is_button_named(element, &LOGIN_BUTTONS));
                match button {
                    Some(button) => {
                        actions.push(Planned { action: input(secret, password), part: Part::Prepares, sure: true });
                        let click = Action::Click { index: button.index };
                        actions.push(Planned { action: click, part: Part::Completes, sure: true });
                    }
                    None => {
                        let action = submit_input(secret, password);
                        actions.push(Planned { action, part: Part::Completes, sure: true });
                    }
                }
                Move::Act(actions)
            }
            // Some sites ask for the name first and for the password on the next page.
            (None, Some(field))
                if self.progress.prepared < 2 && find::search_field(&self.observation.view) != Some(field) =>
            {
                Move::prepare(submit_input(field.index, user))
            }
            (None, _) => {
                let openers = ["log in", "sign in", "account"].map(Target::named);
                let opener = openers
                    .iter()
                    .find_map(|target| self.pick(&find::find(&self.observation.view, self.lines, target, Use::Click)));
                match opener {
                    Some(opener) if self.progress.prepared == 0 => Move::prepare(Action::Click { index: opener.index }),
                    _ => self.look_around(|| format!("there is no password field on {}", self.page())),
                }
            }
        }
    }

    fn add_to_cart(&self, item: Option<&str>) -> Move {
        let view = &self.observation.view;
        let buttons = ["add to cart", "add to basket", "add to bag"].map(|label| {
            let near = item.map(str::to_owned);
            find::find(view, self.lines, &Target { near, ..Target::named(label) }, Use::Click)
        });
        let button = buttons.iter().find_map(|matches| self.pick(matches));
        let Some(item) = item else {
            return match button {
                Some(button) => Move::on(Action::Click { index: button.index }, false),
                None => self.look_around(|| self.missing(&Target::named("Add to cart"), Use::Click, false)),
            };
        };
        let shown = find::fits_text(item, &self.observation.title)
            || self.lines.iter().any(|line| find::fits_text(item, &line.text));
        if let (Some(button), true) = (button, shown) {
            return Move::on(Action::Click { index: button.index }, false);
        }
        let link = find::find(view, self.lines, &Target::named(item), Use::Click);
        match (self.pick(&link), find::search_field(view)) {
            (Some(link), _) if self.progress.prepared < 3 => Move::prepare(Action::Click { index: link.index }),
            (None, Some(field)) if self.progress.prepared == 0 => Move::prepare(submit_input(field.index, item)),
            _ => self.look_around(|| self.missing(&Target::named(item), Use::Click, false)),
        }
    }

    /// The form's own button: the first one after the field last filled in, else any, else Enter in that field.
    fn submit(&self, what: Option<&str>) -> Move {
        let elements = &self.observation.view.elements;
        let last_field =
            self.trail.last_field.and_then(|index| elements.iter().position(|element| element.index == index));
        let after = &elements[last_field.map_or(0, |at| at + 1)..];
        let says = |element: &&Element| {
            what.is_some_and(|what| find::is_button(element) && find::fits_text(what, &element.name))
        };
        let submits = |element: &&Element| element.input_type == "submit" || is_button_named(element, &SUBMIT_BUTTONS);
        let button = after.iter().find(says).or_else(|| after.iter().find(submits));
        let button = button.or_else(|| elements.iter().find(says)).or_else(|| elements.iter().find(submits));
        match button {
            Some(button) => Move::on(Action::Click { index: button.index }, true),
            None if last_field.is_some() => Move::complete(Action::SendKeys { keys: "Enter".to_owned() }),
            None => self.look_around(|| format!("there is no button that submits a form on {}", self.page())),
        }
    }
}

const LOGIN_BUTTONS: [&str; 8] = ["log in", "login", "log on", "sign in", "submit", "continue", "next", "enter"];
const SUBMIT_BUTTONS: [&str; 13] = [
    "submit",
    "send",
    "save",
    "continue",
    "confirm",
    "apply",
    "ok",
    "go",
    "log in",
    "sign in",
    "sign up",
    "place order",
    "next",
];

fn is_button_named(element: &Element, names: &[&str]) -> bool {
    find::is_button(element) && !element.disabled && names.iter().any(|name| find::fits_text(name, &element.name))
}

fn is_plain_text_field(element: &Element) -> bool {
    find::is_text_field(element) && element.input_type != "password" && !element.disabled
}

fn opener_helps(progress: &Progress, site: &Site) -> bool {
    progress.prepared < if matches!(site, Site::At(_)) { 2 } else { 1 }
}

fn finish_reading(question: &Question, found: Option<super::answer::Found>, page: &str) -> Move {
    match found {
        Some(found) if found.certainty > Certainty::Guess => Move::Finished(Some(found.text)),
        Some(found) => Move::Impossible(format!(
            "{page} has no clear answer to {question}; the closest it says is {}",
            quote(&found.text)
        )),
        None => Move::Impossible(format!("{page} says nothing about {question}")),
    }
}

/// Types, chooses or ticks, whichever the element takes.
fn put(element: &Element, value: &str, sure: bool) -> Move {
    if find::is_tickable(element) {
        let off = matches!(fold(value).as_str(), "off" | "no" | "false" | "unchecked" | "0");
        return tick(element, !off, sure);
    }
    let index = element.index;
    if find::is_select(element) {
        let option = exact_option(element, value).unwrap_or(value);
        return Move::on(Action::Select { index, options: vec![option.to_owned()] }, sure);
    }
    Move::on(input(index, value), sure)
}

fn tick(element: &Element, on: bool, sure: bool) -> Move {
    if element.checked == Some(on) {
        return Move::Finished(None);
    }
    Move::on(Action::Click { index: element.index }, sure)
}

/// The option as the page writes it.
fn exact_option<'a>(element: &'a Element, wanted: &str) -> Option<&'a str> {
    let options = || element.options.iter().map(String::as_str);
    let folded = fold(wanted);
    options()
        .find(|option| option.trim() == wanted.trim())
        .or_else(|| options().find(|option| !folded.is_empty() && fold(option) == folded))
        .or_else(|| options().find(|option| find::fits_text(wanted, option)))
}

fn input(index: ElementIndex, text: &str) -> Action {
    Action::Input { index, text: text.to_owned(), clear: None, submit: None }
}

fn submit_input(index: ElementIndex, text: &str) -> Action {
    Action::Input { index, text: text.to_owned(), clear: None, submit: Some(true) }
}

fn scroll_by(direction: ScrollDirection, pages: f64) -> Action {
    Action::Scroll { direction, pages: Some(pages), index: None }
}

fn same_address(a: &str, b: &str) -> bool {
    match (url::Url::parse(a), url::Url::parse(b)) {
        (Ok(a), Ok(b)) => a == b,
        _ => a == b,
    }
}

/// The same host, "www." aside.
fn same_host(a: &str, b: &str) -> bool {
    let host = |address: &str| {
        let url = url::Url::parse(address).ok()?;
        let host = url.host_str()?;
        Some((host.strip_prefix("www.").unwrap_or(host).to_owned(), url.port()))
    };
    host(a).is_some_and(|a| host(b) == Some(a))
}
