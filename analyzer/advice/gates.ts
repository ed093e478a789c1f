import type { Inventory, RuleAge } from '../model/inventory.ts';
import type { SecurityGroupRule } from '../model/rule.ts';
import type { Evidence, GroupCoverage, Window } from '../usage/evidence.ts';
import { coverageShare } from './confidence.ts';
import { managedBy } from './managed.ts';
import type { Policy } from './policy.ts';
import { orderFor, windowDaysFor } from './policy-rules.ts';

export interface Gate {
  reason: string;
  detail: string;
}

export interface Gates {
  /** Groups that nobody but their keeper may change, and what a person wants kept. */
  managed(rule: SecurityGroupRule): Gate | null;
  /** Law 2. */
  frozen(rule: SecurityGroupRule): Gate | null;
  /** Law 1: why silence of the group's rules proves nothing. */
  unproven(rule: SecurityGroupRule): Gate | null;
}

export function windowDays(window: Window): number {
  return (window.to - window.from) / 86_400;
}

export function buildGates(evidence: Evidence, inventory: Inventory, policy: Policy, window: Window): Gates {
  const groups = new Map(inventory.groups.map((g) => [g.groupId, g]));
  const frozen = new Map<string, Gate>();
  for (const entry of evidence.unexplained) {
    for (const group of entry.groups) {
      const key = `${group}|${entry.direction}`;
      if (frozen.has(key)) continue;
      const detail = `Accepted traffic on ${entry.interfaceId} (${entry.example}) is explained by no known rule: ${WHY[entry.reason]}.`;
      frozen.set(key, { reason: 'unexplained-traffic', detail });
    }
  }
  const days = windowDays(window);
  const ages = new Map((inventory.ruleAges ?? []).map((age) => [age.ruleId, age]));
  return {
    managed(rule) {
      const order = orderFor(rule, policy, (id) => groups.get(id), window.to);
      if (order !== null) return order;
      const group = groups.get(rule.groupId);
      if (group === undefined)
        return {
          reason: 'group-unknown',
          detail: 'The inventory does not describe the group, so it is not known who wore it.',
        };
      if (group.groupName === 'default') {
        return {
          reason: 'default-group',
          detail: 'This is the default group of a VPC, which Pare reports and never edits.',
        };
      }
      const keeper = managedBy(group);
      return keeper === null
        ? null
        : {
            reason: 'managed-by-aws',
            detail: `AWS or a controller keeps this group (${keeper}) and would undo what is changed elsewhere.`,
          };
    },
    frozen: (rule) => frozen.get(`${rule.groupId}|${rule.direction}`) ?? null,
    unproven(rule) {
      const coverage = evidence.coverage.get(rule.groupId);
      if (coverage === undefined || coverage.expectedInterfaceHours === 0) {
        return { reason: 'group-not-worn', detail: notWorn(rule, inventory) };
      }
      const needed = windowDaysFor(policy, groups.get(rule.groupId), rule.groupId);
      if (days < needed) {
        const detail = `The window judged is ${figure(days)} days long; ${needed} are needed before silence proves anything.`;
        return { reason: 'window-too-short', detail };
      }
      const young = tooYoung(ages.get(rule.ruleId), needed, window);
      if (young !== null) return { reason: 'rule-too-young', detail: young };
      if (coverage.wornHours < policy.minWornDays * 24) {
        const detail = `Somebody wore the group in only ${coverage.wornHours} hours of the window; ${figure(policy.minWornDays * 24)} are needed before silence proves anything.`;
        return { reason: 'worn-too-briefly', detail };
      }
      // A connection on the one interface that nobody logged is as real as on the 99 others: each must be covered, and all together.
      const least = coverage.leastCovered;
      const share = Math.min(coverageShare(coverage), least?.share ?? 1);
      if (share >= policy.minCoverage) return null;
      return { reason: 'coverage-too-thin', detail: thinCoverage(coverage, policy) };
    },
  };
}

/** Of what it allows since it was made, or last changed, logs speak for that long at most. Of a rule without an age nothing is known. */
function tooYoung(age: RuleAge | undefined, needed: number, window: Window): string | null {
  const since = Math.max(age?.createdAt ?? -Infinity, age?.changedAt ?? -Infinity);
  const lived = (window.to - since) / 86_400;
  if (since <= window.from || lived >= needed) return null;
  const what = since === age?.createdAt ? 'made' : 'last changed';
  const when = `The rule was ${what} on ${new Date(since * 1000).toISOString().slice(0, 10)}`;
  const seen =
    lived <= 0 ? `${when}, after the window judged` : `${when}, ${figure(lived)} days before the end of the window`;
  return `${seen}; ${needed} are needed before silence proves anything.`;
}

/** Nobody wore it; but somebody may be about to. */
function notWorn(rule: SecurityGroupRule, inventory: Inventory): string {
  const said = 'No interface wore the group within the window, so nothing could be seen of it';
  const holders = (inventory.holders ?? []).filter((h) => h.groupId === rule.groupId);
  if (holders.length > 0) {
    const names = [...new Set(holders.map((h) => h.name ?? h.holderId))].sort();
    return `${said}. Launch template ${names.join(', ')} names it: what it starts will wear it.`;
  }
  const looked =
    inventory.holders !== undefined &&
    !(inventory.missingListings ?? []).some(
      (m) =>
        m.listing === 'launch-templates' &&
        (m.accountId === null || m.accountId === rule.accountId) &&
        (m.region === null || m.region === rule.region),
    );
  return looked
    ? `${said}. No launch template names it; services scaled to nothing may.`
    : `${said}. Launch templates and services scaled to nothing may still name it.`;
}

function thinCoverage(coverage: GroupCoverage, policy: Policy): string {
  const needed = percent(policy.minCoverage);
  const { leastCovered: least, interfaces } = coverage;
  const whole = coverageShare(coverage);
  if (least !== null && interfaces.length > 1 && least.share < policy.minCoverage) {
    const all =
      whole < policy.minCoverage ? '' : `, though ${percent(whole)} of all ${interfaces.length} interfaces together`;
    return `Flow logs cover ${percent(least.share)} of the ${figure(least.expectedHours)} hours in which ${least.interfaceId} wore the group${all}; ${needed} of each are needed before silence proves anything.`;
  }
  return `Flow logs cover ${percent(whole)} of the ${figure(coverage.expectedInterfaceHours)} hours in which interfaces wore the group; ${needed} are needed before silence proves anything.`;
}

const WHY = {
  'no-rule': 'no rule of the groups worn allows it',
  'unknown-interface': 'the interface is not in the inventory',
  'unknown-group': 'the interface wore a group that the inventory lacks',
  'no-state-at-that-time': 'it is not known which groups the interface wore then',
} as const;

/** Rounded down, so that 97.99 is never shown as the 98 that was asked for. */
export function percent(share: number): string {
  return `${Math.floor(share * 10_000) / 100} %`;
}

export function figure(value: number): string {
  return String(Math.floor(value * 100) / 100);
}
