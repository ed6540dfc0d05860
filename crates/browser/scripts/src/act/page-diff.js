// What an action brought about: a look at everything before it, and another when the page has come to rest.

import { isCheckable, isSecret, isTrue, selectedLabels } from "../dom/controls.js";
import { byId, textOf } from "../dom/names.js";
import { attribute, isElement, isText, matches, page } from "../dom/native.js";
import { contains, focusedElement } from "../dom/registry.js";
import { clip } from "../dom/strings.js";
import { find, hasBox, isVisible, nameOf, parentElementOf, queryIn, roots, visibleText } from "./elements.js";
import { PressWatch } from "./presses.js";

/** @import { AnyElement, ChangedGroup, DocumentDiff, StateChange } from "../types" */

// What is reported as one thing, with what is in it.
const GROUP =
  "dialog,[role=dialog],[role=alertdialog],[role=menu],[role=listbox],[role=tree],[role=grid],[role=tooltip]," +
  "[role=alert],[role=status]";
const LIST_KINDS = new Set(["menu", "listbox", "tree", "grid"]);
export const CONTROL =
  "a[href],button,input:not([type=hidden]),select,textarea,summary,iframe,[role=button],[role=link],[role=option]," +
  "[role=menuitem],[role=menuitemradio],[role=menuitemcheckbox],[role=treeitem],[role=tab],[role=checkbox]," +
  "[role=radio],[role=switch],[role=combobox],[role=textbox],[contenteditable=true],[contenteditable='']";
const FIELD = "input:not([type=button],[type=submit],[type=reset],[type=image]),textarea,select,[role=combobox]";
const STATEFUL =
  "input,select,textarea,button,details,[contenteditable],[aria-expanded],[aria-checked],[aria-pressed]," +
  "[aria-selected],[aria-invalid],[aria-disabled],[aria-valuenow],[aria-valuetext]";

// Attributes whose changes are waited for.
export const WATCHED_ATTRIBUTES = [
  "class",
  "hidden",
  "disabled",
  "open",
  "aria-hidden",
  "aria-expanded",
  "aria-busy",
  "value",
  "src",
];

/**
 * Whether a change of the document is waited for: not one of styles, since animations never end.
 *
 * @param {MutationRecord} record
 * @returns {boolean}
 */
function isRelevant({ type, attributeName }) {
  return type !== "attributes" || WATCHED_ATTRIBUTES.includes(attributeName ?? "");
}

// Of more elements than this, it is not recorded whether they are visible; only what is added is reported then.
// Looking costs 2 ms per thousand.
const MAX_WATCHED = 20000;
const MAX_TOUCHED = 500;
const MAX_COMPARED = 200;
const MAX_TEXTS = 12;
const SHOWN = { groups: 3, items: 6, controls: 6, texts: 3, lostGroups: 2, lostControls: 3, states: 5 };

/**
 * Value and states of an element, as words that can be compared.
 *
 * @typedef {Record<string, string>} Condition
 */

/** The page before an action, and what has been touched since. */
class Snapshot {
  constructor() {
    /** Elements that were visible. @type {Set<Element>} */
    this.visible = new Set();
    /** Whether that is all of them. */
    this.isComplete = true;
    /** @type {Map<AnyElement, Condition>} */
    this.states = new Map();
    /** @type {Set<AnyElement>} */
    this.added = new Set();
    /** Elements with new text. @type {Set<AnyElement>} */
    this.touched = new Set();
    this.hasMutations = false;
    /** When the page last changed in a way that is waited for, on the clock of `performance.now`; 0 for never. */
    this.changedAt = 0;
    this.presses = pressCount();
    this.keys = keyCount();
    this.press = new PressWatch();
    this.focus = focusedElement();
    this.title = page.title();
    this.scrollX = scrollX;
    this.scrollY = scrollY;
    this.observer = new MutationObserver((records) => this.note(records));
    for (const root of roots()) this.watch(root);
  }

  /**
   * @param {Document | ShadowRoot} root
   * @returns {void}
   */
  watch(root) {
    this.observer.observe(root, { subtree: true, childList: true, characterData: true, attributes: true });
    const elements = queryIn(root, "*");
    this.isComplete &&= this.visible.size + elements.length <= MAX_WATCHED;
    if (this.isComplete) addVisible(elements, this.visible);
    for (const element of queryIn(root, STATEFUL)) this.states.set(element, conditionOf(element));
  }

  /**
   * @param {MutationRecord[]} records
   * @returns {void}
   */
  note(records) {
    this.hasMutations ||= records.length > 0;
    if (records.some(isRelevant)) this.changedAt = performance.now();
    for (const { type, target, addedNodes } of records) {
      if (this.touched.size + this.added.size > MAX_TOUCHED) return;
      if (type === "characterData" && target.parentElement) this.touched.add(target.parentElement);
      for (const node of addedNodes) {
        if (isElement(node)) this.added.add(node);
        else if (isText(node) && isElement(target) && node.data.trim()) this.touched.add(target);
      }
    }
  }

  /**
   * What is visible now, of everything or of what was added.
   *
   * @returns {Set<AnyElement>}
   */
  visibleNow() {
    this.note(this.observer.takeRecords());
    /** @type {Set<AnyElement>} */
    const out = new Set();
    if (this.isComplete) {
      for (const root of roots()) addVisible(queryIn(root, "*"), out);
    } else {
      for (const added of this.added) {
        if (added.isConnected) addVisible([added, ...added.querySelectorAll("*")], out);
      }
    }
    return out;
  }
}

/**
 * @param {string[]} types
 * @returns {number} how many events of these types the document has seen, whoever stopped them
 */
function countOf(types) {
  return types.reduce((count, type) => count + (performance.eventCounts.get(type) ?? 0), 0);
}

/**
 * @returns {number}
 */
function pressCount() {
  return countOf(["pointerdown", "mousedown", "pointerup", "mouseup", "click", "auxclick"]);
}

/**
 * What has the focus in an embedded viewer is not seen here.
 *
 * @returns {number}
 */
function keyCount() {
  const focus = focusedElement()?.localName ?? "";
  return ["embed", "object"].includes(focus) ? Number.POSITIVE_INFINITY : countOf(["keydown", "keyup", "keypress"]);
}

/** @type {Snapshot | null} */
let snapshot = null;

/**
 * @param {Iterable<AnyElement>} elements
 * @param {Set<AnyElement>} into
 * @returns {void}
 */
function addVisible(elements, into) {
  for (const element of elements) if (isVisible(element)) into.add(element);
}

/**
 * @param {Set<AnyElement>} set
 * @param {Set<AnyElement>} other
 * @returns {Set<AnyElement>}
 */
function without(set, other) {
  return new Set([...set].filter((element) => !other.has(element)));
}

/**
 * @param {AnyElement} element
 * @returns {Condition}
 */
function conditionOf(element) {
  /** @type {Condition} */
  const out = {};
  const tag = element.localName;
  if (tag === "input" || tag === "textarea") {
    if (isCheckable(element)) out.checked = String(element.checked);
    else if (isSecret(element)) out.filled = String(element.value !== "");
    else if (element.type !== "hidden") out.value = clip(element.value, 100);
  } else if (tag === "select") {
    out.value = clip(selectedLabels(element).join(", "), 100);
  } else if (tag === "details") {
    out.expanded = String(element.open);
  } else if (element.isContentEditable && attribute(element, "contenteditable") !== null) {
    out.value = clip(element.textContent, 100);
  }
  for (const name of ["checked", "pressed", "selected", "expanded"]) {
    const value = attribute(element, `aria-${name}`);
    if (value !== null && out[name] === undefined) out[name] = value;
  }
  const shownValue = attribute(element, "aria-valuetext") ?? attribute(element, "aria-valuenow");
  if (shownValue !== null && out.value === undefined) out.value = clip(shownValue, 100);
  if (matches(element, ":disabled") || isTrue(element, "aria-disabled")) out.disabled = "true";
  if ((attribute(element, "aria-invalid") ?? "false") !== "false" || matches(element, ":user-invalid")) {
    out.invalid = clip(element.validationMessage || "true", 100);
  }
  return out;
}

/**
 * Takes a snapshot of the page, to which `pageDiff` compares.
 *
 * @returns {{}}
 */
export function startPageDiff() {
  snapshot?.observer.disconnect();
  snapshot?.press.end.abort();
  snapshot = new Snapshot();
  return {};
}

/**
 * When the page last changed since the snapshot was taken, on the clock of `performance.now`; 0 for never.
 *
 * @returns {number}
 */
export function lastChange() {
  return snapshot?.changedAt ?? 0;
}

/**
 * @returns {boolean}
 */
export function isWatching() {
  return snapshot !== null;
}

/**
 * Visible elements that were not visible when the snapshot was taken.
 *
 * @returns {Set<AnyElement>}
 */
export function appeared() {
  return snapshot ? without(snapshot.visibleNow(), snapshot.visible) : new Set();
}

/**
 * The elements with none above them that `isInside` is true for.
 *
 * @param {AnyElement[]} elements
 * @param {(ancestor: AnyElement) => boolean} isInside
 * @returns {AnyElement[]}
 */
export function outermost(elements, isInside) {
  return elements.filter((element) => {
    for (let node = parentElementOf(element); node; node = parentElementOf(node)) if (isInside(node)) return false;
    return true;
  });
}

/**
 * The outermost elements of a set that match a selector, leaving some out.
 *
 * @param {Set<AnyElement>} elements
 * @param {string} selector
 * @param {(element: AnyElement) => boolean} [isLeftOut]
 * @returns {AnyElement[]}
 */
function outermostMatches(elements, selector, isLeftOut = () => false) {
  const found = [...elements].filter((element) => matches(element, selector) && !isLeftOut(element));
  return outermost(found, (node) => elements.has(node) && matches(node, selector));
}

/**
 * @param {Element} element
 * @returns {string}
 */
function groupKind(element) {
  return attribute(element, "role")?.trim().split(/\s+/)[0] || "dialog";
}

/**
 * @param {Element} element
 * @returns {string}
 */
function groupTitle(element) {
  const label = attribute(element, "aria-label");
  const ids = attribute(element, "aria-labelledby")?.split(/\s+/) ?? [];
  return clip(label || ids.map((id) => byId(element, id)?.textContent ?? "").join(" "), 60);
}

/**
 * @param {AnyElement} element
 * @returns {ChangedGroup}
 */
function describeGroup(element) {
  const kind = groupKind(element);
  const items = [...element.querySelectorAll(CONTROL)].filter(hasBox);
  const outer = items.filter((item) => {
    const around = item.parentElement?.closest(CONTROL);
    return !around || !element.contains(around);
  });
  return {
    kind,
    name: groupTitle(element),
    // What a slot shows is no text of the elements around it.
    text: LIST_KINDS.has(kind) ? "" : clip(visibleText(element).trim() || textOf(element), 160),
    items: namesOf(outer.slice(0, SHOWN.items)),
    total: outer.length,
  };
}

/**
 * Whether there is anything in a group to report: pages keep empty alerts at hand.
 *
 * @param {ChangedGroup} group
 * @returns {boolean}
 */
function saysSomething({ kind, name, text, total }) {
  return (kind !== "alert" && kind !== "status") || name !== "" || text !== "" || total !== 0;
}

/**
 * @param {AnyElement[]} elements
 * @returns {string[]}
 */
function namesOf(elements) {
  return elements.map(nameOf).filter(Boolean);
}

/**
 * Takes out of two lists what is in both: what was drawn anew as it was is no news.
 *
 * @param {string[]} came
 * @param {string[]} went
 * @returns {void}
 */
function cancelOut(came, went) {
  for (const name of [...came]) {
    const at = went.indexOf(name);
    if (at < 0) continue;
    went.splice(at, 1);
    came.splice(came.indexOf(name), 1);
  }
}

/**
 * New texts, apart from controls and groups.
 *
 * @param {Snapshot} before
 * @param {Set<AnyElement>} news
 * @param {(element: AnyElement) => boolean} isLeftOut
 * @param {string[]} names of controls that are reported
 * @returns {string[]}
 */
function newTexts(before, news, isLeftOut, names) {
  /** @type {string[]} */
  const texts = [];
  for (const element of [...outermost([...news], (node) => news.has(node)), ...before.touched]) {
    if (!element.isConnected || isLeftOut(element) || !isVisible(element)) continue;
    if (matches(element, "script,style,title,option")) continue;
    if (news.has(element) && (matches(element, CONTROL) || element.querySelector(CONTROL))) continue;
    const text = clip(visibleText(element), 100);
    if (text && texts.length < MAX_TEXTS && !texts.includes(text) && !names.includes(text)) texts.push(text);
  }
  return texts;
}

/**
 * States that changed, those of the element that was acted on first.
 *
 * @param {Snapshot} before
 * @param {AnyElement | null} acted
 * @returns {{ states: StateChange[], unmoved: boolean }} `unmoved`: the element can be checked and is as it was
 */
function stateChanges(before, acted) {
  /** @type {StateChange[]} */
  const states = [];
  let unmoved = false;
  for (const [element, was] of before.states) {
    if (!element.isConnected) continue;
    // A label stands for its control, and a summary for what it opens.
    const isSummaryOf = matches(element, "details") && element === acted?.parentElement;
    const target = element === acted || element === acted?.control || isSummaryOf;
    const now = conditionOf(element);
    if (target && now.checked !== undefined && now.checked === was.checked) unmoved = true;
    for (const key of new Set([...Object.keys(was), ...Object.keys(now)])) {
      if (was[key] === now[key]) continue;
      const isOff = now[key] === "false" || now[key] === undefined;
      // That another one of a kind is no longer chosen follows from what is chosen now.
      const isTelling = key === "disabled" || (key === "checked" && element.type === "checkbox");
      if (isOff && !target && !isTelling) continue;
      if (!target && !isVisible(element)) continue;
      states.push({ target, name: nameOf(element), key, value: now[key] ?? "false" });
    }
  }
  states.sort((a, b) => Number(b.target) - Number(a.target));
  return { states, unmoved };
}

/**
 * The element that the focus moved to, unless the action itself says so.
 *
 * @param {Snapshot} before
 * @param {AnyElement | null} acted
 * @returns {string}
 */
function newFocus(before, acted) {
  const focus = focusedElement();
  // What has the focus in a frame is reported by the frame.
  if (!focus || focus.localName === "iframe" || focus === before.focus || focus === acted) return "";
  if (acted && contains(acted, focus)) return "";
  return nameOf(focus) || `<${focus.localName}>`;
}

/**
 * Whether the focus has moved to a field, the effect that a press on one has.
 *
 * @param {Snapshot} before
 * @returns {boolean}
 */
function hasNewField(before) {
  const focus = focusedElement();
  return focus !== null && focus !== before.focus && (focus.isContentEditable || matches(focus, FIELD));
}

/**
 * What has changed since the snapshot was taken.
 *
 * @param {{ id: number | null }} argument the element that was acted on
 * @returns {DocumentDiff}
 */
export function pageDiff({ id }) {
  if (!snapshot) return { fresh: true, title: clip(page.title(), 120) };
  const before = snapshot;
  const visible = before.visibleNow();
  const acted = id === null ? null : find(id);
  const news = without(visible, before.visible);
  /** @type {Set<AnyElement>} */
  const lost = before.isComplete ? without(before.visible, visible) : new Set();

  const groups = outermostMatches(news, GROUP);
  /**
   * @param {AnyElement} element
   * @returns {boolean}
   */
  const isInGroup = (element) => groups.some((group) => group === element || contains(group, element));
  const controls = outermostMatches(news, CONTROL, isInGroup);
  const lostGroups = outermostMatches(lost, GROUP);
  const lostControls = outermostMatches(lost, CONTROL, (element) =>
    lostGroups.some((group) => group.contains(element)),
  );
  const came = namesOf(controls.slice(0, MAX_COMPARED));
  const went = namesOf(lostControls.slice(0, MAX_COMPARED));
  cancelOut(came, went);
  const texts = newTexts(before, news, (element) => isInGroup(element) || element === acted, came);
  const { states, unmoved } = stateChanges(before, acted);
  const title = page.title();
  const hasScrolled = scrollX !== before.scrollX || scrollY !== before.scrollY;
  return {
    fresh: false,
    title: title === before.title ? "" : clip(title, 120),
    groups: groups.map(describeGroup).filter(saysSomething).slice(0, SHOWN.groups),
    controls: came.slice(0, SHOWN.controls),
    more_controls: beyond(came.length, SHOWN.controls) + beyond(controls.length, MAX_COMPARED),
    texts: texts.slice(0, SHOWN.texts),
    more_texts: beyond(texts.length, SHOWN.texts),
    gone_groups: lostGroups
      .slice(0, SHOWN.lostGroups)
      .map((element) => ({ kind: groupKind(element), name: groupTitle(element) })),
    gone: went.slice(0, SHOWN.lostControls),
    more_gone: beyond(went.length, SHOWN.lostControls) + beyond(lostControls.length, MAX_COMPARED),
    states: states.slice(0, SHOWN.states),
    unmoved,
    ...before.press.miss(acted),
    scrolled_part: before.press.hasScrolled,
    focus: newFocus(before, acted),
    saw_press: pressCount() !== before.presses,
    saw_key: keyCount() === Number.POSITIVE_INFINITY || keyCount() !== before.keys,
    moved: before.hasMutations || news.size > 0 || lost.size > 0 || hasScrolled || before.press.hasScrolled,
    focused: hasNewField(before),
    scrolled: hasScrolled,
  };
}

/**
 * @param {number} count
 * @param {number} limit
 * @returns {number} how many more there are than the limit
 */
function beyond(count, limit) {
  return Math.max(0, count - limit);
}
