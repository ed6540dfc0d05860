// The document and its forms give elements named like their own properties precedence over these: with
// `<form><input name="nextSibling">`, `form.nextSibling` is that input. What the walk stands on is asked past that.

const getter = (owner, name) => {
  const { get } = Object.getOwnPropertyDescriptor(owner.prototype, name);
  return (node) => get.call(node);
};
const firstChildOf = getter(Node, 'firstChild');
const nextSiblingOf = getter(Node, 'nextSibling');
const parentNodeOf = getter(Node, 'parentNode');
const nodeTypeOf = getter(Node, 'nodeType');
const localNameOf = getter(Element, 'localName');

const matches = Function.prototype.call.bind(Element.prototype.matches);
const attribute = Function.prototype.call.bind(Element.prototype.getAttribute);
const rectOf = Function.prototype.call.bind(Element.prototype.getBoundingClientRect);
const positionOf = Function.prototype.call.bind(Node.prototype.compareDocumentPosition);
const comesBefore = (first, second) => (positionOf(first, second) & Node.DOCUMENT_POSITION_FOLLOWING) !== 0;
const closest = Function.prototype.call.bind(Element.prototype.closest);

const page = {};
for (const name of ['documentElement', 'body', 'title', 'scrollingElement', 'activeElement', 'readyState']) {
  const get = getter(Document, name);
  Object.defineProperty(page, name, { get: () => get(document) });
}
for (const name of ['querySelector', 'querySelectorAll', 'getElementsByTagName', 'elementFromPoint', 'createRange']) {
  page[name] = Document.prototype[name].bind(document);
}

// Whether a form has controls that hide properties of its own that are used here.
const formControls = getter(HTMLFormElement, 'elements');
const TRUSTED = (
  'getBoundingClientRect checkVisibility matches hasAttribute hasAttributes getAttribute querySelector querySelectorAll shadowRoot ' +
  'firstElementChild lastElementChild childElementCount children scrollHeight scrollWidth clientHeight clientWidth clientLeft ' +
  'clientTop scrollTop scrollLeft offsetParent assignedSlot isContentEditable labels type disabled textContent getRootNode ' +
  'ownerSVGElement autocomplete contains compareDocumentPosition isConnected innerText closest getClientRects host'
).split(' ');

function isDisguised(form) {
  const controls = formControls(form);
  for (const name of TRUSTED) if (controls.namedItem(name) !== null) return true;
  for (const image of Element.prototype.querySelectorAll.call(form, 'img[name],img[id]')) {
    if (TRUSTED.includes(image.name) || TRUSTED.includes(image.id)) return true;
  }
  return false;
}
