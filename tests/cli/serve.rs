//! Exit codes of a service that cannot serve; `tests/it/panics.rs` has other causes.

use std::net::TcpListener;

use super::test_env::TestEnv;

#[tokio::test]
async fn a_service_that_cannot_serve_exits_with_1_and_the_reason() {
    let env = TestEnv::new();
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = taken.local_addr().unwrap();
    std::fs::write(env.folder().join(".env"), format!("PORT={}\n", address.port())).unwrap();
    let ended = env.output(&[]).await;
    assert_eq!(ended.code, Some(1), "{ended:#?}");
    assert!(ended.stderr.contains(&format!("cannot listen on {address}")), "{ended:#?}");
    env.assert_nothing_left().await;
}
