/** Where the emulator is not GitHub: what it does not know, leaves out, or does otherwise. The bot is never bent to it. */
export interface Gaps {
  answer: Answering;
  /** Pull requests whose trial merge fails; the emulator makes none. */
  conflicts: Set<number>;
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

interface Pull extends Record<string, unknown> {
  number: number;
  node_id: string;
  state: string;
  title: string;
  head: { ref: string; sha: string };
  base: { ref: string };
}

interface Comparison {
  commits: readonly { sha: string }[];
  files: readonly { filename: string; previous_filename?: string; status: string; sha: string }[];
}

/** What GitHub knows of a pull request and the emulator does not; by `/repos/o/r#number`. */
interface Known {
  heads: Map<string, string>;
  merges: Map<string, string>;
  closers: Map<string, unknown>;
  conflicts: ReadonlySet<number>;
}

/** A request to the emulator in the name of whoever asked. */
type Raw = <T>(path: string, method?: string, body?: unknown) => Promise<{ ok: boolean; status: number; body: T }>;

export function createGaps(root: string): Gaps {
  const reactions = new Map<string, number>();
  const known: Known & { conflicts: Set<number> } = {
    heads: new Map(),
    merges: new Map(),
    closers: new Map(),
    conflicts: new Set(),
  };

  const answer: Answering = async (method, path, sent, input, init) => {
    const raw = rawOf(root, init);
    const reaction = /^\/repos\/[^/]+\/[^/]+\/issues\/comments\/\d+\/reactions$/.exec(path);
    if (method === 'POST' && reaction !== null) return reactionTo(`${path} ${String(sent?.content)}`, sent, reactions);
    if (path === '/graphql') return drafting(sent, raw);
    const made = /^(\/repos\/([^/]+)\/[^/]+)\/pulls$/.exec(path);
    if (method === 'POST' && made !== null && (await isOpen(made[1]!, made[2]!, String(sent?.head), raw)))
      return plain(422, {
        message: `Validation Failed: {"resource":"PullRequest","code":"custom","message":"A pull request already exists for ${made[2]}:${String(sent?.head)}."}`,
        documentation_url: 'https://docs.github.com/rest/pulls/pulls#create-a-pull-request',
      });
    const one = /^(\/repos\/[^/]+\/[^/]+)\/pulls\/(\d+)(\/merge)?$/.exec(path);
    if (method === 'PUT' && one?.[3] !== undefined) return merge(one[1]!, Number(one[2]), known, raw);
    if (method === 'PATCH' && one !== null && sent?.state === 'closed') {
      await withHead(one[1]!, (await raw<Pull>(`${one[1]}/pulls/${one[2]}`)).body, known, raw);
      known.closers.set(`${one[1]}#${one[2]}`, (await raw(`/user`)).body);
    }

    const response = await fetch(input, init);
    const text = await response.text();
    const given: Answer = {
      status: response.status,
      body: text === '' ? null : JSON.parse(text),
      headers: new Headers(response.headers),
    };
    if (method === 'DELETE' && /\/git\/refs\//.test(path) && given.status === 404)
      return plain(422, { message: 'Reference does not exist', documentation_url: 'https://docs.github.com/rest' });
    if (method === 'POST' && path.endsWith('/requested_reviewers') && given.status === 200) given.status = 201;
    const body = method === 'GET' ? await truth(path, input, given, known, raw) : given.body;
    return { ...given, status: body === given.body ? given.status : 200, body: mended(body) };
  };
  return { answer, conflicts: known.conflicts };
}

function rawOf(root: string, init: RequestInit | undefined): Raw {
  const authorization = new Headers(init?.headers).get('authorization') ?? '';
  return async (path, method = 'GET', body = undefined) => {
    const response = await fetch(`${root}${path}`, {
      method,
      headers: { authorization, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { ok: response.ok, status: response.status, body: text === '' ? null : JSON.parse(text) };
  };
}

function plain(status: number, body: unknown): Answer {
  return { status, body, headers: new Headers() };
}

/** The same reaction twice is one. */
function reactionTo(key: string, sent: Record<string, unknown> | null, reactions: Map<string, number>): Answer {
  const known = reactions.has(key);
  if (!known) reactions.set(key, reactions.size + 1);
  const id = reactions.get(key)!;
  return plain(known ? 200 : 201, {
    id,
    node_id: `R_${id}`,
    user: null,
    content: sent?.content,
    created_at: '2026-01-01T00:00:00Z',
  });
}

/** The last who changed a file is blamed for all of it. */
async function blaming(variables: unknown, raw: Raw): Promise<Answer> {
  const { owner, name, oid, path } = variables as Record<string, string>;
  const { body } = await raw<{ author: { login: string } | null }[]>(
    `/repos/${owner}/${name}/commits?sha=${oid}&path=${path}`,
  );
  const login = body[0]?.author?.login;
  const commit = { author: { user: login === undefined ? null : { login } } };
  const ranges = [{ startingLine: 1, endingLine: 10_000, commit }];
  return plain(200, { data: { repository: { object: { blame: { ranges } } } } });
}

/** GraphQL, as far as it is used: whose lines they are, and turning a pull request to a draft and back. The emulator takes that by REST, which GitHub does not. */
async function drafting(sent: Record<string, unknown> | null, raw: Raw): Promise<Answer> {
  if (String(sent?.query).includes('blame(path:')) return blaming(sent?.variables, raw);
  const { id } = (sent?.variables ?? {}) as { id: string };
  const draft = String(sent?.query).includes('convertPullRequestToDraft');
  const { body: all } = await raw<Pull[]>('/repos/pare/infra/pulls?state=all&per_page=100');
  const pull = all.find((one) => one.node_id === id);
  if (pull === undefined) return plain(200, { data: null, errors: [{ type: 'NOT_FOUND', message: 'no such node' }] });
  await raw(`/repos/pare/infra/pulls/${pull.number}`, 'PATCH', { draft });
  const field = draft ? 'convertPullRequestToDraft' : 'markPullRequestReadyForReview';
  return plain(200, { data: { [field]: { pullRequest: { isDraft: draft } } } });
}

async function isOpen(repo: string, owner: string, head: string, raw: Raw): Promise<boolean> {
  const { body } = await raw<Pull[]>(`${repo}/pulls?state=open&head=${owner}:${head}`);
  return body.some((one) => one.head.ref === head);
}

/**
 * The emulator merges what the branch was when the pull request was opened, onto what the base was then, and so throws away what came to
 * either since. Here: a merge commit of both tips, with the files that the branch changed.
 */
async function merge(repo: string, number: number, known: Known, raw: Raw): Promise<Answer> {
  const pull = await withHead(repo, (await raw<Pull>(`${repo}/pulls/${number}`)).body, known, raw);
  const tip = (await raw<{ object: { sha: string } }>(`${repo}/git/ref/heads/${pull.base.ref}`)).body.object.sha;
  const base = (await raw<{ tree: { sha: string } }>(`${repo}/git/commits/${tip}`)).body;
  const { body: comparison } = await raw<Comparison>(`${repo}/compare/${tip}...${pull.head.sha}`);
  const tree = comparison.files.map(({ filename, status, sha }) => ({
    path: filename,
    mode: '100644',
    type: 'blob',
    sha: status === 'removed' ? null : sha,
  }));
  const done = await raw<{ message: string }>(`${repo}/pulls/${number}/merge`, 'PUT', {});
  if (!done.ok) return plain(done.status, done.body);
  const merged = await raw<{ sha: string }>(`${repo}/git/trees`, 'POST', { base_tree: base.tree.sha, tree });
  const commit = await raw<{ sha: string }>(`${repo}/git/commits`, 'POST', {
    message: `Merge pull request #${number}\n\n${pull.title}`,
    tree: merged.body.sha,
    parents: [tip, pull.head.sha],
  });
  const { sha } = commit.body;
  await raw(`${repo}/git/refs/heads/${pull.base.ref}`, 'PATCH', { sha, force: true });
  known.merges.set(`${repo}#${number}`, sha);
  return plain(200, { sha, merged: true, message: 'Pull Request successfully merged' });
}

/** The tip of its branch while it is open, and where that was last when it is not: the emulator keeps the first one for good. */
async function withHead(repo: string, pull: Pull, known: Known, raw: Raw): Promise<Pull> {
  const key = `${repo}#${pull.number}`;
  if (pull.state === 'open') {
    const ref = await raw<{ object?: { sha: string } }>(`${repo}/git/ref/heads/${pull.head.ref}`);
    if (ref.body.object !== undefined) known.heads.set(key, ref.body.object.sha);
  }
  const merged = known.merges.get(key);
  return {
    ...pull,
    head: { ...pull.head, sha: known.heads.get(key) ?? pull.head.sha },
    ...(merged === undefined ? {} : { merge_commit_sha: merged }),
    ...(known.conflicts.has(pull.number) ? { mergeable: false } : {}),
  };
}

/** An answer to a question, as GitHub would give it. */
async function truth(
  path: string,
  input: Parameters<typeof fetch>[0],
  { status, body }: Answer,
  known: Known,
  raw: Raw,
): Promise<unknown> {
  const issue = /^(\/repos\/[^/]+\/[^/]+)\/issues\/(\d+)$/.exec(path);
  if (issue !== null && status === 404) {
    // At GitHub every pull request is an issue too, and only the issue says who closed it.
    const pull = await raw<Pull>(`${issue[1]}/pulls/${issue[2]}`);
    return pull.ok ? issueOf(pull.body, known.closers.get(`${issue[1]}#${issue[2]}`) ?? null) : body;
  }
  if (status !== 200) return body;
  if (path === '/app') return { ...(body as object), owner: (await raw('/users/pare')).body };
  const pulls = /^(\/repos\/[^/]+\/[^/]+)\/pulls(?:\/(\d+)(\/commits)?)?$/.exec(path);
  if (pulls !== null) {
    const repo = pulls[1]!;
    if (Array.isArray(body) && pulls[2] === undefined)
      return Promise.all((body as Pull[]).map((one) => withHead(repo, one, known, raw)));
    if (pulls[3] === undefined) return withHead(repo, body as Pull, known, raw);
    const pull = await withHead(repo, (await raw<Pull>(`${repo}/pulls/${pulls[2]}`)).body, known, raw);
    const { body: comparison } = await raw<Comparison>(`${repo}/compare/${pull.base.ref}...${pull.head.sha}`);
    const query = new URL(String(input)).searchParams;
    const [size, page] = [Number(query.get('per_page') ?? 30), Number(query.get('page') ?? 1)];
    return comparison.commits.slice((page - 1) * size, page * size);
  }
  if (path.endsWith('/permission')) {
    const { permission } = body as { permission: string };
    return { ...(body as object), permission: { push: 'write', pull: 'read' }[permission] ?? permission };
  }
  return body;
}

function issueOf(pull: Pull, closer: unknown): Record<string, unknown> {
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
    closed_by: pull.state === 'closed' ? closer : null,
  };
}

/** Fields of GitHub's answers that the emulator leaves out. */
function mended(body: unknown): unknown {
  if (Array.isArray(body)) return body.map((one) => mended(one));
  if (typeof body !== 'object' || body === null) return body;
  const out: Record<string, unknown> = Object.fromEntries(
    Object.entries(body).map(([name, value]) => [name, mended(value)]),
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
  return out;
}
