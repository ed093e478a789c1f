import { randomBytes } from 'node:crypto';
import { renameSync, rmSync } from 'node:fs';
import { lstat, mkdir, mkdtemp, open, realpath, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { PareError } from '@pare/analyzer/model/problem.ts';

/**
 * Files appear whole or not at all: written beside the target, flushed, then renamed over it. What an interrupt leaves unfinished is
 * known here and removed by `removeUnfinished`, which must be synchronous because it runs on the way out.
 */
const unfinished = new Set<string>();

/** Writes `text` to `path`, making its folder. Follows a symlink at `path`. Throws PareError on EACCES, EISDIR, ENOSPC and the like. */
export async function writeAtomic(
  path: string,
  data: string | Uint8Array,
  options: { mode?: number } = {},
): Promise<void> {
  let temp: string | null = null;
  try {
    const target = await followLink(path);
    if (await isDevice(target)) {
      await writeDevice(target, data);
      return;
    }
    await mkdir(dirname(target), { recursive: true });
    temp = join(dirname(target), `.${basename(target).slice(0, 80)}.${randomBytes(6).toString('hex')}.tmp`);
    unfinished.add(temp);
    const handle = await open(temp, 'wx', options.mode ?? 0o666);
    try {
      await handle.writeFile(data);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temp, target);
    await syncFolder(dirname(target));
  } catch (cause) {
    throw fileProblem(path, 'write', cause);
  } finally {
    if (temp !== null) {
      await rm(temp, { force: true });
      unfinished.delete(temp);
    }
  }
}

/** Several files of one result: all contents are flushed beside their targets before the first is renamed. */
export async function writeAllAtomic(files: readonly { path: string; data: string | Uint8Array }[]): Promise<void> {
  const staged: { temp: string; target: string; path: string }[] = [];
  let current = '';
  try {
    for (const file of files) {
      current = file.path;
      const target = await followLink(file.path);
      await mkdir(dirname(target), { recursive: true });
      if ((await lstatOrNull(target))?.isDirectory() === true)
        throw Object.assign(new Error('EISDIR'), { code: 'EISDIR' });
      const temp = join(dirname(target), `.${basename(target).slice(0, 80)}.${randomBytes(6).toString('hex')}.tmp`);
      unfinished.add(temp);
      staged.push({ temp, target, path: file.path });
      const handle = await open(temp, 'wx');
      try {
        await handle.writeFile(file.data);
        await handle.sync();
      } finally {
        await handle.close();
      }
    }
    for (const { temp, target, path } of staged) {
      current = path;
      await rename(temp, target);
    }
    for (const folder of new Set(staged.map(({ target }) => dirname(target)))) await syncFolder(folder);
  } catch (cause) {
    throw fileProblem(current, 'write', cause);
  } finally {
    for (const { temp } of staged) {
      await rm(temp, { force: true });
      unfinished.delete(temp);
    }
  }
}

/**
 * A folder that appears whole or not at all: filled beside `path`, then put in its place by `publish`, which takes away what was there; the
 * caller has made sure that this may go. `remove` after it does nothing. What is unfinished goes on interrupt.
 */
export async function stageFolder(
  path: string,
): Promise<{ path: string; publish: () => Promise<void>; remove: () => Promise<void> }> {
  const beside = (target: string, kind: string): string =>
    join(dirname(target), `.${basename(target).slice(0, 80)}.${randomBytes(6).toString('hex')}.${kind}`);
  let target: string;
  let staged: string;
  try {
    target = resolve(await followLink(path));
    await mkdir(dirname(target), { recursive: true });
    staged = beside(target, 'tmp');
    await mkdir(staged);
  } catch (cause) {
    throw fileProblem(path, 'write', cause);
  }
  unfinished.add(staged);
  return {
    path: staged,
    publish: async () => {
      try {
        const old = (await lstatOrNull(target)) === null ? null : beside(target, 'old');
        // Synchronous, so that no interrupt finds neither of the two in place.
        if (old !== null) renameSync(target, old);
        try {
          renameSync(staged, target);
        } catch (cause) {
          if (old !== null) renameSync(old, target);
          throw cause;
        }
        unfinished.delete(staged);
        if (old !== null) await rm(old, { recursive: true, force: true });
        await syncFolder(dirname(target));
      } catch (cause) {
        throw fileProblem(path, 'write', cause);
      }
    },
    remove: async () => {
      await rm(staged, { recursive: true, force: true });
      unfinished.delete(staged);
    },
  };
}

/** A folder for scratch files (engine spill), removed by the returned function and on interrupt. */
export async function scratchFolder(): Promise<{ path: string; remove: () => Promise<void> }> {
  let path: string;
  try {
    path = await mkdtemp(join(tmpdir(), 'pare-'));
  } catch (cause) {
    throw fileProblem(tmpdir(), 'write', cause);
  }
  unfinished.add(path);
  return {
    path,
    remove: async () => {
      await rm(path, { recursive: true, force: true });
      unfinished.delete(path);
    },
  };
}

/** Removes all that is unfinished. Called on interrupt and on exit; never throws. */
export function removeUnfinished(): void {
  for (const path of unfinished) {
    try {
      rmSync(path, { recursive: true, force: true });
    } catch {
      // On the way out there is nobody left to tell, and the rest must still go.
    }
  }
  unfinished.clear();
}

const NEXT: Readonly<Record<string, readonly [message: string, next: string]>> = {
  ENOENT: ['no such file or folder', 'check the path'],
  EACCES: ['permission denied', 'check who may read and write it'],
  EPERM: ['operation not permitted', 'check who may read and write it'],
  EISDIR: ['is a folder where a file is meant', 'give the path of a file'],
  ENOTDIR: ['part of the path is a file where a folder is meant', 'check the path'],
  ENOSPC: [
    'no space left on the device',
    'free some space, or choose another place, and run again; nothing was left half-written',
  ],
  EDQUOT: [
    'disk quota exceeded',
    'free some space, or choose another place, and run again; nothing was left half-written',
  ],
  EROFS: ['the file system is read-only', 'choose another place'],
  EMFILE: ['too many open files', 'raise the limit with ulimit -n'],
  EFBIG: ['the file would be larger than the limit', 'raise the limit with ulimit -f or choose another place'],
  ENAMETOOLONG: ['the name is too long', 'choose a shorter path'],
  ELOOP: ['too many symbolic links', 'give the real path'],
  EIO: ['input/output error', 'check the device'],
};

/** A failed system call on `path` as a problem that names the next step; anything else is passed through. */
export function fileProblem(path: string, verb: 'read' | 'write', cause: unknown): unknown {
  if (!isSystemError(cause)) return cause;
  const known = NEXT[cause.code];
  return new PareError(
    {
      code: `cannot-${verb}-file`,
      message: `cannot ${verb}: ${known?.[0] ?? cause.code}`,
      next: known?.[1] ?? 'check the path and the device',
      fault: 'environment',
      file: path,
    },
    { cause },
  );
}

export function isSystemError(error: unknown): error is Error & { code: string } {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && /^E[A-Z0-9]+$/.test(error.code);
}

async function lstatOrNull(path: string) {
  try {
    return await lstat(path);
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return null;
    throw error;
  }
}

async function followLink(path: string): Promise<string> {
  return (await lstatOrNull(path))?.isSymbolicLink() === true ? await realpath(path) : path;
}

/** /dev/stdout, /dev/null, a named pipe: written to, never replaced. */
async function isDevice(path: string): Promise<boolean> {
  const stat = await lstatOrNull(path);
  return stat !== null && (stat.isCharacterDevice() || stat.isFIFO() || stat.isSocket());
}

async function writeDevice(path: string, data: string | Uint8Array): Promise<void> {
  const handle = await open(path, 'w');
  try {
    await handle.writeFile(data);
  } finally {
    await handle.close();
  }
}

/** Makes the rename itself durable; some file systems cannot, which is no failure of the write. */
async function syncFolder(path: string): Promise<void> {
  try {
    const handle = await open(path, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch {
    // The content is already flushed; only the durability of the name is the file system's own affair.
  }
}
