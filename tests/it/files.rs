//! Files that come with the request.

use serde_json::{Value, json};

use crate::support::model::Reply;
use crate::support::service::{Service, Stage};

async fn service() -> Service {
    Stage::new([Reply::done("ok")]).start().await
}

#[tokio::test]
async fn files_reach_the_run_with_their_names_and_bytes() {
    let service = service().await;
    let files = json!([
        { "name": "Lebenslauf für Sie.txt", "content": "aGVsbG8=", "type": "unknown fields are ignored" },
        { "name": "unpadded", "content": "aGk" },
        { "name": "empty.bin", "content": "" },
    ]);
    service.run_all(&json!({ "task": "x", "files": files })).await;
    let sent = service.pages.specs().remove(0).files;
    let sent: Vec<_> = sent.iter().map(|file| (file.name.as_str(), &*file.content)).collect();
    assert_eq!(sent, [("Lebenslauf für Sie.txt", &b"hello"[..]), ("unpadded", b"hi"), ("empty.bin", b"")]);
}

#[tokio::test]
async fn file_names_and_sizes_are_sent_to_the_model() {
    let service = service().await;
    service.run_all(&json!({ "task": "Apply", "files": [{ "name": "cv.pdf", "content": "aGVsbG8=" }] })).await;
    let told = service.model.tasks().remove(0);
    assert!(told.contains("Apply\n\nFiles for upload: cv.pdf (5 B)\n"), "{told}");
}

#[tokio::test]
async fn an_empty_list_of_files_is_ignored() {
    let service = service().await;
    for files in [json!(null), json!([])] {
        service.run_all(&json!({ "task": "x", "files": files })).await;
    }
    assert!(service.pages.specs().iter().all(|spec| spec.files.is_empty()));
}

#[tokio::test]
async fn an_invalid_file_is_rejected_with_its_location() {
    let service = service().await;
    let good = json!({ "name": "a", "content": "aGk=" });
    let list = |count| Value::Array(vec![good.clone(); count]);
    let long = "x".repeat(201);
    for (files, place, kind) in [
        (json!("a.txt"), json!([]), "list_type"),
        (list(21), json!([]), "too_long"),
        (json!([good, "a.txt"]), json!([1]), "dict_type"),
        (json!([{ "content": "aGk=" }]), json!([0, "name"]), "missing"),
        (json!([{ "name": 7, "content": "aGk=" }]), json!([0, "name"]), "string_type"),
        (json!([{ "name": "", "content": "aGk=" }]), json!([0, "name"]), "string_too_short"),
        (json!([{ "name": long, "content": "aGk=" }]), json!([0, "name"]), "string_too_long"),
        (json!([{ "name": "../a", "content": "aGk=" }]), json!([0, "name"]), "value_error"),
        (json!([{ "name": "..", "content": "aGk=" }]), json!([0, "name"]), "value_error"),
        (json!([{ "name": "a\u{0}", "content": "aGk=" }]), json!([0, "name"]), "value_error"),
        (json!([{ "name": "a\u{202e}b", "content": "aGk=" }]), json!([0, "name"]), "value_error"),
        (json!([good, good]), json!([1, "name"]), "value_error"),
        (json!([{ "name": "a" }]), json!([0, "content"]), "missing"),
        (json!([{ "name": "a", "content": null }]), json!([0, "content"]), "string_type"),
        (json!([{ "name": "a", "content": "not base64!" }]), json!([0, "content"]), "base64_decode"),
    ] {
        let response = service.post(&json!({ "task": "x", "files": files })).send().await.unwrap();
        assert_eq!(response.status(), 422, "{files}");
        let body: Value = response.json().await.unwrap();
        let mut expected = vec![json!("body"), json!("files")];
        expected.extend(place.as_array().unwrap().iter().cloned());
        assert_eq!((&body["detail"][0]["loc"], &body["detail"][0]["type"]), (&json!(expected), &json!(kind)), "{body}");
        assert!(!body.to_string().contains("aGk="), "nothing is repeated");
    }
    let both = json!({ "task": "x", "files": [{ "name": "a/b", "content": "!" }, { "name": "", "content": "aGk=" }] });
    let body: Value = service.post(&both).send().await.unwrap().json().await.unwrap();
    assert_eq!(body["detail"].as_array().unwrap().len(), 3, "{body}");
    assert_eq!(service.pages.asked.get(), 0);
}
