// Where elements are that have no box of their own, or less of one than they seem to have.

const clientRects = Function.prototype.call.bind(Element.prototype.getClientRects);

function boxFrom(rect) {
  return { l: rect.left, t: rect.top, r: rect.right, b: rect.bottom };
}

// What a range around an element's content covers: all there is of one with `display: contents` or without a size.
function contentRange(element) {
  const range = page.createRange();
  range.selectNodeContents(element);
  return range;
}

// The shape of an area of an image map, in the viewport; null when no image shows the map.
function shapeOf(area) {
  const map = closest(area, 'map');
  const name = map && (attribute(map, 'name') || map.id);
  const image = name ? page.querySelector(`img[usemap="#${CSS.escape(name)}"]`) : null;
  if (image === null) return null;
  const rect = rectOf(image);
  const style = getComputedStyle(image);
  const x = rect.left + image.clientLeft + (parseFloat(style.paddingLeft) || 0);
  const y = rect.top + image.clientTop + (parseFloat(style.paddingTop) || 0);
  const numbers = (attribute(area, 'coords') ?? '').split(/[\s,;]+/, 400).map(Number).filter(Number.isFinite);
  switch ((attribute(area, 'shape') ?? 'rect').toLowerCase()) {
    case 'default':
      return { image, box: boxFrom(rect), corners: [] };
    case 'circ':
    case 'circle': {
      const [cx, cy, radius] = numbers;
      return numbers.length < 3 ? null : { image, box: { l: x + cx - radius, t: y + cy - radius, r: x + cx + radius, b: y + cy + radius }, corners: [] };
    }
    case 'poly':
    case 'polygon': {
      const corners = [];
      for (let i = 0; i + 1 < numbers.length; i += 2) corners.push([x + numbers[i], y + numbers[i + 1]]);
      if (corners.length < 3) return null;
      const xs = corners.map(([left]) => left);
      const ys = corners.map(([, top]) => top);
      return { image, box: { l: Math.min(...xs), t: Math.min(...ys), r: Math.max(...xs), b: Math.max(...ys) }, corners };
    }
    default: {
      const [l, t, r, b] = numbers;
      return numbers.length < 4 ? null : { image, box: { l: x + Math.min(l, r), t: y + Math.min(t, b), r: x + Math.max(l, r), b: y + Math.max(t, b) }, corners: [] };
    }
  }
}

// The boxes in which an element can be pressed, as rectangles of the viewport.
function boxesOf(element) {
  if (element.localName === 'area') {
    const shape = shapeOf(element);
    if (shape === null) return [];
    const { l, t, r, b } = shape.box;
    // A polygon can be empty in the middle of its bounding box; three corners in a row mostly have some of it between.
    const spots = shape.corners.map(([x, y], i, all) => {
      const [[x1, y1], [x2, y2]] = [all[(i + 1) % all.length], all[(i + 2) % all.length]];
      return new DOMRect((x + x1 + x2) / 3 - 1, (y + y1 + y2) / 3 - 1, 2, 2);
    });
    return [new DOMRect(l, t, r - l, b - t), ...spots];
  }
  const own = Array.from(clientRects(element));
  return own.some((rect) => rect.width > 0 && rect.height > 0) ? own : Array.from(contentRange(element).getClientRects());
}

// What stands for an element without a box when it is brought into view.
function standIn(element) {
  if (element.localName === 'area') return shapeOf(element)?.image ?? element;
  return clientRects(element).length > 0 ? element : (element.firstElementChild ?? element.parentElement ?? element);
}

// One length of a shape function as pixels of a side.
function length(text, side) {
  const number = parseFloat(text);
  return Number.isFinite(number) ? (text.endsWith('%') ? (number * side) / 100 : number) : 0;
}

// The part of a box that its `clip-path` or `clip` leaves, as far as it is a plain shape; null when nothing is cut.
function clippedBy(style, box) {
  const path = style.clipPath;
  const w = box.r - box.l;
  const h = box.b - box.t;
  if (path !== 'none') {
    const [, kind, text] = /^(inset|circle|ellipse|polygon)\(([^)]*)\)/.exec(path) ?? [];
    if (kind === 'inset') {
      const sides = text.split(' round ')[0].trim().split(/\s+/);
      const [top, right = top, bottom = top, left = right] = sides;
      return { l: box.l + length(left, w), t: box.t + length(top, h), r: box.r - length(right, w), b: box.b - length(bottom, h) };
    }
    if (kind === 'polygon') {
      const points = text.replace(/^\s*(?:nonzero|evenodd)\s*,/, '').split(',').map((point) => point.trim().split(/\s+/));
      const xs = points.map(([x]) => box.l + length(x, w));
      const ys = points.map(([, y]) => box.t + length(y ?? '0', h));
      return { l: Math.min(...xs), t: Math.min(...ys), r: Math.max(...xs), b: Math.max(...ys) };
    }
    // Of round shapes only whether there is anything of them.
    if (kind !== undefined && /^\s*0(?:px|%)?(?:\s|$)/.test(text)) return { l: box.l, t: box.t, r: box.l, b: box.t };
  }
  if (style.clip !== 'auto' && (style.position === 'absolute' || style.position === 'fixed')) {
    const sides = style.clip.match(/-?[\d.]+px|auto/g) ?? [];
    if (sides.length === 4) {
      const at = (side, start, whole) => (side === 'auto' ? whole : start + parseFloat(side));
      return { l: at(sides[3], box.l, box.l), t: at(sides[0], box.t, box.t), r: at(sides[1], box.l, box.r), b: at(sides[2], box.t, box.b) };
    }
  }
  return null;
}
