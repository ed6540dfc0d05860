// How the walk lists controls: those by what they are, labels that stand for theirs, and what behaves like one.

import { boxFrom, isOpen, meet } from "../dom/boxes.js";
import { INLINE, identify, MIN_DRAWING } from "../dom/content.js";
import { explicitRole, isControl, isEditor, isTrue } from "../dom/controls.js";
import { editorNumber, languageOf, shownLines, shownNumbers } from "../dom/editors.js";
import { elementHint, givenName, iconHint } from "../dom/names.js";
import { attribute, localNameOf, rectOf } from "../dom/native.js";
import { contains, elementAt, hoverable, listening, rootOf } from "../dom/registry.js";
import { bounded, MAX_NAME, phrase, whole } from "../dom/strings.js";
import { cellState, dateOf } from "./cells.js";
import { clippedBy } from "./clipping.js";
import { colourOfShape, tellingColour } from "./colours.js";
import { writeConnections, writeShapes } from "./drawings.js";
import { describe, setStates } from "./state.js";
import { closeStructure, openStructure, scrolls } from "./structure.js";
import { isDrawn } from "./visibility.js";
import { rename } from "./walk.js";

/** @import { AnyElement, Box, ElementItem, Item } from "../types" */
/** @import { ElementContext } from "./context.js" */
/** @import { Walk } from "./walk.js" */

/** Characters shown of an editor. */
const MAX_EDITOR_TEXT = 4000;

/**
 * Lists a control. Its content is its name, apart from further controls in it, which follow as its children.
 *
 * @param {Walk} walk
 * @param {AnyElement} element
 * @param {string} tag
 * @param {string} explicit
 * @param {Box} box
 * @param {Box} visible
 * @param {ElementContext | null} context null: nothing in it is listed
 * @returns {ElementItem}
 */
export function listControl(walk, element, tag, explicit, box, visible, context) {
  walk.flush();
  const seen = walk.inView(box, visible);
  const identified = identify(element, tag, explicit);
  const { role, content, open } = identified;
  const record = walk.add(element, tag, box, isOpen(seen), identified);
  describe(element, tag, role, record);
  if (role === "combobox" && record.value === undefined) {
    const words = phrase(content.text);
    if (words) record.value = words;
  }
  if (context !== null && letsPressesThrough(tag, context)) record.disabled = true;
  if (!record.name) describeNameless(walk, element, tag, record, content.icon);
  if (tag === "button" || tag === "td") describeCell(walk, element, tag, record);
  if (element.ownerSVGElement) describeShape(element, element.ownerSVGElement, tag, record);
  describeDay(element, record);
  if (tag === "canvas") record.size = [element.clientWidth, element.clientHeight];
  if (context === null) return record;
  if (record.v === 1 && walk.items.length > 0) {
    walk.checks.push({ record, element, overlap: context.overlap, seen, mustTest: context.mustTest });
  }
  const hasList = role === "combobox" || role === "listbox" || explicit === "treeitem";
  const hasElements = element.firstElementChild !== null;
  if (content.controls.length > 0 || (hasList && tag !== "select" && hasElements)) {
    listNested(walk, content.controls, context, record);
  } else if (open && hasElements && tag !== "canvas" && tag !== "select" && tag !== "textarea" && !isEditor(element)) {
    listNested(walk, null, context, record);
  }
  return record;
}

/**
 * Whether presses at a button or link reach nothing that it is a part of. Fields take keys all the same.
 *
 * @param {string} tag
 * @param {ElementContext} context
 * @returns {boolean}
 */
function letsPressesThrough(tag, { style, up }) {
  return (tag === "a" || tag === "button") && style?.pointerEvents === "none" && !up?.pointer;
}

/**
 * Lists what is in a control.
 *
 * @param {Walk} walk
 * @param {AnyElement[] | null} controls null: all of its content
 * @param {ElementContext} context
 * @param {ElementItem} record
 * @returns {void}
 */
function listNested(walk, controls, context, record) {
  const slot = walk.items.length;
  const before = walk.listed;
  context.pointer = true;
  if (controls === null) walk.children(context.element, context);
  else for (const control of controls) walk.visit(walk, control, context);
  walk.flush();
  if (walk.listed === before) {
    walk.items.length = slot;
  } else {
    record.open = true;
    walk.items.push("c");
  }
}

/**
 * Describes a control without a name by its icon, its classes and its colour.
 *
 * @param {Walk} walk
 * @param {AnyElement} element
 * @param {string} tag
 * @param {ElementItem} record
 * @param {AnyElement | null} icon
 * @returns {void}
 */
function describeNameless(walk, element, tag, record, icon) {
  if (tag === "input" || tag === "select" || tag === "textarea") {
    const field = phrase(element.getAttribute("name") ?? element.id, 40);
    if (field) record.field = field;
    return;
  }
  const hint = iconHint(icon ?? element) || (icon ? iconHint(element) : "");
  const group = hint && isControl(element, tag, record.role ?? "") ? null : walk.groups.of(element, tag);
  // Like elements are told apart by what not all of them are called.
  if (group) record.state = cellState(element, group, false);
  const own = hint || (group && !icon ? "" : (icon && phrase(attribute(icon, "class"), 40)) || elementHint(element));
  if (own) record.icon = own;
  const colour = tellingColour(element, icon, Boolean(element.ownerSVGElement));
  if (colour !== undefined) record.colour = colour;
}

/**
 * Describes a small thing among like ones, such as a square of a board.
 *
 * @param {Walk} walk
 * @param {AnyElement} element
 * @param {string} tag
 * @param {ElementItem} record
 * @returns {void}
 */
function describeCell(walk, element, tag, record) {
  const group = record.name && record.name.length <= 2 ? walk.groups.of(element, tag) : null;
  if (group) record.state = cellState(element, group, true);
}

/**
 * Describes a day that shows its number alone by its date.
 *
 * @param {AnyElement} element
 * @param {ElementItem} record
 * @returns {void}
 */
function describeDay(element, record) {
  if (record.date || !record.name || !/^\d{1,2}$/.test(record.name)) return;
  const date = dateOf(element);
  if (date) record.date = date;
}

/**
 * Describes a part of a drawing by its fill and its place in the drawing.
 *
 * @param {AnyElement} element
 * @param {SVGSVGElement} innermost
 * @param {string} tag
 * @param {ElementItem} record
 * @returns {void}
 */
function describeShape(element, innermost, tag, record) {
  if (tag === "a" || tag === "text" || tag === "g") return;
  record.colour = colourOfShape(element, tag)?.replace("outline ", "");
  let drawing = innermost;
  while (drawing.ownerSVGElement) drawing = drawing.ownerSVGElement;
  const outer = rectOf(drawing);
  const [x, y, w, h] = record.b;
  record.at = [whole(x + w / 2 - outer.left), whole(y + h / 2 - outer.top)];
  record.size = [w, h];
}

/**
 * Whether an element is in a box that shows nothing of its content, as those for screen readers are.
 *
 * @param {AnyElement} element
 * @param {AnyElement} outer an element around it, at which the search ends
 * @returns {boolean}
 */
function isInHiddenBox(element, outer) {
  let node = element.parentElement;
  for (let n = 0; node && node !== outer && n < 4; n++, node = node.parentElement) {
    const box = boxFrom(rectOf(node));
    const style = getComputedStyle(node);
    const cut = clippedBy(style, box);
    if (cut !== null && !isOpen(meet(box, cut))) return true;
    if (style.overflow !== "visible" && !isOpen(box)) return true;
  }
  return false;
}

/**
 * Whether a control with a label is visible itself.
 *
 * @param {Walk} walk
 * @param {AnyElement} control
 * @param {AnyElement} label
 * @returns {boolean}
 */
export function isShownItself(walk, control, label) {
  let isShown = walk.drawnControls.get(control);
  if (isShown === undefined) {
    isShown = control.type === "file" || (isDrawn(control) && !isInHiddenBox(control, label));
    walk.drawnControls.set(control, isShown);
  }
  return isShown;
}

/**
 * Lists a label, which stands for its control when that is not visible itself, as with drawn checkboxes.
 *
 * @param {Walk} walk
 * @param {AnyElement} element
 * @param {AnyElement} control
 * @param {ElementContext} context
 * @returns {void}
 */
export function listLabel(walk, element, control, context) {
  if (isShownItself(walk, control, element)) {
    // Its text is the control's name and is not repeated. What else stands in it is listed.
    walk.muted++;
    context.pointer = true;
    walk.children(element, context);
    walk.muted--;
    return;
  }
  walk.flush();
  const identified = identify(element, "label", "");
  const { role, content } = identified;
  const seen = walk.inView(context, context.visible);
  const record = walk.add(element, "label", context, isOpen(seen), identified);
  describe(control, control.localName, role, record);
  if (!record.name) describeNameless(walk, element, "label", record, content.icon);
  if (record.v === 1) walk.checks.push({ record, element, overlap: context.overlap, seen, mustTest: false });
  const others = content.controls.filter((other) => other !== control);
  if (others.length > 0) listNested(walk, others, context, record);
}

/**
 * @param {Item | null} item
 * @returns {item is { e: ElementItem }}
 */
function isElementItem(item) {
  return item !== null && typeof item === "object" && "e" in item;
}

/**
 * What was listed since a place among the items.
 *
 * @param {Walk} walk
 * @param {number} from
 * @returns {{ words: string, texts: number, controls: number }}
 */
function countListed(walk, from) {
  let words = "";
  let texts = 0;
  let controls = 0;
  for (const item of walk.items.slice(from)) {
    if (item === null || typeof item === "string") continue;
    if ("t" in item) {
      texts++;
      words += `${item.t[5]} `;
    } else if ("e" in item || "f" in item) controls++;
  }
  return { words, texts, controls };
}

// What takes the focus for its parts, or to be scrolled.
const FOCUSABLE_CONTAINERS = new Set(
  (
    "alertdialog application dialog document feed grid group listbox log main menu menubar radiogroup region tablist " +
    "tabpanel toolbar tree treegrid"
  ).split(" "),
);

/**
 * Whether the keyboard stops at an element that its author made focusable, as it does at a control. What has neither
 * content nor a size only keeps the focus in a dialog.
 *
 * @param {Element} element
 * @param {Box} box
 * @returns {boolean}
 */
export function isKeyboardStop(element, box) {
  return (
    attribute(element, "tabindex") === "0" &&
    (element.firstChild !== null || rootOf(element) !== null || (box.r - box.l > 2 && box.b - box.t > 2)) &&
    !FOCUSABLE_CONTAINERS.has(explicitRole(element)) &&
    element.scrollHeight <= element.clientHeight + 8
  );
}

/**
 * Whether an empty element lies behind something else, as what darkens the page behind a dialog.
 *
 * @param {Element} element
 * @param {Box} seen its part in the viewport
 * @returns {boolean}
 */
function isBehind(element, seen) {
  const hit = elementAt((seen.l + seen.r) / 2, (seen.t + seen.b) / 2);
  return hit !== null && !contains(hit, element) && !contains(element, hit);
}

/**
 * Whether a part of a drawing that is listed lies behind all of it.
 *
 * @param {AnyElement} element
 * @param {Box} box
 * @returns {boolean}
 */
function isGround(element, box) {
  const drawing = element.ownerSVGElement;
  if (!drawing || !listening.has(drawing)) return false;
  const whole = rectOf(drawing);
  return box.r - box.l >= whole.width - 2 && box.b - box.t >= whole.height - 2;
}

/**
 * Lists what is a control by its behaviour. Without controls in it, it folds like a button; with some, it is their
 * parent, unless they say all there is to say.
 *
 * @param {Walk} walk
 * @param {AnyElement} element
 * @param {string} tag
 * @param {string} explicit
 * @param {ElementContext} context
 * @returns {void}
 */
export function listSoftControl(walk, element, tag, explicit, context) {
  walk.flush();
  const { items } = walk;
  const before = walk.listed;
  const checked = walk.checks.length;
  const structure = openStructure(walk, element, tag, context, !INLINE.has(tag));
  const { slot, opening, head } = structure;
  walk.children(element, context);
  walk.flush();
  const isDrawing = tag === "svg" && context.r - context.l > MIN_DRAWING && context.b - context.t > MIN_DRAWING;
  if (isDrawing) {
    const listedIds = new Set(items.slice(slot + 1).flatMap((item) => (isElementItem(item) ? [item.e.i] : [])));
    writeShapes(walk, element, context, listedIds);
    writeConnections(walk, element, context);
  }
  const { words, texts, controls } = countListed(walk, slot + 1);
  const area = (context.r - context.l) * (context.b - context.t);
  const isHuge = area > 0.7 * innerWidth * innerHeight;
  const hasHandler = element.hasAttribute("onclick");
  // Without a sign of it, what listens around much else does so for something in it.
  const isHoverable = hoverable.has(element);
  const isQuiet =
    (listening.has(element) || isHoverable || isKeyboardStop(element, context)) &&
    !context.pointer &&
    !hasHandler &&
    explicit === "";
  // What is pressed in a drawing are its points, also where nothing is.
  if (!isDrawing) {
    const listens = hasHandler || isTrue(element, "draggable");
    const isContainer =
      (isQuiet && (controls > 0 || texts > 4 || scrolls(element, context))) ||
      (isHuge && (controls > 0 || texts > 6)) ||
      (controls > 0 && texts === 0 && !listens);
    if (isContainer) {
      closeStructure(walk, element, tag, context, structure);
      return;
    }
    if (isHuge && walk.listed === before && isBehind(element, walk.inView(context, context.visible))) {
      items.length = slot;
      return;
    }
    // Presses there are presses at the drawing.
    if (walk.listed === before && tag === "g" && isGround(element, context) && givenName(element) === "") {
      items.length = slot;
      return;
    }
  }
  const seen = walk.inView(context, context.visible);
  const tail = items.splice(slot);
  const { listed } = walk;
  walk.listed = before;
  const own = explicitRole(element);
  const identified = identify(element, tag, own);
  const record = walk.add(element, tag, context, isOpen(seen), identified);
  setStates(element, tag, own, record);
  if (isHoverable && !listening.has(element)) record.hover = true;
  const cursor = context.style?.cursor;
  if (cursor === "grab" || cursor === "move" || cursor?.endsWith("-resize")) record.draggable = true;
  if (isDrawing) record.size = [whole(context.r - context.l), whole(context.b - context.t)];
  if (element.ownerSVGElement) describeShape(element, element.ownerSVGElement, tag, record);
  if (record.v === 1) {
    walk.checks.splice(checked, 0, { record, element, overlap: context.overlap, seen, mustTest: false });
  }
  if (!isDrawing && controls === 0 && words.length <= MAX_NAME + 1) {
    // Its words are its name, also where an invisible control keeps it from being named by its content.
    if (!record.name) rename(record, phrase(words));
    if (!record.name) describeNameless(walk, element, tag, record, identified.content.icon);
    describeCell(walk, element, tag, record);
    describeDay(element, record);
    if (!record.name && cursor?.endsWith("-resize")) record.icon = cursor;
    return;
  }
  rename(record, givenName(element));
  walk.listed = listed + 1;
  record.open = true;
  const isRegion = opening !== null && opening.o[0] !== "row";
  if (isRegion) items.push(opening);
  for (const item of tail.slice(head)) items.push(item);
  if (isRegion) items.push("c");
  items.push("c");
}

/**
 * Lists an editor that draws its text itself as one field: what takes its input, in the editor's box.
 *
 * @param {Walk} walk
 * @param {AnyElement} editor
 * @param {AnyElement} field
 * @param {ElementContext} context
 * @returns {void}
 */
export function listCodeEditor(walk, editor, field, context) {
  walk.flush();
  const seen = walk.inView(context, context.visible);
  const record = walk.add(field, localNameOf(field), context, isOpen(seen));
  if (field.readOnly || isTrue(field, "aria-readonly")) record.readonly = true;
  if (!record.name) rename(record, phrase(attribute(editor, "aria-label"), MAX_NAME));
  record.editable = true;
  const language = phrase(languageOf(editor), 20);
  if (language) record.state = language;
  const lines = shownLines(editor, field);
  record.value = bounded(lines.join("\n"), MAX_EDITOR_TEXT);
  record.lines = shownNumbers(editor) ?? [1, lines.length];
  const number = editorNumber(editor);
  if (number !== undefined) record.editor = number;
  if (record.v === 1) walk.checks.push({ record, element: editor, overlap: context.overlap, seen, mustTest: false });
}

/**
 * Lists a field for files that is not visible, which can be used by its index all the same.
 *
 * @param {Walk} walk
 * @param {AnyElement} input
 * @param {ElementContext} up
 * @returns {void}
 */
export function listHiddenFileField(walk, input, up) {
  walk.flush();
  const place = { l: up.l, t: up.t, r: up.r, b: up.t };
  const record = walk.add(input, "input", place, walk.isInView(up, up));
  record.hidden = true;
  describe(input, "input", record.role ?? record.kind ?? "", record);
}
