// What a person could see: what is listed of a document, and what is painted over it.

import { boxFrom, isOpen, meet } from "../dom/boxes.js";
import { closest, isElement, localNameOf, page, rectOf } from "../dom/native.js";
import { contentRange, pressableBoxes } from "../dom/places.js";
import { contains, elementAt, parentOf } from "../dom/registry.js";
import { clippedBy } from "./clipping.js";

/** @import { AnyElement, Box } from "../types" */

/**
 * Whether text takes up its place and cannot be read: it has next to no size, or no colour. Text in the colour of its
 * background is not found: what that is, with pictures among it, only the painted page knows.
 *
 * @param {CSSStyleDeclaration} style
 * @param {AnyElement} element
 * @returns {boolean}
 */
export function isUnreadable(style, element) {
  if (parseFloat(style.fontSize) < 3 && !element.ownerSVGElement) return true;
  return (
    /^rgba\(.*, 0\)$/.test(style.webkitTextFillColor) &&
    style.backgroundClip !== "text" &&
    style.textShadow === "none" &&
    parseFloat(style.webkitTextStrokeWidth) === 0 &&
    !element.ownerSVGElement
  );
}

/**
 * The part of this document that is in the viewport, and the part that is listed: the viewport and one screen more
 * above and below. In a frame of the same origin the top viewport counts, since a frame can be as tall as its document.
 *
 * @returns {{ view: Box, range: Box }}
 */
export function listedRange() {
  /** @type {Window} */
  let frame = window;
  let left = 0;
  let top = 0;
  /** @type {Box} */
  let view = { l: 0, t: 0, r: innerWidth, b: innerHeight };
  let screen = innerHeight;
  try {
    while (frame.frameElement) {
      const owner = frame.frameElement;
      const box = owner.getBoundingClientRect();
      left += box.left + owner.clientLeft;
      top += box.top + owner.clientTop;
      frame = frame.parent;
      screen = frame.innerHeight;
      view = meet(view, { l: -left, t: -top, r: frame.innerWidth - left, b: screen - top });
    }
  } catch {
    // A frame of another origin is above: Rust knows where this one is in it.
  }
  const far = frame === window ? view : { l: -left, t: -top, r: frame.innerWidth - left, b: screen - top };
  return { view, range: { l: view.l, t: far.t - screen, r: view.r, b: far.b + screen } };
}

/**
 * Whether a press at a point would reach the element, itself or through its label.
 *
 * @param {Element} element
 * @param {number} x
 * @param {number} y
 * @returns {boolean}
 */
function isReachedAt(element, x, y) {
  const hit = elementAt(x, y);
  if (!hit) return false;
  if (contains(element, hit)) return true;
  const label = closest(hit, "label");
  if (label && (label.control === element || label === element)) return true;
  // What lets presses through, such as a disabled control, is not covered.
  return contains(hit, element) && getComputedStyle(element).pointerEvents === "none";
}

const COVER_POINTS = [
  [0.5, 0.5],
  [0.2, 0.5],
  [0.8, 0.5],
  [0.5, 0.2],
  [0.5, 0.8],
];

/**
 * Whether something is painted over an element.
 *
 * @param {Element} element
 * @param {Box} seen its part in the viewport
 * @returns {boolean}
 */
export function isCovered(element, seen) {
  const w = seen.r - seen.l;
  const h = seen.b - seen.t;
  for (const [x, y] of COVER_POINTS) if (isReachedAt(element, seen.l + w * x, seen.t + h * y)) return false;
  // A link over several lines need not have anything in the middle of its bounding box.
  for (const { left, top, right, bottom } of pressableBoxes(element).slice(0, 5)) {
    const part = meet(seen, { l: left, t: top, r: right, b: bottom });
    if (isOpen(part) && isReachedAt(element, (part.l + part.r) / 2, (part.t + part.b) / 2)) return false;
  }
  return true;
}

/**
 * Whether what is painted over an element is a bar that stays in place, from under which it can be scrolled.
 *
 * @param {Element} element
 * @param {Box} seen its part in the viewport
 * @returns {boolean}
 */
export function isUnderBar(element, seen) {
  /** @type {Element | null} */
  let bar = null;
  let node = /** @type {Node | null} */ (elementAt((seen.l + seen.r) / 2, (seen.t + seen.b) / 2));
  for (; node && !bar && !contains(node, element); node = parentOf(node)) {
    if (isElement(node) && /^(?:fixed|sticky)$/.test(getComputedStyle(node).position)) bar = node;
  }
  if (bar === null) return false;
  const { top, width, height } = rectOf(bar);
  if (width > innerWidth / 2 && height > innerHeight / 2) return false;
  for (let outer = parentOf(element); outer; outer = parentOf(outer)) {
    if (!isElement(outer)) continue;
    const { position, overflowY } = getComputedStyle(outer);
    const isPage = outer === page.scrollingElement();
    const isScroller = isPage ? overflowY !== "hidden" : overflowY === "auto" || overflowY === "scroll";
    const box = rectOf(outer);
    const middle = isPage ? innerHeight / 2 : box.top + box.height / 2;
    const room =
      top + height / 2 < middle ? outer.scrollTop : outer.scrollHeight - outer.clientHeight - outer.scrollTop;
    if (isScroller && room > 1) return true;
    if (position === "fixed") return false;
  }
  return false;
}

const MAX_TEXT_BOXES = 3;
const PAINTED = new Set(["img", "canvas", "video", "iframe"]);

/**
 * Whether something opaque is painted over a text, and stays over it when the page is scrolled.
 *
 * @param {Text} text
 * @param {Element} element that the text is in
 * @param {Box} view
 * @returns {boolean}
 */
export function isTextCovered(text, element, view) {
  let isAnySeen = false;
  for (const rect of Array.from(contentRange(text).getClientRects()).slice(0, MAX_TEXT_BOXES)) {
    const seen = meet(boxFrom(rect), view);
    if (!isOpen(seen)) continue;
    isAnySeen = true;
    if (!isPaintedOver(element, (seen.l + seen.r) / 2, (seen.t + seen.b) / 2)) return false;
  }
  return isAnySeen;
}

/**
 * @param {Element} element
 * @param {number} x
 * @param {number} y
 * @returns {boolean}
 */
function isPaintedOver(element, x, y) {
  let isOpaque = false;
  let node = /** @type {Node | null} */ (elementAt(x, y));
  for (; node && !contains(node, element) && !contains(element, node); node = parentOf(node)) {
    if (!isElement(node)) continue;
    const { position, backgroundColor, opacity } = getComputedStyle(node);
    if (position === "fixed" || position === "sticky" || Number(opacity) < 1) return false;
    const { left, top, right, bottom } = rectOf(node);
    const isThere = x >= left && x <= right && y >= top && y <= bottom;
    isOpaque ||= isThere && (PAINTED.has(localNameOf(node)) || backgroundColor.startsWith("rgb("));
  }
  return isOpaque;
}

const GRID = 5;

/**
 * Where a frame is covered, which its own document cannot know: bits of a 5 by 5 grid, row by row.
 *
 * @param {Element} frame
 * @param {Box} seen its part in the viewport
 * @returns {number}
 */
export function coverMask(frame, seen) {
  let mask = 0;
  for (let row = 0; row < GRID; row++) {
    for (let column = 0; column < GRID; column++) {
      const x = seen.l + ((column + 0.5) * (seen.r - seen.l)) / GRID;
      const y = seen.t + ((row + 0.5) * (seen.b - seen.t)) / GRID;
      if (elementAt(x, y) !== frame) mask |= 1 << (row * GRID + column);
    }
  }
  return mask;
}

/**
 * Whether an element is laid out with a size and not hidden, transparent or clipped away.
 *
 * @param {Element} element
 * @returns {boolean}
 */
export function isDrawn(element) {
  const box = boxFrom(element.getBoundingClientRect());
  const cut = clippedBy(getComputedStyle(element), box);
  const { l, t, r, b } = cut === null ? box : meet(box, cut);
  return (
    r - l > 2 && b - t > 2 && r > 0 && element.checkVisibility({ visibilityProperty: true, opacityProperty: true })
  );
}
