import {
  compareText,
  failure,
  isUnknown,
  type ListValue,
  list,
  type MapEntry,
  map,
  nameOf,
  nil,
  num,
  origins,
  str,
  unknown,
  type Value,
} from './value.ts';

/** Numbers as Terraform prints them: no exponent, no trailing zeros. */
export function numberText(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e21) return BigInt(value).toString();
  const text = String(value);
  if (!text.includes('e')) return text;
  return value.toFixed(20).replace(/0+$/, '').replace(/\.$/, '');
}

/** To string as Terraform converts: numbers and booleans yes, collections no (null). */
export function toText(value: Value): string | null {
  if (value.t === 'string') return value.v;
  if (value.t === 'number') return numberText(value.v);
  if (value.t === 'bool') return String(value.v);
  return null;
}

export function toNumber(value: Value): number | null {
  if (value.t === 'number') return value.v;
  if (value.t === 'string' && /^-?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(value.v)) return Number(value.v);
  return null;
}

export function toBool(value: Value): boolean | null {
  if (value.t === 'bool') return value.v;
  if (value.t === 'string' && (value.v === 'true' || value.v === 'false')) return value.v === 'true';
  return null;
}

export function asString(value: Value): Value {
  if (value.t === 'null' || value.t === 'unknown') return value;
  const text = toText(value);
  return text === null ? failure(`tostring(${nameOf(value)})`, value.from) : str(text, value.from);
}

export function asNumber(value: Value): Value {
  if (value.t === 'null' || value.t === 'unknown') return value;
  const number = toNumber(value);
  return number === null ? failure(`tonumber(${nameOf(value)})`, value.from) : num(number, value.from);
}

export function asBool(value: Value): Value {
  if (value.t === 'null' || value.t === 'unknown') return value;
  const truth = toBool(value);
  return truth === null ? failure(`tobool(${nameOf(value)})`, value.from) : { t: 'bool', v: truth, from: value.from };
}

/** Elements of a list, set, tuple, or values of a map in key order; null for anything else. */
export function elementsOf(value: Value): readonly Value[] | null {
  if (value.t === 'list') return value.items;
  if (value.t === 'map') return [...value.entries.values()].map((entry) => entry.value);
  return null;
}

/** Elements of one type, as a list or set needs: all become strings where any is one. */
export function unify(items: readonly Value[]): readonly Value[] {
  const kinds = new Set(items.filter((i) => i.t !== 'unknown' && i.t !== 'null').map((i) => i.t));
  if (kinds.size <= 1) return items;
  const scalars = [...kinds].every((kind) => kind === 'string' || kind === 'number' || kind === 'bool');
  if (scalars && kinds.has('string')) return items.map(asString);
  return items;
}

/**
 * The value that a conditional chose, in the type that both its results take: 22 becomes "22" where the other is text. Results of no common
 * type are an error; what is unknown or null takes any.
 */
export function alike(value: Value, other: Value): Value {
  if (value.t === 'null' || value.t === 'unknown' || other.t === 'null' || other.t === 'unknown') return value;
  const mismatch = () => failure(`no type for ${nameOf(value)} and ${nameOf(other)}`, value.from);
  if (value.t === 'list') {
    if (other.t !== 'list') return mismatch();
    const texts = scalarsWithText([...value.items, ...other.items]);
    return texts ? { ...value, items: value.items.map(asString) } : value;
  }
  if (value.t === 'map') {
    if (other.t !== 'map') return mismatch();
    const keys = [...value.entries.keys()].join('\0');
    if (keys === [...other.entries.keys()].join('\0')) {
      const entries = [...value.entries].map(([key, entry]): [string, MapEntry] => [
        key,
        { key: entry.key, value: alike(entry.value, other.entries.get(key)!.value) },
      ]);
      return map(entries, value.as, value.from);
    }
    const all = [...value.entries.values(), ...other.entries.values()].map((entry) => entry.value);
    if (!scalarsWithText(all)) return value;
    const entries = [...value.entries].map(([key, entry]): [string, MapEntry] => [
      key,
      { key: entry.key, value: asString(entry.value) },
    ]);
    return map(entries, value.as, value.from);
  }
  if (other.t === 'list' || other.t === 'map') return mismatch();
  if (value.t === other.t) return value;
  if (value.t === 'string' || other.t === 'string') return asString(value);
  return mismatch();
}

function scalarsWithText(items: readonly Value[]): boolean {
  return items.some((i) => i.t === 'string') && items.every((i) => i.t !== 'list' && i.t !== 'map');
}

export function asList(value: Value): Value {
  if (value.t === 'null' || value.t === 'unknown') return value;
  if (value.t !== 'list') return failure(`tolist(${nameOf(value)})`, value.from);
  return oneType(value.items)
    ? list(unify(value.items), 'list', value.from)
    : failure(`tolist(${nameOf(value)})`, value.from);
}

/** False where elements have no type in common: text beside a list. */
function oneType(items: readonly Value[]): boolean {
  const kinds = new Set(items.filter((i) => i.t !== 'unknown' && i.t !== 'null').map((i) => i.t));
  if (kinds.size <= 1) return true;
  // Text takes numbers and booleans, but these have no type in common without it.
  return kinds.has('string') && !kinds.has('list') && !kinds.has('map');
}

/** Sorted and without repetition: strings by code point, numbers by size, false before true; other types in order of first appearance. */
export function asSet(value: Value): Value {
  if (value.t === 'null' || value.t === 'unknown') return value;
  if (value.t !== 'list') return failure(`toset(${nameOf(value)})`, value.from);
  return oneType(value.items) ? setOf(unify(value.items), value.from) : failure(`toset(${nameOf(value)})`, value.from);
}

export function setOf(items: readonly Value[], from: Value['from']): ListValue {
  const seen = new Map<string, Value>();
  for (const item of items) {
    const key = `${item.t}:${nameOf(item)}`;
    const first = seen.get(key);
    if (first === undefined) seen.set(key, item);
    else seen.set(key, { ...first, from: origins([first, item]) });
  }
  const distinct = [...seen.values()];
  const comparable = distinct.every(
    (item) => item.t === 'string' || item.t === 'number' || item.t === 'bool' || item.t === 'unknown',
  );
  if (comparable) distinct.sort(compareScalars);
  return list(distinct, 'set', from);
}

function compareScalars(a: Value, b: Value): number {
  if (a.t === 'string' && b.t === 'string') return compareText(a.v, b.v);
  if (a.t === 'number' && b.t === 'number') return a.v - b.v;
  if (a.t === 'bool' && b.t === 'bool') return Number(a.v) - Number(b.v);
  if (isUnknown(a) && isUnknown(b)) return compareText(a.text, b.text);
  return isUnknown(a) ? 1 : isUnknown(b) ? -1 : 0;
}

export function asMap(value: Value): Value {
  if (value.t === 'null' || value.t === 'unknown') return value;
  if (value.t !== 'map') return failure(`tomap(${nameOf(value)})`, value.from);
  const given = [...value.entries.values()].map((entry) => entry.value);
  if (!oneType(given)) return failure(`tomap(${nameOf(value)})`, value.from);
  const values = unify(given);
  const entries = [...value.entries].map(([key, entry], i): [string, MapEntry] => [
    key,
    { key: entry.key, value: values[i]! },
  ]);
  return map(entries, 'map', value.from);
}

/** A type constraint of a variable, as far as it changes values. */
export type TypeConstraint =
  | { type: 'any' | 'string' | 'number' | 'bool' }
  | { type: 'list' | 'set' | 'map'; element: TypeConstraint }
  | { type: 'tuple'; elements: readonly TypeConstraint[] }
  | {
      type: 'object';
      attributes: ReadonlyMap<string, { type: TypeConstraint; optional: boolean; otherwise: Value | null }>;
    };

/** Converts as an assignment to a variable of that type does; what does not fit becomes an error value. */
export function convert(value: Value, type: TypeConstraint): Value {
  if (value.t === 'null' || value.t === 'unknown') return value;
  switch (type.type) {
    case 'any':
      return value;
    case 'string':
      return asString(value);
    case 'number':
      return asNumber(value);
    case 'bool':
      return asBool(value);
    case 'list':
    case 'set': {
      if (value.t !== 'list') return failure(`${type.type} of ${nameOf(value)}`, value.from);
      const items = value.items.map((item) => convert(item, type.element));
      return type.type === 'set' ? asSet(list(items, 'list', value.from)) : asList(list(items, 'list', value.from));
    }
    case 'tuple': {
      if (value.t !== 'list') return failure(`tuple of ${nameOf(value)}`, value.from);
      const items = value.items.map((item, i) =>
        type.elements[i] === undefined ? item : convert(item, type.elements[i]),
      );
      return list(items, 'tuple', value.from);
    }
    case 'map': {
      if (value.t !== 'map') return failure(`map of ${nameOf(value)}`, value.from);
      const entries = [...value.entries].map(([key, e]): [string, MapEntry] => [
        key,
        { key: e.key, value: convert(e.value, type.element) },
      ]);
      return asMap(map(entries, 'map', value.from));
    }
    case 'object': {
      if (value.t !== 'map') return failure(`object of ${nameOf(value)}`, value.from);
      const entries: [string, MapEntry][] = [];
      for (const [name, attribute] of type.attributes) {
        const given = value.entries.get(name);
        const missing = given === undefined || (given.value.t === 'null' && attribute.otherwise !== null);
        if (!missing) entries.push([name, { key: given.key, value: convert(given.value, attribute.type) }]);
        else if (attribute.optional) {
          const otherwise = attribute.otherwise ?? nil(value.from);
          entries.push([name, { key: str(name, value.from), value: convert(otherwise, attribute.type) }]);
        } else
          entries.push([name, { key: str(name), value: unknown(`unknown:attribute ${name} is missing`, value.from) }]);
      }
      return map(entries, 'object', value.from);
    }
  }
}
