import { describe, expect, it } from 'vitest';
import { failedDays } from '../../analyzer/advice/leave-out.ts';
import { DEFAULT_POLICY } from '../../analyzer/advice/policy.ts';
import { addressPlan, placesWithin } from '../../analyzer/advice/sources.ts';
import { type DatedUse, usesOf } from '../../analyzer/advice/uses.ts';
import { parseAddress, parseCidr } from '../../analyzer/model/address.ts';
import type { RuleShape } from '../../analyzer/model/rule.ts';
import { inventory, shape } from './build.ts';

const VIEWS = [
  { sure: [], peered: [], possible: [] },
  { sure: ['sg-a'], peered: [], possible: [] },
  { sure: [], peered: [], possible: ['sg-a'] },
];

function use(port: number | null, peer: string, days: number[], more: Partial<DatedUse> = {}): DatedUse {
  return {
    protocol: 6,
    port,
    peer: parseAddress(peer)!,
    peerGroups: 0,
    days: days.map((day) => ({ day, records: day })),
    ...more,
  };
}

/** One rule for each port that is seen, from the whole network. */
const byPort = (kept: readonly DatedUse[]): RuleShape[] => kept.map((c) => shape(`ingress tcp ${c.port} 10.0.0.0/8`));

describe('leaving one day out', () => {
  it.each<[string, DatedUse[], number]>([
    ['nothing fails where nothing was seen', [], 0],
    ['a day that shows nothing of its own cannot fail', [use(1, '10.0.0.1', [1, 2])], 0],
    ['the only day of all fails, as nothing would be proposed', [use(1, '10.0.0.1', [1])], 1],
    ['a day with a port of its own fails', [use(1, '10.0.0.1', [1, 2]), use(2, '10.0.0.1', [2])], 1],
    [
      'a day with a peer of its own does not, where the port is known',
      [use(1, '10.0.0.1', [1, 2]), use(1, '10.0.0.2', [2])],
      0,
    ],
    [
      'each such day fails once',
      [use(1, '10.0.0.1', [1, 2, 3]), use(2, '10.0.0.1', [2]), use(3, '10.0.0.1', [2]), use(4, '10.0.0.1', [3])],
      2,
    ],
    ['two days with one and the same port do not fail', [use(2, '10.0.0.1', [2]), use(2, '10.0.0.2', [3])], 0],
  ])('%s', (_, classes, failed) => expect(failedDays(classes, VIEWS, byPort)).toBe(failed));

  it('counts a day as failed on which nothing would have been proposed', () => {
    const classes = [use(1, '10.0.0.1', [1, 2]), use(1, '10.0.0.2', [2])];
    expect(failedDays(classes, VIEWS, () => null)).toBe(1);
    expect(failedDays(classes, VIEWS, () => [])).toBe(1);
  });

  it('tries up to forty days, and counts all beyond as failed', () => {
    const base = use(1, '10.0.0.1', [0, 1]);
    const days = (n: number): DatedUse[] => [
      base,
      ...Array.from({ length: n }, (_, i) => use(1, '10.0.0.9', [i + 10])),
    ];
    let asked = 0;
    const propose = (kept: readonly DatedUse[]): RuleShape[] => {
      asked += 1;
      return byPort(kept);
    };
    expect([failedDays(days(40), VIEWS, propose), asked]).toEqual([0, 40]);
    asked = 0;
    expect([failedDays(days(41), VIEWS, propose), asked]).toEqual([41, 0]);
  });

  it('proposes from the other days, in their order, and from nothing else', () => {
    const classes = [use(1, '10.0.0.1', [1, 2]), use(2, '10.0.0.1', [3]), use(3, '10.0.0.1', [1])];
    const asked: string[] = [];
    failedDays(classes, VIEWS, (kept) => {
      asked.push(kept.map((c) => `${c.port}:${c.days.map((d) => d.day).join('+')}`).join(' '));
      return [];
    });
    expect(asked).toEqual(['1:2 2:3', '1:1+2 3:1']);
  });

  it('takes what only may be let in for let in, as the rule itself did', () => {
    const toGroup = (): RuleShape[] => [shape('ingress tcp 1 sg-a')];
    const asked = (peerGroups: number): number =>
      failedDays(
        [use(1, '10.0.0.1', [1, 2], { peerGroups: 1 }), use(1, '10.0.0.2', [2], { peerGroups })],
        VIEWS,
        toGroup,
      );
    expect([asked(0), asked(1), asked(2)]).toEqual([1, 0, 0]);
  });

  it('asks of the uses gathered, where these are given', () => {
    const classes = [use(1, '10.0.0.1', [1, 2]), use(1, '10.0.0.2', [2])];
    const gathered = [use(1, '10.0.0.1', [1, 2])];
    let seen = 0;
    expect(
      failedDays(
        classes,
        VIEWS,
        (kept) => {
          seen = kept.length;
          return byPort(kept);
        },
        gathered,
      ),
    ).toBe(0);
    expect(seen).toBe(1);
  });
});

describe('uses', () => {
  const places = () => placesWithin(parseCidr('10.0.0.0/8')!, addressPlan(inventory({})), DEFAULT_POLICY);
  const told = (uses: readonly DatedUse[]) =>
    uses.map((u) => [u.protocol, u.port, ...u.days.map(({ day, records }) => `${day}:${records}`)]);

  it('are gathered by network and port, with the records of each day added up', () => {
    const classes = [
      use(1, '10.0.0.1', [3, 5]),
      use(1, '10.0.0.200', [1, 3]),
      use(1, '10.0.1.1', [3]),
      use(2, '10.0.0.1', [3]),
      use(null, '10.0.0.1', [3]),
      use(0, '10.0.0.1', [3]),
      use(1, '10.0.0.1', [9], { protocol: 17 }),
    ];
    expect(told(usesOf(classes, places()))).toEqual([
      [6, 1, '1:1', '3:6', '5:5'],
      [6, 1, '3:3'],
      [6, 2, '3:3'],
      [6, null, '3:3'],
      [6, 0, '3:3'],
      [17, 1, '9:9'],
    ]);
  });

  it('are gathered by port alone where peers are not told apart', () => {
    expect(told(usesOf([use(1, '10.0.0.1', [3]), use(1, 'fd00::1', [4]), use(2, '10.0.0.1', [4])], null))).toEqual([
      [6, 1, '3:3', '4:4'],
      [6, 2, '4:4'],
    ]);
  });

  it('that stand alone are left as they are', () => {
    const alone = use(1, '10.0.0.1', [3]);
    expect(usesOf([alone], places())[0]).toBe(alone);
    const [first] = usesOf([alone, use(1, '10.0.0.2', [3], { peerGroups: 1 })], places());
    expect(first).toEqual({ ...alone, days: [{ day: 3, records: 6 }] });
  });
});
