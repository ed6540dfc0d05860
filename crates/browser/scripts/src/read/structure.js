// How the walk lists the structure around text and controls: regions, lists, rows and scroll containers.

import { givenName, referencedText } from "../dom/names.js";
import { page } from "../dom/native.js";
import { scrolledBefore } from "../dom/places.js";
import { idOf, isExamined, rootOf } from "../dom/registry.js";
import { phrase, whole } from "../dom/strings.js";
import { CELL_ROLES } from "./cells.js";
import { isScrollable } from "./context.js";
import { newRecord, rename } from "./walk.js";

/** @import { AnyElement, Scope } from "../types" */
/** @import { ElementContext } from "./context.js" */
/** @import { Walk } from "./walk.js" */

/** @type {Record<string, string>} */
const REGION_TAGS = {
  nav: "nav",
  aside: "aside",
  footer: "footer",
  header: "header",
  dialog: "dialog",
  fieldset: "group",
  form: "form",
};
/** @type {Record<string, string>} */
const REGION_ROLES = {
  navigation: "nav",
  complementary: "aside",
  contentinfo: "footer",
  banner: "header",
  dialog: "dialog",
  search: "search",
  alertdialog: "dialog",
  alert: "alert",
  status: "status",
  group: "group",
  radiogroup: "group",
  form: "form",
  listbox: "listbox",
  menu: "menu",
  menubar: "menu",
  tablist: "tablist",
  toolbar: "toolbar",
  tree: "tree",
  grid: "grid",
  treegrid: "grid",
  tabpanel: "tabpanel",
  region: "region",
};
// Regions that say something even without a name.
const TELLING = new Set(
  "nav aside footer header dialog search alert listbox menu tablist toolbar tree grid".split(" "),
);
const SHADOW_HOSTS = new Set(
  "article aside blockquote body div footer h1 h2 h3 h4 h5 h6 header main nav p section span".split(" "),
);
const MAX_HOSTS = 40;
/** As many like children are a list. */
const MIN_LIST = 8;

/**
 * Lists what is in an element that is not a control, and the structure that it is.
 *
 * @param {Walk} walk
 * @param {AnyElement} element
 * @param {string} tag
 * @param {ElementContext} context
 * @param {boolean} isBlock
 * @returns {void}
 */
export function listContainer(walk, element, tag, context, isBlock) {
  const isEmpty = element.firstChild === null;
  if (isEmpty && context.style && (!isBlock || !rootOf(element))) noteHost(walk, element, tag, context);
  if (!context.style || !isBlock || isEmpty) {
    if (!context.style || !isEmpty || rootOf(element)) walk.children(element, context);
    return;
  }
  const structure = openStructure(walk, element, tag, context, true);
  walk.children(element, context);
  closeStructure(walk, element, tag, context, structure);
}

/**
 * Where the content of an element begins among the items.
 *
 * @typedef {object} Structure
 * @property {number} slot
 * @property {{ o: Scope } | null} opening of the structure that the element is
 * @property {number} head items before its content
 * @property {number} before how much was listed before it
 */

/**
 * Begins the structure that an element is.
 *
 * @param {Walk} walk
 * @param {AnyElement} element
 * @param {string} tag
 * @param {ElementContext} context
 * @param {boolean} isBlock
 * @returns {Structure}
 */
export function openStructure(walk, element, tag, context, isBlock) {
  const { items } = walk;
  /** @type {Structure} */
  const structure = { slot: items.length, opening: null, head: 1, before: walk.listed };
  items.push(null);
  if (!isBlock) return structure;
  if (/^h[1-6]$/.test(tag)) context.level = Number(tag[1]);
  const explicit = element.getAttribute("role");
  if (explicit === "heading") context.level = Number(element.getAttribute("aria-level")) || 2;
  context.text.level = context.level;

  const scope = scopeOf(element, tag, explicit, context);
  structure.opening = scope && { o: scope };
  if (structure.opening !== null) items.push(structure.opening);
  if (context.up?.list) items.push("n");
  structure.head = items.length - structure.slot;
  return structure;
}

/**
 * Ends the structure that an element is, after its content.
 *
 * @param {Walk} walk
 * @param {AnyElement} element
 * @param {string} tag
 * @param {ElementContext} context
 * @param {Structure} structure
 * @returns {void}
 */
export function closeStructure(walk, element, tag, context, { slot, opening, before }) {
  const { items } = walk;
  const explicit = element.getAttribute("role");
  if (tag === "th" || CELL_ROLES.has(explicit ?? "")) writeSorting(walk, element, context);
  walk.flush();
  if (walk.listed === before) items.length = slot;
  else if (opening !== null) items.push("c");
  if (scrolls(element, context)) listScroller(walk, element, tag, context, slot, opening);
}

/**
 * Says how a column is sorted.
 *
 * @param {Walk} walk
 * @param {AnyElement} header
 * @param {ElementContext} context
 * @returns {void}
 */
function writeSorting(walk, header, context) {
  const order = header.getAttribute("aria-sort");
  if (order === "ascending" || order === "descending") walk.write(` (sorted ${order}) `, context.text);
}

/**
 * The name of a region, with the number of rows that the author says it has.
 *
 * @param {AnyElement} element
 * @param {string} name
 * @returns {string}
 */
function withRowCount(element, name) {
  const count = whole(Number(element.getAttribute("aria-rowcount")));
  return count > 0 ? `${name}${name ? ", " : ""}${count} rows` : name;
}

/**
 * The structure that an element is.
 *
 * @param {AnyElement} element
 * @param {string} tag
 * @param {string | null} explicit
 * @param {ElementContext} context
 * @returns {Scope | null}
 */
function scopeOf(element, tag, explicit, context) {
  if (tag === "tr" || explicit === "row") return ["row", ""];
  const region = (explicit && REGION_ROLES[explicit]) || REGION_TAGS[tag];
  if (region !== undefined) {
    let name = referencedText(element, "aria-labelledby") || phrase(element.getAttribute("aria-label"), 80);
    if (!name && tag === "fieldset") name = phrase(element.querySelector("legend")?.textContent, 80);
    if (region === "grid") name = withRowCount(element, name);
    const isModal = region === "dialog" && (element.matches(":modal") || element.getAttribute("aria-modal") === "true");
    // Of regions without a name in one another, the outermost says enough.
    const isNested = context.region && region !== "dialog";
    context.region = true;
    if (name || (TELLING.has(region) && !isNested)) return [isModal ? "modal dialog" : region, name];
  }
  const { firstElementChild, lastElementChild, childElementCount } = element;
  if (childElementCount >= MIN_LIST && firstElementChild?.localName === lastElementChild?.localName) {
    context.list = true;
    return ["list", ""];
  }
  // A list in a list item is a level of a tree.
  if ((tag === "ul" || tag === "ol" || explicit === "group") && context.up?.item) {
    context.item = true;
    return ["sub", ""];
  }
  if (tag === "li" || explicit === "treeitem" || explicit === "listitem") context.item = true;
  return null;
}

/**
 * Whether content is so much larger than its box that there is something to scroll to.
 *
 * @param {number} content
 * @param {number} box
 * @returns {boolean}
 */
function overflows(content, box) {
  return content > box + Math.max(8, box / 20);
}

/**
 * Whether an element is a scroll container with more content than it shows.
 *
 * @param {AnyElement} element
 * @param {ElementContext} context
 * @returns {boolean}
 */
export function scrolls(element, context) {
  if (element === page.documentElement() || element === page.body()) return false;
  const down = overflows(element.scrollHeight, element.clientHeight);
  // With content clip it is known that some content sticks out; where only text does, the heights say so.
  if (context.contentClip === undefined && !(down && element.clientHeight > 0)) return false;
  const across = overflows(element.scrollWidth, element.clientWidth);
  if (!down && !across) return false;
  const { overflowX, overflowY } = context.style ?? getComputedStyle(element);
  return (isScrollable(overflowY) && down) || (isScrollable(overflowX) && across);
}

/**
 * A length in pages of a tenth's precision.
 *
 * @param {number} length
 * @param {number} size of one page
 * @returns {number}
 */
function pages(length, size) {
  return Math.max(0, whole((10 * length) / size) / 10);
}

/**
 * Lists a scroll container around what is listed of its content.
 *
 * @param {Walk} walk
 * @param {AnyElement} element
 * @param {string} tag
 * @param {ElementContext} context
 * @param {number} slot where its content begins among the items
 * @param {{ o: Scope } | null} opening of the structure that it is
 * @returns {void}
 */
function listScroller(walk, element, tag, context, slot, opening) {
  const { scrollHeight, clientHeight, scrollWidth, clientWidth } = element;
  const record = newRecord(element, tag, context);
  record.open = true;
  rename(record, withRowCount(element, givenName(element)));
  if (walk.isInView(context, context.visible)) record.v = 1;
  const height = Math.max(1, clientHeight);
  const width = Math.max(1, clientWidth);
  const style = context.style ?? getComputedStyle(element);
  const { overflowX, overflowY } = style;
  const scrollLeft = scrolledBefore(element, style, true);
  const scrollTop = scrolledBefore(element, style, false);
  const isVertical = isScrollable(overflowY);
  const isHorizontal = isScrollable(overflowX);
  record.scroll = [
    isVertical ? pages(scrollTop, height) : 0,
    isVertical ? pages(scrollHeight - clientHeight - scrollTop, height) : 0,
    isHorizontal ? pages(scrollLeft, width) : 0,
    isHorizontal ? pages(scrollWidth - clientWidth - scrollLeft, width) : 0,
  ];
  const { items } = walk;
  const kind = opening?.o[0];
  if (slot >= items.length) {
    // Nothing in it is listed: either its content is elsewhere or it is a scrollbar drawn by the page.
    if (!/\S/.test(element.textContent ?? "")) return;
    record.open = false;
    items.push({ e: record });
  } else if (kind !== undefined && items[slot + 1] === opening && kind !== "list" && kind !== "row") {
    // One line for the region and its scrolling.
    items[slot + 1] = { e: record };
  } else {
    items[slot] = { e: record };
    items.push("c");
  }
  walk.listed++;
  if (kind === "listbox" || kind === "menu" || kind === "tree") writeEntriesLeft(walk, element, context, slot);
}

const ENTRIES = "[role=option],[role=menuitem],[role=menuitemcheckbox],[role=menuitemradio],[role=treeitem]";

/**
 * Counts the entries of a list beyond the edges of its scroll container.
 *
 * @param {Walk} walk
 * @param {AnyElement} element
 * @param {ElementContext} context
 * @param {number} slot where its content begins among the items
 * @returns {void}
 */
function writeEntriesLeft(walk, element, context, slot) {
  let left = element.querySelectorAll(ENTRIES).length;
  for (const item of walk.items.slice(slot)) {
    if (item !== null && typeof item === "object" && "e" in item && ENTRIES.includes(`[role=${item.e.role}]`)) left--;
  }
  if (left <= 0) return;
  walk.write(`(${left} more, scroll the ${element.getAttribute("role")} to see)`, context.text);
  walk.flush();
}

/**
 * Notes an element without content, where a closed shadow tree may be.
 *
 * @param {Walk} walk
 * @param {AnyElement} element
 * @param {string} tag
 * @param {ElementContext} context
 * @returns {void}
 */
function noteHost(walk, element, tag, context) {
  if (walk.hosts.length >= MAX_HOSTS || isExamined(element)) return;
  const hasSize = context.r - context.l > 8 && context.b - context.t > 8;
  if (tag.includes("-") || (SHADOW_HOSTS.has(tag) && hasSize)) walk.hosts.push(idOf(element));
}
