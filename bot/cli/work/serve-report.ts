import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PareError } from '@pare/analyzer/model/problem.ts';
import { toHtml } from '@pare/analyzer/report/index.ts';
import { proposalsDocument } from '../../change/proposals.ts';
import type { Installations } from '../../github/app/installations.ts';
import type { WorkerPorts } from '../../github/app/ports.ts';
import { toldBy } from '../../github/chatops/find.ts';
import { handleCommand } from '../../github/chatops/handle.ts';
import type { PlannedRun, RepositoryRef } from '../../github/contract.ts';
import { observe } from '../../github/run/observe.ts';
import { type Access, accessOf, NO_ACCESS, remembered } from '../../github/web/access.ts';
import { githubSignIn } from '../../github/web/github-sign-in.ts';
import { type ReportPorts, reportHandler } from '../../github/web/handler.ts';
import { sealing } from '../../github/web/session.ts';
import { sourcesOfProposals } from '../read-proposals.ts';

export interface ReportServing {
  /** As browsers reach the server. */
  url: string;
  clientId: string;
  clientSecret: string;
  webhookSecret: string;
  baseUrl?: string;
  findings: string;
  installations: Installations;
  ports: Pick<WorkerPorts, 'clock' | 'platform' | 'source' | 'log'> & { queue: WorkerPorts['queue'] };
}

/** How long GitHub's answers about a person hold: who loses access sees nothing more after a minute. */
const ACCESS_SECONDS = 60;
const PLAN_SECONDS = 300;

/**
 * /report. Null without CLIENT_ID and CLIENT_SECRET: then nobody can sign in, and there are no pages.
 * Throws PareError `report-url` where --url is missing or no origin.
 */
export function reportPages(
  given: Omit<ReportServing, 'url' | 'clientId' | 'clientSecret'> & {
    url: string | undefined;
    clientId: string | null;
    clientSecret: string | null;
  },
): ReturnType<typeof reportHandler> | null {
  const { clientId, clientSecret } = given;
  if (clientId === null || clientSecret === null) return null;
  return reportHandler(portsOf({ ...given, clientId, clientSecret, url: originOf(given.url) }));
}

function portsOf(serving: ReportServing): ReportPorts {
  const { ports, installations, findings } = serving;
  const { clock } = ports;
  const now = () => clock.now();
  const jobOf = async (repository: RepositoryRef) => {
    const installation = await installationOf(nameOf(repository));
    if (installation === null) throw new PareError(notInstalled(repository));
    return { repository, installation };
  };
  const installationOf = remembered((name) => installations.of(refOf(name)), {
    seconds: PLAN_SECONDS,
    most: 1000,
    now,
  });
  const accessTo = remembered(
    async (key): Promise<Access> => {
      const [name, login] = key.split(' ') as [string, string];
      const installation = await installationOf(name);
      if (installation === null) return NO_ACCESS;
      const platform = await ports.platform({ ...emptyJob(refOf(name)), installation });
      const [facts, permission] = await Promise.all([platform.facts(), platform.permission(login)]);
      return accessOf(facts.visibility, permission);
    },
    { seconds: ACCESS_SECONDS, most: 10_000, now },
  );
  /** Planning reads the whole tree of the repository: once in a while is enough. */
  const planOf = remembered(
    async (name): Promise<PlannedRun> => {
      const job = { ...emptyJob(refOf(name)), ...(await jobOf(refOf(name))) };
      const platform = await ports.platform(job);
      const { head } = await platform.facts();
      return (await ports.source(job, platform)).plan({ repository: refOf(name), commit: head });
    },
    { seconds: PLAN_SECONDS, most: 20, now },
  );
  const stateOf = async (repository: RepositoryRef) =>
    observe(await ports.platform({ ...emptyJob(repository), ...(await jobOf(repository)) }));

  return {
    clock,
    log: ports.log,
    origin: serving.url,
    sealing: sealing(serving.webhookSecret),
    signIn: githubSignIn({
      clientId: serving.clientId,
      clientSecret: serving.clientSecret,
      ...(serving.baseUrl === undefined ? {} : { baseUrl: serving.baseUrl }),
    }),
    repositories: () => foldersOf(findings),
    access: (repository, login) => accessTo(`${nameOf(repository)} ${login}`),
    async html(repository, viewer) {
      const run = await noFindingsIsNull(planOf(nameOf(repository)));
      if (run === null) return null;
      const { pulls } = await stateOf(repository);
      const open = pulls.filter((one) => one.state === 'open');
      const sources = sourcesOfProposals(proposalsDocument(run.plan, run.document.window)).map((source) => {
        const pull = open.find((one) => toldBy(one).has(source.findingId));
        return pull === undefined ? source : { ...source, pullRequest: pull.url };
      });
      return toHtml(run.document, sources, { url: `/report/${nameOf(repository)}/command`, ...viewer });
    },
    async tell(repository, command, login) {
      const [run, state] = await Promise.all([noFindingsIsNull(planOf(nameOf(repository))), stateOf(repository)]);
      // What only tells changes nothing; who may was asked before.
      const given = { command, by: login, permission: 'write', at: clock.now(), from: 'report', pull: null } as const;
      return handleCommand(given, state, run).reply;
    },
    async put(repository, work) {
      const id = work.kind === 'asked' ? `asked:${work.id}` : `report:${nameOf(repository)}`;
      await ports.queue.put({ ...emptyJob(repository), ...(await jobOf(repository)), id, work });
    },
  };
}

function emptyJob(repository: RepositoryRef) {
  return { id: 'report', repository, installation: null, work: { kind: 'watch' as const }, notBefore: 0, attempts: 0 };
}

async function noFindingsIsNull<T>(promise: Promise<T>): Promise<T | null> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof PareError && error.problem.code === 'no-findings') return null;
    throw error;
  }
}

/** OWNER/REPO of each folder below; what is no folder is no repository. */
async function foldersOf(folder: string): Promise<RepositoryRef[]> {
  const below = async (path: string) =>
    (await readdir(path, { withFileTypes: true }).catch(() => []))
      .filter((one) => one.isDirectory())
      .map((one) => one.name);
  const out: RepositoryRef[] = [];
  for (const owner of await below(folder))
    for (const name of await below(join(folder, owner))) out.push({ owner, name });
  return out;
}

/** Cookies are for https alone, or for this machine; and GitHub sends people back to this address. */
function originOf(url: string | undefined): string {
  const parsed = url === undefined ? null : URL.parse(url);
  const local = parsed !== null && ['localhost', '127.0.0.1', '[::1]'].includes(parsed.hostname);
  if (
    parsed !== null &&
    (parsed.protocol === 'https:' || (local && parsed.protocol === 'http:')) &&
    parsed.pathname === '/'
  )
    return parsed.origin;
  throw new PareError({
    code: 'report-url',
    message:
      url === undefined
        ? 'CLIENT_ID is set, but not where the report is served'
        : '--url is no https address without a path',
    next: 'add --url https://HOST as browsers reach this server, or unset CLIENT_ID to serve no report',
    fault: 'configuration',
  });
}

function notInstalled({ owner, name }: RepositoryRef) {
  return {
    code: 'not-installed',
    message: `the App is not installed in ${owner}/${name}`,
    next: 'install it there',
    fault: 'environment' as const,
  };
}

function nameOf({ owner, name }: RepositoryRef): string {
  return `${owner}/${name}`;
}

function refOf(full: string): RepositoryRef {
  const [owner = '', name = ''] = full.split('/');
  return { owner, name };
}
