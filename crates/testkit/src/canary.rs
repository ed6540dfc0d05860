//! Secrets that occur nowhere else, and the encodings in which they may leak.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use uuid::Uuid;

/// A unique secret, with characters that each encoding has to escape; and its core, which needs no escaping.
pub fn canary() -> (String, String) {
    let core = Uuid::new_v4().simple().to_string();
    (format!("Zä\"&'<{core}>\\ %+/"), core)
}

/// Whether a text contains a secret's core in any encoding that a page might use.
pub fn holds(text: &str, value: &str, core: &str) -> bool {
    let text = text.to_lowercase();
    let inner = |skipped: usize| {
        let encoded = STANDARD.encode(&core.as_bytes()[skipped..]).to_lowercase();
        encoded.trim_end_matches('=')[..20].to_owned()
    };
    let hex: String = core.bytes().map(|byte| format!("{byte:02x}")).collect();
    let percent: String = core.bytes().map(|byte| format!("%{byte:02x}")).collect();
    text.contains(core)
        || text.contains(&STANDARD.encode(value).to_lowercase())
        || (0..3).any(|skipped| text.contains(&inner(skipped)))
        || text.contains(&hex)
        || text.contains(&percent)
}

/// The secret in the encodings of hostile pages.
pub fn encodings(value: &str) -> String {
    let percent: String = value.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let form: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
    let twice: String = url::form_urlencoded::byte_serialize(form.as_bytes()).collect();
    let html = value.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    let json = Value::from(value).to_string();
    let hex: String = value.bytes().map(|byte| format!("{byte:02x}")).collect();
    let base64 = STANDARD.encode(value);
    let spaced: String = value.chars().flat_map(|c| [c, '\u{200b}']).collect();
    [value, &percent, &form, &twice, &html, &json, &hex, &base64, &value.to_uppercase(), &spaced].join(" | ")
}
