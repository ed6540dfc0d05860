//! The requests of a run as an HTTP archive (HAR 1.2), without bodies and without what lets somebody in.

use std::collections::HashMap;

use serde_json::{Value, json};
use url::Url;

use super::{text, timestamp};
use agent::ledger::without_credentials;
use agent::text::shorten;

const MAX_ENTRIES: usize = 2_000;
/// Bytes of all texts.
const MAX_BYTES: usize = 8 << 20;
/// Longest texts in characters.
const MAX_URL: usize = 4_000;
const MAX_VALUE: usize = 2_000;
/// Headers of one message.
const MAX_HEADERS: usize = 100;
/// Requests whose headers came before they did.
const MAX_EARLY: usize = 200;
/// Stands for what is not told.
const MASK: &str = "***";
/// Parts of the names of headers whose values let somebody in.
const PRIVATE: [&str; 7] = ["authorization", "cookie", "token", "secret", "api-key", "apikey", "password"];

type Headers = Vec<(String, String)>;

#[derive(Default)]
pub(super) struct Archive {
    entries: Vec<Entry>,
    /// The entries of a request and its redirects, in order.
    chains: HashMap<String, Vec<usize>>,
    early: HashMap<String, Headers>,
    bytes: usize,
    left_out: usize,
}

#[derive(Default)]
struct Entry {
    method: String,
    url: String,
    kind: String,
    /// Seconds since 1970.
    began_at: f64,
    /// On the browser's clock, in seconds, as all others.
    began: f64,
    ended: Option<f64>,
    headers: Headers,
    /// The headers are those that were sent.
    has_sent: bool,
    response: Option<Response>,
    has_received: bool,
    /// Bytes of the body, as scripts read it and as it came.
    size: u64,
    received: Option<u64>,
    body_sent: Option<u64>,
    error: Option<String>,
    is_cached: bool,
}

struct Response {
    at: f64,
    status: u64,
    status_text: String,
    protocol: String,
    mime: String,
    headers: Headers,
    timing: Option<Value>,
    from_cache: bool,
}

impl Archive {
    /// Applies an event; returns the line of a request that failed.
    pub(super) fn record(&mut self, method: &str, params: &Value) -> Option<Value> {
        let id = text(params, "requestId");
        let at = params["timestamp"].as_f64().unwrap_or_default();
        match method {
            "Network.requestWillBeSent" => {
                let mut failure = None;
                if params["redirectResponse"].is_object()
                    && let Some(last) = self.last(id)
                {
                    last.answered(Response::new(&params["redirectResponse"], at));
                    last.ended = Some(at);
                    last.received = params["redirectResponse"]["encodedDataLength"].as_f64().map(|bytes| bytes as u64);
                    failure = last.failure();
                }
                let request = &params["request"];
                self.add(id, text(params, "type"), request, at, params["wallTime"].as_f64().unwrap_or_default());
                return failure;
            }
            "Network.webSocketCreated" => {
                let request = json!({ "url": params["url"], "method": "GET" });
                self.add(id, "WebSocket", &request, at, 0.0);
            }
            "Network.webSocketWillSendHandshakeRequest" => {
                let entry = self.last(id)?;
                (entry.began, entry.began_at) = (at, params["wallTime"].as_f64().unwrap_or_default());
                entry.headers = headers(&params["request"]["headers"]);
            }
            "Network.webSocketHandshakeResponseReceived" => {
                let entry = self.last(id)?;
                entry.response = Some(Response::new(&params["response"], at));
                entry.ended = Some(at);
            }
            "Network.webSocketFrameError" => return self.failed(id, text(params, "errorMessage"), at),
            "Network.requestWillBeSentExtraInfo" => {
                let sent = headers(&params["headers"]);
                if let Some(entry) = self.chain(id).find(|entry| !entry.has_sent) {
                    (entry.headers, entry.has_sent) = (sent, true);
                    return None;
                }
                if self.early.len() < MAX_EARLY {
                    self.early.insert(id.to_owned(), sent);
                }
            }
            "Network.responseReceivedExtraInfo" => {
                let status = params["statusCode"].as_u64();
                let fits = |entry: &&mut Entry| {
                    let known = entry.response.as_ref().map(|response| response.status);
                    !entry.has_received && (known.is_none() || known == status || known == Some(200))
                };
                let entry = self.chain(id).find(fits)?;
                entry.has_received = true;
                let received = headers(&params["headers"]);
                match &mut entry.response {
                    Some(response) => response.headers = received,
                    None => {
                        entry.response = Some(Response { headers: received, ..Response::new(&Value::Null, at) });
                    }
                }
            }
            "Network.responseReceived" => {
                let entry = self.last(id)?;
                entry.answered(Response::new(&params["response"], at));
                entry.kind = text(params, "type").to_owned();
                return entry.failure();
            }
            "Network.requestServedFromCache" => {
                self.last(id)?.is_cached = true;
            }
            "Network.dataReceived" => self.last(id)?.size += params["dataLength"].as_u64().unwrap_or_default(),
            "Network.loadingFinished" => {
                let entry = self.last(id)?;
                entry.ended = Some(at);
                entry.received = params["encodedDataLength"].as_f64().map(|bytes| bytes as u64);
            }
            "Network.loadingFailed" => return self.failed(id, text(params, "errorText"), at),
            _ => {}
        }
        None
    }

    fn chain(&mut self, id: &str) -> impl Iterator<Item = &mut Entry> {
        let places = self.chains.get(id).cloned().unwrap_or_default();
        // In order, as both are.
        self.entries.iter_mut().enumerate().filter(move |(place, _)| places.contains(place)).map(|(_, entry)| entry)
    }

    fn last(&mut self, id: &str) -> Option<&mut Entry> {
        let place = *self.chains.get(id)?.last()?;
        self.entries.get_mut(place)
    }

    fn failed(&mut self, id: &str, error: &str, at: f64) -> Option<Value> {
        let entry = self.last(id)?;
        entry.ended = Some(at);
        entry.error = Some(shorten(error, MAX_VALUE));
        entry.failure()
    }

    fn add(&mut self, id: &str, kind: &str, request: &Value, began: f64, began_at: f64) {
        let early = self.early.remove(id);
        let mut entry = Entry {
            method: shorten(text(request, "method"), 40),
            url: address(text(request, "url")),
            kind: kind.to_owned(),
            began,
            began_at,
            has_sent: early.is_some(),
            headers: early.unwrap_or_else(|| headers(&request["headers"])),
            ..Entry::default()
        };
        if request["hasPostData"] == true {
            let length = entry.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
            entry.body_sent = length.and_then(|(_, value)| value.parse().ok());
        } else {
            entry.body_sent = Some(0);
        }
        // Headers of the answer are about as many.
        let bytes = entry.url.len() + 2 * entry.headers.iter().map(|(n, v)| n.len() + v.len()).sum::<usize>() + 2_000;
        if self.entries.len() == MAX_ENTRIES || self.bytes + bytes > MAX_BYTES {
            self.left_out += 1;
            // Its events must not go to the request that was redirected here.
            self.chains.remove(id);
            return;
        }
        self.bytes += bytes;
        self.chains.entry(id.to_owned()).or_default().push(self.entries.len());
        self.entries.push(entry);
    }

    pub(super) fn to_har(&self) -> Value {
        let version = env!("CARGO_PKG_VERSION");
        let mut log = json!({
            "version": "1.2",
            "creator": { "name": "browser-use-service", "version": version },
            "entries": self.entries.iter().map(Entry::to_har).collect::<Vec<_>>(),
        });
        if self.left_out > 0 {
            log["comment"] = format!("{} more requests are left out", self.left_out).into();
        }
        json!({ "log": log })
    }
}

impl Response {
    fn new(response: &Value, at: f64) -> Self {
        let from_cache = ["fromDiskCache", "fromPrefetchCache"].iter().any(|cache| response[*cache] == true);
        Self {
            at,
            status: response["status"].as_u64().unwrap_or_default(),
            status_text: shorten(text(response, "statusText"), 200),
            protocol: protocol(text(response, "protocol")),
            mime: shorten(text(response, "mimeType"), 200),
            headers: headers(&response["headers"]),
            timing: Some(response["timing"].clone()).filter(Value::is_object),
            from_cache,
        }
    }
}

impl Entry {
    /// The headers as they came may be known already.
    fn answered(&mut self, mut response: Response) {
        if let Some(known) = self.response.take().filter(|_| self.has_received) {
            response.headers = known.headers;
        }
        self.is_cached |= response.from_cache;
        self.response = Some(response);
    }

    /// The line of a request that has failed.
    fn failure(&self) -> Option<Value> {
        let status = self.response.as_ref().map(|response| response.status).filter(|status| *status >= 400);
        if self.error.is_none() && status.is_none() {
            return None;
        }
        let elapsed = self.ended.map_or(0.0, |ended| ended - self.began);
        let mut line = json!({
            "type": "requestFailed",
            "timestamp": timestamp(self.began_at + elapsed),
            "method": self.method,
            "url": self.url,
            "resource": self.kind,
        });
        match (&self.error, status) {
            (Some(error), _) => line["error"] = error.as_str().into(),
            (None, status) => line["status"] = status.into(),
        }
        Some(line)
    }

    fn to_har(&self) -> Value {
        let unknown = Response::new(&Value::Null, self.ended.unwrap_or(self.began));
        let response = self.response.as_ref().unwrap_or(&unknown);
        let timings = self.timings(response);
        let counted = ["blocked", "dns", "connect", "send", "wait", "receive"];
        let time: f64 = counted.iter().filter_map(|part| timings[*part].as_f64()).filter(|part| *part > 0.0).sum();
        let query = Url::parse(&self.url).ok();
        let query: Vec<Value> = query
            .iter()
            .flat_map(Url::query_pairs)
            .take(MAX_HEADERS)
            .map(|(name, value)| json!({ "name": name, "value": value }))
            .collect();
        let redirect = response.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("location"));
        let redirect = redirect.filter(|_| (300..400).contains(&response.status)).map_or("", |(_, value)| value);
        let mut entry = json!({
            "startedDateTime": timestamp(self.began_at),
            "time": time,
            "request": {
                "method": self.method,
                "url": self.url,
                "httpVersion": response.protocol,
                "cookies": cookies(&self.headers, "cookie"),
                "headers": listed(&self.headers),
                "queryString": query,
                "headersSize": -1,
                "bodySize": self.body_sent.map_or(-1, |bytes| bytes as i64),
            },
            "response": {
                "status": response.status,
                "statusText": response.status_text,
                "httpVersion": response.protocol,
                "cookies": cookies(&response.headers, "set-cookie"),
                "headers": listed(&response.headers),
                "content": { "size": self.size, "mimeType": response.mime },
                "redirectURL": redirect,
                "headersSize": -1,
                "bodySize": if self.is_cached { 0 } else { -1 },
                "_transferSize": self.received,
            },
            "cache": {},
            "timings": timings,
            "_resourceType": self.kind.to_lowercase(),
        });
        if let Some(error) = &self.error {
            entry["response"]["_error"] = error.as_str().into();
        } else if self.ended.is_none() {
            entry["comment"] = "not finished when the run ended".into();
        }
        entry
    }

    /// Milliseconds; -1 for what does not apply.
    fn timings(&self, response: &Response) -> Value {
        let milliseconds = |from: f64, to: f64| ((to - from) * 1e6).round().max(0.0) / 1e3;
        let ended = self.ended.unwrap_or(response.at).max(response.at);
        let Some(timing) = &response.timing else {
            return json!({
                "blocked": -1, "dns": -1, "connect": -1, "ssl": -1, "send": 0,
                "wait": milliseconds(self.began, response.at), "receive": milliseconds(response.at, ended),
            });
        };
        let at = |name: &str| timing[name].as_f64().filter(|at| *at >= 0.0);
        let span =
            |from: &str, to: &str| at(from).zip(at(to)).map_or(-1.0, |(from, to)| milliseconds(from / 1e3, to / 1e3));
        let requested = timing["requestTime"].as_f64().unwrap_or(self.began);
        let first = ["dnsStart", "connectStart", "sendStart"].iter().find_map(|name| at(name)).unwrap_or_default();
        let headers_end = requested + at("receiveHeadersEnd").unwrap_or_default() / 1e3;
        json!({
            "blocked": milliseconds(self.began, requested + first / 1e3),
            "dns": span("dnsStart", "dnsEnd"),
            "connect": span("connectStart", "connectEnd"),
            "ssl": span("sslStart", "sslEnd"),
            "send": span("sendStart", "sendEnd").max(0.0),
            "wait": span("sendEnd", "receiveHeadersEnd").max(0.0),
            "receive": milliseconds(headers_end, ended.max(headers_end)),
        })
    }
}

/// A URL without a user's name, a password and data.
fn address(url: &str) -> String {
    if let Some(data) = url.strip_prefix("data:") {
        return format!("data:{}", shorten(data.split(',').next().unwrap_or_default(), 100));
    }
    let url = Url::parse(url).map_or_else(|_| url.to_owned(), |url| without_credentials(&url));
    shorten(&url, MAX_URL)
}

fn protocol(name: &str) -> String {
    match name {
        "" => "unknown".to_owned(),
        name => shorten(&name.replace("http/", "HTTP/"), 40),
    }
}

fn is_private(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    PRIVATE.iter().any(|part| name.contains(part))
}

/// Headers, a line each. Cookies keep their names.
fn headers(all: &Value) -> Headers {
    let pairs = all.as_object().into_iter().flatten();
    let lines = pairs.flat_map(|(name, value)| {
        value.as_str().unwrap_or_default().split('\n').map(|line| (shorten(name, 200), masked(name, line)))
    });
    lines.take(MAX_HEADERS).collect()
}

fn masked(name: &str, value: &str) -> String {
    let hidden = |pair: &str| match pair.split_once('=') {
        Some((name, _)) => format!("{}={MASK}", shorten(name.trim(), 200)),
        None => MASK.to_owned(),
    };
    match name.to_ascii_lowercase().as_str() {
        "cookie" => value.split(';').map(hidden).collect::<Vec<_>>().join("; "),
        "set-cookie" => hidden(value.split(';').next().unwrap_or_default()),
        // A scheme is no secret.
        "authorization" => match value.split_once(' ') {
            Some((scheme, _)) => format!("{} {MASK}", shorten(scheme, 40)),
            None => MASK.to_owned(),
        },
        name if is_private(name) => MASK.to_owned(),
        "location" | "referer" | "origin" => address(value),
        _ => shorten(value, MAX_VALUE),
    }
}

fn listed(headers: &Headers) -> Vec<Value> {
    headers.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect()
}

fn cookies(headers: &Headers, of: &str) -> Vec<Value> {
    let lines = headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(of));
    let pairs = lines.flat_map(|(_, value)| value.split("; ")).filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| json!({ "name": name, "value": value })).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(id: usize, url: &str) -> Value {
        json!({
            "requestId": id.to_string(), "type": "Document", "timestamp": 10.0, "wallTime": 1_000.0,
            "request": { "url": url, "method": "GET", "headers": { "Accept": "*/*" } },
        })
    }

    #[test]
    fn what_lets_somebody_in_is_not_told_whenever_it_arrives() {
        let sent_headers = json!({ "requestId": "1", "headers": {
            "Cookie": "a=topsecret; b=topsecret", "Authorization": "Bearer topsecret", "X-Auth-Token": "topsecret",
        } });
        let received = json!({ "requestId": "1", "statusCode": 200, "headers": {
            "set-cookie": "a=topsecret; Path=/\nb=topsecret", "Content-Type": "text/html",
        } });
        let answer = json!({ "requestId": "1", "type": "Document", "timestamp": 10.5, "response": {
            "status": 200, "statusText": "OK", "mimeType": "text/html", "protocol": "http/1.1",
            "headers": { "Content-Type": "text/html", "Set-Cookie": "a=topsecret" },
        } });
        let events = [
            ("Network.requestWillBeSent", sent(1, "https://ada:topsecret@a.example/?q=1")),
            ("Network.requestWillBeSentExtraInfo", sent_headers),
            ("Network.responseReceived", answer),
            ("Network.responseReceivedExtraInfo", received),
        ];
        for order in [[0, 1, 2, 3], [1, 0, 3, 2], [1, 0, 2, 3], [0, 1, 3, 2]] {
            let mut archive = Archive::default();
            for event in order {
                let (method, params) = &events[event];
                archive.record(method, params);
            }
            let har = archive.to_har();
            assert!(!har.to_string().contains("topsecret"), "{har}");
            let entry = &har["log"]["entries"][0];
            let hidden = json!([{ "name": "a", "value": "***" }, { "name": "b", "value": "***" }]);
            assert_eq!((&entry["request"]["cookies"], &entry["response"]["cookies"]), (&hidden, &hidden), "{order:?}");
            assert_eq!(entry["response"]["status"], 200, "{order:?}");
            assert_eq!(entry["request"]["url"], "https://a.example/?q=1");
        }
    }

    #[test]
    fn entries_are_bounded_and_what_is_left_out_is_counted() {
        let mut archive = Archive::default();
        for id in 0..MAX_ENTRIES + 3 {
            archive.record("Network.requestWillBeSent", &sent(id, "https://a.example/"));
        }
        let har = archive.to_har();
        assert_eq!(har["log"]["entries"].as_array().unwrap().len(), MAX_ENTRIES);
        assert_eq!(har["log"]["comment"], "3 more requests are left out");

        let mut archive = Archive::default();
        for id in 0..MAX_ENTRIES {
            archive.record("Network.requestWillBeSent", &sent(id, &format!("https://a.example/{}", "x".repeat(5_000))));
        }
        assert!(archive.to_har().to_string().len() < 2 * MAX_BYTES);
        assert!(archive.left_out > 0);
    }

    #[test]
    fn an_answer_beyond_the_limits_is_given_to_no_other_request() {
        let mut archive = Archive { bytes: MAX_BYTES - 3_000, ..Archive::default() };
        archive.record("Network.requestWillBeSent", &sent(1, "https://a.example/old"));
        let mut redirected = sent(1, "https://a.example/new");
        redirected["redirectResponse"] = json!({ "status": 302, "headers": { "Location": "/new" } });
        archive.record("Network.requestWillBeSent", &redirected);
        let answer = json!({ "requestId": "1", "timestamp": 11.0, "response": { "status": 404, "headers": {} } });
        assert_eq!(archive.record("Network.responseReceived", &answer), None);
        let har = archive.to_har();
        assert_eq!(har["log"]["entries"].as_array().unwrap().len(), 1);
        assert_eq!(har["log"]["entries"][0]["response"]["status"], 302);
    }
}
