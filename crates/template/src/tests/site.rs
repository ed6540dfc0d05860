//! A fake site: pages written as lines, and which action leads from which page to which.

use std::collections::HashMap;

use super::super::TemplatePlanner;
use agent::action::Action;
use agent::locator::Locator;
use agent::observation::{Element, ElementIndex, Observation, PageView, Scroll};
use agent::planner::{ActionResult, PastStep, Planner, Turn};
use agent::ports::ActionOutcome;

/// Pages by name, and what their actions lead to.
#[derive(Default)]
pub(super) struct Site {
    pages: HashMap<&'static str, Observation>,
    /// (page, action as [`Site::describe`] writes it) to the next page.
    moves: HashMap<(&'static str, &'static str), &'static str>,
    /// Actions that fail, with the error and how many times.
    failing: HashMap<&'static str, (&'static str, u32)>,
    start: &'static str,
}

/// The actions and answer of a run.
#[derive(Debug)]
pub(super) struct Run {
    /// The actions of each decision that were carried out or failed, without the final `done`.
    pub(super) steps: Vec<Vec<String>>,
    pub(super) text: String,
    pub(super) success: bool,
    /// The goals of the decisions.
    pub(super) thoughts: Vec<String>,
}

impl Run {
    pub(super) fn actions(&self) -> Vec<&str> {
        self.steps.iter().flatten().map(String::as_str).collect()
    }
}

impl Site {
    /// A site; a run begins on its first page.
    pub(super) fn new(start: &'static str) -> Self {
        let mut site = Self { start, ..Self::default() };
        site.pages.insert("blank", Observation { url: "about:blank".to_owned(), ..Observation::default() });
        site
    }

    /// A page: its address, title and lines. `button: Buy`, `link: Cart`, `text: Name`, `search: Search products`,
    /// `password: Password`, `email: E-mail`, `select: Quantity = 1|2`, `radio: Express`, `checkbox: Terms`; a leading
    /// `!` disables, a leading `+` ticks. All else is plain text.
    pub(super) fn page(mut self, name: &'static str, url: &str, title: &str, lines: &[&str]) -> Self {
        self.pages.insert(name, observation(url, title, lines));
        self
    }

    /// As [`Self::page`], on a page that is longer than the screen.
    pub(super) fn scrolled(mut self, name: &'static str, above: u32, below: u32) -> Self {
        let page = self.pages.get_mut(name).expect("the page is there");
        page.view.scroll = Scroll { pixels_above: above, pixels_below: below, viewport_height: 900 };
        self
    }

    pub(super) fn leads(mut self, page: &'static str, action: &'static str, to: &'static str) -> Self {
        assert!(self.pages.contains_key(to), "{to} is a page");
        self.moves.insert((page, action), to);
        self
    }

    pub(super) fn fails(mut self, action: &'static str, error: &'static str, times: u32) -> Self {
        self.failing.insert(action, (error, times));
        self
    }

    pub(super) fn starting_at(self, start: &'static str) -> Self {
        Self { start, ..self }
    }

    pub(super) fn observation(&self, page: &str) -> Observation {
        self.pages[page].clone()
    }

    /// The indices of the first decision's elements.
    pub(super) async fn indices(self, task: &str) -> Vec<u32> {
        let observation = self.pages[self.start].clone();
        let decision = TemplatePlanner::new().decide(turn(task, &observation)).await.expect("it decides");
        decision.actions.iter().filter_map(Action::index).map(|index| index.0).collect()
    }

    pub(super) async fn run(self, task: &str) -> Run {
        self.run_within(task, 40).await
    }

    /// Runs the task until `done`, which the last allowed step requires.
    pub(super) async fn run_within(mut self, task: &str, max_steps: u32) -> Run {
        let mut planner = TemplatePlanner::new();
        let mut history = Vec::new();
        let mut run = Run { steps: Vec::new(), text: String::new(), success: false, thoughts: Vec::new() };
        let mut page = self.start;
        for step in 1..=max_steps {
            let observation = self.pages[page].clone();
            let only_done = step == max_steps;
            let turn = Turn { history: &history, step, max_steps, only_done, ..turn(task, &observation) };
            let decision = planner.decide(turn).await.expect("the planner always decides");
            assert!((1..=5).contains(&decision.actions.len()), "{decision:?}");
            run.thoughts.push(format!("{} | {}", decision.evaluation_previous_goal, decision.next_goal));
            let mut results = Vec::new();
            let mut names = Vec::new();
            for action in &decision.actions {
                if let Action::Done { text, success, .. } = action {
                    (run.text, run.success) = (text.clone(), *success);
                    return run;
                }
                let name = describe(action, &observation);
                let outcome = self.act(&name, action, &mut page);
                let over = outcome.as_ref().map_or(true, |outcome| outcome.page_changed);
                names.push(name);
                results.push(ActionResult { action: action.clone(), outcome });
                if over {
                    break;
                }
            }
            run.steps.push(names);
            history.push(PastStep { step, decision, results, error: None, interrupted: false });
        }
        panic!("no done within {max_steps} steps: {run:?}");
    }

    fn act(&mut self, name: &str, action: &Action, page: &mut &'static str) -> Result<ActionOutcome, String> {
        if let Some((error, times)) = self.failing.get_mut(name)
            && *times > 0
        {
            *times -= 1;
            return Err((*error).to_owned());
        }
        let mut outcome = ActionOutcome { description: name.to_owned(), ..ActionOutcome::default() };
        if matches!(action, Action::Extract { .. }) {
            let view = &self.pages[page].view;
            outcome.extracted =
                Some(super::super::lines::of_view(view).iter().map(|line| format!("{}\n", line.text)).collect());
        }
        if let Action::Navigate { url, .. } = action {
            let found = self.pages.iter().find(|(_, page)| page.url.trim_end_matches('/') == url.trim_end_matches('/'));
            *page = found.ok_or_else(|| format!("{url} could not be opened: net::ERR_NAME_NOT_RESOLVED"))?.0;
            outcome.page_changed = true;
        }
        if let Some(to) = self.moves.iter().find(|((from, done), _)| from == page && *done == name).map(|(_, to)| to) {
            outcome.page_changed = self.pages[page].url != self.pages[to].url;
            *page = to;
        }
        Ok(outcome)
    }
}

/// The first turn of a run.
pub(super) fn turn<'a>(task: &'a str, observation: &'a Observation) -> Turn<'a> {
    Turn {
        task,
        history: &[],
        observation,
        picture: None,
        step: 1,
        max_steps: 20,
        only_done: false,
        reminders: &[],
        deadline: None,
        notices: &|_: String| {},
    }
}

/// An observation as a browser would make it.
pub(crate) fn observation(url: &str, title: &str, lines: &[&str]) -> Observation {
    let mut view = PageView::default();
    for (at, line) in lines.iter().enumerate() {
        match element(line, ElementIndex(10 + at as u32)) {
            Some(element) => {
                let open = format!("<{} type={} value=\"{}\" >", element.tag, element.input_type, element.value);
                view.text.push_str(&format!("\t[{}]{open}{}\n", element.index.0, element.name));
                view.elements.push(element);
            }
            None => view.text.push_str(&format!("{line}\n")),
        }
    }
    Observation { url: url.to_owned(), title: title.to_owned(), view, ..Observation::default() }
}

fn element(line: &str, index: ElementIndex) -> Option<Element> {
    let (kind, name) = line.split_once(": ")?;
    let (mark, kind) = kind.split_at(kind.len() - kind.trim_start_matches(['!', '+']).len());
    let (tag, role, input_type) = match kind {
        "button" => ("button", "button", ""),
        "link" => ("a", "link", ""),
        "text" => ("input", "textbox", "text"),
        "number" => ("input", "spinbutton", "number"),
        "email" => ("input", "textbox", "email"),
        "search" => ("input", "searchbox", "search"),
        "password" => ("input", "textbox", "password"),
        "submit" => ("input", "button", "submit"),
        "file" => ("input", "button", "file"),
        "select" => ("select", "combobox", ""),
        "combo" => ("input", "combobox", "text"),
        "radio" => ("input", "radio", "radio"),
        "checkbox" => ("input", "checkbox", "checkbox"),
        _ => return None,
    };
    let (name, options) = name.split_once(" = ").unwrap_or((name, ""));
    let ticks = matches!(kind, "radio" | "checkbox");
    Some(Element {
        index,
        tag: tag.to_owned(),
        role: role.to_owned(),
        name: name.to_owned(),
        input_type: input_type.to_owned(),
        options: options.split('|').filter(|option| !option.is_empty()).map(str::to_owned).collect(),
        checked: ticks.then_some(mark.contains('+')),
        disabled: mark.contains('!'),
        ..Element::default()
    })
}

/// "click Buy", "input Name=Ada", "input Search=tea submit", "select Quantity=2", "scroll Down 2", "goBack" ...
fn describe(action: &Action, observation: &Observation) -> String {
    let name = |index: &Locator| {
        let element = index.index().and_then(|index| observation.view.element(index));
        element.unwrap_or_else(|| panic!("{index} was not shown on {}", observation.url)).name.clone()
    };
    match action {
        Action::Navigate { url, .. } => format!("navigate {url}"),
        Action::Search { query, engine } => {
            format!("search {query}{}", engine.map(|engine| format!(" {engine:?}")).unwrap_or_default())
        }
        Action::Click { index: Some(index), .. } => format!("click {}", name(index)),
        Action::Input { index, text, submit, .. } => {
            format!("input {}={text}{}", name(index), if *submit == Some(true) { " submit" } else { "" })
        }
        Action::Select { index, options } => format!("select {}={}", name(index), options.join("|")),
        Action::Upload { index, files } => format!("upload {}={}", name(index), files.join("|")),
        Action::SendKeys { keys, .. } => format!("keys {keys}"),
        Action::Scroll { direction, pages, .. } => format!("scroll {direction:?} {}", pages.unwrap_or(1.0)),
        Action::Wait { seconds, text, gone, .. } => match (seconds, text, gone) {
            (Some(seconds), _, _) => format!("wait {seconds}s"),
            (_, Some(text), _) => format!("wait {text}"),
            (_, _, gone) => format!("wait gone {}", gone.clone().unwrap_or_default()),
        },
        Action::Extract { query, .. } => format!("extract {}", query.clone().unwrap_or_default()).trim_end().to_owned(),
        other => other.name().to_owned(),
    }
}
