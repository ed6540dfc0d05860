// The boxes met in the viewport. They say without a hit test, which is expensive on large pages, which controls nothing
// can cover: those at whose points only their own ancestors and descendants have boxes.

/** @import { Box } from "../types" */

const BANDS = 48;

export class Overlaps {
  /**
   * @param {number} height of the viewport
   */
  constructor(height) {
    this.scale = BANDS / Math.max(height, 1);
    /** The boxes that reach into each horizontal band of the viewport. @type {number[][]} */
    this.bands = Array.from({ length: BANDS }, () => []);
    // Columns of a table rather than objects: there are thousands of boxes.
    /** @type {number[]} */
    this.l = [];
    /** @type {number[]} */
    this.t = [];
    /** @type {number[]} */
    this.r = [];
    /** @type {number[]} */
    this.b = [];
    /** The last box inside each box. @type {number[]} */
    this.last = [];
  }

  /**
   * Adds a box. Its number is its place in document order; `close` says which one was the last inside it.
   *
   * @param {Box} box
   * @returns {number}
   */
  add(box) {
    const n = this.l.push(box.l) - 1;
    this.t.push(box.t);
    this.r.push(box.r);
    this.b.push(box.b);
    this.last.push(n);
    const [from, to] = this.bandsOf(box);
    for (let band = from; band <= to; band++) this.bands[band].push(n);
    return n;
  }

  /**
   * @param {number} n
   * @returns {void}
   */
  close(n) {
    this.last[n] = this.l.length - 1;
  }

  /**
   * @param {Box} box
   * @returns {[first: number, last: number]}
   */
  bandsOf(box) {
    const first = Math.max(0, Math.floor(box.t * this.scale));
    return [first, Math.min(BANDS - 1, Math.floor(box.b * this.scale))];
  }

  /**
   * Whether a box that is neither around nor inside box `n` reaches into an area.
   *
   * @param {number} n
   * @param {Box} area
   * @returns {boolean}
   */
  anyIn(n, area) {
    const { l, t, r, b, last } = this;
    const [from, to] = this.bandsOf(area);
    for (let at = from; at <= to; at++) {
      for (const m of this.bands[at]) {
        if (area.l >= r[m] || area.r <= l[m] || area.t >= b[m] || area.b <= t[m]) continue;
        if (m <= n ? last[m] < n : m > last[n]) return true;
      }
    }
    return false;
  }

  /**
   * @param {number} n
   * @param {number} x
   * @param {number} y
   * @returns {boolean}
   */
  anyAt(n, x, y) {
    return this.anyIn(n, { l: x, t: y, r: x + 0.01, b: y + 0.01 });
  }
}
