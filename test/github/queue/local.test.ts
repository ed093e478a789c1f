import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Job } from '../../../bot/github/contract.ts';
import { backoff, type Inbox } from '../../../bot/github/queue/contract.ts';
import { openLocalQueue } from '../../../bot/github/queue/local.ts';

let folder = '';
let now = 1000;
const clock = { now: () => now };
const open: Inbox[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pare-queue-'));
  now = 1000;
});
afterEach(async () => {
  for (const queue of open.splice(0)) await queue.close();
  await rm(folder, { recursive: true });
});

function queue(file = join(folder, 'queue.sqlite'), mostAttempts = 3): Inbox {
  const out = openLocalQueue({ file, clock, mostAttempts });
  open.push(out);
  return out;
}

async function closed(one: Inbox): Promise<void> {
  open.splice(open.indexOf(one), 1);
  await one.close();
}

function job(id: string, repository = 'acme/shop', notBefore = 0): Job {
  const [owner, name] = repository.split('/') as [string, string];
  return { id, repository: { owner, name }, installation: 1, work: { kind: 'watch' }, notBefore, attempts: 0 };
}

describe('the local queue', () => {
  it('gives the jobs of one repository in the order they came, one at a time', async () => {
    const q = queue();
    await q.put(job('a'));
    await q.put(job('b'));
    const first = await q.take(now);
    expect(first?.job.id).toBe('a');
    expect(await q.take(now)).toBeNull();
    await first?.done();
    expect((await q.take(now))?.job.id).toBe('b');
  });

  it('works on two repositories at once, and knows a name whatever its case', async () => {
    const q = queue();
    await q.put(job('a', 'acme/shop'));
    await q.put(job('b', 'Acme/Shop'));
    await q.put(job('c', 'acme/bank'));
    expect([(await q.take(now))?.job.id, (await q.take(now))?.job.id, await q.take(now)]).toEqual(['a', 'c', null]);
  });

  it('knows a job by its id, also when it is done', async () => {
    const q = queue();
    expect(await q.put(job('a'))).toBe('added');
    expect(await q.put(job('a'))).toBe('known');
    await (await q.take(now))?.done();
    expect(await q.put(job('a'))).toBe('known');
    expect(await q.take(now)).toBeNull();
  });

  it('lets a job that is planned for later hold back nobody', async () => {
    const q = queue();
    await q.put(job('later', 'acme/shop', 5000));
    await q.put(job('now'));
    expect((await q.take(now))?.job.id).toBe('now');
  });

  it('lets a job that failed keep its place, so that commands stay in order', async () => {
    const q = queue();
    await q.put(job('a'));
    await q.put(job('b'));
    await (await q.take(now))?.retry(now + 30, 'no answer');
    expect(await q.take(now)).toBeNull();
    now += 30;
    const again = await q.take(now);
    expect(again?.job).toMatchObject({ id: 'a', attempts: 1 });
    await again?.done();
    expect((await q.take(now))?.job.id).toBe('b');
  });

  it('gives up after the limit, says why, and goes on with the next', async () => {
    const q = queue();
    await q.put(job('a'));
    await q.put(job('b'));
    for (const why of ['one', 'two', 'three']) await (await q.take(now))?.retry(now, why);
    expect((await q.dead()).map(({ job: { id }, why }) => [id, why])).toEqual([['a', 'three']]);
    expect((await q.take(now))?.job.id).toBe('b');
  });

  it('stores a delivery and its jobs in one step, once', async () => {
    const q = queue();
    expect(await q.accept('d-1', [job('d-1:0'), job('d-1:1')], now)).toBe('new');
    expect(await q.accept('d-1', [job('other')], now)).toBe('seen');
    expect(await q.depth()).toBe(2);
    expect(await q.claim('d-1', now)).toBe('seen');
  });

  it('stores nothing of a delivery when one of its jobs cannot be stored', async () => {
    const q = queue();
    const broken = { ...job('d-1:1'), work: { kind: 'dance' } } as unknown as Job;
    await expect(q.accept('d-1', [job('d-1:0'), broken], now)).rejects.toThrow();
    expect(await q.depth()).toBe(0);
    expect(await q.accept('d-1', [job('d-1:0')], now)).toBe('new');
  });

  it('keeps everything over a restart; what was leased is ready again', async () => {
    const q = queue();
    await q.accept('d-1', [job('a')], now);
    await q.take(now);
    await closed(q);
    const later = queue();
    expect(await later.accept('d-1', [job('a')], now)).toBe('seen');
    expect((await later.take(now))?.job.id).toBe('a');
  });

  it('is for its owner only, on the disk and in the process', async () => {
    const file = join(folder, 'queue.sqlite');
    await queue(file).put(job('a'));
    expect((await stat(file)).mode & 0o077).toBe(0);
    expect(() => queue(file)).toThrow(/another pare serve works on this queue; stop the other one/);
  });

  it('is there after kill -9 in the middle of its writes: what was answered is stored, and once', async () => {
    const file = join(folder, 'queue.sqlite');
    const script = `
      const { openLocalQueue } = await import(${JSON.stringify(new URL('../../../bot/github/queue/local.ts', import.meta.url).href)});
      const q = openLocalQueue({ file: ${JSON.stringify(file)}, clock: { now: () => 1 } });
      for (let n = 0; ; n += 1) {
        const job = { id: 'j' + n, repository: { owner: 'a', name: 'b' }, installation: 1, work: { kind: 'watch' }, notBefore: 0, attempts: 0 };
        await q.accept('d' + n, [job], 1);
        process.stdout.write('d' + n + '\\n');
      }`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let said = '';
    child.stdout.on('data', (part: Buffer) => {
      said += part.toString();
      if (said.split('\n').length > 20) child.kill('SIGKILL');
    });
    await once(child, 'close');
    const answered = said.split('\n').slice(0, -1);
    expect(answered.length).toBeGreaterThan(19);
    const q = queue(file);
    expect(await q.depth()).toBeGreaterThanOrEqual(answered.length);
    for (const delivery of answered) expect(await q.claim(delivery, now)).toBe('seen');
  });

  it('never leases two jobs of one repository, never loses and never repeats one, whatever fails', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(
            fc.record({ act: fc.constant('put' as const), repository: fc.nat(2), id: fc.nat(15) }),
            fc.record({ act: fc.constant('take' as const) }),
            fc.record({ act: fc.constantFrom('done' as const, 'retry' as const), which: fc.nat(3) }),
          ),
          { maxLength: 60 },
        ),
        async (steps) => {
          const q = openLocalQueue({ file: ':memory:', clock, mostAttempts: 100 });
          const put = new Set<string>();
          const finished: string[] = [];
          const leases: NonNullable<Awaited<ReturnType<Inbox['take']>>>[] = [];
          for (const step of steps) {
            if (step.act === 'put') {
              const id = `${step.repository}-${step.id}`;
              expect(await q.put(job(id, `acme/r${step.repository}`))).toBe(put.has(id) ? 'known' : 'added');
              put.add(id);
            } else if (step.act === 'take') {
              const lease = await q.take(now);
              if (lease === null) continue;
              expect(leases.map((one) => one.job.repository.name)).not.toContain(lease.job.repository.name);
              leases.push(lease);
            } else {
              const [lease] = leases.splice(step.which % Math.max(1, leases.length), 1);
              if (lease === undefined) continue;
              if (step.act === 'done') finished.push(lease.job.id);
              await (step.act === 'done' ? lease.done() : lease.retry(now, 'again'));
            }
          }
          for (const lease of leases) await lease.retry(now, 'end');
          for (let lease = await q.take(now); lease !== null; lease = await q.take(now)) {
            finished.push(lease.job.id);
            await lease.done();
          }
          expect(finished.sort()).toEqual([...put].sort());
          await q.close();
        },
      ),
      { numRuns: 150 },
    );
  });
});

it('waits longer after each failure, an hour at most', () => {
  expect([0, 1, 2, 6, 7, 50].map(backoff)).toEqual([30, 60, 120, 1920, 3600, 3600]);
});
