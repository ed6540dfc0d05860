
// ---- what an action brought about: a look at everything before it, and another when the page has come to rest

// What is told as one thing, with what is in it.
const GROUP =
  "dialog,[role=dialog],[role=alertdialog],[role=menu],[role=listbox],[role=tree],[role=grid],[role=tooltip],[role=alert],[role=status]";
const CONTROL =
  "a[href],button,input:not([type=hidden]),select,textarea,summary,iframe,[role=button],[role=link],[role=option],[role=menuitem]," +
  "[role=menuitemradio],[role=menuitemcheckbox],[role=treeitem],[role=tab],[role=checkbox],[role=radio],[role=switch]," +
  "[role=combobox],[role=textbox],[contenteditable=true],[contenteditable='']";
const STATEFUL =
  "input,select,textarea,button,details,[contenteditable],[aria-expanded],[aria-checked],[aria-pressed],[aria-selected]," +
  "[aria-invalid],[aria-disabled],[aria-valuenow],[aria-valuetext]";
// Of more elements than this it is not known whether they were visible before; only what is added is told then.
// Looking costs 2 ms a thousand.
const MOST_WATCHED = 20000;
const MOST_TOUCHED = 500;

let witness = null;

// Value and states of an element, as words that can be compared.
const conditionOf = (element) => {
  const out = {};
  const tag = element.localName;
  if (tag === "input" || tag === "textarea") {
    if (element.type === "checkbox" || element.type === "radio") out.checked = String(element.checked);
    else if (__eyes.isSecret(element)) out.filled = String(element.value !== "");
    else if (element.type !== "hidden") out.value = clip(element.value, 100);
  } else if (tag === "select") {
    out.value = clip([...element.selectedOptions].map((option) => option.label || option.text).join(", "), 100);
  } else if (tag === "details") {
    out.expanded = String(element.open);
  } else if (element.isContentEditable && attribute(element, "contenteditable") !== null) {
    out.value = clip(element.textContent, 100);
  }
  for (const name of ["checked", "pressed", "selected", "expanded"]) {
    const value = attribute(element, "aria-" + name);
    if (value !== null && out[name] === undefined) out[name] = value;
  }
  const shownValue = attribute(element, "aria-valuetext") ?? attribute(element, "aria-valuenow");
  if (shownValue !== null && out.value === undefined) out.value = clip(shownValue, 100);
  if (fits(element, ":disabled") || attribute(element, "aria-disabled") === "true") out.disabled = "true";
  if ((attribute(element, "aria-invalid") ?? "false") !== "false" || fits(element, ":user-invalid")) {
    out.invalid = clip(element.validationMessage || "true", 100);
  }
  return out;
};

// From now on. -> {}
hands.watch = () => {
  witness?.observer.disconnect();
  const now = { seen: new Set(), states: new Map(), added: new Set(), touched: new Set(), moved: false, whole: true };
  const note = (records) => {
    now.moved ||= records.length > 0;
    for (const { type, target, addedNodes } of records) {
      if (now.touched.size + now.added.size > MOST_TOUCHED) return;
      if (type === "characterData" && target.parentElement) now.touched.add(target.parentElement);
      for (const node of addedNodes) {
        if (node.nodeType === 1) now.added.add(node);
        else if (node.nodeType === 3 && target.nodeType === 1 && node.data.trim()) now.touched.add(target);
      }
    }
  };
  now.note = note;
  now.observer = new MutationObserver(note);
  for (const root of roots()) {
    now.observer.observe(root, { subtree: true, childList: true, characterData: true, attributes: true });
    const elements = root.querySelectorAll("*");
    now.whole &&= now.seen.size + elements.length <= MOST_WATCHED;
    if (now.whole) for (const element of elements) if (isShown(element)) now.seen.add(element);
    for (const element of root.querySelectorAll(STATEFUL)) now.states.set(element, conditionOf(element));
  }
  now.focus = focused();
  now.title = document.title;
  now.scroll = [scrollX, scrollY];
  witness = now;
  return {};
};

// What can be seen now, of everything or of what was added; null when nothing is watched.
const visibleNow = () => {
  if (!witness) return null;
  witness.note(witness.observer.takeRecords());
  const out = new Set();
  const look = (elements) => {
    for (const element of elements) if (isShown(element)) out.add(element);
  };
  if (witness.whole) {
    for (const root of roots()) look(root.querySelectorAll("*"));
  } else {
    for (const added of witness.added) if (added.isConnected) look([added, ...added.querySelectorAll("*")]);
  }
  return out;
};

const without = (set, other) => new Set([...set].filter((element) => !other.has(element)));

// Visible elements that were not when the watch began.
const appeared = () => (witness ? without(visibleNow(), witness.seen) : new Set());

// The elements of a set with none above them that `stops`.
const outermost = (elements, stops) =>
  elements.filter((element) => {
    for (let node = above(element); node; node = above(node)) if (stops(node)) return false;
    return true;
  });

const kindOfGroup = (element) => attribute(element, "role")?.trim().split(/\s+/)[0] || "dialog";

const titleOf = (element) => {
  const label = attribute(element, "aria-label");
  const ids = attribute(element, "aria-labelledby")?.split(/\s+/) ?? [];
  const labelled = ids.map((id) => element.getRootNode().getElementById?.(id)?.textContent ?? "").join(" ");
  return clip(label || labelled, 60);
};

const groupOf = (element) => {
  const items = [...element.querySelectorAll(CONTROL)].filter(hasBox);
  const kind = kindOfGroup(element);
  const inner = items.filter((item) => !item.parentElement.closest(CONTROL) || !element.contains(item.parentElement.closest(CONTROL)));
  const isList = kind === "menu" || kind === "listbox" || kind === "tree" || kind === "grid";
  return {
    kind,
    name: titleOf(element),
    text: isList ? "" : clip(visibleText(element), 160),
    items: inner.slice(0, 6).map(nameOf).filter(Boolean),
    total: inner.length,
  };
};

// What has changed since the watch began, which ends here; `id` is the element that was acted on.
// -> {fresh, title} of a document that was not watched, or what the fields below say
hands.told = ({ id }) => {
  if (!witness) return { fresh: true, title: clip(document.title, 120) };
  const visible = visibleNow();
  const was = witness;
  was.observer.disconnect();
  witness = null;
  const news = without(visible, was.seen);
  const lost = was.whole ? without(was.seen, visible) : new Set();
  const [found, gone] = [[...news], [...lost]];

  const groups = outermost(found.filter((element) => fits(element, GROUP)), (node) => news.has(node) && fits(node, GROUP));
  const inGroup = (node) => groups.some((group) => group === node || __eyes.contains(group, node));
  const controls = outermost(
    found.filter((element) => fits(element, CONTROL) && !inGroup(element)),
    (node) => news.has(node) && fits(node, CONTROL),
  );
  const lostGroups = outermost(gone.filter((element) => fits(element, GROUP)), (node) => lost.has(node) && fits(node, GROUP));
  const lostControls = outermost(
    gone.filter((element) => fits(element, CONTROL) && !lostGroups.some((group) => group.contains(element))),
    (node) => lost.has(node) && fits(node, CONTROL),
  );

  // What was drawn anew as it was is no news.
  const names = (list) => list.map((element) => nameOf(element)).filter(Boolean);
  const came = names(controls.slice(0, 200));
  const went = names(lostControls.slice(0, 200));
  for (const name of [...came]) {
    const at = went.indexOf(name);
    if (at < 0) continue;
    went.splice(at, 1);
    came.splice(came.indexOf(name), 1);
  }

  const texts = [];
  const say = (element) => {
    const text = clip(visibleText(element), 100);
    if (text && texts.length < 12 && !texts.includes(text) && !came.includes(text)) texts.push(text);
  };
  const acted = id === null ? null : find(id);
  for (const element of [...outermost(found, (node) => news.has(node)), ...was.touched]) {
    if (!element.isConnected || inGroup(element) || !isShown(element) || element === acted) continue;
    if (fits(element, "script,style,title,option")) continue;
    if (news.has(element) && (fits(element, CONTROL) || element.querySelector(CONTROL))) continue;
    say(element);
  }

  const states = [];
  let unmoved = false;
  for (const [element, before] of was.states) {
    if (!element.isConnected) continue;
    // A label stands for its control, and a summary for what it opens.
    const target = element === acted || element === acted?.control || (fits(element, "details") && element === acted?.parentElement);
    const now = conditionOf(element);
    if (target && now.checked !== undefined && now.checked === before.checked) unmoved = true;
    for (const key of new Set([...Object.keys(before), ...Object.keys(now)])) {
      if (before[key] === now[key]) continue;
      const isOff = now[key] === "false" || now[key] === undefined;
      // That another one of a kind is not chosen any more follows from what is chosen now.
      if (isOff && !target && key !== "disabled" && !(key === "checked" && element.type === "checkbox")) continue;
      if (!target && !isShown(element)) continue;
      states.push({ target, name: nameOf(element), key, value: now[key] ?? "false" });
    }
  }
  states.sort((a, b) => b.target - a.target);

  const focus = focused();
  // What has the focus in a frame is told by the frame.
  const moved = focus && focus.localName !== "iframe" && focus !== was.focus && focus !== acted && !(acted && __eyes.contains(acted, focus));
  return {
    fresh: false,
    title: document.title === was.title ? "" : clip(document.title, 120),
    groups: groups.slice(0, 3).map(groupOf),
    controls: came.slice(0, 6),
    more_controls: Math.max(0, came.length - 6) + Math.max(0, controls.length - 200),
    texts: texts.slice(0, 3),
    more_texts: Math.max(0, texts.length - 3),
    gone_groups: lostGroups.slice(0, 2).map((element) => ({ kind: kindOfGroup(element), name: titleOf(element) })),
    gone: went.slice(0, 3),
    more_gone: Math.max(0, went.length - 3) + Math.max(0, lostControls.length - 200),
    states: states.slice(0, 5),
    unmoved,
    focus: moved ? nameOf(focus) || `<${focus.localName}>` : "",
    moved: was.moved || news.size > 0 || lost.size > 0 || scrollX !== was.scroll[0] || scrollY !== was.scroll[1],
  };
};
