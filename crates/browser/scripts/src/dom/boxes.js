// Boxes: rectangles of the viewport.

/** @import { Box } from "../types" */

/** Farther than anything on a page. */
export const NOWHERE = 1e7;

/** @type {Box} */
export const EVERYWHERE = { l: -NOWHERE, t: -NOWHERE, r: NOWHERE, b: NOWHERE };

/**
 * @param {DOMRectReadOnly} rect
 * @returns {Box}
 */
export function boxFrom(rect) {
  return { l: rect.left, t: rect.top, r: rect.right, b: rect.bottom };
}

/**
 * The intersection of two boxes, which may be empty.
 *
 * @param {Box} a
 * @param {Box} b
 * @returns {Box}
 */
export function meet(a, b) {
  return { l: Math.max(a.l, b.l), t: Math.max(a.t, b.t), r: Math.min(a.r, b.r), b: Math.min(a.b, b.b) };
}

/**
 * Whether a box is larger than a hairline: visually hidden text is commonly one pixel large.
 *
 * @param {Box} box
 * @returns {boolean}
 */
export function isOpen(box) {
  return box.r - box.l > 1 && box.b - box.t > 1;
}

/**
 * @param {Box} box
 * @param {Box} outer
 * @returns {boolean}
 */
export function isWithin(box, outer) {
  return box.l >= outer.l - 1 && box.t >= outer.t - 1 && box.r <= outer.r + 1 && box.b <= outer.b + 1;
}

/**
 * Whether a box, also one without a size, touches a range.
 *
 * @param {Box} box
 * @param {Box} range
 * @returns {boolean}
 */
export function touches(box, range) {
  return box.r >= range.l && box.l <= range.r && box.b >= range.t && box.t <= range.b;
}
