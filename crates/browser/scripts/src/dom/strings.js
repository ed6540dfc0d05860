// Strings of the page, made fit to leave it.

export const MAX_NAME = 200;

// Controls, soft hyphens, zero-width and bidirectional marks, private-use glyphs of icon fonts, invisible tags.
const INVISIBLE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  // biome-ignore lint/suspicious/noMisleadingCharacterClass: each character by itself is
  /[\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ue000-\uf8ff\ufeff\uffa0\ufff0-\uffff\u{e0000}-\u{e0fff}\u{f0000}-\u{10ffff}]/gu;
// Joiners matter between letters of many scripts and inside emoji, and nowhere else.
// biome-ignore lint/suspicious/noControlCharactersInRegex: only a range from 0
const LOOSE_JOINERS = /(^|[\u0000-\u00ff])[\u200c\u200d]+/gu;

/**
 * Text without what nobody sees, with single spaces.
 *
 * @param {string} text
 * @returns {string}
 */
export function clean(text) {
  let out = text.replace(/\s+/g, " ");
  if (/[^\x20-\x7e]/.test(out)) out = out.replace(INVISIBLE, "").replace(LOOSE_JOINERS, "$1");
  return out;
}

/**
 * Text of at most `limit` characters and an ellipsis. Every string that leaves the page is well-formed: half a
 * surrogate pair is not JSON that others can read.
 *
 * @param {string} text
 * @param {number} limit
 * @returns {string}
 */
export function bounded(text, limit) {
  return (text.length > limit ? `${text.slice(0, limit).trimEnd()}…` : text).toWellFormed();
}

/**
 * Clean text of bounded length.
 *
 * @param {string | null | undefined} text
 * @param {number} [limit]
 * @returns {string}
 */
export function phrase(text, limit = MAX_NAME) {
  return bounded(clean(text ?? "").trim(), limit);
}

/**
 * As `phrase`, for descriptions of actions: invisible characters stay, and the ellipsis counts.
 *
 * @param {unknown} text
 * @param {number} [length]
 * @returns {string}
 */
export function clip(text, length = 200) {
  const trimmed = String(text ?? "")
    .replace(/\s+/g, " ")
    .trim();
  return (trimmed.length > length ? `${trimmed.slice(0, length - 1)}…` : trimmed).toWellFormed();
}

/**
 * Text for comparison with what the agent was shown.
 *
 * @param {unknown} text
 * @returns {string}
 */
export function normalized(text) {
  return clean(String(text ?? ""))
    .normalize("NFC")
    .trim()
    .toLowerCase();
}

/**
 * The letters and digits of a text: equal for two spellings of the same words.
 *
 * @param {string} text
 * @returns {string}
 */
export function letters(text) {
  return text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "");
}

/**
 * A whole number that fits into 32 bits; 0 for what is no number.
 *
 * @param {number} number
 * @returns {number}
 */
export function whole(number) {
  return Math.max(-1e9, Math.min(1e9, Math.round(number))) || 0;
}
