import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { narrowRule } from '../../analyzer/advice/narrow.ts';
import type { PolicyOrders } from '../../analyzer/advice/policy.ts';
import { addressPlan, placeFinder, snappedOne } from '../../analyzer/advice/sources.ts';
import { type Cidr, formatCidr, parseCidr } from '../../analyzer/model/address.ts';
import { asked, letIn, policies } from './asked.ts';
import { inventory, rule } from './build.ts';
import { slowNarrowRule } from './slow-narrow.ts';

const PLAN = addressPlan(
  inventory({
    subnets: ['10.1.0.0/23', '10.1.0.0/20', '10.9.0.0/26', 'fd00::/63'].map((cidr, i) => ({
      subnetId: `subnet-${i}`,
      vpcId: 'vpc-1',
      accountId: '111122223333',
      region: 'eu-west-1',
      cidrs: [cidr],
      tags: {},
    })),
  }),
);

const ORDERS: PolicyOrders = {
  windows: [],
  protectedGroups: [],
  protectedPorts: [],
  protectedPeers: [],
  keeps: [],
  neverNarrow: ['10.1.0.0/22', 'fd00::/62'],
  rulesPerGroup: 60,
  brake: null,
};

describe('laws 3 and 4: narrowing each way once', () => {
  it('finds what trying every way for each number of rules finds', () => {
    let narrowed = 0;
    fc.assert(
      fc.property(asked, policies, fc.constantFrom(null, null, ORDERS), ({ text, classes }, some, orders) => {
        const policy = orders === null ? some : { ...some, orders };
        const wide = rule(text);
        const mine = letIn(wide, classes);
        fc.pre(mine.length > 0);
        const slow = slowNarrowRule(wide, mine, PLAN, policy);
        expect(narrowRule(wide, mine, PLAN, policy)).toEqual(slow);
        if (slow.ok) narrowed += 1;
      }),
      { numRuns: 1500 },
    );
    expect(narrowed).toBeGreaterThan(200);
  });

  it('puts an address into the same network, whichever rule asked before', () => {
    fc.assert(
      fc.property(asked, policies, fc.boolean(), ({ classes }, policy, whole) => {
        const asking = whole ? { ...policy, orders: ORDERS } : policy;
        const finder = placeFinder(PLAN, asking);
        for (const text of [
          '0.0.0.0/0',
          '10.0.0.0/8',
          '10.1.0.0/24',
          '10.1.0.4/30',
          '::/0',
          'fd00::/64',
          'fd00::4/126',
        ]) {
          const within = parseCidr(text)!;
          for (const { peer } of classes) {
            if (peer.family !== within.family) continue;
            const alone = placeFinder(PLAN, asking)(within)(peer);
            const { unit, own } = finder(within)(peer);
            expect({ unit: formatCidr(unit), own }).toEqual({ unit: formatCidr(alone.unit), own: alone.own });
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  it('looks up the same known network that looking at all of them finds', () => {
    const holds = (outer: Cidr, inner: Cidr): boolean =>
      outer.family === inner.family &&
      outer.length <= inner.length &&
      formatCidr(parseCidr(formatCidr({ ...inner, length: outer.length } as Cidr))!) === formatCidr(outer);
    const texts = [
      '10.1.0.0/24',
      '10.1.1.0/24',
      '10.1.2.0/24',
      '10.1.9.7/32',
      '10.9.0.0/27',
      '10.9.0.64/28',
      '10.9.1.0/24',
    ];
    fc.assert(
      fc.property(
        fc.constantFrom('0.0.0.0/0', '10.0.0.0/8', '10.1.0.0/21', '10.9.0.0/25'),
        fc.constantFrom(...texts, '10.1.0.0/22', '10.1.0.0/19', '10.9.0.0/25'),
        fc.uniqueArray(fc.constantFrom(...texts), { minLength: 1, maxLength: 4 }),
        (withinText, cidrText, unitTexts) => {
          const [within, cidr] = [parseCidr(withinText)!, parseCidr(cidrText)!];
          const units = unitTexts.map((text) => parseCidr(text)!);
          const known = PLAN.subnets.find((s) => holds(within, s) && units.every((unit) => holds(s, unit)));
          const taken =
            cidr.length < 32 && known !== undefined && 2 ** (32 - known.length) <= 4 * 2 ** (32 - cidr.length);
          expect(formatCidr(snappedOne(within, cidr, units, PLAN))).toBe(formatCidr(taken ? known : cidr));
        },
      ),
    );
  });
});
