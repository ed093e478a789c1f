import { generateKeyPairSync } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobWork } from '../../../bot/github/contract.ts';
import { openLocalQueue } from '../../../bot/github/queue/local.ts';
import { document } from '../../change/fake.ts';
import { findings, source } from '../e2e/story.ts';
import { FakeRepository } from '../fake-platform.ts';
import { quickClock } from './clock.ts';
import { createPool, type Host, startHost } from './host.ts';
import { copyOf, visible } from './visible.ts';
import { perform } from './work.ts';

const EPOCH = Date.now();
const clock = quickClock(EPOCH);
const RULES = findings().slice(0, 6);
const key = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .privateKey.export({ type: 'pkcs1', format: 'pem' })
  .toString();

/** What people and the logs did before, and the jobs that follow. */
interface Phase {
  name: string;
  happens(repository: FakeRepository, evidence: string): JobWork[];
}

const PHASES: readonly Phase[] = [
  {
    name: 'a run that opens everything',
    happens: (_, evidence) => {
      write(evidence, RULES);
      return [{ kind: 'run', fresh: true, cause: 'schedule' }];
    },
  },
  {
    name: 'a command and a typo',
    happens: (repository) => {
      const { number } = repository.pulls.find((one) => one.branch.includes('web'))!;
      const say = (id: number, body: string): JobWork => {
        repository.commentsOf(number).push({ id, body, author: 'alice', own: false, createdAt: 1_790_000_000 + id });
        return { kind: 'comment', issue: number, comment: id };
      };
      return [say(9001, `/pare keep ${RULES[1]!.findingId} because the runbook needs it`), say(9002, '/pare kepe x')];
    },
  },
  {
    name: 'a merge that is regretted',
    happens: (repository, evidence) => {
      const { number } = repository.pulls.find((one) => one.branch.includes('shop'))!;
      repository.merge(number);
      const gone = RULES[5]!;
      write(
        evidence,
        RULES.filter((one) => one !== gone),
      );
      const at = 9_000_000_000;
      const flow = { interfaceId: 'eni-1', groups: [gone.groupId], opened: 'inbound', protocol: 6, localPort: 9100 };
      const peer = { peerPort: null, peer: '10.2.4.77', peerPacket: null };
      writeFileSync(
        join(evidence, 'refused.json'),
        JSON.stringify([{ ...flow, ...peer, records: 12, packets: 36, first: at, last: at }]),
      );
      return [{ kind: 'pull', pull: number, event: 'closed' }, { kind: 'watch' }];
    },
  },
];

function write(evidence: string, rules: typeof RULES): void {
  const day = (ago: number) => new Date(EPOCH - ago * 86_400_000).toISOString().slice(0, 10);
  const window = { from: `${day(91)}T00:00:00Z`, to: `${day(1)}T00:00:00Z` };
  writeFileSync(join(evidence, 'findings.json'), JSON.stringify({ ...document(rules), window }));
}

async function put(folder: string, works: readonly JobWork[]): Promise<void> {
  mkdirSync(join(folder, 'state'), { recursive: true });
  const queue = openLocalQueue({ file: join(folder, 'state', 'queue.sqlite'), clock });
  const repository = { owner: 'acme', name: 'infra' };
  for (const [n, work] of works.entries())
    await queue.put({ id: `j${n}`, repository, installation: 1, work, notBefore: 0, attempts: 0 });
  await queue.close();
}

let root = '';
let host: Host;
let pool: ReturnType<typeof createPool>;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'pare-kill-'));
  host = await startHost();
  pool = createPool();
});
afterAll(async () => {
  pool.close();
  await host.close();
  rmSync(root, { recursive: true, force: true });
});

/** A folder like another one, with its evidence and none of its queue. */
function folderLike(other: string | null, name: string): string {
  const folder = join(root, name);
  mkdirSync(join(folder, 'evidence', 'acme', 'infra'), { recursive: true });
  if (other !== null) cpSync(join(other, 'evidence'), join(folder, 'evidence'), { recursive: true });
  return folder;
}

describe('a process of the App is ended by SIGKILL between any two of its requests', () => {
  let repository = new FakeRepository(
    {
      '.github/pare.yml': 'reviewers: {also: [carol]}\n',
      'web/main.tf': source(1),
      'shop/main.tf': source(2),
    },
    clock,
  );
  repository.permissions.set('alice', 'write');
  let before: string | null = null;

  it.each(PHASES)(
    '$name: what is left goes on to the end of the undisturbed one',
    async ({ name, happens }) => {
      const calm = copyOf(repository);
      const folder = folderLike(before, `${name} calm`);
      const works = happens(calm, join(folder, 'evidence', 'acme', 'infra'));
      const begin = copyOf(calm);
      const task = (at: string) => ({ kind: 'worker' as const, url: host.url, epoch: EPOCH, folder: at, key });
      await put(folder, works);
      host.load(calm);
      expect(await pool.run(task(folder))).toBe('done');
      const requests = host.asked.length;
      const wanted = visible(calm);
      expect(requests).toBeGreaterThan(30);

      for (let n = 1; n <= requests; n += 1) {
        const rough = copyOf(begin);
        const at = folderLike(folder, `${name} ${n}`);
        await put(at, works);
        host.load(rough);
        const ended = await pool.run(task(at), (child) => {
          host.before = (asked) => asked === n && child.kill('SIGKILL');
        });
        expect([n, ended]).toEqual([n, 'SIGKILL']);
        host.before = () => false;
        await perform(task(at));
        expect(visible(rough), `killed at request ${n}, ${host.asked[n - 1]}`).toEqual(wanted);
        rmSync(at, { recursive: true });
      }
      repository = calm;
      before = folder;
    },
    1_800_000,
  );

  it('and all of it happened', () => {
    const { pulls, issues } = repository;
    expect(pulls.map((one) => [one.branch, one.state])).toContainEqual(['pare/revert-1', 'open']);
    expect(issues.map((one) => one.title)).toContain('Refused packets match what #1 removed');
    const replies = pulls.flatMap((one) => repository.commentsOf(one.number)).filter((one) => one.own);
    expect(replies.map((one) => one.body.split('\n')[0])).toEqual([
      expect.stringContaining('stays for good'),
      expect.stringContaining('Did you mean `/pare keep`?'),
    ]);
  });
});
