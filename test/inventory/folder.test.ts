import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { removeUnfinished, stageFolder } from '../../bot/cli/atomic.ts';
import { refuseForeignFolder, writeManifest } from '../../bot/cli/work/inventory-folder.ts';
import { folderWith, problemOf } from './aws-output.ts';

async function publishNew(target: string, files: Record<string, string>): Promise<void> {
  const staged = await stageFolder(target);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(staged.path, name), text);
  await writeManifest(staged.path, new Date(0));
  await staged.publish();
  await staged.remove();
}

describe('a folder appears whole or not at all', () => {
  test('nothing is seen under its name before it is published, and nothing beside it after', async () => {
    const dir = folderWith({});
    const staged = await stageFolder(join(dir, 'a', 'out'));
    writeFileSync(join(staged.path, 'x.json'), '{}');
    expect(existsSync(join(dir, 'a', 'out'))).toBe(false);
    await staged.publish();
    await staged.remove();
    expect(readdirSync(join(dir, 'a'))).toEqual(['out']);
    expect(readdirSync(join(dir, 'a', 'out'))).toEqual(['x.json']);
  });

  test('an earlier one is replaced as a whole: files that the new one lacks are gone', async () => {
    const out = join(folderWith({}), 'out');
    await publishNew(out, { 'old.json': 'old', 'both.json': 'old' });
    await publishNew(out, { 'both.json': 'new' });
    expect(readdirSync(out).sort()).toEqual(['both.json', 'pare-inventory.json']);
    expect(readFileSync(join(out, 'both.json'), 'utf8')).toBe('new');
  });

  test('an interrupt takes away what was staged and leaves the earlier one', async () => {
    const dir = folderWith({});
    const out = join(dir, 'out');
    await publishNew(out, { 'a.json': 'old' });
    const staged = await stageFolder(out);
    writeFileSync(join(staged.path, 'a.json'), 'half');
    removeUnfinished();
    expect(readdirSync(dir)).toEqual(['out']);
    expect(readFileSync(join(out, 'a.json'), 'utf8')).toBe('old');
  });

  test('a link to a folder stays a link, and what it points to is replaced', async () => {
    const dir = folderWith({});
    mkdirSync(join(dir, 'real'));
    symlinkSync(join(dir, 'real'), join(dir, 'out'));
    await publishNew(join(dir, 'out'), { 'a.json': 'new' });
    expect(readdirSync(dir).sort()).toEqual(['out', 'real']);
    expect(readFileSync(join(dir, 'real', 'a.json'), 'utf8')).toBe('new');
  });
});

describe('nobody else loses a file', () => {
  test('a missing folder, an empty one, and an inventory of ours may be written', async () => {
    const dir = folderWith({});
    mkdirSync(join(dir, 'empty'));
    await publishNew(join(dir, 'ours'), { 'a.json': '1' });
    for (const name of ['missing', 'empty', 'ours'])
      await expect(refuseForeignFolder(join(dir, name))).resolves.toBeUndefined();
  });

  test('a file that was put into our inventory is named, wherever it lies', async () => {
    const out = join(folderWith({}), 'out');
    await publishNew(out, { 'a.json': '1' });
    mkdirSync(join(out, '111122223333', 'notes'), { recursive: true });
    writeFileSync(join(out, '111122223333', 'notes', 'mine.txt'), 'x');
    const problem = await problemOf(refuseForeignFolder(out));
    expect(problem).toMatchObject({ fault: 'configuration', file: out });
    expect(problem.message).toContain('111122223333/notes/mine.txt');
  });

  test.each([
    ['a folder of anything', { 'README.md': 'hello' }],
    ['one with a damaged list of ours', { 'pare-inventory.json': '{', 'a.json': '1' }],
    ['one whose list is of another kind', { 'pare-inventory.json': '{"files": 7}', 'a.json': '1' }],
  ])('%s is refused', async (_, files) => {
    expect(await problemOf(refuseForeignFolder(folderWith(files)))).toMatchObject({ code: 'inventory-folder-in-use' });
  });

  test.each(['.', '..', '/'])('the folder in which one stands, or above it (%s), is refused', async (dir) => {
    expect((await problemOf(refuseForeignFolder(dir))).message).toContain('current folder');
  });

  test('a file where the folder is meant is refused', async () => {
    const dir = folderWith({ out: 'text' });
    expect((await problemOf(refuseForeignFolder(join(dir, 'out')))).message).toContain(
      'a file where a folder is meant',
    );
  });
});
