import {
  bigints,
  canonical,
  contains,
  difference,
  type Interval,
  type IntervalSet,
  intersection,
  isSubset,
  numbers,
  sameSet,
  size,
  union,
} from './interval.ts';

/** An IP address: IPv4 as an unsigned 32-bit number, IPv6 as a bigint. */
export type Address = { family: 4; value: number } | { family: 6; value: bigint };

/** A network in CIDR notation, host bits cleared. */
export type Cidr = { family: 4; value: number; length: number } | { family: 6; value: bigint; length: number };

/** Addresses of both families; each side canonical. */
export interface AddressSet {
  readonly v4: IntervalSet<number>;
  readonly v6: IntervalSet<bigint>;
}

export const MAX_V4 = 0xffff_ffff;
export const MAX_V6 = (1n << 128n) - 1n;
export const ALL_V4: AddressSet = { v4: [{ from: 0, to: MAX_V4 }], v6: [] };
export const ALL_V6: AddressSet = { v4: [], v6: [{ from: 0n, to: MAX_V6 }] };

/** Dotted quad or RFC 4291 text (with `::` and an embedded IPv4 tail). Null for anything else; zones and leading zeros in a quad are refused. */
export function parseAddress(text: string): Address | null {
  if (text.includes(':')) {
    const value = parseV6(text);
    return value === null ? null : { family: 6, value };
  }
  const value = parseV4(text);
  return value === null ? null : { family: 4, value };
}

/** Every rule and every interface comes through here, more than once: by characters, since a pattern takes three times as long. */
function parseV4(text: string): number | null {
  if (text.length < 7 || text.length > 15) return null;
  let value = 0;
  let octet = 0;
  let digits = 0;
  let parts = 1;
  for (let i = 0; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code === DOT) {
      if (digits === 0 || parts === 4) return null;
      value = value * 256 + octet;
      octet = 0;
      digits = 0;
      parts += 1;
    } else if (code >= ZERO && code <= NINE) {
      // A leading zero: 010 is 8 to some and 10 to others.
      if (digits > 0 && octet === 0) return null;
      octet = octet * 10 + code - ZERO;
      digits += 1;
      if (octet > 255) return null;
    } else {
      return null;
    }
  }
  return parts === 4 && digits > 0 ? value * 256 + octet : null;
}

const [DOT, ZERO, NINE] = [46, 48, 57];

function parseV6(text: string): bigint | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const head = groupsOf(halves[0]!, halves.length === 1);
  const tail = halves.length === 2 ? groupsOf(halves[1]!, true) : [];
  if (head === null || tail === null) return null;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null;
  return [...head, ...Array.from({ length: missing }, () => 0n), ...tail].reduce(
    (sum, group) => (sum << 16n) | group,
    0n,
  );
}

function groupsOf(text: string, mayEndInV4: boolean): bigint[] | null {
  if (text === '') return [];
  const parts = text.split(':');
  const out: bigint[] = [];
  for (const [i, part] of parts.entries()) {
    if (mayEndInV4 && i === parts.length - 1 && part.includes('.')) {
      const v4 = parseV4(part);
      if (v4 === null) return null;
      out.push(BigInt(Math.floor(v4 / 65536)), BigInt(v4 % 65536));
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      out.push(BigInt(`0x${part}`));
    } else {
      return null;
    }
  }
  return out;
}

/** RFC 5952 for IPv6, dotted quad for IPv4. */
export function formatAddress(address: Address): string {
  if (address.family === 4) {
    const v = address.value;
    return `${Math.floor(v / 16777216)}.${Math.floor(v / 65536) % 256}.${Math.floor(v / 256) % 256}.${v % 256}`;
  }
  const groups: string[] = [];
  for (let i = 7n; i >= 0n; i -= 1n) groups.push(((address.value >> (i * 16n)) & 0xffffn).toString(16));
  let bestStart = -1;
  let bestLength = 1;
  for (let i = 0; i < 8; i += 1) {
    let j = i;
    while (j < 8 && groups[j] === '0') j += 1;
    if (j - i > bestLength) {
      bestStart = i;
      bestLength = j - i;
    }
    if (j > i) i = j;
  }
  if (bestStart < 0) return groups.join(':');
  return `${groups.slice(0, bestStart).join(':')}::${groups.slice(bestStart + bestLength).join(':')}`;
}

/** `address/length`; a bare address is /32 or /128. Host bits are cleared, as EC2 does. Null when malformed. */
export function parseCidr(text: string): Cidr | null {
  const slash = text.indexOf('/');
  const address = parseAddress(slash < 0 ? text : text.slice(0, slash));
  if (address === null) return null;
  const bits = address.family === 4 ? 32 : 128;
  const lengthText = slash < 0 ? String(bits) : text.slice(slash + 1);
  if (!/^\d{1,3}$/.test(lengthText)) return null;
  const length = Number(lengthText);
  if (length > bits) return null;
  if (address.family === 4) {
    const block = 2 ** (32 - length);
    return { family: 4, value: Math.floor(address.value / block) * block, length };
  }
  const shift = BigInt(128 - length);
  return { family: 6, value: (address.value >> shift) << shift, length };
}

export function formatCidr(cidr: Cidr): string {
  return `${formatAddress(cidr)}/${cidr.length}`;
}

export function cidrRange(cidr: Cidr): AddressSet {
  if (cidr.family === 4) return { v4: [{ from: cidr.value, to: cidr.value + 2 ** (32 - cidr.length) - 1 }], v6: [] };
  return { v4: [], v6: [{ from: cidr.value, to: cidr.value + (1n << BigInt(128 - cidr.length)) - 1n }] };
}

/** The fewest prefixes whose union is exactly the set, in address order, IPv4 first. */
export function toCidrs(set: AddressSet): Cidr[] {
  const out: Cidr[] = [];
  for (const interval of set.v4) {
    let from = interval.from;
    while (from <= interval.to) {
      let length = 32;
      while (length > 0) {
        const block = 2 ** (33 - length);
        if (from % block !== 0 || from + block - 1 > interval.to) break;
        length -= 1;
      }
      out.push({ family: 4, value: from, length });
      from += 2 ** (32 - length);
    }
  }
  for (const interval of set.v6) {
    let from = interval.from;
    while (from <= interval.to) {
      let length = 128;
      while (length > 0) {
        const block = 1n << BigInt(129 - length);
        if (from % block !== 0n || from + block - 1n > interval.to) break;
        length -= 1;
      }
      out.push({ family: 6, value: from, length });
      from += 1n << BigInt(128 - length);
    }
  }
  return out;
}

export function addressSet(parts: readonly (Address | Cidr)[]): AddressSet {
  const v4: Interval<number>[] = [];
  const v6: Interval<bigint>[] = [];
  for (const part of parts) {
    if (part.family === 4) {
      const length = 'length' in part ? part.length : 32;
      v4.push({ from: part.value, to: part.value + 2 ** (32 - length) - 1 });
    } else {
      const length = 'length' in part ? part.length : 128;
      v6.push({ from: part.value, to: part.value + (1n << BigInt(128 - length)) - 1n });
    }
  }
  return { v4: canonical(numbers, v4), v6: canonical(bigints, v6) };
}

export function unionAddresses(a: AddressSet, b: AddressSet): AddressSet {
  return { v4: union(numbers, a.v4, b.v4), v6: union(bigints, a.v6, b.v6) };
}
export function intersectAddresses(a: AddressSet, b: AddressSet): AddressSet {
  return { v4: intersection(a.v4, b.v4), v6: intersection(a.v6, b.v6) };
}
export function subtractAddresses(a: AddressSet, b: AddressSet): AddressSet {
  return { v4: difference(numbers, a.v4, b.v4), v6: difference(bigints, a.v6, b.v6) };
}
export function addressesWithin(a: AddressSet, b: AddressSet): boolean {
  return isSubset(numbers, a.v4, b.v4) && isSubset(bigints, a.v6, b.v6);
}
export function hasAddress(set: AddressSet, address: Address): boolean {
  return address.family === 4 ? contains(set.v4, address.value) : contains(set.v6, address.value);
}
export function noAddresses(set: AddressSet): boolean {
  return set.v4.length === 0 && set.v6.length === 0;
}
export function sameAddresses(a: AddressSet, b: AddressSet): boolean {
  return sameSet(a.v4, b.v4) && sameSet(a.v6, b.v6);
}
export function countAddresses(set: AddressSet): bigint {
  return size(numbers, set.v4) + size(bigints, set.v6);
}
