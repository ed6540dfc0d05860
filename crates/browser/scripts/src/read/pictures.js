// How the walk lists pictures, drawings, gauges and frames.

import { isOpen } from "../dom/boxes.js";
import { fileNameOf, givenName, pictureName } from "../dom/names.js";
import { attribute } from "../dom/native.js";
import { idOf, rootOf } from "../dom/registry.js";
import { bounded, phrase, whole } from "../dom/strings.js";
import { loneColour } from "./colours.js";

/** @import { AnyElement, FrameItem } from "../types" */
/** @import { ElementContext } from "./context.js" */
/** @import { Walk } from "./walk.js" */

/**
 * @param {Walk} walk
 * @param {string} words
 * @param {ElementContext} context
 * @returns {void}
 */
function writeImage(walk, words, context) {
  if (words) walk.write(` (image: ${words}) `, context.text);
}

/**
 * Lists an image by its alternative text, a large one without by its file's name.
 *
 * @param {Walk} walk
 * @param {AnyElement} element
 * @param {ElementContext} context
 * @returns {void}
 */
export function listImage(walk, element, context) {
  const w = context.r - context.l;
  const h = context.b - context.t;
  if (element.getAttribute("aria-hidden") === "true" || w < 12 || h < 12) return;
  const alternative = pictureName(element);
  const isLarge = w >= 80 && h >= 80;
  const file = element.getAttribute("alt") === null && isLarge ? fileNameOf(element.currentSrc || element.src) : "";
  writeImage(walk, alternative || file, context);
}

/**
 * Lists a drawing, or what is one by its role, by its name.
 *
 * @param {Walk} walk
 * @param {AnyElement} element
 * @param {ElementContext} context
 * @returns {void}
 */
export function listDrawing(walk, element, context) {
  if (element.getAttribute("aria-hidden") !== "true") writeImage(walk, pictureName(element), context);
}

/**
 * Lists the name of a drawing that is entered.
 *
 * @param {Walk} walk
 * @param {AnyElement} element
 * @param {ElementContext} context
 * @returns {void}
 */
export function listCaption(walk, element, context) {
  writeImage(walk, phrase(element.getAttribute("aria-label")), context);
}

/**
 * Lists the title of a shape in a drawing, which its tooltip shows.
 *
 * @param {Walk} walk
 * @param {AnyElement} title
 * @param {ElementContext} shape
 * @returns {void}
 */
export function listTitle(walk, title, shape) {
  writeImage(walk, phrase(title.textContent), shape);
}

/** Pixels per side of something that shows nothing but its colour. */
const MIN_DOT = 6;
const MAX_DOT = 48;
/** Colours listed in one reading. */
const MAX_COLOURS = 120;

/**
 * Lists the colour of an element that shows nothing else.
 *
 * @param {Walk} walk
 * @param {AnyElement} element
 * @param {ElementContext} context
 * @param {CSSStyleDeclaration} style
 * @returns {void}
 */
export function writeColour(walk, element, context, style) {
  const w = context.r - context.l;
  const h = context.b - context.t;
  if (context.pointer || w < MIN_DOT || h < MIN_DOT || walk.colours >= MAX_COLOURS) return;
  if (context.tag !== "td" && (w > MAX_DOT || h > MAX_DOT)) return;
  const colour = loneColour(style);
  if (colour === null || context.tag.includes("-") || rootOf(element)) return;
  walk.colours++;
  const name = phrase(element.getAttribute("aria-label") || element.getAttribute("title"), 40);
  walk.write(` (colour: ${colour}${name ? `, ${name}` : ""}) `, context.text);
}

/**
 * Whether a drawing may hold controls and text; icons do not.
 *
 * @param {AnyElement} element
 * @param {ElementContext} context
 * @returns {boolean}
 */
export function isWorthEntering(element, context) {
  if (context.r - context.l > 64 && context.b - context.t > 32) return true;
  return element.querySelector("a,[onclick],[role],[tabindex],text") !== null;
}

/**
 * Counts how much of the viewport a large picture takes up about which nothing is said.
 *
 * @param {Walk} walk
 * @param {AnyElement} element
 * @param {string} tag
 * @param {ElementContext} context
 * @returns {void}
 */
export function countWordless(walk, element, tag, context) {
  const seen = walk.inView(context, context.visible);
  const w = seen.r - seen.l;
  const h = seen.b - seen.t;
  if (w < 100 || h < 100 || element.getAttribute("aria-hidden") === "true") return;
  if (phrase(element.getAttribute("aria-label") || element.getAttribute("title"))) return;
  if (!saysSomething(element, tag)) walk.wordless += w * h;
}

/**
 * @param {AnyElement} element
 * @param {string} tag
 * @returns {boolean}
 */
function saysSomething(element, tag) {
  // An empty alternative says that the image is an ornament.
  if (tag === "img") return element.hasAttribute("alt");
  if (tag === "svg") return element.querySelector("title,text") !== null;
  return /\S/.test(element.textContent ?? "");
}

/**
 * Lists a progress bar or a meter.
 *
 * @param {Walk} walk
 * @param {AnyElement} element
 * @param {string} tag
 * @param {ElementContext} context
 * @returns {void}
 */
export function listGauge(walk, element, tag, context) {
  const isKnown = tag === "meter" || (element.position ?? -1) >= 0;
  const min = Number(element.min ?? 0);
  const share = whole((100 * (Number(element.value) - min)) / (Number(element.max ?? 1) - min));
  walk.write(` (${givenName(element) || tag}: ${isKnown ? `${share}%` : "busy"}) `, context.text);
}

/**
 * Lists what its author says is a progress bar or a meter.
 *
 * @param {Walk} walk
 * @param {AnyElement} element
 * @param {ElementContext} context
 * @returns {boolean} whether that says all about it
 */
export function listGaugeByRole(walk, element, context) {
  const now = attribute(element, "aria-valuenow");
  const min = Number(attribute(element, "aria-valuemin"));
  const share = (100 * (Number(now) - min)) / (Number(attribute(element, "aria-valuemax") ?? 100) - min);
  const value = phrase(attribute(element, "aria-valuetext")) || (now === null ? "busy" : `${whole(share)}%`);
  const content = phrase(element.textContent);
  const name = givenName(element) || attribute(element, "role");
  if (now !== null || content === "") walk.write(` (${name}: ${value}) `, context.text);
  return content === "" || content === value;
}

/**
 * Whether what an element embeds is a PDF document, as far as the element says.
 *
 * @param {AnyElement} element
 * @returns {boolean}
 */
export function isPdf(element) {
  if (attribute(element, "type") === "application/pdf") return true;
  return /\.pdf$/i.test(URL.parse(element.src || element.data || "")?.pathname ?? "");
}

/**
 * Lists a frame, whose content Rust reads in its own document.
 *
 * @param {Walk} walk
 * @param {AnyElement} element
 * @param {ElementContext} context
 * @returns {void}
 */
export function listFrame(walk, element, context) {
  walk.flush();
  const left = context.l + element.clientLeft + (parseFloat(context.style?.paddingLeft ?? "") || 0);
  const top = context.t + element.clientTop + (parseFloat(context.style?.paddingTop ?? "") || 0);
  const seen = walk.inView(context, context.visible);
  /** @type {FrameItem} */
  const record = {
    i: idOf(element),
    b: [whole(left), whole(top), element.clientWidth, element.clientHeight],
    src: bounded(element.src || element.data || "", 300),
    name: phrase(element.title || element.getAttribute("aria-label") || element.name, 80),
  };
  if (element.clientWidth < 8 || element.clientHeight < 8) return;
  if (isPdf(element)) record.pdf = true;
  if (isOpen(seen)) {
    record.seen = [whole(seen.l), whole(seen.t), whole(seen.r), whole(seen.b)];
    walk.frames.push({ record, element, overlap: context.overlap, seen });
  }
  walk.listed++;
  walk.items.push({ f: record });
}
