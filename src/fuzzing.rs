//! Everything that reads what a caller, a page, a model or the browser wrote, as functions of bytes that panic when a
//! promise is broken. `make fuzz` lets a fuzzer look for such bytes; the ordinary tests try those of `fuzz/corpus`.

use crate::{agent, browser, http, llm, policy, replay, run};

/// A name and a function that takes any bytes. It returns for those that are of no use to it.
pub type Target = (&'static str, fn(&[u8]));

/// All targets, by name.
pub fn targets() -> impl Iterator<Item = Target> {
    [
        agent::fuzzing::TARGETS,
        browser::fuzzing::TARGETS,
        http::fuzzing::TARGETS,
        llm::fuzzing::TARGETS,
        replay::fuzzing::TARGETS,
        run::fuzzing::TARGETS,
        &[URL_POLICY],
    ]
    .into_iter()
    .flatten()
    .copied()
}

const URL_POLICY: Target = ("url_policy", policy::fuzz);

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::*;

    fn names(folder: &Path) -> BTreeSet<String> {
        let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry"));
        entries.map(|entry| entry.file_name().into_string().expect("a plain name")).collect()
    }

    #[test]
    fn no_kept_input_breaks_a_promise() {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
        let known: BTreeSet<String> = targets().map(|(name, _)| name.to_owned()).collect();
        assert_eq!(names(&corpus), known, "a folder for each target");
        for (name, run) in targets() {
            let folder = corpus.join(name);
            let inputs = names(&folder);
            assert!(!inputs.is_empty(), "{name} has no input");
            for input in inputs {
                run(&fs::read(folder.join(input)).expect("an input"));
            }
        }
    }
}
