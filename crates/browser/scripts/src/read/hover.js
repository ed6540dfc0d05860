// What the pointer reveals: styles that show something while its row is pointed at.

import { identify } from "../dom/content.js";
import { COUNTED_CONTROL, explicitRole } from "../dom/controls.js";
import { checkVisibility, clientRectsOf, localNameOf, page } from "../dom/native.js";
import { phrase } from "../dom/strings.js";

/** @import { AnyElement } from "../types" */

/** Rules read of one page. */
const MAX_RULES = 20000;
/** Elements looked at for one rule, and for all. */
const MAX_TARGETS = 100;
const MAX_REVEALED = 400;
/** Names that are shown of what one element reveals. */
const MAX_NAMES = 4;
/** `:hover` as a pseudo-class, not as part of an escaped class name. */
const HOVER = /(?<!\\):hover\b/;

/**
 * What `:hover` shows: what is revealed, and what has to be pointed at where the selector says so.
 *
 * @typedef {{ revealed: string, pointed: string }} HoverRule
 */

/** What was found in a style sheet while it had so many rules. @type {WeakMap<CSSStyleSheet, { count: number, found: HoverRule[] }>} */
const known = new WeakMap();

/**
 * @param {CSSStyleDeclaration} style
 * @returns {boolean}
 */
function shows({ display, visibility }) {
  return (display !== "" && display !== "none") || visibility === "visible";
}

/**
 * @param {CSSRuleList} rules
 * @param {HoverRule[]} found
 * @returns {void}
 */
function search(rules, found) {
  for (const rule of rules) {
    if (rule instanceof CSSStyleRule && HOVER.test(rule.selectorText) && shows(rule.style)) {
      for (const selector of rule.selectorText.split(/,(?![^(]*\))/)) {
        if (!HOVER.test(selector)) continue;
        const [before] = selector.split(HOVER, 1);
        found.push({ revealed: selector.replaceAll(new RegExp(HOVER, "g"), ""), pointed: before.trim() });
      }
    } else if (rule instanceof CSSGroupingRule) {
      search(rule.cssRules, found);
    }
  }
}

/**
 * @returns {HoverRule[]}
 */
function hoverRules() {
  /** @type {HoverRule[]} */
  const out = [];
  let count = 0;
  for (const sheet of [...page.styleSheets(), ...page.adoptedStyleSheets()]) {
    let rules;
    try {
      rules = sheet.cssRules;
    } catch {
      // A style sheet of another origin cannot be read.
      continue;
    }
    count += rules.length;
    if (sheet.disabled || count > MAX_RULES) continue;
    let entry = known.get(sheet);
    if (entry === undefined || entry.count !== rules.length) {
      entry = { count: rules.length, found: [] };
      search(rules, entry.found);
      known.set(sheet, entry);
    }
    out.push(...entry.found);
  }
  return out;
}

/**
 * @param {Element} element
 * @returns {boolean}
 */
function isHidden(element) {
  return !checkVisibility(element, { visibilityProperty: true });
}

/**
 * The nearest element around something hidden that can be pointed at, preferably the one that the rule names.
 *
 * @param {AnyElement} target
 * @param {string} pointed
 * @returns {AnyElement | null}
 */
function pointedAt(target, pointed) {
  let named = null;
  try {
    named = pointed === "" ? null : /** @type {AnyElement | null} */ (target.parentElement?.closest(pointed) ?? null);
  } catch {
    // The part before `:hover` may end in the middle of a pseudo-class.
  }
  let node = named ?? target.parentElement;
  while (node !== null && (clientRectsOf(node).length === 0 || isHidden(node))) node = node.parentElement;
  return node === page.body() || node === page.documentElement() ? null : node;
}

/**
 * @param {AnyElement} control
 * @returns {string}
 */
function labelOf(control) {
  const { name } = identify(control, localNameOf(control), explicitRole(control));
  return phrase(name || control.textContent, 30);
}

/**
 * The elements that reveal controls when the pointer is over them, with the names of these.
 *
 * @returns {Map<Element, string>}
 */
export function revealers() {
  /** @type {Map<Element, Set<string>>} */
  const out = new Map();
  let left = MAX_REVEALED;
  for (const { revealed, pointed } of hoverRules()) {
    /** @type {NodeListOf<AnyElement>} */
    let targets;
    try {
      targets = page.querySelectorAll(revealed);
    } catch {
      // Not a selector without its `:hover`.
      continue;
    }
    for (let n = 0; n < targets.length && n < MAX_TARGETS && left > 0; n++) {
      const target = targets[n];
      if (!isHidden(target)) continue;
      const controls = target.matches(COUNTED_CONTROL) ? [target] : [...target.querySelectorAll(COUNTED_CONTROL)];
      const holder = controls.length > 0 ? pointedAt(target, pointed) : null;
      if (holder === null) continue;
      left--;
      const names = out.get(holder) ?? new Set();
      for (const control of controls.slice(0, MAX_NAMES)) names.add(labelOf(control));
      out.set(holder, names);
    }
  }
  const words = (/** @type {Set<string>} */ names) => [...names].filter(Boolean).slice(0, MAX_NAMES).join(", ");
  return new Map([...out].map(([holder, names]) => [holder, words(names) || "controls"]));
}
