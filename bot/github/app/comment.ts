import { PareError } from '@pare/analyzer/model/problem.ts';
import { BODY_LIMIT } from '../../change/markdown.ts';
import { auditKey, handleCommand, withAudit } from '../chatops/handle.ts';
import { formatCommand, parseCommand } from '../chatops/parse.ts';
import { defaultConfig } from '../config/schema.ts';
import type { Command, GivenCommand, Job, JobWork, PlannedRun, Platform, RepositoryState } from '../contract.ts';
import { observe } from '../run/observe.ts';
import { saveMemory } from './memory.ts';
import type { WorkerPorts } from './ports.ts';

/** In this order so that a stop anywhere loses nothing and repeats nothing: reaction, memory, jobs, reply. The reply is the end. */
export async function performComment(
  job: Job,
  work: Extract<JobWork, { kind: 'comment' }>,
  ports: WorkerPorts,
): Promise<void> {
  const platform = await ports.platform(job);
  const comments = await platform.comments(work.issue);
  const comment = comments.find((one) => one.id === work.comment);
  // Deleted meanwhile, or our own: replies quote commands.
  if (comment === undefined || comment.own || comment.author === null) return;
  const marker = `<!-- pare-reply:v1 ${comment.id} -->`;
  if (comments.some((one) => one.own && one.body.includes(marker))) return;
  const parsed = parseCommand(comment.body, comment.createdAt);
  if (parsed.kind === 'ignore') return;
  // Only under what we opened ourselves: never under a fork's pull request, whatever is written there.
  const thread = await platform.issue(work.issue);
  if (thread === null || thread.author !== (await platform.viewer())) return;
  const reply = async (text: string) => {
    await platform.createComment(work.issue, `${text.slice(0, BODY_LIMIT)}\n\n${marker}\n`);
  };
  const permission = await platform.permission(comment.author);
  const may = permission === 'admin' || permission === 'write';
  const log = (what: string, outcome: string) =>
    ports.log({
      level: 'info',
      what: `command ${outcome}`,
      repository: repositoryName(platform),
      job: job.id,
      detail: `${comment.author}: ${what}`,
    });
  if (parsed.kind === 'answer') {
    // A stranger gets no answer at all: it would let anybody make the App write.
    log('not understood', may ? 'answered' : 'refused');
    if (!may) return;
    await platform.react(comment.id, 'confused');
    await reply(parsed.reply);
    return;
  }
  const { command } = parsed;
  const state = await observe(platform);
  const pull = state.pulls.find((one) => one.number === work.issue) ?? (await platform.pull(work.issue));
  const given: GivenCommand = {
    command,
    by: comment.author,
    permission,
    at: comment.createdAt,
    from: `comment:${comment.id}`,
    pull: pull === null ? null : work.issue,
  };
  if (!may) {
    log(formatCommand(command), 'refused');
    const before = state.memory.audit.some((one) => one.by === given.by && one.outcome === 'refused');
    if (!before && state.dashboard !== null)
      await saveMemory(platform, state, withAudit(state.memory, given, 'refused'), defaultConfig().dashboard.title);
    await platform.react(comment.id, '-1');
    return;
  }
  await platform.react(comment.id, 'eyes');
  const seen =
    pull === null || state.pulls.some((one) => one.number === pull.number)
      ? state
      : { ...state, pulls: [...state.pulls, pull] };
  const run = needsEvidence(command) ? await evidenceOf(job, platform, state.facts.head, ports) : null;
  const { answer, reply: text } = await obey(given, { job, seen, run }, platform, ports);
  log(formatCommand(command), answer);
  await reply(text);
}

/**
 * What every way of giving a command ends in: memory, then jobs. Done again after a stop it changes nothing that was done. `seen` is the state
 * with the pull request that the command was given on, if any.
 */
export async function obey(
  given: GivenCommand,
  { job, seen, run }: { job: Job; seen: RepositoryState; run: PlannedRun | null },
  platform: Platform,
  ports: Pick<WorkerPorts, 'queue'>,
): Promise<{ answer: 'done' | 'refused'; reply: string }> {
  const answer = handleCommand(given, seen, run);
  const memory = answer.state === 'refused' ? withAudit(seen.memory, given, 'refused') : answer.memory;
  await saveMemory(platform, seen, memory, defaultConfig().dashboard.title);
  const follow = answer.state === 'refused' ? [] : answer.follow;
  for (const [n, work] of follow.entries())
    await ports.queue.put({
      ...job,
      id: `${auditKey(given)}:${repositoryName(platform)}:${n}`,
      work,
      notBefore: 0,
      attempts: 0,
    });
  return { answer: answer.state, reply: answer.reply };
}

/** A command from the report page: as a comment, but nobody waits for a reply; the dashboard tells what became of it. */
export async function performAsked(
  job: Job,
  work: Extract<JobWork, { kind: 'asked' }>,
  ports: WorkerPorts,
): Promise<void> {
  const platform = await ports.platform(job);
  const parsed = parseCommand(work.text, work.at);
  if (parsed.kind !== 'command') return;
  const { command } = parsed;
  const seen = await observe(platform);
  // Asked for again: what the page knew may be hours old. Who may not makes nothing be planned.
  const permission = await platform.permission(work.by);
  const may = permission === 'admin' || permission === 'write';
  const run = may && needsEvidence(command) ? await evidenceOf(job, platform, seen.facts.head, ports) : null;
  const given: GivenCommand = {
    command,
    by: work.by,
    permission,
    at: work.at,
    from: `report:${work.id}`,
    pull: null,
  };
  const { answer, reply } = await obey(given, { job, seen, run }, platform, ports);
  ports.log({
    level: 'info',
    what: `command ${answer}`,
    repository: repositoryName(platform),
    job: job.id,
    detail: `${work.by}: ${formatCommand(command)}${answer === 'refused' ? ` (${reply})` : ''}`,
  });
}

function needsEvidence(command: Command): boolean {
  return 'rule' in command;
}

/** Without evidence a command still works where the pull request names the finding. */
async function evidenceOf(
  job: Job,
  platform: Platform,
  commit: string,
  ports: WorkerPorts,
): Promise<PlannedRun | null> {
  try {
    return await (await ports.source(job, platform)).plan({ repository: platform.repository, commit });
  } catch (error) {
    if (!(error instanceof PareError) || error.problem.code !== 'no-findings') throw error;
    return null;
  }
}

export function repositoryName({ repository }: Pick<Platform, 'repository'>): string {
  return `${repository.owner}/${repository.name}`;
}
