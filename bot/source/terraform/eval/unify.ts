/*
 * The one type that several types take, as conditionals, tolist, concat and others need it. Source: zclconf/go-cty 1.16, cty/convert: unify.go,
 * compare_types.go, sort_types.go, conversion.go (in its "unsafe" form, in which text may become a number).
 */

export type Type =
  | { k: 'string' | 'number' | 'bool' | 'dynamic' }
  | { k: 'list' | 'set' | 'map'; of: Type }
  | { k: 'tuple'; of: readonly Type[] }
  | { k: 'object'; of: ReadonlyMap<string, Type> };

export const DYNAMIC: Type = { k: 'dynamic' };
export const STRING: Type = { k: 'string' };

const keys = new WeakMap<Type, string>();

/** Equal exactly where the types are. */
export function typeKey(type: Type): string {
  const known = keys.get(type);
  if (known !== undefined) return known;
  const made = keyOf(type);
  keys.set(type, made);
  return made;
}

function keyOf(type: Type): string {
  switch (type.k) {
    case 'list':
    case 'set':
    case 'map':
      return `${type.k}(${typeKey(type.of)})`;
    case 'tuple':
      return `[${type.of.map(typeKey).join()}]`;
    case 'object':
      return `{${[...type.of]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, of]) => `${JSON.stringify(name)}:${typeKey(of)}`)
        .join()}}`;
    default:
      return type.k;
  }
}

function primitive(type: Type): boolean {
  return type.k === 'string' || type.k === 'number' || type.k === 'bool';
}

/** Whether some value of one type may become one of the other. */
export function converts(from: Type, to: Type): boolean {
  if (to.k === 'dynamic' || from.k === 'dynamic' || typeKey(from) === typeKey(to)) return true;
  if (primitive(from) && primitive(to)) return from.k === 'string' || to.k === 'string';
  if (to.k === 'list' || to.k === 'set') {
    if (from.k === 'list' || from.k === 'set') return converts(from.of, to.of);
    return from.k === 'tuple' && all(from.of, to.of);
  }
  if (to.k === 'map') {
    if (from.k === 'map') return converts(from.of, to.of);
    return from.k === 'object' && all([...from.of.values()], to.of);
  }
  if (to.k === 'object') {
    if (from.k === 'map') return [...to.of.values()].every((of) => converts(from.of, of));
    if (from.k !== 'object') return false;
    return [...to.of].every(([name, of]) => {
      const given = from.of.get(name);
      return given !== undefined && converts(given, of);
    });
  }
  if (to.k !== 'tuple' || from.k !== 'tuple' || from.of.length !== to.of.length) return false;
  return from.of.every((of, i) => converts(of, to.of[i]!));
}

function all(from: readonly Type[], to: Type): boolean {
  if (from.length === 0) return true;
  return to.k === 'dynamic' ? unify(from) !== null : from.every((of) => converts(of, to));
}

/** Null where the types have none in common. */
export function unify(given: readonly Type[]): Type | null {
  const types = [...new Map(given.map((type) => [typeKey(type), type])).values()];
  const [first] = types;
  if (first === undefined) return null;
  if (types.length === 1) return first;
  const count = (k: Type['k']) => types.filter((type) => type.k === k).length;
  const dynamic = count('dynamic');
  const only = (...kinds: readonly Type['k'][]) => kinds.reduce((sum, k) => sum + count(k), dynamic) === types.length;
  if (count('map') > 0 && only('map')) return collections('map', types, dynamic > 0);
  if (count('map') > 0 && only('map', 'object')) {
    const mapped = disguised('object', 'map', types);
    if (mapped !== null) return mapped;
  } else if (count('list') > 0 && only('list')) return collections('list', types, dynamic > 0);
  else if (count('list') > 0 && only('list', 'tuple')) {
    const listed = disguised('tuple', 'list', types);
    if (listed !== null) return listed;
  } else if (count('set') > 0 && only('set')) return collections('set', types, dynamic > 0);
  else if (count('object') > 0 && only('object')) return dynamic > 0 ? DYNAMIC : objects(types);
  else if (count('tuple') > 0 && only('tuple')) return dynamic > 0 ? DYNAMIC : tuples(types);
  else if (count('object') > 0 && count('tuple') > 0) return null;
  return preferred(types).find((want) => types.every((type) => converts(type, want))) ?? null;
}

function collections(k: 'list' | 'set' | 'map', types: readonly Type[], dynamic: boolean): Type | null {
  if (dynamic) return DYNAMIC;
  const of = unify(types.flatMap((type) => (type.k === k ? [type.of] : [])));
  return of === null ? null : { k, of };
}

/** Objects beside maps are taken for maps, tuples beside lists for lists. */
function disguised(from: 'object' | 'tuple', to: 'map' | 'list', types: readonly Type[]): Type | null {
  const as = asCollection(types.filter((type) => type.k === from));
  const result = as === null ? null : unify(types.map((type) => (type.k === from ? as : type)));
  return result?.k === to ? result : null;
}

function asCollection(types: readonly Type[]): Type | null {
  const object = types[0]?.k === 'object';
  const parts = types.flatMap((type) =>
    type.k === 'object' ? [...type.of.values()] : type.k === 'tuple' ? type.of : [],
  );
  const of = unify(parts);
  if (of === null) return null;
  const made: Type = { k: object ? 'map' : 'list', of };
  return types.every((type) => converts(type, made)) ? made : null;
}

function objects(types: readonly Type[]): Type | null {
  const all = types.flatMap((type) => (type.k === 'object' ? [type.of] : []));
  const names = [...(all[0]?.keys() ?? [])];
  if (all.some((one) => one.size !== names.length || names.some((name) => !one.has(name)))) return asCollection(types);
  const of = new Map<string, Type>();
  for (const name of names) {
    const one = unify(all.map((attributes) => attributes.get(name)!));
    if (one === null) return null;
    of.set(name, one);
  }
  const made: Type = { k: 'object', of };
  return types.every((type) => converts(type, made)) ? made : asCollection(types);
}

function tuples(types: readonly Type[]): Type | null {
  const all = types.flatMap((type) => (type.k === 'tuple' ? [type.of] : []));
  const length = all[0]?.length ?? 0;
  if (all.some((one) => one.length !== length)) return asCollection(types);
  const of: Type[] = [];
  for (let i = 0; i < length; i += 1) {
    const one = unify(all.map((elements) => elements[i]!));
    if (one === null) return null;
    of.push(one);
  }
  const made: Type = { k: 'tuple', of };
  return types.every((type) => converts(type, made)) ? made : asCollection(types);
}

/** The most general first: a topological order, ties in the order given. */
function preferred(types: readonly Type[]): Type[] {
  const waits = types.map((type) => types.filter((other) => generality(other, type) < 0).length);
  const out = types.flatMap((_, i) => (waits[i] === 0 ? [i] : []));
  for (let at = 0; at < out.length; at += 1)
    for (const [j, other] of types.entries())
      if (generality(types[out[at]!]!, other) < 0) {
        waits[j]! -= 1;
        if (waits[j] === 0) out.push(j);
      }
  return out.map((i) => types[i]!);
}

/** Negative where `a` is the more general. */
function generality(a: Type, b: Type): number {
  if (a.k === 'dynamic' || b.k === 'dynamic') return Number(a.k === 'dynamic') - Number(b.k === 'dynamic');
  if (primitive(a) && primitive(b)) return Number(b.k === 'string') - Number(a.k === 'string');
  if (a.k === b.k && (a.k === 'list' || a.k === 'set' || a.k === 'map') && 'of' in b)
    return generality(a.of, b.of as Type);
  const rank = (type: Type): number => ['set', 'tuple', 'list'].indexOf(type.k);
  // A set is the least, then a tuple, then a list; an object less than a map.
  if (rank(a) >= 0 && rank(b) >= 0 && a.k !== b.k) return rank(b) - rank(a);
  if (a.k === 'map' && b.k === 'object') return -1;
  if (a.k === 'object' && b.k === 'map') return 1;
  if (a.k === 'object' && b.k === 'object') {
    if (a.of.size !== b.of.size || [...a.of.keys()].some((name) => !b.of.has(name))) return 0;
    return oneWay([...a.of].map(([name, of]) => generality(of, b.of.get(name)!)));
  }
  if (a.k !== 'tuple' || b.k !== 'tuple' || a.of.length !== b.of.length) return 0;
  return oneWay(a.of.map((of, i) => generality(of, b.of[i]!)));
}

function oneWay(results: readonly number[]): number {
  const less = results.some((n) => n < 0);
  const more = results.some((n) => n > 0);
  return less === more ? 0 : less ? -1 : 1;
}
