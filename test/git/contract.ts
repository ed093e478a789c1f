import * as fs from 'node:fs';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as git from 'isomorphic-git';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BranchWrite, GitRepository } from '../../bot/git/contract.ts';

const PARE = { name: 'Pare', email: 'pare@noreply.invalid' };
const HUMAN = { name: 'Ada', email: 'ada@example.com', timestamp: 1_790_000_000, timezoneOffset: 0 };
const CRLF = 'a = 1\r\nb = 2\r\n';

/** What every adapter of GitRepository must do; run against each. Repositories are made with isomorphic-git, so that no git is needed. */
export function gitContract(name: string, open: (folder: string) => Promise<GitRepository>): void {
  describe(`GitRepository: ${name}`, () => {
    let dir = '';
    let base = '';

    beforeEach(async () => {
      dir = fs.realpathSync(mkdtempSync(join(tmpdir(), 'pare-git-test-')));
      await git.init({ fs, dir, defaultBranch: 'main' });
      mkdirSync(join(dir, 'live/net work'), { recursive: true });
      writeFileSync(join(dir, 'live/net work/main.tf'), CRLF);
      writeFileSync(join(dir, 'live/run.sh'), 'echo\n', { mode: 0o755 });
      writeFileSync(join(dir, '.gitattributes'), '*.tf text eol=lf\n');
      writeFileSync(join(dir, 'README.md'), 'read me\n');
      symlinkSync('README.md', join(dir, 'link.tf'));
      for (const filepath of ['live/net work/main.tf', 'live/run.sh', '.gitattributes', 'README.md', 'link.tf'])
        await git.add({ fs, dir, filepath });
      base = await git.commit({ fs, dir, message: 'first', author: HUMAN });
    });
    afterEach(() => rmSync(dir, { recursive: true, force: true }));

    const write = (text: string, more: Partial<BranchWrite> = {}): BranchWrite => ({
      branch: 'pare/live-0123456789',
      base,
      files: [{ path: 'live/net work/main.tf', data: Buffer.from(text) }],
      message: 'fix(live): remove 1 unused rule\n\n- remove sgr-1\n',
      identity: PARE,
      date: 1_790_000_100,
      ...more,
    });
    const blob = async (oid: string, filepath: string) =>
      Buffer.from((await git.readBlob({ fs, dir, oid, filepath })).blob).toString('utf8');
    const modeOf = async (oid: string, folder: string, name: string) =>
      (await git.readTree({ fs, dir, oid, filepath: folder })).tree.find((entry) => entry.path === name)?.mode;

    it('finds the root and the head from a folder below', async () => {
      const repository = await open(join(dir, 'live'));
      expect(repository.root).toBe(dir);
      expect(await repository.head()).toEqual({ commit: base, branch: 'main', date: HUMAN.timestamp });
    });

    it('is clean after a commit, also with files that are not tracked, and names what is changed', async () => {
      const repository = await open(dir);
      // The attribute would turn CRLF to LF on checkout; what counts is that nobody touched the file.
      writeFileSync(join(dir, 'new.txt'), 'untracked\n');
      expect((await repository.dirtyFiles()).filter((path) => path !== 'live/net work/main.tf')).toEqual([]);
      writeFileSync(join(dir, 'README.md'), 'changed and longer\n');
      rmSync(join(dir, 'live/run.sh'));
      expect((await repository.dirtyFiles()).filter((path) => path !== 'live/net work/main.tf')).toEqual([
        'README.md',
        'live/run.sh',
      ]);
    });

    it('names a file that is only staged', async () => {
      writeFileSync(join(dir, 'staged.txt'), 'staged\n');
      await git.add({ fs, dir, filepath: 'staged.txt' });
      expect(await (await open(dir)).dirtyFiles()).toContain('staged.txt');
    });

    it('writes a branch byte for byte, and leaves working tree, index and HEAD alone', async () => {
      const repository = await open(dir);
      const index = readFileSync(join(dir, '.git/index'));
      const outcome = await repository.writeBranch(write('a = 1\r\n'));
      expect(outcome.state).toBe('created');
      expect(await blob(outcome.commit, 'live/net work/main.tf')).toBe('a = 1\r\n');
      expect(await blob(outcome.commit, 'README.md')).toBe('read me\n');
      expect(readFileSync(join(dir, 'live/net work/main.tf'), 'utf8')).toBe(CRLF);
      expect(readFileSync(join(dir, '.git/index')).equals(index)).toBe(true);
      expect(readFileSync(join(dir, '.git/HEAD'), 'utf8')).toBe('ref: refs/heads/main\n');
      const { commit } = await git.readCommit({ fs, dir, oid: outcome.commit });
      expect(commit.parent).toEqual([base]);
      expect(commit.author).toMatchObject({ ...PARE, timestamp: 1_790_000_100 });
      expect(commit.message).toBe('fix(live): remove 1 unused rule\n\n- remove sgr-1\n');
    });

    it('keeps the mode of a file', async () => {
      const repository = await open(dir);
      const files = [{ path: 'live/run.sh', data: Buffer.from('echo two\n') }];
      const { commit } = await repository.writeBranch(write('', { files }));
      expect(await modeOf(commit, 'live', 'run.sh')).toBe('100755');
      expect(statSync(join(dir, 'live/run.sh')).mode & 0o111).not.toBe(0);
    });

    it('makes the same commit from the same input, on every machine', async () => {
      const repository = await open(dir);
      const first = await repository.writeBranch(write('a = 1\r\n'));
      const second = await repository.writeBranch(write('a = 1\r\n'));
      expect(second).toEqual({ state: 'unchanged', commit: first.commit });
      const other = await repository.writeBranch(write('a = 1\r\n', { branch: 'pare/other-0123456789' }));
      expect(other.commit).toBe(first.commit);
    });

    it('does not make a new commit where only message and date differ', async () => {
      const repository = await open(dir);
      const first = await repository.writeBranch(write('a = 1\r\n'));
      const again = await repository.writeBranch(write('a = 1\r\n', { message: 'other\n', date: 1_790_009_999 }));
      expect(again).toEqual({ state: 'unchanged', commit: first.commit });
    });

    it('replaces its own branch when the content changed', async () => {
      const repository = await open(dir);
      await repository.writeBranch(write('a = 1\r\n'));
      const second = await repository.writeBranch(write('b = 2\r\n'));
      expect(second.state).toBe('updated');
      expect(await git.resolveRef({ fs, dir, ref: 'pare/live-0123456789' })).toBe(second.commit);
      expect((await git.readCommit({ fs, dir, oid: second.commit })).commit.parent).toEqual([base]);
    });

    describe('law 8: a human word wins', () => {
      it('leaves a branch alone on which somebody else committed', async () => {
        const repository = await open(dir);
        const { commit } = await repository.writeBranch(write('a = 1\r\n'));
        const tree = (await git.readCommit({ fs, dir, oid: commit })).commit.tree;
        const human = await git.writeCommit({
          fs,
          dir,
          commit: { message: 'mine\n', tree, parent: [commit], author: HUMAN, committer: HUMAN },
        });
        await git.writeRef({ fs, dir, ref: 'refs/heads/pare/live-0123456789', value: human, force: true });
        const outcome = await repository.writeBranch(write('b = 2\r\n'));
        expect(outcome).toMatchObject({ state: 'hands-off', commit: human });
        expect(outcome.state === 'hands-off' && outcome.why).toContain('ada@example.com');
        expect(await git.resolveRef({ fs, dir, ref: 'pare/live-0123456789' })).toBe(human);
      });

      it('leaves a branch alone whose commit somebody else amended', async () => {
        const repository = await open(dir);
        const { commit } = await repository.writeBranch(write('a = 1\r\n'));
        const facts = (await git.readCommit({ fs, dir, oid: commit })).commit;
        const amended = await git.writeCommit({
          fs,
          dir,
          commit: { ...facts, message: 'amended\n', committer: HUMAN },
        });
        await git.writeRef({ fs, dir, ref: 'refs/heads/pare/live-0123456789', value: amended, force: true });
        expect((await repository.writeBranch(write('b = 2\r\n'))).state).toBe('hands-off');
      });

      it('leaves a branch alone that is checked out', async () => {
        const repository = await open(dir);
        await repository.writeBranch(write('a = 1\r\n'));
        writeFileSync(join(dir, '.git/HEAD'), 'ref: refs/heads/pare/live-0123456789\n');
        const outcome = await repository.writeBranch(write('b = 2\r\n'));
        expect(outcome.state).toBe('hands-off');
      });
    });

    it('neither reads nor writes through a symbolic link', async () => {
      const repository = await open(dir);
      await expect(repository.readBlob(base, 'link.tf')).rejects.toThrow(/symbolic link/);
      const files = [{ path: 'link.tf', data: Buffer.from('x') }];
      await expect(repository.writeBranch(write('', { files }))).rejects.toThrow(/symbolic link/);
    });

    it('reads a file of a commit, and knows which are not in it', async () => {
      const repository = await open(dir);
      expect(Buffer.from((await repository.readBlob(base, 'live/net work/main.tf'))!).toString()).toBe(CRLF);
      expect(await repository.readBlob(base, 'live/none.tf')).toBeNull();
      expect(await repository.readBlob(base, 'README.md/none')).toBeNull();
    });

    it.each(['../x', '/etc/passwd', 'a/../b', '.git/config', 'a/.GIT/x', 'a//b', 'a\nb'])(
      'refuses to write the path %j',
      async (path) => {
        const files = [{ path, data: Buffer.from('x') }];
        await expect((await open(dir)).writeBranch(write('', { files }))).rejects.toThrow(/cannot be written/);
      },
    );

    it.each(['pare/a b', '--help', 'pare/..', 'pare/x.lock', 'PARE/x', 'pare/@{x}'])(
      'refuses the branch name %j',
      async (branch) => {
        await expect((await open(dir)).writeBranch(write('x', { branch }))).rejects.toThrow(/no branch name/);
      },
    );

    it('refuses a file that is not committed', async () => {
      const files = [{ path: 'live/none.tf', data: Buffer.from('x') }];
      await expect((await open(dir)).writeBranch(write('', { files }))).rejects.toThrow(/not in the last commit/);
    });

    it('says so when there is no repository, or no commit', async () => {
      const empty = fs.realpathSync(mkdtempSync(join(tmpdir(), 'pare-git-none-')));
      try {
        await expect(open(empty)).rejects.toThrow(/not inside a git repository/);
        await git.init({ fs, dir: empty, defaultBranch: 'main' });
        await expect((await open(empty)).head()).rejects.toThrow(/no commit yet/);
      } finally {
        rmSync(empty, { recursive: true, force: true });
      }
    });
  });
}
