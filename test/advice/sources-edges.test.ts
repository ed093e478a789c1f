import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICY, type Policy } from '../../analyzer/advice/policy.ts';
import { pointsOf, portsAreKnown, serviceFrontier, wholeService } from '../../analyzer/advice/services.ts';
import {
  acceptableNetwork,
  addressPlan,
  contains,
  placesWithin,
  sizeOf,
  snappedOne,
  sourceFrontier,
  sourcesOf,
} from '../../analyzer/advice/sources.ts';
import type { DatedUse } from '../../analyzer/advice/uses.ts';
import { type Cidr, formatCidr, parseAddress, parseCidr } from '../../analyzer/model/address.ts';
import { inventory, shape } from './build.ts';

const OWN = '111122223333';
const cidr = (text: string): Cidr => parseCidr(text)!;
const subnet = (subnetId: string, ...cidrs: string[]) => ({
  subnetId,
  vpcId: 'vpc-1',
  accountId: OWN,
  region: 'eu-west-1',
  cidrs,
  tags: {},
});
const vpc = (...cidrs: string[]) => ({ vpcId: 'vpc-1', accountId: OWN, region: 'eu-west-1', cidrs });
const PLAN = addressPlan(
  inventory({
    vpcs: [vpc('10.0.0.0/16', '198.18.0.0/16', 'x')],
    subnets: [subnet('s-1', '10.0.4.0/22', '2001:db8:0:4::/62'), subnet('s-2', '10.0.0.0/22', '10.0.4.0/22')],
  }),
);
const orders = (...neverNarrow: string[]): Policy => ({
  ...DEFAULT_POLICY,
  orders: {
    windows: [],
    protectedGroups: [],
    protectedPorts: [],
    protectedPeers: [],
    keeps: [],
    neverNarrow,
    rulesPerGroup: 60,
    brake: null,
  },
});
const use = (peer: string, days: number[], port: number | null = 443, protocol = 6): DatedUse => ({
  protocol,
  port,
  peer: parseAddress(peer)!,
  peerGroups: 0,
  days: days.map((day) => ({ day, records: 1 })),
});

describe('what is known of addresses', () => {
  it('are subnets and VPC blocks, each once, the smallest first', () => {
    expect(PLAN.subnets.map(formatCidr)).toEqual([
      '2001:db8:0:4::/62',
      '10.0.0.0/22',
      '10.0.4.0/22',
      '10.0.0.0/16',
      '198.18.0.0/16',
    ]);
  });

  it.each<[string, boolean]>([
    ['10.1.2.3', true],
    ['11.0.0.0', false],
    ['172.16.0.0', true],
    ['172.31.255.255', true],
    ['172.32.0.0', false],
    ['192.168.0.1', true],
    ['192.169.0.1', false],
    ['100.64.0.0', true],
    ['100.128.0.0', false],
    ['169.254.169.254', true],
    ['198.18.3.4', true],
    ['198.19.3.4', false],
    ['203.0.113.1', false],
    ['fc00::1', true],
    ['fdff::1', true],
    ['fe80::1', true],
    ['fec0::1', false],
    ['2001:db8::1', false],
  ])('%s is somebody’s own: %s', (peer, own) => {
    const within = cidr(peer.includes(':') ? '::/0' : '0.0.0.0/0');
    expect(placesWithin(within, PLAN, DEFAULT_POLICY)(parseAddress(peer)!).own).toBe(own);
  });
});

describe('how fine peers are told apart', () => {
  it.each<[string, string, Policy, string]>([
    ['10.0.0.0/8', '10.0.5.5', DEFAULT_POLICY, '10.0.5.0/24'],
    ['10.0.5.0/26', '10.0.5.5', DEFAULT_POLICY, '10.0.5.0/26'],
    ['0.0.0.0/0', '203.0.113.5', DEFAULT_POLICY, '203.0.113.5/32'],
    ['::/0', 'fd00:1:2:3::5', DEFAULT_POLICY, 'fd00:1:2:3::/64'],
    ['fd00:1:2:3::/80', 'fd00:1:2:3::5', DEFAULT_POLICY, 'fd00:1:2:3::/80'],
    ['::/0', '2001:db8::5', DEFAULT_POLICY, '2001:db8::5/128'],
    ['10.0.0.0/8', '10.0.5.5', { ...DEFAULT_POLICY, longestPrefixV4: 28 }, '10.0.5.0/28'],
    ['::/0', 'fd00::5', { ...DEFAULT_POLICY, longestPrefixV6: 48 }, 'fd00::/48'],
    ['10.0.0.0/8', '10.0.5.5', orders('10.0.4.0/22'), '10.0.4.0/22'],
    ['10.0.0.0/8', '10.0.5.5', orders('10.0.4.0/22', '10.0.0.0/16'), '10.0.0.0/16'],
    ['10.0.0.0/8', '10.0.5.5', orders('10.0.8.0/22'), '10.0.5.0/24'],
    ['10.0.5.0/24', '10.0.5.5', orders('10.0.0.0/16'), '10.0.5.0/24'],
    ['10.0.4.0/23', '10.0.5.5', orders('10.0.0.0/16'), '10.0.4.0/23'],
    ['0.0.0.0/0', '203.0.113.5', orders('203.0.113.0/24'), '203.0.113.0/24'],
    ['0.0.0.0/0', '203.0.113.5', orders('x'), '203.0.113.5/32'],
  ])('within %s %s is of its network', (within, peer, policy, unit) => {
    expect(formatCidr(placesWithin(cidr(within), PLAN, policy)(parseAddress(peer)!).unit)).toBe(unit);
  });

  it('gives one place to all addresses of a network', () => {
    const places = placesWithin(cidr('0.0.0.0/0'), PLAN, DEFAULT_POLICY);
    const ids = ['10.0.5.5', '10.0.5.6', '10.0.6.5', '203.0.113.5', '10.0.5.5'].map((p) => places(parseAddress(p)!));
    expect(ids.map((p) => p.id)).toEqual([0, 0, 1, 2, 0]);
    expect(ids[1]).toBe(ids[0]);
  });
});

describe('peers of a rule', () => {
  const all = [1, 2, 3, 4, 5];
  const sources = (uses: DatedUse[], policy = DEFAULT_POLICY) => sourcesOf(cidr('0.0.0.0/0'), uses, PLAN, policy);
  const many = (n: number, days = all): DatedUse[] => Array.from({ length: n }, (_, i) => use(`203.0.113.${i}`, days));

  it('are gathered to networks with the days on which each was seen', () => {
    const found = sources([use('10.0.5.5', [1]), use('10.0.5.6', [1, 2]), use('10.0.6.1', [3])]);
    expect(found.narrowable && [...found.units.values()].map((u) => [formatCidr(u.cidr), [...u.days]])).toEqual([
      ['10.0.5.0/24', [1, 2]],
      ['10.0.6.0/24', [3]],
    ]);
    expect(found.narrowable && formatCidr(found.unitOf(parseAddress('10.0.5.9')!))).toBe('10.0.5.0/24');
  });

  it('of the Internet must be few and steady', () => {
    expect(sources(many(8)).narrowable).toBe(true);
    expect(sources(many(9))).toEqual({ narrowable: false, why: 'too-many-public-peers' });
    expect(sources([...many(2), use('198.51.100.1', [1, 2, 3, 4])])).toEqual({
      narrowable: false,
      why: 'public-peers-not-steady',
    });
    expect(sources([...many(2), use('198.51.100.1', [1, 2, 3, 4]), use('198.51.100.1', [5])]).narrowable).toBe(true);
    expect(sources([...many(2), use('10.0.0.1', [1])]).narrowable).toBe(true);
    expect(sources([use('203.0.113.1', [1])], orders('203.0.113.0/24')).narrowable).toBe(true);
  });
});

describe('networks for peers', () => {
  const told = (within: string, units: string[], most: number, policy = DEFAULT_POLICY) =>
    sourceFrontier(cidr(within), units.map(cidr), most, PLAN, policy).map((found) => found?.map(formatCidr) ?? null);

  it.each<[string, string[], (string[] | null)[]]>([
    ['10.0.0.0/8', ['10.0.9.0/24', '10.7.1.0/24'], [['10.0.0.0/13'], ['10.0.9.0/24', '10.7.1.0/24']]],
    // Grown to the subnet that holds them, where that is at most four times as large.
    ['10.0.0.0/8', ['10.0.4.0/24', '10.0.5.0/24'], [['10.0.4.0/22'], ['10.0.4.0/22']]],
    ['10.0.0.0/8', ['10.0.4.0/24'], [['10.0.4.0/22'], ['10.0.4.0/22']]],
    ['10.0.0.0/8', ['10.0.4.0/25'], [['10.0.4.0/25'], ['10.0.4.0/25']]],
    ['10.0.4.0/23', ['10.0.4.0/24'], [['10.0.4.0/24'], ['10.0.4.0/24']]],
    // Two networks within one subnet become the subnet, once.
    ['10.0.0.0/8', ['10.0.4.0/24', '10.0.7.0/24', '10.9.0.0/24'], [['10.0.0.0/12'], ['10.0.4.0/22', '10.9.0.0/24']]],
    ['0.0.0.0/0', ['203.0.113.5/32', '198.51.100.9/32'], [null, ['198.51.100.9/32', '203.0.113.5/32']]],
    ['0.0.0.0/0', ['203.0.113.5/32', '203.0.113.9/32'], [['203.0.113.0/28'], ['203.0.113.5/32', '203.0.113.9/32']]],
    ['::/0', ['2001:db8::1/128', '2001:db8:0:8::1/128'], [null, ['2001:db8::1/128', '2001:db8:0:8::1/128']]],
    ['::/0', ['fd00::/64', 'fd00:0:0:8::/64'], [['fd00::/60'], ['fd00::/64', 'fd00:0:0:8::/64']]],
  ])('within %s for %j are %j', (within, units, expected) => {
    expect(told(within, units, 2)).toEqual(expected);
  });

  it('are judged by the peers within each, and none is given where one of them will not do', () => {
    const told3 = (...units: string[]) => told('0.0.0.0/0', units, 3);
    expect(told3('10.0.8.0/24', '10.0.9.0/24', '203.0.113.5/32')).toEqual([
      null,
      ['10.0.8.0/23', '203.0.113.5/32'],
      ['10.0.8.0/23', '203.0.113.5/32'],
    ]);
    expect(told3('10.0.8.0/24', '203.0.113.5/32', '198.51.100.9/32')).toEqual([
      null,
      null,
      ['10.0.8.0/24', '198.51.100.9/32', '203.0.113.5/32'],
    ]);
  });

  it('that grow into one another become one', () => {
    expect(told('10.0.0.0/8', ['10.0.4.0/24', '10.0.7.0/24', '10.9.0.0/24'], 3)[2]).toEqual([
      '10.0.4.0/22',
      '10.9.0.0/24',
    ]);
    expect(told('10.0.0.0/8', ['10.0.4.0/24', '10.0.6.0/23', '10.9.0.0/24'], 3)[2]).toEqual([
      '10.0.4.0/22',
      '10.9.0.0/24',
    ]);
  });

  it('never cut a network that the policy keeps whole', () => {
    expect(
      told('0.0.0.0/0', ['203.0.112.0/22', '198.51.100.0/24'], 2, orders('203.0.112.0/22', '198.51.100.0/24')),
    ).toEqual([['192.0.0.0/4'], ['198.51.100.0/24', '203.0.112.0/22']]);
  });

  it('may stand for addresses of the Internet only as narrow as the policy says', () => {
    const acceptable = acceptableNetwork(cidr('0.0.0.0/0'), PLAN, orders('198.51.100.0/22'));
    const units = (...texts: string[]) => texts.map(cidr);
    expect(acceptable(cidr('203.0.113.0/24'), units('203.0.113.5/32'))).toBe(true);
    expect(acceptable(cidr('203.0.112.0/23'), units('203.0.113.5/32'))).toBe(false);
    expect(acceptable(cidr('10.0.0.0/8'), units('10.0.0.0/24'))).toBe(true);
    expect(acceptable(cidr('0.0.0.0/1'), units('10.0.0.0/24', '11.0.0.1/32'))).toBe(false);
    expect(acceptable(cidr('198.51.100.0/22'), units('198.51.100.0/22'))).toBe(true);
    expect(acceptable(cidr('0.0.0.0/1'), [])).toBe(true);
  });

  it('snap to what is known within the rule, of the same family, that holds all', () => {
    const snap = (within: string, network: string, ...units: string[]) =>
      formatCidr(snappedOne(cidr(within), cidr(network), units.map(cidr), PLAN));
    expect(snap('0.0.0.0/0', '10.0.4.7/32', '10.0.4.7/32')).toBe('10.0.4.7/32');
    expect(snap('0.0.0.0/0', '10.0.4.0/24', '10.0.4.7/32')).toBe('10.0.4.0/22');
    expect(snap('0.0.0.0/0', '10.0.0.0/18', '10.0.4.7/32', '10.0.0.7/32')).toBe('10.0.0.0/16');
    expect(snap('0.0.0.0/0', '10.0.0.0/19', '10.0.4.7/32', '10.0.0.7/32')).toBe('10.0.0.0/19');
    expect(snap('::/0', '2001:db8:0:4::/64', '2001:db8:0:4::/64')).toBe('2001:db8:0:4::/62');
    expect(snap('::/0', '2001:db8:0:4::5/128', '2001:db8:0:4::5/128')).toBe('2001:db8:0:4::5/128');
    expect(snap('::/0', '2001:db8:0:9::/64', '2001:db8:0:9::/64')).toBe('2001:db8:0:9::/64');
  });
});

describe('networks within networks', () => {
  it('agree with asking for their first and last address', () => {
    const v4 = fc
      .tuple(fc.integer({ min: 0, max: 63 }), fc.integer({ min: 26, max: 32 }))
      .map(([n, l]) => cidr(`10.0.0.${n}/${l}`));
    const v6 = fc
      .tuple(fc.integer({ min: 0, max: 63 }), fc.integer({ min: 122, max: 128 }))
      .map(([n, l]) => cidr(`fd00::${n.toString(16)}/${l}`));
    const any = fc.oneof(v4, v6);
    fc.assert(
      fc.property(any, any, (a, b) => {
        const last = (c: Cidr): bigint => BigInt(c.value) + sizeOf(c) - 1n;
        const holds = a.family === b.family && BigInt(a.value) <= BigInt(b.value) && last(b) <= last(a);
        expect(contains(a, b)).toBe(holds);
      }),
      { numRuns: 500 },
    );
    expect(sizeOf(cidr('10.0.0.0/8'))).toBe(1n << 24n);
    expect(sizeOf(cidr('::/0'))).toBe(1n << 128n);
    expect(contains(cidr('0.0.0.0/0'), cidr('255.255.255.255/32'))).toBe(true);
    expect(contains(cidr('::/0'), cidr('10.0.0.0/8'))).toBe(false);
  });
});

describe('services of a rule', () => {
  const told = (text: string, uses: DatedUse[], most: number, narrow = true) =>
    serviceFrontier(shape(text), uses, most, narrow).map(
      (services) => services?.map((s) => `${s.protocol} ${s.fromPort}-${s.toPort} ${s.points}`) ?? null,
    );
  const tcp = (...ports: (number | null)[]): DatedUse[] => ports.map((port) => use('10.0.0.1', [1], port));

  it('whole are as wide as the rule', () => {
    expect(wholeService(shape('ingress all * 10.0.0.0/8'))).toEqual({
      protocol: -1,
      fromPort: null,
      toPort: null,
      points: 1n << 24n,
    });
    expect(wholeService(shape('ingress tcp 80-89 10.0.0.0/8'))).toEqual({
      protocol: 6,
      fromPort: 80,
      toPort: 89,
      points: 10n,
    });
    expect(wholeService(shape('ingress icmp 8-0 10.0.0.0/8')).points).toBe(1n);
    expect(pointsOf([])).toBe(0n);
  });

  it('are known where every port is', () => {
    expect(portsAreKnown(shape('ingress tcp 1-9 10.0.0.0/8'), tcp(1, 2))).toBe(true);
    expect(portsAreKnown(shape('ingress tcp 1-9 10.0.0.0/8'), tcp(1, null))).toBe(false);
    expect(portsAreKnown(shape('ingress all * 10.0.0.0/8'), tcp(1, null))).toBe(true);
    expect(portsAreKnown(shape('ingress icmp * 10.0.0.0/8'), [])).toBe(false);
  });

  it.each<[string, string, DatedUse[], number, boolean, (string[] | null)[]]>([
    ['not narrowed', 'ingress tcp 1-9 10.0.0.0/8', tcp(1), 2, false, [['6 1-9 9'], ['6 1-9 9']]],
    ['with a port not shown', 'ingress tcp 1-9 10.0.0.0/8', tcp(1, null), 1, true, [['6 1-9 9']]],
    ['of one port', 'ingress tcp 1-9 10.0.0.0/8', tcp(4, 4), 2, true, [['6 4-4 1'], ['6 4-4 1']]],
    [
      'of more ports',
      'ingress tcp 1-99 10.0.0.0/8',
      tcp(9, 1, 2),
      3,
      true,
      [['6 1-9 9'], ['6 1-2 2', '6 9-9 1'], ['6 1-2 2', '6 9-9 1']],
    ],
    ['of ICMP', 'ingress icmp 8-0 10.0.0.0/8', [use('10.0.0.1', [1], null, 1)], 1, true, [['1 8-0 1']]],
    [
      'of all protocols',
      'ingress all * 10.0.0.0/8',
      [...tcp(80, 443), use('10.0.0.1', [1], 53, 17), use('10.0.0.1', [1], null, 1), use('10.0.0.1', [1], null, 47)],
      5,
      true,
      [
        null,
        null,
        null,
        ['1 -1--1 65536', '6 80-443 364', '17 53-53 1', '47 null-null 65536'],
        ['1 -1--1 65536', '6 80-80 1', '6 443-443 1', '17 53-53 1', '47 null-null 65536'],
      ],
    ],
    [
      'of all protocols, with a port not shown',
      'ingress all * 10.0.0.0/8',
      tcp(80, null),
      2,
      true,
      [['6 0-65535 65536'], ['6 0-65535 65536']],
    ],
    [
      'where rules are dealt out to the protocol that saves most, the first one',
      'ingress all * 10.0.0.0/8',
      [...tcp(1, 999), use('10.0.0.1', [1], 1, 17), use('10.0.0.1', [1], 3, 17)],
      3,
      true,
      [null, ['6 1-999 999', '17 1-3 3'], ['6 1-1 1', '6 999-999 1', '17 1-3 3']],
    ],
    [
      'where rules are dealt out to the protocol that saves most',
      'ingress all * 10.0.0.0/8',
      [...tcp(1, 3), use('10.0.0.1', [1], 1, 17), use('10.0.0.1', [1], 999, 17)],
      3,
      true,
      [null, ['6 1-3 3', '17 1-999 999'], ['6 1-3 3', '17 1-1 1', '17 999-999 1']],
    ],
  ])('%s', (_, text, uses, most, narrow, expected) => expect(told(text, uses, most, narrow)).toEqual(expected));
});
