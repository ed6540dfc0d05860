// Where elements can be pressed that have no box of their own: areas of image maps and `display: contents`.

import { boxFrom } from "./boxes.js";
import { attribute, clientRectsOf, closest, page, rectOf } from "./native.js";

/** @import { AnyElement, Box, Point } from "../types" */

/**
 * A range around an element's content: it covers all there is of one with `display: contents` or without a size.
 *
 * @param {Node} node
 * @returns {Range}
 */
export function contentRange(node) {
  const range = page.createRange();
  range.selectNodeContents(node);
  return range;
}

/**
 * The shape of an area of an image map, in the viewport.
 *
 * @typedef {object} AreaShape
 * @property {AnyElement} image
 * @property {Box} box
 * @property {Point[]} corners of a polygon
 */

/**
 * @param {Element} area
 * @returns {AreaShape | null} null when no image shows the map
 */
export function areaShape(area) {
  const map = closest(area, "map");
  const name = map && (attribute(map, "name") || map.id);
  const image = name ? page.querySelector(`img[usemap="#${CSS.escape(name)}"]`) : null;
  if (image === null) return null;
  const rect = rectOf(image);
  const style = getComputedStyle(image);
  const x = rect.left + image.clientLeft + (parseFloat(style.paddingLeft) || 0);
  const y = rect.top + image.clientTop + (parseFloat(style.paddingTop) || 0);
  const coordinates = attribute(area, "coords") ?? "";
  const numbers = coordinates
    .split(/[\s,;]+/, 400)
    .map(Number)
    .filter(Number.isFinite);
  switch ((attribute(area, "shape") ?? "rect").toLowerCase()) {
    case "default":
      return { image, box: boxFrom(rect), corners: [] };
    case "circ":
    case "circle": {
      if (numbers.length < 3) return null;
      const [cx, cy, radius] = numbers;
      return {
        image,
        box: { l: x + cx - radius, t: y + cy - radius, r: x + cx + radius, b: y + cy + radius },
        corners: [],
      };
    }
    case "poly":
    case "polygon": {
      /** @type {Point[]} */
      const corners = [];
      for (let i = 0; i + 1 < numbers.length; i += 2) corners.push([x + numbers[i], y + numbers[i + 1]]);
      return corners.length < 3 ? null : { image, box: boxAround(corners), corners };
    }
    default: {
      if (numbers.length < 4) return null;
      const [l, t, r, b] = numbers;
      return {
        image,
        box: boxAround([
          [x + l, y + t],
          [x + r, y + b],
        ]),
        corners: [],
      };
    }
  }
}

/**
 * @param {Point[]} points
 * @returns {Box}
 */
export function boxAround(points) {
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  return { l: Math.min(...xs), t: Math.min(...ys), r: Math.max(...xs), b: Math.max(...ys) };
}

/**
 * The boxes in which an element can be pressed.
 *
 * @param {Element} element
 * @returns {DOMRect[]}
 */
export function pressableBoxes(element) {
  if (element.localName === "area") {
    const shape = areaShape(element);
    if (shape === null) return [];
    const { l, t, r, b } = shape.box;
    // A polygon can be empty in the middle of its bounding box; the middle of three corners in a row mostly is not.
    const spots = shape.corners.map(([x, y], i, all) => {
      const [x1, y1] = all[(i + 1) % all.length];
      const [x2, y2] = all[(i + 2) % all.length];
      return new DOMRect((x + x1 + x2) / 3 - 1, (y + y1 + y2) / 3 - 1, 2, 2);
    });
    return [new DOMRect(l, t, r - l, b - t), ...spots];
  }
  const own = Array.from(clientRectsOf(element));
  const hasSize = own.some((rect) => rect.width > 0 && rect.height > 0);
  return hasSize ? own : Array.from(contentRange(element).getClientRects());
}

/**
 * The element to bring into view for one that may have no box.
 *
 * @param {Element} element
 * @returns {Element}
 */
export function scrollTarget(element) {
  if (element.localName === "area") return areaShape(element)?.image ?? element;
  return clientRectsOf(element).length > 0 ? element : (element.firstElementChild ?? element.parentElement ?? element);
}

/**
 * How much of a container's content is left of what it shows, or above. A container that begins at its other end, as
 * in right-to-left text, counts from there, below zero.
 *
 * @param {Element} element
 * @param {CSSStyleDeclaration} style
 * @param {boolean} isHorizontal
 * @returns {number}
 */
export function scrolledBefore(element, style, isHorizontal) {
  const { direction, display, flexDirection } = style;
  const isReversed = display.endsWith("flex") && flexDirection === (isHorizontal ? "row-reverse" : "column-reverse");
  const fromEnd = isReversed !== (isHorizontal && direction === "rtl");
  if (isHorizontal)
    return fromEnd ? element.scrollWidth - element.clientWidth + element.scrollLeft : element.scrollLeft;
  return fromEnd ? element.scrollHeight - element.clientHeight + element.scrollTop : element.scrollTop;
}
