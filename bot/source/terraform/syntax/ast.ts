import type { SourceFile, SourceRange } from '../../contract.ts';

/** A node of a foreign parser's concrete tree, held as plain data. Offsets are UTF-16 code units of the whole file. */
export interface CstNode {
  type: string;
  named: boolean;
  start: number;
  end: number;
  missing: boolean;
  children: readonly CstNode[];
}

/** A foreign parser: text without BOM to its tree. Throws nothing; a text it cannot take gives null. */
export type HclParser = (text: string) => CstNode | null;

/** Every node knows its file and range, so that values can remember where they came from. */
export type Expression =
  /** `source`: how a number is written, which may be more than a double holds. */
  | (SourceRange & { kind: 'literal'; value: string | number | boolean | null; source?: string })
  | (SourceRange & { kind: 'template'; parts: readonly TemplatePart[] })
  | (SourceRange & { kind: 'tuple'; items: readonly Expression[] })
  | (SourceRange & { kind: 'object'; items: readonly ObjectItem[] })
  | (SourceRange & { kind: 'variable'; name: string })
  | (SourceRange & { kind: 'attribute'; of: Expression; name: string })
  | (SourceRange & { kind: 'index'; of: Expression; key: Expression })
  | (SourceRange & { kind: 'splat'; of: Expression; element: Expression; placeholder: SplatElement })
  | SplatElement
  | (SourceRange & { kind: 'call'; name: string; args: readonly Expression[]; expand: boolean })
  | (SourceRange & ForExpression)
  | (SourceRange & { kind: 'conditional'; condition: Expression; yes: Expression; no: Expression })
  | (SourceRange & { kind: 'binary'; operator: string; left: Expression; right: Expression })
  | (SourceRange & { kind: 'unary'; operator: string; operand: Expression })
  | (SourceRange & { kind: 'parentheses'; inner: Expression })
  | (SourceRange & { kind: 'invalid'; why: string });

/** Stands for one element within a splat's traversal. */
export type SplatElement = SourceRange & { kind: 'splat-element' };

export interface ForExpression {
  kind: 'for';
  keyName: string | null;
  valueName: string;
  collection: Expression;
  /** Null for a tuple. */
  key: Expression | null;
  value: Expression;
  condition: Expression | null;
  grouped: boolean;
}

export interface ObjectItem extends SourceRange {
  /** A bare identifier is a literal here. */
  key: Expression;
  value: Expression;
}

export type TemplatePart =
  | (SourceRange & { kind: 'text'; text: string })
  | (SourceRange & { kind: 'interpolation'; value: Expression })
  | (SourceRange & { kind: 'if'; condition: Expression; yes: readonly TemplatePart[]; no: readonly TemplatePart[] })
  | (SourceRange & {
      kind: 'for';
      keyName: string | null;
      valueName: string;
      collection: Expression;
      body: readonly TemplatePart[];
    });

export interface Attribute extends SourceRange {
  kind: 'attribute';
  name: string;
  value: Expression;
}

export interface Block extends SourceRange {
  kind: 'block';
  type: string;
  labels: readonly (SourceRange & { text: string })[];
  body: Body;
  /** Offsets just after the opening brace and of the closing one. */
  inner: { start: number; end: number };
  /** Blocks of override files that are merged into this one; their parts have the ranges of their own files. */
  overrides?: readonly SourceRange[];
}

export interface Body {
  items: readonly (Attribute | Block)[];
}

export interface SyntaxFault extends SourceRange {
  message: string;
}

export interface ParsedFile {
  file: SourceFile;
  syntax: 'hcl' | 'json';
  body: Body;
  comments: readonly SourceRange[];
  /** Where the text is not valid; whatever could be read around it is in `body`. */
  faults: readonly SyntaxFault[];
}

export function attributeOf(body: Body, name: string): Attribute | undefined {
  for (const item of body.items) if (item.kind === 'attribute' && item.name === name) return item;
  return undefined;
}

export function blocksOf(body: Body, type: string): Block[] {
  return body.items.filter((item): item is Block => item.kind === 'block' && item.type === type);
}

export function rangeOf(node: SourceRange): SourceRange {
  return { file: node.file, start: node.start, end: node.end };
}
