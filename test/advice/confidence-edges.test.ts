import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { coverageShare, fitSureness, LEARNED, missedPeriods, rhythmOf } from '../../analyzer/advice/confidence.ts';
import { formatAddress, parseAddress } from '../../analyzer/model/address.ts';
import type { RuleAge } from '../../analyzer/model/inventory.ts';
import type { ConnectionClass, Evidence, GroupCoverage } from '../../analyzer/usage/evidence.ts';
import { inventory, rule } from './build.ts';

const DAY = 86_400;

interface Seen {
  rules: number[];
  maybe: number[];
  port: number | null;
  peer: string;
  days: number[];
}

/** Rules 0 to 2 of sg-a, 3 and 4 of sg-b, 5 of sg-a outbound, 6 of sg-idle. */
const RULES = ['a', 'a', 'a', 'b', 'b', 'a', 'idle'].map((id, i) =>
  rule(`${i === 5 ? 'egress' : 'ingress'} tcp ${i + 1} 10.0.0.0/8`, { groupId: `sg-${id}`, ruleId: `sgr-${i}` }),
);

function coverage(groupId: string, observed: number, expected: number): [string, GroupCoverage] {
  return [
    groupId,
    {
      groupId,
      observedInterfaceHours: observed,
      expectedInterfaceHours: expected,
      wornHours: expected,
      skippedRecords: 0,
      interfaces: [],
      leastCovered: null,
    },
  ];
}

function evidenceOf(seen: readonly Seen[], share: number): Evidence {
  return {
    rules: RULES,
    groupSets: [],
    peerGroupSets: [],
    classes: seen.map(
      ({ rules, maybe, port, peer, days }): ConnectionClass => ({
        groupSet: 0,
        direction: 'ingress',
        protocol: 6,
        port,
        peer: parseAddress(peer)!,
        peerGroups: 0,
        certain: true,
        records: 1,
        packets: 1,
        bytes: 1,
        first: 0,
        last: 0,
        days: days.map((day) => ({ day, records: 1 })),
        evidence: {},
        interfaces: [],
        yes: rules,
        maybe,
      }),
    ),
    ambiguous: [],
    totals: { explained: 0, unfiltered: 0, unexplained: 0 },
    coverage: new Map([coverage('sg-a', 100, 100), coverage('sg-b', share * 100, 100), coverage('sg-idle', 0, 0)]),
    unexplained: [],
  };
}

/** docs/confidence.md, worked with paper and pencil: nothing shared with the code but the learned weights. */
function byHand(seen: readonly Seen[], share: number, length: number, ages: ReadonlyMap<number, number>) {
  const middle = Math.floor(length / 2);
  const uses = RULES.map((_, i) => {
    const mine = seen.filter((s) => s.days.length > 0 && (s.rules.includes(i) || s.maybe.includes(i)));
    const days = new Set(mine.flatMap((s) => s.days));
    const first = new Map<string, number>();
    for (const s of mine) {
      const network = s.peer.includes(':')
        ? formatAddress({ family: 6, value: (parseAddress(s.peer)!.value as bigint) >> 64n })
        : s.peer.split('.').slice(0, 3).join('.');
      for (const value of [`port ${s.port}`, `peer ${network}`]) {
        first.set(value, Math.min(first.get(value) ?? Infinity, Math.min(...s.days)));
      }
    }
    const early = [...first.values()].filter((day) => day < middle).length;
    const late = early === 0 ? 0 : new Set([...first.values()].filter((day) => day >= middle)).size;
    return { days: days.size, values: first.size, early, late };
  });
  const beyond = (n: number): number => (n > 2 ? n - 1 : 1);
  const worn = RULES.map((r) => r.groupId !== 'sg-idle');
  const kind = (i: number): 'silent' | 'once' | 'more' | 'often' =>
    uses[i]!.days === 0 ? 'silent' : uses[i]!.days === 1 ? 'once' : uses[i]!.days * 4 < length ? 'more' : 'often';
  const count = (wanted: string, among: (i: number) => boolean): number =>
    RULES.filter((_, i) => worn[i] && among(i) && kind(i) === wanted).length;
  const all = (): boolean => true;
  const account =
    (LEARNED.rare * (count('once', all) + count('more', all)) + LEARNED.account.hits) /
    (count('silent', all) + LEARNED.account.trials);
  const calendar = length >= 1095 ? 0 : length >= 273 ? 0.5 : length >= 90 ? 1 : length >= 21 ? 1.5 : 2;
  let values = 0;
  let hits = 0;
  for (const use of uses) {
    if (use.early === 0) continue;
    values += beyond(use.early);
    hits += use.late > 0 ? 1 : 0;
  }
  const novelty = (LEARNED.novelty * hits + LEARNED.values.hits) / (values + LEARNED.values.trials);
  const shape = (rate: number): number => -Math.log2(1 - Math.min(0.999, rate));
  const chance = (i: number, a: number): number => {
    const part = RULES[i]!.groupId === 'sg-a' ? 1 : RULES[i]!.groupId === 'sg-b' ? Math.min(1, share) : 0;
    const watched = part * Math.min(length, Math.max(0, length - (ages.get(i) ?? 0)));
    const p = watched === 0 ? 0 : (watched / (watched + length)) ** a;
    return Math.round(p * 10_000) / 10_000;
  };
  return {
    unused(i: number): number {
      const same = (j: number): boolean =>
        RULES[j]!.groupId === RULES[i]!.groupId && RULES[j]!.direction === RULES[i]!.direction;
      const rate =
        (calendar *
          (LEARNED.once * count('once', same) + LEARNED.rare * count('more', same) + LEARNED.group * account)) /
        (count('silent', same) + LEARNED.group);
      return chance(i, shape(Math.min(1, rate)));
    },
    narrowed(i: number, failed: number): number {
      const { days, values: n, late } = uses[i]!;
      const rare = Math.max(1, LEARNED.days / Math.max(1, days));
      return chance(i, shape(novelty * beyond(n) * rare) + LEARNED.event * Math.max(late, failed));
    },
  };
}

describe('how sure, against the formulas of docs/confidence.md worked by hand', () => {
  const seen: fc.Arbitrary<Seen> = fc.record({
    rules: fc.subarray([0, 1, 2, 3, 5], { maxLength: 2 }),
    maybe: fc.subarray([0, 4], { maxLength: 1 }),
    port: fc.constantFrom(80, 81, 443, null),
    peer: fc.constantFrom('10.0.0.1', '10.0.0.200', '10.0.1.1', '10.0.2.1', 'fd00::1', 'fd00::2', 'fd00:0:0:1::1'),
    days: fc
      .uniqueArray(fc.integer({ min: 0, max: 29 }), { maxLength: 12, size: 'max' })
      .map((d) => d.sort((a, b) => a - b)),
  });

  it('is the same, for any use, coverage, length of the window and age', () => {
    const ages = fc.array(fc.tuple(fc.constantFrom(0, 2, 3), fc.constantFrom(-5, 0, 3, 29)), { maxLength: 2 });
    fc.assert(
      fc.property(
        fc.array(seen, { maxLength: 12, size: 'max' }),
        fc.constantFrom(0, 0.5, 1, 1.2),
        fc.constantFrom(14, 20, 21, 30, 89, 90, 272, 273, 1094, 1095),
        ages,
        (classes, share, length, made) => {
          const known = new Map(made);
          const ruleAges = [...known].map(
            ([i, day]) =>
              ({ ruleId: `sgr-${i}`, createdAt: day * DAY, changedAt: null, by: null }) as unknown as RuleAge,
          );
          const sure = fitSureness(evidenceOf(classes, share), inventory({ ruleAges }), { from: 0, to: length * DAY });
          const hand = byHand(classes, share, length, known);
          for (const i of RULES.keys()) {
            expect(sure.unused(i)).toBeCloseTo(hand.unused(i), 8);
            for (const failed of [0, 1, 3]) expect(sure.narrowed(i, failed)).toBeCloseTo(hand.narrowed(i, failed), 8);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('the rhythm of past use', () => {
  it.each<[number[], number | null]>([
    [[2, 0, 1], 1],
    [[9, 0, 1], 14],
    [[0, 1, 3, 3], 7],
    [[15, 0, 30], 31],
    [[0, 31, 93], 92],
    [[0, 32, 125], 184],
    [[0, 185, 200], 366],
    [[0, 366, 400], 366],
    [[0, 367, 400], 367],
    [[5, 5, 5, 9], null],
  ])('of days %j, in whatever order, is %s', (days, period) => expect(rhythmOf(days)).toBe(period));

  it('is missed from the last day on, in whatever order the days are', () => {
    expect(missedPeriods([14, 0, 7], 35)).toBe(3);
    expect(missedPeriods([14, 0, 7], 34)).toBe(2);
  });
});

describe('silence counts from the day on which a rule was made, or last changed', () => {
  it.each<[Pick<RuleAge, 'createdAt' | 'changedAt'>, number]>([
    [{ createdAt: null, changedAt: null }, 0],
    [{ createdAt: 5 * DAY, changedAt: null }, 5],
    [{ createdAt: null, changedAt: 5 * DAY }, 5],
    [{ createdAt: 5 * DAY, changedAt: 20 * DAY }, 20],
    [{ createdAt: -9 * DAY, changedAt: null }, 0],
  ])('%j as %d days', (age, from) => {
    const window = { from: 0, to: 30 * DAY };
    const evidence = evidenceOf([], 1);
    const at = (ruleAges: readonly object[]): number =>
      fitSureness(evidence, inventory({ ruleAges: ruleAges as RuleAge[] }), window).unused(0);
    expect(at([{ ruleId: 'sgr-0', by: null, ...age }])).toBe(
      at([{ ruleId: 'sgr-0', by: null, createdAt: from * DAY, changedAt: null }]),
    );
    expect(at([{ ruleId: 'sgr-0', by: null, ...age }]) < at([])).toBe(from > 0);
  });
});

describe('the share that logs cover', () => {
  it('is nothing where nothing is known', () => {
    expect(coverageShare(undefined)).toBe(0);
  });
});
