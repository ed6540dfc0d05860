// Runs in the page's own world before its scripts. A window without a user has nobody to answer the browser's own
// prompts, which take all clicks and keys while they are open: what would open one is refused here as a user would
// refuse it. What a page asked for and did not get is noted, for the next reading. Wrapped functions are proxies, which
// look like the originals.

import { DENIED, PROGRAM } from "./denied.js";
import { HAS_INTERNALS, INTERNALS, PROPERTIES } from "./internals.js";

/** @import { Denial } from "./denied.js" */

// The page may replace them.
const { apply } = Reflect;
const { append } = FormData.prototype;
const { composedPath, stopImmediatePropagation } = Event.prototype;
const { get: getFrom, set: setIn } = WeakMap.prototype;
const { dispatchEvent: dispatch } = EventTarget.prototype;
const { then } = Promise.prototype;
const formDataOf = Object.getOwnPropertyDescriptor(FormDataEvent.prototype, "formData")?.get ?? (() => undefined);
// Chromium handles these itself; all others lead to another program.
const OWN_SCHEMES = new Set([
  "about:",
  "blob:",
  "chrome:",
  "chrome-extension:",
  "data:",
  "devtools:",
  "file:",
  "filesystem:",
  "http:",
  "https:",
  "javascript:",
  "view-source:",
]);
/** The type of the event by which a frame tells the page that it was to be printed. */
const PRINTING = "agent-printing";
/** @type {Record<string, boolean>} */
const denied = Object.create(null);
/** The last scheme of another program. */
let program = "";
/** Of the page's elements. @type {WeakMap<Element, ElementInternals>} */
const internals = new WeakMap();
let hasInternals = false;

/**
 * Adds what was noted to the form of our reading script's event. The page's listeners come later and hear nothing.
 *
 * @returns {void}
 */
function answerReadings() {
  const answer = (/** @type {Event} */ event) => {
    apply(stopImmediatePropagation, event, []);
    const form = apply(formDataOf, event, []);
    for (const denial in denied) apply(append, form, [denial, ""]);
    if (program) apply(append, form, [PROGRAM, program]);
    if (hasInternals) apply(append, form, [HAS_INTERNALS, ""]);
  };
  addEventListener(DENIED, answer, true);
}

/**
 * @param {any} owner
 * @param {string} name
 * @param {(original: Function, self: any, args: any[]) => unknown} replacement
 * @returns {void}
 */
function wrap(owner, name, replacement) {
  const descriptor = owner && Object.getOwnPropertyDescriptor(owner, name);
  if (typeof descriptor?.value !== "function" || !descriptor.configurable) return;
  const value = new Proxy(descriptor.value, { apply: replacement });
  Object.defineProperty(owner, name, { ...descriptor, value });
}

/**
 * @param {Denial} denial
 * @returns {Promise<never>}
 */
function refuse(denial) {
  denied[denial] = true;
  return Promise.reject(new DOMException("The request was denied.", "NotAllowedError"));
}

/**
 * Wraps a function that returns a promise.
 *
 * @param {any} owner
 * @param {string} name
 * @param {Denial} denial
 * @param {string[]} errors the names of errors that are denials
 * @returns {void}
 */
function noteRejections(owner, name, denial, errors) {
  wrap(owner, name, (original, self, args) => {
    const promise = apply(original, self, args);
    const note = (/** @type {any} */ error) => {
      if (errors.includes(error?.name)) denied[denial] = true;
    };
    apply(then, promise, [undefined, note]);
    return promise;
  });
}

function notePositions() {
  for (const name of ["getCurrentPosition", "watchPosition"]) {
    wrap(globalThis.Geolocation?.prototype, name, (original, self, args) => {
      const [found, failed, ...rest] = args;
      // The original throws.
      if (typeof found !== "function" || (failed && typeof failed !== "function")) return apply(original, self, args);
      const noted = (/** @type {GeolocationPositionError} */ error) => {
        if (error.code === 1) denied.location = true;
        if (failed) apply(failed, undefined, [error]);
      };
      return apply(original, self, [found, noted, ...rest]);
    });
  }
}

function noteNotifications() {
  wrap(globalThis.Notification, "requestPermission", (original, self, args) => {
    const promise = apply(original, self, args);
    const note = (/** @type {NotificationPermission} */ permission) => {
      if (permission !== "granted") denied.notifications = true;
    };
    apply(then, promise, [note, () => {}]);
    return promise;
  });
}

function guardCredentials() {
  for (const name of ["get", "create"]) {
    wrap(globalThis.CredentialsContainer?.prototype, name, (original, self, args) => {
      // Conditional requests offer passkeys in a field's suggestions, without a prompt.
      const opensPrompt = args[0]?.publicKey && args[0].mediation !== "conditional";
      return opensPrompt ? refuse("passkey") : apply(original, self, args);
    });
  }
}

/**
 * Whether a URL leads to another program, which is noted.
 *
 * @param {unknown} url
 * @returns {boolean}
 */
function isExternal(url) {
  const scheme = URL.parse(String(url), document.baseURI)?.protocol;
  if (scheme === undefined || OWN_SCHEMES.has(scheme)) return false;
  program = scheme;
  return true;
}

function guardNavigation() {
  globalThis.navigation?.addEventListener("navigate", (event) => {
    if (isExternal(event.destination.url)) event.preventDefault();
  });
  wrap(globalThis, "open", (original, self, args) => {
    return args.length > 0 && isExternal(args[0]) ? null : apply(original, self, args);
  });
}

function guardPrinting() {
  // Pages often print a hidden frame, which is not read.
  addEventListener(
    PRINTING,
    (event) => {
      apply(stopImmediatePropagation, event, []);
      denied.print = true;
    },
    true,
  );
  wrap(globalThis, "print", () => {
    denied.print = true;
    try {
      apply(dispatch, top, [new Event(PRINTING)]);
    } catch {
      // A window of another origin.
    }
    // As when a user closes the dialog. Pages go on after the second.
    dispatchEvent(new Event("beforeprint"));
    dispatchEvent(new Event("afterprint"));
  });
}

function keepInternals() {
  const getters = PROPERTIES.map(([attribute, property]) => {
    const descriptor = Object.getOwnPropertyDescriptor(globalThis.ElementInternals?.prototype ?? {}, property);
    return /** @type {const} */ ([attribute, descriptor?.get]);
  });
  wrap(globalThis.HTMLElement?.prototype, "attachInternals", (original, self, args) => {
    const taken = apply(original, self, args);
    apply(setIn, internals, [self, taken]);
    hasInternals = true;
    return taken;
  });
  const answer = (/** @type {Event} */ event) => {
    apply(stopImmediatePropagation, event, []);
    const taken = apply(getFrom, internals, [apply(composedPath, event, [])[0]]);
    const form = apply(formDataOf, event, []);
    for (let n = 0; taken !== undefined && n < getters.length; n++) {
      const [attribute, getter] = getters[n];
      const value = getter && apply(getter, taken, []);
      if (typeof value === "string") apply(append, form, [attribute, value]);
    }
  };
  addEventListener(INTERNALS, answer, true);
}

answerReadings();
keepInternals();
guardNavigation();
guardPrinting();
guardCredentials();
notePositions();
noteNotifications();
noteRejections(globalThis.Clipboard?.prototype, "read", "clipboard", ["NotAllowedError"]);
noteRejections(globalThis.Clipboard?.prototype, "readText", "clipboard", ["NotAllowedError"]);
noteRejections(globalThis.MediaDevices?.prototype, "getUserMedia", "camera", ["NotAllowedError", "NotFoundError"]);
wrap(globalThis.MediaDevices?.prototype, "getDisplayMedia", () => refuse("screen"));
wrap(Element.prototype, "requestPointerLock", () => refuse("pointer"));
