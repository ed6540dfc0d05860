
// ---- fields

// Whether a field says of itself that it proposes what to type.
const suggests = (element) =>
  attribute(element, "role") === "combobox" ||
  ["list", "both"].includes(attribute(element, "aria-autocomplete")) ||
  attribute(element, "aria-haspopup") === "listbox" ||
  element.closest?.("[role=combobox]") != null;

// Focuses a field and selects what it holds, or puts the caret at its end. -> {gone} | {focused, value, suggests, room}
hands.focus = ({ id, clear }) => {
  const element = find(id);
  if (!element) return { gone: true };
  element.focus({ preventScroll: true });
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
  const value = String(element.value ?? element.textContent);
  const room = element.maxLength > 0 ? element.maxLength : null;
  return { focused: element.getRootNode().activeElement === element, value, suggests: suggests(element), room };
};

// The file field that an element is, stands for as a label, or holds. -> {gone} | {id?}
hands.fileField = ({ id }) => {
  const element = find(id);
  if (!element) return { gone: true };
  const isField = (node) => node instanceof HTMLInputElement && node.type === "file";
  const inside = [...element.querySelectorAll("input[type=file]")];
  const candidates = [element, element.control, element.closest("label")?.control];
  if (inside.length === 1) candidates.push(inside[0]);
  const field = candidates.find(isField);
  return field ? { id: __eyes.idOf(field) } : {};
};

const valueOf = (element) => String(element.value ?? element.innerText ?? "").slice(0, 20000).toWellFormed();

// The field's value, or what it is of a secret; `elsewhere` when the page has taken the text to another place.
// -> {gone} | {value, elsewhere} | {secret, length}
hands.value = async ({ id, text }) => {
  const typed = find(id);
  // The page may still be at work on it.
  if (typed && !valueOf(typed).endsWith(text)) await frames(1);
  const element = find(id);
  if (!element) return { gone: true };
  if (__eyes.isSecret(element)) return { secret: true, length: element.value.length };
  const wanted = norm(text);
  if (norm(valueOf(element)).endsWith(wanted)) return { value: valueOf(element), elsewhere: false };
  const elsewhere = wanted !== "" && [...appeared()].some((one) => norm(one.textContent).includes(wanted));
  return { value: valueOf(element), elsewhere };
};

// Sets a date, time, colour or range as a user's change would. -> {value} as the field took it
hands.set = ({ id, value }) => {
  const element = find(id);
  if (!element) return { gone: true };
  const setter = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set;
  element.focus({ preventScroll: true });
  setter.call(element, value);
  fire(element, "input", "change");
  return { value: element.value };
};
