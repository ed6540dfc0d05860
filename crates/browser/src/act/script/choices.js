
// ---- options of selects, listboxes, menus, and of what merely looks like them

const LIST = "[role=listbox],[role=menu],[role=tree],[role=radiogroup]";
const OPTION = "[role=option],[role=menuitem],[role=menuitemradio],[role=menuitemcheckbox],[role=treeitem],[role=radio]";
const MOST_OPTIONS = 500;

const optionsOf = (select) => [...select.options].map((option) => clip(option.label || option.text, 100));

// Chooses options of a native select by text, label or value.
// -> {gone} | {unfit} | {disabled} | {single} | {unknown, options} | {chosen}
hands.choose = ({ id, options }) => {
  const element = find(id);
  if (!element) return { gone: true };
  if (!(element instanceof HTMLSelectElement)) return { unfit: true };
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
};

// Elements that an attribute names, in the element's own tree or in the document.
const named = (element, name) => {
  const ids = attribute(element, name)?.split(/\s+/).filter(Boolean) ?? [];
  return ids.map((id) => element.getRootNode().getElementById?.(id) ?? document.getElementById(id)).filter(Boolean);
};

const optionsIn = (list) => {
  const own = list.querySelectorAll(OPTION);
  // Without roles, what a list is made of: its entries, its controls, or what is under the pointer's hand.
  const made = own.length ? own : list.querySelectorAll("li");
  const found = made.length ? made : list.querySelectorAll(CONTROL);
  const rest = found.length ? found : [...list.querySelectorAll("*")].filter((one) => !one.firstElementChild && getComputedStyle(one).cursor === "pointer");
  return [...rest].filter(hasBox).slice(0, MOST_OPTIONS);
};

// The open list that belongs to an element: itself, one that it names, one in it, or one that has appeared.
const listOf = (element) => {
  const holders = [element, element.closest("[role=combobox]"), ...element.querySelectorAll("[aria-controls],[aria-owns]")].filter(Boolean);
  const linked = holders.flatMap((holder) => [
    ...named(holder, "aria-controls"),
    ...named(holder, "aria-owns"),
    ...named(holder, "aria-activedescendant").map((option) => option.closest(LIST)),
  ]);
  const known = [fits(element, LIST) ? element : null, ...linked, ...element.querySelectorAll(LIST)].filter(Boolean);
  const open = known.find((list) => hasBox(list) && optionsIn(list).length);
  if (open) return open;
  const news = appeared();
  const lists = [...news].filter((one) => fits(one, LIST) && optionsIn(one).length);
  if (lists.length) return lists[0];
  if (witness === null) return null;
  return outermost([...news], (node) => news.has(node)).find((one) => optionsIn(one).length > 1) ?? null;
};

const optionOf = (element) => {
  const states = ["aria-selected", "aria-checked"].map((name) => attribute(element, name)).filter((value) => value !== null);
  return {
    id: __eyes.idOf(element),
    text: clip(visibleText(element) || attribute(element, "aria-label"), 100),
    value: attribute(element, "data-value") ?? attribute(element, "value") ?? "",
    selected: states.length ? states.includes("true") : null,
    disabled: attribute(element, "aria-disabled") === "true" || fits(element, ":disabled"),
  };
};

const described = (element) => {
  const list = listOf(element);
  if (!list) return null;
  const options = optionsIn(list).map(optionOf);
  const several =
    attribute(list, "aria-multiselectable") === "true" || list.querySelector("[role=menuitemcheckbox],[role=option][aria-checked]") !== null;
  return { list: __eyes.idOf(list), several, options, expanded: attribute(element, "aria-expanded") === "true" };
};

// The options of an element once its list is open. -> {gone} | {native: [...]} | {open: null | {list, several, options}}
hands.options = async ({ id, limit }) => {
  const element = find(id);
  if (!element) return { gone: true };
  if (element instanceof HTMLSelectElement) return { native: optionsOf(element).slice(0, MOST_OPTIONS) };
  if (element.list) {
    return { native: [...element.list.options].map((option) => clip(option.label || option.value, 100)).slice(0, MOST_OPTIONS) };
  }
  return { open: await until(() => described(element), limit) };
};

// Scrolls a list to its start or on by most of its height, and lets it fill. -> {gone} | {moved}
hands.scrollList = async ({ id, start }) => {
  const list = find(id);
  if (!list) return { gone: true };
  const room = (element) => element.scrollHeight - element.clientHeight > 1 && /auto|scroll|overlay/.test(getComputedStyle(element).overflowY);
  let box = list;
  while (box && box !== document.body && !room(box)) box = above(box);
  if (!box || box === document.body) box = [...list.querySelectorAll("*")].find(room);
  if (!box) return { moved: false };
  const before = box.scrollTop;
  box.scrollTo({ top: start ? 0 : before + box.clientHeight * 0.8, behavior: "instant" });
  if (box.scrollTop === before) return { moved: false };
  await hands.settled({ quiet: 30, limit: 500 });
  return { moved: true };
};
