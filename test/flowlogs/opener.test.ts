import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LedgerRow } from '../../analyzer/flowlogs/index.ts';
import { scanFiles, V5 } from './harness.ts';
import { type FlowRecord, referenceLedger } from './reference.ts';

const INTERFACES = [
  { interfaceId: 'eni-0a', addresses: ['10.0.0.1', '10.0.0.11'] },
  { interfaceId: 'eni-0b', addresses: ['10.0.0.2', '2001:db8::2'] },
];
const ADDRESSES = Object.fromEntries(INTERFACES.map((i) => [i.interfaceId, i.addresses]));
const DAY = 86400 * 20000;

function line(r: FlowRecord): string {
  const { interfaceId: eni, src, dst, srcPort, dstPort, protocol, packets, bytes, start, end, action } = r;
  const tail = [r.flags ?? '-', r.pktSrc ?? '-', r.pktDst ?? '-', r.direction ?? '-'].join(' ');
  return `5 1 ${eni} ${src} ${dst} ${srcPort} ${dstPort} ${protocol} ${packets} ${bytes} ${start} ${end} ${action} OK ${tail}`;
}

function sorted(rows: readonly LedgerRow[]): string[] {
  return rows.map((row) => JSON.stringify(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)))).sort();
}

// eni-0c is in no inventory. Few ports and addresses, so that tuples, listeners and fans meet and contradict each other.
const record: fc.Arbitrary<FlowRecord> = fc
  .record({
    end: fc.constantFrom(
      ['eni-0a', '10.0.0.1'],
      ['eni-0a', '10.0.0.1'],
      ['eni-0a', '10.0.0.9'],
      ['eni-0b', '10.0.0.2'],
      ['eni-0b', '2001:db8::2'],
      ['eni-0c', '10.0.0.3'],
    ),
    peer: fc.constantFrom('10.0.0.1', '10.0.0.2', '192.0.2.7', '192.0.2.8'),
    localPort: fc.constantFrom(20, 22, 443, 443, 600, 5060, 33000, 40001, 40002, 40003, 40004, 40005),
    peerPort: fc.constantFrom(20, 22, 443, 600, 5060, 33000, 40001, 40001, 40002, 40003, 40004, 40005, 40006),
    inbound: fc.boolean(),
    protocol: fc.constantFrom(6, 6, 6, 17, 17, 1),
    flags: fc.oneof(
      { weight: 5, arbitrary: fc.constant(null) },
      { weight: 1, arbitrary: fc.constantFrom(0, 1, 2, 3, 4, 18, 19) },
    ),
    at: fc.integer({ min: 0, max: 40 }),
    length: fc.constantFrom(0, 1, 59),
    action: fc.constantFrom<FlowRecord['action']>('ACCEPT', 'ACCEPT', 'ACCEPT', 'ACCEPT', 'REJECT'),
    packet: fc.constantFrom(null, null, null, 'same', '10.0.0.11'),
    direction: fc.constantFrom(null, null, 'true' as const),
  })
  .map((g) => {
    const [interfaceId, local] = g.end as [string, string];
    const peer = local.includes(':') ? '2001:db8::7' : g.peer;
    const [src, dst] = g.inbound ? [peer, local] : [local, peer];
    const ports = g.protocol === 1 ? [0, 0] : g.inbound ? [g.peerPort, g.localPort] : [g.localPort, g.peerPort];
    const localPacket = g.packet === 'same' ? local : g.packet;
    return {
      interfaceId,
      src,
      dst,
      srcPort: ports[0]!,
      dstPort: ports[1]!,
      protocol: g.protocol,
      packets: 1 + g.at,
      bytes: 40 * (1 + g.at),
      start: DAY + 86400 - 1200 + g.at * 60,
      end: DAY + 86400 - 1200 + g.at * 60 + g.length,
      action: g.action,
      flags: g.flags,
      pktSrc: g.inbound ? null : localPacket,
      pktDst: g.inbound ? localPacket : null,
      direction: g.direction === null ? null : g.inbound ? ('ingress' as const) : ('egress' as const),
    };
  });

describe('law 1: the opener is decided as the slow reference decides it', () => {
  it('agrees row by row, folded, on random records', async () => {
    const decided: Record<string, number> = {};
    await fc.assert(
      fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 120 }), fc.boolean(), async (records, hourly) => {
        const changes = hourly ? [{ interfaceId: 'eni-0a', day: DAY }] : [];
        const scanned = await scanFiles(
          { 'a.log': [V5, ...records.map(line), ''].join('\n') },
          { interfaces: INTERFACES, changes },
        );
        const expected = referenceLedger(records, ADDRESSES, changes);
        for (const row of expected) decided[row.evidence] = (decided[row.evidence] ?? 0) + 1;
        expect(sorted(scanned.ledger)).toEqual(sorted(expected));
      }),
      { numRuns: 60, seed: 20261121 },
    );
    // The generator reaches every class: else the agreement would say little.
    expect(Object.keys(decided).sort()).toEqual(['conversation', 'fan', 'listener', 'none', 'start', 'syn']);
  }, 300_000);
});
