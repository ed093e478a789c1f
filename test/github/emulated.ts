import { createEmulator, type Emulator } from 'emulate';
import { type GitHubClient, tokenClient } from '../../bot/github/platform/octokit.ts';
import { createGaps } from './gaps.ts';
import { assertGraphql } from './graphql/validate.ts';
import { assertExchange } from './openapi/validate.ts';

export interface Exchange {
  method: string;
  path: string;
  status: number;
}

export interface Emulated {
  emulator: Emulator;
  exchanges: Exchange[];
  /** A client whose every request and reply is held against GitHub's description. */
  client(token: string): GitHubClient;
  /** The fetch of such a client, for other octokits. */
  fetch: typeof fetch;
  /** The same GitHub for people: nothing is recorded or held against the description. */
  people: typeof fetch;
  /** Pull requests whose trial merge fails. */
  conflicts: Set<number>;
  close(): Promise<void>;
}

/** GitHub by `emulate`, on loopback; where it differs from GitHub's description its replies are mended here, never in the bot. */
export async function emulated(app?: {
  webhookUrl: string;
  webhookSecret: string;
  events: readonly string[];
}): Promise<Emulated> {
  const emulator = await createEmulator({
    service: 'github',
    port: 0,
    seed: {
      tokens: {
        'token-pare': { login: 'pare', scopes: ['repo'] },
        'token-alice': { login: 'alice', scopes: ['repo'] },
        'token-stranger': { login: 'stranger', scopes: ['repo'] },
      },
      github: {
        users: [{ login: 'pare' }, { login: 'alice' }, { login: 'stranger' }],
        repos: [{ owner: 'pare', name: 'infra', auto_init: true }],
        ...(app === undefined ? {} : { apps: [appSeed(app)] }),
      },
    },
  });
  const exchanges: Exchange[] = [];
  const gaps = createGaps(emulator.url);
  const ask = async (...[input, init]: Parameters<typeof fetch>) => {
    const url = new URL(String(input));
    const method = init?.method ?? 'GET';
    const sent = typeof init?.body === 'string' && init.body !== '' ? JSON.parse(init.body) : null;
    const path = decodeURIComponent(url.pathname);
    const { status, body, headers } = await gaps.answer(method, path, sent, input, init);
    headers.delete('content-length');
    if (body !== null) headers.set('content-type', 'application/json; charset=utf-8');
    const answer = new Response(body === null ? null : JSON.stringify(body), { status, headers });
    return { method, path, query: url.searchParams, sent, status, body, answer };
  };
  const checked: typeof fetch = async (...request) => {
    const { method, path, query, sent, status, body, answer } = await ask(...request);
    exchanges.push({ method, path, status });
    if (path === '/graphql') assertGraphql(sent, { status, body });
    else assertExchange({ method, path, query, body: sent }, { status, body });
    return answer;
  };
  return {
    emulator,
    exchanges,
    client: (token) => tokenClient({ token, baseUrl: emulator.url, fetch: checked }),
    fetch: checked,
    people: async (...request) => (await ask(...request)).answer,
    conflicts: gaps.conflicts,
    close: () => emulator.close(),
  };
}

/** The App as .github/app.yml asks for it, installed on everything of its owner. */
function appSeed({
  webhookUrl,
  webhookSecret,
  events,
}: {
  webhookUrl: string;
  webhookSecret: string;
  events: readonly string[];
}) {
  return {
    app_id: 7,
    slug: 'pare',
    name: 'Pare',
    permissions: {
      metadata: 'read',
      contents: 'write',
      pull_requests: 'write',
      checks: 'write',
      issues: 'write',
    },
    events: [...events],
    webhook_url: webhookUrl,
    webhook_secret: webhookSecret,
    installations: [{ installation_id: 100, account: 'pare', repository_selection: 'all' as const }],
  };
}
