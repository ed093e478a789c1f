import { type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';
import type { SourceFile, SourceRange } from '../../contract.ts';
import type { Attribute, Block, Body, Expression, HclParser, ObjectItem, ParsedFile, SyntaxFault } from './ast.ts';
import { templateText } from './embedded.ts';

/** Nesting of the block types whose labels are object keys. Source: Terraform's JSON configuration syntax. */
const LABELS: Readonly<Record<string, number>> = {
  resource: 2,
  data: 2,
  ephemeral: 2,
  module: 1,
  variable: 1,
  output: 1,
  provider: 1,
  locals: 0,
  terraform: 0,
  moved: 0,
  import: 0,
  removed: 0,
};
/** Arguments that are blocks within resources; everything else is read as an attribute. */
const NESTED = new Set([
  'ingress',
  'egress',
  'lifecycle',
  'dynamic',
  'content',
  'provisioner',
  'timeouts',
  'connection',
]);
const MAX_JSON_DEPTH = 160;

/** JSON configuration (.tf.json) to the same tree as HCL; strings are templates. `variables` reads .tfvars.json, where they are not. */
export function parseJson(file: SourceFile, parser: HclParser, variables: boolean): ParsedFile {
  const bom = file.text.startsWith('\uFEFF') ? 1 : 0;
  const text = bom === 1 ? file.text.slice(1) : file.text;
  const faults: SyntaxFault[] = [];
  const none = { file, syntax: 'json' as const, body: { items: [] }, comments: [], faults };
  if (nesting(text) > MAX_JSON_DEPTH) {
    faults.push({
      file: file.path,
      start: 0,
      end: file.text.length,
      message: `JSON nests deeper than ${MAX_JSON_DEPTH} levels`,
    });
    return none;
  }
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { disallowComments: true });
  for (const error of errors) {
    const start = error.offset + bom;
    faults.push({
      file: file.path,
      start,
      end: start + error.length,
      message: `this is not valid JSON (${printParseErrorCode(error.error)})`,
    });
  }
  if (root === undefined || root.type !== 'object') return none;
  const json: JsonReader = { file: file.path, shift: bom, parser, faults, templates: !variables };
  return { ...none, body: variables ? attributes(json, root) : topLevel(json, root) };
}

interface JsonReader {
  file: string;
  shift: number;
  parser: HclParser;
  faults: SyntaxFault[];
  templates: boolean;
}

function nesting(text: string): number {
  let depth = 0;
  let most = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i += 1) {
    const c = text[i];
    if (quoted) {
      if (c === '\\') i += 1;
      else if (c === '"') quoted = false;
    } else if (c === '"') quoted = true;
    else if (c === '{' || c === '[') {
      depth += 1;
      most = Math.max(most, depth);
    } else if (c === '}' || c === ']') depth -= 1;
  }
  return most;
}

function topLevel(json: JsonReader, root: Node): Body {
  const items = properties(root).flatMap(({ name, value, property }) => {
    const labels = LABELS[name];
    return labels === undefined ? [] : labelled(json, name, [], value, labels, property);
  });
  return { items };
}

function labelled(
  json: JsonReader,
  type: string,
  labels: Block['labels'],
  node: Node,
  missing: number,
  property: Node,
): Block[] {
  if (node.type === 'array') return (node.children ?? []).flatMap((c) => labelled(json, type, labels, c, missing, c));
  if (missing === 0) return node.type === 'object' ? [blockOf(json, type, labels, node, property)] : [];
  return properties(node).flatMap(({ name, value, key, property: inner }) =>
    labelled(json, type, [...labels, { ...range(json, key), text: name }], value, missing - 1, inner),
  );
}

function blockOf(json: JsonReader, type: string, labels: Block['labels'], node: Node, property: Node): Block {
  const outer = range(json, property);
  const inner = { start: node.offset + 1 + json.shift, end: node.offset + node.length - 1 + json.shift };
  const plain = type === 'variable' || type === 'locals' || type === 'module' || type === 'output';
  const body = plain ? attributes(json, node) : nestedBody(json, node);
  return { ...outer, kind: 'block', type, labels, body, inner };
}

function nestedBody(json: JsonReader, node: Node): Body {
  const items = properties(node).flatMap(({ name, value, property }): (Attribute | Block)[] => {
    if (!NESTED.has(name)) return [attributeFor(json, name, value, property)];
    if (name === 'dynamic') return labelled(json, name, [], value, 1, property);
    if (value.type === 'array') {
      const children = value.children ?? [];
      if (children.length === 0) return [attributeFor(json, name, value, property)];
      return children.filter((c) => c.type === 'object').map((c) => blockOf(json, name, [], c, c));
    }
    return value.type === 'object'
      ? [blockOf(json, name, [], value, property)]
      : [attributeFor(json, name, value, property)];
  });
  return { items };
}

function attributes(json: JsonReader, node: Node): Body {
  return { items: properties(node).map(({ name, value, property }) => attributeFor(json, name, value, property)) };
}

function attributeFor(json: JsonReader, name: string, value: Node, property: Node): Attribute {
  return { ...range(json, property), kind: 'attribute', name, value: expression(json, value) };
}

function expression(json: JsonReader, node: Node): Expression {
  const at = range(json, node);
  if (node.type === 'array')
    return { ...at, kind: 'tuple', items: (node.children ?? []).map((c) => expression(json, c)) };
  if (node.type === 'object') {
    const items = properties(node).map(({ key, value, property }): ObjectItem => {
      return { ...range(json, property), key: expression(json, key), value: expression(json, value) };
    });
    return { ...at, kind: 'object', items };
  }
  if (node.type === 'string' && json.templates) return templateText(String(node.value), at, json.parser);
  return { ...at, kind: 'literal', value: node.value as string | number | boolean | null };
}

function properties(node: Node): { name: string; key: Node; value: Node; property: Node }[] {
  if (node.type !== 'object') return [];
  return (node.children ?? []).flatMap((property) => {
    const [key, value] = property.children ?? [];
    if (key === undefined || value === undefined || key.value === '//') return [];
    return [{ name: String(key.value), key, value, property }];
  });
}

function range(json: JsonReader, node: Node): SourceRange {
  return { file: json.file, start: node.offset + json.shift, end: node.offset + node.length + json.shift };
}
