//! What a caller sees of faults between the service and its model:
//! each fault once, and in every exchange.

use std::time::{Duration, Instant};

use axum::serve::Listener as _;
use serde_json::{Value, json};
use testkit::fault_proxy::{Fault, FaultProxy, Plan};
use testkit::scripted_server::{Reply, ScriptedServer};
use testkit::tls::SelfSigned;
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinSet;

use crate::support::client::error_code;
use crate::support::service::{Service, Stage};

const MODEL_KEY: &str = "sk-canary-77e0";
/// The limit of an answer in bytes; oversized ones here are longer.
const LONGEST: &str = "100KiB";

/// The end of a run whose calls all fail.
#[derive(Debug, Clone, Copy)]
enum End {
    /// As without a fault.
    Well,
    /// With an `error` event of this code.
    Code(&'static str),
    /// With a `result` without success: its steps fail with this error.
    Steps(&'static str),
}

/// A model server that finishes at once, with a long answer.
async fn model() -> ScriptedServer {
    let done = json!({"done": {"text": "bought", "success": true}});
    let decision = json!({
        "evaluationPreviousGoal": "", "memory": "m".repeat(2_000), "nextGoal": "go on", "actions": [done],
    });
    let chunk = json!({"choices": [{"delta": {"content": decision.to_string()}, "finish_reason": "stop"}]});
    let body = format!("data: {chunk}\n\ndata: [DONE]\n\n");
    ScriptedServer::repeating([Reply::text(200, body).header("content-type", "text/event-stream")]).await
}

fn stage(base: &str) -> Stage {
    Stage::new([])
        .with_real_models()
        .set("OPENAI_API_KEY", MODEL_KEY)
        .set("OPENAI_BASE_URL", &format!("{base}/v1"))
        .set("LLM_MAX_ATTEMPTS", "2")
        .set("LLM_BACKOFF_BASE", "1ms")
        .set("LLM_OPENING_TIMEOUT", "2s")
        .set("LLM_SILENCE_TIMEOUT", "2s")
        .set("LLM_MAX_RESPONSE_BYTES", LONGEST)
}

async fn run(service: &Service) -> Vec<Value> {
    let events = service.run_all(&json!({"task": "buy it"})).await;
    assert!(!format!("{events:?}").contains("canary"), "{events:?}");
    let (status, ready) = service.get("/ready").await;
    assert_eq!((status, &ready["running"]), (200, &json!(0)), "its place is free again: {ready}");
    assert_eq!(service.pages.opened.get(), service.pages.closed.get(), "its page is closed");
    events
}

/// Runs through a proxy that injects faults by this plan.
async fn through(faults: impl IntoIterator<Item = Fault>) -> Vec<Value> {
    let server = model().await;
    let proxy = FaultProxy::open(server.address, Plan::script(faults)).await.expect("a free port");
    run(&stage(&format!("http://{}", proxy.address)).start().await).await
}

fn logs(events: &[Value]) -> Vec<&str> {
    let logs = events.iter().filter(|event| event["type"] == "log");
    logs.map(|log| log["message"].as_str().expect("a message")).collect()
}

fn check_end(what: &str, events: &[Value], end: End) {
    let last = events.last().expect("an end");
    match end {
        End::Well => assert_eq!(last["finalText"], "bought", "{what}: {last}"),
        End::Code(code) => assert_eq!(error_code(events), code, "{what}"),
        End::Steps(error) => {
            assert_eq!((&last["type"], &last["success"]), (&json!("result"), &json!(false)), "{what}: {last}");
            assert_eq!(last["stopReason"], "failures", "{what}: {last}");
            let errors = last["errors"].as_array().expect("errors");
            assert!(!errors.is_empty() && errors.iter().all(|told| told == error), "{what}: {errors:?}");
        }
    }
}

const UNREACHABLE: &str = "openai cannot be reached";
const LATE: &str = "openai did not answer in time";
const BROKEN: &str = "openai broke off in the middle of its answer";
const FOREIGN: &str = "openai sent an answer that is not of its API";

/// Each fault, the notice of its retry if there is one, and the end if it persists.
fn matrix() -> Vec<(Fault, Option<&'static str>, End)> {
    let unavailable = End::Code("model_unavailable");
    let status = |status| Fault::Status(status, "x-nothing", "in particular".to_owned());
    vec![
        (Fault::Reset, Some(UNREACHABLE), unavailable),
        (Fault::ResetInHead, Some(UNREACHABLE), unavailable),
        (Fault::HugeHead, Some(UNREACHABLE), unavailable),
        (Fault::Garbage, Some(UNREACHABLE), unavailable),
        (Fault::ResetInBody, Some(BROKEN), unavailable),
        (Fault::CloseInBody, Some(BROKEN), unavailable),
        (Fault::SlowFirstByte(Duration::from_secs(600)), Some(LATE), End::Code("model_timeout")),
        (Fault::StallInBody, Some(LATE), End::Code("model_timeout")),
        (Fault::Drip, None, End::Well),
        (Fault::Oversize(50_000), None, End::Well),
        (Fault::Oversize(200_000), None, End::Steps(FOREIGN)),
        (Fault::Endless, None, End::Steps(FOREIGN)),
        (Fault::Compressed, None, End::Steps(FOREIGN)),
        (status(500), Some("openai answered with status 500"), unavailable),
        (status(501), None, unavailable),
        (status(408), Some(LATE), End::Code("model_timeout")),
        (
            Fault::Status(429, "retry-after", "0".into()),
            Some("openai limits the rate of calls"),
            End::Code("model_rate_limited"),
        ),
    ]
}

#[tokio::test]
async fn a_transient_fault_is_reported_and_retried() {
    for (fault, told, _) in matrix().into_iter().filter(|(_, told, _)| told.is_some()) {
        let events = through([fault.clone(), Fault::None]).await;
        check_end(fault.name(), &events, End::Well);
        let [_, again] = logs(&events)[..] else { panic!("{fault:?}: {events:#?}") };
        let expected = format!("{}, trying again", told.unwrap_or_default());
        assert!(again.starts_with(&expected), "{fault:?}: {again}");
    }
}

#[tokio::test]
async fn a_persistent_fault_ends_the_run_after_all_attempts() {
    let each = matrix().into_iter().map(|(fault, told, end)| async move {
        let events = through([fault.clone()]).await;
        check_end(fault.name(), &events, end);
        let tries = logs(&events).iter().filter(|log| log.contains(", trying again")).count();
        assert_eq!(tries, usize::from(told.is_some()), "{fault:?}: {:?}", logs(&events));
    });
    futures::future::join_all(each).await;
}

#[tokio::test]
async fn a_host_that_does_not_resolve_refuses_or_is_not_trusted_is_unavailable() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let untrusted = listener.local_addr().unwrap();
    let mut acceptor = SelfSigned::new(listener);
    let mut server = JoinSet::new();
    // Clients that do not trust it fail.
    server.spawn(async move { acceptor.accept().await });
    let taken = TcpSocket::new_v4().unwrap();
    taken.bind(([127, 0, 0, 1], 0).into()).unwrap();
    for base in [
        "http://no-such-host.invalid".to_owned(),
        format!("http://{}", taken.local_addr().unwrap()),
        format!("https://{untrusted}"),
    ] {
        let events = run(&stage(&base).start().await).await;
        check_end(&base, &events, End::Code("model_unavailable"));
        assert!(logs(&events)[1].starts_with(UNREACHABLE), "{base}: {events:#?}");
    }
    assert!(server.try_join_next().is_none(), "no handshake came to its end");
}

#[tokio::test]
async fn a_host_that_accepts_no_connection_fails_after_the_connect_timeout() {
    // Fills the backlog of a listener that accepts nothing; further connections get no answer.
    let full = TcpSocket::new_v4().unwrap();
    full.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let full = full.listen(1).unwrap();
    let address = full.local_addr().unwrap();
    let connect = || std::net::TcpStream::connect_timeout(&address, Duration::from_secs(1));
    let waiting: Vec<_> = std::iter::from_fn(|| connect().ok()).collect();

    // The longer opening timeout does not end it.
    let stage =
        stage(&format!("http://{address}")).set("LLM_CONNECT_TIMEOUT", "300ms").set("LLM_OPENING_TIMEOUT", "60s");
    let service = stage.start().await;
    let started = Instant::now();
    let events = run(&service).await;
    check_end("a full listener", &events, End::Code("model_unavailable"));
    assert!(logs(&events)[1].starts_with(UNREACHABLE), "{events:#?}");
    assert!((600..5_000).contains(&started.elapsed().as_millis()), "two tries took {:?}", started.elapsed());
    drop((waiting, full));
}

#[tokio::test]
async fn neither_key_nor_prompt_follows_a_redirect() {
    let elsewhere = model().await;
    for status in [301, 302, 303, 307, 308] {
        for to in [elsewhere.url("/v1/chat/completions").into(), "/v1/chat/completions".to_owned()] {
            let events = through([Fault::Status(status, "location", to.clone()), Fault::None]).await;
            check_end(&format!("{status} to {to}"), &events, End::Code("model_rejected"));
        }
    }
    assert_eq!(elsewhere.count(), 0);
}

#[tokio::test]
async fn compressed_answers_are_neither_requested_nor_accepted() {
    let server = model().await;
    run(&stage(&format!("http://{}", server.address)).start().await).await;
    let requests = server.requests();
    assert!(!requests.is_empty());
    for request in requests {
        assert_eq!(request.path, "/v1/chat/completions");
        assert_eq!(request.header("accept-encoding"), None);
    }
}

#[tokio::test]
async fn a_retry_after_date_is_bounded_whatever_the_clocks() {
    for (date, tries) in [("Fri, 30 Jan 2099 12:00:00 GMT", 1), ("Fri, 30 Jan 1970 12:00:00 GMT", 2)] {
        let events = through([Fault::Status(429, "retry-after", date.to_owned())]).await;
        check_end(date, &events, End::Code("model_rate_limited"));
        assert_eq!(logs(&events).len(), tries, "{date}");
    }
}

#[tokio::test]
async fn the_same_seed_injects_the_same_faults() {
    let server = model().await;
    let met = async |seed| {
        let faults = vec![Fault::Reset, Fault::CloseInBody, Fault::Garbage];
        let plan = Plan::Chance { rng: fastrand::Rng::with_seed(seed), percent: 50, faults };
        let proxy = FaultProxy::open(server.address, plan).await.expect("a free port");
        let mut answers = Vec::new();
        for _ in 0..30 {
            let answer = reqwest::get(format!("http://{}/v1/chat/completions", proxy.address)).await;
            answers.push(match answer {
                Ok(answer) => answer.bytes().await.is_ok(),
                Err(_) => false,
            });
        }
        (answers, proxy.injected())
    };
    let (first, again, other) = (met(1).await, met(1).await, met(2).await);
    assert_eq!(first, again);
    assert_ne!(first, other);
    assert!(first.1.len() == 4 && first.1["none"] > 5, "{:?}", first.1);
}
