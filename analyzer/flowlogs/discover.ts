import { type Dirent, statSync } from 'node:fs';
import { readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { PareError } from '../model/problem.ts';

export interface FoundFile {
  /** As reached from the path the user gave. */
  path: string;
  bytes: number;
}

export interface Discovery {
  files: readonly FoundFile[];
  /** Paths that lead to a file already in the list. */
  duplicates: readonly string[];
}

/** All regular files under the paths, in any nesting, each once by its real path, sorted. Throws PareError for a path that is not there. */
export async function discover(paths: readonly string[], signal: AbortSignal): Promise<Discovery> {
  const found: Found[] = [];
  for (const path of [...paths].sort()) await walk(path, found, new Set(), signal);
  const seen = new Map<string, string>();
  const files: FoundFile[] = [];
  const duplicates: string[] = [];
  for (const { path, real, bytes } of found.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))) {
    if (seen.has(real)) {
      duplicates.push(path);
      continue;
    }
    seen.set(real, path);
    files.push({ path, bytes });
  }
  return { files, duplicates: [...new Set(duplicates)].sort() };
}

interface Found extends FoundFile {
  real: string;
}

async function walk(path: string, found: Found[], above: ReadonlySet<string>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const info = look(path);
  if (!info.isFile() && !info.isDirectory()) return;
  const real = await realpath(path);
  if (info.isFile()) {
    found.push({ path, real, bytes: info.size });
    return;
  }
  if (above.has(real)) return; // a link back to a folder above
  const entries: Dirent[] = await readdir(path, { withFileTypes: true });
  const inner = new Set([...above, real]);
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const next = join(path, entry.name);
    // Of a file that is no link the real path is known; asking for it takes longer than to list it.
    if (entry.isFile()) found.push({ path: next, real: join(real, entry.name), bytes: look(next).size });
    else await walk(next, found, inner, signal);
  }
}

function look(path: string) {
  try {
    return statSync(path);
  } catch (cause) {
    throw new PareError(
      {
        code: 'flow-log-path-unreadable',
        message: `the flow-log path cannot be opened (${(cause as NodeJS.ErrnoException).code ?? 'unknown error'})`,
        next: 'check the spelling and the permissions',
        fault: 'input',
        file: path,
      },
      { cause },
    );
  }
}
