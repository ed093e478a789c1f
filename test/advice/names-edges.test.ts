import { describe, expect, it } from 'vitest';
import { buildNames } from '../../analyzer/advice/names.ts';
import { DEFAULT_POLICY, type Policy } from '../../analyzer/advice/policy.ts';
import { buildSizes } from '../../analyzer/advice/space.ts';
import { parseAddress } from '../../analyzer/model/address.ts';
import type { Inventory, PrefixList } from '../../analyzer/model/inventory.ts';
import type { Peer, RuleShape } from '../../analyzer/model/rule.ts';
import type { ConnectionClass } from '../../analyzer/usage/evidence.ts';
import { eni, FROM, group, inventory, rule, shape } from './build.ts';

const POLICY: Policy = { ...DEFAULT_POLICY, narrowToNames: true };
const VIEWS = [
  { sure: [], peered: [], possible: [] },
  { sure: ['sg-app'], peered: [], possible: [] },
  { sure: [], peered: [], possible: ['sg-app'] },
];
const list = (prefixListId: string, cidrs: string[] | null, more: Partial<PrefixList> = {}): PrefixList => ({
  prefixListId,
  name: null,
  ownerId: '111122223333',
  maxEntries: null,
  cidrs,
  ...more,
});
const seen = (peer: string, peerGroups = 0): ConnectionClass =>
  ({ protocol: 6, port: 443, peer: parseAddress(peer)!, peerGroups, days: [] }) as unknown as ConnectionClass;

function names(parts: Partial<Inventory>, policy: Partial<Policy> = {}) {
  const inv = inventory(parts);
  return buildNames(inv, { ...POLICY, ...policy }, buildSizes(inv));
}

const textOf = (peer: Peer): string =>
  peer.kind === 'group' ? peer.groupId : peer.kind === 'prefixList' ? peer.prefixListId : peer.cidr;
const told = (shapes: readonly RuleShape[] | null): string[] | null =>
  shapes?.map((s) => `${s.fromPort}-${s.toPort} ${s.peer.kind} ${textOf(s.peer)}`) ?? null;

const lists = (...prefixLists: PrefixList[]): Partial<Inventory> => ({ prefixLists });
const WIDE = rule('ingress tcp 443 10.0.0.0/8');
const TWO = ['ingress tcp 443 10.0.4.0/24', 'ingress tcp 443 10.0.5.0/24'].map(shape);
const CLASSES = [seen('10.0.4.1'), seen('10.0.5.1')];

describe('a prefix list instead of networks', () => {
  const instead = (parts: Partial<Inventory>, policy: Partial<Policy> = {}) =>
    told(names(parts, policy).instead(WIDE, TWO, CLASSES, VIEWS));

  it('stands where it holds every peer that was seen', () => {
    expect(instead(lists(list('pl-a', ['10.0.4.0/24', '10.0.5.0/24'])))).toEqual(['443-443 prefixList pl-a']);
    expect(instead(lists(list('pl-a', ['10.0.4.0/24'])))).toBeNull();
    expect(instead({})).toBeNull();
  });

  it.each<[string, PrefixList, boolean]>([
    ['of AWS', list('pl-a', ['10.0.4.0/23'], { ownerId: 'AWS' }), false],
    ['of nobody known', list('pl-a', ['10.0.4.0/23'], { ownerId: null }), false],
    ['without known entries', list('pl-a', null), false],
    ['without entries', list('pl-a', []), false],
    ['with a malformed entry', list('pl-a', ['10.0.4.0/23', 'x']), false],
    ['that leaves the rule', list('pl-a', ['10.0.4.0/23', '11.0.0.0/24']), false],
    ['of the other family too', list('pl-a', ['10.0.4.0/23', 'fd00::/64']), false],
    ['with as many entries as rules may stand instead', list('pl-a', ['10.0.4.0/23'], { maxEntries: 4 }), true],
    ['with more', list('pl-a', ['10.0.4.0/23'], { maxEntries: 5 }), false],
    ['four times as large', list('pl-a', ['10.0.0.0/21']), true],
    ['more than four times as large', list('pl-a', ['10.0.0.0/21', '10.0.8.0/32']), false],
  ])('%s: %s', (_, one, stands) => {
    expect(instead(lists(one)) !== null).toBe(stands);
  });

  it('is the one that costs least, and of equal ones the first by its id', () => {
    const large = list('pl-a', ['10.0.4.0/22']);
    const small = list('pl-c', ['10.0.4.0/23']);
    const twin = list('pl-b', ['10.0.4.0/23']);
    for (const order of [
      [large, small, twin],
      [twin, small, large],
      [small, large, twin],
    ]) {
      expect(instead(lists(...order))).toEqual(['443-443 prefixList pl-b']);
    }
    expect(instead(lists(large, small))).toEqual(['443-443 prefixList pl-c']);
    expect(instead(lists(small, large))).toEqual(['443-443 prefixList pl-c']);
  });

  it('keeps each service once', () => {
    const parts = lists(list('pl-a', ['10.0.4.0/23']));
    const ports = ['ingress tcp 443 10.0.4.0/24', 'ingress tcp 80 10.0.4.0/24', 'ingress tcp 443 10.0.5.0/24'].map(
      shape,
    );
    expect(told(names(parts).instead(WIDE, ports, CLASSES, VIEWS))).toEqual([
      '443-443 prefixList pl-a',
      '80-80 prefixList pl-a',
    ]);
  });

  it('works for IPv6', () => {
    const parts = lists(list('pl-6', ['fd00:0:0:4::/63']));
    const shapes = ['ingress tcp 443 fd00:0:0:4::/64', 'ingress tcp 443 fd00:0:0:5::/64'].map(shape);
    const wide = rule('ingress tcp 443 fd00::/8');
    const made = names(parts);
    expect(told(made.instead(wide, shapes, [seen('fd00:0:0:4::1'), seen('fd00:0:0:5::1')], VIEWS))).toEqual([
      '443-443 prefixList pl-6',
    ]);
    expect(told(made.instead(wide, shapes, [seen('fd00:0:0:6::1')], VIEWS))).toBeNull();
    expect(told(made.instead(WIDE, TWO, CLASSES, VIEWS))).toBeNull();
  });

  it('is not asked of rules whose peer is no network, of replacements that are none, nor where nothing was seen', () => {
    const made = names(lists(list('pl-a', ['10.0.4.0/23'])));
    expect(made.instead(rule('ingress tcp 443 sg-app'), TWO, CLASSES, VIEWS)).toBeNull();
    expect(made.instead(rule('ingress tcp 443 pl-x'), TWO, CLASSES, VIEWS)).toBeNull();
    expect(made.instead(rule('ingress tcp 443 x'), TWO, CLASSES, VIEWS)).toBeNull();
    expect(made.instead(WIDE, [...TWO, shape('ingress tcp 443 sg-app')], CLASSES, VIEWS)).toBeNull();
    expect(made.instead(WIDE, TWO, [], VIEWS)).toBeNull();
  });

  it('is not asked for unless the policy does, nor beside networks that stay whole', () => {
    const parts = lists(list('pl-a', ['10.0.4.0/23']));
    expect(instead(parts, { narrowToNames: false })).toBeNull();
    expect(instead(parts, { narrowPeers: false })).toBeNull();
    const orders = {
      windows: [],
      protectedGroups: [],
      protectedPorts: [],
      protectedPeers: [],
      keeps: [],
      neverNarrow: ['192.0.2.0/24'],
      rulesPerGroup: 60,
      brake: null,
    };
    expect(instead(parts, { orders })).toBeNull();
    expect(instead(parts, { orders: { ...orders, neverNarrow: [] } })).not.toBeNull();
  });
});

describe('a group instead of networks', () => {
  const base: Partial<Inventory> = {
    groups: [group('sg-web'), group('sg-app')],
    interfaces: [eni('eni-app', ['sg-app'], ['10.0.4.1'])],
  };
  const classes = [seen('10.0.4.1', 1), seen('10.0.5.1', 1)];
  const instead = (more: Partial<Inventory> = {}, asked = classes, of = WIDE) =>
    told(names({ ...base, ...more }).instead(of, TWO, asked, VIEWS));

  it('stands where every peer wore it for certain', () => {
    expect(instead()).toEqual(['443-443 group sg-app']);
    expect(instead({}, [seen('10.0.4.1', 1), seen('10.0.5.1', 2)])).toBeNull();
    expect(instead({}, [seen('10.0.4.1', 0)])).toBeNull();
  });

  it.each<[string, Partial<Inventory>]>([
    ['nobody wears it any more', { interfaces: [eni('eni-app', ['sg-app'], ['10.0.4.1'], { to: FROM })] }],
    ['it is the default group', { groups: [group('sg-web'), group('sg-app', { groupName: 'default' })] }],
    ['AWS keeps it', { groups: [group('sg-web'), group('sg-app', { tags: { 'aws:x': '' } })] }],
    [
      'it is usable in further VPCs',
      { groupVpcs: [{ groupId: 'sg-app', vpcId: 'vpc-2', vpcOwnerId: null, state: null }] },
    ],
    ['its VPC is not known', { groups: [group('sg-web'), group('sg-app', { vpcId: null })] }],
    ['neither VPC is known', { groups: [group('sg-web', { vpcId: null }), group('sg-app', { vpcId: null })] }],
    ['it is of another VPC', { groups: [group('sg-web'), group('sg-app', { vpcId: 'vpc-2' })] }],
    ['it is of another account', { groups: [group('sg-web'), group('sg-app', { accountId: '9' })] }],
    ['it is of another Region', { groups: [group('sg-web'), group('sg-app', { region: 'x' })] }],
    ['the VPC’s blocks are not known', { vpcs: [] }],
    ['the VPC has no blocks', { vpcs: [{ vpcId: 'vpc-1', accountId: '1', region: 'r', cidrs: [] }] }],
    [
      'the VPC has a malformed block',
      { vpcs: [{ vpcId: 'vpc-1', accountId: '1', region: 'r', cidrs: ['10.0.0.0/16', 'x'] }] },
    ],
    [
      'the VPC leaves the rule',
      { vpcs: [{ vpcId: 'vpc-1', accountId: '1', region: 'r', cidrs: ['10.0.0.0/16', '100.64.0.0/16'] }] },
    ],
    ['the rule’s own group is not known', { groups: [group('sg-app')] }],
  ])('does not where %s', (_, more) => expect(instead(more)).toBeNull());

  it('does not where the rule itself was narrower than the VPC', () => {
    expect(instead({}, classes, rule('ingress tcp 443 10.0.4.0/22'))).toBeNull();
  });
});

describe('law 4: what proves that a name allows no more', () => {
  const made = names({
    groups: [group('sg-web'), group('sg-app')],
    interfaces: [eni('eni-app', ['sg-app'], ['10.0.4.1'])],
    prefixLists: [list('pl-a', ['10.0.4.0/24', 'fd00::/64'])],
    vpcs: [{ vpcId: 'vpc-1', accountId: '1', region: 'r', cidrs: ['10.0.0.0/16', 'fd00:1::/56'] }],
  });
  it.each([
    ['ingress tcp 443 pl-a', ['443-443 cidrIpv4 10.0.4.0/24', '443-443 cidrIpv6 fd00::/64']],
    ['ingress tcp 443 sg-app', ['443-443 cidrIpv4 10.0.0.0/16', '443-443 cidrIpv6 fd00:1::/56']],
    ['ingress tcp 443 sg-other', ['443-443 group sg-other']],
    ['ingress tcp 443 pl-other', ['443-443 prefixList pl-other']],
    ['ingress tcp 443 10.0.0.0/8', ['443-443 cidrIpv4 10.0.0.0/8']],
  ])('of %s is %j', (text, expected) => expect(told(made.bounds(shape(text)))).toEqual(expected));

  it('is the shape itself where no names are asked for', () => {
    const none = names({ prefixLists: [list('pl-a', ['10.0.4.0/24'])] }, { narrowToNames: false });
    expect(told(none.bounds(shape('ingress tcp 443 pl-a')))).toEqual(['443-443 prefixList pl-a']);
  });
});
