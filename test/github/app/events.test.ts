import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { EVENTS, jobsOf } from '../../../bot/github/app/events.ts';

interface Example {
  name: string;
  examples: Record<string, unknown>[];
}

const all = createRequire(import.meta.url)('@octokit/webhooks-examples') as { default?: Example[] } | Example[];
const EXAMPLES = Array.isArray(all) ? all : all.default!;
const OWN = { full_name: 'acme/infra', name: 'infra', owner: { login: 'acme' }, default_branch: 'main' };
const ALICE = { login: 'alice', type: 'User' };

function kinds(name: string, payload: object): string[] {
  return jobsOf(name, 'd', payload, 1000).map((one) => one.work.kind);
}

function ours(action: string, more: object = {}) {
  return {
    action,
    repository: OWN,
    sender: ALICE,
    pull_request: { number: 7, head: { ref: 'pare/live', repo: { full_name: 'acme/infra' } } },
    ...more,
  };
}

describe("GitHub's own examples of every event that is subscribed to", () => {
  it.each(EVENTS)('%s is read, and makes jobs only of the repository it is about', (name) => {
    const { examples } = EXAMPLES.find((one) => one.name === name)!;
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) {
      const jobs = jobsOf(name, 'd', example, 1000);
      const repository = example.repository as { full_name: string } | undefined;
      for (const job of jobs)
        if (repository !== undefined)
          expect(`${job.repository.owner}/${job.repository.name}`).toBe(repository.full_name);
    }
  });

  it('a merge queue that asks makes a check of the pull request that its branch names', () => {
    const examples = EXAMPLES.find((one) => one.name === 'merge_group')!.examples;
    for (const example of examples) {
      const group = example.merge_group as { head_ref: string; head_sha: string };
      const pull = Number(/\/pr-(\d+)-/.exec(group.head_ref)![1]);
      expect(jobsOf('merge_group', 'd', example, 1).map((one) => one.work)).toEqual([
        { kind: 'check', pull, head: group.head_sha },
      ]);
    }
  });

  it('an installation makes a run for each of its repositories', () => {
    const example = EXAMPLES.find((one) => one.name === 'installation')!.examples.find(
      (one) => one.action === 'created',
    )!;
    const jobs = jobsOf('installation', 'd', example, 1000);
    expect(jobs).toHaveLength((example.repositories as unknown[]).length);
    expect(jobs[0]).toMatchObject({
      work: { kind: 'run', fresh: false },
      installation: (example.installation as { id: number }).id,
    });
  });
});

describe('what follows from a delivery', () => {
  const comment = (body: string, more: object = {}) => ({
    action: 'created',
    repository: OWN,
    sender: ALICE,
    issue: { number: 7 },
    comment: { id: 9, body },
    ...more,
  });

  it.each([
    ['a command', comment('/pare help'), ['comment']],
    ['a command that was edited in', comment('/pare help', { action: 'edited' }), []],
    ['a quoted command', comment('> /pare help'), []],
    ['another word', comment('/parent'), []],
    ['a command of a bot', comment('/pare help', { sender: { login: 'x[bot]', type: 'Bot' } }), []],
  ])('%s', (_, payload, expected) => {
    expect(kinds('issue_comment', payload)).toEqual(expected);
  });

  it.each([
    ['our branch', ours('closed'), ['pull']],
    ['approved elsewhere', ours('ready_for_review'), ['check']],
    ['a label', ours('labeled'), []],
    [
      'a fork that names its branch as we do',
      ours('opened', { pull_request: { number: 7, head: { ref: 'pare/live', repo: { full_name: 'eve/infra' } } } }),
      [],
    ],
    [
      'a fork that is gone',
      ours('opened', { pull_request: { number: 7, head: { ref: 'pare/live', repo: null } } }),
      [],
    ],
    [
      'another branch',
      ours('opened', { pull_request: { number: 7, head: { ref: 'feature', repo: { full_name: 'acme/infra' } } } }),
      [],
    ],
  ])('pull request: %s', (_, payload, expected) => {
    expect(kinds('pull_request', payload)).toEqual(expected);
  });

  it('judges again before a merge queue merges, on its trial commit', () => {
    const payload = {
      action: 'checks_requested',
      repository: OWN,
      merge_group: { head_ref: 'refs/heads/gh-readonly-queue/main/pr-12-0a1b2c', head_sha: 'abc' },
    };
    expect(jobsOf('merge_group', 'd', payload, 1)[0]?.work).toEqual({ kind: 'check', pull: 12, head: 'abc' });
  });

  it('a burst of pushes to the default branch is one run, and only where source changed', () => {
    const push = (file: string, ref = 'refs/heads/main') => ({
      ref,
      after: 'a1',
      repository: OWN,
      commits: [{ modified: [file] }],
    });
    const [one] = jobsOf('push', 'd1', push('live/main.tf'), 1000);
    const [two] = jobsOf('push', 'd2', push('.github/pare.yml'), 1001);
    expect(one?.id).toBe(two?.id);
    expect(kinds('push', push('README.md'))).toEqual([]);
    expect(kinds('push', push('live/main.tf', 'refs/heads/x'))).toEqual([]);
  });

  it('nothing, of what is no payload at all', () => {
    for (const junk of [
      null,
      1,
      'x',
      [],
      { repository: 7 },
      { repository: { full_name: '../..', name: 'x' }, action: 'created' },
    ])
      for (const name of EVENTS)
        expect(jobsOf(name, 'd', junk, 1).filter((one) => one.repository.name === '')).toEqual([]);
  });
});
