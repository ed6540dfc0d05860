use agent::ports::{Provider, Usage};
use serde_json::{Value, json};

use super::{Api, Case, Places, USAGE, halves};
use testkit::scripted_server::Reply;

pub(super) fn api() -> Api {
    Api {
        provider: Provider::Ollama,
        model: "llama-test",
        path: "/api/chat",
        key: None,
        places: Places {
            schema: "/format",
            system: "/messages/0/content",
            text: "/messages/1/content",
            picture: "/messages/1/images/0",
        },
        usage: Usage { cached_tokens: 0, ..USAGE },
        streamed,
        whole,
        plays,
    }
}

fn line(content: &str) -> Value {
    json!({"model": "llama-test", "message": {"role": "assistant", "content": content}, "done": false})
}

fn end(content: &str, reason: &str) -> Value {
    json!({
        "model": "llama-test",
        "message": {"role": "assistant", "content": content},
        "done": true,
        "done_reason": reason,
        "prompt_eval_count": 120,
        "eval_count": 30,
    })
}

fn lines(lines: &[Value]) -> Vec<String> {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn streamed(text: &str) -> Vec<String> {
    let (head, tail) = halves(text);
    lines(&[line(head), line(tail), end("", "stop")])
}

fn whole(text: &str) -> Value {
    end(text, "stop")
}

fn failed(status: u16, message: &str) -> Reply {
    Reply::json(status, json!({"error": message}))
}

fn plays(case: Case) -> Option<Reply> {
    Some(match case {
        Case::RateLimited => failed(429, "words"),
        Case::RateLimitedForLong => failed(429, "words").header("retry-after", "60"),
        Case::ServerError => failed(500, "model runner has unexpectedly stopped"),
        Case::Overloaded => failed(503, "server busy, please try again. maximum pending requests exceeded"),
        Case::ErrorInStream => {
            Reply::text(200, lines(&[line("{"), json!({"error": "the runner was stopped"})]).concat())
        }
        Case::Empty => Reply::text(200, lines(&[end("", "stop")]).concat()),
        Case::Refusal | Case::ContentFilter | Case::PromptBlocked => return None,
        Case::LengthLimit => Reply::text(200, lines(&[line("{"), end("", "length")]).concat()),
        Case::ContextTooLong => failed(400, "the input length exceeds the context length"),
        Case::WrongKey => failed(401, "unauthorized"),
        Case::UnknownModel => failed(404, "model 'llama-test' not found"),
        Case::NothingLeft => failed(402, "words for people"),
        // The server is queried before an image is sent.
        Case::Blind => Reply::json(200, json!({"capabilities": ["completion"]})),
    })
}
