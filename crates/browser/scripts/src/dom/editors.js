// Editors that draw their text themselves, and take input through an element that nobody sees or that holds a part of
// the text alone: CodeMirror, Monaco, Ace, and others that use a textarea of no size.

import {
  attribute,
  checkVisibility,
  clientRectsOf,
  closest,
  localNameOf,
  matches,
  page,
  queryAll,
  rectOf,
} from "./native.js";

/** @import { AnyElement } from "../types" */

/** How far above its textarea an editor's box is. */
const MAX_STEPS = 8;
/** An editor is at least this large, in pixels. */
const MIN_WIDTH = 60;
const MIN_HEIGHT = 16;
/** A textarea of this size is not for reading. */
const TINY = 8;
const MAX_LINES = 2000;

/** The boxes of the editors that are known by name. `editor_models.js` lists the same. */
const KNOWN = ".CodeMirror,.monaco-editor[role=code],.ace_editor,.cm-editor";
/** What takes their input. */
const FIELDS =
  ".CodeMirror textarea,.native-edit-context,.monaco-editor textarea.inputarea,.ace_text-input,.cm-content";
const LINES = ".CodeMirror-line,.view-line,.ace_line,.cm-line";
const LINE_NUMBERS = ".CodeMirror-linenumber,.line-numbers,.ace_gutter-cell,.cm-lineNumbers .cm-gutterElement";

/**
 * The box of the editor that takes its input through an element.
 *
 * @param {AnyElement} field
 * @returns {AnyElement | null} null when the field shows its text itself
 */
export function editorOf(field) {
  const isTextarea = localNameOf(field) === "textarea";
  const known = isTextarea || field.className ? closest(field, KNOWN) : null;
  if (known !== null) return fieldOf(known) === field ? known : null;
  if (!isTextarea || !isUnseen(field)) return null;
  let node = /** @type {AnyElement | null} */ (field.parentElement);
  for (let n = 0; node !== null && node !== page.body() && n < MAX_STEPS; n++) {
    const { width, height } = rectOf(node);
    // The whole editor rather than one of its layers.
    if (width >= MIN_WIDTH && height >= MIN_HEIGHT) return closest(node, "[role=code]") ?? node;
    node = node.parentElement;
  }
  return null;
}

/**
 * @param {Element} editor one that is known by name
 * @returns {AnyElement | null}
 */
function fieldOf(editor) {
  return queryAll(editor, FIELDS)[0] ?? null;
}

/**
 * The editors that are known by name, with what takes their input.
 *
 * @param {number} limit
 * @returns {[editor: AnyElement, field: AnyElement][]}
 */
export function knownEditors(limit) {
  /** @type {[AnyElement, AnyElement][]} */
  const out = [];
  for (const editor of Array.from(page.querySelectorAll(KNOWN)).slice(0, limit)) {
    const field = fieldOf(editor);
    if (field !== null) out.push([editor, field]);
  }
  return out;
}

/**
 * The number of an editor among those known by name, by which its model is found in the page's own world.
 *
 * @param {Element} editor
 * @returns {number | undefined}
 */
export function editorNumber(editor) {
  const number = matches(editor, KNOWN) ? Array.from(page.querySelectorAll(KNOWN)).indexOf(editor) : -1;
  return number < 0 ? undefined : number;
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
 * @returns {string[]}
 */
export function shownLines(editor, field) {
  // CodeMirror 5 keeps a line out of sight to measure it.
  const known = [...queryAll(editor, LINES)].filter((line) => checkVisibility(line, { visibilityProperty: true }));
  const lines = known.length > 0 ? known : leaves(editor, field);
  const placed = lines.slice(0, MAX_LINES).map((line) => ({ top: rectOf(line).top, text: lineText(line) }));
  return placed.sort((a, b) => a.top - b.top).map(({ text }) => text);
}

/**
 * Which lines an editor shows, by the numbers beside them.
 *
 * @param {AnyElement} editor
 * @returns {[first: number, last: number] | null} null when it has no numbers
 */
export function shownNumbers(editor) {
  let first = Infinity;
  let last = 0;
  for (const element of Array.from(queryAll(editor, LINE_NUMBERS)).slice(0, MAX_LINES)) {
    const number = Number(element.textContent);
    if (!Number.isInteger(number) || number < 1 || rectOf(element).height === 0) continue;
    first = Math.min(first, number);
    last = Math.max(last, number);
  }
  return last > 0 ? [first, last] : null;
}

/**
 * The innermost blocks of an editor.
 *
 * @param {AnyElement} editor
 * @param {AnyElement} field
 * @returns {AnyElement[]}
 */
function leaves(editor, field) {
  const blocks = [...queryAll(editor, "div,pre,p")].filter((block) => !block.contains(field));
  return blocks.filter((block) => block.querySelector("div,pre,p") === null && clientRectsOf(block).length > 0);
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
  const holder = queryAll(editor, "[data-mode-id],[data-language]")[0] ?? editor;
  const named = attribute(holder, "data-mode-id") ?? attribute(holder, "data-language");
  return named ?? /\b(?:lang|language|mode)-([\w+#-]+)/.exec(editor.className?.toString() ?? "")?.[1] ?? "";
}
