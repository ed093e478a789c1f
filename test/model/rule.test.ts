import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { contains, numbers, size } from '../../analyzer/model/interval.ts';
import { ALL_PORTS, MAX_PORT, portsOfRule, rulePorts } from '../../analyzer/model/ports.ts';
import { formatProtocol, hasPorts, hasTypes, parseProtocol } from '../../analyzer/model/protocol.ts';
import { canonicalShape, type Peer, peerText, portsText, type RuleShape, shapeKey } from '../../analyzer/model/rule.ts';

const protocol = fc.constantFrom(-1, 0, 1, 6, 17, 50, 58, 255);
const port = fc.option(fc.oneof(fc.constantFrom(-1, 0, 3, 8, 255, 65535), fc.integer({ min: 0, max: 65535 })));
const any: Peer = { kind: 'cidrIpv4', cidr: '0.0.0.0/0' };
const shape: fc.Arbitrary<RuleShape> = fc
  .tuple(fc.constantFrom('ingress' as const, 'egress' as const), protocol, port, port)
  .map(([direction, p, x, y]) => {
    const inType = (v: number | null): number | null => (v === null || v < 0 ? v : v % 256);
    if (hasTypes(p)) return { direction, protocol: p, fromPort: inType(x), toPort: inType(y), peer: any };
    const backward = x !== null && y !== null && y >= 0 && x > y;
    return { direction, protocol: p, fromPort: backward ? y : x, toPort: backward ? x : y, peer: any };
  });

describe('protocols', () => {
  test('every number and name that EC2 prints comes back as it went', () => {
    for (let n = -1; n <= 255; n += 1) {
      expect(parseProtocol(formatProtocol(n))).toBe(n);
      expect(parseProtocol(n)).toBe(n);
    }
    expect([6, 17, 1, 58, -1, 50].map(formatProtocol)).toEqual(['tcp', 'udp', 'icmp', 'icmpv6', '-1', '50']);
  });

  test.each([
    ['TCP', 6],
    [' udp ', 17],
    ['all', -1],
    ['-1', -1],
    ['06', 6],
  ])('%j is %i', (text, number) => {
    expect(parseProtocol(text)).toBe(number);
  });

  test.each(['', '256', '-2', '6.0', '1e1', 'constructor', '__proto__', 'toString', 'tcp/udp', '0x6'])(
    '%j is none',
    (text) => {
      expect(parseProtocol(text)).toBeNull();
    },
  );
});

describe('ports of rules', () => {
  /** What EC2 documents, asked port by port. */
  function allows(rule: RuleShape, point: number): boolean {
    const { fromPort: from, toPort: to } = rule;
    if (hasTypes(rule.protocol)) {
      if (from === null || from === -1) return true;
      const [type, code] = [Math.floor(point / 256), point % 256];
      return type === from && (to === null || to === -1 || code === to);
    }
    if (!hasPorts(rule.protocol) || from === null || from === -1 || to === null || to === -1) return true;
    return from <= point && point <= to;
  }

  test('the set holds exactly the ports that the rule means', () => {
    const point = fc.oneof(
      fc.constantFrom(0, 3 * 256, 8 * 256, 8 * 256 + 255, 9 * 256, MAX_PORT),
      fc.integer({ min: 0, max: MAX_PORT }),
    );
    fc.assert(
      fc.property(shape, fc.array(point, { minLength: 20, maxLength: 20 }), (rule, points) => {
        const set = portsOfRule(rule.protocol, rule.fromPort, rule.toPort);
        const near = [rule.fromPort ?? 0, rule.toPort ?? 0].flatMap((p) => [p - 1, p, p + 1, p * 256, p * 256 + 255]);
        for (const p of [...points, ...near.filter((v) => v >= 0 && v <= MAX_PORT)])
          expect(contains(set, p)).toBe(allows(rule, p));
      }),
      { numRuns: 500 },
    );
  });

  test('a backward range holds nothing', () => {
    expect(portsOfRule(6, 90, 80)).toEqual([]);
  });

  test('rulePorts says an interval in words of the rule, or that the protocol cannot', () => {
    const line = fc.oneof(
      fc
        .tuple(fc.integer({ min: 0, max: MAX_PORT }), fc.integer({ min: 0, max: MAX_PORT }))
        .map(([x, y]) => ({ from: Math.min(x, y), to: Math.max(x, y) })),
      fc.integer({ min: 0, max: 255 }).map((type) => ({ from: type * 256, to: type * 256 + 255 })),
      fc.constant(ALL_PORTS[0]!),
    );
    fc.assert(
      fc.property(protocol, line, (p, interval) => {
        const said = rulePorts(p, interval);
        const wide = size(numbers, [interval]);
        const wholeType = wide === 256n && interval.from % 256 === 0;
        const sayable = hasPorts(p) || wide === 65536n || (hasTypes(p) && (wide === 1n || wholeType));
        const meant = said === null ? null : portsOfRule(p, said.fromPort, said.toPort);
        expect(meant).toEqual(sayable ? [interval] : null);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('law 7: shapes that mean the same have the same key', () => {
  test('canonical form means the same, is stable, and is what the key is made of', () => {
    fc.assert(
      fc.property(shape, (rule) => {
        const canonical = canonicalShape(rule);
        expect(canonicalShape(canonical)).toEqual(canonical);
        expect(portsOfRule(canonical.protocol, canonical.fromPort, canonical.toPort)).toEqual(
          portsOfRule(rule.protocol, rule.fromPort, rule.toPort),
        );
        expect(shapeKey(canonical)).toBe(shapeKey(rule));
      }),
      { numRuns: 500 },
    );
  });

  test('two shapes have one key exactly when direction, protocol and ports mean the same', () => {
    fc.assert(
      fc.property(shape, shape, fc.boolean(), (a, other, near) => {
        const b = near
          ? { ...a, toPort: other.toPort !== null && (a.fromPort ?? 0) > other.toPort ? a.toPort : other.toPort }
          : other;
        const same =
          a.direction === b.direction &&
          a.protocol === b.protocol &&
          JSON.stringify(portsOfRule(a.protocol, a.fromPort, a.toPort)) ===
            JSON.stringify(portsOfRule(b.protocol, b.fromPort, b.toPort));
        expect(shapeKey(a) === shapeKey(b)).toBe(same);
      }),
      { numRuns: 1000 },
    );
  });

  test('peers are told apart by kind and compared in canonical text', () => {
    const key = (peer: Peer): string => shapeKey({ direction: 'ingress', protocol: 6, fromPort: 1, toPort: 1, peer });
    expect(key({ kind: 'cidrIpv4', cidr: '10.1.2.3/8' })).toBe(key({ kind: 'cidrIpv4', cidr: '10.0.0.0/8' }));
    expect(key({ kind: 'cidrIpv6', cidr: '2001:DB8:0::/32' })).toBe(key({ kind: 'cidrIpv6', cidr: '2001:db8::/32' }));
    expect(key({ kind: 'group', groupId: 'sg-1', vpcId: 'vpc-1' })).toBe(key({ kind: 'group', groupId: 'sg-1' }));
    expect(key({ kind: 'group', groupId: 'x' })).not.toBe(key({ kind: 'prefixList', prefixListId: 'x' }));
  });
});

describe('rules as people read them', () => {
  test.each<[Partial<RuleShape>, string]>([
    [{ protocol: 6, fromPort: 22, toPort: 22 }, '22'],
    [{ protocol: 17, fromPort: 8000, toPort: 8100 }, '8000-8100'],
    [{ protocol: 6, fromPort: 0, toPort: 65535 }, 'all'],
    [{ protocol: -1, fromPort: null, toPort: null }, 'all'],
    [{ protocol: 1, fromPort: -1, toPort: -1 }, 'all types'],
    [{ protocol: 1, fromPort: 8, toPort: -1 }, 'type 8'],
    [{ protocol: 58, fromPort: 128, toPort: 0 }, 'type 128 code 0'],
  ])('%j is %s', (ports, text) => {
    expect(portsText({ protocol: 6, fromPort: null, toPort: null, ...ports })).toBe(text);
  });

  test('a peer is its CIDR, list or group', () => {
    expect(peerText(any)).toBe('0.0.0.0/0');
    expect(peerText({ kind: 'prefixList', prefixListId: 'pl-1' })).toBe('pl-1');
    expect(peerText({ kind: 'group', groupId: 'sg-1', accountId: '1' })).toBe('sg-1');
  });
});
