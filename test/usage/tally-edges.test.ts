import { describe, expect, it } from 'vitest';
import type { EvidenceClass } from '../../analyzer/flowlogs/ledger.ts';
import { TallyTable } from '../../analyzer/usage/tally.ts';
import { FROM, flow } from '../advice/build.ts';

const DAY = 86_400;
const day = FROM / DAY;

function tallyOf(...rows: [day: number, records: number, evidence: EvidenceClass][]) {
  const table = new TallyTable();
  for (const [n, records, evidence] of rows) {
    table.add(0, flow(n, 6, 80, '10.0.0.1', { records, packets: records * 2, bytes: records * 10, evidence }));
  }
  return table.totals(0);
}

describe('running sums', () => {
  it('of nothing are nothing', () => {
    expect(tallyOf()).toEqual({
      records: 0,
      packets: 0,
      bytes: 0,
      first: Infinity,
      last: -Infinity,
      days: [],
      evidence: {},
    });
  });

  it('add records, packets and bytes, and keep the first and the last moment', () => {
    const { days, evidence, ...sums } = tallyOf([2, 1, 'syn'], [3, 3, 'syn'], [1, 5, 'syn']);
    expect(sums).toEqual({
      records: 9,
      packets: 18,
      bytes: 90,
      first: FROM + DAY + 3600,
      last: FROM + 3 * DAY + 3660,
    });
    expect([days.length, evidence]).toEqual([3, { syn: 9 }]);
  });

  it.each<[string, [number, number, EvidenceClass][], [number, number][]]>([
    ['one day', [[0, 1, 'syn']], [[0, 1]]],
    [
      'one day often',
      [
        [0, 1, 'syn'],
        [0, 2, 'syn'],
      ],
      [[0, 3]],
    ],
    [
      'days out of order, each told once',
      [
        [2, 1, 'syn'],
        [0, 2, 'syn'],
        [2, 4, 'syn'],
        [0, 8, 'syn'],
        [1, 16, 'syn'],
      ],
      [
        [0, 10],
        [1, 16],
        [2, 5],
      ],
    ],
  ])('keep %s with the records of each', (_, rows, expected) => {
    expect(tallyOf(...rows).days).toEqual(expected.map(([n, records]) => ({ day: day + n, records })));
  });

  it('take a moment late in a day for that day', () => {
    const table = new TallyTable();
    table.add(0, flow(0, 6, 80, '10.0.0.1', { bucket: FROM + DAY - 1, records: 1 }));
    expect(table.totals(0).days).toEqual([{ day, records: 1 }]);
  });

  it('keep what decided who opened, in one fixed order, each with its records', () => {
    const mixed = tallyOf([0, 1, 'none'], [0, 2, 'syn'], [0, 4, 'none'], [0, 8, 'listener'], [0, 16, 'syn']);
    expect(mixed.evidence).toStrictEqual({ syn: 18, listener: 8, none: 5 });
    expect(Object.keys(mixed.evidence)).toEqual(
      Object.keys(tallyOf([0, 8, 'listener'], [0, 1, 'none'], [0, 2, 'syn']).evidence),
    );
    expect(tallyOf([0, 3, 'fan']).evidence).toEqual({ fan: 3 });
  });
});
