//! The service without a Chromium.

use super::test_env::{Ended, TestEnv};

#[tokio::test]
async fn a_service_without_an_executable_does_not_start_and_names_the_setting() {
    let env = TestEnv::new();
    // Configured but missing; neither configured nor on the PATH.
    for (name, value, says) in [
        ("BROWSER_EXECUTABLE", "/nowhere/chromium", "BROWSER_EXECUTABLE /nowhere/chromium is not a file"),
        ("PATH", "/nowhere", "no Chromium found; install Debian's `chromium` or set BROWSER_EXECUTABLE"),
    ] {
        let mut program = env.program(&[]);
        let child = program.env("PORT", "0").env_remove("BROWSER_EXECUTABLE").env(name, value).spawn().unwrap();
        let ended = Ended::wait(child).await;
        assert_eq!(ended.code, Some(1), "{ended:#?}");
        assert!(ended.stderr.contains(says), "{ended:#?}");
    }
    env.assert_nothing_left().await;
}
