//! The gateway key and the model providers' keys. Each is sent in one header
//! and occurs nowhere else: in no log, event, command line or browser environment.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::http::{HeaderMap, StatusCode, header};
use serde_json::json;

use crate::support::{Events, Log, Service, Site, Start, processes, run};

/// A part of every key that occurs nowhere else.
const CANARY: &str = "canary5e8f0c";
const KEYS: [&str; 3] = ["OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY"];

/// A model server that fails in various ways and echoes the request's headers.
async fn echo(heard: Log<String>) -> Site {
    let turn = Arc::new(AtomicUsize::new(0));
    Site::with(Router::new().fallback(move |mut headers: HeaderMap| async move {
        let told = format!("{headers:?}");
        // The body's length would be wrong here.
        headers.remove(header::CONTENT_LENGTH);
        heard.push(told.clone());
        let status = [500, 429, 400, 401, 200][turn.fetch_add(1, Ordering::Relaxed) % 5];
        let body = json!({ "error": { "message": told, "param": told, "type": told, "code": told } });
        (StatusCode::from_u16(status).unwrap(), headers, body.to_string())
    }))
    .await
}

/// What other users of this machine can read of the service's processes.
fn seen_of_processes(service: &Service) -> Vec<(String, String)> {
    let read = |pid: u32, file: &str| {
        let bytes = std::fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
        (format!("{pid}/{file}"), String::from_utf8_lossy(&bytes).replace('\0', " "))
    };
    let browsers = processes::of(&service.profiles());
    assert!(browsers.iter().any(|process| process.command.contains("--type=renderer")), "{browsers:?}");
    let theirs = browsers.iter().flat_map(|process| [read(process.pid, "cmdline"), read(process.pid, "environ")]);
    std::iter::once(read(service.id(), "cmdline")).chain(theirs).collect()
}

#[test]
fn no_key_is_reported_logged_or_passed_to_a_browser() {
    run(async {
        let heard = Log::new();
        let site = echo(heard.clone()).await;
        let mut start = Start::new()
            .set("BROWSER_USE_INTERNAL_API_KEY", &format!("{CANARY}-gateway"))
            .set("OPENAI_BASE_URL", &site.url("/v1"))
            .set("ANTHROPIC_BASE_URL", &site.url(""))
            .set("GEMINI_BASE_URL", &site.url("/v1beta"))
            .set("OLLAMA_ENDPOINT", &site.url(""))
            .set("LLM_BACKOFF_BASE", "1ms")
            .set("LLM_BACKOFF_CAP", "1ms")
            .set("RUST_LOG", "trace")
            .set("RECORD_DIR", "recordings");
        for name in KEYS {
            start = start.set(name, &format!("{CANARY}-{}", name.to_lowercase()));
        }
        let service = start.ready().await;
        let mut told = Vec::new();
        for provider in ["openai", "anthropic", "gemini", "ollama"] {
            let request = json!({ "task": "press it", "startUrl": site.url("/"), "provider": provider, "maxSteps": 2 });
            let events = Events::of(service.post(&request).await).rest().await;
            told.push((format!("events of {provider}"), json!(events).to_string()));
        }
        let sent = heard.list().join("\n");
        for name in KEYS {
            assert!(sent.contains(&format!("{CANARY}-{}", name.to_lowercase())), "{name} was sent: {sent}");
        }
        assert!(!sent.contains("gateway"), "{sent}");
        let details = service.get("/health/details").await.text().await.unwrap();
        told.push(("details".into(), details));
        told.extend(seen_of_processes(&service));
        let written = service.written();
        assert!(written.iter().any(|(path, _)| path.extension().is_some_and(|kind| kind == "jsonl")), "a recording");
        told.extend(written.into_iter().map(|(path, text)| (path.display().to_string(), text)));
        for (what, text) in told {
            let at = text.find(CANARY);
            let near = |at: usize| String::from_utf8_lossy(&text.as_bytes()[at.saturating_sub(200)..]).into_owned();
            assert_eq!(at.map(near).map(|text| text.chars().take(400).collect::<String>()), None, "{what}");
        }
        service.stop().await;
    });
}
