
// ---- scrolling

const scrollable = (element, horizontal) => {
  const style = getComputedStyle(element);
  const overflow = horizontal ? style.overflowX : style.overflowY;
  const room = horizontal ? element.scrollWidth - element.clientWidth : element.scrollHeight - element.clientHeight;
  return room > 1 && (overflow === "auto" || overflow === "scroll" || overflow === "overlay");
};

// Whether the page keeps its window from scrolling, as maps and boards do that move by themselves.
const locked = (horizontal) => {
  const overflow = (element) => element && getComputedStyle(element)[horizontal ? "overflowX" : "overflowY"];
  const own = overflow(document.documentElement);
  // The root takes the body's when it has none of its own.
  return /hidden|clip/.test(own === "visible" ? overflow(document.body) : own);
};

// Scrolls the nearest container of an element, or the page. -> {gone} | {id, moved, page, x, y, width, height}
hands.scroll = ({ id, dx, dy }) => {
  let element = null;
  if (id !== null) {
    element = find(id);
    if (!element) return { gone: true };
    while (element && !scrollable(element, dx !== 0)) element = above(element);
  }
  const root = document.scrollingElement ?? document.documentElement;
  element ??= root;
  const page = element === root || element === document.documentElement;
  const height = page ? innerHeight : element.clientHeight;
  const width = page ? innerWidth : element.clientWidth;
  const before = [element.scrollLeft, element.scrollTop];
  if (!page || !locked(dx !== 0)) element.scrollBy({ left: dx * width, top: dy * height, behavior: "instant" });
  const box = page ? { left: 0, top: 0 } : element.getBoundingClientRect();
  return {
    id: __eyes.idOf(element),
    moved: Math.abs(element.scrollLeft - before[0]) + Math.abs(element.scrollTop - before[1]),
    page,
    x: Math.min(innerWidth - 1, Math.max(0, box.left + width / 2)),
    y: Math.min(innerHeight - 1, Math.max(0, box.top + height / 2)),
    width,
    height,
  };
};

// Where a scroller stands. -> {gone} | {before, after}, in CSS pixels
hands.scrolled = ({ id, horizontal }) => {
  const element = find(id);
  if (!element) return { gone: true };
  const [at, length, size] = horizontal
    ? [Math.abs(element.scrollLeft), element.scrollWidth, element.clientWidth]
    : [element.scrollTop, element.scrollHeight, element.clientHeight];
  const rest = length - size - at;
  // Fractions of a pixel stay beyond every end.
  return { before: Math.round(at), after: rest <= 1 ? 0 : Math.round(rest) };
};
