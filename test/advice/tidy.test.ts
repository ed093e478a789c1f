import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isCovered } from '../../analyzer/advice/redundant.ts';
import { tidy } from '../../analyzer/advice/tidy.ts';
import { peerText, portsText, type RuleShape } from '../../analyzer/model/rule.ts';
import { allowedSpace, resolveNothing, sameTraffic } from '../../analyzer/model/traffic.ts';
import { inventory, judge, rule, shape } from './build.ts';

function texts(rules: readonly RuleShape[]): string[] {
  return rules.map((r) => `${r.direction} ${r.protocol} ${portsText(r)} ${peerText(r.peer)}`);
}

describe('must show 2: shadowing by a union', () => {
  const c = rule('ingress tcp 1000-2000 10.0.0.0/23');
  const d = rule('ingress tcp 1000-1500 10.0.0.0/22');
  const e = rule('ingress tcp 1400-2000 10.0.0.0/16');

  it('sees that C is shadowed by D and E together, and by neither alone', () => {
    expect(isCovered([c], [d, e])).toBe(true);
    expect(isCovered([c], [d])).toBe(false);
    expect(isCovered([c], [e])).toBe(false);
  });

  it('removes C and names both, and leaves D and E, though nothing is known of their use', async () => {
    const { advice, says } = await judge(inventory({ rules: [c, d, e] }), [], { coverage: [] });
    expect(says).toEqual({
      'ingress tcp 1000-2000 10.0.0.0/23': 'remove | redundant',
      'ingress tcp 1000-1500 10.0.0.0/22': 'review | coverage-too-thin',
      'ingress tcp 1400-2000 10.0.0.0/16': 'review | coverage-too-thin',
    });
    const said = advice.verdicts.find((v) => v.action === 'remove')!;
    expect(said.detail).toContain(`${d.ruleId} and ${e.ruleId}`);
    expect(said.confidence).toBe(1);
  });

  it('removes 10.10.0.0/24:80 beside 10.10.0.0/16:80', async () => {
    const rules = [rule('ingress tcp 80 10.10.0.0/24'), rule('ingress tcp 80 10.10.0.0/16')];
    const { says } = await judge(inventory({ rules }), [], { coverage: [] });
    expect(says['ingress tcp 80 10.10.0.0/24']).toBe('remove | redundant');
    expect(says['ingress tcp 80 10.10.0.0/16']).toBe('review | coverage-too-thin');
  });

  it('tidies three rules to two that allow the same', () => {
    const rules = ['0.0.0.0/31', '0.0.0.2/31', '0.0.0.4/30'].map((cidr, i) =>
      shape(`ingress tcp 1-${i === 1 ? 20 : 10} ${cidr}`),
    );
    expect(texts(tidy(rules))).toEqual(['ingress 6 1-10 0.0.0.0/29', 'ingress 6 1-20 0.0.0.2/31']);
  });
});

describe('tidy', () => {
  it.each([
    [
      'neighbouring networks',
      ['ingress tcp 80 10.0.0.0/24', 'ingress tcp 80 10.0.1.0/24'],
      ['ingress 6 80 10.0.0.0/23'],
    ],
    ['neighbouring ports of a group', ['egress tcp 80 sg-a', 'egress tcp 81-90 sg-a'], ['egress 6 80-90 sg-a']],
    ['IPv6', ['ingress udp 53 fd00::/64', 'ingress udp 53 fd00:0:0:1::/64'], ['ingress 17 53 fd00::/63']],
    [
      'nothing of two directions',
      ['ingress tcp 80 10.0.0.0/24', 'egress tcp 80 10.0.1.0/24'],
      ['egress 6 80 10.0.1.0/24', 'ingress 6 80 10.0.0.0/24'],
    ],
    [
      'no types of ICMP that one rule cannot say',
      ['ingress icmp 3-4 10.0.0.0/24', 'ingress icmp 8-0 10.0.0.0/24'],
      ['ingress 1 type 3 code 4 10.0.0.0/24', 'ingress 1 type 8 code 0 10.0.0.0/24'],
    ],
  ])('merges %s', (_, before, after) => {
    expect(texts(tidy(before.map(shape)))).toEqual(after);
  });

  const small = fc
    .record({
      protocol: fc.constantFrom(6, 6, 6, 17),
      from: fc.integer({ min: 1, max: 5 }),
      width: fc.integer({ min: 0, max: 3 }),
      cidr: fc.constantFrom(
        '0.0.0.0/29',
        '0.0.0.0/30',
        '0.0.0.4/30',
        '0.0.0.0/31',
        '0.0.0.2/31',
        '0.0.0.4/31',
        '0.0.0.5/32',
      ),
    })
    .map(
      ({ protocol, from, width, cidr }): RuleShape => ({
        direction: 'ingress',
        protocol,
        fromPort: from,
        toPort: from + width,
        peer: { kind: 'cidrIpv4', cidr },
      }),
    );

  it('goes on where the first search was too wide to be exact', () => {
    const rules = [
      'ingress tcp 1 0.0.0.0/30',
      'ingress tcp 1-2 0.0.0.5/32',
      'ingress tcp 3-5 0.0.0.0/29',
      'ingress tcp 5-6 0.0.0.4/30',
      'ingress tcp 1-3 0.0.0.0/30',
    ].map(shape);
    const tidied = tidy(rules);
    expect(tidied).toHaveLength(tidy(tidied).length);
  });

  it('allows exactly the same, with no more rules, and again the same when tidied twice', () => {
    let saved = 0;
    fc.assert(
      fc.property(fc.array(small, { minLength: 1, maxLength: 7 }), (rules) => {
        const tidied = tidy(rules);
        expect(sameTraffic(allowedSpace(rules, resolveNothing), allowedSpace(tidied, resolveNothing))).toBe(true);
        expect(tidied.length).toBeLessThanOrEqual(rules.length);
        expect(tidy(tidied).length).toBe(tidied.length);
        expect(tidy(rules.toReversed())).toEqual(tidied);
        saved += rules.length - tidied.length;
      }),
      { numRuns: 300 },
    );
    expect(saved).toBeGreaterThan(50);
  });

  it('finds the fewest rules there are, by brute force over every set of rules of a small universe', () => {
    const universe: RuleShape[] = [];
    for (const cidr of [
      '0.0.0.0/30',
      '0.0.0.0/31',
      '0.0.0.2/31',
      '0.0.0.0/32',
      '0.0.0.1/32',
      '0.0.0.2/32',
      '0.0.0.3/32',
    ]) {
      for (const [from, to] of [
        [1, 1],
        [2, 2],
        [1, 2],
      ] as const)
        universe.push(shape(`ingress tcp ${from}-${to} ${cidr}`));
    }
    const points = universe.map((r) => {
      let bits = 0;
      const [address, length] = peerText(r.peer).split('/') as [string, string];
      const base = Number(address.split('.')[3]);
      for (let a = base; a < base + 2 ** (32 - Number(length)); a += 1)
        for (let port = r.fromPort!; port <= r.toPort!; port += 1) bits |= 1 << (a * 2 + port - 1);
      return bits;
    });
    const fewest = new Map<number, number>([[0, 0]]);
    let layer = [0];
    for (let n = 1; layer.length > 0; n += 1) {
      const next: number[] = [];
      for (const set of layer) {
        for (const bits of points) {
          if (fewest.has(set | bits)) continue;
          fewest.set(set | bits, n);
          next.push(set | bits);
        }
      }
      layer = next;
    }
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(universe.length - 1), { minLength: 1, maxLength: 8 }), (picks) => {
        const wanted = picks.reduce((set, i) => set | points[i]!, 0);
        expect(tidy(picks.map((i) => universe[i]!))).toHaveLength(fewest.get(wanted)!);
      }),
      { numRuns: 300 },
    );
  });
});
