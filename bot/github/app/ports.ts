import type { Finding } from '@pare/analyzer/model/finding.ts';
import type { EpochSeconds } from '@pare/analyzer/model/interface.ts';
import type { RefusedFlow } from '@pare/analyzer/model/refused.ts';
import type { Clock, Job, PlanSource, Platform, Queue, RepositoryRef } from '../contract.ts';
import type { Members } from '../watch/refused.ts';

/** Where the App's evidence comes from: a folder, or what the scheduled analyzer leaves in S3. */
export interface Evidence {
  /** Analyses again, and resolves when the newest findings are the new ones. */
  refresh(repository: RepositoryRef): Promise<void>;
  /** Findings as they last were, also of rules that are gone. */
  past(repository: RepositoryRef, ids: readonly string[]): Promise<readonly Finding[]>;
  refused(repository: RepositoryRef, since: EpochSeconds): Promise<readonly RefusedFlow[]>;
  members(repository: RepositoryRef): Promise<Members>;
}

export interface WorkerPorts {
  clock: Clock;
  queue: Pick<Queue, 'put'>;
  /** Of a repository and the installation that the job came from. */
  platform(job: Job): Promise<Platform>;
  source(job: Job, platform: Platform): Promise<PlanSource>;
  evidence: Evidence;
  log(event: LogEvent): void;
}

/** One line of the log; values are made inert by whoever writes them out. */
export interface LogEvent {
  level: 'info' | 'warning' | 'error';
  what: string;
  repository?: string;
  job?: string;
  detail?: string;
}
