// Layers over the page: modal dialogs, and what is placed over the content.

import { isOpen, meet } from "../dom/boxes.js";
import { COUNTED_CONTROL } from "../dom/controls.js";
import {
  attribute,
  checkVisibility,
  firstChildOf,
  isElement,
  matches,
  nextSiblingOf,
  page,
  parentNodeOf,
  rectOf,
} from "../dom/native.js";
import { contains, elementAt, parentOf } from "../dom/registry.js";

/** @import { AnyElement, Box, Point } from "../types" */

/**
 * Points at which pages paint things that stand elsewhere in their markup: centre, corners, edges, quarters.
 *
 * @param {Box} view
 * @returns {Point[]}
 */
function probePoints(view) {
  const w = view.r - view.l;
  const h = view.b - view.t;
  /**
   * @param {number} length
   * @returns {number}
   */
  const margin = (length) => Math.min(40, length / 4);
  const xs = [view.l + margin(w), view.l + w / 2, view.r - margin(w)];
  const ys = [view.t + margin(h), view.t + h / 2, view.b - margin(h)];
  /** @type {Point[]} */
  const points = [[xs[1], ys[1]]];
  for (const x of xs) for (const y of ys) if (x !== xs[1] || y !== ys[1]) points.push([x, y]);
  points.push([view.l + w / 4, view.t + h / 4], [view.l + (w * 3) / 4, view.t + (h * 3) / 4]);
  return points;
}

/**
 * The outermost element that holds `hit` above the page: a modal dialog, or something fixed (or, on a page that cannot
 * scroll, absolutely placed) over the content by its z-index or as a dialog.
 *
 * @param {AnyElement} hit
 * @param {boolean} scrolls whether the page scrolls
 * @returns {AnyElement | null}
 */
function layerOf(hit, scrolls) {
  let layer = null;
  let isDialog = false;
  const [root, body] = [page.documentElement(), page.body()];
  for (let node = /** @type {Node | null} */ (hit); node && node !== root && node !== body; node = parentOf(node)) {
    if (!isElement(node)) continue;
    if (matches(node, ":modal")) return node;
    const role = attribute(node, "role");
    isDialog ||= role === "dialog" || role === "alertdialog" || attribute(node, "aria-modal") === "true";
    const { position, zIndex } = getComputedStyle(node);
    if (position === "fixed" ? isDialog || !scrolls || Number(zIndex) > 0 : position === "absolute" && !scrolls) {
      layer = node;
    }
  }
  return layer;
}

// Probes per side of the viewport, once a layer may cover all of it.
const GRID = 8;
const MAX_SIBLINGS = 200;

/**
 * The layers that cover the whole viewport, if any do: nothing beneath them can be used.
 *
 * @param {Element} root
 * @param {Box} view
 * @param {Set<Node>} probed collects what the probes hit, with its ancestors: a walk that skips subtrees far from the
 *   viewport must not skip these
 * @returns {Set<Element> | null}
 */
export function coveringLayers(root, view, probed) {
  const scroller = page.scrollingElement() ?? root;
  const { overflowY } = getComputedStyle(scroller);
  const scrolls = scroller.scrollHeight > innerHeight + 1 && overflowY !== "hidden";
  /** @type {Set<Element>} */
  const layers = new Set();
  /**
   * @param {number} x
   * @param {number} y
   * @returns {boolean} whether there is a layer
   */
  const probe = (x, y) => {
    const hit = elementAt(x, y);
    for (let node = /** @type {Node | null} */ (hit); node && !probed.has(node); node = parentOf(node)) {
      probed.add(node);
    }
    const layer = hit && layerOf(hit, scrolls);
    if (layer) layers.add(layer);
    return layer !== null;
  };
  let isCovered = true;
  for (const [x, y] of probePoints(view)) isCovered = probe(x, y) && isCovered;
  if (!isCovered) return null;
  // What lies on a backdrop can be small: look closer, and at the middle of what stands beside it in the markup.
  for (let row = 0; row < GRID; row++) {
    for (let column = 0; column < GRID; column++) {
      const x = view.l + ((column + 0.5) * (view.r - view.l)) / GRID;
      const y = view.t + ((row + 0.5) * (view.b - view.t)) / GRID;
      if (!probe(x, y)) return null;
    }
  }
  for (const layer of [...layers]) {
    const parent = parentNodeOf(layer);
    let sibling = parent && firstChildOf(parent);
    for (let n = 0; sibling && n < MAX_SIBLINGS; sibling = nextSiblingOf(sibling), n++) {
      if (!isElement(sibling)) continue;
      const box = rectOf(sibling);
      const seen = meet({ l: box.left, t: box.top, r: box.right, b: box.bottom }, view);
      if (isOpen(seen)) probe((seen.l + seen.r) / 2, (seen.t + seen.b) / 2);
    }
  }
  // The shell of an app may be placed like a layer: it covers nothing then.
  return Array.from(page.querySelectorAll(COUNTED_CONTROL)).some((control) => isBeneath(control, layers))
    ? layers
    : null;
}

/**
 * Whether a control is laid out somewhere on the page and in none of its layers.
 *
 * @param {Element} control
 * @param {Set<Element>} layers
 * @returns {boolean}
 */
function isBeneath(control, layers) {
  for (const layer of layers) if (contains(layer, control)) return false;
  const { right, bottom, width, height } = rectOf(control);
  const isOnPage = width > 1 && height > 1 && right > -scrollX && bottom > -scrollY;
  return isOnPage && checkVisibility(control, { visibilityProperty: true });
}
