// One reading, and what acting needs of the same knowledge.

const DEFAULTS = {
  // Above this many elements, subtrees far from the viewport are skipped unseen.
  everythingBelow: 1500,
  items: 6000,
  chars: 200000,
  // Of one text, in characters.
  text: 4000,
  hits: 400,
};

const COUNTED = 'a[href],button,input:not([type=hidden]),select,textarea,summary';

// Headings and controls of a skipped part are counted in document order, which is about the order on the screen.
function beyond(walk) {
  const controls = page.querySelectorAll(COUNTED);
  const { first, last } = walk;
  if (first === null) return;
  // How many of the list come before what `isBefore` turns false for.
  const count = (isBefore) => {
    let low = 0;
    let high = controls.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isBefore(controls[middle])) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  walk.above = count((control) => control !== first && comesBefore(control, first));
  walk.below = controls.length - count((control) => control === last || comesBefore(control, last) || last.contains(control));
}

function headings(walk) {
  const out = { above: [], below: [] };
  const list = page.querySelectorAll('h1,h2,h3,[role=heading]');
  // The last ones above and the first ones below, found from the edges of what is listed.
  let edge = 0;
  let low = 0;
  let high = list.length;
  while (low < high) {
    edge = (low + high) >> 1;
    if (list[edge].getBoundingClientRect().top < walk.range.t) low = edge + 1;
    else high = edge;
  }
  for (let i = low - 1; i >= 0 && out.above.length < 3; i--) take(list[i], out.above, (box) => box.bottom <= walk.range.t);
  high = list.length;
  let from = low;
  while (from < high) {
    edge = (from + high) >> 1;
    if (list[edge].getBoundingClientRect().top < walk.range.b) from = edge + 1;
    else high = edge;
  }
  for (let i = from, tries = 0; i < list.length && out.below.length < 6 && tries < 20; i++, tries++) take(list[i], out.below, (box) => box.top >= walk.range.b);
  return out;
}

function take(heading, into, wanted) {
  const box = heading.getBoundingClientRect();
  if (box.height === 0 || !wanted(box)) return;
  const words = textOf(heading, 60);
  if (words) into.push(words);
}

function read(options = {}) {
  const started = performance.now();
  options = { ...DEFAULTS, ...options };
  const root = page.documentElement;
  const scroller = page.scrollingElement ?? root;
  const out = {
    url: bounded(location.href, 2000),
    title: phrase(page.title, 300),
    ready: page.readyState,
    viewport: [innerWidth, innerHeight],
    scroll: [whole(scrollX), whole(scrollY)],
    page: scroller ? [scroller.scrollWidth, scroller.scrollHeight] : [0, 0],
    nodes: 0,
    items: [],
  };
  if (!root) return JSON.stringify(out);
  out.nodes = page.getElementsByTagName('*').length;
  const { view, range } = listedRange();
  const walk = new Reader(options, range, view);
  out.range = [whole(range.t), whole(range.b)];
  walk.big = out.nodes > options.everythingBelow;
  if (isOpen(view)) walk.layers = coveringLayers(view, walk.met);
  const layered = walk.layers !== null;
  const top = new Frame(null, '', null, EVERYWHERE, EVERYWHERE, EVERYWHERE, null, false);
  top.strict = { clip: EVERYWHERE, sight: EVERYWHERE, el: null, up: null };
  walk.element(root, top);
  walk.flush();
  if (isOpen(view)) out.hits = walk.uncover();
  if (walk.big && !layered) beyond(walk);
  const edges = layered ? { above: [], below: [] } : headings(walk);
  out.items = walk.items.filter((item) => item !== null);
  out.hosts = walk.hosts;
  out.above = [layered ? 0 : walk.above, edges.above];
  out.below = [layered ? 0 : walk.below, edges.below];
  out.beside = walk.aside;
  out.cut = walk.cut;
  out.wordless = whole(walk.wordless);
  out.layered = layered;
  // A frame is no page of its own: what keeps people out stands in the main document.
  if (window.parent === window) out.marks = marks();
  const focused = focus();
  if (focused && ids.has(focused)) out.focus = idOf(focused);
  out.ms = Math.round(10 * (performance.now() - started)) / 10;
  return JSON.stringify(out);
}

function focus() {
  let focused = page.activeElement;
  while (focused) {
    const inner = rootOf(focused)?.activeElement;
    if (!inner) break;
    focused = inner;
  }
  return focused === page.body ? null : focused;
}

// What an element is, whether it is a control or not.
function identity(id) {
  const element = nodeOf(id);
  if (!element || !element.isConnected) return null;
  const tag = element.localName;
  const { role, name } = identify(element, tag, explicitRole(element));
  return { tag: bounded(tag, 40), role, name, type: tag === 'input' ? bounded(element.type, 40) : '' };
}

// Role and name in one string, to notice when an element has become something else since it was shown.
function signature(id) {
  const found = identity(id);
  return found && (found.role || found.tag) + ' ' + found.name;
}

// All visible text of the document or of one element.
function text(id, limit = 200000) {
  const element = id ? nodeOf(id) : (page.body ?? page.documentElement);
  return element ? bounded(element.innerText ?? element.textContent ?? '', limit) : null;
}

// True when the element is worth another look, now that it is known to listen.
function markListening(node) {
  if (nodeTypeOf(node) !== 1 || node === page.documentElement || node === page.body || listening.has(node)) return false;
  if (matches(node, CONTROL) && isHard(node, localNameOf(node), explicitRole(node))) return false;
  listening.add(node);
  return true;
}

const eyes = {
  read,
  node: nodeOf,
  idOf,
  identity,
  signature,
  text,
  clean,
  elementAt,
  contains,
  isSecret,
  keepSecret: (element) => void secrets.add(element),
  closedRoot: (host) => closedRoots.get(host) ?? null,
  registerClosedRoot: (host, root) => void closedRoots.set(host, root),
  markListening,
  boxesOf,
  standIn,
};
Object.defineProperty(globalThis, '__eyes', { value: eyes });
return eyes;
