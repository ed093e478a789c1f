import { PareError } from '@pare/analyzer/model/problem.ts';
import type { Clock } from '../contract.ts';
import { limitedUntil, problemOf, requestFailure } from './errors.ts';
import type { Throttle } from './throttle.ts';

export interface WriteOptions {
  /** Sending it twice does the same as once, so it may be tried again when it is not known whether it came through. */
  repeat?: boolean;
  /** Counts as content that people are told of. */
  creates?: boolean;
  /** Failures that the method itself answers. */
  expected?: (error: unknown) => boolean;
}

/** Every request goes through here: turn, waiting, a bounded number of attempts, and failures in Pare's words. */
export interface Caller {
  read<T>(what: string, send: () => Promise<T>, options?: Pick<WriteOptions, 'expected'>): Promise<T>;
  write<T>(what: string, send: () => Promise<T>, options?: WriteOptions): Promise<T>;
}

export interface CallerOptions {
  where: string;
  clock: Clock;
  throttle: Throttle;
  signal?: AbortSignal;
  /** Attempts at most, the first included. */
  attempts?: number;
  /** Longest wait, in seconds, that is waited out here; a longer one ends the run, which the schedule repeats. */
  longestWait?: number;
}

const FIRST_PAUSE = 2;

export function createCaller({
  where,
  clock,
  throttle,
  signal,
  attempts = 4,
  longestWait = 900,
}: CallerOptions): Caller {
  async function call<T>(
    what: string,
    send: () => Promise<T>,
    wait: () => Promise<void>,
    { repeat = false, expected }: WriteOptions,
  ): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      await wait();
      signal?.throwIfAborted();
      try {
        return await send();
      } catch (error) {
        const failure = requestFailure(error);
        const until = failure === null ? null : limitedUntil(failure, clock.now());
        if (until !== null) {
          // Refused before it did anything, so it may be sent again whatever it is.
          throttle.holdUntil(until);
          if (attempt >= attempts || until - clock.now() > longestWait) throw limited(where, what, until, error);
          continue;
        }
        // After the limits: a 403 for being too quick is no word about permission.
        if (expected?.(error) === true) throw error;
        const unknown = failure === null ? isNetwork(error) : failure.status >= 500;
        if (!unknown || !repeat || attempt >= attempts) throw problemOf(error, what, where);
        await clock.wait(FIRST_PAUSE ** attempt, signal);
      }
    }
  }
  return {
    read: (what, send, options = {}) => call(what, send, () => throttle.read(signal), { ...options, repeat: true }),
    write: (what, send, options = {}) =>
      call(what, send, () => throttle.write(options.creates ?? false, signal), options),
  };
}

function isNetwork(error: unknown): boolean {
  return error instanceof Error && error.name !== 'AbortError' && !(error instanceof PareError);
}

function limited(where: string, what: string, until: number, cause: unknown): PareError {
  const time = new Date(Math.ceil(until) * 1000).toISOString();
  return new PareError(
    {
      code: 'github-limited',
      message: `${where}: ${what} was refused since too many requests were sent`,
      next: `run again after ${time}`,
      fault: 'environment',
    },
    { cause },
  );
}
