// What a person could see: where boxes are, what clips them and what is painted over them.

const NOWHERE = 1e7;
const EVERYWHERE = { l: -NOWHERE, t: -NOWHERE, r: NOWHERE, b: NOWHERE };

function meet(a, b) {
  return { l: Math.max(a.l, b.l), t: Math.max(a.t, b.t), r: Math.min(a.r, b.r), b: Math.min(a.b, b.b) };
}

// More than a hairline: visually hidden text is commonly one pixel large.
function isOpen(box) {
  return box.r - box.l > 1 && box.b - box.t > 1;
}

// Text that takes up its place and that nobody can read: next to no size, or no colour. Not of text in the colour of
// what it stands on: what that is, with pictures among it, only the painted page knows.
function isUnreadable(style, element) {
  if (parseFloat(style.fontSize) < 3 && !element.ownerSVGElement) return true;
  return (
    /^rgba\(.*, 0\)$/.test(style.webkitTextFillColor) && style.backgroundClip !== 'text' && style.textShadow === 'none' &&
    parseFloat(style.webkitTextStrokeWidth) === 0 && !element.ownerSVGElement
  );
}

// The part of this document that is listed: the viewport, one screen more above and below. In a frame of the same
// origin it is the top viewport that counts, since a frame can be as tall as its document.
function listedRange() {
  let frame = window;
  let left = 0;
  let top = 0;
  let view = { l: 0, t: 0, r: innerWidth, b: innerHeight };
  let screen = innerHeight;
  try {
    while (frame.frameElement) {
      const owner = frame.frameElement;
      const box = owner.getBoundingClientRect();
      left += box.left + owner.clientLeft;
      top += box.top + owner.clientTop;
      frame = frame.parent;
      screen = frame.innerHeight;
      view = meet(view, { l: -left, t: -top, r: frame.innerWidth - left, b: screen - top });
    }
  } catch {
    // A frame of another origin above: its host knows where this one is.
  }
  const far = frame === window ? view : { l: -left, t: -top, r: frame.innerWidth - left, b: screen - top };
  return { view, range: { l: view.l, t: far.t - screen, r: view.r, b: far.b + screen } };
}

// Boxes met in the viewport, to tell without a hit test (dear on big pages) which controls nothing can cover: those at
// whose points only their own ancestors and descendants have boxes.
const BANDS = 48;

class Boxes {
  constructor(height) {
    this.scale = BANDS / Math.max(height, 1);
    this.bands = Array.from({ length: BANDS }, () => []);
    this.l = [];
    this.t = [];
    this.r = [];
    this.b = [];
    this.last = [];
  }

  // Numbers are in document order; `close` tells the last one inside.
  add(box) {
    const n = this.l.push(box.l) - 1;
    this.t.push(box.t);
    this.r.push(box.r);
    this.b.push(box.b);
    this.last.push(n);
    const from = Math.max(0, Math.floor(box.t * this.scale));
    const to = Math.min(BANDS - 1, Math.floor(box.b * this.scale));
    for (let band = from; band <= to; band++) this.bands[band].push(n);
    return n;
  }

  close(n) {
    this.last[n] = this.l.length - 1;
  }

  // Whether a box that is neither around nor inside box `n` reaches into an area.
  strangerIn(n, area) {
    const { l, t, r, b, last } = this;
    const from = Math.max(0, Math.floor(area.t * this.scale));
    const to = Math.min(BANDS - 1, Math.floor(area.b * this.scale));
    for (let at = from; at <= to; at++) {
      const band = this.bands[at];
      for (let i = 0; i < band.length; i++) {
        const m = band[i];
        if (area.l >= r[m] || area.r <= l[m] || area.t >= b[m] || area.b <= t[m]) continue;
        if (m <= n ? last[m] < n : m > last[n]) return true;
      }
    }
    return false;
  }

  strangerAt(n, x, y) {
    return this.strangerIn(n, { l: x, t: y, r: x + 0.01, b: y + 0.01 });
  }
}

// Whether a press at the point would reach the element, itself or through its label.
function reaches(element, x, y) {
  const hit = elementAt(x, y);
  if (!hit) return false;
  if (contains(element, hit)) return true;
  const label = closest(hit, 'label');
  if (label && (label.control === element || label === element)) return true;
  // Not hittable there rather than covered: what lets presses through, such as a disabled control, is still seen.
  return contains(hit, element) && getComputedStyle(element).pointerEvents === 'none';
}

function isCovered(element, seen) {
  const { l, t, r, b } = seen;
  const w = r - l;
  const h = b - t;
  const points = [[0.5, 0.5], [0.2, 0.5], [0.8, 0.5], [0.5, 0.2], [0.5, 0.8]];
  for (const [x, y] of points) if (reaches(element, l + w * x, t + h * y)) return false;
  // A link over several lines need not have anything in the middle of its bounding box.
  const parts = boxesOf(element);
  for (let i = 0; i < parts.length && i < 5; i++) {
    const part = meet(seen, { l: parts[i].left, t: parts[i].top, r: parts[i].right, b: parts[i].bottom });
    if (isOpen(part) && reaches(element, (part.l + part.r) / 2, (part.t + part.b) / 2)) return false;
  }
  return true;
}

// A frame's own document cannot know what lies over the frame: a 5 by 5 grid of bits says where it is covered.
function frameCover(frame, seen) {
  let mask = 0;
  for (let row = 0; row < 5; row++) {
    for (let column = 0; column < 5; column++) {
      const hit = elementAt(seen.l + ((column + 0.5) * (seen.r - seen.l)) / 5, seen.t + ((row + 0.5) * (seen.b - seen.t)) / 5);
      if (hit !== frame) mask |= 1 << (row * 5 + column);
    }
  }
  return mask;
}

// Where a page paints things that stand in its markup somewhere else: corners, edges, centre, quarters.
function probes(view) {
  const w = view.r - view.l;
  const h = view.b - view.t;
  const near = (length) => Math.min(40, length / 4);
  const x = [view.l + near(w), view.l + w / 2, view.r - near(w)];
  const y = [view.t + near(h), view.t + h / 2, view.b - near(h)];
  const points = [[x[1], y[1]]];
  for (const px of x) for (const py of y) if (px !== x[1] || py !== y[1]) points.push([px, py]);
  points.push([view.l + w / 4, view.t + h / 4], [view.l + (w * 3) / 4, view.t + (h * 3) / 4]);
  return points;
}

// The outermost element that holds `hit` above the page: a modal dialog, or something fixed (or, on a page that
// cannot scroll, absolutely placed) over the content by its z-index or as a dialog.
function layerOf(hit, scrolls) {
  let layer = null;
  let dialog = false;
  for (let node = hit; node && node !== page.documentElement && node !== page.body; node = parentOf(node)) {
    if (nodeTypeOf(node) !== 1) continue;
    if (matches(node, ':modal')) return node;
    const role = attribute(node, 'role');
    dialog ||= role === 'dialog' || role === 'alertdialog' || attribute(node, 'aria-modal') === 'true';
    const style = getComputedStyle(node);
    if (style.position === 'fixed' ? dialog || !scrolls || Number(style.zIndex) > 0 : style.position === 'absolute' && !scrolls) layer = node;
  }
  return layer;
}

// The layers that cover the whole viewport, if any do: nothing beneath them can be used. `met` collects what the
// probes hit, with its ancestors, so that a walk that skips far subtrees does not skip these.
function coveringLayers(view, met) {
  const scroller = page.scrollingElement ?? page.documentElement;
  const overflow = getComputedStyle(scroller).overflowY;
  const scrolls = scroller.scrollHeight > innerHeight + 1 && overflow !== 'hidden';
  const layers = new Set();
  const probe = (x, y) => {
    const hit = elementAt(x, y);
    for (let node = hit; node && !met.has(node); node = parentOf(node)) met.add(node);
    const layer = hit && layerOf(hit, scrolls);
    if (layer) layers.add(layer);
    return layer !== null;
  };
  const points = probes(view);
  let covered = true;
  for (const [x, y] of points) covered = probe(x, y) && covered;
  if (!covered) return null;
  // What lies on a backdrop can be small: look closer, and at the middle of what stands beside it in the markup.
  const GRID = 8;
  for (let n = 0; n < GRID * GRID; n++) {
    const column = n % GRID;
    const row = (n - column) / GRID;
    if (!probe(view.l + ((column + 0.5) * (view.r - view.l)) / GRID, view.t + ((row + 0.5) * (view.b - view.t)) / GRID)) return null;
  }
  for (const layer of [...layers]) {
    const parent = parentNodeOf(layer);
    for (let sibling = parent && firstChildOf(parent), n = 0; sibling && n < 200; sibling = nextSiblingOf(sibling), n++) {
      if (nodeTypeOf(sibling) !== 1) continue;
      const box = rectOf(sibling);
      const seen = meet({ l: box.left, t: box.top, r: box.right, b: box.bottom }, view);
      if (isOpen(seen)) probe((seen.l + seen.r) / 2, (seen.t + seen.b) / 2);
    }
  }
  // The shell of an app may be placed like a layer: it covers nothing then.
  let inside = 0;
  for (const layer of layers) inside += Element.prototype.querySelectorAll.call(layer, COUNTED).length;
  return page.querySelectorAll(COUNTED).length > inside ? layers : null;
}
