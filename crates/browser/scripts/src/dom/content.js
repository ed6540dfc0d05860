// What an element is called: its role, its name, and the words of its content.

import { explicitRole, isControl, isEditor, isTrue, mayBeControl, roleOf } from "./controls.js";
import { generatedWords, givenName, isPicture, pictureName, slottedIn } from "./names.js";
import {
  attribute,
  checkVisibility,
  firstChildOf,
  isElement,
  isText,
  localNameOf,
  matches,
  nextSiblingOf,
  previousSiblingOf,
  rectOf,
} from "./native.js";
import { listening, nodeOf, rootOf } from "./registry.js";
import { bounded, letters, MAX_NAME, phrase } from "./strings.js";

/** @import { AnyElement, Identity } from "../types" */

/** Elements that show nothing of their content. */
export const IGNORED = new Set(
  (
    "script style template noscript head meta link base title param source track datalist option optgroup " +
    "br wbr rp defs clippath mask symbol lineargradient radialgradient filter marker metadata desc"
  ).split(" "),
);
/** Elements that do not begin a line. */
export const INLINE = new Set(
  (
    "a abbr acronym b bdi bdo big cite code data dfn del em font i img input ins kbd label mark meter output picture " +
    "progress q ruby rt s samp select slot small span strike strong sub sup svg text time tspan tt u use var"
  ).split(" "),
);
/** A smaller drawing is an icon. */
export const MIN_DRAWING = 64;
// Widgets whose content is their value or their parts, not their name.
const OPEN_ROLES = new Set(["textbox", "searchbox", "combobox", "spinbutton", "slider", "scrollbar", "listbox"]);
// Of the width of a control, what a part of it takes that is pressed for itself.
const MAX_PART = 0.5;

/**
 * The content of a control.
 *
 * @typedef {object} Content
 * @property {string} text its words
 * @property {string} faint words hidden from screen readers
 * @property {AnyElement[]} controls further controls in it
 * @property {string} parts words of parts that listen for themselves
 * @property {AnyElement} owner the control
 * @property {AnyElement | null} icon its picture, or an empty element that may be one
 */

/**
 * @typedef {object} Description
 * @property {string} role
 * @property {string} name
 * @property {Content} content
 * @property {boolean} open whether its content is its value or its parts, and was not looked at
 */

/**
 * Role, name and content of an element.
 *
 * @param {AnyElement} element
 * @param {string} tag
 * @param {string} explicit
 * @returns {Description}
 */
export function identify(element, tag, explicit) {
  const role =
    tag === "label" && element.control
      ? roleOf(element.control, element.control.localName, "")
      : roleOf(element, tag, explicit);
  /** @type {Content} */
  const content = { text: "", faint: "", parts: "", controls: [], icon: null, owner: element };
  const isChoice = isDrawnChoice(element, tag, role);
  const open = OPEN_ROLES.has(role) && tag !== "label" && !isChoice;
  const isDrawing = tag === "svg" && element.clientWidth > MIN_DRAWING && element.clientHeight > MIN_DRAWING;
  // What is drawn there changes, and with it a name that is made of it.
  if (!open && tag !== "video" && tag !== "audio" && tag !== "canvas" && !isDrawing) collect(element, content, 0);
  // Ace names its field by the place of the cursor.
  let name = matches(element, ".ace_text-input") ? "" : givenName(element);
  if (!name && tag === "area") name = phrase(element.alt);
  if (!name && tag === "input") {
    if (element.type === "image") name = phrase(element.alt);
    else if (role === "button") name = phrase(String(element.value ?? "")) || defaultLabel(element.type);
  }
  // Its words are its value.
  if (isChoice) return { role, name: name || phrase(element.getAttribute("title")), content, open };
  // What merely behaves like a control is not named by everything in it.
  const isContainer =
    (content.controls.length > 0 || content.text.length > 2 * MAX_NAME) &&
    tag !== "label" &&
    !isControl(element, tag, explicit);
  if (isContainer) return { role, name, content, open };
  const words = phrase(content.text) || phrase(content.parts);
  // The words that can be read on it stand beside the name that was given, unless that has them too.
  if (name && tag !== "label" && !letters(name).includes(letters(words))) {
    name = phrase(`${name} (${bounded(words, 80)})`);
  }
  name ||= words || phrase(element.getAttribute("title")) || phrase(content.faint);
  if (!name && tag === "label" && element.control) name = givenName(element.control);
  if (!name && element.ownerSVGElement) name = phrase(element.querySelector("title")?.textContent);
  if (!name && tag !== "label") name = generatedWords(element) || (content.icon ? generatedWords(content.icon) : "");
  return { role, name, content, open };
}

/**
 * Whether an element shows what is chosen in a list without being a field, as the buttons of drawn selects.
 *
 * @param {AnyElement} element
 * @param {string} tag
 * @param {string} role
 * @returns {boolean}
 */
function isDrawnChoice(element, tag, role) {
  return role === "combobox" && !["label", "input", "select", "textarea"].includes(tag) && !isEditor(element);
}

/**
 * What the browser writes on a button without a value.
 *
 * @param {string | undefined} type
 * @returns {string}
 */
function defaultLabel(type) {
  if (type === "submit") return "Submit";
  return type === "reset" ? "Reset" : "";
}

/**
 * Collects the words of a control's content: names of pictures count, hidden parts do not, further controls are set
 * aside.
 *
 * @param {AnyElement} element
 * @param {Content} into
 * @param {number} depth
 * @returns {void}
 */
function collect(element, into, depth) {
  if (depth > 60 || into.text.length > 2 * MAX_NAME) return;
  const root = rootOf(element);
  const assigned = root ? [] : slottedIn(element);
  if (assigned.length > 0) for (const node of assigned) collectNode(node, into, depth);
  else for (let node = firstChildOf(root ?? element); node; node = nextSiblingOf(node)) collectNode(node, into, depth);
}

/**
 * @param {Node} node
 * @param {Content} into
 * @param {number} depth
 * @returns {void}
 */
function collectNode(node, into, depth) {
  if (isText(node)) {
    into.text += node.data;
    return;
  }
  if (!isElement(node)) return;
  const tag = localNameOf(node);
  if (IGNORED.has(tag)) {
    into.text += " ";
    return;
  }
  if (listening.has(node) && isPart(node, into.owner)) {
    into.controls.push(node);
    /** @type {Content} */
    const aside = { text: "", faint: "", parts: "", controls: [], icon: null, owner: node };
    collect(node, aside, depth + 1);
    into.parts += ` ${aside.text} `;
    return;
  }
  if (tag === "img" || tag === "svg") {
    into.text += ` ${pictureName(node)} `;
    into.icon ??= node;
    return;
  }
  if (!checkVisibility(node, { visibilityProperty: true }) && getComputedStyle(node).display !== "contents") return;
  if (tag !== "label" && mayBeControl(node) && isControl(node, tag, explicitRole(node))) {
    into.controls.push(node);
    return;
  }
  const label = isPicture(node, tag) ? pictureName(node) : attribute(node, "aria-label");
  if (label) {
    into.text += ` ${label} `;
    return;
  }
  if (firstChildOf(node) === null && !rootOf(node) && slottedIn(node).length === 0) {
    into.icon ??= node;
    return;
  }
  const space = INLINE.has(tag) && !isApart(node) ? "" : " ";
  if (isTrue(node, "aria-hidden")) {
    /** @type {Content} */
    const aside = { ...into, text: "", faint: "" };
    collect(node, aside, depth + 1);
    into.parts = aside.parts;
    into.faint += space + aside.text + space;
    into.icon ??= aside.icon ?? node;
    return;
  }
  into.text += space;
  collect(node, into, depth + 1);
  into.text += space;
}

/**
 * Whether an element stands apart from the one before it, as the keys beside the entry of a menu.
 *
 * @param {Element} element
 * @returns {boolean}
 */
function isApart(element) {
  let before = previousSiblingOf(element);
  for (let n = 0; n < 4 && before && isElement(before) && rectOf(before).width === 0; n++) {
    before = previousSiblingOf(before);
  }
  if (before === null || !isElement(before)) return false;
  const box = rectOf(element);
  const other = rectOf(before);
  return other.width > 0 && box.width > 0 && (box.left > other.right + 2 || box.top >= other.bottom - 1);
}

/**
 * Whether a part of a control that listens to presses is one to press for itself, as the cross of a tab.
 *
 * @param {Element} part
 * @param {Element} owner
 * @returns {boolean}
 */
function isPart(part, owner) {
  const { width, height } = rectOf(part);
  return (
    width > 0 &&
    height > 0 &&
    width <= MAX_PART * rectOf(owner).width &&
    checkVisibility(part, { visibilityProperty: true })
  );
}

/**
 * What an element is, whether it is a control or not; null when it is gone.
 *
 * @param {number} id
 * @returns {Identity | null}
 */
export function identity(id) {
  const element = nodeOf(id);
  if (!element?.isConnected) return null;
  const tag = element.localName;
  const { role, name } = identify(element, tag, explicitRole(element));
  return { tag: bounded(tag, 40), role, name, type: tag === "input" ? bounded(element.type ?? "", 40) : "" };
}

/**
 * Role and name in one string, by which Rust notices that an element has become something else since it was shown.
 *
 * @param {number} id
 * @returns {string | null}
 */
export function signature(id) {
  const found = identity(id);
  return found && `${found.role || found.tag} ${found.name}`;
}
