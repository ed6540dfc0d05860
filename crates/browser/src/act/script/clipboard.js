
// ---- the clipboard

// Chromium has one clipboard for all its pages, so for all runs. Each run has its own instead: what the page would give
// to the common one, or get from it, passes here, by an event like the browser's own.
let held = "";
let isOwn = false;

const selectedText = () => {
  const element = focused();
  if (element && "selectionStart" in element) {
    if (__eyes.isSecret(element)) return "";
    if (element.selectionStart !== null) return element.value.slice(element.selectionStart, element.selectionEnd);
  }
  return String(getSelection() ?? "");
};

const relay = (event) => {
  if (!event.isTrusted) return;
  event.stopImmediatePropagation();
  event.preventDefault();
  const isPaste = event.type === "paste";
  // Nothing is left in the common one.
  if (!isPaste) event.clipboardData?.clearData();
  const clipboardData = new DataTransfer();
  if (isPaste) clipboardData.setData("text/plain", held);
  const selected = selectedText();
  const again = new ClipboardEvent(event.type, { clipboardData, bubbles: true, cancelable: true, composed: true });
  const isHandled = !event.composedPath()[0].dispatchEvent(again);
  if (isPaste) {
    if (!isHandled && held) document.execCommand("insertText", false, held);
    return;
  }
  isOwn = true;
  held = isHandled ? clipboardData.getData("text/plain") : selected;
  if (event.type === "cut" && !isHandled) document.execCommand("delete");
};

for (const type of ["copy", "cut", "paste"]) addEventListener(type, relay, true);

// Takes over what the run has copied. -> {origin} of this document
hands.hold = ({ text }) => {
  held = text;
  isOwn = false;
  return { origin: globalThis.origin };
};

// -> {text, origin} that was copied here since the run's was handed out; null when none was
hands.held = ({ limit }) => ({ text: isOwn ? held.slice(0, limit).toWellFormed() : null, origin: globalThis.origin });
