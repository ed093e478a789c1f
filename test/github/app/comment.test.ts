import { afterEach, describe, expect, it } from 'vitest';
import type { Permission } from '../../../bot/github/contract.ts';
import { Bench } from './bench.ts';

const benches: Bench[] = [];
afterEach(async () => {
  for (const one of benches.splice(0)) await one.end();
});

async function opened(): Promise<Bench> {
  const bench = new Bench({ live: 2 });
  benches.push(bench);
  await bench.deliver({ kind: 'run', fresh: false, cause: 'installed' });
  await bench.settle();
  bench.world.repository.writes = [];
  return bench;
}

const PULL = 1;

describe('who may command', () => {
  it.each(['eve', 'mallory', 'nobody'])('%s, who may not write, changes nothing and gets no reply', async (who) => {
    const bench = await opened();
    expect(await bench.say(PULL, '/pare pause', who)).toEqual([]);
    expect(bench.memory().paused).toBeNull();
    expect(bench.world.repository.writes).toContain('react');
    expect(bench.memory().audit.map((one) => [one.by, one.outcome])).toEqual([[who, 'refused']]);
  });

  it('a stranger who comments often writes the dashboard once', async () => {
    const bench = await opened();
    for (const text of ['/pare pause', '/pare help', '/pare split']) await bench.say(PULL, text, 'mallory');
    expect(bench.memory().audit).toHaveLength(1);
    expect(bench.world.repository.writes.filter((one) => one === 'updateIssue')).toHaveLength(1);
  });

  it('a stranger’s typo is not even answered', async () => {
    const bench = await opened();
    expect(await bench.say(PULL, '/pare paus', 'mallory')).toEqual([]);
    expect(bench.world.repository.writes).toEqual([]);
  });

  it('a permission that cannot be read is none', async () => {
    const bench = await opened();
    bench.world.repository.permissions.set('alice', 'none' as Permission);
    expect(await bench.say(PULL, '/pare pause', 'alice')).toEqual([]);
    expect(bench.memory().paused).toBeNull();
  });

  it('nothing is read under what others opened', async () => {
    const bench = await opened();
    bench.world.repository.issues.push({
      number: 90,
      url: '',
      title: 'x',
      body: '',
      state: 'open',
      labels: [],
      author: 'alice',
      comments: [],
    });
    expect(await bench.say(90, '/pare pause', 'alice')).toEqual([]);
    expect(bench.memory().paused).toBeNull();
  });
});

describe('what commands do', () => {
  it('keep takes the rule out of its pull request; unkeep brings it back', async () => {
    const bench = await opened();
    const [reply] = await bench.say(PULL, '/pare keep sgr-live-1 until 2030-12-31 because of the audit');
    expect(reply).toContain('`sgr-live-1` stays until 2030-12-31.');
    expect(bench.world.repository.issues[0]!.body).toContain('kept by alice, until 2030-12-31: of the audit');
    expect(bench.memory().keeps).toMatchObject([{ by: 'alice', reason: 'of the audit', rule: 'sgr-live-1' }]);
    expect(bench.world.repository.pulls[0]!.title).toBe('fix(live): remove 1 unused rule');
    await bench.say(PULL, '/pare unkeep sgr-live-1');
    expect(bench.memory().keeps).toEqual([]);
    expect(bench.world.repository.pulls[0]!.title).toBe('fix(live): remove 2 unused rules');
  });

  it('drop, pause, resume and status do what they say', async () => {
    const bench = await opened();
    expect((await bench.say(PULL, '/pare drop sgr-live-2'))[0]).toContain('leaves this pull request');
    expect(bench.world.repository.pulls[0]!.title).toBe('fix(live): remove 1 unused rule');
    await bench.say(PULL, '/pare pause until 2030-12-31 freeze');
    expect(bench.world.repository.issues[0]!.body).toContain('paused by alice until 2030-12-31: freeze');
    expect((await bench.say(PULL, '/pare status'))[0]).toContain('paused by alice until 2030-12-31: freeze');
    await bench.say(PULL, '/pare resume');
    expect(bench.memory().paused).toBeNull();
  });

  it('rebase is refused where somebody committed, and recreate does it on purpose', async () => {
    const bench = await opened();
    const { repository } = bench.world;
    const { branch } = repository.pulls[0]!;
    repository.push(branch, { 'live/note': 'x' }, 'alice');
    expect((await bench.say(PULL, '/pare rebase'))[0]).toContain('is not Pare');
    expect(repository.files.get(repository.branches.get(branch)!)!.has('live/note')).toBe(true);
    await bench.say(PULL, '/pare recreate');
    expect(repository.files.get(repository.branches.get(branch)!)!.has('live/note')).toBe(false);
  });

  it('rerun analyses again, once', async () => {
    const bench = await opened();
    await bench.say(PULL, '/pare rerun');
    expect(bench.refreshed).toBe(1);
  });

  it('revert puts back what was merged, and keeps it', async () => {
    const bench = await opened();
    const { repository } = bench.world;
    bench.rememberFindings();
    repository.merge(PULL);
    await bench.say(PULL, '/pare revert');
    const revert = repository.pulls.find((one) => one.branch === 'pare/revert-1')!;
    expect(revert).toMatchObject({ state: 'open', draft: false });
    expect(repository.files.get(repository.branches.get(revert.branch)!)!.get('live/x.fake')).toContain('rule r1');
    expect(bench.memory().keeps).toHaveLength(2);
  });

  it('a rule that nobody knows is refused, and the audit says so', async () => {
    const bench = await opened();
    expect((await bench.say(PULL, '/pare keep sgr-0123456789abcdef0'))[0]).toContain('not among the rules');
    expect(bench.memory().audit.at(-1)).toMatchObject({ by: 'alice', outcome: 'refused' });
  });

  it('a comment is carried out once, whatever is delivered again', async () => {
    const bench = await opened();
    const work = bench.comment(PULL, '/pare help', 'alice');
    for (const id of ['a', 'a', 'b']) await bench.deliver(work, id);
    await bench.settle();
    expect(bench.replies(PULL)).toHaveLength(1);
  });
});

describe('ticks', () => {
  it('of somebody who may only read are cleared and do nothing', async () => {
    const bench = await opened();
    const issue = bench.world.repository.issues[0]!;
    issue.body = issue.body.replace('- [ ]', '- [x]');
    await bench.deliver({ kind: 'ticks', issue: issue.number, by: 'eve' });
    await bench.settle();
    expect(issue.body).not.toContain('- [x]');
    expect(bench.refreshed).toBe(0);
    issue.body = issue.body.replace('- [ ]', '- [x]');
    await bench.deliver({ kind: 'ticks', issue: issue.number, by: 'alice' });
    await bench.settle();
    expect(bench.refreshed).toBe(1);
  });
});
