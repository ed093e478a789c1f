import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CoverageHours, CoverageRow } from '../../analyzer/flowlogs/ledger.ts';
import type { InterfaceState } from '../../analyzer/model/interface.ts';
import { CoverageLedger } from '../../analyzer/usage/coverage.ts';
import type { GroupCoverage } from '../../analyzer/usage/evidence.ts';
import { timelines } from '../../analyzer/usage/timeline.ts';

const HOUR = 3600;
const T = HOUR * 480_000;

function state(interfaceId: string, groups: string[], from: number, to: number | null): InterfaceState {
  return {
    interfaceId,
    accountId: '111122223333',
    region: 'eu-west-1',
    vpcId: 'vpc-1',
    subnetId: null,
    groups,
    addresses: ['10.0.0.1'],
    publicAddresses: [],
    interfaceType: 'interface',
    requesterManaged: false,
    description: null,
    origin: 'inventory',
    from,
    to,
    startKnown: true,
  };
}

function row(interfaceId: string, hour: number, observedSeconds: number, skipData = 0): CoverageRow {
  return { interfaceId, hour: T + hour * HOUR, observedSeconds, records: 1, skipData };
}

/** Rows of one interface, as an engine has them that makes no objects: in arrays that are longer than they need be. */
function inArrays(interfaceId: string, rows: readonly CoverageRow[]): CoverageHours {
  const column = (pick: (row: CoverageRow) => number) => Float64Array.from([...rows.map(pick), -HOUR, 1e9]);
  return {
    interfaceId,
    rows: rows.length,
    hours: column((one) => one.hour),
    observedSeconds: column((one) => one.observedSeconds),
    records: column((one) => one.records),
    skipData: column((one) => one.skipData),
  };
}

function coverageOf(
  rows: readonly CoverageRow[],
  states: readonly InterfaceState[],
  hours = 4,
  ids: readonly string[] = ['sg-a'],
): ReadonlyMap<string, GroupCoverage> {
  const ledger = new CoverageLedger({ from: T, to: T + hours * HOUR });
  for (const one of rows) ledger.add(one);
  return ledger.byGroup(ids, timelines(states));
}

describe('the coverage of a group', () => {
  it('of a group that nobody wore is nothing of nothing', () => {
    expect(coverageOf([row('eni-1', 0, HOUR)], []).get('sg-a')).toEqual({
      groupId: 'sg-a',
      observedInterfaceHours: 0,
      expectedInterfaceHours: 0,
      wornHours: 0,
      skippedRecords: 0,
      interfaces: [],
      leastCovered: null,
    });
  });

  it('adds up its interfaces, hours by the clock once, and names the one least covered', () => {
    const states = [state('eni-2', ['sg-a'], T, null), state('eni-1', ['sg-a', 'sg-b'], T, null)];
    const rows = [0, 1, 2, 3].flatMap((h) => [row('eni-1', h, HOUR), row('eni-2', h, h === 0 ? HOUR : 1800)]);
    expect(coverageOf(rows, states).get('sg-a')).toEqual({
      groupId: 'sg-a',
      observedInterfaceHours: 6.5,
      expectedInterfaceHours: 8,
      wornHours: 4,
      skippedRecords: 0,
      interfaces: ['eni-1', 'eni-2'],
      leastCovered: {
        interfaceId: 'eni-2',
        observedHours: 2.5,
        expectedHours: 4,
        share: (2.5 * HOUR) / (4 * HOUR - 600),
      },
    });
  });

  it('is told of the groups asked for, in their order as text, and of no other', () => {
    const found = coverageOf([], [state('eni-1', ['sg-x'], T, null)], 4, ['sg-b', 'sg-a']);
    expect([...found.keys()]).toEqual(['sg-a', 'sg-b']);
  });

  it('counts an hour with lost records as not covered, and the lines that say so', () => {
    const rows = [row('eni-1', 0, HOUR), row('eni-1', 1, HOUR, 2), row('eni-1', 1, 0, 3), row('eni-1', 2, HOUR)];
    const got = coverageOf(rows, [state('eni-1', ['sg-a'], T, null)], 3).get('sg-a')!;
    expect([got.observedInterfaceHours, got.expectedInterfaceHours, got.skippedRecords]).toEqual([2, 3, 5]);
  });

  it('never covers more than there is, adds parts of an hour, and takes no negative part', () => {
    const at = (...rows: CoverageRow[]): number =>
      coverageOf(rows, [state('eni-1', ['sg-a'], T, null)], 1).get('sg-a')!.observedInterfaceHours;
    expect(at(row('eni-1', 0, 3000), row('eni-1', 0, 3000))).toBe(1);
    expect(at(row('eni-1', 0, 900), row('eni-1', 0, 900))).toBe(0.5);
    expect(at(row('eni-1', 0, 900.9))).toBe(0.25);
    expect(at(row('eni-1', 0, 900), row('eni-1', 0, -900))).toBe(0.25);
    expect(at(row('eni-9', 0, HOUR))).toBe(0);
  });

  it('drops what lies before and after the window, to the hour', () => {
    const rows = [row('eni-1', -1, HOUR, 1), row('eni-1', 2, HOUR, 1), row('eni-1', 1, HOUR)];
    const got = coverageOf(rows, [state('eni-1', ['sg-a'], T - HOUR, null)], 2).get('sg-a')!;
    expect([got.observedInterfaceHours, got.expectedInterfaceHours, got.skippedRecords]).toEqual([1, 2, 0]);
  });

  it('takes a row in the middle of an hour for its hour', () => {
    const ledger = new CoverageLedger({ from: T, to: T + HOUR });
    ledger.add({ ...row('eni-1', 0, HOUR), hour: T + 1799 });
    expect(
      ledger.byGroup(['sg-a'], timelines([state('eni-1', ['sg-a'], T, null)])).get('sg-a')!.observedInterfaceHours,
    ).toBe(1);
  });

  it('judges a window that begins and ends within an hour by its seconds', () => {
    const ledger = new CoverageLedger({ from: T + 1800, to: T + HOUR + 900 });
    for (const hour of [0, 1]) ledger.add(row('eni-1', hour, HOUR));
    const got = ledger.byGroup(['sg-a'], timelines([state('eni-1', ['sg-a'], T - HOUR, null)])).get('sg-a')!;
    expect([got.expectedInterfaceHours, got.observedInterfaceHours, got.wornHours]).toEqual([0.75, 0.75, 2]);
  });

  it('of an empty or backward window is nothing', () => {
    const states = timelines([state('eni-1', ['sg-a'], T, null)]);
    for (const to of [T, T - 5 * HOUR]) {
      const ledger = new CoverageLedger({ from: T, to });
      ledger.add(row('eni-1', 0, HOUR));
      expect(ledger.byGroup(['sg-a'], states).get('sg-a')!.expectedInterfaceHours).toBe(0);
    }
  });

  it('counts what was not seen of an hour against the part in which the group was worn', () => {
    // Worn for the first half hour; 40 of 60 minutes were seen, so 20 of the 30 may be missing.
    const states = [state('eni-1', ['sg-a'], T, T + 1800), state('eni-1', ['sg-b'], T + 1800, null)];
    const got = coverageOf([row('eni-1', 0, 2400)], states, 1).get('sg-a')!;
    expect([got.expectedInterfaceHours, got.observedInterfaceHours]).toEqual([0.5, 1 / 6]);
    // Where more is missing than was worn, nothing is covered, and not less than nothing.
    expect(coverageOf([row('eni-1', 0, 600)], states, 1).get('sg-a')!.observedInterfaceHours).toBe(0);
  });

  it('expects nothing of the time in which the interface did not exist', () => {
    const states = [state('eni-1', ['sg-a'], T + 1800, T + 2 * HOUR)];
    const got = coverageOf([row('eni-1', 0, 1800), row('eni-1', 1, HOUR)], states).get('sg-a')!;
    expect([got.expectedInterfaceHours, got.observedInterfaceHours, got.wornHours]).toEqual([1.5, 1.5, 2]);
    expect(got.leastCovered!.share).toBe(1);
  });

  it('counts a moment once that two states claim', () => {
    const states = [state('eni-1', ['sg-a'], T, T + 2700), state('eni-1', ['sg-a'], T + 900, T + HOUR)];
    expect(coverageOf([], states, 1).get('sg-a')!.expectedInterfaceHours).toBe(1);
    const apart = [state('eni-1', ['sg-a'], T, T + 900), state('eni-1', ['sg-a'], T + 2700, T + HOUR)];
    expect(coverageOf([], apart, 1).get('sg-a')!.expectedInterfaceHours).toBe(0.5);
    const inside = [state('eni-1', ['sg-a'], T, T + 2700), state('eni-1', ['sg-a'], T + 900, T + 1800)];
    expect(coverageOf([], inside, 1).get('sg-a')!.expectedInterfaceHours).toBe(0.75);
  });

  it('leaves out interfaces that wore it at another time only', () => {
    const states = [state('eni-1', ['sg-a'], T - 2 * HOUR, T), state('eni-2', ['sg-a'], T, null)];
    const got = coverageOf([], states).get('sg-a')!;
    expect(got.interfaces).toEqual(['eni-2']);
    expect(got.leastCovered).toEqual({ interfaceId: 'eni-2', observedHours: 0, expectedHours: 4, share: 0 });
  });
});

describe('the interface least covered', () => {
  const of = (rows: readonly CoverageRow[], states: readonly InterfaceState[]) =>
    coverageOf(rows, states).get('sg-a')!.leastCovered!;

  it('is forgiven one aggregation interval of its life, and no more', () => {
    expect(of([row('eni-1', 0, 3000)], [state('eni-1', ['sg-a'], T, T + HOUR)]).share).toBe(1);
    expect(of([row('eni-1', 0, 2700)], [state('eni-1', ['sg-a'], T, T + HOUR)]).share).toBe(0.9);
    // A life of ten minutes, or less, need not show at all; one second more must.
    expect(of([], [state('eni-1', ['sg-a'], T, T + 600)]).share).toBe(1);
    expect(of([], [state('eni-1', ['sg-a'], T, T + 601)]).share).toBe(0);
  });

  it('of equal shares is the one with the longer life, then the first by its id, whatever their order', () => {
    const short = state('eni-1', ['sg-a'], T, T + 2 * HOUR);
    const long = state('eni-2', ['sg-a'], T, T + 3 * HOUR);
    const alike = state('eni-3', ['sg-a'], T, T + 3 * HOUR);
    expect(of([], [short, long, alike]).interfaceId).toBe('eni-2');
    const ledger = new CoverageLedger({ from: T, to: T + 4 * HOUR });
    const backward = new Map([...timelines([short, long, alike])].reverse());
    expect(ledger.byGroup(['sg-a'], backward).get('sg-a')!.leastCovered!.interfaceId).toBe('eni-2');
    expect(ledger.byGroup(['sg-a'], backward).get('sg-a')!.interfaces).toEqual(['eni-1', 'eni-2', 'eni-3']);
  });

  it('is the one with the least share, though its life be shorter', () => {
    const rows = [row('eni-2', 0, HOUR), row('eni-2', 1, HOUR), row('eni-1', 0, HOUR)];
    const states = [state('eni-1', ['sg-a'], T, T + 2 * HOUR), state('eni-2', ['sg-a'], T, T + 3 * HOUR)];
    expect(of(rows, states).interfaceId).toBe('eni-1');
  });
});

describe('coverage against asking every minute', () => {
  it('agrees, for random lives and rows', () => {
    const minute = fc.integer({ min: -60, max: 300 });
    const life = fc.record({
      eni: fc.constantFrom('eni-1', 'eni-2'),
      groups: fc.subarray(['sg-a', 'sg-b']),
      span: fc.tuple(minute, minute),
    });
    const seen = fc.record({
      eni: fc.constantFrom('eni-1', 'eni-2', 'eni-3'),
      hour: fc.integer({ min: -1, max: 4 }),
      seconds: fc.constantFrom(0, 600, 1800, 3600),
      skip: fc.constantFrom(0, 0, 0, 1),
    });
    // A window that begins or ends within an hour, or with one; two ways to be given rows.
    const window = fc.tuple(fc.constantFrom(0, 0, 7, 60), fc.constantFrom(240, 240, 233, 185));
    fc.assert(
      fc.property(
        fc.array(life, { maxLength: 5 }),
        fc.array(seen, { maxLength: 8 }),
        window,
        fc.boolean(),
        (lives, drawn, [begin, finish], arrays) => {
          const states = lives.map(({ eni, groups, span: [a, b] }) =>
            state(eni, groups, T + Math.min(a, b) * 60, T + (Math.max(a, b) + 1) * 60),
          );
          const ledger = new CoverageLedger({ from: T + begin * 60, to: T + finish * 60 });
          const rows = drawn.map(({ eni, hour, seconds, skip }) => row(eni, hour, seconds, skip));
          if (!arrays) ledger.take(rows);
          else for (const [eni, own] of Map.groupBy(rows, (one) => one.interfaceId)) ledger.take(inArrays(eni, own));
          const got = ledger.byGroup(['sg-a', 'sg-b'], timelines(states));
          for (const id of ['sg-a', 'sg-b']) {
            let [expected, observed, skipped] = [0, 0, 0];
            const worn = new Set<number>();
            for (const eni of ['eni-1', 'eni-2']) {
              const mine = states.filter((s) => s.interfaceId === eni);
              for (let hour = 0; hour < 4; hour += 1) {
                const minutes = Array.from({ length: 60 }, (_, m) => T + hour * HOUR + m * 60);
                const wearing = minutes.filter(
                  (t) =>
                    t >= T + begin * 60 &&
                    t < T + finish * 60 &&
                    mine.some((s) => s.groups.includes(id) && s.from <= t && t < s.to!),
                );
                if (wearing.length === 0) continue;
                const alive = minutes.filter((t) => mine.some((s) => s.from <= t && t < s.to!));
                const here = drawn.filter((r) => r.eni === eni && r.hour === hour);
                const skips = here.reduce((sum, r) => sum + r.skip, 0);
                expected += wearing.length * 60;
                skipped += skips;
                worn.add(hour);
                if (skips > 0) continue;
                const seconds = Math.min(
                  HOUR,
                  here.reduce((sum, r) => sum + r.seconds, 0),
                );
                observed += Math.max(0, wearing.length * 60 - Math.max(0, alive.length * 60 - seconds));
              }
            }
            const one = got.get(id)!;
            expect([one.expectedInterfaceHours, one.observedInterfaceHours, one.wornHours, one.skippedRecords]).toEqual(
              [expected / HOUR, observed / HOUR, worn.size, skipped],
            );
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
