import { PareError } from '@pare/analyzer/model/problem.ts';
import { CONFIG_PATH } from '../config/schema.ts';
import type { CommitRecord, IssueRecord, Memory, Platform, RepositoryState } from '../contract.ts';
import { emptyMemory, readMemory } from '../dashboard/memory.ts';
import { readPullMarker } from '../pulls/marker.ts';
import { CODEOWNERS_PATHS } from '../pulls/owners.ts';

export const DASHBOARD_LABEL = 'pare-dashboard';
/** Closed pull requests that changed shortly before the last run are looked at again: clocks differ, and lists lag. */
const OVERLAP = 7 * 86_400;

/** Everything a decision is made from, read once. Throws PareError where the memory was lost: without it people's words would be overridden. */
export async function observe(platform: Platform): Promise<RepositoryState> {
  const facts = await platform.facts();
  const dashboard = await findDashboard(platform);
  const memory = dashboard === null ? emptyMemory() : memoryOf(dashboard, platform);
  const pulls = [...(await platform.pulls({ since: Math.max(0, (memory.lastRun ?? 0) - OVERLAP) }))];
  for (const [at, pull] of pulls.entries()) {
    if (pull.state !== 'closed' || !isNews(pull.number, pull.body, memory)) continue;
    pulls[at] = (await platform.pull(pull.number)) ?? pull;
  }
  return {
    repository: platform.repository,
    facts,
    configText: await platform.readFile(facts.head, CONFIG_PATH),
    codeowners: await firstFile(platform, facts.head, CODEOWNERS_PATHS),
    pulls,
    dashboard,
    memory,
  };
}

/** Commits at the tips of Pare's branches that have no open pull request. */
export async function observeStrays(
  platform: Platform,
  state: RepositoryState,
  branches: readonly string[],
): Promise<ReadonlyMap<string, CommitRecord>> {
  const open = new Set(state.pulls.filter((one) => one.state === 'open').map((one) => one.branch));
  const wanted = branches.filter((one) => !open.has(one));
  const out = new Map<string, CommitRecord>();
  if (wanted.length === 0) return out;
  const tips = await platform.branches();
  for (const branch of wanted) {
    const tip = tips.get(branch);
    if (tip !== undefined) out.set(branch, await platform.commit(tip));
  }
  return out;
}

export async function findDashboard(platform: Platform): Promise<IssueRecord | null> {
  const [issues, viewer] = [await platform.issues(DASHBOARD_LABEL), await platform.viewer()];
  // The label can be put on any issue; the memory is read only from one that we opened.
  return issues.find((one) => one.author === viewer) ?? null;
}

function memoryOf(dashboard: IssueRecord, { repository }: Platform): Memory {
  const read = readMemory(dashboard.body);
  if (read.ok) return read.memory;
  throw new PareError({
    code: 'dashboard-memory-lost',
    message: `${repository.owner}/${repository.name}#${dashboard.number} is Pare's memory, and ${read.why}`,
    next: `restore its text from the issue's edit history; or, to begin anew and forget what people decided, take the label ${DASHBOARD_LABEL} from it`,
    fault: 'input',
  });
}

function isNews(number: number, body: string, memory: Memory): boolean {
  if (memory.reopened.includes(number) || memory.closed.some((one) => one.pull === number)) return false;
  const marker = readPullMarker(body);
  return marker !== null && marker.closed !== true;
}

async function firstFile(platform: Platform, ref: string, paths: readonly string[]): Promise<string | null> {
  for (const path of paths) {
    const text = await platform.readFile(ref, path);
    if (text !== null) return text;
  }
  return null;
}
