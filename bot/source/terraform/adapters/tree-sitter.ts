import { createRequire } from 'node:module';
import { Language, Parser, type TreeCursor } from 'web-tree-sitter';
import type { CstNode, HclParser } from '../syntax/ast.ts';

/** Loads the grammar once per process. Effects: reads two WebAssembly files of installed packages. */
let loading: Promise<HclParser> | null = null;

export function loadHclParser(): Promise<HclParser> {
  loading ??= load();
  return loading;
}

/** Tree-sitter by itself with the grammar; also what the benchmark compares with. */
export async function loadGrammar(): Promise<{ parser: Parser; language: Language }> {
  const require = createRequire(import.meta.url);
  await Parser.init();
  const language = await Language.load(
    require.resolve('@tree-sitter-grammars/tree-sitter-hcl/tree-sitter-terraform.wasm'),
  );
  const parser = new Parser();
  parser.setLanguage(language);
  return { parser, language };
}

async function load(): Promise<HclParser> {
  const { parser, language } = await loadGrammar();
  return (text) => {
    const tree = parser.parse(digitsOnly(text));
    if (tree === null) return null;
    const cursor = tree.walk();
    try {
      return copy(cursor, kindsOf(language), tree.rootNode.hasError);
    } finally {
      cursor.delete();
      tree.delete();
    }
  };
}

/**
 * The grammar takes an exponent only behind a fraction, HCL also in 1e3 (hclsyntax/spec.md, "Numeric Literals"). The tree holds offsets and no
 * text, so that digits of the same length may stand in its place. A dash before it may belong to an identifier, which is left alone.
 */
function digitsOnly(text: string): string {
  if (!/\d[eE][+-]?\d/.test(text)) return text;
  return text.replace(/(?<![\p{L}\p{N}_.]|[\p{L}\p{N}_]-+)\d+[eE][+-]?\d+(?!\w|\.\d)/gu, (all) =>
    '1'.repeat(all.length),
  );
}

interface Growing extends CstNode {
  children: CstNode[];
}

interface Kind {
  type: string;
  named: boolean;
}

/** Each question to the cursor crosses into WebAssembly, so names are looked up here by number. */
let kinds: readonly Kind[] | null = null;
function kindsOf(language: Language): readonly Kind[] {
  kinds ??= language.types.map((type, id) => ({ type, named: language.nodeTypeIsNamed(id) }));
  return kinds;
}

function nodeAt(cursor: TreeCursor, all: readonly Kind[], faulty: boolean): Growing {
  const kind = all[cursor.nodeTypeId];
  return {
    type: kind?.type ?? cursor.nodeType,
    named: kind?.named ?? cursor.nodeIsNamed,
    start: cursor.startIndex,
    end: cursor.endIndex,
    missing: faulty && cursor.nodeIsMissing,
    children: [],
  };
}

/** Without recursion: a hostile file may nest as deep as it is long. */
function copy(cursor: TreeCursor, all: readonly Kind[], faulty: boolean): CstNode {
  const root = nodeAt(cursor, all, faulty);
  const stack = [root];
  while (true) {
    if (cursor.gotoFirstChild()) {
      const child = nodeAt(cursor, all, faulty);
      stack.at(-1)!.children.push(child);
      stack.push(child);
      continue;
    }
    while (!cursor.gotoNextSibling()) {
      stack.pop();
      if (stack.length <= 1 || !cursor.gotoParent()) return root;
    }
    stack.pop();
    const next = nodeAt(cursor, all, faulty);
    stack.at(-1)!.children.push(next);
    stack.push(next);
  }
}
