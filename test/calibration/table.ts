import type { Outcome } from './world.ts';

/** Lower bounds of the buckets; the first that a confidence reaches holds it. */
export const BUCKETS = [1, 0.999, 0.99, 0.98, 0.95, 0.9, 0.8, 0.5, 0] as const;

export interface Bucket {
  from: number;
  proposals: number;
  regrets: number;
  /** Mean of what was promised: 1 - confidence. */
  promised: number;
  /** 95 % Wilson interval of the share that regrets. */
  low: number;
  high: number;
}

export function buckets(outcomes: readonly Outcome[]): Bucket[] {
  return BUCKETS.map((from, i) =>
    bucketOf(
      outcomes.filter((o) => o.confidence >= from && (i === 0 || o.confidence < BUCKETS[i - 1]!)),
      from,
    ),
  ).filter((bucket) => bucket.proposals > 0);
}

export function bucketOf(outcomes: readonly Outcome[], from: number): Bucket {
  const n = outcomes.length;
  const regrets = outcomes.filter((o) => o.regrets).length;
  const promised = n === 0 ? 0 : outcomes.reduce((sum, o) => sum + 1 - o.confidence, 0) / n;
  return { from, proposals: n, regrets, promised, ...wilson(regrets, n) };
}

/** Wilson (1927): an interval that is honest near 0. */
function wilson(hits: number, n: number): { low: number; high: number } {
  if (n === 0) return { low: 0, high: 1 };
  const z = 1.959964;
  const p = hits / n;
  const middle = (p + z ** 2 / (2 * n)) / (1 + z ** 2 / n);
  const half = (z * Math.sqrt((p * (1 - p)) / n + z ** 2 / (4 * n ** 2))) / (1 + z ** 2 / n);
  return { low: Math.max(0, middle - half), high: Math.min(1, middle + half) };
}

export function tableText(outcomes: readonly Outcome[]): string {
  const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
  const row = (name: string, b: Bucket): string => {
    const seen = b.proposals === 0 ? 0 : b.regrets / b.proposals;
    return `| ${name} | ${b.proposals} | ${percent(b.promised)} | ${b.regrets} | ${percent(seen)} | ${percent(b.low)} to ${percent(b.high)} |`;
  };
  const lines = buckets(outcomes).map((b, i, all) => {
    const above = all[i - 1] === undefined ? '' : ` to ${100 * BUCKETS[BUCKETS.indexOf(b.from as 0) - 1]!} %`;
    return row(`${b.from === 1 ? '100 %' : `${100 * b.from} %${above}`}`, b);
  });
  return [
    '| called | proposals | promised to regret | regret | share | 95 % interval |',
    '|---|---|---|---|---|---|',
    ...lines,
    row(
      '**99 % and above**',
      bucketOf(
        outcomes.filter((o) => o.confidence >= 0.99),
        0.99,
      ),
    ),
    row('all', bucketOf(outcomes, 0)),
  ].join('\n');
}
