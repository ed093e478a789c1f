import { execFileSync } from 'node:child_process';
import * as fs from 'node:fs';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { applyPatch } from 'diff';
import * as git from 'isomorphic-git';
import { describe, expect, it } from 'vitest';
import { patchOf } from '../../bot/change/patch.ts';
import { openBinary } from '../../bot/git/binary.ts';
import { openIsomorphic } from '../../bot/git/isomorphic.ts';
import { PATCH_CASES } from '../change/patch-cases.ts';
import { gitContract } from './contract.ts';

gitContract('the git binary', openBinary);

describe('the two adapters', () => {
  it('make the very same commit', async () => {
    const dir = fs.realpathSync(mkdtempSync(join(tmpdir(), 'pare-git-both-')));
    try {
      await git.init({ fs, dir, defaultBranch: 'main' });
      writeFileSync(join(dir, 'a.tf'), 'a\n');
      await git.add({ fs, dir, filepath: 'a.tf' });
      const author = { name: 'Ada', email: 'ada@example.com', timestamp: 1_790_000_000, timezoneOffset: 0 };
      const base = await git.commit({ fs, dir, message: 'first', author });
      const write = {
        base,
        files: [{ path: 'a.tf', data: Buffer.from('b\n') }],
        message: 'fix: ä\n\nbody\n',
        identity: { name: 'Pare', email: 'pare@noreply.invalid' },
        date: 1_790_000_000,
      };
      const one = await (await openBinary(dir)).writeBranch({ ...write, branch: 'pare/one' });
      const two = await (await openIsomorphic(dir)).writeBranch({ ...write, branch: 'pare/two' });
      expect(two.commit).toBe(one.commit);
      expect(execFileSync('git', ['fsck', '--strict'], { cwd: dir, stdio: 'pipe' }).toString()).toBe('');
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
});

describe('git apply', () => {
  it.each(PATCH_CASES)('takes the patch of $name', ({ path, before, after }) => {
    const dir = mkdtempSync(join(tmpdir(), 'pare-apply-'));
    try {
      execFileSync('git', ['init', '-q'], { cwd: dir });
      fs.mkdirSync(join(dir, path, '..'), { recursive: true });
      writeFileSync(join(dir, path), before);
      const patch = patchOf([{ path, before, after }]);
      execFileSync('git', ['apply', '--whitespace=nowarn', '-'], {
        cwd: dir,
        input: patch,
        stdio: ['pipe', 'pipe', 'pipe'],
      });
      expect(fs.readFileSync(join(dir, path), 'utf8')).toBe(after);
      expect(applyPatch(before, patch, { autoConvertLineEndings: false })).toBe(after);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
});
