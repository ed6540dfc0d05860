// The text nodes of the walk.

import { boxFrom, isOpen, meet } from "../dom/boxes.js";
import { contentRange } from "../dom/places.js";
import { bisect } from "./bisect.js";
import { isUnreadable } from "./visibility.js";

/** @import { ElementContext, TextBox } from "./context.js" */
/** @import { Walk } from "./walk.js" */

/** Characters of one text. */
export const MAX_TEXT = 4000;

/**
 * Lists a text, as far as it can be seen.
 *
 * @param {Walk} walk
 * @param {Text} node
 * @param {ElementContext} up
 * @returns {void}
 */
export function listText(walk, node, up) {
  if (walk.muted > 0 || up.hidden || !up.open) return;
  const { data } = node;
  if (!/\S/.test(data)) {
    if (walk.line !== null) walk.line.text += " ";
    return;
  }
  if (up.style !== null && isUnreadable(up.style, up.element)) return;
  let box = up.text;
  // A parent that fits into what is listed vouches for its text; else the text's own place counts.
  if (!up.inside) {
    const range = contentRange(node);
    const rect = range.getBoundingClientRect();
    const own = boxFrom(rect);
    if (rect.width === 0 || !isOpen(meet(own, up.clip))) return;
    if (!isOpen(meet(meet(own, up.clip), walk.range))) return;
    box = { ...own, seen: walk.isInView(own, up.visible), level: up.level };
    if (data.length > MAX_TEXT) {
      listLongText(walk, node, range, box, up);
      return;
    }
  }
  if (!up.pre) {
    walk.write(data, box, [node, up]);
    return;
  }
  const lines = data.split("\n");
  for (let i = 0; i < lines.length; i++) {
    if (i > 0) walk.flush();
    if (lines[i] !== "") walk.write(lines[i], box, [node, up]);
  }
}

/**
 * Of a text that may be longer than a screen, lists the part that is in range, found by bisection over its layout.
 *
 * @param {Walk} walk
 * @param {Text} node
 * @param {Range} range
 * @param {TextBox} box
 * @param {ElementContext} up
 * @returns {void}
 */
function listLongText(walk, node, range, box, up) {
  const { data } = node;
  /**
   * The offset of the line at a height.
   *
   * @param {number} y
   * @returns {number}
   */
  const offsetAt = (y) =>
    bisect(data.length - 1, (n) => {
      range.setStart(node, 0);
      range.setEnd(node, n + 1);
      return range.getBoundingClientRect().bottom < y;
    });
  const area = meet(up.clip, walk.range);
  const start = box.t < area.t ? offsetAt(area.t) : 0;
  const end = box.b > area.b ? offsetAt(area.b) : data.length;
  const text = (start > 0 ? "… " : "") + data.slice(start, Math.max(end, start + 200));
  for (const part of up.pre ? text.split("\n") : [text]) {
    walk.write(part, box);
    if (up.pre) walk.flush();
  }
  if (end < data.length) walk.write(" …", box);
}
