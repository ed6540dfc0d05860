//! `browser-use-service health`, as the image's health check calls it.

use std::net::TcpListener;

use rustix::process::Signal;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::task::JoinSet;

use super::test_env::{TestEnv, signal};

async fn health(env: &TestEnv, port: u16, more: &[(&str, &str)]) -> (Option<i32>, String) {
    let mut program = env.program(&["health"]);
    let output = program.env("PORT", port.to_string()).envs(more.iter().copied()).output().await.unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

#[tokio::test]
async fn health_uses_the_services_settings_and_detects_its_end() {
    let (env, port) = (TestEnv::new(), free_port());
    let settings = [("HOST", "0.0.0.0"), ("BROWSER_USE_INTERNAL_API_KEY", "k")];
    let mut service = env.program(&[]).env("PORT", port.to_string()).envs(settings).spawn().unwrap();
    let mut log = BufReader::new(service.stderr.take().unwrap()).lines();
    while !log.next_line().await.unwrap().expect("the service runs").contains("listening") {}

    assert_eq!(health(&env, port, &settings).await, (Some(0), String::new()));
    signal(&service, Signal::TERM);
    // Read on, as a full pipe would block the service.
    while log.next_line().await.unwrap().is_some() {}
    assert_eq!(service.wait().await.unwrap().code(), Some(0));

    let (code, says) = health(&env, port, &settings).await;
    assert_eq!(code, Some(1));
    assert!(says.contains("cannot connect"), "{says}");
    env.assert_nothing_left().await;
}

#[tokio::test]
async fn an_unexpected_answer_is_unhealthy() {
    for answer in ["HTTP/1.1 503 Service Unavailable\r\n\r\n", "", "SSH-2.0-OpenSSH_9.2\r\n"] {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let mut servers = JoinSet::new();
        servers.spawn(async move {
            let (mut connection, _) = listener.accept().await.unwrap();
            connection.read_u8().await.unwrap();
            connection.write_all(answer.as_bytes()).await.unwrap();
        });
        let (code, says) = health(&TestEnv::new(), port, &[]).await;
        assert_eq!(code, Some(1), "{answer:?}: {says}");
    }
}

#[tokio::test]
async fn invalid_settings_are_unhealthy() {
    let (code, says) = health(&TestEnv::new(), free_port(), &[("KEEP_ALIVE", "1h")]).await;
    assert_eq!(code, Some(1));
    assert!(says.contains("KEEP_ALIVE"), "{says}");
}
