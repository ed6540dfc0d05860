
// ---- secrets

const ofForm = (name) => {
  const { get } = Object.getOwnPropertyDescriptor(HTMLFormElement.prototype, name);
  return (form) => get.call(form);
};
const actionOf = ofForm("action");

// What is no URL sends to nowhere, of which nothing is known: opaque.
const originOf = (url) => (URL.canParse(url) ? new URL(url).origin : "null");

const SUBMITTERS = "button,input[type=submit],input[type=image]";
const TEXTUAL = new Set("text email password tel url number search date time datetime-local month week".split(" "));

// The origins to which a form sends its fields, but for the document's own URL, which is the origin's own, and for
// scripts. All of them: one that is left out is not judged.
const targetsOf = (form) => {
  const targets = new Set();
  const add = (written, url) => {
    // What scripts call blank, such as a no-break space, is a URL to a form.
    if (/[^\t\n\f\r ]/.test(written ?? "") && !/^javascript:/i.test(url)) targets.add(originOf(url));
  };
  add(attribute(form, "action"), actionOf(form));
  for (const submitter of all(SUBMITTERS)) {
    if (submitter.form === form) add(attribute(submitter, "formaction"), submitter.formAction);
  }
  return [...targets].sort();
};

const saysGet = (form) =>
  attribute(form, "method")?.trim().toLowerCase() === "get" ||
  all(SUBMITTERS).some((one) => one.form === form && attribute(one, "formmethod")?.trim().toLowerCase() === "get");

const holderOf = (element) => {
  const isInput = element instanceof HTMLInputElement;
  const field = (isInput && TEXTUAL.has(element.type)) || element instanceof HTMLTextAreaElement;
  const form = field ? element.form : null;
  const searches = (node) => fits(node, "search,[role=search],[role=searchbox],input[type=search]");
  let search = false;
  for (let node = element; node && !search; node = above(node)) search = searches(node);
  return {
    gone: false,
    origin: globalThis.origin,
    field,
    disabled: field && (fits(element, ":disabled") || element.readOnly),
    search: search || (form !== null && searches(form)),
    url: form !== null && saysGet(form),
    targets: form === null ? [] : targetsOf(form),
  };
};

// What a field is part of. -> {gone} | {origin, field, disabled, search, url, targets}
hands.secretField = ({ id }) => {
  const element = find(id);
  return element ? holderOf(element) : { gone: true };
};

// Types a secret, if the field is what was judged. -> {gone} | {changed} | {unfocused} | {holds}
hands.typeSecret = ({ id, clear, text, judged }) => {
  if (hands.focus({ id, clear }).gone) return { gone: true };
  const element = find(id);
  if (!element) return { gone: true };
  // From here to the typing nothing of the page runs.
  if (JSON.stringify(holderOf(element)) !== JSON.stringify(judged)) return { changed: true };
  if (element.getRootNode().activeElement !== element) return { unfocused: true };
  // Whatever the page makes of it in the field, it is not shown.
  __eyes.keepSecret(element);
  if (kindOf(element) === "set") {
    hands.set({ id, value: text });
  } else {
    document.execCommand("insertText", false, text);
  }
  return { holds: clear ? element.value === text : element.value.endsWith(text) };
};

// ---- what pictures must not show

let looked = [];

const UNSHOWN = new Set("script style noscript template title".split(" "));

// Every text that this document may show, each whole: of a block with all that stands in its lines, of a field, of a
// picture that did not come. -> {texts}, null when it is more than `limit` characters
hands.shownTexts = ({ limit }) => {
  looked = [];
  const texts = [];
  let length = 0;
  const blocks = new Map();
  const blockOf = (element) => {
    if (element === null || element === document.documentElement) return element;
    let block = blocks.get(element);
    if (block === undefined) {
      const { display } = getComputedStyle(element);
      block = display.startsWith("inline") || display === "contents" ? blockOf(above(element)) : element;
      blocks.set(element, block);
    }
    return block;
  };
  const add = (text, place) => {
    length += text.length;
    texts.push(text.toWellFormed());
    looked.push(place);
  };
  for (const root of roots()) {
    let block = null;
    let nodes = [];
    const end = () => {
      if (nodes.length) add(nodes.map((node) => node.data).join(""), { nodes });
      nodes = [];
    };
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
    for (let node = walker.nextNode(); node && length <= limit; node = walker.nextNode()) {
      if (node.nodeType === Node.TEXT_NODE) {
        const parent = node.parentElement ?? node.getRootNode().host;
        if (!parent || UNSHOWN.has(parent.localName)) continue;
        const its = blockOf(parent);
        // Between words a blank counts, between blocks it is only how the page is written.
        if (!node.data.trim() && (its !== block || !nodes.length)) continue;
        if (its !== block) end();
        block = its;
        nodes.push(node);
      } else if (node instanceof HTMLInputElement || node instanceof HTMLTextAreaElement) {
        add(node.value, { element: node });
        if (node.placeholder) add(node.placeholder, { element: node });
      } else if (node instanceof HTMLSelectElement) {
        add([...node.selectedOptions].map((option) => option.label).join(" "), { element: node });
      } else if (node instanceof HTMLImageElement && node.alt) {
        add(node.alt, { element: node });
      }
    }
    end();
  }
  return { texts: length > limit ? null : texts };
};

// The boxes of pieces of the texts last told, each by its text's number and its characters. -> {boxes}
hands.boxesOfTexts = ({ pieces }) => {
  const boxes = [];
  const add = (rect) => {
    if (rect.width > 0 && rect.height > 0) {
      const [left, top] = [Math.floor(rect.left) - 2, Math.floor(rect.top) - 2];
      boxes.push([left, top, Math.ceil(rect.right) + 2 - left, Math.ceil(rect.bottom) + 2 - top]);
    }
  };
  for (const [number, start, end] of pieces) {
    const { element, nodes } = looked[number] ?? {};
    if (element) add(element.getBoundingClientRect());
    let at = 0;
    for (const node of nodes ?? []) {
      const [from, to] = [Math.max(start - at, 0), Math.min(end - at, node.length)];
      at += node.length;
      if (from >= to) continue;
      const range = document.createRange();
      range.setStart(node, from);
      range.setEnd(node, to);
      for (const rect of range.getClientRects()) add(rect);
    }
  }
  return { boxes };
};

// The box of an element as a whole. -> {boxes}
hands.boxOf = ({ id }) => {
  const element = find(id);
  const rect = element?.getBoundingClientRect();
  return { boxes: rect ? [[Math.floor(rect.left), Math.floor(rect.top), Math.ceil(rect.width) + 1, Math.ceil(rect.height) + 1]] : [] };
};
