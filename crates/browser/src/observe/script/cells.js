// Boards, keypads and calendars: many like elements with little or no text, told apart by their classes, their data and
// where they stand.

const MAX_GROUP = 500;
const CELL_DATA = 'square cell pos position coord coords row col column x y index key letter value state status piece'.split(' ');
const DATES = ['data-date', 'data-day', 'datetime'];

// The classes of a group of like elements with how many carry each.
class Groups {
  constructor() {
    this.known = new Map();
  }

  of(el, tag) {
    const isCell = tag === 'td' || tag === 'th' || CELL_ROLES.has(attribute(el, 'role'));
    const home = (isCell && closest(el, 'table,[role=grid],[role=table]')) || parentNodeOf(el);
    if (!home) return null;
    let group = this.known.get(home);
    if (group === undefined) {
      const members = isCell ? home.getElementsByTagName(tag) : home.children;
      const classes = new Map();
      let size = 0;
      for (let i = 0; members && i < members.length && i < MAX_GROUP; i++) {
        if (localNameOf(members[i]) !== tag) continue;
        size++;
        for (const name of members[i].classList) classes.set(name, (classes.get(name) ?? 0) + 1);
      }
      group = { size, classes };
      this.known.set(home, group);
    }
    return group.size >= 3 ? group : null;
  }
}

// What tells a cell from the others: classes that not all of them have (of a cell with a name, those that few have),
// and what its data say of its place and state.
function cellState(el, group, isNamed) {
  const most = isNamed ? group.size / 2 : group.size - 1;
  const parts = [];
  for (const name of el.classList) {
    if (group.classes.get(name) <= most && name.length <= 24 && parts.length < 3) parts.push(name);
  }
  for (const key of CELL_DATA) {
    const value = attribute(el, 'data-' + key);
    if (value && value.length <= 12 && parts.length < 5) parts.push(key + '=' + value);
  }
  return phrase(parts.join(' '), 60);
}

// The whole date of a day that shows its number alone: in it, or in the cell it stands in.
function dateOf(el) {
  const inside = el.querySelector('[datetime],[data-date],abbr[title]');
  for (let node = inside ?? parentNodeOf(el), steps = 0; node && nodeTypeOf(node) === 1 && steps < 2; node = parentNodeOf(node), steps++) {
    for (const name of DATES) {
      const date = attribute(node, name);
      if (date && /\D/.test(date)) return phrase(date, 40);
    }
    const words = attribute(node, 'aria-label') || (node === inside && attribute(node, 'title'));
    if (words && /\d/.test(words)) return phrase(words, 60);
    if (node === inside) node = el;
  }
  return '';
}
