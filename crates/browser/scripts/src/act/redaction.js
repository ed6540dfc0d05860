// What screenshots must not show: the texts of the document, and where ranges of them are.

import { closest, isElement, isText, localNameOf, page } from "../dom/native.js";
import { renderedChildrenOf } from "../dom/registry.js";
import { find, parentElementOf, roots } from "./elements.js";

/** @import { AnyElement, Rect } from "../types" */

/**
 * Where a text stands: in nodes one after the other, or in an element.
 *
 * @typedef {{ nodes: Text[], element?: undefined } | { element: Element, nodes?: undefined }} TextPlace
 */

/** The places of the texts that were returned last. @type {TextPlace[]} */
let places = [];

const NOT_SHOWN = new Set(["script", "style", "noscript", "template", "title"]);

/**
 * A function that finds the block that an element's text is laid out in.
 *
 * @returns {(element: AnyElement | null) => Element | null}
 */
function blockFinder() {
  const root = page.documentElement();
  /** @type {Map<Element, Element | null>} */
  const blocks = new Map();
  /**
   * @param {AnyElement | null} element
   * @returns {Element | null}
   */
  const blockOf = (element) => {
    if (element === null || element === root) return element;
    let block = blocks.get(element);
    if (block === undefined) {
      const { display } = getComputedStyle(element);
      block = display.startsWith("inline") || display === "contents" ? blockOf(parentElementOf(element)) : element;
      blocks.set(element, block);
    }
    return block;
  };
  return blockOf;
}

/**
 * The texts of an element that are not in text nodes: of a field, or of a picture that did not load.
 *
 * @param {Node} node
 * @returns {string[]}
 */
function textsOf(node) {
  if (node instanceof HTMLInputElement || node instanceof HTMLTextAreaElement) {
    return node.placeholder ? [node.value, node.placeholder] : [node.value];
  }
  if (node instanceof HTMLSelectElement) return [[...node.selectedOptions].map((option) => option.label).join(" ")];
  return node instanceof HTMLImageElement && node.alt ? [node.alt] : [];
}

/**
 * Every text that this document may show, each whole: of a block with all that stands in its lines, of a field, of a
 * picture that did not load.
 *
 * @param {{ limit: number }} argument
 * @returns {{ texts: string[] | null, running: string[] }} no texts when there are more than `limit` characters; see
 *   `runningTexts`
 */
export function shownTexts({ limit }) {
  places = [];
  /** @type {string[]} */
  const texts = [];
  let length = 0;
  /**
   * @param {string} text
   * @param {TextPlace} place
   * @returns {void}
   */
  const add = (text, place) => {
    length += text.length;
    texts.push(text.toWellFormed());
    places.push(place);
  };
  const blockOf = blockFinder();
  for (const root of roots()) {
    /** @type {Element | null} */
    let block = null;
    /** @type {Text[]} */
    let nodes = [];
    const endBlock = () => {
      if (nodes.length) add(nodes.map((node) => node.data).join(""), { nodes });
      nodes = [];
    };
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
    for (let node = walker.nextNode(); node && length <= limit; node = walker.nextNode()) {
      if (!isText(node)) {
        for (const text of textsOf(node)) add(text, { element: /** @type {Element} */ (node) });
        continue;
      }
      const parent = node.parentElement ?? /** @type {Partial<ShadowRoot>} */ (node.getRootNode()).host;
      if (!parent || NOT_SHOWN.has(parent.localName)) continue;
      const own = blockOf(parent);
      // Between words a blank counts, between blocks it is only how the page is written.
      if (!node.data.trim() && (own !== block || !nodes.length)) continue;
      if (own !== block) endBlock();
      block = own;
      nodes.push(node);
    }
    endBlock();
  }
  if (length > limit) return { texts: null, running: [] };
  return { texts, running: runningTexts() };
}

const WITH_OWN_TEXT = new Set(["input", "textarea", "select", "img"]);
const ANNOTATIONS = new Set(["rt", "rp"]);
const MAX_DEPTH = 600;
/** Shadows within as many pixels are under the boxes. */
const MAX_SHADOW = 2;

/**
 * The texts of the document in the order of its layout, one right after the other: a value that is split between blocks,
 * slots or parts of a ruby is whole in it. Where there are annotations, once with and once without them.
 *
 * @param {Map<Text, [start: number, end: number][]>} [covered] characters that are left out
 * @returns {string[]}
 */
function runningTexts(covered = new Map()) {
  /** @type {[string[], string[]]} */
  const out = [[], []];
  /**
   * @param {Node} node
   * @param {number} depth
   * @param {boolean} isAnnotation
   * @returns {void}
   */
  const visit = (node, depth, isAnnotation) => {
    if (isText(node)) {
      const text = without(node.data, covered.get(node) ?? []);
      if (!/\S/.test(text)) return;
      out[0].push(text);
      if (!isAnnotation) out[1].push(text);
      return;
    }
    if (!isElement(node) || depth > MAX_DEPTH) return;
    const tag = localNameOf(node);
    if (NOT_SHOWN.has(tag) || WITH_OWN_TEXT.has(tag) || getComputedStyle(node).display === "none") return;
    let children = [...renderedChildrenOf(node)];
    if (tag === "details") {
      // Its summary comes first wherever it stands.
      const isSummary = (/** @type {Node} */ child) => isElement(child) && localNameOf(child) === "summary";
      children = [...children.filter(isSummary), ...children.filter((child) => !isSummary(child))];
    }
    for (const child of children) visit(child, depth + 1, isAnnotation || ANNOTATIONS.has(tag));
  };
  const root = page.documentElement();
  if (root) visit(root, 0, false);
  const [whole, main] = out.map((parts) => parts.join("").toWellFormed());
  return out[0].length === out[1].length ? [whole] : [whole, main];
}

/**
 * @param {string} text
 * @param {[start: number, end: number][]} parts
 * @returns {string} with a mark in the place of each part
 */
function without(text, parts) {
  let out = "";
  let at = 0;
  for (const [start, end] of parts) {
    out += `${text.slice(at, start)}|`;
    at = end;
  }
  return out + text.slice(at);
}

/**
 * Whether what an element shows is painted in other places than its boxes, too.
 *
 * @param {AnyElement | null} element
 * @returns {boolean}
 */
function isPaintedElsewhere(element) {
  if (element && closest(element, "svg [id]") && page.getElementsByTagName("use").length > 0) return true;
  for (let node = element; node; node = parentElementOf(node)) {
    const style = getComputedStyle(node);
    const shadow = style.textShadow.match(/-?[\d.]+(?=px)/g) ?? [];
    if (node === element && shadow.some((length) => Math.abs(Number(length)) > MAX_SHADOW)) return true;
    const reflection = style.getPropertyValue("-webkit-box-reflect");
    if ((reflection !== "" && reflection !== "none") || style.filter.includes("drop-shadow")) return true;
  }
  return false;
}

/**
 * The boxes of ranges of the texts that were returned last, and whether they are all that is painted of them. `running`
 * is what is left without them.
 *
 * @param {{ ranges: [text: number, start: number, end: number][] }} argument each a text's number and its characters
 * @returns {{ boxes: Rect[], certain: boolean, running: string[] }}
 */
export function textBoxes({ ranges }) {
  /** @type {Rect[]} */
  const boxes = [];
  let certain = true;
  /** @type {Map<Text, [start: number, end: number][]>} */
  const covered = new Map();
  /**
   * @param {DOMRect} rect
   * @returns {void}
   */
  const add = (rect) => {
    if (rect.width <= 0 || rect.height <= 0) return;
    const [left, top] = [Math.floor(rect.left) - 2, Math.floor(rect.top) - 2];
    boxes.push([left, top, Math.ceil(rect.right) + 2 - left, Math.ceil(rect.bottom) + 2 - top]);
  };
  for (const [number, start, end] of ranges) {
    const { element, nodes = [] } = places[number] ?? {};
    if (element) add(element.getBoundingClientRect());
    let at = 0;
    for (const node of nodes) {
      const from = Math.max(start - at, 0);
      const to = Math.min(end - at, node.length);
      at += node.length;
      if (from >= to) continue;
      const range = page.createRange();
      range.setStart(node, from);
      range.setEnd(node, to);
      for (const rect of range.getClientRects()) add(rect);
      covered.set(node, [...(covered.get(node) ?? []), [from, to]]);
      certain &&= !isPaintedElsewhere(node.parentElement);
    }
  }
  return { boxes, certain, running: runningTexts(covered) };
}

/**
 * The box of an element as a whole.
 *
 * @param {{ id: number }} argument
 * @returns {{ boxes: Rect[] }}
 */
export function elementBox({ id }) {
  const rect = find(id)?.getBoundingClientRect();
  if (!rect) return { boxes: [] };
  return {
    boxes: [[Math.floor(rect.left), Math.floor(rect.top), Math.ceil(rect.width) + 1, Math.ceil(rect.height) + 1]],
  };
}
