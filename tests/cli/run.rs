//! `browser-use-service run`.

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use testkit::shop::{Shop, order_request};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::test_env::TestEnv;

#[tokio::test]
async fn a_successful_run_prints_steps_and_answer_and_saves_screenshots() {
    let (env, shop) = (TestEnv::new(), Shop::open().await.unwrap());
    let request = order_request(&shop.url);
    let task = request["task"].as_str().unwrap();
    let ended = env.output(&["run", task, "--save-screenshots", "a/b", "--max-steps", "30"]).await;
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    assert_eq!(ended.stderr, "", "logs are quiet");

    let number = &shop.orders.list()[0].number;
    assert!(ended.stdout.trim_end().ends_with(number.as_str()), "{}", ended.stdout);
    assert!(ended.stdout.starts_with("template, the built-in planner; at most 30 steps\n"), "{}", ended.stdout);
    assert!(ended.stdout.contains("\ndone after "), "{}", ended.stdout);
    let steps = ended.stdout.matches("/30  ").count();
    assert!(steps >= 5, "{}", ended.stdout);
    assert!(ended.stdout.contains("   1/30  ") && ended.stdout.contains("Click 'Add to cart'"), "{}", ended.stdout);

    let pictures = env.files("a/b");
    assert_eq!(pictures.len(), steps);
    for (picture, step) in pictures.iter().zip(1..) {
        assert_eq!(picture.file_name().unwrap().to_str().unwrap(), format!("step-{step:02}.png"));
        assert!(std::fs::read(picture).unwrap().starts_with(b"\x89PNG\r\n\x1a\n"));
    }
    env.assert_nothing_left().await;
}

#[tokio::test]
async fn a_start_url_is_opened_before_the_first_step() {
    let (env, shop) = (TestEnv::new(), Shop::open().await.unwrap());
    let ended = env.output(&["run", "read the page", "--start-url", &shop.url, "--provider", "template"]).await;
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    assert!(ended.stdout.contains("Everything for a good cup"), "{}", ended.stdout);
}

#[tokio::test]
async fn a_run_without_success_exits_with_1_and_the_reason() {
    let (env, shop) = (TestEnv::new(), Shop::open().await.unwrap());
    let ended = env.output(&["run", "compose a symphony", "--start-url", &shop.url]).await;
    assert_eq!(ended.code, Some(1), "{ended:#?}");
    assert!(ended.stdout.contains("\nnot done after "), "{}", ended.stdout);
    env.assert_nothing_left().await;
}

#[tokio::test]
async fn wrong_usage_exits_with_2_without_starting_a_run() {
    let env = TestEnv::new();
    for (arguments, says) in [
        (&["run"][..], "<TASK>"),
        (&["run", " "], "the task is empty"),
        (&["run", "task", "--max-steps", "0"], "0 is not in 1..=200"),
        (&["run", "task", "--max-steps", "many"], "invalid digit found in string"),
        (&["run", "task", "--start-url", "file:///etc/passwd"], "neither http nor https"),
        (&["run", "task", "--provider", "nobody"], "possible values: openai, anthropic, gemini, ollama, template"),
        (&["run", "task", "--provider", "anthropic"], "the provider anthropic is not configured here"),
        (&["run", "task", "--save-screenshots", "/dev/null/x"], "cannot create /dev/null/x"),
        (&["run", "task", "--output-schema", "/nowhere/schema.json"], "No such file or directory"),
        (&["run", "task", "--output-schema", "/proc/self/cmdline"], "it is not JSON"),
        (&["walk"], "unrecognized subcommand"),
    ] {
        let ended = env.output(arguments).await;
        assert_eq!(ended.code, Some(2), "{arguments:?}: {ended:#?}");
        assert!(ended.stderr.contains(says), "{arguments:?}: {ended:#?}");
        assert_eq!(ended.stdout, "", "{arguments:?}");
    }
    env.assert_nothing_left().await;
}

#[tokio::test]
async fn a_browser_that_fails_to_start_is_an_error_with_its_cause() {
    let env = TestEnv::new();
    let missing = env.program(&["run", "task"]).env("BROWSER_EXECUTABLE", "/nowhere/chromium").output().await.unwrap();
    assert_eq!(missing.status.code(), Some(2));
    assert!(String::from_utf8(missing.stderr).unwrap().contains("/nowhere/chromium is not a file"));

    // One that exits at once.
    let broken = env
        .program(&["run", "task"])
        .env("BROWSER_EXECUTABLE", "/bin/false")
        .env("BROWSER_LAUNCH_TIMEOUT", "2s")
        .output()
        .await
        .unwrap();
    assert_eq!(broken.status.code(), Some(2), "{broken:?}");
    assert!(String::from_utf8(broken.stdout).unwrap().contains("no browser could be started"));
    env.assert_nothing_left().await;
}

#[tokio::test]
async fn page_text_cannot_control_the_terminal() {
    let page = "<!doctype html><title>\u{1b}]0;owned\u{7}</title><h1>Hello \u{1b}[31m\u{202e}red\u{9b}2J</h1>";
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let router = Router::new().route("/", get(move || async move { Html(page) }));
    let mut servers = JoinSet::new();
    servers.spawn(async move { axum::serve(listener, router).await });

    let ended = TestEnv::new().output(&["run", "read the page", "--start-url", &url]).await;
    assert!(ended.stdout.contains("Hello"), "{ended:#?}");
    let harmless = |c: char| c == '\n' || !(c.is_control() || ('\u{202a}'..='\u{202e}').contains(&c));
    assert!(ended.stdout.chars().all(harmless), "{:?}", ended.stdout);
}

#[tokio::test]
async fn log_lines_are_printed_on_request_and_apart_from_the_steps() {
    let (env, shop) = (TestEnv::new(), Shop::open().await.unwrap());
    let arguments = ["run", "read the page", "--start-url", &shop.url];
    let output = env.program(&arguments).env("RUST_LOG", "info").output().await.unwrap();
    assert!(String::from_utf8(output.stderr).unwrap().contains("browser started"));
    assert!(!String::from_utf8(output.stdout).unwrap().contains("browser started"));
}
