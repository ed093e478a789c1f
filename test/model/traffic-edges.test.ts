import { describe, expect, it } from 'vitest';
import { ALL_V4, ALL_V6, addressSet, parseCidr, unionAddresses } from '../../analyzer/model/address.ts';
import type { PeerAtom } from '../../analyzer/model/peer-set.ts';
import type { RuleShape } from '../../analyzer/model/rule.ts';
import {
  allowedSpace,
  boxText,
  isNothing,
  isWithin,
  resolveNothing,
  sameTraffic,
  subtract,
  type TrafficBox,
  unionTraffic,
} from '../../analyzer/model/traffic.ts';

const rule = (
  protocol: number,
  fromPort: number | null,
  toPort: number | null,
  peer: RuleShape['peer'],
): RuleShape => ({
  direction: 'ingress',
  protocol,
  fromPort,
  toPort,
  peer,
});
const cidr = (text: string): RuleShape['peer'] => ({ kind: text.includes(':') ? 'cidrIpv6' : 'cidrIpv4', cidr: text });
const tcp = (fromPort: number, toPort: number, text: string): RuleShape => rule(6, fromPort, toPort, cidr(text));
const group = (groupId: string): RuleShape => rule(6, 22, 22, { kind: 'group', groupId });
const list = (prefixListId: string): RuleShape => rule(6, 22, 22, { kind: 'prefixList', prefixListId });
const space = (...rules: RuleShape[]) => allowedSpace(rules, resolveNothing);

describe('law 4: names that are not resolved stand for themselves only', () => {
  it.each<[string, RuleShape, RuleShape, boolean]>([
    ['a group in itself', group('sg-1'), group('sg-1'), true],
    ['a group in another', group('sg-1'), group('sg-2'), false],
    ['a list in itself', list('pl-1'), list('pl-1'), true],
    ['a list in another', list('pl-1'), list('pl-2'), false],
    ['a list in a group', list('pl-1'), group('sg-1'), false],
    ['a malformed network in another', tcp(1, 1, 'x'), tcp(1, 1, 'y'), false],
    ['a malformed network in itself', tcp(1, 1, 'x'), tcp(1, 1, 'x'), true],
    ['a network in a malformed one', tcp(1, 1, '10.0.0.0/8'), tcp(1, 1, 'y'), false],
  ])('%s', (_, inner, outer, within) => {
    expect(isWithin(space(inner), space(outer))).toBe(within);
  });

  it('a meaning is asked for once for each peer, and by its own peer', () => {
    const asked: string[] = [];
    allowedSpace([group('sg-1'), group('sg-2'), { ...group('sg-1'), fromPort: 23, toPort: 23 }], (peer) => {
      asked.push(JSON.stringify(peer));
      return resolveNothing(peer);
    });
    expect(asked.sort()).toEqual(['{"kind":"group","groupId":"sg-1"}', '{"kind":"group","groupId":"sg-2"}']);
  });
});

describe('the same traffic', () => {
  it('is the one in the other, both ways', () => {
    expect(sameTraffic(space(tcp(1, 9, '10.0.0.0/8')), space(tcp(1, 4, '10.0.0.0/8'), tcp(5, 9, '10.0.0.0/8')))).toBe(
      true,
    );
    expect(sameTraffic(space(tcp(1, 9, '10.0.0.0/8')), space(tcp(1, 8, '10.0.0.0/8')))).toBe(false);
    expect(sameTraffic(space(tcp(1, 8, '10.0.0.0/8')), space(tcp(1, 9, '10.0.0.0/8')))).toBe(false);
  });

  it('of a backward range is none, and a range beside it stays whole', () => {
    expect(isNothing(space(tcp(9, 1, '10.0.0.0/8')))).toBe(true);
    expect(space(tcp(9, 1, '10.0.0.0/8'), tcp(0, 5, '10.0.0.0/8'))).toEqual(space(tcp(0, 5, '10.0.0.0/8')));
  });

  it('is held in the fewest boxes, over protocols too', () => {
    const all = space(rule(-1, null, null, cidr('10.0.0.0/8')));
    const parts = unionTraffic(subtract(all, space(tcp(0, 65_535, '10.0.0.0/8'))), space(tcp(0, 65_535, '10.0.0.0/8')));
    expect(parts).toEqual(all);
  });
});

describe('a box in one line', () => {
  const box = (
    protocols: [number, number],
    ports: [number, number],
    cidrs: string[],
    names: string[] = [],
    direction: TrafficBox['direction'] = 'ingress',
  ): string =>
    boxText({
      direction,
      protocols: { from: protocols[0], to: protocols[1] },
      ports: { from: ports[0], to: ports[1] },
      peers: {
        addresses: addressSet(cidrs.map((text) => parseCidr(text)!)),
        atoms: names.map((name): PeerAtom => ({ name, bound: null })),
      },
    });

  it.each<[Parameters<typeof box>, string]>([
    [[[6, 6], [443, 443], ['10.0.0.0/8']], 'ingress tcp 443 from 10.0.0.0/8'],
    [[[6, 6], [80, 90], ['10.0.0.0/8']], 'ingress tcp 80-90 from 10.0.0.0/8'],
    [[[6, 6], [0, 90], ['10.0.0.0/8']], 'ingress tcp 0-90 from 10.0.0.0/8'],
    [[[6, 6], [80, 65_535], ['10.0.0.0/8'], [], 'egress'], 'egress tcp 80-65535 to 10.0.0.0/8'],
    [[[17, 17], [0, 65_535], ['10.0.0.7/32']], 'ingress udp from 10.0.0.7'],
    [[[17, 17], [53, 53], ['fd00::7/128']], 'ingress udp 53 from fd00::7'],
    [[[17, 17], [53, 53], ['fd00::/32']], 'ingress udp 53 from fd00::/32'],
    [[[0, 255], [0, 65_535], [], ['sg-a']], 'ingress all protocols from sg-a'],
    [[[0, 255], [7, 7], [], ['sg-a']], 'ingress all protocols ports 7 from sg-a'],
    [[[0, 5], [0, 65_535], [], ['sg-a']], 'ingress protocols 0 to 5 from sg-a'],
    [[[7, 255], [0, 65_535], [], ['sg-a']], 'ingress protocols 7 to 255 from sg-a'],
    [[[6, 17], [1, 2], [], ['sg-a']], 'ingress protocols tcp to udp ports 1-2 from sg-a'],
    [[[47, 47], [1, 2], [], ['sg-a']], 'ingress 47 ports 1-2 from sg-a'],
    [[[1, 1], [0, 65_535], ['10.0.0.0/8']], 'ingress icmp from 10.0.0.0/8'],
    [[[1, 1], [2048, 2303], ['10.0.0.0/8']], 'ingress icmp type 8 from 10.0.0.0/8'],
    [[[1, 1], [2048, 2048], ['10.0.0.0/8']], 'ingress icmp type 8 code 0 from 10.0.0.0/8'],
    [[[58, 58], [2049, 2304], ['::/0']], 'ingress icmpv6 type 8 code 1 to type 9 code 0 from ::/0'],
    [[[58, 58], [2048, 2304], ['::/0']], 'ingress icmpv6 type 8 code 0 to type 9 code 0 from ::/0'],
    [[[1, 58], [2048, 2303], ['::/0']], 'ingress protocols icmp to icmpv6 ports 2048-2303 from ::/0'],
    [[[6, 6], [1, 1], ['10.0.0.0/8', '192.0.2.1/32'], ['sg-a']], 'ingress tcp 1 from 10.0.0.0/8 and 2 more'],
    [[[6, 6], [1, 1], ['10.0.0.0/8'], ['sg-a']], 'ingress tcp 1 from 10.0.0.0/8 and 1 more'],
  ])('%j reads %s', (parts, text) => expect(box(...parts)).toBe(text));

  it('of everything reads so', () => {
    const everyone = unionAddresses(ALL_V4, ALL_V6);
    expect(
      boxText({
        direction: 'egress',
        protocols: { from: 0, to: 255 },
        ports: { from: 0, to: 65_535 },
        peers: { addresses: everyone, atoms: [] },
      }),
    ).toBe('egress all protocols to 0.0.0.0/0 and 1 more');
  });
});
