import { PareError } from '@pare/analyzer/model/problem.ts';
import type { Lease, Queue } from '../contract.ts';
import { backoff } from '../queue/contract.ts';
import type { WorkerPorts } from './ports.ts';
import { performJob } from './work.ts';

/** What no later attempt mends; the reason goes to the log and the dead letters. */
const FINAL: readonly string[] = ['github-forbidden', 'github-not-found', 'no-findings'];

/** Takes one lease to its end. Never throws: what fails is tried again, after a while, a bounded number of times. */
export async function workOff(
  lease: Lease,
  ports: WorkerPorts,
  signal?: AbortSignal,
): Promise<'done' | 'retry' | 'dropped'> {
  const { job } = lease;
  const repository = `${job.repository.owner}/${job.repository.name}`;
  try {
    await performJob(job, ports);
    await lease.done();
    return 'done';
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    if (signal?.aborted === true) {
      ports.log({ level: 'info', what: 'stopped; the job goes on after the restart', repository, job: job.id });
      return 'dropped';
    }
    const final = error instanceof PareError && FINAL.includes(error.problem.code);
    ports.log({ level: 'error', what: `job ${job.work.kind} failed`, repository, job: job.id, detail: why });
    if (final) {
      await lease.done();
      return 'dropped';
    }
    await lease.retry(ports.clock.now() + backoff(job.attempts), why);
    return 'retry';
  }
}

export interface WorkerOptions {
  queue: Queue;
  ports: WorkerPorts;
  /** Repositories worked on at once. */
  parallel: number;
  signal: AbortSignal;
  /** Seconds between looks at an empty queue. */
  pause: number;
}

/** Works until the signal; then no job is begun any more, and those under way have come to their end when it resolves. */
export async function runWorkers({ queue, ports, parallel, signal, pause }: WorkerOptions): Promise<void> {
  const loop = async () => {
    while (!signal.aborted) {
      const lease = await queue.take(ports.clock.now());
      if (lease !== null) await workOff(lease, ports, signal);
      else await ports.clock.wait(pause, signal).catch(() => undefined);
    }
  };
  await Promise.all(Array.from({ length: parallel }, loop));
}
