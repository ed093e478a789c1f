import { describe, expect, it } from 'vitest';
import { type AddressSet, addressSet, parseCidr } from '../../analyzer/model/address.ts';
import {
  atomsOf,
  noPeers,
  type PeerAtom,
  type PeerSet,
  samePeers,
  subtractPeers,
  unionPeers,
} from '../../analyzer/model/peer-set.ts';

const set = (...cidrs: string[]): AddressSet => addressSet(cidrs.map((cidr) => parseCidr(cidr)!));
const atom = (name: string, ...bound: string[]): PeerAtom => ({
  name,
  bound: bound.length === 0 ? null : set(...bound),
});
const peers = (cidrs: string[], ...atoms: PeerAtom[]): PeerSet => ({ addresses: set(...cidrs), atoms });
const names = (p: PeerSet): string[] => p.atoms.map((a) => a.name);

describe('names for unknown addresses', () => {
  it('are sorted, each once', () => {
    const sorted = (...list: string[]): string[] => atomsOf(list.map((name) => atom(name))).map((a) => a.name);
    expect(sorted('c', 'a', 'b')).toEqual(['a', 'b', 'c']);
    expect(sorted('a', 'b', 'c')).toEqual(['a', 'b', 'c']);
    expect(sorted('b', 'c', 'a', 'b', 'a')).toEqual(['a', 'b', 'c']);
    expect(sorted()).toEqual([]);
  });

  it('are nothing only together with no addresses', () => {
    expect(noPeers(peers([]))).toBe(true);
    expect(noPeers(peers([], atom('a')))).toBe(false);
    expect(noPeers(peers(['10.0.0.0/8']))).toBe(false);
    expect(noPeers(peers(['fd00::/8']))).toBe(false);
  });

  it('join by name, and the addresses beside them', () => {
    const joined = unionPeers(peers(['10.0.0.0/25'], atom('b'), atom('a')), peers(['10.0.0.128/25'], atom('a')));
    expect(joined).toEqual(peers(['10.0.0.0/24'], atom('a'), atom('b')));
  });
});

describe('peers as written', () => {
  const one = peers(['10.0.0.0/8'], atom('a'), atom('b'));
  it.each<[string, PeerSet, boolean]>([
    ['the same', peers(['10.0.0.0/8'], atom('a'), atom('b')), true],
    ['one name less', peers(['10.0.0.0/8'], atom('a')), false],
    ['one name more', peers(['10.0.0.0/8'], atom('a'), atom('b'), atom('c')), false],
    ['another first name', peers(['10.0.0.0/8'], atom('0'), atom('b')), false],
    ['another last name', peers(['10.0.0.0/8'], atom('a'), atom('c')), false],
    ['other addresses', peers(['11.0.0.0/8'], atom('a'), atom('b')), false],
    ['other addresses of IPv6', peers(['10.0.0.0/8', 'fd00::/8'], atom('a'), atom('b')), false],
  ])('against %s', (_, other, expected) => {
    expect(samePeers(one, other)).toBe(expected);
    expect(samePeers(other, one)).toBe(expected);
    expect(samePeers(one, one)).toBe(true);
  });
});

describe('law 4: what may lie outside', () => {
  const rest = (a: PeerSet, b: PeerSet): [boolean, string[]] => {
    const left = subtractPeers(a, b);
    return [noPeers({ ...left, atoms: [] }), names(left)];
  };

  it('of addresses is what is left of them', () => {
    expect(subtractPeers(peers(['10.0.0.0/24']), peers(['10.0.0.0/25'])).addresses).toEqual(set('10.0.0.128/25'));
  });

  it('of a name is nothing where the name, or all that it may be, is covered', () => {
    expect(rest(peers([], atom('a')), peers([], atom('a')))).toEqual([true, []]);
    expect(rest(peers([], atom('a')), peers([], atom('b')))).toEqual([true, ['a']]);
    expect(rest(peers([], atom('a', '10.0.0.0/24')), peers(['10.0.0.0/8']))).toEqual([true, []]);
    expect(rest(peers([], atom('a', '10.0.0.0/24')), peers(['10.0.0.0/25']))).toEqual([true, ['a']]);
    expect(rest(peers([], atom('a')), peers(['0.0.0.0/0']))).toEqual([true, ['a']]);
    expect(rest(peers([], atom('a')), peers(['::/0']))).toEqual([true, ['a']]);
    expect(rest(peers([], atom('a')), peers(['0.0.0.0/0', '::/0']))).toEqual([true, []]);
    expect(rest(peers(['10.0.0.0/8'], atom('a')), peers([], atom('a')))).toEqual([false, []]);
  });
});
