//! Steps: their actions and reports.

use super::*;

fn changed() -> Result<ActionOutcome, ActionError> {
    Ok(ActionOutcome { description: "Click 'Next'".into(), page_changed: true, ..ActionOutcome::default() })
}

#[tokio::test]
async fn a_step_describes_its_actions_and_the_page_after_them() {
    let world = World::new([answer(json!([click(1), click(1)])), answer(json!([done("bought")]))]);
    world.page.queue([ok(), changed()]);
    let result = world.run().await;
    assert_eq!((result.success, result.final_text.as_str(), result.errors.len()), (true, "bought", 0));
    assert_eq!((result.stop_reason, result.blocker), (StopReason::Done, None));
    let steps = world.steps();
    assert_eq!(
        steps[0],
        StepReport {
            step: 1,
            action: "click".into(),
            description: "Click 'Save'; Click 'Next'".into(),
            thought: "eval\ngoal\nmem".into(),
            url: "https://shop.example/2".into(),
            title: "Shop 2".into(),
            screenshot: Some(image("event")),
            downloads: vec![],
            kept: Vec::new(),
            blocker: None,
        }
    );
    assert_eq!(
        (steps[1].step, steps[1].action.as_str(), steps[1].description.as_str()),
        (2, "done", "Finish the task")
    );
}

#[tokio::test]
async fn the_page_is_read_once_per_step_and_once_before_the_first() {
    let world = World::new([answer(json!([click(1), click(1)])), answer(json!([click(1)])), answer(json!([done("")]))]);
    world.run().await;
    assert_eq!(*world.page.read.lock().unwrap(), 4);
    assert!(world.calls()[0].page_view().text.contains("view 1"));
    assert!(world.calls()[2].page_view().text.contains("view 3"));
}

#[tokio::test]
async fn actions_after_a_failed_one_are_skipped_and_reported_to_the_model() {
    let world = World::new([answer(json!([click(1), click(1), click(1), click(1)])), answer(json!([done("")]))]);
    world.page.queue([ok(), impossible()]);
    let result = world.run().await;
    assert_eq!(world.acted().len(), 2);
    assert_eq!(result.errors, ["the button is disabled"]);
    assert_eq!(world.steps()[0].description, "Click 'Save'; Click 'Save' failed: the button is disabled");
    let told = world.calls()[1].text();
    assert!(told.contains("- Click 'Save'\n- click failed: the button is disabled\n- 2 skipped"), "{told}");
}

#[tokio::test]
async fn actions_on_a_changed_page_are_skipped_without_failing_the_step() {
    let world = World::new([answer(json!([click(1), click(1), done("too early")])), answer(json!([done("now")]))]);
    world.page.queue([changed()]);
    let result = world.run().await;
    assert_eq!((result.final_text.as_str(), result.errors.len()), ("now", 0));
    assert_eq!(world.acted().len(), 1);
    assert!(world.calls()[1].page_view().text.contains("2 of your 3 actions were skipped: the page changed."));
}

#[tokio::test]
async fn an_element_removed_by_an_earlier_action_counts_as_a_page_change() {
    for gone in [
        ActionError::ElementGone { index: ElementIndex(2).into() },
        ActionError::ElementChanged { index: ElementIndex(2).into(), was: "button".into(), now: "link".into() },
    ] {
        let world = World::new([answer(json!([click(1), click(2)])), answer(json!([done("")]))]);
        world.page.queue([ok(), Err(gone.clone())]);
        assert_eq!(world.run().await.errors, Vec::<String>::new());
        let told = format!("1 of your 2 actions were skipped: {gone}");
        assert!(world.calls()[1].page_view().text.contains(&told));
    }
}

#[tokio::test]
async fn an_element_missing_from_the_start_fails_the_step() {
    let world = World::new([answer(json!([click(9), click(1)])), answer(json!([done("")]))]);
    world.page.queue([Err(ActionError::ElementGone { index: ElementIndex(9).into() })]);
    let result = world.run().await;
    assert_eq!(result.errors, ["element [9] is not on the page any more; look at the current list"]);
    assert!(world.steps()[0].description.starts_with("Click [9] failed: element [9]"));
}

#[tokio::test]
async fn actions_per_step_are_limited_by_the_setting() {
    let mut world = World::new([answer(json!([click(1), click(1), click(1)])), answer(json!([done("")]))]);
    world.settings.max_actions_per_step = 2;
    world.run().await;
    assert_eq!(world.acted().len(), 2);
    assert!(world.calls()[0].system.contains("Up to 2 actions"));
    assert!(
        world.calls()[1].page_view().text.contains("1 of your 3 actions were skipped: an answer may hold 2 actions.")
    );
}

#[tokio::test]
async fn the_url_in_the_task_is_opened_before_the_first_step_unless_a_start_url_is_given() {
    let mut world = World::new([answer(json!([done("")]))]);
    world.task.task = "Read the title of shop.example/lamps".into();
    world.run().await;
    assert_eq!(*world.page.opened.lock().unwrap(), ["https://shop.example/lamps"]);
    assert!(world.calls()[0].text().contains("Step 0: open the start page\n- Open https://shop.example/lamps"));
    assert_eq!(world.steps().len(), 1);

    world.task.start_url = Some(Url::parse("https://me:secret@start.example/").unwrap());
    world.run().await;
    assert_eq!(world.page.opened.lock().unwrap().len(), 2);
    assert!(world.page.opened.lock().unwrap()[1].contains("start.example"));
    assert_eq!(world.logs().last().unwrap(), "opening https://start.example/");
}

#[tokio::test]
async fn a_start_page_that_fails_to_open_is_reported_to_the_model() {
    let mut world = World::new([answer(json!([done("")]))]);
    world.task.start_url = Some(Url::parse("https://dead.example/").unwrap());
    let error =
        ActionError::Navigation { url: "https://dead.example/".into(), cause: "net::ERR_NAME_NOT_RESOLVED".into() };
    *world.page.opening.lock().unwrap() = Some(error.clone());
    let result = world.run().await;
    assert!(result.success);
    assert_eq!(result.errors, [error.to_string()]);
    assert!(world.calls()[0].text().contains(&format!("- navigate failed: {error}")));
}

#[tokio::test]
async fn retries_are_reported_while_the_call_is_pending() {
    let mut world = World::new([answer(json!([done("")]))]);
    let logged = Arc::new(tokio::sync::Semaphore::new(0));
    let model = Arc::get_mut(&mut world.model).unwrap();
    model.notice = Some("scripted limits the rate of calls, waiting 2 s".into());
    model.until_logged = Some(logged.clone());
    Arc::get_mut(&mut world.events).unwrap().logged = Some(logged);
    world.run().await;
    assert_eq!(world.logs(), ["scripted limits the rate of calls, waiting 2 s"]);
}

#[test]
fn a_run_future_is_send() {
    fn sendable<T: Send>(_: &T) {}
    let world = World::new([]);
    let agent = world.agent(Decider::Planner(Box::new(Idle)));
    sendable(&agent.run(world.task));
}

#[tokio::test]
async fn a_script_runs_only_if_the_setting_allows_it() {
    for allowed in [false, true] {
        let script = answer(json!([{"evaluate": {"js": "1 + 1"}}]));
        let mut world = World::new([script, answer(json!([done("ok")]))]);
        world.settings.allow_evaluate = allowed;
        world.run().await;
        assert_eq!(world.acted().contains(&"evaluate"), allowed);
        let calls = world.calls();
        assert_eq!(calls[0].schema.to_string().contains("evaluate\""), allowed);
        let told = calls[1].prefix();
        assert_eq!(told.contains("`evaluate` is not allowed here"), !allowed, "{told}");
    }
}

#[tokio::test]
async fn a_run_with_secrets_evaluates_no_page_scripts_whatever_the_setting() {
    let script = answer(json!([{"evaluate": {"js": "document.querySelector('input').value"}}]));
    let program = answer(json!([{"script": {"code": "return typeof evaluate"}}]));
    let mut world = World::new([script, program, answer(json!([done("ok")]))]);
    world.settings.allow_evaluate = true;
    world.settings.scripts = Scripts::On;
    world.task.secrets = Secrets::new(vec![OriginSecrets {
        origin: "https://shop.example".parse().unwrap(),
        values: vec![(SecretName::parse("password").unwrap(), SecretValue::parse("hunter22").unwrap())],
    }])
    .unwrap();
    world.run().await;
    assert_eq!(world.acted(), Vec::<&str>::new());
    let calls = world.calls();
    assert!(!calls[0].schema.to_string().contains("evaluate\""));
    assert!(calls[1].prefix().contains("`evaluate` is not allowed here"), "{}", calls[1].prefix());
    assert!(calls[2].prefix().contains("undefined"), "{}", calls[2].prefix());
}

#[tokio::test]
async fn downloads_are_reported_once_with_the_next_step() {
    let world = World::new([answer(json!([click(1)])), answer(json!([click(1)])), answer(json!([done("")]))]);
    let file = |name: &str| FileInfo { name: name.into(), bytes: 5 };
    let with = |names: &[&str]| {
        Some(Ok(Observation { downloads: names.iter().map(|name| file(name)).collect(), ..reading(1) }))
    };
    // By the start page, in the first step, in the second, and beside the answer.
    world.page.queue_readings([with(&["a"]), with(&["b"]), with(&[]), with(&["c"])]);
    world.run().await;
    let reported: Vec<Vec<FileInfo>> = world.steps().into_iter().map(|step| step.downloads).collect();
    assert_eq!(reported, [vec![file("a"), file("b")], vec![], vec![file("c")]]);
}
