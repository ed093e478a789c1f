import { elementsOf, numberOf, toNumber, toText } from '../convert.ts';
import { type Float, negate, ofInteger, toDouble, truncate } from '../number.ts';
import {
  bool,
  failure,
  float,
  floatOf,
  isUnknown,
  list,
  nameOf,
  numberText,
  str,
  type Value,
  whollyKnown,
} from '../value.ts';
import { graphemes, known, MANY, ofStrings, partial, type Registered, strings } from './helpers.ts';
import { regexAll, regexFirst, regexReplace } from './regex.ts';

/** Go's strings.Title: of ASCII, letters, digits and the underscore stand within a word; else letters, digits and all but spaces. */
function words(text: string): string {
  return text.replace(
    /(^|[\0-/:-@[-^`{-\x7f\s\x85])(\p{L})/gu,
    (_, before: string, letter: string) => before + titleCase(letter),
  );
}

/** Go maps letter by letter: no letter becomes two, and no letter looks at its neighbours. */
function upperCase(text: string): string {
  return text.replace(/\P{ASCII}|[a-z]+/gu, (part) => {
    const upper = part.toUpperCase();
    return [...upper].length === [...part].length ? upper : part;
  });
}

function lowerCase(text: string): string {
  return text.replace(/\P{ASCII}|[A-Z]+/gu, (part) => (part === 'İ' ? 'i' : part.toLowerCase()));
}

const TITLES: Readonly<Record<string, string>> = {
  Ǆ: 'ǅ',
  ǅ: 'ǅ',
  ǆ: 'ǅ',
  Ǉ: 'ǈ',
  ǈ: 'ǈ',
  ǉ: 'ǈ',
  Ǌ: 'ǋ',
  ǋ: 'ǋ',
  ǌ: 'ǋ',
  Ǳ: 'ǲ',
  ǲ: 'ǲ',
  ǳ: 'ǲ',
};

function titleCase(letter: string): string {
  return TITLES[letter] ?? upperCase(letter);
}

/** Text with Go's verbs filled in: %s %q %d %v %f %t %x %o %b %e %g %%, with flags, width, precision, explicit indexes. */
function format(args: readonly Value[]): Value {
  const pattern = toText(args[0]!);
  if (pattern === null) return failure('format of something else than text');
  let next = 1;
  let bad: string | null = null;
  let used = 0;
  const result = pattern.replace(
    /%(%|([-+ #0]*)(\d+)?(?:\.(\d+))?(?:\[(\d+)\])?([a-zA-Z])|)/g,
    (all, whole: string, flags = '', width?: string, precision?: string, explicit?: string, verb = '') => {
      if (whole === '%') return '%';
      if (whole === '') bad = all;
      const at = explicit === undefined ? next : Number(explicit);
      next = at + 1;
      used = Math.max(used, at);
      const value = args[at];
      const piece = value === undefined ? null : verbText(verb, value, flags, precision);
      if (piece === null) bad = all;
      return pad(piece ?? '', flags, width);
    },
  );
  if (bad !== null) return failure(`format: ${bad}`);
  if (used < args.length - 1) return failure('format with more arguments than it uses');
  return str(result);
}

function verbText(verb: string, value: Value, flags: string, precision: string | undefined): string | null {
  if (verb === 'v') {
    if (value.t === 'null') return 'null';
    // With an exponent there.
    if (value.t === 'number' && value.v !== 0 && (Math.abs(value.v) < 1e-4 || Math.abs(value.v) >= 1e21))
      throw new RangeError('a form that is left alone');
    if (value.t === 'list' || value.t === 'map' || (value.t === 'string' && flags.includes('#')))
      return jsonText(value);
    return toText(value);
  }
  if (verb === 's' || verb === 'q') {
    const text = toText(value);
    if (text === null) return null;
    const cut = precision === undefined ? text : graphemes(text).slice(0, Number(precision)).join('');
    return verb === 'q' ? JSON.stringify(cut) : cut;
  }
  if (verb === 't')
    return value.t === 'bool'
      ? String(value.v)
      : value.t === 'string' && /^(true|false)$/.test(value.v)
        ? value.v
        : null;
  const given = numberOf(value);
  if (given === null) return null;
  const exact = floatOf(given);
  const sign = given.v < 0 ? '' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '';
  const base = { d: 10, x: 16, X: 16, o: 8, b: 2 }[verb];
  if (base !== undefined) {
    if (exact.e < 0) return null;
    const digits = truncate(exact).toString(base);
    if (flags.includes('#')) throw new RangeError('a form that is left alone');
    return sign + (verb === 'X' ? digits.toUpperCase() : digits);
  }
  if (verb === 'f' || verb === 'F') return sign + fixed(exact, Number(precision ?? 6));
  // Beyond doubles these are left to the limit that callFunction knows.
  if (given.exact !== undefined && !toDouble(given.exact).exact) throw new RangeError('more than a double');
  if (verb === 'G') throw new RangeError('a form that is left alone');
  if (verb === 'g' && precision === undefined && Math.abs(given.v) < 1e21) return sign + numberText(given);
  if (verb === 'e' || verb === 'E') {
    const text = given.v.toExponential(Math.min(100, Number(precision ?? 6))).replace(/e([+-])(\d)$/, 'e$10$2');
    return sign + (verb === 'E' ? text.toUpperCase() : text);
  }
  return null;
}

/** Rounded to the nearest, halves to even, as big.Float does. */
function fixed(value: Float, places: number): string {
  if (places > 1000) throw new RangeError('more places than any number has');
  if (value.m < 0n) return `-${fixed(negate(value), places)}`;
  const scaled = value.m * 10n ** BigInt(places);
  let whole = value.e >= 0 ? scaled << BigInt(value.e) : scaled >> BigInt(-value.e);
  if (value.e < 0) {
    const rest = scaled - (whole << BigInt(-value.e));
    const half = 1n << BigInt(-value.e - 1);
    if (rest > half || (rest === half && (whole & 1n) === 1n)) whole += 1n;
  }
  const digits = whole.toString().padStart(places + 1, '0');
  return places === 0 ? digits : `${digits.slice(0, -places)}.${digits.slice(-places)}`;
}

/** Wider than any text that a person formats; callFunction makes an error of it. */
const MAX_WIDTH = 10_000;

function pad(text: string, flags: string, width: string | undefined): string {
  const size = Number(width ?? 0);
  if (size > MAX_WIDTH) throw new RangeError('a width that no text has');
  const { length } = graphemes(text);
  if (length >= size) return text;
  const fill = ' '.repeat(size - length);
  if (flags.includes('-')) return text + fill;
  if (!flags.includes('0')) return fill + text;
  const sign = /^[+-]/.exec(text)?.[0] ?? '';
  return sign + '0'.repeat(size - length) + text.slice(sign.length);
}

/** Go's encoder escapes <, > and &, and writes keys in order. */
export function jsonText(value: Value): string {
  const write = (v: Value): string => {
    if (v.t === 'list') return `[${v.items.map(write).join(',')}]`;
    if (v.t === 'map')
      return `{${[...v.entries].map(([key, e]) => `${JSON.stringify(key)}:${write(e.value)}`).join(',')}}`;
    if (v.t === 'number') return numberText(v);
    return v.t === 'null' || v.t === 'unknown' ? 'null' : JSON.stringify(v.v);
  };
  return write(value).replace(/[<>&\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function formatlist(args: readonly Value[]): Value {
  const lists = args.slice(1).map((arg) => (arg.t === 'list' ? arg.items : null));
  const sizes = lists.filter((l) => l !== null).map((l) => l.length);
  if (sizes.length === 0) return list([format(args)], 'list');
  if (sizes.some((size) => size !== sizes[0])) return failure('formatlist of lists of different lengths');
  const items = Array.from({ length: sizes[0]! }, (_, i) => {
    const row = args.slice(1).map((arg, j) => lists[j]?.[i] ?? arg);
    const unknownItem = row.find(isUnknown);
    if (unknownItem !== undefined)
      return { ...unknownItem, text: `unknown:format(${[args[0]!, ...row].map(nameOf).join(',')})` };
    const value = format([args[0]!, ...row]);
    return { ...value, from: row.flatMap((v) => [...v.from]) };
  });
  return list(items, 'list');
}

function substr(text: string, offset: number, length: number): string {
  const letters = graphemes(text);
  const start = offset < 0 ? Math.max(0, letters.length + offset) : offset;
  // As Terraform has it, a length of 0 counted from the end is the rest.
  const all = length < 0 || (length === 0 && offset < 0);
  return letters.slice(start, all ? undefined : start + length).join('');
}

function trimChars(text: string, set: string, left: boolean, right: boolean): string {
  const letters = [...text];
  const cut = new Set(set);
  let start = 0;
  let end = letters.length;
  while (left && start < end && cut.has(letters[start]!)) start += 1;
  while (right && end > start && cut.has(letters[end - 1]!)) end -= 1;
  return letters.slice(start, end).join('');
}

const DIGITS = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** As Go's big.Int.SetString: up to base 36 the case of letters does not matter. */
function parseWhole(text: string, base: number): bigint | null {
  const match = /^([+-]?)([0-9A-Za-z]{1,2000})$/.exec(text);
  if (match === null || !Number.isInteger(base) || base < 2 || base > 62) return null;
  let value = 0n;
  for (const digit of base <= 36 ? match[2]!.toLowerCase() : match[2]!) {
    const at = DIGITS.indexOf(digit);
    if (at >= base) return null;
    value = value * BigInt(base) + BigInt(at);
  }
  return match[1] === '-' ? -value : value;
}

export const stringFunctions: readonly Registered[] = [
  ofStrings('lower', 1, (s) => lowerCase(s!)),
  ofStrings('upper', 1, (s) => upperCase(s!)),
  ofStrings('title', 1, (s) => words(s!)),
  ofStrings('chomp', 1, (s) => s!.replace(/[\r\n]+$/, '')),
  ofStrings('trimspace', 1, (s) => s!.replace(/^[\s\x85]+|[\s\x85]+$/g, (space) => space.replace(/[^\uFEFF]/g, ''))),
  ofStrings('trim', 2, (s, set) => trimChars(s!, set!, true, true)),
  ofStrings('trimprefix', 2, (s, prefix) => (s!.startsWith(prefix!) ? s!.slice(prefix!.length) : s!)),
  ofStrings('trimsuffix', 2, (s, suffix) =>
    suffix !== '' && s!.endsWith(suffix!) ? s!.slice(0, -suffix!.length) : s!,
  ),
  ofStrings('startswith', 2, (s, prefix) => s!.startsWith(prefix!)),
  ofStrings('endswith', 2, (s, suffix) => s!.endsWith(suffix!)),
  ofStrings('strcontains', 2, (s, part) => s!.includes(part!)),
  ofStrings('strrev', 1, (s) => graphemes(s!).reverse().join('')),
  ofStrings('replace', 3, (s, part, by) =>
    part!.length > 1 && part!.startsWith('/') && part!.endsWith('/')
      ? regexReplace(s!, part!.slice(1, -1), by!)
      : s!.replaceAll(part!, () => by!),
  ),
  known('regex', [2, 2], ([pattern, text]) => regexFirst(toText(pattern!) ?? '', toText(text!) ?? '')),
  known('regexall', [2, 2], ([pattern, text]) => regexAll(toText(pattern!) ?? '', toText(text!) ?? '')),
  known('format', [1, MANY], format),
  partial('formatlist', [1, MANY], (args, { open }) => {
    const open1 = args.some(
      (arg) => arg.t === 'unknown' || (arg.t === 'list' && arg.items.some((i) => i.t === 'unknown' && i.many === true)),
    );
    return open1 ? open() : formatlist(args);
  }),
  known('indent', [2, 2], ([spaces, text]) => {
    const size = toNumber(spaces!);
    if (size === null || size < 0 || !Number.isInteger(size)) return failure('indent');
    if (size > MAX_WIDTH) throw new RangeError('a width that no text has');
    const fill = ' '.repeat(size);
    return str((toText(text!) ?? '').replaceAll('\n', `\n${fill}`));
  }),
  known('substr', [3, 3], ([text, offset, length]) => {
    const [at, size] = [toNumber(offset!), toNumber(length!)];
    const value = toText(text!);
    return at === null || size === null || value === null || !Number.isInteger(at) || !Number.isInteger(size)
      ? failure('substr')
      : str(substr(value, at, size));
  }),
  partial('join', [1, MANY], (args, { open }) => {
    if (!args.every(whollyKnown)) return open();
    const separator = toText(args[0]!);
    const items = args.slice(1).flatMap((arg) => elementsOf(arg) ?? [arg]);
    const texts = items.map(toText);
    return separator === null || texts.some((t) => t === null)
      ? failure('join of something else than text')
      : str(texts.join(separator));
  }),
  known('split', [2, 2], ([separator, text]) => {
    const [by, value] = [toText(separator!), toText(text!)];
    if (by === null || value === null) return failure('split of something else than text');
    const parts = by === '' ? [...value] : value.split(by);
    const result = strings(parts);
    return result.t === 'list'
      ? { ...result, items: result.items.map((item) => ({ ...item, from: text!.from })) }
      : result;
  }),
  known('sensitive', [1, 1], ([value]) => value!),
  known('parseint', [2, 2], ([text, base]) => {
    const [digits, radix] = [toText(text!), toNumber(base!)];
    const value = digits === null || radix === null ? null : parseWhole(digits, radix);
    return value === null ? failure('parseint') : float(ofInteger(value, 512));
  }),
  known('issensitive', [1, 1], () => bool(false)),
  partial('nonsensitive', [1, 1], ([value]) => value!),
  partial('sensitive', [1, 1], ([value]) => value!),
];
