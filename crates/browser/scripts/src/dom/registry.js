// One number per node for as long as the node lives, so that an element keeps its index from reading to reading, and
// what only Rust can find out about nodes. Kept beside the page, never in it: the page's own scripts see none of this.

import {
  firstChildOf,
  isElement,
  isText,
  localNameOf,
  nextSiblingOf,
  nodeTypeOf,
  openRootOf,
  page,
  parentNodeOf,
  slotOf,
} from "./native.js";

/** @import { AnyElement } from "../types" */

/** @type {WeakMap<Node, number>} */
const ids = new WeakMap();
/** @type {Map<number, WeakRef<Node>>} */
const nodes = new Map();
const forget = new FinalizationRegistry((/** @type {number} */ id) => nodes.delete(id));
let lastId = 0;

/**
 * The node's number, given to it now if it has none.
 *
 * @param {Node} node
 * @returns {number}
 */
export function idOf(node) {
  let id = ids.get(node);
  if (id === undefined) {
    id = ++lastId;
    ids.set(node, id);
    nodes.set(id, new WeakRef(node));
    forget.register(node, id);
  }
  return id;
}

/**
 * @param {Node} node
 * @returns {boolean}
 */
export function hasId(node) {
  return ids.has(node);
}

/**
 * @param {number} id
 * @returns {AnyElement | null}
 */
export function nodeOf(id) {
  return /** @type {AnyElement | undefined} */ (nodes.get(id)?.deref()) ?? null;
}

/**
 * Roots of closed shadow trees by their hosts; null for a host that was examined and has none.
 *
 * @type {WeakMap<Element, ShadowRoot | null>}
 */
const closedRoots = new WeakMap();

/**
 * @param {Element} host
 * @param {ShadowRoot | null} [root] none: the host was examined and has no closed tree
 * @returns {true}
 */
export function registerClosedRoot(host, root = null) {
  closedRoots.set(host, root);
  return true;
}

/**
 * Registers the shadow tree that a node is in.
 *
 * @param {Node} node
 * @returns {true}
 */
export function registerOwnRoot(node) {
  const root = /** @type {ShadowRoot} */ (node.getRootNode());
  if (root.host) registerClosedRoot(root.host, root);
  return true;
}

/**
 * Whether it is known if the element holds a closed tree.
 *
 * @param {Element} element
 * @returns {boolean}
 */
export function isExamined(element) {
  return closedRoots.has(element);
}

/**
 * The element's shadow root, open or closed.
 *
 * @param {Element} element
 * @returns {ShadowRoot | null}
 */
export function rootOf(element) {
  return openRootOf(element) ?? closedRoots.get(element) ?? null;
}

/** Elements that listen to presses without looking like controls. */
export const listening = new WeakSet();

/** Elements that listen to the pointer coming over them, and to nothing else. */
export const hoverable = new WeakSet();

/**
 * @param {Node} node
 * @returns {Element | null}
 */
function hostOf(node) {
  return (nodeTypeOf(node) === Node.DOCUMENT_FRAGMENT_NODE && /** @type {ShadowRoot} */ (node).host) || null;
}

/**
 * The parent in the flat tree: through slots and out of shadow roots.
 *
 * @param {Node} node
 * @returns {Node | null}
 */
export function parentOf(node) {
  return (isElement(node) && slotOf(node)) || parentNodeOf(node) || hostOf(node);
}

/**
 * @param {Node} outer
 * @param {Node} inner
 * @returns {boolean}
 */
export function contains(outer, inner) {
  // A node slotted into a closed root shows no slot, but its host is its parent then.
  for (let node = /** @type {Node | null} */ (inner); node; node = parentOf(node)) if (node === outer) return true;
  return false;
}

/**
 * The deepest element painted at a point of the viewport, through shadow roots.
 *
 * @param {number} x
 * @param {number} y
 * @returns {AnyElement | null}
 */
export function elementAt(x, y) {
  let hit = page.elementFromPoint(x, y);
  while (hit) {
    const inner = rootOf(hit)?.elementFromPoint(x, y);
    if (!inner || inner === hit) break;
    hit = inner;
  }
  return hit && (slotAt(hit, x, y) ?? hit);
}

/**
 * The slot that shows a text at a point, which hit tests take for its host.
 *
 * @param {Element} host
 * @param {number} x
 * @param {number} y
 * @returns {AnyElement | null}
 */
function slotAt(host, x, y) {
  const root = rootOf(host);
  for (let node = root && firstChildOf(host); root && node; node = nextSiblingOf(node)) {
    if (!isText(node)) continue;
    const range = page.createRange();
    range.selectNodeContents(node);
    for (const { left, top, right, bottom } of range.getClientRects()) {
      if (x < left || x > right || y < top || y > bottom) continue;
      for (const slot of root.querySelectorAll("slot")) if (slot.assignedNodes().includes(node)) return slot;
    }
  }
  return null;
}

/**
 * The focused element, through shadow roots; none when it is the body.
 *
 * @returns {AnyElement | null}
 */
export function focusedElement() {
  let focused = page.activeElement();
  while (focused) {
    const inner = rootOf(focused)?.activeElement;
    if (!inner) break;
    focused = inner;
  }
  return focused === page.body() ? null : focused;
}

/**
 * The nodes that are laid out in an element: those of its shadow tree, those assigned to a slot, or its children.
 *
 * @param {Element} element
 * @returns {Iterable<Node>}
 */
export function renderedChildrenOf(element) {
  if (localNameOf(element) === "slot") {
    const assigned = /** @type {HTMLSlotElement} */ (element).assignedNodes();
    if (assigned.length > 0) return assigned;
  }
  return (rootOf(element) ?? element).childNodes;
}
