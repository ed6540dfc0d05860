// What became of a press: what it went down on, whether a click came of it, and what it scrolled.

import { editorOf } from "../dom/editors.js";
import { isElement } from "../dom/native.js";
import { contains, rootOf } from "../dom/registry.js";
import { describeElement, isHitOf } from "./elements.js";

/** @import { AnyElement } from "../types" */

/**
 * @param {Event} event
 * @returns {AnyElement | null} what it hit, inside open shadow trees too
 */
function hitBy(event) {
  const hit = event.composedPath()[0];
  return hit instanceof Node && isElement(hit) ? hit : null;
}

/** Input events since an action began. */
export class PressWatch {
  constructor() {
    /** The last press of the main button. @type {{ hit: AnyElement | null, x: number, y: number } | null} */
    this.down = null;
    /** @type {AnyElement | null} */
    this.up = null;
    /** Whether a box scrolled after the first press or key. */
    this.hasScrolled = false;
    this.hasInput = false;
    this.end = new AbortController();
    const options = { capture: true, passive: true, signal: this.end.signal };
    addEventListener("keydown", () => this.#begin(), options);
    addEventListener(
      "pointerdown",
      (event) => {
        this.#begin();
        if (event.button === 0) this.down = { hit: hitBy(event), x: event.clientX, y: event.clientY };
      },
      options,
    );
    addEventListener("pointerup", (event) => (this.up = hitBy(event)), options);
    addEventListener("scroll", (event) => (this.hasScrolled ||= this.hasInput && event.target !== document), options);
  }

  #begin() {
    this.hasInput = true;
  }

  /**
   * How a press missed an element. `hit`: what was pressed in its place; `slipped`: it moved away from under the pointer
   * before the button was released, and so got no click.
   *
   * @param {AnyElement | null} element
   * @returns {{ hit: string, slipped: boolean }}
   */
  miss(element) {
    const none = { hit: "", slipped: false };
    const { down, up } = this;
    if (!element || !down?.hit || !up) return none;
    const whole = editorOf(element) ?? element;
    /**
     * @param {AnyElement} hit
     * @returns {boolean}
     */
    const isOwn = (hit) =>
      isHitOf(element, hit) ||
      isHitOf(whole, hit) ||
      // What is hit in a closed shadow tree is not told.
      (rootOf(hit) !== null && contains(hit, element));
    if (!isOwn(down.hit)) return { ...none, hit: down.hit.isConnected ? describeElement(down.hit) : "" };
    if (isOwn(up) || !down.hit.isConnected) return none;
    const { left, top, right, bottom } = down.hit.getBoundingClientRect();
    return { ...none, slipped: down.x < left || down.x >= right || down.y < top || down.y >= bottom };
  }
}
