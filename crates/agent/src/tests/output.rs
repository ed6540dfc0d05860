//! The answer: its data, and questions about success on a blocked page.

use super::*;
use crate::observation::{Blocker, BlockerKind};
use crate::output::OutputSchema;

fn asking(schema: Value, answers: impl IntoIterator<Item = Result<String, ModelError>>) -> World {
    let mut world = World::new(answers);
    world.task.output = Some(OutputSchema::parse(schema).expect("a schema"));
    world
}

fn price() -> Value {
    json!({
        "type": "object",
        "properties": {"price": {"type": "number"}, "until": {"type": "string", "format": "date"}},
        "required": ["price"],
    })
}

fn with_data(data: Value) -> Result<String, ModelError> {
    answer(json!([{"done": {"text": "12 €", "success": true, "data": data}}]))
}

fn invalid_form() -> Option<Result<Observation, BrowserError>> {
    let blocker = Blocker { kind: BlockerKind::FormInvalid, message: "The terms are not accepted".into() };
    Some(Ok(Observation { blocker: Some(blocker), ..reading(90) }))
}

#[tokio::test]
async fn the_schema_is_sent_once_and_the_data_becomes_the_output() {
    let world = asking(price(), [answer(json!([click(1)])), with_data(json!(r#"{"price": 12.5}"#))]);
    let result = world.run().await;
    assert_eq!((result.success, result.final_text.as_str()), (true, "12 €"));
    assert_eq!(result.output, Some(json!({"price": 12.5})));
    let calls = world.calls();
    assert!(calls[0].messages[0].text.ends_with(&price().to_string()), "{}", calls[0].messages[0].text);
    assert_eq!(calls[0].messages[0].text, calls[1].messages[0].text, "the prefix stays");
    assert_eq!(calls[1].text().matches("\"price\"").count(), 2, "in the schema alone");
    assert!(calls[0].schema.to_string().contains("\"data\""));
}

#[tokio::test]
async fn without_a_schema_the_prompt_mentions_no_data_and_there_is_no_output() {
    let world = World::new([with_data(json!("{}"))]);
    let result = world.run().await;
    assert_eq!((result.success, result.output), (true, None));
    let call = &world.calls()[0];
    assert!(!call.schema.to_string().contains("data") && !call.messages[0].text.contains("data"));
}

#[tokio::test]
async fn data_may_be_an_object_or_a_string() {
    let result = asking(price(), [with_data(json!({"price": 3}))]).run().await;
    assert_eq!(result.output, Some(json!({"price": 3})));
    for said in ["12", "\"12\"", "twelve"] {
        let result = asking(json!({"type": "string"}), [with_data(json!(said))]).run().await;
        assert_eq!(result.output, Some(json!(said.trim_matches('"'))), "{said}");
    }
}

#[tokio::test]
async fn invalid_data_is_sent_back_with_the_errors() {
    let bad = r#"{"price": "12", "until": "tomorrow"}"#;
    let world = asking(price(), [with_data(json!(bad)), with_data(Value::Null), with_data(json!(r#"{"price": 12}"#))]);
    let result = world.run().await;
    assert_eq!((result.success, result.output, result.errors.len()), (true, Some(json!({"price": 12})), 0));
    let calls = world.calls();
    assert_eq!(calls.len(), 3);
    let said = &calls[1].messages.last().unwrap().text;
    assert!(said.contains("/price: \"12\" is not of type \"number\""), "{said}");
    assert!(said.contains("/until:"), "{said}");
    assert!(calls[2].messages.last().unwrap().text.contains("\"data\" is missing in \"done\""));
    assert_eq!(world.steps().len(), 1, "all in one step");
}

#[tokio::test]
async fn data_that_stays_invalid_ends_the_run_without_success_after_two_repairs() {
    let world = asking(price(), [with_data(json!("{}"))]);
    let result = world.run().await;
    assert_eq!(world.calls().len(), 3);
    assert_eq!((result.success, result.stop_reason, result.output), (false, StopReason::OutputInvalid, None));
    assert_eq!(result.final_text, "12 €");
    assert_eq!(result.errors, ["\"data\" does not fit its schema: \"price\" is a required property"]);
}

#[tokio::test]
async fn an_answer_without_success_needs_no_data() {
    let given_up = answer(json!([{"done": {"text": "no such lamp", "success": false, "data": null}}]));
    let world = asking(price(), [given_up]);
    let result = world.run().await;
    assert_eq!((world.calls().len(), result.success, result.output, result.errors.len()), (1, false, None, 0));
    assert_eq!(result.stop_reason, StopReason::Done);
}

#[tokio::test]
async fn success_on_a_blocked_page_is_questioned_once_and_may_be_withdrawn() {
    let world = World::new([
        answer(json!([click(1), done("ordered")])),
        answer(json!([click(2)])),
        answer(json!([done("ordered now")])),
    ]);
    // Before the first step; after the first `done`; the rest as usual.
    world.page.queue_readings([None, invalid_form()]);
    let result = world.run().await;
    assert_eq!((result.success, result.final_text.as_str()), (true, "ordered now"));
    let asked = world.calls()[1].page_view().text.clone();
    assert!(
        asked.contains("Click 'Save'. You said done with success, but the page is blocked (form_invalid)"),
        "{asked}"
    );
    assert!(asked.contains("The terms are not accepted"), "{asked}");
    assert_eq!(world.acted(), ["click", "click"]);
    let steps = world.steps();
    assert_eq!(steps.len(), 2);
    assert_eq!(steps[0].description, "Click 'Save'; Click 'Save'", "the answer taken back leaves no trace");
    assert!(!world.calls()[2].text().contains("skipped"));
}

#[tokio::test]
async fn a_confirmed_success_stands_and_is_not_questioned_again() {
    let world = World::new([answer(json!([done("as good as it gets")]))]);
    world.page.queue_readings([None, invalid_form(), invalid_form()]);
    let result = world.run().await;
    assert_eq!((result.success, result.stop_reason, result.blocker), (true, StopReason::Done, None));
    assert_eq!((world.calls().len(), world.steps().len()), (2, 1));
    assert_eq!(world.steps()[0].description, "Finish the task");
}

#[tokio::test]
async fn success_is_questioned_on_the_last_step_too() {
    let mut world = World::new([
        answer(json!([done("ordered")])),
        answer(json!([{"done": {"text": "not quite", "success": false}}])),
    ]);
    world.task.max_steps = 1;
    world.page.queue_readings([None, invalid_form(), invalid_form()]);
    let result = world.run().await;
    assert_eq!((result.success, result.final_text.as_str()), (false, "not quite"));
    assert_eq!(result.stop_reason, StopReason::MaxSteps);
    assert!(world.calls()[1].only_done());
    assert_eq!(world.steps().len(), 1);
}

#[tokio::test]
async fn a_success_that_cannot_be_questioned_does_not_count() {
    let world = World::new([answer(json!([done("ordered")])), Ok("hm".into())]);
    world.page.queue_readings([None, invalid_form(), invalid_form()]);
    let result = world.run().await;
    assert_eq!((result.success, result.stop_reason), (false, StopReason::Unconfirmed));
    assert_eq!(result.final_text, "ordered");
    assert!(result.errors[0].contains("could not be asked again"), "{:?}", result.errors);
    assert!(result.blocker.is_some());
}

#[tokio::test]
async fn giving_up_on_a_blocked_page_sets_the_stop_reason() {
    let world = World::new([answer(json!([{"done": {"text": "a captcha", "success": false}}]))]);
    world.page.queue_readings([None, invalid_form()]);
    let result = world.run().await;
    assert_eq!((world.calls().len(), result.stop_reason), (1, StopReason::Blocked));
}
