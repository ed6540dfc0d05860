//! What runs downloaded and saved, fetched by their callers.

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::browser::Script;
use crate::support::client::Events;
use crate::support::model::Reply;
use crate::support::service::{KEY, Service, Stage};
use crate::support::soon;

/// A folder with two files to download.
fn downloads() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("report.pdf"), b"0123456789").unwrap();
    std::fs::write(folder.path().join("Über uns.csv"), b"a;b").unwrap();
    folder
}

async fn service(folder: &TempDir, set: &[(&str, &str)]) -> Service {
    let script = Script { downloads: Some(folder.path().to_owned()), ..Script::default() };
    let stage = Stage::new([Reply::click(1), Reply::done("ok"), Reply::click(1), Reply::done("ok")]).browser(script);
    set.iter().fold(stage, |stage, (name, value)| stage.set(name, value)).start().await
}

impl Service {
    async fn fetch(&self, path: &str, method: reqwest::Method, headers: &[(&str, &str)]) -> reqwest::Response {
        let request = self.client.request(method, self.url(path)).header("X-Gateway-Key", KEY);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        soon("an answer", request.send()).await.unwrap()
    }
}

fn header<'a>(response: &'a reqwest::Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn kept_files_are_named_listed_and_fetched_while_the_run_is_held() {
    let folder = downloads();
    let service = service(&folder, &[]).await;
    let post =
        service.post(&json!({ "task": "x", "keepFiles": true, "detachSeconds": 60 })).header("X-Caller-Id", "ada");
    let events = Events::new(post.send().await.unwrap());
    let id = events.run_id();
    let events = events.collect().await;
    let base = format!("/api/v1/browser-use/runs/{id}/files");
    let expected = json!([
        { "name": "report.pdf", "bytes": 10, "contentType": "application/pdf", "url": format!("{base}/report.pdf") },
        { "name": "Über uns.csv", "bytes": 3, "contentType": "text/csv", "url": format!("{base}/%C3%9Cber%20uns.csv") },
    ]);
    let step = events.iter().find(|event| event["step"] == 1).unwrap();
    assert_eq!((&step["files"], &events.last().unwrap()["files"]), (&expected, &expected));
    assert_eq!(events.iter().find(|event| event["step"] == 2).unwrap().get("files"), None, "only new ones");
    assert_eq!(service.runs(&format!("/{id}/files"), Some("ada")).await, (200, expected.clone()));
    service.pages.closed.reaches(1).await;
    std::fs::remove_file(folder.path().join("report.pdf")).unwrap();

    let ada = ("X-Caller-Id", "ada");
    let get = reqwest::Method::GET;
    let url = expected[0]["url"].as_str().unwrap();
    for (method, range, status, content, content_range) in [
        (get.clone(), None, 200, "0123456789", ""),
        (get.clone(), Some("bytes=2-4"), 206, "234", "bytes 2-4/10"),
        (get.clone(), Some("bytes=-3"), 206, "789", "bytes 7-9/10"),
        (get.clone(), Some("bytes=10-"), 416, "", "bytes */10"),
        (get.clone(), Some("bytes=0-1,3-4"), 200, "0123456789", ""),
        (reqwest::Method::HEAD, None, 200, "", ""),
        (reqwest::Method::HEAD, Some("bytes=2-4"), 206, "", "bytes 2-4/10"),
    ] {
        let headers: Vec<_> = range.map(|range| ("Range", range)).into_iter().chain([ada]).collect();
        let response = service.fetch(url, method.clone(), &headers).await;
        assert_eq!(
            (response.status().as_u16(), header(&response, "content-range")),
            (status, content_range),
            "{range:?}"
        );
        if status != 416 {
            let length = if status == 206 { "3" } else { "10" };
            assert_eq!((header(&response, "content-length"), header(&response, "accept-ranges")), (length, "bytes"));
            assert_eq!(header(&response, "content-type"), "application/pdf");
            assert_eq!(header(&response, "x-content-type-options"), "nosniff");
        }
        assert_eq!(response.text().await.unwrap(), content, "{method} {range:?}");
    }
    let response = service.fetch(expected[1]["url"].as_str().unwrap(), get.clone(), &[ada]).await;
    let disposition = "attachment; filename=\"_ber uns.csv\"; filename*=UTF-8''%C3%9Cber%20uns.csv";
    assert_eq!(header(&response, "content-disposition"), disposition);
    assert_eq!(response.text().await.unwrap(), "a;b");
    for (url, caller, detail) in [
        (url, "bob", "run_not_found"),
        (&format!("{base}/other.pdf")[..], "ada", "file_not_found"),
        (&format!("{base}/..%2Freport.pdf")[..], "ada", "file_not_found"),
    ] {
        let response = service.fetch(url, get.clone(), &[("X-Caller-Id", caller)]).await;
        let body: Value = response.json().await.unwrap();
        assert_eq!(body["detail"], detail, "{url} {caller}");
    }
}

#[tokio::test]
async fn files_are_kept_only_on_request() {
    let folder = downloads();
    let service = service(&folder, &[]).await;
    let events = service.run_all(&json!({ "task": "x" })).await;
    assert!(events.iter().all(|event| event.get("files").is_none()), "{events:#?}");
    assert_eq!(events.iter().filter(|event| event.get("downloads").is_some()).count(), 1);
}

#[tokio::test]
async fn a_file_without_room_is_reported_and_those_of_a_forgotten_run_are_gone() {
    let folder = downloads();
    let service = service(&folder, &[("FILES_KEPT", "5B")]).await;
    for _ in 0..2 {
        let mut events = service.run(&json!({ "task": "x", "keepFiles": true })).await;
        let id = events.run_id();
        let told = loop {
            let event = events.event().await;
            if event["level"] == "warning" {
                break event;
            }
        };
        assert_eq!(told["message"], "\"report.pdf\" is not kept: there is no room for it");
        let events = events.collect_rest().await;
        let names: Vec<&Value> =
            events.last().unwrap()["files"].as_array().unwrap().iter().map(|file| &file["name"]).collect();
        assert_eq!(names, ["Über uns.csv"], "also in the second run: the first one's takes no room");
        assert_eq!(service.runs(&format!("/{id}/files"), None).await.0, 404, "nobody holds the run");
    }
}

#[tokio::test]
async fn a_picture_is_taken_while_there_is_a_page() {
    let service = Stage::new([Reply::Hang]).start().await;
    let events = service.run(&json!({ "task": "x", "detachSeconds": 60 })).await;
    let id = events.run_id();
    service.model.calls.reaches(1).await;
    let base = format!("/api/v1/browser-use/runs/{id}/screenshot");
    for (query, kind) in [("", "image/png"), ("?format=jpeg", "image/jpeg"), ("?format=webp", "image/webp")] {
        let response = service.fetch(&format!("{base}{query}"), reqwest::Method::GET, &[]).await;
        assert_eq!((response.status().as_u16(), header(&response, "content-type")), (200, kind));
        assert_eq!(response.text().await.unwrap(), "picture");
    }
    let (status, body) = service.runs(&format!("/{id}/screenshot?format=bmp"), None).await;
    assert_eq!((status, &body["detail"][0]["loc"]), (422, &json!(["query", "format"])));
    service.steer(&id, "stop", None).await;
    events.collect().await;
    assert_eq!(service.runs(&format!("/{id}/screenshot"), None).await, (409, json!({ "detail": "run_ended" })));
    assert_eq!(service.runs(&format!("/{id}/screenshot"), Some("bob")).await.0, 404);

    let opening = Script { open: crate::support::browser::Fate::Hang, ..Script::default() };
    let service = Stage::new([Reply::Hang]).browser(opening).start().await;
    let events = service.run(&json!({ "task": "x" })).await;
    service.pages.asked.reaches(1).await;
    let path = format!("/{}/screenshot", events.run_id());
    assert_eq!(service.runs(&path, None).await, (409, json!({ "detail": "no_page" })));
}
