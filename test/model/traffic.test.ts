import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AddressSet, addressSet, hasAddress, parseAddress, parseCidr } from '../../analyzer/model/address.ts';
import { contains } from '../../analyzer/model/interval.ts';
import { portsOfRule } from '../../analyzer/model/ports.ts';
import type { Peer, RuleShape } from '../../analyzer/model/rule.ts';
import {
  allowedSpace,
  boxesOf,
  boxText,
  countSpace,
  isNothing,
  isWithin,
  NO_TRAFFIC,
  type PeerResolver,
  resolveNothing,
  sameTraffic,
  subtract,
  type TrafficSet,
  uncovered,
  unionTraffic,
} from '../../analyzer/model/traffic.ts';

const set = (...cidrs: string[]): AddressSet => addressSet(cidrs.map((cidr) => parseCidr(cidr)!));

// A small universe whose points stand for every cell that the rules below can tell apart.
const ADDRESSES = ['10.0.0.0', '10.0.0.1', '10.0.0.2', '10.0.0.3', '192.0.2.1', '2001:db8::1', '2001:db9::1'].map(
  (text) => parseAddress(text)!,
);
const CIDRS = ['10.0.0.0/30', '10.0.0.0/31', '10.0.0.2/31', '10.0.0.1/32', '10.0.0.3/32', '0.0.0.0/0'];
const CIDRS6 = ['2001:db8::/64', '::/0'];
const POINTS = [0, 1, 2, 3, 4, 256, 257, 258, 259, 260, 65535];
const PROTOCOLS = [0, 1, 6, 17, 58, 255];

// sg-a lives in two addresses; sg-b may be anybody; pl-known is known; pl-dark is not.
const resolve: PeerResolver = (peer) => {
  if (peer.kind === 'prefixList') {
    return peer.prefixListId === 'pl-known'
      ? { kind: 'addresses', addresses: set('10.0.0.1/32', '10.0.0.2/32') }
      : { kind: 'atom', name: peer.prefixListId, bound: null };
  }
  return { kind: 'atom', name: peer.groupId, bound: peer.groupId === 'sg-a' ? set('10.0.0.0/31') : null };
};

const peer: fc.Arbitrary<Peer> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...CIDRS).map((cidr): Peer => ({ kind: 'cidrIpv4', cidr })) },
  { weight: 2, arbitrary: fc.constantFrom(...CIDRS6).map((cidr): Peer => ({ kind: 'cidrIpv6', cidr })) },
  fc.constantFrom('sg-a', 'sg-b').map((groupId): Peer => ({ kind: 'group', groupId })),
  fc.constantFrom('pl-known').map((prefixListId): Peer => ({ kind: 'prefixList', prefixListId })),
);
const small = fc.integer({ min: 0, max: 3 });
const rule: fc.Arbitrary<RuleShape> = fc
  .tuple(
    fc.constantFrom('ingress' as const, 'egress' as const),
    fc.constantFrom(-1, 6, 6, 17, 1, 0),
    small,
    small,
    fc.integer({ min: 0, max: 5 }),
    peer,
  )
  .map(([direction, protocol, x, y, wide, who]) => {
    if (wide === 0) return { direction, protocol, fromPort: 0, toPort: 65535, peer: who };
    if (protocol === 1) return { direction, protocol, fromPort: x % 2, toPort: wide === 1 ? -1 : y, peer: who };
    return { direction, protocol, fromPort: Math.min(x, y), toPort: Math.max(x, y), peer: who };
  });
const rules = fc.array(rule, { maxLength: 6 });

/** Every way to say who sg-a and sg-b are, on the universe's addresses, as bit masks. */
const WORLDS: { a: number; b: number }[] = [];
for (let a = 0; a < 4; a += 1) for (let b = 0; b < 128; b += 1) WORLDS.push({ a, b });

const MASKS = new Map<Peer, number>();

function maskOf(who: Peer, world: { a: number; b: number }): number {
  if (who.kind === 'group') return who.groupId === 'sg-a' ? world.a : world.b;
  const known = MASKS.get(who);
  if (known !== undefined) return known;
  const mask = fixedMaskOf(who);
  MASKS.set(who, mask);
  return mask;
}

/** The same in every world. */
function fixedMaskOf(who: Exclude<Peer, { kind: 'group' }>): number {
  const meaning = who.kind === 'prefixList' ? resolve(who) : null;
  const addresses = meaning?.kind === 'addresses' ? meaning.addresses : set((who as { cidr: string }).cidr);
  return ADDRESSES.reduce((mask, address, i) => (hasAddress(addresses, address) ? mask | (1 << i) : mask), 0);
}

/** The obvious way: for every world, direction, protocol and port, which addresses the rules let through. */
function bruteWithin(after: readonly RuleShape[], before: readonly RuleShape[]): boolean {
  for (const direction of ['ingress', 'egress'] as const) {
    for (const protocol of PROTOCOLS) {
      for (const point of POINTS) {
        const matching = (list: readonly RuleShape[]): RuleShape[] =>
          list.filter(
            (r) =>
              r.direction === direction &&
              (r.protocol === -1 || r.protocol === protocol) &&
              contains(portsOfRule(r.protocol, r.fromPort, r.toPort), point),
          );
        const hot = matching(after);
        if (hot.length === 0) continue;
        const old = matching(before);
        for (const world of WORLDS) {
          const allowed = hot.reduce((mask, r) => mask | maskOf(r.peer, world), 0);
          const allowedBefore = old.reduce((mask, r) => mask | maskOf(r.peer, world), 0);
          if ((allowed & ~allowedBefore) !== 0) return false;
        }
      }
    }
  }
  return true;
}

const tcp = (fromPort: number, toPort: number, cidr: string): RuleShape => ({
  direction: 'ingress',
  protocol: 6,
  fromPort,
  toPort,
  peer: { kind: cidr.includes(':') ? 'cidrIpv6' : 'cidrIpv4', cidr },
});
const fromGroup = (groupId: string): RuleShape => ({
  direction: 'ingress',
  protocol: 6,
  fromPort: 22,
  toPort: 22,
  peer: { kind: 'group', groupId },
});
const space = (...list: RuleShape[]): TrafficSet => allowedSpace(list, resolve);

describe('law 4: nothing opens', () => {
  test('isWithin says what trying every packet in every world says', () => {
    const seen = { yes: 0, no: 0 };
    fc.assert(
      fc.property(rules, rules, fc.boolean(), (some, others, mix) => {
        const before = mix ? [...some.slice(1), ...others] : others;
        const expected = bruteWithin(some, before);
        seen[expected ? 'yes' : 'no'] += 1;
        expect(isWithin(allowedSpace(some, resolve), allowedSpace(before, resolve))).toBe(expected);
      }),
      { numRuns: 150 },
    );
    expect(Math.min(seen.yes, seen.no)).toBeGreaterThan(10);
  });

  test('dropping rules never opens, and adding back what was dropped restores the same traffic', () => {
    fc.assert(
      fc.property(rules, rules, (kept, dropped) => {
        const before = allowedSpace([...kept, ...dropped], resolve);
        const after = allowedSpace(kept, resolve);
        expect(isWithin(after, before)).toBe(true);
        expect(unionTraffic(after, allowedSpace(dropped, resolve))).toEqual(before);
        expect(sameTraffic(unionTraffic(after, subtract(before, after)), before)).toBe(true);
      }),
    );
  });

  test('an example is given exactly when something opens, and it is something that opens', () => {
    fc.assert(
      fc.property(rules, rules, (after, before) => {
        const box = uncovered(allowedSpace(after, resolve), allowedSpace(before, resolve));
        expect(box === null).toBe(isWithin(allowedSpace(after, resolve), allowedSpace(before, resolve)));
        if (box === null) return;
        expect(boxText(box)).toMatch(/^(ingress|egress) .+ (from|to) \S+/);
        const known = [{ from: box.protocols.from, to: box.protocols.to, value: [{ ...box.ports, value: box.peers }] }];
        const opened: TrafficSet = { ...NO_TRAFFIC, [box.direction]: known };
        expect(isWithin(opened, allowedSpace(after, resolve))).toBe(true);
        expect(isWithin(opened, allowedSpace(before, resolve))).toBe(false);
      }),
    );
  });

  test('the order and repetition of rules do not matter, and boxes never overlap', () => {
    fc.assert(
      fc.property(rules, (list) => {
        const one = allowedSpace(list, resolve);
        expect(allowedSpace([...list, ...list].reverse(), resolve)).toEqual(one);
        const boxes = boxesOf(one);
        for (const [i, x] of boxes.entries()) {
          for (const y of boxes.slice(i + 1)) {
            const apart = (a: { from: number; to: number }, b: { from: number; to: number }): boolean =>
              a.to < b.from || b.to < a.from;
            expect(x.direction !== y.direction || apart(x.protocols, y.protocols) || apart(x.ports, y.ports)).toBe(
              true,
            );
          }
        }
      }),
    );
  });
});

describe('what counts as opening', () => {
  const cases: [string, RuleShape[], RuleShape[], boolean][] = [
    ['fewer ports', [tcp(80, 80, '10.0.0.0/8')], [tcp(0, 65535, '10.0.0.0/8')], true],
    ['one port more', [tcp(80, 81, '10.0.0.0/8')], [tcp(80, 80, '10.0.0.0/8')], false],
    ['a longer prefix', [tcp(80, 80, '10.1.0.0/16')], [tcp(80, 80, '10.0.0.0/8')], true],
    ['two halves are the whole', [tcp(1, 9, '10.0.0.0/8')], [tcp(1, 4, '10.0.0.0/8'), tcp(5, 9, '10.0.0.0/8')], true],
    ['halves of the addresses', [tcp(1, 9, '0.0.0.0/0')], [tcp(1, 9, '0.0.0.0/1'), tcp(1, 9, '128.0.0.0/1')], true],
    ['all IPv4 is not all IPv6', [tcp(80, 80, '::/0')], [tcp(80, 80, '0.0.0.0/0')], false],
    ['tcp within all protocols', [tcp(22, 22, '10.0.0.0/8')], [{ ...tcp(0, 0, '10.0.0.0/8'), protocol: -1 }], true],
    [
      'the other direction',
      [{ ...tcp(80, 80, '10.0.0.0/8'), direction: 'egress' }],
      [tcp(80, 80, '10.0.0.0/8')],
      false,
    ],
    ['a group within itself', [fromGroup('sg-b')], [fromGroup('sg-b')], true],
    ['a group within another', [fromGroup('sg-a')], [fromGroup('sg-b')], false],
    ['a bounded group within its bounds', [fromGroup('sg-a')], [tcp(22, 22, '10.0.0.0/24')], true],
    ['a bounded group in half its bounds', [fromGroup('sg-a')], [tcp(22, 22, '10.0.0.1/32')], false],
    ['an unbounded group within all IPv4', [fromGroup('sg-b')], [tcp(22, 22, '0.0.0.0/0')], false],
    ['an unbounded group within everything', [fromGroup('sg-b')], [tcp(22, 22, '0.0.0.0/0'), tcp(1, 99, '::/0')], true],
    ['addresses within a group that may hold them', [tcp(22, 22, '10.0.0.1/32')], [fromGroup('sg-a')], false],
    ['a malformed CIDR within everything but itself', [tcp(22, 22, 'x')], [tcp(22, 22, '0.0.0.0/0')], false],
    ['a malformed CIDR within itself', [tcp(22, 22, 'x')], [tcp(22, 22, 'x')], true],
  ];
  test.each(cases)('%s', (_, after, before, within) => {
    expect(isWithin(space(...after), space(...before))).toBe(within);
  });

  test('a box is told in one line', () => {
    const text = (r: RuleShape): string => boxText(boxesOf(space(r))[0]!);
    expect(text(tcp(443, 443, '10.0.0.0/8'))).toBe('ingress tcp 443 from 10.0.0.0/8');
    expect(text({ ...tcp(0, 65535, '10.0.0.7/32'), direction: 'egress' })).toBe('egress tcp to 10.0.0.7');
    expect(text({ ...tcp(8, -1, '::/0'), protocol: 1 })).toBe('ingress icmp type 8 from ::/0');
    expect(text({ ...tcp(3, 4, '::/0'), protocol: 1 })).toBe('ingress icmp type 3 code 4 from ::/0');
    expect(text({ ...fromGroup('sg-b'), protocol: -1 })).toBe('ingress all protocols from sg-b');
  });

  test('permissiveness counts protocol, port and address points', () => {
    expect(countSpace(space(tcp(80, 89, '10.0.0.0/24')))).toBe(2560n);
    expect(countSpace(space(tcp(80, 89, '10.0.0.0/24'), tcp(85, 94, '10.0.0.0/25')))).toBe(2560n + 640n);
    expect(countSpace(space(tcp(80, 80, '10.0.0.0/24'), tcp(80, 80, '::/64')), 4)).toBe(256n);
    expect(countSpace(space(tcp(80, 80, '10.0.0.0/24'), tcp(80, 80, '::/64')), 6)).toBe(1n << 64n);
    expect(countSpace(space({ ...tcp(0, 0, '10.0.0.0/32'), protocol: -1 }))).toBe(256n * 65536n);
    expect(countSpace(space(fromGroup('sg-b')))).toBe(0n);
  });

  test('nothing is allowed by no rules', () => {
    expect(isNothing(space())).toBe(true);
    expect(space()).toEqual(NO_TRAFFIC);
    expect(isWithin(space(), space())).toBe(true);
  });

  test('an unresolved prefix list and an unresolved group of one name stay apart by their ids', () => {
    const list: RuleShape = { ...fromGroup('x'), peer: { kind: 'prefixList', prefixListId: 'pl-1' } };
    expect(isWithin(allowedSpace([list], resolveNothing), allowedSpace([fromGroup('sg-1')], resolveNothing))).toBe(
      false,
    );
    expect(isWithin(allowedSpace([list], resolveNothing), allowedSpace([list], resolveNothing))).toBe(true);
  });
});
