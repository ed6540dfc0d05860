use super::*;
use agent::image::{Image, ImageFormat};
use agent::report::{AgentResult, LogLevel, StepReport};

/// Room for that many bytes beside what each event takes anyway.
fn journal(events: usize, bytes: usize) -> Journal {
    Journal::new(events * size_of::<Entry>() + bytes)
}

fn step(text: &str, picture: &str) -> RunEventKind {
    let screenshot = Some(Image { format: ImageFormat::Png, base64: picture.into() }).filter(|_| !picture.is_empty());
    RunEventKind::Step(StepReport { step: 1, description: text.into(), screenshot, ..StepReport::default() })
}

fn log(text: &str) -> RunEventKind {
    RunEventKind::log(LogLevel::Info, text.into())
}

/// What a reader reads from `position` on, in short: `3` an event, `3-` without its screenshot, `1..2` a gap.
fn read(journal: &Journal, mut position: u64) -> String {
    let mut seen = Vec::new();
    while let Some(event) = journal.after(position) {
        position = event.sequence;
        seen.push(match (event.kind, event.withheld) {
            (RunEventKind::Gap { from, to, .. }, _) => format!("{from}..{to}"),
            (_, Some(Withheld::Dropped)) => format!("{position}-"),
            _ => position.to_string(),
        });
    }
    seen.join(" ")
}

#[test]
fn events_are_read_in_order_and_can_be_read_again() {
    let mut journal = journal(10, 1_000);
    for text in ["a", "b", "c"] {
        journal.push(step(text, "picture"), Some(0)).unwrap();
    }
    assert_eq!(read(&journal, 0), "1 2 3");
    assert_eq!(read(&journal, 2), "3");
    assert_eq!((read(&journal, 3).as_str(), journal.last()), ("", 3));
}

#[test]
fn screenshots_are_dropped_first_oldest_first_and_the_newest_is_kept() {
    let mut journal = journal(7, 25_000);
    for _ in 0..4 {
        journal.push(step("", &"p".repeat(10_000)), Some(0)).unwrap();
    }
    assert_eq!(read(&journal, 0), "1- 2- 3 4");
    journal.push(step("", &"p".repeat(25_000)), Some(0)).unwrap();
    journal.push(step("a", ""), Some(0)).unwrap();
    assert_eq!(read(&journal, 0), "1- 2- 3- 4- 5 6");
    // A step's text is worth more than any picture.
    journal.push(step(&"a".repeat(25_000), ""), Some(0)).unwrap_err();
    assert_eq!(read(&journal, 0), "1- 2- 3- 4- 5- 6 7");
}

#[test]
fn log_events_are_dropped_before_read_steps() {
    let mut journal = journal(4, 10);
    journal.push(step("a", ""), Some(0)).unwrap();
    journal.push(log("b"), Some(1)).unwrap();
    journal.push(log("c"), Some(1)).unwrap();
    journal.push(step("d", ""), Some(1)).unwrap();
    journal.push(step("e", ""), Some(1)).unwrap();
    assert_eq!(read(&journal, 0), "1 2..2 3 4 5");
    journal.push(step("f", ""), Some(1)).unwrap();
    assert_eq!(read(&journal, 0), "1 2..3 4 5 6");
    journal.push(step("g", ""), Some(1)).unwrap();
    assert_eq!(read(&journal, 0), "1..3 4 5 6 7", "one gap, however it came about");
}

#[test]
fn unread_steps_are_never_dropped() {
    let mut journal = journal(2, 10);
    journal.push(step("a", ""), Some(0)).unwrap();
    journal.push(step("b", ""), Some(0)).unwrap();
    assert_eq!(journal.push(step("c", ""), Some(0)), Err(Overrun));
    assert_eq!(read(&journal, 0), "1 2 3");
    assert_eq!(journal.push(step("d", ""), Some(3)), Ok(()), "what was read makes room");
    assert_eq!(read(&journal, 3), "4");
}

#[test]
fn without_a_reader_the_oldest_events_are_dropped() {
    let mut journal = journal(2, 10);
    for text in ["a", "b", "c"] {
        journal.push(step(text, ""), None).unwrap();
    }
    assert_eq!(read(&journal, 0), "1..1 2 3");
    journal
        .push(
            RunEventKind::Finished { result: AgentResult::default(), duration: Default::default(), storage: None },
            None,
        )
        .unwrap();
    assert_eq!(read(&journal, 1), "2..2 3 4");
}

#[test]
fn an_oversized_event_is_kept_while_it_is_the_newest() {
    let mut journal = journal(1, 10);
    journal.push(step("", &"p".repeat(1_000)), Some(0)).unwrap();
    assert_eq!(read(&journal, 0), "1");
    // A picture alone never ends a run.
    journal.push(step("", &"p".repeat(1_000)), Some(1)).unwrap();
    assert_eq!(read(&journal, 1), "2");
    assert_eq!(read(&journal, 0), "1..1 2");
}

#[test]
fn a_flood_of_log_events_is_bounded_in_number_and_drops_no_step() {
    let mut journal = journal(1_000_000, 0);
    journal.push(step("a", ""), Some(0)).unwrap();
    for _ in 0..3_000 {
        journal.push(log(""), Some(0)).unwrap();
    }
    assert_eq!(journal.entries.len(), MAX_EVENTS);
    assert!(read(&journal, 0).starts_with("1 2..1002 1003 "));
}
