// Fields: what is typed into them, set in them, and given to them as files.

import { isSecret } from "../dom/controls.js";
import { editorOf, shownLines } from "../dom/editors.js";
import { attribute, matches, page } from "../dom/native.js";
import { contains, focusedElement, idOf } from "../dom/registry.js";
import { normalized } from "../dom/strings.js";
import { find, fire, queryIn } from "./elements.js";
import { rememberOptions } from "./options.js";
import { appeared } from "./page-diff.js";
import { frames } from "./wait.js";

/** @import { AnyElement, FileFieldLimits, Gone, HeldFiles } from "../types" */

const MAX_VALUE = 20000;
/** How long a field that is empty again may take to hold what the page makes of a text, in ms. */
const REWRITE_LIMIT = 60;

/**
 * Whether a field says that it proposes what to type.
 *
 * @param {AnyElement} element
 * @returns {boolean}
 */
function suggests(element) {
  return (
    attribute(element, "role") === "combobox" ||
    ["list", "both"].includes(attribute(element, "aria-autocomplete") ?? "") ||
    attribute(element, "aria-haspopup") === "listbox" ||
    element.closest("[role=combobox]") !== null
  );
}

/**
 * Whether an element has the focus in its tree.
 *
 * @param {Element} element
 * @returns {boolean}
 */
export function isFocused(element) {
  return /** @type {Partial<DocumentOrShadowRoot>} */ (element.getRootNode()).activeElement === element;
}

/**
 * @param {AnyElement} element
 * @param {boolean} clear whether to select what the field holds, to replace it; else the caret goes to the end
 * @returns {void}
 */
function placeCaret(element, clear) {
  if (element.isContentEditable) {
    const range = page.createRange();
    range.selectNodeContents(element);
    if (!clear) range.collapse(false);
    const selection = getSelection();
    selection?.removeAllRanges();
    selection?.addRange(range);
  } else if (typeof element.select === "function" && "value" in element) {
    if (clear) {
      element.select();
      return;
    }
    const { length } = String(element.value);
    try {
      element.setSelectionRange?.(length, length);
    } catch {
      // E-mail and number inputs have no selection; focus alone puts the caret at the end.
    }
  }
}

/**
 * Resolves when the focus moves, as boxes for the characters of a code pass it on, or after `limit` ms. Fields that
 * rewrite what is typed need that time as well.
 *
 * @param {{ limit: number }} argument
 * @returns {Promise<{}>}
 */
export function focusMove({ limit }) {
  return new Promise((resolve) => {
    const before = focusedElement();
    const end = () => {
      removeEventListener("focusin", onFocus, true);
      clearTimeout(timer);
      resolve({});
    };
    const onFocus = () => focusedElement() !== before && end();
    addEventListener("focusin", onFocus, true);
    const timer = setTimeout(end, limit);
  });
}

/**
 * Focuses a field and places the caret. A field that has the focus keeps its caret unless it is cleared.
 *
 * @param {{ id: number, clear: boolean }} argument
 * @returns {Gone | { focused: boolean, value: string, suggests: boolean, room: number | null }}
 */
export function focusField({ id, clear }) {
  const element = find(id);
  if (!element) return { gone: true };
  const hasCaret = !clear && isFocused(element);
  element.focus?.({ preventScroll: true });
  if (!hasCaret) placeCaret(element, clear);
  const { maxLength } = element;
  return {
    focused: isFocused(element),
    value: String(element.value ?? element.textContent),
    suggests: suggests(element),
    room: maxLength !== undefined && maxLength > 0 ? maxLength : null,
  };
}

/** What is being typed, and whether the field has held all of it. @type {{ id: number, text: string, held: boolean }} */
let typing = { id: 0, text: "", held: false };
let isListening = false;

/**
 * Notes when a field holds all of a text. Fields that act upon a text, such as PINs and tags, empty themselves then.
 *
 * @param {number} id
 * @param {string} text
 * @returns {void}
 */
function noteHeld(id, text) {
  typing = { id, text, held: false };
  if (isListening) return;
  isListening = true;
  const onInput = () => {
    const element = find(typing.id);
    if (!element || !isFocused(element)) return;
    typing.held ||= letters(String(element.value ?? element.textContent)).endsWith(letters(typing.text));
  };
  addEventListener("input", onInput, true);
}

/**
 * @param {string} text
 * @returns {string} what survives an input mask
 */
function letters(text) {
  return text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
}

/**
 * Focuses a field that text is about to be typed into. What a page does with the focus right away is waited for: where
 * it moves the focus on, `text` is inserted here before it can do so again, instead of into another field.
 *
 * @param {{ id: number, clear: boolean, text: string }} argument
 * @returns {Promise<ReturnType<typeof focusField> & { inserted?: boolean }>}
 */
export async function focusToType({ id, clear, text }) {
  const ready = focusField({ id, clear });
  if ("gone" in ready || !ready.focused) return ready;
  if (ready.suggests) rememberOptions({ id });
  noteHeld(id, text);
  await new Promise((resolve) => setTimeout(resolve));
  const element = find(id);
  if (!element) return { gone: true };
  if (isFocused(element) || isInside(focusedElement(), element)) return ready;
  return { ...ready, inserted: insertText({ id, clear, text }).inserted };
}

/**
 * @param {AnyElement | null} inner
 * @param {Element} outer
 * @returns {boolean}
 */
function isInside(inner, outer) {
  return inner !== null && contains(outer, inner);
}

/**
 * Focuses a field and inserts text before anything of the page's can run. Pages see no keys and no `beforeinput`.
 *
 * @param {{ id: number, clear: boolean, text: string }} argument
 * @returns {{ inserted: boolean }}
 */
export function insertText({ id, clear, text }) {
  const ready = focusField({ id, clear });
  if ("gone" in ready || !ready.focused) return { inserted: false };
  return { inserted: document.execCommand("insertText", false, text) };
}

/** How long an editor may take to hear of a selection, in ms. */
const SELECTION_LIMIT = 50;

/**
 * Focuses a field as `focusField` does and pastes text into it, which editors take as a whole: what is typed they
 * indent, complete and correct.
 *
 * @param {{ id: number, clear: boolean, text: string }} argument
 * @returns {Promise<Gone | { focused: boolean, value: string, pasted: boolean }>} the value as it was before
 */
export async function pasteText({ id, clear, text }) {
  const selected = new Promise((resolve) => document.addEventListener("selectionchange", resolve, { once: true }));
  const ready = focusField({ id, clear });
  const element = find(id);
  if ("gone" in ready || !element) return { gone: true };
  // Editors hear of what is selected a moment later, if it is news.
  await Promise.race([selected, new Promise((resolve) => setTimeout(resolve, SELECTION_LIMIT))]);
  await frames(1);
  const focused = isFocused(element);
  const { value } = ready;
  if (!focused) return { focused, value, pasted: false };
  const clipboardData = new DataTransfer();
  clipboardData.setData("text/plain", text);
  const paste = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true, composed: true });
  return { focused, value, pasted: !element.dispatchEvent(paste) };
}

/**
 * @param {AnyElement} element
 * @returns {string}
 */
function shownValue(element) {
  const editor = editorOf(element);
  if (editor) return shownLines(editor, element).join("\n").slice(0, MAX_VALUE);
  return String(element.value ?? element.innerText ?? "")
    .slice(0, MAX_VALUE)
    .toWellFormed();
}

/**
 * What a field and those after it hold together, one character each: the boxes of a code.
 *
 * @param {AnyElement} element
 * @param {number} count
 * @returns {string}
 */
function joinedFrom(element, count) {
  const root = /** @type {Document | ShadowRoot} */ (element.getRootNode());
  const fields = [...queryIn(root, "input")];
  const boxes = fields.slice(fields.indexOf(element)).slice(0, count);
  return boxes.every((box) => String(box.value).length === 1) ? normalized(boxes.map((box) => box.value).join("")) : "";
}

/**
 * A field's value after `text` was typed into it; of a secret only its length. `elsewhere`: the page has taken the text
 * to another place, or has emptied the field once it held all of it; `away`: the page has taken the focus.
 *
 * @param {{ id: number, text: string }} argument
 * @returns {Promise<Gone | { value: string, elsewhere: boolean, away: boolean } | { secret: true, length: number }>}
 */
export async function fieldValue({ id, text }) {
  const typed = find(id);
  // The page may still be at work on it.
  if (typed && !shownValue(typed).endsWith(text)) await frames(1);
  const element = find(id);
  if (!element) return { gone: true };
  if (isSecret(element)) return { secret: true, length: String(element.value).length };
  const isEmptied = () => shownValue(element).trim() === "" && typing.held && typing.id === id && typing.text === text;
  // A page that is slow to rewrite what is typed may take it away meanwhile.
  if (isEmptied()) await new Promise((resolve) => setTimeout(resolve, REWRITE_LIMIT));
  if (!element.isConnected) return { gone: true };
  const value = shownValue(element);
  const away = !isFocused(element);
  const wanted = normalized(text);
  if (normalized(value).endsWith(wanted)) return { value, elsewhere: false, away };
  if (wanted && joinedFrom(element, wanted.length) === wanted) return { value: text, elsewhere: false, away: false };
  const news = [...appeared()].map((one) => normalized(one.textContent));
  const isShown = (/** @type {string} */ words) => news.some((shown) => shown.includes(words));
  const elsewhere = wanted !== "" && (isEmptied() || isShown(wanted) || isDivided(wanted, normalized(value), isShown));
  return { value, elsewhere, away: false };
}

/**
 * Whether a page has taken the entries of a text out of its field one by one, as fields for tags do: the field holds the
 * rest, and the page shows what is gone from it.
 *
 * @param {string} text
 * @param {string} rest what the field holds
 * @param {(words: string) => boolean} isShown
 * @returns {boolean}
 */
function isDivided(text, rest, isShown) {
  if (!text.endsWith(rest)) return false;
  const entries = text
    .slice(0, text.length - rest.length)
    .split(/[\s,;]+/)
    .filter(Boolean);
  return entries.length > 0 && entries.every(isShown);
}

const setValue = /** @type {(this: AnyElement, value: string) => void} */ (
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value")?.set
);

/**
 * Sets a date, time, colour or range as a user's change would.
 *
 * @param {{ id: number, value: string }} argument
 * @returns {Gone | { value: string }} as the field took it
 */
export function setField({ id, value }) {
  const element = find(id);
  if (!element) return { gone: true };
  element.focus?.({ preventScroll: true });
  setValue.call(element, value);
  fire(element, "input", "change");
  return { value: String(element.value) };
}

/**
 * Where a slider of the page's own is, once the page has dealt with keys.
 *
 * @param {{ id: number }} argument
 * @returns {Promise<Gone | { now: number | null, min: number | null, max: number | null }>}
 */
export async function sliderState({ id }) {
  await frames(1);
  const element = find(id);
  if (!element) return { gone: true };
  /**
   * @param {string} name
   * @returns {number | null}
   */
  const number = (name) => {
    const value = parseFloat(attribute(element, name) ?? "");
    return Number.isNaN(value) ? null : value;
  };
  return { now: number("aria-valuenow"), min: number("aria-valuemin"), max: number("aria-valuemax") };
}

/**
 * The file field that an element is, stands for as a label, or holds.
 *
 * @param {{ id: number }} argument
 * @returns {Gone | { id?: number }}
 */
export function fileField({ id }) {
  const element = find(id);
  if (!element) return { gone: true };
  /** @type {AnyElement[]} */
  const inside = [...element.querySelectorAll("input[type=file]")];
  const label = element.closest("label");
  const candidates = [element, element.control, label?.control, inside.length === 1 ? inside[0] : null];
  const field = candidates.find((node) => node instanceof HTMLInputElement && node.type === "file");
  return field ? { id: idOf(field) } : {};
}

/**
 * What a file field takes.
 *
 * @param {HTMLInputElement} field
 * @returns {FileFieldLimits}
 */
export function fileFieldLimits(field) {
  return { disabled: matches(field, ":disabled"), multiple: field.multiple, folder: field.webkitdirectory };
}

/**
 * What a file field holds. `unfit`: files that are plainly not what it asks for.
 *
 * @param {HTMLInputElement} field
 * @returns {HeldFiles}
 */
export function heldFiles(field) {
  const files = Array.from(field.files ?? []);
  const accepted = field.accept
    .toLowerCase()
    .split(",")
    .map((token) => token.trim())
    .filter(Boolean);
  const unfit = accepted.length === 0 ? [] : files.filter((file) => !accepted.some((token) => isOfType(file, token)));
  /**
   * @param {File[]} list
   * @returns {string[]}
   */
  const names = (list) => list.slice(0, 20).map((file) => file.name);
  return { names: names(files), unfit: names(unfit), accept: field.accept.slice(0, 100) };
}

/**
 * Whether a file is of a type in an `accept` attribute. A file whose type the browser does not know is of any.
 *
 * @param {File} file
 * @param {string} token
 * @returns {boolean}
 */
function isOfType(file, token) {
  if (token.startsWith(".")) return file.name.toLowerCase().endsWith(token);
  if (file.type === "") return true;
  return token.endsWith("/*") ? file.type.startsWith(token.slice(0, -1)) : file.type === token;
}
