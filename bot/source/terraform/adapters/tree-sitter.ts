import { createRequire } from 'node:module';
import { Language, Parser, type Tree, type TreeCursor } from 'web-tree-sitter';
import type { CstNode, HclParser } from '../syntax/ast.ts';

/** Loads the grammar once per process. Effects: reads two WebAssembly files of installed packages. */
let loading: Promise<HclParser> | null = null;

export function loadHclParser(): Promise<HclParser> {
  loading ??= load();
  return loading;
}

interface Grammar {
  parser: Parser;
  language: Language;
  /** Null where the library does not hand out its compiled functions. */
  engine: Engine | null;
}

/** Tree-sitter by itself with the grammar; also what the benchmark compares with. */
export async function loadGrammar(): Promise<Grammar> {
  const require = createRequire(import.meta.url);
  const options: Partial<Engine> = {};
  // Emscripten puts what it compiles on the object of its options; what is not an option it leaves alone.
  await Parser.init(options as Parameters<typeof Parser.init>[0]);
  if (isEngine(options)) compiled = options;
  const language = await Language.load(
    require.resolve('@tree-sitter-grammars/tree-sitter-hcl/tree-sitter-terraform.wasm'),
  );
  const parser = new Parser();
  parser.setLanguage(language);
  return { parser, language, engine: compiled };
}

async function load(): Promise<HclParser> {
  const grammar = await loadGrammar();
  return (text) => {
    const tree = grammar.parser.parse(digitsOnly(text));
    if (tree === null) return null;
    try {
      return copyTree(tree, grammar);
    } finally {
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

/** Tokens, and what holds nothing but its tokens (a text without interpolation, a brace): nobody asks for their parts, and no comment stands among these. */
const WHOLE: ReadonlySet<string> = new Set([
  'identifier',
  'string_lit',
  'numeric_lit',
  'bool_lit',
  'variable_expr',
  'template_literal',
  'quoted_template_start',
  'quoted_template_end',
  'template_interpolation_start',
  'template_interpolation_end',
  'block_start',
  'block_end',
  'object_start',
  'object_end',
  'tuple_start',
  'tuple_end',
  '=',
  '.',
  '(',
  ')',
  ',',
]);

interface Kind {
  type: string;
  named: boolean;
  /** Copied without its parts. */
  whole: boolean;
}

/** Each question about a node crosses into WebAssembly, so names are looked up here by number. */
let kinds: readonly Kind[] | null = null;
function kindsOf(language: Language): readonly Kind[] {
  kinds ??= language.types.map((type, id) => ({
    type: interned(type),
    named: language.nodeTypeIsNamed(id),
    whole: WHOLE.has(type),
  }));
  return kinds;
}

/** The names of properties are unique in memory, so that the many comparisons with the readers' literals look at no letters. */
function interned(text: string): string {
  return Object.keys({ [text]: true })[0] ?? text;
}

const LEAF: readonly CstNode[] = Object.freeze([]);

/** The tree as plain data. Without recursion: a hostile file may nest as deep as it is long. */
export function copyTree(tree: Tree, { language, engine }: Grammar): CstNode {
  const all = kindsOf(language);
  const address: unknown = Reflect.get(tree, 0);
  const faulty = tree.rootNode.hasError;
  const copied = engine === null || typeof address !== 'number' || faulty ? null : copyByEngine(engine, address, all);
  return copied ?? copySlowly(tree, all, faulty);
}

/** By the library's own interface; each of its questions first writes the cursor and reads it back, which is most of its time. */
function copySlowly(tree: Tree, all: readonly Kind[], faulty: boolean): CstNode {
  const cursor = tree.walk();
  try {
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
  } finally {
    cursor.delete();
  }
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

/** What the library compiled: a cursor, which stays where these functions leave it. Offsets are UTF-16 code units. */
interface Engine {
  _ts_tree_root_node_wasm(tree: number): void;
  _ts_tree_cursor_new_wasm(tree: number): void;
  _ts_tree_cursor_delete_wasm(tree: number): void;
  _ts_tree_cursor_goto_first_child_wasm(tree: number): number;
  _ts_tree_cursor_goto_next_sibling_wasm(tree: number): number;
  _ts_tree_cursor_goto_parent_wasm(tree: number): number;
  _ts_tree_cursor_current_node_type_id_wasm(tree: number): number;
  _ts_tree_cursor_start_index_wasm(tree: number): number;
  _ts_tree_cursor_end_index_wasm(tree: number): number;
}

const ENGINE: readonly (keyof Engine)[] = [
  '_ts_tree_root_node_wasm',
  '_ts_tree_cursor_new_wasm',
  '_ts_tree_cursor_delete_wasm',
  '_ts_tree_cursor_goto_first_child_wasm',
  '_ts_tree_cursor_goto_next_sibling_wasm',
  '_ts_tree_cursor_goto_parent_wasm',
  '_ts_tree_cursor_current_node_type_id_wasm',
  '_ts_tree_cursor_start_index_wasm',
  '_ts_tree_cursor_end_index_wasm',
];

/** Of the first time that the library was started, the only one at which it compiles. */
let compiled: Engine | null = null;

function isEngine(given: Partial<Engine>): given is Engine {
  return ENGINE.every((name) => typeof given[name] === 'function');
}

/** Of a tree without faults, down to what is whole; null where it has a node that the grammar does not name. */
function copyByEngine(engine: Engine, tree: number, all: readonly Kind[]): CstNode | null {
  const {
    _ts_tree_cursor_goto_first_child_wasm: firstChild,
    _ts_tree_cursor_goto_next_sibling_wasm: nextSibling,
    _ts_tree_cursor_goto_parent_wasm: parent,
    _ts_tree_cursor_current_node_type_id_wasm: typeId,
    _ts_tree_cursor_start_index_wasm: startIndex,
    _ts_tree_cursor_end_index_wasm: endIndex,
  } = engine;
  // Each of these functions reads its argument from one buffer and leaves its result there, so that nothing else may come in between.
  engine._ts_tree_root_node_wasm(tree);
  engine._ts_tree_cursor_new_wasm(tree);
  try {
    const stack: CstNode[][] = [];
    let siblings: CstNode[] = [];
    const top = siblings;
    while (true) {
      const kind = all[typeId(tree)];
      if (kind === undefined) return null;
      const { type, named, whole } = kind;
      const start = startIndex(tree);
      const end = endIndex(tree);
      if (!whole && firstChild(tree) !== 0) {
        const children: CstNode[] = [];
        siblings.push({ type, named, start, end, missing: false, children });
        stack.push(siblings);
        siblings = children;
        continue;
      }
      siblings.push({ type, named, start, end, missing: false, children: LEAF });
      while (nextSibling(tree) === 0) {
        siblings = stack.pop() ?? top;
        if (siblings === top) return top[0]!;
        parent(tree);
      }
    }
  } finally {
    engine._ts_tree_cursor_delete_wasm(tree);
  }
}
