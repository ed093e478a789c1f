import {
  type AddressSet,
  ALL_V4,
  ALL_V6,
  addressesWithin,
  noAddresses,
  sameAddresses,
  subtractAddresses,
  unionAddresses,
} from './address.ts';

/**
 * Addresses that a name stands for, not known one by one: the members of a referenced group, a prefix list without entries.
 * Two atoms of the same name are the same addresses.
 */
export interface PeerAtom {
  readonly name: string;
  /** Addresses that the atom cannot leave; null: it may be anything. */
  readonly bound: AddressSet | null;
}

/** Peers: known addresses, and names for unknown ones. */
export interface PeerSet {
  readonly addresses: AddressSet;
  /** Sorted by name, each name once. */
  readonly atoms: readonly PeerAtom[];
}

const ANYTHING: AddressSet = unionAddresses(ALL_V4, ALL_V6);

export function noPeers(set: PeerSet): boolean {
  return noAddresses(set.addresses) && set.atoms.length === 0;
}

export function atomsOf(atoms: Iterable<PeerAtom>): PeerAtom[] {
  const byName = new Map<string, PeerAtom>();
  for (const atom of atoms) byName.set(atom.name, atom);
  return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

export function unionPeers(a: PeerSet, b: PeerSet): PeerSet {
  return { addresses: unionAddresses(a.addresses, b.addresses), atoms: atomsOf([...a.atoms, ...b.atoms]) };
}

/** Equal as written: the same addresses and the same names. */
export function samePeers(a: PeerSet, b: PeerSet): boolean {
  if (a === b) return true;
  return (
    a.atoms.length === b.atoms.length &&
    a.atoms.every((atom, i) => atom.name === b.atoms[i]!.name) &&
    sameAddresses(a.addresses, b.addresses)
  );
}

/**
 * What of `a` may lie outside `b`. Empty exactly when, whatever the atoms stand for within their bounds, all of `a` is in `b`. An atom
 * that `b` covers only in part stays whole.
 */
export function subtractPeers(a: PeerSet, b: PeerSet): PeerSet {
  const names = new Set(b.atoms.map((atom) => atom.name));
  return {
    addresses: subtractAddresses(a.addresses, b.addresses),
    atoms: a.atoms.filter((atom) => !names.has(atom.name) && !addressesWithin(atom.bound ?? ANYTHING, b.addresses)),
  };
}
