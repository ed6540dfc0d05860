//! Fuzz targets for texts of models and callers.

use crate::action::Action;
use crate::agent_loop::url_in_task;
use crate::files::FileName;
use crate::prompt::answer;
use crate::prompt::fence::Fence;

pub const TARGETS: &[(&str, fn(&[u8]))] =
    &[("model_answer", model_answer), ("url_in_task", url_in_task), ("fence", fence), ("file_name", file_name)];

/// A parsed answer can be written and parsed again. Numbers may differ in the last digit, as JSON is not parsed
/// exactly.
fn model_answer(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(decision) = answer::parse(text, false) {
        assert!(!decision.actions.is_empty());
        let written = serde_json::to_string(&decision).expect("a decision has string keys");
        let again = answer::parse(&written, false).expect("what was written is an answer");
        assert_eq!(again.memory, decision.memory);
        assert!(again.actions.iter().map(Action::name).eq(decision.actions.iter().map(Action::name)));
    }
    if let Ok(decision) = answer::parse(text, true) {
        assert!(decision.actions.iter().all(|action| matches!(action, Action::Done { .. })));
    }
}

fn url_in_task(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Some(url) = url_in_task::url_in_task(text) {
        assert!(matches!(url.scheme(), "http" | "https"), "{url}");
    }
}

/// Any proposed name becomes a valid one, with room for a number.
fn file_name(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for name in [FileName::tamed(text), FileName::titled(text, "pdf")] {
        assert_eq!(FileName::parse(name.as_str()), Ok(name.clone()));
        assert!(name.numbered(999_999).as_str().len() < 255);
    }
}

/// The boundary does not occur between the tags, in any case.
fn fence(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    // Short, so that inputs contain it by chance.
    let wrapped = Fence::fixed("1a2").wrap("page", text);
    let inner = wrapped.strip_prefix("<page-1a2>\n").and_then(|rest| rest.strip_suffix("\n</page-1a2>"));
    assert!(!inner.expect("the tags stand around it").to_ascii_lowercase().contains("1a2"));
}

#[cfg(test)]
#[test]
fn corpus_inputs_hold_the_invariants() {
    testkit::corpus::replay(TARGETS);
}
