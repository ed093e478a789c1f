import { createRequire } from 'node:module';
import { Language, Parser, type TreeCursor } from 'web-tree-sitter';
import type { CstNode, HclParser } from '../syntax/ast.ts';

/** Loads the grammar once per process. Effects: reads two WebAssembly files of installed packages. */
let loading: Promise<HclParser> | null = null;

export function loadHclParser(): Promise<HclParser> {
  loading ??= load();
  return loading;
}

async function load(): Promise<HclParser> {
  const require = createRequire(import.meta.url);
  await Parser.init();
  const language = await Language.load(
    require.resolve('@tree-sitter-grammars/tree-sitter-hcl/tree-sitter-terraform.wasm'),
  );
  const parser = new Parser();
  parser.setLanguage(language);
  return (text) => {
    const tree = parser.parse(text);
    if (tree === null) return null;
    const cursor = tree.walk();
    try {
      return copy(cursor);
    } finally {
      cursor.delete();
      tree.delete();
    }
  };
}

interface Growing extends CstNode {
  children: CstNode[];
}

function nodeAt(cursor: TreeCursor): Growing {
  return {
    type: cursor.nodeType,
    named: cursor.nodeIsNamed,
    start: cursor.startIndex,
    end: cursor.endIndex,
    missing: cursor.nodeIsMissing,
    children: [],
  };
}

/** Without recursion: a hostile file may nest as deep as it is long. */
function copy(cursor: TreeCursor): CstNode {
  const root = nodeAt(cursor);
  const stack = [root];
  while (true) {
    if (cursor.gotoFirstChild()) {
      const child = nodeAt(cursor);
      stack.at(-1)!.children.push(child);
      stack.push(child);
      continue;
    }
    while (!cursor.gotoNextSibling()) {
      stack.pop();
      if (stack.length <= 1 || !cursor.gotoParent()) return root;
    }
    stack.pop();
    const next = nodeAt(cursor);
    stack.at(-1)!.children.push(next);
    stack.push(next);
  }
}
