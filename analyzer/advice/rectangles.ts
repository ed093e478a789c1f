import type { Cidr } from '../model/address.ts';

/** Something a rule must let in: a port (or the whole line) from a network. Addresses as bigint for both families. */
export interface Point {
  unit: Cidr;
  port: number;
}

export interface Rectangle {
  cidr: Cidr;
  fromPort: number;
  toPort: number;
}

/** More distinct points than this are not searched: the cost is 3 to this power. */
export const MOST_POINTS = 8;

/**
 * For each k = 1 … `most` the rectangles (network × port range), at most k, that hold all points with the least sum of areas; null where none is
 * acceptable. Exact: in an optimum each rectangle is the least that holds the points it is there for, so every way to part the points is
 * weighed. `acceptable` judges the network of a rectangle. Null for the whole where there are too many points.
 */
export function leastRectangles(
  points: readonly Point[],
  most: number,
  acceptable: (cidr: Cidr, units: readonly Cidr[]) => boolean,
): readonly (readonly Rectangle[] | null)[] | null {
  const n = points.length;
  if (n === 0 || n > MOST_POINTS) return null;
  const full = 2 ** n - 1;
  const hulls: (Rectangle | null)[] = [null];
  const areas: (bigint | null)[] = [null];
  for (let set = 1; set <= full; set += 1) {
    const mine = points.filter((_, i) => (set >> i) & 1);
    const hull = hullOf(mine);
    const good = acceptable(
      hull.cidr,
      mine.map((p) => p.unit),
    );
    hulls.push(good ? hull : null);
    areas.push(good ? areaOf(hull) : null);
  }
  // best[set]: the least area for these points with the rectangles of this round, and the part that was taken last.
  let best: ({ area: bigint; parts: readonly number[] } | null)[] = [{ area: 0n, parts: [] }];
  for (let set = 1; set <= full; set += 1) best.push(null);
  const out: (readonly Rectangle[] | null)[] = [];
  for (let k = 1; k <= most; k += 1) {
    const next = [...best];
    for (let set = 1; set <= full; set += 1) {
      const lowest = set & -set;
      for (let part = set; part > 0; part = (part - 1) & set) {
        // Parts are dealt out in the order of their lowest point, so that each partition is met once.
        if ((part & lowest) === 0) continue;
        const before = best[set ^ part] ?? null;
        const area = areas[part] ?? null;
        if (before === null || area === null) continue;
        const held = next[set] ?? null;
        if (held === null || before.area + area < held.area) {
          next[set] = { area: before.area + area, parts: [...before.parts, part] };
        }
      }
    }
    best = next;
    out.push(best[full]?.parts.map((part) => hulls[part]!) ?? null);
  }
  return out;
}

function hullOf(points: readonly Point[]): Rectangle {
  let cidr = points[0]!.unit;
  let fromPort = points[0]!.port;
  let toPort = fromPort;
  for (const { unit, port } of points) {
    cidr = common(cidr, unit);
    fromPort = Math.min(fromPort, port);
    toPort = Math.max(toPort, port);
  }
  return { cidr, fromPort, toPort };
}

/** The longest prefix that holds both. */
function common(a: Cidr, b: Cidr): Cidr {
  if (a.family === 4 && b.family === 4) {
    let length = Math.min(a.length, b.length);
    let block = 2 ** (32 - length);
    while (Math.floor(a.value / block) !== Math.floor(b.value / block)) {
      length -= 1;
      block *= 2;
    }
    return { family: 4, value: Math.floor(a.value / block) * block, length };
  }
  const [x, y] = [BigInt(a.value), BigInt(b.value)];
  let length = Math.min(a.length, b.length);
  while (x >> BigInt(128 - length) !== y >> BigInt(128 - length)) length -= 1;
  const shift = BigInt(128 - length);
  return { family: 6, value: (x >> shift) << shift, length };
}

function areaOf({ cidr, fromPort, toPort }: Rectangle): bigint {
  return BigInt(toPort - fromPort + 1) << BigInt((cidr.family === 4 ? 32 : 128) - cidr.length);
}
