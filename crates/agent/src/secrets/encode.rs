//! The encodings of a value that decoding a text does not undo.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

/// A shorter part of a base64 text is likely to be something else.
const MIN_BASE64: usize = 8;
const MIN_FILE_NAME: usize = 4;

/// The value itself and its encodings.
pub(super) fn encodings(value: &str) -> Vec<String> {
    let words: Vec<&str> = value.split_whitespace().collect();
    let mut encodings = vec![value.to_owned(), value.replace(' ', "+"), words.join("+")];
    let file_name = value.replace(|c| "\"*/:<>?\\|~".contains(c), "_");
    if file_name.chars().filter(|c| *c != '_').count() >= MIN_FILE_NAME {
        encodings.push(file_name);
    }
    encodings.push(value.bytes().map(|byte| format!("{byte:02x}")).collect());
    for engine in [STANDARD, URL_SAFE] {
        let padded = engine.encode(value);
        encodings.extend([padded.trim_end_matches('=').to_owned(), padded]);
        encodings.extend((0..3).map(|before| base64_within(&engine, value, before)).filter(|s| s.len() >= MIN_BASE64));
    }
    encodings.sort_unstable();
    encodings.dedup();
    encodings
}

/// The characters of a value's base64 that do not depend on its neighbours, when it comes after so many bytes, modulo 3,
/// of a longer text.
fn base64_within(engine: &impl base64::Engine, value: &str, before: usize) -> String {
    let bytes = [&[0; 2][..before], value.as_bytes()].concat();
    let encoded = engine.encode(&bytes);
    // Each character has six bits.
    encoded[(before * 8).div_ceil(6)..bytes.len() * 8 / 6].to_owned()
}
