// Runs in an empty page of an origin, apart from all other modules: reads what the origin stores, and stores it again. The
// form is Playwright's, so that a state saved by either is read by both.

/** @typedef {{ name: string, value: string }} Item */
/** @typedef {{ name: string, keyPath?: string, keyPathArray?: string[], multiEntry: boolean, unique: boolean }} StoredIndex */
/** @typedef {{ key?: unknown, keyEncoded?: unknown, value?: unknown, valueEncoded?: unknown }} StoredRecord */
/**
 * @typedef {{
 *   name: string, autoIncrement: boolean, keyPath?: string, keyPathArray?: string[], records: StoredRecord[],
 *   indexes: StoredIndex[]
 * }} Store
 */
/** @typedef {{ name: string, version: number, stores: Store[] }} Database */

/** @type {Record<string, any>} */
const arrays = {
  i8: Int8Array,
  ui8: Uint8Array,
  ui8c: Uint8ClampedArray,
  i16: Int16Array,
  ui16: Uint16Array,
  i32: Int32Array,
  ui32: Uint32Array,
  f32: Float32Array,
  f64: Float64Array,
  bi64: BigInt64Array,
  bui64: BigUint64Array,
};

/**
 * @param {Uint8Array} bytes
 * @returns {string}
 */
function toBase64(bytes) {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/**
 * @param {string} text
 * @returns {Uint8Array}
 */
function fromBase64(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

/**
 * A value that JSON lacks, as Playwright writes it.
 *
 * @param {any} value
 * @param {Map<object, number>} seen
 * @returns {unknown}
 */
function encode(value, seen) {
  if (value === undefined) return { v: "undefined" };
  if (value === null) return { v: "null" };
  if (typeof value === "bigint") return { bi: value.toString() };
  if (typeof value === "number") {
    if (Object.is(value, -0)) return { v: "-0" };
    return Number.isFinite(value) ? value : { v: String(value) };
  }
  if (typeof value !== "object") return value;
  const known = seen.get(value);
  if (known !== undefined) return { ref: known };
  if (value instanceof Date) return { d: value.toJSON() };
  if (value instanceof RegExp) return { r: { p: value.source, f: value.flags } };
  if (value instanceof Error) return { e: { n: value.name, m: value.message, s: value.stack ?? "" } };
  if (value instanceof ArrayBuffer) return { ab: { b: toBase64(new Uint8Array(value)) } };
  for (const [kind, type] of Object.entries(arrays)) {
    if (value instanceof type) {
      return { ta: { b: toBase64(new Uint8Array(value.buffer, value.byteOffset, value.byteLength)), k: kind } };
    }
  }
  const id = seen.size + 1;
  seen.set(value, id);
  if (Array.isArray(value)) return { a: value.map((item) => encode(item, seen)), id };
  if (Object.prototype.toString.call(value) !== "[object Object]") throw new Error("a value that cannot be written");
  return { o: Object.keys(value).map((k) => ({ k, v: encode(value[k], seen) })), id };
}

/**
 * @param {any} coded
 * @param {Map<number, unknown>} seen
 * @returns {unknown}
 */
function decode(coded, seen) {
  if (typeof coded !== "object" || coded === null) return coded;
  if ("ref" in coded) return seen.get(coded.ref);
  if ("v" in coded) {
    /** @type {Record<string, unknown>} */
    const values = { undefined: undefined, null: null, NaN, Infinity, "-Infinity": -Infinity, "-0": -0 };
    return values[coded.v];
  }
  if ("d" in coded) return new Date(coded.d);
  if ("u" in coded) return coded.u;
  if ("bi" in coded) return BigInt(coded.bi);
  if ("r" in coded) return new RegExp(coded.r.p, coded.r.f);
  if ("e" in coded) return Object.assign(new Error(coded.e.m), { name: coded.e.n, stack: coded.e.s });
  if ("ab" in coded) return fromBase64(coded.ab.b).buffer;
  if ("ta" in coded) return new arrays[coded.ta.k](fromBase64(coded.ta.b).buffer);
  if ("a" in coded) {
    /** @type {unknown[]} */
    const list = [];
    seen.set(coded.id, list);
    for (const item of coded.a) list.push(decode(item, seen));
    return list;
  }
  if ("o" in coded) {
    /** @type {Record<string, unknown>} */
    const object = {};
    seen.set(coded.id, object);
    for (const { k, v } of coded.o) {
      Object.defineProperty(object, k, {
        value: decode(v, seen),
        writable: true,
        enumerable: true,
        configurable: true,
      });
    }
    return object;
  }
  throw new Error("a value of unknown form");
}

/**
 * Whether JSON has the value.
 *
 * @param {any} value
 * @param {Set<object>} seen
 * @returns {boolean}
 */
function isPlain(value, seen) {
  if (value === null || typeof value === "string" || typeof value === "boolean") return true;
  if (typeof value === "number") return Number.isFinite(value) && !Object.is(value, -0);
  if (typeof value !== "object" || seen.has(value)) return false;
  seen.add(value);
  if (Array.isArray(value)) return value.every((item) => isPlain(item, seen));
  return (
    Object.prototype.toString.call(value) === "[object Object]" &&
    Object.values(value).every((item) => isPlain(item, seen))
  );
}

/**
 * @param {any} value
 * @param {"key" | "value"} name
 * @returns {Record<string, unknown>}
 */
function written(value, name) {
  return isPlain(value, new Set()) ? { [name]: value } : { [`${name}Encoded`]: encode(value, new Map()) };
}

/**
 * @template T
 * @param {IDBRequest<T>} request
 * @returns {Promise<T>}
 */
function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/**
 * @param {string | string[] | null} path
 * @returns {{ keyPath?: string, keyPathArray?: string[] }}
 */
function keyPaths(path) {
  if (path === null) return {};
  return typeof path === "string" ? { keyPath: path } : { keyPathArray: [...path] };
}

/**
 * @param {IDBObjectStore} store
 * @returns {Promise<Store>}
 */
async function readStore(store) {
  // First, while the transaction is active.
  const indexes = [...store.indexNames].map((name) => {
    const index = store.index(name);
    return { name, ...keyPaths(index.keyPath), multiEntry: index.multiEntry, unique: index.unique };
  });
  const [keys, values] = await Promise.all([done(store.getAllKeys()), done(store.getAll())]);
  const records = values.map((value, at) => ({
    ...(store.keyPath === null ? written(keys[at], "key") : {}),
    ...written(value, "value"),
  }));
  return { name: store.name, autoIncrement: store.autoIncrement, ...keyPaths(store.keyPath), records, indexes };
}

/**
 * @param {string} name
 * @param {number} version
 * @returns {Promise<Database>}
 */
async function readDatabase(name, version) {
  const database = await done(indexedDB.open(name));
  try {
    if (database.objectStoreNames.length === 0) return { name, version, stores: [] };
    const transaction = database.transaction(database.objectStoreNames, "readonly");
    const stores = [...database.objectStoreNames].map((store) => readStore(transaction.objectStore(store)));
    return { name, version, stores: await Promise.all(stores) };
  } finally {
    database.close();
  }
}

/**
 * @param {Database} stored
 * @returns {Promise<void>}
 */
async function writeDatabase({ name, version, stores }) {
  const opening = indexedDB.open(name, version);
  opening.onupgradeneeded = () => {
    for (const { name, autoIncrement, keyPath, keyPathArray, indexes } of stores) {
      const store = opening.result.createObjectStore(name, { autoIncrement, keyPath: keyPathArray ?? keyPath ?? null });
      for (const { name, keyPath, keyPathArray, unique, multiEntry } of indexes) {
        store.createIndex(name, keyPathArray ?? keyPath ?? "", { unique, multiEntry });
      }
    }
  };
  const database = await done(opening);
  try {
    if (stores.length === 0) return;
    const transaction = database.transaction(database.objectStoreNames, "readwrite");
    const adding = stores.flatMap(({ name, records }) => {
      const store = transaction.objectStore(name);
      return records.map((record) => {
        const value = "value" in record ? record.value : decode(record.valueEncoded, new Map());
        if (store.keyPath !== null) return done(store.add(value));
        const key = "key" in record ? record.key : decode(record.keyEncoded, new Map());
        return done(store.add(value, /** @type {IDBValidKey} */ (key)));
      });
    });
    await Promise.all(adding);
  } finally {
    database.close();
  }
}

/**
 * What the origin stores, as JSON. `lost` counts the databases that hold what JSON cannot have, or are too large.
 *
 * @param {number} most Characters of all databases.
 * @returns {Promise<string>}
 */
export async function collectStorage(most) {
  /** @type {Item[]} */
  const items = Object.keys(localStorage).map((name) => ({ name, value: localStorage.getItem(name) ?? "" }));
  /** @type {Database[]} */
  const databases = [];
  let [lost, size] = [0, 0];
  for (const { name, version } of await indexedDB.databases()) {
    if (!name || !version) continue;
    try {
      const database = await readDatabase(name, version);
      size += JSON.stringify(database).length;
      if (size > most) lost += 1;
      else databases.push(database);
    } catch {
      lost += 1;
    }
  }
  return JSON.stringify({ localStorage: items, indexedDB: databases, lost });
}

/**
 * Stores it, and returns how many databases could not be.
 *
 * @param {{ localStorage: Item[], indexedDB?: Database[] }} state
 * @returns {Promise<number>}
 */
export async function restoreStorage(state) {
  for (const { name, value } of state.localStorage) localStorage.setItem(name, value);
  let lost = 0;
  for (const database of state.indexedDB ?? []) {
    try {
      await writeDatabase(database);
    } catch {
      lost += 1;
    }
  }
  return lost;
}
