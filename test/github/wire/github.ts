import { gunzipSync } from 'node:zlib';
import type { CheckRunRecord, CommitRecord, PullRequestRecord } from '../../../bot/github/contract.ts';
import { blobId } from '../../../bot/github/platform/blob.ts';
import type { FakeRepository } from '../fake-platform.ts';
import { assertGraphql } from '../graphql/validate.ts';
import { assertExchange, operationOf } from '../openapi/validate.ts';
import { fill } from './fill.ts';

export interface Asked {
  method: string;
  /** Decoded. */
  path: string;
  query: URLSearchParams;
  body: Record<string, unknown> | null;
}

export interface Told {
  status: number;
  body: unknown;
}

/** A route: how it is asked for, and what of GitHub's answer is told by the repository. */
type Route = [
  method: string,
  pattern: RegExp,
  tell: (asked: Asked & { body: Record<string, unknown> }, parts: string[]) => Told | Promise<Told>,
];

const DOCS = 'https://docs.github.com/rest';
const no = (status: number, message: string): Told => ({ status, body: { message, documentation_url: DOCS } });
const ok = (body: unknown, status = 200): Told => ({ status, body });
const iso = (at: number | null): string | null => (at === null ? null : new Date(at * 1000).toISOString());

/**
 * The fake repository as GitHub's REST API, as far as the App uses it. Each request and each reply is held against GitHub's description;
 * what the repository does not know is filled in from there.
 */
export function createWire(repository: FakeRepository): (asked: Asked) => Promise<Told> {
  const routes = [
    ...gitRoutes(repository),
    ...pullRoutes(repository),
    ...issueRoutes(repository),
    ...otherRoutes(repository),
  ];
  return async (asked) => {
    const { method, path, query, body } = asked;
    const repo = `/repos/acme/infra`;
    const at = path.toLowerCase().startsWith(repo) ? path.slice(repo.length) : `=${path}`;
    for (const [wanted, pattern, tell] of routes) {
      const found = method === wanted ? pattern.exec(at) : null;
      if (found === null) continue;
      const told = await tell({ ...asked, body: body ?? {} }, found.slice(1));
      if (path === '/graphql') {
        assertGraphql(body, told);
        return told;
      }
      const schema = operationOf(method, path)?.responses[String(told.status)];
      const reply = { ...told, body: schema === null || schema === undefined ? told.body : fill(schema, told.body) };
      assertExchange({ method, path, query, body }, reply);
      return reply;
    }
    throw new Error(`${method} ${path} is no route of the fake`);
  };
}

function page<T>(all: readonly T[], query: URLSearchParams): T[] {
  const size = Number(query.get('per_page') ?? 30);
  const at = Number(query.get('page') ?? 1);
  return all.slice((at - 1) * size, at * size);
}

function gitRoutes(repository: FakeRepository): Route[] {
  const { branches, files, commits } = repository;
  const trees = new Map<string, ReadonlyMap<string, string>>();
  const treeAt = (sha: string) => {
    const commit = files.get(sha);
    if (commit !== undefined) return commit;
    const known = trees.get(sha);
    if (known !== undefined) return known;
    const found = [...commits.values()].find((one) => one.tree === sha);
    return found === undefined ? undefined : files.get(found.sha);
  };
  const ref = (name: string) => ({
    ref: `refs/heads/${name}`,
    node_id: 'n',
    url: 'u',
    object: { type: 'commit', sha: branches.get(name), url: 'u' },
  });
  return [
    ['GET', /^\/git\/ref\/heads\/(.+)$/, (_, [name]) => (branches.has(name!) ? ok(ref(name!)) : no(404, 'Not Found'))],
    [
      'GET',
      /^\/git\/matching-refs\/heads\/(.*)$/,
      (_, [prefix]) => ok([...branches.keys()].filter((one) => one.startsWith(prefix!)).map(ref)),
    ],
    [
      'POST',
      /^\/git\/refs$/,
      ({ body }) => {
        const name = String(body.ref).replace('refs/heads/', '');
        if (branches.has(name)) return no(422, 'Reference already exists');
        repository.writes.push('createBranch');
        branches.set(name, String(body.sha));
        return ok(ref(name), 201);
      },
    ],
    [
      'PATCH',
      /^\/git\/refs\/heads\/(.+)$/,
      async ({ body }, [name]) => {
        const tip = branches.get(name!);
        if (tip === undefined) return no(422, 'Reference does not exist');
        await repository.platform().moveBranch(name!, String(body.sha), tip);
        return ok(ref(name!));
      },
    ],
    [
      'DELETE',
      /^\/git\/refs\/heads\/(.+)$/,
      async (_, [name]) => {
        if (!branches.has(name!)) return no(422, 'Reference does not exist');
        await repository.platform().deleteBranch(name!);
        return { status: 204, body: null };
      },
    ],
    [
      'GET',
      /^\/git\/trees\/(\w+)$/,
      (_, [sha]) => {
        const all = treeAt(sha!);
        if (all === undefined) return no(404, 'Not Found');
        const tree = [...all].map(([path, text]) => ({
          path,
          mode: '100644',
          type: 'blob',
          sha: blobId(Buffer.from(text)),
          size: Buffer.byteLength(text),
        }));
        return ok({ sha, truncated: false, tree });
      },
    ],
    [
      'GET',
      /^\/git\/blobs\/(\w+)$/,
      (_, [sha]) => {
        const text = [...files.values()]
          .flatMap((one) => [...one.values()])
          .find((one) => blobId(Buffer.from(one)) === sha);
        if (text === undefined) return no(404, 'Not Found');
        return ok({ sha, content: Buffer.from(text).toString('base64'), encoding: 'base64', size: text.length });
      },
    ],
    [
      'POST',
      /^\/git\/trees$/,
      ({ body }) => {
        const all = new Map(treeAt(String(body.base_tree))!);
        for (const one of body.tree as { path: string; content: string }[]) all.set(one.path, one.content);
        const sha = repository.treeOf(all);
        trees.set(sha, all);
        return ok({ sha, truncated: false, tree: [] }, 201);
      },
    ],
    [
      'POST',
      /^\/git\/commits$/,
      ({ body }) => {
        repository.writes.push('makeCommit');
        const all = new Map(treeAt(String(body.tree))!);
        const sha = repository.commitFiles(all, body.parents as string[], String(body.message), repository.viewer);
        return ok({ sha, message: body.message, tree: { sha: body.tree } }, 201);
      },
    ],
    [
      'GET',
      /^\/contents\/(.+)$/,
      ({ query }, [path]) => {
        const at = query.get('ref') ?? 'main';
        const text = files.get(branches.get(at) ?? at)?.get(path!);
        if (text === undefined) return no(404, 'Not Found');
        const content = Buffer.from(text).toString('base64');
        return ok({ type: 'file', encoding: 'base64', content, path, name: path, size: text.length, sha: 's' });
      },
    ],
    [
      'GET',
      /^\/commits\/(\w+)$/,
      async ({ query }, [sha]) => {
        const commit = commits.get(branches.get(sha!) ?? sha!);
        if (commit === undefined) return no(404, 'Not Found');
        const changed = await repository.platform().changedPaths(commit.sha);
        const list = changed.map((filename) => ({ filename, status: 'modified', sha: 's' }));
        return ok({ ...commitOf(commit), files: page(list, query) });
      },
    ],
  ];
}

function commitOf({ sha, parents, tree, message, author, authorName }: CommitRecord) {
  return {
    sha,
    parents: parents.map((one) => ({ sha: one, url: 'u' })),
    author: author === null ? null : { login: author },
    commit: { message, tree: { sha: tree, url: 'u' }, author: { name: authorName, email: 'e', date: iso(0) } },
  };
}

function pullRoutes(repository: FakeRepository): Route[] {
  const record = (number: number) => repository.platform().pull(number);
  const shown = (pull: PullRequestRecord) => ({
    number: pull.number,
    node_id: `PR_${pull.number}`,
    html_url: pull.url,
    title: pull.title,
    body: pull.body,
    state: pull.state === 'open' ? 'open' : 'closed',
    draft: pull.draft,
    head: { ref: pull.branch, sha: pull.head, label: `acme:${pull.branch}`, repo: { full_name: 'acme/infra' } },
    base: { ref: pull.base, sha: 's', label: `acme:${pull.base}` },
    labels: pull.labels.map((name) => ({ name })),
    requested_reviewers: pull.reviewers.filter((one) => !one.startsWith('team:')).map((login) => ({ login })),
    requested_teams: pull.reviewers.filter((one) => one.startsWith('team:')).map((one) => ({ slug: one.slice(5) })),
    created_at: iso(pull.createdAt),
    updated_at: iso(Math.max(pull.createdAt, pull.closedAt ?? 0, pull.mergedAt ?? 0)),
    closed_at: iso(pull.closedAt ?? pull.mergedAt),
    merged_at: iso(pull.mergedAt),
    merge_commit_sha: pull.mergeCommit,
    mergeable: pull.mergeable === 'unknown' ? null : pull.mergeable === 'clean',
  });
  return [
    [
      'GET',
      /^\/pulls$/,
      async ({ query }) => {
        const state = query.get('state') ?? 'open';
        const head = query.get('head');
        const all = (await repository.platform().pulls()).filter(
          (one) =>
            (state === 'all' || (one.state === 'open') === (state === 'open')) &&
            (head === null || head === `acme:${one.branch}`),
        );
        return ok(page(all.map(shown), query));
      },
    ],
    [
      'POST',
      /^\/pulls$/,
      async ({ body }) => {
        const { head, base, title, body: text, draft } = body as Record<string, never>;
        const made = await repository
          .platform()
          .createPull({ branch: head!, base: base!, title: title!, body: text!, draft: draft! });
        if (made.state === 'exists')
          return {
            status: 422,
            body: {
              message: `Validation Failed: "A pull request already exists for acme:${String(head)}."`,
              documentation_url: DOCS,
            },
          };
        return ok(shown(made.pull), 201);
      },
    ],
    [
      'GET',
      /^\/pulls\/(\d+)$/,
      async (_, [number]) => {
        const pull = await record(Number(number));
        return pull === null ? no(404, 'Not Found') : ok(shown(pull));
      },
    ],
    [
      'PATCH',
      /^\/pulls\/(\d+)$/,
      async ({ body }, [number]) => {
        await repository.platform().updatePull(Number(number), body);
        return ok(shown((await record(Number(number)))!));
      },
    ],
    [
      'GET',
      /^\/pulls\/(\d+)\/commits$/,
      async ({ query }, [number]) => ok(page((await record(Number(number)))!.commits.map(commitOf), query)),
    ],
    [
      'POST',
      /^\/pulls\/(\d+)\/requested_reviewers$/,
      async ({ body }, [number]) => {
        const { reviewers = [], team_reviewers: teams = [] } = body as Record<string, string[]>;
        const names = [...reviewers, ...teams.map((one) => `team:${one}`)];
        await repository.platform().requestReviewers(Number(number), names);
        return ok(shown((await record(Number(number)))!), 201);
      },
    ],
    [
      'POST',
      /^=\/graphql$/,
      async ({ body }) => {
        if (String(body.query).includes('blame(path:')) {
          const { path } = body.variables as { path: string };
          const ranges = (repository.blames.get(path) ?? []).map(({ from, to, login }) => ({
            startingLine: from,
            endingLine: to,
            commit: { author: { user: login === null ? null : { login } } },
          }));
          return ok({ data: { repository: { object: { blame: { ranges } } } } });
        }
        const { id } = body.variables as { id: string };
        const draft = String(body.query).includes('convertPullRequestToDraft');
        await repository.platform().setDraft(Number(id.slice(3)), draft);
        const field = draft ? 'convertPullRequestToDraft' : 'markPullRequestReadyForReview';
        return ok({ data: { [field]: { pullRequest: { isDraft: draft } } } });
      },
    ],
  ];
}

function issueRoutes(repository: FakeRepository): Route[] {
  const { issues, viewer } = repository;
  const shown = (number: number) => {
    const pull = repository.pulls.find((one) => one.number === number);
    const one = pull ?? issues.find((issue) => issue.number === number);
    if (one === undefined) return null;
    return {
      number,
      html_url: one.url,
      title: one.title,
      body: one.body,
      state: one.state === 'open' ? 'open' : 'closed',
      labels: one.labels.map((name) => ({ name })),
      user: { login: viewer },
      closed_by: pull === undefined || pull.closedBy === null ? null : { login: pull.closedBy },
      ...(pull === undefined ? {} : { pull_request: { url: 'u', html_url: 'u', diff_url: 'u', patch_url: 'u' } }),
    };
  };
  const comment = (one: { id: number; body: string; author: string | null; createdAt: number }) => ({
    id: one.id,
    body: one.body,
    user: one.author === null ? null : { login: one.author },
    created_at: iso(one.createdAt),
  });
  const found = (number: number) => {
    const one = shown(number);
    return one === null ? no(404, 'Not Found') : ok(one);
  };
  return [
    [
      'GET',
      /^\/issues$/,
      ({ query }) => {
        const label = query.get('labels');
        const all = [...repository.pulls, ...issues].filter((one) => label === null || one.labels.includes(label));
        return ok(
          page(
            all.map((one) => shown(one.number)),
            query,
          ),
        );
      },
    ],
    [
      'POST',
      /^\/issues$/,
      async ({ body }) => {
        const { title, body: text, labels } = body as { title: string; body: string; labels: string[] };
        const made = await repository.platform().createIssue({ title, body: text, labels });
        return ok(shown(made.number), 201);
      },
    ],
    ['GET', /^\/issues\/(\d+)$/, (_, [number]) => found(Number(number))],
    [
      'PATCH',
      /^\/issues\/(\d+)$/,
      async ({ body }, [number]) => {
        await repository.platform().updateIssue(Number(number), body);
        return found(Number(number));
      },
    ],
    [
      'GET',
      /^\/issues\/(\d+)\/comments$/,
      ({ query }, [number]) => ok(page(repository.commentsOf(Number(number)).map(comment), query)),
    ],
    [
      'POST',
      /^\/issues\/(\d+)\/comments$/,
      async ({ body }, [number]) =>
        ok(comment(await repository.platform().createComment(Number(number), String(body.body))), 201),
    ],
    [
      'PATCH',
      /^\/issues\/comments\/(\d+)$/,
      async ({ body }, [id]) => {
        await repository.platform().updateComment(Number(id), String(body.body));
        return ok({ id: Number(id), body: body.body });
      },
    ],
    [
      'POST',
      /^\/issues\/comments\/(\d+)\/reactions$/,
      async ({ body }, [id]) => {
        await repository.platform().react(Number(id), body.content as never);
        return ok({ id: 1, content: body.content }, 201);
      },
    ],
    [
      'POST',
      /^\/issues\/(\d+)\/labels$/,
      async ({ body }, [number]) => {
        await repository.platform().addLabels(Number(number), body.labels as string[]);
        return ok([]);
      },
    ],
  ];
}

function otherRoutes(repository: FakeRepository): Route[] {
  const check = (one: CheckRunRecord) => ({
    id: one.id,
    name: one.name,
    head_sha: one.head,
    status: one.status,
    conclusion: one.conclusion,
    external_id: one.externalId,
    output: { title: one.title, summary: one.summary, text: null, annotations_count: 0, annotations_url: 'u' },
  });
  const write = async (body: Record<string, unknown>, head: string, id?: number) => {
    const output = body.output as { title: string; summary: string };
    const record = await repository.platform().writeCheck(
      {
        name: String(body.name),
        head,
        status: body.status as never,
        ...(body.conclusion === undefined ? {} : { conclusion: body.conclusion as never }),
        title: output.title,
        summary: output.summary,
        annotations: [],
        externalId: String(body.external_id),
      },
      id,
    );
    return check(record);
  };
  const shown = () => {
    const { defaultBranch, visibility, archived } = repository.facts;
    return {
      name: 'infra',
      full_name: 'acme/infra',
      owner: { login: 'acme' },
      default_branch: defaultBranch,
      visibility,
      private: visibility !== 'public',
      archived,
    };
  };
  return [
    ['GET', /^$/, () => ok(shown())],
    [
      'GET',
      /^\/commits\/(\w+)\/check-runs$/,
      ({ query }, [sha]) => {
        const name = query.get('check_name');
        const all = repository.checks.filter((one) => one.head === sha && (name === null || one.name === name));
        // As GitHub by default: the latest of each name.
        const latest = all.length === 0 ? [] : [all.reduce((a, b) => (a.id > b.id ? a : b))];
        return ok({ total_count: latest.length, check_runs: latest.map(check) });
      },
    ],
    [
      'GET',
      /^\/code-scanning\/analyses$/,
      () =>
        repository.sarifs.length === 0
          ? no(404, 'no analysis found')
          : ok(
              [...repository.sarifs]
                .reverse()
                .slice(0, 1)
                .map(({ commit, text }) => {
                  const log = JSON.parse(text) as { runs: { tool: { driver: { name: string; version: string } } }[] };
                  const { name, version } = log.runs[0]!.tool.driver;
                  return { commit_sha: commit, tool: { name, version, guid: null } };
                }),
            ),
    ],
    [
      'POST',
      /^\/code-scanning\/sarifs$/,
      ({ body }) => {
        repository.writes.push('uploadSarif');
        const text = gunzipSync(Buffer.from(String(body.sarif), 'base64')).toString('utf8');
        repository.sarifs.push({ commit: String(body.commit_sha), ref: String(body.ref), text });
        return ok({ id: 'x', url: 'u' }, 202);
      },
    ],
    ['POST', /^\/check-runs$/, async ({ body }) => ok(await write(body, String(body.head_sha)), 201)],
    [
      'PATCH',
      /^\/check-runs\/(\d+)$/,
      async ({ body }, [id]) => {
        const known = repository.checks.find((one) => one.id === Number(id))!;
        return ok(await write(body, known.head, known.id));
      },
    ],
    [
      'GET',
      /^\/collaborators\/([^/]+)\/permission$/,
      (_, [login]) => {
        const permission = repository.permissions.get(login!) ?? 'none';
        return ok({ permission, role_name: permission, user: { login } });
      },
    ],
    ['GET', /^=\/user$/, () => ok({ login: repository.viewer })],
    ['GET', /^=\/app$/, () => ok({ slug: repository.viewer.replace('[bot]', ''), owner: { login: 'acme' } })],
    ['GET', /^=\/app\/installations$/, ({ query }) => ok(page([{ id: 1, account: { login: 'acme' } }], query))],
    ['GET', /^=\/installation\/repositories$/, () => ok({ total_count: 1, repositories: [shown()] })],
    [
      'POST',
      /^=\/app\/installations\/\d+\/access_tokens$/,
      () => ok({ token: 'ghs_fake', expires_at: '2099-01-01T00:00:00Z', permissions: {} }, 201),
    ],
  ];
}

/** The wire as a fetch, for octokits. */
export function wireFetch(answer: (asked: Asked) => Promise<Told>): typeof fetch {
  return async (input, init) => {
    const url = new URL(String(input));
    const { status, body } = await answer({
      method: init?.method ?? 'GET',
      path: decodeURIComponent(url.pathname),
      query: url.searchParams,
      body: typeof init?.body === 'string' && init.body !== '' ? JSON.parse(init.body) : null,
    });
    return new Response(body === null ? null : JSON.stringify(body), {
      status,
      headers: { 'content-type': 'application/json; charset=utf-8' },
    });
  };
}
