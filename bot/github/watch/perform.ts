import { formatProtocol } from '@pare/analyzer/model/protocol.ts';
import { portsText } from '@pare/analyzer/model/rule.ts';
import { code, table, words } from '../../change/markdown.ts';
import { ruleOfFinding } from '../../mapping/live.ts';
import type { Evidence } from '../app/ports.ts';
import type { Clock, Memory, PlannedRun, Platform, PullRequestRecord, RepositoryState, Watched } from '../contract.ts';
import { readPullMarker } from '../pulls/marker.ts';
import type { Redact } from '../pulls/redact.ts';
import { watchStep } from './decide.ts';
import { type Regret, regretsOf } from './refused.ts';
import { openRevert, type RevertOutcome, revertBranch } from './revert.ts';

export const REGRET_LABEL = 'pare-regret';
/** What was reverted is not proposed again for half a year; logs of refused packets are no use of a rule. */
const KEEP_SECONDS = 183 * 24 * 3600;
const SHOWN = 20;

export interface WatchInput {
  platform: Platform;
  clock: Clock;
  evidence: Evidence;
  state: RepositoryState;
  /** The memory as `remember` has it. */
  memory: Memory;
  document: PlannedRun['document'];
  redact: Redact;
}

/** Goes through the merged pull requests; returns the memory after. Safe to repeat after a stop anywhere. */
export async function performWatch(input: WatchInput): Promise<Memory> {
  let { memory } = input;
  for (const watched of memory.watched) {
    const next = await watchOne(watched, input);
    if (next === null) continue;
    memory = {
      ...memory,
      watched: memory.watched.map((one) => (one.pull === watched.pull ? next : one)),
      ...(next.stage === 'regretted' ? { keeps: keepsOf(next, memory, input.clock.now()) } : {}),
    };
  }
  return memory;
}

async function watchOne(watched: Watched, input: WatchInput): Promise<Watched | null> {
  const { platform, evidence, state, document, clock } = input;
  if (watched.stage === 'done' || watched.stage === 'reverted') return null;
  const { repository } = platform;
  const gone = await evidence.past(repository, watched.findings);
  const flows = await evidence.refused(repository, watched.mergedAt);
  const regrets = regretsOf(gone, flows, watched.mergedAt, await evidence.members(repository));
  const revert = revertState(watched.pull, state.pulls);
  const step = watchStep(watched, document, regrets, revert, clock.now());
  switch (step.state) {
    case 'wait':
      return null;
    case 'applied':
    case 'done':
    case 'reverted':
      return { ...watched, stage: step.state };
    case 'unapplied': {
      const told = await tellUnapplied(watched, step.live, input);
      return { ...watched, told };
    }
    case 'regret':
      return { ...watched, stage: 'regretted', told: await regret(watched, step.regrets, input) };
  }
}

function revertState(pull: number, pulls: readonly PullRequestRecord[]): 'none' | 'open' | 'merged' {
  const own = pulls.filter((one) => one.branch === revertBranch(pull));
  if (own.some((one) => one.state === 'merged')) return 'merged';
  return own.some((one) => one.state === 'open') ? 'open' : 'none';
}

/** The issue first, then the pull request that names it, then the issue's word of it. */
async function regret(watched: Watched, regrets: readonly Regret[], input: WatchInput): Promise<number> {
  const { platform } = input;
  const marker = `<!-- pare-regret:v1 ${watched.pull} -->`;
  const viewer = await platform.viewer();
  const known = (await platform.issues(REGRET_LABEL)).find((one) => one.author === viewer && one.body.includes(marker));
  const text = (outcome: RevertOutcome | null) =>
    `${input.redact(regretBody(watched, regrets))}\n\n${revertLine(outcome)}\n\n${marker}\n`;
  const issue =
    known ??
    (await platform.createIssue({
      title: `Refused packets match what #${watched.pull} removed`,
      body: text(null),
      labels: [REGRET_LABEL],
    }));
  const merged = await platform.pull(watched.pull);
  const outcome: RevertOutcome =
    merged === null
      ? { state: 'impossible', why: 'the pull request cannot be read' }
      : await openRevert(platform, merged, { by: 'pare', issue: issue.number, again: false });
  const body = text(outcome);
  if (issue.body.trimEnd() !== body.trimEnd()) await platform.updateIssue(issue.number, { body });
  return issue.number;
}

function revertLine(outcome: RevertOutcome | null): string {
  if (outcome === null) return 'A pull request that puts the rules back follows.';
  if (outcome.state === 'impossible')
    return `The change cannot be put back by itself (${words(outcome.why)}): put the rules back by hand.`;
  if (outcome.state === 'closed') return `#${outcome.pull} would have put the rules back and was closed.`;
  return `#${outcome.pull} puts the rules back; merge and apply it if these packets should have come through.`;
}

function regretBody({ pull }: Watched, regrets: readonly Regret[]): string {
  const rows = regrets.flatMap(({ finding, flows, certain }) => {
    const rule = ruleOfFinding(finding);
    return flows
      .slice(0, SHOWN)
      .map((flow) => [
        `${code(finding.ruleId)} of ${code(finding.groupId)}`,
        rule === null ? '' : code(`${finding.direction} ${formatProtocol(rule.protocol)} ${portsText(rule)}`),
        code(flow.peer),
        code(flow.interfaceId),
        String(flow.packets),
        new Date(flow.last * 1000).toISOString(),
        certain ? 'yes' : 'perhaps (members of the peer are not known)',
      ]);
  });
  return `Since #${pull} was merged, packets were refused that its rules would have let in.\n\n${table(
    ['Rule that went', 'It allowed', 'Peer', 'Interface', 'Packets', 'Last', 'Certain'],
    rows.slice(0, 100),
  )}`;
}

async function tellUnapplied(watched: Watched, live: readonly string[], { platform }: WatchInput): Promise<number> {
  const marker = `<!-- pare-unapplied:v1 ${watched.pull} -->`;
  const known = (await platform.comments(watched.pull)).some((one) => one.own && one.body.includes(marker));
  if (!known)
    await platform.createComment(
      watched.pull,
      `This was merged two weeks ago, and ${live.length} of its ${watched.findings.length} rules are still live. Was it applied?\n\n${marker}\n`,
    );
  return watched.pull;
}

/** Law 8 for what went wrong: a regret is a person's need, so the rules are kept without anybody asking. */
export function keepsOf({ pull, findings }: Watched, memory: Memory, now: number): Memory['keeps'] {
  const fresh = findings
    .filter((finding) => !memory.keeps.some((one) => one.finding === finding))
    .map((finding) => ({
      finding,
      rule: '',
      by: 'pare',
      at: Math.floor(now),
      until: Math.floor(now) + KEEP_SECONDS,
      reason: `put back after pull request ${pull}`,
    }));
  return [...memory.keeps, ...fresh];
}

/** For `/pare revert`: what the merged pull request was for. */
export function watchedOf(pull: PullRequestRecord, memory: Memory): Watched | null {
  const known = memory.watched.find((one) => one.pull === pull.number);
  if (known !== undefined) return known;
  const marker = readPullMarker(pull.body);
  if (marker === null || pull.mergedAt === null) return null;
  const findings = Object.values(marker.findings).flat().sort();
  return {
    pull: pull.number,
    findings,
    mergedAt: pull.mergedAt,
    mergeCommit: pull.mergeCommit,
    stage: 'merged',
    told: null,
  };
}
