import { describe, expect, it } from 'vitest';
import { findingsDocument } from '../../analyzer/advice/index.ts';
import type { LedgerRow } from '../../analyzer/flowlogs/ledger.ts';
import { type FlowLogSummary, findingsDocumentSchema } from '../../analyzer/model/finding.ts';
import { daily, days, flow, group, inventory, judge, rule } from './build.ts';

const SUMMARY: FlowLogSummary = {
  files: 1,
  bytes: 1,
  records: 1,
  accepted: 1,
  rejected: 0,
  noData: 0,
  skipData: 0,
  outsideWindow: 0,
  skipped: [],
  formats: [],
  from: null,
  to: null,
};

async function document(rows: readonly LedgerRow[]) {
  const inv = inventory({
    groups: [group('sg-web'), group('sg-idle')],
    rules: [
      rule('ingress tcp 8000-9000 10.0.5.0/24'),
      rule('ingress icmp 8-0 10.0.5.0/24'),
      rule('ingress all * sg-idle', { groupId: 'sg-idle' }),
      rule('egress 47 * pl-1'),
    ],
  });
  const { evidence, advice } = await judge(inv, rows);
  const window = days(30);
  return findingsDocument({ advice, evidence, inventory: inv, window, flowLogs: SUMMARY, warnings: [] });
}

describe('findingsDocument', () => {
  it('obeys the published schema and has one finding for every rule', async () => {
    const made = await document([...daily(30, 6, 8080, '10.0.5.5'), flow(4, 6, 8080, '10.0.5.6', { records: 5 })]);
    expect(findingsDocumentSchema.parse(made)).toEqual(made);
    expect(made.window).toEqual({ from: '2024-10-04T00:00:00Z', to: '2024-11-03T00:00:00Z' });
    expect(made.replay).toEqual({ connections: 2, flows: 35, blocked: 0 });
    expect(made.rules.map((r) => [r.groupId, r.direction, r.protocol, r.peer, r.action])).toEqual([
      ['sg-idle', 'ingress', '-1', { referencedGroupId: 'sg-idle' }, 'review'],
      ['sg-web', 'egress', '47', { prefixListId: 'pl-1' }, 'remove'],
      ['sg-web', 'ingress', 'icmp', { cidrIpv4: '10.0.5.0/24' }, 'remove'],
      ['sg-web', 'ingress', 'tcp', { cidrIpv4: '10.0.5.0/24' }, 'narrow'],
    ]);
  });

  it('carries the evidence of a rule', async () => {
    const made = await document([...daily(30, 6, 8080, '10.0.5.5'), flow(4, 6, 8080, '10.0.5.6', { records: 5 })]);
    const narrowed = made.rules[3]!;
    expect(narrowed.replacements).toEqual([{ protocol: 'tcp', fromPort: 8080, toPort: 8080, cidrIpv4: '10.0.5.0/24' }]);
    expect(narrowed.usage).toMatchObject({
      flows: 35,
      onlyPermitterFlows: 35,
      uncertainFlows: 0,
      firstSeen: '2024-10-04T01:00:00Z',
      lastSeen: '2024-11-02T01:01:00Z',
      daysSeen: 30,
      topPeers: [
        { address: '10.0.5.5', flows: 30, bytes: 30_000 },
        { address: '10.0.5.6', flows: 5, bytes: 1000 },
      ],
      topPorts: [{ protocol: 'tcp', port: 8080, flows: 35, bytes: 31_000 }],
      evidence: { syn: 35 },
    });
    expect(narrowed.usage.perDay[4]).toEqual({ day: '2024-10-08', flows: 6 });
    expect(narrowed.coverage).toEqual({
      observedInterfaceHours: 720,
      expectedInterfaceHours: 720,
      skippedRecords: 0,
      interfaces: ['eni-web'],
      leastCovered: { interfaceId: 'eni-web', observedHours: 720, expectedHours: 720, share: 1 },
    });
  });

  it('gives the other ways to narrow, fewer rules against less space, and what was done among them', async () => {
    const made = await document([
      ...daily(30, 6, 8080, '10.0.5.5'),
      ...daily(30, 6, 8090, '10.0.5.5'),
      ...daily(30, 6, 8999, '10.0.5.5'),
    ]);
    const narrowed = made.rules.find((r) => r.action === 'narrow')!;
    const tcp = (fromPort: number, toPort: number) => ({
      protocol: 'tcp',
      fromPort,
      toPort,
      cidrIpv4: '10.0.5.0/24',
    });
    expect(narrowed.frontier).toEqual([
      { rules: 1, space: 0.919080919, replacements: [tcp(8080, 8999)] },
      { rules: 2, space: 0.011988011, replacements: [tcp(8080, 8090), tcp(8999, 8999)] },
      { rules: 3, space: 0.002997002, replacements: [tcp(8080, 8080), tcp(8090, 8090), tcp(8999, 8999)] },
    ]);
    expect(narrowed.frontier!.map((point) => point.replacements)).toContainEqual(narrowed.replacements);
    expect(made.rules.filter((r) => r.frontier !== undefined)).toEqual([narrowed]);
    expect(findingsDocumentSchema.parse(made)).toEqual(made);
  });

  it('scores each rule, group and account before and after, and the plan as a whole', async () => {
    const made = await document(daily(30, 6, 8080, '10.0.5.5'));
    expect(made.rules.map((r) => r.permissiveness)).toEqual([
      { before: 43, after: 43 },
      { before: 86, after: 0 },
      { before: 15, after: 0 },
      { before: 33, after: 15 },
    ]);
    expect(made.permissiveness!.groups).toEqual([
      { groupId: 'sg-idle', direction: 'ingress', before: 43, after: 43 },
      { groupId: 'sg-web', direction: 'ingress', before: 33, after: 15 },
      { groupId: 'sg-web', direction: 'egress', before: 86, after: 0 },
    ]);
    expect(made.plan).toMatchObject({ rulesBefore: 4, rulesAfter: 2, gap: 0 });
  });

  it('names what nothing explains', async () => {
    const made = await document([flow(1, 17, 53, '10.0.5.5', { records: 3 })]);
    expect(made.unexplained).toEqual([
      {
        interfaceId: 'eni-web',
        groups: ['sg-web'],
        direction: 'ingress',
        flows: 3,
        reason: 'no-rule',
        example: 'udp 10.0.0.10:53 <- 10.0.5.5',
      },
    ]);
  });
});
