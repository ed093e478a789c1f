import {
  type Finding,
  type FindingsDocument,
  type FlowLogSummary,
  type Replacement,
  SCHEMA_VERSION,
} from '../model/finding.ts';
import { findingId } from '../model/identity.ts';
import type { Inventory, RuleAge } from '../model/inventory.ts';
import type { Problem } from '../model/problem.ts';
import { formatProtocol, hasPorts, hasTypes } from '../model/protocol.ts';
import { canonicalShape, type Peer, type RuleShape } from '../model/rule.ts';
import type { Evidence, InterfaceCoverage, Window } from '../usage/evidence.ts';
import type { Advice, Verdict } from './advise.ts';
import { isoTime } from './rule-usage.ts';

export interface DocumentInput {
  advice: Advice;
  evidence: Evidence;
  inventory: Inventory;
  window: Window;
  flowLogs: FlowLogSummary;
  warnings: readonly Problem[];
}

/** The findings document: one finding for every live rule, in the order of the rules. Pure; holds no time but those of its input. */
export function findingsDocument(input: DocumentInput): FindingsDocument {
  const { advice, evidence, inventory, window } = input;
  const names = new Map(inventory.groups.map((g) => [g.groupId, g.groupName]));
  const ages = new Map((inventory.ruleAges ?? []).map((age) => [age.ruleId, age]));
  const { connections, flows, blocked } = advice.replay;
  return {
    schemaVersion: SCHEMA_VERSION,
    window: { from: isoTime(window.from), to: isoTime(window.to) },
    rules: advice.verdicts.map((verdict, i) => ({
      ...finding(verdict, evidence, names.get(verdict.rule.groupId) ?? ''),
      permissiveness: advice.permissiveness.rules[i]!,
      ...ageFields(ages.get(verdict.rule.ruleId)),
    })),
    replay: { connections, flows, blocked },
    plan: { ...advice.plan },
    permissiveness: {
      groups: advice.permissiveness.groups.map((scores) => ({ ...scores })),
      accounts: advice.permissiveness.accounts.map((scores) => ({ ...scores })),
    },
    flowLogs: input.flowLogs,
    unexplained: evidence.unexplained.map(({ interfaceId, groups, direction, records, reason, example }) => ({
      interfaceId,
      groups: [...groups],
      direction,
      flows: records,
      reason,
      example,
    })),
    warnings: [...input.warnings, ...advice.warnings],
  };
}

function finding(verdict: Verdict, evidence: Evidence, groupName: string): Finding {
  const { rule, action, reason, detail, confidence, usage } = verdict;
  const coverage = evidence.coverage.get(rule.groupId);
  const least = coverage?.leastCovered ?? null;
  return {
    findingId: findingId(rule),
    ruleId: rule.ruleId,
    groupId: rule.groupId,
    groupName,
    accountId: rule.accountId,
    region: rule.region,
    direction: rule.direction,
    protocol: formatProtocol(rule.protocol),
    fromPort: rule.fromPort,
    toPort: rule.toPort,
    peer: peerFields(rule.peer),
    description: rule.description,
    action,
    reason,
    detail,
    confidence,
    usage,
    coverage: {
      observedInterfaceHours: hours(coverage?.observedInterfaceHours ?? 0),
      expectedInterfaceHours: hours(coverage?.expectedInterfaceHours ?? 0),
      skippedRecords: coverage?.skippedRecords ?? 0,
      interfaces: [...(coverage?.interfaces ?? [])],
      leastCovered: least === null ? null : leastCovered(least),
    },
    replacements: verdict.replacements.map(replacement),
    ...(verdict.frontier === undefined || action !== 'narrow'
      ? {}
      : {
          frontier: verdict.frontier.map(({ rules, share, replacements }) => ({
            rules,
            space: share,
            replacements: replacements.map(replacement),
          })),
        }),
  };
}

/** A shape as the findings document writes it: ports only where the protocol has them. */
export function replacement(shape: RuleShape): Replacement {
  const { protocol, fromPort, toPort, peer } = canonicalShape(shape);
  const ports =
    (hasPorts(protocol) || hasTypes(protocol)) && fromPort !== null && toPort !== null ? { fromPort, toPort } : {};
  return { protocol: formatProtocol(protocol), ...ports, ...peerFields(peer) };
}

function peerFields(peer: Peer): Finding['peer'] {
  if (peer.kind === 'cidrIpv4') return { cidrIpv4: peer.cidr };
  if (peer.kind === 'cidrIpv6') return { cidrIpv6: peer.cidr };
  if (peer.kind === 'prefixList') return { prefixListId: peer.prefixListId };
  return { referencedGroupId: peer.groupId };
}

function ageFields(age: RuleAge | undefined): Pick<Finding, 'age'> {
  if (age === undefined) return {};
  const moment = (at: number | null): string | null => (at === null ? null : isoTime(Math.floor(at)));
  return { age: { createdAt: moment(age.createdAt), changedAt: moment(age.changedAt), by: age.by } };
}

function leastCovered(least: InterfaceCoverage): NonNullable<Finding['coverage']['leastCovered']> {
  const { interfaceId, observedHours, expectedHours, share } = least;
  // Rounded down: 0.97999 must not read as the 0.98 that was asked for.
  return {
    interfaceId,
    observedHours: hours(observedHours),
    expectedHours: hours(expectedHours),
    share: Math.floor(share * 10_000) / 10_000,
  };
}

/** To a ten-thousandth, as a JSON number that reads well. */
function hours(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
