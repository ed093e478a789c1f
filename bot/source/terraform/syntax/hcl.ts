import type { SourceFile, SourceRange } from '../../contract.ts';
import type { Attribute, Block, Body, CstNode, HclParser, ParsedFile, SyntaxFault } from './ast.ts';
import { type Reader, readExpression } from './expression.ts';

/** A deeper tree than any person writes; beyond it a file is reported, not followed. */
export const MAX_DEPTH = 160;
const MAX_NODE_DEPTH = MAX_DEPTH * 4;

/** HCL native syntax (.tf, .tofu, .tfvars) to our tree. Never throws: what is wrong becomes a fault with its range. */
export function parseHcl(file: SourceFile, parser: HclParser): ParsedFile {
  const bom = file.text.startsWith('\uFEFF') ? 1 : 0;
  const cst = parser(bom === 1 ? file.text.slice(1) : file.text);
  const empty = { file, syntax: 'hcl' as const, body: { items: [] }, comments: [] };
  const whole = { file: file.path, start: 0, end: file.text.length };
  if (cst === null) return { ...empty, faults: [{ ...whole, message: 'this file could not be parsed' }] };
  const survey = surveyTree(cst, file.path, bom);
  if (survey.depth > MAX_NODE_DEPTH)
    return { ...empty, faults: [{ ...whole, message: `expressions nest deeper than ${MAX_DEPTH} levels` }] };
  const reader: Reader = { file: file.path, text: file.text, shift: bom, depth: 0, faults: survey.faults };
  const items = cst.children.flatMap((child) => (child.type === 'body' ? readBody(reader, child).items : []));
  // After a syntax error tree-sitter may hang well-formed blocks under an ERROR node or directly under the root.
  const strays = cst.children
    .filter((child) => child.type === 'ERROR')
    .flatMap((child) => readBody(reader, child).items);
  const all = strays.length === 0 ? items : [...items, ...strays].sort((a, b) => a.start - b.start);
  return { file, syntax: 'hcl', body: { items: all }, comments: survey.comments, faults: reader.faults };
}

/** Comments and faults in the order of the text. Goes no deeper than is read. */
function surveyTree(root: CstNode, file: string, shift: number) {
  const comments: SourceRange[] = [];
  const faults: SyntaxFault[] = [];
  let depth = 0;
  const rangeOf = (node: CstNode) => ({ file, start: node.start + shift, end: node.end + shift });
  const visit = (node: CstNode, level: number) => {
    if (level > depth) depth = level;
    const { type, children } = node;
    if (type === 'comment') comments.push(rangeOf(node));
    else if (type === 'ERROR') faults.push({ ...rangeOf(node), message: 'this is not valid HCL' });
    if (node.missing) faults.push({ ...rangeOf(node), message: `a ${type.replaceAll('_', ' ')} is missing here` });
    if (depth <= MAX_NODE_DEPTH) for (const child of children) visit(child, level + 1);
  };
  visit(root, 0);
  return { comments, faults, depth };
}

function readBody(reader: Reader, node: CstNode): Body {
  const items: (Attribute | Block)[] = [];
  for (const child of node.children) {
    if (child.type === 'attribute') {
      const attribute = readAttribute(reader, child);
      if (attribute !== null) items.push(attribute);
    } else if (child.type === 'block') {
      const block = readBlock(reader, child);
      if (block !== null) items.push(block);
    } else if (child.type === 'body') items.push(...readBody(reader, child).items);
  }
  return { items };
}

function readAttribute(reader: Reader, node: CstNode): Attribute | null {
  const name = node.children.find((child) => child.type === 'identifier');
  const value = node.children.find((child) => child.type === 'expression');
  if (name === undefined || value === undefined) return null;
  return {
    kind: 'attribute',
    file: reader.file,
    start: node.start + reader.shift,
    end: value.end + reader.shift,
    name: textOf(reader, name),
    value: readExpression(reader, value),
  };
}

function readBlock(reader: Reader, node: CstNode): Block | null {
  const [type, ...rest] = node.children;
  const open = rest.find((child) => child.type === 'block_start');
  const close = rest.findLast((child) => child.type === 'block_end');
  if (type === undefined || type.type !== 'identifier' || open === undefined || close === undefined) return null;
  if (reader.depth > MAX_DEPTH) return null;
  const labels = rest
    .filter((child) => child.end <= open.start && (child.type === 'string_lit' || child.type === 'identifier'))
    .map((child) => {
      const raw = textOf(reader, child);
      const text = child.type === 'string_lit' ? raw.slice(1, -1) : raw;
      return { file: reader.file, start: child.start + reader.shift, end: child.end + reader.shift, text };
    });
  const bodies = rest.filter((child) => child.type === 'body' || child.type === 'ERROR');
  reader.depth += 1;
  const items = bodies.flatMap((body) => readBody(reader, body).items);
  reader.depth -= 1;
  return {
    kind: 'block',
    file: reader.file,
    start: node.start + reader.shift,
    end: close.end + reader.shift,
    type: textOf(reader, type),
    labels,
    body: { items },
    inner: { start: open.end + reader.shift, end: close.start + reader.shift },
  };
}

function textOf(reader: Reader, node: CstNode): string {
  return reader.text.slice(node.start + reader.shift, node.end + reader.shift);
}
