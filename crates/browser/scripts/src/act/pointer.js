// Where mouse events reach an element.

import { isSecret, isTrue } from "../dom/controls.js";
import { editorOf } from "../dom/editors.js";
import { attribute } from "../dom/native.js";
import { pressableBoxes, scrollTarget } from "../dom/places.js";
import { elementAt } from "../dom/registry.js";
import { describeElement, find, hasBox, isHitOf } from "./elements.js";
import { isFocused } from "./fields.js";
import { nativeOptions } from "./options.js";
import { frames } from "./wait.js";

/** @import { AnyElement, Box, FieldKind, Gone, Located, Point } from "../types" */

// As shares of width and height, best first.
const SPOTS = [
  [0.5, 0.5],
  [0.5, 0.2],
  [0.5, 0.8],
  [0.15, 0.5],
  [0.85, 0.5],
  [0.1, 0.1],
  [0.9, 0.9],
];
const MAX_BOXES = 8;

/**
 * Points of an element worth trying, best first: the middle of each of its boxes, then spots nearer to their corners.
 *
 * @param {Element} element
 * @returns {Point[]}
 */
function pointsOf(element) {
  /**
   * @param {Box} box
   * @returns {number}
   */
  const area = ({ l, t, r, b }) => (r - l) * (b - t);
  const boxes = pressableBoxes(element)
    .map(({ left, top, right, bottom }) => ({
      l: Math.max(left, 0),
      t: Math.max(top, 0),
      r: Math.min(right, innerWidth),
      b: Math.min(bottom, innerHeight),
    }))
    .filter(({ l, t, r, b }) => r - l >= 1 && b - t >= 1)
    .sort((first, second) => area(second) - area(first))
    .slice(0, MAX_BOXES);
  return SPOTS.flatMap(([x, y]) =>
    boxes.map(({ l, t, r, b }) => /** @type {Point} */ ([l + (r - l) * x, t + (b - t) * y])),
  );
}

/**
 * @param {Point} point
 * @returns {boolean}
 */
function isInViewport([x, y]) {
  return x >= 0 && y >= 0 && x < innerWidth && y < innerHeight;
}

/**
 * Whether the whole element is in the viewport.
 *
 * @param {Element} element
 * @returns {boolean}
 */
function isInView(element) {
  const box = scrollTarget(element).getBoundingClientRect();
  return box.top >= 0 && box.left >= 0 && box.bottom <= innerHeight && box.right <= innerWidth;
}

/**
 * What to press for an element: a hidden file input or checkbox is served by its label, an editor's textarea by the editor.
 *
 * @param {AnyElement} element
 * @returns {AnyElement}
 */
export function visibleTarget(element) {
  const editor = editorOf(element);
  if (editor) return editor;
  if (hasBox(element)) return element;
  return [...(element.labels ?? [])].find((label) => label.getClientRects().length) ?? element;
}

/** @type {Record<string, FieldKind>} */
const INPUT_KINDS = {
  checkbox: "check",
  radio: "check",
  file: "file",
  date: "set",
  time: "set",
  "datetime-local": "set",
  month: "set",
  week: "set",
  color: "set",
  range: "set",
  button: "button",
  submit: "button",
  reset: "button",
  image: "button",
};

/**
 * How an element takes input.
 *
 * @param {AnyElement} element
 * @returns {FieldKind}
 */
export function kindOf(element) {
  if (element instanceof HTMLSelectElement) return "select";
  if (editorOf(element)) return "code";
  if (element instanceof HTMLTextAreaElement) return "text";
  if (element.isContentEditable) return "editable";
  if (element instanceof HTMLInputElement) return INPUT_KINDS[element.type] ?? "text";
  const role = attribute(element, "role");
  if (role === "slider") return "slider";
  if (role === "textbox" || role === "searchbox" || role === "combobox") return "text";
  return ["canvas", "video", "embed", "object"].includes(element.localName) ? "picture" : "other";
}

/**
 * Brings an element into view and finds a point on it that input events reach: the one at an offset from its corner
 * when `at` names one.
 *
 * @param {{ id: number, scroll: boolean, at: Point | null }} argument
 * @returns {Promise<Located>}
 */
export async function locate({ id, scroll, at }) {
  const element = find(id);
  if (!element) return { gone: true };
  const target = visibleTarget(element);
  /** @type {Located} */
  const facts = {
    kind: kindOf(element),
    draggable: Boolean(element.closest("[draggable=true]")) || element.draggable === true,
    disabled: element.matches(":disabled") || isTrue(element, "aria-disabled"),
    secret: isSecret(element),
    focused: isFocused(element),
    options: element instanceof HTMLSelectElement ? nativeOptions(element).slice(0, 50) : null,
  };
  const size = target.getBoundingClientRect();
  if (at && !(at[0] >= 0 && at[1] >= 0 && at[0] <= size.width && at[1] <= size.height)) {
    return { outside: [Math.round(size.width), Math.round(size.height)], ...facts };
  }
  /**
   * @returns {Point[]}
   */
  const spots = () => {
    if (!at) return pointsOf(target);
    const box = target.getBoundingClientRect();
    /** @type {Point} */
    const point = [box.left + at[0], box.top + at[1]];
    return isInViewport(point) ? [point] : [];
  };
  const center = async () => {
    scrollTarget(target).scrollIntoView({ behavior: "instant", block: "center", inline: "center" });
    await frames(1);
    if (!at || spots().length > 0) return;
    // The middle of an element that is larger than the window is not enough.
    const box = target.getBoundingClientRect();
    const left = box.left + at[0] - innerWidth / 2;
    scrollBy({ left, top: box.top + at[1] - innerHeight / 2, behavior: "instant" });
    await frames(1);
  };
  if (scroll && !(at ? spots().length : isInView(target))) await center();
  /** @type {AnyElement | null} */
  let covering = null;
  const reachable = () =>
    spots().find(([x, y]) => {
      const hit = elementAt(x, y);
      if (isHitOf(element, hit) || isHitOf(target, hit)) return true;
      covering ??= hit;
      return false;
    });
  let spot = reachable();
  if (!spot && scroll) {
    // It may be under a header or a bar that stays in place: the middle of the window is mostly free.
    await center();
    spot = reachable();
  }
  if (spot) {
    const { left, top } = target.getBoundingClientRect();
    return { x: spot[0], y: spot[1], left, top, ...facts };
  }
  if (!spots().length) return { hidden: true, ...facts };
  // A link or button that lets presses through is one that its page has switched off.
  const isOff = /^(?:a|button)$/.test(target.localName) && getComputedStyle(target).pointerEvents === "none";
  facts.disabled ||= isOff;
  return { covered: covering ? describeElement(covering) : "something outside this frame", ...facts };
}

/** How long an element that has moved away from under the pointer may move on, in ms. */
const MOVE_LIMIT = 1000;

/**
 * Whether an element has moved away from a point at which it was to be pressed. One that still moves is waited for until
 * it stands still. What merely covers it now was brought about by the pointer, and is pressed in its place.
 *
 * @param {{ id: number, x: number, y: number, left: number, top: number }} argument a point in the viewport, and where
 *   the element was
 * @returns {Promise<Gone | { moved: boolean }>}
 */
export async function movedAway({ id, x, y, left, top }) {
  const element = find(id);
  if (!element) return { gone: true };
  const target = visibleTarget(element);
  const hit = elementAt(x, y);
  let box = target.getBoundingClientRect();
  if (isHitOf(element, hit) || isHitOf(target, hit) || (box.left === left && box.top === top)) return { moved: false };
  const end = performance.now() + MOVE_LIMIT;
  for (let isMoving = true; isMoving && performance.now() < end; ) {
    const before = box;
    await frames(1);
    box = target.getBoundingClientRect();
    isMoving = box.left !== before.left || box.top !== before.top;
  }
  return { moved: true };
}

/**
 * The size of the viewport, in this document's pixels.
 *
 * @returns {{ width: number, height: number }}
 */
export function viewport() {
  return { width: innerWidth, height: innerHeight };
}

/**
 * Whether a point of this document hits a frame. A point outside the viewport is scrolled towards its middle first, which
 * moves the frame.
 *
 * @param {{ id: number, x: number, y: number }} argument
 * @returns {Promise<Gone | { scrolled: true } | { covered: string } | {}>}
 */
export async function hitFrame({ id, x, y }) {
  const frame = find(id);
  if (!frame) return { gone: true };
  if (!isInViewport([x, y])) {
    const before = frame.getBoundingClientRect();
    frame.scrollIntoView({ behavior: "instant", block: "nearest", inline: "nearest" });
    await frames(1);
    const after = frame.getBoundingClientRect();
    const [left, top] = [x + after.left - before.left, y + after.top - before.top];
    if (!isInViewport([left, top])) {
      scrollBy({ left: left - innerWidth / 2, top: top - innerHeight / 2, behavior: "instant" });
      await frames(1);
    }
    return { scrolled: true };
  }
  const hit = elementAt(x, y);
  return hit === frame ? {} : { covered: hit ? describeElement(hit) : "something outside this frame" };
}
