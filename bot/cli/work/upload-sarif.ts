import { createHash } from 'node:crypto';
import { toSarif } from '@pare/analyzer/report/index.ts';
import type { Clock, PlannedRun, RepositoryRef } from '../../github/contract.ts';
import { createCaller } from '../../github/platform/caller.ts';
import type { GitHubClient } from '../../github/platform/octokit.ts';
import { type SarifUpload, uploadSarif } from '../../github/platform/sarif.ts';
import { createThrottle } from '../../github/platform/throttle.ts';

const TOOL = 'Pare';

/** The findings that have a place in the source; GitHub refuses results without one. The version tells the next run what was sent. */
function sarifOf({ document, plan, prefix, commit }: PlannedRun, branch: string): SarifUpload {
  const proposals = plan.batches.flatMap((batch) => batch.proposals);
  const places = proposals.map(({ finding, declaration }) => ({
    findingId: finding.findingId,
    file: `${prefix}${declaration.place.file}`,
    line: declaration.place.line,
  }));
  const placed = new Set(places.map((one) => one.findingId));
  const text = toSarif({ ...document, rules: document.rules.filter((one) => placed.has(one.findingId)) }, places);
  const log = JSON.parse(text) as { runs: { tool: { driver: Record<string, unknown> } }[] };
  const { driver } = log.runs[0]!.tool;
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 12);
  const version = `${String(driver.semanticVersion)}+${digest}`;
  Object.assign(driver, { version, semanticVersion: version });
  return { commit, ref: `refs/heads/${branch}`, sarif: JSON.stringify(log), tool: TOOL, version };
}

export async function sendSarif(
  run: PlannedRun,
  branch: string,
  to: { client: GitHubClient; repository: RepositoryRef; clock: Clock; signal: AbortSignal },
): Promise<'sent' | 'known'> {
  const { client, repository, clock, signal } = to;
  const where = `${repository.owner}/${repository.name}`;
  const call = createCaller({ where, clock, throttle: createThrottle(clock), signal });
  return uploadSarif(client, repository, call, sarifOf(run, branch));
}
