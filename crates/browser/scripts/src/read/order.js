// In which order children are seen, where that is not the order in which they stand.

import { isElement, localNameOf, rectOf } from "../dom/native.js";

/** Of more children, the order is taken as it is. */
const MAX_CHILDREN = 400;

/**
 * The children of an element that places all of them itself, as virtual grids do with their rows, in the order in which
 * they are seen.
 *
 * @param {Element} element
 * @returns {Element[] | null} null when they are in that order already, or are not placed
 */
export function placedChildren(element) {
  const { children } = element;
  const count = children.length;
  if (count < 2 || count > MAX_CHILDREN) return null;
  // Such places are inline styles, and computed ones are dear for every element of a large page.
  if (!children[0].hasAttribute("style")) return null;
  const tag = localNameOf(children[0]);
  for (let n = 0; n < count; n++) {
    const child = children[n];
    if (localNameOf(child) !== tag || getComputedStyle(child).position !== "absolute") return null;
  }
  const tops = Array.from(children, (child) => rectOf(child).top);
  if (tops.every((top, n) => n === 0 || tops[n - 1] <= top)) return null;
  return [...tops.keys()].sort((a, b) => tops[a] - tops[b]).map((n) => children[n]);
}

/**
 * Whether the styles of a container may move its items.
 *
 * @param {CSSStyleDeclaration | null} style
 * @returns {style is CSSStyleDeclaration}
 */
export function arranges(style) {
  if (style === null) return false;
  const { display } = style;
  return display.endsWith("flex") || display.endsWith("grid");
}

/**
 * The children of a container in the order in which they are seen: by their `order`, and backwards where it is laid out
 * backwards. An item that is put into a cell of a grid keeps its turn.
 *
 * @param {Node[]} nodes
 * @param {CSSStyleDeclaration | null} style of the container
 * @returns {Node[]}
 */
export function asOnScreen(nodes, style) {
  if (!arranges(style) || nodes.length < 2 || nodes.length > MAX_CHILDREN) return nodes;
  const ordered = byOrder(nodes);
  const { flexDirection, flexWrap } = style;
  const isReversed = flexDirection.endsWith("-reverse");
  const isWrappedUp = flexWrap === "wrap-reverse";
  if (!style.display.endsWith("flex") || !(isReversed || isWrappedUp)) return ordered;
  const lines = flexWrap === "nowrap" ? [[...ordered]] : linesOf(ordered, style);
  if (isReversed) for (const line of lines) line.reverse();
  return (isWrappedUp ? lines.reverse() : lines).flat();
}

/**
 * @param {Node[]} nodes
 * @returns {Node[]}
 */
function byOrder(nodes) {
  const orders = nodes.map((node) => (isElement(node) ? Number(getComputedStyle(node).order) : 0));
  if (orders.every((order) => order === 0)) return nodes;
  return [...orders.keys()].sort((a, b) => orders[a] - orders[b]).map((n) => nodes[n]);
}

/**
 * The lines of items that wrap: one ends where the next item does not stand further on.
 *
 * @param {Node[]} nodes
 * @param {CSSStyleDeclaration} style of the container
 * @returns {Node[][]}
 */
function linesOf(nodes, { flexDirection, direction }) {
  const isRow = flexDirection.startsWith("row");
  const isBackwards = flexDirection.endsWith("-reverse") !== (isRow && direction === "rtl");
  /** @type {Node[][]} */
  const lines = [[]];
  let last = -Infinity;
  for (const node of nodes) {
    const rect = isElement(node) ? rectOf(node) : null;
    if (rect !== null && (rect.width > 0 || rect.height > 0)) {
      const place = (isRow ? rect.left : rect.top) * (isBackwards ? -1 : 1);
      if (place <= last) lines.push([]);
      last = place;
    }
    lines[lines.length - 1].push(node);
  }
  return lines;
}
