// Which elements are controls, and of which role.

import { statedBy } from "../internals.js";
import { attribute, matches } from "./native.js";
import { bounded } from "./strings.js";

/** @import { AnyElement } from "../types" */

/** Elements that may be controls. */
const CONTROL_CANDIDATE =
  "a[href],area[href],button,input,select,textarea,summary,label,canvas,[role],[contenteditable],[onclick]," +
  "[ondblclick],[onmousedown],[onmouseup],[onpointerdown],[onpointerup],[ontouchstart],[ontouchend]," +
  "[draggable=true],video[controls],audio[controls]";

/**
 * Whether an element may be a control; `isControl` decides, or how it looks and behaves.
 *
 * @param {Element} element
 * @returns {boolean}
 */
export function mayBeControl(element) {
  return matches(element, CONTROL_CANDIDATE) || statedBy(element, "role") !== null;
}

/** Controls that are counted where they are not listed. */
export const COUNTED_CONTROL = "a[href],button,input:not([type=hidden]),select,textarea,summary";

const WIDGET_ROLES = new Set(
  (
    "button checkbox combobox link menuitem menuitemcheckbox menuitemradio option radio scrollbar searchbox slider " +
    "spinbutton switch tab textbox treeitem"
  ).split(" "),
);

/** @type {Record<string, string>} */
const INPUT_ROLES = {
  button: "button",
  submit: "button",
  reset: "button",
  image: "button",
  checkbox: "checkbox",
  radio: "radio",
  range: "slider",
  number: "spinbutton",
  search: "searchbox",
  email: "textbox",
  tel: "textbox",
  text: "textbox",
  url: "textbox",
  password: "textbox",
};

/** @type {Record<string, string>} */
const TAG_ROLES = {
  a: "link",
  area: "link",
  button: "button",
  textarea: "textbox",
  summary: "button",
  canvas: "img",
  video: "video",
  audio: "audio",
};

/**
 * The role that the author gave.
 *
 * @param {Element} element
 * @returns {string}
 */
export function explicitRole(element) {
  const role = statedBy(element, "role");
  return role ? bounded(role.trim().split(/\s+/, 1)[0].toLowerCase(), 40) : "";
}

/**
 * The role of an element, given or implied.
 *
 * @param {AnyElement} element
 * @param {string} tag
 * @param {string} explicit
 * @returns {string}
 */
export function roleOf(element, tag, explicit) {
  if (explicit && explicit !== "presentation" && explicit !== "none") return explicit;
  if (tag === "input") {
    const type = element.type ?? "";
    return element.list ? "combobox" : (INPUT_ROLES[type] ?? type);
  }
  if (tag === "select") return element.multiple || (element.size ?? 0) > 1 ? "listbox" : "combobox";
  if (element.isContentEditable && element.hasAttribute("contenteditable")) return "textbox";
  return TAG_ROLES[tag] ?? "";
}

/**
 * Whether the element takes typed text by being editable as a whole.
 *
 * @param {AnyElement} element
 * @returns {boolean}
 */
export function isEditor(element) {
  const own = element.getAttribute("contenteditable");
  return own !== null && own.toLowerCase() !== "false" && element.isContentEditable === true;
}

/**
 * Whether an element is a control whatever its looks.
 *
 * @param {AnyElement} element
 * @param {string} tag
 * @param {string} explicit
 * @returns {boolean}
 */
export function isControl(element, tag, explicit) {
  switch (tag) {
    case "a":
    case "area":
      return element.hasAttribute("href") || WIDGET_ROLES.has(explicit);
    case "input":
      return element.type !== "hidden";
    case "button":
    case "select":
    case "textarea":
    case "video":
    case "audio":
      return true;
    case "canvas":
      return element.clientWidth >= 40 && element.clientHeight >= 40;
    case "summary":
      return element.parentElement?.localName === "details";
    default:
      return WIDGET_ROLES.has(explicit) || isEditor(element);
  }
}

/**
 * Fields that were a password field once stay secret when a "show password" button turns them into text, and so do
 * those into which a secret was typed, whatever the page makes of it.
 *
 * @type {WeakSet<Element>}
 */
const secrets = new WeakSet();

/**
 * @param {Element} element
 * @returns {void}
 */
export function keepSecret(element) {
  secrets.add(element);
}

/**
 * Whether what a field holds must not leave the page.
 *
 * @param {AnyElement} element
 * @returns {boolean}
 */
export function isSecret(element) {
  if (element.type === "password") secrets.add(element);
  return secrets.has(element) || /password/.test(element.autocomplete ?? "");
}

/**
 * @param {AnyElement} element
 * @returns {boolean}
 */
export function isCheckable(element) {
  return element.type === "checkbox" || element.type === "radio";
}

/**
 * The labels of the options that are selected.
 *
 * @param {AnyElement} select
 * @returns {string[]}
 */
export function selectedLabels(select) {
  return Array.from(select.selectedOptions ?? [], optionLabel);
}

/**
 * @param {HTMLOptionElement} option
 * @returns {string}
 */
export function optionLabel(option) {
  return option.label || option.text;
}

/**
 * Whether the list of a select shows an option.
 *
 * @param {HTMLOptionElement} option
 * @returns {boolean}
 */
export function isOffered(option) {
  const group = option.parentElement;
  const isGroupHidden = group instanceof HTMLOptGroupElement && getComputedStyle(group).display === "none";
  return !isGroupHidden && getComputedStyle(option).display !== "none";
}

/**
 * Whether an author's attribute says "true".
 *
 * @param {Element} element
 * @param {string} name
 * @returns {boolean}
 */
export function isTrue(element, name) {
  return attribute(element, name) === "true";
}
