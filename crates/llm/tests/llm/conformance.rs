//! The same cases for every provider: requests, answers and failures.

use std::time::Duration;

use agent::ports::{Message, ModelError, Models, Role};
use llm::Providers;
use llm::settings::CallLimits;
use tokio::net::TcpListener;

use super::apis::{Api, Case};
use super::fixture::{CollectedNotices, Fixture, SCHEMA, limits, picture, request, settings, text};
use testkit::scripted_server::{Reply, ScriptedServer};

/// Quotes, a line break and multi-byte characters.
const ANSWER: &str = "{\"a\":\"\\\"ü€😀\\n\\\" \"}";

async fn fixture(api: &Api, limits: CallLimits, script: impl IntoIterator<Item = Reply>) -> Fixture {
    Fixture::with(api.provider, limits, script).await
}

/// The outcome of a failure.
enum Outcome {
    /// Retried with notices, and finally this error.
    Passing(ModelError),
    /// This error at once.
    Final(ModelError),
}

/// Plays a failure in every attempt and, if it is retried, once before an answer.
async fn check(api: &Api, what: &str, limits: CallLimits, reply: impl Fn() -> Reply, outcome: Outcome) {
    let context = format!("{} {what}", api.provider.name());
    let (error, requests) = match outcome {
        Outcome::Final(error) => (error, 1),
        Outcome::Passing(error) => {
            let fixture = fixture(api, limits.clone(), [reply(), api.said(ANSWER)]).await;
            let answer = fixture.ask().await.unwrap_or_else(|error| panic!("{context}: {error:?}"));
            assert_eq!((answer.text.as_str(), fixture.server.count()), (ANSWER, 2), "{context}");
            let notices = fixture.notices.all();
            let expected = format!("{error}, trying again");
            assert!(notices.len() == 1 && notices[0].starts_with(&expected), "{context}: {notices:?}");
            (error, 3)
        }
    };
    let fixture = fixture(api, limits, (0..9).map(|_| reply())).await;
    assert_eq!(fixture.ask().await.expect_err(&context), error, "{context}");
    assert_eq!(fixture.server.count(), requests, "{context}: requests");
    assert_eq!(fixture.notices.all().len(), requests - 1, "{context}: notices");
}

async fn check_case(case: Case, outcome: impl Fn(&Api) -> Outcome) {
    for api in Api::all() {
        let Some(_) = (api.plays)(case) else { continue };
        let reply = || (api.plays)(case).expect("it has just played it");
        check(&api, &format!("{case:?}"), limits(), reply, outcome(&api)).await;
    }
}

#[tokio::test]
async fn a_request_is_complete_and_has_the_key_only_in_its_header() {
    for api in Api::all() {
        let fixture = fixture(&api, limits(), [api.said(ANSWER)]).await;
        fixture.ask().await.unwrap();
        let sent = fixture.server.requests().remove(0);
        assert_eq!(sent.path, api.path);
        let at = |place: &str| sent.body.pointer(place).unwrap_or_else(|| panic!("{place} in {}", sent.body));
        assert_eq!(at(api.places.schema), &*SCHEMA);
        assert_eq!(at(api.places.system), "You drive a browser.");
        assert_eq!(at(api.places.text), "the page");
        let keys = sent.headers.iter().filter(|(_, value)| value.contains("canary"));
        let expected = api.key.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        assert_eq!(keys.cloned().collect::<Vec<_>>(), expected.collect::<Vec<_>>(), "{}", api.name());
        assert!(!format!("{} {}", sent.path, sent.body).contains("canary"));
    }
}

#[tokio::test]
async fn a_streamed_answer_is_joined_and_counted() {
    for api in Api::all() {
        let fixture = fixture(&api, limits(), [api.said(ANSWER)]).await;
        let reply = fixture.ask().await.unwrap();
        assert_eq!((reply.text.as_str(), reply.usage), (ANSWER, api.usage), "{}", api.name());
        assert!(fixture.notices.all().is_empty());
    }
}

#[tokio::test]
async fn a_stream_may_be_cut_into_chunks_anywhere() {
    for api in Api::all() {
        let bytes = (api.streamed)(ANSWER).concat().into_bytes();
        for size in [1, 7, 1000] {
            let body = bytes.chunks(size).map(<[u8]>::to_vec).collect();
            let fixture = fixture(&api, limits(), [Reply::Chunked { body }]).await;
            let reply = fixture.ask().await.unwrap();
            assert_eq!((reply.text.as_str(), reply.usage), (ANSWER, api.usage), "{} in {size}", api.name());
        }
    }
}

#[tokio::test]
async fn a_plain_answer_to_a_streaming_request_is_parsed() {
    for api in Api::all() {
        let whole = || Reply::json(200, (api.whole)(r#"{"a":"b"}"#));
        let fixture = fixture(&api, limits(), [whole(), whole()]).await;
        for n in 1..=2 {
            let reply = fixture.ask().await.unwrap();
            assert_eq!((reply.text.as_str(), reply.usage), (r#"{"a":"b"}"#, api.usage), "{} {n}", api.name());
        }
        assert!(fixture.notices.all().is_empty());
    }
}

#[tokio::test]
async fn any_text_of_a_model_is_returned() {
    for api in Api::all() {
        for answer in ["I would rather not answer in JSON.", r#"{"of":"another schema"}"#] {
            let fixture = fixture(&api, limits(), [api.said(answer)]).await;
            assert_eq!(fixture.text_after(1).await, answer);
        }
    }
}

#[tokio::test]
async fn an_image_is_sent_with_its_text() {
    for api in Api::all() {
        let asked_first = usize::from(api.key.is_none());
        let capable = Reply::text(200, r#"{"capabilities":["vision"]}"#);
        let script = [capable].into_iter().take(asked_first).chain([api.said(ANSWER)]);
        let fixture = fixture(&api, limits(), script).await;
        fixture.ask_with(&[picture("the page")]).await.unwrap();
        let body = fixture.body(asked_first);
        let data = body.pointer(api.places.picture).and_then(|data| data.as_str()).expect("a picture");
        assert!(data.ends_with("AAAA"), "{data}");
        assert!(body.to_string().contains("the page"));
    }
}

#[tokio::test]
async fn a_model_without_image_support_gets_no_images_and_one_notice() {
    for api in Api::all() {
        let blind = (api.plays)(Case::Blind).expect("every API can say so");
        let fixture = fixture(&api, limits(), [blind, api.said("1"), api.said("2")]).await;
        for _ in 0..2 {
            fixture.ask_with(&[picture("the page")]).await.unwrap();
        }
        for n in [1, 2] {
            let body = fixture.body(n);
            assert_eq!(body.pointer(api.places.text).expect("a text"), "the page", "{}", api.name());
            assert!(!body.to_string().contains("AAAA"));
        }
        let notices = fixture.notices.all();
        assert!(notices.len() == 1 && notices[0].contains("continuing without"), "{notices:?}");
    }
}

#[tokio::test]
async fn earlier_answers_are_sent_as_assistant_messages() {
    for api in Api::all() {
        let fixture = fixture(&api, limits(), [api.said(ANSWER)]).await;
        let earlier = Message { role: Role::Assistant, text: "earlier".to_owned(), image: None };
        fixture.ask_with(&[text("first"), text("second"), earlier, text("now")]).await.unwrap();
        let body = fixture.body(0).to_string();
        let at = |word: &str| body.find(&format!("\"{word}\"")).unwrap_or_else(|| panic!("{word} in {body}"));
        assert!(at("first") < at("second") && at("second") < at("earlier") && at("earlier") < at("now"));
        assert!(["assistant", "model"].iter().any(|role| body.contains(&format!("\"role\":\"{role}\""))));
    }
}

#[tokio::test]
async fn a_rate_limit_is_retried() {
    // Gemini's response requests a delay, which the error repeats.
    check_case(Case::RateLimited, |api| {
        let retry_after = (api.name() == "gemini").then_some(Duration::from_millis(1));
        Outcome::Passing(ModelError::RateLimited { provider: api.name(), retry_after })
    })
    .await;
}

#[tokio::test]
async fn a_rate_limit_beyond_the_cap_fails_at_once() {
    let retry_after = Some(Duration::from_secs(60));
    check_case(Case::RateLimitedForLong, |api| {
        Outcome::Final(ModelError::RateLimited { provider: api.name(), retry_after })
    })
    .await;
}

#[tokio::test]
async fn a_server_error_is_retried() {
    check_case(Case::ServerError, |api| {
        Outcome::Passing(ModelError::Unavailable { provider: api.name(), status: 500 })
    })
    .await;
    let status = |api: &Api| if api.name() == "anthropic" { 529 } else { 503 };
    check_case(Case::Overloaded, |api| {
        Outcome::Passing(ModelError::Unavailable { provider: api.name(), status: status(api) })
    })
    .await;
}

#[tokio::test]
async fn an_error_in_the_middle_of_a_stream_is_retried() {
    let status = |api: &Api| match api.name().as_str() {
        "anthropic" => 529,
        "gemini" => 503,
        _ => 500,
    };
    check_case(Case::ErrorInStream, |api| {
        Outcome::Passing(ModelError::Unavailable { provider: api.name(), status: status(api) })
    })
    .await;
}

#[tokio::test]
async fn an_empty_answer_is_retried() {
    check_case(Case::Empty, |api| Outcome::Passing(ModelError::Empty { provider: api.name() })).await;
}

#[tokio::test]
async fn a_refusal_is_final() {
    let reason = |api: &Api| if api.name() == "openai" { "I can't do that." } else { "it gives no reason" };
    check_case(Case::Refusal, |api| {
        Outcome::Final(ModelError::Refused { provider: api.name(), reason: reason(api).to_owned() })
    })
    .await;
}

#[tokio::test]
async fn a_content_filter_is_final() {
    for (case, of_openai, of_gemini) in [
        (Case::ContentFilter, "content_filter", "SAFETY"),
        (Case::PromptBlocked, "content_filter", "PROHIBITED_CONTENT"),
    ] {
        check_case(case, |api| {
            let reason = if api.name() == "openai" { of_openai } else { of_gemini };
            Outcome::Final(ModelError::Filtered { provider: api.name(), reason: reason.to_owned() })
        })
        .await;
    }
}

#[tokio::test]
async fn an_answer_at_its_output_limit_is_final() {
    check_case(Case::LengthLimit, |api| Outcome::Final(ModelError::CutOff { provider: api.name() })).await;
}

#[tokio::test]
async fn a_context_that_is_too_long_is_final_and_has_its_own_error() {
    check_case(Case::ContextTooLong, |api| {
        Outcome::Final(ModelError::ContextTooLong { provider: api.name(), model: api.model.to_owned() })
    })
    .await;
    for api in Api::all() {
        let error = ModelError::ContextTooLong { provider: api.name(), model: api.model.to_owned() };
        check(&api, "a body too large", limits(), || Reply::status(413), Outcome::Final(error)).await;
    }
}

#[tokio::test]
async fn a_wrong_key_is_final() {
    check_case(Case::WrongKey, |api| {
        Outcome::Final(ModelError::Unauthorized { provider: api.name(), model: api.model.to_owned() })
    })
    .await;
}

#[tokio::test]
async fn an_unknown_model_is_final() {
    check_case(Case::UnknownModel, |api| {
        Outcome::Final(ModelError::UnknownModel { provider: api.name(), model: api.model.to_owned() })
    })
    .await;
}

#[tokio::test]
async fn an_account_without_credit_is_final() {
    check_case(Case::NothingLeft, |api| {
        let (provider, model) = (api.name(), api.model.to_owned());
        Outcome::Final(ModelError::Rejected { provider, model, detail: "words for people".to_owned() })
    })
    .await;
}

#[tokio::test]
async fn an_unexpected_format_is_final() {
    for api in Api::all() {
        for body in ["<html>Sign in</html>", "data: <html>\n\n", "{\"a\": 1", "\"words\""] {
            let broken = api.name() == "ollama" && body.starts_with("{\"a");
            let error = ModelError::Malformed { provider: api.name() };
            // For Ollama, half a line is a truncated line.
            if !broken {
                check(&api, body, limits(), || Reply::text(200, body), Outcome::Final(error)).await;
            }
        }
    }
}

#[tokio::test]
async fn an_oversized_answer_is_final_and_not_read_to_its_end() {
    for api in Api::all() {
        let limits = CallLimits { max_response_bytes: 50_000, ..limits() };
        let endless = || Reply::Stall { begin: format!(": {}", " ".repeat(60_000)) };
        let error = ModelError::Malformed { provider: api.name() };
        check(&api, "endless", limits, endless, Outcome::Final(error)).await;
    }
}

/// Every prefix of a stream without its end.
fn beginnings(api: &Api) -> Vec<String> {
    let stream = (api.streamed)(ANSWER);
    // OpenAI signals the end in the last chunks and after them, Anthropic in the last two.
    let notices = match api.name().as_str() {
        "openai" => 3,
        "anthropic" => 2,
        _ => 1,
    };
    let whole = stream.len() - notices;
    let mut beginnings: Vec<_> = (1..=whole).map(|n| stream[..n].concat()).collect();
    let last = beginnings.last().expect("a beginning").clone();
    beginnings.push(last[..last.len() - 9].to_owned());
    beginnings
}

#[tokio::test]
async fn an_interrupted_stream_is_retried() {
    for api in Api::all() {
        let error = || ModelError::Interrupted { provider: api.name() };
        for begin in beginnings(&api) {
            let cut = || Reply::Break { begin: begin.clone() };
            check(&api, "cut off", limits(), cut, Outcome::Passing(error())).await;
            let closed = || Reply::text(200, begin.clone());
            check(&api, "closed early", limits(), closed, Outcome::Passing(error())).await;
        }
        check(&api, "nothing at all", limits(), || Reply::status(200), Outcome::Passing(error())).await;
    }
}

#[tokio::test]
async fn a_complete_answer_counts_whatever_happens_to_its_connection() {
    for api in Api::all() {
        let begin = (api.streamed)(ANSWER).concat();
        let fixture = fixture(&api, limits(), [Reply::Break { begin }]).await;
        assert_eq!(fixture.text_after(1).await, ANSWER, "{}", api.name());
    }
}

#[tokio::test]
async fn a_server_silent_from_the_start_is_retried() {
    for api in Api::all() {
        let limits = CallLimits { first_byte_timeout: Duration::from_secs(1), ..limits() };
        let error = ModelError::TimedOut { provider: api.name() };
        let fixture = fixture(&api, limits, [Reply::Silence, api.said(ANSWER)]).await;
        assert_eq!(fixture.text_after(2).await, ANSWER);
        assert!(fixture.notices.all()[0].starts_with(&format!("{error}, trying again")));
        fixture.server.client_hung_up().await;
    }
    let limits = || CallLimits { first_byte_timeout: Duration::from_millis(30), ..limits() };
    for api in Api::all() {
        let fixture = fixture(&api, limits(), (0..3).map(|_| Reply::Silence)).await;
        assert_eq!(fixture.ask().await.unwrap_err(), ModelError::TimedOut { provider: api.name() });
        assert_eq!(fixture.notices.all().len(), 2);
    }
}

#[tokio::test]
async fn a_server_silent_mid_stream_is_retried() {
    for api in Api::all() {
        let limits = CallLimits { idle_timeout: Duration::from_millis(300), ..limits() };
        let begin = (api.streamed)(ANSWER)[0].clone();
        let fixture = fixture(&api, limits, [Reply::Stall { begin }, api.said(ANSWER)]).await;
        assert_eq!(fixture.text_after(2).await, ANSWER);
        let error = ModelError::TimedOut { provider: api.name() };
        assert!(fixture.notices.all()[0].starts_with(&format!("{error}, trying again")));
    }
}

#[tokio::test]
async fn a_complete_answer_counts_although_the_connection_stays_open() {
    for api in Api::all() {
        let limits = CallLimits { idle_timeout: Duration::from_millis(300), ..limits() };
        let begin = (api.streamed)(ANSWER).concat();
        let fixture = fixture(&api, limits, [Reply::Stall { begin }]).await;
        assert_eq!(fixture.text_after(1).await, ANSWER, "{}", api.name());
    }
}

#[tokio::test]
async fn a_refused_connection_is_retried_and_then_fails() {
    for api in Api::all() {
        let unused = ScriptedServer::start([]).await;
        let mut settings = settings(&unused, limits());
        // Bound and dropped: a port without a listener.
        let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
        let nowhere: url::Url = format!("http://127.0.0.1:{port}/").parse().unwrap();
        settings.providers.iter_mut().for_each(|provider| provider.base_url = nowhere.clone());
        let model = Providers::new(settings).unwrap().open(api.provider, None).unwrap();
        let notices = CollectedNotices::default();
        let error = model.complete(request(&[text("the page")], &notices)).await.unwrap_err();
        assert_eq!(error, ModelError::Unreachable { provider: api.name() });
        assert_eq!(notices.all().len(), 2);
        assert_eq!(unused.count(), 0);
    }
}

#[tokio::test]
async fn an_echoed_key_is_not_reported() {
    for api in Api::all().iter().filter(|api| api.key.is_some()) {
        for status in [400, 401, 402, 404, 422, 429, 500, 200] {
            let fixture = fixture(api, limits(), (0..12).map(|_| Reply::Echo { status })).await;
            let error = fixture.ask().await.unwrap_err();
            assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
            assert!(!fixture.notices.all().concat().contains("canary"));
        }
    }
}
