/**
 * Our own seeded generator (sfc32, Chris Doty-Humphrey's Small Fast Counter, public domain algorithm), so that a world is the same on every
 * machine and every Node: no Math.random, no clock.
 */
export interface Random {
  /** 0 to 2^32 - 1. */
  uint32(): number;
  /** Whole number, both ends included. */
  between(from: number, to: number): number;
  /** True with this probability. */
  chance(probability: number): boolean;
  pick<T>(items: readonly T[]): T;
  /** Lower-case hexadecimal digits. */
  hex(digits: number): string;
  /** A generator of its own, so that one part of a world can grow without shifting the others. */
  fork(label: string): Random;
}

export function random(seed: number | string): Random {
  const text = String(seed);
  let [a, b, c] = [hash(`a${text}`), hash(`b${text}`), hash(`c${text}`)];
  let counter = 1;
  const uint32 = (): number => {
    const t = (((a + b) >>> 0) + counter) >>> 0;
    counter = (counter + 1) >>> 0;
    a = (b ^ (b >>> 9)) >>> 0;
    b = (c + (c << 3)) >>> 0;
    c = ((((c << 21) | (c >>> 11)) >>> 0) + t) >>> 0;
    return t;
  };
  for (let i = 0; i < 15; i += 1) uint32();
  const between = (from: number, to: number): number => from + Math.floor((uint32() / 2 ** 32) * (to - from + 1));
  return {
    uint32,
    between,
    chance: (probability) => uint32() / 2 ** 32 < probability,
    pick: (items) => {
      const item = items[between(0, items.length - 1)];
      if (item === undefined) throw new Error('nothing to pick from');
      return item;
    },
    hex: (digits) => {
      let out = '';
      while (out.length < digits) out += uint32().toString(16).padStart(8, '0');
      return out.slice(0, digits);
    },
    fork: (label) => random(`${text}/${label}`),
  };
}

/** FNV-1a with a final mix. */
export function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
