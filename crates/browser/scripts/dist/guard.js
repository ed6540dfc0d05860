// Made from crates/browser/scripts/src by `make scripts`. Do not edit.
"use strict";
(() => {
  // src/internals.js
  var INTERNALS = "agent-internals";
  var HAS_INTERNALS = "internals";
  var PROPERTIES = [
    ["role", "role"],
    ["aria-label", "ariaLabel"],
    ["aria-busy", "ariaBusy"],
    ["aria-checked", "ariaChecked"],
    ["aria-current", "ariaCurrent"],
    ["aria-disabled", "ariaDisabled"],
    ["aria-expanded", "ariaExpanded"],
    ["aria-haspopup", "ariaHasPopup"],
    ["aria-invalid", "ariaInvalid"],
    ["aria-pressed", "ariaPressed"],
    ["aria-readonly", "ariaReadOnly"],
    ["aria-required", "ariaRequired"],
    ["aria-selected", "ariaSelected"],
    ["aria-valuemax", "ariaValueMax"],
    ["aria-valuemin", "ariaValueMin"],
    ["aria-valuenow", "ariaValueNow"],
    ["aria-valuetext", "ariaValueText"]
  ];

  // src/denied.js
  var DENIED = "agent-denied";
  var PROGRAM = "program";

  // src/guard.js
  var { apply } = Reflect;
  var { append } = FormData.prototype;
  var { composedPath, stopImmediatePropagation } = Event.prototype;
  var { get: getFrom, set: setIn } = WeakMap.prototype;
  var { dispatchEvent: dispatch } = EventTarget.prototype;
  var { then } = Promise.prototype;
  var formDataOf = Object.getOwnPropertyDescriptor(FormDataEvent.prototype, "formData")?.get ?? (() => void 0);
  var OWN_SCHEMES = /* @__PURE__ */ new Set([
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
    "view-source:"
  ]);
  var PRINTING = "agent-printing";
  var denied = /* @__PURE__ */ Object.create(null);
  var program = "";
  var internals = /* @__PURE__ */ new WeakMap();
  var hasInternals = false;
  function answerReadings() {
    const answer = (event) => {
      apply(stopImmediatePropagation, event, []);
      const form = apply(formDataOf, event, []);
      for (const denial in denied) apply(append, form, [denial, ""]);
      if (program) apply(append, form, [PROGRAM, program]);
      if (hasInternals) apply(append, form, [HAS_INTERNALS, ""]);
    };
    addEventListener(DENIED, answer, true);
  }
  function wrap(owner, name, replacement) {
    const descriptor = owner && Object.getOwnPropertyDescriptor(owner, name);
    if (typeof descriptor?.value !== "function" || !descriptor.configurable) return;
    const value = new Proxy(descriptor.value, { apply: replacement });
    Object.defineProperty(owner, name, { ...descriptor, value });
  }
  function refuse(denial) {
    denied[denial] = true;
    return Promise.reject(new DOMException("The request was denied.", "NotAllowedError"));
  }
  function noteRejections(owner, name, denial, errors) {
    wrap(owner, name, (original, self, args) => {
      const promise = apply(original, self, args);
      const note = (error) => {
        if (errors.includes(error?.name)) denied[denial] = true;
      };
      apply(then, promise, [void 0, note]);
      return promise;
    });
  }
  function notePositions() {
    for (const name of ["getCurrentPosition", "watchPosition"]) {
      wrap(globalThis.Geolocation?.prototype, name, (original, self, args) => {
        const [found, failed, ...rest] = args;
        if (typeof found !== "function" || failed && typeof failed !== "function") return apply(original, self, args);
        const noted = (error) => {
          if (error.code === 1) denied.location = true;
          if (failed) apply(failed, void 0, [error]);
        };
        return apply(original, self, [found, noted, ...rest]);
      });
    }
  }
  function noteNotifications() {
    wrap(globalThis.Notification, "requestPermission", (original, self, args) => {
      const promise = apply(original, self, args);
      const note = (permission) => {
        if (permission !== "granted") denied.notifications = true;
      };
      apply(then, promise, [note, () => {
      }]);
      return promise;
    });
  }
  function guardCredentials() {
    for (const name of ["get", "create"]) {
      wrap(globalThis.CredentialsContainer?.prototype, name, (original, self, args) => {
        const opensPrompt = args[0]?.publicKey && args[0].mediation !== "conditional";
        return opensPrompt ? refuse("passkey") : apply(original, self, args);
      });
    }
  }
  function isExternal(url) {
    const scheme = URL.parse(String(url), document.baseURI)?.protocol;
    if (scheme === void 0 || OWN_SCHEMES.has(scheme)) return false;
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
    addEventListener(
      PRINTING,
      (event) => {
        apply(stopImmediatePropagation, event, []);
        denied.print = true;
      },
      true
    );
    wrap(globalThis, "print", () => {
      denied.print = true;
      try {
        apply(dispatch, top, [new Event(PRINTING)]);
      } catch {
      }
      dispatchEvent(new Event("beforeprint"));
      dispatchEvent(new Event("afterprint"));
    });
  }
  function keepInternals() {
    const getters = PROPERTIES.map(([attribute, property]) => {
      const descriptor = Object.getOwnPropertyDescriptor(globalThis.ElementInternals?.prototype ?? {}, property);
      return (
        /** @type {const} */
        [attribute, descriptor?.get]
      );
    });
    wrap(globalThis.HTMLElement?.prototype, "attachInternals", (original, self, args) => {
      const taken = apply(original, self, args);
      apply(setIn, internals, [self, taken]);
      hasInternals = true;
      return taken;
    });
    const answer = (event) => {
      apply(stopImmediatePropagation, event, []);
      const taken = apply(getFrom, internals, [apply(composedPath, event, [])[0]]);
      const form = apply(formDataOf, event, []);
      for (let n = 0; taken !== void 0 && n < getters.length; n++) {
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
})();
