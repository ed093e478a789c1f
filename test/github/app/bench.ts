import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Evidence, WorkerPorts } from '../../../bot/github/app/ports.ts';
import { workOff } from '../../../bot/github/app/worker.ts';
import type { Job, JobWork, Permission, Platform } from '../../../bot/github/contract.ts';
import { readMemory } from '../../../bot/github/dashboard/memory.ts';
import type { Inbox } from '../../../bot/github/queue/contract.ts';
import { openLocalQueue } from '../../../bot/github/queue/local.ts';
import type { RefusedFlow } from '../../../bot/github/watch/refused.ts';
import { type World, world } from '../world.ts';

export class Killed extends Error {}

/** What happens at a call of the platform: nothing, a failure before or after it took effect, or the end of the process. */
export type Fault = 'none' | 'before' | 'after' | 'kill-before' | 'kill-after';

/** The App without a network: worker and queue for real, the fake repository behind them. */
export class Bench {
  readonly world: World;
  readonly refused: RefusedFlow[] = [];
  readonly log: string[] = [];
  queue: Inbox;
  calls = 0;
  refreshed = 0;
  private readonly folder: string;
  private readonly fault: (call: number, name: string) => Fault;
  private deliveries = 0;

  constructor(
    roots: Record<string, number>,
    options: Parameters<typeof world>[1] = {},
    fault: (call: number, name: string) => Fault = () => 'none',
  ) {
    this.world = world(roots, options);
    this.fault = fault;
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

  ports(): WorkerPorts {
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
      queue: { put: (job) => this.guard('queue.put', () => this.queue.put(job)) },
      platform: async () => this.faulty(),
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

  private async guard<T>(name: string, send: () => Promise<T>): Promise<T> {
    this.calls += 1;
    const fault = this.fault(this.calls, name);
    if (fault === 'kill-before') throw new Killed(name);
    if (fault === 'before') throw new Error(`${name}: 500`);
    const out = await send();
    if (fault === 'kill-after') throw new Killed(name);
    if (fault === 'after') throw new Error(`${name}: timed out`);
    return out;
  }

  private faulty(): Platform {
    const platform = this.world.repository.platform();
    return new Proxy(platform, {
      get: (target, name, receiver) => {
        const value: unknown = Reflect.get(target, name, receiver);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => this.guard(String(name), async () => Reflect.apply(value, target, args));
      },
    });
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
      let killed = false;
      const ports = this.ports();
      await workOff(
        {
          ...lease,
          retry: async (at, why) => {
            if (this.killing) killed = true;
            else await lease.retry(at, why);
          },
        },
        {
          ...ports,
          platform: async (job) => this.watching(await ports.platform(job)),
          queue: { put: (job) => this.watched(() => ports.queue.put(job)) },
        },
      );
      if (killed) {
        this.killing = false;
        await this.queue.close();
        this.queue = this.open();
      }
    }
    throw new Error('the queue never runs empty');
  }

  private killing = false;
  private async watched<T>(send: () => Promise<T>): Promise<T> {
    try {
      return await send();
    } catch (error) {
      if (error instanceof Killed) this.killing = true;
      throw error;
    }
  }
  private watching(platform: Platform): Platform {
    return new Proxy(platform, {
      get: (target, name, receiver) => {
        const value: unknown = Reflect.get(target, name, receiver);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => this.watched(async () => Reflect.apply(value, target, args));
      },
    });
  }
}
