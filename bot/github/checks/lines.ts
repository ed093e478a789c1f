import { structuredPatch } from 'diff';

/** A stretch that a change touches, on the side of the changed file. */
export interface ChangedLines {
  path: string;
  startLine: number;
  endLine: number;
  /** What was there before. */
  removed: string;
}

/** Where lines only went, the line that now stands before the gap; a check can point only at lines that are there. */
export function changedLines(path: string, before: string, after: string): ChangedLines[] {
  const last = Math.max(1, after.split('\n').length - (after.endsWith('\n') ? 1 : 0));
  const { hunks } = structuredPatch(path, path, before, after, '', '', { context: 0 });
  return hunks.map((hunk) => {
    const startLine = Math.min(last, Math.max(1, hunk.newStart));
    const endLine = Math.min(last, Math.max(startLine, hunk.newStart + hunk.newLines - 1));
    const removed = hunk.lines.filter((line) => line.startsWith('-')).map((line) => line.slice(1));
    return { path, startLine, endLine, removed: removed.join('\n') };
  });
}
