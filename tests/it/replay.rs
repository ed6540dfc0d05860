//! Recorded runs, run again against their recorded views: what the agent makes out of the same pages and answers.
//! `KEEP_RECORDINGS=1 cargo test --test cli replay` records them anew, for when the agent is meant to do otherwise.

use browser_use_service::app::App;
use browser_use_service::config::Settings;
use browser_use_service::replay::{Recorded, Report, UnreadableRecording};

use super::support::soon;

const LOGIN: &str = include_str!("recordings/login.jsonl");
const ORDER: &str = include_str!("recordings/order.jsonl");

async fn played(recording: &str) -> Report {
    let settings = Settings::from_variables([]).expect("valid settings");
    let recorded = Recorded::parse(recording.as_bytes()).expect("a recording");
    let (app, replay) = App::replaying(settings, recorded, true, &[]).expect("it can be played");
    let mut stream = app.runs().start(replay.request(true).expect("a valid request")).expect("a place");
    let playing = async {
        while let Some(event) = stream.next().await {
            if event.kind.is_terminal() {
                replay.ended(&event.kind);
            }
        }
    };
    let until_the_end = async {
        tokio::select! {
            () = playing => {}
            () = replay.stopped() => {}
        }
    };
    soon("the replay", until_the_end).await;
    replay.report()
}

/// What is told when a part of a recording is another.
async fn told(recording: &str, was: &str, is: &str) -> Vec<String> {
    assert!(recording.contains(was), "{was}");
    let report = played(&recording.replacen(was, is, 1)).await;
    report.divergences.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn the_agent_does_and_asks_what_it_did_and_asked_then() {
    for (recording, steps) in [(LOGIN, 3), (ORDER, 8)] {
        let report = played(recording).await;
        assert_eq!((report.divergences, report.steps), (vec![], steps));
    }
}

#[tokio::test]
async fn another_action_ends_the_replay() {
    let was = r#""action":{"click":{"index":3}}"#;
    let told = told(LOGIN, was, r#""action":{"click":{"index":4}}"#).await;
    let expected =
        r#"step 2: the recorded run goes on with {"click":{"index":4}}, this one with {"click":{"index":3}}"#;
    assert_eq!(told, [expected]);
}

#[tokio::test]
async fn another_question_to_the_model_is_told_with_the_first_line_that_differs() {
    let told = told(LOGIN, r#""title":"Welcome""#, r#""title":"Willkommen""#).await;
    assert_eq!(told.len(), 1, "{told:#?}");
    assert!(
        told[0].starts_with("step 3: message ") && told[0].contains(r#"was "Welcome" and is "Willkommen""#),
        "{told:?}"
    );
}

#[tokio::test]
async fn another_end_and_a_missing_one_are_told() {
    let end = r#""text":"Ada is in","errors""#;
    let told = told(LOGIN, end, r#""text":"Nobody is in","errors""#).await;
    assert_eq!(told, [r#"step 3: the answer, line 1, was "Nobody is in" and is "Ada is in""#]);

    let cut: Vec<&str> = LOGIN.lines().take(3).collect();
    let report = played(&cut.join("\n")).await;
    assert_eq!((report.divergences, report.notes), (vec![], vec!["the recorded run was cut off here".to_owned()]));
}

#[test]
fn what_is_too_long_is_not_read() {
    let line = LOGIN.lines().nth(1).expect("a second line");
    let long = format!("{}\n{}", LOGIN.lines().next().expect("a header"), format!("{line}\n").repeat(20_001));
    assert!(matches!(Recorded::parse(long.as_bytes()), Err(UnreadableRecording::TooLong)));
    assert!(matches!(Recorded::parse(&vec![b'{'; 33 << 20]), Err(UnreadableRecording::TooLong)));
}
