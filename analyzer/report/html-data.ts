import { deflateRawSync } from 'node:zlib';
import type { Finding, FindingsDocument, Replacement } from '../model/finding.ts';
import { parseProtocol } from '../model/protocol.ts';
import type { Peer, RuleShape } from '../model/rule.ts';
import { stripControls } from '../model/text.ts';
import { allowedSpace, countSpace, resolveNothing } from '../model/traffic.ts';
import { evidenceMeaning } from './evidence-words.ts';
import { ACTIONS, byAction, compare, dayOf, placesOf, replacementText, ruleText } from './words.ts';

/** Where a finding is written, the edit that makes it true or why there is none, and its pull request. From proposals.json. */
export interface SourceDetail {
  findingId: string;
  file: string;
  line: number;
  address?: string;
  edits?: readonly { file: string; removed: string; inserted: string }[];
  refused?: readonly string[];
  /** https only. */
  pullRequest?: string;
}

/** Who looks at a served page, and where its buttons send their commands. */
export interface Served {
  /** Path on the same host; takes a command's words by POST. */
  url: string;
  login: string;
  /** May give commands. */
  act: boolean;
  token: string;
}

/** A sign beside each colour, for those who do not see it. */
export const MARKS = { remove: '×', narrow: '↓', review: '?', keep: '✓' } as const;

/** Days of the window, the first one counted from its midnight. */
export function daysOf(document: FindingsDocument): number {
  const first = Date.parse(`${dayOf(document.window.from)}T00:00:00Z`);
  return Math.max(1, Math.ceil((Date.parse(document.window.to) - first) / 86_400_000));
}

/** The order of the page: what can go first, then as everywhere. */
export function pageOrder(findings: readonly Finding[]): Finding[] {
  const groups = byAction(findings);
  return ACTIONS.flatMap((action) => groups[action]);
}

/**
 * What the page's script shows, already in words where words are needed: deflated JSON in base64, so that 10,000 rules are a few
 * hundred kilobytes and no string can end its element. The same document gives the same bytes.
 */
export function island(data: PageData): string {
  const text = JSON.stringify(data, (_, value: unknown) =>
    typeof value === 'string' && SUSPECT.test(value) ? clean(value) : value,
  );
  return deflateRawSync(text, { level: 9 }).toString('base64');
}

export type PageData = ReturnType<typeof pageData> & { served?: Served };

const SUSPECT = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

/** Line feeds stay: source has them, and elsewhere the page folds them into spaces. */
function clean(text: string): string {
  return text.split('\n').map(stripControls).join('\n');
}

/** The data of the page. Findings in the order of sortedFindings. */
export function pageData(
  document: FindingsDocument,
  findings: readonly Finding[],
  sources: readonly SourceDetail[] = [],
) {
  const firstDay = dayOf(document.window.from);
  const tallies = byAction(findings);
  const groups = groupsOf(document, findings);
  const index = new Map(groups.map((group, i) => [group.key, i]));
  const byFinding = new Map(sources.map((source) => [source.findingId, source]));
  return {
    firstDay,
    lastDay: new Date(Date.parse(document.window.to) - 1).toISOString().slice(0, 10),
    days: daysOf(document),
    marks: MARKS,
    actions: ACTIONS,
    tally: Object.fromEntries(ACTIONS.map((action) => [action, tallies[action].length])),
    severalPlaces: placesOf(findings).length > 1,
    replay: document.replay,
    groups,
    interfaces: Object.fromEntries(
      (document.interfaces ?? []).map(({ interfaceId, type, description, address }) => [
        interfaceId,
        { type, description, address },
      ]),
    ),
    explorer: document.explorer ?? null,
    rules: pageOrder(findings).map((finding) =>
      ruleOf(finding, index.get(keyOf(finding))!, byFinding.get(finding.findingId), firstDay, daysOf(document)),
    ),
  };
}

function keyOf(finding: Pick<Finding, 'accountId' | 'region' | 'groupId'>): string {
  return `${finding.accountId}/${finding.region}/${finding.groupId}`;
}

function groupsOf(document: FindingsDocument, findings: readonly Finding[]) {
  const summaries = new Map((document.groups ?? []).map((group) => [keyOf(group), group]));
  const byGroup = new Map<string, Finding[]>();
  for (const finding of findings) {
    const own = byGroup.get(keyOf(finding));
    if (own === undefined) byGroup.set(keyOf(finding), [finding]);
    else own.push(finding);
  }
  return [...byGroup].map(([key, own]) => {
    const first = own[0]!;
    const summary = summaries.get(key);
    const { coverage } = first;
    return {
      key,
      id: first.groupId,
      name: first.groupName === '' ? first.groupId : first.groupName,
      account: first.accountId,
      region: first.region,
      vpc: summary?.vpcId ?? null,
      team: summary?.team ?? null,
      interfaces: [...coverage.interfaces].sort(compare),
      observed: coverage.observedInterfaceHours,
      expected: coverage.expectedInterfaceHours,
      skipped: coverage.skippedRecords,
      ...spaceOf(own),
    };
  });
}

/** Points of IPv4 space that the group allows now, and after all proposals: rules that overlap are counted once. */
export function spaceOf(own: readonly Finding[]): { before: number; after: number } {
  const before = own.flatMap((finding) => shapeOf(finding, finding.direction, finding.peer));
  const after = own.flatMap((finding) => {
    if (finding.action === 'remove') return [];
    if (finding.action !== 'narrow') return shapeOf(finding, finding.direction, finding.peer);
    return finding.replacements.flatMap((r) => shapeOf(r, finding.direction, r));
  });
  const count = (shapes: readonly RuleShape[]): number => Number(countSpace(allowedSpace(shapes, resolveNothing), 4));
  return { before: count(before), after: count(after) };
}

function shapeOf(
  rule: { protocol: string; fromPort?: number | null | undefined; toPort?: number | null | undefined },
  direction: Finding['direction'],
  who: Finding['peer'],
): RuleShape[] {
  const protocol = parseProtocol(rule.protocol);
  const peer = peerOf(who);
  if (protocol === null || peer === null) return [];
  return [{ direction, protocol, fromPort: rule.fromPort ?? null, toPort: rule.toPort ?? null, peer }];
}

function peerOf(who: Finding['peer']): Peer | null {
  if (who.cidrIpv4 !== undefined) return { kind: 'cidrIpv4', cidr: who.cidrIpv4 };
  if (who.cidrIpv6 !== undefined) return { kind: 'cidrIpv6', cidr: who.cidrIpv6 };
  if (who.prefixListId !== undefined) return { kind: 'prefixList', prefixListId: who.prefixListId };
  return who.referencedGroupId === undefined ? null : { kind: 'group', groupId: who.referencedGroupId };
}

function ruleOf(finding: Finding, group: number, source: SourceDetail | undefined, firstDay: string, days: number) {
  const { usage } = finding;
  const frontier = frontierOf(finding);
  return {
    id: finding.findingId,
    rule: finding.ruleId,
    group,
    dir: finding.direction,
    proto: finding.protocol,
    from: finding.fromPort,
    to: finding.toPort,
    action: finding.action,
    reason: finding.reason,
    detail: finding.detail,
    conf: finding.confidence,
    text: ruleText(finding),
    desc: finding.description,
    instead: finding.replacements.map((r) => replacementText(r, finding.direction)),
    evidence: Object.entries(usage.evidence).map(([name, records]) => [evidenceMeaning(name), records]),
    use: {
      flows: usage.flows,
      bytes: usage.bytes,
      packets: usage.packets,
      first: usage.firstSeen,
      last: usage.lastSeen,
      only: usage.onlyPermitterFlows,
      unclear: usage.uncertainFlows,
      days: usage.daysSeen,
      perDay: perDay(usage.perDay, firstDay, days),
      peers: usage.topPeers.map(({ address, flows, bytes }) => [address, flows, bytes]),
      ports: usage.topPorts.map(({ protocol, port, flows, bytes }) => [protocol, port, flows, bytes]),
    },
    ...(source === undefined ? {} : { source: linkOnly(source) }),
    ...(frontier === null ? {} : { frontier }),
  };
}

/** Flat: day since the first, records, day, records, … A third of the size of dates. A record may have begun before the window. */
function perDay(seen: Finding['usage']['perDay'], firstDay: string, days: number): number[] {
  const start = Date.parse(`${firstDay}T00:00:00Z`);
  return seen.flatMap(({ day, flows }) => [
    Math.min(days - 1, Math.max(0, Math.round((Date.parse(`${day}T00:00:00Z`) - start) / 86_400_000))),
    flows,
  ]);
}

/** A pull request is a link to click on: no other scheme than https gets that far. */
function linkOnly(source: SourceDetail): SourceDetail {
  const { pullRequest, ...rest } = source;
  return pullRequest !== undefined && /^https:\/\/[^\s]+$/.test(pullRequest) ? { ...rest, pullRequest } : rest;
}

interface FrontierPoint {
  rules: number;
  space: number;
  instead: string[];
  chosen: boolean;
}

/** What each number of rules would leave open; null where the finding has no choice to show. */
function frontierOf(finding: Finding): FrontierPoint[] | null {
  if (finding.frontier === undefined || finding.frontier.length === 0) return null;
  const textOf = (replacements: readonly Replacement[]) =>
    replacements.map((r) => replacementText(r, finding.direction)).sort(compare);
  const own = textOf(finding.replacements).join('\n');
  return finding.frontier.map(({ rules, space, replacements }) => {
    const instead = textOf(replacements);
    return { rules, space, instead, chosen: instead.join('\n') === own };
  });
}
