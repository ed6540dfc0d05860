// The hands: what an action needs to know of the page before and after it, in the isolated world of its frame. Acting
// itself is done with real input events from outside; only what no input event can do (setting a date, choosing an
// option of a native select, scrolling) happens here, with the events that a user's change would fire.
//
// Elements are named by the eyes' registry ids. Every function of `hands` takes one argument and returns plain data.

const hands = {};

const clip = (text, length = 200) => {
  const clean = String(text ?? "").replace(/\s+/g, " ").trim();
  return (clean.length > length ? clean.slice(0, length - 1) + "…" : clean).toWellFormed();
};

// Texts are compared as the agent was shown them: without what nobody sees.
const norm = (text) => __eyes.clean(String(text ?? "")).normalize("NFC").trim().toLowerCase();

const find = (id) => {
  const node = __eyes.node(id);
  return node && node.isConnected ? node : null;
};

// A form gives its controls precedence over its own properties: what every element is asked goes past that.
const openRootOf = Object.getOwnPropertyDescriptor(Element.prototype, "shadowRoot").get;
const rootOf = (element) => openRootOf.call(element) ?? __eyes.closedRoot(element);
const fits = Function.prototype.call.bind(Element.prototype.matches);
const attribute = Function.prototype.call.bind(Element.prototype.getAttribute);
const seenBy = Function.prototype.call.bind(Element.prototype.checkVisibility);

// The parent as a person sees it: across slots and shadow roots.
const above = (node) => node.assignedSlot ?? node.parentElement ?? node.getRootNode().host ?? null;

// The document and the shadow trees in it that are known.
const roots = function* (root = document) {
  yield root;
  for (const element of root.querySelectorAll("*")) {
    const inner = rootOf(element);
    if (inner) yield* roots(inner);
  }
};

const all = (selector) => [...roots()].flatMap((root) => [...root.querySelectorAll(selector)]);

const isShown = (element) => seenBy(element, { opacityProperty: true, visibilityProperty: true });

const hasBox = (element) => element.getClientRects().length > 0 && seenBy(element, { visibilityProperty: true });

const focused = () => {
  let element = document.activeElement;
  for (let inner = element; inner; inner = rootOf(inner)?.activeElement) element = inner;
  return element === document.body ? null : element;
};

// The text that a person sees.
const visibleText = (element) => element.innerText ?? element.textContent ?? "";

const nameOf = (element) => {
  const known = element.isConnected ? __eyes.identity(__eyes.idOf(element)) : null;
  return clip(known?.name || attribute(element, "aria-label") || element.textContent || attribute(element, "placeholder"), 60);
};

const describe = (node) => {
  const name = clip(attribute(node, "aria-label") || node.innerText || attribute(node, "title") || "", 40);
  const tag = node.localName + (node.id && node.id.length < 30 ? "#" + node.id : "");
  return name ? `<${tag}> '${name}'` : `<${tag}>`;
};

const fire = (element, ...types) => {
  for (const type of types) element.dispatchEvent(new Event(type, { bubbles: true, composed: true }));
};

const frames = (count) =>
  new Promise((resolve) => {
    const next = (left) => (left ? requestAnimationFrame(() => next(left - 1)) : resolve());
    next(count);
  });

// What makes something visible without a change to the DOM: styles and scripts that arrive, animations that end.
const STIRS = ["load", "transitionend", "animationstart", "animationend", "toggle", "resize", "scroll"];

// The first value that `check` gives, asked at once and again, at most once a frame, whenever the page changes; null
// after `limit` ms.
const until = (check, limit) =>
  new Promise((resolve) => {
    const now = check();
    if (now || limit <= 0) return resolve(now || null);
    let over = false;
    let waiting = false;
    const end = (value) => {
      over = true;
      observer.disconnect();
      clearTimeout(timer);
      for (const type of STIRS) removeEventListener(type, stirred, true);
      resolve(value || null);
    };
    const look = () => {
      const value = check();
      if (value) end(value);
    };
    const stirred = () => {
      if (waiting || over) return;
      waiting = true;
      requestAnimationFrame(() => {
        waiting = false;
        if (!over) look();
      });
    };
    const observer = new MutationObserver(stirred);
    for (const root of roots()) {
      observer.observe(root, { subtree: true, childList: true, characterData: true, attributes: true });
    }
    for (const type of STIRS) addEventListener(type, stirred, true);
    const timer = setTimeout(() => end(check()), limit);
  });

// Resolves when the page changes, or after `limit` ms. -> {}
hands.stirred = async ({ limit }) => {
  let asked = 0;
  await until(() => asked++ > 0, limit);
  return {};
};

// Resolves once nothing has changed in the DOM for `quiet` ms, after two frames at the least, or with `still: true`
// after `limit` ms. Style changes do not count: animations never end.
hands.settled = async ({ quiet, limit }) => {
  const started = performance.now();
  let last = 0;
  const observer = new MutationObserver(() => (last = performance.now()));
  for (const root of roots()) {
    observer.observe(root, {
      subtree: true,
      childList: true,
      characterData: true,
      attributeFilter: ["class", "hidden", "disabled", "open", "aria-hidden", "aria-expanded", "aria-busy", "value", "src"],
    });
  }
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

// What an element is, to tell whether it has become something else. -> {is}, null when it is gone
hands.identify = ({ id }) => ({ is: __eyes.signature(id) });

// -> {title} of the document
hands.title = () => ({ title: clip(document.title) });
