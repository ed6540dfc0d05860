// Text as a person sees it, through shadow trees.

import { isCheckable, isSecret, selectedLabels } from "../dom/controls.js";
import { editorNumber, editorOf, shownLines } from "../dom/editors.js";
import { attribute, checkVisibility, isElement, isText, page } from "../dom/native.js";
import { renderedChildrenOf } from "../dom/registry.js";
import { clean, normalized } from "../dom/strings.js";
import { find } from "./elements.js";

/** @import { AnyElement, Gone } from "../types" */

/**
 * Receives text piece by piece.
 *
 * @typedef {object} TextSink
 * @property {(data: string, node: Node, isPre: boolean) => void} text
 * @property {(prefix: string) => void} beginBlock
 * @property {() => void} endBlock
 * @property {() => void} beginCell before each cell of a row
 */

const SILENT = new Set(
  "script style noscript template head iframe svg canvas object datalist option optgroup".split(" "),
);
const CELL_ROLE = /^(cell|gridcell|columnheader|rowheader)$/;
const BUTTON_TYPES = new Set(["button", "submit", "reset", "image"]);
const MAX_TEXT = 2_000_000;
const MAX_DEPTH = 500;

/**
 * What stands in a field, unless it is a secret.
 *
 * @param {AnyElement} element
 * @returns {string}
 */
function fieldText(element) {
  if (isSecret(element)) return "";
  if (element.localName === "select") return selectedLabels(element).join(", ");
  if (isCheckable(element)) return element.checked ? "[x]" : "[ ]";
  return element.type === "hidden" || element.type === "file" ? "" : String(element.value);
}

/**
 * Where a link leads, if that is elsewhere and short.
 *
 * @param {HTMLAnchorElement} link
 * @returns {string}
 */
function linkTarget(link) {
  if (!/^https?:$/.test(link.protocol)) return "";
  const isSameOrigin = link.origin === location.origin;
  const isHere = isSameOrigin && link.pathname === location.pathname && link.search === location.search;
  const target = isSameOrigin ? link.pathname + link.search : link.href;
  return isHere || target.length > 100 ? "" : ` (${target})`;
}

/**
 * What an element is to the lines of a text.
 *
 * @param {Element} element
 * @param {string} display
 * @returns {{ isCell: boolean, isBlock: boolean }}
 */
function layoutOf(element, display) {
  const role = attribute(element, "role") ?? "";
  const isCell = display === "table-cell" || CELL_ROLE.test(role);
  return { isCell, isBlock: (!isCell || role === "row") && !/^(inline|contents|ruby)/.test(display) };
}

/**
 * What stands before a block's text in Markdown.
 *
 * @param {string} tag
 * @param {string} display
 * @returns {string}
 */
function markOf(tag, display) {
  if (/^h[1-6]$/.test(tag)) return `${"#".repeat(Number(tag[1]))} `;
  return display === "list-item" ? "- " : "";
}

/**
 * Hands the text of an element to a sink.
 *
 * @param {AnyElement} root
 * @param {boolean} marks with headings, lists, tables and where links lead; else the words alone
 * @param {TextSink} sink
 * @returns {void}
 */
export function walkText(root, marks, sink) {
  /**
   * @param {Node} node
   * @param {number} depth
   * @param {boolean} isPre
   * @param {boolean} isFlat in a cell of a table, which has no lines of its own: a row is one
   * @returns {void}
   */
  const visit = (node, depth, isPre, isFlat) => {
    if (isText(node)) {
      sink.text(node.data, node, isPre && !isFlat);
      return;
    }
    if (!isElement(node) || depth > MAX_DEPTH) return;
    const tag = node.localName;
    if (SILENT.has(tag)) return;
    if (tag === "br") {
      if (isFlat) sink.text(" ", node, false);
      else sink.beginBlock("");
      return;
    }
    const { display, whiteSpace } = getComputedStyle(node);
    if (display === "none") return;
    if (display !== "contents" && !checkVisibility(node, { visibilityProperty: true })) return;
    const { isCell, isBlock } = layoutOf(node, display);
    if (isBlock && isFlat) sink.text(" ", node, false);
    else if (isBlock) sink.beginBlock(marks && node !== root ? markOf(tag, display) : "");
    if (isCell && !isFlat) sink.beginCell();
    const isFlatInside = isFlat || (isCell && node.querySelector("table,[role=row]") === null);
    if (tag === "img") {
      if (marks && node.alt) sink.text(` ${node.alt} `, node, false);
    } else if (tag === "input" && BUTTON_TYPES.has(node.type ?? "")) {
      sink.text(String(node.value), node, false);
    } else if (tag === "input" || tag === "textarea" || tag === "select") {
      if (marks) sink.text(` ${fieldText(node)} `, node, false);
    } else {
      for (const child of renderedChildrenOf(node)) visit(child, depth + 1, /^pre/.test(whiteSpace), isFlatInside);
    }
    if (marks && node !== root && tag === "a" && node.href) {
      sink.text(linkTarget(/** @type {HTMLAnchorElement} */ (node)), node, false);
    }
    if (isBlock && isFlatInside) sink.text(" ", node, false);
    else if (isBlock) sink.endBlock();
  };
  visit(root, 0, false, false);
}

/**
 * The text of an element in lines.
 *
 * @param {AnyElement} root
 * @param {boolean} marks
 * @returns {string}
 */
function readableText(root, marks) {
  /** @type {string[]} */
  const lines = [];
  let line = "";
  let prefix = "";
  let isFirstCell = true;
  let length = 0;
  const flush = () => {
    const text = clean(line).trim();
    if (text && text !== "|") {
      const complete = prefix + text;
      length += complete.length + 1;
      if (length < MAX_TEXT) lines.push(complete);
      prefix = "";
    }
    line = "";
    isFirstCell = true;
  };
  walkText(root, marks, {
    text(data, _node, isPre) {
      if (!isPre) {
        line += data.replace(/\s+/g, " ");
        return;
      }
      const parts = data.split("\n");
      for (const [at, part] of parts.entries()) {
        line += part;
        if (at < parts.length - 1) flush();
      }
    },
    beginBlock(next) {
      flush();
      if (next) prefix = next;
    },
    endBlock() {
      flush();
      prefix = "";
    },
    beginCell() {
      if (!isFirstCell) line += marks ? " | " : " ";
      isFirstCell = false;
    },
  });
  flush();
  return lines.join("\n");
}

/**
 * The element that all of the page's text is in.
 *
 * @returns {AnyElement | null}
 */
export function contentRoot() {
  return page.body() ?? page.documentElement();
}

/**
 * The text of an element, or of the page. Of an editor, the lines that it shows, and its number (see `editorNumber`).
 *
 * @param {{ id: number | null, limit: number, marks: boolean }} argument
 * @returns {Gone | { text: string, total: number, editor?: number }}
 */
export function text({ id, limit, marks }) {
  const element = id === null ? contentRoot() : find(id);
  if (!element) return { gone: true };
  const editor = id === null ? null : editorOf(element);
  const isField = ["input", "textarea", "select"].includes(element.localName);
  let whole;
  if (editor) whole = shownLines(editor, element).join("\n");
  else whole = isField ? fieldText(element) : readableText(element, marks);
  const cut = whole.length > limit ? `${whole.slice(0, limit - 1)}…` : whole;
  return { text: cut.toWellFormed(), total: whole.length, editor: editor ? editorNumber(editor) : undefined };
}

/**
 * Of each text, whether the page shows it.
 *
 * @param {{ texts: string[] }} argument
 * @returns {{ has: boolean[] }}
 */
export function hasTexts({ texts }) {
  const root = contentRoot();
  const shown = root ? normalized(readableText(root, false)) : "";
  return { has: texts.map((wanted) => shown.includes(normalized(wanted))) };
}
