//! What models' servers answer, as fuzz targets.

use secrecy::SecretString;

use super::endpoint::Endpoint;
use super::transport::Answer;
use super::{ollama, openai};
use crate::agent::ports::{ChatReply, ModelName};
use crate::fuzzing::Target;

pub const TARGETS: &[Target] = &[("openai_answer", openai_answer), ("ollama_answer", ollama_answer)];

const KEY: &str = "sk-canary";

fn openai_answer(data: &[u8]) {
    check(data, openai::read_reply);
}

fn ollama_answer(data: &[u8]) {
    check(data, |answer, name, endpoint| {
        ollama::read_chat(answer, name, endpoint).map_err(|fault| format!("{fault:?}"))
    });
}

/// The first byte chooses the status. A reply has text; an error does not repeat the key.
fn check(data: &[u8], read: impl Fn(Answer, &ModelName, &Endpoint) -> Result<ChatReply, String>) {
    let Some((choice, body)) = data.split_first() else { return };
    let status = [200, 200, 200, 400, 401, 404, 429, 500][usize::from(choice % 8)];
    let name = ModelName { provider: "fuzz".into(), model: "model".into() };
    let base = "http://localhost/".parse().expect("a URL");
    let endpoint = Endpoint::new(base, Some(SecretString::from(KEY))).expect("an HTTP endpoint");
    match read(Answer { status, retry_after: None, body: body.to_vec() }, &name, &endpoint) {
        Ok(reply) => assert!(!reply.text.trim().is_empty()),
        Err(told) => assert!(!told.contains(KEY), "{told}"),
    }
}
