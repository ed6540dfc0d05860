// Signs of a page that keeps people out which only its markup has: scripts of challenge pages, and alerts of forms.

import { textOf } from "../dom/names.js";
import { attribute, checkVisibility, matches, page, previousElementOf, queryAll } from "../dom/native.js";

/** @import { BlockSigns } from "../types" */

/**
 * Challenge scripts. The challenge page itself loads them, the pages that are protected by it do not.
 *
 * @type {[name: string, pattern: RegExp][]}
 */
const CHALLENGES = [
  ["cloudflare", /\/cdn-cgi\/challenge-platform\/.*\borchestrate\//],
  ["datadome", /^https:\/\/(?:ct|geo)\.captcha-delivery\.com\//],
  ["perimeterx", /^https:\/\/captcha\.(?:px-cdn|px-cloud|perimeterx)\.net\//],
  ["awswaf", /\.(?:captcha-sdk|captcha)\.awswaf\.com\/|\.awswaf\.com\/.*\/captcha\.js/],
  ["ddosguard", /\/\.well-known\/ddos-guard\/|^https:\/\/check\.ddos-guard\.net\//],
];
const MAX_SCRIPTS = 200;
const MAX_FORMS = 20;
const MAX_COMPLAINTS = 3;

/**
 * @returns {string[]}
 */
function challenges() {
  const found = new Set();
  const scripts = page.getElementsByTagName("script");
  for (let i = 0; i < scripts.length && i < MAX_SCRIPTS; i++) {
    const source = attribute(scripts[i], "src");
    if (!source || source.length > 2000) continue;
    for (const [name, pattern] of CHALLENGES) if (pattern.test(source)) found.add(name);
  }
  return [...found];
}

/**
 * Alerts in forms and right above them, unless they report a success.
 *
 * @returns {string[]}
 */
function complaints() {
  /** @type {string[]} */
  const out = [];
  const forms = page.getElementsByTagName("form");
  for (let i = 0; i < forms.length && i < MAX_FORMS; i++) {
    const above = previousElementOf(forms[i]);
    /** @type {Element[]} */
    const alerts = [...queryAll(forms[i], "[role=alert]")];
    if (above && matches(above, "[role=alert]")) alerts.unshift(above);
    for (const alert of alerts.slice(0, 5)) {
      if (out.length === MAX_COMPLAINTS) return out;
      if (!checkVisibility(alert, { opacityProperty: true, visibilityProperty: true })) continue;
      if (/success|info/i.test(attribute(alert, "class") ?? "")) continue;
      const words = textOf(alert, 160);
      if (words) out.push(words);
    }
  }
  return out;
}

/**
 * @returns {BlockSigns}
 */
export function barrierMarks() {
  return { gates: challenges(), complaints: complaints() };
}
