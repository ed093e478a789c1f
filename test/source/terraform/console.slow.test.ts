import { beforeAll, expect, it } from 'vitest';
import { askTerraform, requireTerraform } from './console.ts';
import { evaluateAll } from './evaluator.ts';
import { expressions, LOCALS } from './expressions.ts';

beforeAll(requireTerraform);

// The fast suite compares with recorded answers (evaluate.test.ts).
it.each([11, 12, 13])('agrees with terraform console on 2,000 generated expressions (seed %i)', async (seed) => {
  const list = expressions(seed, 2000);
  const answers = askTerraform(list);
  const ours = await evaluateAll(list, { 'locals.tf': LOCALS });
  expect(
    list.flatMap((expression, i) =>
      ours[i] === answers[i] ? [] : [{ expression, terraform: answers[i], ours: ours[i] }],
    ),
  ).toEqual([]);
});
