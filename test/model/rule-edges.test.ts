import { describe, expect, it } from 'vitest';
import { rulePorts } from '../../analyzer/model/ports.ts';
import { canonicalShape, type Peer, portsText, type RuleShape, shapeKey } from '../../analyzer/model/rule.ts';

const V4: Peer = { kind: 'cidrIpv4', cidr: '10.0.0.0/8' };
const shape = (protocol: number, fromPort: number | null, toPort: number | null, peer: Peer = V4): RuleShape => ({
  direction: 'ingress',
  protocol,
  fromPort,
  toPort,
  peer,
});

describe('ports as people read them', () => {
  it.each([
    [6, 443, 443, '443'],
    [6, 0, 0, '0'],
    [6, 0, 65_535, 'all'],
    [6, 0, 1023, '0-1023'],
    [6, 1024, 65_535, '1024-65535'],
    [6, null, 443, 'all'],
    [6, 443, null, 'all'],
    [47, 1, 2, 'all'],
    [1, 8, 0, 'type 8 code 0'],
    [1, 8, -1, 'type 8'],
    [1, 8, null, 'type 8'],
    [1, 0, 0, 'type 0 code 0'],
    [1, -1, -1, 'all types'],
    [58, null, null, 'all types'],
  ])('of protocol %d from %s to %s are %s', (protocol, fromPort, toPort, text) =>
    expect(portsText({ protocol, fromPort, toPort })).toBe(text),
  );
});

describe('the canonical shape', () => {
  it.each([
    [shape(6, null, 5), [0, 65_535]],
    [shape(6, -1, 5), [0, 65_535]],
    [shape(6, 5, null), [0, 65_535]],
    [shape(6, 5, -1), [0, 65_535]],
    [shape(6, 5, 9), [5, 9]],
    [shape(1, null, 3), [-1, -1]],
    [shape(1, -3, 3), [-1, -1]],
    [shape(1, 8, null), [8, -1]],
    [shape(1, 8, -2), [8, -1]],
    [shape(1, 8, 3), [8, 3]],
    [shape(47, 5, 9), [null, null]],
  ])('of %j has ports %j', (raw, ports) => {
    const { fromPort, toPort } = canonicalShape(raw);
    expect([fromPort, toPort]).toEqual(ports);
  });

  it('writes networks one way, each in its own family, and leaves alone what is no network', () => {
    const peer = (text: string, kind: 'cidrIpv4' | 'cidrIpv6') =>
      canonicalShape(shape(6, 1, 1, { kind, cidr: text })).peer;
    expect(peer('10.1.2.3/8', 'cidrIpv4')).toEqual({ kind: 'cidrIpv4', cidr: '10.0.0.0/8' });
    expect(peer('2001:DB8:0::1/32', 'cidrIpv6')).toEqual({ kind: 'cidrIpv6', cidr: '2001:db8::/32' });
    expect(peer('nonsense', 'cidrIpv4')).toEqual({ kind: 'cidrIpv4', cidr: 'nonsense' });
  });

  it('has a key of all its parts', () => {
    expect(shapeKey(shape(6, 1, 2))).toBe('ingress|tcp|1|2|cidrIpv4|10.0.0.0/8');
    expect(shapeKey(shape(-1, null, null, { kind: 'group', groupId: 'sg-1' }))).toBe('ingress|-1|||group|sg-1');
  });
});

describe('the ports that say an interval', () => {
  it.each([
    [1, 0, 65_535, { fromPort: -1, toPort: -1 }],
    [1, 8 * 256, 8 * 256 + 255, { fromPort: 8, toPort: -1 }],
    [1, 8 * 256 + 3, 8 * 256 + 3, { fromPort: 8, toPort: 3 }],
    [1, 8 * 256, 8 * 256 + 3, null],
    [1, 8 * 256 + 255, 9 * 256 + 254, null],
    [47, 0, 65_535, { fromPort: null, toPort: null }],
    [47, 0, 9, null],
    [17, 5, 9, { fromPort: 5, toPort: 9 }],
  ])('for protocol %d, %d to %d, are %j', (protocol, from, to, ports) =>
    expect(rulePorts(protocol, { from, to })).toEqual(ports),
  );
});
