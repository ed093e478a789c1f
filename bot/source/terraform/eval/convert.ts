import { parseFloat512 } from './number.ts';
import { compareElements, typeOf } from './typing.ts';
import { type Type, typeKey, unify as unifyTypes } from './unify.ts';
import {
  compareNumbers,
  failure,
  float,
  hasError,
  type ListValue,
  list,
  type MapEntry,
  map,
  type NumberValue,
  nameOf,
  nil,
  numberText,
  origins,
  str,
  tooLarge,
  unknown,
  type Value,
  weight,
  whollyKnown,
} from './value.ts';

/** To string as Terraform converts: numbers and booleans yes, collections no (null). */
export function toText(value: Value): string | null {
  if (value.t === 'string') return value.v;
  if (value.t === 'number') return numberText(value);
  if (value.t === 'bool') return String(value.v);
  return null;
}

export function toNumber(value: Value): number | null {
  const number = numberOf(value);
  return number === null ? null : number.v;
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/;

/** The number that a value is or that its text says; null for none. */
export function numberOf(value: Value): NumberValue | null {
  if (value.t === 'number') return value;
  if (value.t !== 'string' || !NUMBER.test(value.v)) return null;
  const exact = parseFloat512(value.v);
  return exact === null ? null : float(exact, value.from);
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
  const number = numberOf(value);
  if (number !== null) return number;
  // A number with an exponent beyond all that is worked with here.
  return value.t === 'string' && NUMBER.test(value.v)
    ? tooLarge(value.from)
    : failure(`tonumber(${nameOf(value)})`, value.from);
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
 * type are an error. What is not known has a type all the same, which is not known here: beside it only plain values are converted.
 */
export function alike(value: Value, other: Value): Value {
  if (value.t === 'null' && value.type === undefined) {
    const type = typeOf(other);
    return type.k === 'dynamic' ? value : { ...value, type };
  }
  if (other.t === 'null' && other.type === undefined) return value;
  if (hasError(value) || hasError(other)) return value;
  if (!whollyKnown(value) || !whollyKnown(other)) return partlyAlike(value, other);
  const type = unifyTypes([typeOf(value), typeOf(other)]);
  if (type === null) return failure(`no type for ${nameOf(value)} and ${nameOf(other)}`, value.from);
  // A collection whose elements have no type yet: what go-cty makes of it depends on the order of its conversions.
  if (
    (type.k === 'list' || type.k === 'map' || type.k === 'set') &&
    type.of.k === 'dynamic' &&
    weight(value) + weight(other) > 2
  )
    return unknown(`unknown:${nameOf(value)} as ${nameOf(other)}`, value.from);
  return convertTo(value, type);
}

/** Of a value that is partly unknown: scalars take the type of text where one of them is text. */
function partlyAlike(value: Value, other: Value): Value {
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
    const same = keys === [...other.entries.keys()].join('\0');
    const all = [...value.entries.values(), ...other.entries.values()].map((entry) => entry.value);
    const each = (key: string, one: Value): Value => {
      const beside = other.entries.get(key);
      if (same && beside !== undefined) return partlyAlike(one, beside.value);
      return scalarsWithText(all) ? asString(one) : one;
    };
    const entries = [...value.entries].map(([key, entry]): [string, MapEntry] => [
      key,
      { key: entry.key, value: each(key, entry.value) },
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
  return asCollection(value, 'list');
}

/** Sorted and without repetition: strings by code point, numbers by size, false before true. */
export function asSet(value: Value): Value {
  return asCollection(value, 'set');
}

function asCollection(value: Value, as: 'list' | 'set'): Value {
  if (value.t === 'null' || value.t === 'unknown') return value;
  if (value.t !== 'list') return failure(`to${as}(${nameOf(value)})`, value.from);
  const element = whollyKnown(value) ? elementType(value) : null;
  if (element !== null) return convertTo(value, { k: as, of: element });
  if (whollyKnown(value) || !oneType(value.items)) return failure(`to${as}(${nameOf(value)})`, value.from);
  const items = unify(value.items);
  return as === 'list' ? list(items, 'list', value.from) : setOf(items, value.from);
}

/** What the elements of a list or map have in common; null for nothing. */
function elementType(value: Extract<Value, { t: 'list' | 'map' }>): Type | null {
  const type = typeOf(value);
  if (type.k === 'list' || type.k === 'set' || type.k === 'map') return type.of;
  const parts = type.k === 'tuple' ? type.of : type.k === 'object' ? [...type.of.values()] : [];
  if (parts.length === 0) return { k: 'dynamic' };
  return unifyTypes(parts);
}

/** Where no type could be said beforehand, the elements must turn out to have one. In maps null may stand beside all. */
function sameTypes(items: readonly Value[], as: 'list' | 'set' | 'map'): boolean {
  const kept = as === 'map' ? items.filter((item) => item.t !== 'null') : items;
  return new Set(kept.map((item) => typeKey(typeOf(item)))).size <= 1;
}

/** All in the type that they have in common; null where there is none. */
export function toOneType(values: readonly Value[]): readonly Value[] | null {
  const type = unifyTypes(values.map(typeOf));
  return type === null ? null : values.map((value) => convertTo(value, type));
}

function hasDynamic(type: Type): boolean {
  return typeKey(type).includes('dynamic');
}

/** False where elements have no type in common: text beside a list. */
function oneType(items: readonly Value[]): boolean {
  const kinds = new Set(items.filter((i) => i.t !== 'unknown' && i.t !== 'null').map((i) => i.t));
  if (kinds.size <= 1) return true;
  // Text takes numbers and booleans, but these have no type in common without it.
  return kinds.has('string') && !kinds.has('list') && !kinds.has('map');
}

/** A value in another type; parts that do not take theirs are errors. */
export function convertTo(value: Value, type: Type): Value {
  if (value.t === 'unknown' || type.k === 'dynamic') return value;
  if (value.t === 'null') return { ...value, type };
  const wrong = () => failure(`${type.k} of ${nameOf(value)}`, value.from);
  if (type.k === 'string') return asString(value);
  if (type.k === 'number') return asNumber(value);
  if (type.k === 'bool') return asBool(value);
  if (typeKey(typeOf(value)) === typeKey(type)) return value;
  if (type.k === 'tuple') {
    if (value.t !== 'list' || value.items.length !== type.of.length) return wrong();
    return list(
      value.items.map((item, i) => convertTo(item, type.of[i]!)),
      'tuple',
      value.from,
    );
  }
  if (type.k === 'list' || type.k === 'set') {
    if (value.t !== 'list') return wrong();
    const element = type.of.k === 'dynamic' ? elementType(value) : type.of;
    if (element === null) return wrong();
    let items: readonly Value[] = value.items.map((item) => convertTo(item, element));
    if (hasDynamic(element) && !sameTypes(items, type.k)) {
      const same = type.k === 'list' ? toOneType(items) : null;
      if (same === null || !sameTypes(same, 'list')) return wrong();
      items = same;
    }
    const made = type.k === 'list' ? list(items, 'list', value.from) : setOf(items, value.from);
    return element.k === 'dynamic' ? made : { ...made, element };
  }
  if (value.t !== 'map') return wrong();
  const each = (wanted: (key: string) => Type | undefined): [string, MapEntry][] =>
    [...value.entries].flatMap(([key, entry]): [string, MapEntry][] => {
      const to = wanted(key);
      return to === undefined ? [] : [[key, { key: entry.key, value: convertTo(entry.value, to) }]];
    });
  if (type.k === 'map') {
    const element = type.of.k === 'dynamic' ? elementType(value) : type.of;
    if (element === null) return wrong();
    const made = map(
      each(() => element),
      'map',
      value.from,
    );
    const values = [...made.entries.values()].map((entry) => entry.value);
    if (hasDynamic(element) && !sameTypes(values, 'map')) {
      const same = toOneType(values);
      if (same === null || !sameTypes(same, 'map')) return wrong();
      const keys = [...made.entries];
      return map(
        keys.map(([key, entry], i): [string, MapEntry] => [key, { key: entry.key, value: same[i]! }]),
        'map',
        value.from,
      );
    }
    return element.k === 'dynamic' ? made : { ...made, element };
  }
  const attributes = type.k === 'object' ? type.of : new Map<string, Type>();
  const entries = each((key) => attributes.get(key));
  return entries.length === attributes.size ? map(entries, 'object', value.from) : wrong();
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
  distinct.sort((a, b) =>
    compareElements(a, b, (x, y) => (x.t === 'number' && y.t === 'number' ? compareNumbers(x, y) : 0)),
  );
  return list(distinct, 'set', from);
}

export function asMap(value: Value): Value {
  if (value.t === 'null' || value.t === 'unknown') return value;
  if (value.t !== 'map') return failure(`tomap(${nameOf(value)})`, value.from);
  const element = whollyKnown(value) ? elementType(value) : null;
  if (element !== null) return convertTo(value, { k: 'map', of: element });
  const given = [...value.entries.values()].map((entry) => entry.value);
  if (whollyKnown(value) || !oneType(given)) return failure(`tomap(${nameOf(value)})`, value.from);
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
  if (value.t === 'null') return type.type === 'any' ? value : { ...value, type: plainType(type) };
  if (value.t === 'unknown') return value;
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
      return withElement(
        type.type === 'set' ? asSet(list(items, 'tuple', value.from)) : asList(list(items, 'tuple', value.from)),
        type.element,
      );
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
      return withElement(asMap(map(entries, 'object', value.from)), type.element);
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

function plainType(type: TypeConstraint): Type {
  switch (type.type) {
    case 'any':
      return { k: 'dynamic' };
    case 'list':
    case 'set':
    case 'map':
      return { k: type.type, of: plainType(type.element) };
    case 'tuple':
      return { k: 'tuple', of: type.elements.map(plainType) };
    case 'object':
      return { k: 'object', of: new Map([...type.attributes].map(([name, one]) => [name, plainType(one.type)])) };
    default:
      return { k: type.type };
  }
}

/** An empty list of text stays one of text. */
function withElement(value: Value, element: TypeConstraint): Value {
  const empty = (value.t === 'list' && value.items.length === 0) || (value.t === 'map' && value.entries.size === 0);
  return empty && element.type !== 'any' ? { ...value, element: plainType(element) } : value;
}
