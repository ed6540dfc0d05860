//! What a model does not support is found out once, told, and remembered.

use agent::ports::{ModelError, Models, Provider};
use llm::Providers;
use serde_json::{Value, json};

use super::fixture::{
    Fixture, SCHEMA, Told, choice, limits, picture, rejects, rejects_in_prose, request, said, settings, text,
};
use super::server::{Reply, Server};

fn called(arguments: &str) -> Reply {
    let call = json!({"id": "1", "type": "function", "function": {"name": "decision", "arguments": arguments}});
    choice(json!({"message": {"content": null, "tool_calls": [call]}, "finish_reason": "tool_calls"}))
}

/// The form of answer that a request asks for.
fn form(body: &Value) -> &str {
    if body.get("tools").is_some() { "tool" } else { body["response_format"]["type"].as_str().unwrap_or("plain") }
}

fn forms(fixture: &Fixture) -> Vec<String> {
    fixture.server.requests().iter().map(|request| form(&request.body).to_owned()).collect()
}

#[tokio::test]
async fn a_model_without_strict_schemas_is_asked_by_tool_call_and_the_next_time_at_once() {
    let fixture = Fixture::openai([rejects("response_format"), called(r#"{"a":"1"}"#), called(r#"{"a":"2"}"#)]).await;
    assert_eq!(fixture.text_after(2).await, r#"{"a":"1"}"#);
    assert_eq!(fixture.text_after(3).await, r#"{"a":"2"}"#);
    assert_eq!(forms(&fixture), ["json_schema", "tool", "tool"]);
    assert_eq!(
        fixture.told.all(),
        ["openai rejects this form of answer for the model gpt-test, asking for a tool call instead"]
    );
    let body = fixture.body(1);
    assert_eq!(body["tools"][0]["function"]["parameters"], *SCHEMA);
    assert_eq!(body["tool_choice"], json!({"type": "function", "function": {"name": "decision"}}));
    assert_eq!(body.get("response_format"), None);
}

#[tokio::test]
async fn each_rejected_form_leads_to_the_next_down_to_plain_words() {
    let replies =
        [rejects("response_format.type"), rejects("tools"), rejects("response_format"), said("{}"), said("{}")];
    let fixture = Fixture::openai(replies).await;
    assert_eq!(fixture.text_after(4).await, "{}");
    assert_eq!(fixture.text_after(5).await, "{}");
    assert_eq!(forms(&fixture), ["json_schema", "tool", "json_object", "plain", "plain"]);
    for request in [2, 3] {
        let body = fixture.body(request);
        let system = body["messages"][0]["content"].as_str().unwrap();
        assert!(system.starts_with("You drive a browser.") && system.contains(&SCHEMA.to_string()), "{system}");
    }
    assert_eq!(fixture.told.all().len(), 3);
}

#[tokio::test]
async fn a_tool_answer_is_understood_in_words_too() {
    let fixture = Fixture::openai([rejects("response_format"), said("{}")]).await;
    assert_eq!(fixture.text_after(2).await, "{}");
}

#[tokio::test]
async fn a_temperature_that_is_rejected_is_left_out_from_then_on() {
    let fixture = Fixture::openai([rejects("temperature"), said("1"), said("2")]).await;
    assert_eq!(fixture.text_after(2).await, "1");
    assert_eq!(fixture.text_after(3).await, "2");
    assert_eq!(fixture.body(0)["temperature"], 0.1);
    for request in [1, 2] {
        assert_eq!(fixture.body(request).get("temperature"), None);
        assert_eq!(form(&fixture.body(request)), "json_schema");
    }
    assert_eq!(
        fixture.told.all(),
        ["openai rejects a temperature for the model gpt-test, going on without a temperature"]
    );
}

#[tokio::test]
async fn the_limit_of_the_answer_goes_by_its_older_name_and_then_not_at_all() {
    let fixture =
        Fixture::openai([rejects("max_completion_tokens"), rejects("max_tokens"), said("1"), said("2")]).await;
    assert_eq!(fixture.text_after(3).await, "1");
    assert_eq!(fixture.text_after(4).await, "2");
    let limits = |n| (fixture.body(n)["max_completion_tokens"].is_u64(), fixture.body(n)["max_tokens"].is_u64());
    assert_eq!(
        [limits(0), limits(1), limits(2), limits(3)],
        [(true, false), (false, true), (false, false), (false, false)]
    );
}

#[tokio::test]
async fn counts_of_tokens_are_not_asked_for_where_that_is_rejected_and_then_no_stream() {
    let replies = [rejects("stream_options"), rejects("stream"), said("1"), said("2")];
    let fixture = Fixture::openai(replies).await;
    assert_eq!(fixture.text_after(3).await, "1");
    assert_eq!(fixture.text_after(4).await, "2");
    let streaming = |n: usize| {
        let body = fixture.body(n);
        (body["stream"].as_bool().unwrap(), body.get("stream_options").is_some())
    };
    assert_eq!(
        [streaming(0), streaming(1), streaming(2), streaming(3)],
        [(true, true), (true, false), (false, false), (false, false)]
    );
    assert_eq!(
        fixture.told.all(),
        [
            "openai rejects this way of streaming for the model gpt-test, streaming without counts",
            "openai rejects this way of streaming for the model gpt-test, going on without streaming",
        ]
    );
}

#[tokio::test]
async fn a_field_named_by_a_validation_list_counts_as_well() {
    let body =
        json!({"detail": [{"type": "extra_forbidden", "loc": ["body", "max_completion_tokens"], "msg": "extra"}]});
    let fixture = Fixture::openai([Reply::json(422, body), said("{}")]).await;
    assert_eq!(fixture.text_after(2).await, "{}");
    assert!(fixture.body(1)["max_tokens"].is_u64());
}

#[tokio::test]
async fn a_model_without_eyes_is_spared_pictures_from_then_on() {
    let fixture = Fixture::openai([rejects("messages.[1].content.[1].type"), said("1"), said("2")]).await;
    for _ in 0..2 {
        fixture.ask_with(&[picture("the page")]).await.unwrap();
    }
    assert_eq!(fixture.server.count(), 3);
    for request in [1, 2] {
        assert_eq!(fixture.body(request)["messages"][1]["content"], "the page");
    }
    assert_eq!(fixture.told.all(), ["openai rejects pictures for the model gpt-test, going on without pictures"]);
}

#[tokio::test]
async fn one_bad_picture_does_not_take_a_models_eyes() {
    let fixture = Fixture::openai([said("1"), rejects("messages.[1].content.[1].image_url"), said("3")]).await;
    fixture.ask_with(&[picture("good")]).await.unwrap();
    let error = fixture.ask_with(&[picture("bad")]).await.unwrap_err();
    assert!(matches!(error, ModelError::Rejected { .. }), "{error:?}");
    fixture.ask_with(&[picture("good")]).await.unwrap();
    assert_eq!(fixture.server.count(), 3);
    assert!(fixture.body(2)["messages"][1]["content"].is_array());
}

#[tokio::test]
async fn prose_is_not_read_but_one_feature_after_the_other_is_tried_without() {
    let replies = [rejects_in_prose(), rejects_in_prose(), rejects_in_prose(), said("1"), said("2")];
    let fixture = Fixture::openai(replies).await;
    assert_eq!(fixture.text_after(4).await, "1");
    assert_eq!(fixture.text_after(5).await, "2");
    assert_eq!(forms(&fixture), ["json_schema", "tool", "json_object", "plain", "plain"]);
    assert_eq!(
        fixture.told.all()[0],
        "openai rejects a part of the request that it does not name for the model gpt-test, asking for a tool call instead"
    );
}

#[tokio::test]
async fn a_guess_gives_up_only_what_the_server_rejects() {
    // Three forms of answer make no difference; the temperature does.
    let replies = (0..4).map(|_| rejects_in_prose()).chain([said("1"), said("2")]);
    let fixture = Fixture::openai(replies).await;
    assert_eq!(fixture.text_after(5).await, "1");
    assert_eq!(fixture.text_after(6).await, "2");
    for request in [4, 5] {
        assert_eq!(form(&fixture.body(request)), "json_schema");
        assert_eq!(fixture.body(request).get("temperature"), None);
        assert!(fixture.body(request)["max_completion_tokens"].is_u64());
    }
}

#[tokio::test]
async fn a_rejection_that_no_guess_explains_teaches_nothing() {
    let fixture = Fixture::openai((0..9).map(|_| rejects_in_prose()).chain([said("2")])).await;
    let error = fixture.error_after(9).await;
    let (provider, model) = ("openai".to_owned(), "gpt-test".to_owned());
    assert_eq!(error, ModelError::Rejected { provider, model, detail: "Bad request".to_owned() });
    assert_eq!(fixture.text_after(10).await, "2");
    assert_eq!(fixture.body(9), fixture.body(0));
}

#[tokio::test]
async fn what_has_worked_before_is_not_guessed_about() {
    let fixture = Fixture::openai([said("1"), rejects_in_prose()]).await;
    assert_eq!(fixture.text_after(1).await, "1");
    assert!(matches!(fixture.error_after(2).await, ModelError::Rejected { .. }));
}

#[tokio::test]
async fn a_first_picture_is_guessed_about_although_text_has_worked() {
    let fixture = Fixture::openai([said("1"), rejects_in_prose(), said("2")]).await;
    assert_eq!(fixture.text_after(1).await, "1");
    fixture.ask_with(&[picture("the page")]).await.unwrap();
    assert_eq!(fixture.server.count(), 3);
    assert_eq!(fixture.body(2)["messages"][1]["content"], "the page");
}

#[tokio::test]
async fn a_field_named_while_guessing_is_believed() {
    // The first guess shows a server that names the temperature after all.
    let fixture = Fixture::openai([rejects_in_prose(), rejects("temperature"), said("1"), said("2")]).await;
    assert_eq!(fixture.text_after(3).await, "1");
    assert_eq!(forms(&fixture), ["json_schema", "tool", "json_schema"]);
    assert_eq!(fixture.body(2).get("temperature"), None);
}

#[tokio::test]
async fn a_server_that_takes_no_form_is_left_alone_in_the_end() {
    let fixture =
        Fixture::openai((0..50).map(|n| if n % 2 == 0 { rejects_in_prose() } else { rejects("tools") })).await;
    assert!(matches!(fixture.ask().await, Err(ModelError::Rejected { .. })));
    assert!(fixture.server.count() <= 12, "{}", fixture.server.count());

    let fixture = Fixture::openai((0..50).map(|_| rejects("temperature"))).await;
    assert!(matches!(fixture.error_after(2).await, ModelError::Rejected { .. }));
}

#[tokio::test]
async fn a_search_survives_a_limit_of_the_rate() {
    let fixture = Fixture::openai([rejects("temperature"), Reply::status(429), said("1"), said("2")]).await;
    assert_eq!(fixture.text_after(3).await, "1");
    assert_eq!(fixture.text_after(4).await, "2");
    assert_eq!(fixture.body(3).get("temperature"), None);
}

#[tokio::test]
async fn each_model_of_an_endpoint_has_its_own_abilities_whoever_opened_it() {
    let server = Server::start([rejects("temperature"), said("1"), said("2"), said("3")]).await;
    let providers = Providers::new(settings(&server, limits())).unwrap();
    let (told, messages) = (Told::default(), [text("the page")]);
    for model in ["stubborn", "easy", "stubborn"] {
        let model = providers.open(Provider::Openai, Some(model)).unwrap();
        model.complete(request(&messages, &told)).await.unwrap();
    }
    let sent: Vec<_> = server.requests().iter().map(|request| request.body.get("temperature").is_some()).collect();
    assert_eq!(sent, [true, false, true, false]);
}
