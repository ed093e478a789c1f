import { performCheck } from '../checks/perform.ts';
import { readConfig } from '../config/read.ts';
import { defaultConfig } from '../config/schema.ts';
import type { Job, JobWork, Memory, PlannedRun, Platform, RepositoryState } from '../contract.ts';
import { readTicks, withoutTicks } from '../dashboard/ticks.ts';
import { mustRedact, redactText } from '../pulls/redact.ts';
import { observe } from '../run/observe.ts';
import { remember } from '../run/remember.ts';
import { runRepository } from '../run/run.ts';
import { keepsOf, performWatch, watchedOf } from '../watch/perform.ts';
import { openRevert } from '../watch/revert.ts';
import { performAsked, performComment, repositoryName } from './comment.ts';
import { saveMemory } from './memory.ts';
import type { WorkerPorts } from './ports.ts';

const BOUND = 5;

/** One job, from its start: whatever an earlier attempt did is found again and not repeated. */
export async function performJob(job: Job, ports: WorkerPorts): Promise<void> {
  const { work } = job;
  switch (work.kind) {
    case 'comment':
      return performComment(job, work, ports);
    case 'asked':
      return performAsked(job, work, ports);
    case 'run':
      if (work.fresh) await ports.evidence.refresh(job.repository);
      return run(job, ports, null);
    case 'ticks':
      return ticks(job, work, ports);
    case 'pull':
      return pullEvent(job, work, ports);
    case 'check':
      return check(job, work, ports);
    case 'watch':
      return watch(job, ports);
    case 'revert':
      return revert(job, work, ports);
  }
}

/** A tick made while it ran is taken in the next round. */
async function run(job: Job, ports: WorkerPorts, tickedBy: string | null): Promise<void> {
  const platform = await ports.platform(job);
  const source = await ports.source(job, platform);
  for (let round = 1; ; round += 1) {
    const report = await runRepository({
      platform,
      source,
      clock: ports.clock,
      onboarding: true,
      foretold: (done) =>
        ports.log({
          level: 'info',
          what: `writing at the pace that GitHub allows, done at ${new Date(Math.ceil(done) * 1000).toISOString().slice(0, 19)}Z at the earliest`,
          repository: repositoryName(platform),
          job: job.id,
        }),
      ...(tickedBy === null ? {} : { tickedBy }),
    });
    ports.log({
      level: 'info',
      what: `run: ${report.state}`,
      repository: repositoryName(platform),
      job: job.id,
      detail: `${report.why ?? ''} ${report.outcome.performed.length} steps`.trim(),
    });
    for (const [unit, why] of report.outcome.failed)
      ports.log({
        level: 'warning',
        what: `not carried out: ${unit}`,
        repository: repositoryName(platform),
        job: job.id,
        detail: why,
      });
    if (report.remembered || round >= BOUND) break;
  }
  await checkAll(job, platform, ports);
}

async function checkAll(job: Job, platform: Platform, ports: WorkerPorts): Promise<void> {
  const open = (await platform.pulls()).filter((one) => one.state === 'open');
  const wanted = open.filter((one) => /<!-- pare-pull:v1 /.test(one.body));
  if (wanted.length === 0) return;
  const { document } = await planned(job, platform, ports);
  for (const one of wanted) await performCheck({ platform, document, clock: ports.clock, pull: one.number });
}

async function planned(job: Job, platform: Platform, ports: WorkerPorts): Promise<PlannedRun> {
  const { head } = await platform.facts();
  return (await ports.source(job, platform)).plan({ repository: platform.repository, commit: head });
}

async function ticks(job: Job, work: Extract<JobWork, { kind: 'ticks' }>, ports: WorkerPorts): Promise<void> {
  const platform = await ports.platform(job);
  const state = await observe(platform);
  if (state.dashboard?.number !== work.issue) return;
  const made = readTicks(state.dashboard.body);
  if (made.length === 0) return;
  const permission = await platform.permission(work.by);
  if (permission !== 'admin' && permission !== 'write') {
    ports.log({
      level: 'warning',
      what: 'tick refused',
      repository: repositoryName(platform),
      job: job.id,
      detail: work.by,
    });
    // Else the next run would take them for somebody's who may.
    await platform.updateIssue(work.issue, { body: withoutTicks(state.dashboard.body) });
    return;
  }
  if (made.some((one) => one.act === 'rerun')) await ports.evidence.refresh(job.repository);
  return run(job, ports, work.by);
}

async function pullEvent(job: Job, work: Extract<JobWork, { kind: 'pull' }>, ports: WorkerPorts): Promise<void> {
  const platform = await ports.platform(job);
  // Not ours, or a fork's: nothing of it is ever looked at.
  if ((await platform.pull(work.pull)) === null) return;
  if (work.event === 'closed' || work.event === 'reopened') return run(job, ports, null);
  return check(job, { kind: 'check', pull: work.pull }, ports);
}

async function check(job: Job, work: Extract<JobWork, { kind: 'check' }>, ports: WorkerPorts): Promise<void> {
  const platform = await ports.platform(job);
  const pull = await platform.pull(work.pull);
  if (pull === null || pull.state !== 'open') return;
  const { document } = await planned(job, platform, ports);
  await performCheck({
    platform,
    document,
    clock: ports.clock,
    pull: work.pull,
    ...(work.head === undefined ? {} : { head: work.head }),
  });
}

async function watch(job: Job, ports: WorkerPorts): Promise<void> {
  const platform = await ports.platform(job);
  const state = await observe(platform);
  if (state.facts.archived || state.configText === null) return;
  const { config, redact } = settingsOf(state);
  if (!config.enabled) return;
  const { document } = await planned(job, platform, ports);
  const remembered = remember(state, ports.clock.now());
  const memory = await performWatch({
    platform,
    clock: ports.clock,
    evidence: ports.evidence,
    state,
    memory: remembered,
    document,
    redact,
  });
  await saveMemory(platform, state, memory, config.dashboard.title);
  await checkAll(job, platform, ports);
}

async function revert(job: Job, work: Extract<JobWork, { kind: 'revert' }>, ports: WorkerPorts): Promise<void> {
  const platform = await ports.platform(job);
  const pull = await platform.pull(work.pull);
  if (pull === null) return;
  const outcome = await openRevert(platform, pull, { by: work.by, issue: null, again: true });
  const state = await observe(platform);
  const remembered = remember(state, ports.clock.now());
  const watched = watchedOf(pull, remembered);
  if (watched !== null)
    await saveMemory(platform, state, regretted(watched, remembered, ports), settingsOf(state).config.dashboard.title);
  if (outcome.state !== 'impossible') return;
  const marker = `<!-- pare-revert-failed:v1 ${work.pull} -->`;
  const told = (await platform.comments(work.pull)).some((one) => one.own && one.body.includes(marker));
  if (!told)
    await platform.createComment(
      work.pull,
      `It cannot be put back by itself: put the rules back by hand.\n\n${marker}\n`,
    );
}

function regretted(watched: NonNullable<ReturnType<typeof watchedOf>>, memory: Memory, ports: WorkerPorts): Memory {
  const next = { ...watched, stage: 'regretted' as const };
  return {
    ...memory,
    watched: [...memory.watched.filter((one) => one.pull !== next.pull), next],
    keeps: keepsOf(next, memory, ports.clock.now()),
  };
}

function settingsOf(state: RepositoryState) {
  const read = state.configText === null ? null : readConfig(state.configText);
  const config = read?.ok === true ? read.config : defaultConfig();
  const hide = mustRedact(config.redact, state.facts);
  return { config, redact: hide ? redactText : (text: string) => text };
}
