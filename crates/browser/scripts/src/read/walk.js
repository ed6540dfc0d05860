// The walk over the flat tree, in the order in which a person reads: its state, how it descends, and what it writes.

import { isOpen, meet } from "../dom/boxes.js";
import { identify } from "../dom/content.js";
import { explicitRole } from "../dom/controls.js";
import { editorOf, knownEditors } from "../dom/editors.js";
import {
  comesBefore,
  firstChildOf,
  isElement,
  isText,
  localNameOf,
  nextSiblingOf,
  page,
  parentNodeOf,
  rectOf,
} from "../dom/native.js";
import { idOf, rootOf } from "../dom/registry.js";
import { bounded, phrase, whole } from "../dom/strings.js";
import { bisect } from "./bisect.js";
import { CellGroups } from "./cells.js";
import { revealers } from "./hover.js";
import { arranges, asOnScreen, placedChildren } from "./order.js";
import { Overlaps } from "./overlaps.js";
import { listText, MAX_TEXT } from "./text.js";
import { coverMask, isCovered, isTextCovered, isUnderBar } from "./visibility.js";

/** @import { AnyElement, Box, ElementItem, FrameItem, Item, Rect } from "../types" */
/** @import { Description } from "../dom/content.js" */
/** @import { ElementContext, TextBox } from "./context.js" */

/** With more elements than this, subtrees far from the viewport are skipped. */
const BIG_PAGE = 1500;
/** Items of one reading. */
const MAX_ITEMS = 6000;
/** Characters of one reading. */
const MAX_CHARACTERS = 200000;
const MAX_HIT_TESTS = 400;
const MAX_DEPTH = 600;
/** An element with as many children is searched for those near the viewport. */
const CROWD = 400;
/** Hit tests for texts. */
const MAX_TEXT_TESTS = 200;
/** Hit tests for controls in transparent elements, of one page. */
const MAX_CONCEALED = 60;
/** Textareas looked at for an editor around them. */
const MAX_EDITORS = 100;

/**
 * A listed control that something may cover.
 *
 * @typedef {object} CoverCheck
 * @property {ElementItem} record
 * @property {AnyElement} element
 * @property {number} overlap
 * @property {Box} seen
 * @property {boolean} mustTest
 */

/**
 * A listed frame that something may cover.
 *
 * @typedef {object} FrameCheck
 * @property {FrameItem} record
 * @property {AnyElement} element
 * @property {number} overlap
 * @property {Box} seen
 */

/**
 * A listed text that something may cover.
 *
 * @typedef {object} TextCheck
 * @property {Item} item
 * @property {Text} node
 * @property {ElementContext} up
 * @property {Box} seen
 */

export class Walk {
  /**
   * @param {number} nodes elements in the document
   * @param {Box} range what is listed
   * @param {Box} view what is in the viewport
   * @param {(walk: Walk, element: AnyElement, up: ElementContext) => void} visit lists an element and what is in it
   */
  constructor(nodes, range, view, visit) {
    this.big = nodes > BIG_PAGE;
    this.range = range;
    this.view = view;
    this.visit = visit;
    /** What is listed; null for a place that may be needed. @type {(Item | null)[]} */
    this.items = [];
    /** How much of it is text, elements and frames. */
    this.listed = 0;
    this.characters = 0;
    this.overlaps = new Overlaps(view.b);
    /** @type {CoverCheck[]} */
    this.checks = [];
    /** @type {FrameCheck[]} */
    this.frames = [];
    /** @type {TextCheck[]} */
    this.texts = [];
    /** Ids of elements that may hold a closed shadow tree. @type {number[]} */
    this.hosts = [];
    /** Controls that are not listed, above, below and beside what is. */
    this.above = 0;
    this.below = 0;
    this.beside = 0;
    /** Parts left out because the reading has grown too large. */
    this.cut = 0;
    this.concealedLeft = MAX_CONCEALED;
    /** Colours that are listed for themselves. */
    this.colours = 0;
    /** Square pixels of large pictures without words. */
    this.wordless = 0;
    /** The first and the last element listed. @type {AnyElement | null} */
    this.first = null;
    /** @type {AnyElement | null} */
    this.last = null;
    /** The line of text that is being put together. @type {(TextBox & { text: string, first: [Text, ElementContext] | null }) | null} */
    this.line = null;
    /** Text is not listed while this is above zero. */
    this.muted = 0;
    this.depth = 0;
    /** The layers to which the walk is confined. @type {Set<Element> | null} */
    this.layers = null;
    /** What hit tests found, with its ancestors. @type {Set<Node>} */
    this.probed = new Set();
    /** Whether labelled controls are visible themselves. @type {Map<Element, boolean>} */
    this.drawnControls = new Map();
    this.groups = new CellGroups();
    /** What the pointer reveals, by what has to be pointed at. */
    this.revealers = revealers();
    /** Editors that draw their text themselves, with the textareas that take their input. */
    this.editors = codeEditors();
    this.hasFileFields = page.querySelector("input[type=file]") !== null;
    this.scrollX = window.scrollX;
  }

  // ---- the descent

  /**
   * Lists what is in an element.
   *
   * @param {AnyElement} element
   * @param {ElementContext} context
   * @returns {void}
   */
  children(element, context) {
    if (++this.depth > MAX_DEPTH) {
      this.cut++;
    } else {
      const root = rootOf(element);
      if (root) this.siblings(firstChildOf(root), context);
      else if (localNameOf(element) === "slot" && element.getRootNode() !== document) {
        const assigned = /** @type {HTMLSlotElement} */ (element).assignedNodes();
        if (assigned.length === 0) this.siblings(firstChildOf(element), context);
        else this.nodes(assigned, context);
      } else if (!this.big || element.childElementCount < CROWD || !this.crowd(element, context)) {
        const placed = placedChildren(element);
        if (placed === null) this.siblings(firstChildOf(element), context);
        else for (const child of placed) this.node(child, context);
      }
    }
    this.depth--;
  }

  /**
   * @param {Node | null} first
   * @param {ElementContext} context
   * @returns {void}
   */
  siblings(first, context) {
    if (!arranges(context.style)) {
      for (let node = first; node !== null; node = nextSiblingOf(node)) this.node(node, context);
      return;
    }
    const nodes = [];
    for (let node = first; node !== null; node = nextSiblingOf(node)) nodes.push(node);
    this.nodes(nodes, context);
  }

  /**
   * @param {Node[]} nodes
   * @param {ElementContext} context
   * @returns {void}
   */
  nodes(nodes, context) {
    for (const node of asOnScreen(nodes, context.style)) this.node(node, context);
  }

  /**
   * @param {Node} node
   * @param {ElementContext} context
   * @returns {void}
   */
  node(node, context) {
    if (isText(node)) listText(this, node, context);
    else if (isElement(node)) this.visit(this, node, context);
  }

  /**
   * Of very many children that stand in the order of their places, top to bottom, visits only those near enough, and
   * those that the probes hit.
   *
   * @param {AnyElement} element
   * @param {ElementContext} context
   * @returns {boolean} false, and nothing was done, when they stand in another order
   */
  crowd(element, context) {
    const { children } = element;
    const count = children.length;
    /**
     * The box of the first child from `at` on that has one.
     *
     * @param {number} at
     * @returns {DOMRect | null}
     */
    const boxFrom = (at) => {
      for (let n = at; n < count && n < at + 20; n++) {
        const rect = rectOf(children[n]);
        if (rect.width > 0 || rect.height > 0) return rect;
      }
      return null;
    };
    let top = -Infinity;
    for (let n = 0; n < 24; n++) {
      const rect = boxFrom(Math.floor((n * (count - 20)) / 23));
      if (rect === null || rect.top < top) return false;
      top = rect.top;
    }
    /**
     * @param {(rect: DOMRect) => boolean} isThere
     * @returns {number}
     */
    const firstWhere = (isThere) =>
      bisect(count, (n) => {
        const rect = boxFrom(n);
        return rect !== null && !isThere(rect);
      });
    // Some more on either side: a row of cells or a few hidden ones may disturb the order.
    const from = Math.max(0, firstWhere((rect) => rect.bottom >= this.range.t) - 40);
    const to = Math.min(count, firstWhere((rect) => rect.top > this.range.b) + 40);
    /** @type {Set<Node>} */
    const kept = new Set();
    for (const node of this.probed) if (parentNodeOf(node) === element) kept.add(node);
    for (const node of kept) if (comesBefore(node, children[from])) this.node(node, context);
    const end = to < count ? children[to] : null;
    /** @type {Node | null} */
    let node = from === 0 ? firstChildOf(element) : children[from];
    for (; node !== null && node !== end; node = nextSiblingOf(node)) {
      this.node(node, context);
      kept.delete(node);
    }
    if (end !== null) for (const node of kept) if (node === end || comesBefore(end, node)) this.node(node, context);
    return true;
  }

  // ---- what is written

  /**
   * Adds to the line of text.
   *
   * @param {string} text
   * @param {TextBox} box
   * @param {[Text, ElementContext] | null} [source]
   * @returns {void}
   */
  write(text, box, source = null) {
    if (this.muted > 0) return;
    const line = this.line;
    if (line === null) {
      this.line = { text, l: box.l, t: box.t, r: box.r, b: box.b, seen: box.seen, level: box.level, first: source };
      return;
    }
    line.first ??= source;
    line.text += text;
    if (box.l < line.l) line.l = box.l;
    if (box.t < line.t) line.t = box.t;
    if (box.r > line.r) line.r = box.r;
    if (box.b > line.b) line.b = box.b;
    line.seen ||= box.seen;
    line.level ||= box.level;
  }

  /**
   * Ends the line of text.
   *
   * @returns {void}
   */
  flush() {
    const line = this.line;
    if (line === null) return;
    this.line = null;
    const text = phrase(line.text, MAX_TEXT);
    if (text === "") return;
    if (this.items.length > MAX_ITEMS || this.characters > MAX_CHARACTERS) {
      this.cut++;
      return;
    }
    this.characters += text.length;
    this.listed++;
    const [x, y, width, height] = placeOf(line);
    /** @type {Item} */
    const item = { t: [x, y, width, height, line.seen ? 1 : 0, text, line.level] };
    this.items.push(item);
    if (line.seen && line.first !== null) {
      const [node, up] = line.first;
      this.texts.push({ item, node, up, seen: meet(line, this.view) });
    }
  }

  /**
   * Lists an element.
   *
   * @param {AnyElement} element
   * @param {string} tag
   * @param {Box} box
   * @param {boolean} seen
   * @param {Description} [identified]
   * @returns {ElementItem}
   */
  add(element, tag, box, seen, identified) {
    const record = newRecord(element, tag, box, identified);
    const reveals = this.revealers.get(element);
    if (reveals !== undefined) record.reveals = reveals;
    if (seen) record.v = 1;
    this.listed++;
    this.noteEdge(element);
    if (this.items.length > MAX_ITEMS) this.cut++;
    else this.items.push({ e: record });
    return record;
  }

  /**
   * Remembers an element as the last one that is listed.
   *
   * @param {AnyElement} element
   * @returns {void}
   */
  noteEdge(element) {
    this.first ??= element;
    this.last = element;
  }

  /**
   * The part of a box that is in the viewport.
   *
   * @param {Box} box
   * @param {Box} visible what clipping leaves
   * @returns {Box}
   */
  inView(box, visible) {
    return meet(meet(box, visible), this.view);
  }

  /**
   * @param {Box} box
   * @param {Box} visible
   * @returns {boolean}
   */
  isInView(box, visible) {
    return isOpen(this.inView(box, visible));
  }

  // ---- after the walk

  /**
   * BlockSigns controls that something else is painted over, and where frames are covered.
   *
   * @returns {number} hit tests made for controls
   */
  markCovered() {
    let tests = 0;
    for (const { record, element, overlap, seen, mustTest } of this.checks) {
      const x = (seen.l + seen.r) / 2;
      const y = (seen.t + seen.b) / 2;
      if (!mustTest && (overlap === -1 || !this.overlaps.anyAt(overlap, x, y))) continue;
      if (++tests > MAX_HIT_TESTS) break;
      if (isCovered(element, seen) && !isUnderBar(element, seen)) record.covered = true;
    }
    for (const { record, element, overlap, seen } of this.frames) {
      if (overlap !== -1 && this.overlaps.anyIn(overlap, seen)) record.cover = coverMask(element, seen);
    }
    return tests;
  }

  /**
   * The listed texts that something is painted over for good.
   *
   * @returns {Set<Item>}
   */
  coveredTexts() {
    /** @type {Set<Item>} */
    const covered = new Set();
    let tests = 0;
    for (const { item, node, up, seen } of this.texts) {
      if (up.overlap === -1 || !this.overlaps.anyIn(up.overlap, seen)) continue;
      if (++tests > MAX_TEXT_TESTS) break;
      if (isTextCovered(node, up.element, meet(up.clips().visible, this.view))) covered.add(item);
    }
    return covered;
  }
}

/**
 * @returns {Map<Element, AnyElement>}
 */
function codeEditors() {
  /** @type {Map<Element, AnyElement>} */
  const out = new Map(knownEditors(MAX_EDITORS));
  const fields = page.getElementsByTagName("textarea");
  for (let n = 0; n < fields.length && n < MAX_EDITORS; n++) {
    const editor = editorOf(fields[n]);
    if (editor && !out.has(editor)) out.set(editor, fields[n]);
  }
  return out;
}

/**
 * @param {Box} box
 * @returns {Rect}
 */
export function placeOf(box) {
  return [whole(box.l), whole(box.t), whole(box.r - box.l), whole(box.b - box.t)];
}

/**
 * An element as it is listed. What it is by role and name, `identify` alone says: here, and again before it is acted on.
 *
 * @param {AnyElement} element
 * @param {string} tag
 * @param {Box} box
 * @param {Description} [identified]
 * @returns {ElementItem}
 */
export function newRecord(element, tag, box, identified) {
  const explicit = explicitRole(element);
  const { role, name } = identified ?? identify(element, tag, explicit);
  /** @type {ElementItem} */
  const record = { i: idOf(element), b: placeOf(box), tag: bounded(tag, 40) };
  if (explicit) record.role = explicit;
  if (role !== explicit) record.kind = role;
  if (name) record.name = name;
  return record;
}

/**
 * Shows an element under another name than the one it is recognised by.
 *
 * @param {ElementItem} record
 * @param {string} name
 * @returns {void}
 */
export function rename(record, name) {
  if (name === (record.name ?? "")) return;
  record.sig = record.name ?? "";
  record.name = name;
}
