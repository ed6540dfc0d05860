//! The key is sent in one header and nowhere else.

use std::io::Write;
use std::sync::{Arc, Mutex};

use agent::ports::Provider;
use serde_json::json;
use tracing::instrument::WithSubscriber;

use super::fixture::{Fixture, KEY, choice, limits, picture, said, settings};
use testkit::scripted_server::{Reply, ScriptedServer};

/// Everything logged while a future runs, at TRACE of every library.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    async fn of(call: impl Future<Output = ()>) -> String {
        let log = Self::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        call.with_subscriber(subscriber).await;
        let bytes = log.0.lock().expect("no panic").clone();
        String::from_utf8(bytes).expect("a log in UTF-8")
    }
}

#[tokio::test]
async fn an_echoed_key_reaches_no_error_or_log() {
    for status in [400, 401, 403, 404, 402, 422, 429, 500, 200] {
        let fixture = Fixture::openai((0..9).map(|_| Reply::Echo { status })).await;
        let log = Log::of(async {
            let error = fixture.ask().await.unwrap_err();
            assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
        })
        .await;
        assert_eq!(fixture.server.requests()[0].authorization, Some(format!("Bearer {KEY}")));
        assert!(!log.contains("canary"), "{log}");
        assert!(!fixture.notices.all().concat().contains("canary"));
    }
}

#[tokio::test]
async fn a_rejection_that_echoes_the_key_is_reported_without_it() {
    let refusal = format!("I know {KEY}");
    let fixture = Fixture::openai([choice(json!({"message": {"refusal": refusal}}))]).await;
    assert_eq!(fixture.error_after(1).await.to_string(), "openai refused to answer: I know [key]");
}

#[tokio::test]
async fn a_providers_message_is_quoted_up_to_a_limit() {
    let body = json!({"error": {"param": "model", "message": "x".repeat(50_000)}});
    let error = Fixture::openai([Reply::json(400, body)]).await.error_after(1).await;
    assert!(error.to_string().len() < 500);
}

#[tokio::test]
async fn a_call_is_logged_with_its_usage_and_without_its_content() {
    for (provider, reply) in [
        (Provider::Openai, said("a secret answer")),
        (
            Provider::Ollama,
            Reply::text(
                200,
                "{\"message\":{\"content\":\"a secret answer\"},\"done\":true,\"prompt_eval_count\":120}\n",
            ),
        ),
    ] {
        let fixture = Fixture::with(provider, limits(), [reply]).await;
        let log = Log::of(async {
            fixture.ask().await.unwrap();
        })
        .await;
        let ours: Vec<_> = log.lines().filter(|line| line.contains(" llm::")).collect();
        let line = ours.iter().find(|line| line.contains("a model answered")).expect("a line for the call");
        assert!(line.contains(&format!("provider=\"{}\"", provider.name())), "{line}");
        assert!(line.contains("elapsed_ms=") && line.contains("prompt_tokens=120"), "{line}");
        for content in ["secret", "the page", "You drive"] {
            assert!(!log.contains(content), "{log}");
        }
    }
}

#[tokio::test]
async fn settings_print_without_the_key() {
    let server = ScriptedServer::start([]).await;
    assert!(!format!("{:?}", settings(&server, limits())).contains("canary"));
    let shown = format!("{:?}", picture("the page"));
    assert!(!shown.contains("AAAA"), "{shown}");
}
