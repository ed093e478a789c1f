import fc from 'fast-check';
import { DEFAULT_POLICY, type Policy } from '../../analyzer/advice/policy.ts';
import type { DatedUse } from '../../analyzer/advice/uses.ts';
import { cidrRange, hasAddress, parseAddress, parseCidr } from '../../analyzer/model/address.ts';
import type { SecurityGroupRule } from '../../analyzer/model/rule.ts';

const dated = (addresses: readonly string[]): fc.Arbitrary<DatedUse[]> =>
  fc.array(
    fc
      .record({
        protocol: fc.constantFrom(6, 6, 6, 17),
        port: fc.constantFrom(80, 80, 81, 90, 95),
        address: fc.constantFrom(...addresses),
        peerGroups: fc.constantFrom(0, 1),
        days: fc.uniqueArray(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 8 }),
      })
      .map(({ address, days, ...rest }) => ({
        ...rest,
        peer: parseAddress(address)!,
        days: days.toSorted((a, b) => a - b).map((day) => ({ day, records: 1 })),
      })),
    { minLength: 1, maxLength: 40 },
  );

const V4 = ['10.1.0.5', '10.1.0.9', '10.1.1.5', '10.1.7.5', '10.9.0.5', '10.9.0.6', '198.51.100.7', '203.0.113.9'];
const V6 = ['fd00::5', 'fd00::9', 'fd00:0:0:1::5', 'fd00:0:0:7::5', '2001:db8::7'];

/** A rule and classes, some of which it may not let in. */
export const asked = fc.oneof(
  fc.record({
    text: fc.constantFrom('ingress tcp 1-1000 10.0.0.0/8', 'ingress all * 0.0.0.0/0', 'ingress tcp 1-1000 0.0.0.0/0'),
    classes: dated(V4),
  }),
  fc.record({ text: fc.constantFrom('ingress tcp 1-1000 ::/0', 'ingress all * ::/0'), classes: dated(V6) }),
  fc.record({ text: fc.constantFrom('ingress tcp 1-1000 sg-a', 'ingress all * sg-a'), classes: dated(V4) }),
);

export const policies: fc.Arbitrary<Policy> = fc
  .record({
    maxMissingMass: fc.constantFrom(0.1, 0.3, 1),
    maxKeptShare: fc.constantFrom(0.5, 1),
    maxReplacements: fc.integer({ min: 1, max: 4 }),
    narrowPorts: fc.constantFrom(true, true, false),
    narrowPeers: fc.constantFrom(true, true, false),
    steadyDays: fc.constantFrom(1, 3, 5),
    maxPublicPeers: fc.constantFrom(0, 1, 8),
    longestPrefixV4: fc.constantFrom(20, 24, 32),
  })
  .map((some) => ({ ...DEFAULT_POLICY, ...some }));

/** Of the classes those that the rule lets in. */
export function letIn(wide: SecurityGroupRule, classes: readonly DatedUse[]): DatedUse[] {
  const within = wide.peer.kind === 'group' ? null : parseCidr((wide.peer as { cidr: string }).cidr);
  return classes.filter(
    (c) => (wide.protocol === -1 || c.protocol === 6) && (within === null || hasAddress(cidrRange(within), c.peer)),
  );
}
