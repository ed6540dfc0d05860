// What the walk does with an element: where it is, whether it can be seen, and what it is.

import { boxFrom, EVERYWHERE, isOpen, isWithin, meet, touches } from "../dom/boxes.js";
import { IGNORED, INLINE } from "../dom/content.js";
import { COUNTED_CONTROL, explicitRole, isControl, isTrue, mayBeControl } from "../dom/controls.js";
import { isPicture, pictureName } from "../dom/names.js";
import { firstChildOf, isDisguised, localNameOf, parentNodeOf, rectOf } from "../dom/native.js";
import { areaShape, contentRange } from "../dom/places.js";
import { hoverable, listening, rootOf } from "../dom/registry.js";
import { CELL_ROLES } from "./cells.js";
import { clippedBy } from "./clipping.js";
import { ElementContext, escapedClip, UNCLIPPED } from "./context.js";
import {
  isKeyboardStop,
  isShownItself,
  listCodeEditor,
  listControl,
  listHiddenFileField,
  listLabel,
  listSoftControl,
} from "./controls.js";
import { writeConnections } from "./drawings.js";
import {
  countWordless,
  isPdf,
  isWorthEntering,
  listCaption,
  listDrawing,
  listFrame,
  listGauge,
  listGaugeByRole,
  listImage,
  listTitle,
  writeColour,
} from "./pictures.js";
import { listContainer } from "./structure.js";
import { isCovered, isDrawn } from "./visibility.js";

/** @import { AnyElement, Box } from "../types" */
/** @import { Clip } from "./context.js" */
/** @import { Walk } from "./walk.js" */

const GAUGE_ROLES = new Set(["meter", "progressbar"]);
/** Hit tests for controls in one transparent element. */
const MAX_CONCEALED = 10;

/**
 * Lists an element with what is in it.
 *
 * @param {Walk} walk
 * @param {AnyElement} element
 * @param {ElementContext} up
 * @returns {void}
 */
export function visitElement(walk, element, up) {
  const tag = localNameOf(element);
  if (tag === "form" && isDisguised(/** @type {HTMLFormElement} */ (element))) {
    walk.siblings(firstChildOf(element), up);
    return;
  }
  if (IGNORED.has(tag)) {
    if (tag === "br") walk.flush();
    else if (tag === "title" && up.open && up.tag !== "svg" && up.element.ownerSVGElement) listTitle(walk, element, up);
    return;
  }
  if (walk.layers !== null) {
    if (walk.layers.has(element)) {
      visitLayer(walk, element, up);
      return;
    }
    if (!walk.probed.has(element)) return;
  }
  if (tag === "area") {
    visitArea(walk, element, up);
    return;
  }
  let rect = element.getBoundingClientRect();
  if (rect.width === 0 || rect.height === 0) {
    // A shape without a size is not painted.
    if (rect.width === rect.height && element.ownerSVGElement && tag !== "g" && tag !== "a") return;
    const isBoxless = rect.width === rect.height && !element.checkVisibility();
    if (isBoxless && getComputedStyle(element).display !== "contents") {
      visitInvisible(walk, element, tag, up);
      return;
    }
    const isOwnControl = mayBeControl(element) && isControl(element, tag, explicitRole(element));
    if (isBoxless && !isOwnControl) {
      const isNamed = tag === "label" && element.control ? isShownItself(walk, element.control, element) : false;
      // Its text is the control's name.
      if (isNamed) walk.muted++;
      walk.children(element, up);
      if (isNamed) walk.muted--;
      return;
    }
    // A control without a size is where its content is.
    if (isOwnControl && element.firstChild !== null) rect = contentRange(element).getBoundingClientRect();
    if (isOwnControl && rect.width === 0 && rect.height === 0) {
      visitInvisible(walk, element, tag, up);
      return;
    }
  }
  visitBox(walk, element, tag, up, rect);
}

/**
 * Lists one of the layers to which the walk is confined.
 *
 * @param {Walk} walk
 * @param {AnyElement} element
 * @param {ElementContext} up
 * @returns {void}
 */
function visitLayer(walk, element, up) {
  const { layers, muted } = walk;
  walk.layers = null;
  walk.muted = 0;
  visitElement(walk, element, up);
  walk.muted = muted;
  walk.layers = layers;
}

/**
 * Lists an area of an image map, which has its place on the image.
 *
 * @param {Walk} walk
 * @param {AnyElement} element
 * @param {ElementContext} up
 * @returns {void}
 */
function visitArea(walk, element, up) {
  if (!element.hasAttribute("href")) return;
  const shape = areaShape(element);
  if (shape === null || !isOpen(shape.box)) return;
  const { box } = shape;
  if (!touches(box, walk.range)) {
    visitFar(walk, element, "a", up, box, UNCLIPPED);
    return;
  }
  const context = new ElementContext(element, "area", up, box, UNCLIPPED, null, true);
  context.mustTest = true;
  listControl(walk, element, "area", explicitRole(element), box, EVERYWHERE, context);
}

/**
 * Lists an element that has a box.
 *
 * @param {Walk} walk
 * @param {AnyElement} element
 * @param {string} tag
 * @param {ElementContext} up
 * @param {DOMRect} rect
 * @returns {void}
 */
function visitBox(walk, element, tag, up, rect) {
  const { range } = walk;
  const { width, height } = rect;
  let box = boxFrom(rect);
  if (walk.big && !walk.probed.has(element)) {
    // Content overflows downwards as far as the scroll height says, and never upwards.
    if (box.t > range.b || (box.b < range.t && box.t + element.scrollHeight < range.t)) return;
  }
  let { clip, visible } = clipOf(element, box, up);
  const listed = meet(box, clip);
  const isFlat = width === 0 || height === 0;
  if (!isFlat && !isOpen(listed)) {
    // Clipped away here; what stands inside can still escape if it is placed elsewhere.
    const mayEscape = (width <= 1 || height <= 1 || isOpen(clip)) && element.firstElementChild !== null;
    if (mayEscape) visitContent(walk, element, tag, up, box, { clip, visible }, null, false);
    else visitInvisible(walk, element, tag, up);
    return;
  }
  const isNear = isFlat ? touches(box, range) : isOpen(meet(listed, range));
  if (!isNear) {
    visitFar(walk, element, tag, up, box, { clip, visible });
    return;
  }
  const style = getComputedStyle(element);
  if (style.opacity === "0") {
    visitTransparent(walk, element, tag, up, box, visible);
    return;
  }
  const cut = isFlat ? null : clippedBy(style, box);
  if (cut !== null) {
    box = meet(box, cut);
    clip = meet(clip, cut);
    visible = meet(visible, cut);
  }
  if (style.contentVisibility === "hidden" || (cut !== null && !isOpen(box))) {
    visitInvisible(walk, element, tag, up);
    return;
  }
  if (style.backfaceVisibility === "hidden") {
    // Whether it is turned away, only the painted page knows.
    const seen = walk.inView(box, visible);
    if (isOpen(seen) && isCovered(element, seen)) return;
  }
  visitContent(walk, element, tag, up, box, { clip, visible }, style, !isFlat, cut);
}

/**
 * What clips an element: only a box that sticks out of its parent's can be clipped by it.
 *
 * @param {AnyElement} element
 * @param {Box} box
 * @param {ElementContext} up
 * @returns {Clip}
 */
function clipOf(element, box, up) {
  if (box.l >= up.l - 1 && box.t >= up.t - 1 && box.r <= up.r + 1 && box.b <= up.b + 1) return up;
  const parents = up.clips();
  const { clip, visible } = isWithin(box, parents.visible) ? parents : escapedClip(element, parents);
  if (up.pathClip === EVERYWHERE) return { clip, visible };
  return { clip: meet(clip, up.pathClip), visible: meet(visible, up.pathClip) };
}

/**
 * Counts an element outside what is listed, and searches it for what is placed elsewhere.
 *
 * @param {Walk} walk
 * @param {AnyElement} element
 * @param {string} tag
 * @param {ElementContext} up
 * @param {Box} box
 * @param {Clip} clip
 * @returns {void}
 */
function visitFar(walk, element, tag, up, box, clip) {
  const isCounted =
    tag === "a" || tag === "button" || tag === "input" || tag === "select" || tag === "textarea" || tag === "summary";
  if (walk.muted === 0 && isCounted) {
    if (box.b <= walk.range.t) walk.above++;
    else if (box.t >= walk.range.b) walk.below++;
    else if (box.r > -walk.scrollX) walk.beside++;
    return;
  }
  if (element.firstElementChild !== null || rootOf(element)) {
    walk.children(element, new ElementContext(element, tag, up, box, clip, null, false));
  }
}

/**
 * Of an element that cannot be seen, lists the fields for files, which can be used all the same.
 *
 * @param {Walk} walk
 * @param {AnyElement} element
 * @param {string} tag
 * @param {ElementContext} up
 * @returns {void}
 */
function visitInvisible(walk, element, tag, up) {
  if (!walk.hasFileFields || walk.layers !== null) return;
  if (tag === "input") {
    if (element.type === "file") listHiddenFileField(walk, element, up);
  } else if (element.firstElementChild !== null) {
    for (const input of element.querySelectorAll("input[type=file]")) listHiddenFileField(walk, input, up);
  }
}

/**
 * Of a fully transparent element, lists what takes presses all the same: a native control over a drawn one, and the
 * buttons of a row that appear under the mouse.
 *
 * @param {Walk} walk
 * @param {AnyElement} element
 * @param {string} tag
 * @param {ElementContext} up
 * @param {Box} box
 * @param {Box} visible
 * @returns {void}
 */
function visitTransparent(walk, element, tag, up, box, visible) {
  const seen = walk.inView(box, visible);
  const isLarge = box.r - box.l >= 8 && box.b - box.t >= 8;
  const isField = (tag === "input" || tag === "select") && element.type !== "hidden" && element.type !== "file";
  if (isField && isLarge) {
    const isLabelled = Array.from(element.labels ?? []).some(isDrawn);
    // Beyond the viewport nobody knows what covers it.
    if (!isLabelled && !(isOpen(seen) && isCovered(element, seen))) {
      listControl(walk, element, tag, explicitRole(element), box, visible, null);
    }
    return;
  }
  visitInvisible(walk, element, tag, up);
  const isFileField = tag === "input" && element.type === "file";
  if (!isFileField && isOpen(seen) && walk.layers === null) listConcealed(walk, element, tag, visible);
}

/**
 * Lists the buttons and links in something transparent.
 *
 * @param {Walk} walk
 * @param {AnyElement} element
 * @param {string} tag
 * @param {Box} visible
 * @returns {void}
 */
function listConcealed(walk, element, tag, visible) {
  const inside = tag === "a" || tag === "button" ? [element] : element.querySelectorAll("a[href],button");
  for (let i = 0; i < inside.length && i < MAX_CONCEALED && walk.concealedLeft > 0; i++) {
    const target = inside[i];
    const rect = rectOf(target);
    const box = boxFrom(rect);
    const seen = walk.inView(box, visible);
    if (rect.width < 8 || rect.height < 8 || !isOpen(seen)) continue;
    walk.concealedLeft--;
    if (getComputedStyle(target).pointerEvents === "none" || isCovered(target, seen)) continue;
    listControl(walk, target, localNameOf(target), explicitRole(target), box, visible, null).hidden = true;
  }
}

/**
 * Lists an element in range, or only its content.
 *
 * @param {Walk} walk
 * @param {AnyElement} element
 * @param {string} tag
 * @param {ElementContext} up
 * @param {Box} box
 * @param {Clip} clip
 * @param {CSSStyleDeclaration | null} style null: only its content may be visible
 * @param {boolean} open whether its text is listed
 * @param {Box | null} [cut] what its clip path leaves
 * @returns {void}
 */
function visitContent(walk, element, tag, up, box, clip, style, open, cut = null) {
  if (element.hasAttribute("inert")) return;
  const context = new ElementContext(element, tag, up, box, clip, style, open && style !== null);
  context.hidden = style !== null ? style.visibility !== "visible" : up.hidden;
  if (cut !== null) context.pathClip = meet(context.pathClip, cut);
  context.seen = open && walk.isInView(box, clip.visible);
  context.inside = isWithin(box, clip.clip) && isWithin(box, walk.range);
  context.level = up.level;
  context.text.seen = context.seen;
  context.text.level = context.level;
  context.pre = tag === "pre" || up.pre;
  if (context.seen) context.overlap = walk.overlaps.add(meet(box, walk.view));

  const isInline =
    INLINE.has(tag) && (style === null || style.display.startsWith("inline") || style.display === "contents");
  if (!isInline) walk.flush();
  else if (walk.line !== null && (box.l > walk.line.r + 2 || box.t >= walk.line.b - 1)) walk.line.text += " ";

  if (open && element.firstElementChild === null) walk.noteEdge(element);

  const isCell = tag === "td" || tag === "th" || (style !== null && CELL_ROLES.has(element.getAttribute("role") ?? ""));
  if (isCell) {
    walk.flush();
    walk.items.push("p");
  }
  if (style === null || context.hidden || walk.layers !== null) listContainer(walk, element, tag, context, !isInline);
  else visitVisible(walk, element, tag, context, style, isInline);

  if (!isInline) walk.flush();
  if (context.overlap !== -1) walk.overlaps.close(context.overlap);
}

/**
 * Lists a visible element by what it is.
 *
 * @param {Walk} walk
 * @param {AnyElement} element
 * @param {string} tag
 * @param {ElementContext} context
 * @param {CSSStyleDeclaration} style
 * @param {boolean} isInline
 * @returns {void}
 */
function visitVisible(walk, element, tag, context, style, isInline) {
  if (tag === "details" && !element.open) {
    const summary = element.querySelector(":scope > summary");
    if (summary) visitElement(walk, summary, context);
    return;
  }
  const field = walk.editors.get(element);
  if (field !== undefined) {
    listCodeEditor(walk, element, field, context);
    return;
  }
  if (tag === "legend" && context.up?.tag === "fieldset") {
    // Its text is the group's name and is not repeated.
    walk.muted++;
    walk.children(element, context);
    walk.muted--;
    return;
  }
  if (tag === "iframe" || tag === "frame" || isEmbeddedPage(element, tag)) {
    listFrame(walk, element, context);
    return;
  }
  const isPicture = tag === "canvas" || tag === "img" || tag === "svg";
  if (context.seen && isPicture) countWordless(walk, element, tag, context);
  if (listKnownKind(walk, element, tag, context, style)) return;
  if (isSoftControl(element, context, style) || walk.revealers.has(element)) {
    listSoftControl(walk, element, tag, "", context);
  } else {
    listContainer(walk, element, tag, context, !isInline);
    if (tag === "svg") writeConnections(walk, element, context);
    else if (context.seen && element.firstChild === null) writeColour(walk, element, context, style);
  }
}

/**
 * Lists an element that its tag, its role or its attributes say all about.
 *
 * @param {Walk} walk
 * @param {AnyElement} element
 * @param {string} tag
 * @param {ElementContext} context
 * @param {CSSStyleDeclaration} style
 * @returns {boolean} false: it is not such an element
 */
function listKnownKind(walk, element, tag, context, style) {
  if (mayBeControl(element)) {
    const explicit = explicitRole(element);
    if (isControl(element, tag, explicit)) {
      listControl(walk, element, tag, explicit, context, context.visible, context);
    } else if (tag === "label" && element.control) {
      listLabel(walk, element, element.control, context);
    } else if (tag === "input") {
      // A hidden one.
    } else {
      const takesPresses = hasPressAttribute(element, explicit);
      // Asked in any case: what is in it does not begin a hand cursor of its own.
      const hasCursor = (takesPresses || explicit !== "") && beginsPointer(context, style);
      if (!takesPresses && !hasCursor) return listPicture(walk, element, tag, context, style);
      listSoftControl(walk, element, tag, explicit, context);
    }
    return true;
  }
  return listPicture(walk, element, tag, context, style);
}

/**
 * Lists a picture or a gauge.
 *
 * @param {Walk} walk
 * @param {AnyElement} element
 * @param {string} tag
 * @param {ElementContext} context
 * @param {CSSStyleDeclaration} style
 * @returns {boolean} false: it is neither, or is entered
 */
function listPicture(walk, element, tag, context, style) {
  switch (tag) {
    case "img":
      if (listening.has(element) || (context.pointer === undefined && beginsPointer(context, style))) {
        listSoftControl(walk, element, tag, "", context);
      } else {
        listImage(walk, element, context);
      }
      return true;
    case "progress":
    case "meter":
      listGauge(walk, element, tag, context);
      return true;
    case "svg":
      if (isWorthEntering(element, context)) {
        listCaption(walk, element, context);
        return false;
      }
      if (listening.has(element) || beginsPointer(context, style)) listSoftControl(walk, element, tag, "", context);
      else listDrawing(walk, element, context);
      return true;
    default:
      if (GAUGE_ROLES.has(explicitRole(element))) return listGaugeByRole(walk, element, context);
      // The content of what is a picture by its role is listed where it has no name.
      if (!isPicture(element, tag) || listening.has(element) || pictureName(element) === "") return false;
      listDrawing(walk, element, context);
      return true;
  }
}

/**
 * Whether an object or an embed shows a page, or a document that is read apart.
 *
 * @param {AnyElement} element
 * @param {string} tag
 * @returns {boolean}
 */
function isEmbeddedPage(element, tag) {
  if (tag === "object") {
    const { contentWindow } = /** @type {HTMLObjectElement} */ (/** @type {unknown} */ (element));
    return contentWindow !== null || (isPdf(element) && element.firstElementChild === null);
  }
  return tag === "embed" && (element.getAttribute("type") === "text/html" || isPdf(element));
}

/**
 * Whether an element behaves like a control.
 *
 * @param {AnyElement} element
 * @param {ElementContext} context
 * @param {CSSStyleDeclaration} style
 * @returns {boolean}
 */
function isSoftControl(element, context, style) {
  const hasCursor = beginsPointer(context, style);
  // One of the like elements that their container listens for.
  if (context.up?.listensForChildren && context.up.element === parentNodeOf(element)) return true;
  if (listening.has(element)) {
    // A row with a hand cursor is pressed as a whole, and what can be dragged is dragged as a whole.
    const isRow = context.tag === "tr" || explicitRole(element) === "row";
    const isWhole = hasCursor && (isRow || style.cursor === "grab" || style.cursor === "move");
    context.listensForChildren = !isWhole && listensForChildren(element);
    if (!context.listensForChildren) return true;
  }
  return hasCursor || isKeyboardStop(element, context) || hoverable.has(element);
}

/**
 * Whether a hand cursor begins at an element.
 *
 * @param {ElementContext} context
 * @param {CSSStyleDeclaration} style
 * @returns {boolean}
 */
function beginsPointer(context, style) {
  if (context.up?.pointer) {
    context.pointer = true;
    return false;
  }
  const { cursor } = style;
  context.pointer = cursor === "pointer" || cursor === "grab" || cursor === "move" || cursor.endsWith("-resize");
  return context.pointer && context.tag !== "body" && context.tag !== "html";
}

const PRESS_ATTRIBUTES =
  "onclick ondblclick onmousedown onmouseup onpointerdown onpointerup ontouchstart ontouchend".split(" ");

/**
 * Whether an element's attributes say that it takes presses.
 *
 * @param {Element} element
 * @param {string} explicit
 * @returns {boolean}
 */
function hasPressAttribute(element, explicit) {
  return (
    isTrue(element, "draggable") ||
    PRESS_ATTRIBUTES.some((name) => element.hasAttribute(name)) ||
    ((explicit === "gridcell" || explicit === "row") && element.hasAttribute("aria-selected"))
  );
}

/**
 * Whether an element listens on behalf of like elements in it, none of which is a control already.
 *
 * @param {Element} element
 * @returns {boolean}
 */
function listensForChildren(element) {
  const first = element.firstElementChild;
  if (first === null || first === element.lastElementChild) return false;
  const tag = localNameOf(first);
  if (INLINE.has(tag) || IGNORED.has(tag) || tag === "tr" || tag === "tbody" || tag === "thead") return false;
  let part = /** @type {Element | null} */ (first);
  for (let n = 0; part !== null && n < 200; n++, part = part.nextElementSibling) {
    if (localNameOf(part) !== tag) return false;
  }
  const { length } = element.textContent ?? "";
  return element.querySelector(COUNTED_CONTROL) === null && length < 60 * element.childElementCount;
}
