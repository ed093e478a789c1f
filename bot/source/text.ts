import type { Place, SourceFile, SourceRange, SourceTree, TextEdit } from './contract.ts';

/**
 * The tree after the edits. Bytes outside the ranges are the same characters as before. Throws RangeError for an unknown
 * file, a range outside its file, or edits that overlap (two inserts at one place count as overlapping: their order would be a guess).
 */
export function applyEdits(tree: SourceTree, edits: readonly TextEdit[]): SourceTree {
  const byFile = new Map<string, TextEdit[]>();
  for (const edit of edits) {
    const list = byFile.get(edit.range.file);
    if (list === undefined) byFile.set(edit.range.file, [edit]);
    else list.push(edit);
  }
  const changed: SourceFile[] = [];
  for (const [path, list] of byFile) {
    const file = tree.get(path);
    if (file === undefined) throw new RangeError(`no file ${path} in the tree`);
    changed.push({ path, text: splice(file.text, list) });
  }
  return tree.with(changed);
}

/** One text after edits in it, in any order; the ranges' `file` is not looked at. Throws RangeError as `applyEdits` does. */
export function splice(text: string, edits: readonly TextEdit[]): string {
  const sorted = sortEdits(edits);
  const parts: string[] = [];
  let at = 0;
  let last: SourceRange | null = null;
  for (const { range, text: replacement } of sorted) {
    if (range.start < 0 || range.end < range.start || range.end > text.length)
      throw new RangeError(`edit ${range.start}..${range.end} lies outside ${range.file}`);
    if (last !== null && (range.start < last.end || (range.start === last.start && range.end === last.end)))
      throw new RangeError(`edits overlap at ${range.start} in ${range.file}`);
    parts.push(text.slice(at, range.start), replacement);
    at = range.end;
    last = range;
  }
  parts.push(text.slice(at));
  return parts.join('');
}

/** By file, then by place: the order in which a reader meets them. */
export function sortEdits(edits: readonly TextEdit[]): TextEdit[] {
  return [...edits].sort((a, b) => {
    if (a.range.file !== b.range.file) return a.range.file < b.range.file ? -1 : 1;
    return a.range.start - b.range.start || a.range.end - b.range.end;
  });
}

const lineStartsOf = new WeakMap<SourceFile, readonly number[]>();

function lineStarts(file: SourceFile): readonly number[] {
  const known = lineStartsOf.get(file);
  if (known !== undefined) return known;
  const starts = [0];
  for (let at = file.text.indexOf('\n'); at >= 0; at = file.text.indexOf('\n', at + 1)) starts.push(at + 1);
  lineStartsOf.set(file, starts);
  return starts;
}

/** 1-based line and column (in UTF-16 code units, a leading BOM not counted) of an offset; logarithmic after the first call for a file. */
export function placeOf(file: SourceFile, offset: number): { line: number; column: number } {
  const starts = lineStarts(file);
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle]! <= offset) low = middle;
    else high = middle - 1;
  }
  const bom = low === 0 && file.text.startsWith('\uFEFF') ? 1 : 0;
  return { line: low + 1, column: Math.max(1, offset - starts[low]! + 1 - bom) };
}

/** Where a range is, for a person: first and last line that hold a part of it. */
export function placeOfRange(file: SourceFile, range: Pick<SourceRange, 'start' | 'end'>): Place {
  const { line } = placeOf(file, range.start);
  const endLine = placeOf(file, Math.max(range.start, range.end - 1)).line;
  return endLine === line ? { file: file.path, line } : { file: file.path, line, endLine };
}

/** The line break of a file: that of its first line. */
export function lineBreakOf(text: string): '\n' | '\r\n' {
  const at = text.indexOf('\n');
  return at > 0 && text[at - 1] === '\r' ? '\r\n' : '\n';
}
