//! The sandbox of the action `script`.

use super::super::control::Control;
use super::super::script::{self, Allowed};
use super::super::settings::Scripts;
use super::super::vocabulary::Vocabulary;
use super::*;

const ALL: Allowed<'static> = Allowed { vocabulary: Vocabulary::ALL, confirm: None };

/// Runs a program on a page where every action works.
async fn run(code: &str) -> Result<ActionOutcome, ActionError> {
    run_on(&FakePage::default(), code).await
}

async fn run_on(page: &FakePage, code: &str) -> Result<ActionOutcome, ActionError> {
    script::run(code, page, &reading(0), ALL, &Recorder::default(), &Control::default()).await
}

async fn result(code: &str) -> String {
    run(code).await.expect("the script ran").extracted.unwrap_or_default()
}

async fn failure(code: &str) -> String {
    run(code).await.expect_err("the script failed").to_string()
}

#[tokio::test]
async fn a_loop_of_actions_is_one_script() {
    let page = FakePage::default();
    let events = Recorder::default();
    let code =
        "for (const i of [3, 4, 5]) { click(i); input(i, 'x' + i, { submit: true }); } return find('Save').length;";
    let control = Control::default();
    let outcome = script::run(code, &page, &reading(0), ALL, &events, &control).await.unwrap();
    let acted = page.acted.lock().unwrap().clone();
    assert_eq!(acted.len(), 6);
    assert_eq!(acted[2], Action::click(ElementIndex(4)));
    let text = "x4".to_owned();
    assert_eq!(acted[3], Action::Input { index: ElementIndex(4).into(), text, clear: None, submit: Some(true) });
    assert_eq!(outcome.extracted.as_deref(), Some("5"));
    assert_eq!(outcome.description, format!("Run a script: {}", ["Click 'Save'"; 6].join("; ")));
    let logs = events.logs.lock().unwrap();
    assert_eq!(logs.len(), 6);
    assert_eq!(logs[0], (LogLevel::Info, "script: Click 'Save'".to_owned()));
}

#[tokio::test]
async fn every_function_performs_the_action_of_its_name() {
    let page = FakePage::default();
    let code =
        "open('https://a.example/'); back(); hover({index: 2}); select(3, 'One'); press('Enter'); scroll(); wait(1);
        wait({text: 'Saved'}); click(find('save')[0]); click(4, {count: 2}); await click(5); text(6); text()";
    run_on(&page, code).await.unwrap();
    let names: Vec<&str> = page.acted.lock().unwrap().iter().map(Action::name).collect();
    let expected = [
        "navigate", "goBack", "hover", "select", "sendKeys", "scroll", "wait", "wait", "click", "click", "click",
        "extract", "extract",
    ];
    assert_eq!(names, expected);
}

#[tokio::test]
async fn the_page_is_read_again_only_after_an_action() {
    let page = FakePage::default();
    let code = "const first = view(); find('x'); click(1); const then = view(); find('x'); return [first.url, then.url, view().text];";
    let outcome = run_on(&page, code).await.unwrap();
    assert_eq!(*page.read.lock().unwrap(), 1);
    let text = outcome.extracted.unwrap();
    assert!(text.starts_with(r#"["https://shop.example/0","https://shop.example/1","view 1\n"#), "{text}");
}

#[tokio::test]
async fn an_action_error_is_thrown_and_can_be_caught() {
    let page = FakePage::default();
    page.queue([ok(), impossible(), ok(), impossible()]);
    let code = "click(1); try { click(2) } catch (e) { input(3, e.message) } click(4); click(5)";
    let error = run_on(&page, code).await.unwrap_err().to_string();
    assert_eq!(error, "the script failed: the button is disabled; it did: Click 'Save'; Click 'Save'");
    assert_eq!(page.acted.lock().unwrap().len(), 4);
}

#[tokio::test]
async fn a_lost_browser_ends_the_script_even_if_it_catches_errors() {
    let page = FakePage::default();
    page.queue([ok(), Err(ActionError::Browser(BrowserError::Lost))]);
    let code = "for (;;) { try { click(1) } catch {} }";
    assert_eq!(run_on(&page, code).await.unwrap_err(), ActionError::Browser(BrowserError::Lost));
    assert_eq!(page.acted.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn a_replaced_browser_ends_the_script() {
    let page = FakePage::default();
    page.queue([ok(), Err(ActionError::Interrupted)]);
    let code = "for (;;) { try { click(1) } catch {} }";
    assert_eq!(run_on(&page, code).await.unwrap_err(), ActionError::Interrupted);
    assert_eq!(page.acted.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn the_returned_value_is_the_result() {
    assert_eq!(result("return 'text'").await, "text");
    assert_eq!(result("return {a: [1, null, 'ü']}").await, r#"{"a":[1,null,"ü"]}"#);
    assert_eq!(result("return await Promise.resolve(7)").await, "7");
    assert_eq!(run("click(1)").await.unwrap().effect, "it returned nothing");
    let long = result("return 'x'.repeat(1e6)").await;
    assert!(long.chars().count() <= 20_100, "{}", long.len());
}

#[tokio::test]
async fn a_thrown_error_is_reported() {
    assert!(failure("let x =").await.contains("SyntaxError"));
    let guessed = failure("nothing.there").await;
    assert!(guessed.contains("ReferenceError: nothing is not defined (a script has only open, back,"), "{guessed}");
    assert!(failure("throw 'a reason'").await.contains("a reason"));
    assert!(failure("throw {a: 1}").await.contains("it threw"));
    assert!(failure("await new Promise(() => {})").await.contains("never comes"));
    assert!(failure("click('first')").await.contains("cannot be done"));
}

#[tokio::test]
async fn a_script_has_no_host_access() {
    for name in
        ["require", "process", "fetch", "XMLHttpRequest", "std", "os", "setTimeout", "document", "WebAssembly", "Deno"]
    {
        assert_eq!(result(&format!("return typeof {name}")).await, "undefined", "{name}");
    }
    assert!(failure("await import('os')").await.contains("the script failed"));
    assert!(failure("return (() => {}).constructor('return this')().nothing.more").await.contains("TypeError"));
}

#[tokio::test]
async fn a_script_cannot_end_the_run_or_nest_scripts() {
    // The native function behind the API is unreachable, and its names cannot be redefined.
    assert_eq!(
        result("return [typeof door, typeof ask, typeof act, typeof powers].join()").await,
        "undefined,undefined,undefined,undefined"
    );
    assert!(failure("'use strict'; globalThis.click = () => {}").await.contains("TypeError"));
}

#[tokio::test]
async fn an_endless_loop_ends_when_its_call_is_dropped() {
    let page = FakePage::default();
    for code in
        ["for (;;) {}", "click(1); for (;;) { try { for (;;) {} } catch {} }", "/(a+)+$/.test('a'.repeat(60) + 'b')"]
    {
        let seen = reading(0);
        let events = Recorder::default();
        let control = Control::default();
        let script = script::run(code, &page, &seen, ALL, &events, &control);
        let waited = tokio::time::timeout(Duration::from_millis(50), script).await;
        assert!(waited.is_err(), "{code}");
    }
    // Dropping the test's runtime waits for its threads, so it would hang.
}

#[tokio::test]
async fn memory_stack_and_calls_are_bounded() {
    assert!(failure("const all = []; for (;;) all.push('x'.repeat(1e6) + all.length)").await.contains("memory"));
    assert!(failure("(function f() { f() })()").await.contains("the script failed"));
    let page = FakePage::default();
    let error = run_on(&page, "for (;;) click(1)").await.unwrap_err().to_string();
    assert!(error.contains("200 calls"), "{error}");
    assert_eq!(page.acted.lock().unwrap().len(), 200);
    assert!(failure(&format!("/* {} */", "x".repeat(20_000))).await.contains("16384 bytes"));
}

#[tokio::test]
async fn scripts_are_offered_as_the_setting_says() {
    for (scripts, offered) in [(Scripts::Auto, true), (Scripts::On, true), (Scripts::Off, false)] {
        let script = answer(json!([{"action": "script", "code": "click(1); return 'all'"}]));
        let mut world = World::new([script, answer(json!([done("ok")]))]);
        world.settings.scripts = scripts;
        world.run().await;
        let calls = world.calls();
        assert_eq!(calls[0].schema.to_string().contains("\"script\""), offered);
        assert_eq!(calls[0].schema.to_string().contains("find(words)"), offered);
        assert_eq!(world.acted(), if offered { vec!["click"] } else { vec![] });
        let told = calls[1].prefix();
        assert_eq!(told.contains("`script` is not allowed here"), !offered, "{told}");
        assert_eq!(world.steps()[0].action, "script");
        assert_eq!(world.logs().contains(&"script: Click 'Save'".to_owned()), offered);
    }
}

#[tokio::test]
async fn a_script_evaluates_nothing_if_not_allowed() {
    let page = FakePage::default();
    let none = Vocabulary { evaluate: false, ..Vocabulary::ALL };
    let code = "return typeof evaluate";
    let outcome = script::run(
        code,
        &page,
        &reading(0),
        Allowed { vocabulary: none, ..ALL },
        &Recorder::default(),
        &Control::default(),
    )
    .await
    .unwrap();
    assert_eq!(outcome.extracted.as_deref(), Some("undefined"));
}

#[test]
fn the_script_prompt_is_short() {
    assert!(crate::text::estimate_tokens(include_str!("../prompt/script.md")) <= 300);
}
