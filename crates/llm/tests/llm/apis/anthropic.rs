use agent::ports::{Provider, Usage};
use serde_json::{Value, json};

use super::{Api, Case, Places, USAGE, events, halves, key};
use testkit::scripted_server::Reply;

pub(super) fn api() -> Api {
    Api {
        provider: Provider::Anthropic,
        model: "claude-sonnet-4-test",
        path: "/v1/messages",
        key: key("x-api-key", ""),
        places: Places {
            schema: "/tools/0/input_schema",
            system: "/system/0/text",
            text: "/messages/0/content/0/text",
            picture: "/messages/0/content/0/source/data",
        },
        usage: Usage { prompt_tokens: 125, cache_written_tokens: 20, ..USAGE },
        streamed,
        whole,
        plays,
    }
}

fn begin() -> (&'static str, Value) {
    let usage = json!({
        "input_tokens": 5,
        "cache_creation_input_tokens": 20,
        "cache_read_input_tokens": 100,
        "output_tokens": 1,
    });
    let message = json!({
        "id": "msg_1", "type": "message", "role": "assistant", "content": [], "stop_reason": null, "usage": usage,
    });
    ("message_start", json!({"type": "message_start", "message": message}))
}

fn end(stop_reason: &str) -> [(&'static str, Value); 2] {
    let delta = json!({"stop_reason": stop_reason, "stop_sequence": null});
    [
        ("message_delta", json!({"type": "message_delta", "delta": delta, "usage": {"output_tokens": 30}})),
        ("message_stop", json!({"type": "message_stop"})),
    ]
}

fn delta(partial: &str) -> (&'static str, Value) {
    let delta = json!({"type": "input_json_delta", "partial_json": partial});
    ("content_block_delta", json!({"type": "content_block_delta", "index": 1, "delta": delta}))
}

fn block(index: u32, block: Value) -> (&'static str, Value) {
    ("content_block_start", json!({"type": "content_block_start", "index": index, "content_block": block}))
}

fn tool() -> (&'static str, Value) {
    block(1, json!({"type": "tool_use", "id": "toolu_1", "name": "decision", "input": {}}))
}

fn streamed(text: &str) -> Vec<String> {
    let (head, tail) = halves(text);
    let thought = json!({"type": "thinking_delta", "thinking": "{hm}"});
    let mut stream = vec![
        begin(),
        ("ping", json!({"type": "ping"})),
        block(0, json!({"type": "thinking", "thinking": "", "signature": ""})),
        ("content_block_delta", json!({"type": "content_block_delta", "index": 0, "delta": thought})),
        ("content_block_stop", json!({"type": "content_block_stop", "index": 0})),
        tool(),
        delta(""),
        delta(head),
        delta(tail),
        ("content_block_stop", json!({"type": "content_block_stop", "index": 1})),
    ];
    stream.extend(end("tool_use"));
    events(&stream)
}

fn whole(text: &str) -> Value {
    let input = serde_json::from_str::<Value>(text);
    let content = match input {
        Ok(input) => json!({"type": "tool_use", "id": "toolu_1", "name": "decision", "input": input}),
        Err(_) => json!({"type": "text", "text": text}),
    };
    json!({
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "content": [content],
        "stop_reason": "tool_use",
        "usage": {
            "input_tokens": 5,
            "cache_creation_input_tokens": 20,
            "cache_read_input_tokens": 100,
            "output_tokens": 30,
        },
    })
}

fn failed(kind: &str, message: &str) -> Value {
    json!({"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"})
}

fn ending(stop_reason: &str) -> Reply {
    let mut stream = vec![begin(), tool(), delta("{")];
    stream.extend(end(stop_reason));
    Reply::text(200, events(&stream).concat())
}

fn plays(case: Case) -> Option<Reply> {
    Some(match case {
        Case::RateLimited => Reply::json(429, failed("rate_limit_error", "words")),
        Case::RateLimitedForLong => Reply::json(429, failed("rate_limit_error", "words")).header("retry-after", "60"),
        Case::ServerError => Reply::json(500, failed("api_error", "words")),
        Case::Overloaded => Reply::json(529, failed("overloaded_error", "Overloaded")),
        Case::ErrorInStream => {
            let overloaded = ("error", failed("overloaded_error", "Overloaded"));
            Reply::text(200, events(&[begin(), tool(), delta("{"), overloaded]).concat())
        }
        Case::Empty => {
            let mut stream = vec![begin()];
            stream.extend(end("end_turn"));
            Reply::text(200, events(&stream).concat())
        }
        Case::Refusal => ending("refusal"),
        Case::ContentFilter | Case::PromptBlocked => return None,
        Case::LengthLimit => ending("max_tokens"),
        Case::ContextTooLong => {
            Reply::json(400, failed("invalid_request_error", "prompt is too long: 208310 tokens > 200000 maximum"))
        }
        Case::WrongKey => Reply::json(401, failed("authentication_error", "invalid x-api-key")),
        Case::UnknownModel => Reply::json(404, failed("not_found_error", "model: claude-sonnet-4-test")),
        Case::NothingLeft => Reply::json(402, failed("billing_error", "words for people")),
        Case::Blind => {
            Reply::json(400, failed("invalid_request_error", "messages.0.content.0.image: not supported by this model"))
        }
    })
}
