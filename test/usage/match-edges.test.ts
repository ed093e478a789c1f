import { describe, expect, it } from 'vitest';
import { parseAddress } from '../../analyzer/model/address.ts';
import type { Peer } from '../../analyzer/model/rule.ts';
import type { Match } from '../../analyzer/usage/evidence.ts';
import { compileRule, matchRule, peerView, prefixListSets } from '../../analyzer/usage/match.ts';
import { shape } from '../advice/build.ts';

const list = (prefixListId: string, cidrs: string[] | null) => ({
  prefixListId,
  name: null,
  ownerId: null,
  maxEntries: null,
  cidrs,
});
const LISTS = prefixListSets([
  list('pl-known', ['10.0.0.0/30', 'fd00::/64']),
  list('pl-empty', []),
  list('pl-unknown', null),
  list('pl-broken', ['10.0.0.0/30', 'x']),
]);
const NOBODY = { sure: [], peered: [], possible: [] };

function match(
  text: string,
  [protocol, port, peer]: [number, number | null, string],
  groups: Partial<Record<'sure' | 'peered' | 'possible', string[]>> = {},
  status?: string,
): Match {
  const rule = shape(text);
  const whom: Peer =
    rule.peer.kind === 'group' && status !== undefined ? { ...rule.peer, peeringStatus: status } : rule.peer;
  const probe = { protocol, port, peer: parseAddress(peer)!, groups: peerView({ ...NOBODY, ...groups }) };
  return matchRule(compileRule({ ...rule, peer: whom }, LISTS), probe);
}

describe('whether a rule lets a connection in', () => {
  it.each<[string, [number, number | null, string], Match]>([
    ['ingress tcp 80-90 10.0.0.0/8', [6, 80, '10.0.0.1'], 'yes'],
    ['ingress tcp 80-90 10.0.0.0/8', [6, 90, '10.0.0.1'], 'yes'],
    ['ingress tcp 80-90 10.0.0.0/8', [6, 79, '10.0.0.1'], 'no'],
    ['ingress tcp 80-90 10.0.0.0/8', [6, 91, '10.0.0.1'], 'no'],
    ['ingress tcp 80-90 10.0.0.0/8', [17, 80, '10.0.0.1'], 'no'],
    ['ingress tcp 80-90 10.0.0.0/8', [6, null, '10.0.0.1'], 'maybe'],
    ['ingress tcp 80-90 10.0.0.0/8', [6, null, '11.0.0.1'], 'no'],
    ['ingress tcp * 10.0.0.0/8', [6, null, '10.0.0.1'], 'yes'],
    ['ingress tcp 0-65534 10.0.0.0/8', [6, null, '10.0.0.1'], 'maybe'],
    ['ingress tcp 1-65535 10.0.0.0/8', [6, null, '10.0.0.1'], 'maybe'],
    ['ingress all * 10.0.0.0/8', [6, 80, '10.0.0.1'], 'yes'],
    ['ingress all * 10.0.0.0/8', [47, null, '10.0.0.1'], 'yes'],
    ['ingress icmp * 10.0.0.0/8', [1, null, '10.0.0.1'], 'yes'],
    ['ingress icmp 8-0 10.0.0.0/8', [1, null, '10.0.0.1'], 'maybe'],
    ['ingress icmp 8-0 10.0.0.0/8', [58, null, '10.0.0.1'], 'no'],
    ['ingress icmpv6 128-0 ::/0', [58, null, 'fd00::1'], 'maybe'],
    ['ingress 47 * 10.0.0.0/8', [47, null, '10.0.0.1'], 'yes'],
    ['ingress 47 * 10.0.0.0/8', [50, null, '10.0.0.1'], 'no'],
    ['ingress tcp 80 10.0.0.0/30', [6, 80, '10.0.0.3'], 'yes'],
    ['ingress tcp 80 10.0.0.4/30', [6, 80, '10.0.0.4'], 'yes'],
    ['ingress tcp 80 10.0.0.4/30', [6, 80, '10.0.0.3'], 'no'],
    ['ingress tcp 80 10.0.0.4/30', [6, 80, '10.0.0.8'], 'no'],
    ['ingress tcp 80 0.0.0.0/0', [6, 80, 'fd00::1'], 'no'],
    ['ingress tcp 80 ::/0', [6, 80, '10.0.0.1'], 'no'],
    ['ingress tcp 80 ::/0', [6, 80, 'fd00::1'], 'yes'],
    ['ingress tcp 80 pl-known', [6, 80, '10.0.0.3'], 'yes'],
    ['ingress tcp 80 pl-known', [6, 80, 'fd00::3'], 'yes'],
    ['ingress tcp 80 pl-known', [6, 80, '10.0.0.4'], 'no'],
    ['ingress tcp 80 pl-empty', [6, 80, '10.0.0.3'], 'no'],
    ['ingress tcp 80 pl-unknown', [6, 80, '10.0.0.3'], 'maybe'],
    ['ingress tcp 80 pl-broken', [6, 80, '10.0.0.3'], 'maybe'],
    ['ingress tcp 80 pl-missing', [6, 80, '192.0.2.1'], 'maybe'],
    ['ingress tcp 81 pl-missing', [6, 80, '192.0.2.1'], 'no'],
    ['ingress tcp 80 not-a-network', [6, 80, '10.0.0.1'], 'maybe'],
  ])('%s, asked %j: %s', (text, probe, expected) => {
    expect(match(text, probe)).toBe(expected);
  });

  it.each<[Partial<Record<'sure' | 'peered' | 'possible', string[]>>, string | undefined, Match]>([
    [{ sure: ['sg-a'] }, undefined, 'yes'],
    [{ sure: ['sg-b'] }, undefined, 'no'],
    [{ possible: ['sg-a'] }, undefined, 'maybe'],
    [{ possible: ['sg-a'] }, 'active', 'maybe'],
    [{ peered: ['sg-a'] }, 'active', 'yes'],
    [{ peered: ['sg-a'] }, 'deleted', 'maybe'],
    [{ peered: ['sg-a'] }, undefined, 'maybe'],
    [{}, 'active', 'no'],
  ])('a reference to sg-a, where the peer has %j over a peering that is %s: %s', (groups, status, expected) => {
    expect(match('ingress tcp 80 sg-a', [6, 80, '10.0.0.1'], groups, status)).toBe(expected);
  });

  it('is doubtful where the ports or the peer are', () => {
    expect(match('ingress tcp 80 sg-a', [6, null, '10.0.0.1'], { sure: ['sg-a'] })).toBe('maybe');
    expect(match('ingress tcp 80 pl-unknown', [6, null, '10.0.0.1'])).toBe('maybe');
  });

  it('keeps the direction of the rule for the caller', () => {
    expect(compileRule(shape('egress tcp 80 10.0.0.0/8'), LISTS).direction).toBe('egress');
  });
});
