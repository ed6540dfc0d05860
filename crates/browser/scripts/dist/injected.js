// Made from crates/browser/scripts/src by `make scripts`. Do not edit.
"use strict";
(() => {
  // src/internals.js
  var INTERNALS = "agent-internals";
  var HAS_INTERNALS = "internals";
  var hasInternals = false;
  function setHasInternals(has) {
    hasInternals = has;
  }
  function statedBy(element, name) {
    const attribute2 = element.getAttribute(name);
    if (attribute2 !== null || !hasInternals || !element.localName.includes("-")) return attribute2;
    const form = new FormData();
    element.dispatchEvent(new FormDataEvent(INTERNALS, { formData: form, composed: true }));
    const value = form.get(name);
    return typeof value === "string" ? value : null;
  }

  // src/dom/native.js
  function getter(owner, name) {
    const get = (
      /** @type {(this: object) => T} */
      Object.getOwnPropertyDescriptor(owner.prototype, name)?.get
    );
    return (node) => get.call(node);
  }
  var firstChildOf = getter(Node, "firstChild");
  var nextSiblingOf = getter(Node, "nextSibling");
  var previousSiblingOf = getter(Node, "previousSibling");
  var parentNodeOf = getter(Node, "parentNode");
  var nodeTypeOf = getter(Node, "nodeType");
  var localNameOf = getter(Element, "localName");
  var openRootOf = getter(Element, "shadowRoot");
  var slotOf = getter(Element, "assignedSlot");
  var previousElementOf = getter(Element, "previousElementSibling");
  var actionOf = getter(HTMLFormElement, "action");
  var matches = Function.prototype.call.bind(Element.prototype.matches);
  var attribute = Function.prototype.call.bind(Element.prototype.getAttribute);
  var rectOf = Function.prototype.call.bind(Element.prototype.getBoundingClientRect);
  var clientRectsOf = Function.prototype.call.bind(Element.prototype.getClientRects);
  var checkVisibility = Function.prototype.call.bind(Element.prototype.checkVisibility);
  var closest = Function.prototype.call.bind(Element.prototype.closest);
  var queryAll = Function.prototype.call.bind(Element.prototype.querySelectorAll);
  var animationsOfDocument = Function.prototype.call.bind(Document.prototype.getAnimations);
  var animationsOfTree = Function.prototype.call.bind(ShadowRoot.prototype.getAnimations);
  var positionOf = Function.prototype.call.bind(Node.prototype.compareDocumentPosition);
  function comesBefore(first, second) {
    return (positionOf(first, second) & Node.DOCUMENT_POSITION_FOLLOWING) !== 0;
  }
  function animationsIn(root) {
    return root instanceof ShadowRoot ? animationsOfTree(root) : animationsOfDocument(root);
  }
  var ELEMENT_NODE = 1;
  var TEXT_NODE = 3;
  function isElement(node) {
    return nodeTypeOf(node) === ELEMENT_NODE;
  }
  function isText(node) {
    return nodeTypeOf(node) === TEXT_NODE;
  }
  var { querySelector, querySelectorAll, getElementsByTagName, elementFromPoint, createRange } = Document.prototype;
  function ofDocument(name) {
    const get = getter(Document, name);
    return () => get(document);
  }
  var page = {
    /** @type {() => AnyElement | null} */
    documentElement: ofDocument("documentElement"),
    /** @type {() => HTMLElement | null} */
    body: ofDocument("body"),
    /** @type {() => string} */
    title: ofDocument("title"),
    /** @type {() => Element | null} */
    scrollingElement: ofDocument("scrollingElement"),
    /** @type {() => AnyElement | null} */
    activeElement: ofDocument("activeElement"),
    /** @type {() => DocumentReadyState} */
    readyState: ofDocument("readyState"),
    /** @type {() => StyleSheetList} */
    styleSheets: ofDocument("styleSheets"),
    /** @type {() => CSSStyleSheet[]} */
    adoptedStyleSheets: ofDocument("adoptedStyleSheets"),
    /** @type {(selector: string) => AnyElement | null} */
    querySelector: (selector) => querySelector.call(document, selector),
    /** @type {(selector: string) => NodeListOf<AnyElement>} */
    querySelectorAll: (selector) => querySelectorAll.call(document, selector),
    /** @type {(tag: string) => HTMLCollectionOf<AnyElement>} */
    getElementsByTagName: (tag) => getElementsByTagName.call(document, tag),
    /** @type {(x: number, y: number) => Element | null} */
    elementFromPoint: (x, y) => elementFromPoint.call(document, x, y),
    /** @type {() => Range} */
    createRange: () => createRange.call(document)
  };
  var formControls = getter(HTMLFormElement, "elements");
  var TRUSTED = "getBoundingClientRect checkVisibility matches hasAttribute hasAttributes getAttribute querySelector querySelectorAll shadowRoot firstElementChild lastElementChild childElementCount children scrollHeight scrollWidth clientHeight clientWidth clientLeft clientTop scrollTop scrollLeft offsetParent assignedSlot isContentEditable labels type disabled textContent getRootNode ownerSVGElement autocomplete contains compareDocumentPosition isConnected innerText closest getClientRects host".split(" ");
  function isDisguised(form) {
    const controls = formControls(form);
    for (const name of TRUSTED) if (controls.namedItem(name) !== null) return true;
    for (const image of queryAll(form, "img[name],img[id]")) {
      if (TRUSTED.includes(image.name ?? "") || TRUSTED.includes(image.id)) return true;
    }
    return false;
  }

  // src/dom/strings.js
  var MAX_NAME = 200;
  var INVISIBLE = (
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    // biome-ignore lint/suspicious/noMisleadingCharacterClass: each character by itself is
    /[\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ue000-\uf8ff\ufeff\uffa0\ufff0-\uffff\u{e0000}-\u{e0fff}\u{f0000}-\u{10ffff}]/gu
  );
  var LOOSE_JOINERS = /(^|[\u0000-\u00ff])[\u200c\u200d]+/gu;
  function clean(text2) {
    let out = text2.replace(/\s+/g, " ");
    if (/[^\x20-\x7e]/.test(out)) out = out.replace(INVISIBLE, "").replace(LOOSE_JOINERS, "$1");
    return out;
  }
  function bounded(text2, limit) {
    return (text2.length > limit ? `${text2.slice(0, limit).trimEnd()}…` : text2).toWellFormed();
  }
  function phrase(text2, limit = MAX_NAME) {
    return bounded(clean(text2 ?? "").trim(), limit);
  }
  function clip(text2, length = 200) {
    const trimmed = String(text2 ?? "").replace(/\s+/g, " ").trim();
    return (trimmed.length > length ? `${trimmed.slice(0, length - 1)}…` : trimmed).toWellFormed();
  }
  function normalized(text2) {
    return clean(String(text2 ?? "")).normalize("NFC").trim().toLowerCase();
  }
  function letters(text2) {
    return text2.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "");
  }
  function whole(number) {
    return Math.max(-1e9, Math.min(1e9, Math.round(number))) || 0;
  }

  // src/dom/controls.js
  var CONTROL_CANDIDATE = "a[href],area[href],button,input,select,textarea,summary,label,canvas,[role],[contenteditable],[onclick],[ondblclick],[onmousedown],[onmouseup],[onpointerdown],[onpointerup],[ontouchstart],[ontouchend],[draggable=true],video[controls],audio[controls]";
  function mayBeControl(element) {
    return matches(element, CONTROL_CANDIDATE) || statedBy(element, "role") !== null;
  }
  var COUNTED_CONTROL = "a[href],button,input:not([type=hidden]),select,textarea,summary";
  var WIDGET_ROLES = new Set(
    "button checkbox combobox link menuitem menuitemcheckbox menuitemradio option radio scrollbar searchbox slider spinbutton switch tab textbox treeitem".split(" ")
  );
  var INPUT_ROLES = {
    button: "button",
    submit: "button",
    reset: "button",
    image: "button",
    checkbox: "checkbox",
    radio: "radio",
    range: "slider",
    number: "spinbutton",
    search: "searchbox",
    email: "textbox",
    tel: "textbox",
    text: "textbox",
    url: "textbox",
    password: "textbox"
  };
  var TAG_ROLES = {
    a: "link",
    area: "link",
    button: "button",
    textarea: "textbox",
    summary: "button",
    canvas: "img",
    video: "video",
    audio: "audio"
  };
  function explicitRole(element) {
    const role = statedBy(element, "role");
    return role ? bounded(role.trim().split(/\s+/, 1)[0].toLowerCase(), 40) : "";
  }
  function roleOf(element, tag, explicit) {
    if (explicit && explicit !== "presentation" && explicit !== "none") return explicit;
    if (tag === "input") {
      const type = element.type ?? "";
      return element.list ? "combobox" : INPUT_ROLES[type] ?? type;
    }
    if (tag === "select") return element.multiple || (element.size ?? 0) > 1 ? "listbox" : "combobox";
    if (element.isContentEditable && element.hasAttribute("contenteditable")) return "textbox";
    return TAG_ROLES[tag] ?? "";
  }
  function isEditor(element) {
    const own = element.getAttribute("contenteditable");
    return own !== null && own.toLowerCase() !== "false" && element.isContentEditable === true;
  }
  function isControl(element, tag, explicit) {
    switch (tag) {
      case "a":
      case "area":
        return element.hasAttribute("href") || WIDGET_ROLES.has(explicit);
      case "input":
        return element.type !== "hidden";
      case "button":
      case "select":
      case "textarea":
      case "video":
      case "audio":
        return true;
      case "canvas":
        return element.clientWidth >= 40 && element.clientHeight >= 40;
      case "summary":
        return element.parentElement?.localName === "details";
      default:
        return WIDGET_ROLES.has(explicit) || isEditor(element);
    }
  }
  var secrets = /* @__PURE__ */ new WeakSet();
  function keepSecret(element) {
    secrets.add(element);
  }
  function isSecret(element) {
    if (element.type === "password") secrets.add(element);
    return secrets.has(element) || /password/.test(element.autocomplete ?? "");
  }
  function isCheckable(element) {
    return element.type === "checkbox" || element.type === "radio";
  }
  function selectedLabels(select) {
    return Array.from(select.selectedOptions ?? [], optionLabel);
  }
  function optionLabel(option) {
    return option.label || option.text;
  }
  function isOffered(option) {
    const group = option.parentElement;
    const isGroupHidden = group instanceof HTMLOptGroupElement && getComputedStyle(group).display === "none";
    return !isGroupHidden && getComputedStyle(option).display !== "none";
  }
  function isTrue(element, name) {
    return attribute(element, name) === "true";
  }

  // src/dom/registry.js
  var ids = /* @__PURE__ */ new WeakMap();
  var nodes = /* @__PURE__ */ new Map();
  var forget = new FinalizationRegistry((id) => nodes.delete(id));
  var lastId = 0;
  function idOf(node) {
    let id = ids.get(node);
    if (id === void 0) {
      id = ++lastId;
      ids.set(node, id);
      nodes.set(id, new WeakRef(node));
      forget.register(node, id);
    }
    return id;
  }
  function hasId(node) {
    return ids.has(node);
  }
  function nodeOf(id) {
    return (
      /** @type {AnyElement | undefined} */
      nodes.get(id)?.deref() ?? null
    );
  }
  var closedRoots = /* @__PURE__ */ new WeakMap();
  function registerClosedRoot(host, root = null) {
    closedRoots.set(host, root);
    return true;
  }
  function registerOwnRoot(node) {
    const root = (
      /** @type {ShadowRoot} */
      node.getRootNode()
    );
    if (root.host) registerClosedRoot(root.host, root);
    return true;
  }
  function isExamined(element) {
    return closedRoots.has(element);
  }
  function rootOf(element) {
    return openRootOf(element) ?? closedRoots.get(element) ?? null;
  }
  var listening = /* @__PURE__ */ new WeakSet();
  var hoverable = /* @__PURE__ */ new WeakSet();
  function hostOf(node) {
    return nodeTypeOf(node) === Node.DOCUMENT_FRAGMENT_NODE && /** @type {ShadowRoot} */
    node.host || null;
  }
  function parentOf(node) {
    return isElement(node) && slotOf(node) || parentNodeOf(node) || hostOf(node);
  }
  function contains(outer, inner) {
    for (let node = (
      /** @type {Node | null} */
      inner
    ); node; node = parentOf(node)) if (node === outer) return true;
    return false;
  }
  function elementAt(x, y) {
    let hit = page.elementFromPoint(x, y);
    while (hit) {
      const inner = rootOf(hit)?.elementFromPoint(x, y);
      if (!inner || inner === hit) break;
      hit = inner;
    }
    return hit && (slotAt(hit, x, y) ?? hit);
  }
  function slotAt(host, x, y) {
    const root = rootOf(host);
    for (let node = root && firstChildOf(host); root && node; node = nextSiblingOf(node)) {
      if (!isText(node)) continue;
      const range = page.createRange();
      range.selectNodeContents(node);
      for (const { left, top, right, bottom } of range.getClientRects()) {
        if (x < left || x > right || y < top || y > bottom) continue;
        for (const slot of root.querySelectorAll("slot")) if (slot.assignedNodes().includes(node)) return slot;
      }
    }
    return null;
  }
  function focusedElement() {
    let focused = page.activeElement();
    while (focused) {
      const inner = rootOf(focused)?.activeElement;
      if (!inner) break;
      focused = inner;
    }
    return focused === page.body() ? null : focused;
  }
  function renderedChildrenOf(element) {
    if (localNameOf(element) === "slot") {
      const assigned = (
        /** @type {HTMLSlotElement} */
        element.assignedNodes()
      );
      if (assigned.length > 0) return assigned;
    }
    return (rootOf(element) ?? element).childNodes;
  }

  // src/act/clipboard.js
  var held = "";
  var isOwn = false;
  function selectedText() {
    const element = focusedElement();
    if (element && "selectionStart" in element) {
      if (isSecret(element)) return "";
      const { selectionStart, selectionEnd, value } = element;
      if (typeof selectionStart === "number") return String(value).slice(selectionStart, selectionEnd ?? void 0);
    }
    return String(getSelection() ?? "");
  }
  function relay(event) {
    if (!event.isTrusted) return;
    event.stopImmediatePropagation();
    event.preventDefault();
    const isPaste = event.type === "paste";
    if (!isPaste) event.clipboardData?.clearData();
    const clipboardData = new DataTransfer();
    if (isPaste) clipboardData.setData("text/plain", held);
    const selected2 = selectedText();
    const own = new ClipboardEvent(event.type, { clipboardData, bubbles: true, cancelable: true, composed: true });
    const isHandled = !event.composedPath()[0].dispatchEvent(own);
    if (isPaste) {
      if (!isHandled && held) document.execCommand("insertText", false, held);
      return;
    }
    isOwn = true;
    held = isHandled ? clipboardData.getData("text/plain") : selected2;
    if (event.type === "cut" && !isHandled) document.execCommand("delete");
  }
  function installClipboard() {
    addEventListener("copy", relay, true);
    addEventListener("cut", relay, true);
    addEventListener("paste", relay, true);
  }
  function setClipboard({ text: text2 }) {
    held = text2;
    isOwn = false;
    return { origin: globalThis.origin };
  }
  function clipboard({ limit }) {
    return { text: isOwn ? held.slice(0, limit).toWellFormed() : null, origin: globalThis.origin };
  }

  // src/dom/names.js
  var WORDLESS = /* @__PURE__ */ new Set([
    "script",
    "style",
    "template",
    "noscript",
    "head",
    "select",
    "textarea",
    "datalist",
    "iframe"
  ]);
  function slottedIn(element) {
    return localNameOf(element) === "slot" ? element.assignedNodes?.() ?? [] : [];
  }
  function textOf(root, limit = MAX_NAME) {
    let out = "";
    const visit = (child, depth) => {
      if (out.length >= 2 * limit) return;
      if (isText(child)) out += child.data;
      else if (isElement(child) && depth < 64 && !WORDLESS.has(localNameOf(child))) {
        const space = localNameOf(child) === "slot" ? "" : " ";
        out += space;
        if (localNameOf(child) === "img") out += child.alt ?? "";
        else walk(child, depth + 1);
        out += space;
      }
    };
    const walk = (node, depth) => {
      const assigned = isElement(node) ? slottedIn(node) : [];
      for (const child of assigned) visit(child, depth);
      if (assigned.length > 0) return;
      const first = firstChildOf(isElement(node) && rootOf(node) || node);
      for (let child = first; child && out.length < 2 * limit; child = nextSiblingOf(child)) visit(child, depth);
    };
    walk(root, 0);
    return phrase(out, limit);
  }
  function byId(node, id) {
    const root = (
      /** @type {Partial<NonElementParentNode>} */
      node.getRootNode()
    );
    return root.getElementById?.(id) ?? null;
  }
  function referencedText(element, name) {
    const list = element.getAttribute(name);
    if (!list) return "";
    const parts = [];
    for (const id of list.split(/\s+/, 8)) {
      const target = id ? byId(element, id) : null;
      if (target) parts.push(target.getAttribute("aria-label") || textOf(target));
    }
    return phrase(parts.join(" "));
  }
  function labelText(element) {
    const { labels } = element;
    if (!labels || labels.length === 0) return "";
    const parts = [];
    for (let i = 0; i < labels.length && i < 4; i++) parts.push(textOf(labels[i]));
    return phrase(parts.join(" "));
  }
  function givenName(element) {
    return referencedText(element, "aria-labelledby") || phrase(statedBy(element, "aria-label")) || (element.labels ? labelText(element) : "");
  }
  function isPicture(element, tag) {
    const role = element.getAttribute("role");
    return tag === "img" || tag === "svg" || role === "img" || role === "image" || role === "graphics-symbol";
  }
  function pictureName(element) {
    return referencedText(element, "aria-labelledby") || phrase(element.getAttribute("aria-label")) || phrase(element.getAttribute("alt")) || (localNameOf(element) === "svg" ? phrase(element.querySelector("title")?.textContent) : "") || phrase(element.getAttribute("title"));
  }
  var GENERATED = ["::before", "::after"];
  var STRINGS = /"((?:[^"\\]|\\.)*)"/g;
  function generatedWords(element) {
    if (!checkVisibility(element, { visibilityProperty: true })) return "";
    const parts = GENERATED.map((pseudo) => {
      const { content, display, opacity } = getComputedStyle(element, pseudo);
      if (content === "none" || content === "normal" || display === "none" || opacity === "0") return "";
      const strings = content.replace(/url\("[^"]*"\)/g, "").split(/ \/ (?=")/);
      return Array.from(strings[strings.length - 1].matchAll(STRINGS), ([, words]) => words.replace(/\\(.)/g, "$1")).join(
        ""
      );
    });
    return phrase(parts.join(" "), 60);
  }
  function fileNameOf(url) {
    if (!url || url.startsWith("data:") || url.startsWith("blob:")) return "";
    const path = url.split(/[?#]/, 1)[0];
    return phrase(decoded(path.slice(path.lastIndexOf("/") + 1)), 60);
  }
  function decoded(text2) {
    try {
      return decodeURIComponent(text2);
    } catch {
      return text2;
    }
  }
  var ICON_CLASS = /(?:^|\s)(?:fa|fas|far|ico|bi|mdi|ri|ti|pi|ph|lucide|feather|codicon|octicon|glyphicon|icon|icons?|anticon|svg)[-_]([\w-]{2,40})/i;
  var ICON_STYLE = /^(?:solid|regular|light|brands|fw|lg|sm|xs|[0-9]x)$/;
  function iconHint(element) {
    const picture = isPicture(element, element.localName) ? element : element.querySelector("img,svg,i,use");
    for (const candidate of picture && picture !== element ? [picture, element] : [element]) {
      const source = fileNameOf(candidate.getAttribute("src"));
      if (source) return source;
      const use = candidate.localName === "use" ? candidate : candidate.querySelector("use");
      const symbol = (use?.getAttribute("href") ?? use?.getAttribute("xlink:href"))?.split("#")[1];
      if (symbol) return phrase(symbol, 40);
      const icon = candidate.getAttribute("data-icon") ?? candidate.getAttribute("icon") ?? candidate.getAttribute("data-lucide");
      if (icon) return phrase(icon, 40);
      const match = candidate.getAttribute("class")?.match(ICON_CLASS);
      if (match && !ICON_STYLE.test(match[1])) return phrase(match[1], 40);
    }
    return styledFile(element);
  }
  function styledFile(element) {
    for (const pseudo of [null, ...GENERATED]) {
      const style = getComputedStyle(element, pseudo);
      if (pseudo !== null && (style.content === "none" || style.content === "normal")) continue;
      for (const image of [style.backgroundImage, style.maskImage, pseudo === null ? "" : style.content]) {
        const file = image.startsWith("url(") ? fileNameOf(image.slice(5, image.indexOf('")'))) : "";
        if (file) return file;
      }
    }
    return "";
  }
  function elementHint(element) {
    if (element.id && (element.localName === "canvas" || /^[a-z]{3,}([-_]?[a-z]+)*$/i.test(element.id))) {
      return phrase(element.id, 40);
    }
    return phrase(element.getAttribute("class")?.match(/[a-z]{3,}[\w-]*/i)?.[0] ?? "", 40);
  }

  // src/dom/content.js
  var IGNORED = new Set(
    "script style template noscript head meta link base title param source track datalist option optgroup br wbr rp defs clippath mask symbol lineargradient radialgradient filter marker metadata desc".split(" ")
  );
  var INLINE = new Set(
    "a abbr acronym b bdi bdo big cite code data dfn del em font i img input ins kbd label mark meter output picture progress q ruby rt s samp select slot small span strike strong sub sup svg text time tspan tt u use var".split(" ")
  );
  var MIN_DRAWING = 64;
  var OPEN_ROLES = /* @__PURE__ */ new Set(["textbox", "searchbox", "combobox", "spinbutton", "slider", "scrollbar", "listbox"]);
  var MAX_PART = 0.5;
  function identify(element, tag, explicit) {
    const role = tag === "label" && element.control ? roleOf(element.control, element.control.localName, "") : roleOf(element, tag, explicit);
    const content = { text: "", faint: "", parts: "", controls: [], icon: null, owner: element };
    const isChoice = isDrawnChoice(element, tag, role);
    const open = OPEN_ROLES.has(role) && tag !== "label" && !isChoice;
    const isDrawing = tag === "svg" && element.clientWidth > MIN_DRAWING && element.clientHeight > MIN_DRAWING;
    if (!open && tag !== "video" && tag !== "audio" && tag !== "canvas" && !isDrawing) collect(element, content, 0);
    let name = matches(element, ".ace_text-input") ? "" : givenName(element);
    if (!name && tag === "area") name = phrase(element.alt);
    if (!name && tag === "input") {
      if (element.type === "image") name = phrase(element.alt);
      else if (role === "button") name = phrase(String(element.value ?? "")) || defaultLabel(element.type);
    }
    if (isChoice) return { role, name: name || phrase(element.getAttribute("title")), content, open };
    const isContainer = (content.controls.length > 0 || content.text.length > 2 * MAX_NAME) && tag !== "label" && !isControl(element, tag, explicit);
    if (isContainer) return { role, name, content, open };
    const words = phrase(content.text) || phrase(content.parts);
    if (name && tag !== "label" && !letters(name).includes(letters(words))) {
      name = phrase(`${name} (${bounded(words, 80)})`);
    }
    name ||= words || phrase(element.getAttribute("title")) || phrase(content.faint);
    if (!name && tag === "label" && element.control) name = givenName(element.control);
    if (!name && element.ownerSVGElement) name = phrase(element.querySelector("title")?.textContent);
    if (!name && tag !== "label") name = generatedWords(element) || (content.icon ? generatedWords(content.icon) : "");
    return { role, name, content, open };
  }
  function isDrawnChoice(element, tag, role) {
    return role === "combobox" && !["label", "input", "select", "textarea"].includes(tag) && !isEditor(element);
  }
  function defaultLabel(type) {
    if (type === "submit") return "Submit";
    return type === "reset" ? "Reset" : "";
  }
  function collect(element, into, depth) {
    if (depth > 60 || into.text.length > 2 * MAX_NAME) return;
    const root = rootOf(element);
    const assigned = root ? [] : slottedIn(element);
    if (assigned.length > 0) for (const node of assigned) collectNode(node, into, depth);
    else for (let node = firstChildOf(root ?? element); node; node = nextSiblingOf(node)) collectNode(node, into, depth);
  }
  function collectNode(node, into, depth) {
    if (isText(node)) {
      into.text += node.data;
      return;
    }
    if (!isElement(node)) return;
    const tag = localNameOf(node);
    if (IGNORED.has(tag)) {
      into.text += " ";
      return;
    }
    if (listening.has(node) && isPart(node, into.owner)) {
      into.controls.push(node);
      const aside = { text: "", faint: "", parts: "", controls: [], icon: null, owner: node };
      collect(node, aside, depth + 1);
      into.parts += ` ${aside.text} `;
      return;
    }
    if (tag === "img" || tag === "svg") {
      into.text += ` ${pictureName(node)} `;
      into.icon ??= node;
      return;
    }
    if (!checkVisibility(node, { visibilityProperty: true }) && getComputedStyle(node).display !== "contents") return;
    if (tag !== "label" && mayBeControl(node) && isControl(node, tag, explicitRole(node))) {
      into.controls.push(node);
      return;
    }
    const label = isPicture(node, tag) ? pictureName(node) : attribute(node, "aria-label");
    if (label) {
      into.text += ` ${label} `;
      return;
    }
    if (firstChildOf(node) === null && !rootOf(node) && slottedIn(node).length === 0) {
      into.icon ??= node;
      return;
    }
    const space = INLINE.has(tag) && !isApart(node) ? "" : " ";
    if (isTrue(node, "aria-hidden")) {
      const aside = { ...into, text: "", faint: "" };
      collect(node, aside, depth + 1);
      into.parts = aside.parts;
      into.faint += space + aside.text + space;
      into.icon ??= aside.icon ?? node;
      return;
    }
    into.text += space;
    collect(node, into, depth + 1);
    into.text += space;
  }
  function isApart(element) {
    let before = previousSiblingOf(element);
    for (let n = 0; n < 4 && before && isElement(before) && rectOf(before).width === 0; n++) {
      before = previousSiblingOf(before);
    }
    if (before === null || !isElement(before)) return false;
    const box = rectOf(element);
    const other = rectOf(before);
    return other.width > 0 && box.width > 0 && (box.left > other.right + 2 || box.top >= other.bottom - 1);
  }
  function isPart(part, owner) {
    const { width, height } = rectOf(part);
    return width > 0 && height > 0 && width <= MAX_PART * rectOf(owner).width && checkVisibility(part, { visibilityProperty: true });
  }
  function identity(id) {
    const element = nodeOf(id);
    if (!element?.isConnected) return null;
    const tag = element.localName;
    const { role, name } = identify(element, tag, explicitRole(element));
    return { tag: bounded(tag, 40), role, name, type: tag === "input" ? bounded(element.type ?? "", 40) : "" };
  }
  function signature(id) {
    const found = identity(id);
    return found && `${found.role || found.tag} ${found.name}`;
  }

  // src/act/elements.js
  function find(id) {
    const node = nodeOf(id);
    return node?.isConnected ? node : null;
  }
  function identify2({ id }) {
    return { is: signature(id) };
  }
  function title() {
    return { title: clip(page.title()) };
  }
  function parentElementOf(element) {
    const host = () => (
      /** @type {Partial<ShadowRoot>} */
      element.getRootNode().host
    );
    return element.assignedSlot ?? element.parentElement ?? host() ?? null;
  }
  function isHitOf(element, hit) {
    if (!hit) return false;
    if (contains(element, hit)) return true;
    for (let node = (
      /** @type {AnyElement | null} */
      hit
    ); node; node = parentElementOf(node)) {
      if (node.localName === "label" && node.control === element) return true;
    }
    return false;
  }
  function* roots(root = document) {
    yield root;
    for (const element of queryIn(root, "*")) {
      const inner = rootOf(element);
      if (inner) yield* roots(inner);
    }
  }
  function queryIn(root, selector) {
    return root === document ? page.querySelectorAll(selector) : root.querySelectorAll(selector);
  }
  function queryEverywhere(selector) {
    return [...roots()].flatMap((root) => [...queryIn(root, selector)]);
  }
  function referencedElements(element, name) {
    const ids2 = attribute(element, name)?.split(/\s+/).filter(Boolean) ?? [];
    return ids2.map((id) => byId(element, id) ?? document.getElementById(id)).filter((found) => found !== null);
  }
  function isVisible(element) {
    return checkVisibility(element, { opacityProperty: true, visibilityProperty: true });
  }
  function hasBox(element) {
    return element.getClientRects().length > 0 && checkVisibility(element, { visibilityProperty: true });
  }
  function visibleText(element) {
    return element.innerText ?? element.textContent ?? "";
  }
  function nameOf(element) {
    const known2 = element.isConnected ? identity(idOf(element)) : null;
    return clip(
      known2?.name || attribute(element, "aria-label") || element.textContent || attribute(element, "placeholder"),
      60
    );
  }
  function describeElement(element) {
    const label = attribute(element, "aria-label") || element.innerText || attribute(element, "title") || "";
    const name = clip(label, 40);
    const id = element.id && element.id.length < 30 ? `#${element.id}` : "";
    const tag = `<${element.localName}${id}>`;
    return name ? `${tag} '${name}'` : tag;
  }
  function fire(element, ...types) {
    for (const type of types) element.dispatchEvent(new Event(type, { bubbles: true, composed: true }));
  }

  // src/dom/editors.js
  var MAX_STEPS = 8;
  var MIN_WIDTH = 60;
  var MIN_HEIGHT = 16;
  var TINY = 8;
  var MAX_LINES = 2e3;
  var KNOWN = ".CodeMirror,.monaco-editor[role=code],.ace_editor,.cm-editor";
  var FIELDS = ".CodeMirror textarea,.native-edit-context,.monaco-editor textarea.inputarea,.ace_text-input,.cm-content";
  var LINES = ".CodeMirror-line,.view-line,.ace_line,.cm-line";
  var LINE_NUMBERS = ".CodeMirror-linenumber,.line-numbers,.ace_gutter-cell,.cm-lineNumbers .cm-gutterElement";
  function editorOf(field) {
    const isTextarea = localNameOf(field) === "textarea";
    const known2 = isTextarea || field.className ? closest(field, KNOWN) : null;
    if (known2 !== null) return fieldOf(known2) === field ? known2 : null;
    if (!isTextarea || !isUnseen(field)) return null;
    let node = (
      /** @type {AnyElement | null} */
      field.parentElement
    );
    for (let n = 0; node !== null && node !== page.body() && n < MAX_STEPS; n++) {
      const { width, height } = rectOf(node);
      if (width >= MIN_WIDTH && height >= MIN_HEIGHT) return closest(node, "[role=code]") ?? node;
      node = node.parentElement;
    }
    return null;
  }
  function fieldOf(editor) {
    return queryAll(editor, FIELDS)[0] ?? null;
  }
  function knownEditors(limit) {
    const out = [];
    for (const editor of Array.from(page.querySelectorAll(KNOWN)).slice(0, limit)) {
      const field = fieldOf(editor);
      if (field !== null) out.push([editor, field]);
    }
    return out;
  }
  function editorNumber(editor) {
    const number = matches(editor, KNOWN) ? Array.from(page.querySelectorAll(KNOWN)).indexOf(editor) : -1;
    return number < 0 ? void 0 : number;
  }
  function isUnseen(field) {
    const { width, height } = rectOf(field);
    if (width < TINY || height < TINY) return true;
    const { opacity, clipPath, color } = getComputedStyle(field);
    return opacity === "0" || clipPath !== "none" || color === "rgba(0, 0, 0, 0)";
  }
  function shownLines(editor, field) {
    const known2 = [...queryAll(editor, LINES)].filter((line) => checkVisibility(line, { visibilityProperty: true }));
    const lines = known2.length > 0 ? known2 : leaves(editor, field);
    const placed = lines.slice(0, MAX_LINES).map((line) => ({ top: rectOf(line).top, text: lineText(line) }));
    return placed.sort((a, b) => a.top - b.top).map(({ text: text2 }) => text2);
  }
  function shownNumbers(editor) {
    let first = Infinity;
    let last = 0;
    for (const element of Array.from(queryAll(editor, LINE_NUMBERS)).slice(0, MAX_LINES)) {
      const number = Number(element.textContent);
      if (!Number.isInteger(number) || number < 1 || rectOf(element).height === 0) continue;
      first = Math.min(first, number);
      last = Math.max(last, number);
    }
    return last > 0 ? [first, last] : null;
  }
  function leaves(editor, field) {
    const blocks = [...queryAll(editor, "div,pre,p")].filter((block) => !block.contains(field));
    return blocks.filter((block) => block.querySelector("div,pre,p") === null && clientRectsOf(block).length > 0);
  }
  function lineText(line) {
    return (line.textContent ?? "").replaceAll(" ", " ").replaceAll("​", "");
  }
  function languageOf(editor) {
    const holder = queryAll(editor, "[data-mode-id],[data-language]")[0] ?? editor;
    const named = attribute(holder, "data-mode-id") ?? attribute(holder, "data-language");
    return named ?? /\b(?:lang|language|mode)-([\w+#-]+)/.exec(editor.className?.toString() ?? "")?.[1] ?? "";
  }

  // src/act/presses.js
  function hitBy(event) {
    const hit = event.composedPath()[0];
    return hit instanceof Node && isElement(hit) ? hit : null;
  }
  var PressWatch = class {
    constructor() {
      this.down = null;
      this.up = null;
      this.hasScrolled = false;
      this.hasInput = false;
      this.end = new AbortController();
      const options2 = { capture: true, passive: true, signal: this.end.signal };
      addEventListener("keydown", () => this.#begin(), options2);
      addEventListener(
        "pointerdown",
        (event) => {
          this.#begin();
          if (event.button === 0) this.down = { hit: hitBy(event), x: event.clientX, y: event.clientY };
        },
        options2
      );
      addEventListener("pointerup", (event) => this.up = hitBy(event), options2);
      addEventListener("scroll", (event) => this.hasScrolled ||= this.hasInput && event.target !== document, options2);
    }
    #begin() {
      this.hasInput = true;
    }
    /**
     * How a press missed an element. `hit`: what was pressed in its place; `slipped`: it moved away from under the pointer
     * before the button was released, and so got no click.
     *
     * @param {AnyElement | null} element
     * @returns {{ hit: string, slipped: boolean }}
     */
    miss(element) {
      const none = { hit: "", slipped: false };
      const { down, up } = this;
      if (!element || !down?.hit || !up) return none;
      const whole2 = editorOf(element) ?? element;
      const isOwn2 = (hit) => isHitOf(element, hit) || isHitOf(whole2, hit) || // What is hit in a closed shadow tree is not told.
      rootOf(hit) !== null && contains(hit, element);
      if (!isOwn2(down.hit)) return { ...none, hit: down.hit.isConnected ? describeElement(down.hit) : "" };
      if (isOwn2(up) || !down.hit.isConnected) return none;
      const { left, top, right, bottom } = down.hit.getBoundingClientRect();
      return { ...none, slipped: down.x < left || down.x >= right || down.y < top || down.y >= bottom };
    }
  };

  // src/act/page-diff.js
  var GROUP = "dialog,[role=dialog],[role=alertdialog],[role=menu],[role=listbox],[role=tree],[role=grid],[role=tooltip],[role=alert],[role=status]";
  var LIST_KINDS = /* @__PURE__ */ new Set(["menu", "listbox", "tree", "grid"]);
  var CONTROL = "a[href],button,input:not([type=hidden]),select,textarea,summary,iframe,[role=button],[role=link],[role=option],[role=menuitem],[role=menuitemradio],[role=menuitemcheckbox],[role=treeitem],[role=tab],[role=checkbox],[role=radio],[role=switch],[role=combobox],[role=textbox],[contenteditable=true],[contenteditable='']";
  var FIELD = "input:not([type=button],[type=submit],[type=reset],[type=image]),textarea,select,[role=combobox]";
  var STATEFUL = "input,select,textarea,button,details,[contenteditable],[aria-expanded],[aria-checked],[aria-pressed],[aria-selected],[aria-invalid],[aria-disabled],[aria-valuenow],[aria-valuetext]";
  var WATCHED_ATTRIBUTES = [
    "class",
    "hidden",
    "disabled",
    "open",
    "aria-hidden",
    "aria-expanded",
    "aria-busy",
    "value",
    "src"
  ];
  function isRelevant({ type, attributeName }) {
    return type !== "attributes" || WATCHED_ATTRIBUTES.includes(attributeName ?? "");
  }
  var MAX_WATCHED = 2e4;
  var MAX_TOUCHED = 500;
  var MAX_COMPARED = 200;
  var MAX_TEXTS = 12;
  var SHOWN = { groups: 3, items: 6, controls: 6, texts: 3, lostGroups: 2, lostControls: 3, states: 5 };
  var Snapshot = class {
    constructor() {
      this.visible = /* @__PURE__ */ new Set();
      this.isComplete = true;
      this.states = /* @__PURE__ */ new Map();
      this.added = /* @__PURE__ */ new Set();
      this.touched = /* @__PURE__ */ new Set();
      this.hasMutations = false;
      this.changedAt = 0;
      this.presses = pressCount();
      this.keys = keyCount();
      this.press = new PressWatch();
      this.focus = focusedElement();
      this.title = page.title();
      this.scrollX = scrollX;
      this.scrollY = scrollY;
      this.observer = new MutationObserver((records) => this.note(records));
      for (const root of roots()) this.watch(root);
    }
    /**
     * @param {Document | ShadowRoot} root
     * @returns {void}
     */
    watch(root) {
      this.observer.observe(root, { subtree: true, childList: true, characterData: true, attributes: true });
      const elements = queryIn(root, "*");
      this.isComplete &&= this.visible.size + elements.length <= MAX_WATCHED;
      if (this.isComplete) addVisible(elements, this.visible);
      for (const element of queryIn(root, STATEFUL)) this.states.set(element, conditionOf(element));
    }
    /**
     * @param {MutationRecord[]} records
     * @returns {void}
     */
    note(records) {
      this.hasMutations ||= records.length > 0;
      if (records.some(isRelevant)) this.changedAt = performance.now();
      for (const { type, target, addedNodes } of records) {
        if (this.touched.size + this.added.size > MAX_TOUCHED) return;
        if (type === "characterData" && target.parentElement) this.touched.add(target.parentElement);
        for (const node of addedNodes) {
          if (isElement(node)) this.added.add(node);
          else if (isText(node) && isElement(target) && node.data.trim()) this.touched.add(target);
        }
      }
    }
    /**
     * What is visible now, of everything or of what was added.
     *
     * @returns {Set<AnyElement>}
     */
    visibleNow() {
      this.note(this.observer.takeRecords());
      const out = /* @__PURE__ */ new Set();
      if (this.isComplete) {
        for (const root of roots()) addVisible(queryIn(root, "*"), out);
      } else {
        for (const added of this.added) {
          if (added.isConnected) addVisible([added, ...added.querySelectorAll("*")], out);
        }
      }
      return out;
    }
  };
  function countOf(types) {
    return types.reduce((count, type) => count + (performance.eventCounts.get(type) ?? 0), 0);
  }
  function pressCount() {
    return countOf(["pointerdown", "mousedown", "pointerup", "mouseup", "click", "auxclick"]);
  }
  function keyCount() {
    const focus = focusedElement()?.localName ?? "";
    return ["embed", "object"].includes(focus) ? Number.POSITIVE_INFINITY : countOf(["keydown", "keyup", "keypress"]);
  }
  var snapshot = null;
  function addVisible(elements, into) {
    for (const element of elements) if (isVisible(element)) into.add(element);
  }
  function without(set, other) {
    return new Set([...set].filter((element) => !other.has(element)));
  }
  function conditionOf(element) {
    const out = {};
    const tag = element.localName;
    if (tag === "input" || tag === "textarea") {
      if (isCheckable(element)) out.checked = String(element.checked);
      else if (isSecret(element)) out.filled = String(element.value !== "");
      else if (element.type !== "hidden") out.value = clip(element.value, 100);
    } else if (tag === "select") {
      out.value = clip(selectedLabels(element).join(", "), 100);
    } else if (tag === "details") {
      out.expanded = String(element.open);
    } else if (element.isContentEditable && attribute(element, "contenteditable") !== null) {
      out.value = clip(element.textContent, 100);
    }
    for (const name of ["checked", "pressed", "selected", "expanded"]) {
      const value = attribute(element, `aria-${name}`);
      if (value !== null && out[name] === void 0) out[name] = value;
    }
    const shownValue2 = attribute(element, "aria-valuetext") ?? attribute(element, "aria-valuenow");
    if (shownValue2 !== null && out.value === void 0) out.value = clip(shownValue2, 100);
    if (matches(element, ":disabled") || isTrue(element, "aria-disabled")) out.disabled = "true";
    if ((attribute(element, "aria-invalid") ?? "false") !== "false" || matches(element, ":user-invalid")) {
      out.invalid = clip(element.validationMessage || "true", 100);
    }
    return out;
  }
  function startPageDiff() {
    snapshot?.observer.disconnect();
    snapshot?.press.end.abort();
    snapshot = new Snapshot();
    return {};
  }
  function lastChange() {
    return snapshot?.changedAt ?? 0;
  }
  function isWatching() {
    return snapshot !== null;
  }
  function appeared() {
    return snapshot ? without(snapshot.visibleNow(), snapshot.visible) : /* @__PURE__ */ new Set();
  }
  function outermost(elements, isInside3) {
    return elements.filter((element) => {
      for (let node = parentElementOf(element); node; node = parentElementOf(node)) if (isInside3(node)) return false;
      return true;
    });
  }
  function outermostMatches(elements, selector, isLeftOut = () => false) {
    const found = [...elements].filter((element) => matches(element, selector) && !isLeftOut(element));
    return outermost(found, (node) => elements.has(node) && matches(node, selector));
  }
  function groupKind(element) {
    return attribute(element, "role")?.trim().split(/\s+/)[0] || "dialog";
  }
  function groupTitle(element) {
    const label = attribute(element, "aria-label");
    const ids2 = attribute(element, "aria-labelledby")?.split(/\s+/) ?? [];
    return clip(label || ids2.map((id) => byId(element, id)?.textContent ?? "").join(" "), 60);
  }
  function describeGroup(element) {
    const kind = groupKind(element);
    const items = [...element.querySelectorAll(CONTROL)].filter(hasBox);
    const outer = items.filter((item) => {
      const around = item.parentElement?.closest(CONTROL);
      return !around || !element.contains(around);
    });
    return {
      kind,
      name: groupTitle(element),
      // What a slot shows is no text of the elements around it.
      text: LIST_KINDS.has(kind) ? "" : clip(visibleText(element).trim() || textOf(element), 160),
      items: namesOf(outer.slice(0, SHOWN.items)),
      total: outer.length
    };
  }
  function saysSomething({ kind, name, text: text2, total }) {
    return kind !== "alert" && kind !== "status" || name !== "" || text2 !== "" || total !== 0;
  }
  function namesOf(elements) {
    return elements.map(nameOf).filter(Boolean);
  }
  function cancelOut(came, went) {
    for (const name of [...came]) {
      const at = went.indexOf(name);
      if (at < 0) continue;
      went.splice(at, 1);
      came.splice(came.indexOf(name), 1);
    }
  }
  function newTexts(before, news, isLeftOut, names) {
    const texts = [];
    for (const element of [...outermost([...news], (node) => news.has(node)), ...before.touched]) {
      if (!element.isConnected || isLeftOut(element) || !isVisible(element)) continue;
      if (matches(element, "script,style,title,option")) continue;
      if (news.has(element) && (matches(element, CONTROL) || element.querySelector(CONTROL))) continue;
      const text2 = clip(visibleText(element), 100);
      if (text2 && texts.length < MAX_TEXTS && !texts.includes(text2) && !names.includes(text2)) texts.push(text2);
    }
    return texts;
  }
  function stateChanges(before, acted) {
    const states = [];
    let unmoved = false;
    for (const [element, was] of before.states) {
      if (!element.isConnected) continue;
      const isSummaryOf = matches(element, "details") && element === acted?.parentElement;
      const target = element === acted || element === acted?.control || isSummaryOf;
      const now = conditionOf(element);
      if (target && now.checked !== void 0 && now.checked === was.checked) unmoved = true;
      for (const key of /* @__PURE__ */ new Set([...Object.keys(was), ...Object.keys(now)])) {
        if (was[key] === now[key]) continue;
        const isOff = now[key] === "false" || now[key] === void 0;
        const isTelling = key === "disabled" || key === "checked" && element.type === "checkbox";
        if (isOff && !target && !isTelling) continue;
        if (!target && !isVisible(element)) continue;
        states.push({ target, name: nameOf(element), key, value: now[key] ?? "false" });
      }
    }
    states.sort((a, b) => Number(b.target) - Number(a.target));
    return { states, unmoved };
  }
  function newFocus(before, acted) {
    const focus = focusedElement();
    if (!focus || focus.localName === "iframe" || focus === before.focus || focus === acted) return "";
    if (acted && contains(acted, focus)) return "";
    return nameOf(focus) || `<${focus.localName}>`;
  }
  function hasNewField(before) {
    const focus = focusedElement();
    return focus !== null && focus !== before.focus && (focus.isContentEditable || matches(focus, FIELD));
  }
  function pageDiff({ id }) {
    if (!snapshot) return { fresh: true, title: clip(page.title(), 120) };
    const before = snapshot;
    const visible = before.visibleNow();
    const acted = id === null ? null : find(id);
    const news = without(visible, before.visible);
    const lost = before.isComplete ? without(before.visible, visible) : /* @__PURE__ */ new Set();
    const groups = outermostMatches(news, GROUP);
    const isInGroup = (element) => groups.some((group) => group === element || contains(group, element));
    const controls = outermostMatches(news, CONTROL, isInGroup);
    const lostGroups = outermostMatches(lost, GROUP);
    const lostControls = outermostMatches(
      lost,
      CONTROL,
      (element) => lostGroups.some((group) => group.contains(element))
    );
    const came = namesOf(controls.slice(0, MAX_COMPARED));
    const went = namesOf(lostControls.slice(0, MAX_COMPARED));
    cancelOut(came, went);
    const texts = newTexts(before, news, (element) => isInGroup(element) || element === acted, came);
    const { states, unmoved } = stateChanges(before, acted);
    const title2 = page.title();
    const hasScrolled = scrollX !== before.scrollX || scrollY !== before.scrollY;
    return {
      fresh: false,
      title: title2 === before.title ? "" : clip(title2, 120),
      groups: groups.map(describeGroup).filter(saysSomething).slice(0, SHOWN.groups),
      controls: came.slice(0, SHOWN.controls),
      more_controls: beyond(came.length, SHOWN.controls) + beyond(controls.length, MAX_COMPARED),
      texts: texts.slice(0, SHOWN.texts),
      more_texts: beyond(texts.length, SHOWN.texts),
      gone_groups: lostGroups.slice(0, SHOWN.lostGroups).map((element) => ({ kind: groupKind(element), name: groupTitle(element) })),
      gone: went.slice(0, SHOWN.lostControls),
      more_gone: beyond(went.length, SHOWN.lostControls) + beyond(lostControls.length, MAX_COMPARED),
      states: states.slice(0, SHOWN.states),
      unmoved,
      ...before.press.miss(acted),
      scrolled_part: before.press.hasScrolled,
      focus: newFocus(before, acted),
      saw_press: pressCount() !== before.presses,
      saw_key: keyCount() === Number.POSITIVE_INFINITY || keyCount() !== before.keys,
      moved: before.hasMutations || news.size > 0 || lost.size > 0 || hasScrolled || before.press.hasScrolled,
      focused: hasNewField(before),
      scrolled: hasScrolled
    };
  }
  function beyond(count, limit) {
    return Math.max(0, count - limit);
  }

  // src/act/drawing.js
  var HEAVY = 4e5;
  var UNKNOWN = 5e4;
  var CONTROLS = 4;
  var CHARACTERS = 200;
  var EDGE = 0.25;
  var MAX_CONTROLS = 150;
  var MAX_TEXTS2 = 300;
  var REST = 500;
  var PAUSE = 50;
  var CONTROL2 = "input,button,select,textarea,a[href],[role=button],[role=menuitem],[role=textbox],[contenteditable]";
  var PICTURE = "iframe,img,svg,canvas,video,embed,object";
  var WITHOUT_TEXT = /* @__PURE__ */ new Set(["script", "style", "noscript", "template"]);
  async function drawn(limit) {
    if (limit <= 0 || !isHeavy() || !isSparse()) return;
    const started = performance.now();
    let last = started;
    const onChange = () => {
      last = performance.now();
    };
    const mutations = new MutationObserver(onChange);
    for (const root of roots()) mutations.observe(root, { subtree: true, childList: true, characterData: true });
    const resources = new PerformanceObserver(onChange);
    resources.observe({ type: "resource" });
    try {
      for (let now = started; now - started < limit && now - last < REST; now = performance.now()) {
        await new Promise((resolve) => setTimeout(resolve, PAUSE));
        if (!isSparse()) return;
      }
    } finally {
      mutations.disconnect();
      resources.disconnect();
    }
  }
  function isHeavy() {
    const entries = (
      /** @type {PerformanceResourceTiming[]} */
      performance.getEntriesByType("resource")
    );
    const scripts = entries.filter((entry) => entry.initiatorType === "script" || /\.m?js(\?|$)/.test(entry.name));
    return scripts.reduce((sum, entry) => sum + (entry.decodedBodySize || UNKNOWN), 0) >= HEAVY;
  }
  function isSparse() {
    let controls = 0;
    let characters = 0;
    let isMiddleFilled = false;
    const isEnoughWith = (element, count, text2) => {
      const middle = middleInSight(element);
      if (!middle) return false;
      controls += count;
      characters += text2;
      isMiddleFilled ||= isInside(middle.x / innerWidth) && isInside(middle.y / innerHeight);
      return isMiddleFilled && (controls >= CONTROLS || characters >= CHARACTERS);
    };
    const all = [...roots()];
    let looked = 0;
    for (const root of all) {
      for (const element of queryIn(root, `${CONTROL2},${PICTURE}`)) {
        if (++looked > MAX_CONTROLS) break;
        if (isEnoughWith(element, matches(element, CONTROL2) ? 1 : 0, 0)) return false;
      }
    }
    looked = 0;
    for (const root of all) {
      const texts = document.createTreeWalker(root === document ? page.body() ?? root : root, NodeFilter.SHOW_TEXT);
      for (let text2 = texts.nextNode(); text2 && ++looked <= MAX_TEXTS2; text2 = texts.nextNode()) {
        const length = text2.nodeValue?.trim().length ?? 0;
        const parent = text2.parentNode;
        if (length === 0 || !parent || !isElement(parent) || WITHOUT_TEXT.has(localNameOf(parent))) continue;
        if (isEnoughWith(parent, 0, length)) return false;
      }
    }
    return true;
  }
  function isInside(share) {
    return share > EDGE && share < 1 - EDGE;
  }
  function middleInSight(element) {
    const { left, top, width, height } = rectOf(element);
    if (width < 2 || height < 2 || !checkVisibility(element)) return null;
    const middle = { x: left + width / 2, y: top + height / 2 };
    const hit = elementAt(middle.x, middle.y);
    return !hit || contains(element, hit) || contains(hit, element) ? middle : null;
  }

  // src/act/wait.js
  async function frames(count) {
    for (let left = count; left > 0; left--) await new Promise((resolve) => requestAnimationFrame(resolve));
  }
  var VISUAL_EVENTS = [
    "DOMContentLoaded",
    "load",
    "transitionend",
    "animationstart",
    "animationend",
    "toggle",
    "resize",
    "scroll"
  ];
  function until(check, limit) {
    return new Promise((resolve) => {
      const now = check();
      if (now || limit <= 0) {
        resolve(now || null);
        return;
      }
      let isOver = false;
      let isWaiting = false;
      const end = (value) => {
        isOver = true;
        observer.disconnect();
        clearTimeout(timer);
        for (const type of VISUAL_EVENTS) removeEventListener(type, onChange, true);
        resolve(value || null);
      };
      const onChange = () => {
        if (isWaiting || isOver) return;
        isWaiting = true;
        requestAnimationFrame(() => {
          isWaiting = false;
          if (isOver) return;
          const value = check();
          if (value) end(value);
        });
      };
      const observer = new MutationObserver(onChange);
      for (const root of roots()) {
        observer.observe(root, { subtree: true, childList: true, characterData: true, attributes: true });
      }
      for (const type of VISUAL_EVENTS) addEventListener(type, onChange, true);
      const timer = setTimeout(() => end(check()), limit);
    });
  }
  async function pageChange({ limit }) {
    let asked = 0;
    const before = motions().length;
    const changed = until(() => asked++ > 0, limit);
    let isOver = false;
    const began = (async () => {
      while (!isOver && motions().length <= before) await frames(1);
    })();
    await Promise.race([changed, began]);
    isOver = true;
    return {};
  }
  var MAX_MOTION = 500;
  var MOTIONS = new Set(
    "opacity visibility display transform translate scale rotate offset clipPath height width maxHeight maxWidth minHeight minWidth blockSize inlineSize maxBlockSize maxInlineSize top right bottom left inset margin marginTop marginRight marginBottom marginLeft gridTemplateRows gridTemplateColumns flexBasis flexGrow".split(" ")
  );
  function motions() {
    const running = [...roots()].flatMap(animationsIn);
    return running.filter((animation) => {
      if (animation.playState !== "running" || !(animation.effect instanceof KeyframeEffect)) return false;
      const end = Number(animation.effect.getComputedTiming().endTime);
      const left = (end - Number(animation.currentTime ?? 0)) / Math.abs(animation.playbackRate || 1);
      if (!(left <= MAX_MOTION)) return false;
      return animation.effect.getKeyframes().some((frame) => Object.keys(frame).some((name) => MOTIONS.has(name)));
    });
  }
  async function motionsEnd() {
    const over = performance.now() + MAX_MOTION;
    for (let left = MAX_MOTION; left > 0; left = over - performance.now()) {
      const moving = motions();
      if (moving.length === 0) return left < MAX_MOTION;
      const ends = Promise.allSettled(moving.map((animation) => animation.finished));
      await Promise.race([ends, new Promise((resolve) => setTimeout(resolve, left))]);
    }
    return true;
  }
  var CONTENT = "input,button,select,textarea,a[href],img,svg,canvas,video,iframe,embed,object,[tabindex]";
  var WITHOUT_CONTENT = /* @__PURE__ */ new Set(["script", "style", "noscript", "template"]);
  function isBare() {
    const body = page.body();
    if (!body || [...roots()].length > 1 || queryAll(body, CONTENT).length > 0) return false;
    if (document.scripts.length === 0) return false;
    const texts = document.createTreeWalker(body, NodeFilter.SHOW_TEXT);
    for (let text2 = texts.nextNode(); text2; text2 = texts.nextNode()) {
      const parent = text2.parentNode;
      if (!text2.nodeValue?.trim() || !parent || !isElement(parent)) continue;
      if (!WITHOUT_CONTENT.has(localNameOf(parent)) && checkVisibility(parent)) return false;
    }
    return true;
  }
  var PAINTED = "canvas,video";
  var FRAME = 17;
  async function domSettled({ quiet, limit, bare = 0, sparse = 0 }) {
    const asked = performance.now();
    await until(() => page.readyState() !== "loading", limit);
    await until(() => !isBare(), bare);
    await drawn(sparse);
    const started = performance.now();
    const before = lastChange();
    let last = before;
    const observer = new MutationObserver(() => {
      last = performance.now();
    });
    const trees = [...roots()];
    for (const tree of trees) {
      observer.observe(tree, {
        subtree: true,
        childList: true,
        characterData: true,
        attributeFilter: WATCHED_ATTRIBUTES
      });
    }
    try {
      await Promise.all([frames(1), new Promise((resolve) => setTimeout(resolve, FRAME))]);
      for (; ; ) {
        const now = performance.now();
        if (last === 0 || now - last >= quiet) break;
        if (now - started >= limit) return { moved: true, still: true, same: false };
        const pause = Math.min(quiet - (now - last), limit - (now - started)) + 1;
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
      const hasMoved = await motionsEnd();
      const isPainted = trees.some((tree) => queryIn(tree, PAINTED).length > 0);
      const same = !hasMoved && !isPainted && last === before && started - asked < FRAME;
      return { moved: last !== 0, still: false, same };
    } finally {
      observer.disconnect();
    }
  }

  // src/act/options.js
  var LIST = "[role=listbox],[role=menu],[role=tree],[role=radiogroup]";
  var OPTION = "[role=option],[role=menuitem],[role=menuitemradio],[role=menuitemcheckbox],[role=treeitem],[role=radio]";
  var MAX_OPTIONS = 500;
  function findField(id) {
    const element = find(id);
    return element?.localName === "label" && element.control || element;
  }
  function nativeOptions(select) {
    return [...select.options].filter(isOffered).map((option) => {
      const label = clip(optionLabel(option), 100);
      return matches(option, ":disabled") ? `${label} (disabled)` : label;
    });
  }
  async function selectOptions({ id, options: options2, limit }) {
    const element = findField(id);
    if (!element) return { gone: true };
    if (!(element instanceof HTMLSelectElement)) return { unfit: true };
    if (element.matches(":disabled")) return { disabled: true };
    if (options2.length > 1 && !element.multiple) return { single: true };
    const unknown = () => options2.find((text2) => !optionOf(element, text2));
    element.focus({ preventScroll: true });
    if (unknown() !== void 0) {
      for (const type of ["mousedown", "mouseup", "click"]) {
        element.dispatchEvent(new MouseEvent(type, { bubbles: true, composed: true, cancelable: true }));
      }
      await until(() => unknown() === void 0, limit);
    }
    const missing = unknown();
    if (missing !== void 0) return { unknown: missing, options: nativeOptions(element) };
    const wanted = options2.map((text2) => optionOf(element, text2));
    for (const option of element.options) {
      if (element.multiple || wanted.includes(option)) option.selected = wanted.includes(option);
    }
    fire(element, "input", "change");
    return { chosen: selectedLabels(element).map((label) => clip(label, 100)) };
  }
  function selected({ id }) {
    const element = findField(id);
    if (!(element instanceof HTMLSelectElement)) return { gone: true };
    return { chosen: selectedLabels(element).map((label) => clip(label, 100)) };
  }
  function optionOf(select, text2) {
    const all = [...select.options].filter((option) => !matches(option, ":disabled") && isOffered(option));
    const exact = all.find((option) => option.value === text2 || option.text.trim() === text2.trim());
    return exact ?? all.find((option) => isCalled(option, text2)) ?? null;
  }
  function isCalled(option, text2) {
    return normalized(optionLabel(option)) === normalized(text2) || normalized(option.value) === normalized(text2);
  }
  function isInEmptyBox(option, around) {
    let node = option.parentElement;
    while (node && around.contains(node)) {
      if (isEmptyBox(node)) return true;
      node = node.parentElement;
    }
    return false;
  }
  function isEmptyBox(element) {
    const { width, height } = element.getBoundingClientRect();
    return width <= 1 && height <= 1 && getComputedStyle(element).overflow !== "visible";
  }
  function drawnAround(list) {
    if (!list || !hasBox(list) || !isEmptyBox(list)) return null;
    const body = page.body();
    let around = list.parentElement;
    for (let n = 0; n < 3 && around && around !== body; n++, around = around.parentElement) {
      if (optionsIn(around).length > 1) return around;
    }
    return null;
  }
  function optionsIn(list) {
    for (const selector of [OPTION, "li", CONTROL]) {
      const found = [...list.querySelectorAll(selector)].filter(
        (option) => hasBox(option) && !isInEmptyBox(option, list)
      );
      if (found.length) return found.slice(0, MAX_OPTIONS);
    }
    const leaves2 = [...list.querySelectorAll("*")].filter((element) => !element.firstElementChild);
    const pointed = leaves2.filter((element) => getComputedStyle(element).cursor === "pointer");
    return pointed.filter(hasBox).slice(0, MAX_OPTIONS);
  }
  function openListOf(element) {
    const holders = [
      element,
      element.closest("[role=combobox]"),
      ...element.querySelectorAll("[aria-controls],[aria-owns]")
    ].filter((holder) => holder !== null);
    const linked = holders.flatMap((holder) => [
      ...referencedElements(holder, "aria-controls"),
      ...referencedElements(holder, "aria-owns"),
      ...referencedElements(holder, "aria-activedescendant").map((option) => option.closest(LIST))
    ]);
    const known2 = [matches(element, LIST) ? element : null, ...linked, ...element.querySelectorAll(LIST)];
    const open = known2.find((list2) => list2 && hasBox(list2) && optionsIn(list2).length);
    if (open) return open;
    const drawn3 = linked.map(drawnAround).find((around) => around !== null);
    if (drawn3) return drawn3;
    const news = appeared();
    const list = [...news].find((one) => matches(one, LIST) && optionsIn(one).length);
    if (list) return list;
    if (!isWatching()) return null;
    return outermost([...news], (node) => news.has(node)).find((one) => optionsIn(one).length > 1) ?? null;
  }
  function choiceOf(element) {
    const states = ["aria-selected", "aria-checked"].map((name) => attribute(element, name));
    const given = states.filter((state) => state !== null);
    return {
      id: idOf(element),
      text: clip(visibleText(element) || attribute(element, "aria-label"), 100),
      value: attribute(element, "data-value") ?? attribute(element, "value") ?? "",
      selected: given.length ? given.includes("true") : null,
      disabled: isTrue(element, "aria-disabled") || matches(element, ":disabled")
    };
  }
  function describeOpenList(element) {
    const list = openListOf(element);
    if (!list) return null;
    return {
      list: idOf(list),
      several: isTrue(list, "aria-multiselectable") || list.querySelector("[role=menuitemcheckbox],[role=option][aria-checked]") !== null,
      options: optionsIn(list).map(choiceOf),
      expanded: isTrue(element, "aria-expanded")
    };
  }
  function textsOf(list) {
    return list?.options.map(({ text: text2 }) => text2).join("\n") ?? "";
  }
  var earlier = "";
  function rememberOptions({ id }) {
    const element = find(id);
    if (!element) return { gone: true };
    earlier = textsOf(describeOpenList(element));
    return {};
  }
  async function options({ id, limit, news }) {
    const element = findField(id);
    if (!element) return { gone: true };
    if (element instanceof HTMLSelectElement) return { native: nativeOptions(element).slice(0, MAX_OPTIONS) };
    if (element.list) {
      const proposals = [...element.list.options].map((option) => clip(option.label || option.value, 100));
      return { native: proposals.slice(0, MAX_OPTIONS) };
    }
    const open = await until(() => {
      const list = describeOpenList(element);
      return list && !(news && textsOf(list) === earlier) ? list : null;
    }, limit);
    return { open: open ?? describeOpenList(element) };
  }
  function hasRoom(element) {
    const { overflowY } = getComputedStyle(element);
    return element.scrollHeight - element.clientHeight > 1 && /auto|scroll|overlay/.test(overflowY);
  }
  async function scrollList({ id, start }) {
    const list = find(id);
    if (!list) return { gone: true };
    const body = page.body();
    let around = (
      /** @type {AnyElement | null} */
      list
    );
    while (around && around !== body && !hasRoom(around)) around = parentElementOf(around);
    const box = around && around !== body ? around : [...list.querySelectorAll("*")].find(hasRoom);
    if (!box) return { moved: false };
    const before = box.scrollTop;
    box.scrollTo({ top: start ? 0 : before + box.clientHeight * 0.8, behavior: "instant" });
    if (box.scrollTop === before) return { moved: false };
    await domSettled({ quiet: 30, limit: 500 });
    return { moved: true };
  }

  // src/act/fields.js
  var MAX_VALUE = 2e4;
  var REWRITE_LIMIT = 60;
  function suggests(element) {
    return attribute(element, "role") === "combobox" || ["list", "both"].includes(attribute(element, "aria-autocomplete") ?? "") || attribute(element, "aria-haspopup") === "listbox" || element.closest("[role=combobox]") !== null;
  }
  function isFocused(element) {
    return (
      /** @type {Partial<DocumentOrShadowRoot>} */
      element.getRootNode().activeElement === element
    );
  }
  function placeCaret(element, clear) {
    if (element.isContentEditable) {
      const range = page.createRange();
      range.selectNodeContents(element);
      if (!clear) range.collapse(false);
      const selection2 = getSelection();
      selection2?.removeAllRanges();
      selection2?.addRange(range);
    } else if (typeof element.select === "function" && "value" in element) {
      if (clear) {
        element.select();
        return;
      }
      const { length } = String(element.value);
      try {
        element.setSelectionRange?.(length, length);
      } catch {
      }
    }
  }
  function focusMove({ limit }) {
    return new Promise((resolve) => {
      const before = focusedElement();
      const end = () => {
        removeEventListener("focusin", onFocus, true);
        clearTimeout(timer);
        resolve({});
      };
      const onFocus = () => focusedElement() !== before && end();
      addEventListener("focusin", onFocus, true);
      const timer = setTimeout(end, limit);
    });
  }
  function focusField({ id, clear }) {
    const element = find(id);
    if (!element) return { gone: true };
    const hasCaret = !clear && isFocused(element);
    element.focus?.({ preventScroll: true });
    if (!hasCaret) placeCaret(element, clear);
    const { maxLength } = element;
    return {
      focused: isFocused(element),
      value: String(element.value ?? element.textContent),
      suggests: suggests(element),
      room: maxLength !== void 0 && maxLength > 0 ? maxLength : null
    };
  }
  var typing = { id: 0, text: "", held: false };
  var isListening = false;
  function noteHeld(id, text2) {
    typing = { id, text: text2, held: false };
    if (isListening) return;
    isListening = true;
    const onInput = () => {
      const element = find(typing.id);
      if (!element || !isFocused(element)) return;
      typing.held ||= letters2(String(element.value ?? element.textContent)).endsWith(letters2(typing.text));
    };
    addEventListener("input", onInput, true);
  }
  function letters2(text2) {
    return text2.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
  }
  async function focusToType({ id, clear, text: text2 }) {
    const ready = focusField({ id, clear });
    if ("gone" in ready || !ready.focused) return ready;
    if (ready.suggests) rememberOptions({ id });
    noteHeld(id, text2);
    await new Promise((resolve) => setTimeout(resolve));
    const element = find(id);
    if (!element) return { gone: true };
    if (isFocused(element) || isInside2(focusedElement(), element)) return ready;
    return { ...ready, inserted: insertText({ id, clear, text: text2 }).inserted };
  }
  function isInside2(inner, outer) {
    return inner !== null && contains(outer, inner);
  }
  function insertText({ id, clear, text: text2 }) {
    const ready = focusField({ id, clear });
    if ("gone" in ready || !ready.focused) return { inserted: false };
    return { inserted: document.execCommand("insertText", false, text2) };
  }
  var SELECTION_LIMIT = 50;
  async function pasteText({ id, clear, text: text2 }) {
    const selected2 = new Promise((resolve) => document.addEventListener("selectionchange", resolve, { once: true }));
    const ready = focusField({ id, clear });
    const element = find(id);
    if ("gone" in ready || !element) return { gone: true };
    await Promise.race([selected2, new Promise((resolve) => setTimeout(resolve, SELECTION_LIMIT))]);
    await frames(1);
    const focused = isFocused(element);
    const { value } = ready;
    if (!focused) return { focused, value, pasted: false };
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", text2);
    const paste = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true, composed: true });
    return { focused, value, pasted: !element.dispatchEvent(paste) };
  }
  function shownValue(element) {
    const editor = editorOf(element);
    if (editor) return shownLines(editor, element).join("\n").slice(0, MAX_VALUE);
    return String(element.value ?? element.innerText ?? "").slice(0, MAX_VALUE).toWellFormed();
  }
  function joinedFrom(element, count) {
    const root = (
      /** @type {Document | ShadowRoot} */
      element.getRootNode()
    );
    const fields = [...queryIn(root, "input")];
    const boxes = fields.slice(fields.indexOf(element)).slice(0, count);
    return boxes.every((box) => String(box.value).length === 1) ? normalized(boxes.map((box) => box.value).join("")) : "";
  }
  async function fieldValue({ id, text: text2 }) {
    const typed = find(id);
    if (typed && !shownValue(typed).endsWith(text2)) await frames(1);
    const element = find(id);
    if (!element) return { gone: true };
    if (isSecret(element)) return { secret: true, length: String(element.value).length };
    const isEmptied = () => shownValue(element).trim() === "" && typing.held && typing.id === id && typing.text === text2;
    if (isEmptied()) await new Promise((resolve) => setTimeout(resolve, REWRITE_LIMIT));
    if (!element.isConnected) return { gone: true };
    const value = shownValue(element);
    const away = !isFocused(element);
    const wanted = normalized(text2);
    if (normalized(value).endsWith(wanted)) return { value, elsewhere: false, away };
    if (wanted && joinedFrom(element, wanted.length) === wanted) return { value: text2, elsewhere: false, away: false };
    const news = [...appeared()].map((one) => normalized(one.textContent));
    const isShown = (words) => news.some((shown) => shown.includes(words));
    const elsewhere = wanted !== "" && (isEmptied() || isShown(wanted) || isDivided(wanted, normalized(value), isShown));
    return { value, elsewhere, away: false };
  }
  function isDivided(text2, rest, isShown) {
    if (!text2.endsWith(rest)) return false;
    const entries = text2.slice(0, text2.length - rest.length).split(/[\s,;]+/).filter(Boolean);
    return entries.length > 0 && entries.every(isShown);
  }
  var setValue = (
    /** @type {(this: AnyElement, value: string) => void} */
    Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value")?.set
  );
  function setField({ id, value }) {
    const element = find(id);
    if (!element) return { gone: true };
    element.focus?.({ preventScroll: true });
    setValue.call(element, value);
    fire(element, "input", "change");
    return { value: String(element.value) };
  }
  async function sliderState({ id }) {
    await frames(1);
    const element = find(id);
    if (!element) return { gone: true };
    const number = (name) => {
      const value = parseFloat(attribute(element, name) ?? "");
      return Number.isNaN(value) ? null : value;
    };
    return { now: number("aria-valuenow"), min: number("aria-valuemin"), max: number("aria-valuemax") };
  }
  function fileField({ id }) {
    const element = find(id);
    if (!element) return { gone: true };
    const inside = [...element.querySelectorAll("input[type=file]")];
    const label = element.closest("label");
    const candidates = [element, element.control, label?.control, inside.length === 1 ? inside[0] : null];
    const field = candidates.find((node) => node instanceof HTMLInputElement && node.type === "file");
    return field ? { id: idOf(field) } : {};
  }
  function fileFieldLimits(field) {
    return { disabled: matches(field, ":disabled"), multiple: field.multiple, folder: field.webkitdirectory };
  }
  function heldFiles(field) {
    const files = Array.from(field.files ?? []);
    const accepted = field.accept.toLowerCase().split(",").map((token) => token.trim()).filter(Boolean);
    const unfit = accepted.length === 0 ? [] : files.filter((file) => !accepted.some((token) => isOfType(file, token)));
    const names = (list) => list.slice(0, 20).map((file) => file.name);
    return { names: names(files), unfit: names(unfit), accept: field.accept.slice(0, 100) };
  }
  function isOfType(file, token) {
    if (token.startsWith(".")) return file.name.toLowerCase().endsWith(token);
    if (file.type === "") return true;
    return token.endsWith("/*") ? file.type.startsWith(token.slice(0, -1)) : file.type === token;
  }

  // src/act/page-text.js
  var SILENT = new Set(
    "script style noscript template head iframe svg canvas object datalist option optgroup".split(" ")
  );
  var CELL_ROLE = /^(cell|gridcell|columnheader|rowheader)$/;
  var BUTTON_TYPES = /* @__PURE__ */ new Set(["button", "submit", "reset", "image"]);
  var MAX_TEXT = 2e6;
  var MAX_DEPTH = 500;
  function fieldText(element) {
    if (isSecret(element)) return "";
    if (element.localName === "select") return selectedLabels(element).join(", ");
    if (isCheckable(element)) return element.checked ? "[x]" : "[ ]";
    return element.type === "hidden" || element.type === "file" ? "" : String(element.value);
  }
  function linkTarget(link) {
    if (!/^https?:$/.test(link.protocol)) return "";
    const isSameOrigin = link.origin === location.origin;
    const isHere = isSameOrigin && link.pathname === location.pathname && link.search === location.search;
    const target = isSameOrigin ? link.pathname + link.search : link.href;
    return isHere || target.length > 100 ? "" : ` (${target})`;
  }
  function layoutOf(element, display) {
    const role = attribute(element, "role") ?? "";
    const isCell = display === "table-cell" || CELL_ROLE.test(role);
    return { isCell, isBlock: (!isCell || role === "row") && !/^(inline|contents|ruby)/.test(display) };
  }
  function markOf(tag, display) {
    if (/^h[1-6]$/.test(tag)) return `${"#".repeat(Number(tag[1]))} `;
    return display === "list-item" ? "- " : "";
  }
  function walkText(root, marks, sink) {
    const visit = (node, depth, isPre, isFlat) => {
      if (isText(node)) {
        sink.text(node.data, node, isPre && !isFlat);
        return;
      }
      if (!isElement(node) || depth > MAX_DEPTH) return;
      const tag = node.localName;
      if (SILENT.has(tag)) return;
      if (tag === "br") {
        if (isFlat) sink.text(" ", node, false);
        else sink.beginBlock("");
        return;
      }
      const { display, whiteSpace } = getComputedStyle(node);
      if (display === "none") return;
      if (display !== "contents" && !checkVisibility(node, { visibilityProperty: true })) return;
      const { isCell, isBlock } = layoutOf(node, display);
      if (isBlock && isFlat) sink.text(" ", node, false);
      else if (isBlock) sink.beginBlock(marks && node !== root ? markOf(tag, display) : "");
      if (isCell && !isFlat) sink.beginCell();
      const isFlatInside = isFlat || isCell && node.querySelector("table,[role=row]") === null;
      if (tag === "img") {
        if (marks && node.alt) sink.text(` ${node.alt} `, node, false);
      } else if (tag === "input" && BUTTON_TYPES.has(node.type ?? "")) {
        sink.text(String(node.value), node, false);
      } else if (tag === "input" || tag === "textarea" || tag === "select") {
        if (marks) sink.text(` ${fieldText(node)} `, node, false);
      } else {
        for (const child of renderedChildrenOf(node)) visit(child, depth + 1, /^pre/.test(whiteSpace), isFlatInside);
      }
      if (marks && node !== root && tag === "a" && node.href) {
        sink.text(linkTarget(
          /** @type {HTMLAnchorElement} */
          node
        ), node, false);
      }
      if (isBlock && isFlatInside) sink.text(" ", node, false);
      else if (isBlock) sink.endBlock();
    };
    visit(root, 0, false, false);
  }
  function readableText(root, marks) {
    const lines = [];
    let line = "";
    let prefix = "";
    let isFirstCell = true;
    let length = 0;
    const flush = () => {
      const text2 = clean(line).trim();
      if (text2 && text2 !== "|") {
        const complete = prefix + text2;
        length += complete.length + 1;
        if (length < MAX_TEXT) lines.push(complete);
        prefix = "";
      }
      line = "";
      isFirstCell = true;
    };
    walkText(root, marks, {
      text(data, _node, isPre) {
        if (!isPre) {
          line += data.replace(/\s+/g, " ");
          return;
        }
        const parts = data.split("\n");
        for (const [at, part] of parts.entries()) {
          line += part;
          if (at < parts.length - 1) flush();
        }
      },
      beginBlock(next) {
        flush();
        if (next) prefix = next;
      },
      endBlock() {
        flush();
        prefix = "";
      },
      beginCell() {
        if (!isFirstCell) line += marks ? " | " : " ";
        isFirstCell = false;
      }
    });
    flush();
    return lines.join("\n");
  }
  function contentRoot() {
    return page.body() ?? page.documentElement();
  }
  function text({ id, limit, marks }) {
    const element = id === null ? contentRoot() : find(id);
    if (!element) return { gone: true };
    const editor = id === null ? null : editorOf(element);
    const isField = ["input", "textarea", "select"].includes(element.localName);
    let whole2;
    if (editor) whole2 = shownLines(editor, element).join("\n");
    else whole2 = isField ? fieldText(element) : readableText(element, marks);
    const cut = whole2.length > limit ? `${whole2.slice(0, limit - 1)}…` : whole2;
    return { text: cut.toWellFormed(), total: whole2.length, editor: editor ? editorNumber(editor) : void 0 };
  }
  function hasTexts({ texts }) {
    const root = contentRoot();
    const shown = root ? normalized(readableText(root, false)) : "";
    return { has: texts.map((wanted) => shown.includes(normalized(wanted))) };
  }

  // src/dom/boxes.js
  var NOWHERE = 1e7;
  var EVERYWHERE = { l: -NOWHERE, t: -NOWHERE, r: NOWHERE, b: NOWHERE };
  function boxFrom(rect) {
    return { l: rect.left, t: rect.top, r: rect.right, b: rect.bottom };
  }
  function meet(a, b) {
    return { l: Math.max(a.l, b.l), t: Math.max(a.t, b.t), r: Math.min(a.r, b.r), b: Math.min(a.b, b.b) };
  }
  function isOpen(box) {
    return box.r - box.l > 1 && box.b - box.t > 1;
  }
  function isWithin(box, outer) {
    return box.l >= outer.l - 1 && box.t >= outer.t - 1 && box.r <= outer.r + 1 && box.b <= outer.b + 1;
  }
  function touches(box, range) {
    return box.r >= range.l && box.l <= range.r && box.b >= range.t && box.t <= range.b;
  }

  // src/dom/places.js
  function contentRange(node) {
    const range = page.createRange();
    range.selectNodeContents(node);
    return range;
  }
  function areaShape(area) {
    const map = closest(area, "map");
    const name = map && (attribute(map, "name") || map.id);
    const image = name ? page.querySelector(`img[usemap="#${CSS.escape(name)}"]`) : null;
    if (image === null) return null;
    const rect = rectOf(image);
    const style = getComputedStyle(image);
    const x = rect.left + image.clientLeft + (parseFloat(style.paddingLeft) || 0);
    const y = rect.top + image.clientTop + (parseFloat(style.paddingTop) || 0);
    const coordinates = attribute(area, "coords") ?? "";
    const numbers = coordinates.split(/[\s,;]+/, 400).map(Number).filter(Number.isFinite);
    switch ((attribute(area, "shape") ?? "rect").toLowerCase()) {
      case "default":
        return { image, box: boxFrom(rect), corners: [] };
      case "circ":
      case "circle": {
        if (numbers.length < 3) return null;
        const [cx, cy, radius] = numbers;
        return {
          image,
          box: { l: x + cx - radius, t: y + cy - radius, r: x + cx + radius, b: y + cy + radius },
          corners: []
        };
      }
      case "poly":
      case "polygon": {
        const corners = [];
        for (let i = 0; i + 1 < numbers.length; i += 2) corners.push([x + numbers[i], y + numbers[i + 1]]);
        return corners.length < 3 ? null : { image, box: boxAround(corners), corners };
      }
      default: {
        if (numbers.length < 4) return null;
        const [l, t, r, b] = numbers;
        return {
          image,
          box: boxAround([
            [x + l, y + t],
            [x + r, y + b]
          ]),
          corners: []
        };
      }
    }
  }
  function boxAround(points) {
    const xs = points.map(([x]) => x);
    const ys = points.map(([, y]) => y);
    return { l: Math.min(...xs), t: Math.min(...ys), r: Math.max(...xs), b: Math.max(...ys) };
  }
  function pressableBoxes(element) {
    if (element.localName === "area") {
      const shape = areaShape(element);
      if (shape === null) return [];
      const { l, t, r, b } = shape.box;
      const spots = shape.corners.map(([x, y], i, all) => {
        const [x1, y1] = all[(i + 1) % all.length];
        const [x2, y2] = all[(i + 2) % all.length];
        return new DOMRect((x + x1 + x2) / 3 - 1, (y + y1 + y2) / 3 - 1, 2, 2);
      });
      return [new DOMRect(l, t, r - l, b - t), ...spots];
    }
    const own = Array.from(clientRectsOf(element));
    const hasSize = own.some((rect) => rect.width > 0 && rect.height > 0);
    return hasSize ? own : Array.from(contentRange(element).getClientRects());
  }
  function scrollTarget(element) {
    if (element.localName === "area") return areaShape(element)?.image ?? element;
    return clientRectsOf(element).length > 0 ? element : element.firstElementChild ?? element.parentElement ?? element;
  }
  function scrolledBefore(element, style, isHorizontal) {
    const { direction, display, flexDirection } = style;
    const isReversed = display.endsWith("flex") && flexDirection === (isHorizontal ? "row-reverse" : "column-reverse");
    const fromEnd = isReversed !== (isHorizontal && direction === "rtl");
    if (isHorizontal)
      return fromEnd ? element.scrollWidth - element.clientWidth + element.scrollLeft : element.scrollLeft;
    return fromEnd ? element.scrollHeight - element.clientHeight + element.scrollTop : element.scrollTop;
  }

  // src/act/pointer.js
  var SPOTS = [
    [0.5, 0.5],
    [0.5, 0.2],
    [0.5, 0.8],
    [0.15, 0.5],
    [0.85, 0.5],
    [0.1, 0.1],
    [0.9, 0.9]
  ];
  var MAX_BOXES = 8;
  function pointsOf(element) {
    const area = ({ l, t, r, b }) => (r - l) * (b - t);
    const boxes = pressableBoxes(element).map(({ left, top, right, bottom }) => ({
      l: Math.max(left, 0),
      t: Math.max(top, 0),
      r: Math.min(right, innerWidth),
      b: Math.min(bottom, innerHeight)
    })).filter(({ l, t, r, b }) => r - l >= 1 && b - t >= 1).sort((first, second) => area(second) - area(first)).slice(0, MAX_BOXES);
    return SPOTS.flatMap(
      ([x, y]) => boxes.map(({ l, t, r, b }) => (
        /** @type {Point} */
        [l + (r - l) * x, t + (b - t) * y]
      ))
    );
  }
  function isInViewport([x, y]) {
    return x >= 0 && y >= 0 && x < innerWidth && y < innerHeight;
  }
  function isInView(element) {
    const box = scrollTarget(element).getBoundingClientRect();
    return box.top >= 0 && box.left >= 0 && box.bottom <= innerHeight && box.right <= innerWidth;
  }
  function visibleTarget(element) {
    const editor = editorOf(element);
    if (editor) return editor;
    if (hasBox(element)) return element;
    return [...element.labels ?? []].find((label) => label.getClientRects().length) ?? element;
  }
  var INPUT_KINDS = {
    checkbox: "check",
    radio: "check",
    file: "file",
    date: "set",
    time: "set",
    "datetime-local": "set",
    month: "set",
    week: "set",
    color: "set",
    range: "set",
    button: "button",
    submit: "button",
    reset: "button",
    image: "button"
  };
  function kindOf(element) {
    if (element instanceof HTMLSelectElement) return "select";
    if (editorOf(element)) return "code";
    if (element instanceof HTMLTextAreaElement) return "text";
    if (element.isContentEditable) return "editable";
    if (element instanceof HTMLInputElement) return INPUT_KINDS[element.type] ?? "text";
    const role = attribute(element, "role");
    if (role === "slider") return "slider";
    if (role === "textbox" || role === "searchbox" || role === "combobox") return "text";
    return ["canvas", "video", "embed", "object"].includes(element.localName) ? "picture" : "other";
  }
  async function locate({ id, scroll: scroll2, at }) {
    const element = find(id);
    if (!element) return { gone: true };
    const target = visibleTarget(element);
    const facts = {
      kind: kindOf(element),
      draggable: Boolean(element.closest("[draggable=true]")) || element.draggable === true,
      disabled: element.matches(":disabled") || isTrue(element, "aria-disabled"),
      secret: isSecret(element),
      focused: isFocused(element),
      options: element instanceof HTMLSelectElement ? nativeOptions(element).slice(0, 50) : null
    };
    const size = target.getBoundingClientRect();
    if (at && !(at[0] >= 0 && at[1] >= 0 && at[0] <= size.width && at[1] <= size.height)) {
      return { outside: [Math.round(size.width), Math.round(size.height)], ...facts };
    }
    const spots = () => {
      if (!at) return pointsOf(target);
      const box = target.getBoundingClientRect();
      const point = [box.left + at[0], box.top + at[1]];
      return isInViewport(point) ? [point] : [];
    };
    const center = async () => {
      scrollTarget(target).scrollIntoView({ behavior: "instant", block: "center", inline: "center" });
      await frames(1);
      if (!at || spots().length > 0) return;
      const box = target.getBoundingClientRect();
      const left = box.left + at[0] - innerWidth / 2;
      scrollBy({ left, top: box.top + at[1] - innerHeight / 2, behavior: "instant" });
      await frames(1);
    };
    if (scroll2 && !(at ? spots().length : isInView(target))) await center();
    let covering = null;
    const reachable = () => spots().find(([x, y]) => {
      const hit = elementAt(x, y);
      if (isHitOf(element, hit) || isHitOf(target, hit)) return true;
      covering ??= hit;
      return false;
    });
    let spot = reachable();
    if (!spot && scroll2) {
      await center();
      spot = reachable();
    }
    if (spot) {
      const { left, top } = target.getBoundingClientRect();
      return { x: spot[0], y: spot[1], left, top, ...facts };
    }
    if (!spots().length) return { hidden: true, ...facts };
    const isOff = /^(?:a|button)$/.test(target.localName) && getComputedStyle(target).pointerEvents === "none";
    facts.disabled ||= isOff;
    return { covered: covering ? describeElement(covering) : "something outside this frame", ...facts };
  }
  var MOVE_LIMIT = 1e3;
  async function movedAway({ id, x, y, left, top }) {
    const element = find(id);
    if (!element) return { gone: true };
    const target = visibleTarget(element);
    const hit = elementAt(x, y);
    let box = target.getBoundingClientRect();
    if (isHitOf(element, hit) || isHitOf(target, hit) || box.left === left && box.top === top) return { moved: false };
    const end = performance.now() + MOVE_LIMIT;
    for (let isMoving = true; isMoving && performance.now() < end; ) {
      const before = box;
      await frames(1);
      box = target.getBoundingClientRect();
      isMoving = box.left !== before.left || box.top !== before.top;
    }
    return { moved: true };
  }
  function viewport() {
    return { width: innerWidth, height: innerHeight };
  }
  async function hitFrame({ id, x, y }) {
    const frame = find(id);
    if (!frame) return { gone: true };
    if (!isInViewport([x, y])) {
      const before = frame.getBoundingClientRect();
      frame.scrollIntoView({ behavior: "instant", block: "nearest", inline: "nearest" });
      await frames(1);
      const after = frame.getBoundingClientRect();
      const [left, top] = [x + after.left - before.left, y + after.top - before.top];
      if (!isInViewport([left, top])) {
        scrollBy({ left: left - innerWidth / 2, top: top - innerHeight / 2, behavior: "instant" });
        await frames(1);
      }
      return { scrolled: true };
    }
    const hit = elementAt(x, y);
    return hit === frame ? {} : { covered: hit ? describeElement(hit) : "something outside this frame" };
  }

  // src/act/find.js
  function locatedText(root) {
    let text2 = "";
    let needsBlank = false;
    const units = [];
    const add = (character, unit) => {
      text2 += character;
      for (let n = 0; n < character.length; n++) units.push(unit);
      needsBlank = true;
    };
    const addBlank = () => {
      if (needsBlank) add(" ", { node: null, from: 0, to: 0 });
      needsBlank = false;
    };
    walkText(root, false, {
      text(data, node) {
        if (!isText(node)) return;
        let from = 0;
        for (const character of data) {
          const to = from + character.length;
          if (/\s/.test(character)) addBlank();
          else if (clean(character)) add(character.toLowerCase(), { node, from, to });
          from = to;
        }
      },
      beginBlock: addBlank,
      endBlock: addBlank,
      beginCell: addBlank
    });
    return { text: text2, units };
  }
  function rangeOf(wanted) {
    const root = contentRoot();
    const needle = normalized(wanted).replace(/[\u200c\u200d]/g, "");
    if (!root || !needle) return null;
    const { text: text2, units } = locatedText(root);
    for (let at = text2.indexOf(needle); at >= 0; at = text2.indexOf(needle, at + 1)) {
      const first = units[at];
      const last = units[at + needle.length - 1];
      if (!first.node || !last.node) continue;
      const range = page.createRange();
      range.setStart(first.node, first.from);
      range.setEnd(last.node, last.to);
      if (range.getClientRects().length) return range;
    }
    return null;
  }
  function isInViewport2(range) {
    const { top, bottom, left, right, height } = range.getBoundingClientRect();
    return height > 0 && bottom > 0 && right > 0 && top < innerHeight && left < innerWidth;
  }
  var MAX_SCROLLS = 4;
  async function scrollToText({ text: text2 }) {
    let range = rangeOf(text2);
    for (let tries = 0; range && tries < MAX_SCROLLS; tries++) {
      range.startContainer.parentElement?.scrollIntoView({ behavior: "instant", block: "center" });
      await frames(2);
      if (isInViewport2(range)) break;
      range = rangeOf(text2);
    }
    if (!range) return { found: false };
    const boxes = [...range.getClientRects()].filter((box) => box.width > 0);
    const [first, last] = [boxes[0], boxes.at(-1)];
    if (!first || !last) return { found: true, from: null, to: null };
    return {
      found: true,
      from: [first.left + 0.5, (first.top + first.bottom) / 2],
      to: [last.right - 0.5, (last.top + last.bottom) / 2]
    };
  }
  function selection() {
    return { text: clip(getSelection()?.toString(), 200) };
  }
  function querySelector2({ selector }) {
    try {
      new DocumentFragment().querySelector(selector);
    } catch {
      return { invalid: true };
    }
    let hidden = false;
    for (const root of roots()) {
      for (const element of queryIn(root, selector)) {
        if (hasBox(visibleTarget(element))) {
          const id = idOf(element);
          return { id, ...identity(id), signature: signature(id) };
        }
        hidden = true;
      }
    }
    return { missing: true, hidden };
  }
  function querySelectorAll2({ selector, limit }) {
    let found;
    try {
      found = queryEverywhere(selector);
    } catch {
      return { invalid: true };
    }
    const first = found.slice(0, limit);
    const elements = first.flatMap((element, line) => {
      const id = idOf(element);
      const is = isVisible(element) ? identity(id) : null;
      return is ? [{ ...is, id, signature: signature(id), line }] : [];
    });
    return { total: found.length, lines: first.map(lineOf), elements };
  }
  function lineOf(element) {
    const id = element.id ? `#${element.id}` : "";
    const classes = [...element.classList].slice(0, 3).map((name) => `.${name}`);
    const place = isVisible(element) ? placeOf(element) : " (hidden)";
    const text2 = isSecret(element) ? "" : clip(visibleText(element) || element.value, 100);
    return clip(`<${element.localName}${id}${classes.join("")}>${place} ${text2}`, 200);
  }
  function placeOf(element) {
    const { left, top, width, height } = element.getBoundingClientRect();
    const [x, y] = [Math.round(left + width / 2), Math.round(top + height / 2)];
    if (y < 0) return " (above)";
    if (y > innerHeight) return " (below)";
    return x < 0 || x > innerWidth ? " (to the side)" : ` at=${x},${y}`;
  }

  // src/act/redaction.js
  var places = [];
  var NOT_SHOWN = /* @__PURE__ */ new Set(["script", "style", "noscript", "template", "title"]);
  function blockFinder() {
    const root = page.documentElement();
    const blocks = /* @__PURE__ */ new Map();
    const blockOf = (element) => {
      if (element === null || element === root) return element;
      let block = blocks.get(element);
      if (block === void 0) {
        const { display } = getComputedStyle(element);
        block = display.startsWith("inline") || display === "contents" ? blockOf(parentElementOf(element)) : element;
        blocks.set(element, block);
      }
      return block;
    };
    return blockOf;
  }
  function textsOf2(node) {
    if (node instanceof HTMLInputElement || node instanceof HTMLTextAreaElement) {
      return node.placeholder ? [node.value, node.placeholder] : [node.value];
    }
    if (node instanceof HTMLSelectElement) return [[...node.selectedOptions].map((option) => option.label).join(" ")];
    return node instanceof HTMLImageElement && node.alt ? [node.alt] : [];
  }
  function shownTexts({ limit }) {
    places = [];
    const texts = [];
    let length = 0;
    const add = (text2, place) => {
      length += text2.length;
      texts.push(text2.toWellFormed());
      places.push(place);
    };
    const blockOf = blockFinder();
    for (const root of roots()) {
      let block = null;
      let nodes2 = [];
      const endBlock = () => {
        if (nodes2.length) add(nodes2.map((node) => node.data).join(""), { nodes: nodes2 });
        nodes2 = [];
      };
      const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
      for (let node = walker.nextNode(); node && length <= limit; node = walker.nextNode()) {
        if (!isText(node)) {
          for (const text2 of textsOf2(node)) add(text2, { element: (
            /** @type {Element} */
            node
          ) });
          continue;
        }
        const parent = node.parentElement ?? /** @type {Partial<ShadowRoot>} */
        node.getRootNode().host;
        if (!parent || NOT_SHOWN.has(parent.localName)) continue;
        const own = blockOf(parent);
        if (!node.data.trim() && (own !== block || !nodes2.length)) continue;
        if (own !== block) endBlock();
        block = own;
        nodes2.push(node);
      }
      endBlock();
    }
    if (length > limit) return { texts: null, running: [] };
    return { texts, running: runningTexts() };
  }
  var WITH_OWN_TEXT = /* @__PURE__ */ new Set(["input", "textarea", "select", "img"]);
  var ANNOTATIONS = /* @__PURE__ */ new Set(["rt", "rp"]);
  var MAX_DEPTH2 = 600;
  var MAX_SHADOW = 2;
  function runningTexts(covered = /* @__PURE__ */ new Map()) {
    const out = [[], []];
    const visit = (node, depth, isAnnotation) => {
      if (isText(node)) {
        const text2 = without2(node.data, covered.get(node) ?? []);
        if (!/\S/.test(text2)) return;
        out[0].push(text2);
        if (!isAnnotation) out[1].push(text2);
        return;
      }
      if (!isElement(node) || depth > MAX_DEPTH2) return;
      const tag = localNameOf(node);
      if (NOT_SHOWN.has(tag) || WITH_OWN_TEXT.has(tag) || getComputedStyle(node).display === "none") return;
      let children = [...renderedChildrenOf(node)];
      if (tag === "details") {
        const isSummary = (child) => isElement(child) && localNameOf(child) === "summary";
        children = [...children.filter(isSummary), ...children.filter((child) => !isSummary(child))];
      }
      for (const child of children) visit(child, depth + 1, isAnnotation || ANNOTATIONS.has(tag));
    };
    const root = page.documentElement();
    if (root) visit(root, 0, false);
    const [whole2, main] = out.map((parts) => parts.join("").toWellFormed());
    return out[0].length === out[1].length ? [whole2] : [whole2, main];
  }
  function without2(text2, parts) {
    let out = "";
    let at = 0;
    for (const [start, end] of parts) {
      out += `${text2.slice(at, start)}|`;
      at = end;
    }
    return out + text2.slice(at);
  }
  function isPaintedElsewhere(element) {
    if (element && closest(element, "svg [id]") && page.getElementsByTagName("use").length > 0) return true;
    for (let node = element; node; node = parentElementOf(node)) {
      const style = getComputedStyle(node);
      const shadow = style.textShadow.match(/-?[\d.]+(?=px)/g) ?? [];
      if (node === element && shadow.some((length) => Math.abs(Number(length)) > MAX_SHADOW)) return true;
      const reflection = style.getPropertyValue("-webkit-box-reflect");
      if (reflection !== "" && reflection !== "none" || style.filter.includes("drop-shadow")) return true;
    }
    return false;
  }
  function textBoxes({ ranges }) {
    const boxes = [];
    let certain = true;
    const covered = /* @__PURE__ */ new Map();
    const add = (rect) => {
      if (rect.width <= 0 || rect.height <= 0) return;
      const [left, top] = [Math.floor(rect.left) - 2, Math.floor(rect.top) - 2];
      boxes.push([left, top, Math.ceil(rect.right) + 2 - left, Math.ceil(rect.bottom) + 2 - top]);
    };
    for (const [number, start, end] of ranges) {
      const { element, nodes: nodes2 = [] } = places[number] ?? {};
      if (element) add(element.getBoundingClientRect());
      let at = 0;
      for (const node of nodes2) {
        const from = Math.max(start - at, 0);
        const to = Math.min(end - at, node.length);
        at += node.length;
        if (from >= to) continue;
        const range = page.createRange();
        range.setStart(node, from);
        range.setEnd(node, to);
        for (const rect of range.getClientRects()) add(rect);
        covered.set(node, [...covered.get(node) ?? [], [from, to]]);
        certain &&= !isPaintedElsewhere(node.parentElement);
      }
    }
    return { boxes, certain, running: runningTexts(covered) };
  }
  function elementBox({ id }) {
    const rect = find(id)?.getBoundingClientRect();
    if (!rect) return { boxes: [] };
    return {
      boxes: [[Math.floor(rect.left), Math.floor(rect.top), Math.ceil(rect.width) + 1, Math.ceil(rect.height) + 1]]
    };
  }

  // src/act/scroll.js
  function isScrollable(element, isHorizontal) {
    const style = getComputedStyle(element);
    const overflow = isHorizontal ? style.overflowX : style.overflowY;
    const room = isHorizontal ? element.scrollWidth - element.clientWidth : element.scrollHeight - element.clientHeight;
    return room > 1 && (overflow === "auto" || overflow === "scroll" || overflow === "overlay");
  }
  function isWindowLocked(isHorizontal) {
    const overflow = (element) => {
      if (!element) return "";
      const style = getComputedStyle(element);
      return isHorizontal ? style.overflowX : style.overflowY;
    };
    const own = overflow(page.documentElement());
    return /hidden|clip/.test(own === "visible" ? overflow(page.body()) : own);
  }
  function scroll({ id, dx, dy }) {
    const isHorizontal = dx !== 0;
    let container = null;
    if (id !== null) {
      container = find(id);
      if (!container) return { gone: true };
      while (container && !isScrollable(container, isHorizontal)) container = parentElementOf(container);
    }
    const root = page.documentElement();
    const scroller = page.scrollingElement() ?? root;
    const element = container ?? scroller;
    if (!element) return { gone: true };
    const isPage = element === scroller || element === root;
    const height = isPage ? innerHeight : element.clientHeight;
    const width = isPage ? innerWidth : element.clientWidth;
    const { scrollLeft, scrollTop } = element;
    if (!isPage || !isWindowLocked(isHorizontal)) {
      element.scrollBy({ left: dx * width, top: dy * height, behavior: "instant" });
    }
    const box = isPage ? { left: 0, top: 0 } : element.getBoundingClientRect();
    return {
      id: idOf(element),
      moved: Math.abs(element.scrollLeft - scrollLeft) + Math.abs(element.scrollTop - scrollTop),
      page: isPage,
      x: Math.min(innerWidth - 1, Math.max(0, box.left + width / 2)),
      y: Math.min(innerHeight - 1, Math.max(0, box.top + height / 2)),
      width,
      height
    };
  }
  function scrollPosition({ id, horizontal }) {
    const element = find(id);
    if (!element) return { gone: true };
    const [at, length, size] = horizontal ? [scrolledBefore(element, getComputedStyle(element), true), element.scrollWidth, element.clientWidth] : [scrolledBefore(element, getComputedStyle(element), false), element.scrollHeight, element.clientHeight];
    const rest = length - size - at;
    return { before: Math.round(at), after: rest <= 1 ? 0 : Math.round(rest) };
  }

  // src/act/secrets.js
  var SUBMITTERS = "button,input[type=submit],input[type=image]";
  var TEXT_TYPES = new Set("text email password tel url number search date time datetime-local month week".split(" "));
  function originOf(url) {
    return URL.canParse(url) ? new URL(url).origin : "null";
  }
  function submittersOf(form) {
    return queryEverywhere(SUBMITTERS).filter((element) => element.form === form);
  }
  function targetsOf(form) {
    const targets = /* @__PURE__ */ new Set();
    const add = (written, url) => {
      if (/[^\t\n\f\r ]/.test(written ?? "") && !/^javascript:/i.test(url)) targets.add(originOf(url));
    };
    add(attribute(form, "action"), actionOf(form));
    for (const submitter of submittersOf(form)) add(attribute(submitter, "formaction"), submitter.formAction ?? "");
    return [...targets].sort();
  }
  function sendsInUrl(form) {
    const isGet = (element, name) => attribute(element, name)?.trim().toLowerCase() === "get";
    return isGet(form, "method") || submittersOf(form).some((submitter) => isGet(submitter, "formmethod"));
  }
  function isSearch(element) {
    return matches(element, "search,[role=search],[role=searchbox],input[type=search]");
  }
  function describeSecretField(element) {
    const isText2 = element instanceof HTMLInputElement && TEXT_TYPES.has(element.type) || element instanceof HTMLTextAreaElement;
    const form = isText2 ? element.form : null;
    let search2 = form !== null && isSearch(form);
    for (let node = (
      /** @type {AnyElement | null} */
      element
    ); node && !search2; node = parentElementOf(node)) {
      search2 = isSearch(node);
    }
    return {
      gone: false,
      origin: globalThis.origin,
      field: isText2,
      disabled: isText2 && (matches(element, ":disabled") || element.readOnly),
      search: search2,
      url: form !== null && sendsInUrl(form),
      targets: form === null ? [] : targetsOf(form)
    };
  }
  function secretField({ id }) {
    const element = find(id);
    return element ? describeSecretField(element) : { gone: true };
  }
  function typeSecret({ id, clear, text: text2, judged }) {
    if ("gone" in focusField({ id, clear })) return { gone: true };
    const element = find(id);
    if (!element) return { gone: true };
    if (JSON.stringify(describeSecretField(element)) !== JSON.stringify(judged)) return { changed: true };
    if (!isFocused(element)) return { unfocused: true };
    keepSecret(element);
    if (kindOf(element) === "set") setField({ id, value: text2 });
    else document.execCommand("insertText", false, text2);
    const value = String(element.value);
    return { holds: clear ? value === text2 : value.endsWith(text2) };
  }

  // src/denied.js
  var DENIED = "agent-denied";
  function readDenied() {
    const form = new FormData();
    dispatchEvent(new FormDataEvent(DENIED, { formData: form }));
    setHasInternals(form.has(HAS_INTERNALS));
    form.delete(HAS_INTERNALS);
    return [...form].map(([name, value]) => [name, String(value)]);
  }

  // src/read/barriers.js
  var CHALLENGES = [
    ["cloudflare", /\/cdn-cgi\/challenge-platform\/.*\borchestrate\//],
    ["datadome", /^https:\/\/(?:ct|geo)\.captcha-delivery\.com\//],
    ["perimeterx", /^https:\/\/captcha\.(?:px-cdn|px-cloud|perimeterx)\.net\//],
    ["awswaf", /\.(?:captcha-sdk|captcha)\.awswaf\.com\/|\.awswaf\.com\/.*\/captcha\.js/],
    ["ddosguard", /\/\.well-known\/ddos-guard\/|^https:\/\/check\.ddos-guard\.net\//]
  ];
  var MAX_SCRIPTS = 200;
  var MAX_FORMS = 20;
  var MAX_COMPLAINTS = 3;
  function challenges() {
    const found = /* @__PURE__ */ new Set();
    const scripts = page.getElementsByTagName("script");
    for (let i = 0; i < scripts.length && i < MAX_SCRIPTS; i++) {
      const source = attribute(scripts[i], "src");
      if (!source || source.length > 2e3) continue;
      for (const [name, pattern] of CHALLENGES) if (pattern.test(source)) found.add(name);
    }
    return [...found];
  }
  function complaints() {
    const out = [];
    const forms = page.getElementsByTagName("form");
    for (let i = 0; i < forms.length && i < MAX_FORMS; i++) {
      const above = previousElementOf(forms[i]);
      const alerts = [...queryAll(forms[i], "[role=alert]")];
      if (above && matches(above, "[role=alert]")) alerts.unshift(above);
      for (const alert of alerts.slice(0, 5)) {
        if (out.length === MAX_COMPLAINTS) return out;
        if (!checkVisibility(alert, { opacityProperty: true, visibilityProperty: true })) continue;
        if (/success|info/i.test(attribute(alert, "class") ?? "")) continue;
        const words = textOf(alert, 160);
        if (words) out.push(words);
      }
    }
    return out;
  }
  function barrierMarks() {
    return { gates: challenges(), complaints: complaints() };
  }

  // src/read/bisect.js
  function bisect(count, isBefore) {
    let low = 0;
    let high = count;
    while (low < high) {
      const middle = low + high >> 1;
      if (isBefore(middle)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  // src/read/context.js
  var ElementContext = class _ElementContext {
    /**
     * @param {AnyElement} element
     * @param {string} tag
     * @param {ElementContext | null} up
     * @param {Box} box
     * @param {Clip} clip
     * @param {CSSStyleDeclaration | null} style null: nothing of the element itself is listed
     * @param {boolean} open whether its text is listed
     */
    constructor(element, tag, up, box, { clip: clip2, visible }, style, open) {
      this.element = element;
      this.tag = tag;
      this.up = up;
      this.l = box.l;
      this.t = box.t;
      this.r = box.r;
      this.b = box.b;
      this.clip = clip2;
      this.visible = visible;
      this.style = style;
      this.open = open;
      this.hidden = up?.hidden ?? false;
      this.pointer = void 0;
      this.contentClip = void 0;
      this.overlap = -1;
      this.seen = false;
      this.inside = false;
      this.level = 0;
      this.text = { l: box.l, t: box.t, r: box.r, b: box.b, seen: false, level: 0 };
      this.pre = false;
      this.list = false;
      this.item = up?.item ?? false;
      this.region = up?.region ?? false;
      this.pathClip = up?.pathClip ?? EVERYWHERE;
      this.mustTest = false;
      this.listensForChildren = false;
    }
    /**
     * The context of the document as a whole, in which nothing is clipped.
     *
     * @param {AnyElement} root
     * @returns {ElementContext}
     */
    static top(root) {
      const top = new _ElementContext(root, "", null, EVERYWHERE, UNCLIPPED, null, false);
      top.contentClip = { ...UNCLIPPED, up: null };
      return top;
    }
    /**
     * The clip of content that sticks out of this element.
     *
     * @returns {ContentClip}
     */
    clips() {
      this.contentClip ??= this.clipContent();
      return this.contentClip;
    }
    /**
     * @returns {ContentClip}
     */
    clipContent() {
      this.style ??= getComputedStyle(this.element);
      const { overflowX: x, overflowY: y } = this.style;
      const isRoot = this.element === page.documentElement() || this.element === page.body();
      if (isRoot || x === "visible" && y === "visible") return { clip: this.clip, visible: this.visible, up: this };
      const own = {
        l: x === "visible" ? -NOWHERE : this.l,
        t: y === "visible" ? -NOWHERE : this.t,
        r: x === "visible" ? NOWHERE : this.r,
        b: y === "visible" ? NOWHERE : this.b
      };
      const height = this.b - this.t;
      const reach = isScrollable2(y) ? { l: own.l, t: this.t - height, r: own.r, b: this.b + height } : own;
      return { clip: meet(this.clip, reach), visible: meet(this.visible, own), up: this };
    }
  };
  var UNCLIPPED = { clip: EVERYWHERE, visible: EVERYWHERE };
  function isScrollable2(overflow) {
    return overflow === "auto" || overflow === "scroll" || overflow === "overlay";
  }
  function escapedClip(element, parents) {
    const { position } = getComputedStyle(element);
    if (position === "fixed") return UNCLIPPED;
    if (position !== "absolute") return parents;
    const block = element.offsetParent;
    for (let context = parents.up; context; context = context.up) {
      if (context.element === block) return context.clips();
    }
    return UNCLIPPED;
  }

  // src/read/cells.js
  var CELL_ROLES = /* @__PURE__ */ new Set(["cell", "gridcell", "columnheader", "rowheader"]);
  var MAX_GROUP = 500;
  var CELL_DATA = "square cell pos position coord coords row col column x y index key letter value state status piece".split(" ");
  var GENERATED2 = /^(?:css|sc|jss|emotion|svelte|makeStyles)-|(?:^|[-_])(?=[a-z\d]{5,}$)[a-z\d]*\d[a-z][a-z\d]*$/i;
  var LAYOUT_WORDS = new Set(
    "cell value normal auto height width wrapper inner outer container content item row column col grid text first last odd even".split(" ")
  );
  var MAX_PREFIX = 3;
  var DATE_ATTRIBUTES = ["data-date", "data-day", "datetime"];
  var CellGroups = class {
    constructor() {
      this.known = /* @__PURE__ */ new Map();
    }
    /**
     * @param {Element} element
     * @param {string} tag
     * @returns {CellGroup | null} null when there are few like it
     */
    of(element, tag) {
      const isCell = tag === "td" || tag === "th" || CELL_ROLES.has(attribute(element, "role") ?? "");
      const home = isCell && closest(element, "table,[role=grid],[role=table]") || parentNodeOf(element);
      if (!home) return null;
      let group = this.known.get(home);
      if (group === void 0) {
        const parent = (
          /** @type {Element} */
          home
        );
        group = countClasses(isCell ? parent.getElementsByTagName(tag) : parent.children, tag);
        this.known.set(home, group);
      }
      return group.size >= 3 ? group : null;
    }
  };
  function countClasses(members, tag) {
    const classes = /* @__PURE__ */ new Map();
    let size = 0;
    for (let i = 0; members && i < members.length && i < MAX_GROUP; i++) {
      if (localNameOf(members[i]) !== tag) continue;
      size++;
      for (const name of members[i].classList) classes.set(name, (classes.get(name) ?? 0) + 1);
    }
    return { size, classes };
  }
  function cellState(element, group, isNamed) {
    const most = isNamed ? group.size / 2 : group.size - 1;
    const parts = [];
    for (const name of element.classList) {
      const count = group.classes.get(name) ?? Infinity;
      if (GENERATED2.test(name) || isLayout(name)) continue;
      if (count <= most && name.length <= 24 && parts.length < 3) parts.push(name);
    }
    for (const key of CELL_DATA) {
      const value = attribute(element, `data-${key}`);
      if (value && value.length <= 12 && parts.length < 5) parts.push(`${key}=${value}`);
    }
    return phrase(parts.join(" "), 60);
  }
  function isLayout(name) {
    const [prefix, ...words] = name.split(/[-_]+/);
    return words.length > 0 && prefix.length <= MAX_PREFIX && words.every((word) => LAYOUT_WORDS.has(word));
  }
  function dateOf(element) {
    const inside = element.querySelector("[datetime],[data-date],abbr[title]");
    const places2 = inside ? [inside, parentNodeOf(element)] : [parentNodeOf(element), grandparentOf(element)];
    for (const node of places2) {
      if (!node || !isElement(node)) break;
      for (const name of DATE_ATTRIBUTES) {
        const date = attribute(node, name);
        if (date && /\D/.test(date)) return phrase(date, 40);
      }
      const words = attribute(node, "aria-label") || node === inside && attribute(node, "title");
      if (words && /\d/.test(words)) return phrase(words, 60);
    }
    return "";
  }
  function grandparentOf(node) {
    const parent = parentNodeOf(node);
    return parent && parentNodeOf(parent);
  }

  // src/read/clipping.js
  function pixels(text2, side) {
    const number = parseFloat(text2);
    if (!Number.isFinite(number)) return 0;
    return text2.endsWith("%") ? number * side / 100 : number;
  }
  function clippedBy(style, box) {
    return (style.clipPath !== "none" ? clippedByPath(style.clipPath, box) : null) ?? clippedByRect(style, box);
  }
  function clippedByPath(path, box) {
    const [, kind, text2] = /^(inset|circle|ellipse|polygon)\(([^)]*)\)/.exec(path) ?? [];
    if (kind === void 0) return null;
    const w = box.r - box.l;
    const h = box.b - box.t;
    if (kind === "inset") {
      const sides = text2.split(" round ")[0].trim().split(/\s+/);
      const [top, right = top, bottom = top, left = right] = sides;
      return {
        l: box.l + pixels(left, w),
        t: box.t + pixels(top, h),
        r: box.r - pixels(right, w),
        b: box.b - pixels(bottom, h)
      };
    }
    if (kind === "polygon") {
      const points = text2.replace(/^\s*(?:nonzero|evenodd)\s*,/, "").split(",");
      return boxAround(
        points.map((point) => {
          const [x, y = "0"] = point.trim().split(/\s+/);
          return (
            /** @type {Point} */
            [box.l + pixels(x, w), box.t + pixels(y, h)]
          );
        })
      );
    }
    return /^\s*0(?:px|%)?(?:\s|$)/.test(text2) ? { l: box.l, t: box.t, r: box.l, b: box.t } : null;
  }
  function clippedByRect(style, box) {
    if (style.clip === "auto" || style.position !== "absolute" && style.position !== "fixed") return null;
    const sides = style.clip.match(/-?[\d.]+px|auto/g) ?? [];
    if (sides.length !== 4) return null;
    const at = (side, start, edge) => side === "auto" ? edge : start + parseFloat(side);
    return {
      l: at(sides[3], box.l, box.l),
      t: at(sides[0], box.t, box.t),
      r: at(sides[1], box.l, box.r),
      b: at(sides[2], box.t, box.b)
    };
  }

  // src/read/colours.js
  function channels(colour) {
    return colour.match(/^rgba?\((\d+), (\d+), (\d+)/)?.slice(1, 4).map(Number);
  }
  function isColourful(colour) {
    const parts = channels(colour);
    return parts !== void 0 && Math.max(...parts) - Math.min(...parts) > 60;
  }
  function hex(colour) {
    const parts = channels(colour);
    return parts ? `#${parts.map((part) => part.toString(16).padStart(2, "0")).join("")}` : phrase(colour, 30);
  }
  var BUTTON_GREY = "rgb(239, 239, 239)";
  function tellingColour(element, icon, isDrawing) {
    const style = getComputedStyle(icon ?? element);
    if (icon) return isColourful(style.color) ? hex(style.color) : void 0;
    if (isDrawing) return colourOfShape(element, element.localName)?.replace("outline ", "");
    const colour = style.backgroundColor;
    if (colour !== "none" && !/^rgba.* 0\)$/.test(colour) && colour !== BUTTON_GREY) return hex(colour);
    if (!style.backgroundImage.includes("gradient(")) return void 0;
    return hex(/rgba?\([^)]*\)/.exec(style.backgroundImage)?.[0] ?? "");
  }
  function colourOfShape(shape, tag) {
    const { fill, stroke, opacity, fillOpacity } = getComputedStyle(shape);
    if (opacity === "0") return null;
    const isFilled = tag !== "line" && fill !== "none" && fillOpacity !== "0" && !/^rgba.* 0\)$/.test(fill);
    if (isFilled) return paint(fill);
    return stroke === "none" ? null : `outline ${paint(stroke)}`;
  }
  function paint(value) {
    return value.startsWith("url(") ? "pattern" : hex(value);
  }
  function loneColour({ backgroundColor, backgroundImage }) {
    return backgroundImage === "none" && isColourful(backgroundColor) && !/^rgba.* 0\)$/.test(backgroundColor) ? hex(backgroundColor) : null;
  }

  // src/read/drawings.js
  var SHAPES = "rect,circle,ellipse,line,polyline,polygon,path,image,use";
  var NODES = "rect,circle,ellipse,polygon,path,foreignObject";
  var LINES2 = "line,polyline,path";
  var NOT_DRAWN = "defs,marker,clipPath,mask,symbol,pattern";
  var MAX_LOOKED_AT = 300;
  var MAX_SHAPES = 40;
  var MAX_LINES2 = 60;
  var REACH = 12;
  var MAX_PATH = 400;
  function drawn2(drawing, selector) {
    const found = Array.from(queryAll(drawing, selector)).slice(0, MAX_LOOKED_AT);
    return found.filter((shape) => !closest(shape, NOT_DRAWN) && checkVisibility(shape, { visibilityProperty: true }));
  }
  function textsIn(drawing) {
    const texts = drawn2(drawing, "text,foreignObject").map((element) => ({
      box: boxFrom(rectOf(element)),
      name: phrase(element.textContent, 40)
    }));
    return texts.filter(({ name }) => name !== "");
  }
  function isMiddleIn(inner, outer) {
    const x = (inner.l + inner.r) / 2;
    const y = (inner.t + inner.b) / 2;
    return x >= outer.l && x <= outer.r && y >= outer.t && y <= outer.b;
  }
  function isListed(shape, drawing, listed) {
    for (let node = (
      /** @type {Node | null} */
      shape
    ); node && node !== drawing; node = parentOf(node)) {
      if (hasId(node) && listed.has(idOf(node))) return true;
    }
    return false;
  }
  function writeShapes(walk, drawing, context, listed) {
    const texts = textsIn(drawing);
    const area = (context.r - context.l) * (context.b - context.t);
    const shapes = [];
    let more = 0;
    for (const shape of drawn2(drawing, SHAPES)) {
      if (isListed(shape, drawing, listed)) continue;
      const box = boxFrom(rectOf(shape));
      const [w, h] = [box.r - box.l, box.b - box.t];
      if (w < 2 && h < 2 || w * h > 0.9 * area) continue;
      const look = colourOfShape(shape, localNameOf(shape));
      if (look === null) continue;
      if (shapes.length === MAX_SHAPES) {
        more++;
        continue;
      }
      const words = texts.filter((text2) => isMiddleIn(text2.box, box) && w * h < 0.5 * area).map(({ name: name2 }) => name2);
      const name = words.length > 0 ? ` "${phrase(words.join(" "), 40)}"` : "";
      const at = `${whole((box.l + box.r) / 2 - context.l)},${whole((box.t + box.b) / 2 - context.t)}`;
      shapes.push(`${localNameOf(shape)}${name} ${look} ${whole(w)}x${whole(h)} at ${at}`);
    }
    if (shapes.length === 0) return;
    walk.flush();
    walk.write(`(shapes: ${shapes.join("; ")}${more > 0 ? `; and ${more} more` : ""})`, context.text);
    walk.flush();
  }
  function writeConnections(walk, drawing, context) {
    const isNamed = queryAll(drawing, "text,foreignObject").length > 0;
    const lines = queryAll(drawing, LINES2);
    if (lines.length === 0 || !isNamed && !Array.from(lines).slice(0, 5).some(isCalledEdge)) return;
    const nodes2 = isNamed ? nodesIn(drawing) : [];
    if (isNamed && nodes2.length < 2) return;
    const found = /* @__PURE__ */ new Set();
    for (const line of drawn2(drawing, LINES2).slice(0, MAX_LINES2)) {
      const ends = endsOf(line);
      if (ends === null || !isNamed && !isCalledEdge(line)) continue;
      const [from, to] = ends.map(([x, y, dx, dy]) => isNamed ? nodeAt(nodes2, x, y) : thingAt(x + dx, y + dy));
      if (!from || !to || from === to) continue;
      const isReversed = attribute(line, "marker-start") !== null && attribute(line, "marker-end") === null;
      found.add(isReversed ? `${to} -> ${from}` : `${from} -> ${to}`);
    }
    if (found.size === 0) return;
    walk.flush();
    walk.write(`(connections: ${[...found].join("; ")})`, context.text);
    walk.flush();
  }
  function isCalledEdge(line) {
    const parent = parentOf(line);
    const around = parent && isElement(parent) ? attribute(parent, "class") : "";
    const words = `${attribute(line, "class") ?? ""} ${around ?? ""}`;
    return /edge|link|connect|wire/i.test(words);
  }
  function nodesIn(drawing) {
    const texts = textsIn(drawing);
    const area = rectOf(drawing).width * rectOf(drawing).height;
    const nodes2 = [];
    for (const shape of drawn2(drawing, NODES)) {
      const box = boxFrom(rectOf(shape));
      if (!isOpen(box) || (box.r - box.l) * (box.b - box.t) > 0.5 * area) continue;
      const words = texts.filter((text2) => isMiddleIn(text2.box, box)).map(({ name }) => name);
      if (words.length > 0 && words.length < 5) nodes2.push({ box, name: phrase(words.join(" "), 40) });
    }
    return nodes2;
  }
  function nodeAt(nodes2, x, y) {
    let best = null;
    let least = Infinity;
    for (const { box, name } of nodes2) {
      const isNear = x >= box.l - REACH && x <= box.r + REACH && y >= box.t - REACH && y <= box.b + REACH;
      const area = (box.r - box.l) * (box.b - box.t);
      if (!isNear || area >= least) continue;
      best = name;
      least = area;
    }
    return best;
  }
  function thingAt(x, y) {
    let node = (
      /** @type {Node | null} */
      elementAt(x, y)
    );
    for (let n = 0; node && isElement(node) && n < 6; n++, node = parentOf(node)) {
      const { width, height } = rectOf(node);
      if (width > 400 || height > 300) return null;
      const name = node.ownerSVGElement || localNameOf(node) === "svg" ? "" : phrase(node.textContent, 40);
      if (name) return name;
    }
    return null;
  }
  function endsOf(line) {
    if (!(line instanceof SVGGeometryElement)) return null;
    if (localNameOf(line) !== "line" && getComputedStyle(line).fill !== "none") return null;
    if ((attribute(line, "d") ?? "").length > MAX_PATH) return null;
    const matrix = line.getScreenCTM();
    const length = line.getTotalLength();
    if (!matrix || !(length > 8)) return null;
    const point = (at) => line.getPointAtLength(at).matrixTransform(matrix);
    return [
      [0, Math.min(8, length)],
      [length, Math.max(0, length - 8)]
    ].map(([end, inner]) => {
      const [a, b] = [point(end), point(inner)];
      return [a.x, a.y, a.x - b.x, a.y - b.y];
    });
  }

  // src/read/state.js
  var MAX_VALUE2 = 1e3;
  var MAX_OPTIONS2 = 60;
  var MAX_ASKED = 500;
  var FORMATS = {
    date: "YYYY-MM-DD",
    time: "HH:MM",
    "datetime-local": "YYYY-MM-DDTHH:MM",
    month: "YYYY-MM",
    week: "YYYY-Www",
    color: "#rrggbb"
  };
  function describe(element, tag, role, out) {
    setStates(element, tag, role, out);
    if (tag === "input") describeInput(element, out);
    else if (tag === "textarea") describeField(element, out);
    else if (tag === "select") describeSelect(element, out);
    else if (tag === "a" || tag === "area") describeLink(element, out);
    else if (tag === "summary") out.expanded = /** @type {AnyElement | null} */
    element.parentElement?.open === true;
    else if (tag === "video" || tag === "audio") describeMedia(element, out);
    else if (isEditor(element)) describeEditor(element, out);
  }
  function setStates(element, tag, role, out) {
    if (element.hasAttributes() || tag.includes("-")) setAttributeStates(element, tag, role, out);
    if (tag.includes("-")) setOwnStates(element, out);
    const canBeDisabled = tag === "button" || tag === "input" || tag === "select" || tag === "textarea";
    if (element.disabled === true || canBeDisabled && element.matches(":disabled")) out.disabled = true;
  }
  function setOwnStates(element, out) {
    if (element.matches(":disabled,:state(disabled)")) out.disabled = true;
    if (element.matches(":state(checked)")) out.checked ??= "true";
    if (element.matches(":state(indeterminate)")) out.checked ??= "mixed";
    if (element.matches(":state(selected)")) out.selected ??= true;
    if (element.matches(":state(expanded),:state(open)")) out.expanded ??= true;
  }
  function setAttributeStates(element, tag, role, out) {
    const aria = (name) => {
      const value = statedBy(element, `aria-${name}`);
      return value === null || value === "" ? void 0 : bounded(value, 60);
    };
    const isToggle = role === "switch" || role === "checkbox" || role === "radio";
    const checked = aria("checked") ?? (isToggle ? void 0 : aria("pressed"));
    if (checked !== void 0) out.checked = checked;
    const selected2 = aria("selected");
    if (selected2 !== void 0 && (selected2 === "true" || role === "tab" || role === "option")) {
      out.selected = selected2 === "true";
    }
    const expanded = aria("expanded");
    if (expanded !== void 0) out.expanded = expanded === "true";
    const current = aria("current");
    if (current && current !== "false") out.current = current;
    const popup = aria("haspopup");
    if (popup && popup !== "false") out.popup = popup;
    if (aria("required") === "true") out.required = true;
    if (aria("readonly") === "true") out.readonly = true;
    if (aria("disabled") === "true") out.disabled = true;
    const invalid = aria("invalid");
    if (invalid && invalid !== "false") out.invalid = referencedText(element, "aria-errormessage") || "true";
    if (aria("busy") === "true") out.busy = true;
    const sort = aria("sort");
    if (sort && sort !== "none") out.sort = sort;
    if (role === "slider" || role === "spinbutton" || role === "scrollbar" || role === "progressbar") {
      const value = aria("valuetext") ?? aria("valuenow");
      if (value !== void 0) out.value = phrase(value);
      if (aria("valuemin")) out.min = phrase(aria("valuemin"), 20);
      if (aria("valuemax")) out.max = phrase(aria("valuemax"), 20);
    }
    const date = element.getAttribute("data-date") ?? element.getAttribute("data-day") ?? element.getAttribute("datetime");
    if (date) out.date = phrase(date, 30);
    if (isTrue(element, "draggable") && tag !== "a") out.draggable = true;
  }
  function problemOf(element) {
    return phrase(element.validationMessage, 120) || "true";
  }
  function describeField(element, out) {
    if (element.required) out.required = true;
    if (element.readOnly) out.readonly = true;
    if (!out.invalid && element.matches(":user-invalid")) out.invalid = problemOf(element);
    const placeholder = phrase(element.placeholder, 120);
    if (placeholder) out.placeholder = placeholder;
    if (isSecret(element)) {
      if (element.value !== "") out.filled = true;
      return;
    }
    out.value = bounded(String(element.value ?? ""), MAX_VALUE2);
    const { maxLength } = element;
    if (maxLength !== void 0 && maxLength > 0 && maxLength < 1e4) out.maxlength = maxLength;
  }
  function describeInput(element, out) {
    const type = element.type ?? "";
    out.type = type;
    if (isCheckable(element)) {
      out.checked = element.indeterminate ? "mixed" : String(element.checked);
      if (element.required) out.required = true;
      if (element.matches(":user-invalid")) out.invalid = problemOf(element);
      return;
    }
    if (type === "button" || type === "submit" || type === "reset" || type === "image") return;
    if (type === "file") {
      if (element.multiple) out.multiple = true;
      if (element.accept) out.accept = phrase(element.accept, 80);
      const names = Array.from(element.files ?? [], (file) => file.name);
      out.value = names.slice(0, 10).join(", ");
      if (element.required) out.required = true;
      return;
    }
    describeField(element, out);
    if (FORMATS[type]) out.format = FORMATS[type];
    if (element.min) out.min = phrase(String(element.min), 30);
    if (element.max) out.max = phrase(String(element.max), 30);
    if (element.step && element.step !== "any") out.step = phrase(element.step, 20);
    if (type === "range") {
      out.min ??= "0";
      out.max ??= "100";
    }
    if (element.pattern) out.pattern = phrase(element.pattern, 60);
    if (element.list) {
      const options2 = Array.from(element.list.options);
      out.options = options2.slice(0, 20).map((option) => phrase(option.value || option.label, 60));
      out.total = options2.length;
    }
  }
  function describeSelect(element, out) {
    const offered = Array.from(element.options ?? []).filter((option, n) => n >= MAX_ASKED || isOffered(option));
    out.options = offered.slice(0, MAX_OPTIONS2).map((option) => phrase(optionLabel(option), 80) || phrase(option.value, 80));
    out.total = offered.length;
    const selected2 = selectedLabels(element).slice(0, 20);
    out.value = bounded(selected2.map((label) => phrase(label, 80)).join(", "), 300);
    if (element.multiple) out.multiple = true;
    if (element.required) out.required = true;
    if (element.matches(":user-invalid")) out.invalid = problemOf(element);
  }
  function describeLink(element, out) {
    const href = typeof element.href === "object" ? element.href.baseVal : element.href;
    out.href = bounded(String(href ?? ""), 500);
    if (element.target === "_blank") out.newtab = true;
    if (element.hasAttribute("download")) out.download = true;
  }
  function describeMedia(element, out) {
    const state = element.paused ? "paused" : "playing";
    out.value = `${state} ${mediaTime(element.currentTime)}/${mediaTime(element.duration)}`;
    if (element.muted) out.muted = true;
  }
  function mediaTime(seconds) {
    if (seconds === void 0 || !Number.isFinite(seconds)) return "live";
    return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
  }
  function describeEditor(element, out) {
    out.editable = true;
    out.value = bounded(element.innerText ?? "", MAX_VALUE2).replace(/\n$/, "");
    const placeholder = element.getAttribute("aria-placeholder") ?? element.getAttribute("data-placeholder");
    const words = phrase(placeholder, 120);
    if (words) out.placeholder = words;
  }

  // src/read/hover.js
  var MAX_RULES = 2e4;
  var MAX_TARGETS = 100;
  var MAX_REVEALED = 400;
  var MAX_NAMES = 4;
  var HOVER = /(?<!\\):hover\b/;
  var known = /* @__PURE__ */ new WeakMap();
  function shows({ display, visibility }) {
    return display !== "" && display !== "none" || visibility === "visible";
  }
  function search(rules, found) {
    for (const rule of rules) {
      if (rule instanceof CSSStyleRule && HOVER.test(rule.selectorText) && shows(rule.style)) {
        for (const selector of rule.selectorText.split(/,(?![^(]*\))/)) {
          if (!HOVER.test(selector)) continue;
          const [before] = selector.split(HOVER, 1);
          found.push({ revealed: selector.replaceAll(new RegExp(HOVER, "g"), ""), pointed: before.trim() });
        }
      } else if (rule instanceof CSSGroupingRule) {
        search(rule.cssRules, found);
      }
    }
  }
  function hoverRules() {
    const out = [];
    let count = 0;
    for (const sheet of [...page.styleSheets(), ...page.adoptedStyleSheets()]) {
      let rules;
      try {
        rules = sheet.cssRules;
      } catch {
        continue;
      }
      count += rules.length;
      if (sheet.disabled || count > MAX_RULES) continue;
      let entry = known.get(sheet);
      if (entry === void 0 || entry.count !== rules.length) {
        entry = { count: rules.length, found: [] };
        search(rules, entry.found);
        known.set(sheet, entry);
      }
      out.push(...entry.found);
    }
    return out;
  }
  function isHidden(element) {
    return !checkVisibility(element, { visibilityProperty: true });
  }
  function pointedAt(target, pointed) {
    let named = null;
    try {
      named = pointed === "" ? null : (
        /** @type {AnyElement | null} */
        target.parentElement?.closest(pointed) ?? null
      );
    } catch {
    }
    let node = named ?? target.parentElement;
    while (node !== null && (clientRectsOf(node).length === 0 || isHidden(node))) node = node.parentElement;
    return node === page.body() || node === page.documentElement() ? null : node;
  }
  function labelOf(control) {
    const { name } = identify(control, localNameOf(control), explicitRole(control));
    return phrase(name || control.textContent, 30);
  }
  function revealers() {
    const out = /* @__PURE__ */ new Map();
    let left = MAX_REVEALED;
    for (const { revealed, pointed } of hoverRules()) {
      let targets;
      try {
        targets = page.querySelectorAll(revealed);
      } catch {
        continue;
      }
      for (let n = 0; n < targets.length && n < MAX_TARGETS && left > 0; n++) {
        const target = targets[n];
        if (!isHidden(target)) continue;
        const controls = target.matches(COUNTED_CONTROL) ? [target] : [...target.querySelectorAll(COUNTED_CONTROL)];
        const holder = controls.length > 0 ? pointedAt(target, pointed) : null;
        if (holder === null) continue;
        left--;
        const names = out.get(holder) ?? /* @__PURE__ */ new Set();
        for (const control of controls.slice(0, MAX_NAMES)) names.add(labelOf(control));
        out.set(holder, names);
      }
    }
    const words = (names) => [...names].filter(Boolean).slice(0, MAX_NAMES).join(", ");
    return new Map([...out].map(([holder, names]) => [holder, words(names) || "controls"]));
  }

  // src/read/order.js
  var MAX_CHILDREN = 400;
  function placedChildren(element) {
    const { children } = element;
    const count = children.length;
    if (count < 2 || count > MAX_CHILDREN) return null;
    if (!children[0].hasAttribute("style")) return null;
    const tag = localNameOf(children[0]);
    for (let n = 0; n < count; n++) {
      const child = children[n];
      if (localNameOf(child) !== tag || getComputedStyle(child).position !== "absolute") return null;
    }
    const tops = Array.from(children, (child) => rectOf(child).top);
    if (tops.every((top, n) => n === 0 || tops[n - 1] <= top)) return null;
    return [...tops.keys()].sort((a, b) => tops[a] - tops[b]).map((n) => children[n]);
  }
  function arranges(style) {
    if (style === null) return false;
    const { display } = style;
    return display.endsWith("flex") || display.endsWith("grid");
  }
  function asOnScreen(nodes2, style) {
    if (!arranges(style) || nodes2.length < 2 || nodes2.length > MAX_CHILDREN) return nodes2;
    const ordered = byOrder(nodes2);
    const { flexDirection, flexWrap } = style;
    const isReversed = flexDirection.endsWith("-reverse");
    const isWrappedUp = flexWrap === "wrap-reverse";
    if (!style.display.endsWith("flex") || !(isReversed || isWrappedUp)) return ordered;
    const lines = flexWrap === "nowrap" ? [[...ordered]] : linesOf(ordered, style);
    if (isReversed) for (const line of lines) line.reverse();
    return (isWrappedUp ? lines.reverse() : lines).flat();
  }
  function byOrder(nodes2) {
    const orders = nodes2.map((node) => isElement(node) ? Number(getComputedStyle(node).order) : 0);
    if (orders.every((order) => order === 0)) return nodes2;
    return [...orders.keys()].sort((a, b) => orders[a] - orders[b]).map((n) => nodes2[n]);
  }
  function linesOf(nodes2, { flexDirection, direction }) {
    const isRow = flexDirection.startsWith("row");
    const isBackwards = flexDirection.endsWith("-reverse") !== (isRow && direction === "rtl");
    const lines = [[]];
    let last = -Infinity;
    for (const node of nodes2) {
      const rect = isElement(node) ? rectOf(node) : null;
      if (rect !== null && (rect.width > 0 || rect.height > 0)) {
        const place = (isRow ? rect.left : rect.top) * (isBackwards ? -1 : 1);
        if (place <= last) lines.push([]);
        last = place;
      }
      lines[lines.length - 1].push(node);
    }
    return lines;
  }

  // src/read/overlaps.js
  var BANDS = 48;
  var Overlaps = class {
    /**
     * @param {number} height of the viewport
     */
    constructor(height) {
      this.scale = BANDS / Math.max(height, 1);
      this.bands = Array.from({ length: BANDS }, () => []);
      this.l = [];
      this.t = [];
      this.r = [];
      this.b = [];
      this.last = [];
    }
    /**
     * Adds a box. Its number is its place in document order; `close` says which one was the last inside it.
     *
     * @param {Box} box
     * @returns {number}
     */
    add(box) {
      const n = this.l.push(box.l) - 1;
      this.t.push(box.t);
      this.r.push(box.r);
      this.b.push(box.b);
      this.last.push(n);
      const [from, to] = this.bandsOf(box);
      for (let band = from; band <= to; band++) this.bands[band].push(n);
      return n;
    }
    /**
     * @param {number} n
     * @returns {void}
     */
    close(n) {
      this.last[n] = this.l.length - 1;
    }
    /**
     * @param {Box} box
     * @returns {[first: number, last: number]}
     */
    bandsOf(box) {
      const first = Math.max(0, Math.floor(box.t * this.scale));
      return [first, Math.min(BANDS - 1, Math.floor(box.b * this.scale))];
    }
    /**
     * Whether a box that is neither around nor inside box `n` reaches into an area.
     *
     * @param {number} n
     * @param {Box} area
     * @returns {boolean}
     */
    anyIn(n, area) {
      const { l, t, r, b, last } = this;
      const [from, to] = this.bandsOf(area);
      for (let at = from; at <= to; at++) {
        for (const m of this.bands[at]) {
          if (area.l >= r[m] || area.r <= l[m] || area.t >= b[m] || area.b <= t[m]) continue;
          if (m <= n ? last[m] < n : m > last[n]) return true;
        }
      }
      return false;
    }
    /**
     * @param {number} n
     * @param {number} x
     * @param {number} y
     * @returns {boolean}
     */
    anyAt(n, x, y) {
      return this.anyIn(n, { l: x, t: y, r: x + 0.01, b: y + 0.01 });
    }
  };

  // src/read/visibility.js
  function isUnreadable(style, element) {
    if (parseFloat(style.fontSize) < 3 && !element.ownerSVGElement) return true;
    return /^rgba\(.*, 0\)$/.test(style.webkitTextFillColor) && style.backgroundClip !== "text" && style.textShadow === "none" && parseFloat(style.webkitTextStrokeWidth) === 0 && !element.ownerSVGElement;
  }
  function listedRange() {
    let frame = window;
    let left = 0;
    let top = 0;
    let view = { l: 0, t: 0, r: innerWidth, b: innerHeight };
    let screen = innerHeight;
    try {
      while (frame.frameElement) {
        const owner = frame.frameElement;
        const box = owner.getBoundingClientRect();
        left += box.left + owner.clientLeft;
        top += box.top + owner.clientTop;
        frame = frame.parent;
        screen = frame.innerHeight;
        view = meet(view, { l: -left, t: -top, r: frame.innerWidth - left, b: screen - top });
      }
    } catch {
    }
    const far = frame === window ? view : { l: -left, t: -top, r: frame.innerWidth - left, b: screen - top };
    return { view, range: { l: view.l, t: far.t - screen, r: view.r, b: far.b + screen } };
  }
  function isReachedAt(element, x, y) {
    const hit = elementAt(x, y);
    if (!hit) return false;
    if (contains(element, hit)) return true;
    const label = closest(hit, "label");
    if (label && (label.control === element || label === element)) return true;
    return contains(hit, element) && getComputedStyle(element).pointerEvents === "none";
  }
  var COVER_POINTS = [
    [0.5, 0.5],
    [0.2, 0.5],
    [0.8, 0.5],
    [0.5, 0.2],
    [0.5, 0.8]
  ];
  function isCovered(element, seen) {
    const w = seen.r - seen.l;
    const h = seen.b - seen.t;
    for (const [x, y] of COVER_POINTS) if (isReachedAt(element, seen.l + w * x, seen.t + h * y)) return false;
    for (const { left, top, right, bottom } of pressableBoxes(element).slice(0, 5)) {
      const part = meet(seen, { l: left, t: top, r: right, b: bottom });
      if (isOpen(part) && isReachedAt(element, (part.l + part.r) / 2, (part.t + part.b) / 2)) return false;
    }
    return true;
  }
  function isUnderBar(element, seen) {
    let bar = null;
    let node = (
      /** @type {Node | null} */
      elementAt((seen.l + seen.r) / 2, (seen.t + seen.b) / 2)
    );
    for (; node && !bar && !contains(node, element); node = parentOf(node)) {
      if (isElement(node) && /^(?:fixed|sticky)$/.test(getComputedStyle(node).position)) bar = node;
    }
    if (bar === null) return false;
    const { top, width, height } = rectOf(bar);
    if (width > innerWidth / 2 && height > innerHeight / 2) return false;
    for (let outer = parentOf(element); outer; outer = parentOf(outer)) {
      if (!isElement(outer)) continue;
      const { position, overflowY } = getComputedStyle(outer);
      const isPage = outer === page.scrollingElement();
      const isScroller = isPage ? overflowY !== "hidden" : overflowY === "auto" || overflowY === "scroll";
      const box = rectOf(outer);
      const middle = isPage ? innerHeight / 2 : box.top + box.height / 2;
      const room = top + height / 2 < middle ? outer.scrollTop : outer.scrollHeight - outer.clientHeight - outer.scrollTop;
      if (isScroller && room > 1) return true;
      if (position === "fixed") return false;
    }
    return false;
  }
  var MAX_TEXT_BOXES = 3;
  var PAINTED2 = /* @__PURE__ */ new Set(["img", "canvas", "video", "iframe"]);
  function isTextCovered(text2, element, view) {
    let isAnySeen = false;
    for (const rect of Array.from(contentRange(text2).getClientRects()).slice(0, MAX_TEXT_BOXES)) {
      const seen = meet(boxFrom(rect), view);
      if (!isOpen(seen)) continue;
      isAnySeen = true;
      if (!isPaintedOver(element, (seen.l + seen.r) / 2, (seen.t + seen.b) / 2)) return false;
    }
    return isAnySeen;
  }
  function isPaintedOver(element, x, y) {
    let isOpaque = false;
    let node = (
      /** @type {Node | null} */
      elementAt(x, y)
    );
    for (; node && !contains(node, element) && !contains(element, node); node = parentOf(node)) {
      if (!isElement(node)) continue;
      const { position, backgroundColor, opacity } = getComputedStyle(node);
      if (position === "fixed" || position === "sticky" || Number(opacity) < 1) return false;
      const { left, top, right, bottom } = rectOf(node);
      const isThere = x >= left && x <= right && y >= top && y <= bottom;
      isOpaque ||= isThere && (PAINTED2.has(localNameOf(node)) || backgroundColor.startsWith("rgb("));
    }
    return isOpaque;
  }
  var GRID = 5;
  function coverMask(frame, seen) {
    let mask = 0;
    for (let row = 0; row < GRID; row++) {
      for (let column = 0; column < GRID; column++) {
        const x = seen.l + (column + 0.5) * (seen.r - seen.l) / GRID;
        const y = seen.t + (row + 0.5) * (seen.b - seen.t) / GRID;
        if (elementAt(x, y) !== frame) mask |= 1 << row * GRID + column;
      }
    }
    return mask;
  }
  function isDrawn(element) {
    const box = boxFrom(element.getBoundingClientRect());
    const cut = clippedBy(getComputedStyle(element), box);
    const { l, t, r, b } = cut === null ? box : meet(box, cut);
    return r - l > 2 && b - t > 2 && r > 0 && element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  }

  // src/read/text.js
  var MAX_TEXT2 = 4e3;
  function listText(walk, node, up) {
    if (walk.muted > 0 || up.hidden || !up.open) return;
    const { data } = node;
    if (!/\S/.test(data)) {
      if (walk.line !== null) walk.line.text += " ";
      return;
    }
    if (up.style !== null && isUnreadable(up.style, up.element)) return;
    let box = up.text;
    if (!up.inside) {
      const range = contentRange(node);
      const rect = range.getBoundingClientRect();
      const own = boxFrom(rect);
      if (rect.width === 0 || !isOpen(meet(own, up.clip))) return;
      if (!isOpen(meet(meet(own, up.clip), walk.range))) return;
      box = { ...own, seen: walk.isInView(own, up.visible), level: up.level };
      if (data.length > MAX_TEXT2) {
        listLongText(walk, node, range, box, up);
        return;
      }
    }
    if (!up.pre) {
      walk.write(data, box, [node, up]);
      return;
    }
    const lines = data.split("\n");
    for (let i = 0; i < lines.length; i++) {
      if (i > 0) walk.flush();
      if (lines[i] !== "") walk.write(lines[i], box, [node, up]);
    }
  }
  function listLongText(walk, node, range, box, up) {
    const { data } = node;
    const offsetAt = (y) => bisect(data.length - 1, (n) => {
      range.setStart(node, 0);
      range.setEnd(node, n + 1);
      return range.getBoundingClientRect().bottom < y;
    });
    const area = meet(up.clip, walk.range);
    const start = box.t < area.t ? offsetAt(area.t) : 0;
    const end = box.b > area.b ? offsetAt(area.b) : data.length;
    const text2 = (start > 0 ? "… " : "") + data.slice(start, Math.max(end, start + 200));
    for (const part of up.pre ? text2.split("\n") : [text2]) {
      walk.write(part, box);
      if (up.pre) walk.flush();
    }
    if (end < data.length) walk.write(" …", box);
  }

  // src/read/walk.js
  var BIG_PAGE = 1500;
  var MAX_ITEMS = 6e3;
  var MAX_CHARACTERS = 2e5;
  var MAX_HIT_TESTS = 400;
  var MAX_DEPTH3 = 600;
  var CROWD = 400;
  var MAX_TEXT_TESTS = 200;
  var MAX_CONCEALED = 60;
  var MAX_EDITORS = 100;
  var Walk = class {
    /**
     * @param {number} nodes elements in the document
     * @param {Box} range what is listed
     * @param {Box} view what is in the viewport
     * @param {(walk: Walk, element: AnyElement, up: ElementContext) => void} visit lists an element and what is in it
     */
    constructor(nodes2, range, view, visit) {
      this.big = nodes2 > BIG_PAGE;
      this.range = range;
      this.view = view;
      this.visit = visit;
      this.items = [];
      this.listed = 0;
      this.characters = 0;
      this.overlaps = new Overlaps(view.b);
      this.checks = [];
      this.frames = [];
      this.texts = [];
      this.hosts = [];
      this.above = 0;
      this.below = 0;
      this.beside = 0;
      this.cut = 0;
      this.concealedLeft = MAX_CONCEALED;
      this.colours = 0;
      this.wordless = 0;
      this.first = null;
      this.last = null;
      this.line = null;
      this.muted = 0;
      this.depth = 0;
      this.layers = null;
      this.probed = /* @__PURE__ */ new Set();
      this.drawnControls = /* @__PURE__ */ new Map();
      this.groups = new CellGroups();
      this.revealers = revealers();
      this.editors = codeEditors();
      this.hasFileFields = page.querySelector("input[type=file]") !== null;
      this.scrollX = window.scrollX;
    }
    // ---- the descent
    /**
     * Lists what is in an element.
     *
     * @param {AnyElement} element
     * @param {ElementContext} context
     * @returns {void}
     */
    children(element, context) {
      if (++this.depth > MAX_DEPTH3) {
        this.cut++;
      } else {
        const root = rootOf(element);
        if (root) this.siblings(firstChildOf(root), context);
        else if (localNameOf(element) === "slot" && element.getRootNode() !== document) {
          const assigned = (
            /** @type {HTMLSlotElement} */
            element.assignedNodes()
          );
          if (assigned.length === 0) this.siblings(firstChildOf(element), context);
          else this.nodes(assigned, context);
        } else if (!this.big || element.childElementCount < CROWD || !this.crowd(element, context)) {
          const placed = placedChildren(element);
          if (placed === null) this.siblings(firstChildOf(element), context);
          else for (const child of placed) this.node(child, context);
        }
      }
      this.depth--;
    }
    /**
     * @param {Node | null} first
     * @param {ElementContext} context
     * @returns {void}
     */
    siblings(first, context) {
      if (!arranges(context.style)) {
        for (let node = first; node !== null; node = nextSiblingOf(node)) this.node(node, context);
        return;
      }
      const nodes2 = [];
      for (let node = first; node !== null; node = nextSiblingOf(node)) nodes2.push(node);
      this.nodes(nodes2, context);
    }
    /**
     * @param {Node[]} nodes
     * @param {ElementContext} context
     * @returns {void}
     */
    nodes(nodes2, context) {
      for (const node of asOnScreen(nodes2, context.style)) this.node(node, context);
    }
    /**
     * @param {Node} node
     * @param {ElementContext} context
     * @returns {void}
     */
    node(node, context) {
      if (isText(node)) listText(this, node, context);
      else if (isElement(node)) this.visit(this, node, context);
    }
    /**
     * Of very many children that stand in the order of their places, top to bottom, visits only those near enough, and
     * those that the probes hit.
     *
     * @param {AnyElement} element
     * @param {ElementContext} context
     * @returns {boolean} false, and nothing was done, when they stand in another order
     */
    crowd(element, context) {
      const { children } = element;
      const count = children.length;
      const boxFrom2 = (at) => {
        for (let n = at; n < count && n < at + 20; n++) {
          const rect = rectOf(children[n]);
          if (rect.width > 0 || rect.height > 0) return rect;
        }
        return null;
      };
      let top = -Infinity;
      for (let n = 0; n < 24; n++) {
        const rect = boxFrom2(Math.floor(n * (count - 20) / 23));
        if (rect === null || rect.top < top) return false;
        top = rect.top;
      }
      const firstWhere = (isThere) => bisect(count, (n) => {
        const rect = boxFrom2(n);
        return rect !== null && !isThere(rect);
      });
      const from = Math.max(0, firstWhere((rect) => rect.bottom >= this.range.t) - 40);
      const to = Math.min(count, firstWhere((rect) => rect.top > this.range.b) + 40);
      const kept = /* @__PURE__ */ new Set();
      for (const node2 of this.probed) if (parentNodeOf(node2) === element) kept.add(node2);
      for (const node2 of kept) if (comesBefore(node2, children[from])) this.node(node2, context);
      const end = to < count ? children[to] : null;
      let node = from === 0 ? firstChildOf(element) : children[from];
      for (; node !== null && node !== end; node = nextSiblingOf(node)) {
        this.node(node, context);
        kept.delete(node);
      }
      if (end !== null) {
        for (const node2 of kept) if (node2 === end || comesBefore(end, node2)) this.node(node2, context);
      }
      return true;
    }
    // ---- what is written
    /**
     * Adds to the line of text.
     *
     * @param {string} text
     * @param {TextBox} box
     * @param {[Text, ElementContext] | null} [source]
     * @returns {void}
     */
    write(text2, box, source = null) {
      if (this.muted > 0) return;
      const line = this.line;
      if (line === null) {
        this.line = { text: text2, l: box.l, t: box.t, r: box.r, b: box.b, seen: box.seen, level: box.level, first: source };
        return;
      }
      line.first ??= source;
      line.text += text2;
      if (box.l < line.l) line.l = box.l;
      if (box.t < line.t) line.t = box.t;
      if (box.r > line.r) line.r = box.r;
      if (box.b > line.b) line.b = box.b;
      line.seen ||= box.seen;
      line.level ||= box.level;
    }
    /**
     * Ends the line of text.
     *
     * @returns {void}
     */
    flush() {
      const line = this.line;
      if (line === null) return;
      this.line = null;
      const text2 = phrase(line.text, MAX_TEXT2);
      if (text2 === "") return;
      if (this.items.length > MAX_ITEMS || this.characters > MAX_CHARACTERS) {
        this.cut++;
        return;
      }
      this.characters += text2.length;
      this.listed++;
      const [x, y, width, height] = placeOf2(line);
      const item = { t: [x, y, width, height, line.seen ? 1 : 0, text2, line.level] };
      this.items.push(item);
      if (line.seen && line.first !== null) {
        const [node, up] = line.first;
        this.texts.push({ item, node, up, seen: meet(line, this.view) });
      }
    }
    /**
     * Lists an element.
     *
     * @param {AnyElement} element
     * @param {string} tag
     * @param {Box} box
     * @param {boolean} seen
     * @param {Description} [identified]
     * @returns {ElementItem}
     */
    add(element, tag, box, seen, identified) {
      const record = newRecord(element, tag, box, identified);
      const reveals = this.revealers.get(element);
      if (reveals !== void 0) record.reveals = reveals;
      if (seen) record.v = 1;
      this.listed++;
      this.noteEdge(element);
      if (this.items.length > MAX_ITEMS) this.cut++;
      else this.items.push({ e: record });
      return record;
    }
    /**
     * Remembers an element as the last one that is listed.
     *
     * @param {AnyElement} element
     * @returns {void}
     */
    noteEdge(element) {
      this.first ??= element;
      this.last = element;
    }
    /**
     * The part of a box that is in the viewport.
     *
     * @param {Box} box
     * @param {Box} visible what clipping leaves
     * @returns {Box}
     */
    inView(box, visible) {
      return meet(meet(box, visible), this.view);
    }
    /**
     * @param {Box} box
     * @param {Box} visible
     * @returns {boolean}
     */
    isInView(box, visible) {
      return isOpen(this.inView(box, visible));
    }
    // ---- after the walk
    /**
     * BlockSigns controls that something else is painted over, and where frames are covered.
     *
     * @returns {number} hit tests made for controls
     */
    markCovered() {
      let tests = 0;
      for (const { record, element, overlap, seen, mustTest } of this.checks) {
        const x = (seen.l + seen.r) / 2;
        const y = (seen.t + seen.b) / 2;
        if (!mustTest && (overlap === -1 || !this.overlaps.anyAt(overlap, x, y))) continue;
        if (++tests > MAX_HIT_TESTS) break;
        if (isCovered(element, seen) && !isUnderBar(element, seen)) record.covered = true;
      }
      for (const { record, element, overlap, seen } of this.frames) {
        if (overlap !== -1 && this.overlaps.anyIn(overlap, seen)) record.cover = coverMask(element, seen);
      }
      return tests;
    }
    /**
     * The listed texts that something is painted over for good.
     *
     * @returns {Set<Item>}
     */
    coveredTexts() {
      const covered = /* @__PURE__ */ new Set();
      let tests = 0;
      for (const { item, node, up, seen } of this.texts) {
        if (up.overlap === -1 || !this.overlaps.anyIn(up.overlap, seen)) continue;
        if (++tests > MAX_TEXT_TESTS) break;
        if (isTextCovered(node, up.element, meet(up.clips().visible, this.view))) covered.add(item);
      }
      return covered;
    }
  };
  function codeEditors() {
    const out = new Map(knownEditors(MAX_EDITORS));
    const fields = page.getElementsByTagName("textarea");
    for (let n = 0; n < fields.length && n < MAX_EDITORS; n++) {
      const editor = editorOf(fields[n]);
      if (editor && !out.has(editor)) out.set(editor, fields[n]);
    }
    return out;
  }
  function placeOf2(box) {
    return [whole(box.l), whole(box.t), whole(box.r - box.l), whole(box.b - box.t)];
  }
  function newRecord(element, tag, box, identified) {
    const explicit = explicitRole(element);
    const { role, name } = identified ?? identify(element, tag, explicit);
    const record = { i: idOf(element), b: placeOf2(box), tag: bounded(tag, 40) };
    if (explicit) record.role = explicit;
    if (role !== explicit) record.kind = role;
    if (name) record.name = name;
    return record;
  }
  function rename(record, name) {
    if (name === (record.name ?? "")) return;
    record.sig = record.name ?? "";
    record.name = name;
  }

  // src/read/structure.js
  var REGION_TAGS = {
    nav: "nav",
    aside: "aside",
    footer: "footer",
    header: "header",
    dialog: "dialog",
    fieldset: "group",
    form: "form"
  };
  var REGION_ROLES = {
    navigation: "nav",
    complementary: "aside",
    contentinfo: "footer",
    banner: "header",
    dialog: "dialog",
    search: "search",
    alertdialog: "dialog",
    alert: "alert",
    status: "status",
    group: "group",
    radiogroup: "group",
    form: "form",
    listbox: "listbox",
    menu: "menu",
    menubar: "menu",
    tablist: "tablist",
    toolbar: "toolbar",
    tree: "tree",
    grid: "grid",
    treegrid: "grid",
    tabpanel: "tabpanel",
    region: "region"
  };
  var TELLING = new Set(
    "nav aside footer header dialog search alert listbox menu tablist toolbar tree grid".split(" ")
  );
  var SHADOW_HOSTS = new Set(
    "article aside blockquote body div footer h1 h2 h3 h4 h5 h6 header main nav p section span".split(" ")
  );
  var MAX_HOSTS = 40;
  var MIN_LIST = 8;
  function listContainer(walk, element, tag, context, isBlock) {
    const isEmpty = element.firstChild === null;
    if (isEmpty && context.style && (!isBlock || !rootOf(element))) noteHost(walk, element, tag, context);
    if (!context.style || !isBlock || isEmpty) {
      if (!context.style || !isEmpty || rootOf(element)) walk.children(element, context);
      return;
    }
    const structure = openStructure(walk, element, tag, context, true);
    walk.children(element, context);
    closeStructure(walk, element, tag, context, structure);
  }
  function openStructure(walk, element, tag, context, isBlock) {
    const { items } = walk;
    const structure = { slot: items.length, opening: null, head: 1, before: walk.listed };
    items.push(null);
    if (!isBlock) return structure;
    if (/^h[1-6]$/.test(tag)) context.level = Number(tag[1]);
    const explicit = element.getAttribute("role");
    if (explicit === "heading") context.level = Number(element.getAttribute("aria-level")) || 2;
    context.text.level = context.level;
    const scope = scopeOf(element, tag, explicit, context);
    structure.opening = scope && { o: scope };
    if (structure.opening !== null) items.push(structure.opening);
    if (context.up?.list) items.push("n");
    structure.head = items.length - structure.slot;
    return structure;
  }
  function closeStructure(walk, element, tag, context, { slot, opening, before }) {
    const { items } = walk;
    const explicit = element.getAttribute("role");
    if (tag === "th" || CELL_ROLES.has(explicit ?? "")) writeSorting(walk, element, context);
    walk.flush();
    if (walk.listed === before) items.length = slot;
    else if (opening !== null) items.push("c");
    if (scrolls(element, context)) listScroller(walk, element, tag, context, slot, opening);
  }
  function writeSorting(walk, header, context) {
    const order = header.getAttribute("aria-sort");
    if (order === "ascending" || order === "descending") walk.write(` (sorted ${order}) `, context.text);
  }
  function withRowCount(element, name) {
    const count = whole(Number(element.getAttribute("aria-rowcount")));
    return count > 0 ? `${name}${name ? ", " : ""}${count} rows` : name;
  }
  function scopeOf(element, tag, explicit, context) {
    if (tag === "tr" || explicit === "row") return ["row", ""];
    const region = explicit && REGION_ROLES[explicit] || REGION_TAGS[tag];
    if (region !== void 0) {
      let name = referencedText(element, "aria-labelledby") || phrase(element.getAttribute("aria-label"), 80);
      if (!name && tag === "fieldset") name = phrase(element.querySelector("legend")?.textContent, 80);
      if (region === "grid") name = withRowCount(element, name);
      const isModal = region === "dialog" && (element.matches(":modal") || element.getAttribute("aria-modal") === "true");
      const isNested = context.region && region !== "dialog";
      context.region = true;
      if (name || TELLING.has(region) && !isNested) return [isModal ? "modal dialog" : region, name];
    }
    const { firstElementChild, lastElementChild, childElementCount } = element;
    if (childElementCount >= MIN_LIST && firstElementChild?.localName === lastElementChild?.localName) {
      context.list = true;
      return ["list", ""];
    }
    if ((tag === "ul" || tag === "ol" || explicit === "group") && context.up?.item) {
      context.item = true;
      return ["sub", ""];
    }
    if (tag === "li" || explicit === "treeitem" || explicit === "listitem") context.item = true;
    return null;
  }
  function overflows(content, box) {
    return content > box + Math.max(8, box / 20);
  }
  function scrolls(element, context) {
    if (element === page.documentElement() || element === page.body()) return false;
    const down = overflows(element.scrollHeight, element.clientHeight);
    if (context.contentClip === void 0 && !(down && element.clientHeight > 0)) return false;
    const across = overflows(element.scrollWidth, element.clientWidth);
    if (!down && !across) return false;
    const { overflowX, overflowY } = context.style ?? getComputedStyle(element);
    return isScrollable2(overflowY) && down || isScrollable2(overflowX) && across;
  }
  function pages(length, size) {
    return Math.max(0, whole(10 * length / size) / 10);
  }
  function listScroller(walk, element, tag, context, slot, opening) {
    const { scrollHeight, clientHeight, scrollWidth, clientWidth } = element;
    const record = newRecord(element, tag, context);
    record.open = true;
    rename(record, withRowCount(element, givenName(element)));
    if (walk.isInView(context, context.visible)) record.v = 1;
    const height = Math.max(1, clientHeight);
    const width = Math.max(1, clientWidth);
    const style = context.style ?? getComputedStyle(element);
    const { overflowX, overflowY } = style;
    const scrollLeft = scrolledBefore(element, style, true);
    const scrollTop = scrolledBefore(element, style, false);
    const isVertical = isScrollable2(overflowY);
    const isHorizontal = isScrollable2(overflowX);
    record.scroll = [
      isVertical ? pages(scrollTop, height) : 0,
      isVertical ? pages(scrollHeight - clientHeight - scrollTop, height) : 0,
      isHorizontal ? pages(scrollLeft, width) : 0,
      isHorizontal ? pages(scrollWidth - clientWidth - scrollLeft, width) : 0
    ];
    const { items } = walk;
    const kind = opening?.o[0];
    if (slot >= items.length) {
      if (!/\S/.test(element.textContent ?? "")) return;
      record.open = false;
      items.push({ e: record });
    } else if (kind !== void 0 && items[slot + 1] === opening && kind !== "list" && kind !== "row") {
      items[slot + 1] = { e: record };
    } else {
      items[slot] = { e: record };
      items.push("c");
    }
    walk.listed++;
    if (kind === "listbox" || kind === "menu" || kind === "tree") writeEntriesLeft(walk, element, context, slot);
  }
  var ENTRIES = "[role=option],[role=menuitem],[role=menuitemcheckbox],[role=menuitemradio],[role=treeitem]";
  function writeEntriesLeft(walk, element, context, slot) {
    let left = element.querySelectorAll(ENTRIES).length;
    for (const item of walk.items.slice(slot)) {
      if (item !== null && typeof item === "object" && "e" in item && ENTRIES.includes(`[role=${item.e.role}]`)) left--;
    }
    if (left <= 0) return;
    walk.write(`(${left} more, scroll the ${element.getAttribute("role")} to see)`, context.text);
    walk.flush();
  }
  function noteHost(walk, element, tag, context) {
    if (walk.hosts.length >= MAX_HOSTS || isExamined(element)) return;
    const hasSize = context.r - context.l > 8 && context.b - context.t > 8;
    if (tag.includes("-") || SHADOW_HOSTS.has(tag) && hasSize) walk.hosts.push(idOf(element));
  }

  // src/read/controls.js
  var MAX_EDITOR_TEXT = 4e3;
  function listControl(walk, element, tag, explicit, box, visible, context) {
    walk.flush();
    const seen = walk.inView(box, visible);
    const identified = identify(element, tag, explicit);
    const { role, content, open } = identified;
    const record = walk.add(element, tag, box, isOpen(seen), identified);
    describe(element, tag, role, record);
    if (role === "combobox" && record.value === void 0) {
      const words = phrase(content.text);
      if (words) record.value = words;
    }
    if (context !== null && letsPressesThrough(tag, context)) record.disabled = true;
    if (!record.name) describeNameless(walk, element, tag, record, content.icon);
    if (tag === "button" || tag === "td") describeCell(walk, element, tag, record);
    if (element.ownerSVGElement) describeShape(element, element.ownerSVGElement, tag, record);
    describeDay(element, record);
    if (tag === "canvas") record.size = [element.clientWidth, element.clientHeight];
    if (context === null) return record;
    if (record.v === 1 && walk.items.length > 0) {
      walk.checks.push({ record, element, overlap: context.overlap, seen, mustTest: context.mustTest });
    }
    const hasList = role === "combobox" || role === "listbox" || explicit === "treeitem";
    const hasElements = element.firstElementChild !== null;
    if (content.controls.length > 0 || hasList && tag !== "select" && hasElements) {
      listNested(walk, content.controls, context, record);
    } else if (open && hasElements && tag !== "canvas" && tag !== "select" && tag !== "textarea" && !isEditor(element)) {
      listNested(walk, null, context, record);
    }
    return record;
  }
  function letsPressesThrough(tag, { style, up }) {
    return (tag === "a" || tag === "button") && style?.pointerEvents === "none" && !up?.pointer;
  }
  function listNested(walk, controls, context, record) {
    const slot = walk.items.length;
    const before = walk.listed;
    context.pointer = true;
    if (controls === null) walk.children(context.element, context);
    else for (const control of controls) walk.visit(walk, control, context);
    walk.flush();
    if (walk.listed === before) {
      walk.items.length = slot;
    } else {
      record.open = true;
      walk.items.push("c");
    }
  }
  function describeNameless(walk, element, tag, record, icon) {
    if (tag === "input" || tag === "select" || tag === "textarea") {
      const field = phrase(element.getAttribute("name") ?? element.id, 40);
      if (field) record.field = field;
      return;
    }
    const hint = iconHint(icon ?? element) || (icon ? iconHint(element) : "");
    const group = hint && isControl(element, tag, record.role ?? "") ? null : walk.groups.of(element, tag);
    if (group) record.state = cellState(element, group, false);
    const own = hint || (group && !icon ? "" : icon && phrase(attribute(icon, "class"), 40) || elementHint(element));
    if (own) record.icon = own;
    const colour = tellingColour(element, icon, Boolean(element.ownerSVGElement));
    if (colour !== void 0) record.colour = colour;
  }
  function describeCell(walk, element, tag, record) {
    const group = record.name && record.name.length <= 2 ? walk.groups.of(element, tag) : null;
    if (group) record.state = cellState(element, group, true);
  }
  function describeDay(element, record) {
    if (record.date || !record.name || !/^\d{1,2}$/.test(record.name)) return;
    const date = dateOf(element);
    if (date) record.date = date;
  }
  function describeShape(element, innermost, tag, record) {
    if (tag === "a" || tag === "text" || tag === "g") return;
    record.colour = colourOfShape(element, tag)?.replace("outline ", "");
    let drawing = innermost;
    while (drawing.ownerSVGElement) drawing = drawing.ownerSVGElement;
    const outer = rectOf(drawing);
    const [x, y, w, h] = record.b;
    record.at = [whole(x + w / 2 - outer.left), whole(y + h / 2 - outer.top)];
    record.size = [w, h];
  }
  function isInHiddenBox(element, outer) {
    let node = element.parentElement;
    for (let n = 0; node && node !== outer && n < 4; n++, node = node.parentElement) {
      const box = boxFrom(rectOf(node));
      const style = getComputedStyle(node);
      const cut = clippedBy(style, box);
      if (cut !== null && !isOpen(meet(box, cut))) return true;
      if (style.overflow !== "visible" && !isOpen(box)) return true;
    }
    return false;
  }
  function isShownItself(walk, control, label) {
    let isShown = walk.drawnControls.get(control);
    if (isShown === void 0) {
      isShown = control.type === "file" || isDrawn(control) && !isInHiddenBox(control, label);
      walk.drawnControls.set(control, isShown);
    }
    return isShown;
  }
  function listLabel(walk, element, control, context) {
    if (isShownItself(walk, control, element)) {
      walk.muted++;
      context.pointer = true;
      walk.children(element, context);
      walk.muted--;
      return;
    }
    walk.flush();
    const identified = identify(element, "label", "");
    const { role, content } = identified;
    const seen = walk.inView(context, context.visible);
    const record = walk.add(element, "label", context, isOpen(seen), identified);
    describe(control, control.localName, role, record);
    if (!record.name) describeNameless(walk, element, "label", record, content.icon);
    if (record.v === 1) walk.checks.push({ record, element, overlap: context.overlap, seen, mustTest: false });
    const others = content.controls.filter((other) => other !== control);
    if (others.length > 0) listNested(walk, others, context, record);
  }
  function isElementItem(item) {
    return item !== null && typeof item === "object" && "e" in item;
  }
  function countListed(walk, from) {
    let words = "";
    let texts = 0;
    let controls = 0;
    for (const item of walk.items.slice(from)) {
      if (item === null || typeof item === "string") continue;
      if ("t" in item) {
        texts++;
        words += `${item.t[5]} `;
      } else if ("e" in item || "f" in item) controls++;
    }
    return { words, texts, controls };
  }
  var FOCUSABLE_CONTAINERS = new Set(
    "alertdialog application dialog document feed grid group listbox log main menu menubar radiogroup region tablist tabpanel toolbar tree treegrid".split(" ")
  );
  function isKeyboardStop(element, box) {
    return attribute(element, "tabindex") === "0" && (element.firstChild !== null || rootOf(element) !== null || box.r - box.l > 2 && box.b - box.t > 2) && !FOCUSABLE_CONTAINERS.has(explicitRole(element)) && element.scrollHeight <= element.clientHeight + 8;
  }
  function isBehind(element, seen) {
    const hit = elementAt((seen.l + seen.r) / 2, (seen.t + seen.b) / 2);
    return hit !== null && !contains(hit, element) && !contains(element, hit);
  }
  function isGround(element, box) {
    const drawing = element.ownerSVGElement;
    if (!drawing || !listening.has(drawing)) return false;
    const whole2 = rectOf(drawing);
    return box.r - box.l >= whole2.width - 2 && box.b - box.t >= whole2.height - 2;
  }
  function listSoftControl(walk, element, tag, explicit, context) {
    walk.flush();
    const { items } = walk;
    const before = walk.listed;
    const checked = walk.checks.length;
    const structure = openStructure(walk, element, tag, context, !INLINE.has(tag));
    const { slot, opening, head } = structure;
    walk.children(element, context);
    walk.flush();
    const isDrawing = tag === "svg" && context.r - context.l > MIN_DRAWING && context.b - context.t > MIN_DRAWING;
    if (isDrawing) {
      const listedIds = new Set(items.slice(slot + 1).flatMap((item) => isElementItem(item) ? [item.e.i] : []));
      writeShapes(walk, element, context, listedIds);
      writeConnections(walk, element, context);
    }
    const { words, texts, controls } = countListed(walk, slot + 1);
    const area = (context.r - context.l) * (context.b - context.t);
    const isHuge = area > 0.7 * innerWidth * innerHeight;
    const hasHandler = element.hasAttribute("onclick");
    const isHoverable = hoverable.has(element);
    const isQuiet = (listening.has(element) || isHoverable || isKeyboardStop(element, context)) && !context.pointer && !hasHandler && explicit === "";
    if (!isDrawing) {
      const listens = hasHandler || isTrue(element, "draggable");
      const isContainer = isQuiet && (controls > 0 || texts > 4 || scrolls(element, context)) || isHuge && (controls > 0 || texts > 6) || controls > 0 && texts === 0 && !listens;
      if (isContainer) {
        closeStructure(walk, element, tag, context, structure);
        return;
      }
      if (isHuge && walk.listed === before && isBehind(element, walk.inView(context, context.visible))) {
        items.length = slot;
        return;
      }
      if (walk.listed === before && tag === "g" && isGround(element, context) && givenName(element) === "") {
        items.length = slot;
        return;
      }
    }
    const seen = walk.inView(context, context.visible);
    const tail = items.splice(slot);
    const { listed } = walk;
    walk.listed = before;
    const own = explicitRole(element);
    const identified = identify(element, tag, own);
    const record = walk.add(element, tag, context, isOpen(seen), identified);
    setStates(element, tag, own, record);
    if (isHoverable && !listening.has(element)) record.hover = true;
    const cursor = context.style?.cursor;
    if (cursor === "grab" || cursor === "move" || cursor?.endsWith("-resize")) record.draggable = true;
    if (isDrawing) record.size = [whole(context.r - context.l), whole(context.b - context.t)];
    if (element.ownerSVGElement) describeShape(element, element.ownerSVGElement, tag, record);
    if (record.v === 1) {
      walk.checks.splice(checked, 0, { record, element, overlap: context.overlap, seen, mustTest: false });
    }
    if (!isDrawing && controls === 0 && words.length <= MAX_NAME + 1) {
      if (!record.name) rename(record, phrase(words));
      if (!record.name) describeNameless(walk, element, tag, record, identified.content.icon);
      describeCell(walk, element, tag, record);
      describeDay(element, record);
      if (!record.name && cursor?.endsWith("-resize")) record.icon = cursor;
      return;
    }
    rename(record, givenName(element));
    walk.listed = listed + 1;
    record.open = true;
    const isRegion = opening !== null && opening.o[0] !== "row";
    if (isRegion) items.push(opening);
    for (const item of tail.slice(head)) items.push(item);
    if (isRegion) items.push("c");
    items.push("c");
  }
  function listCodeEditor(walk, editor, field, context) {
    walk.flush();
    const seen = walk.inView(context, context.visible);
    const record = walk.add(field, localNameOf(field), context, isOpen(seen));
    if (field.readOnly || isTrue(field, "aria-readonly")) record.readonly = true;
    if (!record.name) rename(record, phrase(attribute(editor, "aria-label"), MAX_NAME));
    record.editable = true;
    const language = phrase(languageOf(editor), 20);
    if (language) record.state = language;
    const lines = shownLines(editor, field);
    record.value = bounded(lines.join("\n"), MAX_EDITOR_TEXT);
    record.lines = shownNumbers(editor) ?? [1, lines.length];
    const number = editorNumber(editor);
    if (number !== void 0) record.editor = number;
    if (record.v === 1) walk.checks.push({ record, element: editor, overlap: context.overlap, seen, mustTest: false });
  }
  function listHiddenFileField(walk, input, up) {
    walk.flush();
    const place = { l: up.l, t: up.t, r: up.r, b: up.t };
    const record = walk.add(input, "input", place, walk.isInView(up, up));
    record.hidden = true;
    describe(input, "input", record.role ?? record.kind ?? "", record);
  }

  // src/read/pictures.js
  function writeImage(walk, words, context) {
    if (words) walk.write(` (image: ${words}) `, context.text);
  }
  function listImage(walk, element, context) {
    const w = context.r - context.l;
    const h = context.b - context.t;
    if (element.getAttribute("aria-hidden") === "true" || w < 12 || h < 12) return;
    const alternative = pictureName(element);
    const isLarge = w >= 80 && h >= 80;
    const file = element.getAttribute("alt") === null && isLarge ? fileNameOf(element.currentSrc || element.src) : "";
    writeImage(walk, alternative || file, context);
  }
  function listDrawing(walk, element, context) {
    if (element.getAttribute("aria-hidden") !== "true") writeImage(walk, pictureName(element), context);
  }
  function listCaption(walk, element, context) {
    writeImage(walk, phrase(element.getAttribute("aria-label")), context);
  }
  function listTitle(walk, title2, shape) {
    writeImage(walk, phrase(title2.textContent), shape);
  }
  var MIN_DOT = 6;
  var MAX_DOT = 48;
  var MAX_COLOURS = 120;
  function writeColour(walk, element, context, style) {
    const w = context.r - context.l;
    const h = context.b - context.t;
    if (context.pointer || w < MIN_DOT || h < MIN_DOT || walk.colours >= MAX_COLOURS) return;
    if (context.tag !== "td" && (w > MAX_DOT || h > MAX_DOT)) return;
    const colour = loneColour(style);
    if (colour === null || context.tag.includes("-") || rootOf(element)) return;
    walk.colours++;
    const name = phrase(element.getAttribute("aria-label") || element.getAttribute("title"), 40);
    walk.write(` (colour: ${colour}${name ? `, ${name}` : ""}) `, context.text);
  }
  function isWorthEntering(element, context) {
    if (context.r - context.l > 64 && context.b - context.t > 32) return true;
    return element.querySelector("a,[onclick],[role],[tabindex],text") !== null;
  }
  function countWordless(walk, element, tag, context) {
    const seen = walk.inView(context, context.visible);
    const w = seen.r - seen.l;
    const h = seen.b - seen.t;
    if (w < 100 || h < 100 || element.getAttribute("aria-hidden") === "true") return;
    if (phrase(element.getAttribute("aria-label") || element.getAttribute("title"))) return;
    if (!saysSomething2(element, tag)) walk.wordless += w * h;
  }
  function saysSomething2(element, tag) {
    if (tag === "img") return element.hasAttribute("alt");
    if (tag === "svg") return element.querySelector("title,text") !== null;
    return /\S/.test(element.textContent ?? "");
  }
  function listGauge(walk, element, tag, context) {
    const isKnown = tag === "meter" || (element.position ?? -1) >= 0;
    const min = Number(element.min ?? 0);
    const share = whole(100 * (Number(element.value) - min) / (Number(element.max ?? 1) - min));
    walk.write(` (${givenName(element) || tag}: ${isKnown ? `${share}%` : "busy"}) `, context.text);
  }
  function listGaugeByRole(walk, element, context) {
    const now = attribute(element, "aria-valuenow");
    const min = Number(attribute(element, "aria-valuemin"));
    const share = 100 * (Number(now) - min) / (Number(attribute(element, "aria-valuemax") ?? 100) - min);
    const value = phrase(attribute(element, "aria-valuetext")) || (now === null ? "busy" : `${whole(share)}%`);
    const content = phrase(element.textContent);
    const name = givenName(element) || attribute(element, "role");
    if (now !== null || content === "") walk.write(` (${name}: ${value}) `, context.text);
    return content === "" || content === value;
  }
  function isPdf(element) {
    if (attribute(element, "type") === "application/pdf") return true;
    return /\.pdf$/i.test(URL.parse(element.src || element.data || "")?.pathname ?? "");
  }
  function listFrame(walk, element, context) {
    walk.flush();
    const left = context.l + element.clientLeft + (parseFloat(context.style?.paddingLeft ?? "") || 0);
    const top = context.t + element.clientTop + (parseFloat(context.style?.paddingTop ?? "") || 0);
    const seen = walk.inView(context, context.visible);
    const record = {
      i: idOf(element),
      b: [whole(left), whole(top), element.clientWidth, element.clientHeight],
      src: bounded(element.src || element.data || "", 300),
      name: phrase(element.title || element.getAttribute("aria-label") || element.name, 80)
    };
    if (element.clientWidth < 8 || element.clientHeight < 8) return;
    if (isPdf(element)) record.pdf = true;
    if (isOpen(seen)) {
      record.seen = [whole(seen.l), whole(seen.t), whole(seen.r), whole(seen.b)];
      walk.frames.push({ record, element, overlap: context.overlap, seen });
    }
    walk.listed++;
    walk.items.push({ f: record });
  }

  // src/read/elements.js
  var GAUGE_ROLES = /* @__PURE__ */ new Set(["meter", "progressbar"]);
  var MAX_CONCEALED2 = 10;
  function visitElement(walk, element, up) {
    const tag = localNameOf(element);
    if (tag === "form" && isDisguised(
      /** @type {HTMLFormElement} */
      element
    )) {
      walk.siblings(firstChildOf(element), up);
      return;
    }
    if (IGNORED.has(tag)) {
      if (tag === "br") walk.flush();
      else if (tag === "title" && up.open && up.tag !== "svg" && up.element.ownerSVGElement) listTitle(walk, element, up);
      return;
    }
    if (walk.layers !== null) {
      if (walk.layers.has(element)) {
        visitLayer(walk, element, up);
        return;
      }
      if (!walk.probed.has(element)) return;
    }
    if (tag === "area") {
      visitArea(walk, element, up);
      return;
    }
    let rect = element.getBoundingClientRect();
    if (rect.width === 0 || rect.height === 0) {
      if (rect.width === rect.height && element.ownerSVGElement && tag !== "g" && tag !== "a") return;
      const isBoxless = rect.width === rect.height && !element.checkVisibility();
      if (isBoxless && getComputedStyle(element).display !== "contents") {
        visitInvisible(walk, element, tag, up);
        return;
      }
      const isOwnControl = mayBeControl(element) && isControl(element, tag, explicitRole(element));
      if (isBoxless && !isOwnControl) {
        const isNamed = tag === "label" && element.control ? isShownItself(walk, element.control, element) : false;
        if (isNamed) walk.muted++;
        walk.children(element, up);
        if (isNamed) walk.muted--;
        return;
      }
      if (isOwnControl && element.firstChild !== null) rect = contentRange(element).getBoundingClientRect();
      if (isOwnControl && rect.width === 0 && rect.height === 0) {
        visitInvisible(walk, element, tag, up);
        return;
      }
    }
    visitBox(walk, element, tag, up, rect);
  }
  function visitLayer(walk, element, up) {
    const { layers, muted } = walk;
    walk.layers = null;
    walk.muted = 0;
    visitElement(walk, element, up);
    walk.muted = muted;
    walk.layers = layers;
  }
  function visitArea(walk, element, up) {
    if (!element.hasAttribute("href")) return;
    const shape = areaShape(element);
    if (shape === null || !isOpen(shape.box)) return;
    const { box } = shape;
    if (!touches(box, walk.range)) {
      visitFar(walk, element, "a", up, box, UNCLIPPED);
      return;
    }
    const context = new ElementContext(element, "area", up, box, UNCLIPPED, null, true);
    context.mustTest = true;
    listControl(walk, element, "area", explicitRole(element), box, EVERYWHERE, context);
  }
  function visitBox(walk, element, tag, up, rect) {
    const { range } = walk;
    const { width, height } = rect;
    let box = boxFrom(rect);
    if (walk.big && !walk.probed.has(element)) {
      if (box.t > range.b || box.b < range.t && box.t + element.scrollHeight < range.t) return;
    }
    let { clip: clip2, visible } = clipOf(element, box, up);
    const listed = meet(box, clip2);
    const isFlat = width === 0 || height === 0;
    if (!isFlat && !isOpen(listed)) {
      const mayEscape = (width <= 1 || height <= 1 || isOpen(clip2)) && element.firstElementChild !== null;
      if (mayEscape) visitContent(walk, element, tag, up, box, { clip: clip2, visible }, null, false);
      else visitInvisible(walk, element, tag, up);
      return;
    }
    const isNear = isFlat ? touches(box, range) : isOpen(meet(listed, range));
    if (!isNear) {
      visitFar(walk, element, tag, up, box, { clip: clip2, visible });
      return;
    }
    const style = getComputedStyle(element);
    if (style.opacity === "0") {
      visitTransparent(walk, element, tag, up, box, visible);
      return;
    }
    const cut = isFlat ? null : clippedBy(style, box);
    if (cut !== null) {
      box = meet(box, cut);
      clip2 = meet(clip2, cut);
      visible = meet(visible, cut);
    }
    if (style.contentVisibility === "hidden" || cut !== null && !isOpen(box)) {
      visitInvisible(walk, element, tag, up);
      return;
    }
    if (style.backfaceVisibility === "hidden") {
      const seen = walk.inView(box, visible);
      if (isOpen(seen) && isCovered(element, seen)) return;
    }
    visitContent(walk, element, tag, up, box, { clip: clip2, visible }, style, !isFlat, cut);
  }
  function clipOf(element, box, up) {
    if (box.l >= up.l - 1 && box.t >= up.t - 1 && box.r <= up.r + 1 && box.b <= up.b + 1) return up;
    const parents = up.clips();
    const { clip: clip2, visible } = isWithin(box, parents.visible) ? parents : escapedClip(element, parents);
    if (up.pathClip === EVERYWHERE) return { clip: clip2, visible };
    return { clip: meet(clip2, up.pathClip), visible: meet(visible, up.pathClip) };
  }
  function visitFar(walk, element, tag, up, box, clip2) {
    const isCounted = tag === "a" || tag === "button" || tag === "input" || tag === "select" || tag === "textarea" || tag === "summary";
    if (walk.muted === 0 && isCounted) {
      if (box.b <= walk.range.t) walk.above++;
      else if (box.t >= walk.range.b) walk.below++;
      else if (box.r > -walk.scrollX) walk.beside++;
      return;
    }
    if (element.firstElementChild !== null || rootOf(element)) {
      walk.children(element, new ElementContext(element, tag, up, box, clip2, null, false));
    }
  }
  function visitInvisible(walk, element, tag, up) {
    if (!walk.hasFileFields || walk.layers !== null) return;
    if (tag === "input") {
      if (element.type === "file") listHiddenFileField(walk, element, up);
    } else if (element.firstElementChild !== null) {
      for (const input of element.querySelectorAll("input[type=file]")) listHiddenFileField(walk, input, up);
    }
  }
  function visitTransparent(walk, element, tag, up, box, visible) {
    const seen = walk.inView(box, visible);
    const isLarge = box.r - box.l >= 8 && box.b - box.t >= 8;
    const isField = (tag === "input" || tag === "select") && element.type !== "hidden" && element.type !== "file";
    if (isField && isLarge) {
      const isLabelled = Array.from(element.labels ?? []).some(isDrawn);
      if (!isLabelled && !(isOpen(seen) && isCovered(element, seen))) {
        listControl(walk, element, tag, explicitRole(element), box, visible, null);
      }
      return;
    }
    visitInvisible(walk, element, tag, up);
    const isFileField = tag === "input" && element.type === "file";
    if (!isFileField && isOpen(seen) && walk.layers === null) listConcealed(walk, element, tag, visible);
  }
  function listConcealed(walk, element, tag, visible) {
    const inside = tag === "a" || tag === "button" ? [element] : element.querySelectorAll("a[href],button");
    for (let i = 0; i < inside.length && i < MAX_CONCEALED2 && walk.concealedLeft > 0; i++) {
      const target = inside[i];
      const rect = rectOf(target);
      const box = boxFrom(rect);
      const seen = walk.inView(box, visible);
      if (rect.width < 8 || rect.height < 8 || !isOpen(seen)) continue;
      walk.concealedLeft--;
      if (getComputedStyle(target).pointerEvents === "none" || isCovered(target, seen)) continue;
      listControl(walk, target, localNameOf(target), explicitRole(target), box, visible, null).hidden = true;
    }
  }
  function visitContent(walk, element, tag, up, box, clip2, style, open, cut = null) {
    if (element.hasAttribute("inert")) return;
    const context = new ElementContext(element, tag, up, box, clip2, style, open && style !== null);
    context.hidden = style !== null ? style.visibility !== "visible" : up.hidden;
    if (cut !== null) context.pathClip = meet(context.pathClip, cut);
    context.seen = open && walk.isInView(box, clip2.visible);
    context.inside = isWithin(box, clip2.clip) && isWithin(box, walk.range);
    context.level = up.level;
    context.text.seen = context.seen;
    context.text.level = context.level;
    context.pre = tag === "pre" || up.pre;
    if (context.seen) context.overlap = walk.overlaps.add(meet(box, walk.view));
    const isInline = INLINE.has(tag) && (style === null || style.display.startsWith("inline") || style.display === "contents");
    if (!isInline) walk.flush();
    else if (walk.line !== null && (box.l > walk.line.r + 2 || box.t >= walk.line.b - 1)) walk.line.text += " ";
    if (open && element.firstElementChild === null) walk.noteEdge(element);
    const isCell = tag === "td" || tag === "th" || style !== null && CELL_ROLES.has(element.getAttribute("role") ?? "");
    if (isCell) {
      walk.flush();
      walk.items.push("p");
    }
    if (style === null || context.hidden || walk.layers !== null) listContainer(walk, element, tag, context, !isInline);
    else visitVisible(walk, element, tag, context, style, isInline);
    if (!isInline) walk.flush();
    if (context.overlap !== -1) walk.overlaps.close(context.overlap);
  }
  function visitVisible(walk, element, tag, context, style, isInline) {
    if (tag === "details" && !element.open) {
      const summary = element.querySelector(":scope > summary");
      if (summary) visitElement(walk, summary, context);
      return;
    }
    const field = walk.editors.get(element);
    if (field !== void 0) {
      listCodeEditor(walk, element, field, context);
      return;
    }
    if (tag === "legend" && context.up?.tag === "fieldset") {
      walk.muted++;
      walk.children(element, context);
      walk.muted--;
      return;
    }
    if (tag === "iframe" || tag === "frame" || isEmbeddedPage(element, tag)) {
      listFrame(walk, element, context);
      return;
    }
    const isPicture2 = tag === "canvas" || tag === "img" || tag === "svg";
    if (context.seen && isPicture2) countWordless(walk, element, tag, context);
    if (listKnownKind(walk, element, tag, context, style)) return;
    if (isSoftControl(element, context, style) || walk.revealers.has(element)) {
      listSoftControl(walk, element, tag, "", context);
    } else {
      listContainer(walk, element, tag, context, !isInline);
      if (tag === "svg") writeConnections(walk, element, context);
      else if (context.seen && element.firstChild === null) writeColour(walk, element, context, style);
    }
  }
  function listKnownKind(walk, element, tag, context, style) {
    if (mayBeControl(element)) {
      const explicit = explicitRole(element);
      if (isControl(element, tag, explicit)) {
        listControl(walk, element, tag, explicit, context, context.visible, context);
      } else if (tag === "label" && element.control) {
        listLabel(walk, element, element.control, context);
      } else if (tag === "input") {
      } else {
        const takesPresses = hasPressAttribute(element, explicit);
        const hasCursor = (takesPresses || explicit !== "") && beginsPointer(context, style);
        if (!takesPresses && !hasCursor) return listPicture(walk, element, tag, context, style);
        listSoftControl(walk, element, tag, explicit, context);
      }
      return true;
    }
    return listPicture(walk, element, tag, context, style);
  }
  function listPicture(walk, element, tag, context, style) {
    switch (tag) {
      case "img":
        if (listening.has(element) || context.pointer === void 0 && beginsPointer(context, style)) {
          listSoftControl(walk, element, tag, "", context);
        } else {
          listImage(walk, element, context);
        }
        return true;
      case "progress":
      case "meter":
        listGauge(walk, element, tag, context);
        return true;
      case "svg":
        if (isWorthEntering(element, context)) {
          listCaption(walk, element, context);
          return false;
        }
        if (listening.has(element) || beginsPointer(context, style)) listSoftControl(walk, element, tag, "", context);
        else listDrawing(walk, element, context);
        return true;
      default:
        if (GAUGE_ROLES.has(explicitRole(element))) return listGaugeByRole(walk, element, context);
        if (!isPicture(element, tag) || listening.has(element) || pictureName(element) === "") return false;
        listDrawing(walk, element, context);
        return true;
    }
  }
  function isEmbeddedPage(element, tag) {
    if (tag === "object") {
      const { contentWindow } = (
        /** @type {HTMLObjectElement} */
        /** @type {unknown} */
        element
      );
      return contentWindow !== null || isPdf(element) && element.firstElementChild === null;
    }
    return tag === "embed" && (element.getAttribute("type") === "text/html" || isPdf(element));
  }
  function isSoftControl(element, context, style) {
    const hasCursor = beginsPointer(context, style);
    if (context.up?.listensForChildren && context.up.element === parentNodeOf(element)) return true;
    if (listening.has(element)) {
      const isRow = context.tag === "tr" || explicitRole(element) === "row";
      const isWhole = hasCursor && (isRow || style.cursor === "grab" || style.cursor === "move");
      context.listensForChildren = !isWhole && listensForChildren(element);
      if (!context.listensForChildren) return true;
    }
    return hasCursor || isKeyboardStop(element, context) || hoverable.has(element);
  }
  function beginsPointer(context, style) {
    if (context.up?.pointer) {
      context.pointer = true;
      return false;
    }
    const { cursor } = style;
    context.pointer = cursor === "pointer" || cursor === "grab" || cursor === "move" || cursor.endsWith("-resize");
    return context.pointer && context.tag !== "body" && context.tag !== "html";
  }
  var PRESS_ATTRIBUTES = "onclick ondblclick onmousedown onmouseup onpointerdown onpointerup ontouchstart ontouchend".split(" ");
  function hasPressAttribute(element, explicit) {
    return isTrue(element, "draggable") || PRESS_ATTRIBUTES.some((name) => element.hasAttribute(name)) || (explicit === "gridcell" || explicit === "row") && element.hasAttribute("aria-selected");
  }
  function listensForChildren(element) {
    const first = element.firstElementChild;
    if (first === null || first === element.lastElementChild) return false;
    const tag = localNameOf(first);
    if (INLINE.has(tag) || IGNORED.has(tag) || tag === "tr" || tag === "tbody" || tag === "thead") return false;
    let part = (
      /** @type {Element | null} */
      first
    );
    for (let n = 0; part !== null && n < 200; n++, part = part.nextElementSibling) {
      if (localNameOf(part) !== tag) return false;
    }
    const { length } = element.textContent ?? "";
    return element.querySelector(COUNTED_CONTROL) === null && length < 60 * element.childElementCount;
  }

  // src/read/layers.js
  function probePoints(view) {
    const w = view.r - view.l;
    const h = view.b - view.t;
    const margin = (length) => Math.min(40, length / 4);
    const xs = [view.l + margin(w), view.l + w / 2, view.r - margin(w)];
    const ys = [view.t + margin(h), view.t + h / 2, view.b - margin(h)];
    const points = [[xs[1], ys[1]]];
    for (const x of xs) for (const y of ys) if (x !== xs[1] || y !== ys[1]) points.push([x, y]);
    points.push([view.l + w / 4, view.t + h / 4], [view.l + w * 3 / 4, view.t + h * 3 / 4]);
    return points;
  }
  function layerOf(hit, scrolls2) {
    let layer = null;
    let isDialog = false;
    const [root, body] = [page.documentElement(), page.body()];
    for (let node = (
      /** @type {Node | null} */
      hit
    ); node && node !== root && node !== body; node = parentOf(node)) {
      if (!isElement(node)) continue;
      if (matches(node, ":modal")) return node;
      const role = attribute(node, "role");
      isDialog ||= role === "dialog" || role === "alertdialog" || attribute(node, "aria-modal") === "true";
      const { position, zIndex } = getComputedStyle(node);
      if (position === "fixed" ? isDialog || !scrolls2 || Number(zIndex) > 0 : position === "absolute" && !scrolls2) {
        layer = node;
      }
    }
    return layer;
  }
  var GRID2 = 8;
  var MAX_SIBLINGS = 200;
  function coveringLayers(root, view, probed) {
    const scroller = page.scrollingElement() ?? root;
    const { overflowY } = getComputedStyle(scroller);
    const scrolls2 = scroller.scrollHeight > innerHeight + 1 && overflowY !== "hidden";
    const layers = /* @__PURE__ */ new Set();
    const probe = (x, y) => {
      const hit = elementAt(x, y);
      for (let node = (
        /** @type {Node | null} */
        hit
      ); node && !probed.has(node); node = parentOf(node)) {
        probed.add(node);
      }
      const layer = hit && layerOf(hit, scrolls2);
      if (layer) layers.add(layer);
      return layer !== null;
    };
    let isCovered2 = true;
    for (const [x, y] of probePoints(view)) isCovered2 = probe(x, y) && isCovered2;
    if (!isCovered2) return null;
    for (let row = 0; row < GRID2; row++) {
      for (let column = 0; column < GRID2; column++) {
        const x = view.l + (column + 0.5) * (view.r - view.l) / GRID2;
        const y = view.t + (row + 0.5) * (view.b - view.t) / GRID2;
        if (!probe(x, y)) return null;
      }
    }
    for (const layer of [...layers]) {
      const parent = parentNodeOf(layer);
      let sibling = parent && firstChildOf(parent);
      for (let n = 0; sibling && n < MAX_SIBLINGS; sibling = nextSiblingOf(sibling), n++) {
        if (!isElement(sibling)) continue;
        const box = rectOf(sibling);
        const seen = meet({ l: box.left, t: box.top, r: box.right, b: box.bottom }, view);
        if (isOpen(seen)) probe((seen.l + seen.r) / 2, (seen.t + seen.b) / 2);
      }
    }
    return Array.from(page.querySelectorAll(COUNTED_CONTROL)).some((control) => isBeneath(control, layers)) ? layers : null;
  }
  function isBeneath(control, layers) {
    for (const layer of layers) if (contains(layer, control)) return false;
    const { right, bottom, width, height } = rectOf(control);
    const isOnPage = width > 1 && height > 1 && right > -scrollX && bottom > -scrollY;
    return isOnPage && checkVisibility(control, { visibilityProperty: true });
  }

  // src/read/read.js
  function read() {
    const started = performance.now();
    const root = page.documentElement();
    const scroller = page.scrollingElement() ?? root;
    const out = {
      url: bounded(location.href, 2e3),
      title: phrase(page.title(), 300),
      ready: page.readyState(),
      viewport: [innerWidth, innerHeight],
      scroll: [whole(scrollX), whole(scrollY)],
      page: scroller ? [scroller.scrollWidth, scroller.scrollHeight] : [0, 0],
      nodes: 0,
      items: [],
      denied: readDenied()
    };
    if (root) {
      readFrom(root, out);
      out.ms = Math.round(10 * (performance.now() - started)) / 10;
    }
    return JSON.stringify(out);
  }
  function readFrom(root, out) {
    out.nodes = page.getElementsByTagName("*").length;
    const { view, range } = listedRange();
    out.range = [whole(range.t), whole(range.b)];
    const walk = new Walk(out.nodes, range, view, visitElement);
    if (isOpen(view)) walk.layers = coveringLayers(root, view, walk.probed);
    const isLayered = walk.layers !== null;
    visitElement(walk, root, ElementContext.top(root));
    walk.flush();
    const focused = focusedElement();
    const shown = focused && shownFocus(walk, focused);
    let covered = /* @__PURE__ */ new Set();
    if (isOpen(view)) {
      out.hits = walk.markCovered();
      if (!isLayered) covered = walk.coveredTexts();
    }
    if (walk.big && !isLayered) countBeyond(walk);
    out.items = walk.items.filter((item) => item !== null).filter((item) => !covered.has(item));
    out.hosts = walk.hosts;
    const { above, below } = isLayered ? { above: [], below: [] } : headings(walk);
    out.above = [isLayered ? 0 : walk.above, above];
    out.below = [isLayered ? 0 : walk.below, below];
    out.beside = walk.beside;
    out.cut = walk.cut;
    out.wordless = whole(walk.wordless);
    out.layered = isLayered;
    if (window.parent === window) out.marks = barrierMarks();
    if (shown && hasId(shown)) out.focus = idOf(shown);
  }
  function shownFocus(walk, field) {
    const tag = localNameOf(field);
    if (!matches(field, "input,textarea,[contenteditable]") || !isControl(field, tag, explicitRole(field))) return field;
    if (isListed2(walk, field) || editorOf(field)) return field;
    const label = Array.from(field.labels ?? []).find((candidate) => isListed2(walk, candidate));
    if (label) return label;
    const box = boxFrom(rectOf(field));
    if (touches(box, walk.range)) listControl(walk, field, tag, explicitRole(field), box, walk.view, null).hidden = true;
    return field;
  }
  function isListed2({ items }, element) {
    if (!hasId(element)) return false;
    const id = idOf(element);
    return items.some((item) => item !== null && typeof item === "object" && "e" in item && item.e.i === id);
  }
  function countBeyond(walk) {
    const { first, last } = walk;
    if (first === null || last === null) return;
    const controls = page.querySelectorAll(COUNTED_CONTROL);
    walk.above = bisect(controls.length, (n) => controls[n] !== first && comesBefore(controls[n], first));
    const upTo = bisect(controls.length, (n) => {
      const control = controls[n];
      return control === last || comesBefore(control, last) || last.contains(control);
    });
    walk.below = controls.length - upTo;
  }
  var HEADINGS = "h1,h2,h3,[role=heading]";
  function headings({ range }) {
    const list = page.querySelectorAll(HEADINGS);
    const topOf = (n) => list[n].getBoundingClientRect().top;
    const from = bisect(list.length, (n) => topOf(n) < range.t);
    const to = from + bisect(list.length - from, (n) => topOf(from + n) < range.b);
    const above = [];
    for (let i = from - 1; i >= 0 && above.length < 3; i--) addHeading(list[i], above, (box) => box.bottom <= range.t);
    const below = [];
    for (let i = to; i < list.length && i < to + 20 && below.length < 6; i++) {
      addHeading(list[i], below, (box) => box.top >= range.b);
    }
    return { above, below };
  }
  function addHeading(heading, into, isWanted) {
    const box = heading.getBoundingClientRect();
    if (box.height === 0 || !isWanted(box)) return;
    const words = textOf(heading, 60);
    if (words) into.push(words);
  }
  function markListening(node) {
    if (!isElement(node) || node === page.documentElement() || node === page.body() || listening.has(node)) return false;
    if (mayBeControl(node) && isControl(node, localNameOf(node), explicitRole(node))) return false;
    listening.add(node);
    return true;
  }
  function markHoverable(node) {
    if (!isElement(node) || listening.has(node) || closest(node, COUNTED_CONTROL) !== null) return false;
    if (node === page.documentElement() || node === page.body() || queryAll(node, COUNTED_CONTROL).length > 0)
      return false;
    hoverable.add(node);
    return true;
  }

  // src/injected.js
  var injected = Object.freeze({
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
    identify: identify2,
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
    querySelector: querySelector2,
    querySelectorAll: querySelectorAll2,
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
    viewport
  });
  if (!Object.hasOwn(globalThis, "injected")) {
    Object.defineProperty(globalThis, "injected", { value: injected });
    installClipboard();
  }
})();
