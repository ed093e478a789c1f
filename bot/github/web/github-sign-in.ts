import { deleteToken, exchangeWebFlowCode, getWebFlowAuthorizationUrl } from '@octokit/oauth-methods';
import { Octokit } from '@octokit/rest';

/** GitHub's side of signing in. */
export interface SignIn {
  /** Where the browser goes; comes back to `back` with `code` and the same `state`. */
  authorizeUrl(state: string, back: string): string;
  /** Who it is; null where the code is used up, foreign, or made up. */
  login(code: string, back: string): Promise<string | null>;
}

/** A GitHub App's client id and secret, from its settings page. The person's token is asked one thing, who it is, and then given back. */
export function githubSignIn(app: {
  clientId: string;
  clientSecret: string;
  baseUrl?: string;
  fetch?: typeof fetch;
}): SignIn {
  const { clientId, clientSecret } = app;
  const { request } = new Octokit({
    userAgent: 'pare',
    log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
    ...(app.baseUrl === undefined ? {} : { baseUrl: app.baseUrl.replace(/\/+$/, '') }),
    ...(app.fetch === undefined ? {} : { request: { fetch: app.fetch } }),
  });
  const own = { clientType: 'github-app', clientId, request } as const;
  return {
    authorizeUrl: (state, redirectUrl) =>
      getWebFlowAuthorizationUrl({ ...own, state, redirectUrl, allowSignup: false }).url,
    async login(code, redirectUrl) {
      let token: string;
      try {
        ({ token } = (await exchangeWebFlowCode({ ...own, clientSecret, code, redirectUrl })).authentication);
      } catch (error) {
        if (isRefusal(error)) return null;
        throw error;
      }
      try {
        const { data } = await request('GET /user', { headers: { authorization: `token ${token}` } });
        return data.login;
      } finally {
        // Nothing of ours needs it any more; a failure only leaves a token that ends by itself in eight hours.
        await deleteToken({ ...own, clientSecret, token }).catch(() => undefined);
      }
    },
  };
}

/** GitHub answers a bad code with 200 and an error, which oauth-methods throws with status 400. */
function isRefusal(error: unknown): boolean {
  const status = (error as { status?: unknown }).status;
  return typeof status === 'number' && status >= 400 && status < 500;
}
