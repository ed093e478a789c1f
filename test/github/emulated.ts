import { createEmulator, type Emulator } from 'emulate';
import { type GitHubClient, tokenClient } from '../../bot/github/platform/octokit.ts';
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
  const checked: typeof fetch = async (input, init) => {
    const url = new URL(String(input));
    const method = init?.method ?? 'GET';
    const sent = typeof init?.body === 'string' && init.body !== '' ? JSON.parse(init.body) : null;
    const path = decodeURIComponent(url.pathname);
    const { status, body, headers } = await gaps(method, path, sent, input, init);
    exchanges.push({ method, path, status });
    // GraphQL is described elsewhere; the platform uses it for drafts only.
    if (path !== '/graphql') assertExchange({ method, path, query: url.searchParams, body: sent }, { status, body });
    headers.delete('content-length');
    if (body !== null) headers.set('content-type', 'application/json; charset=utf-8');
    return new Response(body === null ? null : JSON.stringify(body), { status, headers });
  };
  return {
    emulator,
    exchanges,
    client: (token) => tokenClient({ token, baseUrl: emulator.url, fetch: checked }),
    fetch: checked,
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

interface Answer {
  status: number;
  body: unknown;
  headers: Headers;
}

type Answering = (
  method: string,
  path: string,
  sent: Record<string, unknown> | null,
  input: Parameters<typeof fetch>[0],
  init: RequestInit | undefined,
) => Promise<Answer>;

/** Where the emulator is not GitHub: fields that are missing, duplicates that it allows, reactions and drafts that it does not know. */
function createGaps(root: string): Answering {
  const reactions = new Map<string, number>();
  const drafts = new Map<string, boolean>();
  const answer = (status: number, body: unknown): Answer => ({ status, body, headers: new Headers() });
  const plain: Answering = async (_method, _path, _sent, input, init) => {
    const response = await fetch(input, init);
    const text = await response.text();
    return {
      status: response.status,
      body: text === '' ? null : JSON.parse(text),
      headers: new Headers(response.headers),
    };
  };
  return async (method, path, sent, input, init) => {
    const reaction = /^\/repos\/[^/]+\/[^/]+\/issues\/comments\/\d+\/reactions$/.exec(path);
    if (method === 'POST' && reaction !== null) {
      const key = `${path} ${sent?.content}`;
      const known = reactions.has(key);
      if (!known) reactions.set(key, reactions.size + 1);
      const id = reactions.get(key)!;
      return answer(known ? 200 : 201, {
        id,
        node_id: `R_${id}`,
        user: null,
        content: sent?.content,
        created_at: '2026-01-01T00:00:00Z',
      });
    }
    if (path === '/graphql') {
      const { id } = (sent?.variables ?? {}) as { id: string };
      drafts.set(id, String(sent?.query).includes('convertPullRequestToDraft'));
      return answer(200, { data: { any: { pullRequest: { isDraft: drafts.get(id) } } } });
    }
    const pulls = /^\/repos\/([^/]+)\/[^/]+\/pulls$/.exec(path);
    if (method === 'POST' && pulls !== null) {
      const headers = new Headers(init?.headers);
      headers.delete('content-length');
      const open = await fetch(`${root}${path}?state=open&head=${pulls[1]}:${sent?.head}`, { headers });
      const found = (await open.json()) as { head: { ref: string } }[];
      if (found.some((one) => one.head.ref === sent?.head))
        return answer(422, {
          message: `Validation Failed: {"resource":"PullRequest","code":"custom","message":"A pull request already exists for ${pulls[1]}:${sent?.head}."}`,
          documentation_url: 'https://docs.github.com/rest/pulls/pulls#create-a-pull-request',
        });
    }
    const given = await plain(method, path, sent, input, init);
    const issue = /^(\/repos\/[^/]+\/[^/]+)\/issues\/(\d+)$/.exec(path);
    if (method === 'GET' && issue !== null && given.status === 404) {
      // At GitHub every pull request is an issue too, and only the issue says who closed it: here its author did.
      const pull = await fetch(`${root}${issue[1]}/pulls/${issue[2]}`, { headers: new Headers(init?.headers) });
      if (pull.ok) return answer(200, mended(issueOf((await pull.json()) as Record<string, unknown>), drafts));
    }
    const commits = /^(\/repos\/[^/]+\/[^/]+)\/pulls\/\d+\/commits$/.exec(path);
    if (commits !== null && Array.isArray(given.body)) {
      // GitHub leaves out what the base has.
      const base = await fetch(`${root}${commits[1]}/commits?sha=main&per_page=100`, {
        headers: new Headers(init?.headers),
      });
      const known = new Set(((await base.json()) as { sha: string }[]).map((one) => one.sha));
      given.body = given.body.filter((one: { sha: string }) => !known.has(one.sha));
    }
    if (method === 'DELETE' && /\/git\/refs\//.test(path) && given.status === 404)
      return answer(422, { message: 'Reference does not exist', documentation_url: 'https://docs.github.com/rest' });
    if (method === 'POST' && path.endsWith('/requested_reviewers') && given.status === 200) given.status = 201;
    return { ...given, body: mended(given.body, drafts) };
  };
}

function issueOf(pull: Record<string, unknown>): Record<string, unknown> {
  const url = String(pull.url).replace('/pulls/', '/issues/');
  return {
    ...pull,
    url,
    repository_url: url.replace(/\/issues\/.*/, ''),
    labels_url: `${url}/labels{/name}`,
    comments_url: `${url}/comments`,
    events_url: `${url}/events`,
    comments: 0,
    pull_request: { url: pull.url, html_url: pull.html_url, diff_url: pull.diff_url, patch_url: pull.patch_url },
    closed_by: pull.state === 'closed' ? pull.user : null,
  };
}

/** Fields of GitHub's answers that the emulator leaves out. */
function mended(body: unknown, drafts: ReadonlyMap<string, boolean>): unknown {
  if (Array.isArray(body)) return body.map((one) => mended(one, drafts));
  if (typeof body !== 'object' || body === null) return body;
  const out: Record<string, unknown> = Object.fromEntries(
    Object.entries(body).map(([name, value]) => [name, mended(value, drafts)]),
  );
  if ('full_name' in out && 'default_branch' in out) Object.assign(out, { subscribers_count: 0, network_count: 0 });
  const { tree } = out as { tree?: { url?: string } };
  if ('message' in out && tree !== undefined && !Array.isArray(tree))
    out.tree = { url: 'https://api.github.test/tree', ...tree };
  // A label's description may be null in one schema and not in another.
  if ('color' in out && out.description === null) out.description = '';
  if ('annotations_count' in out) out.annotations_url = 'https://api.github.test/annotations';
  if ('permission' in out && 'user' in out && 'role_name' in out)
    out.user = { ...(out.user as object), role_name: out.role_name };
  if ('draft' in out && drafts.has(String(out.node_id))) out.draft = drafts.get(String(out.node_id));
  return out;
}
