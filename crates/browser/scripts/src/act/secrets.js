// Typing secrets, only into fields that were judged fit for them.

import { keepSecret } from "../dom/controls.js";
import { actionOf, attribute, matches } from "../dom/native.js";
import { find, parentElementOf, queryEverywhere } from "./elements.js";
import { focusField, isFocused, setField } from "./fields.js";
import { kindOf } from "./pointer.js";

/** @import { AnyElement, Gone, SecretField } from "../types" */

const SUBMITTERS = "button,input[type=submit],input[type=image]";
const TEXT_TYPES = new Set("text email password tel url number search date time datetime-local month week".split(" "));

/**
 * What is no URL has no origin that is known: an opaque one.
 *
 * @param {string} url
 * @returns {string}
 */
function originOf(url) {
  return URL.canParse(url) ? new URL(url).origin : "null";
}

/**
 * @param {HTMLFormElement} form
 * @returns {AnyElement[]}
 */
function submittersOf(form) {
  return queryEverywhere(SUBMITTERS).filter((element) => element.form === form);
}

/**
 * The origins to which a form sends its fields, apart from the document's own URL and scripts. All of them: one that is
 * left out is not judged.
 *
 * @param {HTMLFormElement} form
 * @returns {string[]}
 */
function targetsOf(form) {
  /** @type {Set<string>} */
  const targets = new Set();
  /**
   * @param {string | null} written
   * @param {string} url
   * @returns {void}
   */
  const add = (written, url) => {
    // What scripts call blank, such as a no-break space, is a URL to a form.
    if (/[^\t\n\f\r ]/.test(written ?? "") && !/^javascript:/i.test(url)) targets.add(originOf(url));
  };
  add(attribute(form, "action"), actionOf(form));
  for (const submitter of submittersOf(form)) add(attribute(submitter, "formaction"), submitter.formAction ?? "");
  return [...targets].sort();
}

/**
 * Whether a form may send its fields in a URL.
 *
 * @param {HTMLFormElement} form
 * @returns {boolean}
 */
function sendsInUrl(form) {
  /**
   * @param {Element} element
   * @param {string} name
   * @returns {boolean}
   */
  const isGet = (element, name) => attribute(element, name)?.trim().toLowerCase() === "get";
  return isGet(form, "method") || submittersOf(form).some((submitter) => isGet(submitter, "formmethod"));
}

/**
 * @param {Element} element
 * @returns {boolean}
 */
function isSearch(element) {
  return matches(element, "search,[role=search],[role=searchbox],input[type=search]");
}

/**
 * @param {AnyElement} element
 * @returns {SecretField}
 */
function describeSecretField(element) {
  const isText =
    (element instanceof HTMLInputElement && TEXT_TYPES.has(element.type)) || element instanceof HTMLTextAreaElement;
  const form = isText ? element.form : null;
  let search = form !== null && isSearch(form);
  for (let node = /** @type {AnyElement | null} */ (element); node && !search; node = parentElementOf(node)) {
    search = isSearch(node);
  }
  return {
    gone: false,
    origin: globalThis.origin,
    field: isText,
    disabled: isText && (matches(element, ":disabled") || element.readOnly),
    search,
    url: form !== null && sendsInUrl(form),
    targets: form === null ? [] : targetsOf(form),
  };
}

/**
 * What a field is part of.
 *
 * @param {{ id: number }} argument
 * @returns {Gone | SecretField}
 */
export function secretField({ id }) {
  const element = find(id);
  return element ? describeSecretField(element) : { gone: true };
}

/**
 * Types a secret, if the field is still what was judged.
 *
 * @param {{ id: number, clear: boolean, text: string, judged: SecretField }} argument
 * @returns {Gone | { changed: true } | { unfocused: true } | { holds: boolean }}
 */
export function typeSecret({ id, clear, text, judged }) {
  if ("gone" in focusField({ id, clear })) return { gone: true };
  const element = find(id);
  if (!element) return { gone: true };
  // From here to the typing, nothing of the page runs.
  if (JSON.stringify(describeSecretField(element)) !== JSON.stringify(judged)) return { changed: true };
  if (!isFocused(element)) return { unfocused: true };
  // It is not shown, whatever the page makes of it in the field.
  keepSecret(element);
  if (kindOf(element) === "set") setField({ id, value: text });
  else document.execCommand("insertText", false, text);
  const value = String(element.value);
  return { holds: clear ? value === text : value.endsWith(text) };
}
