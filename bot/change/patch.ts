import { formatPatch, structuredPatch } from 'diff';
import type { FileChange } from './contract.ts';

/**
 * One patch that `git apply` takes: a/ and b/ headers, names quoted as git does, carriage returns kept in the lines, and
 * `\ No newline at end of file` where one lacks it. Paths are relative to `prefix` + tree root; `prefix` is '' or ends in a slash.
 */
export function patchOf(changes: readonly FileChange[], prefix = ''): string {
  return changes
    .filter((change) => change.before !== change.after)
    .map(({ path, before, after }) => {
      const patch = structuredPatch(`a/${prefix}${path}`, `b/${prefix}${path}`, before, after, undefined, undefined, {
        context: 3,
      });
      return formatPatch({ ...patch, isGit: true });
    })
    .join('');
}
