import { DYNAMIC, type Type } from './unify.ts';
import { compareText, type MapEntry, type Value } from './value.ts';

const known = new WeakMap<object, { as: string; type: Type }>();

/** The type of a value; `dynamic` for null that nothing gave a type and for what is not known. */
export function typeOf(value: Value): Type {
  if (value.t === 'null') return value.type ?? DYNAMIC;
  if (value.t === 'unknown') return DYNAMIC;
  if (value.t !== 'list' && value.t !== 'map') return { k: value.t };
  if ((value.as === 'list' || value.as === 'set' || value.as === 'map') && value.element !== undefined)
    return { k: value.as, of: value.element };
  // Copies of a value with another origin share their parts.
  const parts = value.t === 'list' ? value.items : value.entries;
  const made = known.get(parts);
  if (made?.as === value.as) return made.type;
  const type = typeNow(value);
  known.set(parts, { as: value.as, type });
  return type;
}

function typeNow(value: Extract<Value, { t: 'list' | 'map' }>): Type {
  if (value.t === 'list') {
    if (value.as === 'tuple') return { k: 'tuple', of: value.items.map(typeOf) };
    return { k: value.as, of: joined(value.items.map(typeOf)) };
  }
  if (value.as === 'map') return { k: 'map', of: joined([...value.entries.values()].map((e) => typeOf(e.value))) };
  const of = [...value.entries].map(([name, e]) => [name, typeOf(e.value)] as const);
  return { k: 'object', of: new Map(of) };
}

/** Of elements of one type: what one of them leaves open (null, an empty list) another may tell. */
function joined(types: readonly Type[]): Type {
  return types.reduce(join, DYNAMIC);
}

function join(a: Type, b: Type): Type {
  if (a === b || b.k === 'dynamic') return a;
  if (a.k === 'dynamic') return b;
  if ((a.k === 'list' || a.k === 'set' || a.k === 'map') && a.k === b.k) return { k: a.k, of: join(a.of, b.of) };
  if (a.k === 'tuple' && b.k === 'tuple') return { k: 'tuple', of: a.of.map((of, i) => join(of, b.of[i] ?? DYNAMIC)) };
  if (a.k !== 'object' || b.k !== 'object') return a;
  return { k: 'object', of: new Map([...a.of].map(([name, of]) => [name, join(of, b.of.get(name) ?? DYNAMIC)])) };
}

/** The order of a set: text by code point, numbers by size, false before true, null last; all else by go-cty's text of it (set_internals.go). */
export function compareElements(a: Value, b: Value, numbers: (a: Value, b: Value) => number): number {
  if (a.t === 'null' || b.t === 'null') return Number(a.t === 'null') - Number(b.t === 'null');
  if (a.t === 'string' && b.t === 'string') return compareText(a.v, b.v);
  if (a.t === 'number' && b.t === 'number') return numbers(a, b);
  if (a.t === 'bool' && b.t === 'bool') return Number(a.v) - Number(b.v);
  if (a.t === 'unknown' || b.t === 'unknown') {
    if (a.t === b.t && a.t === 'unknown' && b.t === 'unknown') return compareText(a.text, b.text);
    return Number(a.t === 'unknown') - Number(b.t === 'unknown');
  }
  return compareText(hashText(a), hashText(b));
}

function hashText(value: Value): string {
  switch (value.t) {
    case 'null':
      return '~';
    case 'unknown':
      return '?';
    case 'bool':
      return value.v ? 'T' : 'F';
    case 'number':
      return shortNumber(value.v);
    case 'string':
      return JSON.stringify(value.v);
    case 'list': {
      const inner = value.items.map((item) => `${hashText(item)};`).join('');
      return value.as === 'tuple' ? `<${inner}>` : `[${inner}]`;
    }
    case 'map': {
      const sorted = [...value.entries] as [string, MapEntry][];
      if (value.as === 'map')
        return `{${sorted.map(([key, e]) => `${JSON.stringify(key)}:${hashText(e.value)};`).join('')}}`;
      return `<${sorted.map(([, e]) => `${hashText(e.value)};`).join('')}>`;
    }
  }
}

/** Go's %.10g. */
function shortNumber(v: number): string {
  const exponent = v === 0 ? 0 : Math.floor(Math.log10(Math.abs(v)));
  if (exponent >= -4 && exponent < 10) return String(Number(v.toPrecision(10)));
  return Number(v.toPrecision(10))
    .toExponential()
    .replace(/e([+-])(\d)$/, 'e$10$2');
}
