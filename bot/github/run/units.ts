import type { EpochSeconds } from '@pare/analyzer/model/interface.ts';
import type { Batch, Proposal, Refusal } from '../../change/contract.ts';
import { branchName } from '../../change/names.ts';
import type { PareConfig } from '../config/schema.ts';
import type { Memory, PlannedRun, Unit } from '../contract.ts';
import { type OwnersRule, ownersOf } from '../pulls/owners.ts';
import { mergeBatches } from './merge.ts';
import { type SparedFinding, spare } from './spare.ts';

export interface UnitsInput {
  run: PlannedRun;
  config: PareConfig;
  memory: Memory;
  owners: readonly OwnersRule[];
  now: EpochSeconds;
  /** Plans again with only these findings; edits are proved for each pull request by itself. */
  replan: (only: ReadonlySet<string>) => Promise<PlannedRun>;
}

export interface Units {
  units: readonly Unit[];
  spared: readonly SparedFinding[];
  /** Findings that no edit stands for. */
  refused: readonly Refusal[];
  /** Findings that wait since their pull request is full. */
  full: readonly { unit: string; findings: readonly string[] }[];
}

interface Member {
  batch: Batch;
  proposal: Proposal;
}

/**
 * Which pull requests there should be: what people spared is taken out, the rest is grouped as configured, and each group is planned and
 * verified by itself. Law 3 holds for each: the replay was of all proposals, and a part of them removes less.
 */
export async function unitsOf(input: UnitsInput): Promise<Units> {
  const { run, config, memory } = input;
  const members = run.plan.batches.flatMap((batch) => batch.proposals.map((proposal) => ({ batch, proposal })));
  const spared = sparedOf(members, input);
  const out = new Set(spared.map((one) => one.finding.findingId));
  const left = members.filter(({ proposal }) => !out.has(proposal.finding.findingId));

  const refused = new Map(run.plan.refused.map((one) => [one.finding.findingId, one]));
  const full: { unit: string; findings: readonly string[] }[] = [];
  const units: Unit[] = [];
  const whole = new Map(run.plan.batches.map((batch) => [batch.key, batch]));
  const plan = async (part: readonly Member[]): Promise<readonly Batch[]> => {
    const ids = new Set(part.map(({ proposal }) => proposal.finding.findingId));
    const asPlanned = [...new Set(part.map((one) => one.batch))];
    if (asPlanned.every((batch) => batch.proposals.every((one) => ids.has(one.finding.findingId)))) return asPlanned;
    const again = await input.replan(ids);
    for (const one of again.plan.refused) if (ids.has(one.finding.findingId)) refused.set(one.finding.findingId, one);
    // What is refused for want of its neighbours is told with the whole plan's list of what is left alone.
    return again.plan.batches.map((batch) => ({ ...batch, refused: whole.get(batch.key)?.refused ?? batch.refused }));
  };

  for (const [key, group] of grouped(left, input)) {
    const draft = key.endsWith(DRAFT);
    const perGroup = group.length > config.limits.rules || memory.split.includes(key);
    const pieces = perGroup
      ? grouped(group, { ...input, config: { ...config, grouping: 'group' } })
      : new Map([[key, group]]);
    for (const [inner, piece] of pieces) {
      const pieceKey = inner === key ? key : `${key}|${inner}`;
      const { taken, waiting } = cap(piece, config.limits.rules);
      if (waiting.length > 0) full.push({ unit: pieceKey, findings: waiting });
      const batches = mergeBatches(await plan(taken), config.grouping).filter((batch) => batch.proposals.length > 0);
      for (const [n, batch] of batches.entries())
        units.push(unitOf(n === 0 ? pieceKey : `${pieceKey}|${batch.key}`, batch, draft));
    }
  }
  const proposed = new Set(units.flatMap((one) => one.batch.proposals.map(({ finding }) => finding.findingId)));
  return {
    units: units.sort(byKey),
    spared: spared.sort((a, b) => compare(a.finding.findingId, b.finding.findingId)),
    refused: [...refused.values()]
      .filter((one) => !proposed.has(one.finding.findingId) && !out.has(one.finding.findingId))
      .sort((a, b) => compare(a.finding.findingId, b.finding.findingId)),
    full,
  };
}

const DRAFT = '|draft';

/** A finding whose edit would also change a spared one is spared with it. */
function sparedOf(members: readonly Member[], { run, config, memory, now }: UnitsInput): SparedFinding[] {
  const out = new Map<string, SparedFinding>();
  for (const { proposal } of members) {
    const why = spare(proposal, run.prefix, config, memory, now);
    if (why !== null) out.set(proposal.finding.findingId, why);
  }
  for (const { proposal } of members) {
    const { finding, togetherWith } = proposal;
    const other = togetherWith.find((id) => out.has(id) && out.get(id)!.kind !== 'together');
    if (out.has(finding.findingId) || other === undefined) continue;
    const { by, until } = out.get(other)!;
    const reason = `one edit would also change ${other}, which stays`;
    out.set(finding.findingId, { finding, kind: 'together', by, until, reason, pull: null });
  }
  return [...out.values()];
}

/** Findings that one edit makes true stay together, under the first of their keys; less sure ones are apart, so that they hold nobody up. */
function grouped(members: readonly Member[], input: UnitsInput): Map<string, Member[]> {
  const byId = new Map(members.map((one) => [one.proposal.finding.findingId, one]));
  const out = new Map<string, Member[]>();
  const seen = new Set<string>();
  for (const member of members) {
    const { findingId } = member.proposal.finding;
    if (seen.has(findingId)) continue;
    const bound = [member, ...member.proposal.togetherWith.flatMap((id) => byId.get(id) ?? [])].filter(
      (one) => !seen.has(one.proposal.finding.findingId),
    );
    for (const one of bound) seen.add(one.proposal.finding.findingId);
    const sure = bound.every((one) => sureness(one.proposal) >= input.config.confidence.ready);
    const key = `${bound.map((one) => groupKey(one, input)).sort(compare)[0]!}${sure ? '' : DRAFT}`;
    out.set(key, [...(out.get(key) ?? []), ...bound]);
  }
  return new Map([...out].sort(([a], [b]) => compare(a, b)));
}

function sureness({ finding, candidate }: Proposal): number {
  return Math.min(finding.confidence, candidate.confidence);
}

function groupKey({ batch, proposal }: Member, { config, owners, run }: UnitsInput): string {
  const { finding } = proposal;
  switch (config.grouping) {
    case 'directory':
      return batch.key;
    case 'stack':
      return `${batch.key}|${proposal.context}`;
    case 'group':
      return `group:${finding.accountId}/${finding.region}/${finding.groupId}`;
    case 'account':
      return `account:${finding.accountId}`;
    case 'team':
      return `team:${ownersOf(owners, `${run.prefix}${proposal.declaration.place.file}`)[0] ?? 'nobody'}`;
  }
}

/** At most so many, by finding id; those that share an edit go or wait together. */
function cap(members: readonly Member[], most: number): { taken: Member[]; waiting: string[] } {
  if (members.length <= most) return { taken: [...members], waiting: [] };
  const sorted = [...members].sort((a, b) => compare(a.proposal.finding.findingId, b.proposal.finding.findingId));
  const taken = new Map<string, Member>();
  for (const member of sorted) {
    const { finding, togetherWith } = member.proposal;
    if (taken.has(finding.findingId)) continue;
    const bound = [finding.findingId, ...togetherWith];
    // One edit for more rules than fit cannot be cut; it goes alone.
    if (taken.size > 0 && taken.size + bound.length > most) continue;
    for (const one of sorted)
      if (bound.includes(one.proposal.finding.findingId)) taken.set(one.proposal.finding.findingId, one);
  }
  return {
    taken: [...taken.values()],
    waiting: sorted.map((one) => one.proposal.finding.findingId).filter((id) => !taken.has(id)),
  };
}

/** A whole root keeps the branch that a local `pare apply` gives it. */
function unitOf(key: string, batch: Batch, draft: boolean): Unit {
  const branch = key === batch.key ? batch.branch : branchName(key, batch.root);
  return { key, branch, batch: { ...batch, branch }, draft };
}

function byKey(a: Unit, b: Unit): number {
  return compare(a.key, b.key);
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
