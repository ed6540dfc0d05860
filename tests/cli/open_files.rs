//! The limit of open files.

use std::fs;

use rustix::process::Signal;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use super::test_env::{TestEnv, signal};

#[tokio::test]
async fn the_service_raises_its_open_file_limit() {
    let env = TestEnv::new();
    let program = env.program(&[]);
    let program = program.as_std();
    let mut service = Command::new("sh")
        .args(["-c", "ulimit -S -n 256 && ulimit -H -n 4000 && exec \"$0\""])
        .arg(program.get_program())
        .env_clear()
        .envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .env("PORT", "0")
        .current_dir(env.folder())
        .stderr(std::process::Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut log = BufReader::new(service.stderr.take().unwrap()).lines();
    while !log.next_line().await.unwrap().expect("the service runs").contains("listening") {}

    let limits = fs::read_to_string(format!("/proc/{}/limits", service.id().unwrap())).unwrap();
    let files = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    assert_eq!(files.split_whitespace().collect::<Vec<_>>(), ["Max", "open", "files", "4000", "4000", "files"]);

    signal(&service, Signal::TERM);
    while log.next_line().await.unwrap().is_some() {}
    assert_eq!(service.wait().await.unwrap().code(), Some(0));
    env.assert_nothing_left().await;
}
