import type { FindingsDocument } from '@pare/analyzer/model/finding.ts';
import type { EpochSeconds } from '@pare/analyzer/model/interface.ts';
import type { Watched } from '../contract.ts';
import type { Regret } from './refused.ts';

/** So long after it was applied nothing was missed: the watch ends. */
const WATCH_SECONDS = 30 * 24 * 3600;
/** A merge that is not applied by then is asked about, once. */
const APPLY_SECONDS = 14 * 24 * 3600;

export type WatchStep =
  | { state: 'wait' }
  | { state: 'applied' }
  | { state: 'unapplied'; live: readonly string[] }
  | { state: 'regret'; regrets: readonly Regret[] }
  | { state: 'reverted' }
  | { state: 'done' };

/**
 * What the newest evidence says of one merged pull request. Applied: none of its rules is live any more, in an inventory that is younger
 * than the merge (a narrowed rule has another finding id, so the old one is gone too).
 */
export function watchStep(
  watched: Watched,
  document: FindingsDocument,
  regrets: readonly Regret[],
  revert: 'none' | 'open' | 'merged',
  now: EpochSeconds,
): WatchStep {
  if (watched.stage === 'done' || watched.stage === 'reverted') return { state: 'wait' };
  if (revert === 'merged') return { state: 'reverted' };
  if (watched.stage === 'regretted') return { state: 'wait' };
  if (regrets.length > 0) return { state: 'regret', regrets };
  const validAt = Math.floor(Date.parse(document.window.to) / 1000);
  if (validAt <= watched.mergedAt) return { state: 'wait' };
  const rules = new Set(document.rules.map((one) => one.findingId));
  const live = watched.findings.filter((one) => rules.has(one));
  if (live.length === 0) {
    if (watched.stage === 'merged') return { state: 'applied' };
    return now - watched.mergedAt > WATCH_SECONDS ? { state: 'done' } : { state: 'wait' };
  }
  return validAt - watched.mergedAt > APPLY_SECONDS && watched.told === null
    ? { state: 'unapplied', live }
    : { state: 'wait' };
}
