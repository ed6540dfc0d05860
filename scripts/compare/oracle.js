// Finds what a person can use on a page, independently of both readers. Evaluated with the DevTools command line API, which
// lists event listeners; stays in the page as `__oracle`.
(() => {
  const NATIVE = 'a[href],area[href],button,input:not([type=hidden]),select,textarea,summary,audio[controls],video[controls],[contenteditable=""],[contenteditable=true]';
  const ROLES = 'button checkbox combobox link menuitem menuitemcheckbox menuitemradio option radio searchbox slider spinbutton switch tab textbox treeitem'
    .split(' ').map((role) => `[role=${role}]`).join();
  const HARD = `${NATIVE},${ROLES}`;
  const AFFORDANCE = `${HARD},[onclick],[draggable=true]`;
  const FIELD = 'input:not([type=hidden]),select,textarea,[contenteditable=""],[contenteditable=true]';
  const listeners = typeof getEventListeners === 'function' ? getEventListeners : () => ({});

  const isPointed = (element) => {
    const points = (node) => node !== null && getComputedStyle(node).cursor === 'pointer';
    return points(element) && !points(element.parentElement);
  };
  const listens = (element, types) => Object.keys(listeners(element)).some((type) => types.test(type));

  // Whether the element reacts to the mouse, or to a key when focused.
  const affords = (element) => {
    if (element.matches(':disabled,[aria-disabled=true],[inert] *')) return false;
    if (element.matches(AFFORDANCE) || isPointed(element)) return true;
    const inside = [...element.querySelectorAll('*')];
    // Listeners alone count only if they cannot be meant for the element's content.
    if (element.clientHeight > innerHeight / 2 || inside.some((inner) => inner.matches(AFFORDANCE) || isPointed(inner))) return false;
    return listens(element, /^(click|mousedown|pointerdown)$/) || (element.tabIndex >= 0 && listens(element, /^key/));
  };

  // A selector that matches only this element in its document.
  const path = (element) => {
    const steps = [];
    for (let node = element; node !== null && node !== document.documentElement; node = node.parentElement) {
      steps.unshift(`${CSS.escape(node.localName)}:nth-child(${[...node.parentElement.children].indexOf(node) + 1})`);
    }
    return [':root', ...steps].join('>');
  };

  // The elements that can stand in for this one: clicking them clicks it or has the same effect.
  const serving = (element) => {
    const found = new Set([element]);
    for (const label of element.labels ?? []) found.add(label);
    const label = element.closest('label');
    if (label) found.add(label);
    if (label?.control) found.add(label.control);
    if (label?.control) for (const other of label.control.labels) found.add(other);
    // Content of a control is part of it, unless it is a control itself.
    const outer = element.parentElement?.closest(HARD);
    if (outer && !element.matches(HARD)) found.add(outer);
    // A wrapper of one control stands in for it.
    if (!element.matches(NATIVE)) {
      const inner = [...element.querySelectorAll(AFFORDANCE)].filter(isVisible);
      if (inner.length === 1) found.add(inner[0]);
      // A wrapper of a single field focuses it.
      const fields = element.querySelectorAll(FIELD);
      if (fields.length === 1) found.add(fields[0]);
    }
    return [...found].map(path);
  };

  const isVisible = (element) => {
    const box = element.getBoundingClientRect();
    return box.width > 1 && box.height > 1 && element.checkVisibility({ visibilityProperty: true });
  };

  const isHit = (element) => {
    const serves = new Set([element, ...(element.labels ?? [])]);
    for (const box of element.getClientRects()) {
      for (const fx of [0.5, 0.1, 0.9]) {
        for (const fy of [0.5, 0.2, 0.8]) {
          const hit = document.elementFromPoint(box.left + box.width * fx, box.top + box.height * fy);
          for (let node = hit; node; node = node.parentElement) if (serves.has(node)) return true;
        }
      }
    }
    return false;
  };

  const isNear = (element) => {
    const box = element.getBoundingClientRect();
    return box.top < 2 * innerHeight && box.bottom > 0 && box.left < innerWidth && box.right > 0;
  };

  // Why the element is not usable right now; empty if it is.
  const useless = (element) => {
    if (!isVisible(element)) return 'hidden';
    if (!isNear(element)) return 'far away';
    if (!affords(element)) return 'does nothing';
    return hits().has(element) ? '' : 'covered or clipped';
  };

  const tell = (element) => {
    const box = element.getBoundingClientRect();
    const [left, top, width, height] = [box.left, box.top + scrollY, box.width, box.height].map(Math.round);
    const html = element.outerHTML.replace(/\s+/g, ' ').slice(0, 160);
    return { path: path(element), serving: serving(element), useless: useless(element), place: `${left},${top} ${width}x${height}`, html };
  };

  // Everything usable within one screen of the viewport, with the page scrolled to the top.
  let usable;
  const hits = () => {
    if (usable !== undefined) return usable;
    usable = new Set();
    const afforded = [...document.querySelectorAll('body *')].filter((element) => isVisible(element) && isNear(element) && affords(element));
    // Coverage is checked on screen, so scroll to each screen in turn.
    for (const top of [0, innerHeight]) {
      scrollTo({ top, behavior: 'instant' });
      for (const element of afforded) if (isHit(element)) usable.add(element);
    }
    scrollTo({ top: 0, behavior: 'instant' });
    return usable;
  };

  // The visible words in the same area.
  const words = () => {
    const found = new Set();
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const range = document.createRange();
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const parent = node.parentElement;
      if (/^(script|style|noscript|template|option|textarea)$/.test(parent.localName) || !/\S/.test(node.data)) continue;
      if (!parent.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
      range.selectNodeContents(node);
      const box = range.getBoundingClientRect();
      let [left, top, right, bottom] = [Math.max(box.left, 0), box.top, Math.min(box.right, innerWidth), Math.min(box.bottom, 2 * innerHeight)];
      for (let up = parent; up !== document.body && up !== null; up = up.parentElement) {
        if (getComputedStyle(up).overflow === 'visible') continue;
        const clip = up.getBoundingClientRect();
        [left, top, right, bottom] = [Math.max(left, clip.left), Math.max(top, clip.top), Math.min(right, clip.right), Math.min(bottom, clip.bottom)];
      }
      if (right - left < 2 || bottom - top < 2 || bottom < 0) continue;
      for (const word of node.data.match(/[\p{L}\p{N}]{2,}/gu) ?? []) found.add(word);
    }
    return [...found];
  };

  globalThis.__oracle = { usable: () => [...hits()].map(tell), tell, words };
})();
