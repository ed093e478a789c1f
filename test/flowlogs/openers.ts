import * as fc from 'fast-check';
import { expect } from 'vitest';
import type { LedgerRow } from '../../analyzer/flowlogs/index.ts';
import { scanFiles, V5 } from './harness.ts';
import { type FlowRecord, referenceLedger } from './reference.ts';

export const INTERFACES = [
  { interfaceId: 'eni-0a', addresses: ['10.0.0.1', '10.0.0.11'] },
  { interfaceId: 'eni-0b', addresses: ['10.0.0.2', '2001:db8::2'] },
];
const ADDRESSES = Object.fromEntries(INTERFACES.map((i) => [i.interfaceId, i.addresses]));
export const DAY = 86400 * 20000;

/** As a line of V5. */
export function line(r: FlowRecord): string {
  const { interfaceId: eni, src, dst, srcPort, dstPort, protocol, packets, bytes, start, end, action } = r;
  const tail = [r.flags ?? '-', r.pktSrc ?? '-', r.pktDst ?? '-', r.direction ?? '-'].join(' ');
  return `5 1 ${eni} ${src} ${dst} ${srcPort} ${dstPort} ${protocol} ${packets} ${bytes} ${start} ${end} ${action} OK ${tail}`;
}

/** Rows in an order of their own. */
export function sorted(rows: readonly LedgerRow[]): string[] {
  return rows.map((row) => JSON.stringify(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)))).sort();
}

// eni-0c is in no inventory, 10.0.0.9 no address of eni-0a. Few ports and addresses, so that tuples, listeners and fans meet and
// contradict each other; half of the sets have no flags at all, as the default format.
const conversation = fc.record({
  end: fc.constantFrom(
    ['eni-0a', '10.0.0.1'],
    ['eni-0a', '10.0.0.1'],
    ['eni-0a', '10.0.0.1'],
    ['eni-0a', '10.0.0.9'],
    ['eni-0b', '10.0.0.2'],
    ['eni-0b', '2001:db8::2'],
    ['eni-0c', '10.0.0.3'],
  ),
  peer: fc.constantFrom('10.0.0.1', '10.0.0.2', '192.0.2.7', '192.0.2.7', '192.0.2.7'),
  called: fc.constantFrom(20, 21, 22, 443, 443, 443, 600, 5060, 33000),
  caller: fc.oneof(fc.integer({ min: 40000, max: 40008 }), fc.constantFrom(443, 700, 5080, 7000, 7001, 33000)),
  localIsCalled: fc.boolean(),
  protocol: fc.constantFrom(6, 6, 6, 17, 17, 1),
  packet: fc.constantFrom(null, null, null, null, null, 'same', '10.0.0.11'),
  direction: fc.constantFrom(false, false, true),
  records: fc.array(
    fc.record({
      inbound: fc.boolean(),
      flags: fc.constantFrom(null, null, null, 0, 1, 2, 3, 18, 19),
      at: fc.integer({ min: 0, max: 40 }),
      length: fc.constantFrom(0, 1, 59),
      action: fc.constantFrom<FlowRecord['action']>('ACCEPT', 'ACCEPT', 'ACCEPT', 'ACCEPT', 'REJECT'),
    }),
    { minLength: 1, maxLength: 3 },
  ),
});

/** The first is the control conversation; of the others some begin with a packet to port 20. */
function ftpConversation(c: { records: readonly { at: number }[] }, i: number, server: string) {
  const [first] = c.records;
  const localIsCalled = server === 'here';
  const record = { flags: null, length: 59 as const, action: 'ACCEPT' as const };
  const toServer = { ...record, inbound: localIsCalled };
  const fromServer = { ...record, inbound: !localIsCalled };
  const at = first!.at;
  return {
    end: ['eni-0a', '10.0.0.1'],
    peer: '192.0.2.7',
    called: i === 0 ? 21 : 20,
    caller: 40000 + i,
    protocol: 6,
    packet: null,
    localIsCalled,
    records:
      i === 0
        ? [
            { ...toServer, at: 2 },
            { ...fromServer, at: 38 },
          ]
        : c.records.length === 3
          ? [{ ...toServer, at }]
          : [
              { ...fromServer, at },
              { ...toServer, at },
            ],
  };
}

/** Records of two days around a midnight. */
export const recordSet: fc.Arbitrary<FlowRecord[]> = fc
  .tuple(
    fc.array(conversation, { minLength: 1, maxLength: 50 }),
    fc.constantFrom(0, 0, 1, 3),
    fc.boolean(),
    fc.constantFrom(null, null, null, 'here', 'there'),
  )
  .map(([conversations, flagged, orderly, ftp]) =>
    conversations.flatMap((drawn, i) => {
      // Most conversations of an orderly set call one port, each from a port of its own.
      const c =
        orderly && i % 4 !== 0
          ? {
              ...drawn,
              end: ['eni-0a', '10.0.0.1'],
              called: 443,
              caller: 40000 + i,
              protocol: 6,
              packet: null,
              localIsCalled: i % 8 < 6,
            }
          : { ...drawn };
      // Active FTP: a control conversation and, within it or not, conversations out of port 20.
      const active = ftp !== null && (i < 4 || c.called === 20);
      if (active) Object.assign(c, ftpConversation(c, i, ftp));
      const [interfaceId = '', local = ''] = c.end;
      const peer = local.includes(':') ? '2001:db8::7' : c.peer;
      const [localPort, peerPort] =
        c.protocol === 1 ? [0, 0] : c.localIsCalled ? [c.called, c.caller] : [c.caller, c.called];
      const localPacket = c.packet === 'same' ? local : c.packet;
      // In an orderly set the caller speaks first: only then do ports gather enough trust to be told by their fan.
      const records =
        orderly && !active
          ? [...c.records]
              .sort((a, b) => a.at - b.at)
              .map((g, k) => ({ ...g, inbound: (k % 2 === 0) === c.localIsCalled }))
          : c.records;
      return records.map((g) => ({
        interfaceId,
        src: g.inbound ? peer : local,
        dst: g.inbound ? local : peer,
        srcPort: g.inbound ? peerPort : localPort,
        dstPort: g.inbound ? localPort : peerPort,
        protocol: c.protocol,
        packets: 1 + g.at,
        bytes: 40 * (1 + g.at),
        start: DAY + 86400 - 1200 + g.at * 60,
        end: DAY + 86400 - 1200 + g.at * 60 + g.length,
        action: g.action,
        // Flags on a few conversations only: the others need what these tell of ports.
        flags: i % 3 < flagged ? g.flags : null,
        pktSrc: g.inbound ? null : localPacket,
        pktDst: g.inbound ? localPacket : null,
        direction: c.direction ? (g.inbound ? ('ingress' as const) : ('egress' as const)) : null,
      }));
    }),
  );

/**
 * Random records, read by the DuckDB store and by the slow reference: the same rows, folded. Ends with the classes of evidence that were met:
 * a generator that does not reach all of them would say little.
 */
export async function agreeOnOpeners(numRuns: number, seed: number): Promise<string[]> {
  const decided = new Set<string>();
  await fc.assert(
    fc.asyncProperty(recordSet, fc.boolean(), async (records, hourly) => {
      const changes = hourly ? [{ interfaceId: 'eni-0a', day: DAY }] : [];
      const scanned = await scanFiles(
        { 'a.log': [V5, ...records.map(line), ''].join('\n') },
        { interfaces: INTERFACES, changes },
      );
      const expected = referenceLedger(records, ADDRESSES, changes);
      for (const row of expected) decided.add(row.evidence);
      expect(sorted(scanned.ledger)).toEqual(sorted(expected));
    }),
    { numRuns, seed },
  );
  return [...decided].sort();
}

export const EVIDENCE = ['conversation', 'fan', 'listener', 'none', 'related', 'start', 'syn'];
