import type { SourceRange } from '../../contract.ts';
import type { Expression, HclParser, SyntaxFault } from './ast.ts';
import { type Reader, readExpression } from './expression.ts';

/**
 * A template that stands outside HCL (a JSON string, a file for templatefile): no backslash escapes, no quotes. Its inner ranges
 * are not mapped back: every node has the range `at`.
 */
export function templateText(text: string, at: SourceRange, parser: HclParser): Expression {
  const range = { file: at.file, start: at.start, end: at.end };
  if (!text.includes('${') && !text.includes('%{')) return { ...range, kind: 'literal', value: text };
  const source = `x = <<PARE_TEMPLATE\n${text}\nPARE_TEMPLATE\n`;
  const attribute = parser(source)?.children.find((child) => child.type === 'body')?.children[0];
  const value = attribute?.children.find((child) => child.type === 'expression');
  if (value === undefined) return { ...range, kind: 'invalid', why: 'this template is not valid' };
  const faults: SyntaxFault[] = [];
  const reader: Reader = { file: at.file, text: source, shift: 0, depth: 0, faults };
  const read = relocate(readExpression(reader, value), range);
  if (read.kind !== 'template') return read;
  const parts = [...read.parts];
  const last = parts.at(-1);
  if (last?.kind === 'text') {
    const trimmed = last.text.replace(/\n$/, '');
    if (trimmed === '') parts.pop();
    else parts[parts.length - 1] = { ...last, text: trimmed };
  }
  const only = parts[0];
  if (parts.length === 1 && only?.kind === 'interpolation') return { ...range, kind: 'parentheses', inner: only.value };
  return { ...read, parts };
}

function relocate<T>(node: T, at: SourceRange): T {
  if (Array.isArray(node)) return node.map((child) => relocate(child, at)) as T;
  if (typeof node !== 'object' || node === null) return node;
  const copy: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(node)) copy[key] = relocate(value, at);
  if ('start' in node && 'end' in node) Object.assign(copy, { file: at.file, start: at.start, end: at.end });
  return copy as T;
}
