import type { SourceRange } from '../../contract.ts';
import { compare, type Float, floatText, LITERAL_PRECISION, ofDouble, toDouble } from './number.ts';
import type { Type } from './unify.ts';

/** Ranges that produced a value, innermost (the literal) first, the place that used it last. */
export type Origin = readonly SourceRange[];

/** A value of Terraform's language that remembers where it came from (law 6). Maps are in key order, sets in Terraform's order. */
export type Value =
  | NullValue
  | { t: 'bool'; v: boolean; from: Origin }
  | NumberValue
  | { t: 'string'; v: string; from: Origin }
  | ListValue
  | MapValue
  | UnknownValue;

export interface NullValue {
  t: 'null';
  /** Where a conversion gave it one: `tostring(null)`. */
  type?: Type;
  from: Origin;
}
export interface NumberValue {
  t: 'number';
  /** The nearest double. */
  v: number;
  /** With its precision, where that is not the one of a whole number that was counted or of a double. */
  exact?: Float;
  /** A literal that the double is exactly. */
  literal?: true;
  from: Origin;
}
export interface ListValue {
  t: 'list';
  as: 'list' | 'set' | 'tuple';
  items: readonly Value[];
  /** Of a list or set: what its items do not tell, when there is none. */
  element?: Type;
  from: Origin;
}
export interface MapEntry {
  /** A string whose origin is the key's place in source. */
  key: Value;
  value: Value;
}
export interface MapValue {
  t: 'map';
  as: 'map' | 'object';
  entries: ReadonlyMap<string, MapEntry>;
  /** Of a map: what its values do not tell, when there is none. */
  element?: Type;
  from: Origin;
}
/** Not known; `text` says what it is (`ref:…`) or why (`unknown:…`), so that two different unknowns stay apart. */
export interface UnknownValue {
  t: 'unknown';
  text: string;
  /** Within a list: stands for any number of elements. */
  many?: boolean;
  /** Set where the value is an error that `try` and `can` catch. */
  error?: boolean;
  /** A resource whose configuration is known: its attributes, one by one. */
  attribute?: (name: string) => Value;
  from: Origin;
}

const NOWHERE: Origin = [];
const MAX_ORIGIN = 48;

export const nil = (from: Origin = NOWHERE): NullValue => ({ t: 'null', from });
export const bool = (v: boolean, from: Origin = NOWHERE): Value => ({ t: 'bool', v, from });
export const num = (v: number, from: Origin = NOWHERE): NumberValue => ({ t: 'number', v, from });
export const float = (exact: Float, from: Origin = NOWHERE): NumberValue => ({
  t: 'number',
  v: toDouble(exact).value,
  exact,
  from,
});
/** Terraform's strings are in Unicode's normal form C. */
export const str = (v: string, from: Origin = NOWHERE): Value => ({ t: 'string', v: v.normalize('NFC'), from });
export const list = (items: readonly Value[], as: ListValue['as'] = 'tuple', from: Origin = NOWHERE): ListValue => ({
  t: 'list',
  as,
  items,
  from,
});
export const unknown = (text: string, from: Origin = NOWHERE): UnknownValue => ({
  t: 'unknown',
  text: bounded(text),
  from,
});
export const failure = (why: string, from: Origin = NOWHERE): UnknownValue => ({
  t: 'unknown',
  text: bounded(`unknown:${why}`),
  error: true,
  from,
});

/** Not known either, for it is more than Pare works out: nothing that `try` may catch, since Terraform has a value there. */
export const tooLarge = (from: Origin = NOWHERE): UnknownValue => unknown('unknown:the evaluation is too large', from);

/** Entries by key in Terraform's order (that of code points). */
export function map(
  entries: Iterable<readonly [string, MapEntry]>,
  as: MapValue['as'] = 'object',
  from: Origin = NOWHERE,
): MapValue {
  const last = new Map(entries);
  if (inOrder(last.keys())) return { t: 'map', as, entries: last, from };
  const sorted = [...last].sort((a, b) => compareText(a[0], b[0]));
  return { t: 'map', as, entries: new Map(sorted), from };
}

function inOrder(keys: Iterable<string>): boolean {
  let before: string | null = null;
  for (const key of keys) {
    if (before !== null && compareText(before, key) > 0) return false;
    before = key;
  }
  return true;
}

export function mapOf(
  pairs: Readonly<Record<string, Value>>,
  as: MapValue['as'] = 'object',
  from: Origin = NOWHERE,
): MapValue {
  return map(
    Object.entries(pairs).map(([key, value]) => [key, { key: str(key, value.from), value }] as const),
    as,
    from,
  );
}

/** By code points, as Go compares UTF-8 bytes. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i += 1) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x !== y) return unitRank(x) - unitRank(y);
  }
  return a.length - b.length;
}

/** Code units in the order of the code points they are of: surrogates stand for the highest. */
function unitRank(unit: number): number {
  return unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

/** The same value, used at one more place. */
export function via<T extends Value>(value: T, place: SourceRange): T {
  const last = value.from.at(-1);
  if (last !== undefined && sameRange(last, place)) return value;
  if (value.from.length >= MAX_ORIGIN) return value;
  return { ...value, from: [...value.from, { file: place.file, start: place.start, end: place.end }] };
}

export function viaAll<T extends Value>(value: T, places: Origin): T {
  if (places.length === 0 || value.from.length >= MAX_ORIGIN) return value;
  return { ...value, from: [...value.from, ...places].slice(0, MAX_ORIGIN) };
}

/** Union of the origins of several values, each with its innermost first. */
export function origins(values: readonly Value[]): Origin {
  const out: SourceRange[] = [];
  for (const value of values)
    for (const range of value.from)
      if (out.length < MAX_ORIGIN && !out.some((one) => sameRange(one, range))) out.push(range);
  return out;
}

function sameRange(a: SourceRange, b: SourceRange): boolean {
  return a.start === b.start && a.end === b.end && a.file === b.file;
}

export function isUnknown(value: Value): value is UnknownValue {
  return value.t === 'unknown';
}

const weights = new WeakMap<object, number>();

/**
 * How many values a value holds, itself counted, with what is used twice counted twice: what it costs to go through it. Lists of lists of
 * one small list grow without bound while they take no memory, so that this must be asked before anything that goes through a value.
 */
export function weight(value: Value): number {
  if (value.t !== 'list' && value.t !== 'map') return 1;
  // Copies of a value with another origin share their parts.
  const parts = value.t === 'list' ? value.items : value.entries;
  const known = weights.get(parts);
  if (known !== undefined) return known;
  let sum = 1;
  if (value.t === 'list') for (const item of value.items) sum += weight(item);
  else for (const entry of value.entries.values()) sum += weight(entry.value);
  weights.set(parts, sum);
  return sum;
}

/** True where no part is unknown. */
export function whollyKnown(value: Value): boolean {
  if (value.t === 'unknown') return false;
  if (value.t === 'list') return value.items.every(whollyKnown);
  if (value.t === 'map') return [...value.entries.values()].every((entry) => whollyKnown(entry.value));
  return true;
}

/** True where a part is an error, which `try` and `can` catch. */
export function hasError(value: Value): boolean {
  if (value.t === 'unknown') return value.error === true;
  if (value.t === 'list') return value.items.some(hasError);
  if (value.t === 'map') return [...value.entries.values()].some((entry) => hasError(entry.value));
  return false;
}

/** A name for a value within the name of an unknown built from it. Deterministic; equal values, equal names. */
export function nameOf(value: Value): string {
  switch (value.t) {
    case 'null':
      return 'null';
    case 'bool':
      return String(value.v);
    case 'number':
      return numberText(value);
    case 'string':
      return JSON.stringify(value.v);
    case 'unknown':
      return value.text.replace(/^(ref|unknown):/, '');
    case 'list':
      return bounded(`[${value.items.map(nameOf).join(',')}]`);
    case 'map':
      return bounded(`{${[...value.entries].map(([key, entry]) => `${key}=${nameOf(entry.value)}`).join(',')}}`);
  }
}

const MAX_NAME = 300;

/** Long names are cut and closed with a hash (FNV-1a, 53 bits), so that names stay short and different ones differ. */
function bounded(text: string): string {
  if (text.length <= MAX_NAME) return text;
  let a = 0x811c9dc5;
  let b = 0x9dc5811c;
  for (let i = 0; i < text.length; i += 1) {
    a = Math.imul(a ^ text.charCodeAt(i), 0x01000193) >>> 0;
    b = Math.imul(b ^ text.charCodeAt(i), 0x01000197) >>> 0;
  }
  return `${text.slice(0, MAX_NAME - 20)}…${a.toString(16)}${b.toString(16)}`;
}

/** As a float, of the precision that counts (64 bits) and doubles (53) have. */
export function floatOf(value: NumberValue): Float {
  return (
    value.exact ??
    ofDouble(value.v, value.literal === true ? LITERAL_PRECISION : Number.isSafeInteger(value.v) ? 64 : 53)
  );
}

/** As Terraform prints it: no exponent, no zeros at the end. */
export function numberText(value: NumberValue): string {
  return Number.isSafeInteger(value.v) && (value.exact === undefined || value.exact.e >= 0)
    ? String(value.v + 0)
    : floatText(floatOf(value));
}

export function compareNumbers(a: NumberValue, b: NumberValue): number {
  if (a.exact === undefined && b.exact === undefined) return a.v - b.v;
  return compare(floatOf(a), floatOf(b));
}

/** Structural equality as `==` has it; null where an unknown part leaves it open. */
export function equal(a: Value, b: Value): boolean | null {
  if (a.t === 'unknown' || b.t === 'unknown') return null;
  if (a.t === 'null' || b.t === 'null') return a.t === b.t;
  if (a.t === 'list' && b.t === 'list') {
    if ([...a.items, ...b.items].some((item) => item.t === 'unknown' && item.many === true)) return null;
    // A list never equals a tuple or a set: their types differ.
    if (a.as !== b.as || a.items.length !== b.items.length) return false;
    return every(a.items.map((item, i) => equal(item, b.items[i]!)));
  }
  if (a.t === 'map' && b.t === 'map') {
    if (a.as !== b.as || a.entries.size !== b.entries.size) return false;
    return every(
      [...a.entries].map(([key, entry]) => {
        const other = b.entries.get(key);
        return other === undefined ? false : equal(entry.value, other.value);
      }),
    );
  }
  if (a.t === 'number' && b.t === 'number') return compareNumbers(a, b) === 0;
  if (a.t === b.t && 'v' in a && 'v' in b) return a.v === b.v;
  return false;
}

function every(results: readonly (boolean | null)[]): boolean | null {
  if (results.includes(false)) return false;
  return results.includes(null) ? null : true;
}
