//! The service does not depend on a reader of its log.

use std::net::TcpListener;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::json;
use testkit::shop::{Shop, order_request};
use testkit::stream::EventLines;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::Child;
use tokio::time::{interval, timeout};

use super::test_env::{TestEnv, signal};

/// So many responses, each logged at `debug`, exceed the 64 KiB of a pipe.
const ANSWERS: usize = 1_000;
const DEADLINE: Duration = Duration::from_secs(40);

/// A service that logs at TRACE into a pipe.
struct Talkative {
    child: Child,
    base: String,
    client: reqwest::Client,
}

impl Talkative {
    fn start(env: &TestEnv, stdout: Stdio) -> Self {
        Self::telling("debug", env, stdout)
    }

    /// One with this log filter.
    fn telling(filter: &str, env: &TestEnv, stdout: Stdio) -> Self {
        let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        let mut program = env.program(&[]);
        program.env("PORT", port.to_string()).env("RUST_LOG", filter).stdout(stdout);
        let child = program.spawn().unwrap();
        Self { child, base: format!("http://127.0.0.1:{port}"), client: reqwest::Client::new() }
    }

    async fn answers(&self, path: &str) {
        let mut look = interval(Duration::from_millis(20));
        let answered = async {
            while !self.client.get(format!("{}{path}", self.base)).send().await.is_ok_and(|ok| ok.status().is_success())
            {
                look.tick().await;
            }
        };
        timeout(DEADLINE, answered).await.unwrap_or_else(|_| panic!("{path} is not answered"));
    }

    /// Orders a kettle; the run must send its terminal event.
    async fn orders_at(&self, shop: &Shop) {
        let request = self.client.post(format!("{}/api/v1/browser-use/run/stream", self.base));
        let mut lines = EventLines::new(request.json(&order_request(&shop.url)).send().await.unwrap());
        let told = async {
            let mut told = Vec::new();
            while let Some(line) = lines.next().await.unwrap() {
                told.extend(line.strip_prefix("data: ").map(str::to_owned));
            }
            told
        };
        let told = timeout(DEADLINE, told).await.expect("the run tells its end");
        let [.., result, done] = &told[..] else { panic!("{told:?}") };
        let result: serde_json::Value = serde_json::from_str(result).unwrap();
        assert_eq!((&result["success"], done.as_str()), (&json!(true), "[DONE]"), "{result}");
        assert_eq!(shop.orders.list().len(), 1);
    }

    async fn stops(mut self, env: &TestEnv) {
        signal(&self.child, Signal::TERM);
        let ended = timeout(DEADLINE, self.child.wait()).await.expect("it ends").unwrap();
        assert_eq!(ended.code(), Some(0), "{ended}");
        env.assert_nothing_left().await;
    }
}

#[tokio::test]
async fn an_unread_log_delays_neither_runs_nor_the_exit() {
    let (env, shop) = (TestEnv::new(), Shop::open().await.unwrap());
    let mut service = Talkative::start(&env, Stdio::null());
    service.answers("/ready").await;
    for _ in 0..ANSWERS {
        service.answers("/health").await;
    }
    service.orders_at(&shop).await;
    let mut log = service.child.stderr.take().unwrap();
    service.stops(&env).await;
    // The pipe holds the beginning of the log.
    let mut told = String::new();
    log.read_to_string(&mut told).await.unwrap();
    assert!(told.contains("listening") && !told.contains("stopped"), "{} bytes", told.len());
}

#[tokio::test]
async fn a_closed_log_does_not_end_the_service() {
    let (env, shop) = (TestEnv::new(), Shop::open().await.unwrap());
    let mut service = Talkative::start(&env, Stdio::piped());
    service.answers("/ready").await;
    drop((service.child.stderr.take(), service.child.stdout.take()));
    service.orders_at(&shop).await;
    service.stops(&env).await;
}

#[tokio::test]
async fn a_log_that_is_read_late_reports_missing_lines() {
    let env = TestEnv::new();
    // One line per response and nothing else, to be counted.
    let filter = "off,browser_use_service::http::router=debug,browser_use_service::telemetry=warn";
    let mut service = Talkative::telling(filter, &env, Stdio::null());
    service.answers("/health").await;
    for _ in 0..3 * ANSWERS {
        service.answers("/health").await;
    }
    let log = BufReader::new(service.child.stderr.take().unwrap());
    let reading = async {
        let (mut lines, mut told, mut missing) = (log.lines(), 0, 0);
        while let Some(line) = lines.next_line().await.unwrap() {
            match line.split_once("missing=") {
                Some((_, count)) => missing += count.trim().parse::<usize>().expect(&line),
                None => told += 1,
            }
        }
        (told, missing)
    };
    // Responses continue while it is read; the last one may be missing too.
    let answering = async {
        for _ in 0..ANSWERS {
            service.answers("/health").await;
        }
        service.stops(&env).await;
    };
    let ((told, missing), ()) = timeout(DEADLINE, async { tokio::join!(reading, answering) }).await.expect("an end");
    assert!(missing >= ANSWERS, "{missing} of {told} are missing");
    assert_eq!(told + missing, 1 + 4 * ANSWERS);
}
