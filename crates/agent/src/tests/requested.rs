//! Requested actions come before any decision.

use std::time::Duration;

use super::*;
use crate::RequestedAction;
use crate::action::ScrollDirection;

fn requested(name: &str, action: Action) -> RequestedAction {
    RequestedAction { name: name.into(), action }
}

fn by(selector: &str) -> Locator {
    Locator::Selector(selector.into())
}

fn click(selector: &str) -> RequestedAction {
    requested("click", Action::click(by(selector)))
}

fn read(selector: &str) -> RequestedAction {
    requested("extract_text", Action::extract(Some(by(selector))))
}

fn wait_for(selector: Option<&str>, url: Option<&str>) -> Action {
    let (selector, url) = (selector.map(str::to_owned), url.map(str::to_owned));
    Action::Wait { seconds: Some(60.0), text: None, gone: None, selector, url }
}

fn text(text: &str) -> Result<ActionOutcome, ActionError> {
    Ok(ActionOutcome { description: "Read it".into(), extracted: Some(text.into()), ..ActionOutcome::default() })
}

fn world(actions: impl IntoIterator<Item = RequestedAction>) -> World {
    let mut world = World::new([answer(json!([done("ordered")]))]);
    world.task.actions = actions.into_iter().collect();
    world
}

/// Runs without a planner.
async fn run_alone(world: &World) -> AgentResult {
    let agent = world.agent(Decider::Planner(Box::new(Idle)));
    agent.run(world.task.clone()).await.expect("nothing broke")
}

#[tokio::test(start_paused = true)]
async fn each_action_is_a_step_in_the_order_given() {
    let delay = Duration::from_secs(60);
    let input = Action::Input { index: ElementIndex(1).into(), text: "tea".into(), clear: None, submit: None };
    let scroll = Action::Scroll { direction: ScrollDirection::Down, pages: Some(0.5), index: None };
    let press = Action::SendKeys { keys: "Enter".into(), index: Some(by("#q")) };
    let world = world([
        requested("wait_for", wait_for(Some("#shop"), None)),
        click("#go"),
        requested("type", input.clone()),
        requested("scroll", scroll.clone()),
        requested("wait", Action::wait(60.0)),
        requested("press_enter", press.clone()),
        requested("wait_for_url_contains", wait_for(None, Some("/results"))),
    ]);
    let started = tokio::time::Instant::now();
    let result = run_alone(&world).await;
    assert_eq!(started.elapsed(), delay, "only the wait takes time");
    assert_eq!((result.success, result.errors.len()), (true, 0));
    assert_eq!(result.final_text, "All actions were carried out, 7 in number.");

    let steps = world.steps();
    let names: Vec<_> = steps.iter().map(|step| step.action.as_str()).collect();
    assert_eq!(names, ["wait_for", "click", "type", "scroll", "wait", "press_enter", "wait_for_url_contains"]);
    assert_eq!(steps.iter().map(|step| step.step).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6, 7]);
    assert_eq!(steps[0].description, "Wait for '#shop'");
    assert_eq!(steps[4].description, "Wait 60 s");
    assert_eq!(steps[5].description, "Press Enter at '#q'");
    assert_eq!(steps[6].description, "Wait for a URL with '/results'");
    assert!(steps.iter().all(|step| step.screenshot.is_some() && !step.url.is_empty()));
    let acted = world.page.acted.lock().unwrap().clone();
    let click = Action::click(by("#go"));
    assert_eq!(
        acted,
        [wait_for(Some("#shop"), None), click, input, scroll, press, wait_for(None, Some("/results"))],
        "all but the wait for time"
    );
    assert!(world.calls().is_empty());
}

#[tokio::test]
async fn extracted_text_is_the_answer() {
    let world = world([read("#price"), click("#go"), read("#total")]);
    world.page.queue([text("12 €"), ok(), text("15 €")]);
    assert_eq!(run_alone(&world).await.final_text, "12 €\n15 €");
}

#[tokio::test]
async fn a_failed_action_skips_the_rest() {
    let world = world([click("#go"), click("#missing"), click("#never")]);
    let result = run_alone(&world).await;
    assert!(!result.success);
    let problem = "action 2 of 3: Click '#missing' failed: waiting for \"#missing\" took longer than 10 s";
    assert_eq!(result.errors, [problem]);
    assert_eq!(result.final_text, "1 of 3 actions were carried out.");
    assert_eq!(world.steps().len(), 2, "the failure is a step, what follows is none");
    assert_eq!(*world.page.acted.lock().unwrap(), [Action::click(by("#go")), Action::click(by("#missing"))]);
}

#[tokio::test]
async fn the_model_continues_where_the_actions_ended() {
    let mut world = world([click("#go"), read("#total")]);
    world.task.max_steps = 1;
    world.page.queue([ok(), text("15 €")]);
    let result = world.run().await;
    assert_eq!((result.success, result.final_text.as_str()), (true, "ordered"));
    assert_eq!(world.steps().iter().map(|step| step.step).collect::<Vec<_>>(), [1, 2, 3]);
    let calls = world.calls();
    assert_eq!(calls.len(), 1, "the actions take none of the model's steps");
    let told = calls[0].text();
    assert!(told.contains("Click 'Save'") && told.contains("15 €"), "{told}");
    assert!(calls[0].page_view().text.starts_with("Step 3 of 3."));
}

#[tokio::test]
async fn the_model_learns_of_the_failure_and_continues() {
    let world = world([click("#missing"), click("#never")]);
    let result = world.run().await;
    assert!(result.success);
    assert_eq!(result.errors.len(), 1);
    let told = world.calls()[0].text();
    assert!(told.contains("action 1 of 2: Click '#missing' failed"), "{told}");
}

#[tokio::test]
async fn actions_are_skipped_if_the_start_page_fails_to_open() {
    let mut world = world([click("#go")]);
    world.task.start_url = Some("https://shop.example/".parse().unwrap());
    let gone = || ActionError::Navigation { url: "https://shop.example/".into(), cause: "net::ERR_FAILED".into() };
    *world.page.opening.lock().unwrap() = Some(gone());
    let result = run_alone(&world).await;
    assert_eq!((result.success, result.errors), (false, vec![gone().to_string()]));
    assert!(world.steps().is_empty() && world.acted().is_empty());

    *world.page.opening.lock().unwrap() = Some(gone());
    assert!(world.run().await.success);
    let told = world.calls()[0].text();
    assert!(told.contains("the start page did not open"), "{told}");
}

#[tokio::test]
async fn a_lost_browser_ends_the_run() {
    let world = world([click("#go")]);
    world.page.queue([Err(ActionError::Browser(BrowserError::Lost))]);
    assert_eq!(world.try_run().await, Err(AgentError::Browser(BrowserError::Lost)));
}
