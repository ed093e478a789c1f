import { describe, expect, it } from 'vitest';
import { coverageShare } from '../../analyzer/advice/confidence.ts';
import { findingsDocument, replacement } from '../../analyzer/advice/document.ts';
import { isoTime, ruleUsages } from '../../analyzer/advice/rule-usage.ts';
import type { LedgerRow } from '../../analyzer/flowlogs/ledger.ts';
import type { FlowLogSummary } from '../../analyzer/model/finding.ts';
import type { Problem } from '../../analyzer/model/problem.ts';
import type { RuleShape } from '../../analyzer/model/rule.ts';
import { covered, daily, days, FROM, flow, inventory, judge, rule, shape } from './build.ts';

const SUMMARY: FlowLogSummary = {
  files: 1,
  bytes: 2,
  records: 3,
  accepted: 4,
  rejected: 5,
  noData: 6,
  skipData: 7,
  outsideWindow: 8,
  skipped: [],
  formats: [],
  from: null,
  to: null,
};

async function usagesOf(rules: string[], rows: readonly LedgerRow[]) {
  const { evidence } = await judge(inventory({ rules: rules.map((text) => rule(text)) }), rows);
  return ruleUsages(evidence);
}

describe('what a rule was used for', () => {
  it('is nothing where nothing was seen', async () => {
    expect(await usagesOf(['ingress tcp 1 10.0.0.0/8'], [])).toEqual([
      {
        flows: 0,
        bytes: 0,
        packets: 0,
        firstSeen: null,
        lastSeen: null,
        onlyPermitterFlows: 0,
        uncertainFlows: 0,
        daysSeen: 0,
        topPeers: [],
        topPorts: [],
        evidence: {},
        perDay: [],
      },
    ]);
  });

  it('is told with its ten largest peers and ports, most records first, then most bytes, then in their order', async () => {
    const peers = Array.from({ length: 12 }, (_, i) =>
      flow(1, 6, 20 + i, `10.0.0.${i + 1}`, { records: i === 3 ? 9 : 2, bytes: i === 5 ? 999 : 100, packets: 3 }),
    );
    const [usage] = await usagesOf(['ingress tcp 1-99 10.0.0.0/8'], peers);
    expect(usage!.topPeers.map((p) => [p.address, p.flows, p.bytes])).toEqual([
      ['10.0.0.4', 9, 100],
      ['10.0.0.6', 2, 999],
      ...[1, 2, 3, 5, 7, 8, 9, 10].map((n) => [`10.0.0.${n}`, 2, 100]),
    ]);
    expect(usage!.topPorts.map((p) => [p.protocol, p.port, p.flows, p.bytes])).toEqual([
      ['tcp', 23, 9, 100],
      ['tcp', 25, 2, 999],
      ...[20, 21, 22, 24, 26, 27, 28, 29].map((port) => ['tcp', port, 2, 100]),
    ]);
    expect([usage!.packets, usage!.flows]).toEqual([36, 31]);
  });

  it('names IPv4 peers before IPv6, each family in its order', async () => {
    const rows = ['fd00::2', '10.0.0.9', 'fd00::1', '10.0.0.10'].map((peer) => flow(1, 6, 1, peer));
    const [, all] = await usagesOf(['ingress all * 0.0.0.0/0', 'ingress all * pl-dark'], rows);
    expect(all!.topPeers.map((p) => p.address)).toEqual(['10.0.0.9', '10.0.0.10', 'fd00::1', 'fd00::2']);
    expect([all!.uncertainFlows, all!.onlyPermitterFlows]).toEqual([4, 2]);
  });

  it('is told day by day, and by what decided who opened, in the order of the alphabet', async () => {
    const rows = (['syn', 'conversation', 'listener', 'fan', 'start', 'none'] as const).map((evidence, i) =>
      flow(5 - (i % 3), 6, 1, '10.0.0.1', { evidence, records: i + 1 }),
    );
    const [usage] = await usagesOf(['ingress tcp 1 10.0.0.0/8'], rows);
    expect(usage!.perDay).toEqual([
      { day: isoTime(FROM + 3 * 86_400).slice(0, 10), flows: 9 },
      { day: isoTime(FROM + 4 * 86_400).slice(0, 10), flows: 7 },
      { day: isoTime(FROM + 5 * 86_400).slice(0, 10), flows: 5 },
    ]);
    expect(Object.entries(usage!.evidence)).toEqual([
      ['conversation', 2],
      ['fan', 4],
      ['listener', 3],
      ['none', 6],
      ['start', 5],
      ['syn', 1],
    ]);
    expect([usage!.firstSeen, usage!.lastSeen, usage!.daysSeen]).toEqual([
      isoTime(FROM + 3 * 86_400 + 3600),
      isoTime(FROM + 5 * 86_400 + 3660),
      3,
    ]);
  });

  it('is told day by day, whatever the order of its classes', async () => {
    const rows = [flow(5, 6, 1, '10.0.0.1'), flow(3, 6, 1, '10.0.0.2'), flow(4, 6, 2, '10.0.0.1')];
    const [usage] = await usagesOf(['ingress tcp 1-9 10.0.0.0/8'], rows);
    expect(usage!.perDay.map(({ day }) => day)).toEqual([3, 4, 5].map((n) => isoTime(FROM + n * 86_400).slice(0, 10)));
    expect(usage!.topPeers.map((p) => [p.address, p.flows])).toEqual([
      ['10.0.0.1', 2],
      ['10.0.0.2', 1],
    ]);
  });

  it('names ports in the order of their text where they were used alike, and IPv4 before IPv6', async () => {
    const rows = [flow(1, 17, 3, 'fd00::1'), flow(1, 6, 2, '10.0.0.2'), flow(1, 6, 10, '10.0.0.1')];
    const usages = await usagesOf(['ingress all * pl-dark'], rows);
    expect(usages[0]!.topPorts.map((p) => `${p.protocol} ${p.port}`)).toEqual(['udp 3', 'tcp 10', 'tcp 2']);
    expect(usages[0]!.topPeers.map((p) => p.address)).toEqual(['10.0.0.1', '10.0.0.2', 'fd00::1']);
  });

  it('counts a doubtful record once for each rule, with every peer and port it may have had', async () => {
    const row = flow(1, 6, 1, '10.0.0.1', {
      peerPacketAddress: '10.0.0.2',
      opened: 'unknown',
      peerPort: 9,
      records: 5,
      bytes: 50,
    });
    const usages = await usagesOf(['ingress tcp 1 10.0.0.0/8', 'egress tcp 9 10.0.0.2/32'], [row]);
    expect(usages.map((u) => [u.flows, u.bytes, u.uncertainFlows, u.onlyPermitterFlows])).toEqual([
      [5, 50, 5, 0],
      [5, 50, 5, 0],
    ]);
    expect(usages.map((u) => u.topPeers.map((p) => [p.address, p.flows]))).toEqual([
      [['10.0.0.2', 5]],
      [
        ['10.0.0.1', 5],
        ['10.0.0.2', 5],
      ],
    ]);
    expect(usages.map((u) => u.topPorts.map((p) => [p.port, p.flows]))).toEqual([[[9, 5]], [[1, 5]]]);
  });

  it('of one certain class is its only rule’s', async () => {
    const rules = ['ingress tcp 1 10.0.0.0/8', 'ingress tcp 1-2 10.0.0.0/8'];
    const usages = await usagesOf(rules, [flow(1, 6, 1, '10.0.0.1'), flow(1, 6, 2, '10.0.0.1', { records: 3 })]);
    expect(usages.map((u) => [u.flows, u.onlyPermitterFlows, u.uncertainFlows])).toEqual([
      [4, 3, 0],
      [1, 0, 0],
    ]);
  });
});

describe('a replacement in the document', () => {
  it.each<[RuleShape, object]>([
    [shape('ingress tcp 443 10.0.0.0/8'), { protocol: 'tcp', fromPort: 443, toPort: 443, cidrIpv4: '10.0.0.0/8' }],
    [shape('ingress udp * fd00::/8'), { protocol: 'udp', fromPort: 0, toPort: 65_535, cidrIpv6: 'fd00::/8' }],
    [shape('ingress icmp * pl-a'), { protocol: 'icmp', fromPort: -1, toPort: -1, prefixListId: 'pl-a' }],
    [shape('ingress icmpv6 128-0 sg-a'), { protocol: 'icmpv6', fromPort: 128, toPort: 0, referencedGroupId: 'sg-a' }],
    [shape('ingress all * sg-a'), { protocol: '-1', referencedGroupId: 'sg-a' }],
    [
      { ...shape('ingress 47 * sg-a'), fromPort: 1, toPort: 2 },
      { protocol: '47', referencedGroupId: 'sg-a' },
    ],
  ])('%j is %j', (one, expected) => expect(replacement(one)).toStrictEqual(expected));
});

describe('the findings document', () => {
  const warning = (code: string): Problem => ({ code, message: 'm', next: 'n', fault: 'input' });

  it('carries what it is given, and rounds coverage down where it is a share', async () => {
    const inv = inventory({ rules: [rule('ingress tcp 443 10.0.0.0/8', { description: 'web' })] });
    const window = days(30);
    const coverage = covered(window).map((row, i) => (i < 7 ? { ...row, observedSeconds: 1201 } : row));
    const { advice, evidence } = await judge(inv, [], { coverage, window });
    const made = findingsDocument({
      advice: { ...advice, warnings: [warning('b')] },
      evidence,
      inventory: inv,
      window,
      flowLogs: SUMMARY,
      warnings: [warning('a')],
    });
    expect(made.flowLogs).toEqual(SUMMARY);
    expect(made.warnings.map((w) => w.code)).toEqual(['a', 'b']);
    const [only] = made.rules;
    expect(only).toMatchObject({
      groupName: 'web',
      description: 'web',
      accountId: '111122223333',
      region: 'eu-west-1',
    });
    const share = (720 * 3600 - 7 * 2399) / (720 * 3600 - 600);
    expect(only!.coverage).toEqual({
      observedInterfaceHours: 715.3353,
      expectedInterfaceHours: 720,
      skippedRecords: 0,
      interfaces: ['eni-web'],
      leastCovered: {
        interfaceId: 'eni-web',
        observedHours: 715.3353,
        expectedHours: 720,
        share: Math.floor(share * 10_000) / 10_000,
      },
    });
    expect(share * 10_000 - Math.floor(share * 10_000)).toBeGreaterThan(0.5);
  });

  it('says of a group that the inventory lacks that nothing is known', async () => {
    const inv = inventory({ groups: [], rules: [rule('ingress tcp 443 10.0.0.0/8')] });
    const { advice, evidence } = await judge(inv, []);
    const made = findingsDocument({
      advice,
      evidence,
      inventory: inv,
      window: days(30),
      flowLogs: SUMMARY,
      warnings: [],
    });
    expect(made.rules[0]).toMatchObject({
      groupName: '',
      action: 'review',
      reason: 'group-unknown',
      coverage: {
        observedInterfaceHours: 0,
        expectedInterfaceHours: 0,
        skippedRecords: 0,
        interfaces: [],
        leastCovered: null,
      },
    });
  });

  it('gives other ways to narrow only where the rule is narrowed', async () => {
    const inv = inventory({ rules: [rule('ingress tcp 8000-9000 10.0.5.0/24')] });
    const { advice, evidence } = await judge(inv, daily(30, 6, 8080, '10.0.5.5'));
    const withdrawn = { ...advice, verdicts: advice.verdicts.map((v) => ({ ...v, action: 'keep' as const })) };
    const input = { evidence, inventory: inv, window: days(30), flowLogs: SUMMARY, warnings: [] };
    expect(findingsDocument({ ...input, advice }).rules[0]!.frontier).toHaveLength(1);
    expect(Object.hasOwn(findingsDocument({ ...input, advice: withdrawn }).rules[0]!, 'frontier')).toBe(false);
  });

  it('tells the age of a rule where it is known, and of no other', async () => {
    const rules = [
      rule('ingress tcp 1 10.0.0.0/8', { ruleId: 'sgr-1' }),
      rule('ingress tcp 2 10.0.0.0/8', { ruleId: 'sgr-2' }),
    ];
    const ruleAges = [{ ruleId: 'sgr-2', createdAt: 86_400.7, createdBefore: null, changedAt: null, by: 'arn:x' }];
    const inv = inventory({ rules, ruleAges });
    const { advice, evidence } = await judge(inv, []);
    const made = findingsDocument({
      advice,
      evidence,
      inventory: inv,
      window: days(30),
      flowLogs: SUMMARY,
      warnings: [],
    });
    expect(made.rules.map((r) => r.age)).toEqual([
      undefined,
      expect.objectContaining({ createdAt: '1970-01-02T00:00:00Z', changedAt: null, by: 'arn:x' }),
    ]);
    expect(Object.hasOwn(made.rules[0]!, 'age')).toBe(false);
  });

  it('writes moments without fractions', () => {
    expect(isoTime(0)).toBe('1970-01-01T00:00:00Z');
    expect(isoTime(1_700_000_000)).toBe('2023-11-14T22:13:20Z');
  });
});

describe('the share that logs cover', () => {
  it('is never more than all, and nothing where nobody wore the group', async () => {
    const { evidence } = await judge(inventory({ rules: [] }), []);
    const one = evidence.coverage.get('sg-web')!;
    expect(coverageShare(one)).toBe(1);
    expect(coverageShare({ ...one, observedInterfaceHours: 360 })).toBe(0.5);
    expect(coverageShare({ ...one, observedInterfaceHours: 721 })).toBe(1);
    expect(coverageShare({ ...one, expectedInterfaceHours: 0 })).toBe(0);
    expect(coverageShare(undefined)).toBe(0);
  });
});
