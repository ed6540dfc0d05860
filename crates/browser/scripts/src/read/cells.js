// Boards, keypads and calendars: many like elements with little or no text, which differ by their classes, their data
// and their places.

import { attribute, closest, isElement, localNameOf, parentNodeOf } from "../dom/native.js";
import { phrase } from "../dom/strings.js";

export const CELL_ROLES = new Set(["cell", "gridcell", "columnheader", "rowheader"]);

const MAX_GROUP = 500;
const CELL_DATA =
  "square cell pos position coord coords row col column x y index key letter value state status piece".split(" ");
/** Class names that tools make up: `css-1q2w3e`, `Cell_root__x1Y2z`. */
const GENERATED = /^(?:css|sc|jss|emotion|svelte|makeStyles)-|(?:^|[-_])(?=[a-z\d]{5,}$)[a-z\d]*\d[a-z][a-z\d]*$/i;
// Words about layout, of which a framework's classes consist: `ag-cell-normal-height`.
const LAYOUT_WORDS = new Set(
  (
    "cell value normal auto height width wrapper inner outer container content item row column col grid text " +
    "first last odd even"
  ).split(" "),
);
const MAX_PREFIX = 3;
const DATE_ATTRIBUTES = ["data-date", "data-day", "datetime"];

/**
 * Like elements, with how many of them have each class.
 *
 * @typedef {object} CellGroup
 * @property {number} size
 * @property {Map<string, number>} classes
 */

/** The groups of like elements of one reading. */
export class CellGroups {
  constructor() {
    /** @type {Map<Node, CellGroup>} */
    this.known = new Map();
  }

  /**
   * @param {Element} element
   * @param {string} tag
   * @returns {CellGroup | null} null when there are few like it
   */
  of(element, tag) {
    const isCell = tag === "td" || tag === "th" || CELL_ROLES.has(attribute(element, "role") ?? "");
    const home = (isCell && closest(element, "table,[role=grid],[role=table]")) || parentNodeOf(element);
    if (!home) return null;
    let group = this.known.get(home);
    if (group === undefined) {
      const parent = /** @type {Element} */ (home);
      group = countClasses(isCell ? parent.getElementsByTagName(tag) : parent.children, tag);
      this.known.set(home, group);
    }
    return group.size >= 3 ? group : null;
  }
}

/**
 * @param {HTMLCollection | undefined} members
 * @param {string} tag
 * @returns {CellGroup}
 */
function countClasses(members, tag) {
  const classes = new Map();
  let size = 0;
  for (let i = 0; members && i < members.length && i < MAX_GROUP; i++) {
    if (localNameOf(members[i]) !== tag) continue;
    size++;
    for (const name of members[i].classList) classes.set(name, (classes.get(name) ?? 0) + 1);
  }
  return { size, classes };
}

/**
 * How a cell differs from the others: by classes that not all of them have (for a cell with a name, those that few
 * have), and by data about its place and state.
 *
 * @param {Element} element
 * @param {CellGroup} group
 * @param {boolean} isNamed
 * @returns {string}
 */
export function cellState(element, group, isNamed) {
  const most = isNamed ? group.size / 2 : group.size - 1;
  const parts = [];
  for (const name of element.classList) {
    const count = group.classes.get(name) ?? Infinity;
    if (GENERATED.test(name) || isLayout(name)) continue;
    if (count <= most && name.length <= 24 && parts.length < 3) parts.push(name);
  }
  for (const key of CELL_DATA) {
    const value = attribute(element, `data-${key}`);
    if (value && value.length <= 12 && parts.length < 5) parts.push(`${key}=${value}`);
  }
  return phrase(parts.join(" "), 60);
}

/**
 * Whether a class says nothing but how a framework lays its parts out.
 *
 * @param {string} name
 * @returns {boolean}
 */
function isLayout(name) {
  const [prefix, ...words] = name.split(/[-_]+/);
  return words.length > 0 && prefix.length <= MAX_PREFIX && words.every((word) => LAYOUT_WORDS.has(word));
}

/**
 * The whole date of a day that shows its number alone: in it, or in the cell it stands in.
 *
 * @param {Element} element
 * @returns {string}
 */
export function dateOf(element) {
  const inside = element.querySelector("[datetime],[data-date],abbr[title]");
  const places = inside ? [inside, parentNodeOf(element)] : [parentNodeOf(element), grandparentOf(element)];
  for (const node of places) {
    if (!node || !isElement(node)) break;
    for (const name of DATE_ATTRIBUTES) {
      const date = attribute(node, name);
      if (date && /\D/.test(date)) return phrase(date, 40);
    }
    const words = attribute(node, "aria-label") || (node === inside && attribute(node, "title"));
    if (words && /\d/.test(words)) return phrase(words, 60);
  }
  return "";
}

/**
 * @param {Node} node
 * @returns {Node | null}
 */
function grandparentOf(node) {
  const parent = parentNodeOf(node);
  return parent && parentNodeOf(parent);
}
