// The walk: one pass over the flat tree, in the order in which a person reads, that writes down text, controls and
// the structure around them.

const IGNORED = new Set(
  ('script style template noscript head meta link base title param source track datalist option optgroup ' +
    'br wbr rp defs clippath mask symbol lineargradient radialgradient filter marker metadata desc').split(' '),
);
const INLINE = new Set(
  ('a abbr acronym b bdi bdo big cite code data dfn del em font i img input ins kbd label mark meter output picture ' +
    'progress q ruby rt s samp select small span strike strong sub sup svg text time tspan tt u use var').split(' '),
);
const REGIONS = {
  nav: 'nav', aside: 'aside', footer: 'footer', header: 'header', dialog: 'dialog', fieldset: 'group', form: 'form',
};
const REGION_ROLES = {
  navigation: 'nav', complementary: 'aside', contentinfo: 'footer', banner: 'header', dialog: 'dialog', search: 'search',
  alertdialog: 'dialog', alert: 'alert', status: 'status', group: 'group', radiogroup: 'group', form: 'form',
  listbox: 'listbox', menu: 'menu', menubar: 'menu', tablist: 'tablist', toolbar: 'toolbar', tree: 'tree', grid: 'grid',
  tabpanel: 'tabpanel', region: 'region',
};
// Regions that say something even without a name.
const TELLING = new Set(['nav', 'aside', 'footer', 'header', 'dialog', 'search', 'alert', 'listbox', 'menu', 'tablist', 'toolbar', 'tree', 'grid']);
const SHADOW_HOSTS = new Set('article aside blockquote body div footer h1 h2 h3 h4 h5 h6 header main nav p section span'.split(' '));
const CELLS = new Set(['td', 'th']);
const CELL_ROLES = new Set(['cell', 'gridcell', 'columnheader', 'rowheader']);
const MAX_DEPTH = 600;
const LIST_FROM = 8;
const CROWD = 400;
// In one transparent element, and of one page: each takes a hit test.
const MAX_CONCEALED = 10;
const MAX_CONCEALED_ALL = 60;

class Walk {
  constructor(options, range, view) {
    this.options = options;
    this.range = range;
    this.view = view;
    this.items = [];
    this.real = 0;
    this.chars = 0;
    this.boxes = new Boxes(view.b);
    this.checks = [];
    this.frames = [];
    this.hosts = [];
    this.above = 0;
    this.below = 0;
    this.aside = 0;
    this.cut = 0;
    this.concealedLeft = MAX_CONCEALED_ALL;
    this.wordless = 0;
    this.first = null;
    this.last = null;
    this.line = null;
    this.mute = 0;
    this.depth = 0;
    this.layers = null;
    this.met = new Set();
    this.big = false;
    this.controls = new Map();
    this.groups = new Groups();
    this.filesLeft = page.querySelector('input[type=file]') !== null;
    this.scrollX = window.scrollX;
    this.scrollY = window.scrollY;
  }

  // ------------------------------------------------------------ text

  write(text, box) {
    if (this.mute > 0) return;
    const line = this.line;
    if (line === null) {
      this.line = { text, l: box.l, t: box.t, r: box.r, b: box.b, seen: box.seen, level: box.level };
      return;
    }
    line.text += text;
    if (box.l < line.l) line.l = box.l;
    if (box.t < line.t) line.t = box.t;
    if (box.r > line.r) line.r = box.r;
    if (box.b > line.b) line.b = box.b;
    line.seen ||= box.seen;
    line.level ||= box.level;
  }

  flush() {
    const line = this.line;
    if (line === null) return;
    this.line = null;
    const text = phrase(line.text, this.options.text);
    if (text === '') return;
    if (this.items.length > this.options.items || this.chars > this.options.chars) {
      this.cut++;
      return;
    }
    this.chars += text.length;
    this.real++;
    this.items.push({ t: [whole(line.l), whole(line.t), whole(line.r - line.l), whole(line.b - line.t), line.seen ? 1 : 0, text, line.level ?? 0] });
  }

  textNode(node, up) {
    if (this.mute > 0 || up.hidden || !up.open) return;
    const data = node.data;
    if (!/\S/.test(data)) {
      if (this.line !== null) this.line.text += ' ';
      return;
    }
    if (up.style !== null && isUnreadable(up.style, up.el)) return;
    let box = up.text;
    // A parent that fits into what is listed vouches for its text; else the text's own place counts.
    if (!up.inside) {
      const range = page.createRange();
      range.selectNodeContents(node);
      const rect = range.getBoundingClientRect();
      const own = { l: rect.left, t: rect.top, r: rect.right, b: rect.bottom };
      if (rect.width === 0 || !isOpen(meet(own, up.clip))) return;
      if (!isOpen(meet(meet(own, up.clip), this.range))) return;
      box = { ...own, seen: isOpen(meet(meet(own, up.sight), this.view)), level: up.level };
      if (data.length > this.options.text) {
        this.slice(node, range, box, up);
        return;
      }
    }
    if (!up.pre) {
      this.write(data, box);
      return;
    }
    const lines = data.split('\n');
    for (let i = 0; i < lines.length; i++) {
      if (i > 0) this.flush();
      if (lines[i] !== '') this.write(lines[i], box);
    }
  }

  // Of a text longer than a screen: the part that is listed, found by bisection over its layout.
  slice(node, range, box, up) {
    const bottomOf = (offset) => {
      range.setStart(node, 0);
      range.setEnd(node, offset);
      return range.getBoundingClientRect().bottom;
    };
    const offsetAt = (y) => {
      let low = 0;
      let high = node.data.length;
      while (high - low > 1) {
        const middle = (low + high) >> 1;
        if (bottomOf(middle) < y) low = middle;
        else high = middle;
      }
      return low;
    };
    const area = meet(up.clip, this.range);
    const start = box.t < area.t ? offsetAt(area.t) : 0;
    const end = box.b > area.b ? offsetAt(area.b) : node.data.length;
    const before = start > 0 ? '… ' : '';
    const after = end < node.data.length ? ' …' : '';
    const text = before + node.data.slice(start, Math.max(end, start + 200));
    for (const part of up.pre ? text.split('\n') : [text]) {
      this.write(part, box);
      if (up.pre) this.flush();
    }
    if (after) this.write(after, box);
  }

  // ------------------------------------------------------------ elements

  children(element, frame) {
    if (++this.depth > MAX_DEPTH) {
      this.cut++;
    } else {
      const root = rootOf(element);
      if (root) this.siblings(firstChildOf(root), frame);
      else if (localNameOf(element) === 'slot' && element.getRootNode() !== document) {
        const assigned = element.assignedNodes();
        if (assigned.length === 0) this.siblings(firstChildOf(element), frame);
        for (const node of assigned) this.node(node, frame);
      } else if (!this.big || element.childElementCount < CROWD || !this.crowd(element, frame)) this.siblings(firstChildOf(element), frame);
    }
    this.depth--;
  }

  // Very many children that stand in the order of their places, top to bottom: only those near enough are visited,
  // and those that the probes met. False, and nothing done, when the order is another one.
  crowd(element, frame) {
    const { children } = element;
    const count = children.length;
    // The first child from `at` on that has a box.
    const boxFrom = (at) => {
      for (let n = at; n < count && n < at + 20; n++) {
        const rect = rectOf(children[n]);
        if (rect.width > 0 || rect.height > 0) return rect;
      }
      return null;
    };
    let top = -Infinity;
    for (let n = 0; n < 24; n++) {
      const rect = boxFrom(Math.floor((n * (count - 20)) / 23));
      if (rect === null || rect.top < top) return false;
      top = rect.top;
    }
    const firstFrom = (isThere) => {
      let low = 0;
      let high = count;
      while (low < high) {
        const middle = (low + high) >> 1;
        const rect = boxFrom(middle);
        if (rect === null || isThere(rect)) high = middle;
        else low = middle + 1;
      }
      return low;
    };
    // Some more on either side: a row of cells or a few hidden ones may disturb the order.
    const from = Math.max(0, firstFrom((rect) => rect.bottom >= this.range.t) - 40);
    const to = Math.min(count, firstFrom((rect) => rect.top > this.range.b) + 40);
    const kept = new Set();
    for (const node of this.met) if (parentNodeOf(node) === element) kept.add(node);
    for (const node of kept) if (comesBefore(node, children[from])) this.node(node, frame);
    const end = to < count ? children[to] : null;
    for (let node = from === 0 ? firstChildOf(element) : children[from]; node !== end; node = nextSiblingOf(node)) {
      this.node(node, frame);
      kept.delete(node);
    }
    if (end !== null) for (const node of kept) if (node === end || comesBefore(end, node)) this.node(node, frame);
    return true;
  }

  siblings(node, frame) {
    for (; node !== null; node = nextSiblingOf(node)) this.node(node, frame);
  }

  node(node, frame) {
    const type = nodeTypeOf(node);
    if (type === 3) this.textNode(node, frame);
    else if (type === 1) this.element(node, frame);
  }

  element(el, up) {
    const tag = localNameOf(el);
    if (tag === 'form' && isDisguised(el)) return this.siblings(firstChildOf(el), up);
    if (IGNORED.has(tag)) {
      if (tag === 'br') this.flush();
      return;
    }
    if (this.layers !== null) {
      if (this.layers.has(el)) {
        const layers = this.layers;
        const mute = this.mute;
        this.layers = null;
        this.mute = 0;
        this.element(el, up);
        this.mute = mute;
        this.layers = layers;
        return;
      }
      if (!this.met.has(el)) return;
    }
    if (tag === 'area') return this.area(el, up);
    let rect = el.getBoundingClientRect();
    if (rect.width === 0 || rect.height === 0) {
      const isBoxless = rect.width === rect.height && !el.checkVisibility();
      if (isBoxless && getComputedStyle(el).display !== 'contents') return this.unseen(el, tag, up);
      const isControl = el.matches(CONTROL) && isHard(el, tag, explicitRole(el));
      if (isBoxless && !isControl) return this.children(el, up);
      // A control without a size is where its content is.
      if (isControl && el.firstChild !== null) rect = contentRange(el).getBoundingClientRect();
      if (isControl && rect.width === 0 && rect.height === 0) return this.unseen(el, tag, up);
    }
    const l = rect.left;
    const t = rect.top;
    const w = rect.width;
    const h = rect.height;
    let box = { l, t, r: l + w, b: t + h };

    if (this.big && !this.met.has(el)) {
      const { range } = this;
      // Content overflows downwards as far as the scroll height says, and never upwards.
      if (t > range.b || (box.b < range.t && t + el.scrollHeight < range.t)) return;
    }

    // Clipping: only a box that sticks out of its parent's can be clipped by it.
    let { clip, sight } = up;
    if (l < up.l - 1 || t < up.t - 1 || box.r > up.r + 1 || box.b > up.b + 1) {
      const strict = up.clips();
      if (strict && !within(box, strict.sight)) {
        ({ clip, sight } = escaped(el, strict));
      } else if (strict) ({ clip, sight } = strict);
      if (up.cut !== EVERYWHERE) {
        clip = meet(clip, up.cut);
        sight = meet(sight, up.cut);
      }
    }
    const listed = meet(box, clip);
    const flat = w === 0 || h === 0;
    if (!flat && !isOpen(listed)) {
      if (w <= 1 || h <= 1 || isOpen(clip)) {
        // Clipped away here; what stands inside can still escape if it is placed elsewhere.
        if (el.firstElementChild !== null) this.inner(el, tag, up, box, clip, sight, null, false);
        else this.unseen(el, tag, up);
      } else this.unseen(el, tag, up);
      return;
    }
    const near = flat ? near0(box, this.range) : isOpen(meet(listed, this.range));
    if (!near) {
      this.far(el, tag, up, box, clip, sight);
      return;
    }
    const style = getComputedStyle(el);
    if (style.opacity === '0') {
      this.transparent(el, tag, up, box, sight);
      return;
    }
    const cut = flat ? null : clippedBy(style, box);
    if (cut !== null) {
      box = meet(box, cut);
      clip = meet(clip, cut);
      sight = meet(sight, cut);
    }
    if (style.contentVisibility === 'hidden' || (cut !== null && !isOpen(box))) {
      this.unseen(el, tag, up);
      return;
    }
    if (style.backfaceVisibility === 'hidden') {
      // Turned away or not: only the painted page knows.
      const seen = meet(meet(box, sight), this.view);
      if (isOpen(seen) && isCovered(el, seen)) return;
    }
    this.inner(el, tag, up, box, clip, sight, style, !flat, cut);
  }

  // A part of an image map, which has its place on the image.
  area(el, up) {
    if (!el.hasAttribute('href')) return;
    const shape = shapeOf(el);
    if (shape === null || !isOpen(shape.box)) return;
    const box = shape.box;
    if (!near0(box, this.range)) return this.far(el, 'a', up, box, EVERYWHERE, EVERYWHERE);
    const frame = new Frame(el, 'area', up, box, EVERYWHERE, EVERYWHERE, null, true);
    frame.doubt = true;
    this.control(el, 'area', explicitRole(el), up, box, EVERYWHERE, frame);
  }

  // An element outside what is listed: counted, and searched for what is placed elsewhere.
  far(el, tag, up, box, clip, sight) {
    if (this.mute === 0 && (tag === 'a' || tag === 'button' || tag === 'input' || tag === 'select' || tag === 'textarea' || tag === 'summary')) {
      if (box.b <= this.range.t) this.above++;
      else if (box.t >= this.range.b) this.below++;
      else if (box.r > -this.scrollX) this.aside++;
      return;
    }
    if (el.firstElementChild !== null || rootOf(el)) {
      this.children(el, new Frame(el, tag, up, box, clip, sight, null, false));
    }
  }

  // Nothing of it is seen. Inputs for files are used by their index all the same.
  unseen(el, tag, up) {
    if (!this.filesLeft || this.layers !== null) return;
    if (tag === 'input') {
      if (el.type === 'file') this.hiddenFile(el, up);
    } else if (el.firstElementChild !== null) {
      for (const input of el.querySelectorAll('input[type=file]')) this.hiddenFile(input, up);
    }
  }

  hiddenFile(input, up) {
    this.flush();
    const place = { l: up.l, t: up.t, r: up.r, b: up.t };
    const record = this.record(input, 'input', '', place, isOpen(meet(up, this.view)));
    const { role, name } = identify(input, 'input', '');
    record.kind = role;
    record.name = name;
    record.hidden = true;
    describe(input, 'input', role, record);
  }

  // Fully transparent: what takes presses all the same is offered, such as a native control over a drawn one, and the
  // buttons of a row that appear under the mouse.
  transparent(el, tag, up, box, sight) {
    const seen = meet(meet(box, sight), this.view);
    const isLarge = box.r - box.l >= 8 && box.b - box.t >= 8;
    if (tag === 'input' && el.type === 'file') {
      this.unseen(el, tag, up);
    } else if ((tag === 'input' || tag === 'select') && el.type !== 'hidden' && isLarge) {
      const labelled = el.labels?.length > 0 && Array.prototype.some.call(el.labels, isShown);
      if (!labelled && isOpen(seen) && !isCovered(el, seen)) this.control(el, tag, '', up, box, sight, null);
    } else {
      this.unseen(el, tag, up);
      if (isOpen(seen) && this.layers === null) this.concealed(el, tag, up, sight);
    }
  }

  // The buttons and links in something transparent.
  concealed(el, tag, up, sight) {
    const inside = tag === 'a' || tag === 'button' ? [el] : el.querySelectorAll('a[href],button');
    for (let i = 0; i < inside.length && i < MAX_CONCEALED && this.concealedLeft > 0; i++) {
      const target = inside[i];
      const rect = rectOf(target);
      const box = { l: rect.left, t: rect.top, r: rect.right, b: rect.bottom };
      const seen = meet(meet(box, sight), this.view);
      if (rect.width < 8 || rect.height < 8 || !isOpen(seen)) continue;
      this.concealedLeft--;
      if (getComputedStyle(target).pointerEvents === 'none' || isCovered(target, seen)) continue;
      const own = localNameOf(target);
      this.control(target, own, explicitRole(target), up, box, sight, null).hidden = true;
    }
  }

  // An element in sight, or (without style) one that only its content could make visible.
  inner(el, tag, up, box, clip, sight, style, open, cut = null) {
    if (el.hasAttribute('inert')) return;
    const hidden = style !== null ? style.visibility !== 'visible' : up.hidden;
    const inline = INLINE.has(tag) && (style === null || style.display.startsWith('inline') || style.display === 'contents');
    const frame = new Frame(el, tag, up, box, clip, sight, style, open && style !== null);
    frame.hidden = hidden;
    if (cut !== null) frame.cut = meet(frame.cut, cut);
    frame.seen = open && isOpen(meet(meet(box, sight), this.view));
    frame.inside = within(box, clip) && within(box, this.range);
    frame.level = up.level;
    frame.text = { l: box.l, t: box.t, r: box.r, b: box.b, seen: frame.seen, level: frame.level };
    frame.pre = tag === 'pre' || up.pre;
    if (frame.seen) frame.box = this.boxes.add(meet(box, this.view));

    if (!inline) this.flush();
    else if (this.line !== null && (box.l > this.line.r + 2 || box.t >= this.line.b - 1)) this.line.text += ' ';

    if (open && el.firstElementChild === null) {
      this.first ??= el;
      this.last = el;
    }

    if (CELLS.has(tag) || (style !== null && CELL_ROLES.has(el.getAttribute('role')))) this.items.push('p');
    if (style === null || hidden || this.layers !== null) this.container(el, tag, frame, !inline);
    else this.classify(el, tag, frame, inline);

    if (!inline) this.flush();
    if (frame.box !== -1) this.boxes.close(frame.box);
  }

  classify(el, tag, frame, inline) {
    if (tag === 'details' && !el.open) {
      const summary = el.querySelector(':scope > summary');
      return summary ? this.element(summary, frame) : undefined;
    }
    if (tag === 'legend' && frame.up.tag === 'fieldset') return; // the group's name
    if (tag === 'iframe' || tag === 'frame') return this.frame(el, frame);
    if (frame.seen && (tag === 'canvas' || tag === 'img' || tag === 'svg')) this.picture(el, tag, frame);
    const candidate = el.matches(CONTROL);
    if (candidate) {
      const explicit = explicitRole(el);
      if (isHard(el, tag, explicit)) return this.control(el, tag, explicit, frame.up, frame, frame.sight, frame);
      if (tag === 'label' && el.control) return this.label(el, frame);
      if (tag === 'input') return; // hidden ones
      if (this.isSoft(el, explicit) || (explicit !== '' && this.pointed(frame))) return this.soft(el, tag, explicit, frame);
    } else if (tag === 'svg' && this.worthEntering(el, frame)) this.caption(el, frame);
    else if (tag === 'img') return this.image(el, frame);
    else if (tag === 'progress' || tag === 'meter') return this.gauge(el, tag, frame);
    else if (tag === 'svg') return this.drawing(el, frame);
    if (this.isPart(el, frame)) return this.soft(el, tag, '', frame);
    if (listening.has(el)) {
      // What listens for the like things in it stands for each of them.
      frame.shares = listensForParts(el);
      if (!frame.shares) return this.soft(el, tag, '', frame);
    }
    if (this.pointed(frame)) return this.soft(el, tag, '', frame);
    this.container(el, tag, frame, !inline);
  }

  // A hand cursor that begins here.
  pointed(frame) {
    if (frame.up.pointer) {
      frame.pointer = true;
      return false;
    }
    const { cursor } = frame.style;
    frame.pointer = cursor === 'pointer' || cursor === 'grab' || cursor === 'move';
    return frame.pointer && frame.tag !== 'body' && frame.tag !== 'html';
  }

  // One of the like things that their container listens for.
  isPart(el, frame) {
    return frame.up.shares && frame.up.el === parentNodeOf(el);
  }

  isSoft(el, explicit) {
    return (
      el.getAttribute('draggable') === 'true' || el.hasAttribute('onclick') || el.hasAttribute('ondblclick') ||
      el.hasAttribute('onmousedown') || el.hasAttribute('onmouseup') || el.hasAttribute('onpointerdown') ||
      el.hasAttribute('onpointerup') || el.hasAttribute('ontouchstart') || el.hasAttribute('ontouchend') ||
      ((explicit === 'gridcell' || explicit === 'row') && el.hasAttribute('aria-selected'))
    );
  }

  record(el, tag, role, box, seen) {
    const record = { i: idOf(el), b: [whole(box.l), whole(box.t), whole(box.r - box.l), whole(box.b - box.t)], tag: bounded(tag, 40) };
    if (role) record.role = role;
    if (seen) record.v = 1;
    this.real++;
    this.first ??= el;
    this.last = el;
    if (this.items.length > this.options.items) this.cut++;
    else this.items.push({ e: record });
    return record;
  }

  // ------------------------------------------------------------ structure

  container(el, tag, frame, block) {
    if (!frame.style || !block) {
      if (frame.style && el.firstChild === null) this.empty(el, tag, frame);
      if (!frame.style || el.firstChild !== null || rootOf(el)) this.children(el, frame);
      return;
    }
    if (el.firstChild === null) {
      if (!rootOf(el)) this.empty(el, tag, frame);
      else this.children(el, frame);
      return;
    }
    if (tag.length === 2 && tag[0] === 'h' && tag[1] >= '1' && tag[1] <= '6') frame.level = Number(tag[1]);
    const explicit = el.getAttribute('role');
    if (explicit === 'heading') frame.level = Number(el.getAttribute('aria-level')) || 2;
    if (frame.level !== frame.text.level) frame.text.level = frame.level;

    const scope = this.scopeOf(el, tag, explicit, frame);
    const items = this.items;
    const slot = items.length;
    const before = this.real;
    items.push(null);
    if (scope !== null) items.push(scope);
    if (frame.up.list) items.push('n');
    this.children(el, frame);
    this.flush();
    if (this.real === before) items.length = slot;
    else if (scope !== null) items.push('c');
    if (this.scrolls(el, frame)) this.scroller(el, tag, frame, slot, scope);
  }

  scopeOf(el, tag, explicit, frame) {
    if (tag === 'tr' || explicit === 'row') return { o: ['row', ''] };
    const region = (explicit && REGION_ROLES[explicit]) || REGIONS[tag];
    if (region !== undefined) {
      let name = referenced(el, 'aria-labelledby') || phrase(el.getAttribute('aria-label'), 80);
      if (!name && tag === 'fieldset') name = phrase(el.querySelector('legend')?.textContent, 80);
      const modal = region === 'dialog' && (el.matches(':modal') || el.getAttribute('aria-modal') === 'true');
      // Of regions without a name in one another, the outermost says enough.
      const nested = frame.region && region !== 'dialog';
      frame.region = true;
      if (name || (TELLING.has(region) && !nested)) return { o: [modal ? 'modal dialog' : region, name] };
    }
    const count = el.childElementCount;
    if (count >= LIST_FROM && el.firstElementChild.localName === el.lastElementChild.localName) {
      frame.list = true;
      return { o: ['list', ''] };
    }
    // A list in a list item is a level of a tree.
    if ((tag === 'ul' || tag === 'ol' || explicit === 'group') && frame.up.item) {
      frame.item = true;
      return { o: ['sub', ''] };
    }
    if (tag === 'li' || explicit === 'treeitem' || explicit === 'listitem') frame.item = true;
    return null;
  }

  scrolls(el, frame) {
    if (el === page.documentElement || el === page.body) return false;
    const { scrollHeight, clientHeight } = el;
    // A few pixels more than its box are no content to scroll to.
    const overflows = (content, box) => content > box + Math.max(8, box / 20);
    // Known when some content stuck out; text alone needs asking.
    const down = overflows(scrollHeight, clientHeight);
    if (frame.strict === undefined && !(down && clientHeight > 0)) return false;
    const across = overflows(el.scrollWidth, el.clientWidth);
    if (!down && !across) return false;
    const { overflowX, overflowY } = frame.style;
    return (scrollable(overflowY) && down) || (scrollable(overflowX) && across);
  }

  scroller(el, tag, frame, slot, scope) {
    const h = Math.max(1, el.clientHeight);
    const w = Math.max(1, el.clientWidth);
    const seen = meet(meet(frame, frame.sight), this.view);
    const record = { i: idOf(el), b: [whole(frame.l), whole(frame.t), whole(frame.r - frame.l), whole(frame.b - frame.t)], tag: bounded(tag, 40), open: true };
    const explicit = explicitRole(el);
    if (explicit) record.role = explicit;
    const name = givenName(el);
    if (name) record.name = name;
    this.sign(el, tag, explicit, record);
    if (isOpen(seen)) record.v = 1;
    const pages = (pixels, page) => Math.max(0, whole((10 * pixels) / page) / 10);
    record.scroll = [
      pages(el.scrollTop, h), pages(el.scrollHeight - el.clientHeight - el.scrollTop, h),
      pages(Math.abs(el.scrollLeft), w), pages(el.scrollWidth - el.clientWidth - Math.abs(el.scrollLeft), w),
    ];
    if (!scrollable(frame.style.overflowY)) record.scroll[0] = record.scroll[1] = 0;
    if (!scrollable(frame.style.overflowX)) record.scroll[2] = record.scroll[3] = 0;
    const items = this.items;
    if (slot >= items.length) {
      // Nothing in it is listed: either its content is elsewhere or it is a scrollbar drawn by the page.
      if (!/\S/.test(el.textContent)) return;
      record.open = false;
      items.push({ e: record });
    } else if (scope !== null && items[slot + 1] === scope && scope.o[0] !== 'list' && scope.o[0] !== 'row') {
      // One line for the region and its scrolling.
      items[slot + 1] = { e: record };
    } else {
      items[slot] = { e: record };
      items.push('c');
    }
    this.real++;
  }

  // An element without content: a place where a closed shadow tree could be.
  empty(el, tag, frame) {
    if (this.hosts.length < 40 && !closedRoots.has(el) && (tag.includes('-') || (SHADOW_HOSTS.has(tag) && frame.r - frame.l > 8 && frame.b - frame.t > 8))) {
      this.hosts.push(idOf(el));
    }
  }
}

// Where the walk stands: an element's box and what its content inherits.
class Frame {
  constructor(el, tag, up, box, clip, sight, style, open) {
    this.el = el;
    this.tag = tag;
    this.up = up;
    this.l = box.l;
    this.t = box.t;
    this.r = box.r;
    this.b = box.b;
    this.clip = clip;
    this.sight = sight;
    this.style = style;
    this.open = open;
    this.hidden = up?.hidden ?? false;
    this.pointer = undefined;
    this.strict = undefined;
    this.box = -1;
    this.seen = false;
    this.inside = false;
    this.level = 0;
    this.text = null;
    this.pre = false;
    this.list = false;
    this.item = up?.item ?? false;
    this.region = up?.region ?? false;
    // What clip paths around leave, of content that is placed elsewhere as well.
    this.cut = up?.cut ?? EVERYWHERE;
    // To be hit-tested whether or not another box is in the way.
    this.doubt = false;
    // Listens for each of its children.
    this.shares = false;
  }

  // What remains visible of content that sticks out: `sight` now, `clip` after scrolling a container by one screen.
  clips() {
    if (this.strict !== undefined) return this.strict;
    const style = (this.style ??= getComputedStyle(this.el));
    const x = style.overflowX;
    const y = style.overflowY;
    if (this.el === page.documentElement || this.el === page.body || (x === 'visible' && y === 'visible')) {
      return (this.strict = { clip: this.clip, sight: this.sight, el: null, up: this });
    }
    const own = { l: x === 'visible' ? -NOWHERE : this.l, t: y === 'visible' ? -NOWHERE : this.t, r: x === 'visible' ? NOWHERE : this.r, b: y === 'visible' ? NOWHERE : this.b };
    const reach = scrollable(y) ? { l: own.l, t: this.t - (this.b - this.t), r: own.r, b: this.b + (this.b - this.t) } : own;
    return (this.strict = { clip: meet(this.clip, reach), sight: meet(this.sight, own), el: this.el, up: this });
  }
}

// Whether an element listens for like elements in it, none of which is a control already.
function listensForParts(el) {
  const first = el.firstElementChild;
  if (first === null || first === el.lastElementChild || INLINE.has(localNameOf(first)) || IGNORED.has(localNameOf(first))) return false;
  if (localNameOf(first) === 'tr' || localNameOf(first) === 'tbody' || localNameOf(first) === 'thead') return false;
  for (let n = 0, part = first; part !== null && n < 200; n++, part = part.nextElementSibling) {
    if (localNameOf(part) !== localNameOf(first)) return false;
  }
  return el.querySelector(COUNTED) === null && el.textContent.length < 60 * el.childElementCount;
}

function scrollable(overflow) {
  return overflow === 'auto' || overflow === 'scroll' || overflow === 'overlay';
}

function within(box, outer) {
  return box.l >= outer.l - 1 && box.t >= outer.t - 1 && box.r <= outer.r + 1 && box.b <= outer.b + 1;
}

function near0(box, range) {
  return box.r >= range.l && box.l <= range.r && box.b >= range.t && box.t <= range.b;
}

// A box placed absolutely is clipped by its containing block's ancestors only, a fixed one by nothing but the screen.
function escaped(el, strict) {
  const position = getComputedStyle(el).position;
  if (position === 'fixed') return { clip: EVERYWHERE, sight: EVERYWHERE };
  if (position !== 'absolute') return strict;
  const block = el.offsetParent;
  for (let frame = strict.up; frame; frame = frame.up) if (frame.el === block) return frame.clips();
  return { clip: EVERYWHERE, sight: EVERYWHERE };
}

function isShown(el) {
  const rect = el.getBoundingClientRect();
  return rect.width > 2 && rect.height > 2 && rect.right > 0 && el.checkVisibility({ visibilityProperty: true, opacityProperty: true });
}
