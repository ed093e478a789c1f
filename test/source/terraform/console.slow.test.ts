import { beforeAll, expect, it } from 'vitest';
import { askTerraform, requireTerraform } from './console.ts';
import { evaluateAll } from './evaluator.ts';
import { expressions, LOCALS } from './expressions.ts';
import { wideExpressions } from './expressions-wide.ts';

beforeAll(requireTerraform);

const RUNS = [
  ...[11, 12, 13].map((seed) => ['nested', seed, expressions] as const),
  ...[21, 22, 23].map((seed) => ['wide', seed, wideExpressions] as const),
];

// The fast suite compares with recorded answers (evaluate.test.ts).
it.each(RUNS)('agrees with terraform console on 2,000 generated expressions (%s, seed %i)', async (_, seed, make) => {
  const list = make(seed, 2000);
  const answers = askTerraform(list);
  const ours = await evaluateAll(list, { 'locals.tf': LOCALS });
  expect(
    list.flatMap((expression, i) =>
      ours[i] === answers[i] ? [] : [{ expression, terraform: answers[i], ours: ours[i] }],
    ),
  ).toEqual([]);
});
