import { type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';
import { callOrMap, type MapEntry, type ParsedTemplate, type SyntaxNode, type SyntaxProblem } from './syntax.ts';

/** Parses a JSON template strictly: no comments, no trailing commas, no key twice (of two, readers disagree which one counts). */
export function parseJson(text: string): ParsedTemplate {
  const bom = text.startsWith('\uFEFF') ? 1 : 0;
  const errors: ParseError[] = [];
  const tree = parseTree(text.slice(bom), errors, { disallowComments: true, allowTrailingComma: false });
  const problems: SyntaxProblem[] = errors.slice(0, 1).map((error) => ({
    code: 'cfn-json-syntax',
    message: `not valid JSON: ${printParseErrorCode(error.error)}`,
    offset: error.offset + bom,
  }));
  if (problems.length > 0 || tree === undefined) return { format: 'json', root: null, problems };
  const root = convert(tree, text, bom, problems);
  return { format: 'json', root: problems.length > 0 ? null : root, problems };
}

function convert(node: Node, text: string, shift: number, problems: SyntaxProblem[]): SyntaxNode {
  const start = node.offset + shift;
  const end = start + node.length;
  if (node.type === 'array') {
    const items = (node.children ?? []).map((child) => convert(child, text, shift, problems));
    return { kind: 'list', items, flow: true, shared: false, start, end };
  }
  if (node.type !== 'object') {
    const isString = node.type === 'string';
    const value = isString ? String(node.value) : text.slice(start, end);
    const style = isString ? 'json-string' : 'json-literal';
    return { kind: 'scalar', text: value, style, shared: false, start, end };
  }
  const seen = new Set<string>();
  const entries: MapEntry[] = [];
  for (const property of node.children ?? []) {
    const [key, value] = property.children ?? [];
    if (key === undefined || value === undefined) continue;
    const name = String(key.value);
    if (seen.has(name))
      problems.push({ code: 'cfn-json-duplicate-key', message: `the key "${name}" stands twice`, offset: key.offset });
    seen.add(name);
    const converted = convert(value, text, shift, problems);
    const keyStart = key.offset + shift;
    entries.push({
      key: name,
      keyStart,
      keyEnd: keyStart + key.length,
      value: converted,
      start: keyStart,
      end: converted.end,
    });
  }
  return callOrMap({ kind: 'map', entries, flow: true, shared: false, start, end });
}
