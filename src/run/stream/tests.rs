use std::time::SystemTime;

use futures::FutureExt;
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::run::fuzzing;
use agent::image::ImageFormat;
use agent::ports::Provider;
use agent::report::{AgentResult, LogLevel};

const STALL: Duration = Duration::from_secs(60);

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn readers_lose_no_event_and_get_none_twice(data in vec(any::<u8>(), 0..400)) {
        fuzzing::run_stream(&data);
    }
}

fn open(detach: u64) -> (Arc<Channel>, RunStream) {
    let options = StreamOptions {
        buffer: 1 << 20,
        stall_timeout: STALL,
        detach: Duration::from_secs(detach),
        skip_unchanged: true,
    };
    let id = RunId::new();
    let first = RunEventKind::Started { at: SystemTime::now(), run_id: id, provider: Provider::Template, model: None };
    Channel::open(id, options, first)
}

fn log() -> RunEventKind {
    RunEventKind::log(LogLevel::Info, String::new())
}

fn end() -> RunEventKind {
    RunEventKind::Finished { result: AgentResult::default(), duration: Duration::ZERO, storage: None }
}

fn step(format: ImageFormat, picture: &str) -> RunEventKind {
    RunEventKind::Step(StepReport {
        step: 1,
        action: String::new(),
        description: String::new(),
        thought: String::new(),
        url: String::new(),
        title: String::new(),
        screenshot: Some(Image { format, base64: picture.into() }),
        downloads: Vec::new(),
        kept: Vec::new(),
        blocker: None,
    })
}

/// How the run is given up, and after how many seconds.
async fn given_up(events: &Channel) -> (Failure, u64) {
    let started = Instant::now();
    (events.given_up().await, started.elapsed().as_secs())
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_takes_nothing_ends_the_run_after_the_stall_timeout() {
    let (events, mut stream) = open(0);
    stream.next().await.unwrap();
    sleep_until(Instant::now() + 10 * STALL).await;
    assert!(events.given_up().now_or_never().is_none(), "nothing waits");
    events.push(log());
    sleep_until(Instant::now() + STALL / 2).await;
    events.push(log());
    assert_eq!(given_up(&events).await, (Failure::ClientStalled, 30), "from the first one that waits");
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_takes_one_event_at_a_time_is_waited_for() {
    let (events, mut stream) = open(0);
    for _ in 0..10 {
        events.push(log());
    }
    let reading = async {
        for _ in 0..10 {
            stream.next().await.unwrap();
            sleep_until(Instant::now() + STALL - Duration::from_secs(1)).await;
        }
    };
    tokio::select! {
        failure = events.given_up() => panic!("{failure}"),
        () = reading => {}
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_without_a_reader_is_cancelled_at_once_or_after_its_detach_time() {
    for detach in [0, 90] {
        let (events, stream) = open(detach);
        drop(stream);
        assert_eq!(given_up(&events).await, (Failure::Cancelled, detach));
        assert_eq!(events.attach(0).err(), Some(ResumeError::Unknown));
    }
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_returns_in_time_keeps_the_run_and_resets_the_timer() {
    let (events, stream) = open(90);
    drop(stream);
    let back = async {
        sleep_until(Instant::now() + Duration::from_secs(89)).await;
        let mut stream = events.attach(0).unwrap();
        stream.next().await.unwrap();
        sleep_until(Instant::now() + Duration::from_secs(1_000)).await;
        drop(stream);
    };
    let (given_up, ()) = tokio::join!(given_up(&events), back);
    assert_eq!(given_up, (Failure::Cancelled, 89 + 1_000 + 90));
}

#[tokio::test(start_paused = true)]
async fn a_stalled_reader_gets_the_detach_time_too() {
    let (events, _stream) = open(90);
    assert_eq!(given_up(&events).await, (Failure::ClientStalled, 60 + 90));
}

#[tokio::test(start_paused = true)]
async fn taking_over_wakes_and_ends_the_previous_reader() {
    let (events, mut first) = open(0);
    first.next().await.unwrap();
    let (first_end, second) = tokio::join!(first.next(), async { events.attach(1).unwrap() });
    assert!(first_end.is_none() && first.interruption() == Some(Interruption::TakenOver));
    drop(first);
    assert!(events.given_up().now_or_never().is_none(), "the first one's leaving is nothing to the run");
    drop(second);
    assert_eq!(given_up(&events).await, (Failure::Cancelled, 0));
}

#[tokio::test(start_paused = true)]
async fn a_finished_run_is_kept_from_its_end_or_its_readers_departure() {
    let (events, stream) = open(90);
    let channel = events.clone();
    let started = Instant::now();
    let ending = async {
        events.push(end());
        sleep_until(started + Duration::from_secs(10)).await;
        events.close();
        sleep_until(started + Duration::from_secs(500)).await;
        drop(stream);
    };
    tokio::join!(channel.abandoned(), ending);
    assert_eq!(started.elapsed().as_secs(), 590);
    assert_eq!(channel.attach(0).err(), Some(ResumeError::Unknown));
}

#[tokio::test]
async fn more_unread_steps_than_the_buffer_holds_end_the_run() {
    let (events, _stream) = open(300);
    let step = || match step(ImageFormat::Png, "") {
        RunEventKind::Step(step) => RunEventKind::Step(StepReport { thought: "t".repeat(300_000), ..step }),
        other => other,
    };
    (0..3).for_each(|_| events.push(step()));
    assert!(events.given_up().now_or_never().is_none());
    events.push(step());
    assert_eq!(given_up(&events).await, (Failure::ClientStalled, 0));
}

#[tokio::test]
async fn an_unchanged_screenshot_is_omitted_within_a_stream() {
    let (events, mut stream) = open(0);
    for (format, picture) in [
        (ImageFormat::Png, "a"),
        (ImageFormat::Png, "a"),
        (ImageFormat::Png, "b"),
        (ImageFormat::Png, "a"),
        (ImageFormat::Jpeg, "a"),
    ] {
        events.push(step(format, picture));
    }
    let withheld = async |stream: &mut RunStream| {
        let mut all = Vec::new();
        while let Some(Some(event)) = stream.next().now_or_never() {
            all.push(event.withheld);
        }
        all
    };
    assert_eq!(withheld(&mut stream).await, [None, None, Some(Withheld::Unchanged), None, None, None]);
    let mut again = events.attach(2).unwrap();
    assert_eq!(withheld(&mut again).await, [None; 4], "what another stream told is not what this one did");
}
