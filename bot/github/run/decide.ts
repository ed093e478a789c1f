import type { EpochSeconds } from '@pare/analyzer/model/interface.ts';
import { quietReason } from '../config/schedule.ts';
import type { PareConfig } from '../config/schema.ts';
import type { CommitRecord, Memory, PlannedRun, PullRequestRecord, RepositoryState, Unit } from '../contract.ts';
import { tickId } from '../dashboard/ticks.ts';
import { blameOf } from '../pulls/blame.ts';
import { type PullText, pullText } from '../pulls/body.ts';
import { climb, close, type Decision, open, validAtOf } from '../pulls/ladder.ts';
import { findingsOfMarker, readPullMarker } from '../pulls/marker.ts';
import { editOfCommit, isOwnCommit } from '../pulls/own.ts';
import { type OwnersRule, ownersOf } from '../pulls/owners.ts';
import { mustRedact } from '../pulls/redact.ts';
import type { Units } from './units.ts';

export const LABEL = 'pare';

export interface DecideInput {
  state: RepositoryState;
  /** The memory after `remember` and the ticks. */
  memory: Memory;
  config: PareConfig;
  run: PlannedRun;
  units: Units;
  owners: readonly OwnersRule[];
  /** Tips of branches of Pare that have no open pull request. */
  strays: ReadonlyMap<string, CommitRecord>;
  now: EpochSeconds;
}

export interface Decided {
  decisions: readonly Decision[];
  /** Why the run touches no pull request at all; null when it does. */
  stopped: string | null;
  /** Fresh proposals that the brake held back, and the tick that lets them go. */
  brake: { rules: number; tick: string } | null;
}

/** Why nothing is to be opened or changed now, whatever the findings are. */
export function stopReason(
  state: RepositoryState,
  config: PareConfig,
  memory: Memory,
  now: EpochSeconds,
): string | null {
  if (state.facts.archived) return 'the repository is archived';
  if (!config.enabled) return 'the configuration says enabled: false';
  const { paused } = memory;
  if (paused !== null) {
    const until =
      paused.until === null ? '' : ` until ${new Date((paused.until - 1) * 1000).toISOString().slice(0, 10)}`;
    return `paused by ${paused.by}${until}${paused.reason === '' ? '' : `: ${paused.reason}`}`;
  }
  return quietReason(config, now);
}

/** From what there is and what there should be to what to do: pure, and each decision says why. */
export function decide(input: DecideInput): Decided {
  const { state, memory, config, run, units, now } = input;
  const stopped = stopReason(state, config, memory, now);
  const openPulls = state.pulls.filter((one) => one.state === 'open');
  const byBranch = new Map(openPulls.map((one) => [one.branch, one]));
  if (stopped !== null) {
    const decisions = units.units.map((unit) => waits(unit, stopped, byBranch.get(unit.branch)));
    return { decisions: decisions.sort((a, b) => compare(a.unit, b.unit)), stopped, brake: null };
  }
  const redacted = mustRedact(config.redact, state.facts);
  const decisions: Decision[] = [];
  const fresh: { unit: Unit; text: PullText }[] = [];
  for (const unit of units.units) {
    const pull = byBranch.get(unit.branch);
    const since = pull === undefined ? undefined : readPullMarker(pull.body)?.since;
    const text = pullText(unit, run.document, redacted, since);
    if (pull === undefined) fresh.push({ unit, text });
    else
      decisions.push(climb({ ...common(input, unit), unit, run, pull, text, memory: reclaiming(memory, unit, pull) }));
  }
  decisions.push(...leftovers(input, openPulls), ...prunings(input));

  const openCount = decisions.filter((one) => one.pull !== null && one.state !== 'close').length;
  const { chosen, waiting } = choose(fresh, input, openCount);
  decisions.push(...waiting);
  const braked = brake(chosen, input);
  for (const one of chosen) {
    if (braked !== null) {
      decisions.push(waits(one.unit, braked.reason));
      continue;
    }
    const reason = isWanted(one.unit, memory) ? 'asked for' : 'has its slot';
    decisions.push(open({ ...common(input, one.unit), ...one, run, memory }, strayOf(one.unit, input), reason));
  }
  return {
    decisions: decisions.sort((a, b) => compare(a.unit, b.unit)),
    stopped: null,
    brake: braked === null ? null : { rules: braked.rules, tick: braked.tick },
  };
}

/** Surer and larger first, so that a slot does the most; wanted ones need none. */
function choose(
  fresh: readonly { unit: Unit; text: PullText }[],
  { state, config, memory, run }: DecideInput,
  openCount: number,
): { chosen: { unit: Unit; text: PullText }[]; waiting: Decision[] } {
  const sorted = [...fresh].sort(
    (a, b) =>
      Number(isWanted(b.unit, memory)) - Number(isWanted(a.unit, memory)) ||
      Number(a.unit.draft) - Number(b.unit.draft) ||
      b.unit.batch.proposals.length - a.unit.batch.proposals.length ||
      compare(a.unit.key, b.unit.key),
  );
  const already = state.pulls.filter((one) => readPullMarker(one.body)?.since === validAtOf(run)).length;
  let slots = Math.min(config.limits.open - openCount, config.limits.new - already);
  const full = config.limits.open - openCount <= config.limits.new - already;
  const why = full
    ? `limits.open: ${config.limits.open} pull requests are open`
    : `limits.new: ${config.limits.new} new pull requests with this evidence`;
  const chosen = [];
  const waiting: Decision[] = [];
  for (const one of sorted) {
    if (isWanted(one.unit, memory)) chosen.push(one);
    else if (slots > 0) {
      slots -= 1;
      chosen.push(one);
    } else waiting.push(waits(one.unit, why));
  }
  return { chosen, waiting };
}

/** Too much at once is more likely a mistake (logs that went missing, a wrong account) than a finding. */
function brake(chosen: readonly { unit: Unit }[], { config, run, memory }: DecideInput) {
  const ids = chosen.flatMap(({ unit }) => unit.batch.proposals.map(({ finding }) => finding.findingId)).sort();
  const all = run.document.rules.length;
  const share = all === 0 ? 0 : (100 * ids.length) / all;
  if (ids.length <= config.brake.atLeast || share <= config.brake.percent) return null;
  const tick = tickId(ids.join(' '));
  if (memory.wanted.includes(`brake:${tick}`)) return null;
  const reason = `brake: this run would change ${ids.length} of ${all} rules, more than ${config.brake.percent} %`;
  return { reason, tick, rules: ids.length };
}

/** What asks for this unit: a tick names the unit, the command `open` one of its findings. */
export function openNames(unit: Unit): string[] {
  const names = [unit.key, ...unit.batch.proposals.map(({ finding }) => finding.findingId)];
  return names.map((name) => `open:${tickId(name)}`);
}

function isWanted(unit: Unit, memory: Memory): boolean {
  return openNames(unit).some((name) => memory.wanted.includes(name));
}

/** A tick that asks for a new start hands the branch back as it is now. */
function reclaiming(memory: Memory, unit: Unit, pull: PullRequestRecord): Memory {
  if (!memory.wanted.includes(`recreate:${tickId(unit.key)}`)) return memory;
  return { ...memory, reclaimed: [...memory.reclaimed, { branch: pull.branch, head: pull.head }] };
}

function waits(unit: Unit, reason: string, pull?: PullRequestRecord): Decision {
  return {
    unit: unit.key,
    title: unit.batch.title,
    rules: unit.batch.proposals.length,
    draft: pull?.draft ?? unit.draft,
    pull: pull?.number ?? null,
    state: pull === undefined ? 'waiting' : 'unchanged',
    reason,
    intentions: [],
  };
}

function strayOf(unit: Unit, { strays }: DecideInput) {
  const commit = strays.get(unit.branch);
  if (commit === undefined) return null;
  if (!isOwnCommit(commit))
    return { tip: commit.sha, edit: null, foreign: commit.author ?? (commit.authorName || 'somebody') };
  return { tip: commit.sha, edit: editOfCommit(commit), foreign: null };
}

function common({ config, owners, run }: DecideInput, unit: Unit) {
  const asked = [...config.reviewers.also];
  if (config.reviewers.codeowners)
    for (const change of unit.batch.changes) asked.push(...ownersOf(owners, `${run.prefix}${change.path}`));
  const reviewers = [...new Set(asked)].slice(0, config.reviewers.atMost);
  const room = config.reviewers.blame ? config.reviewers.atMost - reviewers.length : 0;
  return {
    labels: [...new Set([LABEL, ...config.labels])].sort(),
    reviewers,
    blame: blameOf(unit.batch.changes, run.prefix, run.commit, room),
  };
}

/** Open pull requests of Pare that no unit stands for any more. */
function leftovers(input: DecideInput, openPulls: readonly PullRequestRecord[]): Decision[] {
  const { units, run, now } = input;
  const branches = new Set(units.units.map((one) => one.branch));
  const elsewhere = new Set(units.units.flatMap((one) => one.batch.proposals.map(({ finding }) => finding.findingId)));
  const spared = new Map(units.spared.map((one) => [one.finding.findingId, one]));
  const stuck = new Set([
    ...units.refused.map((one) => one.finding.findingId),
    ...units.full.flatMap((one) => one.findings),
  ]);
  const wanted = new Map(run.document.rules.map((one) => [one.findingId, one]));
  const out: Decision[] = [];
  for (const pull of openPulls) {
    const marker = readPullMarker(pull.body);
    if (branches.has(pull.branch) || marker === null) continue;
    const base = { unit: marker.unit, title: pull.title, draft: pull.draft, pull: pull.number, intentions: [] };
    const ids = [...findingsOfMarker(marker).keys()].sort();
    if (marker.validAt > validAtOf(run)) {
      out.push({ ...base, rules: ids.length, state: 'older', reason: 'it already tells newer evidence' });
      continue;
    }
    // Still to be changed and only not plannable now (source that cannot be read, a full pull request): not a reason to throw it away.
    const blocked = ids.filter((id) => stuck.has(id) && !elsewhere.has(id));
    if (blocked.length > 0) {
      const reason = `${blocked.length} of its proposals cannot be planned now; the section on what is blocked says why`;
      out.push({ ...base, rules: ids.length, state: 'unchanged', reason });
      continue;
    }
    const reasons = new Set(
      ids.map((id) => {
        if (elsewhere.has(id)) return 'its proposals are in other pull requests now';
        const why = spared.get(id);
        if (why !== undefined) return `people decided otherwise (${why.kind})`;
        const finding = wanted.get(id);
        if (finding === undefined) return 'the rules are gone';
        return 'the evidence no longer supports it';
      }),
    );
    out.push(close(pull, [...reasons].sort().join('; '), now));
  }
  return out;
}

/** Branches of pull requests that Pare closed, where the run was stopped before it could delete them. */
export function prunable(state: RepositoryState): PullRequestRecord[] {
  const open = new Set(state.pulls.filter((one) => one.state === 'open').map((one) => one.branch));
  return state.pulls.filter(
    (one) => one.state === 'closed' && !open.has(one.branch) && readPullMarker(one.body)?.closed === true,
  );
}

function prunings({ state, strays, units }: DecideInput): Decision[] {
  const wanted = new Set(units.units.map((one) => one.branch));
  const out = new Map<string, Decision>();
  for (const pull of prunable(state)) {
    const tip = strays.get(pull.branch);
    if (tip === undefined || wanted.has(pull.branch) || !isOwnCommit(tip)) continue;
    out.set(pull.branch, {
      unit: readPullMarker(pull.body)!.unit,
      title: pull.title,
      rules: 0,
      draft: pull.draft,
      pull: pull.number,
      state: 'close',
      reason: 'its pull request was closed by Pare',
      intentions: [{ kind: 'delete-branch', branch: pull.branch }],
    });
  }
  return [...out.values()];
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
