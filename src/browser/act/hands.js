// The hands: what an action needs to know of the page before and after it, in the isolated world of its frame. Acting
// itself is done with real input events from outside; only what no input event can do (setting a date, choosing an
// option of a native select, scrolling) happens here, with the events that a user's change would fire.
//
// Elements are named by the eyes' registry ids. Every function takes one argument and returns plain data.
globalThis.hands = (() => {
  "use strict";
  const MAX_TEXT = 200;
  const clip = (text, length = MAX_TEXT) => {
    const clean = String(text ?? "").replace(/\s+/g, " ").trim();
    return clean.length > length ? clean.slice(0, length - 1) + "…" : clean;
  };

  const find = (id) => {
    const node = __eyes.node(id);
    return node && node.isConnected ? node : null;
  };

  // The parent as a person sees it: across slots and shadow roots.
  const above = (node) => node.assignedSlot ?? node.parentElement ?? node.getRootNode().host ?? null;

  const describe = (node) => {
    const name = clip(node.getAttribute?.("aria-label") || node.innerText || node.getAttribute?.("title") || "", 40);
    const tag = node.localName + (node.id && node.id.length < 30 ? "#" + node.id : "");
    return name ? `<${tag}> '${name}'` : `<${tag}>`;
  };

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
    const boxes = [...element.getClientRects()]
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

  const inView = (element) => {
    const box = element.getBoundingClientRect();
    return box.top >= 0 && box.left >= 0 && box.bottom <= innerHeight && box.right <= innerWidth;
  };

  // A file input or checkbox that is hidden is served by its label.
  const visibleTarget = (element) => {
    if (element.getClientRects().length && element.checkVisibility({ visibilityProperty: true })) return element;
    const label = [...(element.labels ?? [])].find((label) => label.getClientRects().length);
    return label ?? element;
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
    const role = element.getAttribute("role");
    if (role === "textbox" || role === "searchbox" || role === "combobox") return "text";
    return "other";
  };

  const stateOf = (element) => {
    if (element instanceof HTMLInputElement && (element.type === "checkbox" || element.type === "radio")) {
      return element.checked;
    }
    for (const name of ["aria-checked", "aria-pressed", "aria-selected", "aria-expanded"]) {
      const value = element.getAttribute(name);
      if (value !== null) return value === "true";
    }
    return null;
  };

  const fire = (element, ...types) => {
    for (const type of types) element.dispatchEvent(new Event(type, { bubbles: true, composed: true }));
  };

  const optionsOf = (select) => [...select.options].map((option) => clip(option.label || option.text, 100));

  // Texts are compared as the agent was shown them: without what nobody sees.
  const norm = (text) => __eyes.clean(String(text ?? "")).normalize("NFC").trim().toLowerCase();

  const scrollable = (element, horizontal) => {
    const style = getComputedStyle(element);
    const overflow = horizontal ? style.overflowX : style.overflowY;
    const room = horizontal
      ? element.scrollWidth - element.clientWidth
      : element.scrollHeight - element.clientHeight;
    return room > 1 && (overflow === "auto" || overflow === "scroll" || overflow === "overlay");
  };

  // Whether the page keeps its window from scrolling, as maps and boards do that move by themselves.
  const locked = (horizontal) => {
    const overflow = (element) => element && getComputedStyle(element)[horizontal ? "overflowX" : "overflowY"];
    const own = overflow(document.documentElement);
    // The root takes the body's when it has none of its own.
    return /hidden|clip/.test(own === "visible" ? overflow(document.body) : own);
  };

  // The text that a person sees.
  const visibleText = (element) => element.innerText ?? element.textContent ?? "";
  const pageHas = (text) => norm(visibleText(document.body ?? document.documentElement)).includes(norm(text));

  const shows = (element) => {
    const target = visibleTarget(element);
    return target.getClientRects().length > 0 && target.checkVisibility({ visibilityProperty: true });
  };

  // What makes something visible without a change to the DOM: styles and scripts that arrive, animations that end.
  const STIRS = ["load", "transitionend", "animationstart", "animationend", "toggle", "resize"];

  // What a selector matches in a tree, then in the shadow trees in it, each of which is shown to `enter`.
  const matching = function* (root, selector, enter) {
    enter(root);
    yield* root.querySelectorAll(selector);
    for (const host of root.querySelectorAll("*")) {
      const shadow = host.shadowRoot ?? __eyes.closedRoot(host);
      if (shadow) yield* matching(shadow, selector, enter);
    }
  };

  const frames = (count) =>
    new Promise((resolve) => {
      const next = (left) => (left ? requestAnimationFrame(() => next(left - 1)) : resolve());
      next(count);
    });

  // Resolves once nothing has changed in the DOM for `quiet` ms, after two frames at the least, or with `still: true`
  // after `limit` ms. Style changes do not count: animations never end.
  const settled = async ({ quiet, limit }) => {
    const started = performance.now();
    let last = 0;
    const observer = new MutationObserver(() => (last = performance.now()));
    observer.observe(document, {
      subtree: true,
      childList: true,
      characterData: true,
      attributeFilter: ["class", "hidden", "disabled", "open", "aria-hidden", "aria-expanded", "aria-busy", "value", "src"],
    });
    try {
      await frames(2);
      for (;;) {
        const now = performance.now();
        if (last === 0 || now - last >= quiet) return { moved: last !== 0, still: false };
        if (now - started >= limit) return { moved: true, still: true };
        await new Promise((resolve) => setTimeout(resolve, Math.min(quiet - (now - last), limit - (now - started)) + 1));
      }
    } finally {
      observer.disconnect();
    }
  };

  return {
    // Brings an element into view and finds a point on it that input events reach.
    // -> {gone} | {hidden} | {covered} | {x, y, kind, state, name, disabled, options?}
    async locate({ id, scroll = true }) {
      const element = find(id);
      if (!element) return { gone: true };
      const target = visibleTarget(element);
      if (scroll && !inView(target)) {
        target.scrollIntoView({ behavior: "instant", block: "center", inline: "center" });
        await frames(1);
      }
      const facts = {
        kind: kindOf(element),
        state: stateOf(element),
        draggable: Boolean(element.closest("[draggable=true]") ?? (element.draggable ? element : null)),
        disabled: Boolean(element.matches(":disabled") || element.getAttribute("aria-disabled") === "true"),
        options: element instanceof HTMLSelectElement ? optionsOf(element).slice(0, 50) : null,
      };
      let covering = null;
      const reachable = () =>
        points(target).find(([x, y]) => {
          const found = __eyes.elementAt(x, y);
          if (serves(element, found) || serves(target, found)) return true;
          covering ??= found;
          return false;
        });
      let spot = reachable();
      if (!spot && scroll) {
        // Under a header or a bar that stays where it is: the middle of the window is mostly free.
        target.scrollIntoView({ behavior: "instant", block: "center", inline: "center" });
        await frames(1);
        spot = reachable();
      }
      if (spot) return { x: spot[0], y: spot[1], ...facts };
      if (!points(target).length) return { hidden: true, ...facts };
      return { covered: covering ? describe(covering) : "something outside this frame", ...facts };
    },

    // A point in a frame as a point of this document, brought into view when it is not.
    // -> {gone} | {covered} | {x, y}
    async through({ id, x, y }) {
      const frame = find(id);
      if (!frame) return { gone: true };
      const place = () => {
        const box = frame.getBoundingClientRect();
        const style = getComputedStyle(frame);
        const edge = (name) => parseFloat(style[name]) || 0;
        return [box.left + edge("borderLeftWidth") + edge("paddingLeft") + x, box.top + edge("borderTopWidth") + edge("paddingTop") + y];
      };
      let [left, top] = place();
      const outside = () => left < 0 || top < 0 || left >= innerWidth || top >= innerHeight;
      if (outside()) {
        frame.scrollIntoView({ behavior: "instant", block: "nearest", inline: "nearest" });
        await frames(1);
        [left, top] = place();
        if (outside()) {
          scrollBy({ left: left - innerWidth / 2, top: top - innerHeight / 2, behavior: "instant" });
          await frames(1);
          [left, top] = place();
        }
      }
      const found = __eyes.elementAt(left, top);
      if (found !== frame) return { covered: found ? describe(found) : "something outside this frame" };
      return { x: left, y: top };
    },

    // What an element is, to tell whether it has become something else. -> {is: {tag, role, name}}, null when it is gone
    identify({ id }) {
      return { is: __eyes.signature(id) };
    },

    // -> {state} after a click
    state({ id }) {
      const element = find(id);
      return { state: element ? stateOf(element) : null, gone: !element };
    },

    // Focuses a field and selects what it holds, or puts the caret at its end.
    // -> {gone} | {kind, value, focused}
    focus({ id, clear }) {
      const element = find(id);
      if (!element) return { gone: true };
      element.focus({ preventScroll: true });
      const root = element.getRootNode();
      const kind = kindOf(element);
      if (element.isContentEditable) {
        const range = document.createRange();
        range.selectNodeContents(element);
        if (!clear) range.collapse(false);
        const selection = getSelection();
        selection.removeAllRanges();
        selection.addRange(range);
      } else if (typeof element.select === "function" && "value" in element) {
        if (clear) {
          element.select();
        } else {
          try {
            element.setSelectionRange(element.value.length, element.value.length);
          } catch {
            // E-mail and number inputs have no selection; focus alone puts the caret at the end.
          }
        }
      }
      return { kind, focused: root.activeElement === element, empty: !(element.value ?? element.textContent) };
    },

    // -> {value} of a field, {secret: true} for a password
    value({ id }) {
      const element = find(id);
      if (!element) return { gone: true };
      if (element instanceof HTMLInputElement && element.type === "password") {
        return { secret: true, length: element.value.length };
      }
      return { value: String(element.value ?? element.innerText ?? "").slice(0, 2000) };
    },

    // Sets a date, time, colour or range as a user's change would. -> {value} as the field took it
    set({ id, value }) {
      const element = find(id);
      if (!element) return { gone: true };
      const setter = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set;
      element.focus({ preventScroll: true });
      setter.call(element, value);
      fire(element, "input", "change");
      return { value: element.value };
    },

    // Chooses options of a native select by text, label or value.
    // -> {gone} | {unfit} | {unknown, options} | {chosen}
    choose({ id, options }) {
      const element = find(id);
      if (!element) return { gone: true };
      if (!(element instanceof HTMLSelectElement)) return { unfit: kindOf(element) };
      if (element.matches(":disabled")) return { disabled: true };
      if (options.length > 1 && !element.multiple) return { single: true };
      const all = [...element.options];
      const wanted = [];
      for (const text of options) {
        const exact = all.find((option) => option.value === text || option.text.trim() === text.trim());
        const close = exact ?? all.find((option) => norm(option.label || option.text) === norm(text) || norm(option.value) === norm(text));
        if (!close || close.disabled) return { unknown: text, options: optionsOf(element) };
        wanted.push(close);
      }
      element.focus({ preventScroll: true });
      for (const option of all) if (element.multiple || wanted.includes(option)) option.selected = wanted.includes(option);
      fire(element, "input", "change");
      return { chosen: [...element.selectedOptions].map((option) => clip(option.label || option.text, 100)) };
    },

    // Scrolls the nearest container of an element, or the page. -> {moved, above, below, what}
    scroll({ id, dx, dy }) {
      let element = null;
      if (id !== null) {
        element = find(id);
        if (!element) return { gone: true };
        while (element && !scrollable(element, dx !== 0)) element = above(element);
      }
      element ??= document.scrollingElement ?? document.documentElement;
      const page = element === document.scrollingElement || element === document.documentElement;
      const height = page ? innerHeight : element.clientHeight;
      const width = page ? innerWidth : element.clientWidth;
      const before = [element.scrollLeft, element.scrollTop];
      if (!page || !locked(dx !== 0)) element.scrollBy({ left: dx * width, top: dy * height, behavior: "instant" });
      const box = page ? { left: 0, top: 0 } : element.getBoundingClientRect();
      return {
        moved: Math.round(Math.abs(element.scrollLeft - before[0]) + Math.abs(element.scrollTop - before[1])),
        above: Math.round(element.scrollTop),
        below: Math.max(0, Math.round(element.scrollHeight - element.clientHeight - element.scrollTop)),
        page,
        x: Math.min(innerWidth - 1, Math.max(0, box.left + width / 2)),
        y: Math.min(innerHeight - 1, Math.max(0, box.top + height / 2)),
        width,
        height,
      };
    },

    // Waits until a text is there, or gone. -> {reached}
    wait({ text, gone, limit }) {
      const reached = () => (text === null || pageHas(text)) && (gone === null || !pageHas(gone));
      return new Promise((resolve) => {
        if (reached()) return resolve({ reached: true });
        const end = (value) => {
          observer.disconnect();
          clearTimeout(timer);
          resolve({ reached: value });
        };
        const observer = new MutationObserver(() => reached() && end(true));
        observer.observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
        const timer = setTimeout(() => end(reached()), limit);
      });
    },

    // Waits until a selector matches something visible, in shadow trees too.
    // -> {invalid} | {missing, hidden} | {id, tag, role, name, type, signature}
    select({ selector, limit }) {
      try {
        document.createDocumentFragment().querySelector(selector);
      } catch {
        return { invalid: true };
      }
      return new Promise((resolve) => {
        let hidden = false;
        let over = false;
        const reached = () => {
          hidden = false;
          for (const element of matching(document, selector, watch)) {
            if (shows(element)) {
              end(element);
              return true;
            }
            hidden = true;
          }
          return false;
        };
        const end = (element) => {
          over = true;
          observer.disconnect();
          clearTimeout(timer);
          for (const type of STIRS) removeEventListener(type, stirred, true);
          const id = element && __eyes.idOf(element);
          resolve(element ? { id, ...__eyes.identity(id), signature: __eyes.signature(id) } : { missing: true, hidden });
        };
        // Once a frame, however much changes in it.
        let waiting = false;
        const stirred = () => {
          if (waiting) return;
          waiting = true;
          requestAnimationFrame(() => {
            waiting = false;
            if (!over) reached();
          });
        };
        const observer = new MutationObserver(stirred);
        const watch = (root) =>
          observer.observe(root, { subtree: true, childList: true, characterData: true, attributes: true });
        for (const type of STIRS) addEventListener(type, stirred, true);
        const timer = setTimeout(() => reached() || end(null), limit);
        reached();
      });
    },

    // -> {found}
    scrollToText({ text }) {
      const wanted = norm(text);
      const walker = document.createTreeWalker(document.body ?? document, NodeFilter.SHOW_ELEMENT);
      let best = null;
      // The innermost element that holds the text as a person sees it.
      for (let node = walker.nextNode(); node; ) {
        if (node.checkVisibility?.() !== false && norm(visibleText(node)).includes(wanted)) {
          best = node;
          node = walker.firstChild();
        } else {
          node = walker.nextSibling();
        }
      }
      best?.scrollIntoView({ behavior: "instant", block: "center" });
      return { found: best !== null };
    },

    // -> {invalid} | {total, lines}
    matches({ selector, limit }) {
      let found;
      try {
        found = [...document.querySelectorAll(selector)];
      } catch {
        return { invalid: true };
      }
      const line = (element) => {
        const id = element.id ? "#" + element.id : "";
        const classes = [...element.classList].slice(0, 3).map((name) => "." + name).join("");
        const hidden = element.checkVisibility() ? "" : " (hidden)";
        const text = element instanceof HTMLInputElement && element.type === "password" ? "" : clip(visibleText(element) || element.value, 100);
        return clip(`<${element.localName}${id}${classes}>${hidden} ${text}`, 200);
      };
      return { total: found.length, lines: found.slice(0, limit).map(line) };
    },

    // The options of a select, a listbox, a menu or a field with suggestions. -> {gone} | {options: [...] | null}
    options({ id }) {
      const element = find(id);
      if (!element) return { gone: true };
      if (element instanceof HTMLSelectElement) return { options: optionsOf(element).slice(0, 500) };
      if (element.list) return { options: [...element.list.options].map((option) => clip(option.label || option.value, 100)).slice(0, 500) };
      const owned = (element.getAttribute("aria-controls") ?? element.getAttribute("aria-owns") ?? "").split(/\s+/).filter(Boolean);
      const lists = [element, ...owned.map((name) => element.getRootNode().getElementById?.(name))].filter(Boolean);
      const roles = "[role=option],[role=menuitem],[role=menuitemradio],[role=menuitemcheckbox],[role=treeitem]";
      const options = lists.flatMap((list) => [...list.querySelectorAll(roles)]);
      return { options: options.length ? options.map((option) => clip(visibleText(option), 100)).slice(0, 500) : null };
    },

    // The text of an element or of the page. -> {gone} | {text, total}
    text({ id, limit }) {
      const element = id === null ? (document.body ?? document.documentElement) : find(id);
      if (!element) return { gone: true };
      if (element instanceof HTMLInputElement && element.type === "password") return { text: "", total: 0 };
      const field = element.localName === "input" || element.localName === "textarea" || element.localName === "select";
      const text = field
        ? (element.selectedOptions ? [...element.selectedOptions].map((option) => option.text).join(", ") : element.value)
        : visibleText(element).split("\n").map((line) => __eyes.clean(line).trim()).join("\n").replace(/\n{3,}/g, "\n\n").trim();
      return { text: text.slice(0, limit), total: text.length };
    },

    settled,
  };
})();
undefined;
