import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../contract.ts';

/** The machine's clock; with fractions, since a second between writes is to be a whole one. */
export const systemClock: Clock = {
  now: () => Date.now() / 1000,
  wait: async (seconds, signal) => {
    await sleep(Math.max(0, seconds) * 1000, undefined, signal === undefined ? {} : { signal });
  },
};
