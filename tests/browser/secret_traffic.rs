//! A run that types a secret: of everything that the service sends and writes, only the site gets
//! the value.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::{Form, Query, Request};
use axum::response::{Html, Redirect};
use axum::routing::{get, post};
use rustix::process::Signal;
use serde::Deserialize;
use serde_json::{Value, json};
use testkit::canary::{canary, encodings, holds};

use crate::support::{Events, Gate, Log, Site, Start, page, run};

const PASSWORD: &str = "<secret>password</secret>";
/// A second secret that is valid in a host name.
const PIN: &str = "<secret>pin</secret>";

/// The value as forms send it.
#[derive(Deserialize)]
struct Typed {
    p: String,
    pin: String,
}

fn reflecting(script: &str) -> String {
    format!(
        "<script>function reflect(value, encodings) {{
           document.title = value; t.textContent = encodings; c.value = c.placeholder = value;
           a.href = '/of?p=' + encodeURIComponent(value); a.textContent = 'Of ' + value; console.error(value);
           history.pushState(0, '', location.pathname + '?p=' + encodeURIComponent(value));
         }}
         {script}</script>"
    )
}

/// A login whose pages show the typed text everywhere, and a record of what was posted.
async fn shop() -> (Site, Log<String>) {
    let posted = Log::new();
    let log = posted.clone();
    let shown = "<p id=t></p><input aria-label=Copy id=c><a id=a href=/>Of nobody</a>";
    let login = page(&format!(
        "<form method=post action=/in><label>Password <input name=p type=password></label>
         <label>Pin <input name=pin type=password></label><button>Log in</button></form>{shown}{}",
        reflecting(
            "const [p, pin] = document.querySelectorAll('input');
             p.oninput = () => reflect(p.value, p.value);
             // Such a name is never resolved; its log lines are masked when written.
             pin.oninput = () => new WebSocket(`ws://${pin.value}.localhost/`).onerror = () => tell('refused');"
        )
    ));
    let take = |Form(Typed { p, pin }): Form<Typed>| async move {
        let query: String = url::form_urlencoded::byte_serialize(p.as_bytes()).collect();
        let to = format!("/account?p={query}&pin={pin}");
        log.push(format!("{p} {pin}"));
        Redirect::to(&to)
    };
    let account = move |Query(Typed { p, pin }): Query<Typed>| async move {
        let known = format!("reflect({}, {})", json!(p), json!([encodings(&p), encodings(&pin)]));
        Html(page(&format!("<h1>Welcome</h1>{shown}{}", reflecting(&known))))
    };
    let router = Router::new().route("/", get(|| async { Html(login) }));
    (Site::with(router.route("/in", post(take)).route("/account", get(account))).await, posted)
}

/// A provider's answer.
fn said(path: &str, decision: &Value) -> Value {
    let text = decision.to_string();
    if path.ends_with("/messages") {
        return json!({ "type": "message", "content": [{ "type": "text", "text": text }], "stop_reason": "end_turn" });
    }
    json!({ "choices": [{ "message": { "role": "assistant", "content": text }, "finish_reason": "stop" }] })
}

/// A model server that records each request and answers with a login; the model claims to know the value.
/// From the third response on it waits for the gate.
async fn model(value: &str, heard: Log<String>, gate: Gate) -> Site {
    let turns = [
        json!([{ "input": { "index": 1, "text": PASSWORD } }, { "input": { "index": 2, "text": PIN } }]),
        json!([{ "click": { "index": 3 } }]),
        json!([{ "extract": {} }]),
        json!([{ "findText": { "pattern": value } }]),
        json!([{ "done": { "text": format!("it was {value}"), "success": true } }]),
    ];
    let decide = |actions: &Value| {
        let mut decision = json!({ "evaluationPreviousGoal": value, "memory": value, "nextGoal": value });
        decision["actions"] = actions.clone();
        decision
    };
    let decisions: Arc<[Value]> = turns.iter().map(decide).collect();
    let turn = Arc::new(AtomicUsize::new(0));
    Site::with(Router::new().fallback(move |request: Request| async move {
        let (head, body) = request.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        heard.push(format!("{} {} {:?}\n{}", head.method, head.uri, head.headers, String::from_utf8_lossy(&body)));
        let turn = turn.fetch_add(1, Ordering::SeqCst);
        if turn >= 2 {
            gate.passed().await;
        }
        axum::Json(said(head.uri.path(), &decisions[turn]))
    }))
    .await
}

/// The lines of a stream up to one that contains this, or to its end.
async fn lines(events: &mut Events, until: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    while lines.last().is_none_or(|line| !line.contains(until))
        && let Some(line) = events.line().await
    {
        lines.push(line);
    }
    lines
}

/// A run with a provider that logs in, with a resumed stream.
async fn nothing_holds_the_value(provider: &str) {
    let ((value, core), (_, pin), (shop, posted)) = (canary(), canary(), shop().await);
    let (heard, gate) = (Log::new(), Gate::new());
    let model = model(&value, heard.clone(), gate.clone()).await;
    let mut service = Start::new()
        .set("OPENAI_API_KEY", "a-key")
        .set("ANTHROPIC_API_KEY", "a-key")
        .set("OPENAI_BASE_URL", &model.url("/v1"))
        .set("ANTHROPIC_BASE_URL", &model.url(""))
        .set("RUST_LOG", "trace")
        .set("RECORD_DIR", "recordings")
        .ready()
        .await;
    let request = json!({
        "task": format!("Log in with {value}"), "startUrl": shop.url("/"), "provider": provider, "detachSeconds": 60,
        "sensitiveData": { shop.url(""): { "password": value, "pin": pin } },
    });
    let response = service.post(&request).await;
    let run_id = response.headers()["x-run-id"].to_str().unwrap().to_owned();
    let mut events = Events::of(response);
    let mut told = lines(&mut events, "\"step\":2").await;
    drop(events);
    // From the first event on, so that earlier events are sent again.
    let mut events = Events::of(service.resume(&run_id, "1").await);
    told.push("resumed".into());
    told.extend(lines(&mut events, "\"step\":2").await);
    shop.hears("refused").await;
    gate.open();
    told.extend(lines(&mut events, "[DONE]").await);

    // Up to the last line of its log.
    service.signal(Signal::TERM);
    assert_eq!(service.ended().await.code(), Some(0));
    service.leaves_nothing();
    let (heard, told, written) = (heard.list(), told.join("\n"), service.written());

    let requests = heard.iter().enumerate().map(|(n, request)| (format!("request {n}"), request.clone()));
    let files = written.iter().map(|(path, text)| (path.display().to_string(), text.clone()));
    let all = requests.chain([("the stream".into(), told.clone())]).chain(files);
    let holder = |(what, text): (String, String)| {
        let is_in = |line: &&str| holds(line, &value, &core) || holds(line, &pin, &pin);
        let line = text.lines().find(is_in)?;
        // The plain value; it may also occur encoded.
        let end = line.find(&core).or_else(|| line.find(&pin)).unwrap_or(line.len());
        Some(format!("{what} holds it after: {}", &line[line.floor_char_boundary(end.saturating_sub(200))..end]))
    };
    assert_eq!(all.filter_map(holder).collect::<Vec<_>>(), [""; 0], "{provider}");

    // All secrets could have leaked.
    assert_eq!(posted.list(), [format!("{value} {pin}")], "the site has them");
    let asked: Vec<&str> = heard.iter().filter_map(|request| Some(request.split_once("\"messages\":")?.1)).collect();
    for (request, shown) in
        [(1, "/?p=<secret>password</secret>"), (2, "/account?p=<secret>password</secret>"), (3, "Welcome"), (4, PIN)]
    {
        assert!(asked[request].contains(shown), "{shown}: {}", asked[request]);
    }
    let again = told.split_once("resumed").unwrap().1;
    assert!(again.contains("\"step\":1") && again.contains(&format!("it was {PASSWORD}")), "{told}");
    assert!(written.iter().any(|(path, _)| path.extension().is_some_and(|kind| kind == "jsonl")), "a recording");
    assert!(service.log().contains(&format!("host={PIN}.localhost")), "a log of everything");
}

#[test]
fn a_login_sends_its_secret_only_to_the_site_with_openai() {
    run(nothing_holds_the_value("openai"));
}

#[test]
fn a_login_sends_its_secret_only_to_the_site_with_anthropic() {
    run(nothing_holds_the_value("anthropic"));
}
