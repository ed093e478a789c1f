import {
  asList,
  asSet,
  asString,
  convertTo,
  elementsOf,
  setOf,
  toBool,
  toNumber,
  toOneType,
  toText,
  unify,
} from '../convert.ts';
import { typeOf } from '../typing.ts';
import { STRING, typeKey } from '../unify.ts';
import {
  bool,
  compareText,
  equal,
  failure,
  hasError,
  type ListValue,
  list,
  type MapEntry,
  map,
  nameOf,
  num,
  origins,
  str,
  type UnknownValue,
  unknown,
  type Value,
  viaAll,
  whollyKnown,
} from '../value.ts';
import { graphemes, known, MANY, partial, type Registered } from './helpers.ts';

const MAX_PRODUCT = 20_000;

const isMany = (item: Value) => item.t === 'unknown' && item.many === true;
const hasMany = (value: ListValue) => value.items.some(isMany);

/** An unknown list as an unknown number of elements, so that what is known beside it stays known. */
function spread(value: UnknownValue): UnknownValue {
  return { ...unknown(`${value.text}[*]`, value.from), many: true };
}

function concat(args: readonly Value[]): Value {
  const items: Value[] = [];
  for (const arg of args) {
    if (arg.t === 'unknown') items.push(spread(arg));
    else if (arg.t === 'list' && arg.as !== 'set') for (const item of arg.items) items.push(viaAll(item, arg.from));
    else return failure(`concat of ${nameOf(arg)}`);
  }
  const lists = args.length > 0 && args.every((arg) => arg.t === 'list' && arg.as === 'list');
  if (!lists) return list(items, 'tuple');
  if (!args.every(whollyKnown)) return list(items, 'list');
  // Lists of types that have nothing in common make a tuple.
  const same = toOneType(args);
  if (same === null) return list(items, 'tuple');
  const made = list(
    same.flatMap((arg) => (arg.t === 'list' ? arg.items.map((item) => viaAll(item, arg.from)) : [])),
    'list',
  );
  const type = typeOf(same[0]!);
  return made.items.length === 0 && type.k === 'list' ? { ...made, element: type.of } : made;
}

function flatten(value: ListValue): Value[] {
  return value.items.flatMap((item): Value[] => {
    if (item.t === 'list') return flatten({ ...item, items: item.items.map((i) => viaAll(i, item.from)) });
    return [item];
  });
}

function merge(args: readonly Value[], open: () => Value): Value {
  const entries = new Map<string, MapEntry>();
  for (const arg of args) {
    if (arg.t === 'null') continue;
    if (arg.t === 'unknown') return open();
    if (arg.t !== 'map') return failure(`merge of ${nameOf(arg)}`);
    for (const [key, entry] of arg.entries) entries.set(key, entry);
  }
  const [first] = args;
  const same =
    first?.t === 'map' && first.as === 'map' && args.every((arg) => typeKey(typeOf(arg)) === typeKey(typeOf(first)));
  return map(entries, same ? 'map' : 'object');
}

function lookup([of, key, otherwise]: readonly Value[], open: () => Value): Value {
  if (of?.t === 'null' || key?.t === 'null') return failure('lookup of null');
  if (of?.t !== 'map' || key === undefined || key.t === 'unknown') return open();
  const entry = of.entries.get(toText(key) ?? '');
  if (entry !== undefined) return entry.value;
  if (otherwise === undefined) return failure(`lookup of ${nameOf(key)}`);
  return otherwise;
}

/** A map has one type, which the default takes; also where it is not asked for, it must. */
function lookupTyped([of, key, otherwise]: readonly Value[], open: () => Value): Value {
  if (of?.t !== 'map' || of.as !== 'map' || otherwise === undefined)
    return lookup([of!, key!, ...(otherwise === undefined ? [] : [otherwise])], open);
  const type = typeOf(of);
  const fits = type.k === 'map' && whollyKnown(otherwise) ? convertTo(otherwise, type.of) : otherwise;
  return hasError(fits) ? failure(`lookup with ${nameOf(otherwise)}`) : lookup([of, key!, fits], open);
}

function element([of, at]: readonly Value[], open: () => Value): Value {
  if (of?.t !== 'list' || hasMany(of) || at === undefined || at.t === 'unknown') return open();
  const number = toNumber(at);
  if (of.as === 'set') return failure('element of a set');
  const size = of.items.length;
  if (number === null || size === 0) return failure('element of an empty list');
  if (!Number.isInteger(number)) return failure('element of a list at a fraction');
  if (number < 0 && of.as === 'tuple')
    return of.items.length === 1 ? open() : failure('element of a tuple before its first');
  return of.items[((Math.trunc(number) % size) + size) % size]!;
}

function contains([of, wanted]: readonly Value[], open: () => Value): Value {
  if (of?.t !== 'list' || wanted === undefined) return open();
  // Compared as `==` does: contains(["1"], 1) is false. A list is no text, however much of it is unknown.
  const results = of.items.map((item) => (item.t === 'list' && wanted.t === 'string' ? false : equal(item, wanted)));
  if (results.includes(true)) return bool(true);
  return results.includes(null) || wanted.t === 'unknown' || hasMany(of) ? open() : bool(false);
}

function coalesce(args: readonly Value[], open: () => Value): Value {
  for (const arg of args) {
    if (arg.t === 'unknown') return open();
    if (arg.t === 'null' || (arg.t === 'string' && arg.v === '')) continue;
    if (!args.every(whollyKnown)) return args.some((other) => other.t === 'string') ? asString(arg) : arg;
    const same = toOneType(args);
    if (same === null) return failure('coalesce of values without a common type');
    return same.some(hasError) ? open() : same[args.indexOf(arg)]!;
  }
  return failure('coalesce finds nothing');
}

function distinct(given: ListValue): Value {
  const value = whollyKnown(given) ? asList(given) : { ...given, items: unify(given.items) };
  if (value.t !== 'list') return value;
  const seen = new Map<string, Value>();
  for (const item of value.items) {
    const key = `${item.t}:${nameOf(item)}`;
    const first = seen.get(key);
    seen.set(key, first === undefined ? item : { ...first, from: origins([first, item]) });
  }
  return list([...seen.values()], 'list');
}

function chunks(value: ListValue, size: number): Value {
  const out: Value[] = [];
  const same = asList(value);
  if (same.t !== 'list') return same;
  const { items } = same;
  for (let i = 0; i < items.length; i += size) out.push(list(items.slice(i, i + size), 'list'));
  return list(out, 'list');
}

function product(lists: readonly ListValue[]): Value {
  const total = lists.reduce((n, l) => n * l.items.length, 1);
  if (total > MAX_PRODUCT) return failure('setproduct of too many elements');
  let rows: Value[][] = [[]];
  for (const l of lists) {
    const same = asList({ ...l, as: 'tuple' });
    if (same.t !== 'list') return total === 0 ? unknown(`unknown:setproduct(${lists.map(nameOf).join(',')})`) : same;
    const { items } = same;
    rows = rows.flatMap((row) => items.map((item) => [...row, item]));
  }
  const made = rows.map((row) => list(row, 'tuple', origins(row)));
  return lists.some((l) => l.as === 'set') ? setOf(made, []) : list(made, 'list');
}

/** The arguments as sets of one type; a failure where there is none. */
function oneSetType(args: readonly Value[]): ListValue[] | null {
  const sets = args.map(asSet);
  const typed = sets.filter((set) => set.t === 'list' && (set.items.length > 0 || set.element !== undefined));
  const dynamic = typed.filter((set) => typeKey(typeOf(set)) === 'set(dynamic)').length;
  if (
    dynamic > 0 &&
    dynamic < typed.length &&
    typed.some((set) => /^set\([^snb]/.test(typeKey(typeOf(set))) && typeKey(typeOf(set)) !== 'set(dynamic)')
  )
    return null;
  const same = typed.length === 0 ? [] : toOneType(typed);
  if (same === null || sets.some((set) => set.t !== 'list')) return null;
  return sets.map((set) => {
    const at = typed.indexOf(set);
    return (at < 0 ? set : same[at]!) as ListValue;
  });
}

function setOperation(args: readonly Value[], keep: (counts: number, all: number) => boolean): Value {
  const sets = oneSetType(args);
  if (sets === null || sets.some(hasError)) return failure('a set operation on values without a common type');
  const counts = new Map<string, { value: Value; count: number }>();
  for (const set of sets)
    for (const item of set.items) {
      const key = nameOf(item);
      const entry = counts.get(key);
      counts.set(key, { value: entry?.value ?? item, count: (entry?.count ?? 0) + 1 });
    }
  const kept = [...counts.values()].filter((entry) => keep(entry.count, args.length)).map((entry) => entry.value);
  return setOf(kept, []);
}

function subtract(args: readonly Value[]): Value {
  const [of, less] = oneSetType(args) ?? [];
  if (of === undefined || less === undefined || hasError(of) || hasError(less))
    return failure('setsubtract of values without a common type');
  const gone = new Set(less.items.map(nameOf));
  return setOf(
    of.items.filter((item) => !gone.has(nameOf(item))),
    [],
  );
}

function zipmap([keys, values]: readonly Value[]): Value {
  if (keys?.t !== 'list' || values?.t !== 'list' || values.as === 'set' || keys.items.length !== values.items.length)
    return failure('zipmap of lists of different lengths');
  const entries: [string, MapEntry][] = [];
  for (const [i, key] of keys.items.entries()) {
    const text = toText(key);
    if (text === null) return failure('zipmap with a key that is no text');
    entries.push([text, { key: asString(key), value: values.items[i]! }]);
  }
  return map(entries, 'object');
}

function ofList(name: string, run: (value: ListValue) => Value): Registered {
  return partial(name, [1, 1], ([value], { open }) => {
    if (value?.t === 'unknown' || (value !== undefined && hasError(value))) return open();
    return value?.t === 'list' ? run(value) : failure(`${name} of ${value === undefined ? 'nothing' : nameOf(value)}`);
  });
}

function every(name: string, decisive: boolean): Registered {
  return partial(name, [1, 1], ([value], { open }) => {
    if (value?.t !== 'list') return open();
    if (value.items.some((item) => item.t !== 'unknown' && item.t !== 'null' && toBool(item) === null))
      return failure(`${name} of something else than booleans`);
    const truths = value.items.map((item) => (item.t === 'null' ? false : toBool(item)));
    if (truths.includes(decisive)) return bool(decisive);
    return truths.includes(null) ? open() : bool(!decisive);
  });
}

/** A list of text, also where it is empty. */
function texts(items: readonly Value[]): Value {
  return { ...list(items, 'list'), element: STRING };
}

export const collectionFunctions: readonly Registered[] = [
  partial('concat', [0, MANY], concat),
  partial('merge', [0, MANY], (args, { open }) => merge(args, open)),
  partial('lookup', [2, 3], (args, { open }) => lookupTyped(args, open)),
  partial('element', [2, 2], (args, { open }) => element(args, open)),
  partial('contains', [2, 2], (args, { open }) => contains(args, open)),
  partial('coalesce', [1, MANY], (args, { open }) => coalesce(args, open)),
  partial('coalescelist', [1, MANY], (args, { open }) => {
    if (args.some((arg) => arg.t === 'list' && arg.as === 'set')) return failure('coalescelist of a set');
    for (const arg of args) {
      if (arg.t === 'unknown' || (arg.t === 'list' && arg.items.length > 0 && arg.items.every(isMany))) return open();
      if ((elementsOf(arg) ?? []).length > 0) return arg;
    }
    return failure('coalescelist finds nothing');
  }),
  ofList('flatten', (value) => list(flatten(value), 'tuple')),
  ofList('distinct', distinct),
  ofList('compact', (value) =>
    value.items.some((item) => item.t === 'list' || item.t === 'map')
      ? failure('compact of something else than text')
      : texts(value.items.filter((item) => item.t !== 'null' && !(item.t === 'string' && item.v === '')).map(asString)),
  ),
  ofList('reverse', (value) => list([...value.items].reverse(), value.as === 'tuple' ? 'tuple' : 'list')),
  ofList('sort', (value) =>
    value.items.every((item) => toText(item) !== null)
      ? texts([...value.items].map(asString).sort((a, b) => compareText(toText(a)!, toText(b)!)))
      : value.items.some((item) => item.t === 'unknown')
        ? unknown(`unknown:sort(${nameOf(value)})`)
        : failure(`sort(${nameOf(value)})`),
  ),
  ofList('one', (value) => {
    if (hasMany(value)) return unknown(`unknown:one(${nameOf(value)})`);
    if (value.items.length === 0) return { t: 'null', from: value.from };
    return value.items.length === 1 ? value.items[0]! : failure('one of several elements');
  }),
  partial('length', [1, 1], ([value], { open }) => {
    if (value?.t === 'list') return hasMany(value) ? open() : num(value.items.length);
    if (value?.t === 'map') return num(value.entries.size);
    if (value?.t === 'number' || value?.t === 'bool') return failure(`length of ${nameOf(value)}`);
    return value?.t === 'string' ? num(graphemes(value.v).length) : open();
  }),
  partial('keys', [1, 1], ([value], { open }) =>
    value?.t === 'map'
      ? list(
          [...value.entries.values()].map((entry) => entry.key),
          value.as === 'map' ? 'list' : 'tuple',
        )
      : open(),
  ),
  partial('values', [1, 1], ([value], { open }) =>
    value?.t === 'map'
      ? list(
          [...value.entries.values()].map((entry) => entry.value),
          value.as === 'map' ? 'list' : 'tuple',
        )
      : open(),
  ),
  partial('slice', [3, 3], ([value, from, to], { open }) => {
    const [a, b] = [from === undefined ? null : toNumber(from), to === undefined ? null : toNumber(to)];
    if (value?.t !== 'list' || hasMany(value) || a === null || b === null) return open();
    if (value.as === 'set') return failure('slice of a set');
    if (a < 0 || b > value.items.length || a > b || !Number.isInteger(a) || !Number.isInteger(b))
      return failure('slice out of range');
    return list(value.items.slice(a, b), value.as);
  }),
  partial('chunklist', [2, 2], ([value, size], { open }) => {
    const n = size === undefined ? null : toNumber(size);
    if (value?.t !== 'list' || hasMany(value) || n === null) return open();
    if (n < 0 || !Number.isInteger(n)) return failure('chunklist of a negative size');
    return chunks(value, n === 0 ? Math.max(1, value.items.length) : n);
  }),
  partial('index', [2, 2], ([value, wanted], { open }) => {
    if (value?.t !== 'list' || wanted === undefined || !whollyKnown(value) || wanted.t === 'unknown') return open();
    if (value.as === 'set') return failure('index of a set');
    const at = value.items.findIndex((item) => equal(item, wanted) === true);
    return at < 0 ? failure(`index of ${nameOf(wanted)}`) : num(at);
  }),
  partial('setproduct', [1, MANY], (args, { open }) => {
    const lists = args.filter((arg): arg is ListValue => arg.t === 'list' && !hasMany(arg));
    return lists.length === args.length ? product(lists) : open();
  }),
  known('setunion', [1, MANY], (args) => setOperation(args, () => true)),
  known('setintersection', [1, MANY], (args) => setOperation(args, (count, all) => count === all)),
  known('setsubtract', [2, 2], subtract),
  known('setsymmetricdifference', [1, MANY], (args) => setOperation(args, (count) => count % 2 === 1)),
  partial('zipmap', [2, 2], (args, { open }) =>
    args.some((a) => a.t !== 'list' || hasMany(a)) ? open() : zipmap(args),
  ),
  partial('list', [0, MANY], (args) => list(unify(args), 'list')),
  partial('map', [0, MANY], (args) =>
    zipmap([list(args.filter((_, i) => i % 2 === 0)), list(args.filter((_, i) => i % 2 === 1))]),
  ),
  partial('transpose', [1, 1], ([value], { open }) => {
    if (value?.t !== 'map' || !whollyKnown(value)) return open();
    const out = new Map<string, Value[]>();
    for (const [key, entry] of value.entries) {
      const items = entry.value.t === 'list' ? entry.value.items.map(toText) : [null];
      if (items.includes(null)) return failure('transpose of something else than lists of text');
      for (const text of items) out.set(text!, [...(out.get(text!) ?? []), str(key, entry.key.from)]);
    }
    const made = map(
      [...out].map(([key, items]): [string, MapEntry] => [key, { key: str(key), value: list(items, 'list') }]),
      'map',
    );
    return { ...made, element: { k: 'list' as const, of: STRING } };
  }),
  every('alltrue', false),
  every('anytrue', true),
  partial('matchkeys', [3, 3], ([values, keys, wanted], { open }) => {
    if (
      values?.t !== 'list' ||
      keys?.t !== 'list' ||
      wanted?.t !== 'list' ||
      !whollyKnown(keys) ||
      !whollyKnown(wanted)
    )
      return open();
    if (values.as === 'set') return open();
    const [list1, keys1, wanted1] = [asList({ ...values, as: 'tuple' }), asList(keys), asList(wanted)];
    const same = toOneType([keys1, wanted1]);
    const [known1, search] = same ?? [];
    if (known1?.t !== 'list' || search?.t !== 'list' || list1.t !== 'list' || hasError(known1) || hasError(search))
      return failure('matchkeys of lists without a common type');
    if (list1.items.length !== known1.items.length) return failure('matchkeys of lists of different lengths');
    const kept = list1.items.filter((_, i) => search.items.some((w) => equal(w, known1.items[i]!) === true));
    return list(kept, 'list');
  }),
  partial('defaults', [2, 2], (_, { open }) => open()),
];
