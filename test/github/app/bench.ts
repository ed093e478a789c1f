import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RefusedFlow } from '../../../analyzer/model/refused.ts';
import type { Evidence, WorkerPorts } from '../../../bot/github/app/ports.ts';
import { workOff } from '../../../bot/github/app/worker.ts';
import type { Job, JobWork, Permission, Platform } from '../../../bot/github/contract.ts';
import { readMemory } from '../../../bot/github/dashboard/memory.ts';
import { createPlatform } from '../../../bot/github/platform/github.ts';
import { tokenClient } from '../../../bot/github/platform/octokit.ts';
import type { Inbox } from '../../../bot/github/queue/contract.ts';
import { openLocalQueue } from '../../../bot/github/queue/local.ts';
import { type Asked, createWire, type Told, wireFetch } from '../wire/github.ts';
import { type World, world } from '../world.ts';

/** What happens to a request: nothing, a failure of GitHub or of the network before or after it took effect, or the end of the process. */
export const FAULTS = [
  'failed',
  'failed-after',
  'limited',
  'reset',
  'reset-after',
  'timeout',
  'timeout-after',
  'kill',
  'kill-after',
] as const;
export type Fault = (typeof FAULTS)[number];

interface Life {
  dead: boolean;
}

/**
 * The App without a network: worker and queue for real, the fake repository behind them. With faults it speaks through octokit and the platform
 * to that repository's REST API (test/github/wire), where they happen.
 */
export class Bench {
  readonly world: World;
  readonly refused: RefusedFlow[] = [];
  readonly log: string[] = [];
  queue: Inbox;
  calls = 0;
  readonly faults: Fault[] = [];
  refreshed = 0;
  /** Writes of jobs that had no reason to write. */
  afterwards: readonly string[] = [];
  private readonly folder: string;
  private readonly fault: ((call: number, request: string) => Fault | null) | null;
  private readonly send: typeof fetch;
  private deliveries = 0;
  /** A request or reply that is none of GitHub's. */
  private broken: unknown = null;

  constructor(
    roots: Record<string, number>,
    options: Parameters<typeof world>[1] = {},
    fault: ((call: number, request: string) => Fault | null) | null = null,
    /** What the App is told instead; for tests of the tests. */
    lie: (asked: Asked, told: Told) => Told = (_, told) => told,
  ) {
    this.world = world(roots, options);
    this.fault = fault;
    const wire = createWire(this.world.repository);
    this.send = wireFetch(async (asked) => {
      try {
        return lie(asked, await wire(asked));
      } catch (error) {
        this.broken ??= error;
        throw error;
      }
    });
    this.folder = mkdtempSync(join(process.env.PARE_TEST_TMP ?? tmpdir(), 'pare-bench-'));
    this.queue = this.open();
    for (const [who, may] of Object.entries({ alice: 'write', root: 'admin', eve: 'read', mallory: 'none' }))
      this.world.repository.permissions.set(who, may as Permission);
  }

  private open(): Inbox {
    return openLocalQueue({ file: join(this.folder, 'queue'), clock: this.world.clock, mostAttempts: 1000 });
  }

  async end(): Promise<void> {
    await this.queue.close();
    rmSync(this.folder, { recursive: true });
  }

  job(work: JobWork, id = `d-${++this.deliveries}`): Job {
    return { id, repository: { owner: 'acme', name: 'infra' }, installation: 1, work, notBefore: 0, attempts: 0 };
  }

  async deliver(work: JobWork, id = `d-${++this.deliveries}`): Promise<'new' | 'seen'> {
    return this.queue.accept(id, [this.job(work, `${id}:0`)], this.world.clock.now());
  }

  /** A person comments; returns the job that its webhook would make. */
  comment(issue: number, body: string, by: string, at = this.world.clock.now()): Extract<JobWork, { kind: 'comment' }> {
    const id =
      5_000_000 + [...Array(40).keys()].reduce((sum, n) => sum + this.world.repository.commentsOf(n).length, 0);
    this.world.repository.commentsOf(issue).push({ id, body, author: by, own: false, createdAt: at });
    return { kind: 'comment', issue, comment: id };
  }

  async say(issue: number, body: string, by = 'alice'): Promise<string[]> {
    await this.deliver(this.comment(issue, body, by));
    const before = this.replies(issue).length;
    await this.settle();
    return this.replies(issue).slice(before);
  }

  replies(issue: number): string[] {
    return this.world.repository
      .commentsOf(issue)
      .filter((one) => one.own)
      .map((one) => one.body);
  }

  memory() {
    const read = readMemory(this.world.repository.issues[0]!.body);
    if (!read.ok) throw new Error(read.why);
    return read.memory;
  }

  ports(life: Life = { dead: false }): WorkerPorts {
    const evidence: Evidence = {
      refresh: async () => {
        this.refreshed += 1;
      },
      past: async (_, ids) => this.known.filter((one) => ids.includes(one.findingId)),
      refused: async (_, since) => this.refused.filter((one) => one.last > since),
      members: async () => () => null,
    };
    return {
      clock: this.world.clock,
      queue: { put: (job) => this.put(job, life) },
      platform: async () => this.platform(life),
      source: async () => this.world.source,
      evidence,
      log: (event) => this.log.push(`${event.what} ${event.detail ?? ''}`),
    };
  }

  get known() {
    return this.all;
  }
  private all: World['findings']['document']['rules'] = [];
  /** Findings are remembered as they were when first seen. */
  rememberFindings(): void {
    this.all = [...this.world.findings.document.rules];
  }

  /** A life that ended does nothing any more, whatever its code still runs. */
  private async put(job: Job, life: Life): Promise<'added' | 'known'> {
    const fault = this.next('queue.put', life);
    if (fault === 'kill' || life.dead) {
      life.dead = true;
      throw new Error('killed');
    }
    const out = await this.queue.put(job);
    if (fault === 'kill-after') life.dead = true;
    return out;
  }

  private next(request: string, life: Life): Fault | null {
    if (this.fault === null || life.dead) return null;
    this.calls += 1;
    const fault = this.fault(this.calls, request);
    if (fault !== null) this.faults.push(fault);
    return fault;
  }

  private platform(life: Life): Platform {
    if (this.fault === null) return this.world.repository.platform();
    return createPlatform({
      client: tokenClient({ token: 't', baseUrl: 'https://github.test', fetch: this.faulty(life) }),
      repository: { owner: 'acme', name: 'infra' },
      clock: this.world.clock,
      viewer: this.world.repository.viewer,
    });
  }

  private faulty(life: Life): typeof fetch {
    return async (input, init) => {
      const fault = this.next(`${init?.method ?? 'GET'} ${new URL(String(input)).pathname}`, life);
      if (fault === 'kill') life.dead = true;
      if (life.dead) throw new Error('killed');
      if (fault === 'failed') return said(500, 'Server Error');
      if (fault === 'limited') return said(403, 'You have exceeded a secondary rate limit.', { 'retry-after': '60' });
      if (fault === 'reset') throw new TypeError('fetch failed', { cause: new Error('read ECONNRESET') });
      if (fault === 'timeout') throw new DOMException('The operation was aborted due to timeout', 'TimeoutError');
      const answer = await this.send(input, init);
      if (fault === 'kill-after') life.dead = true;
      if (life.dead) throw new Error('killed');
      if (fault === 'failed-after') return said(502, 'Bad Gateway');
      if (fault === 'reset-after') throw new TypeError('terminated', { cause: new Error('other side closed') });
      if (fault === 'timeout-after') throw new DOMException('The operation was aborted due to timeout', 'TimeoutError');
      return answer;
    };
  }

  /** Works until nothing is left; a kill loses the process with its leases, and the queue is opened anew. */
  async settle(): Promise<void> {
    for (let round = 0; round < 3000; round += 1) {
      const lease = await this.queue.take(this.world.clock.now());
      if (lease === null) {
        if ((await this.queue.depth()) === 0) return;
        this.world.clock.at += 60;
        continue;
      }
      const life: Life = { dead: false };
      await workOff(
        {
          job: lease.job,
          done: async () => {
            if (!life.dead) await lease.done();
          },
          retry: async (at, why) => {
            if (!life.dead) await lease.retry(at, why);
          },
        },
        this.ports(life),
      );
      if (this.broken !== null) throw this.broken;
      if (!life.dead) continue;
      await this.queue.close();
      this.queue = this.open();
    }
    throw new Error('the queue never runs empty');
  }
}

function said(status: number, message: string, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify({ message }), {
    status,
    headers: { 'content-type': 'application/json', ...headers },
  });
}
