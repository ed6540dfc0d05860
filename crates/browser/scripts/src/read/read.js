// One reading of the document.

import { readDenied } from "../denied.js";
import { boxFrom, isOpen, touches } from "../dom/boxes.js";
import { COUNTED_CONTROL, explicitRole, isControl, mayBeControl } from "../dom/controls.js";
import { editorOf } from "../dom/editors.js";
import { textOf } from "../dom/names.js";
import { closest, comesBefore, isElement, localNameOf, matches, page, queryAll, rectOf } from "../dom/native.js";
import { focusedElement, hasId, hoverable, idOf, listening } from "../dom/registry.js";
import { bounded, phrase, whole } from "../dom/strings.js";
import { barrierMarks } from "./barriers.js";
import { bisect } from "./bisect.js";
import { ElementContext } from "./context.js";
import { listControl } from "./controls.js";
import { visitElement } from "./elements.js";
import { coveringLayers } from "./layers.js";
import { listedRange } from "./visibility.js";
import { Walk } from "./walk.js";

/** @import { AnyElement, Item, Reading } from "../types" */

/**
 * Reads the document.
 *
 * @returns {string} a `Reading` as JSON
 */
export function read() {
  const started = performance.now();
  const root = page.documentElement();
  const scroller = page.scrollingElement() ?? root;
  /** @type {Reading} */
  const out = {
    url: bounded(location.href, 2000),
    title: phrase(page.title(), 300),
    ready: page.readyState(),
    viewport: [innerWidth, innerHeight],
    scroll: [whole(scrollX), whole(scrollY)],
    page: scroller ? [scroller.scrollWidth, scroller.scrollHeight] : [0, 0],
    nodes: 0,
    items: [],
    denied: readDenied(),
  };
  if (root) {
    readFrom(root, out);
    out.ms = Math.round(10 * (performance.now() - started)) / 10;
  }
  return JSON.stringify(out);
}

/**
 * @param {AnyElement} root
 * @param {Reading} out
 * @returns {void}
 */
function readFrom(root, out) {
  out.nodes = page.getElementsByTagName("*").length;
  const { view, range } = listedRange();
  out.range = [whole(range.t), whole(range.b)];
  const walk = new Walk(out.nodes, range, view, visitElement);
  if (isOpen(view)) walk.layers = coveringLayers(root, view, walk.probed);
  const isLayered = walk.layers !== null;
  visitElement(walk, root, ElementContext.top(root));
  walk.flush();
  const focused = focusedElement();
  const shown = focused && shownFocus(walk, focused);
  /** @type {Set<Item>} */
  let covered = new Set();
  if (isOpen(view)) {
    out.hits = walk.markCovered();
    if (!isLayered) covered = walk.coveredTexts();
  }
  if (walk.big && !isLayered) countBeyond(walk);
  out.items = walk.items.filter((item) => item !== null).filter((item) => !covered.has(item));
  out.hosts = walk.hosts;
  const { above, below } = isLayered ? { above: [], below: [] } : headings(walk);
  out.above = [isLayered ? 0 : walk.above, above];
  out.below = [isLayered ? 0 : walk.below, below];
  out.beside = walk.beside;
  out.cut = walk.cut;
  out.wordless = whole(walk.wordless);
  out.layered = isLayered;
  // Whether people are kept out stands in the main document: a frame is no page of its own.
  if (window.parent === window) out.marks = barrierMarks();
  if (shown && hasId(shown)) out.focus = idOf(shown);
}

/**
 * What shows the focus: the focused element, or the label that stands for it. Lists the field that takes what is typed,
 * if it is too small or transparent to be seen, as in editors that draw their text themselves.
 *
 * @param {Walk} walk
 * @param {AnyElement} field
 * @returns {AnyElement}
 */
function shownFocus(walk, field) {
  const tag = localNameOf(field);
  if (!matches(field, "input,textarea,[contenteditable]") || !isControl(field, tag, explicitRole(field))) return field;
  if (isListed(walk, field) || editorOf(field)) return field;
  const label = Array.from(field.labels ?? []).find((candidate) => isListed(walk, candidate));
  if (label) return label;
  const box = boxFrom(rectOf(field));
  if (touches(box, walk.range)) listControl(walk, field, tag, explicitRole(field), box, walk.view, null).hidden = true;
  return field;
}

/**
 * @param {Walk} walk
 * @param {Element} element
 * @returns {boolean}
 */
function isListed({ items }, element) {
  if (!hasId(element)) return false;
  const id = idOf(element);
  return items.some((item) => item !== null && typeof item === "object" && "e" in item && item.e.i === id);
}

/**
 * Counts the controls of the parts that were skipped, in document order, which is about the order on the screen.
 *
 * @param {Walk} walk
 * @returns {void}
 */
function countBeyond(walk) {
  const { first, last } = walk;
  if (first === null || last === null) return;
  const controls = page.querySelectorAll(COUNTED_CONTROL);
  walk.above = bisect(controls.length, (n) => controls[n] !== first && comesBefore(controls[n], first));
  const upTo = bisect(controls.length, (n) => {
    const control = controls[n];
    return control === last || comesBefore(control, last) || last.contains(control);
  });
  walk.below = controls.length - upTo;
}

const HEADINGS = "h1,h2,h3,[role=heading]";

/**
 * The last headings above what is listed and the first ones below, nearest first.
 *
 * @param {Walk} walk
 * @returns {{ above: string[], below: string[] }}
 */
function headings({ range }) {
  const list = page.querySelectorAll(HEADINGS);
  /**
   * @param {number} n
   * @returns {number}
   */
  const topOf = (n) => list[n].getBoundingClientRect().top;
  const from = bisect(list.length, (n) => topOf(n) < range.t);
  const to = from + bisect(list.length - from, (n) => topOf(from + n) < range.b);
  /** @type {string[]} */
  const above = [];
  for (let i = from - 1; i >= 0 && above.length < 3; i--) addHeading(list[i], above, (box) => box.bottom <= range.t);
  /** @type {string[]} */
  const below = [];
  for (let i = to; i < list.length && i < to + 20 && below.length < 6; i++) {
    addHeading(list[i], below, (box) => box.top >= range.b);
  }
  return { above, below };
}

/**
 * @param {Element} heading
 * @param {string[]} into
 * @param {(box: DOMRect) => boolean} isWanted
 * @returns {void}
 */
function addHeading(heading, into, isWanted) {
  const box = heading.getBoundingClientRect();
  if (box.height === 0 || !isWanted(box)) return;
  const words = textOf(heading, 60);
  if (words) into.push(words);
}

/**
 * Notes that an element listens to presses.
 *
 * @param {Node} node
 * @returns {boolean} whether the document is worth another reading
 */
export function markListening(node) {
  if (!isElement(node) || node === page.documentElement() || node === page.body() || listening.has(node)) return false;
  if (mayBeControl(node) && isControl(node, localNameOf(node), explicitRole(node))) return false;
  listening.add(node);
  return true;
}

/**
 * Notes that an element listens to the pointer coming over it, as rows do that show their buttons then. What holds
 * controls is reached by pointing at those.
 *
 * @param {Node} node
 * @returns {boolean} whether the document is worth another reading
 */
export function markHoverable(node) {
  if (!isElement(node) || listening.has(node) || closest(node, COUNTED_CONTROL) !== null) return false;
  if (node === page.documentElement() || node === page.body() || queryAll(node, COUNTED_CONTROL).length > 0)
    return false;
  hoverable.add(node);
  return true;
}
