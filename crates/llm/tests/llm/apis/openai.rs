use agent::ports::Provider;
use serde_json::{Value, json};

use super::{Api, Case, Places, USAGE, events, halves, key};
use testkit::scripted_server::Reply;

pub(super) fn api() -> Api {
    Api {
        provider: Provider::Openai,
        model: "gpt-test",
        path: "/v1/chat/completions",
        key: key("authorization", "Bearer "),
        places: Places {
            schema: "/response_format/json_schema/schema",
            system: "/messages/0/content",
            text: "/messages/1/content",
            picture: "/messages/1/content/1/image_url/url",
        },
        usage: USAGE,
        streamed,
        whole,
        plays,
    }
}

fn usage() -> Value {
    json!({"prompt_tokens": 120, "completion_tokens": 30, "prompt_tokens_details": {"cached_tokens": 100}})
}

fn chunk(delta: Value, finish: Option<&str>) -> (&'static str, Value) {
    let choice = json!({"index": 0, "delta": delta, "finish_reason": finish});
    ("", json!({"object": "chat.completion.chunk", "choices": [choice], "usage": null}))
}

fn ending(delta: Value, finish: &str) -> Reply {
    let stream =
        [chunk(json!({"role": "assistant", "content": ""}), None), chunk(delta, None), chunk(json!({}), Some(finish))];
    Reply::text(200, events(&stream).concat() + "data: [DONE]\n\n")
}

fn streamed(text: &str) -> Vec<String> {
    let (head, tail) = halves(text);
    let mut stream = events(&[
        chunk(json!({"role": "assistant", "content": "", "refusal": null}), None),
        chunk(json!({"content": head}), None),
        chunk(json!({"content": tail}), None),
        chunk(json!({}), Some("stop")),
        ("", json!({"object": "chat.completion.chunk", "choices": [], "usage": usage()})),
    ]);
    stream.push("data: [DONE]\n\n".to_owned());
    stream
}

fn whole(text: &str) -> Value {
    let message = json!({"role": "assistant", "content": text, "refusal": null});
    let choice = json!({"index": 0, "message": message, "finish_reason": "stop"});
    json!({"object": "chat.completion", "choices": [choice], "usage": usage()})
}

fn error(status: u16, kind: &str, code: Value, param: Value) -> Reply {
    let error = json!({"message": "words for people", "type": kind, "param": param, "code": code});
    Reply::json(status, json!({"error": error}))
}

fn plays(case: Case) -> Option<Reply> {
    let invalid = |status, code: &str, param| error(status, "invalid_request_error", json!(code), param);
    Some(match case {
        Case::RateLimited => error(429, "requests", json!("rate_limit_exceeded"), Value::Null),
        Case::RateLimitedForLong => {
            error(429, "requests", json!("rate_limit_exceeded"), Value::Null).header("retry-after", "60")
        }
        Case::ServerError => error(500, "server_error", Value::Null, Value::Null),
        Case::Overloaded => error(503, "server_error", Value::Null, Value::Null),
        Case::ErrorInStream => {
            let failed = json!({"error": {"message": "words", "type": "server_error", "param": null, "code": null}});
            Reply::text(200, events(&[chunk(json!({"content": "{"}), None), ("", failed)]).concat())
        }
        Case::Empty => ending(json!({"content": ""}), "stop"),
        Case::Refusal => ending(json!({"refusal": "I can't do that."}), "stop"),
        Case::ContentFilter => ending(json!({"content": "{"}), "content_filter"),
        Case::PromptBlocked => invalid(400, "content_filter", json!("prompt")),
        Case::LengthLimit => ending(json!({"content": "{"}), "length"),
        Case::ContextTooLong => invalid(400, "context_length_exceeded", json!("messages")),
        Case::WrongKey => invalid(401, "invalid_api_key", Value::Null),
        Case::UnknownModel => invalid(404, "model_not_found", Value::Null),
        Case::NothingLeft => error(429, "insufficient_quota", json!("insufficient_quota"), Value::Null),
        Case::Blind => error(400, "invalid_request_error", Value::Null, json!("messages.[1].content.[1].type")),
    })
}
