// Made from crates/browser/scripts/src by `make scripts`. Do not edit.

// src/serialize.js
function serialize() {
  const maxMarkup = 500;
  const seen = /* @__PURE__ */ new Set();
  const plain = (_key, value2) => {
    if (typeof value2 === "bigint" || typeof value2 === "symbol" || typeof value2 === "function") return String(value2);
    if (value2 instanceof Element) {
      const markup = value2.outerHTML;
      return markup.length > maxMarkup ? `${markup.slice(0, maxMarkup)}…` : markup;
    }
    if (value2 instanceof Node) return value2.textContent;
    if (value2 instanceof Error) return String(value2);
    const list = value2 instanceof Map || value2 instanceof Set ? [...value2] : value2;
    if (typeof list === "object" && list !== null) {
      if (seen.has(list)) return "(seen above)";
      seen.add(list);
    }
    return list;
  };
  const value = this instanceof NodeList || this instanceof HTMLCollection ? [...this] : this;
  return (JSON.stringify(value, plain) ?? String(this)).slice(0, 4e4);
}
