//! Recorded runs, replayed against their recorded views and answers.
//! `KEEP_RECORDINGS=1 cargo test --test cli replay` records them anew after an intended change of the agent.

use std::sync::Arc;

use browser_use_service::app::App;
use browser_use_service::config::Settings;
use browser_use_service::recording;
use browser_use_service::run::RunRequest;
use replay::{Destination, Recording, RecordingError, Replay, Report};
use url_policy::{DomainPattern, DomainRules};

use super::support::model::Reply;
use super::support::service::Stage;
use super::support::soon;

const LOGIN: &str = include_str!("recordings/login.jsonl");
const ORDER: &str = include_str!("recordings/order.jsonl");

async fn played(recording: &str) -> Report {
    let settings = Settings::from_variables([]).expect("valid settings");
    let recorded = Recording::parse(recording.as_bytes()).expect("a recording");
    let (app, replay) = App::replaying(settings, recorded, true, &[]).expect("it can be played");
    let mut stream = app.runs().start(recording::request(&replay, true).expect("a valid request")).expect("a place");
    let playing = async {
        while let Some(event) = stream.next().await {
            if event.kind.is_terminal() {
                replay.playback.end(&recording::end_of(&event.kind).expect("a terminal event"));
            }
        }
    };
    let until_the_end = async {
        tokio::select! {
            () = playing => {}
            () = replay.playback.stopped() => {}
        }
    };
    soon("the replay", until_the_end).await;
    replay.playback.report()
}

/// The report for a modified recording.
async fn told(recording: &str, was: &str, is: &str) -> Vec<String> {
    assert!(recording.contains(was), "{was}");
    let report = played(&recording.replacen(was, is, 1)).await;
    report.divergences.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn a_replay_repeats_the_same_actions_and_prompts() {
    for (recording, steps) in [(LOGIN, 3), (ORDER, 8)] {
        let report = played(recording).await;
        assert_eq!((report.divergences, report.steps), (vec![], steps));
    }
}

#[tokio::test]
async fn a_different_action_ends_the_replay() {
    let was = r#""action":{"click":{"index":3}}"#;
    let told = told(LOGIN, was, r#""action":{"click":{"index":4}}"#).await;
    let expected =
        r#"step 2: the recorded run continues with {"click":{"index":4}}, this one with {"click":{"index":3}}"#;
    assert_eq!(told, [expected]);
}

#[tokio::test]
async fn a_different_prompt_is_reported_with_the_first_differing_line() {
    let told = told(LOGIN, r#""title":"Welcome""#, r#""title":"Willkommen""#).await;
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(
        told[0].starts_with("step 3: message ") && told[0].contains(r#"was "Welcome" and is "Willkommen""#),
        "{told:?}"
    );
}

#[tokio::test]
async fn a_different_or_missing_end_is_reported() {
    let end = r#""text":"Ada is in","errors""#;
    let told = told(LOGIN, end, r#""text":"Nobody is in","errors""#).await;
    assert_eq!(told, [r#"step 3: the answer, line 1, was "Nobody is in" and is "Ada is in""#]);

    let cut: Vec<&str> = LOGIN.lines().take(3).collect();
    let report = played(&cut.join("\n")).await;
    assert_eq!((report.divergences, report.notes), (vec![], vec!["the recorded run was cut off here".to_owned()]));
}

#[tokio::test]
async fn a_replay_keeps_to_the_runs_domain_lists() {
    let list = |patterns: &str| DomainPattern::parse_list(patterns).expect("patterns").into();
    let lists = DomainRules {
        allowed: Some(list("shop.example, *.shop.example:8443, 192.0.2.7, [2001:db8::1]:81")),
        blocked: list("ads.shop.example"),
    };
    for domains in [lists, DomainRules::default()] {
        let folder = tempfile::tempdir().expect("a folder");
        let recorder = Destination::folder(folder.path().to_owned()).expect("a folder");
        let (runs, ..) = Stage::new([Reply::done("ok")]).recorded_runs(Some(Arc::new(recorder)));
        let request = RunRequest { domains: domains.clone(), ..crate::lifecycle::request() };
        let mut stream = runs.start(request).expect("a place");
        while stream.next().await.is_some() {}
        let file = std::fs::read_dir(folder.path()).expect("a folder").next().expect("a recording").expect("a file");
        let recorded = Recording::parse(&std::fs::read(file.path()).expect("a file")).expect("a recording");
        let replay = Replay::new(recorded, None, &[]).expect("it can be played");
        assert_eq!(recording::request(&replay, true).expect("a request").domains, domains);
    }
    // An invalid list does not allow everything.
    let wrong = LOGIN.replacen(r#""maxSteps""#, r#""allowedDomains":["https://x"],"maxSteps""#, 1);
    let replay = Replay::new(Recording::parse(wrong.as_bytes()).expect("a recording"), None, &[]).expect("a replay");
    assert!(recording::request(&replay, true).is_err());
}

#[test]
fn an_oversized_recording_is_not_read() {
    let line = LOGIN.lines().nth(1).expect("a second line");
    let long = format!("{}\n{}", LOGIN.lines().next().expect("a header"), format!("{line}\n").repeat(20_001));
    assert!(matches!(Recording::parse(long.as_bytes()), Err(RecordingError::TooLong)));
    assert!(matches!(Recording::parse(&vec![b'{'; 33 << 20]), Err(RecordingError::TooLong)));
}

#[tokio::test]
async fn requested_actions_of_format_version_1_are_rejected() {
    let with_actions = ORDER.replacen(r#""maxSteps""#, r#""actions":[{"wait":{}}],"maxSteps""#, 1);
    let refused = Recording::parse(with_actions.as_bytes()).unwrap_err();
    let RecordingError::Line { line: 1, problem } = refused else { panic!("{refused:?}") };
    assert!(problem.contains("version 1"), "{problem}");
}
