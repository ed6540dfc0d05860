// What an isolated world is given, once: the global `injected`, whose functions Rust calls by name. All of them take
// one argument, a node or plain data, and return plain data, unless they say otherwise.

import { clipboard, installClipboard, setClipboard } from "./act/clipboard.js";
import { identify, title } from "./act/elements.js";
import {
  fieldValue,
  fileField,
  fileFieldLimits,
  focusField,
  focusMove,
  focusToType,
  heldFiles,
  insertText,
  pasteText,
  setField,
  sliderState,
} from "./act/fields.js";
import { querySelector, querySelectorAll, scrollToText, selection } from "./act/find.js";
import { options, rememberOptions, scrollList, selected, selectOptions } from "./act/options.js";
import { pageDiff, startPageDiff } from "./act/page-diff.js";
import { hasTexts, text } from "./act/page-text.js";
import { hitFrame, locate, movedAway, viewport } from "./act/pointer.js";
import { elementBox, shownTexts, textBoxes } from "./act/redaction.js";
import { scroll, scrollPosition } from "./act/scroll.js";
import { secretField, typeSecret } from "./act/secrets.js";
import { domSettled, pageChange } from "./act/wait.js";
import { idOf, nodeOf, registerClosedRoot, registerOwnRoot } from "./dom/registry.js";
import { markHoverable, markListening, read } from "./read/read.js";

const injected = Object.freeze({
  clipboard,
  domSettled,
  elementBox,
  fieldValue,
  fileField,
  fileFieldLimits,
  focusField,
  focusMove,
  focusToType,
  hasTexts,
  heldFiles,
  hitFrame,
  idOf,
  identify,
  insertText,
  locate,
  markHoverable,
  markListening,
  movedAway,
  nodeOf,
  options,
  pageChange,
  pageDiff,
  pasteText,
  querySelector,
  querySelectorAll,
  read,
  registerClosedRoot,
  registerOwnRoot,
  rememberOptions,
  scroll,
  scrollList,
  scrollPosition,
  scrollToText,
  secretField,
  selectOptions,
  selected,
  selection,
  setClipboard,
  setField,
  sliderState,
  shownTexts,
  startPageDiff,
  text,
  textBoxes,
  title,
  typeSecret,
  viewport,
});

// A world may be given this twice; what the first one knows of the page stays. Only an own property counts: elements
// with an id are properties of the global object too.
if (!Object.hasOwn(globalThis, "injected")) {
  Object.defineProperty(globalThis, "injected", { value: injected });
  installClipboard();
}
