
// ---- text

const SILENT = new Set(["script", "style", "noscript", "template", "head", "iframe", "svg", "canvas", "object", "datalist", "option", "optgroup"]);
const MOST_TEXT = 2_000_000;

const childrenOf = (element) => {
  if (element.localName === "slot") {
    const assigned = element.assignedNodes();
    if (assigned.length) return assigned;
  }
  return (rootOf(element) ?? element).childNodes;
};

// Whatever stands in a field, as far as it may be told.
const fieldText = (element) => {
  if (__eyes.isSecret(element)) return "";
  if (element.localName === "select") return [...element.selectedOptions].map((option) => option.label || option.text).join(", ");
  if (element.type === "checkbox" || element.type === "radio") return element.checked ? "[x]" : "[ ]";
  return element.type === "hidden" || element.type === "file" ? "" : element.value;
};

const shortTarget = (link) => {
  if (!/^https?:$/.test(link.protocol)) return "";
  const target = link.origin === location.origin ? link.pathname + link.search : link.href;
  const here = link.origin === location.origin && link.pathname === location.pathname && link.search === location.search;
  return here || target.length > 100 ? "" : ` (${target})`;
};

// Text as a person sees it, through shadow trees, piece by piece to `on`: `text(data, node, pre)`,
// `line(prefix)` and `end()` around blocks, `cell()` before the cells of a row.
// With marks it has headings, lists, tables and where links lead; without, the words alone.
const walkText = (root, marks, on) => {
  const isHidden = (element, style) => style.display === "none" || (style.display !== "contents" && !seenBy(element, { visibilityProperty: true }));
  // Within a cell of a table there are no lines: a row is one.
  const visit = (node, depth, pre, flat) => {
    if (node.nodeType === 3) return on.text(node.data, node, pre && !flat);
    if (node.nodeType !== 1 || depth > 500) return;
    const tag = node.localName;
    if (SILENT.has(tag)) return;
    if (tag === "br") return flat ? on.text(" ", node, false) : on.line("");
    const style = getComputedStyle(node);
    if (isHidden(node, style)) return;
    const display = style.display;
    const role = attribute(node, "role") ?? "";
    const cell = display === "table-cell" || /^(cell|gridcell|columnheader|rowheader)$/.test(role);
    const block = (!cell || role === "row") && !/^(inline|contents|ruby)/.test(display);
    const heading = /^h[1-6]$/.test(tag) ? "#".repeat(Number(tag[1])) + " " : "";
    if (block && flat) on.text(" ", node, false);
    else if (block) on.line(marks && node !== root ? heading || (display === "list-item" ? "- " : "") : "");
    if (cell && !flat) on.cell(marks);
    flat ||= cell && node.querySelector("table,[role=row]") === null;
    if (tag === "img") {
      if (marks && node.alt) on.text(` ${node.alt} `, node, false);
    } else if (tag === "input" || tag === "textarea" || tag === "select") {
      if (tag !== "input" || !["button", "submit", "reset", "image"].includes(node.type)) {
        if (marks) on.text(` ${fieldText(node)} `, node, false);
      } else on.text(node.value, node, false);
    } else {
      for (const child of childrenOf(node)) visit(child, depth + 1, /^pre/.test(style.whiteSpace), flat);
    }
    if (marks && node !== root && tag === "a" && node.href) on.text(shortTarget(node), node, false);
    if (block && flat) on.text(" ", node, false);
    else if (block) on.end();
  };
  visit(root, 0, false, false);
};

const readable = (root, marks) => {
  const lines = [];
  let line = "";
  let prefix = "";
  let first = true;
  let length = 0;
  const flush = () => {
    const text = __eyes.clean(line).trim();
    if (text && text !== "|") {
      const whole = prefix + text;
      length += whole.length + 1;
      if (length < MOST_TEXT) lines.push(whole);
      prefix = "";
    }
    line = "";
    first = true;
  };
  walkText(root, marks, {
    text(data, _node, pre) {
      if (!pre) return void (line += data.replace(/\s+/g, " "));
      const parts = data.split("\n");
      parts.forEach((part, at) => {
        line += part;
        if (at < parts.length - 1) flush();
      });
    },
    line(next) {
      flush();
      if (next) prefix = next;
    },
    end() {
      flush();
      prefix = "";
    },
    cell(marks) {
      if (!first) line += marks ? " | " : " ";
      first = false;
    },
  });
  flush();
  return lines.join("\n");
};

const whole = () => document.body ?? document.documentElement;

// The text of an element or of the page. -> {gone} | {text, total}
hands.text = ({ id, limit, marks }) => {
  const element = id === null ? whole() : find(id);
  if (!element) return { gone: true };
  const isField = ["input", "textarea", "select"].includes(element.localName);
  const text = isField ? fieldText(element) : readable(element, marks);
  const cut = text.length > limit ? text.slice(0, limit - 1) + "…" : text;
  return { text: cut.toWellFormed(), total: text.length };
};

// -> {has}, of each text whether the page shows it
hands.has = ({ texts }) => {
  const page = norm(readable(whole(), false));
  return { has: texts.map((text) => page.includes(norm(text))) };
};

// Where a text stands: the first place that is laid out.
const rangeOf = (wanted) => {
  let text = "";
  const places = [];
  const add = (character, node, from, to) => {
    text += character;
    for (let unit = 0; unit < character.length; unit++) places.push([node, from, to]);
  };
  const blank = () => text !== "" && !text.endsWith(" ") && add(" ", null, 0, 0);
  walkText(whole(), false, {
    text(data, node) {
      if (node.nodeType !== 3) return;
      let at = 0;
      for (const character of data) {
        const end = at + character.length;
        if (/\s/.test(character)) blank();
        // By itself, what joins characters is nothing to be seen either.
        else if (__eyes.clean(character)) add(character.toLowerCase(), node, at, end);
        at = end;
      }
    },
    line: blank,
    end: blank,
    cell: blank,
  });
  const needle = norm(wanted).replace(/[\u200c\u200d]/g, "");
  for (let at = text.indexOf(needle); needle && at >= 0; at = text.indexOf(needle, at + 1)) {
    const [start, end] = [places[at], places[at + needle.length - 1]];
    if (!start[0] || !end[0]) continue;
    const range = document.createRange();
    range.setStart(start[0], start[1]);
    range.setEnd(end[0], end[2]);
    if (range.getClientRects().length) return range;
  }
  return null;
};

// Brings a text into view. -> {found: false} | {found, from: [x, y], to: [x, y]}, its ends as a mouse would select it
hands.scrollToText = async ({ text }) => {
  const range = rangeOf(text);
  if (!range) return { found: false };
  range.startContainer.parentElement.scrollIntoView({ behavior: "instant", block: "center" });
  await frames(1);
  const boxes = [...range.getClientRects()].filter((box) => box.width > 0);
  const [first, last] = [boxes[0], boxes.at(-1)];
  if (!first) return { found: true, from: null, to: null };
  return { found: true, from: [first.left + 0.5, (first.top + first.bottom) / 2], to: [last.right - 0.5, (last.top + last.bottom) / 2] };
};

// -> {text} that is selected
hands.selection = () => ({ text: clip(getSelection()?.toString(), 200) });

// The first visible element that a selector matches, in shadow trees too.
// -> {invalid} | {missing, hidden} | {id, tag, role, name, type, signature}
hands.select = ({ selector }) => {
  try {
    document.createDocumentFragment().querySelector(selector);
  } catch {
    return { invalid: true };
  }
  let hidden = false;
  for (const root of roots()) {
    for (const element of root.querySelectorAll(selector)) {
      if (hasBox(visibleTarget(element))) {
        const id = __eyes.idOf(element);
        return { id, ...__eyes.identity(id), signature: __eyes.signature(id) };
      }
      hidden = true;
    }
  }
  return { missing: true, hidden };
};

// -> {invalid} | {total, lines}
hands.matches = ({ selector, limit }) => {
  let found;
  try {
    found = all(selector);
  } catch {
    return { invalid: true };
  }
  const line = (element) => {
    const id = element.id ? "#" + element.id : "";
    const classes = [...element.classList].slice(0, 3).map((name) => "." + name).join("");
    const hidden = isShown(element) ? "" : " (hidden)";
    const text = __eyes.isSecret(element) ? "" : clip(visibleText(element) || element.value, 100);
    return clip(`<${element.localName}${id}${classes}>${hidden} ${text}`, 200);
  };
  return { total: found.length, lines: found.slice(0, limit).map(line) };
};
