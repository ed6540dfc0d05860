// What the walk writes down of a thing that can be used or looked at. Extends the walk.

class Reader extends Walk {
  // A control: its content is its name, apart from further controls in it, which follow as its children.
  control(el, tag, explicit, up, box, sight, frame) {
    this.flush();
    const seen = meet(meet(box, sight), this.view);
    const { role, name, content, open } = identify(el, tag, explicit);
    const record = this.record(el, tag, explicit, box, isOpen(seen));
    if (role !== explicit) record.kind = role;
    describe(el, tag, role, record);
    if (name) record.name = name;
    else this.nameless(el, tag, record, content.icon);
    if (tag === 'button' || tag === 'td') this.cell(el, tag, record);
    if (el.ownerSVGElement) this.shape(el, tag, record);
    if (!record.date && name && name.length <= 2 && /^\d+$/.test(name)) this.day(el, record);
    if (frame !== null && record.v === 1 && this.items.length > 0) this.checks.push({ record, el, box: frame.box, seen, doubt: frame.doubt });
    if (tag === 'canvas') record.size = [el.clientWidth, el.clientHeight];
    if (frame === null) return record;
    const hasList = role === 'combobox' || role === 'listbox' || explicit === 'treeitem';
    if (content.controls.length > 0 || (hasList && tag !== 'select' && el.firstElementChild !== null)) this.nested(content.controls, frame, record);
    else if (open && !isEditor(el) && tag !== 'canvas' && tag !== 'select' && tag !== 'textarea' && el.firstElementChild !== null) this.nested(null, frame, record);
    return record;
  }

  // What is shown as less than its content is still recognised by it.
  sign(el, tag, explicit, record) {
    const { role, name } = identify(el, tag, explicit);
    if (role !== explicit) record.kind = role;
    if (name !== (record.name ?? '')) record.sig = name;
  }

  nested(controls, frame, record) {
    const slot = this.items.length;
    const before = this.real;
    frame.pointer = true;
    if (controls === null) this.children(frame.el, frame);
    else for (const control of controls) this.element(control, frame);
    this.flush();
    if (this.real === before) this.items.length = slot;
    else {
      record.open = true;
      this.items.push('c');
    }
  }

  nameless(el, tag, record, icon) {
    if (tag === 'input' || tag === 'select' || tag === 'textarea') {
      const field = phrase(el.getAttribute('name') ?? el.id, 40);
      if (field) record.field = field;
      return;
    }
    const hint = iconHint(icon ?? el) || (icon ? iconHint(el) : '');
    const group = hint && isHard(el, tag, record.role ?? '') ? null : this.groups.of(el, tag);
    // Like elements are told apart by what not all of them are called.
    if (group) record.state = cellState(el, group, false);
    const own = hint || (group && !icon ? '' : (icon && phrase(attribute(icon, 'class'), 40)) || ownHint(el));
    if (own) record.icon = own;
    // The colour of the picture inside, unless it is that of ordinary text, else the one behind; a button's own grey
    // says nothing.
    const style = getComputedStyle(icon ?? el);
    const colour = icon ? style.color : el.ownerSVGElement ? style.fill : style.backgroundColor;
    if (icon ? isColourful(colour) : colour !== 'none' && !/^rgba.* 0\)$/.test(colour) && colour !== 'rgb(239, 239, 239)') record.colour = hex(colour);
    else if (!icon && style.backgroundImage.includes('gradient(')) record.colour = hex(/rgba?\([^)]*\)/.exec(style.backgroundImage)?.[0] ?? '');
  }

  // A small thing among like ones, such as a square of a board.
  cell(el, tag, record) {
    const group = record.name && record.name.length <= 2 ? this.groups.of(el, tag) : null;
    if (group) record.state = cellState(el, group, true);
  }

  day(el, record) {
    const date = dateOf(el);
    if (date) record.date = date;
  }

  // A label stands for its control when that is not to be seen itself, as with drawn checkboxes.
  label(el, frame) {
    const control = el.control;
    let shown = this.controls.get(control);
    if (shown === undefined) {
      shown = control.type === 'file' || isShown(control);
      this.controls.set(control, shown);
    }
    if (shown) {
      // Its text is the control's name: not said twice. What else stands in it is.
      this.mute++;
      frame.pointer = true;
      this.children(el, frame);
      this.mute--;
      return;
    }
    this.flush();
    const { role, name, content } = identify(el, 'label', '');
    const seen = meet(meet(frame, frame.sight), this.view);
    const record = this.record(el, 'label', '', frame, isOpen(seen));
    record.kind = role;
    describe(control, control.localName, role, record);
    if (name) record.name = name;
    else this.nameless(el, 'label', record, content.icon);
    if (record.v === 1) this.checks.push({ record, el, box: frame.box, seen });
    const others = content.controls.filter((other) => other !== control);
    if (others.length > 0) this.nested(others, frame, record);
  }

  // Something that is a control by its behaviour. Without controls inside it folds like a button; with some it is
  // their parent, unless all it has to say is said by them.
  soft(el, tag, explicit, frame) {
    this.flush();
    const slot = this.items.length;
    const before = this.real;
    this.items.push(null);
    const checked = this.checks.length;
    this.children(el, frame);
    this.flush();
    const items = this.items;
    let words = '';
    let texts = 0;
    let controls = 0;
    for (let i = slot + 1; i < items.length; i++) {
      const item = items[i];
      if (item === null) continue;
      if (item.t) {
        texts++;
        words += item.t[5] + ' ';
      } else if (item.e || item.f) controls++;
    }
    const area = (frame.r - frame.l) * (frame.b - frame.t);
    const huge = area > 0.7 * innerWidth * innerHeight;
    // Without a sign of it, what listens around much else does so for something in it.
    const isQuiet = listening.has(el) && !frame.pointer && !el.hasAttribute('onclick') && explicit === '';
    if (isQuiet && (controls > 0 || texts > 4)) return;
    const listens = el.hasAttribute('onclick') || el.getAttribute('draggable') === 'true';
    if ((huge && (controls > 0 || texts > 6)) || (controls > 0 && texts === 0 && !listens)) return;
    const seen = meet(meet(frame, frame.sight), this.view);
    const tail = items.splice(slot);
    const real = this.real;
    this.real = before;
    const record = this.record(el, tag, explicit, frame, isOpen(seen));
    const given = givenName(el);
    stateOf(el, tag, explicit, record);
    if (frame.style.cursor === 'grab' || frame.style.cursor === 'move') record.draggable = true;
    if (el.ownerSVGElement) this.shape(el, tag, record);
    if (record.v === 1) {
      this.checks.splice(checked, 0, { record, el, box: frame.box, seen });
    }
    if (controls === 0 && words.length <= LIMIT_NAME + 1) {
      // Its words are its name, also where a control that is not to be seen keeps it from being named by its content.
      const { name: own, content } = identify(el, tag, explicit);
      const name = own || phrase(words);
      if (name) record.name = name;
      else this.nameless(el, tag, record, content.icon);
      this.cell(el, tag, record);
      if (!record.date && name && name.length <= 2 && /^\d+$/.test(name)) this.day(el, record);
      return;
    }
    if (given) record.name = given;
    this.sign(el, tag, explicit, record);
    this.real = real + 1;
    record.open = true;
    for (let i = 1; i < tail.length; i++) items.push(tail[i]);
    items.push('c');
  }

  // A part of a drawing: its fill, and where in the drawing it is.
  shape(el, tag, record) {
    if (tag === 'a' || tag === 'text' || tag === 'g') return;
    const { fill, stroke } = getComputedStyle(el);
    record.colour = hex(fill !== 'none' ? fill : stroke);
    let drawing = el.ownerSVGElement;
    while (drawing.ownerSVGElement) drawing = drawing.ownerSVGElement;
    const outer = rectOf(drawing);
    const [x, y, w, h] = record.b;
    record.at = [whole(x + w / 2 - outer.left), whole(y + h / 2 - outer.top)];
    record.size = [w, h];
  }

  // What a drawing that has controls or text in it shows as a whole.
  caption(el, frame) {
    const words = phrase(el.getAttribute('aria-label'));
    if (words) this.write(' (image: ' + words + ') ', frame.text);
  }

  image(el, frame) {
    if (frame.pointer === undefined && this.pointed(frame)) return this.soft(el, 'img', '', frame);
    const w = frame.r - frame.l;
    const h = frame.b - frame.t;
    if (el.getAttribute('aria-hidden') === 'true' || w < 12 || h < 12) return;
    const alt = phrase(el.getAttribute('aria-label') || el.alt || el.title);
    const words = alt || (el.getAttribute('alt') === null && w >= 80 && h >= 80 ? fileOf(el.currentSrc || el.src) : '');
    if (words && this.mute === 0) this.write(' (image: ' + words + ') ', frame.text);
  }

  // Of a large picture that nothing is said about: how much of the viewport it takes up.
  picture(el, tag, frame) {
    const seen = meet(meet(frame, frame.sight), this.view);
    const w = seen.r - seen.l;
    const h = seen.b - seen.t;
    if (w < 100 || h < 100 || el.getAttribute('aria-hidden') === 'true') return;
    if (phrase(el.getAttribute('aria-label') || el.getAttribute('title'))) return;
    // An empty alternative says that the image is an ornament.
    const says = tag === 'img' ? el.hasAttribute('alt') : tag === 'svg' ? el.querySelector('title,text') !== null : /\S/.test(el.textContent);
    if (!says) this.wordless += w * h;
  }

  gauge(el, tag, frame) {
    const share = el.position >= 0 || tag === 'meter' ? whole((100 * (el.value - (el.min ?? 0))) / ((el.max ?? 1) - (el.min ?? 0))) + '%' : 'busy';
    this.write(' (' + (givenName(el) || tag) + ': ' + share + ') ', frame.text);
  }

  // Large drawings may hold controls and text; icons do not.
  worthEntering(el, frame) {
    return frame.r - frame.l > 64 && frame.b - frame.t > 32 ? true : el.querySelector('a,[onclick],[role],[tabindex],text') !== null;
  }

  drawing(el, frame) {
    if (this.pointed(frame)) return this.soft(el, 'svg', '', frame);
    const words = phrase(el.getAttribute('aria-label') || (el.getAttribute('role') === 'img' ? el.querySelector('title')?.textContent : ''));
    if (words) this.write(' (image: ' + words + ') ', frame.text);
  }

  frame(el, frame) {
    this.flush();
    const left = frame.l + el.clientLeft + (parseFloat(frame.style.paddingLeft) || 0);
    const top = frame.t + el.clientTop + (parseFloat(frame.style.paddingTop) || 0);
    const seen = meet(meet(frame, frame.sight), this.view);
    const record = { i: idOf(el), b: [whole(left), whole(top), el.clientWidth, el.clientHeight], src: bounded(el.src || '', 300), name: phrase(el.title || el.getAttribute('aria-label') || el.name, 80) };
    if (el.clientWidth < 8 || el.clientHeight < 8) return;
    if (isOpen(seen)) {
      record.seen = [whole(seen.l), whole(seen.t), whole(seen.r), whole(seen.b)];
      this.frames.push({ record, el, box: frame.box, seen });
    }
    this.real++;
    this.items.push({ f: record });
  }

  // Controls that something else is painted over are not offered.
  uncover() {
    let tests = 0;
    for (const { record, el, box, seen, doubt } of this.checks) {
      const x = (seen.l + seen.r) / 2;
      const y = (seen.t + seen.b) / 2;
      if (!doubt && (box === -1 || !this.boxes.strangerAt(box, x, y))) continue;
      if (++tests > this.options.hits) break;
      if (isCovered(el, seen)) record.covered = true;
    }
    for (const { record, el, box, seen } of this.frames) {
      if (box !== -1 && this.boxes.strangerIn(box, seen)) record.cover = frameCover(el, seen);
    }
    return tests;
  }
}

function isColourful(colour) {
  const parts = colour.match(/^rgba?\((\d+), (\d+), (\d+)/)?.slice(1, 4).map(Number);
  return parts !== undefined && Math.max(...parts) - Math.min(...parts) > 60;
}

function hex(colour) {
  const parts = colour.match(/^rgba?\((\d+), (\d+), (\d+)/);
  return parts ? '#' + parts.slice(1, 4).map((part) => Number(part).toString(16).padStart(2, '0')).join('') : phrase(colour, 30);
}
