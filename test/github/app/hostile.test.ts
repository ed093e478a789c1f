import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkout } from '../../../bot/github/app/checkout.ts';
import { EVENTS, jobsOf } from '../../../bot/github/app/events.ts';
import { explain } from '../../../bot/github/chatops/explain.ts';
import { judge } from '../../../bot/github/checks/judge.ts';
import { emptyMemory } from '../../../bot/github/dashboard/memory.ts';
import type { GitHubClient } from '../../../bot/github/platform/octokit.ts';
import { createThrottle } from '../../../bot/github/platform/throttle.ts';
import type { PullMarker } from '../../../bot/github/pulls/marker.ts';
import { parseJob } from '../../../bot/github/queue/job.ts';
import { document, finding } from '../../change/fake.ts';
import { fakeClock } from '../fake-platform.ts';
import { acting, CORPUS } from '../hostile.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pare-hostile-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

function gitSha(text: string): string {
  return createHash('sha1')
    .update(`blob ${Buffer.byteLength(text)}\0${text}`)
    .digest('hex');
}

/** A repository that answers as it likes. */
function client(files: readonly { path: string; text: string; mode?: string; sent?: string }[]): GitHubClient {
  const bySha = new Map(files.map((one) => [gitSha(one.text), one.sent ?? one.text]));
  const git = {
    getTree: async () => ({
      data: {
        truncated: false,
        tree: files.map((one) => ({
          path: one.path,
          mode: one.mode ?? '100644',
          type: 'blob',
          size: 1,
          sha: gitSha(one.text),
        })),
      },
    }),
    getBlob: async ({ file_sha }: { file_sha: string }) => ({
      data: { content: Buffer.from(bySha.get(file_sha)!).toString('base64') },
    }),
  };
  return { rest: { git } } as unknown as GitHubClient;
}

function fetchTree(files: Parameters<typeof client>[0]): Promise<void> {
  const clock = fakeClock();
  return checkout('c', join(folder, 'tree'), {
    client: client(files),
    repository: { owner: 'a', name: 'b' },
    clock,
    throttle: createThrottle(clock),
    cache: join(folder, 'cache'),
  });
}

describe('a tree from outside', () => {
  it('writes nothing outside its folder, and no links', async () => {
    await fetchTree([
      { path: '../evil.tf', text: 'x' },
      { path: '/tmp/pare-evil.tf', text: 'y' },
      { path: 'a/../../evil.tf', text: 'z' },
      { path: 'link.tf', text: '/etc/passwd', mode: '120000' },
      { path: 'ok/main.tf', text: 'fine' },
      { path: '.git/hooks/pre-commit', text: 'bad' },
    ]);
    expect((await readdir(folder)).sort()).toEqual(['cache', 'tree']);
    expect(await readdir(join(folder, 'tree'))).toEqual(['ok']);
    expect(await readFile(join(folder, 'tree', 'ok', 'main.tf'), 'utf8')).toBe('fine');
  });

  it('refuses content that is not what its id says', async () => {
    await expect(fetchTree([{ path: 'main.tf', text: 'good', sent: 'evil' }])).rejects.toThrow(
      /other content than its id says/,
    );
  });
});

describe(`hostile strings (${CORPUS.length}) through what the App writes and reads`, () => {
  const marker = (id: string): PullMarker => ({
    version: 1,
    unit: 'u',
    edit: 'e',
    validAt: 0,
    since: 0,
    body: 'b',
    title: 't',
    findings: { 'remove.0.c4': [id] },
  });

  it.each(['keep', 'remove'] as const)('the check and the explanation of a finding to %s act in nothing', (action) => {
    for (const text of CORPUS) {
      const one = {
        ...finding('sg-1', '22', '10.0.0.0/8', action),
        ruleId: text,
        groupId: text,
        groupName: text,
        detail: text,
        description: text,
      };
      const usage = {
        ...one.usage,
        topPeers: [{ address: text, flows: 1, bytes: 1 }],
        topPorts: [{ protocol: text, port: 1, flows: 1, bytes: 1 }],
      };
      const all = document([{ ...one, usage }]);
      const out = judge({
        pull: 1,
        head: 'h',
        marker: marker(one.findingId),
        document: all,
        lines: [{ path: 'x', startLine: 1, endLine: 1, removed: text }],
        redact: (plain) => plain,
        now: 1,
      })!;
      expect(acting(out.check.summary), text).toEqual([]);
      for (const note of out.check.annotations) expect(`${note.title}${note.message}`).not.toMatch(/[\p{Cc}\p{Cf}]/u);
      const run = { document: all, plan: { batches: [], refused: [] }, commit: 'c', prefix: '' };
      const state = {
        repository: { owner: 'a', name: 'b' },
        facts: { defaultBranch: 'main', head: 'h', visibility: 'private' as const, archived: false },
        configText: null,
        codeowners: null,
        pulls: [],
        dashboard: null,
        memory: {
          ...emptyMemory(),
          keeps: [{ finding: one.findingId, rule: text, by: text, at: 1, until: null, reason: text }],
        },
      };
      expect(acting(explain([one.findingId], run, state)), text).toEqual([]);
    }
  });

  it('no payload and no stored job made of them does more than look at its repository', () => {
    for (const text of CORPUS) {
      expect(parseJob(text)).toBeNull();
      for (const name of EVENTS) {
        const repository = { full_name: text, name: text, default_branch: text };
        const payload = { action: text, repository, ref: text, comment: { id: 1, body: text }, issue: { number: 1 } };
        expect(jobsOf(name, text, payload, 1)).toEqual([]);
      }
    }
  });
});
