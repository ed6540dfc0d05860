//! The ways a run ends.

use super::*;

#[tokio::test]
async fn done_ends_the_run_with_the_agents_answer() {
    let world = World::new([answer(json!([{"done": {"text": "no lamps", "success": false}}]))]);
    let result = world.run().await;
    assert_eq!((result.success, result.final_text.as_str(), result.errors.len()), (false, "no lamps", 0));
    assert_eq!((result.stop_reason, result.blocker), (StopReason::Done, None));
    assert_eq!(world.steps().len(), 1);
    assert_eq!(world.steps()[0].description, "End the task unfulfilled");
    assert!(world.acted().is_empty());
}

#[tokio::test]
async fn an_answer_counts_even_if_the_browser_is_lost_meanwhile() {
    let world = World::new([answer(json!([done("bought")]))]);
    world.page.queue_readings([None, Some(Err(BrowserError::Lost))]);
    let result = world.run().await;
    assert!(result.success);
    assert_eq!(world.steps()[0].url, "https://shop.example/1");
}

#[tokio::test]
async fn the_last_step_only_allows_done() {
    let mut world = World::new([answer(json!([click(1)])), answer(json!([click(1)])), answer(json!([done("so far")]))]);
    world.task.max_steps = 3;
    let result = world.run().await;
    assert_eq!(result.final_text, "so far");
    let only_done: Vec<_> = world.calls().iter().map(Call::only_done).collect();
    assert_eq!(only_done, [false, false, true]);
    assert!(world.calls()[2].page_view().text.contains("This is the last step"));
}

#[tokio::test]
async fn a_run_out_of_steps_does_not_succeed() {
    let mut world = World::new([answer(json!([click(1)]))]);
    world.task.max_steps = 2;
    let result = world.run().await;
    assert!(!result.success);
    assert_eq!((result.final_text.as_str(), result.stop_reason), ("", StopReason::MaxSteps));
    assert_eq!(world.acted().len(), 1, "the last step carries out nothing but done");
    assert_eq!(world.steps().iter().map(|step| step.step).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(world.logs().last().unwrap(), "all 2 steps are used up");
}

#[tokio::test]
async fn a_reminder_is_sent_once_after_three_quarters_of_the_steps() {
    let mut world = World::new([answer(json!([{"scroll": {"direction": "down"}}]))]);
    world.task.max_steps = 8;
    world.run().await;
    let reminded: Vec<_> = world.calls().iter().map(|call| call.page_view().text.contains("steps are used")).collect();
    assert_eq!(reminded[..8], [false, false, false, false, false, false, true, false]);
    assert!(world.calls()[6].page_view().text.contains("6 of 8 steps are used"));
}

#[tokio::test]
async fn a_loop_is_reported_and_then_ends_the_run_with_the_reason() {
    let mut world = World::new([answer(json!([click(1)]))]);
    world.task.max_steps = 50;
    let result = world.run().await;
    assert_eq!(world.steps().len(), 15);
    assert_eq!((result.success, result.stop_reason), (false, StopReason::Loop));
    assert_eq!(result.errors, ["stopped for going in circles: the same action was taken in 15 of the last 20 steps"]);
    let told: Vec<_> =
        (1..).zip(world.calls()).filter(|(_, call)| call.text().contains("You seem to go in circles")).collect();
    assert_eq!(told.iter().map(|(call, _)| *call).collect::<Vec<_>>(), [6, 9, 13]);
    assert_eq!(world.logs().len(), 4);
}
