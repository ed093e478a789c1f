import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { removeUnfinished, scratchFolder, writeAllAtomic, writeAtomic } from '../../bot/cli/atomic.ts';
import { scratch } from './pare.ts';

let dir: ReturnType<typeof scratch>;
beforeEach(() => {
  dir = scratch();
});
afterEach(() => {
  dir.remove();
});

describe('writing whole or not at all', () => {
  it('makes folders, replaces what was there, and leaves no temporary file', async () => {
    await writeAtomic(dir.path('a', 'b', 'f'), 'one');
    await writeAtomic(dir.path('a', 'b', 'f'), 'two');
    expect(readFileSync(dir.path('a', 'b', 'f'), 'utf8')).toBe('two');
    expect(readdirSync(dir.path('a', 'b'))).toEqual(['f']);
  });

  it('writes through a symlink instead of replacing it', async () => {
    writeFileSync(dir.path('real'), 'old');
    symlinkSync(dir.path('real'), dir.path('link'));
    await writeAtomic(dir.path('link'), 'new');
    expect(readFileSync(dir.path('real'), 'utf8')).toBe('new');
    expect(lstatSync(dir.path('link')).isSymbolicLink()).toBe(true);
  });

  it('says EISDIR and ENOTDIR with the path and the next step', async () => {
    mkdirSync(dir.path('folder', 'inner'), { recursive: true });
    writeFileSync(dir.path('file'), 'x');
    await expect(writeAtomic(dir.path('folder'), 'x')).rejects.toThrow(
      `${dir.path('folder')}: cannot write: is a folder`,
    );
    await expect(writeAtomic(dir.path('file', 'f'), 'x')).rejects.toThrow(/cannot write: .*; /);
    expect(readdirSync(dir.path()).sort()).toEqual(['file', 'folder']);
  });

  it('writes none of several files when one cannot be', async () => {
    writeFileSync(dir.path('one'), 'old');
    mkdirSync(dir.path('two', 'inner'), { recursive: true });
    const files = ['one', 'two', 'three'].map((name) => ({ path: dir.path(name), data: 'new' }));
    await expect(writeAllAtomic(files)).rejects.toThrow(dir.path('two'));
    expect(readFileSync(dir.path('one'), 'utf8')).toBe('old');
    expect(readdirSync(dir.path()).sort()).toEqual(['one', 'two']);
  });

  it('removes on the way out what was not finished', async () => {
    const { path } = await scratchFolder();
    writeFileSync(`${path}/spill`, 'x');
    removeUnfinished();
    expect(existsSync(path)).toBe(false);
  });
});
