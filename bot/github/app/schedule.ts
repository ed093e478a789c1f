import type { EpochSeconds } from '@pare/analyzer/model/interface.ts';
import { readConfig } from '../config/read.ts';
import { nextSlot } from '../config/schedule.ts';
import { CONFIG_PATH } from '../config/schema.ts';
import type { Job, Platform, RepositoryRef } from '../contract.ts';

export interface Installed {
  repository: RepositoryRef;
  installation: number | null;
}

const DAY = 24 * 3600;
/** A slot that was missed for longer (the App was off) is not made up for. */
const LOOK_BACK = 32 * DAY;

/**
 * The jobs of the clock: the last slot of the repository's own schedule, and each day the watch, which also judges the open pull requests
 * again. Ids carry the slot, so that putting them at every tick puts them once.
 */
export async function scheduledJobs(
  one: Installed,
  platform: Pick<Platform, 'facts' | 'readFile'>,
  now: EpochSeconds,
): Promise<Job[]> {
  const { repository, installation } = one;
  const name = `${repository.owner}/${repository.name}`.toLowerCase();
  const facts = await platform.facts();
  if (facts.archived) return [];
  const text = await platform.readFile(facts.head, CONFIG_PATH);
  const read = text === null ? null : readConfig(text);
  if (read === null || !read.ok || !read.config.enabled) return [];
  const job = (id: string, work: Job['work']): Job => ({
    id,
    repository,
    installation,
    work,
    notBefore: 0,
    attempts: 0,
  });
  const out = [job(`watch:${name}:${Math.floor(now / DAY)}`, { kind: 'watch' })];
  const slot = lastSlot((after) => nextSlot(read.config, after), now);
  if (slot !== null) out.push(job(`run:${name}:${slot}`, { kind: 'run', fresh: true, cause: 'schedule' }));
  return out;
}

function lastSlot(next: (after: EpochSeconds) => EpochSeconds | null, now: EpochSeconds): EpochSeconds | null {
  let last: EpochSeconds | null = null;
  for (let at = next(now - LOOK_BACK); at !== null && at <= now; at = next(at)) last = at;
  return last;
}
