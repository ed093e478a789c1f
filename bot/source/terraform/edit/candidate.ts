import type { RuleShape } from '@pare/analyzer/model/rule.ts';
import type { DeclaredRule, SourceNote, SourceRange, TextEdit } from '../../contract.ts';
import { VENDORED } from '../eval/project.ts';
import type { FoundRule } from '../rules/extract.ts';
import type { ParsedFile } from '../syntax/ast.ts';
import type { IndexDetails } from './details.ts';
import { reformatted } from './render.ts';

/** One way to make the change; tried in order, the first that evaluates to exactly the wish is taken. */
export interface Candidate {
  what: 'element' | 'entry' | 'argument' | 'block' | 'filter' | 'value' | 'split';
  edits: readonly TextEdit[];
  warnings: readonly SourceNote[];
  /** The text that is written anew or goes, without what only lines up with it; see touched.ts. */
  touches?: readonly { range: SourceRange; goes: boolean }[];
}

export interface Parts {
  details: IndexDetails;
  rule: DeclaredRule;
  found: FoundRule;
  /** All rules that the declaration makes. */
  siblings: readonly DeclaredRule[];
  /** Ids of the rules that an edit may change. */
  targets: ReadonlySet<string>;
}

export function parsedAt(details: IndexDetails, path: string): ParsedFile | null {
  const file = details.project.tree.get(path);
  return file === undefined ? null : details.tools.parser.parse(file);
}

/** Ranges, innermost first, each once, that a person may edit. */
export function editableChain(
  details: IndexDetails,
  ...chains: readonly (readonly SourceRange[])[]
): { parsed: ParsedFile; range: SourceRange }[] {
  const seen = new Set<string>();
  return chains.flat().flatMap((range) => {
    const key = `${range.file}:${range.start}:${range.end}`;
    if (seen.has(key) || VENDORED.test(range.file)) return [];
    seen.add(key);
    const parsed = parsedAt(details, range.file);
    return parsed === null ? [] : [{ parsed, range }];
  });
}

/** A replacement with its peer as the source may keep it: `kept` where it is the rule's own. */
export interface Wanted {
  shape: RuleShape;
  peerKept: boolean;
  protocolKept: boolean;
  fromKept: boolean;
  toKept: boolean;
}

/** The enclosing top-level block of a container, for alignment. */
export function inBlock(parsed: ParsedFile, container: SourceRange, edits: TextEdit[]): TextEdit[] {
  if (parsed.syntax === 'json') return edits;
  const block = parsed.body.items.find((item) => item.start <= container.start && item.end >= container.end);
  return block === undefined ? edits : reformatted(parsed, block, edits);
}
