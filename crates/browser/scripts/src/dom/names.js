// Accessible names: the first steps of the computation, and what the author calls an element without one.

import { statedBy } from "../internals.js";
import { checkVisibility, firstChildOf, isElement, isText, localNameOf, nextSiblingOf } from "./native.js";
import { rootOf } from "./registry.js";
import { MAX_NAME, phrase } from "./strings.js";

/** @import { AnyElement } from "../types" */

const WORDLESS = new Set([
  "script",
  "style",
  "template",
  "noscript",
  "head",
  "select",
  "textarea",
  "datalist",
  "iframe",
]);

/**
 * The nodes that a slot shows in the place of its own content.
 *
 * @param {AnyElement} element
 * @returns {Node[]}
 */
export function slottedIn(element) {
  return localNameOf(element) === "slot" ? (element.assignedNodes?.() ?? []) : [];
}

/**
 * The text of a label or of a referenced element, hidden or not, since references may point at hidden text.
 *
 * @param {Node} root
 * @param {number} [limit]
 * @returns {string}
 */
export function textOf(root, limit = MAX_NAME) {
  let out = "";
  /**
   * @param {Node} child
   * @param {number} depth
   * @returns {void}
   */
  const visit = (child, depth) => {
    if (out.length >= 2 * limit) return;
    if (isText(child)) out += child.data;
    else if (isElement(child) && depth < 64 && !WORDLESS.has(localNameOf(child))) {
      const space = localNameOf(child) === "slot" ? "" : " ";
      out += space;
      if (localNameOf(child) === "img") out += child.alt ?? "";
      else walk(child, depth + 1);
      out += space;
    }
  };
  /**
   * @param {Node} node
   * @param {number} depth
   * @returns {void}
   */
  const walk = (node, depth) => {
    const assigned = isElement(node) ? slottedIn(node) : [];
    for (const child of assigned) visit(child, depth);
    if (assigned.length > 0) return;
    const first = firstChildOf((isElement(node) && rootOf(node)) || node);
    for (let child = first; child && out.length < 2 * limit; child = nextSiblingOf(child)) visit(child, depth);
  };
  walk(root, 0);
  return phrase(out, limit);
}

/**
 * An element with an id in the tree that another one is in.
 *
 * @param {Node} node
 * @param {string} id
 * @returns {AnyElement | null}
 */
export function byId(node, id) {
  const root = /** @type {Partial<NonElementParentNode>} */ (node.getRootNode());
  return root.getElementById?.(id) ?? null;
}

/**
 * The text of the elements that an attribute names by id.
 *
 * @param {Element} element
 * @param {string} name
 * @returns {string}
 */
export function referencedText(element, name) {
  const list = element.getAttribute(name);
  if (!list) return "";
  const parts = [];
  for (const id of list.split(/\s+/, 8)) {
    const target = id ? byId(element, id) : null;
    if (target) parts.push(target.getAttribute("aria-label") || textOf(target));
  }
  return phrase(parts.join(" "));
}

/**
 * @param {AnyElement} element
 * @returns {string}
 */
function labelText(element) {
  const { labels } = element;
  if (!labels || labels.length === 0) return "";
  const parts = [];
  for (let i = 0; i < labels.length && i < 4; i++) parts.push(textOf(labels[i]));
  return phrase(parts.join(" "));
}

/**
 * The name that the author gave, apart from the content.
 *
 * @param {AnyElement} element
 * @returns {string}
 */
export function givenName(element) {
  return (
    referencedText(element, "aria-labelledby") ||
    phrase(statedBy(element, "aria-label")) ||
    (element.labels ? labelText(element) : "")
  );
}

/**
 * Whether an element is a picture by its tag or its role.
 *
 * @param {Element} element
 * @param {string} tag
 * @returns {boolean}
 */
export function isPicture(element, tag) {
  const role = element.getAttribute("role");
  return tag === "img" || tag === "svg" || role === "img" || role === "image" || role === "graphics-symbol";
}

/**
 * The name of a picture: given, its alternative text, its title in it, or its tooltip.
 *
 * @param {AnyElement} element
 * @returns {string}
 */
export function pictureName(element) {
  return (
    referencedText(element, "aria-labelledby") ||
    phrase(element.getAttribute("aria-label")) ||
    phrase(element.getAttribute("alt")) ||
    (localNameOf(element) === "svg" ? phrase(element.querySelector("title")?.textContent) : "") ||
    phrase(element.getAttribute("title"))
  );
}

const GENERATED = ["::before", "::after"];
const STRINGS = /"((?:[^"\\]|\\.)*)"/g;

/**
 * The words that styles put before and after the content of an element, or say in the place of what they put there.
 *
 * @param {Element} element
 * @returns {string}
 */
export function generatedWords(element) {
  if (!checkVisibility(element, { visibilityProperty: true })) return "";
  const parts = GENERATED.map((pseudo) => {
    const { content, display, opacity } = getComputedStyle(element, pseudo);
    if (content === "none" || content === "normal" || display === "none" || opacity === "0") return "";
    const strings = content.replace(/url\("[^"]*"\)/g, "").split(/ \/ (?=")/);
    return Array.from(strings[strings.length - 1].matchAll(STRINGS), ([, words]) => words.replace(/\\(.)/g, "$1")).join(
      "",
    );
  });
  return phrase(parts.join(" "), 60);
}

/**
 * The file's name in a URL.
 *
 * @param {string | null | undefined} url
 * @returns {string}
 */
export function fileNameOf(url) {
  if (!url || url.startsWith("data:") || url.startsWith("blob:")) return "";
  const path = url.split(/[?#]/, 1)[0];
  return phrase(decoded(path.slice(path.lastIndexOf("/") + 1)), 60);
}

/**
 * @param {string} text
 * @returns {string}
 */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

// "fa-trash", "icon-close", "bi-x", "mdi-home", "codicon-gear", "IconCart": the part after the family's name.
const ICON_CLASS =
  /(?:^|\s)(?:fa|fas|far|ico|bi|mdi|ri|ti|pi|ph|lucide|feather|codicon|octicon|glyphicon|icon|icons?|anticon|svg)[-_]([\w-]{2,40})/i;
const ICON_STYLE = /^(?:solid|regular|light|brands|fw|lg|sm|xs|[0-9]x)$/;

/**
 * What the author calls an unnamed picture: its file, sprite symbol, icon attribute or icon class.
 *
 * @param {AnyElement} element
 * @returns {string}
 */
export function iconHint(element) {
  /** @type {AnyElement | null} */
  const picture = isPicture(element, element.localName) ? element : element.querySelector("img,svg,i,use");
  for (const candidate of picture && picture !== element ? [picture, element] : [element]) {
    const source = fileNameOf(candidate.getAttribute("src"));
    if (source) return source;
    const use = candidate.localName === "use" ? candidate : candidate.querySelector("use");
    const symbol = (use?.getAttribute("href") ?? use?.getAttribute("xlink:href"))?.split("#")[1];
    if (symbol) return phrase(symbol, 40);
    const icon =
      candidate.getAttribute("data-icon") ?? candidate.getAttribute("icon") ?? candidate.getAttribute("data-lucide");
    if (icon) return phrase(icon, 40);
    const match = candidate.getAttribute("class")?.match(ICON_CLASS);
    if (match && !ICON_STYLE.test(match[1])) return phrase(match[1], 40);
  }
  return styledFile(element);
}

/**
 * The file that styles show in the place of an element: as its background, its mask or its generated content.
 *
 * @param {Element} element
 * @returns {string}
 */
function styledFile(element) {
  for (const pseudo of [null, ...GENERATED]) {
    const style = getComputedStyle(element, pseudo);
    if (pseudo !== null && (style.content === "none" || style.content === "normal")) continue;
    for (const image of [style.backgroundImage, style.maskImage, pseudo === null ? "" : style.content]) {
      const file = image.startsWith("url(") ? fileNameOf(image.slice(5, image.indexOf('")'))) : "";
      if (file) return file;
    }
  }
  return "";
}

/**
 * The last resort: what the author calls the element itself.
 *
 * @param {Element} element
 * @returns {string}
 */
export function elementHint(element) {
  // An id of words alone was chosen by the author; one with digits was mostly counted up.
  if (element.id && (element.localName === "canvas" || /^[a-z]{3,}([-_]?[a-z]+)*$/i.test(element.id))) {
    return phrase(element.id, 40);
  }
  return phrase(element.getAttribute("class")?.match(/[a-z]{3,}[\w-]*/i)?.[0] ?? "", 40);
}
