//! Requests of a run share a growing prefix up to the page view, for providers' prefix caches.

use proptest::prelude::*;

use super::*;
use crate::text::estimate_tokens;

fn extracted(length: usize) -> Result<ActionOutcome, ActionError> {
    let text = "line of text\n".repeat(length / 13 + 1);
    Ok(ActionOutcome { description: "Read it".into(), extracted: Some(text), ..ActionOutcome::default() })
}

/// The calls for decisions. A repair continues after the page view of its step.
fn decisions(world: &World) -> Vec<Call> {
    let mut calls = world.calls();
    calls.retain(Call::shows_page_last);
    calls
}

fn breaks(calls: &[Call]) -> usize {
    calls.windows(2).filter(|pair| !pair[1].text().starts_with(&pair[0].prefix())).count()
}

/// An answer of a model, and its outcome on the page.
fn step() -> impl Strategy<Value = (Result<String, ModelError>, Vec<Result<ActionOutcome, ActionError>>)> {
    let again = |number: u32| json!([{"action": "extract", "again": number}]);
    prop_oneof![
        Just((answer(json!([click(1), click(1)])), vec![ok(), ok()])),
        Just((answer(json!([click(1), click(1)])), vec![impossible()])),
        Just((answer(json!([{"screenshot": {}}])), vec![])),
        Just((answer(json!([{"script": {"code": "click(1); return text()"}}])), vec![ok(), extracted(20)])),
        Just((answer(json!([{"script": {"code": "throw 'no'"}}])), vec![])),
        Just((answer(json!([{"upload": {"index": 1, "files": ["cv.pdf"]}}])), vec![ok()])),
        (10_usize..60_000).prop_map(|length| (answer(json!([{"action": "extract"}])), vec![extracted(length)])),
        (1_u32..5).prop_map(move |number| (answer(again(number)), vec![])),
        Just((Ok("broken".into()), vec![])),
        Just((Err(ModelError::CutOff { provider: "scripted".into() }), vec![])),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn each_request_repeats_the_previous_one_up_to_its_page_view(steps in prop::collection::vec(step(), 4..14)) {
        let (answers, outcomes): (Vec<_>, Vec<_>) = steps.into_iter().unzip();
        let mut world = World::new(answers);
        world.page.queue(outcomes.into_iter().flatten());
        world.task.start_url = Some(Url::parse("https://shop.example/").unwrap());
        world.task.files = vec![FileInfo { name: "cv.pdf".into(), bytes: 12_000 }];
        world.task.max_steps = 12;
        world.settings.max_failures = 20;
        world.settings.scripts = crate::Scripts::On;
        world.settings.history_token_budget = 1_000_000;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(world.run());
        let calls = decisions(&world);
        prop_assert_eq!(calls.len(), 12);
        for pair in calls.windows(2) {
            let (before, after) = (pair[0].prefix(), pair[1].text());
            prop_assert!(after.starts_with(&before), "{before}\n---\n{after}");
        }
        let (last, free) = calls.split_last().unwrap();
        prop_assert!(free.iter().all(|call| call.schema == calls[0].schema), "one schema, but for the last step");
        prop_assert!(last.only_done());
    }
}

#[tokio::test]
async fn a_repair_continues_the_request_it_repairs() {
    let world = World::new([Ok("broken".into()), Ok("still".into()), answer(json!([done("")]))]);
    world.run().await;
    let calls = world.calls();
    assert_eq!(calls.len(), 3);
    for pair in calls.windows(2) {
        assert!(pair[1].text().starts_with(&pair[0].text()));
    }
}

#[tokio::test]
async fn a_long_history_is_condensed_rarely_and_the_prefix_is_stable_in_between() {
    let mut world = World::new([answer(json!([{"scroll": {"direction": "down"}}]))]);
    world.settings.history_token_budget = 400;
    world.task.max_steps = 120;
    world.run().await;
    let calls = decisions(&world);
    let broken = breaks(&calls);
    assert!(broken >= 2 && broken * 5 <= calls.len(), "{broken} of {}", calls.len());
    let history =
        |call: &Call| call.messages[1..call.messages.len() - 1].iter().map(|m| estimate_tokens(&m.text)).sum::<usize>();
    assert!(calls.iter().all(|call| history(call) <= 400));
    // Whatever is condensed, instructions, schema and task stay.
    assert!(calls.iter().all(|call| call.system == calls[0].system && call.messages[0] == calls[0].messages[0]));
    let last = calls.last().unwrap();
    assert!(last.messages[1].text.starts_with("Earlier steps, condensed (the first "), "{}", last.messages[1].text);
    assert!(last.messages[1].text.contains(": goal | mem"));
    assert!(last.messages[last.messages.len() - 2].text.starts_with("Step 119: goal"));
}
