// Editors that draw their text themselves and take input through a textarea that nobody sees, such as CodeMirror 5, Ace and
// Monaco.

import { closest, localNameOf, page, rectOf } from "./native.js";

/** @import { AnyElement } from "../types" */

/** How far above its textarea an editor's box is. */
const MAX_STEPS = 8;
/** An editor is at least this large, in pixels. */
const MIN_WIDTH = 60;
const MIN_HEIGHT = 16;
/** A textarea of this size is not for reading. */
const TINY = 8;
const MAX_LINES = 2000;

/**
 * The box of the editor that takes its input through a textarea.
 *
 * @param {AnyElement} field
 * @returns {AnyElement | null} null when the textarea shows its text itself
 */
export function editorOf(field) {
  if (localNameOf(field) !== "textarea" || !isUnseen(field)) return null;
  let node = /** @type {AnyElement | null} */ (field.parentElement);
  for (let n = 0; node !== null && node !== page.body() && n < MAX_STEPS; n++) {
    const { width, height } = rectOf(node);
    if (width >= MIN_WIDTH && height >= MIN_HEIGHT) {
      // The whole editor rather than one of its layers.
      const outer = closest(node, ".CodeMirror,.monaco-editor,.ace_editor,[role=code]");
      return outer ?? node;
    }
    node = node.parentElement;
  }
  return null;
}

/**
 * @param {Element} field
 * @returns {boolean}
 */
function isUnseen(field) {
  const { width, height } = rectOf(field);
  if (width < TINY || height < TINY) return true;
  const { opacity, clipPath, color } = getComputedStyle(field);
  return opacity === "0" || clipPath !== "none" || color === "rgba(0, 0, 0, 0)";
}

/**
 * The lines that an editor shows, from top to bottom.
 *
 * @param {AnyElement} editor
 * @param {AnyElement} field
 * @returns {string}
 */
export function shownLines(editor, field) {
  const known = editor.querySelectorAll(".CodeMirror-line,.view-line,.ace_line");
  const lines = known.length > 0 ? [...known] : leaves(editor, field);
  const placed = lines.slice(0, MAX_LINES).map((line) => ({ top: rectOf(line).top, text: lineText(line) }));
  return placed
    .sort((a, b) => a.top - b.top)
    .map(({ text }) => text)
    .join("\n");
}

/**
 * The innermost blocks of an editor.
 *
 * @param {AnyElement} editor
 * @param {AnyElement} field
 * @returns {AnyElement[]}
 */
function leaves(editor, field) {
  const blocks = [...editor.querySelectorAll("div,pre,p")].filter((block) => !block.contains(field));
  return blocks.filter((block) => block.querySelector("div,pre,p") === null && rectOf(block).height > 0);
}

/**
 * Editors show blanks as no-break spaces, and an empty line as a zero-width one.
 *
 * @param {AnyElement} line
 * @returns {string}
 */
function lineText(line) {
  return (line.textContent ?? "").replaceAll("\u00a0", " ").replaceAll("\u200b", "");
}

/**
 * The language of an editor, if its markup says so.
 *
 * @param {AnyElement} editor
 * @returns {string}
 */
export function languageOf(editor) {
  const holder = editor.querySelector("[data-mode-id],[data-language]") ?? editor;
  const named = holder.getAttribute("data-mode-id") ?? holder.getAttribute("data-language");
  return named ?? /\b(?:lang|language|mode)-([\w+#-]+)/.exec(editor.className?.toString() ?? "")?.[1] ?? "";
}
