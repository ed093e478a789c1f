import { describe, expect, it } from 'vitest';
import type { Asked, Told } from '../wire/github.ts';
import { FAULTS, type Fault } from './bench.ts';
import { CALM, disturbed, faultAt, story } from './story.ts';

const calm = await story(CALM);

/** At every call: the process ends before it, or it took effect and nobody heard of it. The others leave less behind, so every ninth will do. */
const EVERYWHERE: readonly Fault[] = ['kill', 'failed-after'];

describe('a fault at any call of a life: the end state equals the undisturbed one', () => {
  it.each(FAULTS)('%s', { timeout: 1_800_000 }, async (fault) => {
    expect(calm.bench.calls).toBeGreaterThan(400);
    for (let at = 1; at <= calm.bench.calls; at += EVERYWHERE.includes(fault) ? 1 : 9)
      expect((await faultAt(at, fault)).end, `${fault} at call ${at}`).toEqual(calm.end);
  });
});

describe('500 randomised lives', () => {
  it('end as the undisturbed one: no duplicate, no command lost', { timeout: 1_800_000 }, async () => {
    const met: number[] = [];
    for (let seed = 1; seed <= 500; seed += 1) {
      const { end, bench } = await disturbed(seed);
      expect(end, `seed ${seed}`).toEqual(calm.end);
      expect(bench.afterwards, `seed ${seed}`).toEqual([]);
      met.push(bench.faults.length);
    }
    // Three at least in each, twice eight or so in most.
    expect(Math.min(...met)).toBeGreaterThanOrEqual(3);
    expect(met.reduce((sum, one) => sum + one, 0) / met.length).toBeGreaterThan(12);
  });
});

describe('these lives are rough enough to show what idempotency rests on', () => {
  const none = (told: Told): Told => ({ ...told, body: [] });
  it.each<[string, (asked: Asked, told: Told) => Told]>([
    [
      'its own replies',
      ({ method, path }, told) => (method === 'GET' && /\/comments$/.test(path) ? unowned(told) : told),
    ],
    [
      'the issue that it opened for a regret',
      ({ query }, told) => (query.get('labels') === 'pare-regret' ? none(told) : told),
    ],
    [
      'the pull request that is there already',
      ({ method, path }, told) => (method === 'GET' && /\/pulls$/.test(path) ? none(told) : told),
    ],
  ])('an App that does not see %s ends otherwise', { timeout: 900_000 }, async (_, lie) => {
    for (let seed = 1; seed <= 60; seed += 1) {
      const end = await disturbed(seed, lie).then((one) => one.end, String);
      if (JSON.stringify(end) !== JSON.stringify(calm.end)) return;
    }
    expect.unreachable('nothing showed');
  });
});

/** Comments as if nobody had written them by the App's name. */
function unowned(told: Told): Told {
  return { ...told, body: (told.body as { user: unknown }[]).map((one) => ({ ...one, body: 'x', user: one.user })) };
}
