import { PareError } from '@pare/analyzer/model/problem.ts';
import { BODY_LIMIT } from '../../change/markdown.ts';
import { auditKey, handleCommand, withAudit } from '../chatops/handle.ts';
import { formatCommand, parseCommand } from '../chatops/parse.ts';
import { defaultConfig } from '../config/schema.ts';
import type { Command, GivenCommand, Job, JobWork, PlannedRun, Platform } from '../contract.ts';
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
  const answer = handleCommand(given, seen, run);
  log(formatCommand(command), answer.state);
  if (answer.state === 'refused') {
    await saveMemory(platform, state, withAudit(state.memory, given, 'refused'), defaultConfig().dashboard.title);
    await reply(answer.reply);
    return;
  }
  await saveMemory(platform, state, answer.memory, defaultConfig().dashboard.title);
  for (const [n, follow] of answer.follow.entries())
    await ports.queue.put({
      ...job,
      id: `${auditKey(given)}:${repositoryName(platform)}:${n}`,
      work: follow,
      notBefore: 0,
      attempts: 0,
    });
  await reply(answer.reply);
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
