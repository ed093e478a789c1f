import type { ListNode, MapNode, ScalarNode } from './syntax.ts';

export interface Cut {
  start: number;
  end: number;
}

/** Start of the line that holds `at`. */
export function lineStart(text: string, at: number): number {
  return text.lastIndexOf('\n', at - 1) + 1;
}

/** Just after the line break that ends the line of `at`, or the end of the text. */
export function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  return end < 0 ? text.length : end + 1;
}

export function indentOf(text: string, at: number): string {
  return /^[ \t]*/.exec(text.slice(lineStart(text, at), at))![0];
}

/** A YAML block element as whole lines: from the line of its dash or key to the end of its last line. Null where other things share these lines. */
export function blockLines(text: string, start: number, end: number): Cut | null {
  const from = lineStart(text, start);
  if (text.slice(from, start).trim() !== '') return null;
  const rest = text.slice(end, lineEnd(text, end));
  if (!/^[ \t]*(#[^\n]*)?\r?\n?$/.test(rest)) return null;
  return { start: from, end: lineEnd(text, end) };
}

/** The dash of a block list's item. */
export function dashOf(text: string, itemStart: number): number | null {
  let at = itemStart - 1;
  while (at >= 0 && /\s/.test(text[at]!)) at -= 1;
  return text[at] === '-' ? at : null;
}

/** What to cut so that one element of a list goes, with its comma or its dash and its own comments. Null where it cannot be done cleanly. */
export function cutItem(text: string, list: ListNode, index: number): Cut | null {
  if (list.flow) return cutFlow(text, list.items, index);
  const item = list.items[index]!;
  const dash = dashOf(text, item.start);
  if (dash === null) return null;
  const lines = blockLines(text, dash, item.end);
  if (lines !== null) return withComments(text, lines, dash - lines.start);
  const next = list.items[index + 1];
  const nextDash = next === undefined ? null : dashOf(text, next.start);
  return nextDash === null ? null : { start: dash, end: nextDash };
}

/** The same for an entry of a map. */
export function cutEntry(text: string, map: MapNode, index: number): Cut | null {
  if (map.flow) return cutFlow(text, map.entries, index);
  const entry = map.entries[index]!;
  const lines = blockLines(text, entry.start, entry.end);
  if (lines !== null) return withComments(text, lines, entry.start - lines.start);
  const next = map.entries[index + 1];
  return next === undefined ? null : { start: entry.start, end: next.start };
}

function cutFlow(text: string, parts: readonly { start: number; end: number }[], index: number): Cut | null {
  const part = parts[index]!;
  const next = parts[index + 1];
  const previous = parts[index - 1];
  const cut =
    next !== undefined ? { start: part.start, end: next.start } : { start: previous?.end ?? part.start, end: part.end };
  // A comment between flow elements may belong to either: leave it to a person.
  const gap = text.slice(cut.start, part.start) + text.slice(part.end, cut.end);
  return gap.includes('#') ? null : cut;
}

/** Commented-out YAML, as opposed to a remark. */
const DEAD_CODE = /^\s*#+\s*(-\s|[A-Za-z]+:(\s|$))/;

/** Takes along the remarks right above at the same depth and the comments below that are deeper; then one of two blank gaps. */
function withComments(text: string, lines: Cut, indent: number): Cut {
  let { start, end } = lines;
  for (;;) {
    const above = start === 0 ? '' : text.slice(lineStart(text, start - 1), start);
    const depth = above.length - above.trimStart().length;
    if (!above.trimStart().startsWith('#') || depth !== indent || DEAD_CODE.test(above)) break;
    start -= above.length;
  }
  for (;;) {
    const below = text.slice(end, lineEnd(text, end));
    const depth = below.length - below.trimStart().length;
    if (!below.trimStart().startsWith('#') || depth <= indent) break;
    end += below.length;
  }
  const previousBlank = start === 0 || text.slice(lineStart(text, start - 1), start).trim() === '';
  if (!previousBlank) return { start, end };
  let next = end;
  while (next < text.length && text.slice(next, lineEnd(text, next)).trim() === '') next = lineEnd(text, next);
  if (next > end) return { start, end: next };
  if (end < text.length) return { start, end };
  while (start > 0 && text.slice(lineStart(text, start - 1), start).trim() === '') start = lineStart(text, start - 1);
  return { start, end };
}

/** A scalar's new text in the style of the old one. Null for block scalars, whose lines we do not rewrite. */
export function scalarText(node: ScalarNode, value: string): string | null {
  switch (node.style) {
    case 'json-string':
      return JSON.stringify(value);
    case 'json-literal':
      return /^-?\d+$/.test(value) ? value : JSON.stringify(value);
    case 'single':
      return `'${value}'`;
    case 'double':
      return `"${value}"`;
    case 'plain':
      // Colons mean other things to YAML 1.1 readers (22:22 is 1342), and `::/0` may not stand plain at all.
      return /^[A-Za-z0-9./_-]+$/.test(value) ? value : `'${value}'`;
    default:
      return null;
  }
}

/** What stands between two elements of a flow list or map: taken from a neighbour, else made from how the element stands. */
export function flowSeparator(
  text: string,
  parts: readonly { start: number; end: number }[],
  index: number,
  lineBreak: string,
): string {
  const part = parts[index]!;
  const [a, b] = parts[index + 1] !== undefined ? [part, parts[index + 1]!] : [parts[index - 1], part];
  const between = a === undefined ? '' : text.slice(a.end, b.start);
  if (/^\s*,\s*$/.test(between)) return between;
  const ownLine = text.slice(lineStart(text, part.start), part.start).trim() === '';
  return ownLine ? `,${lineBreak}${indentOf(text, part.start)}` : ', ';
}
