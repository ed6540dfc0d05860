// Accessible names: the first steps of the computation, and what the author calls an element without one.

import { firstChildOf, isElement, isText, nextSiblingOf } from "./native.js";
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
 * The text of a label or of a referenced element, hidden or not, since references may point at hidden text.
 *
 * @param {Node} root
 * @param {number} [limit]
 * @returns {string}
 */
export function textOf(root, limit = MAX_NAME) {
  let out = "";
  /**
   * @param {Node} node
   * @param {number} depth
   * @returns {void}
   */
  const walk = (node, depth) => {
    for (let child = firstChildOf(node); child && out.length < 2 * limit; child = nextSiblingOf(child)) {
      if (isText(child)) out += child.data;
      else if (isElement(child) && depth < 64 && !WORDLESS.has(child.localName)) {
        out += " ";
        if (child.localName === "img") out += child.alt ?? "";
        else walk(child, depth + 1);
        out += " ";
      }
    }
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
    phrase(element.getAttribute("aria-label")) ||
    (element.labels ? labelText(element) : "")
  );
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
  /(?:^|\s)(?:fa|fas|far|bi|mdi|ri|ti|pi|ph|lucide|feather|codicon|octicon|glyphicon|icon|icons?|anticon|svg)[-_]([\w-]{2,40})/i;
const ICON_STYLE = /^(?:solid|regular|light|brands|fw|lg|sm|xs|[0-9]x)$/;

/**
 * What the author calls an unnamed picture: its file, sprite symbol, icon attribute or icon class.
 *
 * @param {AnyElement} element
 * @returns {string}
 */
export function iconHint(element) {
  const isPicture = element.localName === "img" || element.localName === "svg";
  /** @type {AnyElement | null} */
  const picture = isPicture ? element : element.querySelector("img,svg,i,use");
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
  const image = getComputedStyle(element).backgroundImage;
  return fileNameOf(image.startsWith("url(") ? image.slice(5, -2) : "");
}

/**
 * The last resort: what the author calls the element itself.
 *
 * @param {Element} element
 * @returns {string}
 */
export function elementHint(element) {
  if (element.localName === "canvas" && element.id) return phrase(element.id, 40);
  return phrase(element.getAttribute("class")?.match(/[a-z]{3,}[\w-]*/i)?.[0] ?? "", 40);
}
