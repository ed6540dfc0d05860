// Waiting for the page.

import { animationsIn, checkVisibility, isElement, localNameOf, page, queryAll } from "../dom/native.js";
import { drawn } from "./drawing.js";
import { queryIn, roots } from "./elements.js";
import { lastChange, WATCHED_ATTRIBUTES } from "./page-diff.js";

/**
 * Waits for a number of animation frames.
 *
 * @param {number} count
 * @returns {Promise<void>}
 */
export async function frames(count) {
  for (let left = count; left > 0; left--) await new Promise((resolve) => requestAnimationFrame(resolve));
}

// What makes something visible without a change to the DOM: styles and scripts that arrive, animations that end.
const VISUAL_EVENTS = [
  "DOMContentLoaded",
  "load",
  "transitionend",
  "animationstart",
  "animationend",
  "toggle",
  "resize",
  "scroll",
];

/**
 * The first value that `check` returns, asked at once and again, at most once a frame, whenever the page changes.
 *
 * @template T
 * @param {() => T | null | false} check
 * @param {number} limit in ms
 * @returns {Promise<T | null>} null after the limit
 */
export function until(check, limit) {
  return new Promise((resolve) => {
    const now = check();
    if (now || limit <= 0) {
      resolve(now || null);
      return;
    }
    let isOver = false;
    let isWaiting = false;
    /**
     * @param {T | null | false} value
     * @returns {void}
     */
    const end = (value) => {
      isOver = true;
      observer.disconnect();
      clearTimeout(timer);
      for (const type of VISUAL_EVENTS) removeEventListener(type, onChange, true);
      resolve(value || null);
    };
    const onChange = () => {
      if (isWaiting || isOver) return;
      isWaiting = true;
      requestAnimationFrame(() => {
        isWaiting = false;
        if (isOver) return;
        const value = check();
        if (value) end(value);
      });
    };
    const observer = new MutationObserver(onChange);
    for (const root of roots()) {
      observer.observe(root, { subtree: true, childList: true, characterData: true, attributes: true });
    }
    for (const type of VISUAL_EVENTS) addEventListener(type, onChange, true);
    const timer = setTimeout(() => end(check()), limit);
  });
}

/**
 * Resolves when the page changes or something on it begins to move, or after `limit` ms.
 *
 * @param {{ limit: number }} argument
 * @returns {Promise<{}>}
 */
export async function pageChange({ limit }) {
  let asked = 0;
  const before = motions().length;
  const changed = until(() => asked++ > 0, limit);
  let isOver = false;
  // No event reports an animation that a script starts.
  const began = (async () => {
    while (!isOver && motions().length <= before) await frames(1);
  })();
  await Promise.race([changed, began]);
  isOver = true;
  return {};
}

// Longer animations are not waited for: loading bars, slide shows.
const MAX_MOTION = 500;
// What changes where something is or whether it is seen. Buttons fade their colour at every press.
const MOTIONS = new Set(
  (
    "opacity visibility display transform translate scale rotate offset clipPath height width maxHeight maxWidth " +
    "minHeight minWidth blockSize inlineSize maxBlockSize maxInlineSize top right bottom left inset " +
    "margin marginTop marginRight marginBottom marginLeft gridTemplateRows gridTemplateColumns flexBasis flexGrow"
  ).split(" "),
);

/**
 * The running animations that move, show or hide something and end soon.
 *
 * @returns {Animation[]}
 */
function motions() {
  const running = [...roots()].flatMap(animationsIn);
  return running.filter((animation) => {
    if (animation.playState !== "running" || !(animation.effect instanceof KeyframeEffect)) return false;
    const end = Number(animation.effect.getComputedTiming().endTime);
    const left = (end - Number(animation.currentTime ?? 0)) / Math.abs(animation.playbackRate || 1);
    if (!(left <= MAX_MOTION)) return false;
    return animation.effect.getKeyframes().some((frame) => Object.keys(frame).some((name) => MOTIONS.has(name)));
  });
}

/**
 * Resolves once nothing moves that ends within half a second, after that time at the latest.
 *
 * @returns {Promise<boolean>} whether anything moved
 */
async function motionsEnd() {
  const over = performance.now() + MAX_MOTION;
  for (let left = MAX_MOTION; left > 0; left = over - performance.now()) {
    const moving = motions();
    if (moving.length === 0) return left < MAX_MOTION;
    const ends = Promise.allSettled(moving.map((animation) => animation.finished));
    await Promise.race([ends, new Promise((resolve) => setTimeout(resolve, left))]);
  }
  return true;
}

const CONTENT = "input,button,select,textarea,a[href],img,svg,canvas,video,iframe,embed,object,[tabindex]";
const WITHOUT_CONTENT = new Set(["script", "style", "noscript", "template"]);

/**
 * Whether the page has scripts and nothing to see, as before a framework has mounted its first components.
 *
 * @returns {boolean}
 */
function isBare() {
  const body = page.body();
  if (!body || [...roots()].length > 1 || queryAll(body, CONTENT).length > 0) return false;
  if (document.scripts.length === 0) return false;
  const texts = document.createTreeWalker(body, NodeFilter.SHOW_TEXT);
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    const parent = text.parentNode;
    if (!text.nodeValue?.trim() || !parent || !isElement(parent)) continue;
    if (!WITHOUT_CONTENT.has(localNameOf(parent)) && checkVisibility(parent)) return false;
  }
  return true;
}

// What changes its picture without a change to the DOM.
const PAINTED = "canvas,video";

/** Length of a frame in ms, at 60 Hz. */
const FRAME = 17;

/**
 * Resolves once nothing has changed in the DOM for `quiet` ms and what moves is in its place, after a frame at least,
 * or after `limit` ms and that of a motion. Before that, waits `bare` ms at most for something to see, and `sparse` ms
 * at most for more of it.
 *
 * @param {{ quiet: number, limit: number, bare?: number, sparse?: number }} argument
 * @returns {Promise<{ moved: boolean, still: boolean, same: boolean }>} whether anything changed, whether it still does,
 *   and whether all has been the same since this was called
 */
export async function domSettled({ quiet, limit, bare = 0, sparse = 0 }) {
  const asked = performance.now();
  // A response that breaks off ends the navigation before the parser has come to what there is of it.
  await until(() => page.readyState() !== "loading", limit);
  await until(() => !isBare(), bare);
  await drawn(sparse);
  const started = performance.now();
  const before = lastChange();
  // What the action itself changed counts.
  let last = before;
  const observer = new MutationObserver(() => {
    last = performance.now();
  });
  const trees = [...roots()];
  for (const tree of trees) {
    observer.observe(tree, {
      subtree: true,
      childList: true,
      characterData: true,
      attributeFilter: WATCHED_ATTRIBUTES,
    });
  }
  try {
    // A frame, and its length at least: what happens in it may have only just begun.
    await Promise.all([frames(1), new Promise((resolve) => setTimeout(resolve, FRAME))]);
    for (;;) {
      const now = performance.now();
      if (last === 0 || now - last >= quiet) break;
      if (now - started >= limit) return { moved: true, still: true, same: false };
      const pause = Math.min(quiet - (now - last), limit - (now - started)) + 1;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
    const hasMoved = await motionsEnd();
    const isPainted = trees.some((tree) => queryIn(tree, PAINTED).length > 0);
    const same = !hasMoved && !isPainted && last === before && started - asked < FRAME;
    return { moved: last !== 0, still: false, same };
  } finally {
    observer.disconnect();
  }
}
