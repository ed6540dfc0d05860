//! Checks that `docs/PLANNER.md` states correctly what the planner understands.

use super::super::parse::parse;

const DOCS: &str = include_str!("../../../../docs/PLANNER.md");

/// The lines of all blocks of a kind.
fn documented(kind: &str) -> Vec<&'static str> {
    let blocks = DOCS.split("```").skip(1).step_by(2).filter_map(|block| block.strip_prefix(kind));
    blocks.flat_map(str::lines).filter(|line| !line.is_empty()).collect()
}

#[test]
fn every_documented_phrase_is_understood() {
    let phrases = documented("phrases\n");
    assert!(phrases.len() > 60, "{phrases:?}");
    for phrase in phrases {
        assert!(parse(phrase).is_ok(), "{phrase}: {:?}", parse(phrase));
    }
}

#[test]
fn every_phrase_documented_as_unsupported_is_rejected() {
    let phrases = documented("beyond\n");
    assert!(phrases.len() > 5, "{phrases:?}");
    for phrase in phrases {
        assert!(parse(phrase).is_err(), "{phrase}: {:?}", parse(phrase));
    }
}
