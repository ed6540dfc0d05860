// Options of selects, listboxes and menus, and of what merely looks like them.

import { isTrue, optionLabel } from "../dom/controls.js";
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
 * The options of a native select, as they are shown.
 *
 * @param {HTMLSelectElement} select
 * @returns {string[]}
 */
export function nativeOptions(select) {
  return [...select.options].map((option) => clip(optionLabel(option), 100));
}

/**
 * Chooses options of a native select by text, label or value.
 *
 * @param {{ id: number, options: string[] }} argument
 * @returns {Gone | { unfit: true } | { disabled: true } | { single: true } | { unknown: string, options: string[] } |
 *   { chosen: string[] }}
 */
export function selectOptions({ id, options }) {
  const element = find(id);
  if (!element) return { gone: true };
  if (!(element instanceof HTMLSelectElement)) return { unfit: true };
  if (element.matches(":disabled")) return { disabled: true };
  if (options.length > 1 && !element.multiple) return { single: true };
  const all = [...element.options];
  const wanted = [];
  for (const text of options) {
    const exact = all.find((option) => option.value === text || option.text.trim() === text.trim());
    const found = exact ?? all.find((option) => isCalled(option, text));
    if (!found || found.disabled) return { unknown: text, options: nativeOptions(element) };
    wanted.push(found);
  }
  element.focus({ preventScroll: true });
  for (const option of all) {
    if (element.multiple || wanted.includes(option)) option.selected = wanted.includes(option);
  }
  fire(element, "input", "change");
  return { chosen: [...element.selectedOptions].map((option) => clip(optionLabel(option), 100)) };
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
 * The options in a list: those by their role; without roles, its entries, its controls, or what has a hand cursor.
 *
 * @param {Element} list
 * @returns {AnyElement[]}
 */
function optionsIn(list) {
  for (const selector of [OPTION, "li", CONTROL]) {
    const found = [...list.querySelectorAll(selector)];
    if (found.length) return found.filter(hasBox).slice(0, MAX_OPTIONS);
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
 * The options of an element, once its list is open.
 *
 * @param {{ id: number, limit: number }} argument
 * @returns {Promise<Gone | { native: string[] } | { open: OpenList | null }>}
 */
export async function options({ id, limit }) {
  const element = find(id);
  if (!element) return { gone: true };
  if (element instanceof HTMLSelectElement) return { native: nativeOptions(element).slice(0, MAX_OPTIONS) };
  if (element.list) {
    const proposals = [...element.list.options].map((option) => clip(option.label || option.value, 100));
    return { native: proposals.slice(0, MAX_OPTIONS) };
  }
  return { open: await until(() => describeOpenList(element), limit) };
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
