// The shapes that leave a page, each with the Rust type that deserialises it, and those that several modules share.

// ---- shared by the modules

/** An element of any kind, with what may be read without asking for its kind first. */
export interface AnyElement extends Element {
  accept?: string;
  alt?: string;
  assignedNodes?: () => Node[];
  autocomplete?: string;
  checked?: boolean;
  control?: AnyElement | null;
  currentSrc?: string;
  currentTime?: number;
  data?: string;
  disabled?: boolean;
  draggable?: boolean;
  duration?: number;
  files?: FileList | null;
  focus?: (options?: FocusOptions) => void;
  form?: HTMLFormElement | null;
  formAction?: string;
  /** An `SVGAnimatedString` for links in drawings. */
  href?: string | { baseVal: string };
  indeterminate?: boolean;
  innerText?: string;
  isContentEditable?: boolean;
  labels?: NodeListOf<HTMLLabelElement> | null;
  list?: HTMLDataListElement | null;
  max?: string | number;
  maxLength?: number;
  min?: string | number;
  multiple?: boolean;
  muted?: boolean;
  name?: string;
  offsetParent?: Element | null;
  open?: boolean;
  options?: HTMLOptionsCollection | HTMLCollectionOf<HTMLOptionElement>;
  ownerSVGElement?: SVGSVGElement | null;
  pattern?: string;
  paused?: boolean;
  placeholder?: string;
  position?: number;
  readOnly?: boolean;
  required?: boolean;
  select?: () => void;
  selectedOptions?: HTMLCollectionOf<HTMLOptionElement>;
  selectionEnd?: number | null;
  selectionStart?: number | null;
  setSelectionRange?: (start: number, end: number) => void;
  size?: number;
  src?: string;
  step?: string;
  target?: string;
  title?: string;
  type?: string;
  validationMessage?: string;
  value?: string | number;
}

/** A rectangle of the document's viewport, in CSS pixels: left, top, right, bottom. */
export interface Box {
  l: number;
  t: number;
  r: number;
  b: number;
}

export type Point = [x: number, y: number];

// ---- reading: `Reading` and its parts, in observe/reading.rs

/** Rust: `Reading`. Coordinates are CSS pixels of the document's own viewport. */
export interface Reading {
  url: string;
  title: string;
  ready: DocumentReadyState;
  viewport: [number, number];
  scroll: [number, number];
  page: [number, number];
  nodes: number;
  items: Item[];
  /** Names, with the scheme of a program. */
  denied: [string, string][];
  range?: [number, number];
  hosts?: number[];
  /** Controls and headings above and below what is listed. Rust: `OffscreenSummary`. */
  above?: OffscreenSummary;
  below?: OffscreenSummary;
  beside?: number;
  cut?: number;
  wordless?: number;
  layered?: boolean;
  marks?: BlockSigns;
  focus?: number;
  /** Hit tests made. Not read by Rust. */
  hits?: number;
  ms?: number;
}

/** Rust: `BlockSigns`. */
export interface BlockSigns {
  gates: string[];
  complaints: string[];
}

/** Rust: `OffscreenSummary`. */
export type OffscreenSummary = [controls: number, headings: string[]];

/** Rust: `Item`. */
export type Item = { t: TextItem } | { e: ElementItem } | { f: FrameItem } | { o: Scope } | "c" | "n" | "p";

/** Rust: `Item::Open`. */
export type Scope = [kind: string, name: string];

/** Rust: `TextItem`. */
export type TextItem = [x: number, y: number, width: number, height: number, seen: 0 | 1, text: string, level: number];

/** Rust: `Rect`. */
export type Rect = [x: number, y: number, width: number, height: number];

/** Value and states of a control; only what deviates from the ordinary is set. Rust: part of `ElementItem`. */
export interface ControlState {
  accept?: string;
  busy?: boolean;
  checked?: string;
  current?: string;
  date?: string;
  disabled?: boolean;
  download?: boolean;
  draggable?: boolean;
  editable?: boolean;
  expanded?: boolean;
  filled?: boolean;
  hover?: boolean;
  format?: string;
  href?: string;
  invalid?: string;
  max?: string;
  maxlength?: number;
  min?: string;
  multiple?: boolean;
  muted?: boolean;
  newtab?: boolean;
  options?: string[];
  pattern?: string;
  placeholder?: string;
  popup?: string;
  readonly?: boolean;
  required?: boolean;
  selected?: boolean;
  sort?: string;
  reveals?: string;
  step?: string;
  total?: number;
  type?: string;
  value?: string;
}

/** Rust: `ElementItem`. */
export interface ElementItem extends ControlState {
  i: number;
  b: Rect;
  v?: 1;
  tag: string;
  role?: string;
  kind?: string;
  name?: string;
  sig?: string;
  field?: string;
  covered?: boolean;
  open?: boolean;
  hidden?: boolean;
  icon?: string;
  colour?: string;
  state?: string;
  at?: Point;
  lines?: [first: number, last: number];
  editor?: number;
  size?: [number, number];
  scroll?: [number, number, number, number];
}

/** Rust: `FrameItem`. */
export interface FrameItem {
  i: number;
  b: Rect;
  src: string;
  name: string;
  pdf?: true;
  seen?: [number, number, number, number];
  cover?: number;
}

// ---- acting: what the functions of `injected` return, by the Rust file that calls them

/** The element that was named is no longer in the document. */
export interface Gone {
  gone: true;
}

/** What an element is. Rust: part of `Selected`. */
export interface Identity {
  tag: string;
  role: string;
  name: string;
  type: string;
}

/** Rust: `Located`. */
export interface Located {
  gone?: true;
  hidden?: true;
  outside?: [number, number];
  covered?: string;
  x?: number;
  y?: number;
  /** Where the element is. */
  left?: number;
  top?: number;
  kind?: FieldKind;
  draggable?: boolean;
  disabled?: boolean;
  secret?: boolean;
  focused?: boolean;
  options?: string[] | null;
}

/** How an element takes input. */
export type FieldKind =
  | "slider"
  | "code"
  | "select"
  | "text"
  | "editable"
  | "check"
  | "file"
  | "set"
  | "button"
  | "picture"
  | "other";

/** Rust: `OpenList`. */
export interface OpenList {
  list: number;
  several: boolean;
  options: ListOption[];
  expanded: boolean;
}

/** Rust: `ListOption`. */
export interface ListOption {
  id: number;
  text: string;
  value: string;
  selected: boolean | null;
  disabled: boolean;
}

/** Rust: `SecretField`. Compared as a whole before the secret is typed. */
export interface SecretField {
  gone: false;
  origin: string;
  field: boolean;
  disabled: boolean;
  search: boolean;
  url: boolean;
  targets: string[];
}

/** A menu, a dialog, an alert, with what is in it. Rust: `ChangedGroup`. */
export interface ChangedGroup {
  kind: string;
  name: string;
  text?: string;
  items?: string[];
  total?: number;
}

/** A state that changed. Rust: `StateChange`. */
export interface StateChange {
  target: boolean;
  name: string;
  key: string;
  value: string;
}

/** What changed in a document. Rust: `DocumentDiff`. */
export type DocumentDiff =
  | { fresh: true; title: string }
  | {
      fresh: false;
      title: string;
      groups: ChangedGroup[];
      controls: string[];
      more_controls: number;
      texts: string[];
      more_texts: number;
      gone_groups: ChangedGroup[];
      gone: string[];
      more_gone: number;
      states: StateChange[];
      unmoved: boolean;
      focus: string;
      moved: boolean;
      focused: boolean;
      scrolled: boolean;
      slipped: boolean;
      hit: string;
      scrolled_part: boolean;
      saw_press: boolean;
      saw_key: boolean;
    };

/** Rust: `FileFieldLimits`. */
export interface FileFieldLimits {
  disabled: boolean;
  multiple: boolean;
  folder: boolean;
}

/** Rust: `HeldFiles`. */
export interface HeldFiles {
  names: string[];
  unfit: string[];
  accept: string;
}
