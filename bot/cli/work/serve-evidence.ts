import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { type Finding, findingsDocumentSchema } from '@pare/analyzer/model/finding.ts';
import { PareError } from '@pare/analyzer/model/problem.ts';
import type { RefusedFlow } from '@pare/analyzer/model/refused.ts';
import { z } from 'zod';
import { checkout } from '../../github/app/checkout.ts';
import type { Installations } from '../../github/app/installations.ts';
import type { Evidence } from '../../github/app/ports.ts';
import type { Clock, Job, PlanSource, RepositoryRef } from '../../github/contract.ts';
import { asked } from '../../github/run/asked.ts';
import { writeAtomic } from '../atomic.ts';
import { makePlan } from '../make-plan.ts';
import type { Runtime } from '../runtime.ts';

const flow = z.object({
  interfaceId: z.string(),
  groups: z.array(z.string()),
  opened: z.enum(['inbound', 'outbound', 'unknown']),
  protocol: z.int(),
  localPort: z.int().nullable(),
  peerPort: z.int().nullable(),
  peer: z.string(),
  peerPacket: z.string().nullable(),
  records: z.int(),
  packets: z.int(),
  first: z.number(),
  last: z.number(),
});

export interface EvidenceFolder {
  /** `FOLDER/OWNER/REPO/findings.json`, refused.json, members.json, history/*.json, state/*.json, stacks/*.json. */
  folder: string;
  /** Program that analyses again: `PROGRAM OWNER REPO`, no shell. Null: somebody else does. */
  refreshWith: string | null;
}

/** The operator's folder decides which repository has which evidence; nothing in a repository names accounts, roles or buckets. */
export function folderEvidence({ folder, refreshWith }: EvidenceFolder, signal: AbortSignal): Evidence {
  const of = (repository: RepositoryRef) => evidenceFolder(folder, repository);
  return {
    async refresh({ owner, name }) {
      if (refreshWith === null) return;
      await promisify(execFile)(refreshWith, ['--', owner, name], { signal, timeout: 3_600_000 });
    },
    async past(repository, ids) {
      const known = new Map<string, Finding>();
      for (const file of [...(await filesOf(join(of(repository), 'history'))), join(of(repository), 'findings.json')]) {
        const parsed = findingsDocumentSchema.safeParse(await json(file));
        if (parsed.success) for (const one of parsed.data.rules) known.set(one.findingId, one);
      }
      return ids.flatMap((id) => known.get(id) ?? []);
    },
    async refused(repository, since) {
      const parsed = z.array(flow).safeParse((await json(join(of(repository), 'refused.json'))) ?? []);
      if (!parsed.success) throw broken(join(of(repository), 'refused.json'));
      const flows: readonly RefusedFlow[] = parsed.data;
      return flows.filter((one) => one.last > since);
    },
    async members(repository) {
      const file = join(of(repository), 'members.json');
      const parsed = z.record(z.string(), z.array(z.string())).safeParse((await json(file)) ?? {});
      if (!parsed.success) throw broken(file);
      return (id) => parsed.data[id] ?? null;
    },
  };
}

/** Plans on a fresh tree of the commit asked for, which is deleted afterwards. */
export function folderSource(
  job: Job,
  options: { folder: string; state: string; installations: Installations; clock: Clock; runtime: Runtime },
): PlanSource {
  const own = evidenceFolder(options.folder, job.repository);
  return {
    async plan({ commit, repository, only, narrowed }) {
      const findings = join(own, 'findings.json');
      if ((await json(findings)) === null)
        throw new PareError({
          code: 'no-findings',
          message: `there are no findings for ${repository.owner}/${repository.name}`,
          next: 'run pare analyze and put its findings.json there',
          fault: 'environment',
          file: findings,
        });
      const tree = await mkdtemp(join(tmpdir(), 'pare-tree-'));
      try {
        await checkout(commit, tree, {
          client: await options.installations.client(job.installation),
          repository,
          clock: options.clock,
          throttle: options.installations.throttle(job.installation),
          cache: join(options.state, 'blobs'),
        });
        const { plan, document } = await makePlan(
          {
            findings,
            source: tree,
            state: await filesOf(join(own, 'state')),
            stack: await filesOf(join(own, 'stacks')),
          },
          options.runtime,
          (all) => asked(all, only, narrowed),
        );
        await keepHistory(own, document.window.to, findings);
        return { plan, document, commit, prefix: '' };
      } finally {
        await rm(tree, { recursive: true, force: true });
      }
    },
  };
}

/**
 * What rules were, for the watch after they are gone; one file for each document, since two of the same window can differ by just the rule
 * that went.
 */
async function keepHistory(own: string, to: string, findings: string): Promise<void> {
  const text = await readFile(findings, 'utf8');
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 12);
  const file = join(own, 'history', `${to.replace(/[^0-9A-Za-z-]/g, '')}-${digest}.json`);
  if ((await readFile(file, 'utf8').catch(() => null)) === text) return;
  await mkdir(join(own, 'history'), { recursive: true });
  await writeAtomic(file, text);
}

/** GitHub's names have no slash and are not `..`; held here again, since they become a path. */
function evidenceFolder(folder: string, { owner, name }: RepositoryRef): string {
  if (![owner, name].every((part) => /^[A-Za-z0-9._-]{1,100}$/.test(part) && !/^\.+$/.test(part)))
    throw new PareError({
      code: 'repository-name',
      message: 'a repository has a name that no folder can have',
      next: 'rename it',
      fault: 'input',
    });
  return resolve(folder, owner, name);
}

async function filesOf(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => join(folder, name));
}

async function json(file: string): Promise<unknown> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (text === null) return null;
  try {
    return JSON.parse(text);
  } catch {
    throw broken(file);
  }
}

function broken(file: string): PareError {
  return new PareError({
    code: 'evidence-unreadable',
    message: 'is not what Pare expects here',
    next: 'write it again',
    fault: 'input',
    file,
  });
}
