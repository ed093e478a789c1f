import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICY } from '../../analyzer/advice/index.ts';
import { narrowRule } from '../../analyzer/advice/narrow.ts';
import { addressPlan } from '../../analyzer/advice/sources.ts';
import type { LedgerRow } from '../../analyzer/flowlogs/ledger.ts';
import { allowedSpace, countSpace, isWithin, resolveNothing } from '../../analyzer/model/traffic.ts';
import type { ConnectionClass } from '../../analyzer/usage/index.ts';
import { daily, eni, FROM, flow, group, inventory, judge, rule } from './build.ts';

async function verdict(
  text: string,
  ends: readonly [number, number, string][],
  more: LedgerRow[] = [],
  policy = {},
): Promise<string> {
  const rows = ends.flatMap(([protocol, port, peer]) => daily(30, protocol, port, peer));
  const { says } = await judge(inventory({ rules: [rule(text)] }), [...rows, ...more], { policy });
  return says[text]!;
}

describe('narrowing', () => {
  it.each<[string, string, [number, number, string][], string]>([
    [
      'ports to the ranges seen',
      'ingress tcp 8000-9000 10.0.5.0/24',
      [
        [6, 8080, '10.0.5.5'],
        [6, 8090, '10.0.5.6'],
        [6, 8091, '10.0.5.6'],
      ],
      'narrow | ports-unused | 6 8080-8080 10.0.5.0/24 | 6 8090-8091 10.0.5.0/24',
    ],
    [
      'private sources to the prefixes seen, no longer than the policy allows',
      'ingress tcp 443 10.0.0.0/8',
      [
        [6, 443, '10.0.5.5'],
        [6, 443, '10.0.5.77'],
        [6, 443, '10.7.1.1'],
      ],
      'narrow | sources-unused | 6 443-443 10.0.5.0/24 | 6 443-443 10.7.1.0/24',
    ],
    [
      'ports and sources together, each network with its own ports',
      'ingress tcp 1-9000 10.0.0.0/8',
      [
        [6, 443, '10.0.5.5'],
        [6, 8090, '10.7.1.1'],
      ],
      'narrow | ports-and-sources-unused | 6 443-443 10.0.5.0/24 | 6 8090-8090 10.7.1.0/24',
    ],
    [
      'a rule for every protocol to the protocols seen',
      'ingress all * 10.0.5.0/24',
      [
        [6, 443, '10.0.5.5'],
        [17, 53, '10.0.5.5'],
        [1, 0, '10.0.5.5'],
      ],
      'narrow | protocols-unused | 1 -1--1 10.0.5.0/24 | 6 443-443 10.0.5.0/24 | 17 53-53 10.0.5.0/24',
    ],
    [
      'few and steady Internet peers to single addresses',
      'ingress tcp 443 0.0.0.0/0',
      [
        [6, 443, '203.0.113.7'],
        [6, 443, '198.51.100.9'],
      ],
      'narrow | sources-unused | 6 443-443 198.51.100.9/32 | 6 443-443 203.0.113.7/32',
    ],
    [
      'IPv6 to the prefix seen',
      'ingress tcp 443 fd00::/16',
      [[6, 443, 'fd00:1::5']],
      'narrow | sources-unused | 6 443-443 fd00:1::/64',
    ],
    [
      'the ports of a rule that references a group, and leaves the group',
      'ingress tcp 1-9000 sg-web',
      [[6, 443, '10.0.0.10']],
      'narrow | ports-unused | 6 443-443 sg-web',
    ],
    [
      'nothing of a single port from a single address',
      'ingress tcp 22 10.0.5.5/32',
      [[6, 22, '10.0.5.5']],
      'keep | in-use',
    ],
    ['nothing where half would stay', 'ingress tcp 443 10.0.4.0/23', [[6, 443, '10.0.5.5']], 'keep | in-use'],
    [
      'nothing of two ports of which one is used',
      'ingress tcp 80-81 10.0.5.0/24',
      [[6, 80, '10.0.5.5']],
      'keep | in-use',
    ],
  ])('brings %s', async (_, text, ends, expected) => {
    const rows = ends.map(([protocol, port, peer]) => [protocol, protocol === 1 ? null : port, peer] as const);
    const ledger = rows.flatMap(([protocol, port, peer]) => daily(30, protocol, port, peer));
    const { says, advice } = await judge(inventory({ rules: [rule(text)] }), ledger);
    expect(says[text]).toBe(expected);
    expect(advice.replay.blocked).toBe(0);
  });

  it('leaves the Internet alone when there are more peers than the policy trusts', async () => {
    const ends = Array.from({ length: 9 }, (_, i): [number, number, string] => [6, 443, `203.0.113.${i * 20}`]);
    expect(await verdict('ingress tcp 443 0.0.0.0/0', ends)).toBe('keep | in-use');
  });

  it('leaves the Internet alone when a peer was not steady', async () => {
    const once = flow(3, 6, 443, '198.51.100.1');
    expect(await verdict('ingress tcp 443 0.0.0.0/0', [[6, 443, '203.0.113.7']], [once])).toBe('keep | in-use');
  });

  it('does not put Internet addresses far apart into one wide network', async () => {
    const ends = [3, 60, 120, 200, 240].map((n): [number, number, string] => [6, 443, `${n === 240 ? 223 : n}.1.1.1`]);
    expect(await verdict('ingress tcp 443 0.0.0.0/0', ends)).toBe('keep | in-use');
  });

  it('does not narrow what was seen too rarely', async () => {
    const { says } = await judge(inventory({ rules: [rule('ingress tcp 1-9000 10.0.0.0/8')] }), [
      flow(3, 6, 443, '10.0.5.5'),
    ]);
    expect(says['ingress tcp 1-9000 10.0.0.0/8']).toBe('keep | seen-too-rarely');
  });

  it('keeps the ports of a rule where a connection does not show its own', async () => {
    const hidden = flow(2, 6, 22, '10.0.5.5', { evidence: 'fan' });
    const rows = daily(30, 6, 8443, '10.0.5.5', { opened: 'outbound', localPort: null, peerPort: 8443 });
    const { says } = await judge(inventory({ rules: [rule('egress tcp 8000-9000 10.0.5.0/24')] }), [...rows, hidden]);
    expect(says['egress tcp 8000-9000 10.0.5.0/24']).toBe('keep | in-use');
  });

  it('snaps a prefix to the subnet that holds it, when that is not much larger', async () => {
    const subnet = {
      subnetId: 'subnet-1',
      vpcId: 'vpc-1',
      accountId: '1',
      region: 'r',
      cidrs: ['10.0.4.0/22'],
      tags: {},
    };
    const inv = inventory({ rules: [rule('ingress tcp 443 10.0.0.0/8')], subnets: [subnet] });
    const { says } = await judge(inv, daily(30, 6, 443, '10.0.5.5'));
    expect(says['ingress tcp 443 10.0.0.0/8']).toBe('narrow | sources-unused | 6 443-443 10.0.4.0/22');
  });

  it('switches off by policy', async () => {
    const off = { narrowPorts: false, narrowPeers: false };
    expect(await verdict('ingress tcp 1-9000 10.0.0.0/8', [[6, 443, '10.0.5.5']], [], off)).toBe('keep | in-use');
  });

  it('never proposes more rules than the policy allows, nor a wider or larger one, and always holds all peers and ports', () => {
    const ends = fc.array(
      fc.record({
        port: fc.integer({ min: 1, max: 60 }),
        peer: fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 255 })),
        protocol: fc.constantFrom(6, 17),
      }),
      { minLength: 1, maxLength: 12 },
    );
    const texts = fc.constantFrom('ingress all * 10.0.0.0/14', 'ingress tcp 0-60 10.0.0.0/14');
    fc.assert(
      fc.property(ends, texts, fc.integer({ min: 1, max: 5 }), (list, text, maxReplacements) => {
        const wide = rule(text);
        const classes = list
          .filter((end) => wide.protocol === -1 || end.protocol === 6)
          .map(({ port, peer: [a, b], protocol }) => connection(protocol, port, 0x0a00_0000 + a * 65_536 + b * 256));
        if (classes.length === 0) return;
        const policy = { ...DEFAULT_POLICY, maxReplacements, maxMissingMass: 1 };
        const result = narrowRule(wide, classes, addressPlan(inventory({})), policy);
        if (!result.ok) return;
        expect(result.replacements.length).toBeLessThanOrEqual(maxReplacements);
        const before = allowedSpace([wide], resolveNothing);
        const after = allowedSpace(result.replacements, resolveNothing);
        expect(isWithin(after, before)).toBe(true);
        expect(countSpace(after) * 2n).toBeLessThan(countSpace(before));
        for (const c of classes) {
          const point = rule(`ingress ${c.protocol === 6 ? 'tcp' : 'udp'} ${c.port} 10.0.0.0/32`, {
            peer: { kind: 'cidrIpv4', cidr: dotted(Number(c.peer.value)) },
          });
          expect(isWithin(allowedSpace([point], resolveNothing), after)).toBe(true);
        }
      }),
    );
  });
});

function dotted(value: number): string {
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}/32`;
}

function connection(protocol: number, port: number, value: number): ConnectionClass {
  return {
    groupSet: 0,
    direction: 'ingress',
    protocol,
    port,
    peer: { family: 4, value },
    peerGroups: 0,
    certain: true,
    records: 1,
    packets: 1,
    bytes: 1,
    first: 0,
    last: 0,
    days: [{ day: 1, records: 1 }],
    evidence: { syn: 1 },
    interfaces: ['eni-web'],
    yes: [0],
    maybe: [],
  };
}

describe('redundant rules', () => {
  it('go when the union of others of the group covers them', async () => {
    const inv = inventory({
      rules: [
        rule('ingress tcp 443 10.0.4.0/23'),
        rule('ingress tcp 400-443 10.0.4.0/24'),
        rule('ingress tcp 443-500 10.0.5.0/24'),
      ],
    });
    const rows = [400, 443]
      .flatMap((p) => daily(30, 6, p, '10.0.4.4'))
      .concat([443, 500].flatMap((p) => daily(30, 6, p, '10.0.5.5')));
    const { says, advice } = await judge(inv, rows, { policy: { narrowPorts: false } });
    expect(says).toEqual({
      'ingress tcp 443 10.0.4.0/23': 'remove | redundant',
      'ingress tcp 400-443 10.0.4.0/24': 'keep | in-use',
      'ingress tcp 443-500 10.0.5.0/24': 'keep | in-use',
    });
    expect(advice.verdicts.find((v) => v.action === 'remove')).toMatchObject({
      confidence: 1,
      detail: expect.stringContaining('sgr-ingress_tcp_400-443_10.0.4.0/24 and sgr-ingress_tcp_443-500_10.0.5.0/24'),
    });
  });

  it('go where coverage is thin too, because no log is needed to prove it', async () => {
    const inv = inventory({ rules: [rule('ingress tcp 80 10.0.0.0/24'), rule('ingress tcp 80 10.0.0.0/16')] });
    const { says } = await judge(inv, [], { coverage: [] });
    expect(says).toEqual({
      'ingress tcp 80 10.0.0.0/24': 'remove | redundant',
      'ingress tcp 80 10.0.0.0/16': 'review | coverage-too-thin',
    });
  });

  it('give way the other way round, when only the narrow rule is needed', async () => {
    const inv = inventory({ rules: [rule('ingress tcp 80 10.0.5.0/24'), rule('ingress tcp 80 10.0.0.0/16')] });
    const { says } = await judge(inv, daily(30, 6, 80, '10.0.5.5'));
    expect(says).toEqual({
      'ingress tcp 80 10.0.5.0/24': 'keep | in-use',
      'ingress tcp 80 10.0.0.0/16': 'remove | used-part-covered',
    });
  });

  describe('across groups', () => {
    const narrow = rule('ingress tcp 80 10.0.0.0/24');
    const wide = rule('ingress tcp 80 10.0.0.0/16', { groupId: 'sg-two' });
    const both = eni('eni-web', ['sg-two', 'sg-web'], ['10.0.0.10']);
    const parts = { groups: [group('sg-web'), group('sg-two')], rules: [narrow, wide] };
    const id = 'ingress tcp 80 10.0.0.0/24';

    it('are found where every interface that wore the group wore the other as well', async () => {
      const { says, advice } = await judge(inventory({ ...parts, interfaces: [both] }), [], { coverage: [] });
      expect(says[id]).toBe('remove | redundant-with-other-groups');
      expect(advice.verdicts.find((v) => v.rule === narrow)!.detail).toBe(
        'Everything it allows is also allowed by sgr-ingress_tcp_80_10.0.0.0/16 of sg-two on the only interface that wore the group within the window, proved by set algebra.',
      );
      expect(says['ingress tcp 80 10.0.0.0/16']).toBe('review | coverage-too-thin');
    });

    it.each([
      ['one interface wore it alone', [both, eni('eni-lone', ['sg-web'], ['10.0.0.11'])], {}],
      [
        'it was worn alone for an hour of the window',
        [
          eni('eni-web', ['sg-web'], ['10.0.0.10'], { to: FROM + 3600 }),
          eni('eni-web', ['sg-two', 'sg-web'], ['10.0.0.10'], { from: FROM + 3600 }),
        ],
        {},
      ],
      [
        'a launch template names it',
        [both],
        {
          holders: [
            {
              groupId: 'sg-web',
              kind: 'launch-template' as const,
              holderId: 'lt-1',
              name: null,
              versions: [1],
              accountId: '111122223333',
              region: 'eu-west-1',
              byName: false,
            },
          ],
        },
      ],
      ['AWS keeps the other', [both], { groups: [group('sg-web'), group('sg-two', { tags: { 'aws:eks:x': 'y' } })] }],
    ])('are not found where %s', async (_, interfaces, more) => {
      const { says } = await judge(inventory({ ...parts, interfaces, ...more }), [], { coverage: [] });
      expect(says[id]).toBe('review | coverage-too-thin');
    });

    it('are never both removed, when each covers the other', async () => {
      const twin = rule('ingress tcp 80 10.0.0.0/24', { groupId: 'sg-two', ruleId: 'sgr-twin' });
      const inv = inventory({ ...parts, rules: [narrow, twin], interfaces: [both] });
      const idle = await judge(inv, [], { coverage: [] });
      expect(Object.values(idle.says).filter((s) => s.startsWith('remove'))).toHaveLength(1);
      const used = await judge(inv, daily(30, 6, 80, '10.0.0.7'));
      expect(Object.values(used.says).filter((s) => s.startsWith('remove'))).toHaveLength(1);
      expect(used.advice.replay).toMatchObject({ connections: 1, blocked: 0 });
    });
  });
});

describe("the group's quota", () => {
  const wide = rule('ingress tcp 8000-9000 10.0.5.0/24');
  const rows = [8080, 8090, 8999].flatMap((port) => daily(30, 6, port, '10.0.5.5'));
  const others = (count: number) => Array.from({ length: count }, (_, i) => rule(`ingress tcp 22 10.0.7.${i}/32`));
  const used = (count: number) => others(count).flatMap((_, i) => daily(30, 6, 22, `10.0.7.${i}`));
  const key = 'ingress tcp 8000-9000 10.0.5.0/24';

  it.each([
    [57, 'narrow | ports-unused | 6 8080-8080 10.0.5.0/24 | 6 8090-8090 10.0.5.0/24 | 6 8999-8999 10.0.5.0/24'],
    [58, 'narrow | ports-unused | 6 8080-8090 10.0.5.0/24 | 6 8999-8999 10.0.5.0/24'],
    [59, 'keep | quota'],
    [70, 'keep | quota'],
  ])('beside %d other rules that stay', async (count, expected) => {
    const inv = inventory({ rules: [wide, ...others(count)] });
    const { says, advice } = await judge(inv, [...rows, ...used(count)], { policy: { maxReplacements: 3 } });
    expect(says[key]).toBe(expected);
    const after = advice.verdicts.flatMap((v) => (v.action === 'narrow' ? v.replacements : [v.rule]));
    expect(after.length).toBeLessThanOrEqual(Math.max(60, count + 1));
    expect(advice.replay.blocked).toBe(0);
  });

  it('counts IPv6 apart, and a prefix list with all entries it may have', async () => {
    const list = rule('ingress tcp 22 pl-1');
    const lists = [{ prefixListId: 'pl-1', name: null, ownerId: null, maxEntries: 58, cidrs: ['10.0.7.0/32'] }];
    const listed = await judge(inventory({ rules: [wide, list], prefixLists: lists }), [...rows, ...used(1)]);
    expect(listed.says[key]).toBe('narrow | ports-unused | 6 8080-8090 10.0.5.0/24 | 6 8999-8999 10.0.5.0/24');
    const v6 = Array.from({ length: 59 }, (_, i) => rule(`ingress tcp 22 fd00::${i + 1}/128`));
    const flows = v6.flatMap((_, i) => daily(30, 6, 22, `fd00::${(i + 1).toString()}`));
    const apart = await judge(inventory({ rules: [wide, ...v6] }), [...rows, ...flows]);
    expect(apart.says[key]).toContain('6 8080-8080 10.0.5.0/24 | 6 8090-8090 10.0.5.0/24 | 6 8999');
  });
});

describe('references to a group that is gone', () => {
  const gone = rule('ingress tcp 443 sg-gone', {
    peer: { kind: 'group', groupId: 'sg-gone', accountId: '111122223333', peeringConnectionId: 'pcx-1' },
  });
  const other = rule('ingress tcp 443 10.0.0.0/8');
  const key = 'ingress tcp 443 sg-gone';

  it('go, as they allow nothing, whatever the logs cover', async () => {
    const { says } = await judge(inventory({ rules: [gone, other] }), [], { coverage: [] });
    expect(says[key]).toBe('remove | stale-reference');
  });

  it('go where another rule certainly let in what they may have let in', async () => {
    const { says, advice } = await judge(inventory({ rules: [gone, other] }), daily(30, 6, 443, '10.7.0.1'));
    expect(says[key]).toBe('remove | stale-reference');
    expect(advice.replay.blocked).toBe(0);
  });

  it('are left to a person where they may have been the only rule', async () => {
    const { says } = await judge(inventory({ rules: [gone] }), daily(30, 6, 443, '10.7.0.1'));
    expect(says[key]).toBe('review | stale-reference');
  });

  it('are not concluded where the account was not given, or not wholly', async () => {
    const far = { ...gone, peer: { ...gone.peer, accountId: '999988887777' } as typeof gone.peer };
    const failedScopes = [
      { accountId: '111122223333', region: null, listing: null, code: 'AccessDenied', message: 'x', next: 'y' },
    ];
    const elsewhere = await judge(inventory({ rules: [far] }), daily(30, 6, 443, '10.7.0.1'));
    expect(elsewhere.says[key]).toBe('keep | in-use');
    const partly = await judge(inventory({ rules: [gone], failedScopes }), daily(30, 6, 443, '10.7.0.1'));
    expect(partly.says[key]).toBe('keep | in-use');
  });

  it("go where EC2's list of stale rules has them", async () => {
    const listed = rule('ingress tcp 443 sg-peer');
    const staleReferences = [
      {
        groupId: 'sg-web',
        accountId: '111122223333',
        region: 'eu-west-1',
        direction: 'ingress' as const,
        protocol: 'tcp',
        fromPort: 443,
        toPort: 443,
        referencedGroupId: 'sg-peer',
        referencedVpcId: null,
        peeringConnectionId: null,
      },
    ];
    const { says } = await judge(inventory({ rules: [listed], staleReferences }), [], { coverage: [] });
    expect(says['ingress tcp 443 sg-peer']).toBe('remove | stale-reference');
  });
});

describe('rules that only refused traffic reaches', () => {
  it('are unused, and the detail says what was refused', async () => {
    const refused = daily(3, 6, 443, '10.0.5.5', { action: 'REJECT', records: 2 });
    const { says, advice } = await judge(inventory({ rules: [rule('ingress tcp 443 10.0.0.0/16')] }), refused);
    expect(says['ingress tcp 443 10.0.0.0/16']).toBe('remove | unused');
    expect(advice.verdicts[0]!.detail).toContain('Only refused traffic reached it: 6 records that it would allow');
    expect(advice.verdicts[0]!.usage.flows).toBe(0);
  });
});

describe('groups that others keep', () => {
  it.each([
    [{ tags: { 'aws:eks:cluster-name': 'prod' } }, 'review | managed-by-aws'],
    [{ tags: { 'elbv2.k8s.aws/cluster': 'prod' } }, 'review | managed-by-aws'],
    [{ tags: { 'kubernetes.io/cluster/prod': 'owned' } }, 'review | managed-by-aws'],
    [{ groupName: 'ElasticMapReduce-master' }, 'review | managed-by-aws'],
    [{ groupName: 'd-9067e3fd2a_controllers' }, 'review | managed-by-aws'],
    [{ groupName: 'default' }, 'review | default-group'],
    [{ tags: { 'aws:cloudformation:stack-name': 'shop' } }, 'remove | unused'],
    [{ groupName: 'default-web' }, 'remove | unused'],
  ])('%j: %s', async (more, expected) => {
    const inv = inventory({ groups: [group('sg-web', more)], rules: [rule('ingress tcp 80 10.0.0.0/24')] });
    const { says } = await judge(inv, []);
    expect(says['ingress tcp 80 10.0.0.0/24']).toBe(expected);
  });
});
