// What screenshots must not show: the texts of the document, and where ranges of them are.

import { isText, page } from "../dom/native.js";
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
 * @returns {{ texts: string[] | null }} null when there are more than `limit` characters
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
  return { texts: length > limit ? null : texts };
}

/**
 * The boxes of ranges of the texts that were returned last.
 *
 * @param {{ ranges: [text: number, start: number, end: number][] }} argument each a text's number and its characters
 * @returns {{ boxes: Rect[] }}
 */
export function textBoxes({ ranges }) {
  /** @type {Rect[]} */
  const boxes = [];
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
    }
  }
  return { boxes };
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
