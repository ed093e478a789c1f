import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LedgerRow } from '../../analyzer/flowlogs/index.ts';
import { byInterface } from '../../analyzer/flowlogs/stored/rows/merge.ts';

const row = (interfaceId: string, records: number): LedgerRow => ({
  ...{
    interfaceId,
    records,
    bucket: 0,
    protocol: 6,
    opened: 'inbound',
    evidence: 'syn',
    localPort: 22,
    peerPort: null,
  },
  ...{ localAddress: '10.0.0.1', localPacketAddress: null, peerAddress: '10.0.0.2', peerPacketAddress: null },
  ...{ action: 'ACCEPT', packets: 1, bytes: 1, first: 0, last: 0 },
});

async function* batches(rows: readonly LedgerRow[], sizes: readonly number[]): AsyncGenerator<LedgerRow[]> {
  let at = 0;
  for (const size of sizes) {
    yield rows.slice(at, at + size);
    at += size;
  }
  if (at < rows.length) yield rows.slice(at);
}

const place = (interfaceId: string) => Number(interfaceId.slice(4));
const stream = fc
  .tuple(fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 30, size: 'max' }), fc.array(fc.nat(4)))
  .map(([ids, sizes]) => ({ ids: ids.sort((a, b) => a - b), sizes }));

describe('two streams of rows', () => {
  it('become one, by interface, in which each keeps its own order and nothing is lost', async () => {
    await fc.assert(
      fc.asyncProperty(stream, stream, async (a, b) => {
        const rows = [a, b].map(({ ids }, n) => ids.map((id, i) => row(`eni-${id}`, 1000 * n + i)));
        const merged: LedgerRow[] = [];
        for await (const batch of byInterface(batches(rows[0]!, a.sizes), batches(rows[1]!, b.sizes), place))
          merged.push(...batch);
        const expected = rows.flat().sort((x, y) => place(x.interfaceId) - place(y.interfaceId));
        expect(merged.map(({ interfaceId }) => interfaceId)).toEqual(expected.map(({ interfaceId }) => interfaceId));
        for (const [n, own] of rows.entries())
          expect(merged.filter(({ records }) => (records >= 1000 ? 1 : 0) === n)).toEqual(own);
      }),
    );
  });

  it('are both told to end when nobody reads on', async () => {
    let ended = 0;
    async function* endless(): AsyncGenerator<LedgerRow[]> {
      try {
        for (;;) yield [row('eni-1', 1)];
      } finally {
        ended += 1;
      }
    }
    for await (const batch of byInterface(endless(), endless(), place)) {
      expect(batch.length).toBeGreaterThan(0);
      break;
    }
    expect(ended).toBe(2);
  });
});
