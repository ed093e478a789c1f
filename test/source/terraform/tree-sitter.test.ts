import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { copyTree, loadGrammar } from '../../../bot/source/terraform/adapters/tree-sitter.ts';
import type { CstNode } from '../../../bot/source/terraform/syntax/ast.ts';
import { generateSources } from '../../bench-sources/roots.ts';
import { edgeExpressions } from './expressions-edge.ts';
import { wideExpressions } from './expressions-wide.ts';

const grammar = await loadGrammar();
type Node = NonNullable<ReturnType<typeof grammar.parser.parse>>['rootNode'];

/** Node by node, by what the library documents. */
function reference(node: Node): CstNode {
  return {
    type: node.type,
    named: node.isNamed,
    start: node.startIndex,
    end: node.endIndex,
    missing: node.isMissing,
    children: node.children.map((child) => reference(child)),
  };
}

/** What the quick copy leaves out: tokens of which a reader needs only the whole. Nothing that has a meaning of its own may be among them. */
const WHOLE = /^(string_lit|bool_lit|variable_expr|(block|object|tuple)_(start|end))$/;
const TOKEN = /^(identifier|template_literal|quoted_template_(start|end)|true|false|[{}[\]])$/;

function shortened(node: CstNode): CstNode {
  if (!WHOLE.test(node.type)) return { ...node, children: node.children.map(shortened) };
  for (const part of node.children) {
    expect(part.type).toMatch(TOKEN);
    expect(part.children).toEqual([]);
  }
  return { ...node, children: [] };
}

function copies(text: string): { wanted: CstNode; quick: CstNode; plain: CstNode; faulty: boolean } {
  const tree = grammar.parser.parse(text)!;
  try {
    return {
      wanted: reference(tree.rootNode),
      quick: copyTree(tree, grammar),
      plain: copyTree(tree, { ...grammar, engine: null }),
      faulty: tree.rootNode.hasError,
    };
  } finally {
    tree.delete();
  }
}

function expectCopies(text: string): void {
  const { wanted, quick, plain, faulty } = copies(text);
  expect(quick).toEqual(faulty ? wanted : shortened(wanted));
  expect(plain).toEqual(wanted);
}

const WORDS = [
  'a',
  'resource',
  '"x"',
  '"a # b"',
  '"${a}"',
  '"%{ if a }é%{ endif }"',
  '<<-E\n  # x ${a}\n  E\n',
  '# c\n',
  '// c\n',
  '/* c */',
  '{',
  '}',
  '[',
  ']',
  '(',
  ')',
  '=',
  '=>',
  ',',
  '.',
  '...',
  '?',
  ':',
  '+',
  '-',
  '!',
  '==',
  '&&',
  '*',
  '.*',
  '[*]',
  '0',
  '1.5e3',
  'true',
  'null',
  'for',
  'in',
  'if',
  '\n',
  ' ',
  '\t',
  '\r\n',
  '\u0000',
  '\uFEFF',
  '😀',
  'é',
]; // prettier-ignore

describe('what tree-sitter found, as plain data', () => {
  it('comes by the compiled functions, which the library hands out', () => {
    expect(grammar.engine).not.toBeNull();
  });

  it.each([
    ['nothing', ''],
    ['a comment', '# only'],
    ['a block', 'a "b" c {\n  d = [1, { e = f.g[0].h[*].i }]\n}\n'],
    ['comments within everything', 'a /* b */ = [ # c\n 1, // d\n] /* e */\nlocals { /* f */ }\n'],
    ['texts that look like comments', 'a = "# b"\nc = "// d"\ne = "/* f */ ${ /* g */ h }"\n'],
    ['letters of two code units', 'a = "😀"\nb = "é😀" # 😀\nc = 1\n'],
    ['a heredoc', 'a = <<-E\n  %{ for b in c ~}\n  ${b}\n  %{ endfor ~}\nE\n'],
    ['an open brace', 'a {\n b = 1\n'],
    ['a part that is missing', 'a = \nb = [1,\n'],
    ['no HCL', '}{ ]["'],
    ['texts within texts', 'a = "${b("c", "#", "${"//"}")}/*"\nd "e" /* f */ "g" { /* h */ }\n'],
    [
      'comments beside names and signs',
      'a /* 1 */ . /* 2 */ b = /* 3 */ c /* 4 */ . /* 5 */ d\ne = /* 6 */ ! /* 7 */ true /* 8 */\n',
    ],
    ['comments in brackets', 'a = [ /* 1 */ ]\nb = { /* 2 */ }\nc = d( /* 3 */ )\ne = f[ /* 4 */ 0 /* 5 */ ]\n'],
  ])('is the same in each way: %s', (_, text) => {
    expectCopies(text);
  });

  it('is the same in each way for generated repositories and expressions', () => {
    const { files } = generateSources({ roots: 4, modules: 2 });
    for (const { path, text } of files) if (!path.endsWith('.json')) expectCopies(text);
    for (const text of [...wideExpressions(3, 150), ...edgeExpressions(5, 150)]) expectCopies(`a = ${text}\n`);
  });

  it('is the same in each way for any text', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...WORDS), { maxLength: 30 }), (words) => expectCopies(words.join(' '))),
      { numRuns: 400 },
    );
  });
});
