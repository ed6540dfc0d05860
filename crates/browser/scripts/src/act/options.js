// Options of selects, listboxes and menus, and of what merely looks like them.

import { isOffered, isTrue, optionLabel, selectedLabels } from "../dom/controls.js";
import { attribute, matches, page } from "../dom/native.js";
import { idOf } from "../dom/registry.js";
import { clip, normalized } from "../dom/strings.js";
import { find, fire, hasBox, parentElementOf, referencedElements, visibleText } from "./elements.js";
import { appeared, CONTROL, isWatching, outermost } from "./page-diff.js";
import { domSettled, until } from "./wait.js";

/** @import { AnyElement, ListOption, Gone, OpenList } from "../types" */

const LIST = "[role=listbox],[role=menu],[role=tree],[role=radiogroup]";
const OPTION =
  "[role=option],[role=menuitem],[role=menuitemradio],[role=menuitemcheckbox],[role=treeitem],[role=radio]";
const MAX_OPTIONS = 500;

/**
 * What an element stands for: a label for its control.
 *
 * @param {number} id
 * @returns {AnyElement | null}
 */
function findField(id) {
  const element = find(id);
  return (element?.localName === "label" && element.control) || element;
}

/**
 * The options of a native select, as they are shown. Disabled ones are marked.
 *
 * @param {HTMLSelectElement} select
 * @returns {string[]}
 */
export function nativeOptions(select) {
  return [...select.options].filter(isOffered).map((option) => {
    const label = clip(optionLabel(option), 100);
    return matches(option, ":disabled") ? `${label} (disabled)` : label;
  });
}

/**
 * Chooses options of a native select by text, label or value. Some selects load their options when they are used: one
 * that lacks an option is focused and pressed, and given `limit` ms.
 *
 * @param {{ id: number, options: string[], limit: number }} argument
 * @returns {Promise<Gone | { unfit: true } | { disabled: true } | { single: true } |
 *   { unknown: string, options: string[] } | { chosen: string[] }>}
 */
export async function selectOptions({ id, options, limit }) {
  const element = findField(id);
  if (!element) return { gone: true };
  if (!(element instanceof HTMLSelectElement)) return { unfit: true };
  if (element.matches(":disabled")) return { disabled: true };
  if (options.length > 1 && !element.multiple) return { single: true };
  const unknown = () => options.find((text) => !optionOf(element, text));
  element.focus({ preventScroll: true });
  if (unknown() !== undefined) {
    for (const type of ["mousedown", "mouseup", "click"]) {
      element.dispatchEvent(new MouseEvent(type, { bubbles: true, composed: true, cancelable: true }));
    }
    await until(() => unknown() === undefined, limit);
  }
  const missing = unknown();
  if (missing !== undefined) return { unknown: missing, options: nativeOptions(element) };
  const wanted = options.map((text) => optionOf(element, text));
  for (const option of element.options) {
    if (element.multiple || wanted.includes(option)) option.selected = wanted.includes(option);
  }
  fire(element, "input", "change");
  return { chosen: selectedLabels(element).map((label) => clip(label, 100)) };
}

/**
 * What is chosen in a native select.
 *
 * @param {{ id: number }} argument
 * @returns {Gone | { chosen: string[] }}
 */
export function selected({ id }) {
  const element = findField(id);
  if (!(element instanceof HTMLSelectElement)) return { gone: true };
  return { chosen: selectedLabels(element).map((label) => clip(label, 100)) };
}

/**
 * The option of a select that can be chosen by a text, label or value.
 *
 * @param {HTMLSelectElement} select
 * @param {string} text
 * @returns {HTMLOptionElement | null}
 */
function optionOf(select, text) {
  const all = [...select.options].filter((option) => !matches(option, ":disabled") && isOffered(option));
  const exact = all.find((option) => option.value === text || option.text.trim() === text.trim());
  return exact ?? all.find((option) => isCalled(option, text)) ?? null;
}

/**
 * @param {HTMLOptionElement} option
 * @param {string} text
 * @returns {boolean}
 */
function isCalled(option, text) {
  return normalized(optionLabel(option)) === normalized(text) || normalized(option.value) === normalized(text);
}

/**
 * Whether something between an option and what is around its list has no size and shows nothing of its content, as
 * lists for screen readers do.
 *
 * @param {Element} option
 * @param {Element} around
 * @returns {boolean}
 */
function isInEmptyBox(option, around) {
  let node = option.parentElement;
  while (node && around.contains(node)) {
    if (isEmptyBox(node)) return true;
    node = node.parentElement;
  }
  return false;
}

/**
 * @param {Element} element
 * @returns {boolean}
 */
function isEmptyBox(element) {
  const { width, height } = element.getBoundingClientRect();
  return width <= 1 && height <= 1 && getComputedStyle(element).overflow !== "visible";
}

/**
 * What shows the options of a list that is there for screen readers alone: the nearest element around it that has some.
 *
 * @param {Element | null} list
 * @returns {AnyElement | null}
 */
function drawnAround(list) {
  if (!list || !hasBox(list) || !isEmptyBox(list)) return null;
  const body = page.body();
  let around = list.parentElement;
  for (let n = 0; n < 3 && around && around !== body; n++, around = around.parentElement) {
    if (optionsIn(around).length > 1) return around;
  }
  return null;
}

/**
 * The options in a list: those by their role; without roles, its entries, its controls, or what has a hand cursor.
 *
 * @param {Element} list
 * @returns {AnyElement[]}
 */
function optionsIn(list) {
  for (const selector of [OPTION, "li", CONTROL]) {
    const found = [...list.querySelectorAll(selector)].filter(
      (option) => hasBox(option) && !isInEmptyBox(option, list),
    );
    if (found.length) return found.slice(0, MAX_OPTIONS);
  }
  const leaves = [...list.querySelectorAll("*")].filter((element) => !element.firstElementChild);
  const pointed = leaves.filter((element) => getComputedStyle(element).cursor === "pointer");
  return pointed.filter(hasBox).slice(0, MAX_OPTIONS);
}

/**
 * The open list that belongs to an element: itself, one that it names, one in it, or one that has appeared.
 *
 * @param {AnyElement} element
 * @returns {AnyElement | null}
 */
function openListOf(element) {
  const holders = [
    element,
    element.closest("[role=combobox]"),
    ...element.querySelectorAll("[aria-controls],[aria-owns]"),
  ].filter((holder) => holder !== null);
  const linked = holders.flatMap((holder) => [
    ...referencedElements(holder, "aria-controls"),
    ...referencedElements(holder, "aria-owns"),
    ...referencedElements(holder, "aria-activedescendant").map((option) => option.closest(LIST)),
  ]);
  const known = [matches(element, LIST) ? element : null, ...linked, ...element.querySelectorAll(LIST)];
  const open = known.find((list) => list && hasBox(list) && optionsIn(list).length);
  if (open) return open;
  const drawn = linked.map(drawnAround).find((around) => around !== null);
  if (drawn) return drawn;
  const news = appeared();
  const list = [...news].find((one) => matches(one, LIST) && optionsIn(one).length);
  if (list) return list;
  if (!isWatching()) return null;
  return outermost([...news], (node) => news.has(node)).find((one) => optionsIn(one).length > 1) ?? null;
}

/**
 * @param {AnyElement} element
 * @returns {ListOption}
 */
function choiceOf(element) {
  const states = ["aria-selected", "aria-checked"].map((name) => attribute(element, name));
  const given = states.filter((state) => state !== null);
  return {
    id: idOf(element),
    text: clip(visibleText(element) || attribute(element, "aria-label"), 100),
    value: attribute(element, "data-value") ?? attribute(element, "value") ?? "",
    selected: given.length ? given.includes("true") : null,
    disabled: isTrue(element, "aria-disabled") || matches(element, ":disabled"),
  };
}

/**
 * @param {AnyElement} element
 * @returns {OpenList | null}
 */
function describeOpenList(element) {
  const list = openListOf(element);
  if (!list) return null;
  return {
    list: idOf(list),
    several:
      isTrue(list, "aria-multiselectable") ||
      list.querySelector("[role=menuitemcheckbox],[role=option][aria-checked]") !== null,
    options: optionsIn(list).map(choiceOf),
    expanded: isTrue(element, "aria-expanded"),
  };
}

/**
 * @param {OpenList | null} list
 * @returns {string}
 */
function textsOf(list) {
  return list?.options.map(({ text }) => text).join("\n") ?? "";
}

/** @type {string} */
let earlier = "";

/**
 * Remembers the options that are shown now, so that `options` can wait for others.
 *
 * @param {{ id: number }} argument
 * @returns {Gone | {}}
 */
export function rememberOptions({ id }) {
  const element = find(id);
  if (!element) return { gone: true };
  earlier = textsOf(describeOpenList(element));
  return {};
}

/**
 * The options of an element, once its list is open. With `news`, once they are others than those remembered, or as they
 * are when the time is over.
 *
 * @param {{ id: number, limit: number, news: boolean }} argument
 * @returns {Promise<Gone | { native: string[] } | { open: OpenList | null }>}
 */
export async function options({ id, limit, news }) {
  const element = findField(id);
  if (!element) return { gone: true };
  if (element instanceof HTMLSelectElement) return { native: nativeOptions(element).slice(0, MAX_OPTIONS) };
  if (element.list) {
    const proposals = [...element.list.options].map((option) => clip(option.label || option.value, 100));
    return { native: proposals.slice(0, MAX_OPTIONS) };
  }
  const open = await until(() => {
    const list = describeOpenList(element);
    return list && !(news && textsOf(list) === earlier) ? list : null;
  }, limit);
  return { open: open ?? describeOpenList(element) };
}

/**
 * @param {Element} element
 * @returns {boolean}
 */
function hasRoom(element) {
  const { overflowY } = getComputedStyle(element);
  return element.scrollHeight - element.clientHeight > 1 && /auto|scroll|overlay/.test(overflowY);
}

/**
 * Scrolls a list to its start, or on by most of its height, and lets it fill.
 *
 * @param {{ id: number, start: boolean }} argument
 * @returns {Promise<Gone | { moved: boolean }>}
 */
export async function scrollList({ id, start }) {
  const list = find(id);
  if (!list) return { gone: true };
  const body = page.body();
  let around = /** @type {AnyElement | null} */ (list);
  while (around && around !== body && !hasRoom(around)) around = parentElementOf(around);
  const box = around && around !== body ? around : [...list.querySelectorAll("*")].find(hasRoom);
  if (!box) return { moved: false };
  const before = box.scrollTop;
  box.scrollTo({ top: start ? 0 : before + box.clientHeight * 0.8, behavior: "instant" });
  if (box.scrollTop === before) return { moved: false };
  await domSettled({ quiet: 30, limit: 500 });
  return { moved: true };
}
