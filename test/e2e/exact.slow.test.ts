import { beforeAll, describe, expect, it } from 'vitest';
import { type ExactScore, exactScore } from './exact-score.ts';

/** 50 VPCs in each format; PARE_SEEDS=1-10 looks at fewer. */
const [first = 1, last = 50] = (process.env.PARE_SEEDS ?? '1-50').split('-').map(Number);
const SEEDS = Array.from({ length: last - first + 1 }, (_, n) => first + n);

describe.each([
  ['v5', 0.97],
  ['v2', 0.9],
] as const)('advice on generated VPCs of every hardship, logged as %s', (format, recall) => {
  const scores: ExactScore[] = [];
  beforeAll(async () => {
    for (const seed of SEEDS) scores.push(await exactScore(seed, format));
  }, 3_600_000);

  it('blocks no true connection', () => {
    expect(scores).toHaveLength(SEEDS.length);
    expect(scores.flatMap((s) => s.blocked.map((b) => `seed ${s.seed}: ${b}`))).toEqual([]);
  });

  it(`removes at least ${recall * 100} % of the rules never used on covered interfaces`, () => {
    const stale = scores.reduce((sum, s) => sum + s.stale, 0);
    const removed = scores.reduce((sum, s) => sum + s.removed, 0);
    expect(stale).toBeGreaterThan(10 * SEEDS.length);
    expect(removed / stale, scores.flatMap((s) => s.missed).join('\n')).toBeGreaterThanOrEqual(recall);
  });

  it('leaves at most 1.1 times the ingress space of one who knows the truth, in either format', () => {
    const sum = (of: (s: ExactScore['space']) => bigint): number =>
      Number(scores.reduce((n, s) => n + of(s.space), 0n));
    const [before, after, oracle] = [sum((s) => s.before), sum((s) => s.after), sum((s) => s.oracle)];
    expect(oracle).toBeGreaterThan(0);
    expect(oracle).toBeLessThan(before);
    expect(after / oracle).toBeLessThanOrEqual(1.1);
  });
});
