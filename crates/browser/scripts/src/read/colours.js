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
  const colour = isDrawing ? style.fill : style.backgroundColor;
  if (colour !== "none" && !/^rgba.* 0\)$/.test(colour) && colour !== BUTTON_GREY) return hex(colour);
  if (!style.backgroundImage.includes("gradient(")) return undefined;
  return hex(/rgba?\([^)]*\)/.exec(style.backgroundImage)?.[0] ?? "");
}
