//! What models' servers answer, as fuzz targets.

use secrecy::SecretString;

use super::endpoint::Endpoint;
use super::protocol::{Outcome, Protocol};
use super::transport::Answer;
use super::{anthropic, gemini, ollama, openai};
use agent::ports::ModelName;

pub const TARGETS: &[(&str, fn(&[u8]))] = &[
    ("anthropic_answer", |data| check(data, &anthropic::PROTOCOL)),
    ("gemini_answer", |data| check(data, &gemini::PROTOCOL)),
    ("ollama_answer", |data| check(data, &ollama::PROTOCOL)),
    ("openai_answer", |data| check(data, &openai::PROTOCOL)),
];

const KEY: &str = "sk-canary";

/// The first byte chooses the status. A reply has text; nothing else repeats the key.
fn check(data: &[u8], protocol: &Protocol) {
    let Some((choice, body)) = data.split_first() else { return };
    let status = [200, 200, 200, 400, 401, 404, 429, 500][usize::from(choice % 8)];
    let name = ModelName { provider: "fuzz".into(), model: "model".into() };
    let base = "http://localhost/".parse().expect("a URL");
    let key = Some(SecretString::from(KEY));
    let endpoint = Endpoint::new(base, key, protocol.key, protocol.headers).expect("an HTTP endpoint");
    let told = match (protocol.read)(&Answer { status, retry_after: None, body: body.to_vec() }, &name, &endpoint) {
        Ok(Outcome::Reply(reply)) => return assert!(!reply.text.trim().is_empty()),
        Ok(Outcome::Rejected(rejection)) => rejection.message,
        Err(fault) => format!("{fault:?}"),
    };
    assert!(!told.contains(KEY), "{told}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_inputs_break_no_promise() {
        testkit::corpus::replay(TARGETS);
    }

    /// A connection may break anywhere, within a character too.
    #[test]
    fn no_beginning_of_a_kept_answer_breaks_a_promise() {
        for (name, run) in TARGETS {
            for input in testkit::corpus::inputs(name) {
                (0..input.len()).for_each(|end| run(&input[..end]));
            }
        }
    }
}
