// The clipboard. Chromium has one for all its pages, so for all runs. Each run has its own instead: what the page would
// give to the common one, or get from it, passes here, by an event like the browser's own.

import { isSecret } from "../dom/controls.js";
import { focusedElement } from "../dom/registry.js";

let held = "";
/** Whether what is held was copied here. */
let isOwn = false;

/**
 * @returns {string}
 */
function selectedText() {
  const element = focusedElement();
  if (element && "selectionStart" in element) {
    if (isSecret(element)) return "";
    const { selectionStart, selectionEnd, value } = element;
    if (typeof selectionStart === "number") return String(value).slice(selectionStart, selectionEnd ?? undefined);
  }
  return String(getSelection() ?? "");
}

/**
 * @param {ClipboardEvent} event
 * @returns {void}
 */
function relay(event) {
  if (!event.isTrusted) return;
  event.stopImmediatePropagation();
  event.preventDefault();
  const isPaste = event.type === "paste";
  // Nothing is left in the common one.
  if (!isPaste) event.clipboardData?.clearData();
  const clipboardData = new DataTransfer();
  if (isPaste) clipboardData.setData("text/plain", held);
  const selected = selectedText();
  const own = new ClipboardEvent(event.type, { clipboardData, bubbles: true, cancelable: true, composed: true });
  const isHandled = !event.composedPath()[0].dispatchEvent(own);
  if (isPaste) {
    if (!isHandled && held) document.execCommand("insertText", false, held);
    return;
  }
  isOwn = true;
  held = isHandled ? clipboardData.getData("text/plain") : selected;
  if (event.type === "cut" && !isHandled) document.execCommand("delete");
}

/**
 * Puts the run's clipboard in the place of the browser's.
 *
 * @returns {void}
 */
export function installClipboard() {
  addEventListener("copy", relay, true);
  addEventListener("cut", relay, true);
  addEventListener("paste", relay, true);
}

/**
 * Takes what the run has copied.
 *
 * @param {{ text: string }} argument
 * @returns {{ origin: string }} the document's
 */
export function setClipboard({ text }) {
  held = text;
  isOwn = false;
  return { origin: globalThis.origin };
}

/**
 * What was copied here since the run's clipboard was set.
 *
 * @param {{ limit: number }} argument
 * @returns {{ text: string | null, origin: string }}
 */
export function clipboard({ limit }) {
  return { text: isOwn ? held.slice(0, limit).toWellFormed() : null, origin: globalThis.origin };
}
