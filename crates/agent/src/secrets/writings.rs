//! How a value may be written, escapes apart.

use std::iter;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

use super::SecretValue;
use super::decoding::Decoded;
use super::masker::LAYERS;

/// Shortest piece of base64 that is found within something longer: a shorter one means nothing.
const BASE64_PIECE: usize = 8;

/// Each writing of a value in which it is looked for, none of them empty.
pub(super) fn writings(value: &str) -> Vec<Vec<u8>> {
    let spaced = value.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut writings = vec![value.to_owned(), value.replace(' ', "+"), spaced.replace(' ', "+")];
    // As what an action was done to is named: a label must not end the quotes that it stands in.
    writings.push(spaced.replace('\'', "’"));
    writings.push(spaced);
    // Letters beyond ASCII are not matched in any case.
    if !value.is_ascii() {
        writings.extend([value.to_lowercase(), value.to_uppercase()]);
    }
    // As browsers name files that they save.
    writings.push(value.replace(|c| "\"*/:<>?\\|~".contains(c), "_"));
    writings.push(value.bytes().map(|byte| format!("{byte:02x}")).collect());
    for engine in [STANDARD, URL_SAFE] {
        writings.push(engine.encode(value));
        writings.extend((0..3).filter_map(|before| base64_piece(&engine, value, before)));
    }
    let mut writings: Vec<Vec<u8>> = writings.into_iter().map(String::into_bytes).collect();
    // It may hold what looks like an escape, and be escaped in another manner.
    let layers = iter::successors(Decoded::plain(value).unescaped(), Decoded::unescaped).take(LAYERS);
    writings.extend(layers.map(|layer| layer.bytes).take_while(|layer| is_telling(layer)));
    // As `escape()` makes it; once that is undone it is no UTF-8.
    writings.extend(value.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect::<Option<_>>());
    writings.retain(|writing| !writing.is_empty());
    writings.sort();
    writings.dedup();
    writings
}

/// What is always the same of a value's base64 when it stands so many bytes, modulo 3, within something longer.
fn base64_piece(engine: &impl base64::Engine, value: &str, before: usize) -> Option<String> {
    let bytes = [&[0; 2][..before], value.as_bytes()].concat();
    let encoded = engine.encode(&bytes);
    // Characters hold six bits each; those at either end may hold bits of the neighbours.
    let piece = &encoded[(before * 8).div_ceil(6)..bytes.len() * 8 / 6];
    (piece.len() >= BASE64_PIECE).then(|| piece.to_owned())
}

/// Whether there is enough of a writing for it to be one of a secret.
pub(super) fn is_telling(writing: &[u8]) -> bool {
    String::from_utf8_lossy(writing).chars().filter(|c| !c.is_whitespace()).count() >= SecretValue::MIN_CHARS
}
