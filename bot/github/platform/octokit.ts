import { Octokit } from '@octokit/rest';

/** What the platform needs of an octokit: the one of @octokit/rest, or Probot's. */
export type GitHubClient = Pick<Octokit, 'rest' | 'paginate' | 'graphql'>;

const REQUEST_SECONDS = 30;

export interface ClientOptions {
  token: string;
  /** `https://HOST/api/v3` for GitHub Enterprise Server. */
  baseUrl?: string;
  fetch?: typeof fetch;
}

/** A client with a token. No plugin retries or waits: caller.ts does, with the injected clock. */
export function tokenClient({ token, baseUrl, fetch: inner = fetch }: ClientOptions): GitHubClient {
  return new Octokit({
    auth: token,
    userAgent: 'pare',
    request: { fetch: withLimit(inner) },
    // Octokit's own warnings go to the console; ours are values.
    log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
    ...(baseUrl === undefined ? {} : { baseUrl: baseUrl.replace(/\/+$/, '') }),
  });
}

/** A request that nobody answers ends, so that it holds up no worker. */
export function withLimit(inner: typeof fetch): typeof fetch {
  return (input, init) =>
    inner(input, { ...init, signal: init?.signal ?? AbortSignal.timeout(REQUEST_SECONDS * 1000) });
}
