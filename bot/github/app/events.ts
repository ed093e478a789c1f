import type { EpochSeconds } from '@pare/analyzer/model/interface.ts';
import { z } from 'zod';
import { CHECK_NAME } from '../checks/judge.ts';
import type { Job, JobWork } from '../contract.ts';
import { BRANCH_PREFIX } from '../platform/pulls.ts';
import { DASHBOARD_LABEL } from '../run/observe.ts';

/** What GitHub is asked to send; app.yml and Probot's subscriptions are tested against it. */
export const EVENTS = [
  'check_run',
  'check_suite',
  'installation',
  'installation_repositories',
  'issue_comment',
  'issues',
  'merge_group',
  'pull_request',
  'pull_request_review',
  'push',
] as const;

const repository = z.object({
  name: z.string(),
  full_name: z.string(),
  owner: z.object({ login: z.string() }).optional(),
  default_branch: z.string().optional(),
});
const pull = z.object({
  number: z.int(),
  head: z.object({ ref: z.string(), repo: z.object({ full_name: z.string() }).nullable() }),
});
const brief = z.object({ number: z.int() });

/** The few fields that are read; everything else of a payload is never looked at. */
const payload = z.object({
  action: z.string().optional(),
  installation: z.object({ id: z.int() }).nullish(),
  repository: repository.optional(),
  repositories: z.array(z.object({ full_name: z.string() })).optional(),
  repositories_added: z.array(z.object({ full_name: z.string() })).optional(),
  sender: z.object({ login: z.string(), type: z.string().optional() }).nullish(),
  issue: z.object({ number: z.int(), labels: z.array(z.object({ name: z.string().nullish() })).nullish() }).optional(),
  comment: z.object({ id: z.int(), body: z.string().nullish() }).optional(),
  pull_request: pull.optional(),
  review: z.object({ state: z.string() }).optional(),
  check_run: z.object({ name: z.string(), pull_requests: z.array(brief).nullish() }).optional(),
  check_suite: z.object({ pull_requests: z.array(brief).nullish() }).optional(),
  merge_group: z.object({ head_ref: z.string(), head_sha: z.string() }).optional(),
  ref: z.string().optional(),
  after: z.string().optional(),
  commits: z
    .array(
      z.object({
        added: z.array(z.string()).optional(),
        modified: z.array(z.string()).optional(),
        removed: z.array(z.string()).optional(),
      }),
    )
    .optional(),
});
type Payload = z.infer<typeof payload>;

/** A burst of pushes is one run. */
const PUSH_PAUSE = 60;
const OF_INTEREST = /(\.(tf|tofu|hcl|tfvars|json|ya?ml|template|tpl|tftpl|csv|txt)|CODEOWNERS)$/i;

/**
 * The jobs that follow from one delivery. Pure; whatever it does not know is nothing. Text from the payload is not trusted for anything
 * but what to look at: each job reads the things themselves again.
 */
export function jobsOf(name: string, delivery: string, data: unknown, now: EpochSeconds): Job[] {
  const parsed = payload.safeParse(data);
  if (!parsed.success) return [];
  const body = parsed.data;
  const installation = body.installation?.id ?? null;
  const make = (full: string, work: JobWork, n: number, at = 0, id = `${delivery}:${n}`): Job[] => {
    const parts = full.split('/');
    if (parts.length !== 2 || parts.some((one) => one === '')) return [];
    const ref = { owner: parts[0]!, name: parts[1]! };
    return [{ id, repository: ref, installation, work, notBefore: at, attempts: 0 }];
  };
  if (name === 'installation' || name === 'installation_repositories')
    return newRepositories(name, body).flatMap((full, n) =>
      make(
        full,
        { kind: 'run', fresh: false, cause: 'installed' },
        n,
        0,
        `installed:${installation}:${full}:${delivery}`,
      ),
    );
  const full = body.repository?.full_name;
  if (full === undefined) return [];
  if (name === 'push') {
    if (!isInteresting(body)) return [];
    const slot = Math.floor(now / PUSH_PAUSE);
    const cause = `push to ${body.repository?.default_branch}`;
    return make(full, { kind: 'run', fresh: false, cause }, 0, now + PUSH_PAUSE, `push:${full}:${slot}`);
  }
  return worksOf(name, body).flatMap((work, n) => make(full, work, n));
}

function newRepositories(name: string, body: Payload): string[] {
  const added = name === 'installation' ? body.repositories : body.repositories_added;
  const wanted = name === 'installation' ? ['created', 'unsuspend', 'new_permissions_accepted'] : ['added'];
  if (!wanted.includes(body.action ?? '')) return [];
  return [...new Set((added ?? []).map((one) => one.full_name))];
}

function isInteresting(body: Payload): boolean {
  if (body.ref !== `refs/heads/${body.repository?.default_branch}` || /^0+$/.test(body.after ?? '0')) return false;
  const paths = (body.commits ?? []).flatMap((one) => [
    ...(one.added ?? []),
    ...(one.modified ?? []),
    ...(one.removed ?? []),
  ]);
  // A forced push or a very large one names no files.
  return paths.length === 0 || paths.some((path) => OF_INTEREST.test(path));
}

function worksOf(name: string, body: Payload): JobWork[] {
  const bot = body.sender?.type === 'Bot';
  switch (name) {
    case 'issue_comment': {
      const { issue, comment } = body;
      if (body.action !== 'created' || bot || issue === undefined || comment === undefined) return [];
      if (!/^\/pare(?!\S)/i.test(comment.body ?? '')) return [];
      return [{ kind: 'comment', issue: issue.number, comment: comment.id }];
    }
    case 'issues': {
      const { issue, sender } = body;
      if (body.action !== 'edited' || bot || issue === undefined || !sender) return [];
      if (!(issue.labels ?? []).some((one) => one.name === DASHBOARD_LABEL)) return [];
      return [{ kind: 'ticks', issue: issue.number, by: sender.login }];
    }
    case 'pull_request':
      return pullWorks(body);
    case 'pull_request_review':
      return body.action === 'submitted' && body.review?.state === 'approved' ? checkOf(body) : [];
    case 'check_run':
      if (body.action !== 'rerequested' || body.check_run?.name !== CHECK_NAME) return [];
      return (body.check_run.pull_requests ?? []).map((one) => ({ kind: 'check', pull: one.number }));
    case 'check_suite':
      if (body.action !== 'rerequested') return [];
      return (body.check_suite?.pull_requests ?? []).map((one) => ({ kind: 'check', pull: one.number }));
    case 'merge_group': {
      // gh-readonly-queue/main/pr-12-<sha>
      const number = /\/pr-(\d{1,9})-[0-9a-f]+$/.exec(body.merge_group?.head_ref ?? '')?.[1];
      if (body.action !== 'checks_requested' || number === undefined) return [];
      return [{ kind: 'check', pull: Number(number), head: body.merge_group!.head_sha }];
    }
    default:
      return [];
  }
}

function pullWorks(body: Payload): JobWork[] {
  const { pull_request: one } = body;
  if (one === undefined || !isOwn(body)) return [];
  switch (body.action) {
    case 'opened':
    case 'closed':
    case 'reopened':
    case 'synchronize':
      return [{ kind: 'pull', pull: one.number, event: body.action }];
    case 'ready_for_review':
    case 'auto_merge_enabled':
    case 'enqueued':
      return checkOf(body);
    default:
      return [];
  }
}

function checkOf(body: Payload): JobWork[] {
  return body.pull_request !== undefined && isOwn(body) ? [{ kind: 'check', pull: body.pull_request.number }] : [];
}

/** One of our branches, in the repository itself: a fork can name its branch as it likes. */
function isOwn({ pull_request: one, repository: repo }: Payload): boolean {
  if (one === undefined || repo === undefined) return false;
  return (
    one.head.ref.startsWith(BRANCH_PREFIX) && one.head.repo?.full_name.toLowerCase() === repo.full_name.toLowerCase()
  );
}
