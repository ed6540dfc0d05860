use agent::ports::Provider;
use serde_json::{Value, json};

use super::{Api, Case, Places, USAGE, events, halves, key};
use testkit::scripted_server::Reply;

pub(super) fn api() -> Api {
    Api {
        provider: Provider::Gemini,
        model: "gemini-test",
        path: "/v1beta/models/gemini-test:streamGenerateContent?alt=sse",
        key: key("x-goog-api-key", ""),
        places: Places {
            schema: "/generationConfig/responseJsonSchema",
            system: "/systemInstruction/parts/0/text",
            text: "/contents/0/parts/0/text",
            picture: "/contents/0/parts/1/inlineData/data",
        },
        usage: USAGE,
        streamed,
        whole,
        plays,
    }
}

fn usage() -> Value {
    json!({
        "promptTokenCount": 120,
        "cachedContentTokenCount": 100,
        "candidatesTokenCount": 10,
        "thoughtsTokenCount": 20,
        "totalTokenCount": 150,
    })
}

fn response(parts: Value, finish: Option<&str>) -> Value {
    let mut candidate = json!({"content": {"role": "model", "parts": parts}, "index": 0});
    if let Some(finish) = finish {
        candidate["finishReason"] = json!(finish);
    }
    json!({"candidates": [candidate], "usageMetadata": usage(), "modelVersion": "gemini-test"})
}

fn streamed(text: &str) -> Vec<String> {
    let (head, tail) = halves(text);
    events(&[
        ("", response(json!([{"text": "{hm}", "thought": true}]), None)),
        ("", response(json!([{"text": head}]), None)),
        ("", response(json!([{"text": tail}]), None)),
        ("", response(json!([{"text": "", "thoughtSignature": "AAAA"}]), Some("STOP"))),
    ])
}

fn whole(text: &str) -> Value {
    response(json!([{"text": text}]), Some("STOP"))
}

fn ending(finish: &str) -> Reply {
    // A blocked answer has no content at all.
    let last = json!({"candidates": [{"finishReason": finish, "index": 0}], "usageMetadata": usage()});
    Reply::text(200, events(&[("", response(json!([{"text": "{"}]), None)), ("", last)]).concat())
}

fn failed(code: u16, status: &str, message: &str, details: Value) -> Reply {
    Reply::json(code, json!({"error": {"code": code, "message": message, "status": status, "details": details}}))
}

fn plays(case: Case) -> Option<Reply> {
    let invalid = |message: &str, details| failed(400, "INVALID_ARGUMENT", message, details);
    let info = |reason: &str| {
        json!([{
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": reason,
            "domain": "googleapis.com",
            "metadata": {"service": "generativelanguage.googleapis.com"},
        }])
    };
    let wait = |delay: &str| {
        json!([
            {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaMetric": "requests"}]},
            {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay},
        ])
    };
    Some(match case {
        Case::RateLimited => failed(429, "RESOURCE_EXHAUSTED", "words", wait("0.001s")),
        Case::RateLimitedForLong => failed(429, "RESOURCE_EXHAUSTED", "words", wait("60s")),
        Case::ServerError => failed(500, "INTERNAL", "words", json!([])),
        Case::Overloaded => failed(503, "UNAVAILABLE", "The model is overloaded.", json!([])),
        Case::ErrorInStream => {
            let failed = json!({"error": {"code": 503, "message": "words", "status": "UNAVAILABLE"}});
            Reply::text(200, events(&[("", response(json!([{"text": "{"}]), None)), ("", failed)]).concat())
        }
        Case::Empty => Reply::text(200, events(&[("", response(json!([]), Some("STOP")))]).concat()),
        Case::Refusal => return None,
        Case::ContentFilter => ending("SAFETY"),
        Case::PromptBlocked => {
            let feedback = json!({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": usage()});
            Reply::text(200, events(&[("", feedback)]).concat())
        }
        Case::LengthLimit => ending("MAX_TOKENS"),
        Case::ContextTooLong => invalid(
            "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
            json!([]),
        ),
        Case::WrongKey => invalid("API key not valid. Please pass a valid API key.", info("API_KEY_INVALID")),
        Case::UnknownModel => failed(404, "NOT_FOUND", "models/gemini-test is not found", json!([])),
        Case::NothingLeft => failed(402, "FAILED_PRECONDITION", "words for people", json!([])),
        Case::Blind => invalid(
            "Invalid value",
            json!([{
                "@type": "type.googleapis.com/google.rpc.BadRequest",
                "fieldViolations": [{"field": "contents[0].parts[1].inline_data", "description": "no"}],
            }]),
        ),
    })
}
