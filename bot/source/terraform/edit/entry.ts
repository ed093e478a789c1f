import type { SourceRange, TextEdit } from '../../contract.ts';
import { lineBreakOf, splice } from '../../text.ts';
import { SOURCE_ARGUMENTS } from '../rules/arguments.ts';
import type { Expression, ParsedFile } from '../syntax/ast.ts';
import { quote } from '../syntax/escape.ts';
import { type Candidate, editableChain, type Parts, type Wanted } from './candidate.ts';
import { cutMember, lineEnd, lineStart } from './cut.ts';
import { type Container, expressionsOf, literalAt, type Member, membersAt } from './locate.ts';
import { needsPorts, protocolText, reformatted } from './render.ts';

/*
 * Rules written as data: a list or a map of objects that a dynamic block, a for_each, a module or `ingress = [{…}]` goes over. Where one
 * object makes several rules, one of them is narrowed by a second object: the first loses the source, the second has it alone.
 */

type ObjectExpression = Extract<Expression, { kind: 'object' }>;

export function entrySplits(parts: Parts, wanted: readonly Wanted[]): Candidate[] {
  const { details, rule, found } = parts;
  const seen = new Set<string>();
  return editableChain(details, rule.origins.peer, rule.origins.fromPort, found.because).flatMap(
    ({ parsed, range }) => {
      if (parsed.syntax === 'json') return [];
      return objectsAround(parsed, range).flatMap((object): Candidate[] => {
        const key = `${object.file}:${object.start}`;
        if (seen.has(key)) return [];
        seen.add(key);
        return membersAt(parsed, object).flatMap((member) => split(parts, parsed, object, member, wanted));
      });
    },
  );
}

/** Objects that hold a range, or are it; innermost first. */
function objectsAround(parsed: ParsedFile, range: SourceRange): ObjectExpression[] {
  return expressionsOf(parsed)
    .filter((e): e is ObjectExpression => e.kind === 'object' && e.start <= range.start && e.end >= range.end)
    .sort((a, b) => a.end - a.start - (b.end - b.start));
}

function split(
  parts: Parts,
  parsed: ParsedFile,
  object: ObjectExpression,
  member: Member,
  wanted: readonly Wanted[],
): Candidate[] {
  const { container, index } = member;
  const source = sourceIn(parts, parsed, object);
  const item = container.items[index];
  if (source === null || item === undefined || item.end < object.end) return [];
  const keys = container.kind === 'map' ? keysFor(parsed, container, index, wanted) : null;
  if (container.kind === 'map' && keys === null) return [];
  const copies: string[] = [];
  for (const [i, one] of wanted.entries()) {
    const settings = settingsOf(parts, parsed, object, source, one);
    if (settings === null) return [];
    const rename: TextEdit[] = keys === null ? [] : [{ range: keys.range, text: keys.names[i]! }];
    const shifted = [...rename, ...settings].map(({ range, text }) => ({
      range: { file: range.file, start: range.start - item.start, end: range.end - item.start },
      text,
    }));
    copies.push(splice(parsed.file.text.slice(item.start, item.end), shifted));
  }
  const edits = [...source.leave, insertion(parsed, container, index, copies)];
  const block = parsed.body.items.find((one) => one.start <= object.start && one.end >= object.end);
  return [{ what: 'split', edits: block === undefined ? edits : reformatted(parsed, block, edits), warnings: [] }];
}

interface SourceInObject {
  /** What takes the source out of the object. */
  leave: readonly TextEdit[];
  /** What makes it the only one, and the text of it where a block of addresses can stand. */
  alone: readonly TextEdit[];
  element: SourceRange;
}

/** Where the rule's peer stands in the object, beside others. */
function sourceIn({ rule }: Parts, parsed: ParsedFile, object: ObjectExpression): SourceInObject | null {
  const inside = (r: { start: number; end: number }) => r.start >= object.start && r.end <= object.end;
  const others = (but: SourceRange): TextEdit[] =>
    object.items.flatMap(({ key, value }): TextEdit[] => {
      const name = key.kind === 'literal' ? String(key.value) : '';
      if (!SOURCE_ARGUMENTS.has(name) || (value.start <= but.start && value.end >= but.end)) return [];
      const none = value.kind === 'tuple' ? '[]' : name === 'self' ? 'false' : 'null';
      const isNone = value.kind === 'literal' && (value.value === null || value.value === false);
      const isEmpty = value.kind === 'tuple' && value.items.length === 0;
      return isNone || isEmpty ? [] : [{ range: rangeOf(value), text: none }];
    });
  for (const range of rule.origins.peer) {
    if (range.file !== object.file || !inside(range)) continue;
    const own = object.items.find(({ value }) => value.start === range.start && value.end === range.end);
    if (own?.value.kind === 'literal' && typeof own.value.value === 'boolean')
      return { leave: [{ range: rangeOf(range), text: 'false' }], alone: others(range), element: range };
    for (const { container, index } of membersAt(parsed, range)) {
      if (container.kind !== 'list' || !inside(container)) continue;
      const text = parsed.file.text.slice(range.start, range.end);
      const list = { file: container.file, start: container.start, end: container.end };
      return {
        leave: cutMember(parsed, container, index),
        alone: [{ range: list, text: `[${text}]` }, ...others(list)],
        element: range,
      };
    }
  }
  return null;
}

/** Edits within the copy; null where a part is not written in the object. */
function settingsOf(
  { rule }: Parts,
  parsed: ParsedFile,
  object: ObjectExpression,
  source: SourceInObject,
  wanted: Wanted,
): TextEdit[] | null {
  const edits = new Map<string, TextEdit>();
  const set = (chain: readonly SourceRange[], text: (old: unknown) => string): boolean => {
    const at = chain.find(
      (r) => r.file === object.file && r.start >= object.start && r.end <= object.end && literalAt(parsed, r) !== null,
    );
    if (at === undefined) return false;
    const edit = { range: rangeOf(at), text: text(literalAt(parsed, at)!.value) };
    const before = edits.get(`${at.start}`);
    if (before !== undefined && before.text !== edit.text) return false;
    edits.set(`${at.start}`, edit);
    return true;
  };
  const number = (value: number | null) => (old: unknown) => (typeof old === 'string' ? `"${value}"` : String(value));
  const { shape } = wanted;
  if (!wanted.protocolKept && !set(rule.origins.protocol, () => `"${protocolText(shape)}"`)) return null;
  if (needsPorts(shape)) {
    if (!wanted.fromKept && !set(rule.origins.fromPort, number(shape.fromPort))) return null;
    if (!wanted.toKept && !set(rule.origins.toPort, number(shape.toPort))) return null;
  }
  if (wanted.peerKept) return [...edits.values(), ...source.alone];
  if (!('cidr' in shape.peer)) return null;
  const [list, ...others] = source.alone;
  return list === undefined ? null : [...edits.values(), { ...list, text: `[${quote(shape.peer.cidr)}]` }, ...others];
}

/** `web` becomes `web_8090`, quoted as it was. */
function keysFor(
  parsed: ParsedFile,
  container: Container,
  index: number,
  wanted: readonly Wanted[],
): { range: SourceRange; names: string[] } | null {
  const of = (i: number) => /^("?)([\w.:/-]+)\1\s*[=:]/.exec(parsed.file.text.slice(container.items[i]!.start));
  const own = of(index);
  if (own === null) return null;
  const [, mark = '', name = ''] = own;
  const taken = new Set(container.items.map((_, i) => of(i)?.[2] ?? ''));
  const start = container.items[index]!.start;
  const names = wanted.map(({ shape }) => {
    const port = shape.fromPort === null || shape.fromPort < 0 ? 'part' : String(shape.fromPort);
    let key = `${name}_${port}`;
    for (let n = 2; taken.has(key); n += 1) key = `${name}_${port}_${n}`;
    taken.add(key);
    return `${mark}${key}${mark}`;
  });
  return { range: { file: container.file, start, end: start + name.length + 2 * mark.length }, names };
}

/** The copies right after the item, in lines of their own where the item has such. */
function insertion(parsed: ParsedFile, container: Container, index: number, copies: readonly string[]): TextEdit {
  const { text } = parsed.file;
  const item = container.items[index]!;
  const first = lineStart(text, item.start);
  const indent = text.slice(first, item.start);
  const alone = indent.trim() === '' && first > container.start;
  const comma = /^\s*,/.test(text.slice(item.end)) || container.kind === 'list';
  const at = (offset: number, inserted: string) => ({
    range: { file: container.file, start: offset, end: offset },
    text: inserted,
  });
  if (!alone) return at(item.end, copies.map((copy) => `, ${copy}`).join(''));
  const br = lineBreakOf(text);
  if (comma) return at(item.end, copies.map((copy) => `,${br}${indent}${copy}`).join(''));
  // A comment at the end of the line stays with the item that it is of.
  return at(lineEnd(text, item.end), copies.map((copy) => `${indent}${copy}${br}`).join(''));
}

function rangeOf(range: SourceRange): SourceRange {
  return { file: range.file, start: range.start, end: range.end };
}
