import { describe, expect, it } from 'vitest';
import type { LedgerRow } from '../../analyzer/flowlogs/ledger.ts';
import type { InterfaceState } from '../../analyzer/model/interface.ts';
import { membersOf, RefusedLedger } from '../../analyzer/usage/refused.ts';

const DAY = 86_400;
const TO = 100 * DAY;
const place = { accountId: '111122223333', region: 'eu-west-1' };

function state(part: Partial<InterfaceState>): InterfaceState {
  return {
    ...place,
    interfaceId: 'eni-1',
    subnetId: 'subnet-1',
    vpcId: 'vpc-1',
    groups: ['sg-a'],
    addresses: ['10.0.0.1'],
    publicAddresses: [],
    interfaceType: 'interface',
    requesterManaged: false,
    description: null,
    origin: 'config-history',
    startKnown: true,
    from: 0,
    to: null,
    ...part,
  };
}

function row(part: Partial<LedgerRow>): LedgerRow {
  return {
    interfaceId: 'eni-1',
    bucket: TO - DAY,
    opened: 'inbound',
    evidence: 'syn',
    protocol: 6,
    localPort: 443,
    peerPort: null,
    localAddress: '10.0.0.1',
    localPacketAddress: null,
    peerAddress: '192.0.2.7',
    peerPacketAddress: null,
    action: 'REJECT',
    records: 1,
    packets: 3,
    bytes: 180,
    first: TO - 1000,
    last: TO - 900,
    ...part,
  };
}

function collected(interfaces: InterfaceState[], rows: LedgerRow[], limits?: { days: number; flows: number }) {
  const ledger = new RefusedLedger({ interfaces }, TO, limits);
  for (const one of rows) ledger.add(one);
  return ledger.finish();
}

describe('refused packets for the watch', () => {
  it('are summed by kind, in any order, and accepted ones are none', () => {
    const rows = [
      row({}),
      row({ bucket: TO - 2 * DAY, first: TO - 2 * DAY, last: TO - 2 * DAY + 5, packets: 4 }),
      row({ action: 'ACCEPT', packets: 100 }),
      row({ localPort: 22 }),
    ];
    const { flows, left } = collected([state({})], rows);
    expect(left).toBe(0);
    expect(flows).toMatchObject([
      { groups: ['sg-a'], localPort: 22, packets: 3, records: 1 },
      { groups: ['sg-a'], localPort: 443, packets: 7, records: 2, first: TO - 2 * DAY, last: TO - 900 },
    ]);
    expect(collected([state({})], rows.toReversed())).toEqual({ flows, left });
  });

  it('name the groups worn then; near a change those of both sides', () => {
    const change = TO - 500;
    const interfaces = [state({ to: change }), state({ groups: ['sg-b'], from: change })];
    const groupsAt = (first: number) => collected(interfaces, [row({ first, last: first + 10 })]).flows[0]!.groups;
    expect(groupsAt(change - DAY)).toEqual(['sg-a']);
    expect(groupsAt(change - 20)).toEqual(['sg-a', 'sg-b']);
    expect(groupsAt(change + 5)).toEqual(['sg-a', 'sg-b']);
  });

  it('of an interface that nobody knows name no rule, and old ones are past', () => {
    expect(collected([], [row({})]).flows).toEqual([]);
    expect(collected([state({})], [row({ first: TO - 20 * DAY, last: TO - 16 * DAY })]).flows).toEqual([]);
  });

  it('are bounded: the latest stay, and how many went is told', () => {
    const rows = Array.from({ length: 50 }, (_, n) => row({ localPort: n, last: TO - 900 + n }));
    const { flows, left } = collected([state({})], rows, { days: 15, flows: 10 });
    expect(flows.map((one) => one.localPort).sort((a, b) => a! - b!)).toEqual([40, 41, 42, 43, 44, 45, 46, 47, 48, 49]);
    expect(left).toBe(40);
  });
});

describe('members', () => {
  it('are the addresses of who wore the group within the window, and the entries of a list; what is unknown has no entry', () => {
    const group = (groupId: string) => ({
      ...place,
      groupId,
      groupName: groupId,
      vpcId: 'vpc-1',
      description: null,
      tags: {},
    });
    const list = (prefixListId: string, cidrs: string[] | null) => ({
      prefixListId,
      name: null,
      ownerId: null,
      maxEntries: null,
      cidrs,
    });
    const members = membersOf(
      {
        groups: [group('sg-a'), group('sg-empty')],
        interfaces: [
          state({ publicAddresses: ['198.51.100.1'] }),
          state({ interfaceId: 'eni-2', addresses: ['10.0.0.2'], to: 10 * DAY }),
          state({ interfaceId: 'eni-3', addresses: ['10.0.0.3'], groups: ['sg-a', 'sg-elsewhere'] }),
        ],
        prefixLists: [list('pl-1', ['10.1.0.0/16']), list('pl-2', null)],
      },
      10 * DAY,
    );
    expect(members).toEqual({
      'pl-1': ['10.1.0.0/16'],
      'sg-a': ['10.0.0.1', '10.0.0.3', '198.51.100.1'],
      'sg-empty': [],
    });
  });
});
