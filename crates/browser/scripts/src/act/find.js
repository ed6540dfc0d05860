// Finding texts and elements.

import { identity, signature } from "../dom/content.js";
import { isSecret } from "../dom/controls.js";
import { isText, page } from "../dom/native.js";
import { idOf } from "../dom/registry.js";
import { clean, clip, normalized } from "../dom/strings.js";
import { hasBox, isVisible, queryEverywhere, queryIn, roots, visibleText } from "./elements.js";
import { contentRoot, walkText } from "./page-text.js";
import { visibleTarget } from "./pointer.js";
import { frames } from "./wait.js";

/** @import { AnyElement, Identity, Point } from "../types" */

/**
 * Where a code unit of the page's text stands.
 *
 * @typedef {object} TextUnit
 * @property {Text | null} node none for a blank between nodes
 * @property {number} from
 * @property {number} to
 */

/**
 * The page's text, normalized, with the place of each code unit.
 *
 * @param {AnyElement} root
 * @returns {{ text: string, units: TextUnit[] }}
 */
function locatedText(root) {
  let text = "";
  // Asking a string that is being put together how it ends would copy it each time.
  let needsBlank = false;
  /** @type {TextUnit[]} */
  const units = [];
  /**
   * @param {string} character
   * @param {TextUnit} unit
   * @returns {void}
   */
  const add = (character, unit) => {
    text += character;
    for (let n = 0; n < character.length; n++) units.push(unit);
    needsBlank = true;
  };
  const addBlank = () => {
    if (needsBlank) add(" ", { node: null, from: 0, to: 0 });
    needsBlank = false;
  };
  walkText(root, false, {
    text(data, node) {
      if (!isText(node)) return;
      let from = 0;
      for (const character of data) {
        const to = from + character.length;
        if (/\s/.test(character)) addBlank();
        // By itself, what joins characters is invisible too.
        else if (clean(character)) add(character.toLowerCase(), { node, from, to });
        from = to;
      }
    },
    beginBlock: addBlank,
    endBlock: addBlank,
    beginCell: addBlank,
  });
  return { text, units };
}

/**
 * The first place of a text that is laid out.
 *
 * @param {string} wanted
 * @returns {Range | null}
 */
function rangeOf(wanted) {
  const root = contentRoot();
  const needle = normalized(wanted).replace(/[\u200c\u200d]/g, "");
  if (!root || !needle) return null;
  const { text, units } = locatedText(root);
  for (let at = text.indexOf(needle); at >= 0; at = text.indexOf(needle, at + 1)) {
    const first = units[at];
    const last = units[at + needle.length - 1];
    if (!first.node || !last.node) continue;
    const range = page.createRange();
    range.setStart(first.node, first.from);
    range.setEnd(last.node, last.to);
    if (range.getClientRects().length) return range;
  }
  return null;
}

/**
 * @param {Range} range
 * @returns {boolean}
 */
function isInViewport(range) {
  const { top, bottom, left, right, height } = range.getBoundingClientRect();
  return height > 0 && bottom > 0 && right > 0 && top < innerHeight && left < innerWidth;
}

const MAX_SCROLLS = 4;

/**
 * Brings a text into view.
 *
 * @param {{ text: string }} argument
 * @returns {Promise<{ found: false } | { found: true, from: Point | null, to: Point | null }>} its ends, as a mouse
 *   would select it
 */
export async function scrollToText({ text }) {
  let range = rangeOf(text);
  for (let tries = 0; range && tries < MAX_SCROLLS; tries++) {
    range.startContainer.parentElement?.scrollIntoView({ behavior: "instant", block: "center" });
    await frames(2);
    if (isInViewport(range)) break;
    // A virtual list draws its rows anew where it was scrolled to.
    range = rangeOf(text);
  }
  if (!range) return { found: false };
  const boxes = [...range.getClientRects()].filter((box) => box.width > 0);
  const [first, last] = [boxes[0], boxes.at(-1)];
  if (!first || !last) return { found: true, from: null, to: null };
  return {
    found: true,
    from: [first.left + 0.5, (first.top + first.bottom) / 2],
    to: [last.right - 0.5, (last.top + last.bottom) / 2],
  };
}

/**
 * The text that is selected.
 *
 * @returns {{ text: string }}
 */
export function selection() {
  return { text: clip(getSelection()?.toString(), 200) };
}

/**
 * The first visible element that a selector matches, in shadow trees too.
 *
 * @param {{ selector: string }} argument
 * @returns {{ invalid: true } | { missing: true, hidden: boolean } |
 *   Partial<Identity> & { id: number, signature: string | null }}
 */
export function querySelector({ selector }) {
  try {
    new DocumentFragment().querySelector(selector);
  } catch {
    return { invalid: true };
  }
  let hidden = false;
  for (const root of roots()) {
    for (const element of queryIn(root, selector)) {
      if (hasBox(visibleTarget(element))) {
        const id = idOf(element);
        return { id, ...identity(id), signature: signature(id) };
      }
      hidden = true;
    }
  }
  return { missing: true, hidden };
}

/**
 * What a selector matches, one line for each element, and what the visible ones are.
 *
 * @param {{ selector: string, limit: number }} argument
 * @returns {{ invalid: true } | { total: number, lines: string[],
 *   elements: (Identity & { id: number, signature: string | null, line: number })[] }}
 */
export function querySelectorAll({ selector, limit }) {
  /** @type {AnyElement[]} */
  let found;
  try {
    found = queryEverywhere(selector);
  } catch {
    return { invalid: true };
  }
  const first = found.slice(0, limit);
  const elements = first.flatMap((element, line) => {
    const id = idOf(element);
    const is = isVisible(element) ? identity(id) : null;
    return is ? [{ ...is, id, signature: signature(id), line }] : [];
  });
  return { total: found.length, lines: first.map(lineOf), elements };
}

/**
 * @param {AnyElement} element
 * @returns {string}
 */
function lineOf(element) {
  const id = element.id ? `#${element.id}` : "";
  const classes = [...element.classList].slice(0, 3).map((name) => `.${name}`);
  const place = isVisible(element) ? placeOf(element) : " (hidden)";
  const text = isSecret(element) ? "" : clip(visibleText(element) || element.value, 100);
  return clip(`<${element.localName}${id}${classes.join("")}>${place} ${text}`, 200);
}

/**
 * Where an element is: its middle in the viewport, or the side on which it is outside.
 *
 * @param {AnyElement} element
 * @returns {string}
 */
function placeOf(element) {
  const { left, top, width, height } = element.getBoundingClientRect();
  const [x, y] = [Math.round(left + width / 2), Math.round(top + height / 2)];
  if (y < 0) return " (above)";
  if (y > innerHeight) return " (below)";
  return x < 0 || x > innerWidth ? " (to the side)" : ` at=${x},${y}`;
}
