import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { textBlobId } from '../../bot/github/platform/blob.ts';
import { createPlatform } from '../../bot/github/platform/github.ts';
import { tokenClient } from '../../bot/github/platform/octokit.ts';
import { isOwnCommit } from '../../bot/github/pulls/own.ts';
import { type Emulated, emulated } from './emulated.ts';
import { fakeClock } from './fake-platform.ts';

let github: Emulated;
beforeAll(async () => {
  github = await emulated();
});
afterAll(() => github.close());

const repository = { owner: 'pare', name: 'infra' };

function platform(token = 'token-pare') {
  return createPlatform({ client: github.client(token), repository, clock: fakeClock() });
}

async function commitFile(path: string, after: string, before: string | null = null, parent?: string) {
  const p = platform();
  const made = await p.makeCommit({
    parent: parent ?? (await p.facts()).head,
    files: [{ path, before, after }],
    message: `change ${path}\n\nPare-Edit: 00ff\n`,
  });
  if (made.state !== 'made') throw new Error(`${path} is stale`);
  return made;
}

describe('the platform against an emulated GitHub, every exchange held against its description', () => {
  it('reads the repository, and files where there are any', async () => {
    const p = platform();
    const facts = await p.facts();
    expect(facts).toMatchObject({ defaultBranch: 'main', archived: false });
    expect(await p.readFile(facts.head, 'README.md')).toContain('infra');
    expect(await p.readFile(facts.head, 'no/such/file.tf')).toBeNull();
    expect(await p.viewer()).toBe('pare');
  });

  it('commits changed files only, byte for byte, over a base tree, and knows its own commit again', async () => {
    const p = platform();
    const text = '\uFEFFa = "é"\r\nb\n';
    const made = await commitFile('live/main.tf', text);
    const commit = await p.commit(made.commit);
    expect(isOwnCommit(commit)).toBe(true);
    expect(await p.readFile(made.commit, 'live/main.tf')).toBe(text);
    const ids = await p.blobIds(made.commit, ['live/main.tf', 'README.md', 'live']);
    expect(ids.get('live/main.tf')).toBe(textBlobId(text));
    expect(ids.get('README.md')).not.toBeNull();
    expect(ids.get('live')).toBeNull();
  });

  it('refuses to write over a file that is not the one that was planned on, and carries an edit over line ends', async () => {
    const p = platform();
    const { commit } = await commitFile('live/x.tf', 'a\nb\n');
    const write = (before: string | null) =>
      p.makeCommit({ parent: commit, files: [{ path: 'live/x.tf', before, after: 'a\r\n' }], message: 'x\n' });
    expect(await write('a\nc\n')).toEqual({ state: 'stale', path: 'live/x.tf' });
    expect(await write(null)).toEqual({ state: 'stale', path: 'live/x.tf' });
    const made = await write('a\r\nb\r\n');
    expect(made.state === 'made' && (await p.readFile(made.commit, 'live/x.tf'))).toBe('a\n');
  });

  it('takes a branch that is already there for a lost race, and moves it only from the tip that it knows', async () => {
    const p = platform();
    const one = await commitFile('one.tf', '1');
    const two = await commitFile('two.tf', '2');
    expect(await p.branchTip('pare/race')).toBeNull();
    expect(await p.createBranch('pare/race', one.commit)).toBe('created');
    expect(await p.createBranch('pare/race', two.commit)).toBe('exists');
    expect(await p.moveBranch('pare/race', two.commit, two.tree)).toBe('lost');
    expect(await p.branchTip('pare/race')).toBe(one.commit);
    expect(await p.moveBranch('pare/race', two.commit, one.commit)).toBe('moved');
    expect(await p.moveBranch('pare/race', two.commit, one.commit)).toBe('moved');
    expect((await p.branches()).get('pare/race')).toBe(two.commit);
    await p.deleteBranch('pare/race');
    await p.deleteBranch('pare/race');
    expect(await p.branchTip('pare/race')).toBeNull();
  });

  it('opens a pull request once, however often it is asked to', async () => {
    const p = platform();
    const { commit } = await commitFile('live/y.tf', 'y\n');
    await p.createBranch('pare/live-0123456789', commit);
    const write = { branch: 'pare/live-0123456789', base: 'main', title: 'fix(live): x', body: 'body', draft: false };
    const first = await p.createPull(write);
    const second = await p.createPull(write);
    expect([first.state, second.state]).toEqual(['created', 'exists']);
    expect(second.pull.number).toBe(first.pull.number);
    await p.addLabels(first.pull.number, ['pare']);
    await p.updatePull(first.pull.number, { title: 'fix(live): y', body: 'other' });
    expect(await p.requestReviewers(first.pull.number, ['alice', 'nobody-at-all'])).toEqual({
      left: ['nobody-at-all'],
    });
    const [found] = await p.pulls();
    expect(found).toMatchObject({
      title: 'fix(live): y',
      body: 'other',
      labels: ['pare'],
      state: 'open',
      reviewers: ['alice'],
    });
    expect(found!.commits.map((one) => one.sha)).toEqual([commit]);
    await p.removeLabel(first.pull.number, 'pare');
    await p.removeLabel(first.pull.number, 'pare');
    await p.updatePull(first.pull.number, { state: 'closed' });
    expect(await p.pull(first.pull.number)).toMatchObject({ state: 'closed', closedBy: 'pare', labels: [] });
    expect((await p.pulls()).map((one) => one.state)).toEqual(['closed']);
    expect(await p.pulls({ since: 4_000_000_000 })).toEqual([]);
    expect(await p.pull(9999)).toBeNull();
  });

  it('keeps issues, comments and reactions', async () => {
    const p = platform();
    const issue = await p.createIssue({ title: 'dashboard', body: 'one', labels: ['pare-dashboard'] });
    await p.updateIssue(issue.number, { body: 'two' });
    expect(await p.issues('pare-dashboard')).toMatchObject([{ number: issue.number, body: 'two', author: 'pare' }]);
    expect(await p.issue(9999)).toBeNull();
    const comment = await p.createComment(issue.number, 'hello');
    await p.updateComment(comment.id, 'goodbye');
    expect(await p.comments(issue.number)).toMatchObject([
      { id: comment.id, body: 'goodbye', own: true, author: 'pare' },
    ]);
    await p.react(comment.id, 'eyes');
    await p.react(comment.id, 'eyes');
  });

  it('writes check runs, with annotations in requests of fifty', async () => {
    const p = platform();
    const { head } = await p.facts();
    const annotations = Array.from({ length: 120 }, (_, n) => ({
      path: 'live/x.tf',
      startLine: n + 1,
      endLine: n + 1,
      level: 'warning' as const,
      title: 't',
      message: 'm',
    }));
    const write = { name: 'pare', head, title: 'T', summary: 'S', externalId: 'x', annotations };
    const before = github.exchanges.length;
    const made = await p.writeCheck({ ...write, status: 'in_progress' });
    expect(github.exchanges.slice(before).map((one) => one.method)).toEqual(['POST', 'PATCH', 'PATCH']);
    await p.writeCheck({ ...write, annotations: [], status: 'completed', conclusion: 'success' }, made.id);
    expect(await p.checkRuns(head, 'pare')).toMatchObject([{ id: made.id, conclusion: 'success', externalId: 'x' }]);
  });

  it('gives nobody a permission by mistake', async () => {
    const p = platform();
    expect(await p.permission('pare')).toBe('admin');
    expect(['none', 'read']).toContain(await p.permission('stranger'));
    expect(await p.permission('no-such-person')).toBe('none');
  });

  const failing = (status: number) => {
    const answer: typeof fetch = async () => Response.json({ message: 'no', permission: 'admin' }, { status });
    const client = tokenClient({ token: 'x', baseUrl: 'http://github.invalid/api/v3/', fetch: answer });
    return createPlatform({ client, repository, clock: fakeClock() });
  };

  it.each([401, 403, 404])('takes a %i for no permission', async (status) => {
    expect(await failing(status).permission('pare')).toBe('none');
  });

  it.each([500, 502, 503])(
    'takes a %i for no answer: nobody gets a permission, and no command is lost',
    async (status) => {
      await expect(failing(status).permission('pare')).rejects.toMatchObject({
        problem: { code: 'github-unavailable' },
      });
    },
  );

  it('changes a draft only where it is not what it should be', async () => {
    const p = platform();
    const { commit } = await commitFile('live/z.tf', 'z\n');
    await p.createBranch('pare/draft', commit);
    const { pull } = await p.createPull({ branch: 'pare/draft', base: 'main', title: 't', body: 'b', draft: false });
    const before = github.exchanges.length;
    await p.setDraft(pull.number, false);
    await p.setDraft(pull.number, true);
    await p.setDraft(pull.number, true);
    expect(github.exchanges.slice(before).filter((one) => one.path === '/graphql')).toHaveLength(1);
    expect((await p.pull(pull.number))!.draft).toBe(true);
  });
});
