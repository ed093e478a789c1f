import { type Cidr, parseCidr } from '../model/address.ts';
import type { Usage } from '../model/finding.ts';
import type { Inventory } from '../model/inventory.ts';
import type { Problem } from '../model/problem.ts';
import { type RuleShape, type SecurityGroupRule, shapeKey } from '../model/rule.ts';
import type { Evidence, Window } from '../usage/evidence.ts';
import type { ConnectionClass } from '../usage/index.ts';
import { coverageShare, fitSureness, missingMass, type Sureness } from './confidence.ts';
import { leastCover } from './cover.ts';
import { buildGates, type Gates, windowDays } from './gates.ts';
import { failedDays } from './leave-out.ts';
import { buildNames, type Names } from './names.ts';
import { type FrontierPoint, type Narrowing, type NarrowMemo, narrowRule } from './narrow.ts';
import type { Policy } from './policy.ts';
import { applyPolicy } from './policy-rules.ts';
import { listWeights, overQuota, RULES_PER_GROUP, ruleWeights } from './quota.ts';
import { breadth, isCovered } from './redundant.ts';
import { staleReferences } from './references.ts';
import { type Replay, replay } from './replay.ts';
import { ruleUsages } from './rule-usage.ts';
import {
  coveredDetail,
  inUseDetail,
  namedDetail,
  narrowDetail,
  notNarrowed,
  redundantDetail,
  redundantElsewhereDetail,
  STALE,
  STALE_YET,
  silenceDetail,
  tooRareDetail,
  unusedDetail,
} from './sentences.ts';
import { type AddressPlan, addressPlan, placeFinder } from './sources.ts';
import { buildSizes, type Sizes, spaceOfShape } from './space.ts';
import { type PermissivenessReport, type PlanTotals, permissivenessOf, planTotals } from './totals.ts';
import { type DatedUse, type Places, usesOf } from './uses.ts';
import { wornTogether } from './worn.ts';

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
  /** For a narrowing: the least space for each number of rules, of which `replacements` is one. */
  frontier?: readonly FrontierPoint[];
}

export interface Advice {
  /** One for every rule, in the order of evidence.rules. */
  verdicts: readonly Verdict[];
  /** Of the plan as returned: `blocked` is 0. */
  replay: Replay;
  /** What a person should know of their own policy: keeps that ended or fit nothing, the brake. */
  warnings: readonly Problem[];
  /** What the plan as returned closes, and how far from the best that may be. */
  plan: PlanTotals;
  permissiveness: PermissivenessReport;
}

/** The steps that the last two checks do not trust; given only by tests of these checks. */
export interface Steps {
  narrowRule: typeof narrowRule;
  replay: typeof replay;
}

interface Narrowed {
  narrowing: Narrowing;
  /** What it was made from, and how to make it again from fewer. */
  uses: readonly DatedUse[];
  memo: NarrowMemo;
}

type Decision = Omit<Verdict, 'rule' | 'usage' | 'frontier'>;

/**
 * One plan for all rules. It is built so that nothing is lost, then judged by the replay and the set algebra as if it were not;
 * what fails either is withdrawn.
 */
export function advise(input: AdviceInput, steps: Steps = { narrowRule, replay }): Advice {
  const { evidence, inventory, policy, window } = input;
  const usages = ruleUsages(evidence);
  const planner = new Planner(input, buildGates(evidence, inventory, policy, window), steps, usages);
  planner.firstVerdicts();
  planner.chooseTogether();
  planner.removeRedundant();
  planner.removeRedundantElsewhere();
  planner.narrowUsed();
  planner.fitQuota();
  planner.withdrawWider();
  const judged = planner.judge();
  const planned = evidence.rules.map((rule, i): Verdict => {
    const decision = planner.decisions[i]!;
    const frontier = decision.action === 'narrow' ? planner.frontiers.get(i) : undefined;
    return { rule, usage: usages[i]!, ...decision, ...(frontier === undefined ? {} : { frontier }) };
  });
  const { verdicts, warnings } = applyPolicy(planned, policy, inventory, window.to);
  const plan = planTotals(verdicts, planner.slack, planner.sizes);
  return { verdicts, replay: judged, warnings, plan, permissiveness: permissivenessOf(verdicts, planner.sizes) };
}

class Planner {
  readonly decisions: Decision[];
  readonly #input: AdviceInput;
  readonly #gates: Gates;
  readonly #steps: Steps;
  readonly #usages: readonly Usage[];
  readonly #plan: AddressPlan;
  readonly #places: (within: Cidr) => Places;
  readonly sizes: Sizes;
  readonly #names: Names;
  /** By rule: other ways to narrow it. */
  readonly frontiers = new Map<number, readonly FrontierPoint[]>();
  /** How far above the proved bound the chosen rules may lie, in space. */
  slack = 0;
  readonly #narrowings = new Map<number, Narrowed>();
  readonly #keys = new Map<RuleShape, string>();
  readonly #sureness: Sureness;
  readonly #classes: ConnectionClass[][];
  /** Rules of the same group and direction, by index. */
  readonly #siblings = new Map<string, number[]>();

  constructor(input: AdviceInput, gates: Gates, steps: Steps, usages: readonly Usage[]) {
    this.#usages = usages;
    this.#plan = addressPlan(input.inventory);
    this.#places = placeFinder(this.#plan, input.policy);
    this.sizes = buildSizes(input.inventory);
    this.#names = buildNames(input.inventory, input.policy, this.sizes);
    this.#input = input;
    this.#gates = gates;
    this.#steps = steps;
    this.#sureness = fitSureness(input.evidence, input.inventory, input.window);
    const { rules, classes } = input.evidence;
    this.#classes = rules.map(() => []);
    for (const c of classes) {
      for (const rule of c.yes) this.#classes[rule]!.push(c);
      for (const rule of c.maybe) this.#classes[rule]!.push(c);
    }
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
    const usage = this.#usages[i]!;
    const silence = silenceDetail(usage, Math.ceil(this.#input.window.to / 86_400) - 1);
    return {
      action: 'keep',
      reason: 'in-use',
      detail: `${inUseDetail(usage, sure)}${silence}`,
      confidence: sure ? 1 : 0.5,
      replacements: [],
    };
  }

  /** Each rule by itself: gates, unused, in use. */
  firstVerdicts(): void {
    const stale = staleReferences(this.#input.inventory);
    for (const [i, rule] of this.#rules.entries()) {
      const used = this.#classes[i]!.length > 0;
      const managed = this.#gates.managed(rule);
      const frozen = this.#gates.frozen(rule);
      const unproven = this.#gates.unproven(rule);
      if (managed !== null) this.#set(i, used ? 'keep' : 'review', managed.reason, managed.detail, used ? 1 : 0);
      else if (frozen !== null) this.#set(i, 'review', frozen.reason, frozen.detail, 0);
      else if (stale(rule)) this.#stale(i);
      else if (used) continue;
      else if (unproven !== null) this.#set(i, 'review', unproven.reason, unproven.detail, 0);
      else this.#unused(i);
    }
  }

  /** It allows nothing now; but where it may have been the only one within the window, the replay could not let it go. */
  #stale(i: number): void {
    const covered = this.#classes[i]!.every((c) => c.yes.some((j) => j !== i));
    if (covered) this.#set(i, 'remove', 'stale-reference', STALE, 1);
    else this.#set(i, 'review', 'stale-reference', `${STALE} ${STALE_YET}`, 0);
  }

  #unused(i: number): void {
    const rule = this.#rules[i]!;
    const worn = this.#input.evidence.coverage.get(rule.groupId)?.interfaces.length ?? 0;
    const detail = unusedDetail(
      rule,
      windowDays(this.#input.window),
      this.#share(i),
      worn,
      this.#input.evidence.refused?.get(i) ?? 0,
      this.#input.evidence.refusedDays,
    );
    this.#set(i, 'remove', 'unused', detail, this.#sureness.unused(i));
  }

  /**
   * Of the used rules, those that stay are chosen together: each class that some rule certainly lets in keeps such a rule, and what stays,
   * as narrow as it could be, is least (cover.ts). Only rules whose silence would be proved may go; one that certainly-unknown
   * connections may need always stays.
   */
  chooseTogether(): void {
    const { policy, evidence } = this.#input;
    const { sizes } = this;
    const changeable = new Set(this.#changeable());
    const free = [...changeable].filter((i) => this.#mayBeCovered(i, policy));
    const slot = new Map(free.map((i, n) => [i, n]));
    const elements = new Map<string, number[]>();
    const groups = evidence.groupSets.map((set) => new Set(set));
    for (const c of evidence.classes) {
      const own = groups[c.groupSet]!;
      const standing = c.yes.filter((i) => this.decisions[i]!.action !== 'remove' && own.has(this.#rules[i]!.groupId));
      if (!standing.some((i) => slot.has(i))) continue;
      // A rule that nobody may edit, and that is not of the same group, is no promise.
      if (standing.some((i) => !slot.has(i) && changeable.has(i))) continue;
      const options = standing.flatMap((i) => slot.get(i) ?? []);
      elements.set(options.join(','), options);
    }
    // Of equal remainders the rule that allowed less is the better one to keep.
    const costs = free.map((i) => {
      const rule = this.#rules[i]!;
      const { narrowing } = this.#narrowing(i);
      const left = narrowing.ok ? narrowing.replacements : [rule];
      return left.reduce((sum, shape) => sum + spaceOfShape(shape, sizes), 0) + spaceOfShape(rule, sizes) * 1e-9;
    });
    const cover = leastCover(costs, [...elements.values()]);
    this.slack = cover.cost - cover.bound;
    const kept = new Set(cover.kept.map((n) => free[n]!));
    const gone = free.filter((i) => !kept.has(i));
    for (const i of gone) this.#set(i, 'remove', 'used-part-covered', '', 0);
    for (const i of gone.sort((a, b) => this.#breadth(a) - this.#breadth(b) || a - b)) this.#sayCovered(i);
  }

  #mayBeCovered(i: number, policy: Policy): boolean {
    if (this.decisions[i]!.reason !== 'in-use' || this.#gates.unproven(this.#rules[i]!) !== null) return false;
    const classes = this.#classes[i]!;
    // Where it is not certain that the rule matches at all, nobody knows what it was needed for (law 1).
    if (classes.some((c) => c.yes.length < 2 || !c.yes.includes(i))) return false;
    const unseen = Math.max(
      missingMass(daysBy(classes, (c) => c.protocol * 65_537 + (c.port ?? -1))),
      missingMass(daysBy(classes, (c) => c.peer.value)),
    );
    return unseen <= policy.maxMissingMass;
  }

  #sayCovered(i: number): void {
    const rule = this.#rules[i]!;
    const beside = this.#shapes(this.#standingBeside(i));
    if (isCovered([rule], beside)) {
      this.#set(i, 'remove', 'redundant', redundantDetail(idsOf(smallestCover(rule, beside))), 1);
      return;
    }
    const covering = new Set<number>();
    for (const c of this.#classes[i]!) {
      const standing = c.yes.filter((j) => this.decisions[j]!.action !== 'remove');
      if (!standing.some((j) => covering.has(j))) covering.add(standing[0]!);
    }
    const rules = [...covering].sort((a, b) => a - b).map((j) => this.#rules[j]!);
    const detail = coveredDetail(this.#usages[i]!, namesOf(rules, rule.groupId));
    this.#set(i, 'remove', 'used-part-covered', detail, this.#sureness.narrowed(i, 0));
  }

  /** Rules that allow nothing which the others of the group, as they stand, do not allow: one at a time, the smallest first. */
  removeRedundant(): void {
    for (const i of this.#smallestFirst()) {
      const beside = this.#standingBeside(i);
      if (beside.length === 0 || !this.#classes[i]!.every((c) => beside.some((j) => c.yes.includes(j)))) continue;
      if (!isCovered([this.#rules[i]!], this.#shapes(beside))) continue;
      const cover = smallestCover(this.#rules[i]!, this.#shapes(beside));
      this.#set(i, 'remove', 'redundant', redundantDetail(idsOf(cover)), 1);
    }
  }

  /** The same across groups: on every interface that wore the group, the other groups it wore allow it all. */
  removeRedundantElsewhere(): void {
    const { window, inventory } = this.#input;
    const worn = wornTogether(inventory, window);
    const changeable = new Set(this.#changeable());
    for (const i of this.#smallestFirst()) {
      const rule = this.#rules[i]!;
      const together = worn.get(rule.groupId);
      if (together === undefined || together.sets.some((groups) => groups.length < 2)) continue;
      if (this.#gates.unproven(rule)?.reason === 'group-not-worn') continue;
      const stands = (j: number): boolean => j !== i && changeable.has(j) && this.decisions[j]!.action !== 'remove';
      if (!this.#classes[i]!.every((c) => c.yes.some(stands))) continue;
      const covers = together.sets.map((groups) => {
        const beside = groups.flatMap((g) => this.#siblings.get(`${g}|${rule.direction}`) ?? []).filter(stands);
        return isCovered([rule], this.#shapes(beside)) ? smallestCover(rule, this.#shapes(beside)) : null;
      });
      if (covers.some((cover) => cover === null)) continue;
      const rules = [...new Set(covers.flatMap((cover) => cover ?? []))].sort((a, b) => (a.ruleId < b.ruleId ? -1 : 1));
      const detail = redundantElsewhereDetail(namesOf(rules, rule.groupId), together.interfaces);
      const sure = this.#classes[i]!.length > 0 ? this.#sureness.narrowed(i, 0) : this.#sureness.unused(i);
      this.#set(i, 'remove', 'redundant-with-other-groups', detail, sure);
    }
  }

  #smallestFirst(): number[] {
    return this.#changeable()
      .filter((i) => this.decisions[i]!.action !== 'remove')
      .sort((a, b) => this.#breadth(a) - this.#breadth(b) || a - b);
  }

  #breadth(i: number): number {
    return breadth(this.#rules[i]!);
  }

  #narrowing(i: number): Narrowed {
    const found = this.#narrowings.get(i);
    if (found !== undefined) return found;
    const { policy } = this.#input;
    const rule = this.#rules[i]!;
    const within = rule.peer.kind === 'cidrIpv4' || rule.peer.kind === 'cidrIpv6' ? parseCidr(rule.peer.cidr) : null;
    const places = within === null || !policy.narrowPeers ? null : this.#places(within);
    const uses = usesOf(this.#classes[i]!, places);
    const memo: NarrowMemo = { uses: uses.length, places, found: new Map() };
    const made = { narrowing: this.#steps.narrowRule(rule, uses, this.#plan, policy, memo), uses, memo };
    this.#narrowings.set(i, made);
    return made;
  }

  narrowUsed(): void {
    const { evidence, policy, window } = this.#input;
    for (const i of this.#changeable()) {
      const rule = this.#rules[i]!;
      const held = this.decisions[i]!;
      if (held.reason !== 'in-use') continue;
      const unproven = this.#gates.unproven(rule);
      if (unproven !== null) {
        this.#set(
          i,
          held.action,
          held.reason,
          `${held.detail} Not narrowed: ${lower(unproven.detail)}`,
          held.confidence,
        );
        continue;
      }
      const { narrowing, uses, memo } = this.#narrowing(i);
      if (!narrowing.ok) {
        if (narrowing.why === 'seen-too-rarely') {
          this.#set(i, 'keep', 'seen-too-rarely', tooRareDetail(narrowing.missingMass, policy), held.confidence);
        } else {
          const detail = `${held.detail} ${notNarrowed(narrowing, policy)}`;
          this.#set(i, held.action, held.reason, detail, held.confidence);
        }
        continue;
      }
      const named = this.#names.instead(rule, narrowing.replacements, this.#classes[i]!, evidence.peerGroupSets);
      const replacements = named ?? narrowing.replacements;
      const fresh = this.#withoutDuplicates(i, replacements);
      // Where only uncertain rules let a connection in, each has to go on by itself; another's rule cannot stand for it.
      const each = this.#classes[i]!.some((c) => c.yes.length === 0);
      if (each && fresh.length < replacements.length) continue;
      const propose = (kept: readonly DatedUse[]): readonly RuleShape[] | null => {
        const again = this.#steps.narrowRule(rule, kept, this.#plan, policy, memo);
        return again.ok ? again.replacements : null;
      };
      const failed = failedDays(this.#classes[i]!, evidence.peerGroupSets, propose, uses);
      const confidence = this.#sureness.narrowed(i, failed);
      if (fresh.length === 0) {
        const standing = new Set(replacements.map(shapeKey));
        const beside = this.#standingBeside(i).filter((j) => this.#after(j).some((s) => standing.has(shapeKey(s))));
        const detail = coveredDetail(this.#usages[i]!, idsOf(this.#shapes(beside)));
        this.#set(i, 'remove', 'used-part-covered', detail, confidence);
      } else {
        const detail = `${narrowDetail(rule, narrowing, narrowing.replacements.length, windowDays(window))}${named === null ? '' : namedDetail(named[0]!.peer)}`;
        this.#set(i, 'narrow', narrowing.reason, detail, confidence, fresh);
        this.frontiers.set(i, narrowing.frontier);
      }
    }
  }

  /** Where a group would have more rules than EC2 takes, narrowings give up space for fewer rules, the ones with most rules first. */
  fitQuota(): void {
    const { inventory, policy } = this.#input;
    const quota = policy.orders?.rulesPerGroup ?? RULES_PER_GROUP;
    const lists = listWeights(inventory);
    for (const members of this.#siblings.values()) {
      const before = ruleWeights(this.#shapes(members), lists);
      const tooMany = (): boolean =>
        overQuota(
          ruleWeights(
            members.flatMap((i) => this.#after(i)),
            lists,
          ),
          before,
          quota,
        );
      while (tooMany()) {
        const rulesOf = (i: number): number => this.decisions[i]!.replacements.length;
        const most = members.filter((i) => rulesOf(i) > 1).sort((a, b) => rulesOf(b) - rulesOf(a) || a - b)[0];
        if (most === undefined) break;
        this.#withFewerRules(most, quota);
      }
    }
  }

  #withFewerRules(i: number, quota: number): void {
    const { policy, window } = this.#input;
    const { action, reason, confidence, replacements } = this.decisions[i]!;
    const points = this.frontiers.get(i) ?? [];
    const point = points.findLast((p) => p.rules < replacements.length && p.share < policy.maxKeptShare);
    const fresh = point === undefined ? [] : this.#withoutDuplicates(i, point.replacements);
    if (point === undefined || fresh.length < point.replacements.length) {
      const detail = `Narrowing it would leave its group with more than the ${quota} rules that EC2 takes.`;
      this.#set(i, 'keep', 'quota', detail, 1);
      return;
    }
    const narrowed = narrowDetail(this.#rules[i]!, { keptShare: point.share }, point.rules, windowDays(window));
    const detail = `${narrowed} More rules would allow less, but the group may have no more than ${quota}.`;
    this.#set(i, action, reason, detail, confidence, fresh);
  }

  /** Each sibling asks for the keys of all others. */
  #keyOf(shape: RuleShape): string {
    const key = this.#keys.get(shape) ?? shapeKey(shape);
    this.#keys.set(shape, key);
    return key;
  }

  /** EC2 refuses a second rule of the same tuple, so a replacement that stands already is left out. */
  #withoutDuplicates(i: number, shapes: readonly RuleShape[]): RuleShape[] {
    const standing = new Set(
      this.#siblings
        .get(groupKey(this.#rules[i]!))!
        .filter((j) => j !== i)
        .flatMap((j) => this.#after(j).map((shape) => this.#keyOf(shape))),
    );
    return shapes.filter((shape) => !standing.has(this.#keyOf(shape)));
  }

  /** Law 4, for each group and direction. */
  withdrawWider(): void {
    for (const siblings of this.#siblings.values()) {
      const changed = siblings.filter((i) => this.decisions[i]!.action === 'narrow');
      if (changed.length === 0) continue;
      if (
        isCovered(
          siblings.flatMap((i) => this.#bounds(i)),
          this.#shapes(siblings),
        )
      )
        continue;
      for (const i of changed) this.#withdraw(i, 'subset-unproved');
    }
  }

  /** What stands after, and of a name that a network became, the networks that hold all it can stand for. */
  #bounds(i: number): readonly RuleShape[] {
    const { kind } = this.#rules[i]!.peer;
    const after = this.#after(i);
    return kind === 'group' || kind === 'prefixList' ? after : after.flatMap((shape) => this.#names.bounds(shape));
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

function idsOf(rules: readonly SecurityGroupRule[]): string[] {
  return rules.map((rule) => rule.ruleId);
}

/** Ids, with the group where it is another. */
function namesOf(rules: readonly SecurityGroupRule[], groupId: string): string[] {
  return rules.map((rule) => (rule.groupId === groupId ? rule.ruleId : `${rule.ruleId} of ${rule.groupId}`));
}

function lower(sentence: string): string {
  return /^[A-Z][a-z ]/.test(sentence) ? sentence[0]!.toLowerCase() + sentence.slice(1) : sentence;
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

/** The key: an address's value is a number for IPv4, a bigint for IPv6. */
function daysBy(classes: readonly ConnectionClass[], keyOf: (c: ConnectionClass) => number | bigint): number[] {
  const days = new Map<number | bigint, Set<number>>();
  for (const c of classes) {
    const key = keyOf(c);
    const seen = days.get(key) ?? new Set<number>();
    for (const { day } of c.days) seen.add(day);
    days.set(key, seen);
  }
  return [...days.values()].map((seen) => seen.size);
}
