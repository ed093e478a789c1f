import { failure, list, mapOf, nil, str, unknown, type Value } from '../value.ts';

/** RE2 has no backtracking; JavaScript has, so patterns that can blow up are refused and long subjects too. */
const MAX_SUBJECT = 10_000;
const MAX_ATTEMPTS = 1e8;

/**
 * Whether a backtracking engine may need more attempts than anyone waits for: a repeated group that itself repeats or chooses, or so many
 * unbounded repetitions that the subject can be shared out among them in too many ways.
 */
export function mayExplode(source: string, subject: number): boolean {
  const groups: boolean[] = [];
  let unbounded = 0;
  let closed = false;
  for (let at = 0; at < source.length; at += 1) {
    const sign = source[at]!;
    const after = closed;
    closed = false;
    if (sign === '\\') at += 1;
    else if (sign === '[') {
      // A bracket that comes first in a class is one of its characters.
      const from = source[at + 1] === '^' ? at + 3 : at + 2;
      const end = /^(?:\\.|[^\]\\])*\]/s.exec(source.slice(from));
      at = end === null ? source.length : from + end[0].length - 1;
    } else if (sign === '(') groups.push(false);
    else if (sign === ')') {
      closed = groups.pop() ?? false;
      if (closed && groups.length > 0) groups[groups.length - 1] = true;
    } else if (
      sign === '|' ||
      sign === '*' ||
      sign === '+' ||
      (sign === '{' && /^\{\d+,\d*\}/.test(source.slice(at)))
    ) {
      if (sign !== '|') {
        if (after) return true;
        unbounded += 1;
      }
      if (groups.length > 0) groups[groups.length - 1] = true;
    }
  }
  return unbounded > 1 && subject ** unbounded > MAX_ATTEMPTS;
}

/** What RE2 has not, so that Terraform takes it for an error: groups that look ahead or behind, references to groups. */
const NOT_RE2 = /^(?:[^\\]|\\[\s\S])*?(?:\(\?(?:[=!>]|<[=!])|\\[1-9])/;

/**
 * RE2 syntax to JavaScript's where they differ: (?P<name>…), leading (?i), \A, \z, POSIX classes. Null for an error, `open` for a pattern that
 * RE2 takes and that cannot be taken over.
 */
function compile(pattern: string, flags: string, subject: number): RegExp | 'open' | null {
  if (NOT_RE2.test(pattern)) return null;
  // Flags within, \Q…\E, \C, one-letter classes of Unicode and octal or long hexadecimal escapes are written otherwise there.
  if (/\(\?[a-zA-Z-]+[:)]/.test(pattern.replace(/^\(\?[ims]+\)/, '')) || /\\(?:[QEC0]|x\{|[pP][A-Z])/.test(pattern))
    return 'open';
  let source = asciiSpaces(pattern, /^\(\?[im]*s/.test(pattern))
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
    if (leading[1]!.includes('U')) return 'open';
    source = source.slice(leading[0].length);
    all += leading[1];
  }
  if (subject > MAX_SUBJECT || mayExplode(source, subject)) return 'open';
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

/** RE2's \s is [\t\n\f\r ], within a class too, JavaScript's all of Unicode's spaces; RE2's dot is all but \n, JavaScript's leaves out three more. */
function asciiSpaces(pattern: string, dotAll: boolean): string {
  let inside = false;
  return pattern.replace(/\\[\s\S]|[[\].]/g, (part) => {
    if (part === '.') return inside || dotAll ? '.' : '[^\\n]';
    if (part === '[') inside = true;
    if (part === ']') inside = false;
    if (part === '\\s') return inside ? '\\t\\n\\f\\r ' : '[\\t\\n\\f\\r ]';
    return part === '\\S' && !inside ? '[^\\t\\n\\f\\r ]' : part;
  });
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
  const compiled = compile(pattern, '', text.length);
  if (compiled === 'open') return unknown(`unknown:regex(${JSON.stringify(pattern)},${JSON.stringify(text)})`);
  if (compiled === null) return failure(`regex(${JSON.stringify(pattern)})`);
  const match = compiled.exec(text);
  return match === null ? failure(`regex(${JSON.stringify(pattern)}) finds nothing`) : groupsOf(match);
}

export function regexAll(pattern: string, text: string): Value {
  const compiled = compile(pattern, 'g', text.length);
  if (compiled === 'open') return unknown(`unknown:regexall(${JSON.stringify(pattern)},${JSON.stringify(text)})`);
  if (compiled === null) return failure(`regexall(${JSON.stringify(pattern)})`);
  let end = -1;
  // Go takes no empty match right behind another one.
  const matches = [...text.matchAll(compiled)].filter((match) => {
    const kept = match[0] !== '' || match.index !== end;
    end = match.index + match[0].length;
    return kept;
  });
  return list(matches.map(groupsOf), 'list');
}

/** Go writes groups as $1 or ${name}. */
export function regexReplace(text: string, pattern: string, by: string): string | null {
  const compiled = compile(pattern, 'g', text.length);
  if (compiled === 'open') throw new RangeError('a pattern that is left alone');
  if (compiled === null) return null;
  let end = -1;
  return text.replace(compiled, (...match: unknown[]) => {
    const at = match.findLast((part) => typeof part === 'number') as number;
    const empty = match[0] === '' && at === end;
    end = at + String(match[0]).length;
    if (empty) return '';
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
