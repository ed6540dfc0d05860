// One number per node for as long as the node lives, so that an element keeps its index from reading to reading. Kept
// beside the page, never in it: the page's own scripts cannot see any of this.

const ids = new WeakMap();
const nodes = new Map();
const forget = new FinalizationRegistry((id) => nodes.delete(id));
let lastId = 0;

function idOf(node) {
  let id = ids.get(node);
  if (id === undefined) {
    id = ++lastId;
    ids.set(node, id);
    nodes.set(id, new WeakRef(node));
    forget.register(node, id);
  }
  return id;
}

function nodeOf(id) {
  return nodes.get(id)?.deref() ?? null;
}

// What only the host can know: roots of closed shadow trees (null: examined, has none) and elements that listen to
// presses.
const closedRoots = new WeakMap();
const listening = new WeakSet();
// Fields that were a password field once stay secret when a "show password" button turns them into text, and so do
// those into which a secret was typed, whatever the page makes of it.
const secrets = new WeakSet();

const openRootOf = getter(Element, 'shadowRoot');

function rootOf(element) {
  return openRootOf(element) ?? closedRoots.get(element) ?? null;
}

const slotOf = getter(Element, 'assignedSlot');

// The parent a person would name: through slots and out of shadow roots.
function parentOf(node) {
  const type = nodeTypeOf(node);
  return (type === 1 && slotOf(node)) || parentNodeOf(node) || (type === 11 && node.host) || null;
}

function contains(outer, inner) {
  // A node slotted into a closed root shows no slot, but its host is its parent then.
  for (let node = inner; node; node = parentOf(node)) if (node === outer) return true;
  return false;
}

// The deepest element painted at a point of the viewport, through shadow roots.
function elementAt(x, y) {
  let hit = page.elementFromPoint(x, y);
  while (hit) {
    const inner = rootOf(hit)?.elementFromPoint(x, y);
    if (!inner || inner === hit) break;
    hit = inner;
  }
  return hit;
}
