// What kind of control an element is, and its state.

const LIMIT_VALUE = 1000;
const LIMIT_OPTIONS = 60;

// Elements that are controls by what they are. Which of them are offered is decided where they stand.
const CONTROL =
  'a[href],area[href],button,input,select,textarea,summary,label,canvas,[role],[contenteditable],[onclick],[ondblclick],[onmousedown],' +
  '[onmouseup],[onpointerdown],[onpointerup],[ontouchstart],[ontouchend],[draggable=true],video[controls],audio[controls]';

const WIDGET_ROLES = new Set(
  ('button checkbox combobox link menuitem menuitemcheckbox menuitemradio option radio scrollbar searchbox slider ' +
    'spinbutton switch tab textbox treeitem').split(' '),
);
// Widgets whose content is their value or their parts, not their name.
const OPEN_ROLES = new Set(['textbox', 'searchbox', 'combobox', 'spinbutton', 'slider', 'scrollbar', 'listbox']);

const INPUT_ROLES = {
  button: 'button', submit: 'button', reset: 'button', image: 'button', checkbox: 'checkbox', radio: 'radio',
  range: 'slider', number: 'spinbutton', search: 'searchbox', email: 'textbox', tel: 'textbox', text: 'textbox',
  url: 'textbox', password: 'textbox',
};
const TAG_ROLES = {
  a: 'link', area: 'link', button: 'button', textarea: 'textbox', summary: 'button', canvas: 'img', video: 'video', audio: 'audio',
};
const FORMATS = {
  date: 'YYYY-MM-DD', time: 'HH:MM', 'datetime-local': 'YYYY-MM-DDTHH:MM', month: 'YYYY-MM', week: 'YYYY-Www',
  color: '#rrggbb',
};

function explicitRole(element) {
  const role = element.getAttribute('role');
  return role ? bounded(role.trim().split(/\s+/, 1)[0].toLowerCase(), 40) : '';
}

function roleOf(element, tag, explicit) {
  if (explicit && explicit !== 'presentation' && explicit !== 'none') return explicit;
  if (tag === 'input') return element.list ? 'combobox' : (INPUT_ROLES[element.type] ?? element.type);
  if (tag === 'select') return element.multiple || element.size > 1 ? 'listbox' : 'combobox';
  if (element.isContentEditable && element.hasAttribute('contenteditable')) return 'textbox';
  return TAG_ROLES[tag] ?? '';
}

// Whether the element takes typed text by being editable as a whole.
function isEditor(element) {
  const own = element.getAttribute('contenteditable');
  return own !== null && own.toLowerCase() !== 'false' && element.isContentEditable;
}

function isSecret(element) {
  if (element.type === 'password') secrets.add(element);
  return secrets.has(element) || /password/.test(element.autocomplete ?? '');
}

function flag(element, attribute) {
  const value = element.getAttribute(attribute);
  return value === null || value === '' ? undefined : bounded(value, 60);
}

// States and properties worth a word. Only what deviates from the ordinary is set.
function stateOf(element, tag, role, out) {
  const aria = (name) => flag(element, 'aria-' + name);
  if (element.hasAttributes()) {
    const checked = aria('checked') ?? (role === 'switch' || role === 'checkbox' || role === 'radio' ? undefined : aria('pressed'));
    if (checked !== undefined) out.checked = checked;
    const selected = aria('selected');
    if (selected !== undefined && (selected === 'true' || role === 'tab' || role === 'option')) out.selected = selected === 'true';
    const expanded = aria('expanded');
    if (expanded !== undefined) out.expanded = expanded === 'true';
    const current = aria('current');
    if (current && current !== 'false') out.current = current;
    const popup = aria('haspopup');
    if (popup && popup !== 'false') out.popup = popup;
    if (aria('required') === 'true') out.required = true;
    if (aria('readonly') === 'true') out.readonly = true;
    if (aria('disabled') === 'true') out.disabled = true;
    if (aria('invalid') && aria('invalid') !== 'false') out.invalid = referenced(element, 'aria-errormessage') || 'true';
    if (aria('busy') === 'true') out.busy = true;
    const sort = aria('sort');
    if (sort && sort !== 'none') out.sort = sort;
    if (role === 'slider' || role === 'spinbutton' || role === 'scrollbar' || role === 'progressbar') {
      const value = aria('valuetext') ?? aria('valuenow');
      if (value !== undefined) out.value = phrase(value);
      if (aria('valuemin')) out.min = phrase(aria('valuemin'), 20);
      if (aria('valuemax')) out.max = phrase(aria('valuemax'), 20);
    }
    // Which date a day of a calendar stands for.
    const date = element.getAttribute('data-date') ?? element.getAttribute('data-day') ?? element.getAttribute('datetime');
    if (date) out.date = phrase(date, 30);
    if (element.getAttribute('draggable') === 'true' && tag !== 'a') out.draggable = true;
  }
  if (element.disabled === true || (tag === 'button' || tag === 'input' || tag === 'select' || tag === 'textarea') && element.matches(':disabled')) {
    out.disabled = true;
  }
}

function fieldState(element, tag, out) {
  if (element.required) out.required = true;
  if (element.readOnly) out.readonly = true;
  if (!out.invalid && element.matches(':user-invalid')) out.invalid = phrase(element.validationMessage, 120) || 'true';
  const placeholder = phrase(element.placeholder, 120);
  if (placeholder) out.placeholder = placeholder;
  if (isSecret(element)) {
    // Whether there is something in it, never what or how much.
    if (element.value !== '') out.filled = true;
    return;
  }
  out.value = bounded(element.value ?? '', LIMIT_VALUE);
  if (element.maxLength > 0 && element.maxLength < 10000) out.maxlength = element.maxLength;
}

function inputState(element, out) {
  const type = (out.type = element.type);
  switch (type) {
    case 'checkbox':
    case 'radio':
      out.checked = element.indeterminate ? 'mixed' : String(element.checked);
      if (element.required) out.required = true;
      if (element.matches(':user-invalid')) out.invalid = phrase(element.validationMessage, 120) || 'true';
      return;
    case 'button':
    case 'submit':
    case 'reset':
    case 'image':
      return;
    case 'file':
      if (element.multiple) out.multiple = true;
      if (element.accept) out.accept = phrase(element.accept, 80);
      out.value = Array.from(element.files ?? [], (file) => file.name).slice(0, 10).join(', ');
      if (element.required) out.required = true;
      return;
  }
  fieldState(element, 'input', out);
  if (FORMATS[type]) out.format = FORMATS[type];
  if (element.min) out.min = phrase(element.min, 30);
  if (element.max) out.max = phrase(element.max, 30);
  if (element.step && element.step !== 'any') out.step = phrase(element.step, 20);
  if (type === 'range') {
    out.min ??= '0';
    out.max ??= '100';
  }
  if (element.pattern) out.pattern = phrase(element.pattern, 60);
  if (element.list) {
    out.options = Array.from(element.list.options).slice(0, 20).map((option) => phrase(option.value || option.label, 60));
    out.total = element.list.options.length;
  }
}

function selectState(element, out) {
  const options = element.options;
  out.options = [];
  for (let i = 0; i < options.length && i < LIMIT_OPTIONS; i++) {
    out.options.push(phrase(options[i].label || options[i].text, 80) || phrase(options[i].value, 80));
  }
  out.total = options.length;
  out.value = bounded(Array.from(element.selectedOptions).slice(0, 20).map((option) => phrase(option.label || option.text, 80)).join(', '), 300);
  if (element.multiple) out.multiple = true;
  if (element.required) out.required = true;
  if (element.matches(':user-invalid')) out.invalid = phrase(element.validationMessage, 120) || 'true';
}

function mediaTime(seconds) {
  if (!Number.isFinite(seconds)) return 'live';
  return Math.floor(seconds / 60) + ':' + String(Math.floor(seconds % 60)).padStart(2, '0');
}

// Type, value and state of a control as one flat record.
function describe(element, tag, role, out) {
  stateOf(element, tag, role, out);
  if (tag === 'input') inputState(element, out);
  else if (tag === 'textarea') fieldState(element, tag, out);
  else if (tag === 'select') selectState(element, out);
  else if (tag === 'a' || tag === 'area') {
    out.href = bounded(String(element.href?.baseVal ?? element.href ?? ''), 500);
    if (element.target === '_blank') out.newtab = true;
    if (element.hasAttribute('download')) out.download = true;
  } else if (tag === 'summary') out.expanded = element.parentElement?.open === true;
  else if (tag === 'video' || tag === 'audio') {
    out.value = (element.paused ? 'paused ' : 'playing ') + mediaTime(element.currentTime) + '/' + mediaTime(element.duration);
    if (element.muted) out.muted = true;
  } else if (isEditor(element)) {
    out.editable = true;
    out.value = bounded(element.innerText ?? '', LIMIT_VALUE).replace(/\n$/, '');
    const placeholder = phrase(element.getAttribute('aria-placeholder') ?? element.getAttribute('data-placeholder'), 120);
    if (placeholder) out.placeholder = placeholder;
  }
  return out;
}

// Role, name and what was found of its content.
function identify(element, tag, explicit) {
  const role = tag === 'label' && element.control ? roleOf(element.control, element.control.localName, '') : roleOf(element, tag, explicit);
  const content = { text: '', faint: '', controls: [], icon: null };
  const open = OPEN_ROLES.has(role) && tag !== 'label';
  if (!open && tag !== 'video' && tag !== 'audio' && tag !== 'canvas') gather(element, content, 0);
  let name = givenName(element);
  if (!name && tag === 'area') name = phrase(element.alt);
  if (!name && tag === 'input') {
    if (element.type === 'image') name = phrase(element.alt);
    else if (role === 'button') name = phrase(element.value) || { submit: 'Submit', reset: 'Reset' }[element.type] || '';
  }
  // What merely behaves like a control is not named by all that stands in it.
  const isContainer = (content.controls.length > 0 || content.text.length > 2 * LIMIT_NAME) && tag !== 'label' && !isHard(element, tag, explicit);
  if (isContainer) return { role, name, content, open };
  const words = phrase(content.text);
  // A person goes by what can be read on it: said beside the name that was given, unless that says it too.
  if (name && tag !== 'label' && !letters(name).includes(letters(words))) name = phrase(name + ' (' + bounded(words, 80) + ')');
  name ||= words || phrase(element.getAttribute('title')) || phrase(content.faint);
  if (!name && tag === 'label') name = givenName(element.control);
  if (!name && element.ownerSVGElement) name = phrase(element.querySelector('title')?.textContent);
  return { role, name, content, open };
}

// Whether an element is a control whatever its looks.
function isHard(el, tag, explicit) {
  switch (tag) {
    case 'a':
    case 'area':
      return el.hasAttribute('href') || WIDGET_ROLES.has(explicit);
    case 'input':
      return el.type !== 'hidden';
    case 'button':
    case 'select':
    case 'textarea':
    case 'video':
    case 'audio':
      return true;
    case 'canvas':
      return el.clientWidth >= 40 && el.clientHeight >= 40;
    case 'summary':
      return el.parentElement?.localName === 'details';
    default:
      return WIDGET_ROLES.has(explicit) || isEditor(el);
  }
}

// The words of a control's content: names of pictures count, hidden parts do not, further controls are set aside.
function gather(element, into, depth) {
  if (depth > 60 || into.text.length > 2 * LIMIT_NAME) return;
  const root = rootOf(element);
  const assigned = !root && element.localName === 'slot' ? element.assignedNodes?.() : null;
  if (assigned?.length > 0) for (const node of assigned) gatherNode(node, into, depth);
  else for (let node = firstChildOf(root ?? element); node !== null; node = nextSiblingOf(node)) gatherNode(node, into, depth);
}

function gatherNode(node, into, depth) {
  if (node.nodeType === 3) {
    into.text += node.data;
    return;
  }
  if (node.nodeType !== 1) return;
  const tag = node.localName;
  if (IGNORED.has(tag)) {
    into.text += ' ';
    return;
  }
  if (tag === 'img') {
    into.text += ' ' + (node.alt || node.getAttribute('aria-label') || '') + ' ';
    into.icon ??= node;
    return;
  }
  if (tag === 'svg') {
    into.text += ' ' + (node.getAttribute('aria-label') || node.querySelector('title')?.textContent || '') + ' ';
    into.icon ??= node;
    return;
  }
  if (!node.checkVisibility({ visibilityProperty: true }) && getComputedStyle(node).display !== 'contents') return;
  if (tag !== 'label' && node.matches(CONTROL) && isHard(node, tag, explicitRole(node))) {
    into.controls.push(node);
    return;
  }
  const label = node.getAttribute('aria-label');
  if (label) {
    into.text += ' ' + label + ' ';
    return;
  }
  if (node.firstChild === null && !rootOf(node)) {
    into.icon ??= node;
    return;
  }
  const space = INLINE.has(tag) ? '' : ' ';
  if (node.getAttribute('aria-hidden') === 'true') {
    const aside = { text: '', faint: '', controls: into.controls, icon: into.icon };
    gather(node, aside, depth + 1);
    into.faint += space + aside.text + space;
    into.icon ??= aside.icon ?? node;
    return;
  }
  into.text += space;
  gather(node, into, depth + 1);
  into.text += space;
}
