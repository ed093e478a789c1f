import { isAlias, isMap, isScalar, isSeq, type Node, parseDocument } from 'yaml';
import {
  callOrMap,
  functionOfTag,
  MAX_DEPTH,
  type MapEntry,
  type ParsedTemplate,
  type ScalarNode,
  type SyntaxNode,
  type SyntaxProblem,
} from './syntax.ts';

const PLAIN_TAGS = new Set(['tag:yaml.org,2002:str', 'tag:yaml.org,2002:map', 'tag:yaml.org,2002:seq', '!']);

class Unsupported extends Error {
  readonly offset: number;
  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/** Parses a YAML template. The failsafe schema keeps each scalar as it is written; tags stay what they are. */
export function parseYaml(text: string): ParsedTemplate {
  const bom = text.startsWith('\uFEFF') ? 1 : 0;
  const body = text.slice(bom);
  const document = parseDocument(body, { schema: 'failsafe', logLevel: 'error', prettyErrors: false });
  const problems: SyntaxProblem[] = document.errors.map((error) => ({
    code: 'cfn-yaml-syntax',
    message: `not valid YAML: ${error.message.split('\n')[0]}`,
    offset: error.pos[0] + bom,
  }));
  if (problems.length > 0) return { format: 'yaml', root: null, problems };
  if (document.contents === null) return { format: 'yaml', root: null, problems: [] };
  const convert = converter(body, bom);
  try {
    return { format: 'yaml', root: convert(document.contents, 0, false), problems: [] };
  } catch (error) {
    if (!(error instanceof Unsupported)) throw error;
    const problem = { code: 'cfn-yaml-unsupported', message: error.message, offset: error.offset + bom };
    return { format: 'yaml', root: null, problems: [problem] };
  }
}

function converter(text: string, shift: number): (node: Node, depth: number, shared: boolean) => SyntaxNode {
  const anchors = new Map<string, Node>();
  const aliased = new Map<Node, SyntaxNode>();
  const open = new Set<Node>();

  function convert(node: Node, depth: number, shared: boolean): SyntaxNode {
    const at = node.range?.[0] ?? 0;
    if (depth > MAX_DEPTH) throw new Unsupported(`nested deeper than ${MAX_DEPTH} levels`, at);
    if (isAlias(node)) return resolveAlias(node.source, at, depth);
    const anchor = 'anchor' in node ? node.anchor : undefined;
    if (anchor !== undefined) anchors.set(anchor, node);
    const tag = node.tag;
    const local = tag !== undefined && !PLAIN_TAGS.has(tag);
    const isShared = shared || anchor !== undefined;
    const value = plainValue(node, depth + 1, isShared);
    if (!local) return value.kind === 'map' ? callOrMap(value) : value;
    const start = text.lastIndexOf(tag, at);
    if (start < 0) throw new Unsupported(`the tag ${tag} is not written out`, at);
    const argument = value.kind === 'map' ? callOrMap(value) : value;
    const end = Math.max(value.end, start + tag.length + shift);
    return { kind: 'call', name: functionOfTag(tag), argument, start: start + shift, end, shared: isShared };
  }

  function resolveAlias(name: string, at: number, depth: number): SyntaxNode {
    const target = anchors.get(name);
    if (target === undefined) throw new Unsupported(`the alias *${name} has no anchor before it`, at);
    if (open.has(target)) throw new Unsupported(`the alias *${name} contains itself`, at);
    // One converted copy for all aliases of an anchor: the tree stays a graph, and "billion laughs" costs nothing.
    const known = aliased.get(target);
    if (known !== undefined) return known;
    open.add(target);
    const converted = convert(target, depth, true);
    open.delete(target);
    aliased.set(target, converted);
    return converted;
  }

  function plainValue(node: Node, depth: number, shared: boolean): SyntaxNode {
    const [start, valueEnd] = node.range ?? [0, 0, 0];
    if (isScalar(node)) return scalar(node.value, node.type, start, valueEnd, shared);
    if (isSeq(node)) {
      const items = node.items.map((item, i) => {
        if (item === null || item === undefined) throw new Unsupported(`list item ${i} is empty`, start);
        return convert(item as Node, depth, shared);
      });
      const flow = node.flow === true;
      const end = flow ? valueEnd + shift : (items.at(-1)?.end ?? valueEnd + shift);
      return { kind: 'list', items, flow, shared, start: start + shift, end };
    }
    if (!isMap(node)) throw new Unsupported('a kind of node that templates do not have', start);
    const entries: MapEntry[] = node.items.map((pair) => {
      const key = pair.key as Node | null;
      if (!isScalar(key) || key.range === undefined || key.range === null)
        throw new Unsupported('a key that is not plain text', key?.range?.[0] ?? start);
      const name = String(key.value);
      if (name === '<<') throw new Unsupported('a merge key (<<), which CloudFormation does not support', key.range[0]);
      const keyStart = key.range[0] + shift;
      const keyEnd = key.range[1] + shift;
      const value =
        pair.value === null
          ? scalar('', 'PLAIN', key.range[1], key.range[1], shared)
          : convert(pair.value as Node, depth, shared);
      const own = !isAlias(pair.value);
      const aliasEnd = ((pair.value as Node | null)?.range?.[1] ?? key.range[1]) + shift;
      const end = Math.max(keyEnd, own ? value.end : aliasEnd);
      return { key: name, keyStart, keyEnd, value, start: keyStart, end };
    });
    const flow = node.flow === true;
    const end = flow ? valueEnd + shift : (entries.at(-1)?.end ?? valueEnd + shift);
    return { kind: 'map', entries, flow, shared, start: start + shift, end };
  }

  function scalar(value: unknown, type: unknown, start: number, valueEnd: number, shared: boolean): ScalarNode {
    const trimmed = text.slice(start, valueEnd).trimEnd().length;
    const style =
      type === 'QUOTE_SINGLE' ? 'single' : type === 'QUOTE_DOUBLE' ? 'double' : type === 'PLAIN' ? 'plain' : 'block';
    return {
      kind: 'scalar',
      text: String(value ?? ''),
      style,
      start: start + shift,
      end: start + trimmed + shift,
      shared,
    };
  }

  return convert;
}
