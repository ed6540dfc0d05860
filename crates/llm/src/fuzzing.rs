//! Responses of model servers, as fuzz targets.

use secrecy::SecretString;

use super::endpoint::Endpoint;
use super::protocol::{Outcome, Protocol, Received};
use super::transport::Response;
use super::{anthropic, gemini, ollama, openai};
use agent::ports::ModelName;

pub const TARGETS: &[(&str, fn(&[u8]))] = &[
    ("anthropic_answer", |data| check(data, &anthropic::PROTOCOL)),
    ("gemini_answer", |data| check(data, &gemini::PROTOCOL)),
    ("ollama_answer", |data| check(data, &ollama::PROTOCOL)),
    ("openai_answer", |data| check(data, &openai::PROTOCOL)),
];

const KEY: &str = "sk-canary";

/// The first byte selects the status. A reply is not blank, and no error contains the key.
fn check(data: &[u8], protocol: &Protocol) {
    let Some((choice, body)) = data.split_first() else { return };
    let status = [200, 200, 200, 400, 401, 404, 429, 500][usize::from(choice % 8)];
    let name = ModelName { provider: "fuzz".into(), model: "model".into() };
    let base = "http://localhost/".parse().expect("a URL");
    let key = Some(SecretString::from(KEY));
    let endpoint = Endpoint::new(base, key, protocol.key, protocol.headers).expect("an HTTP endpoint");
    let response = Response { status, retry_after: None, body: body.to_vec() };
    let error = match (protocol.read)(&Received { response: &response, name: &name, endpoint: &endpoint }) {
        Ok(Outcome::Reply(reply)) => return assert!(!reply.text.trim().is_empty()),
        Ok(Outcome::Rejected { detail, .. }) => detail,
        Err(error) => format!("{error:?}"),
    };
    assert!(!error.contains(KEY), "{error}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corpus_inputs_hold_the_invariants() {
        testkit::corpus::replay(TARGETS);
    }

    /// A connection may break anywhere, within a character too.
    #[test]
    fn every_prefix_of_a_corpus_answer_holds_the_invariants() {
        for (name, run) in TARGETS {
            for input in testkit::corpus::inputs(name) {
                (0..input.len()).for_each(|end| run(&input[..end]));
            }
        }
    }
}
