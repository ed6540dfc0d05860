//! Rejections before the stream.

use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::model::Reply;
use crate::support::service::{KEY, RUN, Service, Stage};
use crate::support::soon;

async fn service() -> Service {
    Stage::new([Reply::done("ok")]).set("MAX_BODY_BYTES", "64KiB").start().await
}

async fn answer(request: reqwest::RequestBuilder) -> (u16, Value) {
    let response = soon("the response", request.send()).await.expect("a response");
    assert!(response.headers().contains_key("x-request-id") && response.headers().contains_key("traceparent"));
    (response.status().as_u16(), response.json().await.expect("JSON"))
}

fn raw(service: &Service, body: impl Into<reqwest::Body>) -> reqwest::RequestBuilder {
    let request = service.client.post(service.url(RUN)).header("X-Gateway-Key", KEY);
    request.header(CONTENT_TYPE, "application/json").body(body)
}

#[tokio::test]
async fn a_wrong_or_missing_key_is_rejected() {
    let service = service().await;
    let expected = (401, json!({ "detail": "invalid_gateway_key" }));
    let body = json!({ "task": "x" });
    let request = || service.client.post(service.url(RUN)).json(&body);
    assert_eq!(answer(request()).await, expected);
    for key in ["", "wrong", &KEY[1..], &format!("{KEY}x"), &KEY.to_uppercase()] {
        assert_eq!(answer(request().header("X-Gateway-Key", key)).await, expected, "{key}");
    }
    assert_eq!(service.pages.asked.get(), 0);
}

#[tokio::test]
async fn without_a_configured_key_none_is_required() {
    let service = Stage::new([Reply::done("ok")]).set("BROWSER_USE_INTERNAL_API_KEY", "").start().await;
    let response = service.client.post(service.url(RUN)).json(&json!({ "task": "x" })).send().await.unwrap();
    assert_eq!(response.status(), 200);
}

#[tokio::test]
async fn the_key_is_checked_before_the_body_is_read() {
    let service = service().await;
    let mut connection = TcpStream::connect(service.address).await.unwrap();
    // The body is announced and never sent.
    let head =
        format!("POST {RUN} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 5000\r\n\r\n");
    connection.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 12];
    soon("the status line", connection.read_exact(&mut answer)).await.unwrap();
    assert_eq!(answer, b"HTTP/1.1 401");
}

#[tokio::test]
async fn a_client_that_is_still_sending_reads_the_rejection() {
    let service = service().await;
    let big = vec![b'x'; 4 << 20];
    let unauthorized = service.client.post(service.url(RUN)).header(CONTENT_TYPE, "application/json").body(big.clone());
    assert_eq!(answer(unauthorized).await.0, 401);
    assert_eq!(answer(raw(&service, big.clone())).await.0, 413);
    let media_type = service.client.post(service.url(RUN)).header("X-Gateway-Key", KEY).body(big);
    assert_eq!(answer(media_type).await.0, 415);
}

#[tokio::test]
async fn a_body_over_the_limit_is_rejected_with_or_without_a_length() {
    let service = service().await;
    let fits = format!(r#"{{"task":"x","pad":"{}"}}"#, "x".repeat(65_536 - 21));
    assert_eq!(fits.len(), 65_536);
    assert_eq!(raw(&service, fits.clone()).send().await.unwrap().status(), 200);
    let expected = (413, json!({ "detail": "body_too_large" }));
    assert_eq!(answer(raw(&service, format!("{fits} "))).await, expected);

    let mut connection = TcpStream::connect(service.address).await.unwrap();
    let head = format!(
        "POST {RUN} HTTP/1.1\r\nHost: x\r\nX-Gateway-Key: {KEY}\r\nContent-Type: application/json\r\n\
         Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{fits} \r\n0\r\n\r\n",
        fits.len() + 1
    );
    connection.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 12];
    soon("the status line", connection.read_exact(&mut answer)).await.unwrap();
    assert_eq!(answer, b"HTTP/1.1 413");
}

#[tokio::test]
async fn a_body_not_declared_as_json_is_rejected() {
    let service = service().await;
    let request = || service.client.post(service.url(RUN)).header("X-Gateway-Key", KEY).body(r#"{"task":"x"}"#);
    let expected = (415, json!({ "detail": "unsupported_media_type" }));
    assert_eq!(answer(request()).await, expected);
    for media_type in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "application/+json"] {
        assert_eq!(answer(request().header(CONTENT_TYPE, media_type)).await, expected, "{media_type}");
    }
}

#[tokio::test]
async fn a_stalled_body_times_out() {
    let service = Stage::new([Reply::done("ok")]).set("BODY_TIMEOUT", "20ms").start().await;
    let mut connection = TcpStream::connect(service.address).await.unwrap();
    let head = format!(
        "POST {RUN} HTTP/1.1\r\nHost: x\r\nX-Gateway-Key: {KEY}\r\nContent-Type: application/json\r\n\
         Content-Length: 5000\r\n\r\n{{"
    );
    connection.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 12];
    soon("the status line", connection.read_exact(&mut answer)).await.unwrap();
    assert_eq!(answer, b"HTTP/1.1 408");
}

#[tokio::test]
async fn a_body_that_is_not_an_object_is_rejected() {
    let service = service().await;
    for (body, kind, loc) in [
        ("", "missing", json!(["body"])),
        ("{", "json_invalid", json!(["body", 1])),
        ("{\"task\": \"ü\", x}", "json_invalid", json!(["body", 14])),
        ("nonsense", "json_invalid", json!(["body", 1])),
        ("[1]", "dict_type", json!(["body"])),
        ("\"x\"", "dict_type", json!(["body"])),
        ("null", "dict_type", json!(["body"])),
    ] {
        let (status, answer) = answer(raw(&service, body)).await;
        assert_eq!(status, 422, "{body}");
        let problems = answer["detail"].as_array().unwrap();
        assert_eq!(problems.len(), 1, "{body}");
        assert_eq!((&problems[0]["type"], &problems[0]["loc"]), (&json!(kind), &loc), "{body}");
    }
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    assert_eq!(answer(raw(&service, deep)).await.0, 422);
}

#[tokio::test]
async fn each_field_is_validated_with_pydantics_messages() {
    let service = service().await;
    let long_task = "x".repeat(32_769);
    for (field, value, kind) in [
        ("task", json!(null), "string_type"),
        ("task", json!(5), "string_type"),
        ("task", json!(["x"]), "string_type"),
        ("task", json!(""), "string_too_short"),
        ("task", json!(" \n "), "string_too_short"),
        ("task", json!(long_task), "string_too_long"),
        ("maxSteps", json!(0), "greater_than_equal"),
        ("maxSteps", json!(-5), "greater_than_equal"),
        ("maxSteps", json!(false), "greater_than_equal"),
        ("maxSteps", json!(201), "less_than_equal"),
        ("maxSteps", json!("201"), "less_than_equal"),
        ("maxSteps", json!(1e30), "less_than_equal"),
        ("maxSteps", json!(20.5), "int_from_float"),
        ("maxSteps", json!("20.5"), "int_parsing"),
        ("maxSteps", json!("many"), "int_parsing"),
        ("maxSteps", json!(null), "int_type"),
        ("maxSteps", json!([20]), "int_type"),
        ("model", json!(5), "string_type"),
        ("model", json!("x".repeat(300)), "string_too_long"),
        ("provider", json!("deepmind"), "literal_error"),
        ("provider", json!("OpenAI"), "literal_error"),
        ("provider", json!(5), "literal_error"),
        ("temperature", json!(-0.1), "greater_than_equal"),
        ("temperature", json!(2.1), "less_than_equal"),
        ("temperature", json!("inf"), "finite_number"),
        ("temperature", json!("nan"), "finite_number"),
        ("temperature", json!("hot"), "float_parsing"),
        ("temperature", json!(null), "float_type"),
        ("temperature", json!({}), "float_type"),
        ("headless", json!("maybe"), "bool_parsing"),
        ("headless", json!(2), "bool_parsing"),
        ("headless", json!(null), "bool_type"),
        ("headless", json!([]), "bool_type"),
        ("startUrl", json!("not a url"), "url_parsing"),
        ("startUrl", json!("/relative"), "url_parsing"),
        ("startUrl", json!(""), "url_parsing"),
        ("startUrl", json!("file:///etc/passwd"), "url_scheme"),
        ("startUrl", json!("javascript:alert(1)"), "url_scheme"),
        ("startUrl", json!(5), "string_type"),
        ("baseUrl", json!("ftp://x"), "url_scheme"),
        ("screenshotFormat", json!("gif"), "literal_error"),
        ("screenshotFormat", json!(null), "literal_error"),
    ] {
        let mut body = json!({ "task": "x" });
        body[field] = value;
        let (status, answer) = answer(service.post(&body)).await;
        assert_eq!(status, 422, "{body}");
        let problems = answer["detail"].as_array().unwrap();
        assert_eq!(problems.len(), 1, "{answer}");
        assert_eq!(problems[0]["loc"], json!(["body", field]), "{answer}");
        assert_eq!(problems[0]["type"], kind, "{answer}");
        assert!(!problems[0]["msg"].as_str().unwrap().is_empty());
        assert_eq!(problems[0].as_object().unwrap().len(), 3, "loc, msg, type and nothing else");
    }
    assert_eq!(service.pages.asked.get(), 0);
}

#[tokio::test]
async fn all_problems_of_a_body_are_reported_together() {
    let service = service().await;
    let body = json!({ "maxSteps": 0, "temperature": 9, "headless": "x", "baseUrl": "x", "provider": "x" });
    let (status, answer) = answer(service.post(&body)).await;
    assert_eq!(status, 422);
    assert_eq!(answer["detail"][0], json!({ "loc": ["body", "task"], "msg": "Field required", "type": "missing" }));
    assert_eq!(
        answer["detail"][1],
        json!({
            "loc": ["body", "maxSteps"],
            "msg": "Input should be greater than or equal to 1",
            "type": "greater_than_equal",
        })
    );
    let places: Vec<&str> =
        answer["detail"].as_array().unwrap().iter().map(|problem| problem["loc"][1].as_str().unwrap()).collect();
    assert_eq!(places, ["task", "maxSteps", "provider", "temperature", "headless", "baseUrl"]);
}

#[tokio::test]
async fn an_unconfigured_provider_is_rejected_before_the_stream() {
    let service = service().await;
    for provider in ["anthropic", "gemini", "ollama"] {
        let (status, answer) = answer(service.post(&json!({ "task": "x", "provider": provider }))).await;
        assert_eq!(status, 422);
        assert_eq!(answer["detail"][0]["loc"], json!(["body", "provider"]));
        assert!(answer["detail"][0]["msg"].as_str().unwrap().contains("not configured"));
    }
}

#[tokio::test]
async fn a_headful_browser_without_a_display_is_rejected_before_the_stream() {
    let service = service().await;
    let (status, answer) = answer(service.post(&json!({ "task": "x", "headless": false }))).await;
    assert_eq!(status, 422);
    assert_eq!(answer["detail"][0]["loc"], json!(["body", "headless"]));
    assert!(answer["detail"][0]["msg"].as_str().unwrap().contains("there is no display"));
}

#[tokio::test]
async fn invalid_domains_are_rejected_with_their_location() {
    let service = service().await;
    let refused = async |body: Value| {
        let (status, answer) = answer(service.post(&body)).await;
        assert_eq!(status, 422, "{answer}");
        answer["detail"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|it| (it["loc"].clone(), it["type"].clone()))
            .collect::<Vec<_>>()
    };
    let wrong = refused(json!({
        "task": "x",
        "allowedDomains": ["example.com", "https://example.com", 7, "*"],
        "blockedDomains": "example.com",
    }));
    let value_error = |index| (json!(["body", "allowedDomains", index]), json!("value_error"));
    assert_eq!(
        wrong.await,
        [
            value_error(1),
            (json!(["body", "allowedDomains", 2]), json!("string_type")),
            value_error(3),
            (json!(["body", "blockedDomains"]), json!("list_type")),
        ]
    );
    for (body, kind) in [
        (json!({ "task": "x", "allowedDomains": [] }), "too_short"),
        (json!({ "task": "x", "allowedDomains": vec!["a.example"; 201] }), "too_long"),
    ] {
        assert_eq!(refused(body).await, [(json!(["body", "allowedDomains"]), json!(kind))]);
    }
    assert_eq!(service.pages.asked.get(), 0);
}

#[tokio::test]
async fn a_start_url_outside_the_lists_is_rejected_before_the_stream() {
    let service = service().await;
    for (field, list) in [("allowedDomains", "example.org"), ("blockedDomains", "example.com")] {
        let body = json!({ "task": "x", "startUrl": "https://shop.example.com/", field: [list] });
        let (status, answer) = answer(service.post(&body)).await;
        assert_eq!(status, 422);
        assert_eq!(answer["detail"][0]["loc"], json!(["body", "startUrl"]));
        assert_eq!(answer["detail"][0]["type"], "url_not_allowed");
    }
    assert_eq!(service.pages.asked.get(), 0);
}

#[tokio::test]
async fn a_full_service_rejects_with_a_retry_after() {
    let service = Stage::new([Reply::Hang]).set("MAX_CONCURRENT_RUNS", "1").start().await;
    let _run = service.run(&json!({ "task": "x" })).await;
    let response = service.post(&json!({ "task": "x" })).send().await.unwrap();
    assert_eq!(response.status(), 503);
    let seconds: u64 = response.headers()[RETRY_AFTER].to_str().unwrap().parse().unwrap();
    assert!(seconds >= 1);
    assert_eq!(response.json::<Value>().await.unwrap(), json!({ "detail": "service_full" }));
}

#[tokio::test]
async fn unknown_paths_and_methods_are_rejected_as_json() {
    let service = service().await;
    let (status, body) = service.get("/nothing/here").await;
    assert_eq!((status, body), (404, json!({ "detail": "Not Found" })));
    let response = service.client.get(service.url(RUN)).send().await.unwrap();
    assert_eq!(response.status(), 405);
    assert_eq!(response.headers()["allow"], "POST");
    assert_eq!(response.json::<Value>().await.unwrap(), json!({ "detail": "Method Not Allowed" }));
}

#[tokio::test]
async fn no_rejection_echoes_the_request() {
    let service = service().await;
    let marker = "hunter2-s3cr3t";
    let bodies = [
        json!({ "task": [marker], "maxSteps": marker, "provider": marker, "temperature": marker, "headless": marker }),
        json!({ "task": "x", "startUrl": format!("ftp://u:{marker}@h/"), "screenshotFormat": marker, "model": [marker] }),
        json!({ "task": "x", "startUrl": format!("http://[{marker}") }),
        json!(marker),
    ];
    let mut requests: Vec<_> = bodies.iter().map(|body| service.post(body)).collect();
    requests.push(raw(&service, format!("{{\"{marker}\": {marker}")));
    requests.push(service.post(&json!({ "task": "x" })).header("X-Gateway-Key", marker));
    requests.push(service.client.post(service.url(RUN)).header("X-Gateway-Key", marker).body(marker));
    requests.push(service.client.get(service.url(&format!("/{marker}?{marker}={marker}"))));
    requests.push(raw(&service, marker).header("X-Request-Id", format!("<{marker}>")));
    for request in requests {
        let response = request.send().await.unwrap();
        assert!(response.status().is_client_error(), "{}", response.status());
        let headers = format!("{:?}", response.headers());
        let answer = format!("{headers}{}", response.text().await.unwrap());
        assert!(!answer.contains(marker) && !answer.contains(KEY), "{answer}");
    }
}
