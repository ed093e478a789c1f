import type { EpochSeconds } from '@pare/analyzer/model/interface.ts';
import { formatProblem, PareError } from '@pare/analyzer/model/problem.ts';
import { readConfig } from '../config/read.ts';
import { defaultConfig, type PareConfig } from '../config/schema.ts';
import type { Clock, Memory, PlannedRun, PlanSource, Platform, RepositoryState } from '../contract.ts';
import { canonicalMemory, MEMORY_LIMIT, writeMemory } from '../dashboard/memory.ts';
import { renderDashboard } from '../dashboard/render.ts';
import { applyTicks, readTicks, tickId } from '../dashboard/ticks.ts';
import { type Decision, validAtOf } from '../pulls/ladder.ts';
import { readOwners } from '../pulls/owners.ts';
import { type Decided, decide, openNames, prunable, stopReason } from './decide.ts';
import { execute, type Outcome } from './execute.ts';
import { forecast } from './forecast.ts';
import { DASHBOARD_LABEL, observe, observeStrays } from './observe.ts';
import { type Onboarding, onboard, performOnboarding } from './onboarding.ts';
import { remember } from './remember.ts';
import { type Units, unitsOf } from './units.ts';

export interface RunInput {
  platform: Platform;
  source: PlanSource;
  clock: Clock;
  /** Without configuration: true opens the onboarding pull request and nothing else (the App), false goes on with the defaults (the command). */
  onboarding: boolean;
  /** Whose ticks on the dashboard these are, where the webhook said it. */
  tickedBy?: string;
  /** Told before the first write when all will be written, within GitHub's limits. */
  foretold?: (done: EpochSeconds) => void;
}

export interface RunReport {
  state: 'done' | 'disabled' | 'stopped' | 'config-invalid' | 'onboarding' | 'declined';
  /** One sentence where it is not `done`. */
  why: string | null;
  decisions: readonly Decision[];
  outcome: Outcome;
  /** The dashboard's number, or the onboarding pull request's. */
  told: number | null;
  /** False when somebody changed the dashboard meanwhile: run again. */
  remembered: boolean;
}

const NOTHING: Outcome = { opened: new Map(), failed: new Map(), performed: [] };
const NO_UNITS: Units = { units: [], spared: [], refused: [], full: [] };

/**
 * One run over one repository: observe, decide, perform, remember. It may be stopped anywhere and started again; with the same evidence and
 * nothing changed by people it writes nothing.
 */
export async function runRepository(input: RunInput): Promise<RunReport> {
  const { platform, clock } = input;
  const state = await observe(platform);
  const now = clock.now();
  if (state.facts.archived) return report('disabled', 'the repository is archived');
  if (state.configText === null && input.onboarding) return runOnboarding(input, state);

  const ticks = state.dashboard === null ? [] : readTicks(state.dashboard.body);
  const memory = applyTicks(remember(state, now), ticks, input.tickedBy ?? 'somebody', Math.floor(now));
  const read =
    state.configText === null ? { ok: true as const, config: defaultConfig() } : readConfig(state.configText);
  if (!read.ok) {
    const problems = read.problems.map(formatProblem);
    const view = {
      config: defaultConfig(),
      units: NO_UNITS,
      decided: undecided('the configuration is invalid'),
      problems,
    };
    const told = await tell(input, state, memory, { ...view, outcome: NOTHING });
    return { ...report('config-invalid', problems[0] ?? null), ...told };
  }
  const { config } = read;
  if (!config.enabled) return report('disabled', 'the configuration says enabled: false');

  const run = await planned(input, state, memory);
  const owners = state.codeowners === null ? [] : readOwners(state.codeowners, platform.repository.owner);
  const units = await unitsOf({
    run,
    config,
    memory,
    owners,
    now,
    replan: (only) => planned(input, state, memory, only),
  });
  const stopped = stopReason(state, config, memory, now) !== null;
  const branches = stopped ? [] : [...units.units, ...prunable(state)].map((one) => one.branch);
  const strays = await observeStrays(platform, state, branches);
  const decided = decide({ state, memory, config, run, units, owners, strays, now });
  if (decided.decisions.some((one) => one.intentions.length > 0))
    input.foretold?.(await forecast(decided.decisions, clock.now()));
  const outcome = await execute(decided.decisions, state.facts.defaultBranch, platform);
  const after = memoryAfter(memory, decided, outcome, units, run);
  const told = await tell(input, state, after, { config, units, decided, problems: [], outcome });
  return {
    state: decided.stopped === null ? 'done' : 'stopped',
    why: decided.stopped,
    decisions: decided.decisions,
    outcome,
    ...told,
  };
}

async function planned(
  { source, platform }: RunInput,
  state: RepositoryState,
  memory: Memory,
  only?: ReadonlySet<string>,
): Promise<PlannedRun> {
  const run = await source.plan({
    repository: platform.repository,
    commit: state.facts.head,
    narrowed: memory.narrowed,
    ...(only === undefined ? {} : { only }),
  });
  const { blocked } = run.document.replay;
  // Law 3: such a plan is never proposed, not even in part.
  if (blocked > 0)
    throw new PareError({
      code: 'plan-blocks-traffic',
      message: `the replay of these findings blocks ${blocked} connection classes, so none may be proposed`,
      next: 'analyze again; if it stays, report it',
      fault: 'input',
    });
  return run;
}

async function runOnboarding(input: RunInput, state: RepositoryState): Promise<RunReport> {
  const config = defaultConfig();
  const declined = (pull: number) => report('declined', `#${pull} was closed or its configuration removed`);
  // A closed one is seen before anything is analysed.
  const early = onboard(state, config, NO_UNITS);
  if (early.state === 'declined') return declined(early.pull);
  const run = await planned(input, state, state.memory);
  const units = await unitsOf({
    run,
    config,
    memory: state.memory,
    owners: [],
    now: input.clock.now(),
    replan: (only) => planned(input, state, state.memory, only),
  });
  const decided: Onboarding = onboard(state, config, units);
  const told = await performOnboarding(decided, state, config, input.platform);
  return { ...report('onboarding', 'waits for its configuration to be merged'), told };
}

/** What the run leaves to be remembered; `lastRun` is added only where something else changed. */
function memoryAfter(memory: Memory, decided: Decided, outcome: Outcome, units: Units, run: PlannedRun): Memory {
  if (decided.stopped !== null) return memory;
  const settled = decided.decisions.flatMap((one) => {
    const pull = one.pull ?? outcome.opened.get(one.unit);
    if (pull === undefined || outcome.failed.has(one.unit) || one.state === 'close' || one.state === 'older') return [];
    return [pull];
  });
  const closed = new Set(decided.decisions.filter((one) => one.state === 'close').map((one) => one.pull));
  const asking = new Map(units.units.map((one) => [one.key, openNames(one)]));
  const served = new Set(
    decided.decisions
      .filter((one) => !outcome.failed.has(one.unit) && (one.pull !== null || outcome.opened.has(one.unit)))
      .flatMap((one) => [...(asking.get(one.unit) ?? []), `recreate:${tickId(one.unit)}`]),
  );
  return {
    ...memory,
    settled: [...memory.settled, ...settled].filter((one) => !closed.has(one)),
    wanted: memory.wanted.filter((one) => !served.has(one) && !(one.startsWith('brake:') && decided.brake === null)),
    validAt: Math.max(memory.validAt ?? 0, validAtOf(run)),
  };
}

interface View {
  config: PareConfig;
  units: Units;
  decided: Decided;
  problems: readonly string[];
  outcome: Outcome;
}

/** Writes the dashboard, if its text is another one. A tick made since it was read would be lost: then nothing is written. */
async function tell(
  { platform, clock }: RunInput,
  state: RepositoryState,
  memory: Memory,
  view: View,
): Promise<{ told: number | null; remembered: boolean }> {
  const { config, units, decided, problems, outcome } = view;
  const now = clock.now();
  const render = (one: Memory) =>
    renderDashboard({
      memory: one,
      config,
      facts: state.facts,
      decided,
      opened: outcome.opened,
      failed: outcome.failed,
      units,
      problems,
      now,
    });
  const { dashboard } = state;
  const same =
    dashboard !== null && normal(render({ ...memory, lastRun: state.memory.lastRun })) === normal(dashboard.body);
  if (same) return { told: dashboard.number, remembered: true };
  const stamped = canonicalMemory({ ...memory, lastRun: Math.floor(now) });
  if (writeMemory(stamped).length > MEMORY_LIMIT) throw memoryFull(platform);
  const body = render(stamped);
  if (dashboard === null) {
    const made = await platform.createIssue({ title: config.dashboard.title, body, labels: [DASHBOARD_LABEL] });
    return { told: made.number, remembered: true };
  }
  const current = await platform.issue(dashboard.number);
  if (current === null || normal(current.body) !== normal(dashboard.body))
    return { told: dashboard.number, remembered: false };
  await platform.updateIssue(dashboard.number, { body });
  return { told: dashboard.number, remembered: true };
}

/** GitHub keeps the line ends that a browser sends. */
function normal(text: string): string {
  return text.replaceAll('\r\n', '\n').trimEnd();
}

function undecided(why: string): Decided {
  return { decisions: [], stopped: why, brake: null };
}

function report(state: RunReport['state'], why: string | null): RunReport {
  return { state, why, decisions: [], outcome: NOTHING, told: null, remembered: true };
}

function memoryFull({ repository }: Platform): PareError {
  return new PareError({
    code: 'dashboard-memory-full',
    message: `${repository.owner}/${repository.name}: what people decided no longer fits the dashboard`,
    next: 'move decisions that shall stay into keeps and ignores of .github/pare.yml, then end them on the dashboard',
    fault: 'input',
  });
}
