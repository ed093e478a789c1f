import type { Clock } from '../../../bot/github/contract.ts';

const SPEED = 200;

/** The machine's clock, quicker, from a moment that every process of a test agrees on (milliseconds since 1970). */
export function quickClock(epoch: number): Clock {
  return {
    now: () => (epoch + (Date.now() - epoch) * SPEED) / 1000,
    wait: (seconds) => new Promise((resolve) => setTimeout(resolve, (Math.max(0, seconds) * 1000) / SPEED)),
  };
}
