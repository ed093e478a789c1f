import { describe, expect, it } from 'vitest';
import { EVIDENCE_CLASSES, type LedgerRow } from '../../analyzer/flowlogs/ledger.ts';
import { countOpeners, measureOpeners, type OpenerRow, openerTable } from './openers.ts';
import { score } from './truth.ts';

const HARD = { features: { hard: true, lateLogging: true } };

function shares({ counts }: OpenerRow) {
  const all = Object.values(counts).reduce((sum, c) => sum + c.records, 0);
  const of = (...names: (keyof typeof counts)[]) => names.reduce((sum, name) => sum + counts[name].records, 0) / all;
  return { all, of, wrong: Object.values(counts).reduce((sum, c) => sum + c.wrong, 0) };
}

describe('law 1: who opened, held against the truth of generated VPCs', () => {
  it('is never decided wrongly; with flags it is nearly always decided, without them mostly', async () => {
    const v5 = await measureOpeners([1], 'v5', HARD);
    const v2 = [
      ...(await measureOpeners([2], 'v2', HARD)),
      ...(await measureOpeners([3], 'v2', { ...HARD, recordTimes: 'packets' })),
    ];
    for (const row of [...v5, ...v2]) {
      expect(shares(row).all).toBeGreaterThan(30);
      expect(shares(row).wrong, `${row.format} ${row.protocol}`).toBe(0);
    }
    expect(shares(v5[0]!).of('syn', 'conversation', 'listener')).toBeGreaterThan(0.97);
    expect(shares(v2[0]!).of('fan', 'related')).toBeGreaterThan(0.7);
    expect(v2[0]!.counts.related.records).toBeGreaterThan(0);
    expect(shares(v2[0]!).of('syn', 'conversation', 'listener')).toBe(0);
    expect(shares(v2[2]!).of('none')).toBeLessThan(0.3);
  });

  it('would be seen to be decided wrongly', async () => {
    const { world, judged } = await score(1, 'v2', { features: { hard: true }, days: 2 });
    const turned = judged.ledger.map((row): LedgerRow => {
      const { localPort: peerPort, peerPort: localPort } = row;
      if (row.opened === 'unknown') return row;
      return { ...row, opened: row.opened === 'inbound' ? 'outbound' : 'inbound', localPort, peerPort };
    });
    const { TCP } = countOpeners(world, judged.ledger);
    expect(TCP.fan.records).toBeGreaterThan(100);
    expect(TCP.fan.wrong).toBe(0);
    expect(countOpeners(world, turned).TCP.fan).toEqual({ records: TCP.fan.records, wrong: TCP.fan.records });
  });

  it('is told in a table', () => {
    const some = EVIDENCE_CLASSES.map((name) => [
      name,
      { records: name === 'fan' ? 3 : name === 'none' ? 1 : 0, wrong: 0 },
    ]);
    const text = openerTable([{ format: 'v2', protocol: 'TCP', counts: Object.fromEntries(some) }]);
    expect(text.split('\n').at(-1)).toBe('| v2 | TCP |  |  |  |  | 75.0 % |  | 25.0 % | 0 of 4 |');
  });
});
