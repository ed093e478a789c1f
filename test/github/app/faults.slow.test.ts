import { expect, it } from 'vitest';
import { CALM, disturbed, killedAt, story } from './story.ts';

const calm = await story(CALM);

it('kill -9 between any two calls: the end state equals the undisturbed one', { timeout: 900_000 }, async () => {
  expect(calm.bench.calls).toBeGreaterThan(100);
  for (let at = 1; at <= calm.bench.calls; at += 1)
    for (const kind of ['kill-before', 'kill-after'] as const)
      expect((await killedAt(at, kind)).end, `${kind} at call ${at}`).toEqual(calm.end);
});

it('500 randomised runs end as the undisturbed one: no duplicate, nothing lost', { timeout: 900_000 }, async () => {
  for (let seed = 1; seed <= 500; seed += 1) expect((await disturbed(seed)).end, `seed ${seed}`).toEqual(calm.end);
});
