// What a page asked for and was denied. The guard in the page's world notes it; a reading in our own world asks by an event
// whose form the guard fills.

/** @typedef {"location" | "notifications" | "clipboard" | "camera" | "screen" | "passkey" | "pointer" | "print"} Denial */

import { HAS_INTERNALS, setHasInternals } from "./internals.js";

/** The type of the event. */
export const DENIED = "agent-denied";
/** The name in the form of the scheme of another program that the page wanted to open. */
export const PROGRAM = "program";

/**
 * @returns {[string, string][]} what was denied, with the scheme of a program
 */
export function readDenied() {
  const form = new FormData();
  dispatchEvent(new FormDataEvent(DENIED, { formData: form }));
  setHasInternals(form.has(HAS_INTERNALS));
  form.delete(HAS_INTERNALS);
  return [...form].map(([name, value]) => [name, String(value)]);
}
