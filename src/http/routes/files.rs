//! The files of a run, and a picture of its page.

use std::sync::Arc;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, RANGE,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::runs::whose;
use crate::http::auth::Authenticated;
use crate::http::error::ApiError;
use crate::http::event_dto::{FileDto, encoded};
use crate::http::router::HttpState;
use crate::http::settings::HttpSettings;
use crate::run::KeptFile;
use agent::image::ImageFormat;

/// Bytes read at once.
const CHUNK: usize = 64 << 10;

/// `GET /api/v1/browser-use/runs/{id}/files`.
pub(in crate::http) async fn list(
    _caller: Authenticated,
    State(HttpState { runs, .. }): State<HttpState>,
    id: Result<Path<String>, PathRejection>,
    headers: HeaderMap,
) -> Result<Json<Vec<FileDto>>, ApiError> {
    let (id, caller) = whose(id, &headers)?;
    let files = runs.files(id, caller.as_ref()).ok_or(ApiError::UnknownRun)?;
    Ok(Json(files.iter().map(|file| FileDto::new(id, &file.info())).collect()))
}

/// `GET` and `HEAD /api/v1/browser-use/runs/{id}/files/{name}`.
pub(in crate::http) async fn file(
    _caller: Authenticated,
    State(HttpState { runs, .. }): State<HttpState>,
    path: Result<Path<(String, String)>, PathRejection>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let Ok(Path((id, name))) = path else { return Err(ApiError::UnknownRun) };
    let (id, caller) = whose(Ok(Path(id)), &headers)?;
    let files = runs.files(id, caller.as_ref()).ok_or(ApiError::UnknownRun)?;
    let file = files.into_iter().find(|file| file.name == name).ok_or(ApiError::UnknownFile)?;
    let range = headers.get(RANGE).map_or(Ok(None), |value| range(value, file.bytes));
    let total = file.bytes;
    let mut response = match range {
        Err(Unsatisfiable) => {
            let mut response = StatusCode::RANGE_NOT_SATISFIABLE.into_response();
            response.headers_mut().insert(CONTENT_RANGE, header(format!("bytes */{total}")));
            return Ok(response);
        }
        Ok(None) => Response::new(body(&method, file.clone(), 0, total)),
        Ok(Some((first, last))) => {
            let mut response = Response::new(body(&method, file.clone(), first, last + 1 - first));
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
            response.headers_mut().insert(CONTENT_RANGE, header(format!("bytes {first}-{last}/{total}")));
            response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(last + 1 - first));
            response
        }
    };
    let headers = response.headers_mut();
    headers.entry(CONTENT_LENGTH).or_insert(HeaderValue::from(total));
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(CONTENT_TYPE, header(content_type(&file.name)));
    headers.insert(CONTENT_DISPOSITION, header(disposition(&file.name)));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    Ok(response)
}

/// `GET /api/v1/browser-use/runs/{id}/screenshot`.
pub(in crate::http) async fn screenshot(
    _caller: Authenticated,
    State(HttpState { runs, .. }): State<HttpState>,
    id: Result<Path<String>, PathRejection>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let (id, caller) = whose(id, &headers)?;
    let format = format(uri.query().unwrap_or_default())?;
    let image = runs.snapshot(id, caller.as_ref(), format).await?;
    let bytes = STANDARD.decode(&*image.base64).map_err(|_| ApiError::Internal)?;
    let mut response = Response::new(Body::from(bytes));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(image.format.media_type()));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    Ok(response)
}

/// The format that a query asks for; PNG without one.
fn format(query: &str) -> Result<ImageFormat, ApiError> {
    let mut fields = url::form_urlencoded::parse(query.as_bytes());
    let Some((_, name)) = fields.find(|(field, _)| field == "format") else { return Ok(ImageFormat::Png) };
    let formats = HttpSettings::SCREENSHOT_FORMATS.iter();
    let known = formats.filter_map(|(known, format)| format.filter(|_| *known == name)).next();
    known.ok_or_else(|| ApiError::invalid_query("format", "literal_error", "Input should be 'png', 'jpeg' or 'webp'"))
}

/// The type by the name's ending, without a guess at the content.
pub(in crate::http) fn content_type(name: &str) -> String {
    if name.ends_with(".jsonl") {
        return "application/jsonl".to_owned();
    }
    if name.ends_with(".har") {
        return "application/json".to_owned();
    }
    mime_guess::from_path(name).first_or_octet_stream().to_string()
}

/// As RFC 6266 has it: the name in ASCII, and as it is.
fn disposition(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\\' | '%') || c == ' ';
    let ascii: String = name.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{}", encoded(name))
}

/// Only for texts that were made for headers.
fn header(text: String) -> HeaderValue {
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
}

#[derive(Debug, PartialEq)]
struct Unsatisfiable;

/// The first and the last byte asked for; none for what is no single range, which gets the whole file.
fn range(value: &HeaderValue, total: u64) -> Result<Option<(u64, u64)>, Unsatisfiable> {
    let Some(range) = value.to_str().ok().and_then(|text| text.trim().strip_prefix("bytes=")) else { return Ok(None) };
    let number =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u64>().ok()).flatten();
    let Some((first, last)) = range.split_once('-').filter(|_| !range.contains(',')) else { return Ok(None) };
    let (first, last) = match (first.trim(), last.trim()) {
        ("", "") => return Ok(None),
        ("", suffix) => match number(suffix) {
            None => return Ok(None),
            Some(suffix) => (total.saturating_sub(suffix), if suffix == 0 { 0 } else { total.saturating_sub(1) }),
        },
        (first, "") => match number(first) {
            None => return Ok(None),
            Some(first) => (first, total.saturating_sub(1)),
        },
        (first, last) => match number(first).zip(number(last)) {
            Some((first, last)) if first <= last => (first, last.min(total.saturating_sub(1))),
            _ => return Ok(None),
        },
    };
    if first >= total || first > last { Err(Unsatisfiable) } else { Ok(Some((first, last))) }
}

/// Bytes of a file, read as the client takes them.
fn body(method: &Method, file: Arc<KeptFile>, offset: u64, length: u64) -> Body {
    if method == Method::HEAD {
        return Body::empty();
    }
    Body::from_stream(async_stream::stream! {
        let (mut at, end) = (offset, offset + length);
        while at < end {
            let wanted = CHUNK.min(usize::try_from(end - at).unwrap_or(CHUNK));
            match file.read(at, wanted).await {
                Ok(bytes) if !bytes.is_empty() => {
                    at += bytes.len() as u64;
                    yield Ok(Bytes::from(bytes));
                }
                Ok(_) => return,
                Err(error) => {
                    yield Err(error);
                    return;
                }
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_ranges_are_read_and_others_ignored() {
        let asked = |text: &str| range(&HeaderValue::try_from(text).unwrap(), 10);
        for (text, expected) in [
            ("bytes=0-3", Ok(Some((0, 3)))),
            ("bytes=8-99", Ok(Some((8, 9)))),
            ("bytes=4-", Ok(Some((4, 9)))),
            ("bytes=-3", Ok(Some((7, 9)))),
            ("bytes=-99", Ok(Some((0, 9)))),
            ("bytes=10-", Err(Unsatisfiable)),
            ("bytes=-0", Err(Unsatisfiable)),
            ("bytes=3-2", Ok(None)),
            ("bytes=0-1,4-5", Ok(None)),
            ("bytes=+1-2", Ok(None)),
            ("bytes=-", Ok(None)),
            ("bytes=18446744073709551615-", Err(Unsatisfiable)),
            ("bytes=99999999999999999999-", Ok(None)),
            ("lines=1-2", Ok(None)),
        ] {
            assert_eq!(asked(text), expected, "{text}");
        }
        assert_eq!(range(&HeaderValue::from_static("bytes=0-0"), 0), Err(Unsatisfiable));
    }

    #[test]
    fn names_are_quoted_for_old_and_new_clients() {
        assert_eq!(disposition("a b.pdf"), "attachment; filename=\"a b.pdf\"; filename*=UTF-8''a%20b.pdf");
        assert_eq!(disposition("ü\"\\.csv"), "attachment; filename=\"___.csv\"; filename*=UTF-8''%C3%BC%22%5C.csv");
        assert_eq!(content_type("a.pdf"), "application/pdf");
        assert_eq!(content_type("a"), "application/octet-stream");
    }
}
