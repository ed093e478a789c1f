import type { EpochSeconds } from '@pare/analyzer/model/interface.ts';
import { PareError } from '@pare/analyzer/model/problem.ts';
import { stripControls } from '@pare/analyzer/model/text.ts';

/** What octokit's RequestError tells; read by shape, since Probot brings a copy of its own. */
export interface RequestFailure {
  status: number;
  message: string;
  /** Lower-case names. */
  headers: Readonly<Record<string, string>>;
}

export function requestFailure(error: unknown): RequestFailure | null {
  if (!(error instanceof Error) || !('status' in error) || typeof error.status !== 'number') return null;
  return { status: error.status, message: error.message, headers: headersOf(error) };
}

function headersOf(error: Error): Record<string, string> {
  const response = 'response' in error ? error.response : undefined;
  if (typeof response !== 'object' || response === null || !('headers' in response)) return {};
  const { headers } = response;
  if (typeof headers !== 'object' || headers === null) return {};
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]));
}

export function isStatus(error: unknown, status: number, message?: RegExp): boolean {
  const failure = requestFailure(error);
  return failure !== null && failure.status === status && (message === undefined || message.test(failure.message));
}

/**
 * Until when a refusal for being too quick asks to wait; null for any other failure. A secondary limit has Retry-After, or nothing: then a
 * minute, as GitHub's documentation says; a primary one has the time of its reset.
 */
export function limitedUntil(failure: RequestFailure, now: EpochSeconds): EpochSeconds | null {
  if (failure.status !== 403 && failure.status !== 429) return null;
  const after = failure.headers['retry-after'];
  if (after !== undefined && /^\d+$/.test(after)) return now + Math.max(1, Number(after));
  const reset = failure.headers['x-ratelimit-reset'];
  if (failure.headers['x-ratelimit-remaining'] === '0' && reset !== undefined && /^\d+$/.test(reset))
    return Math.max(now + 1, Number(reset) + 1);
  if (failure.status === 429 || /secondary rate limit|abuse detection/i.test(failure.message)) return now + 60;
  return null;
}

/** The failure in Pare's words; `what` is the sentence's end: `opening the pull request`. */
export function problemOf(error: unknown, what: string, where: string): unknown {
  if (error instanceof PareError) return error;
  if (error instanceof Error && error.name === 'AbortError') return error;
  const failure = requestFailure(error);
  const make = (code: string, why: string, next: string) =>
    new PareError({ code, message: `${where}: ${what} failed: ${why}`, next, fault: 'environment' }, { cause: error });
  if (failure === null) {
    const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
    if (!(error instanceof Error)) return error;
    return make('github-unavailable', `no answer${code}`, 'look at the network and at the host, then run again');
  }
  const said = stripControls(failure.message.split(' - https://docs.github.com')[0] ?? '').slice(0, 300);
  const why = `${failure.status} ${said}`;
  if (failure.status === 401) return make('github-forbidden', why, 'check the token: it is expired or of another host');
  if (failure.status === 403)
    return make('github-forbidden', why, 'give the token or the App the permissions that docs/github.md lists');
  if (failure.status === 404)
    return make('github-not-found', why, 'check the name, and that the token or the App can see the repository');
  if (failure.status >= 500) return make('github-unavailable', why, 'run again later; nothing is lost');
  return make('github-refused', why, 'read what GitHub says; if it makes no sense, report it');
}
