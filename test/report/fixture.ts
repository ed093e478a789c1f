import { type Finding, type FindingsDocument, findingsDocumentSchema } from '../../analyzer/model/finding.ts';

/** A small VPC's findings, by hand: every action, both directions, each kind of peer, two regions. */
const DAY = 86_400_000;
const FROM = Date.parse('2026-07-03T00:00:00Z');

type Partially = Omit<Partial<Finding>, 'usage' | 'coverage'> & {
  usage?: Partial<Finding['usage']>;
  coverage?: Partial<Finding['coverage']>;
};

let next = 1;
export function finding(part: Partially): Finding {
  const n = next++;
  const id = n.toString(16).padStart(4, '0');
  const flows = part.usage?.flows ?? 0;
  const usedDays = part.usage?.perDay ?? [];
  return {
    findingId: `f-${id.repeat(4)}`,
    ruleId: `sgr-0${id.repeat(4)}`,
    groupId: 'sg-0a11ce0000000001',
    groupName: 'shop-web',
    accountId: '111122223333',
    region: 'eu-central-1',
    direction: 'ingress',
    protocol: 'tcp',
    fromPort: 443,
    toPort: 443,
    peer: { cidrIpv4: '0.0.0.0/0' },
    description: null,
    action: 'keep',
    reason: 'in-use',
    detail: 'Used as it stands.',
    confidence: 1,
    replacements: [],
    ...part,
    usage: {
      flows,
      bytes: flows * 1_480,
      packets: flows * 9,
      firstSeen: flows === 0 ? null : '2026-07-03T04:10:00Z',
      lastSeen: flows === 0 ? null : '2026-09-30T22:51:00Z',
      onlyPermitterFlows: flows,
      uncertainFlows: 0,
      daysSeen: usedDays.length,
      topPeers: [],
      topPorts: [],
      evidence: flows === 0 ? {} : { syn: flows },
      perDay: usedDays,
      ...part.usage,
    },
    coverage: {
      observedInterfaceHours: 4_320,
      expectedInterfaceHours: 4_320,
      skippedRecords: 0,
      interfaces: ['eni-0aaa0000000000001', 'eni-0aaa0000000000002'],
      ...part.coverage,
    },
  };
}

/** Records on every `step`-th day, more on weekdays. */
function days(step: number, flows: number): Finding['usage']['perDay'] {
  const out: { day: string; flows: number }[] = [];
  for (let d = 0; d < 90; d += step) {
    const at = new Date(FROM + d * DAY);
    const weekend = at.getUTCDay() === 0 || at.getUTCDay() === 6;
    out.push({
      day: at.toISOString().slice(0, 10),
      flows: Math.max(1, Math.round((weekend ? flows / 5 : flows) * (1 + (d % 7) / 10))),
    });
  }
  return out;
}

function used(step: number, flows: number) {
  const perDay = days(step, flows);
  return { perDay, flows: perDay.reduce((sum, d) => sum + d.flows, 0) };
}

/** What reports know besides findings: a group, an interface and three flows. */
function extras(
  name: string,
  team: string,
  interfaceId: string,
  peer: string,
): Required<Pick<FindingsDocument, 'groups' | 'interfaces' | 'explorer'>> {
  const group = name === 'shop-web' ? 'sg-0a11ce0000000001' : name;
  const place =
    name === 'shop-web' ? { accountId: '111122223333', region: 'eu-central-1' } : { accountId: name, region: name };
  return {
    groups: [{ groupId: group, groupName: name, ...place, vpcId: 'vpc-1', team }],
    interfaces: [{ interfaceId, type: 'interface', description: team, address: '10.0.0.1', groups: [group] }],
    explorer: {
      firstDay: '2026-07-03',
      periodDays: 7,
      periods: 13,
      accepted: { records: 30, bytes: 3_000 },
      rejected: { records: 5, bytes: 200 },
      flows: [
        {
          interfaceId,
          opened: 'inbound',
          action: 'ACCEPT',
          protocol: 'tcp',
          port: 443,
          peer,
          records: 20,
          bytes: 2_000,
          periods: [
            [0, 12, 1_200],
            [4, 8, 800],
          ],
        },
        {
          interfaceId,
          opened: 'unknown',
          action: 'ACCEPT',
          protocol: 'udp',
          port: 53,
          peer,
          records: 10,
          bytes: 1_000,
          periods: [[2, 10, 1_000]],
        },
        {
          interfaceId,
          opened: 'inbound',
          action: 'REJECT',
          protocol: 'tcp',
          port: 22,
          peer: null,
          records: 5,
          bytes: 200,
          periods: [[12, 5, 200]],
        },
      ],
      together: 3,
    },
  };
}

export function sampleDocument(): FindingsDocument {
  next = 1;
  const db = { groupId: 'sg-0a11ce0000000002', groupName: 'shop-db' };
  const lb = { groupId: 'sg-0a11ce0000000003', groupName: 'shop-load-balancer' };
  const batch = { groupId: 'sg-0a11ce0000000004', groupName: 'nightly-batch', region: 'us-east-1' };
  const rules: Finding[] = [
    finding({
      ...lb,
      usage: {
        ...used(1, 900),
        topPeers: [
          { address: '203.0.113.9', flows: 812, bytes: 1_201_760 },
          { address: '2001:db8::7', flows: 44, bytes: 65_120 },
        ],
        topPorts: [{ protocol: 'tcp', port: 443, flows: 76_000, bytes: 112_480_000 }],
      },
    }),
    finding({ ...lb, fromPort: 80, toPort: 80, usage: used(1, 60) }),
    finding({
      ...lb,
      direction: 'egress',
      protocol: '-1',
      fromPort: null,
      toPort: null,
      action: 'narrow',
      reason: 'ports-and-peers-unused',
      confidence: 0.97,
      detail: 'Of all traffic to anywhere, only tcp 8090 to the web group was used.',
      usage: used(1, 400),
      replacements: [{ protocol: 'tcp', fromPort: 8090, toPort: 8090, referencedGroupId: 'sg-0a11ce0000000001' }],
    }),
    finding({
      fromPort: 22,
      toPort: 22,
      action: 'remove',
      reason: 'unused',
      confidence: 0.99,
      description: 'ssh for the migration, remove after May',
      detail: 'No connection in 90 days, though logs covered every hour of both interfaces.',
    }),
    finding({
      fromPort: 8000,
      toPort: 8100,
      peer: { cidrIpv4: '10.0.0.0/8' },
      action: 'narrow',
      reason: 'ports-and-peers-unused',
      confidence: 0.98,
      detail: 'Of 101 ports only 8090 was used, and of 16,777,216 addresses only 12, all in 10.20.9.0/24.',
      usage: {
        ...used(1, 120),
        uncertainFlows: 3,
        evidence: { syn: 9_000, conversation: 700, none: 3 },
        topPeers: [
          { address: '10.20.9.14', flows: 6_120, bytes: 9_057_600 },
          { address: '10.20.9.15', flows: 3_311, bytes: 4_900_280 },
        ],
        topPorts: [{ protocol: 'tcp', port: 8090, flows: 9_703, bytes: 14_360_440 }],
      },
      replacements: [{ protocol: 'tcp', fromPort: 8090, toPort: 8090, cidrIpv4: '10.20.9.0/24' }],
    }),
    finding({ fromPort: 8090, toPort: 8090, peer: { referencedGroupId: 'sg-0a11ce0000000003' }, usage: used(1, 400) }),
    finding({ protocol: 'icmp', fromPort: 8, toPort: 0, peer: { cidrIpv4: '10.0.0.0/8' }, usage: used(9, 2) }),
    finding({
      ...db,
      fromPort: 5432,
      toPort: 5432,
      peer: { referencedGroupId: 'sg-0a11ce0000000001' },
      usage: used(1, 300),
    }),
    finding({
      ...db,
      fromPort: 5432,
      toPort: 5432,
      peer: { cidrIpv6: '2001:db8:1234:5600::/56' },
      action: 'remove',
      reason: 'unused',
      confidence: 0.99,
      detail: 'No connection in 90 days, though logs covered every hour of the interface.',
    }),
    finding({
      ...db,
      fromPort: 3306,
      toPort: 3306,
      peer: { cidrIpv4: '10.20.0.0/16' },
      action: 'remove',
      reason: 'covered-by-others',
      confidence: 0.95,
      usage: { ...used(3, 4), onlyPermitterFlows: 0 },
      detail: 'Every connection that it lets in, another rule that stays lets in as well.',
    }),
    finding({
      ...db,
      protocol: 'udp',
      fromPort: 123,
      toPort: 123,
      direction: 'egress',
      peer: { prefixListId: 'pl-0123456789abcdef0' },
      usage: used(2, 24),
    }),
    finding({
      ...batch,
      fromPort: 9100,
      toPort: 9100,
      peer: { cidrIpv4: '10.64.0.0/12' },
      action: 'review',
      reason: 'coverage-too-low',
      confidence: 0.2,
      detail:
        'Flow logs cover 41.2 % of the hours of its interfaces; 98 % are needed before a rule may be called unused.',
      coverage: {
        observedInterfaceHours: 890,
        expectedInterfaceHours: 2_160,
        skippedRecords: 17,
        interfaces: ['eni-0bbb0000000000001'],
      },
    }),
    finding({
      ...batch,
      protocol: '50',
      fromPort: null,
      toPort: null,
      peer: { cidrIpv4: '198.51.100.7/32' },
      action: 'review',
      reason: 'not-worn',
      confidence: 0,
      detail: 'No interface wore the group within the window, so nothing is known about its rules.',
      coverage: { observedInterfaceHours: 0, expectedInterfaceHours: 0, interfaces: [] },
    }),
  ];
  return findingsDocumentSchema.parse({
    schemaVersion: 1,
    window: { from: '2026-07-03T00:00:00Z', to: '2026-10-01T00:00:00Z' },
    rules,
    replay: { connections: 512, flows: 189_204, blocked: 0 },
    plan: { rulesBefore: 9, rulesAfter: 7, spaceBefore: 1000, removedSpace: 400, bound: 400, gap: 0 },
    permissiveness: {
      groups: [{ groupId: 'sg-0a11ce0000000001', direction: 'ingress', before: 60, after: 40 }],
      accounts: [{ accountId: '111122223333', direction: 'ingress', before: 60, after: 40 }],
    },
    flowLogs: {
      files: 364,
      bytes: 6_412_331,
      records: 212_340,
      accepted: 201_002,
      rejected: 9_880,
      noData: 1_301,
      skipData: 17,
      outsideWindow: 140,
      skipped: [{ reason: 'not a flow-log file', count: 2, example: 'flow-logs/README.txt' }],
      formats: [
        {
          fields: [
            'version',
            'account-id',
            'interface-id',
            'srcaddr',
            'dstaddr',
            'srcport',
            'dstport',
            'protocol',
            'tcp-flags',
            'action',
            'log-status',
          ],
          files: 240,
          records: 160_002,
        },
        { fields: ['version', 'account-id', 'interface-id', 'srcaddr', 'dstaddr'], files: 124, records: 52_338 },
      ],
      from: '2026-07-03T00:00:09Z',
      to: '2026-09-30T23:59:51Z',
    },
    unexplained: [
      {
        interfaceId: 'eni-0ccc0000000000009',
        groups: ['sg-0a11ce0000000009'],
        direction: 'ingress',
        flows: 12,
        reason: 'unknown-group',
        example: '10.1.2.3 -> 10.1.9.9 tcp 9000 on 2026-08-02',
      },
    ],
    warnings: [
      {
        code: 'prefix-list-without-entries',
        message: 'prefix list pl-0123456789abcdef0 has no entries file',
        next: 'run aws ec2 get-managed-prefix-list-entries and put its output into prefix-list-entries/',
        fault: 'input',
        file: 'inventory/managed-prefix-lists.json',
      },
    ],
    ...extras('shop-web', 'platform', 'eni-0aaa0000000000001', '203.0.113.9'),
  } satisfies FindingsDocument);
}

/** Many rules over many groups and accounts, with use on many days: what a large company has. The same every time. */
export function largeDocument(count: number): FindingsDocument {
  next = 1;
  let state = 7;
  const random = () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
  const actions = ['remove', 'narrow', 'review', 'keep', 'keep', 'keep'] as const;
  const rules = Array.from({ length: count }, (_, i) => {
    const group = Math.floor(i / 7);
    const action = actions[Math.floor(random() * actions.length)]!;
    const perDay = action === 'remove' ? [] : days(1 + Math.floor(random() * 3), 1 + Math.floor(random() * 5_000));
    const port = 1 + Math.floor(random() * 60_000);
    return finding({
      groupId: `sg-0${group.toString(16).padStart(16, '0')}`,
      groupName: `service-${group}`,
      accountId: String(111122220000 + (group % 12)),
      region: group % 3 === 0 ? 'us-east-1' : 'eu-central-1',
      direction: random() < 0.7 ? 'ingress' : 'egress',
      protocol: random() < 0.9 ? 'tcp' : 'udp',
      fromPort: port,
      toPort: port,
      peer: { cidrIpv4: `10.${Math.floor(random() * 250)}.${Math.floor(random() * 250)}.0/24` },
      action,
      reason: action === 'remove' ? 'unused' : 'in-use',
      detail: 'No accepted connection in 90 days could have needed it; flow logs cover 99.99 % of the hours.',
      replacements:
        action === 'narrow' ? [{ protocol: 'tcp', fromPort: port, toPort: port, cidrIpv4: '10.1.2.0/28' }] : [],
      usage: {
        perDay,
        flows: perDay.reduce((sum, d) => sum + d.flows, 0),
        topPeers: [{ address: `10.9.${group % 250}.${i % 250}`, flows: 5, bytes: 500 }],
      },
      coverage: { interfaces: [`eni-0${group.toString(16).padStart(16, '0')}`] },
    });
  });
  return findingsDocumentSchema.parse({ ...sampleDocument(), rules });
}

/** What people and attackers put into names, and what it would do somewhere. */
export const HOSTILE: readonly string[] = [
  '@octocat please look',
  'cc @org/team',
  'fixes #1',
  'closes octo/repo#12, resolves GH-7',
  'Fixes https://github.com/octo/repo/issues/1',
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '</script><script>alert(1)</script>',
  '<!-- comment --> --> ]]>',
  '"><svg onload=alert(1)>',
  "' onmouseover='alert(1)",
  '`code` ``more`` ```fence',
  '```\n# heading\n```',
  '| a | b |\n|---|---|',
  '![image](https://evil.example/x.png)',
  '[link](javascript:alert(1))',
  '# heading',
  '- [ ] task',
  '1. list',
  '> quote',
  '$x^2$ $$y$$',
  '~~strike~~ **bold** _em_',
  '=cmd|"/c calc"!A1',
  '+1+1',
  '-2+3',
  '@SUM(A1)',
  '\t=1+1',
  '\r=1+1',
  ' =1+1',
  '\u001b[31mred\u001b[0m \u001b]8;;https://evil.example\u0007link\u001b]8;;\u0007',
  '\u001b[2J\u001b[H',
  '\u009b31m',
  'line\nfeed\r\nand return',
  'abc\u202egnp.exe',
  '\u2066isolate\u2069 \u200bzero\u200dwidth',
  '\u0000nul',
  '{0} {{1}} $\u007bx} %s',
  '[text](1) \\[esc\\]',
  'tail \ud800 lone surrogate',
  'https://evil.example www.evil.example',
  '/pare merge',
  '&lt;b&gt; &#60; &amp;',
  '__proto__',
  'x'.repeat(3_000),
  '漢字 and 🧨',
];

/** The sample with the string wherever outside text can stand. */
export function hostileDocument(text: string): FindingsDocument {
  const document = sampleDocument();
  const rule = finding({
    action: 'narrow',
    reason: 'ports-and-peers-unused',
    ruleId: text,
    groupId: text,
    groupName: text,
    accountId: text,
    region: text,
    description: text,
    detail: text,
    peer: { referencedGroupId: text },
    replacements: [{ protocol: 'tcp', fromPort: 1, toPort: 1, prefixListId: text }],
    usage: {
      flows: 1,
      daysSeen: 1,
      topPeers: [{ address: text, flows: 1, bytes: 1 }],
      topPorts: [{ protocol: text, port: null, flows: 1, bytes: 1 }],
      evidence: { [text === '__proto__' ? 'proto' : text]: 1 },
    },
    coverage: { interfaces: [text] },
  });
  return findingsDocumentSchema.parse({
    ...document,
    rules: [
      rule,
      { ...rule, findingId: 'f-2', action: 'remove' },
      { ...rule, findingId: 'f-3', action: 'review' },
      { ...rule, findingId: 'f-4', action: 'keep' },
    ],
    flowLogs: {
      ...document.flowLogs,
      skipped: [{ reason: text, count: 1, example: text }],
      formats: [{ fields: [text], files: 1, records: 1 }],
    },
    unexplained: [{ interfaceId: text, groups: [text], direction: 'ingress', flows: 1, reason: text, example: text }],
    warnings: [{ code: 'x', message: text, next: text, fault: 'input', file: text, at: text }],
    ...extras(text, text, text, text),
  });
}
