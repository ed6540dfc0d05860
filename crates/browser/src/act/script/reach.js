
// ---- where input events reach an element

// A hit counts for the element when it is inside it, or when it is the label that passes the click on to it.
const serves = (element, found) => {
  if (!found) return false;
  if (__eyes.contains(element, found)) return true;
  for (let node = found; node; node = above(node)) {
    if (node.localName === "label" && node.control === element) return true;
  }
  return false;
};

// Points worth trying in an element, best first: the middle of each of its boxes, then spots nearer their corners.
const points = (element) => {
  const boxes = [...__eyes.boxesOf(element)]
    .map((box) => ({
      left: Math.max(box.left, 0),
      top: Math.max(box.top, 0),
      right: Math.min(box.right, innerWidth),
      bottom: Math.min(box.bottom, innerHeight),
    }))
    .filter((box) => box.right - box.left >= 1 && box.bottom - box.top >= 1)
    .sort((a, b) => (b.right - b.left) * (b.bottom - b.top) - (a.right - a.left) * (a.bottom - a.top))
    .slice(0, 8);
  const at = (box, fx, fy) => [box.left + (box.right - box.left) * fx, box.top + (box.bottom - box.top) * fy];
  const spots = [[0.5, 0.5], [0.5, 0.2], [0.5, 0.8], [0.15, 0.5], [0.85, 0.5], [0.1, 0.1], [0.9, 0.9]];
  return spots.flatMap(([fx, fy]) => boxes.map((box) => at(box, fx, fy)));
};

const isIn = ([x, y]) => x >= 0 && y >= 0 && x < innerWidth && y < innerHeight;

const inView = (element) => {
  const box = __eyes.standIn(element).getBoundingClientRect();
  return box.top >= 0 && box.left >= 0 && box.bottom <= innerHeight && box.right <= innerWidth;
};

// A file input or checkbox that is hidden is served by its label.
const visibleTarget = (element) => {
  if (hasBox(element)) return element;
  return [...(element.labels ?? [])].find((label) => label.getClientRects().length) ?? element;
};

const kindOf = (element) => {
  if (element instanceof HTMLSelectElement) return "select";
  if (element instanceof HTMLTextAreaElement) return "text";
  if (element.isContentEditable) return "editable";
  if (element instanceof HTMLInputElement) {
    switch (element.type) {
      case "checkbox":
      case "radio":
        return "check";
      case "file":
        return "file";
      case "date":
      case "time":
      case "datetime-local":
      case "month":
      case "week":
      case "color":
      case "range":
        return "set";
      case "button":
      case "submit":
      case "reset":
      case "image":
        return "button";
      default:
        return "text";
    }
  }
  const role = attribute(element, "role");
  if (role === "textbox" || role === "searchbox" || role === "combobox") return "text";
  return ["canvas", "video", "embed", "object"].includes(element.localName) ? "picture" : "other";
};

// Brings an element into view and finds a point on it that input events reach: the one at an offset from its corner
// when `at` names one.
// -> {gone} | {hidden} | {outside: [width, height]} | {covered} | {x, y, kind, disabled, draggable, options?}
hands.locate = async ({ id, scroll, at }) => {
  const element = find(id);
  if (!element) return { gone: true };
  const target = visibleTarget(element);
  const facts = {
    kind: kindOf(element),
    draggable: Boolean(element.closest("[draggable=true]") ?? (element.draggable ? element : null)),
    disabled: Boolean(element.matches(":disabled") || attribute(element, "aria-disabled") === "true"),
    options: element instanceof HTMLSelectElement ? optionsOf(element).slice(0, 50) : null,
  };
  const size = target.getBoundingClientRect();
  if (at && !(at[0] >= 0 && at[1] >= 0 && at[0] <= size.width && at[1] <= size.height)) {
    return { outside: [Math.round(size.width), Math.round(size.height)], ...facts };
  }
  const spots = () => {
    if (!at) return points(target);
    const box = target.getBoundingClientRect();
    return [[box.left + at[0], box.top + at[1]]].filter(isIn);
  };
  const center = async () => {
    __eyes.standIn(target).scrollIntoView({ behavior: "instant", block: "center", inline: "center" });
    await frames(1);
    if (!at || isIn(spots()[0] ?? [-1, -1])) return;
    // Of an element that is larger than the window the middle is not enough.
    const box = target.getBoundingClientRect();
    scrollBy({ left: box.left + at[0] - innerWidth / 2, top: box.top + at[1] - innerHeight / 2, behavior: "instant" });
    await frames(1);
  };
  if (scroll && !(at ? spots().length : inView(target))) await center();
  let covering = null;
  const reachable = () =>
    spots().find(([x, y]) => {
      const found = __eyes.elementAt(x, y);
      if (serves(element, found) || serves(target, found)) return true;
      covering ??= found;
      return false;
    });
  let spot = reachable();
  if (!spot && scroll) {
    // Under a header or a bar that stays where it is: the middle of the window is mostly free.
    await center();
    spot = reachable();
  }
  if (spot) return { x: spot[0], y: spot[1], ...facts };
  if (!spots().length) return { hidden: true, ...facts };
  return { covered: covering ? describe(covering) : "something outside this frame", ...facts };
};

// A point in a frame as a point of this document, brought into view when it is not. -> {gone} | {covered} | {x, y}
hands.through = async ({ id, x, y }) => {
  const frame = find(id);
  if (!frame) return { gone: true };
  const place = () => {
    const box = frame.getBoundingClientRect();
    const style = getComputedStyle(frame);
    const edge = (name) => parseFloat(style[name]) || 0;
    return [box.left + edge("borderLeftWidth") + edge("paddingLeft") + x, box.top + edge("borderTopWidth") + edge("paddingTop") + y];
  };
  let [left, top] = place();
  if (!isIn([left, top])) {
    frame.scrollIntoView({ behavior: "instant", block: "nearest", inline: "nearest" });
    await frames(1);
    [left, top] = place();
    if (!isIn([left, top])) {
      scrollBy({ left: left - innerWidth / 2, top: top - innerHeight / 2, behavior: "instant" });
      await frames(1);
      [left, top] = place();
    }
  }
  const found = __eyes.elementAt(left, top);
  if (found !== frame) return { covered: found ? describe(found) : "something outside this frame" };
  return { x: left, y: top };
};
