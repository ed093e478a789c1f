import { describe, expect, it } from 'vitest';
import { PareError } from '../../analyzer/model/problem.ts';
import { readMemory } from '../../bot/github/dashboard/memory.ts';
import { readPullMarker } from '../../bot/github/pulls/marker.ts';
import { runRepository } from '../../bot/github/run/run.ts';
import { type World, world } from './world.ts';

function run({ repository, source, clock }: World, onboarding = true) {
  return runRepository({ platform: repository.platform(), source, clock, onboarding });
}

/** A run that must change nothing at all. */
async function quietRun(w: World) {
  w.repository.writes = [];
  const report = await run(w);
  expect(w.repository.writes).toEqual([]);
  return report;
}

function dashboard(w: World): string {
  return w.repository.issues[0]!.body;
}

function memory(w: World) {
  const read = readMemory(dashboard(w));
  if (!read.ok) throw new Error(read.why);
  return read.memory;
}

function tick(w: World, label: RegExp): void {
  const issue = w.repository.issues[0]!;
  const lines = issue.body.split('\n');
  const at = lines.findIndex((line) => line.startsWith('- [ ]') && label.test(line));
  expect(at).toBeGreaterThanOrEqual(0);
  lines[at] = lines[at]!.replace('- [ ]', '- [x]');
  // A browser sends carriage returns.
  issue.body = lines.join('\r\n');
}

/** Newer evidence: the window ends so many days later. */
function later(w: World, days: number): void {
  const { document } = w.findings;
  const to = new Date(Date.parse(document.window.to) + days * 86_400_000).toISOString();
  w.findings.document = { ...document, window: { ...document.window, to } };
}

describe('a run', () => {
  it('opens one pull request for each root, tells the dashboard, and then has nothing to write', async () => {
    const w = world({ live: 2, shop: 1 });
    expect((await run(w)).state).toBe('done');
    expect(w.repository.pulls.map((one) => [one.title, one.draft, one.labels])).toEqual([
      ['fix(live): remove 2 unused rules', false, ['pare']],
      ['fix(shop): remove 1 unused rule', false, ['pare']],
    ]);
    expect(w.repository.files.get(w.repository.branches.get(w.repository.pulls[0]!.branch)!)!.get('live/x.fake')).toBe(
      '',
    );
    expect(dashboard(w)).toContain('- #1 fix');
    expect((await quietRun(w)).decisions.map((one) => one.state)).toEqual(['unchanged', 'unchanged']);
  });

  it('updates the body and not the branch when only the evidence is newer', async () => {
    const w = world({ live: 1 });
    await run(w);
    const head = w.repository.branches.get(w.repository.pulls[0]!.branch);
    later(w, 7);
    w.repository.writes = [];
    const report = await run(w);
    expect(report.decisions[0]).toMatchObject({
      state: 'update',
      reason: 'the evidence is newer, the edit is the same',
    });
    expect(w.repository.writes).toEqual(['updatePull', 'updateIssue']);
    expect(w.repository.branches.get(w.repository.pulls[0]!.branch)).toBe(head);
    await quietRun(w);
  });

  it('never lets older evidence overwrite newer', async () => {
    const w = world({ live: 1 });
    await run(w);
    const { body } = w.repository.pulls[0]!;
    later(w, -30);
    const report = await run(w);
    expect(report.decisions[0]).toMatchObject({ state: 'older' });
    expect(w.repository.pulls[0]!.body).toBe(body);
  });

  it('makes the branch anew when the edit is another one, and says how it differs', async () => {
    const w = world({ live: 2 });
    await run(w);
    w.findings.document.rules[1]!.action = 'keep';
    const report = await run(w);
    expect(report.decisions[0]).toMatchObject({
      state: 'update',
      reason: 'the evidence changed: 0 proposals more, 1 fewer',
    });
    const pull = w.repository.pulls[0]!;
    expect(w.repository.files.get(w.repository.branches.get(pull.branch)!)!.get('live/x.fake')).toContain(
      '10.2.0.0/16',
    );
    expect(pull.title).toBe('fix(live): remove 1 unused rule');
    await quietRun(w);
  });

  it('leaves what people wrote into title and body until its own text changes', async () => {
    const w = world({ live: 1 });
    await run(w);
    const pull = w.repository.pulls[0]!;
    pull.title = 'Please merge on Tuesday';
    pull.body = `Note of Alice.\n\n${pull.body}`;
    await quietRun(w);
    later(w, 7);
    await run(w);
    expect(pull.title).toBe('Please merge on Tuesday');
    expect(pull.body).not.toContain('Note of Alice');
  });

  it('does not plan on a file that changed since: the decision fails with its reason and the next run goes on', async () => {
    const w = world({ live: 1, shop: 1 });
    const { plan } = w.source;
    w.source.plan = async (request) => {
      const made = await plan(request);
      const batches = made.plan.batches.map((batch) =>
        batch.root === 'live'
          ? { ...batch, changes: batch.changes.map((one) => ({ ...one, before: `${one.before}# other\n` })) }
          : batch,
      );
      return { ...made, plan: { ...made.plan, batches } };
    };
    const report = await run(w);
    expect([...report.outcome.failed.values()]).toEqual([
      'live/x.fake changed since it was planned on; the next run plans anew',
    ]);
    expect(w.repository.pulls.map((one) => one.title)).toEqual(['fix(shop): remove 1 unused rule']);
    expect(dashboard(w)).toContain('changed since it was planned on');
    w.source.plan = plan;
    await run(w);
    expect(w.repository.pulls).toHaveLength(2);
    await quietRun(w);
  });

  it('refuses a plan whose replay blocks traffic', async () => {
    const w = world({ live: 1 });
    w.findings.document = { ...w.findings.document, replay: { connections: 1, flows: 1, blocked: 1 } };
    await expect(run(w)).rejects.toThrow(/blocks 1 connection class/);
    expect(w.repository.writes).toEqual([]);
  });
});

describe('law 8: a human word wins', () => {
  it('leaves a branch with a commit of somebody alone, says so once, and makes it anew when the box is ticked', async () => {
    const w = world({ live: 2 });
    await run(w);
    const pull = w.repository.pulls[0]!;
    const theirs = w.repository.push(pull.branch, { 'live/x.fake': '# mine\n' }, 'bob');
    w.findings.document.rules[1]!.action = 'keep';
    const report = await run(w);
    expect(report.decisions[0]!.state).toBe('hands-off');
    expect(report.decisions[0]!.reason).toContain('bob committed');
    expect(w.repository.branches.get(pull.branch)).toBe(theirs);
    expect(pull.body).toMatch(/^> \*\*Pare leaves this branch alone\.\*\*.*bob/);
    await quietRun(w);
    tick(w, /made anew/);
    expect((await run(w)).decisions[0]).toMatchObject({ state: 'update', reason: 'asked to be made anew' });
    expect(w.repository.files.get(w.repository.branches.get(pull.branch)!)!.get('live/x.fake')).not.toContain('mine');
    expect(pull.body).not.toContain('leaves this branch alone');
    await quietRun(w);
  });

  it.each([
    ['amended', (message: string) => message, 1],
    ['merged with main', () => 'Merge branch main', 2],
  ])('takes a commit of its own that was %s for somebody else’s', async (_, message, parents) => {
    const w = world({ live: 1 });
    await run(w);
    const { branch } = w.repository.pulls[0]!;
    const own = w.repository.commits.get(w.repository.branches.get(branch)!)!;
    const sha = w.repository.push(branch, { 'live/y.fake': 'note x\n' }, 'pare[bot]');
    const commit = w.repository.commits.get(sha)!;
    w.repository.commits.set(sha, {
      ...commit,
      message: message(own.message),
      parents: parents === 1 ? own.parents : [own.sha, 'x'],
    });
    expect((await run(w)).decisions[0]!.state).toBe('hands-off');
  });

  it('takes a closed pull request as no to exactly its findings, until the evidence changes', async () => {
    const w = world({ live: 2 });
    w.findings.document.rules[1]!.action = 'keep';
    await run(w);
    w.repository.closeByHand(1, 'carol');
    w.findings.document.rules[1]!.action = 'remove';
    await run(w);
    // The other finding of the same root is proposed, by itself.
    expect(w.repository.pulls.map((one) => [one.number, one.state])).toEqual([
      [1, 'closed'],
      [3, 'open'],
    ]);
    expect(Object.values(readPullMarker(w.repository.pulls[1]!.body)!.findings)).toEqual([
      [w.findings.document.rules[1]!.findingId],
    ]);
    expect(dashboard(w)).toMatch(/sgr-live-1.*refused by carol: #&#8203;1 was closed/);
    await quietRun(w);
    // More flows on the same action and coverage are no new argument.
    later(w, 7);
    await run(w);
    expect(w.repository.pulls).toHaveLength(2);
    w.findings.document.rules[0] = {
      ...w.findings.document.rules[0]!,
      action: 'narrow',
      replacements: [{ protocol: 'tcp', fromPort: 22, toPort: 22, cidrIpv4: '10.1.1.0/24' }],
    };
    await run(w);
    expect(w.repository.pullOf(w.repository.pulls[1]!.branch)!.title).toContain('narrow 1 rule');
  });

  it('proposes again what was refused when the box is ticked, and does not learn the refusal twice', async () => {
    const w = world({ live: 1 });
    await run(w);
    w.repository.closeByHand(1, 'carol');
    await run(w);
    expect(memory(w).closed).toHaveLength(1);
    tick(w, /proposed again/);
    await run(w);
    expect(w.repository.pulls.map((one) => one.state)).toEqual(['closed', 'open']);
    expect(memory(w)).toMatchObject({ closed: [], reopened: [1] });
    await quietRun(w);
  });

  it('forgets a refusal when the pull request is reopened', async () => {
    const w = world({ live: 1 });
    await run(w);
    w.repository.closeByHand(1, 'carol');
    await run(w);
    w.repository.pulls[0]!.state = 'open';
    expect((await run(w)).decisions[0]!.state).toBe('unchanged');
    expect(memory(w).closed).toEqual([]);
  });

  it('does not take its own closing for a no', async () => {
    const w = world({ live: 1 });
    await run(w);
    w.findings.document.rules[0]!.action = 'keep';
    expect((await run(w)).decisions[0]).toMatchObject({ state: 'close', reason: 'the evidence no longer supports it' });
    expect(w.repository.pulls[0]).toMatchObject({ state: 'closed' });
    expect(w.repository.branches.has(w.repository.pulls[0]!.branch)).toBe(false);
    w.findings.document.rules[0]!.action = 'remove';
    await run(w);
    expect(w.repository.pulls.map((one) => one.state)).toEqual(['closed', 'open']);
    expect(memory(w).closed).toEqual([]);
  });

  it('keeps what the configuration keeps, with author, reason and last day, and closes what that leaves empty', async () => {
    const w = world({ live: 1 });
    await run(w);
    w.repository.push(
      'main',
      {
        '.github/pare.yml':
          'keeps:\n  - rule: sgr-live-1\n    reason: break glass\n    author: dana\n    until: 2026-12-31\n',
      },
      'dana',
    );
    expect((await run(w)).decisions[0]).toMatchObject({ state: 'close', reason: 'people decided otherwise (keep)' });
    expect(dashboard(w)).toContain('kept by dana, until 2026-12-31: break glass');
    w.clock.at = Date.parse('2027-01-01T00:00:01Z') / 1000;
    expect((await run(w)).decisions[0]!.state).toBe('open');
    expect(dashboard(w)).toContain('Expired in the configuration');
  });

  it('does not put labels and reviewers back that people took away', async () => {
    const w = world({ live: 1 }, { more: { '.github/CODEOWNERS': '* @alice @acme/net\n' } });
    await run(w);
    const pull = w.repository.pulls[0]!;
    expect(pull.reviewers).toEqual(['alice', 'team:net']);
    pull.labels = [];
    pull.reviewers = [];
    await quietRun(w);
  });

  it('stops rather than guess when the memory in the dashboard is gone', async () => {
    const w = world({ live: 1 });
    await run(w);
    w.repository.issues[0]!.body = 'tidied up';
    w.repository.writes = [];
    const failure = await run(w).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(PareError);
    expect((failure as PareError).problem).toMatchObject({ code: 'dashboard-memory-lost' });
    expect(w.repository.writes).toEqual([]);
  });

  it('does not overwrite a tick that was made while it ran', async () => {
    const w = world({ live: 1 });
    await run(w);
    later(w, 7);
    const { plan } = w.source;
    w.source.plan = async (request) => {
      tick(w, /Analyse again/);
      w.source.plan = plan;
      return plan(request);
    };
    const report = await run(w);
    expect(report.remembered).toBe(false);
    expect(dashboard(w)).toContain('- [x] <!-- pare-tick:rerun:all -->');
  });
});

describe('conflicts', () => {
  it('rebases only the one in conflict, however the others stand behind the default branch', async () => {
    const w = world({ live: 1, shop: 1 });
    await run(w);
    w.repository.push('main', { 'readme.md': 'x' }, 'alice');
    w.repository.pulls[1]!.mergeable = 'conflict';
    const head = w.repository.branches.get(w.repository.pulls[0]!.branch);
    const report = await run(w);
    expect(report.decisions.map((one) => [one.state, one.reason])).toEqual([
      ['unchanged', 'nothing changed'],
      ['rebase', 'in conflict with main'],
    ]);
    expect(w.repository.branches.get(w.repository.pulls[0]!.branch)).toBe(head);
    const rebased = w.repository.branches.get(w.repository.pulls[1]!.branch)!;
    expect(w.repository.commits.get(rebased)!.parents).toEqual([w.repository.branches.get('main')]);
    await quietRun(w);
  });
});

describe('limits and brakes', () => {
  it('opens no more than limits.new with one evidence and limits.open at all; a tick opens one out of turn', async () => {
    const w = world({ a: 3, b: 2, c: 1, d: 1 }, { config: 'limits: {open: 3, new: 2}\n' });
    await run(w);
    expect(w.repository.pulls.map((one) => one.title)).toEqual([
      'fix(a): remove 3 unused rules',
      'fix(b): remove 2 unused rules',
    ]);
    expect(dashboard(w)).toContain('limits.new: 2 new pull requests with this evidence');
    await quietRun(w);
    later(w, 7);
    await run(w);
    expect(w.repository.pulls).toHaveLength(3);
    expect(dashboard(w)).toContain('limits.open: 3 pull requests are open');
    await quietRun(w);
    tick(w, /Tick to open it now/);
    await run(w);
    expect(w.repository.pulls).toHaveLength(4);
    expect(memory(w).wanted).toEqual([]);
    await quietRun(w);
  });

  it('stops what would change too much at once, until somebody releases the brake for exactly that', async () => {
    const w = world({ a: 4 }, { config: 'brake: {percent: 50, atLeast: 2}\n' });
    await run(w);
    expect(w.repository.pulls).toEqual([]);
    expect(dashboard(w)).toContain('this run would change 4 of 4 rules, more than 50 %');
    await quietRun(w);
    tick(w, /Release the brake/);
    await run(w);
    expect(w.repository.pulls).toHaveLength(1);
    expect(memory(w).wanted).toEqual([]);
    await quietRun(w);
  });

  it.each([
    [
      'quiet: {periods: [{from: 2026-09-01, to: 2026-10-31, reason: freeze}]}\n',
      'quiet from 2026-09-01 to 2026-10-31: freeze',
    ],
    [`quiet: {weekdays: [mon, tue, wed, thu, fri, sat, sun]}\n`, 'quiet on this day of the week'],
  ])('touches no pull request while %s', async (config, reason) => {
    const w = world({ live: 1 }, { config });
    const report = await run(w);
    expect(report.state).toBe('stopped');
    expect(report.why).toContain(reason);
    expect(w.repository.writes).toEqual(['createIssue']);
    await quietRun(w);
  });

  it('does nothing at all where it is disabled or the repository is archived', async () => {
    const off = world({ live: 1 }, { config: 'enabled: false\n' });
    expect((await run(off)).state).toBe('disabled');
    const old = world({ live: 1 });
    old.repository.facts = { ...old.repository.facts, archived: true };
    expect((await run(old)).state).toBe('disabled');
    expect([...off.repository.writes, ...old.repository.writes]).toEqual([]);
  });

  it('tells what is wrong with the configuration and changes nothing else', async () => {
    const w = world({ live: 1 }, { config: 'limits:\n  opne: 3\n' });
    expect((await run(w)).why).toBe('.github/pare.yml:2: unknown key limits.opne; did you mean open?');
    expect(w.repository.writes).toEqual(['createIssue']);
    expect(dashboard(w)).toContain('unknown key limits.opne');
    await quietRun(w);
  });
});

describe('onboarding', () => {
  it('shows what it would do, waits for the merge, and stays away when it is closed', async () => {
    const w = world({ live: 2, shop: 1 }, { config: null });
    expect((await run(w)).state).toBe('onboarding');
    expect(w.repository.pulls).toHaveLength(1);
    const pull = w.repository.pulls[0]!;
    expect(pull.branch).toBe('pare/configure');
    expect(pull.body).toContain('3 rules in 2 pull requests');
    await quietRun(w);
    w.findings.document.rules[0]!.action = 'keep';
    await run(w);
    expect(pull.body).toContain('2 rules in 2 pull requests');
    await quietRun(w);
    w.repository.closeByHand(1, 'carol');
    expect((await quietRun(w)).state).toBe('declined');
  });

  it('begins once its pull request is merged, with the file as it was merged', async () => {
    const w = world({ live: 1 }, { config: null });
    await run(w);
    w.repository.merge(1);
    expect((await run(w)).state).toBe('done');
    expect(w.repository.pulls.at(-1)!.title).toBe('fix(live): remove 1 unused rule');
    expect(memory(w).watched).toEqual([]);
  });

  it('is skipped by the command, which was asked for', async () => {
    const w = world({ live: 1 }, { config: null });
    expect((await run(w, false)).state).toBe('done');
    expect(w.repository.pulls.map((one) => one.branch)).not.toContain('pare/configure');
  });
});

describe('after the merge', () => {
  it('counts what was saved once and remembers what to watch', async () => {
    const w = world({ live: 2 });
    await run(w);
    w.repository.merge(1);
    await run(w);
    expect(memory(w)).toMatchObject({
      saved: { rules: 2, narrowed: 0, pulls: 1 },
      watched: [{ pull: 1, stage: 'merged', findings: w.findings.document.rules.map((one) => one.findingId).sort() }],
    });
    expect(dashboard(w)).toContain('| Rules removed | 2 |');
    await quietRun(w);
  });
});

describe('grouping', () => {
  it.each([
    ['group', 3],
    ['account', 1],
    ['team', 2],
    ['stack', 2],
  ])('by %s makes %i pull requests, each proved by itself', async (grouping, count) => {
    const owners = '/live/ @acme/live\n/shop/ @acme/shop\n';
    const w = world(
      { live: 2, shop: 1 },
      { config: `grouping: ${grouping}\nlimits: {new: 10}\n`, more: { CODEOWNERS: owners } },
    );
    await run(w);
    expect(w.repository.pulls).toHaveLength(count);
    const left = w.repository.pulls.map((one) => w.repository.files.get(w.repository.branches.get(one.branch)!)!);
    const gone = left.map(
      (files) => 3 - (files.get('live/x.fake')! + files.get('shop/x.fake')!).split('rule').length + 1,
    );
    expect(gone.reduce((sum, one) => sum + one, 0)).toBe(3);
    await quietRun(w);
  });

  it('puts less sure proposals into a draft of their own', async () => {
    const w = world({ live: 2 });
    w.findings.document.rules[0]!.confidence = 0.8;
    await run(w);
    expect(w.repository.pulls.map((one) => [one.title, one.draft])).toEqual([
      ['fix(live): remove 1 unused rule', false],
      ['fix(live): remove 1 unused rule', true],
    ]);
    await quietRun(w);
  });

  it('splits a pull request of too many rules by group', async () => {
    const w = world({ live: 4 }, { config: 'limits: {new: 10, open: 10, rules: 3}\n' });
    await run(w);
    expect(w.repository.pulls).toHaveLength(4);
    await quietRun(w);
  });
});

describe('a public repository', () => {
  it('shows no id, address or account of the network in anything it writes', async () => {
    const w = world({ live: 2 }, { visibility: 'public' });
    w.findings.document.rules[0]!.detail =
      '10.1.2.3 of account 111111111111 used eni-0123456789abcdef0, fd00:12::1 too';
    await run(w);
    const written = [
      w.repository.pulls[0]!.body,
      dashboard(w),
      ...[...w.repository.commits.values()].map((one) => one.message),
    ];
    for (const text of written) {
      expect(text.replace(/<!--.*?-->/g, '')).not.toMatch(
        /10\.1\.|111111111111|0123456789abcdef0|fd00|6c697600000000001|name of/,
      );
    }
    await quietRun(w);
  });
});
