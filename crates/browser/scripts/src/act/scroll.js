// Scrolling.

import { page } from "../dom/native.js";
import { scrolledBefore } from "../dom/places.js";
import { idOf } from "../dom/registry.js";
import { find, parentElementOf } from "./elements.js";

/** @import { AnyElement, Gone } from "../types" */

/**
 * @param {Element} element
 * @param {boolean} isHorizontal
 * @returns {boolean}
 */
function isScrollable(element, isHorizontal) {
  const style = getComputedStyle(element);
  const overflow = isHorizontal ? style.overflowX : style.overflowY;
  const room = isHorizontal ? element.scrollWidth - element.clientWidth : element.scrollHeight - element.clientHeight;
  return room > 1 && (overflow === "auto" || overflow === "scroll" || overflow === "overlay");
}

/**
 * Whether the page keeps its window from scrolling, as maps and boards do that move by themselves.
 *
 * @param {boolean} isHorizontal
 * @returns {boolean}
 */
function isWindowLocked(isHorizontal) {
  /**
   * @param {Element | null} element
   * @returns {string}
   */
  const overflow = (element) => {
    if (!element) return "";
    const style = getComputedStyle(element);
    return isHorizontal ? style.overflowX : style.overflowY;
  };
  const own = overflow(page.documentElement());
  // The root takes the body's when it has none of its own.
  return /hidden|clip/.test(own === "visible" ? overflow(page.body()) : own);
}

/**
 * Scrolls the nearest container of an element, or the page.
 *
 * @param {{ id: number | null, dx: number, dy: number }} argument in pages
 * @returns {Gone | { id: number, moved: number, page: boolean, x: number, y: number, width: number, height: number }}
 *   the container and its middle
 */
export function scroll({ id, dx, dy }) {
  const isHorizontal = dx !== 0;
  /** @type {AnyElement | null} */
  let container = null;
  if (id !== null) {
    container = find(id);
    if (!container) return { gone: true };
    while (container && !isScrollable(container, isHorizontal)) container = parentElementOf(container);
  }
  const root = page.documentElement();
  const scroller = page.scrollingElement() ?? root;
  const element = container ?? scroller;
  if (!element) return { gone: true };
  const isPage = element === scroller || element === root;
  const height = isPage ? innerHeight : element.clientHeight;
  const width = isPage ? innerWidth : element.clientWidth;
  const { scrollLeft, scrollTop } = element;
  if (!isPage || !isWindowLocked(isHorizontal)) {
    element.scrollBy({ left: dx * width, top: dy * height, behavior: "instant" });
  }
  const box = isPage ? { left: 0, top: 0 } : element.getBoundingClientRect();
  return {
    id: idOf(element),
    moved: Math.abs(element.scrollLeft - scrollLeft) + Math.abs(element.scrollTop - scrollTop),
    page: isPage,
    x: Math.min(innerWidth - 1, Math.max(0, box.left + width / 2)),
    y: Math.min(innerHeight - 1, Math.max(0, box.top + height / 2)),
    width,
    height,
  };
}

/**
 * How much there is to scroll before and after what a container shows, in CSS pixels.
 *
 * @param {{ id: number, horizontal: boolean }} argument
 * @returns {Gone | { before: number, after: number }}
 */
export function scrollPosition({ id, horizontal }) {
  const element = find(id);
  if (!element) return { gone: true };
  const [at, length, size] = horizontal
    ? [scrolledBefore(element, getComputedStyle(element), true), element.scrollWidth, element.clientWidth]
    : [scrolledBefore(element, getComputedStyle(element), false), element.scrollHeight, element.clientHeight];
  const rest = length - size - at;
  // Fractions of a pixel stay beyond every end.
  return { before: Math.round(at), after: rest <= 1 ? 0 : Math.round(rest) };
}
