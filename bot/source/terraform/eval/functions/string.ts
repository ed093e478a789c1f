import { elementsOf, numberText, toNumber, toText } from '../convert.ts';
import { bool, failure, isUnknown, list, nameOf, num, str, type Value, whollyKnown } from '../value.ts';
import { known, MANY, ofStrings, partial, type Registered, strings } from './helpers.ts';
import { regexAll, regexFirst, regexReplace } from './regex.ts';

function words(text: string): string {
  return text.replace(
    /(^|[^\p{L}\p{N}_'’])(\p{L})/gu,
    (_, before: string, letter: string) => before + letter.toUpperCase(),
  );
}

/** Text with Go's verbs filled in: %s %q %d %v %f %t %x %o %b %e %g %%, with flags, width, precision, explicit indexes. */
function format(args: readonly Value[]): Value {
  const pattern = toText(args[0]!);
  if (pattern === null) return failure('format of something else than text');
  let next = 1;
  let bad: string | null = null;
  const result = pattern.replace(
    /%(%|([-+ #0]*)(\d+)?(?:\.(\d+))?(?:\[(\d+)\])?([a-zA-Z]))/g,
    (all, whole: string, flags = '', width?: string, precision?: string, explicit?: string, verb = '') => {
      if (whole === '%') return '%';
      const at = explicit === undefined ? next : Number(explicit);
      next = at + 1;
      const value = args[at];
      const piece = value === undefined ? null : verbText(verb, value, flags, precision);
      if (piece === null) bad = all;
      return pad(piece ?? '', flags, width);
    },
  );
  if (bad !== null) return failure(`format: ${bad}`);
  return str(result);
}

function verbText(verb: string, value: Value, flags: string, precision: string | undefined): string | null {
  if (verb === 'v') {
    if (value.t === 'null') return 'null';
    if (value.t === 'list' || value.t === 'map' || (value.t === 'string' && flags.includes('#')))
      return JSON.stringify(toJson(value));
    return toText(value);
  }
  if (verb === 's' || verb === 'q') {
    const text = toText(value);
    if (text === null) return null;
    const cut = precision === undefined ? text : [...text].slice(0, Number(precision)).join('');
    return verb === 'q' ? JSON.stringify(cut) : cut;
  }
  if (verb === 't')
    return value.t === 'bool'
      ? String(value.v)
      : value.t === 'string' && /^(true|false)$/.test(value.v)
        ? value.v
        : null;
  const number = toNumber(value);
  if (number === null) return null;
  const sign = flags.includes('+') && number >= 0 ? '+' : '';
  if ('dxXob'.includes(verb)) {
    if (!Number.isInteger(number)) return null;
    const whole = number;
    const base = { d: 10, x: 16, X: 16, o: 8, b: 2 }[verb] ?? 10;
    const digits = whole.toString(base);
    return sign + (verb === 'X' ? digits.toUpperCase() : digits);
  }
  if (verb === 'f' || verb === 'F') return sign + number.toFixed(Number(precision ?? 6));
  if (verb === 'g') return sign + numberText(number);
  if (verb === 'e') return sign + number.toExponential(Number(precision ?? 6)).replace(/e([+-])(\d)$/, 'e$10$2');
  return null;
}

/** Wider than any text that a person formats; callFunction makes an error of it. */
const MAX_WIDTH = 10_000;

function pad(text: string, flags: string, width: string | undefined): string {
  const size = Number(width ?? 0);
  if (size > MAX_WIDTH) throw new RangeError('a width that no text has');
  const length = [...text].length;
  if (length >= size) return text;
  const fill = ' '.repeat(size - length);
  if (flags.includes('-')) return text + fill;
  if (!flags.includes('0')) return fill + text;
  const sign = /^[+-]/.exec(text)?.[0] ?? '';
  return sign + '0'.repeat(size - length) + text.slice(sign.length);
}

/** Plain data of a known value, for JSON. */
export function toJson(value: Value): unknown {
  if (value.t === 'list') return value.items.map(toJson);
  if (value.t === 'map')
    return Object.fromEntries([...value.entries].map(([key, entry]) => [key, toJson(entry.value)]));
  if (value.t === 'null' || value.t === 'unknown') return null;
  return value.v;
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
  const letters = [...text];
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

export const stringFunctions: readonly Registered[] = [
  ofStrings('lower', 1, (s) => s!.toLowerCase()),
  ofStrings('upper', 1, (s) => s!.toUpperCase()),
  ofStrings('title', 1, (s) => words(s!)),
  ofStrings('chomp', 1, (s) => s!.replace(/[\r\n]+$/, '')),
  ofStrings('trimspace', 1, (s) => s!.trim()),
  ofStrings('trim', 2, (s, set) => trimChars(s!, set!, true, true)),
  ofStrings('trimprefix', 2, (s, prefix) => (s!.startsWith(prefix!) ? s!.slice(prefix!.length) : s!)),
  ofStrings('trimsuffix', 2, (s, suffix) =>
    suffix !== '' && s!.endsWith(suffix!) ? s!.slice(0, -suffix!.length) : s!,
  ),
  ofStrings('startswith', 2, (s, prefix) => s!.startsWith(prefix!)),
  ofStrings('endswith', 2, (s, suffix) => s!.endsWith(suffix!)),
  ofStrings('strcontains', 2, (s, part) => s!.includes(part!)),
  ofStrings('strrev', 1, (s) => [...s!].reverse().join('')),
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
    const fill = ' '.repeat(Math.max(0, Math.min(200, toNumber(spaces!) ?? 0)));
    return str((toText(text!) ?? '').replaceAll('\n', `\n${fill}`));
  }),
  known('substr', [3, 3], ([text, offset, length]) => {
    const [at, size] = [toNumber(offset!), toNumber(length!)];
    const value = toText(text!);
    return at === null || size === null || value === null ? failure('substr') : str(substr(value, at, size));
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
    if (digits === null || radix === null || !/^-?[0-9a-zA-Z]+$/.test(digits)) return failure('parseint');
    const value = Number.parseInt(digits, radix);
    return Number.isNaN(value) || value.toString(radix) !== digits.toLowerCase().replace(/^(-?)0+(?=.)/, '$1')
      ? failure('parseint')
      : num(value);
  }),
  known('issensitive', [1, 1], () => bool(false)),
  partial('nonsensitive', [1, 1], ([value]) => value!),
  partial('sensitive', [1, 1], ([value]) => value!),
];
