// Made from crates/browser/scripts/src by `make scripts`. Do not edit.
"use strict";
(() => {
  // src/guard.js
  var { apply } = Reflect;
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
  function wrap(owner, name, replacement) {
    const descriptor = owner && Object.getOwnPropertyDescriptor(owner, name);
    if (typeof descriptor?.value !== "function" || !descriptor.configurable) return;
    const value = new Proxy(descriptor.value, { apply: replacement });
    Object.defineProperty(owner, name, { ...descriptor, value });
  }
  function refuse() {
    return Promise.reject(new DOMException("The request was denied.", "NotAllowedError"));
  }
  function guardCredentials() {
    for (const name of ["get", "create"]) {
      wrap(globalThis.CredentialsContainer?.prototype, name, (original, self, args) => {
        const opensPrompt = args[0]?.publicKey && args[0].mediation !== "conditional";
        return opensPrompt ? refuse() : apply(original, self, args);
      });
    }
  }
  function isExternal(url) {
    const scheme = URL.parse(String(url), document.baseURI)?.protocol;
    return scheme !== void 0 && !OWN_SCHEMES.has(scheme);
  }
  function guardNavigation() {
    globalThis.navigation?.addEventListener("navigate", (event) => {
      if (isExternal(event.destination.url)) event.preventDefault();
    });
    wrap(globalThis, "open", (original, self, args) => {
      return args.length > 0 && isExternal(args[0]) ? null : apply(original, self, args);
    });
  }
  guardNavigation();
  guardCredentials();
  wrap(globalThis.MediaDevices?.prototype, "getDisplayMedia", refuse);
  wrap(Element.prototype, "requestPointerLock", refuse);
})();
