//! Interrupted runs leave nothing behind.

use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::process::Signal;
use testkit::shop::Shop;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdout};

use super::test_env::{Ended, TestEnv, signal};

/// Waits until the run prints its first step.
async fn first_step(stdout: &mut BufReader<ChildStdout>) {
    let mut line = String::new();
    while !line.contains("  1/20  ") {
        line.clear();
        assert_ne!(stdout.read_line(&mut line).await.unwrap(), 0, "it ended before its first step");
    }
}

/// A run in its second step, which lasts half a minute, and its further output.
async fn under_way(env: &TestEnv, shop: &Shop) -> (Child, BufReader<ChildStdout>) {
    let arguments = ["run", "click 'Cart', then wait 30 seconds", "--start-url", &shop.url];
    let mut child = env.program(&arguments).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    first_step(&mut stdout).await;
    (child, stdout)
}

#[tokio::test]
async fn ctrl_c_cancels_the_run_and_closes_the_browser() {
    for by in [Signal::INT, Signal::TERM] {
        let (env, shop) = (TestEnv::new(), Shop::open().await.unwrap());
        let (child, mut stdout) = under_way(&env, &shop).await;
        signal(&child, by);
        let ended = Ended::wait(child).await;
        assert_eq!(ended.code, Some(130), "{ended:#?}");
        let mut rest = String::new();
        tokio::io::AsyncReadExt::read_to_string(&mut stdout, &mut rest).await.unwrap();
        assert!(rest.contains("\ninterrupted"), "{rest}");
        env.assert_nothing_left().await;
    }
}

#[tokio::test]
async fn an_unresponsive_disk_does_not_delay_an_interrupt() {
    let (env, shop) = (TestEnv::new(), Shop::open().await.unwrap());
    // Opening a named pipe for writing blocks until somebody reads it, and nothing ends that thread.
    mknodat(CWD, env.folder().join("step-01.png"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let mut child =
        env.program(&["run", "read the page", "--start-url", &shop.url, "--save-screenshots", "."]).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    first_step(&mut stdout).await;
    signal(&child, Signal::INT);
    let ended = Ended::wait(child).await;
    assert_eq!(ended.code, Some(130), "{ended:#?}");
    env.assert_nothing_left().await;
}

#[tokio::test]
async fn killing_a_run_ends_its_browser() {
    let (env, shop) = (TestEnv::new(), Shop::open().await.unwrap());
    let (child, _stdout) = under_way(&env, &shop).await;
    signal(&child, Signal::KILL);
    assert_eq!(Ended::wait(child).await.code, None);
    env.assert_nothing_left().await;
}

#[tokio::test]
async fn a_run_whose_output_is_closed_ends() {
    let (env, shop) = (TestEnv::new(), Shop::open().await.unwrap());
    // Six steps to print, of which the first is read.
    let task = "click 'Blue kettle', click 'Add to cart', click 'Checkout', type 'Ada' into 'Name', click 'Cart'";
    let mut child = env.program(&["run", task, "--start-url", &shop.url]).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut String::new()).await.unwrap();
    drop(stdout);
    let ended = Ended::wait(child).await;
    assert_eq!(ended.code, Some(2), "{ended:#?}");
    assert!(ended.stderr.contains("Broken pipe"), "{ended:#?}");
    env.assert_nothing_left().await;
}
