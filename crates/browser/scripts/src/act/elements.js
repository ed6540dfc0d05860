// Elements, as actions see them.

import { identity, signature } from "../dom/content.js";
import { byId } from "../dom/names.js";
import { attribute, checkVisibility, page } from "../dom/native.js";
import { contains, idOf, nodeOf, rootOf } from "../dom/registry.js";
import { clip } from "../dom/strings.js";

/** @import { AnyElement } from "../types" */

/**
 * An element by its id, if it is in the document.
 *
 * @param {number} id
 * @returns {AnyElement | null}
 */
export function find(id) {
  const node = nodeOf(id);
  return node?.isConnected ? node : null;
}

/**
 * What an element is, by which Rust notices that it has become something else; null when it is gone.
 *
 * @param {{ id: number }} argument
 * @returns {{ is: string | null }}
 */
export function identify({ id }) {
  return { is: signature(id) };
}

/**
 * @returns {{ title: string }} of the document
 */
export function title() {
  return { title: clip(page.title()) };
}

/**
 * The parent element in the flat tree: across slots and shadow roots.
 *
 * @param {Element} element
 * @returns {AnyElement | null}
 */
export function parentElementOf(element) {
  const host = () => /** @type {Partial<ShadowRoot>} */ (element.getRootNode()).host;
  return element.assignedSlot ?? element.parentElement ?? host() ?? null;
}

/**
 * Whether a hit counts for an element: it is inside it, or it is the label that passes the click on to it.
 *
 * @param {Element} element
 * @param {AnyElement | null} hit
 * @returns {boolean}
 */
export function isHitOf(element, hit) {
  if (!hit) return false;
  if (contains(element, hit)) return true;
  for (let node = /** @type {AnyElement | null} */ (hit); node; node = parentElementOf(node)) {
    if (node.localName === "label" && node.control === element) return true;
  }
  return false;
}

/**
 * The document and the shadow trees in it that are known.
 *
 * @param {Document | ShadowRoot} [root]
 * @returns {Generator<Document | ShadowRoot>}
 */
export function* roots(root = document) {
  yield root;
  for (const element of queryIn(root, "*")) {
    const inner = rootOf(element);
    if (inner) yield* roots(inner);
  }
}

/**
 * What a selector matches in a tree.
 *
 * @param {Document | ShadowRoot} root
 * @param {string} selector
 * @returns {NodeListOf<AnyElement>}
 */
export function queryIn(root, selector) {
  return root === document ? page.querySelectorAll(selector) : root.querySelectorAll(selector);
}

/**
 * What a selector matches, in shadow trees too.
 *
 * @param {string} selector
 * @returns {AnyElement[]}
 */
export function queryEverywhere(selector) {
  return [...roots()].flatMap((root) => [...queryIn(root, selector)]);
}

/**
 * Elements that an attribute names by id, in the element's own tree or in the document.
 *
 * @param {Element} element
 * @param {string} name
 * @returns {AnyElement[]}
 */
export function referencedElements(element, name) {
  const ids = attribute(element, name)?.split(/\s+/).filter(Boolean) ?? [];
  return ids.map((id) => byId(element, id) ?? document.getElementById(id)).filter((found) => found !== null);
}

/**
 * @param {Element} element
 * @returns {boolean}
 */
export function isVisible(element) {
  return checkVisibility(element, { opacityProperty: true, visibilityProperty: true });
}

/**
 * As `isVisible`, but an element may be transparent and must have a box.
 *
 * @param {Element} element
 * @returns {boolean}
 */
export function hasBox(element) {
  return element.getClientRects().length > 0 && checkVisibility(element, { visibilityProperty: true });
}

/**
 * The text that a person sees.
 *
 * @param {AnyElement} element
 * @returns {string}
 */
export function visibleText(element) {
  return element.innerText ?? element.textContent ?? "";
}

/**
 * @param {AnyElement} element
 * @returns {string}
 */
export function nameOf(element) {
  const known = element.isConnected ? identity(idOf(element)) : null;
  return clip(
    known?.name || attribute(element, "aria-label") || element.textContent || attribute(element, "placeholder"),
    60,
  );
}

/**
 * An element in words, to report that it is in the way.
 *
 * @param {AnyElement} element
 * @returns {string}
 */
export function describeElement(element) {
  const label = attribute(element, "aria-label") || element.innerText || attribute(element, "title") || "";
  const name = clip(label, 40);
  const id = element.id && element.id.length < 30 ? `#${element.id}` : "";
  const tag = `<${element.localName}${id}>`;
  return name ? `${tag} '${name}'` : tag;
}

/**
 * Dispatches events as a user's change does.
 *
 * @param {Element} element
 * @param {...string} types
 * @returns {void}
 */
export function fire(element, ...types) {
  for (const type of types) element.dispatchEvent(new Event(type, { bubbles: true, composed: true }));
}
