import { describe, expect, it } from 'vitest';
import type { LedgerRow } from '../../analyzer/flowlogs/ledger.ts';
import { timelines } from '../../analyzer/usage/timeline.ts';
import { possibleWearers, UnexplainedLedger } from '../../analyzer/usage/unexplained.ts';
import { eni, flow, group, inventory } from '../advice/build.ts';

const row = (more: Partial<LedgerRow> = {}): LedgerRow => flow(0, 6, 443, '192.0.2.7', more);

describe('what no rule explains', () => {
  it('is told once for each interface, direction, reason and groups, sorted, with its records added up', () => {
    const ledger = new UnexplainedLedger();
    ledger.add(row({ records: 2 }), ['sg-b', 'sg-c'], ['ingress', 'egress'], 'no-rule');
    ledger.add(row({ records: 3 }), ['sg-b', 'sg-c'], ['ingress'], 'no-rule');
    ledger.add(row({ records: 5 }), ['sg-b'], ['ingress'], 'no-rule');
    ledger.add(row({ records: 7 }), ['sg-b'], ['ingress'], 'unknown-group');
    ledger.add(row({ records: 11, interfaceId: 'eni-a' }), ['sg-b'], ['ingress'], 'no-rule');
    expect(ledger.sorted().map((u) => [u.interfaceId, u.direction, u.reason, u.groups.join(), u.records])).toEqual([
      ['eni-a', 'ingress', 'no-rule', 'sg-b', 11],
      ['eni-web', 'egress', 'no-rule', 'sg-b,sg-c', 2],
      ['eni-web', 'ingress', 'no-rule', 'sg-b', 5],
      ['eni-web', 'ingress', 'no-rule', 'sg-b,sg-c', 5],
      ['eni-web', 'ingress', 'unknown-group', 'sg-b', 7],
    ]);
  });

  it('is nothing where nothing was added', () => {
    expect(new UnexplainedLedger().sorted()).toEqual([]);
  });

  it.each<[Partial<LedgerRow>, string]>([
    [{}, 'tcp 10.0.0.10:443 <- 192.0.2.7'],
    [{ opened: 'outbound', localPort: null, peerPort: 53, protocol: 17 }, 'udp 10.0.0.10 -> 192.0.2.7:53'],
    [{ opened: 'unknown', localPort: 1, peerPort: 2 }, 'tcp 10.0.0.10:1 <-> 192.0.2.7:2'],
    [{ protocol: 1, localPort: null }, 'icmp 10.0.0.10 <- 192.0.2.7'],
    [
      { localAddress: 'fd00::1', peerAddress: 'fd00::2', localPort: 0, peerPort: 9, opened: 'unknown' },
      'tcp [fd00::1]:0 <-> [fd00::2]:9',
    ],
    [{ localAddress: 'fd00::1', peerAddress: 'fd00::2', localPort: null }, 'tcp fd00::1 <- fd00::2'],
  ])('of %j the example is %s', (more, text) => {
    const ledger = new UnexplainedLedger();
    ledger.add(row(more), [], ['ingress'], 'no-rule');
    expect(ledger.sorted()[0]!.example).toBe(text);
  });

  it('law 7: has the first example as text, whatever the order of the rows', () => {
    const example = (...ports: number[]): string => {
      const ledger = new UnexplainedLedger();
      for (const localPort of ports) ledger.add(row({ localPort }), ['sg-a'], ['ingress'], 'no-rule');
      return ledger.sorted()[0]!.example;
    };
    for (const order of [
      [22, 443, 80],
      [80, 443, 22],
      [443, 22, 80],
    ]) {
      expect(example(...order)).toBe('tcp 10.0.0.10:22 <- 192.0.2.7');
    }
  });
});

describe('law 2: whom an interface without a known state may have worn', () => {
  const vpc = (vpcId: string, ...cidrs: string[]) => ({
    vpcId,
    accountId: '111122223333',
    region: 'eu-west-1',
    cidrs,
  });
  const groups = [
    group('sg-z', { vpcId: 'vpc-1' }),
    group('sg-a', { vpcId: 'vpc-1' }),
    group('sg-b', { vpcId: 'vpc-2' }),
    group('sg-dark', { vpcId: 'vpc-dark' }),
    group('sg-homeless', { vpcId: null }),
    group('sg-stray', { vpcId: null }),
  ];
  const vpcs = [vpc('vpc-1', '10.0.0.0/16', 'fd00::/64'), vpc('vpc-2', '10.1.0.0/16')];
  const wearersOf = () => possibleWearers(inventory({ groups, vpcs }));
  const always = ['sg-dark', 'sg-homeless', 'sg-stray'];

  it.each<[string, Partial<LedgerRow>, string[]]>([
    ['inside one VPC', { localAddress: '10.0.0.1' }, ['sg-a', ...always, 'sg-z']],
    ['inside one VPC, IPv6', { localAddress: 'fd00::1' }, ['sg-a', ...always, 'sg-z']],
    ['inside the other', { localAddress: '10.1.0.1' }, ['sg-b', ...always]],
    ['inside none', { localAddress: '192.0.2.1' }, always],
    ['no address', { localAddress: '-' }, ['sg-a', 'sg-b', ...always, 'sg-z']],
    [
      'in one, by its packet address in the other',
      { localAddress: '10.0.0.1', localPacketAddress: '10.1.0.1' },
      ['sg-a', 'sg-b', ...always, 'sg-z'],
    ],
    [
      'in none, by its packet address in one',
      { localAddress: '192.0.2.1', localPacketAddress: '10.1.0.1' },
      ['sg-b', ...always],
    ],
  ])('by an address %s', (_, more, expected) => {
    const wearers = wearersOf();
    expect(wearers.ofUnknownInterface(row(more))).toEqual(expected);
    expect(wearers.ofUnknownInterface(row(more))).toEqual(expected);
  });

  it('by the VPCs of its other states', () => {
    const wearers = wearersOf();
    const held = (...vpcIds: (string | null)[]) =>
      timelines(vpcIds.map((vpcId, i) => eni('eni-1', [], [], { vpcId, from: i, to: i + 1 }))).get('eni-1')!;
    expect(wearers.ofKnownInterface(held('vpc-2'))).toEqual(['sg-b', 'sg-homeless', 'sg-stray']);
    expect(wearers.ofKnownInterface(held('vpc-1', 'vpc-2'))).toEqual([
      'sg-a',
      'sg-b',
      'sg-homeless',
      'sg-stray',
      'sg-z',
    ]);
    expect(wearers.ofKnownInterface(held('vpc-2', null))).toEqual(['sg-a', 'sg-b', ...always, 'sg-z']);
    expect(wearers.ofKnownInterface(held('vpc-9'))).toEqual(['sg-homeless', 'sg-stray']);
  });

  it('adds the groups that were made usable in a VPC, once, also where the VPC has none of its own', () => {
    const groupVpcs = [
      { groupId: 'sg-b', vpcId: 'vpc-1', vpcOwnerId: null, state: 'disassociated' },
      { groupId: 'sg-a', vpcId: 'vpc-1', vpcOwnerId: null, state: 'associated' },
      { groupId: 'sg-b', vpcId: 'vpc-3', vpcOwnerId: null, state: 'associated' },
    ];
    const shared = possibleWearers(inventory({ groups, vpcs: [...vpcs, vpc('vpc-3', '10.3.0.0/16')], groupVpcs }));
    expect(shared.ofUnknownInterface(row({ localAddress: '10.0.0.1' }))).toEqual(['sg-a', 'sg-b', ...always, 'sg-z']);
    expect(shared.ofUnknownInterface(row({ localAddress: '10.3.0.1' }))).toEqual(['sg-b', ...always]);
  });
});
