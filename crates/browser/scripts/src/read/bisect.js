/**
 * How many of the numbers below `count` come first, for which `isBefore` is true.
 *
 * @param {number} count
 * @param {(n: number) => boolean} isBefore
 * @returns {number}
 */
export function bisect(count, isBefore) {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isBefore(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}
