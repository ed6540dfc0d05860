// Runs in the page's own world, apart from all other modules: Rust calls it on what a script of the model's returned.
// Everything is inside the function, as its declaration is all that is sent.

/**
 * An object as JSON, or as text where it has no JSON.
 *
 * @this {unknown}
 * @returns {string}
 */
export function serialize() {
  const maxMarkup = 500;
  const seen = new Set();
  /**
   * @param {string} _key
   * @param {unknown} value
   * @returns {unknown}
   */
  const plain = (_key, value) => {
    if (typeof value === "bigint" || typeof value === "symbol" || typeof value === "function") return String(value);
    if (value instanceof Element) {
      const markup = value.outerHTML;
      return markup.length > maxMarkup ? `${markup.slice(0, maxMarkup)}…` : markup;
    }
    if (value instanceof Node) return value.textContent;
    if (value instanceof Error) return String(value);
    const list = value instanceof Map || value instanceof Set ? [...value] : value;
    if (typeof list === "object" && list !== null) {
      if (seen.has(list)) return "(seen above)";
      seen.add(list);
    }
    return list;
  };
  const value = this instanceof NodeList || this instanceof HTMLCollection ? [...this] : this;
  return (JSON.stringify(value, plain) ?? String(this)).slice(0, 40000);
}
