import { failure, list, mapOf, nil, str, type Value } from '../value.ts';

/** RE2 has no backtracking; JavaScript has, so patterns that can blow up are refused and long subjects too. */
const MAX_SUBJECT = 10_000;
const RISKY = /\([^()]*[+*}][^()]*\)[+*{]/;

/** RE2 syntax to JavaScript's where they differ: (?P<name>…), leading (?i), \A, \z, POSIX classes. Null when it cannot be taken over. */
function compile(pattern: string, flags: string): RegExp | null {
  let source = pattern
    .replaceAll('(?P<', '(?<')
    .replaceAll('\\A', '^')
    .replaceAll('\\z', '$')
    .replaceAll('[[:alnum:]]', '[0-9A-Za-z]')
    .replaceAll('[:alnum:]', '0-9A-Za-z')
    .replaceAll('[:alpha:]', 'A-Za-z')
    .replaceAll('[:digit:]', '0-9')
    .replaceAll('[:space:]', '\\s')
    .replaceAll('[:upper:]', 'A-Z')
    .replaceAll('[:lower:]', 'a-z');
  let all = flags;
  const leading = /^\(\?([imsU]+)\)/.exec(source);
  if (leading !== null) {
    if (leading[1]!.includes('U')) return null;
    source = source.slice(leading[0].length);
    all += leading[1];
  }
  if (RISKY.test(source)) return null;
  try {
    return new RegExp(source, `${all}u`);
  } catch {
    try {
      return new RegExp(source, all);
    } catch {
      return null;
    }
  }
}

function groupsOf(match: RegExpExecArray): Value {
  if (match.groups !== undefined && Object.keys(match.groups).length > 0)
    return mapOf(
      Object.fromEntries(Object.entries(match.groups).map(([k, v]) => [k, v === undefined ? nil() : str(v)])),
    );
  if (match.length > 1) return list(match.slice(1).map((group) => (group === undefined ? nil() : str(group))));
  return str(match[0]);
}

export function regexFirst(pattern: string, text: string): Value {
  const compiled = text.length > MAX_SUBJECT ? null : compile(pattern, '');
  if (compiled === null) return failure(`regex(${JSON.stringify(pattern)})`);
  const match = compiled.exec(text);
  return match === null ? failure(`regex(${JSON.stringify(pattern)}) finds nothing`) : groupsOf(match);
}

export function regexAll(pattern: string, text: string): Value {
  const compiled = text.length > MAX_SUBJECT ? null : compile(pattern, 'g');
  if (compiled === null) return failure(`regexall(${JSON.stringify(pattern)})`);
  return list([...text.matchAll(compiled)].map(groupsOf), 'list');
}

/** Go writes groups as $1 or ${name}. */
export function regexReplace(text: string, pattern: string, by: string): string | null {
  const compiled = text.length > MAX_SUBJECT ? null : compile(pattern, 'g');
  if (compiled === null) return null;
  return text.replace(compiled, (...match: unknown[]) => {
    const named = match.at(-1);
    const groups = typeof named === 'object' && named !== null ? (named as Record<string, string>) : {};
    return by.replace(/\$(?:\{(\w+)\}|(\w+)|(\$))/g, (_, braced?: string, bare?: string, dollar?: string) => {
      if (dollar !== undefined) return '$';
      const key = braced ?? bare ?? '';
      const value = /^\d+$/.test(key) ? match[Number(key)] : groups[key];
      return typeof value === 'string' ? value : '';
    });
  });
}
