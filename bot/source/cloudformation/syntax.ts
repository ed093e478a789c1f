/**
 * One syntax tree for YAML and JSON templates. Offsets are UTF-16 code units into the file's text. `start..end` spans exactly what a person
 * would call the value: with its tag (`!Ref X`), without trailing blanks, comments or separators.
 */
interface Span {
  readonly start: number;
  readonly end: number;
}

export interface ScalarNode extends Span {
  readonly kind: 'scalar';
  /** The text as written, unescaped but not typed: `22:22` stays `22:22` (YAML 1.1 would make 1342 of it). */
  readonly text: string;
  /** JSON: type of the literal. YAML: `plain` where no quotes stand. */
  readonly style: 'plain' | 'single' | 'double' | 'block' | 'json-string' | 'json-literal';
  readonly shared: boolean;
}

export interface ListNode extends Span {
  readonly kind: 'list';
  readonly items: readonly SyntaxNode[];
  /** `[…]`; else a YAML block list. */
  readonly flow: boolean;
  readonly shared: boolean;
}

export interface MapEntry extends Span {
  readonly key: string;
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly value: SyntaxNode;
}

export interface MapNode extends Span {
  readonly kind: 'map';
  readonly entries: readonly MapEntry[];
  readonly flow: boolean;
  readonly shared: boolean;
}

/** An intrinsic function in either spelling: `!Sub x` or `Fn::Sub: x`. `name` is the long form: `Ref`, `Condition`, `Fn::Sub`. */
export interface CallNode extends Span {
  readonly kind: 'call';
  readonly name: string;
  readonly argument: SyntaxNode;
  readonly shared: boolean;
}

/** `shared`: reached through a YAML alias, so that an edit would change several places. */
export type SyntaxNode = ScalarNode | ListNode | MapNode | CallNode;

export interface SyntaxProblem {
  code: string;
  message: string;
  offset: number;
}

export interface ParsedTemplate {
  readonly format: 'yaml' | 'json';
  readonly root: SyntaxNode | null;
  readonly problems: readonly SyntaxProblem[];
}

/** Deeper than any template a person or CloudFormation (which stops far earlier) handles. */
export const MAX_DEPTH = 200;

export function entryOf(node: SyntaxNode | undefined, key: string): MapEntry | undefined {
  return node?.kind === 'map' ? node.entries.find((entry) => entry.key === key) : undefined;
}

export function childOf(node: SyntaxNode | undefined, key: string): SyntaxNode | undefined {
  return entryOf(node, key)?.value;
}

export function textOf(node: SyntaxNode | undefined): string | undefined {
  return node?.kind === 'scalar' ? node.text : undefined;
}

/** Functions that stand alone as the only key of a map. `Condition` does so only inside conditions: elsewhere it is a property name. */
const LONG_FORMS = /^(Ref|Fn::[A-Za-z0-9]+)$/;

/** A map of one entry whose key names a function is that function's call. */
export function callOrMap(map: MapNode): SyntaxNode {
  const only = map.entries[0];
  if (map.entries.length !== 1 || only === undefined || !LONG_FORMS.test(only.key)) return map;
  return { kind: 'call', name: only.key, argument: only.value, start: map.start, end: map.end, shared: map.shared };
}

/** The long form of a YAML tag: `!Ref` → `Ref`, `!Sub` → `Fn::Sub`. */
export function functionOfTag(tag: string): string {
  const name = tag.replace(/^!+/, '');
  return name === 'Ref' || name === 'Condition' ? name : `Fn::${name}`;
}

/** Every node below and including `node`, parents first. Aliased subtrees are visited once. */
export function* walk(node: SyntaxNode): Generator<SyntaxNode> {
  const seen = new Set<SyntaxNode>();
  const stack: SyntaxNode[] = [node];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    yield next;
    if (next.kind === 'list') stack.push(...[...next.items].reverse());
    else if (next.kind === 'map') stack.push(...next.entries.map((entry) => entry.value).reverse());
    else if (next.kind === 'call') stack.push(next.argument);
  }
}

/** What a node says, whatever its layout, spelling of functions and order of keys: equal exactly when two nodes mean the same. */
export function meaning(node: SyntaxNode): string {
  if (node.kind === 'scalar') return JSON.stringify(node.text);
  if (node.kind === 'list') return `[${node.items.map(meaning).join()}]`;
  if (node.kind === 'call') return `{${JSON.stringify(node.name)}:${meaning(node.argument)}}`;
  const entries = node.entries.map((entry) => `${JSON.stringify(entry.key)}:${meaning(entry.value)}`);
  return `{${entries.sort().join()}}`;
}

/** True when a node has at most a hundred parts, aliases written out: small enough to be told by its meaning. */
export function isSmall(node: SyntaxNode): boolean {
  const open: SyntaxNode[] = [node];
  let parts = 0;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    parts += next.kind === 'scalar' ? 1 + next.text.length / 100 : 1;
    if (parts > 100) return false;
    if (next.kind === 'list') open.push(...next.items);
    else if (next.kind === 'map') open.push(...next.entries.map((entry) => entry.value));
    else if (next.kind === 'call') open.push(next.argument);
  }
  return true;
}
