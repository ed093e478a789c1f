import { describe, expect, it } from 'vitest';
import type { Batch } from '../../bot/change/contract.ts';
import { branchName, fileNameOf } from '../../bot/change/names.ts';
import { performJob } from '../../bot/github/app/work.ts';
import { parseCommand } from '../../bot/github/chatops/parse.ts';
import type { Job, JobWork } from '../../bot/github/contract.ts';
import { readMemory } from '../../bot/github/dashboard/memory.ts';
import { readTicks, withoutTicks } from '../../bot/github/dashboard/ticks.ts';
import { pullText } from '../../bot/github/pulls/body.ts';
import { readPullMarker } from '../../bot/github/pulls/marker.ts';
import { editOfCommit, isOwnCommit } from '../../bot/github/pulls/own.ts';
import { ownersOf, readOwners } from '../../bot/github/pulls/owners.ts';
import { openRevert } from '../../bot/github/watch/revert.ts';
import { document, finding } from '../change/fake.ts';
import { acting } from './hostile.ts';
import { type World, world } from './world.ts';

const BRANCH = /^pare\/[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/;

/** A path as git would allow it, that is as hostile as the text. */
function pathOf(text: string): string {
  const parts = text
    .toWellFormed()
    .replaceAll('\0', '')
    .slice(0, 120)
    .split('/')
    .filter((one) => one !== '' && one !== '.' && one !== '..' && one !== '.git');
  return parts.length === 0 ? 'live' : parts.join('/');
}

/** A repository where whatever comes from outside is the text: paths, names, descriptions, and what people write. */
function worldOf(text: string, visibility: 'public' | 'private', config: string | null): World {
  const w = world({ [pathOf(text)]: 2 }, { visibility, config, more: { CODEOWNERS: `${text}\n* @alice\n` } });
  w.findings.document = {
    ...w.findings.document,
    rules: w.findings.document.rules.map((one, n) => ({
      ...one,
      findingId: `f-00000000000${n}`,
      groupName: text,
      description: text,
      detail: text,
      usage: { ...one.usage, topPeers: [{ address: text, flows: 1, bytes: 1 }] },
    })),
  };
  w.repository.permissions.set('alice', 'write');
  return w;
}

async function work({ repository, source, clock, findings }: World, work: JobWork, text: string): Promise<void> {
  const job: Job = {
    id: text,
    repository: { owner: 'acme', name: 'infra' },
    installation: 1,
    work,
    notBefore: 0,
    attempts: 0,
  };
  const past = findings.document.rules;
  const refused = past.map((one) => ({
    interfaceId: text,
    groups: [one.groupId],
    opened: 'inbound' as const,
    protocol: 6,
    localPort: 22,
    peerPort: null,
    peer: '10.1.2.3',
    peerPacket: text,
    records: 1,
    packets: 1,
    first: 4_000_000_000,
    last: 4_000_000_000,
  }));
  await performJob(job, {
    clock,
    queue: { put: async () => 'added' },
    platform: async () => repository.platform(),
    source: async () => source,
    evidence: {
      refresh: async () => undefined,
      past: async () => past,
      refused: async () => refused,
      members: async () => () => null,
    },
    log: () => undefined,
  });
}

/** All that the App wrote, with where it stands; empty: nothing acts. */
function whatActs({ repository }: World): string[] {
  const out: string[] = [];
  const held = (where: string, text: string) => out.push(...acting(text).map((one) => `${where}: ${one}`));
  for (const one of [...repository.pulls, ...repository.issues]) {
    held(`body of #${one.number}`, one.body.replace(/<!-- pare-(?:regret|revert|reply):v1 \d+ -->\s*$/, ''));
    // A title is no Markdown, but a squash makes it a commit message.
    if (
      /[@\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(one.title) ||
      (/#\d/.test(one.title) && !/^(?:revert: put back what|Refused packets match what) #\d+ removed$/.test(one.title))
    )
      out.push(`title of #${one.number}: ${one.title}`);
    for (const comment of repository.commentsOf(one.number))
      if (comment.own) held(`comment on #${one.number}`, comment.body.replace(/<!-- pare-reply:v1 \d+ -->\s*$/, ''));
  }
  for (const one of repository.checks) held('check', `${one.title}\n\n${one.summary}`);
  for (const branch of repository.branches.keys())
    if (branch !== 'main' && !BRANCH.test(branch)) out.push(`branch ${branch}`);
  for (const commit of repository.commits.values()) {
    if (!/^Pare-Tree: /m.test(commit.message)) continue;
    if (!isOwnCommit(commit)) out.push(`commit ${commit.message}`);
    if (/@\w|#\d|\bGH-\d|:\/\//i.test(commit.message)) out.push(`commit ${commit.message}`);
  }
  return out;
}

/** The tests of what the App writes and reads, for these texts. */
export function hostileSuite(texts: readonly string[]): void {
  describe(`${texts.length} hostile strings through the whole App`, () => {
    it('nothing acts and nothing breaks: onboarding', async () => {
      for (const [n, text] of texts.entries()) {
        const w = worldOf(text, n % 2 === 0 ? 'public' : 'private', null);
        await work(w, { kind: 'run', fresh: false, cause: text }, text);
        expect([text, w.repository.pulls.map((one) => one.title)]).toEqual([text, ['chore: configure Pare']]);
        expect([text, whatActs(w)]).toEqual([text, []]);
      }
    });

    it('nothing acts and nothing breaks: pull request, check, dashboard, replies, regret and revert', async () => {
      for (const [n, text] of texts.entries()) {
        const w = worldOf(text, n % 2 === 0 ? 'public' : 'private', 'brake: {atLeast: 1000}\ngrouping: group\n');
        await work(w, { kind: 'run', fresh: false, cause: text }, text);
        const { repository } = w;
        expect([text, repository.pulls.length]).toEqual([text, 2]);
        const [one, two] = repository.pulls;
        const say = async (id: number, body: string) => {
          repository.commentsOf(one!.number).push({ id, body, author: 'alice', own: false, createdAt: 1_790_000_000 });
          await work(w, { kind: 'comment', issue: one!.number, comment: id }, text);
        };
        await say(5_000_001, '/pare explain');
        await say(5_000_002, `/pare keep f-000000000000 because ${text}`);
        await say(5_000_003, `/pare ${text}`);
        await work(w, { kind: 'run', fresh: false, cause: text }, text);
        repository.merge(two!.number);
        await work(w, { kind: 'watch' }, text);
        const told = repository.issues.map((issue) => issue.title);
        expect([text, told]).toEqual([
          text,
          [expect.any(String), `Refused packets match what #${two!.number} removed`],
        ]);
        expect([text, repository.pulls.map((pull) => pull.branch)]).toEqual([
          text,
          [one!.branch, two!.branch, `pare/revert-${two!.number}`],
        ]);
        expect([text, readTicks(repository.issues[0]!.body), readMemory(repository.issues[0]!.body).ok]).toEqual([
          text,
          [],
          true,
        ]);
        expect([text, whatActs(w)]).toEqual([text, []]);
      }
    });

    it('nothing acts in a revert that somebody with such a name asked for', async () => {
      for (const text of texts) {
        const w = worldOf(text, 'private', 'brake: {atLeast: 1000}\n');
        await work(w, { kind: 'run', fresh: false, cause: text }, text);
        const { repository } = w;
        repository.merge(1);
        const merged = (await repository.platform().pull(1))!;
        await openRevert(repository.platform(), merged, { by: text, issue: null, again: true });
        expect([text, repository.pulls.length, whatActs(w)]).toEqual([text, 2, []]);
      }
    });
  });

  describe('hostile strings where they are cut, named and read', () => {
    it('a body that is too long is cut so that neither it nor its comments act', async () => {
      const w = world({ live: 1 });
      const run = await w.source.plan({
        repository: { owner: 'acme', name: 'infra' },
        commit: w.repository.facts.head,
      });
      const batch: Batch = run.plan.batches[0]!;
      const [proposal] = batch.proposals;
      for (const text of texts.filter((one, n) => n % 16 === 0 && one.length < 1000)) {
        const proposals = Array.from({ length: 220 }, (_, n) => ({
          ...proposal!,
          address: text,
          candidate: { ...proposal!.candidate, reason: `${text} `.repeat(4) },
          finding: {
            ...proposal!.finding,
            findingId: `f-${String(n).padStart(12, '0')}`,
            detail: `${text} `.repeat(4),
            groupName: text,
            ruleId: `sgr-${n}-`.padEnd(60, 'x'),
          },
        }));
        const unit = { key: batch.key, branch: batch.branch, draft: false, batch: { ...batch, proposals } };
        const { body, overflow } = pullText(unit, document([]), false);
        expect([text, overflow.length > 0]).toEqual([text, true]);
        expect([text, [body, ...overflow].flatMap(acting)]).toEqual([text, []]);
      }
    });

    it('branches and files are named by a few letters and a digest', () => {
      for (const text of texts) {
        const branch = branchName(text, text);
        expect([text, branch]).toEqual([text, expect.stringMatching(BRANCH)]);
        expect(fileNameOf(branch)).toMatch(/^[a-z0-9-]+$/);
        expect(branch.length).toBeLessThan(60);
      }
      expect(new Set(texts.map((text) => branchName(text, text))).size).toBe(texts.length);
    });

    it('no parser throws, and what is answered to a command that is none is inert', () => {
      for (const text of texts) {
        for (const body of [
          text,
          `/pare ${text}`,
          `/pare keep ${text}`,
          `/pare narrow sgr-1 to ${text}`,
          `/pare\n${text}`,
        ]) {
          const parsed = parseCommand(body, 1);
          if (parsed.kind === 'answer') expect([body, acting(parsed.reply)]).toEqual([body, []]);
          if (!/^\/pare(?!\S)/i.test(body)) expect(parsed.kind).toBe('ignore');
        }
        const owners = readOwners(`${text}\n${text} @alice ${text}\n`, text);
        for (const one of ownersOf(owners, text)) expect(one).toMatch(/^(?:team:)?[A-Za-z0-9_-]+$/);
        expect(withoutTicks(text)).not.toMatch(/^- \[[xX]\] <!-- pare-tick/m);
        expect(readPullMarker(text)).toBeNull();
        expect(readMemory(text).ok).toBe(false);
        const commit = { sha: 's', tree: 't', parents: ['p'], message: text, author: null, authorName: text };
        expect([isOwnCommit(commit), typeof editOfCommit(commit)]).toEqual([
          false,
          expect.stringMatching(/object|string/),
        ]);
      }
    });

    it('a finding is looked for by its id alone', () => {
      const one = finding('sg-1', '22', '10.0.0.0/8', 'remove');
      for (const text of texts)
        expect(parseCommand(`/pare drop ${text}`, 1)).not.toMatchObject({ command: { rule: one.findingId } });
    });
  });
}
