// Text and accessible names.

const LIMIT_NAME = 200;

// Controls, soft hyphens, zero-width and bidirectional marks, private-use glyphs of icon fonts, invisible tags.
const UNSEEN =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ue000-\uf8ff\ufeff\uffa0\ufff0-\uffff\u{e0000}-\u{e0fff}\u{f0000}-\u{10ffff}]/gu;
// Joiners mean something between letters of many scripts and inside emoji, and nothing elsewhere.
const LOOSE_JOINERS = /(^|[\u0000-\u00ff])[\u200c\u200d]+/gu;

function clean(text) {
  let out = text.replace(/\s+/g, ' ');
  if (/[^\x20-\x7e]/.test(out)) out = out.replace(UNSEEN, '').replace(LOOSE_JOINERS, '$1');
  return out;
}

// Every string of the page that leaves it comes through here; half a surrogate pair is not JSON that others can read.
function bounded(text, limit) {
  const cut = text.length > limit ? text.slice(0, limit) : text;
  return (text.length > limit ? cut.trimEnd() + '…' : cut).toWellFormed();
}

function whole(number) {
  return Math.max(-1e9, Math.min(1e9, Math.round(number))) || 0;
}

function phrase(text, limit = LIMIT_NAME) {
  return bounded(clean(text ?? '').trim(), limit);
}

// What two spellings of the same words have in common.
function letters(text) {
  return text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '');
}

const WORDLESS = new Set(['script', 'style', 'template', 'noscript', 'head', 'select', 'textarea', 'datalist', 'iframe']);

// What a label or a referenced element says, hidden or not (references may point at hidden text).
function textOf(root, limit = LIMIT_NAME) {
  let out = '';
  const walk = (node, depth) => {
    for (let child = firstChildOf(node); child && out.length < 2 * limit; child = nextSiblingOf(child)) {
      if (child.nodeType === 3) out += child.data;
      else if (child.nodeType === 1 && depth < 64 && !WORDLESS.has(child.localName)) {
        out += ' ';
        if (child.localName === 'img') out += child.alt ?? '';
        else walk(child, depth + 1);
        out += ' ';
      }
    }
  };
  walk(root, 0);
  return phrase(out, limit);
}

function referenced(element, attribute) {
  const list = element.getAttribute(attribute);
  if (!list) return '';
  const root = element.getRootNode();
  const parts = [];
  for (const id of list.split(/\s+/, 8)) {
    const target = id && root.getElementById?.(id);
    if (target) parts.push(target.getAttribute('aria-label') || textOf(target));
  }
  return phrase(parts.join(' '));
}

function labelText(element) {
  const labels = element.labels;
  if (!labels || labels.length === 0) return '';
  const parts = [];
  for (let i = 0; i < labels.length && i < 4; i++) parts.push(textOf(labels[i]));
  return phrase(parts.join(' '));
}

// The name given by the author apart from the content: the first steps of the accessible-name computation.
function givenName(element) {
  return (
    referenced(element, 'aria-labelledby') || phrase(element.getAttribute('aria-label')) || (element.labels ? labelText(element) : '')
  );
}

function fileOf(url) {
  if (!url || url.startsWith('data:') || url.startsWith('blob:')) return '';
  const path = url.split(/[?#]/, 1)[0];
  return phrase(decoded(path.slice(path.lastIndexOf('/') + 1)), 60);
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

// What the author called an unnamed picture: file, sprite symbol, icon attribute or icon class.
function iconHint(element) {
  const picture = element.localName === 'img' || element.localName === 'svg' ? element : element.querySelector('img,svg,i,use');
  for (const candidate of picture && picture !== element ? [picture, element] : [element]) {
    const source = fileOf(candidate.getAttribute('src'));
    if (source) return source;
    const use = candidate.localName === 'use' ? candidate : candidate.querySelector?.('use');
    const symbol = (use?.getAttribute('href') ?? use?.getAttribute('xlink:href'))?.split('#')[1];
    if (symbol) return phrase(symbol, 40);
    const icon = candidate.getAttribute('data-icon') ?? candidate.getAttribute('icon') ?? candidate.getAttribute('data-lucide');
    if (icon) return phrase(icon, 40);
    const classes = candidate.getAttribute('class');
    // "fa-trash", "icon-close", "bi-x", "mdi-home", "codicon-gear", "IconCart": the part after the family's name.
    const match = classes?.match(/(?:^|\s)(?:fa|fas|far|bi|mdi|ri|ti|pi|ph|lucide|feather|codicon|octicon|glyphicon|icon|icons?|anticon|svg)[-_]([\w-]{2,40})/i);
    if (match && !/^(?:solid|regular|light|brands|fw|lg|sm|xs|[0-9]x)$/.test(match[1])) return phrase(match[1], 40);
  }
  const image = getComputedStyle(element).backgroundImage;
  return fileOf(image.startsWith('url(') ? image.slice(5, -2) : '');
}

// The last resort: what the author calls the element itself.
function ownHint(element) {
  if (element.localName === 'canvas' && element.id) return phrase(element.id, 40);
  return phrase(element.getAttribute('class')?.match(/[a-z]{3,}[\w-]*/i)?.[0] ?? '', 40);
}
