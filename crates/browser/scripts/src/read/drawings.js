// Drawings that scripts listen to: the shapes in them, and what lines connect.

import { boxFrom, isOpen } from "../dom/boxes.js";
import { attribute, checkVisibility, closest, isElement, localNameOf, queryAll, rectOf } from "../dom/native.js";
import { elementAt, hasId, idOf, parentOf } from "../dom/registry.js";
import { phrase, whole } from "../dom/strings.js";
import { colourOfShape } from "./colours.js";

/** @import { AnyElement, Box } from "../types" */
/** @import { ElementContext } from "./context.js" */
/** @import { Walk } from "./walk.js" */

const SHAPES = "rect,circle,ellipse,line,polyline,polygon,path,image,use";
const NODES = "rect,circle,ellipse,polygon,path,foreignObject";
const LINES = "line,polyline,path";
const NOT_DRAWN = "defs,marker,clipPath,mask,symbol,pattern";
/** Shapes looked at, and listed, of one drawing. */
const MAX_LOOKED_AT = 300;
const MAX_SHAPES = 40;
const MAX_LINES = 60;
/** How far from a node's box a line may end, in pixels. */
const REACH = 12;
/** A longer path is a picture rather than a line. */
const MAX_PATH = 400;

/**
 * A node of a diagram.
 *
 * @typedef {{ box: Box, name: string }} DiagramNode
 */

/**
 * @param {AnyElement} drawing
 * @param {string} selector
 * @returns {AnyElement[]}
 */
function drawn(drawing, selector) {
  const found = Array.from(queryAll(drawing, selector)).slice(0, MAX_LOOKED_AT);
  return found.filter((shape) => !closest(shape, NOT_DRAWN) && checkVisibility(shape, { visibilityProperty: true }));
}

/**
 * @param {AnyElement} drawing
 * @returns {DiagramNode[]} the texts with their boxes
 */
function textsIn(drawing) {
  const texts = drawn(drawing, "text,foreignObject").map((element) => ({
    box: boxFrom(rectOf(element)),
    name: phrase(element.textContent, 40),
  }));
  return texts.filter(({ name }) => name !== "");
}

/**
 * @param {Box} inner
 * @param {Box} outer
 * @returns {boolean} whether the middle of a box is in another one
 */
function isMiddleIn(inner, outer) {
  const x = (inner.l + inner.r) / 2;
  const y = (inner.t + inner.b) / 2;
  return x >= outer.l && x <= outer.r && y >= outer.t && y <= outer.b;
}

/**
 * @param {AnyElement} shape
 * @param {AnyElement} drawing
 * @param {Set<number>} listed
 * @returns {boolean} whether a shape or a group that it is in is listed
 */
function isListed(shape, drawing, listed) {
  for (let node = /** @type {Node | null} */ (shape); node && node !== drawing; node = parentOf(node)) {
    if (hasId(node) && listed.has(idOf(node))) return true;
  }
  return false;
}

/**
 * Writes the shapes of a drawing that are no controls: kind, colour, size, middle from the drawing's corner, and text.
 *
 * @param {Walk} walk
 * @param {AnyElement} drawing
 * @param {ElementContext} context
 * @param {Set<number>} listed ids of what is listed already
 * @returns {void}
 */
export function writeShapes(walk, drawing, context, listed) {
  const texts = textsIn(drawing);
  const area = (context.r - context.l) * (context.b - context.t);
  /** @type {string[]} */
  const shapes = [];
  let more = 0;
  for (const shape of drawn(drawing, SHAPES)) {
    if (isListed(shape, drawing, listed)) continue;
    const box = boxFrom(rectOf(shape));
    const [w, h] = [box.r - box.l, box.b - box.t];
    // Neither what is too small to be seen nor the ground of the drawing.
    if ((w < 2 && h < 2) || w * h > 0.9 * area) continue;
    const look = colourOfShape(shape, localNameOf(shape));
    if (look === null) continue;
    if (shapes.length === MAX_SHAPES) {
      more++;
      continue;
    }
    const words = texts.filter((text) => isMiddleIn(text.box, box) && w * h < 0.5 * area).map(({ name }) => name);
    const name = words.length > 0 ? ` "${phrase(words.join(" "), 40)}"` : "";
    const at = `${whole((box.l + box.r) / 2 - context.l)},${whole((box.t + box.b) / 2 - context.t)}`;
    shapes.push(`${localNameOf(shape)}${name} ${look} ${whole(w)}x${whole(h)} at ${at}`);
  }
  if (shapes.length === 0) return;
  walk.flush();
  walk.write(`(shapes: ${shapes.join("; ")}${more > 0 ? `; and ${more} more` : ""})`, context.text);
  walk.flush();
}

/**
 * Writes what the lines of a drawing connect, where both of their ends are at things with names.
 *
 * @param {Walk} walk
 * @param {AnyElement} drawing
 * @param {ElementContext} context
 * @returns {void}
 */
export function writeConnections(walk, drawing, context) {
  const isNamed = queryAll(drawing, "text,foreignObject").length > 0;
  const lines = queryAll(drawing, LINES);
  if (lines.length === 0 || (!isNamed && !Array.from(lines).slice(0, 5).some(isCalledEdge))) return;
  const nodes = isNamed ? nodesIn(drawing) : [];
  if (isNamed && nodes.length < 2) return;
  /** @type {Set<string>} */
  const found = new Set();
  for (const line of drawn(drawing, LINES).slice(0, MAX_LINES)) {
    const ends = endsOf(line);
    if (ends === null || (!isNamed && !isCalledEdge(line))) continue;
    const [from, to] = ends.map(([x, y, dx, dy]) => (isNamed ? nodeAt(nodes, x, y) : thingAt(x + dx, y + dy)));
    if (!from || !to || from === to) continue;
    const isReversed = attribute(line, "marker-start") !== null && attribute(line, "marker-end") === null;
    found.add(isReversed ? `${to} -> ${from}` : `${from} -> ${to}`);
  }
  if (found.size === 0) return;
  walk.flush();
  walk.write(`(connections: ${[...found].join("; ")})`, context.text);
  walk.flush();
}

/**
 * @param {Element} line
 * @returns {boolean}
 */
function isCalledEdge(line) {
  const parent = parentOf(line);
  const around = parent && isElement(parent) ? attribute(parent, "class") : "";
  const words = `${attribute(line, "class") ?? ""} ${around ?? ""}`;
  return /edge|link|connect|wire/i.test(words);
}

/**
 * The shapes of a drawing that have words in them.
 *
 * @param {AnyElement} drawing
 * @returns {DiagramNode[]}
 */
function nodesIn(drawing) {
  const texts = textsIn(drawing);
  const area = rectOf(drawing).width * rectOf(drawing).height;
  /** @type {DiagramNode[]} */
  const nodes = [];
  for (const shape of drawn(drawing, NODES)) {
    const box = boxFrom(rectOf(shape));
    if (!isOpen(box) || (box.r - box.l) * (box.b - box.t) > 0.5 * area) continue;
    const words = texts.filter((text) => isMiddleIn(text.box, box)).map(({ name }) => name);
    if (words.length > 0 && words.length < 5) nodes.push({ box, name: phrase(words.join(" "), 40) });
  }
  return nodes;
}

/**
 * The name of the smallest node at a point.
 *
 * @param {DiagramNode[]} nodes
 * @param {number} x
 * @param {number} y
 * @returns {string | null}
 */
function nodeAt(nodes, x, y) {
  let best = null;
  let least = Infinity;
  for (const { box, name } of nodes) {
    const isNear = x >= box.l - REACH && x <= box.r + REACH && y >= box.t - REACH && y <= box.b + REACH;
    const area = (box.r - box.l) * (box.b - box.t);
    if (!isNear || area >= least) continue;
    best = name;
    least = area;
  }
  return best;
}

/**
 * The name of what is at a point, outside of drawings.
 *
 * @param {number} x
 * @param {number} y
 * @returns {string | null}
 */
function thingAt(x, y) {
  let node = /** @type {Node | null} */ (elementAt(x, y));
  for (let n = 0; node && isElement(node) && n < 6; n++, node = parentOf(node)) {
    const { width, height } = rectOf(node);
    if (width > 400 || height > 300) return null;
    const name = node.ownerSVGElement || localNameOf(node) === "svg" ? "" : phrase(node.textContent, 40);
    if (name) return name;
  }
  return null;
}

/**
 * The ends of a line in the viewport, each with the way that it goes there.
 *
 * @param {AnyElement} line
 * @returns {[x: number, y: number, dx: number, dy: number][] | null} null when it is a shape
 */
function endsOf(line) {
  if (!(line instanceof SVGGeometryElement)) return null;
  if (localNameOf(line) !== "line" && getComputedStyle(line).fill !== "none") return null;
  if ((attribute(line, "d") ?? "").length > MAX_PATH) return null;
  const matrix = line.getScreenCTM();
  const length = line.getTotalLength();
  if (!matrix || !(length > 8)) return null;
  /**
   * @param {number} at
   * @returns {DOMPoint}
   */
  const point = (at) => line.getPointAtLength(at).matrixTransform(matrix);
  return [
    [0, Math.min(8, length)],
    [length, Math.max(0, length - 8)],
  ].map(([end, inner]) => {
    const [a, b] = [point(end), point(inner)];
    return [a.x, a.y, a.x - b.x, a.y - b.y];
  });
}
