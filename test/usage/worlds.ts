import fc from 'fast-check';
import { type CoverageRow, EVIDENCE_CLASSES, type LedgerRow, type Window } from '../../analyzer/flowlogs/ledger.ts';
import type { InterfaceState } from '../../analyzer/model/interface.ts';
import type { Inventory } from '../../analyzer/model/inventory.ts';
import { type Peer, type SecurityGroupRule, shapeKey } from '../../analyzer/model/rule.ts';

/** All moments of a small world are multiples of this. */
export const TICK = 300;
export const WORLD_WINDOW: Window = { from: 86_400 * 100, to: 86_400 * 100 + 6 * 3600 };
const TICKS = (WORLD_WINDOW.to - WORLD_WINDOW.from) / TICK;

export interface World {
  inventory: Inventory;
  rows: LedgerRow[];
  coverage: CoverageRow[];
}

const GROUPS = ['sg-a', 'sg-b', 'sg-c', 'sg-d'];
const ADDRESSES = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.1.0.1', '203.0.113.5', 'fd00::1', 'fd00::2'];

const peer: fc.Arbitrary<Peer> = fc.oneof(
  fc.constantFrom<Peer>(
    { kind: 'cidrIpv4', cidr: '0.0.0.0/0' },
    { kind: 'cidrIpv4', cidr: '10.0.0.0/30' },
    { kind: 'cidrIpv4', cidr: '10.0.0.2/32' },
    { kind: 'cidrIpv4', cidr: '203.0.113.0/24' },
    { kind: 'cidrIpv6', cidr: '::/0' },
    { kind: 'cidrIpv6', cidr: 'fd00::1/128' },
    { kind: 'prefixList', prefixListId: 'pl-known' },
    { kind: 'prefixList', prefixListId: 'pl-unknown' },
    { kind: 'prefixList', prefixListId: 'pl-missing' },
  ),
  fc.record({
    kind: fc.constant('group' as const),
    groupId: fc.constantFrom(...GROUPS, 'sg-foreign'),
  }),
  fc.record({
    kind: fc.constant('group' as const),
    groupId: fc.constantFrom(...GROUPS),
    peeringStatus: fc.constantFrom('active', 'deleted'),
  }),
);

const service = fc.constantFrom(
  { protocol: -1, fromPort: null, toPort: null },
  { protocol: 6, fromPort: 0, toPort: 65535 },
  { protocol: 6, fromPort: 1, toPort: 2 },
  { protocol: 6, fromPort: 2, toPort: 2 },
  { protocol: 17, fromPort: 1, toPort: 3 },
  { protocol: 1, fromPort: -1, toPort: -1 },
  { protocol: 1, fromPort: 8, toPort: 0 },
  { protocol: 58, fromPort: -1, toPort: -1 },
  { protocol: 47, fromPort: null, toPort: null },
);

function tick(n: number): number {
  return WORLD_WINDOW.from + n * TICK;
}

const stateParts = fc.record({
  groups: fc.subarray([...GROUPS, 'sg-missing'], { maxLength: 3 }),
  addresses: fc.subarray(ADDRESSES, { minLength: 1, maxLength: 2 }),
});

function interfaceStates(interfaceId: string): fc.Arbitrary<InterfaceState[]> {
  return fc
    .record({
      parts: fc.array(stateParts, { minLength: 1, maxLength: 3 }),
      cuts: fc.uniqueArray(fc.integer({ min: -2, max: TICKS + 2 }), { minLength: 6, maxLength: 6 }),
      vpcId: fc.constantFrom('vpc-1', 'vpc-1', 'vpc-2', 'vpc-bare', null),
      interfaceType: fc.constantFrom(null, null, null, 'interface', 'network_load_balancer'),
      startKnown: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
      open: fc.boolean(),
      gaps: fc.boolean(),
    })
    .map(({ parts, cuts, vpcId, interfaceType, startKnown, open, gaps }) => {
      const times = cuts.toSorted((a, b) => a - b).map(tick);
      return parts.map((part, i): InterfaceState => {
        const last = i === parts.length - 1;
        return {
          interfaceId,
          accountId: '111122223333',
          region: 'eu-west-1',
          vpcId,
          subnetId: null,
          groups: part.groups,
          addresses: part.addresses,
          publicAddresses: [],
          interfaceType,
          requesterManaged: false,
          description: null,
          origin: 'inventory',
          startKnown: startKnown[i]!,
          from: gaps ? times[2 * i]! : times[i]!,
          to: last && open ? null : gaps ? times[2 * i + 1]! : times[i + 1]!,
        };
      });
    });
}

const row: fc.Arbitrary<LedgerRow> = fc
  .record({
    interfaceId: fc.constantFrom('eni-0', 'eni-1', 'eni-2', 'eni-unknown'),
    opened: fc.constantFrom('inbound' as const, 'outbound' as const, 'unknown' as const),
    evidence: fc.constantFrom(...EVIDENCE_CLASSES),
    protocol: fc.constantFrom(6, 6, 17, 1, 58, 47),
    port: fc.integer({ min: 1, max: 3 }),
    other: fc.integer({ min: 1, max: 3 }),
    localAddress: fc.constantFrom(...ADDRESSES),
    peerAddress: fc.constantFrom(...ADDRESSES, '192.0.2.1'),
    peerPacketAddress: fc.constantFrom(null, null, ...ADDRESSES),
    action: fc.constantFrom('ACCEPT' as const, 'ACCEPT' as const, 'ACCEPT' as const, 'REJECT' as const),
    records: fc.integer({ min: 1, max: 5 }),
    start: fc.integer({ min: 0, max: TICKS - 1 }),
    length: fc.integer({ min: 0, max: 8 }),
  })
  .map(({ port, other, start, length, ...rest }) => {
    const ports = rest.protocol === 6 || rest.protocol === 17;
    return {
      ...rest,
      bucket: WORLD_WINDOW.from,
      localPort: ports && rest.opened !== 'outbound' ? port : null,
      peerPort: ports && rest.opened !== 'inbound' ? other : null,
      localPacketAddress: null,
      packets: rest.records * 3,
      bytes: rest.records * 1000 + port,
      first: tick(start),
      last: tick(Math.min(TICKS, start + length)),
    };
  });

const coverageRow: fc.Arbitrary<CoverageRow> = fc.record({
  interfaceId: fc.constantFrom('eni-0', 'eni-1', 'eni-2', 'eni-unknown'),
  hour: fc.integer({ min: -1, max: 6 }).map((h) => WORLD_WINDOW.from + h * 3600),
  observedSeconds: fc.constantFrom(0, 300, 1800, 3600),
  records: fc.constant(1),
  skipData: fc.constantFrom(0, 0, 0, 2),
});

/** Small worlds in which everything that can be unclear is: swaps, gaps, reuse of addresses, overlapping blocks, unknown things. */
export const world: fc.Arbitrary<World> = fc
  .record({
    // EC2 refuses a second rule of the same tuple.
    rules: fc.uniqueArray(
      fc.record({
        groupId: fc.constantFrom(...GROUPS),
        direction: fc.constantFrom('ingress' as const, 'egress' as const),
        service,
        peer,
      }),
      {
        maxLength: 12,
        selector: (r) => `${r.groupId} ${shapeKey({ direction: r.direction, ...r.service, peer: r.peer })}`,
      },
    ),
    interfaces: fc.tuple(interfaceStates('eni-0'), interfaceStates('eni-1'), interfaceStates('eni-2')),
    rows: fc.array(row, { maxLength: 25 }),
    coverage: fc.uniqueArray(coverageRow, { maxLength: 12, selector: (r) => `${r.interfaceId}${r.hour}` }),
    homes: fc.array(fc.constantFrom('vpc-1', 'vpc-2', 'vpc-bare', null), { minLength: 4, maxLength: 4 }),
    block: fc.constantFrom('10.0.0.0/16', '10.1.0.0/16'),
  })
  .map(({ rules, interfaces, rows, coverage, homes, block }) => ({
    rows,
    coverage,
    inventory: {
      groups: GROUPS.map((groupId, i) => ({
        groupId,
        groupName: groupId,
        accountId: '111122223333',
        region: 'eu-west-1',
        vpcId: homes[i]!,
        description: null,
        tags: {},
      })),
      rules: rules.map(
        ({ groupId, direction, service, peer }, i): SecurityGroupRule => ({
          ruleId: `sgr-${String(i).padStart(3, '0')}`,
          groupId,
          accountId: '111122223333',
          region: 'eu-west-1',
          direction,
          ...service,
          peer,
          description: null,
          tags: {},
        }),
      ),
      interfaces: interfaces.flat(),
      prefixLists: [
        { prefixListId: 'pl-known', name: null, ownerId: null, maxEntries: 5, cidrs: ['10.0.0.1/32', 'fd00::/64'] },
        { prefixListId: 'pl-unknown', name: null, ownerId: null, maxEntries: 5, cidrs: null },
      ],
      vpcs: [
        { vpcId: 'vpc-1', accountId: '111122223333', region: 'eu-west-1', cidrs: ['10.0.0.0/16', 'fd00::/64'] },
        { vpcId: 'vpc-2', accountId: '111122223333', region: 'eu-west-1', cidrs: [block] },
      ],
      subnets: [],
      warnings: [],
    },
  }));

export async function* batches<T>(rows: readonly T[], size = 7): AsyncGenerator<readonly T[]> {
  for (let i = 0; i < rows.length; i += size) yield rows.slice(i, i + size);
}
