// Colours, as styles give them.

import { phrase } from "../dom/strings.js";

/**
 * @param {string} colour
 * @returns {number[] | undefined}
 */
function channels(colour) {
  return colour
    .match(/^rgba?\((\d+), (\d+), (\d+)/)
    ?.slice(1, 4)
    .map(Number);
}

/**
 * Whether a colour is far from grey.
 *
 * @param {string} colour
 * @returns {boolean}
 */
function isColourful(colour) {
  const parts = channels(colour);
  return parts !== undefined && Math.max(...parts) - Math.min(...parts) > 60;
}

/**
 * @param {string} colour
 * @returns {string} `#rrggbb`
 */
export function hex(colour) {
  const parts = channels(colour);
  return parts ? `#${parts.map((part) => part.toString(16).padStart(2, "0")).join("")}` : phrase(colour, 30);
}

// The background of a button that has none of its own.
const BUTTON_GREY = "rgb(239, 239, 239)";

/**
 * The colour that tells a control without a name from others: of the picture in it, unless it is that of ordinary text;
 * else of its background.
 *
 * @param {Element} element
 * @param {Element | null} icon
 * @param {boolean} isDrawing whether it is a part of a drawing
 * @returns {string | undefined}
 */
export function tellingColour(element, icon, isDrawing) {
  const style = getComputedStyle(icon ?? element);
  if (icon) return isColourful(style.color) ? hex(style.color) : undefined;
  if (isDrawing) return colourOfShape(element, element.localName)?.replace("outline ", "");
  const colour = style.backgroundColor;
  if (colour !== "none" && !/^rgba.* 0\)$/.test(colour) && colour !== BUTTON_GREY) return hex(colour);
  if (!style.backgroundImage.includes("gradient(")) return undefined;
  return hex(/rgba?\([^)]*\)/.exec(style.backgroundImage)?.[0] ?? "");
}

/**
 * The colour of a shape: of its fill, or of its outline.
 *
 * @param {Element} shape
 * @param {string} tag
 * @returns {string | null} null when it is not painted
 */
export function colourOfShape(shape, tag) {
  const { fill, stroke, opacity, fillOpacity } = getComputedStyle(shape);
  if (opacity === "0") return null;
  const isFilled = tag !== "line" && fill !== "none" && fillOpacity !== "0" && !/^rgba.* 0\)$/.test(fill);
  if (isFilled) return paint(fill);
  return stroke === "none" ? null : `outline ${paint(stroke)}`;
}

/**
 * @param {string} value
 * @returns {string}
 */
function paint(value) {
  return value.startsWith("url(") ? "pattern" : hex(value);
}

/**
 * The colour of something that shows nothing else, such as the dot of a status or a cell of a calendar.
 *
 * @param {CSSStyleDeclaration} style
 * @returns {string | null} null for shades of grey, which pages use for all kinds of ornaments
 */
export function loneColour({ backgroundColor, backgroundImage }) {
  return backgroundImage === "none" && isColourful(backgroundColor) && !/^rgba.* 0\)$/.test(backgroundColor)
    ? hex(backgroundColor)
    : null;
}
