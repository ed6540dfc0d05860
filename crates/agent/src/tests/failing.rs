//! Failures of answers, models, pages and browsers.

use std::time::Duration;

use super::*;

fn provider() -> String {
    "scripted".into()
}

#[tokio::test]
async fn an_unusable_answer_is_sent_back_at_most_twice() {
    let world = World::new([
        Ok("I clicked it".into()),
        Ok(String::new()),
        Ok("{\"actions\":[{\"fly\":{}}]}".into()),
        answer(json!([done("")])),
    ]);
    let result = world.run().await;
    let calls = world.calls();
    assert_eq!(calls.len(), 4);
    let last = &calls[2].messages;
    assert_eq!(last[last.len() - 4].text, "I clicked it");
    assert_eq!(last[last.len() - 2].text, "(empty)");
    assert!(last[last.len() - 1].text.starts_with("That answer cannot be used: it is not JSON (no object in it)."));
    assert_eq!(result.errors.len(), 1);
    assert!(
        result.errors[0]
            .starts_with("the model's answer could not be understood: action 1 is wrong: unknown variant `fly`")
    );
    assert!(calls[3].text().contains(&format!("Step 1:\nError: {}", &result.errors[0][..80])));
    let steps = world.steps();
    assert_eq!((steps[0].step, steps[0].action.as_str()), (1, ""));
    assert!(steps[0].description.starts_with("No action: the model's answer could not be understood"));
    assert_eq!(world.logs().len(), 2);
}

#[tokio::test]
async fn a_repair_is_dropped_from_the_next_step() {
    let world = World::new([Ok("nonsense".into()), answer(json!([click(1)])), answer(json!([done("")]))]);
    assert_eq!(world.run().await.errors, Vec::<String>::new());
    assert!(!world.calls()[2].text().contains("nonsense"));
}

#[tokio::test]
async fn after_three_consecutive_failed_steps_a_final_call_only_allows_done() {
    let world = World::new([
        answer(json!([click(1)])),
        answer(json!([click(1)])),
        answer(json!([click(1)])),
        answer(json!([done("gave up")])),
    ]);
    world.page.queue([impossible(), impossible(), impossible()]);
    let result = world.run().await;
    assert_eq!((result.final_text.as_str(), result.stop_reason), ("gave up", StopReason::Done));
    assert_eq!(result.errors, ["the button is disabled"; 3]);
    assert_eq!(world.calls().iter().map(Call::only_done).collect::<Vec<_>>(), [false, false, false, true]);
    assert!(world.calls()[3].page_view().text.contains("3 steps in a row failed, so only done is possible"));
}

#[tokio::test]
async fn a_final_call_without_done_ends_the_run() {
    let world = World::new([answer(json!([click(1)]))]);
    world.page.queue([impossible(), impossible(), impossible()]);
    let result = world.run().await;
    assert_eq!((result.success, result.stop_reason), (false, StopReason::Failures));
    assert_eq!(world.steps().len(), 4);
    assert_eq!(world.acted().len(), 3);
    assert_eq!(result.errors[3], "the model's answer could not be understood: only the action \"done\" is allowed now");
}

#[tokio::test]
async fn a_successful_step_resets_the_failure_count() {
    let world = World::new([answer(json!([{"scroll": {"direction": "down"}}]))]);
    world.page.queue([impossible(), impossible(), ok(), impossible(), impossible(), ok()]);
    let result = world.run().await;
    assert_eq!(world.steps().len(), 20);
    assert_eq!(result.errors.len(), 5, "four failed actions and the last step without done");
}

#[tokio::test]
async fn an_unusable_model_ends_the_run() {
    for error in [
        ModelError::Unauthorized { provider: provider(), model: "script-1".into() },
        ModelError::UnknownModel { provider: provider(), model: "script-1".into() },
        ModelError::Rejected { provider: provider(), model: "script-1".into(), detail: "too long".into() },
        ModelError::RateLimited { provider: provider(), retry_after: None },
        ModelError::Unavailable { provider: provider(), status: 503 },
        ModelError::Unreachable { provider: provider() },
        ModelError::TimedOut { provider: provider() },
    ] {
        let world = World::new([Err(error.clone())]);
        assert_eq!(world.try_run().await, Err(AgentError::Model(error)));
        assert_eq!(world.calls().len(), 1);
    }
}

#[tokio::test]
async fn an_unusable_answer_fails_the_step_and_the_model_is_asked_again() {
    for error in [
        ModelError::Malformed { provider: provider() },
        ModelError::Empty { provider: provider() },
        ModelError::Refused { provider: provider(), reason: "policy".into() },
        ModelError::CutOff { provider: provider() },
    ] {
        let world = World::new([Err(error.clone()), answer(json!([done("")]))]);
        assert_eq!(world.run().await.errors, [error.to_string()]);
        assert!(world.calls()[1].text().contains(&format!("Error: {error}")));
        assert_eq!(world.steps()[0].description, format!("No action: {error}"));
    }
}

#[tokio::test]
async fn a_crashed_page_is_reported_and_offers_no_elements() {
    let world = World::new([answer(json!([click(1)])), answer(json!([done("")]))]);
    world.page.queue([Err(BrowserError::PageCrashed.into())]);
    world.page.queue_readings([None, Some(Err(BrowserError::PageCrashed))]);
    let result = world.run().await;
    assert_eq!(result.errors, ["the page crashed"]);
    assert_eq!(world.steps()[0].url, "https://shop.example/1");
    assert_eq!(world.steps()[0].screenshot, None);
    let calls = world.calls();
    let view = &calls[1].page_view().text;
    assert!(view.contains("! the page crashed and could not be read"), "{view}");
    assert!(!view.contains("[1]<button>"));
}

#[tokio::test]
async fn an_unresponsive_page_fails_the_step() {
    let world = World::new([answer(json!([click(1)])), answer(json!([done("")]))]);
    let silent = BrowserError::Unresponsive { limit: Duration::from_secs(10) };
    world.page.queue_readings([None, Some(Err(silent.clone()))]);
    assert_eq!(world.run().await.errors, [silent.to_string()]);
    assert!(world.calls()[1].text().contains("- Click 'Save'\nError: the page did not answer within 10 s"));
}

#[tokio::test]
async fn a_lost_browser_ends_the_run_wherever_it_is_detected() {
    let lost = || Err(AgentError::Browser(BrowserError::Lost));
    let world = World::new([answer(json!([click(1)]))]);
    world.page.queue([Err(BrowserError::Lost.into())]);
    assert_eq!(world.try_run().await, lost());

    let world = World::new([answer(json!([click(1)]))]);
    world.page.queue_readings([None, Some(Err(BrowserError::Lost))]);
    assert_eq!(world.try_run().await, lost());

    let mut world = World::new([answer(json!([click(1)]))]);
    world.task.start_url = Some(Url::parse("https://shop.example/").unwrap());
    *world.page.opening.lock().unwrap() = Some(BrowserError::Lost.into());
    assert_eq!(world.try_run().await, lost());
    assert!(world.calls().is_empty());
}
