// Heavy applications that have not drawn themselves yet.

import { checkVisibility, isElement, localNameOf, matches, page, rectOf } from "../dom/native.js";
import { contains, elementAt } from "../dom/registry.js";
import { queryIn, roots } from "./elements.js";

/** @import { AnyElement } from "../types" */

// Bytes of script from which a page counts as a heavy application, and what a script of unknown size is taken for.
const HEAVY = 400_000;
const UNKNOWN = 50_000;

// What a page shows at least once it has drawn itself.
const CONTROLS = 4;
const CHARACTERS = 200;
// The share of the viewport at each side where headers, side bars and notifications are.
const EDGE = 0.25;
// What is looked at for that.
const MAX_CONTROLS = 150;
const MAX_TEXTS = 300;

// A page that has changed nothing and received nothing for this long in ms has drawn what it will.
const REST = 500;
const PAUSE = 50;

const CONTROL = "input,button,select,textarea,a[href],[role=button],[role=menuitem],[role=textbox],[contenteditable]";
const PICTURE = "iframe,img,svg,canvas,video,embed,object";
const WITHOUT_TEXT = new Set(["script", "style", "noscript", "template"]);

/**
 * Waits while a heavy application shows little and something still happens in it, `limit` ms at most.
 *
 * @param {number} limit
 * @returns {Promise<void>}
 */
export async function drawn(limit) {
  if (limit <= 0 || !isHeavy() || !isSparse()) return;
  const started = performance.now();
  let last = started;
  const onChange = () => {
    last = performance.now();
  };
  const mutations = new MutationObserver(onChange);
  for (const root of roots()) mutations.observe(root, { subtree: true, childList: true, characterData: true });
  const resources = new PerformanceObserver(onChange);
  resources.observe({ type: "resource" });
  try {
    for (let now = started; now - started < limit && now - last < REST; now = performance.now()) {
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
      if (!isSparse()) return;
    }
  } finally {
    mutations.disconnect();
    resources.disconnect();
  }
}

/**
 * @returns {boolean}
 */
function isHeavy() {
  const entries = /** @type {PerformanceResourceTiming[]} */ (performance.getEntriesByType("resource"));
  const scripts = entries.filter((entry) => entry.initiatorType === "script" || /\.m?js(\?|$)/.test(entry.name));
  return scripts.reduce((sum, entry) => sum + (entry.decodedBodySize || UNKNOWN), 0) >= HEAVY;
}

/**
 * Whether few controls and little text can be seen, nothing is in the middle, or all is covered, as by a splash screen.
 *
 * @returns {boolean}
 */
function isSparse() {
  let controls = 0;
  let characters = 0;
  let isMiddleFilled = false;
  /**
   * @param {AnyElement} element
   * @param {number} count of controls
   * @param {number} text its length
   * @returns {boolean} whether it is enough now
   */
  const isEnoughWith = (element, count, text) => {
    const middle = middleInSight(element);
    if (!middle) return false;
    controls += count;
    characters += text;
    isMiddleFilled ||= isInside(middle.x / innerWidth) && isInside(middle.y / innerHeight);
    return isMiddleFilled && (controls >= CONTROLS || characters >= CHARACTERS);
  };
  const all = [...roots()];
  let looked = 0;
  for (const root of all) {
    for (const element of queryIn(root, `${CONTROL},${PICTURE}`)) {
      if (++looked > MAX_CONTROLS) break;
      if (isEnoughWith(element, matches(element, CONTROL) ? 1 : 0, 0)) return false;
    }
  }
  looked = 0;
  for (const root of all) {
    const texts = document.createTreeWalker(root === document ? (page.body() ?? root) : root, NodeFilter.SHOW_TEXT);
    for (let text = texts.nextNode(); text && ++looked <= MAX_TEXTS; text = texts.nextNode()) {
      const length = text.nodeValue?.trim().length ?? 0;
      const parent = text.parentNode;
      if (length === 0 || !parent || !isElement(parent) || WITHOUT_TEXT.has(localNameOf(parent))) continue;
      if (isEnoughWith(parent, 0, length)) return false;
    }
  }
  return true;
}

/**
 * @param {number} share of the viewport
 * @returns {boolean}
 */
function isInside(share) {
  return share > EDGE && share < 1 - EDGE;
}

/**
 * The middle of an element that has a box and over whose middle nothing lies. Outside of the viewport, that nobody knows.
 *
 * @param {AnyElement} element
 * @returns {{ x: number, y: number } | null}
 */
function middleInSight(element) {
  const { left, top, width, height } = rectOf(element);
  if (width < 2 || height < 2 || !checkVisibility(element)) return null;
  const middle = { x: left + width / 2, y: top + height / 2 };
  const hit = elementAt(middle.x, middle.y);
  return !hit || contains(element, hit) || contains(hit, element) ? middle : null;
}
