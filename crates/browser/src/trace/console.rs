//! Console messages, errors of scripts and messages of the browser, a line each.

use serde_json::{Value, json};

use super::{text, timestamp};
use agent::text::shorten;

pub(super) const METHODS: &[&str] = &["Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"];

/// Longest text in characters.
const MAX_TEXT: usize = 4_000;
const MAX_URL: usize = 1_000;

pub(super) fn line(method: &str, params: &Value) -> Option<Value> {
    let at = |milliseconds: &Value| timestamp(milliseconds.as_f64().unwrap_or_default() / 1e3);
    Some(match method {
        "Runtime.consoleAPICalled" => {
            let args: Vec<String> = params["args"].as_array().into_iter().flatten().map(shown).collect();
            let frame = &params["stackTrace"]["callFrames"][0];
            let line = json!({
                "type": "console",
                "level": text(params, "type"),
                "timestamp": at(&params["timestamp"]),
                "text": shorten(&args.join(" "), MAX_TEXT),
            });
            placed(line, frame)
        }
        "Runtime.exceptionThrown" => {
            let details = &params["exceptionDetails"];
            let thrown = match &details["exception"] {
                Value::Null => String::new(),
                exception => format!(" {}", shown(exception)),
            };
            let line = json!({
                "type": "pageError",
                "timestamp": at(&params["timestamp"]),
                "text": shorten(&format!("{}{thrown}", text(details, "text")), MAX_TEXT),
            });
            placed(line, details)
        }
        "Log.entryAdded" => {
            let entry = &params["entry"];
            // Requests have lines of their own.
            if text(entry, "source") == "network" {
                return None;
            }
            let line = json!({
                "type": "browser",
                "level": text(entry, "level"),
                "timestamp": at(&entry["timestamp"]),
                "text": shorten(text(entry, "text"), MAX_TEXT),
            });
            placed(line, entry)
        }
        _ => return None,
    })
}

/// Adds where it happened, counted from 1.
fn placed(mut line: Value, frame: &Value) -> Value {
    if !text(frame, "url").is_empty() {
        line["url"] = shorten(text(frame, "url"), MAX_URL).into();
        for (name, field) in [("line", "lineNumber"), ("column", "columnNumber")] {
            if let Some(number) = frame[field].as_i64() {
                line[name] = (number + 1).into();
            }
        }
    }
    line
}

/// An argument as the console shows it.
fn shown(object: &Value) -> String {
    if let Some(value) = object["unserializableValue"].as_str() {
        return value.to_owned();
    }
    match (&object["value"], text(object, "type"), text(object, "subtype")) {
        (Value::String(value), ..) => value.clone(),
        (Value::Null, "object", "null") => "null".to_owned(),
        (Value::Null, ..) => match object["preview"]["properties"].as_array() {
            Some(properties) if text(object, "subtype") != "error" => previewed(object, properties),
            _ if object["description"].is_string() => text(object, "description").to_owned(),
            _ => text(object, "type").to_owned(),
        },
        (value, ..) => value.to_string(),
    }
}

fn previewed(object: &Value, properties: &[Value]) -> String {
    let is_list = text(object, "subtype") == "array";
    let mut parts: Vec<String> = properties
        .iter()
        .map(|property| match is_list {
            true => text(property, "value").to_owned(),
            false => format!("{}: {}", text(property, "name"), text(property, "value")),
        })
        .collect();
    if object["preview"]["overflow"] == true {
        parts.push("…".to_owned());
    }
    let parts = parts.join(", ");
    if is_list { format!("[{parts}]") } else { format!("{{{parts}}}") }
}
