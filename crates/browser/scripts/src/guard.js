// Runs in the page's own world before its scripts. A window without a user has nobody to answer the browser's own
// prompts, which take all clicks and keys while they are open: what would open one is refused here as a user would
// refuse it. Wrapped functions are proxies, which look like the originals.

const { apply } = Reflect;
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
 * @returns {Promise<never>}
 */
function refuse() {
  return Promise.reject(new DOMException("The request was denied.", "NotAllowedError"));
}

function guardCredentials() {
  for (const name of ["get", "create"]) {
    wrap(globalThis.CredentialsContainer?.prototype, name, (original, self, args) => {
      // Conditional requests offer passkeys in a field's suggestions, without a prompt.
      const opensPrompt = args[0]?.publicKey && args[0].mediation !== "conditional";
      return opensPrompt ? refuse() : apply(original, self, args);
    });
  }
}

/**
 * @param {unknown} url
 * @returns {boolean}
 */
function isExternal(url) {
  const scheme = URL.parse(String(url), document.baseURI)?.protocol;
  return scheme !== undefined && !OWN_SCHEMES.has(scheme);
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
