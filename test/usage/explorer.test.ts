import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LedgerRow } from '../../analyzer/flowlogs/ledger.ts';
import { explorerSchema } from '../../analyzer/model/explorer.ts';
import { ExplorerLedger, type ExplorerLimits, withExplorer } from '../../analyzer/usage/explorer.ts';

const DAY = 86_400;
const FROM = Date.parse('2026-07-03T00:00:00Z') / 1000;
const WINDOW = { from: FROM, to: FROM + 90 * DAY };

const anyRow: fc.Arbitrary<LedgerRow> = fc
  .record({
    interfaceId: fc.constantFrom('eni-1', 'eni-2', 'eni-3', 'eni-4'),
    opened: fc.constantFrom('inbound' as const, 'outbound' as const, 'unknown' as const),
    action: fc.constantFrom('ACCEPT' as const, 'REJECT' as const),
    protocol: fc.constantFrom(6, 17, 1),
    port: fc.integer({ min: 1, max: 6 }),
    peer: fc.integer({ min: 1, max: 9 }),
    day: fc.integer({ min: -1, max: 90 }),
    records: fc.integer({ min: 1, max: 50 }),
  })
  .map(({ port, peer, day, records, ...row }) => ({
    ...row,
    bucket: FROM + day * DAY,
    evidence: 'syn' as const,
    localPort: row.protocol === 1 || row.opened === 'outbound' ? null : port,
    peerPort: row.protocol === 1 || row.opened === 'inbound' ? null : port + 40_000,
    localAddress: '10.0.0.1',
    localPacketAddress: null,
    peerAddress: `10.9.0.${peer}`,
    peerPacketAddress: null,
    records,
    packets: records,
    bytes: records * 100,
    first: FROM,
    last: FROM + 1,
  }));

function explorerOf(rows: readonly LedgerRow[], limits: Partial<ExplorerLimits> = {}) {
  const ledger = new ExplorerLedger(WINDOW, { flows: 1_000, ports: 1_000, interfaces: 100, held: 10_000, ...limits });
  for (const row of rows) ledger.add(row);
  return ledger.finish();
}

function total(rows: readonly { records: number }[]): number {
  return rows.reduce((sum, row) => sum + row.records, 0);
}

describe('the flow explorer', () => {
  it('keeps every record in exactly one flow, however small the limits', () => {
    const limits = fc.record({
      flows: fc.integer({ min: 1, max: 20 }),
      ports: fc.integer({ min: 1, max: 20 }),
      interfaces: fc.integer({ min: 1, max: 4 }),
      held: fc.integer({ min: 2, max: 40 }),
    });
    fc.assert(
      fc.property(fc.array(anyRow, { maxLength: 120, size: 'max' }), limits, (rows, few) => {
        const explorer = explorerSchema.parse(explorerOf(rows, few));
        for (const action of ['ACCEPT', 'REJECT'] as const) {
          const own = rows.filter((row) => row.action === action);
          const flows = explorer.flows.filter((flow) => flow.action === action);
          expect(total(flows)).toBe(total(own));
          expect(flows.reduce((sum, flow) => sum + flow.bytes, 0)).toBe(total(own) * 100);
          for (const interfaceId of ['eni-1', 'eni-2', 'eni-3', 'eni-4']) {
            const named = total(flows.filter((flow) => flow.interfaceId === interfaceId));
            expect([0, total(own.filter((row) => row.interfaceId === interfaceId))]).toContain(named);
          }
        }
        for (const flow of explorer.flows) {
          expect(flow.periods.reduce((sum, [, records]) => sum + records, 0)).toBe(flow.records);
          expect(flow.periods.every(([at]) => at >= 0 && at < explorer.periods)).toBe(true);
        }
        expect(new Set(explorer.flows.map((flow) => flow.interfaceId)).size).toBeLessThanOrEqual(few.interfaces + 1);
      }),
    );
  });

  it('is exact where nothing has to be told together: the same as a sum over rows', () => {
    fc.assert(
      fc.property(fc.array(anyRow, { maxLength: 80, size: 'max' }), (rows) => {
        const explorer = explorerOf(rows);
        expect(explorer.together).toBe(0);
        const keyOf = (row: LedgerRow) => {
          const ports = [row.localPort, row.peerPort].filter((port) => port !== null);
          return [
            row.interfaceId,
            row.opened,
            row.action,
            row.protocol,
            ports.length === 0 ? null : Math.min(...ports),
            row.peerAddress,
          ].join();
        };
        const wanted = new Map<string, number>();
        for (const row of rows) wanted.set(keyOf(row), (wanted.get(keyOf(row)) ?? 0) + row.records);
        expect(explorer.flows.map((flow) => flow.records)).toEqual([...wanted.values()].sort((a, b) => b - a));
      }),
    );
  });

  it('law 7: gives the same for the same rows in any order, while all fit into memory', () => {
    fc.assert(
      fc.property(fc.array(anyRow, { maxLength: 80, size: 'max' }), (rows) => {
        expect(explorerOf([...rows].reverse(), { flows: 5, ports: 5 })).toEqual(
          explorerOf(rows, { flows: 5, ports: 5 }),
        );
      }),
    );
  });

  it('tells days one by one in a short window, weeks in a long one', () => {
    const periods = (days: number) => {
      const { periodDays, periods: count } = new ExplorerLedger({ from: FROM, to: FROM + days * DAY }).finish();
      return [periodDays, count];
    };
    expect(periods(30)).toEqual([1, 30]);
    expect(periods(90)).toEqual([7, 13]);
    expect(periods(1_000)).toEqual([30, 34]);
  });

  it('passes the rows on unchanged', async () => {
    const rows = fc.sample(anyRow, 10);
    const seen: LedgerRow[] = [];
    const ledger = new ExplorerLedger(WINDOW);
    async function* batches() {
      yield rows.slice(0, 4);
      yield rows.slice(4);
    }
    for await (const batch of withExplorer(batches(), ledger)) seen.push(...batch);
    expect(seen).toEqual(rows);
    expect(total(ledger.finish().flows)).toBe(total(rows));
  });
});
