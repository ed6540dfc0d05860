// What CSS cuts off an element: `clip-path`, as far as it is a plain shape, and `clip`.

import { boxAround } from "../dom/places.js";

/** @import { Box, Point } from "../types" */

/**
 * A length of a shape function in pixels.
 *
 * @param {string} text
 * @param {number} side the length that 100% stands for
 * @returns {number}
 */
function pixels(text, side) {
  const number = parseFloat(text);
  if (!Number.isFinite(number)) return 0;
  return text.endsWith("%") ? (number * side) / 100 : number;
}

/**
 * The part of a box that its `clip-path` or `clip` leaves.
 *
 * @param {CSSStyleDeclaration} style
 * @param {Box} box
 * @returns {Box | null} null when nothing is cut off
 */
export function clippedBy(style, box) {
  return (style.clipPath !== "none" ? clippedByPath(style.clipPath, box) : null) ?? clippedByRect(style, box);
}

/**
 * @param {string} path
 * @param {Box} box
 * @returns {Box | null}
 */
function clippedByPath(path, box) {
  const [, kind, text] = /^(inset|circle|ellipse|polygon)\(([^)]*)\)/.exec(path) ?? [];
  if (kind === undefined) return null;
  const w = box.r - box.l;
  const h = box.b - box.t;
  if (kind === "inset") {
    const sides = text.split(" round ")[0].trim().split(/\s+/);
    const [top, right = top, bottom = top, left = right] = sides;
    return {
      l: box.l + pixels(left, w),
      t: box.t + pixels(top, h),
      r: box.r - pixels(right, w),
      b: box.b - pixels(bottom, h),
    };
  }
  if (kind === "polygon") {
    const points = text.replace(/^\s*(?:nonzero|evenodd)\s*,/, "").split(",");
    return boxAround(
      points.map((point) => {
        const [x, y = "0"] = point.trim().split(/\s+/);
        return /** @type {Point} */ ([box.l + pixels(x, w), box.t + pixels(y, h)]);
      }),
    );
  }
  // Of round shapes only whether there is anything of them.
  return /^\s*0(?:px|%)?(?:\s|$)/.test(text) ? { l: box.l, t: box.t, r: box.l, b: box.t } : null;
}

/**
 * @param {CSSStyleDeclaration} style
 * @param {Box} box
 * @returns {Box | null}
 */
function clippedByRect(style, box) {
  if (style.clip === "auto" || (style.position !== "absolute" && style.position !== "fixed")) return null;
  const sides = style.clip.match(/-?[\d.]+px|auto/g) ?? [];
  if (sides.length !== 4) return null;
  /**
   * @param {string} side
   * @param {number} start
   * @param {number} edge
   * @returns {number}
   */
  const at = (side, start, edge) => (side === "auto" ? edge : start + parseFloat(side));
  return {
    l: at(sides[3], box.l, box.l),
    t: at(sides[0], box.t, box.t),
    r: at(sides[1], box.l, box.r),
    b: at(sides[2], box.t, box.b),
  };
}
