import type { Finding, FindingsDocument, Replacement } from '../model/finding.ts';
import { parseProtocol } from '../model/protocol.ts';
import { portsText } from '../model/rule.ts';

/** How a finding reads, the same in every format. Renderers put these into words of their medium and decide nothing. */
export const ACTIONS = ['remove', 'narrow', 'review', 'keep'] as const;
export type Action = (typeof ACTIONS)[number];

export const ACTION_MEANING: Readonly<Record<Action, string>> = {
  remove: 'nothing needs the rule: it can go',
  narrow: 'traffic needs only a part: the rest can go',
  review: 'a person must decide',
  keep: 'used as it stands',
};

/** By account, region, group, direction, ports and peer: the order of every list, whatever order the document has. */
export function sortedFindings(document: FindingsDocument): Finding[] {
  return [...document.rules].sort(
    (a, b) =>
      compare(a.accountId, b.accountId) ||
      compare(a.region, b.region) ||
      compare(a.groupName, b.groupName) ||
      compare(a.groupId, b.groupId) ||
      compare(b.direction, a.direction) ||
      compare(a.protocol, b.protocol) ||
      (a.fromPort ?? -1) - (b.fromPort ?? -1) ||
      (a.toPort ?? -1) - (b.toPort ?? -1) ||
      compare(peerOf(a.peer), peerOf(b.peer)) ||
      compare(a.ruleId, b.ruleId),
  );
}

export function byAction(findings: readonly Finding[]): Record<Action, Finding[]> {
  const out: Record<Action, Finding[]> = { remove: [], narrow: [], review: [], keep: [] };
  for (const finding of findings) out[finding.action].push(finding);
  return out;
}

/** Code units, not locale: the same everywhere. */
export function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

export function peerOf(peer: Finding['peer']): string {
  return peer.cidrIpv4 ?? peer.cidrIpv6 ?? peer.prefixListId ?? peer.referencedGroupId ?? 'unknown';
}

/** `tcp 22`, `udp 1000-2000`, `icmp type 8 code 0`, `all traffic`. */
export function serviceOf(rule: {
  protocol: string;
  fromPort?: number | null | undefined;
  toPort?: number | null | undefined;
}): string {
  const protocol = parseProtocol(rule.protocol);
  if (protocol === -1) return 'all traffic';
  if (protocol === null) return rule.protocol;
  const ports = portsText({ protocol, fromPort: rule.fromPort ?? null, toPort: rule.toPort ?? null });
  const name = /^\d+$/.test(rule.protocol) ? `protocol ${rule.protocol}` : rule.protocol;
  if (protocol !== 6 && protocol !== 17 && ports === 'all') return name;
  return `${name} ${ports}`;
}

export function directionWord(direction: Finding['direction']): string {
  return direction === 'ingress' ? 'from' : 'to';
}

/** `tcp 22 from 10.0.0.0/8`. */
export function ruleText(finding: Finding): string {
  return `${serviceOf(finding)} ${directionWord(finding.direction)} ${peerOf(finding.peer)}`;
}

export function replacementText(replacement: Replacement, direction: Finding['direction']): string {
  return `${serviceOf(replacement)} ${directionWord(direction)} ${peerOf(replacement)}`;
}

/** Share of the expected interface-hours that logs speak of, 0 to 1; null where no interface wore the group, so nothing was expected. */
export function coverageShare(finding: Finding): number | null {
  const { observedInterfaceHours, expectedInterfaceHours } = finding.coverage;
  if (expectedInterfaceHours === 0) return null;
  return Math.min(1, observedInterfaceHours / expectedInterfaceHours);
}

/** Rounded down to a hundredth, so that 99.997 % never reads as 100 %. */
export function percent(share: number): string {
  const hundredths = Math.floor(share * 10_000 + 1e-9) / 100;
  return `${String(hundredths)} %`;
}

export function coverageText(finding: Finding): string {
  const share = coverageShare(finding);
  return share === null ? 'not worn' : percent(share);
}

/** 1234567 → `1,234,567`, without asking the locale. */
export function thousands(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

export function counted(value: number, one: string, many = `${one}s`): string {
  return `${thousands(value)} ${value === 1 ? one : many}`;
}

/** `1.2 GB`, decimal units. */
export function bytesText(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let rest = value;
  let at = 0;
  while (rest >= 999.5 && at < units.length - 1) {
    rest /= 1000;
    at += 1;
  }
  return `${at === 0 || rest >= 99.5 ? Math.round(rest) : rest.toFixed(1)} ${units[at]!}`;
}

export function dayOf(timestamp: string): string {
  return timestamp.slice(0, 10);
}

/** Whole days, the window being closed-open; a part of a day counts in tenths. */
export function windowDays(document: FindingsDocument): number {
  const seconds = (Date.parse(document.window.to) - Date.parse(document.window.from)) / 1000;
  return Math.round((seconds / 86_400) * 10) / 10;
}

/** `last used 2026-09-30, 1,204 records on 12 days` or `never used`. */
export function useText(finding: Finding): string {
  const { usage } = finding;
  if (usage.flows === 0) return 'no record';
  const last = usage.lastSeen === null ? '' : `, last ${dayOf(usage.lastSeen)}`;
  return `${counted(usage.flows, 'record')} on ${counted(usage.daysSeen, 'day')}${last}`;
}

/** Several accounts or regions: then a group's name alone does not say which. */
export function placesOf(findings: readonly Finding[]): string[] {
  return [...new Set(findings.map(placeOf))].sort(compare);
}

export function placeOf(finding: Finding): string {
  return `${finding.accountId}/${finding.region}`;
}

/** Where a rule is written, when bot/change found out; from proposals.json. */
export interface SourcePlace {
  findingId: string;
  file: string;
  line: number;
  endLine?: number;
}
