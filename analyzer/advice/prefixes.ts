import type { Cidr } from '../model/address.ts';

/** A cover of all units by prefixes and how many addresses it takes. */
export interface PrefixCover {
  cidrs: readonly Cidr[];
  addresses: bigint;
}

interface Node {
  value: bigint;
  length: number;
  left: Node | null;
  right: Node | null;
  /** best[k]: least addresses with at most k + 1 prefixes; split[k]: how many of them go left, 0 when the node itself is taken. */
  best: bigint[];
  split: number[];
}

/**
 * For each k = 1 … maxPrefixes the prefixes, at most k, that cover all units with the least addresses: the exact dynamic programme on
 * the path-compressed trie of Soldo, Argyraki and Markopoulou ("Optimal Source-Based Filtering of Malicious Traffic", ToN 2012).
 * Units are of one family and not empty; a unit within another adds nothing. Of equal covers the one with fewer prefixes is given. Where a
 * further prefix saves nothing the same object stands again.
 */
export function leastPrefixes(units: readonly Cidr[], maxPrefixes: number): PrefixCover[] {
  const family = units[0]!.family;
  const bits = family === 4 ? 32 : 128;
  const leaves = disjoint(
    units.map((u) => ({ value: BigInt(u.value), length: u.length })),
    bits,
  );
  const root = build(leaves, 0, leaves.length, maxPrefixes, bits);
  const out: PrefixCover[] = [];
  for (let k = 1; k <= maxPrefixes; k += 1) {
    const before = out.at(-1);
    if (before !== undefined && usefulPrefixes(root, k) < k) {
      out.push(before);
      continue;
    }
    const cidrs: Cidr[] = [];
    collect(root, k, cidrs, family);
    out.push({ cidrs, addresses: root.best[k - 1]! });
  }
  return out;
}

/** How many of `most` prefixes the node's best cover takes. */
function usefulPrefixes(node: Node, most: number): number {
  let k = Math.min(most, node.best.length);
  while (k > 1 && node.split[k - 1] === -1) k -= 1;
  return k;
}

interface Leaf {
  value: bigint;
  length: number;
}

function disjoint(leaves: Leaf[], bits: number): Leaf[] {
  leaves.sort((a, b) => (a.value < b.value ? -1 : a.value > b.value ? 1 : a.length - b.length));
  const out: Leaf[] = [];
  for (const leaf of leaves) {
    const last = out.at(-1);
    if (last === undefined || leaf.value >= last.value + size(last.length, bits)) out.push(leaf);
  }
  return out;
}

const POWERS = Array.from({ length: 129 }, (_, bits) => 1n << BigInt(bits));

function size(length: number, bits: number): bigint {
  return POWERS[bits - length]!;
}

/** `from..to` (exclusive) of the sorted leaves. Depth is at most the address length: each step lengthens the common prefix. */
function build(leaves: readonly Leaf[], from: number, to: number, most: number, bits: number): Node {
  const first = leaves[from]!;
  if (to - from === 1) return { ...first, left: null, right: null, best: [size(first.length, bits)], split: [0] };
  const length = commonLength(first.value, leaves[to - 1]!.value, bits);
  const shift = BigInt(bits - length);
  const value = (first.value >> shift) << shift;
  const middle = value + size(length + 1, bits);
  let low = from;
  let high = to;
  while (low < high) {
    const probe = (low + high) >> 1;
    if (leaves[probe]!.value < middle) low = probe + 1;
    else high = probe;
  }
  const left = build(leaves, from, low, most, bits);
  const right = build(leaves, low, to, most, bits);
  const best = [size(length, bits)];
  const split = [0];
  const useful = Math.min(most, left.best.length + right.best.length);
  for (let k = 2; k <= useful; k += 1) {
    let least = best[k - 2]!;
    let choice = split[k - 2]!;
    for (let i = Math.max(1, k - right.best.length); i <= Math.min(k - 1, left.best.length); i += 1) {
      const cost = left.best[i - 1]! + right.best[k - i - 1]!;
      if (cost < least) {
        least = cost;
        choice = i;
      }
    }
    best.push(least);
    // An equal cover with fewer prefixes was found before: keep to it.
    split.push(least === best[k - 2]! ? -1 : choice);
  }
  return { value, length, left, right, best, split };
}

function collect(node: Node, most: number, out: Cidr[], family: 4 | 6): void {
  const k = usefulPrefixes(node, most);
  const left = node.split[k - 1]!;
  if (left === 0 || node.left === null || node.right === null) {
    out.push(
      family === 4
        ? { family, value: Number(node.value), length: node.length }
        : { family, value: node.value, length: node.length },
    );
    return;
  }
  collect(node.left, left, out, family);
  collect(node.right, k - left, out, family);
}

function commonLength(a: bigint, b: bigint, bits: number): number {
  const differing = a ^ b;
  return bits === 32 ? Math.clz32(Number(differing)) : bits - differing.toString(2).length;
}
