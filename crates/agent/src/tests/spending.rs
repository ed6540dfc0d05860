//! Budgets and their warnings.

use tokio::time::Instant;

use super::*;
use crate::usage::Prices;

/// Clicks as long as it may, in calls of 5,000 tokens.
fn clicking(answers: impl IntoIterator<Item = Result<String, ModelError>>) -> World {
    let mut world = World::new(answers);
    let usage =
        Usage { calls: 1, prompt_tokens: 4_900, cached_tokens: 2_500, cache_written_tokens: 0, completion_tokens: 100 };
    Arc::get_mut(&mut world.model).expect("nobody else has it").usage = Some(usage);
    world
}

fn priced(mut world: World) -> World {
    // A call costs 2,400 * 1 + 2,500 * 0.2 + 100 * 5 millionths.
    world.settings.prices = Prices::parse("scripted/script-1=1/0.2/5").expect("prices");
    world
}

fn only_done(world: &World) -> Vec<bool> {
    world.calls().iter().map(Call::only_done).collect()
}

fn warnings(world: &World) -> Vec<String> {
    let logs = world.events.logs.lock().unwrap().clone();
    logs.into_iter().filter(|(level, _)| *level == LogLevel::Warning).map(|(_, message)| message).collect()
}

#[tokio::test]
async fn usage_of_a_run_is_reported() {
    let mut world = priced(clicking([answer(json!([click(1)])), Ok("hm".into()), answer(json!([done("")]))]));
    world.task.start_url = Some("https://ada:secret@shop.example/0".parse().unwrap());
    let tally = world.run().await.tally;
    assert_eq!(tally.steps, 2);
    // The page after the last action is read again for the end.
    assert_eq!(tally.urls, ["https://shop.example/1", "https://shop.example/2", "https://shop.example/3"]);
    let [used] = tally.usage.as_slice() else { panic!("one model: {tally:?}") };
    assert_eq!((used.name.provider.as_str(), used.name.model.as_str()), ("scripted", "script-1"));
    let all = Usage {
        calls: 3,
        prompt_tokens: 14_700,
        cached_tokens: 7_500,
        cache_written_tokens: 0,
        completion_tokens: 300,
    };
    assert_eq!(used.usage, all, "the answer that could not be used counts");
    assert!((used.cost.unwrap() - 0.0102).abs() < 1e-9);
}

#[tokio::test]
async fn the_last_call_within_the_token_budget_only_allows_done() {
    let mut world = clicking([
        answer(json!([click(1)])),
        answer(json!([click(1)])),
        answer(json!([click(1)])),
        answer(json!([done("so far")])),
    ]);
    world.task.budget.tokens = Some(24_500);
    let result = world.run().await;
    assert_eq!(only_done(&world), [false, false, false, true]);
    assert_eq!((result.success, result.final_text.as_str(), result.stop_reason), (true, "so far", StopReason::Done));
    assert!(world.calls()[3].page_view().text.contains("The run's budget is used up: only done is possible"));
    assert_eq!(warnings(&world)[1..], ["82% of the token budget is used: 20000 of 24500"]);
}

#[tokio::test]
async fn a_final_answer_without_success_names_the_exhausted_budget() {
    let mut world =
        clicking([answer(json!([click(1)])), answer(json!([{"done": {"text": "half", "success": false}}]))]);
    world.task.budget.tokens = Some(14_500);
    let result = world.run().await;
    assert_eq!((result.final_text.as_str(), result.stop_reason), ("half", StopReason::BudgetTokens));

    let mut world = priced(clicking([answer(json!([click(1)]))]));
    world.task.budget.cost = Some(0.012);
    let result = world.run().await;
    assert_eq!((result.final_text.as_str(), result.stop_reason), ("", StopReason::BudgetCost));
    assert_eq!(only_done(&world)[..3], [false, false, true]);
    assert_eq!(
        warnings(&world),
        [
            "budget_cost: there is room for one more call, for the answer",
            "the model's answer cannot be used, asking again",
            "85% of the cost budget is used: 0.0102 of 0.012",
            "the run's cost budget leaves no room for another call",
        ]
    );
}

#[tokio::test]
async fn a_call_that_cannot_fit_is_not_started() {
    let mut world = clicking([answer(json!([done("")]))]);
    world.task.budget.tokens = Some(500);
    let result = world.run().await;
    assert_eq!((world.calls().len(), result.success, result.stop_reason), (0, false, StopReason::BudgetTokens));
    assert_eq!(result.errors, ["the run's token budget leaves no room for another call"]);
    assert_eq!(result.tally.usage, []);
}

#[tokio::test]
async fn the_step_warning_is_sent_once() {
    let scroll = || answer(json!([{"scroll": {"direction": "down"}}]));
    let mut world = World::new(std::iter::repeat_with(scroll).take(9).chain([answer(json!([done("")]))]));
    world.task.max_steps = 10;
    world.run().await;
    assert_eq!(warnings(&world), ["80% of the step budget is used: 8 of 10"]);
}

#[tokio::test(start_paused = true)]
async fn near_the_deadline_one_final_call_is_made() {
    let slow = |seconds| {
        let mut world = World::new([
            answer(json!([{"wait": {"seconds": 10}}])),
            answer(json!([{"wait": {"seconds": 10}}])),
            answer(json!([{"done": {"text": "late", "success": false}}])),
        ]);
        world.task.budget.deadline =
            Some(crate::control::Deadline::new(Instant::now() + Duration::from_secs(seconds), Arc::default()));
        world.page = Arc::new(FakePage { pace: Duration::from_secs(10), ..FakePage::default() });
        world
    };
    let world = slow(35);
    let result = world.run().await;
    assert_eq!(only_done(&world), [false, false, true]);
    assert_eq!(result.stop_reason, StopReason::BudgetTime);

    let world = slow(3_600);
    assert_eq!(world.run().await.stop_reason, StopReason::Done);
    assert_eq!(only_done(&world), [false, false, false]);
}
