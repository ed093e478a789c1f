import type { EpochSeconds } from '@pare/analyzer/model/interface.ts';
import type { Clock } from '../contract.ts';

/** GitHub's own figures, with a little room: https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api */
export interface Limits {
  secondsBetweenWrites: number;
  /** Requests that make something people are told of: 80 and 500 at GitHub. */
  createdPerMinute: number;
  createdPerHour: number;
  /** 900 at GitHub; a read counts 1, a write 5. */
  pointsPerMinute: number;
  /** Of any kind: 5,000 at GitHub for an installation or a token. */
  requestsPerHour: number;
}

export const GITHUB_LIMITS: Limits = {
  secondsBetweenWrites: 1,
  createdPerMinute: 75,
  createdPerHour: 480,
  pointsPerMinute: 850,
  requestsPerHour: 4800,
};

export interface Throttle {
  /** Resolves when the request may be sent; in the order asked. */
  read(signal?: AbortSignal): Promise<void>;
  write(creates: boolean, signal?: AbortSignal): Promise<void>;
  /** Nothing is sent before this time: GitHub said so. */
  holdUntil(time: EpochSeconds): void;
}

interface Sent {
  at: EpochSeconds;
  points: number;
  creates: boolean;
}

/** One for each installation or token: whoever shares it shares the limits. */
export function createThrottle(clock: Clock, limits: Limits = GITHUB_LIMITS): Throttle {
  let sent: Sent[] = [];
  let lastWrite = Number.NEGATIVE_INFINITY;
  let held = Number.NEGATIVE_INFINITY;
  let turn: Promise<void> = Promise.resolve();

  const earliest = (points: number, creates: boolean): EpochSeconds => {
    let at = Math.max(clock.now(), held);
    if (points > 1) at = Math.max(at, lastWrite + limits.secondsBetweenWrites);
    at = Math.max(
      at,
      freeAt(sent, at, 60, limits.pointsPerMinute - points, (one) => one.points),
    );
    at = Math.max(
      at,
      freeAt(sent, at, 3600, limits.requestsPerHour - 1, () => 1),
    );
    if (!creates) return at;
    at = Math.max(
      at,
      freeAt(sent, at, 60, limits.createdPerMinute - 1, (one) => (one.creates ? 1 : 0)),
    );
    return Math.max(
      at,
      freeAt(sent, at, 3600, limits.createdPerHour - 1, (one) => (one.creates ? 1 : 0)),
    );
  };

  const take = async (points: number, creates: boolean, signal?: AbortSignal) => {
    for (let at = earliest(points, creates); at > clock.now(); at = earliest(points, creates))
      await clock.wait(at - clock.now(), signal);
    const now = clock.now();
    if (points > 1) lastWrite = now;
    sent = sent.filter((one) => one.at > now - 3600);
    sent.push({ at: now, points, creates });
  };
  const inTurn = (points: number, creates: boolean, signal?: AbortSignal) => {
    const mine = turn.then(() => take(points, creates, signal));
    turn = mine.catch(() => undefined);
    return mine;
  };
  return {
    read: (signal) => inTurn(1, false, signal),
    write: (creates, signal) => inTurn(5, creates, signal),
    holdUntil: (time) => {
      held = Math.max(held, time);
    },
  };
}

/** The first time from `at` on at which the last `span` seconds hold at most `room`. `sent` is in order. */
function freeAt(
  sent: readonly Sent[],
  at: EpochSeconds,
  span: number,
  room: number,
  weight: (one: Sent) => number,
): EpochSeconds {
  let total = 0;
  for (let n = sent.length - 1; n >= 0; n -= 1) {
    const one = sent[n]!;
    if (one.at <= at - span) break;
    total += weight(one);
    if (total > room) return one.at + span;
  }
  return at;
}
