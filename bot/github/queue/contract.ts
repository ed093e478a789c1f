import type { EpochSeconds } from '@pare/analyzer/model/interface.ts';
import type { DeliveryStore, Job, Queue } from '../contract.ts';

/**
 * What webhooks are put into. A delivery and the jobs that follow from it are stored in one step: claimed first and enqueued later, a kill
 * in between would lose them for good, since GitHub does not send a delivery again that was answered.
 */
export interface Inbox extends Queue, DeliveryStore {
  /** `seen`: this delivery was stored before; nothing is put again. */
  accept(delivery: string, jobs: readonly Job[], at: EpochSeconds): Promise<'new' | 'seen'>;
  /** Jobs that were given up, oldest first. */
  dead(): Promise<readonly DeadLetter[]>;
  depth(): Promise<number>;
}

export interface DeadLetter {
  job: Job;
  why: string;
  at: EpochSeconds;
}

/** Attempts of one job at most, the first included. */
export const MOST_ATTEMPTS = 8;

/** Seconds until attempt n + 1: half a minute, doubled each time, an hour at most; no chance in it, so that runs can be repeated. */
export function backoff(attempts: number): number {
  return Math.min(3600, 30 * 2 ** Math.max(0, attempts));
}

export function repositoryKey({ repository }: Pick<Job, 'repository'>): string {
  // GitHub's names do not tell case apart.
  return `${repository.owner}/${repository.name}`.toLowerCase();
}
