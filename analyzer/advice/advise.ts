import { formatAddress } from '../model/address.ts';
import type { Usage } from '../model/finding.ts';
import type { Inventory } from '../model/inventory.ts';
import type { Problem } from '../model/problem.ts';
import { peerText, portsText, type RuleShape, type SecurityGroupRule, shapeKey } from '../model/rule.ts';
import type { Evidence, Window } from '../usage/evidence.ts';
import type { ConnectionClass } from '../usage/index.ts';
import { coverageShare, missingMass, narrowingConfidence, silenceConfidence } from './confidence.ts';
import { buildGates, type Gates, percent, windowDays } from './gates.ts';
import { narrowRule } from './narrow.ts';
import type { Policy } from './policy.ts';
import { applyPolicy } from './policy-rules.ts';
import { breadth, isCovered } from './redundant.ts';
import { type Replay, replay } from './replay.ts';
import { ruleUsages } from './rule-usage.ts';
import { addressPlan } from './sources.ts';

export interface AdviceInput {
  evidence: Evidence;
  inventory: Inventory;
  policy: Policy;
  window: Window;
}

/** What is said about one rule. */
export interface Verdict {
  rule: SecurityGroupRule;
  action: 'keep' | 'remove' | 'narrow' | 'review';
  /** docs/reasons.md explains each. */
  reason: string;
  detail: string;
  confidence: number;
  /** Sorted; empty unless the action is narrow. */
  replacements: readonly RuleShape[];
  usage: Usage;
}

export interface Advice {
  /** One for every rule, in the order of evidence.rules. */
  verdicts: readonly Verdict[];
  /** Of the plan as returned: `blocked` is 0. */
  replay: Replay;
  /** What a person should know of their own policy: keeps that ended or fit nothing, the brake. */
  warnings: readonly Problem[];
}

/** The steps that the last two checks do not trust; given only by tests of these checks. */
export interface Steps {
  narrowRule: typeof narrowRule;
  replay: typeof replay;
}

type Decision = Omit<Verdict, 'rule' | 'usage'>;

/**
 * One plan for all rules. It is built so that nothing is lost, then judged by the replay and the set algebra as if it were not;
 * what fails either is withdrawn.
 */
export function advise(input: AdviceInput, steps: Steps = { narrowRule, replay }): Advice {
  const { evidence, inventory, policy, window } = input;
  const planner = new Planner(input, buildGates(evidence, inventory, policy, window), steps);
  planner.firstVerdicts();
  planner.removeCoveredByEvidence();
  planner.removeRedundant();
  planner.narrowUsed();
  planner.withdrawWider();
  const judged = planner.judge();
  const usages = ruleUsages(evidence);
  const planned = evidence.rules.map((rule, i): Verdict => ({ rule, usage: usages[i]!, ...planner.decisions[i]! }));
  const { verdicts, warnings } = applyPolicy(planned, policy, inventory, window.to);
  return { verdicts, replay: judged, warnings };
}

class Planner {
  readonly decisions: Decision[];
  readonly #input: AdviceInput;
  readonly #gates: Gates;
  readonly #steps: Steps;
  readonly #classes: ConnectionClass[][];
  /** Rules of the same group and direction, by index. */
  readonly #siblings = new Map<string, number[]>();

  constructor(input: AdviceInput, gates: Gates, steps: Steps) {
    this.#input = input;
    this.#gates = gates;
    this.#steps = steps;
    const { rules, classes } = input.evidence;
    this.#classes = rules.map(() => []);
    for (const c of classes) for (const rule of [...c.yes, ...c.maybe]) this.#classes[rule]!.push(c);
    for (const [i, rule] of rules.entries()) {
      const list = this.#siblings.get(groupKey(rule)) ?? [];
      list.push(i);
      this.#siblings.set(groupKey(rule), list);
    }
    this.decisions = rules.map((_, i) => this.#inUse(i));
  }

  get #rules(): readonly SecurityGroupRule[] {
    return this.#input.evidence.rules;
  }

  #inUse(i: number): Decision {
    const sure = this.#classes[i]!.some((c) => c.certain && c.yes.includes(i));
    const detail = sure
      ? 'Accepted connections need it.'
      : 'Accepted connections may need it: who opened them, or who the peer was, is not certain, and that counts as use.';
    return { action: 'keep', reason: 'in-use', detail, confidence: sure ? 1 : 0.5, replacements: [] };
  }

  /** Each rule by itself: gates, unused, in use. */
  firstVerdicts(): void {
    for (const [i, rule] of this.#rules.entries()) {
      const used = this.#classes[i]!.length > 0;
      const managed = this.#gates.managed(rule);
      const frozen = this.#gates.frozen(rule);
      const unproven = this.#gates.unproven(rule);
      if (managed !== null) this.#set(i, used ? 'keep' : 'review', managed.reason, managed.detail, used ? 1 : 0);
      else if (frozen !== null) this.#set(i, 'review', frozen.reason, frozen.detail, 0);
      else if (used) continue;
      else if (unproven !== null) this.#set(i, 'review', unproven.reason, unproven.detail, 0);
      else this.#unused(i);
    }
  }

  #unused(i: number): void {
    const days = windowDays(this.#input.window);
    const share = this.#share(i);
    const detail = `No accepted connection in ${Math.floor(days)} days could have needed it; flow logs cover ${percent(share)} of the hours in which the group was worn.`;
    this.#set(i, 'remove', 'unused', detail, silenceConfidence(days, share));
  }

  /** A wide rule beside narrower ones of the same group that let in all that was seen of it. The widest are tried first. */
  removeCoveredByEvidence(): void {
    const { policy, window } = this.#input;
    const order = this.#changeable()
      .filter((i) => this.decisions[i]!.reason === 'in-use' && this.#gates.unproven(this.#rules[i]!) === null)
      .sort((a, b) => breadth(this.#rules[b]!) - breadth(this.#rules[a]!) || a - b);
    for (const i of order) {
      const rule = this.#rules[i]!;
      const narrower = this.#standingBeside(i).filter(
        (j) => isCovered([this.#rules[j]!], [rule]) && !isCovered([rule], [this.#rules[j]!]),
      );
      if (narrower.length === 0) continue;
      const classes = this.#classes[i]!;
      if (!classes.every((c) => narrower.some((j) => c.yes.includes(j)))) continue;
      const unseen = Math.max(
        missingMass(daysBy(classes, (c) => `${c.protocol}/${c.port}`)),
        missingMass(daysBy(classes, (c) => formatAddress(c.peer))),
      );
      if (unseen > policy.maxMissingMass) continue;
      const names = narrower.filter((j) => classes.some((c) => c.yes.includes(j))).map((j) => this.#rules[j]!.ruleId);
      const detail = `All that was seen of it is also allowed by narrower rules of the group: ${names.join(', ')}.`;
      const confidence = narrowingConfidence(windowDays(window), this.#share(i), unseen);
      this.#set(i, 'remove', 'used-part-covered', detail, confidence);
    }
  }

  /** Rules that allow nothing which the others of the group, as they stand, do not allow: one at a time, the smallest first. */
  removeRedundant(): void {
    const order = this.#changeable()
      .filter((i) => this.decisions[i]!.action !== 'remove')
      .sort((a, b) => breadth(this.#rules[a]!) - breadth(this.#rules[b]!) || a - b);
    for (const i of order) {
      const beside = this.#standingBeside(i);
      if (beside.length === 0 || !this.#classes[i]!.every((c) => beside.some((j) => c.yes.includes(j)))) continue;
      if (!isCovered([this.#rules[i]!], this.#shapes(beside))) continue;
      const names = smallestCover(
        this.#rules[i]!,
        beside.map((j) => this.#rules[j]!),
      ).map((r) => r.ruleId);
      const detail = `Everything it allows is also allowed by ${names.join(' and ')} of the same group.`;
      this.#set(i, 'remove', 'redundant', detail, 1);
    }
  }

  narrowUsed(): void {
    const { inventory, policy, window } = this.#input;
    const plan = addressPlan(inventory);
    for (const i of this.#changeable()) {
      const rule = this.#rules[i]!;
      const held = this.decisions[i]!;
      if (held.reason !== 'in-use') continue;
      const unproven = this.#gates.unproven(rule);
      if (unproven !== null) {
        this.#set(i, held.action, held.reason, `${held.detail} Not narrowed: ${unproven.detail}`, held.confidence);
        continue;
      }
      const narrowing = this.#steps.narrowRule(rule, this.#classes[i]!, plan, policy);
      if (!narrowing.ok) {
        if (narrowing.why === 'seen-too-rarely') {
          const detail = `It could be narrower, but ${percent(narrowing.missingMass)} of its use is estimated to be still unseen; ${percent(policy.maxMissingMass)} is the limit.`;
          this.#set(i, 'keep', 'seen-too-rarely', detail, this.decisions[i]!.confidence);
        }
        continue;
      }
      const fresh = this.#withoutDuplicates(i, narrowing.replacements);
      // Where only uncertain rules let a connection in, each has to go on by itself; another's rule cannot stand for it.
      const each = this.#classes[i]!.some((c) => c.yes.length === 0);
      if (each && fresh.length < narrowing.replacements.length) continue;
      const confidence = narrowingConfidence(windowDays(window), this.#share(i), narrowing.missingMass);
      const kept = narrowing.keptShare < 0.0001 ? 'less than 0.01 %' : percent(narrowing.keptShare);
      const detail = `All use of ${portsText(rule)} by ${peerText(rule.peer)} fits in ${kept} of what it allows.`;
      if (fresh.length === 0) this.#set(i, 'remove', 'used-part-covered', detail, confidence);
      else this.#set(i, 'narrow', narrowing.reason, detail, confidence, fresh);
    }
  }

  /** EC2 refuses a second rule of the same tuple, so a replacement that stands already is left out. */
  #withoutDuplicates(i: number, shapes: readonly RuleShape[]): RuleShape[] {
    const standing = new Set(
      this.#siblings
        .get(groupKey(this.#rules[i]!))!
        .filter((j) => j !== i)
        .flatMap((j) => this.#after(j).map(shapeKey)),
    );
    return shapes.filter((shape) => !standing.has(shapeKey(shape)));
  }

  /** Law 4, for each group and direction. */
  withdrawWider(): void {
    for (const siblings of this.#siblings.values()) {
      const changed = siblings.filter((i) => this.decisions[i]!.action === 'narrow');
      if (changed.length === 0) continue;
      if (
        isCovered(
          siblings.flatMap((i) => this.#after(i)),
          this.#shapes(siblings),
        )
      )
        continue;
      for (const i of changed) this.#withdraw(i, 'subset-unproved');
    }
  }

  /** Law 3: until nothing is blocked. Each round withdraws at least one proposal, so it ends; a plan with any blocked is never returned. */
  judge(): Replay {
    const { evidence, inventory } = this.#input;
    for (;;) {
      const after = this.#rules.map((rule, i) => ({ groupId: rule.groupId, shapes: this.#after(i) }));
      const result = this.#steps.replay(evidence, after, inventory);
      if (result.blocked === 0) return result;
      const proposals = [...this.decisions.keys()].filter((i) => isProposal(this.decisions[i]!));
      const offenders = proposals.filter((i) => result.offenders.includes(i));
      // Blocked, and nobody to blame: then no part of the plan can be trusted. A plan of no changes blocks nothing.
      if (proposals.length === 0) throw new Error('the replay blocks connections under a plan that changes nothing');
      for (const i of offenders.length > 0 ? offenders : proposals) this.#withdraw(i, 'replay-blocked');
    }
  }

  #withdraw(i: number, reason: string): void {
    this.#set(i, 'keep', reason, 'A proposal for it failed the final check of the whole plan and was withdrawn.', 1);
  }

  #set(
    i: number,
    action: Decision['action'],
    reason: string,
    detail: string,
    confidence: number,
    replacements: readonly RuleShape[] = [],
  ): void {
    this.decisions[i] = { action, reason, detail, confidence, replacements };
  }

  /** Rules of groups that may be edited at all (laws 1 and 2 leave the rest alone). */
  #changeable(): number[] {
    return [...this.#rules.keys()].filter(
      (i) => this.#gates.managed(this.#rules[i]!) === null && this.#gates.frozen(this.#rules[i]!) === null,
    );
  }

  #standingBeside(i: number): number[] {
    return this.#siblings
      .get(groupKey(this.#rules[i]!))!
      .filter((j) => j !== i && this.decisions[j]!.action !== 'remove');
  }

  #after(i: number): readonly RuleShape[] {
    const { action, replacements } = this.decisions[i]!;
    return action === 'remove' ? [] : action === 'narrow' ? replacements : [this.#rules[i]!];
  }

  #shapes(indexes: readonly number[]): SecurityGroupRule[] {
    return indexes.map((i) => this.#rules[i]!);
  }

  #share(i: number): number {
    return coverageShare(this.#input.evidence.coverage.get(this.#rules[i]!.groupId));
  }
}

function groupKey(rule: SecurityGroupRule): string {
  return `${rule.groupId}|${rule.direction}`;
}

function isProposal(decision: Decision): boolean {
  return decision.action === 'remove' || decision.action === 'narrow';
}

/** Few rules that already suffice, for the sentence: drops each that is not needed, in order. */
function smallestCover(rule: SecurityGroupRule, beside: readonly SecurityGroupRule[]): SecurityGroupRule[] {
  const single = beside.find((other) => isCovered([rule], [other]));
  if (single !== undefined) return [single];
  let cover = [...beside];
  for (const other of beside) {
    const rest = cover.filter((r) => r !== other);
    if (isCovered([rule], rest)) cover = rest;
  }
  return cover;
}

function daysBy(classes: readonly ConnectionClass[], key: (c: ConnectionClass) => string): number[] {
  const days = new Map<string, Set<number>>();
  for (const c of classes) {
    const seen = days.get(key(c)) ?? new Set<number>();
    for (const { day } of c.days) seen.add(day);
    days.set(key(c), seen);
  }
  return [...days.values()].map((seen) => seen.size);
}
