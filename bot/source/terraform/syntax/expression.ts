import type { SourceRange } from '../../contract.ts';
import type { CstNode, Expression, ObjectItem, SplatElement, SyntaxFault, TemplatePart } from './ast.ts';
import { unescapeMarkers, unquote } from './escape.ts';
import { applyStripMarkers, type FlatToken, flush, linesOf, partsOf, type TemplateToken } from './template.ts';

export interface Reader {
  file: string;
  text: string;
  /** Added to the parser's offsets: 1 where the file begins with a BOM. */
  shift: number;
  /** Of what is being read now. */
  depth: number;
  /** Grows while reading. */
  faults: SyntaxFault[];
}

const MAX_EXPRESSION_DEPTH = 160;
const BINARY = new Set(['+', '-', '*', '/', '%', '==', '!=', '<', '>', '<=', '>=', '&&', '||']);

/** An `expression` node, or any node that holds a flat run of term and traversals. */
export function readExpression(reader: Reader, node: CstNode): Expression {
  if (reader.depth > MAX_EXPRESSION_DEPTH) {
    const range = rangeIn(reader, node);
    reader.faults.push({ ...range, message: `expressions nest deeper than ${MAX_EXPRESSION_DEPTH} levels` });
    return { ...range, kind: 'invalid', why: 'nested too deep' };
  }
  reader.depth += 1;
  const expression = readRun(reader, partsOfNode(node), rangeIn(reader, node));
  reader.depth -= 1;
  return expression;
}

/** Comments may stand anywhere. */
function partsOfNode({ children }: CstNode): readonly CstNode[] {
  return children.some(isComment) ? children.filter((child) => !isComment(child)) : children;
}

function isComment({ type }: CstNode): boolean {
  return type === 'comment';
}

/** A term and the traversals behind it, as siblings. */
function readRun(reader: Reader, nodes: readonly CstNode[], range: SourceRange): Expression {
  const first = nodes[0];
  if (first === undefined) return { ...range, kind: 'invalid', why: 'nothing stands here' };
  if (nodes.length === 1 && first.type !== '(') return readTerm(reader, first);
  const rest = nodes.slice(1);
  if (first.type === '(') {
    const inner = rest[0];
    const close = rest.findIndex((node) => node.type === ')');
    if (inner === undefined || close < 0) return { ...range, kind: 'invalid', why: 'a parenthesis is open' };
    const whole = { file: reader.file, start: first.start + reader.shift, end: rest[close]!.end + reader.shift };
    const grouped: Expression = { ...whole, kind: 'parentheses', inner: readExpression(reader, inner) };
    return traverse(reader, grouped, rest.slice(close + 1));
  }
  const operation = first.type === 'operation' ? first.children[0] : undefined;
  if (operation?.type === 'unary_operation' && rest.length > 0) {
    const [sign, ...operand] = partsOfNode(operation);
    if (sign === undefined) return { ...range, kind: 'invalid', why: 'an operand is missing' };
    const all = [...operand, ...rest];
    return { ...range, kind: 'unary', operator: sign.type, operand: readRun(reader, all, span(reader, all, range)) };
  }
  return traverse(reader, readTerm(reader, first), rest);
}

function readTerm(reader: Reader, node: CstNode): Expression {
  const range = rangeIn(reader, node);
  const children = partsOfNode(node);
  switch (node.type) {
    case 'expression':
      return readExpression(reader, node);
    case 'literal_value':
      return children[0] === undefined ? literalOf(reader, node, range) : readTerm(reader, children[0]);
    case 'numeric_lit':
    case 'bool_lit':
    case 'null_lit':
    case 'string_lit':
      return literalOf(reader, node, range);
    case 'variable_expr':
      return { ...range, kind: 'variable', name: sourceOf(reader, node) };
    case 'template_expr':
      return readTemplate(reader, node, range);
    case 'collection_value':
    case 'for_expr':
    case 'operation':
      return children[0] === undefined
        ? { ...range, kind: 'invalid', why: 'nothing stands here' }
        : readTerm(reader, children[0]);
    case 'tuple':
      return {
        ...range,
        kind: 'tuple',
        items: children.filter((c) => c.type === 'expression').map((c) => readExpression(reader, c)),
      };
    case 'object':
      return { ...range, kind: 'object', items: children.flatMap((child) => readObjectItem(reader, child)) };
    case 'function_call':
      return readCall(reader, children, range);
    case 'for_tuple_expr':
    case 'for_object_expr':
      return readFor(reader, node.type === 'for_object_expr', children, range);
    case 'conditional': {
      const [condition, yes, no] = children
        .filter((c) => c.type === 'expression')
        .map((c) => readExpression(reader, c));
      if (condition === undefined || yes === undefined || no === undefined)
        return { ...range, kind: 'invalid', why: 'a part of the conditional is missing' };
      return { ...range, kind: 'conditional', condition, yes, no };
    }
    case 'unary_operation': {
      const [sign, ...operand] = children;
      if (sign === undefined) return { ...range, kind: 'invalid', why: 'an operand is missing' };
      return {
        ...range,
        kind: 'unary',
        operator: sign.type,
        operand: readRun(reader, operand, span(reader, operand, range)),
      };
    }
    case 'binary_operation': {
      const at = children.findIndex((child) => !child.named && BINARY.has(child.type));
      if (at < 0) return { ...range, kind: 'invalid', why: 'an operator is missing' };
      const before = children.slice(0, at);
      const after = children.slice(at + 1);
      return {
        ...range,
        kind: 'binary',
        operator: children[at]!.type,
        left: readRun(reader, before, span(reader, before, range)),
        right: readRun(reader, after, span(reader, after, range)),
      };
    }
    default:
      return { ...range, kind: 'invalid', why: 'this is not valid HCL' };
  }
}

function literalOf(reader: Reader, node: CstNode, range: SourceRange): Expression {
  const source = sourceOf(reader, node);
  if (node.type === 'numeric_lit') return { ...range, kind: 'literal', value: Number(source), source };
  if (node.type === 'bool_lit') return { ...range, kind: 'literal', value: source === 'true' };
  if (node.type === 'null_lit') return { ...range, kind: 'literal', value: null };
  return { ...range, kind: 'literal', value: unquote(source.slice(1, -1)) };
}

function readObjectItem(reader: Reader, node: CstNode): ObjectItem[] {
  if (node.type !== 'object_elem') return [];
  const [key, value] = node.children.filter((child) => child.type === 'expression');
  if (key === undefined || value === undefined) return [];
  reader.depth += 1;
  const parsed = readExpression(reader, key);
  const name: Expression =
    parsed.kind === 'variable'
      ? { file: parsed.file, start: parsed.start, end: parsed.end, kind: 'literal', value: parsed.name }
      : parsed;
  const item = { ...rangeIn(reader, node), key: name, value: readExpression(reader, value) };
  reader.depth -= 1;
  return [item];
}

function readCall(reader: Reader, children: readonly CstNode[], range: SourceRange): Expression {
  const name = children[0] === undefined ? '' : sourceOf(reader, children[0]);
  const args = children.find((child) => child.type === 'function_arguments')?.children ?? [];
  return {
    ...range,
    kind: 'call',
    name,
    args: args.filter((arg) => arg.type === 'expression').map((arg) => readExpression(reader, arg)),
    expand: args.some((arg) => arg.type === 'ellipsis'),
  };
}

function readFor(reader: Reader, object: boolean, children: readonly CstNode[], range: SourceRange): Expression {
  const intro = children.find((child) => child.type === 'for_intro')?.children ?? [];
  const names = intro.filter((child) => child.type === 'identifier').map((child) => sourceOf(reader, child));
  const collection = intro.find((child) => child.type === 'expression');
  const bodies = children.filter((child) => child.type === 'expression');
  const condition = children
    .find((child) => child.type === 'for_cond')
    ?.children.find((child) => child.type === 'expression');
  const value = object ? bodies[1] : bodies[0];
  if (names.length === 0 || collection === undefined || value === undefined)
    return { ...range, kind: 'invalid', why: 'a part of the for expression is missing' };
  return {
    ...range,
    kind: 'for',
    keyName: names.length > 1 ? names[0]! : null,
    valueName: names.at(-1)!,
    collection: readExpression(reader, collection),
    key: object ? readExpression(reader, bodies[0]!) : null,
    value: readExpression(reader, value),
    condition: condition === undefined ? null : readExpression(reader, condition),
    grouped: children.some((child) => child.type === 'ellipsis'),
  };
}

function traverse(reader: Reader, base: Expression, steps: readonly CstNode[]): Expression {
  let value = base;
  for (let i = 0; i < steps.length; i += 1) {
    const step = steps[i]!;
    const range = { file: reader.file, start: base.start, end: step.end + reader.shift };
    if (step.type === 'get_attr') {
      const name = step.children.find((child) => child.type === 'identifier');
      value = { ...range, kind: 'attribute', of: value, name: name === undefined ? '' : sourceOf(reader, name) };
    } else if (step.type === 'index') value = readIndex(reader, value, step, range);
    else if (step.type === 'splat') return readSplat(reader, value, step, steps.slice(i + 1));
  }
  return value;
}

function readIndex(reader: Reader, of: Expression, step: CstNode, range: SourceRange): Expression {
  const kind = step.children[0];
  const key = kind?.children.find((child) => child.type === 'expression');
  if (key !== undefined) return { ...range, kind: 'index', of, key: readExpression(reader, key) };
  const digits = sourceOf(reader, step).replace(/^\s*\.\s*/, '');
  const at = rangeIn(reader, step);
  return { ...range, kind: 'index', of, key: { ...at, kind: 'literal', value: Number(digits) } };
}

/**
 * `a[*].b[0]` goes on inside each element to the end; `a.*.b[0]` takes only attributes inside and indexes the whole
 * list. HCL spec, "Splat operators".
 */
function readSplat(reader: Reader, of: Expression, step: CstNode, rest: readonly CstNode[]): Expression {
  const form = step.children[0];
  const inside = (form?.children ?? []).filter((child) => child.type === 'get_attr' || child.type === 'index');
  const full = form?.type === 'full_splat';
  const firstIndex = inside.findIndex((child) => child.type === 'index' && child.children[0]?.type === 'new_index');
  const cut = full || firstIndex < 0 ? inside.length : firstIndex;
  const within = full ? [...inside, ...rest] : inside.slice(0, cut);
  const outside = full ? [] : [...inside.slice(cut), ...rest];
  const at = rangeIn(reader, step);
  const placeholder: SplatElement = { ...at, kind: 'splat-element' };
  const end = within.at(-1)?.end ?? form?.end ?? step.end;
  const splat: Expression = {
    file: reader.file,
    start: of.start,
    end: end + reader.shift,
    kind: 'splat',
    of,
    placeholder,
    element: traverse(reader, placeholder, within),
  };
  return traverse(reader, splat, outside);
}

function readTemplate(reader: Reader, node: CstNode, range: SourceRange): Expression {
  const form = node.children.find((child) => child.type !== 'comment');
  if (form === undefined) return { ...range, kind: 'invalid', why: 'this template is empty' };
  if (form.type === 'heredoc_template') return readHeredoc(reader, form, range);
  const style: Style = { decode: unquote, literals: null };
  const parts = partsOf(applyStripMarkers(tokensOf(reader, form.children, form.start + 1, form.end - 1, style)));
  const only = parts[0];
  if (parts.length === 1 && only?.kind === 'interpolation') return { ...range, kind: 'parentheses', inner: only.value };
  return { ...range, kind: 'template', parts };
}

function readHeredoc(reader: Reader, form: CstNode, range: SourceRange): Expression {
  const names = form.children.filter((child) => child.type === 'heredoc_identifier');
  const [open, close] = [names[0], names.at(-1)];
  if (open === undefined || close === undefined || names.length < 2)
    return { ...range, kind: 'invalid', why: 'the heredoc has no end' };
  const lineEnd = reader.text.indexOf('\n', open.end + reader.shift) + 1 - reader.shift;
  const lastLine = reader.text.lastIndexOf('\n', close.start + reader.shift - 1) + 1 - reader.shift;
  const inside = form.children.filter((child) => child.start >= lineEnd && child.end <= lastLine);
  const end = Math.max(lineEnd, lastLine);
  const lines = heredocLines(reader, inside, lineEnd, end);
  if (sourceOf(reader, form).startsWith('<<-')) flush(lines);
  const literals = new Map(lines.flatMap((line) => (line.kind === 'text' ? [[line.start, line.text] as const] : [])));
  const style: Style = { decode: unescapeMarkers, literals };
  return { ...range, kind: 'template', parts: partsOf(tokensOf(reader, inside, lineEnd, end, style)) };
}

interface Style {
  decode: (source: string) => string;
  /** Of a heredoc: what each line of text has become, by its offset in the whole file. */
  literals: ReadonlyMap<number, string> | null;
}

/** The heredoc as HCL's parser has it before it builds a tree: text by line, and the markers of all levels in one row, which strip what is beside them. */
function heredocLines(reader: Reader, nodes: readonly CstNode[], start: number, end: number): FlatToken[] {
  const out: FlatToken[] = [];
  let at = start;
  let strip = false;
  const text = (to: number) => {
    for (const source of linesOf(reader.text.slice(at + reader.shift, to + reader.shift))) {
      const plain = unescapeMarkers(source);
      out.push({ kind: 'text', text: strip ? plain.trimStart() : plain, start: at + reader.shift });
      strip = false;
      at += source.length;
    }
  };
  for (const marker of markersIn(reader, nodes)) {
    text(marker.start);
    const { stripBefore, stripAfter } = strips(reader, marker);
    const before = out.at(-1);
    if (stripBefore && before?.kind === 'text') before.text = before.text.trimEnd();
    out.push({ kind: 'marker' });
    strip = stripAfter;
    at = marker.end;
  }
  text(end);
  return out;
}

function markersIn(reader: Reader, nodes: readonly CstNode[]): CstNode[] {
  return nodes.flatMap((node): CstNode[] => {
    if (node.type === 'template_directive') return markersIn(reader, node.children[0]?.children ?? []);
    return node.type === 'template_interpolation' || sourceOf(reader, node).startsWith('%{') ? [node] : [];
  });
}

const MARKED = new Set(['template_interpolation', 'template_directive']);

/** The parser leaves white space between nodes out of its tree, so text is what lies between interpolations and directives. */
function tokensOf(
  reader: Reader,
  nodes: readonly CstNode[],
  start: number,
  end: number,
  style: Style,
): TemplateToken[] {
  const tokens: TemplateToken[] = [];
  let at = start;
  const text = (to: number) => {
    if (to <= at) return;
    const source = reader.text.slice(at + reader.shift, to + reader.shift);
    let start = at + reader.shift;
    for (const line of style.literals === null ? [source] : linesOf(source)) {
      const text = style.literals?.get(start) ?? style.decode(line);
      tokens.push({ kind: 'text', text, file: reader.file, start, end: start + line.length });
      start += line.length;
    }
  };
  for (const node of nodes) {
    if (!MARKED.has(node.type)) continue;
    text(node.start);
    tokens.push({ kind: 'part', part: readMarked(reader, node, style), ...strips(reader, node) });
    at = node.end;
  }
  text(end);
  return tokens;
}

function strips(reader: Reader, node: CstNode): { stripBefore: boolean; stripAfter: boolean } {
  const source = sourceOf(reader, node);
  return { stripBefore: source[2] === '~', stripAfter: source.at(-2) === '~' };
}

function readMarked(reader: Reader, node: CstNode, style: Style): TemplatePart {
  const range = rangeIn(reader, node);
  const invalid: Expression = { ...range, kind: 'invalid', why: 'this template is not valid' };
  if (node.type === 'template_interpolation') {
    const value = node.children.find((child) => child.type === 'expression');
    return { ...range, kind: 'interpolation', value: value === undefined ? invalid : readExpression(reader, value) };
  }
  const form = node.children[0];
  const head = form?.children[0];
  const tail = form?.children.at(-1);
  if (form === undefined || head === undefined || tail === undefined || form.children.length < 2)
    return { ...range, kind: 'interpolation', value: invalid };
  const condition = head.children.find((child) => child.type === 'expression');
  const subject = condition === undefined ? invalid : readExpression(reader, condition);
  const between = (from: CstNode, to: CstNode): TemplatePart[] => {
    const inner = form.children.filter((child) => child.start >= from.end && child.end <= to.start);
    const tokens = tokensOf(reader, inner, from.end, to.start, style);
    if (style.literals !== null) return partsOf(tokens);
    const first = tokens[0];
    const last = tokens.at(-1);
    if (first?.kind === 'text' && strips(reader, from).stripAfter) first.text = first.text.trimStart();
    if (last?.kind === 'text' && strips(reader, to).stripBefore) last.text = last.text.trimEnd();
    return partsOf(applyStripMarkers(tokens));
  };
  if (form.type === 'template_if') {
    const middle = form.children.find((child) => child.type === 'template_else_intro');
    return {
      ...range,
      kind: 'if',
      condition: subject,
      yes: between(head, middle ?? tail),
      no: middle === undefined ? [] : between(middle, tail),
    };
  }
  const names = head.children.filter((child) => child.type === 'identifier').map((child) => sourceOf(reader, child));
  return {
    ...range,
    kind: 'for',
    keyName: names.length > 1 ? names[0]! : null,
    valueName: names.at(-1) ?? '',
    collection: subject,
    body: between(head, tail),
  };
}

function rangeIn(reader: Reader, node: CstNode): SourceRange {
  return { file: reader.file, start: node.start + reader.shift, end: node.end + reader.shift };
}

function span(reader: Reader, nodes: readonly CstNode[], otherwise: SourceRange): SourceRange {
  const first = nodes[0];
  const last = nodes.at(-1);
  if (first === undefined || last === undefined) return otherwise;
  return { file: reader.file, start: first.start + reader.shift, end: last.end + reader.shift };
}

function sourceOf(reader: Reader, node: CstNode): string {
  return reader.text.slice(node.start + reader.shift, node.end + reader.shift);
}
