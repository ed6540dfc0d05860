// Type, value and states of a control, as one flat record.

import { isCheckable, isEditor, isOffered, isSecret, isTrue, optionLabel, selectedLabels } from "../dom/controls.js";
import { referencedText } from "../dom/names.js";
import { bounded, phrase } from "../dom/strings.js";
import { statedBy } from "../internals.js";

/** @import { AnyElement, ControlState } from "../types" */

const MAX_VALUE = 1000;
const MAX_OPTIONS = 60;
/** Options of a select that are asked whether its list shows them. */
const MAX_ASKED = 500;

/** @type {Record<string, string>} */
const FORMATS = {
  date: "YYYY-MM-DD",
  time: "HH:MM",
  "datetime-local": "YYYY-MM-DDTHH:MM",
  month: "YYYY-MM",
  week: "YYYY-Www",
  color: "#rrggbb",
};

/**
 * Sets type, value and states of a control.
 *
 * @param {AnyElement} element
 * @param {string} tag
 * @param {string} role
 * @param {ControlState} out
 * @returns {void}
 */
export function describe(element, tag, role, out) {
  setStates(element, tag, role, out);
  if (tag === "input") describeInput(element, out);
  else if (tag === "textarea") describeField(element, out);
  else if (tag === "select") describeSelect(element, out);
  else if (tag === "a" || tag === "area") describeLink(element, out);
  else if (tag === "summary") out.expanded = /** @type {AnyElement | null} */ (element.parentElement)?.open === true;
  else if (tag === "video" || tag === "audio") describeMedia(element, out);
  else if (isEditor(element)) describeEditor(element, out);
}

/**
 * Sets the states and properties that deviate from the ordinary.
 *
 * @param {AnyElement} element
 * @param {string} tag
 * @param {string} role
 * @param {ControlState} out
 * @returns {void}
 */
export function setStates(element, tag, role, out) {
  if (element.hasAttributes() || tag.includes("-")) setAttributeStates(element, tag, role, out);
  if (tag.includes("-")) setOwnStates(element, out);
  const canBeDisabled = tag === "button" || tag === "input" || tag === "select" || tag === "textarea";
  if (element.disabled === true || (canBeDisabled && element.matches(":disabled"))) out.disabled = true;
}

/**
 * Sets the states that a custom element has for styles alone.
 *
 * @param {AnyElement} element
 * @param {ControlState} out
 * @returns {void}
 */
function setOwnStates(element, out) {
  if (element.matches(":disabled,:state(disabled)")) out.disabled = true;
  if (element.matches(":state(checked)")) out.checked ??= "true";
  if (element.matches(":state(indeterminate)")) out.checked ??= "mixed";
  if (element.matches(":state(selected)")) out.selected ??= true;
  if (element.matches(":state(expanded),:state(open)")) out.expanded ??= true;
}

/**
 * @param {AnyElement} element
 * @param {string} tag
 * @param {string} role
 * @param {ControlState} out
 * @returns {void}
 */
function setAttributeStates(element, tag, role, out) {
  /**
   * @param {string} name
   * @returns {string | undefined}
   */
  const aria = (name) => {
    const value = statedBy(element, `aria-${name}`);
    return value === null || value === "" ? undefined : bounded(value, 60);
  };
  const isToggle = role === "switch" || role === "checkbox" || role === "radio";
  const checked = aria("checked") ?? (isToggle ? undefined : aria("pressed"));
  if (checked !== undefined) out.checked = checked;
  const selected = aria("selected");
  if (selected !== undefined && (selected === "true" || role === "tab" || role === "option")) {
    out.selected = selected === "true";
  }
  const expanded = aria("expanded");
  if (expanded !== undefined) out.expanded = expanded === "true";
  const current = aria("current");
  if (current && current !== "false") out.current = current;
  const popup = aria("haspopup");
  if (popup && popup !== "false") out.popup = popup;
  if (aria("required") === "true") out.required = true;
  if (aria("readonly") === "true") out.readonly = true;
  if (aria("disabled") === "true") out.disabled = true;
  const invalid = aria("invalid");
  if (invalid && invalid !== "false") out.invalid = referencedText(element, "aria-errormessage") || "true";
  if (aria("busy") === "true") out.busy = true;
  const sort = aria("sort");
  if (sort && sort !== "none") out.sort = sort;
  if (role === "slider" || role === "spinbutton" || role === "scrollbar" || role === "progressbar") {
    const value = aria("valuetext") ?? aria("valuenow");
    if (value !== undefined) out.value = phrase(value);
    if (aria("valuemin")) out.min = phrase(aria("valuemin"), 20);
    if (aria("valuemax")) out.max = phrase(aria("valuemax"), 20);
  }
  // The date of a day in a calendar.
  const date =
    element.getAttribute("data-date") ?? element.getAttribute("data-day") ?? element.getAttribute("datetime");
  if (date) out.date = phrase(date, 30);
  if (isTrue(element, "draggable") && tag !== "a") out.draggable = true;
}

/**
 * @param {AnyElement} element
 * @returns {string} "true" where the browser has no message
 */
function problemOf(element) {
  return phrase(element.validationMessage, 120) || "true";
}

/**
 * @param {AnyElement} element
 * @param {ControlState} out
 * @returns {void}
 */
function describeField(element, out) {
  if (element.required) out.required = true;
  if (element.readOnly) out.readonly = true;
  if (!out.invalid && element.matches(":user-invalid")) out.invalid = problemOf(element);
  const placeholder = phrase(element.placeholder, 120);
  if (placeholder) out.placeholder = placeholder;
  if (isSecret(element)) {
    // Whether there is something in it, never what or how much.
    if (element.value !== "") out.filled = true;
    return;
  }
  out.value = bounded(String(element.value ?? ""), MAX_VALUE);
  const { maxLength } = element;
  if (maxLength !== undefined && maxLength > 0 && maxLength < 10000) out.maxlength = maxLength;
}

/**
 * @param {AnyElement} element
 * @param {ControlState} out
 * @returns {void}
 */
function describeInput(element, out) {
  const type = element.type ?? "";
  out.type = type;
  if (isCheckable(element)) {
    out.checked = element.indeterminate ? "mixed" : String(element.checked);
    if (element.required) out.required = true;
    if (element.matches(":user-invalid")) out.invalid = problemOf(element);
    return;
  }
  if (type === "button" || type === "submit" || type === "reset" || type === "image") return;
  if (type === "file") {
    if (element.multiple) out.multiple = true;
    if (element.accept) out.accept = phrase(element.accept, 80);
    const names = Array.from(element.files ?? [], (file) => file.name);
    out.value = names.slice(0, 10).join(", ");
    if (element.required) out.required = true;
    return;
  }
  describeField(element, out);
  if (FORMATS[type]) out.format = FORMATS[type];
  if (element.min) out.min = phrase(String(element.min), 30);
  if (element.max) out.max = phrase(String(element.max), 30);
  if (element.step && element.step !== "any") out.step = phrase(element.step, 20);
  if (type === "range") {
    out.min ??= "0";
    out.max ??= "100";
  }
  if (element.pattern) out.pattern = phrase(element.pattern, 60);
  if (element.list) {
    const options = Array.from(element.list.options);
    out.options = options.slice(0, 20).map((option) => phrase(option.value || option.label, 60));
    out.total = options.length;
  }
}

/**
 * @param {AnyElement} element
 * @param {ControlState} out
 * @returns {void}
 */
function describeSelect(element, out) {
  const offered = Array.from(element.options ?? []).filter((option, n) => n >= MAX_ASKED || isOffered(option));
  out.options = offered
    .slice(0, MAX_OPTIONS)
    .map((option) => phrase(optionLabel(option), 80) || phrase(option.value, 80));
  out.total = offered.length;
  const selected = selectedLabels(element).slice(0, 20);
  out.value = bounded(selected.map((label) => phrase(label, 80)).join(", "), 300);
  if (element.multiple) out.multiple = true;
  if (element.required) out.required = true;
  if (element.matches(":user-invalid")) out.invalid = problemOf(element);
}

/**
 * @param {AnyElement} element
 * @param {ControlState} out
 * @returns {void}
 */
function describeLink(element, out) {
  const href = typeof element.href === "object" ? element.href.baseVal : element.href;
  out.href = bounded(String(href ?? ""), 500);
  if (element.target === "_blank") out.newtab = true;
  if (element.hasAttribute("download")) out.download = true;
}

/**
 * @param {AnyElement} element
 * @param {ControlState} out
 * @returns {void}
 */
function describeMedia(element, out) {
  const state = element.paused ? "paused" : "playing";
  out.value = `${state} ${mediaTime(element.currentTime)}/${mediaTime(element.duration)}`;
  if (element.muted) out.muted = true;
}

/**
 * @param {number | undefined} seconds
 * @returns {string}
 */
function mediaTime(seconds) {
  if (seconds === undefined || !Number.isFinite(seconds)) return "live";
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
}

/**
 * @param {AnyElement} element
 * @param {ControlState} out
 * @returns {void}
 */
function describeEditor(element, out) {
  out.editable = true;
  out.value = bounded(element.innerText ?? "", MAX_VALUE).replace(/\n$/, "");
  const placeholder = element.getAttribute("aria-placeholder") ?? element.getAttribute("data-placeholder");
  const words = phrase(placeholder, 120);
  if (words) out.placeholder = words;
}
