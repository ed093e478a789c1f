import { beforeAll, expect, it } from 'vitest';
import { askTerraform, LATER, requireTerraform } from './console.ts';
import { evaluateAll } from './evaluator.ts';
import { expressions, LOCALS } from './expressions.ts';
import { edgeExpressions } from './expressions-edge.ts';
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

// What cannot be exactly Terraform's answer is not known; it is never another one. Not compared: what Terraform itself knows only after apply.
it.each([61, 62, 71, 72, 73])(
  'is never at odds with terraform console on 2,000 expressions at the edges (seed %i)',
  async (seed) => {
    const list = [...new Set(edgeExpressions(seed, 2000))];
    const answers = askTerraform(list);
    const ours = await evaluateAll(list, { 'locals.tf': LOCALS });
    const open = ours.filter((answer) => answer.startsWith('UNKNOWN')).length;
    expect(
      list.flatMap((expression, i) =>
        ours[i] === answers[i] || ours[i]!.startsWith('UNKNOWN') || answers[i] === LATER
          ? []
          : [{ expression, terraform: answers[i], ours: ours[i] }],
      ),
    ).toEqual([]);
    expect(open / list.length).toBeLessThan(0.05);
  },
);
