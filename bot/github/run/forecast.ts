import type { EpochSeconds } from '@pare/analyzer/model/interface.ts';
import type { Clock } from '../contract.ts';
import { createThrottle, GITHUB_LIMITS, type Limits } from '../platform/throttle.ts';
import type { Decision, Intention } from '../pulls/ladder.ts';

/** Write requests of one intention, and whether each makes something that people are told of. */
export function writesOf(intention: Intention): boolean[] {
  switch (intention.kind) {
    // Tree, commit, branch.
    case 'write-branch':
      return [false, false, false];
    case 'open-pull':
      return [true];
    case 'settle':
      return [
        ...(intention.labels.length > 0 ? [false] : []),
        ...(intention.reviewers.length > 0 || intention.blame !== null ? [true] : []),
      ];
    case 'overflow':
      return intention.parts.map(() => true);
    case 'edit-pull':
    case 'delete-branch':
      return [false];
  }
}

/**
 * When decisions will be carried out, by the very throttle that will hold them back, on a clock that only runs when it waits. One write
 * for the dashboard is added. Waits that GitHub asks for are not known before.
 */
export async function forecast(
  decisions: readonly Decision[],
  now: EpochSeconds,
  limits: Limits = GITHUB_LIMITS,
): Promise<EpochSeconds> {
  let at = now;
  const clock: Clock = {
    now: () => at,
    wait: async (seconds) => {
      at += seconds;
    },
  };
  const throttle = createThrottle(clock, limits);
  const writes = [...decisions.flatMap((one) => one.intentions.flatMap(writesOf)), false];
  for (const creates of writes) await throttle.write(creates);
  return at;
}
