import { type Node, parseTree } from 'jsonc-parser';
import type { SourceRange } from '../../contract.ts';
import type { Body, Expression, ParsedFile, TemplatePart } from '../syntax/ast.ts';

/** A list or an object in source, as the editor cuts it. */
export interface Container extends SourceRange {
  kind: 'list' | 'map';
  /** Just after the opening bracket, and at the closing one. */
  inner: { start: number; end: number };
  items: readonly { start: number; end: number }[];
}

export interface Member {
  container: Container;
  index: number;
}

interface Located {
  members: ReadonlyMap<string, readonly Member[]>;
  literals: ReadonlyMap<string, Expression>;
  at: ReadonlyMap<string, Expression>;
  expressions: readonly Expression[];
}

const located = new WeakMap<ParsedFile, Located>();

const keyOf = (range: { start: number; end: number }) => `${range.start}:${range.end}`;

function locate(parsed: ParsedFile): Located {
  const known = located.get(parsed);
  if (known !== undefined) return known;
  const expressions: Expression[] = [];
  collectBody(parsed.body, expressions);
  const members = new Map<string, Member[]>();
  const literals = new Map<string, Expression>();
  const addMember = (range: { start: number; end: number }, member: Member) => {
    const list = members.get(keyOf(range));
    if (list === undefined) members.set(keyOf(range), [member]);
    else list.push(member);
  };
  for (const e of expressions) if (e.kind === 'literal') literals.set(keyOf(e), e);
  if (parsed.syntax === 'json') collectJson(parsed, addMember);
  else
    for (const e of expressions) {
      if (e.kind !== 'tuple' && e.kind !== 'object') continue;
      const container: Container = {
        file: e.file,
        start: e.start,
        end: e.end,
        kind: e.kind === 'tuple' ? 'list' : 'map',
        inner: { start: e.start + 1, end: e.end - 1 },
        items: e.items,
      };
      e.items.forEach((item, index) => {
        addMember(item, { container, index });
        if (!('key' in item) || 'kind' in item) return;
        addMember(item.key, { container, index });
        addMember(item.value, { container, index });
      });
    }
  const at = new Map(expressions.map((e) => [keyOf(e), e] as const).reverse());
  const made = { members, literals, at, expressions };
  located.set(parsed, made);
  return made;
}

/** Lists and objects of which the range is an element, an entry, or an entry's key or value. */
export function membersAt(parsed: ParsedFile, range: SourceRange): readonly Member[] {
  return locate(parsed).members.get(keyOf(range)) ?? [];
}

export function literalAt(parsed: ParsedFile, range: SourceRange): Extract<Expression, { kind: 'literal' }> | null {
  const found = locate(parsed).literals.get(keyOf(range));
  return found?.kind === 'literal' ? found : null;
}

/** The expression at exactly a range. */
export function expressionAt(parsed: ParsedFile, range: SourceRange): Expression | null {
  return locate(parsed).at.get(keyOf(range)) ?? null;
}

/** Every expression of a file, outer before inner. */
export function expressionsOf(parsed: ParsedFile): readonly Expression[] {
  return locate(parsed).expressions;
}

function collectJson(parsed: ParsedFile, add: (range: { start: number; end: number }, member: Member) => void): void {
  const bom = parsed.file.text.startsWith('\uFEFF') ? 1 : 0;
  const root = parseTree(parsed.file.text.slice(bom), []);
  const visit = (node: Node) => {
    const children = node.children ?? [];
    if (node.type === 'array' || node.type === 'object') {
      const rangeOf = (n: Node) => ({ start: n.offset + bom, end: n.offset + n.length + bom });
      const { start, end } = rangeOf(node);
      const container: Container = {
        file: parsed.file.path,
        start,
        end,
        kind: node.type === 'array' ? 'list' : 'map',
        inner: { start: start + 1, end: end - 1 },
        items: children.map(rangeOf),
      };
      children.forEach((child, index) => {
        add(rangeOf(child), { container, index });
        if (node.type === 'object') for (const part of child.children ?? []) add(rangeOf(part), { container, index });
      });
    }
    children.forEach(visit);
  };
  if (root !== undefined) visit(root);
}

/** All expressions of one argument or block, outer before inner. */
export function collectExpressions(item: Body['items'][number]): Expression[] {
  const into: Expression[] = [];
  collectBody({ items: [item] }, into);
  return into;
}

function collectBody(body: Body, into: Expression[]): void {
  for (const item of body.items) {
    if (item.kind === 'attribute') collect(item.value, into);
    else collectBody(item.body, into);
  }
}

function collect(e: Expression, into: Expression[]): void {
  into.push(e);
  switch (e.kind) {
    case 'parentheses':
      collect(e.inner, into);
      return;
    case 'template':
      collectParts(e.parts, into);
      return;
    case 'tuple':
      for (const item of e.items) collect(item, into);
      return;
    case 'object':
      for (const item of e.items) {
        collect(item.key, into);
        collect(item.value, into);
      }
      return;
    case 'attribute':
      collect(e.of, into);
      return;
    case 'index':
      collect(e.of, into);
      collect(e.key, into);
      return;
    case 'splat':
      collect(e.of, into);
      collect(e.element, into);
      return;
    case 'call':
      for (const argument of e.args) collect(argument, into);
      return;
    case 'for':
      collect(e.collection, into);
      if (e.key !== null) collect(e.key, into);
      collect(e.value, into);
      if (e.condition !== null) collect(e.condition, into);
      return;
    case 'conditional':
      collect(e.condition, into);
      collect(e.yes, into);
      collect(e.no, into);
      return;
    case 'binary':
      collect(e.left, into);
      collect(e.right, into);
      return;
    case 'unary':
      collect(e.operand, into);
      return;
    case 'literal':
    case 'variable':
    case 'splat-element':
    case 'invalid':
      return;
  }
}

function collectParts(parts: readonly TemplatePart[], into: Expression[]): void {
  for (const part of parts) {
    if (part.kind === 'interpolation') collect(part.value, into);
    else if (part.kind === 'if') {
      collect(part.condition, into);
      collectParts(part.yes, into);
      collectParts(part.no, into);
    } else if (part.kind === 'for') {
      collect(part.collection, into);
      collectParts(part.body, into);
    }
  }
}
