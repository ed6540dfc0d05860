//! `run --record` and `replay`.

use std::collections::VecDeque;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use axum::extract::{Form, State};
use axum::response::Html;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use testkit::shop::{Shop, order_request};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::test_env::{Ended, TestEnv};

const PASSWORD: &str = "correct \"horse\"";

/// A site with a login, and a model server that answers from a script.
struct World {
    url: String,
    state: Arc<Known>,
    _servers: JoinSet<()>,
}

struct Known {
    answers: Mutex<VecDeque<Value>>,
    calls: Mutex<usize>,
    passwords: Mutex<Vec<String>>,
    heading: Mutex<&'static str>,
}

#[derive(Deserialize)]
struct Login {
    user: String,
    password: String,
}

impl World {
    async fn new(answers: impl IntoIterator<Item = Value>) -> Self {
        let state = Arc::new(Known {
            answers: Mutex::new(answers.into_iter().collect()),
            calls: Mutex::default(),
            passwords: Mutex::default(),
            heading: Mutex::new("Members"),
        });
        let router = Router::new()
            .route("/", get(form))
            .route("/in", post(welcome))
            .route("/v1/chat/completions", post(complete))
            .with_state(state.clone());
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let mut servers = JoinSet::new();
        servers.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, state, _servers: servers }
    }

    fn passwords(&self) -> Vec<String> {
        self.state.passwords.lock().unwrap().clone()
    }
}

async fn form(State(known): State<Arc<Known>>) -> Html<String> {
    let heading = *known.heading.lock().unwrap();
    Html(format!(
        "<!doctype html><title>Login</title><h1>{heading}</h1><p>Everybody who is a member may come in here.</p>\
         <form method=post action=/in><label>User <input name=user></label>\
         <label>Password <input type=password name=password></label><button>Log in</button></form>"
    ))
}

async fn welcome(State(known): State<Arc<Known>>, Form(login): Form<Login>) -> Html<String> {
    known.passwords.lock().unwrap().push(login.password);
    Html(format!("<!doctype html><title>Welcome</title><h1>Hello {}</h1><a href=/>Log out</a>", login.user))
}

async fn complete(State(known): State<Arc<Known>>) -> Json<Value> {
    *known.calls.lock().unwrap() += 1;
    let actions = known.answers.lock().unwrap().pop_front().expect("the script continues");
    let decision = json!({"evaluationPreviousGoal": "", "memory": "", "nextGoal": "go on", "actions": actions});
    let message = json!({"role": "assistant", "content": decision.to_string()});
    Json(json!({
        "choices": [{"message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 900, "completion_tokens": 40},
    }))
}

/// The recording, which replaces the one in `tests/it/recordings` on request.
fn recorded(env: &TestEnv, name: &str) -> PathBuf {
    let file = env.folder().join(name);
    if std::env::var_os("KEEP_RECORDINGS").is_some() {
        let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/recordings").join(name);
        std::fs::copy(&file, kept).unwrap();
    }
    file
}

fn assert_says(ended: &Ended, code: i32, says: &str) {
    assert_eq!(ended.code, Some(code), "{ended:#?}");
    let said = format!("{}{}", ended.stdout, ended.stderr);
    assert!(said.contains(says), "{says}: {ended:#?}");
}

#[tokio::test]
async fn a_model_run_is_replayed_without_the_model_and_its_password_is_not_recorded() {
    let world = World::new([
        json!([{"input": {"index": 1, "text": "ada"}}, {"input": {"index": 2, "text": PASSWORD}}]),
        json!([{"click": {"index": 3}}]),
        json!([{"done": {"text": "Ada is in", "success": true}}]),
    ])
    .await;
    let env = TestEnv::new();
    let task = format!("Log in as ada with {PASSWORD}");
    let run = env
        .program(&["run", &task, "--start-url", &world.url, "--provider", "openai", "--record", "login.jsonl"])
        .env("OPENAI_BASE_URL", format!("{}/v1", world.url))
        .output()
        .await
        .unwrap();
    assert_eq!(run.status.code(), Some(0), "{run:#?}");
    let (file, calls) = (recorded(&env, "login.jsonl"), *world.state.calls.lock().unwrap());
    assert_eq!(calls, 3);
    assert_eq!(world.passwords(), [PASSWORD]);

    let text = std::fs::read_to_string(&file).unwrap();
    assert!(!text.contains("horse"), "{text}");
    assert!(text.contains("Log in as ada with ***1***"), "{text}");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    // A page's text is stored only in its reading, not in the model call.
    assert_eq!(text.matches("Everybody who is a member").count(), 2, "{text}");

    assert_says(&env.output(&["replay", "login.jsonl", "--offline"]).await, 0, "no divergence in 3 steps");
    assert_eq!(world.passwords().len(), 1, "no page was opened");

    let unasked = env.output(&["replay", "login.jsonl"]).await;
    assert_says(&unasked, 2, "\"Password\" is masked: pass it with --secret 1=TEXT");
    let secret = format!("1={PASSWORD}");
    let live = env.output(&["replay", "login.jsonl", "--secret", &secret]).await;
    assert_says(&live, 0, "no divergence in 3 steps");
    assert_eq!(world.passwords(), [PASSWORD, PASSWORD]);

    *world.state.heading.lock().unwrap() = "Strangers";
    let changed = env.output(&["replay", "login.jsonl", "--secret", &secret]).await;
    assert_says(&changed, 1, "before the first step: the page, line 1, was \"# Members\" and is \"# Strangers\"");
    assert!(!changed.stdout.contains("horse"), "{changed:#?}");

    // The fields have other indices now, and are matched by role and name.
    *world.state.heading.lock().unwrap() = "Members <a href=/news>News</a>";
    let before = world.passwords().len();
    let moved = env.output(&["replay", "login.jsonl", "--secret", &secret]).await;
    assert_says(&moved, 1, "before the first step: new on the page: link 'News'");
    assert_eq!(world.passwords()[before..], [PASSWORD]);
    assert!(!moved.stdout.contains("fails"), "{moved:#?}");
    assert_eq!(*world.state.calls.lock().unwrap(), calls, "no model was asked");
    env.assert_nothing_left().await;
}

#[tokio::test]
async fn a_run_of_the_built_in_planner_is_replayed_and_differences_are_reported() {
    let (env, shop) = (TestEnv::new(), Shop::open().await.unwrap());
    let request = order_request(&shop.url);
    let task = request["task"].as_str().unwrap();
    let ended = env.output(&["run", task, "--record", "order.jsonl", "--max-steps", "30"]).await;
    assert_eq!(ended.code, Some(0), "{ended:#?}");
    recorded(&env, "order.jsonl");
    assert_says(&env.output(&["replay", "order.jsonl", "--offline"]).await, 0, "no divergence");

    let again = env.output(&["replay", "order.jsonl"]).await;
    assert_eq!(shop.orders.list().len(), 2, "{again:#?}");
    let number = &shop.orders.list()[0].number;
    let says = format!("step 6: the answer, line 1, was \"Order number: {number}\"");
    assert_says(&again, 1, &says);
    env.assert_nothing_left().await;
}

#[tokio::test]
async fn runs_are_recorded_by_id_in_the_configured_folder() {
    let world = World::new([]).await;
    let env = TestEnv::new();
    let mut run = env.program(&["run", "read the page", "--start-url", &world.url, "--provider", "template"]);
    let run = run.env("RECORD_DIR", "runs").output().await.unwrap();
    assert_eq!(run.status.code(), Some(0), "{run:#?}");
    let files = env.files("runs");
    let text = std::fs::read_to_string(&files[0]).unwrap();
    let header: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    let name = files[0].file_stem().unwrap().to_str().unwrap();
    assert_eq!((files.len(), header["run"].as_str()), (1, Some(name)));

    let mut impossible = env.program(&["run", "read the page"]);
    let impossible = impossible.env("RECORD_DIR", "/dev/null/runs").output().await.unwrap();
    assert_eq!(impossible.status.code(), Some(2));
    assert!(String::from_utf8(impossible.stderr).unwrap().contains("cannot write into RECORD_DIR /dev/null/runs"));
}

#[tokio::test]
async fn an_invalid_recording_is_an_error_with_its_location() {
    let env = TestEnv::new();
    let header = json!({
        "version": 1, "service": "0", "run": "r", "task": "t", "maxSteps": 3, "temperature": 0.1,
        "provider": "template", "agent": {},
    });
    let other = json!({"version": 3});
    for (content, says) in [
        (String::new(), "the file is empty"),
        ("# Notes\n".to_owned(), "line 1: not the header of a recording"),
        (other.to_string(), "line 1: the format's version is 3; this program reads 1 to 2"),
        (format!("{header}\n\n{{\"observe\":3}}\n"), "line 3: "),
        (format!("{header}\n{{\"call\":{{\"kept\":1,\"messages\":[],\"answer\":{{\"Err\":\"x\"}}}}}}"), "line 2: "),
    ] {
        std::fs::write(env.folder().join("file"), &content).unwrap();
        assert_says(&env.output(&["replay", "file", "--offline"]).await, 2, says);
    }
    assert_says(&env.output(&["replay", "nowhere"]).await, 2, "cannot read nowhere");
    assert_says(&env.output(&["replay", "file", "--secret", "x"]).await, 2, "not of the form NUMBER=TEXT");
    assert_says(&env.output(&["run", "task", "--record", "/dev/null/x"]).await, 2, "cannot write /dev/null/x");
}
