// Where the walk stands: an element's box, and what its content inherits.

import { EVERYWHERE, meet, NOWHERE } from "../dom/boxes.js";
import { page } from "../dom/native.js";

/** @import { AnyElement, Box } from "../types" */

/**
 * What remains visible of the content of an element.
 *
 * @typedef {object} Clip
 * @property {Box} clip what is visible now or after scrolling a container by one screen
 * @property {Box} visible what is visible now
 */

/**
 * The clip of content that sticks out of its parent.
 *
 * @typedef {Clip & { up: ElementContext | null }} ContentClip
 */

/**
 * The box that a text is reported at.
 *
 * @typedef {Box & { seen: boolean, level: number }} TextBox
 */

/** @implements {Box} */
export class ElementContext {
  /**
   * @param {AnyElement} element
   * @param {string} tag
   * @param {ElementContext | null} up
   * @param {Box} box
   * @param {Clip} clip
   * @param {CSSStyleDeclaration | null} style null: nothing of the element itself is listed
   * @param {boolean} open whether its text is listed
   */
  constructor(element, tag, up, box, { clip, visible }, style, open) {
    this.element = element;
    this.tag = tag;
    this.up = up;
    this.l = box.l;
    this.t = box.t;
    this.r = box.r;
    this.b = box.b;
    this.clip = clip;
    this.visible = visible;
    this.style = style;
    this.open = open;
    this.hidden = up?.hidden ?? false;
    /** Whether it has a hand cursor; not known yet when undefined. @type {boolean | undefined} */
    this.pointer = undefined;
    /** @type {ContentClip | undefined} */
    this.contentClip = undefined;
    /** Its number among the overlaps; -1 when it is out of sight. */
    this.overlap = -1;
    this.seen = false;
    /** Whether its box fits into what is listed, so that its text does as well. */
    this.inside = false;
    /** Of a heading. */
    this.level = 0;
    /** @type {TextBox} */
    this.text = { l: box.l, t: box.t, r: box.r, b: box.b, seen: false, level: 0 };
    /** Whether line breaks in its text count. */
    this.pre = false;
    /** Whether its children are the items of a list. */
    this.list = false;
    /** Whether it is in an item of a list. */
    this.item = up?.item ?? false;
    /** Whether it is in a region. */
    this.region = up?.region ?? false;
    /** What clip paths around leave, also of content that is placed elsewhere. */
    this.pathClip = up?.pathClip ?? EVERYWHERE;
    /** Whether to test that nothing covers it even when no other box is in the way. */
    this.mustTest = false;
    /** Whether it listens on behalf of each of its children. */
    this.listensForChildren = false;
  }

  /**
   * The context of the document as a whole, in which nothing is clipped.
   *
   * @param {AnyElement} root
   * @returns {ElementContext}
   */
  static top(root) {
    const top = new ElementContext(root, "", null, EVERYWHERE, UNCLIPPED, null, false);
    top.contentClip = { ...UNCLIPPED, up: null };
    return top;
  }

  /**
   * The clip of content that sticks out of this element.
   *
   * @returns {ContentClip}
   */
  clips() {
    this.contentClip ??= this.clipContent();
    return this.contentClip;
  }

  /**
   * @returns {ContentClip}
   */
  clipContent() {
    this.style ??= getComputedStyle(this.element);
    const { overflowX: x, overflowY: y } = this.style;
    const isRoot = this.element === page.documentElement() || this.element === page.body();
    if (isRoot || (x === "visible" && y === "visible")) return { clip: this.clip, visible: this.visible, up: this };
    const own = {
      l: x === "visible" ? -NOWHERE : this.l,
      t: y === "visible" ? -NOWHERE : this.t,
      r: x === "visible" ? NOWHERE : this.r,
      b: y === "visible" ? NOWHERE : this.b,
    };
    const height = this.b - this.t;
    const reach = isScrollable(y) ? { l: own.l, t: this.t - height, r: own.r, b: this.b + height } : own;
    return { clip: meet(this.clip, reach), visible: meet(this.visible, own), up: this };
  }
}

/** @type {Clip} */
export const UNCLIPPED = { clip: EVERYWHERE, visible: EVERYWHERE };

/**
 * @param {string} overflow
 * @returns {boolean}
 */
export function isScrollable(overflow) {
  return overflow === "auto" || overflow === "scroll" || overflow === "overlay";
}

/**
 * The clip of an element that its parent's content clip leaves nothing of: an absolutely placed box is clipped by the
 * ancestors of its containing block only, a fixed one by nothing but the screen.
 *
 * @param {AnyElement} element
 * @param {ContentClip} parents
 * @returns {Clip}
 */
export function escapedClip(element, parents) {
  const { position } = getComputedStyle(element);
  if (position === "fixed") return UNCLIPPED;
  if (position !== "absolute") return parents;
  const block = element.offsetParent;
  for (let context = parents.up; context; context = context.up) {
    if (context.element === block) return context.clips();
  }
  return UNCLIPPED;
}
