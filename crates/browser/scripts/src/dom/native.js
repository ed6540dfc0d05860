// The DOM, read in ways that a page cannot get in between. An isolated world has its own prototypes, but not its own
// properties: the document and its forms give elements named like their own properties precedence over these. With
// `<form><input name="nextSibling">`, `form.nextSibling` is that input. Getters called on the node see past it.

/** @import { AnyElement } from "../types" */

/**
 * @template T
 * @param {{ prototype: object }} owner
 * @param {string} name
 * @returns {(node: object) => T}
 */
export function getter(owner, name) {
  const get = /** @type {(this: object) => T} */ (Object.getOwnPropertyDescriptor(owner.prototype, name)?.get);
  return (node) => get.call(node);
}

/** @type {(node: Node) => ChildNode | null} */
export const firstChildOf = getter(Node, "firstChild");
/** @type {(node: Node) => ChildNode | null} */
export const nextSiblingOf = getter(Node, "nextSibling");
/** @type {(node: Node) => ChildNode | null} */
export const previousSiblingOf = getter(Node, "previousSibling");
/** @type {(node: Node) => Node | null} */
export const parentNodeOf = getter(Node, "parentNode");
/** @type {(node: Node) => number} */
export const nodeTypeOf = getter(Node, "nodeType");
/** @type {(element: Element) => string} */
export const localNameOf = getter(Element, "localName");
/** @type {(element: Element) => ShadowRoot | null} */
export const openRootOf = getter(Element, "shadowRoot");
/** @type {(element: Element) => HTMLSlotElement | null} */
export const slotOf = getter(Element, "assignedSlot");
/** @type {(element: Element) => Element | null} */
export const previousElementOf = getter(Element, "previousElementSibling");
/** @type {(form: HTMLFormElement) => string} */
export const actionOf = getter(HTMLFormElement, "action");

/** @type {(element: Element, selector: string) => boolean} */
export const matches = Function.prototype.call.bind(Element.prototype.matches);
/** @type {(element: Element, name: string) => string | null} */
export const attribute = Function.prototype.call.bind(Element.prototype.getAttribute);
/** @type {(element: Element) => DOMRect} */
export const rectOf = Function.prototype.call.bind(Element.prototype.getBoundingClientRect);
/** @type {(element: Element) => DOMRectList} */
export const clientRectsOf = Function.prototype.call.bind(Element.prototype.getClientRects);
/** @type {(element: Element, options?: CheckVisibilityOptions) => boolean} */
export const checkVisibility = Function.prototype.call.bind(Element.prototype.checkVisibility);
/** @type {(element: Element, selector: string) => AnyElement | null} */
export const closest = Function.prototype.call.bind(Element.prototype.closest);
/** @type {(element: Element, selector: string) => NodeListOf<AnyElement>} */
export const queryAll = Function.prototype.call.bind(Element.prototype.querySelectorAll);
/** @type {(root: Document) => Animation[]} */
const animationsOfDocument = Function.prototype.call.bind(Document.prototype.getAnimations);
/** @type {(root: ShadowRoot) => Animation[]} */
const animationsOfTree = Function.prototype.call.bind(ShadowRoot.prototype.getAnimations);
/** @type {(node: Node, other: Node) => number} */
const positionOf = Function.prototype.call.bind(Node.prototype.compareDocumentPosition);

/**
 * Whether `first` precedes `second` in the document.
 *
 * @param {Node} first
 * @param {Node} second
 * @returns {boolean}
 */
export function comesBefore(first, second) {
  return (positionOf(first, second) & Node.DOCUMENT_POSITION_FOLLOWING) !== 0;
}

/**
 * @param {Document | ShadowRoot} root
 * @returns {Animation[]} the animations of elements in the tree of `root` alone
 */
export function animationsIn(root) {
  return root instanceof ShadowRoot ? animationsOfTree(root) : animationsOfDocument(root);
}

const ELEMENT_NODE = 1;
const TEXT_NODE = 3;

/**
 * @param {Node} node
 * @returns {node is AnyElement}
 */
export function isElement(node) {
  return nodeTypeOf(node) === ELEMENT_NODE;
}

/**
 * @param {Node} node
 * @returns {node is Text}
 */
export function isText(node) {
  return nodeTypeOf(node) === TEXT_NODE;
}

const { querySelector, querySelectorAll, getElementsByTagName, elementFromPoint, createRange } = Document.prototype;

/**
 * A property of the document of this moment: the first navigation of a new window keeps its global object, and with it
 * this world, for another document.
 *
 * @template T
 * @param {string} name
 * @returns {() => T}
 */
function ofDocument(name) {
  const get = getter(Document, name);
  return () => get(document);
}

/** The document's own properties and methods. */
export const page = {
  /** @type {() => AnyElement | null} */
  documentElement: ofDocument("documentElement"),
  /** @type {() => HTMLElement | null} */
  body: ofDocument("body"),
  /** @type {() => string} */
  title: ofDocument("title"),
  /** @type {() => Element | null} */
  scrollingElement: ofDocument("scrollingElement"),
  /** @type {() => AnyElement | null} */
  activeElement: ofDocument("activeElement"),
  /** @type {() => DocumentReadyState} */
  readyState: ofDocument("readyState"),
  /** @type {() => StyleSheetList} */
  styleSheets: ofDocument("styleSheets"),
  /** @type {() => CSSStyleSheet[]} */
  adoptedStyleSheets: ofDocument("adoptedStyleSheets"),
  /** @type {(selector: string) => AnyElement | null} */
  querySelector: (selector) => querySelector.call(document, selector),
  /** @type {(selector: string) => NodeListOf<AnyElement>} */
  querySelectorAll: (selector) => querySelectorAll.call(document, selector),
  /** @type {(tag: string) => HTMLCollectionOf<AnyElement>} */
  getElementsByTagName: (tag) => getElementsByTagName.call(document, tag),
  /** @type {(x: number, y: number) => Element | null} */
  elementFromPoint: (x, y) => elementFromPoint.call(document, x, y),
  /** @type {() => Range} */
  createRange: () => createRange.call(document),
};

/** @type {(form: HTMLFormElement) => HTMLFormControlsCollection} */
const formControls = getter(HTMLFormElement, "elements");

// Properties of elements that the modules use directly.
const TRUSTED = (
  "getBoundingClientRect checkVisibility matches hasAttribute hasAttributes getAttribute querySelector " +
  "querySelectorAll shadowRoot firstElementChild lastElementChild childElementCount children scrollHeight " +
  "scrollWidth clientHeight clientWidth clientLeft clientTop scrollTop scrollLeft offsetParent assignedSlot " +
  "isContentEditable labels type disabled textContent getRootNode ownerSVGElement autocomplete contains " +
  "compareDocumentPosition isConnected innerText closest getClientRects host"
).split(" ");

/**
 * Whether a form has controls that hide properties that are used here.
 *
 * @param {HTMLFormElement} form
 * @returns {boolean}
 */
export function isDisguised(form) {
  const controls = formControls(form);
  for (const name of TRUSTED) if (controls.namedItem(name) !== null) return true;
  for (const image of queryAll(form, "img[name],img[id]")) {
    if (TRUSTED.includes(image.name ?? "") || TRUSTED.includes(image.id)) return true;
  }
  return false;
}
