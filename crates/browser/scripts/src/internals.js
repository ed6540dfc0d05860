// Role and states that a custom element gives itself by its ElementInternals, which no attribute shows. The guard in the
// page's world keeps them; a reading in our own world asks by an event at the element, whose form the guard fills. Elements
// in closed shadow trees cannot be asked.

/** The type of the event. */
export const INTERNALS = "agent-internals";
/** The name in the form of what was denied that says that there are any. */
export const HAS_INTERNALS = "internals";

/** The properties that are read, by the attributes that they stand for. @type {[attribute: string, property: string][]} */
export const PROPERTIES = [
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
  ["aria-valuetext", "ariaValueText"],
];

let hasInternals = false;

/**
 * @param {boolean} has whether an element of the document has any; others are not asked
 * @returns {void}
 */
export function setHasInternals(has) {
  hasInternals = has;
}

/**
 * An attribute, or else what an element says of itself in its place.
 *
 * @param {Element} element
 * @param {string} name
 * @returns {string | null}
 */
export function statedBy(element, name) {
  const attribute = element.getAttribute(name);
  if (attribute !== null || !hasInternals || !element.localName.includes("-")) return attribute;
  const form = new FormData();
  element.dispatchEvent(new FormDataEvent(INTERNALS, { formData: form, composed: true }));
  const value = form.get(name);
  return typeof value === "string" ? value : null;
}
