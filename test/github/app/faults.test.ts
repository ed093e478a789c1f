import { describe, expect, it } from 'vitest';
import { FAULTS } from './bench.ts';
import { CALM, disturbed, faultAt, story } from './story.ts';

const calm = await story(CALM);

describe('a life without disturbance', () => {
  it('ends as it should: kept, refused, reverted, each reply once', () => {
    const text = JSON.stringify(calm.end);
    const { repository } = calm.bench.world;
    expect(repository.pulls.map((one) => one.branch)).toContain('pare/revert-2');
    expect(repository.issues.map((one) => one.title)).toContain('Refused packets match what #2 removed');
    expect(text).toContain('Did you mean');
    expect(text).toContain('stays for good');
    expect(text.match(/pare-reply:v1/g)).toHaveLength(4);
    expect(calm.bench.refreshed).toBeGreaterThan(0);
    expect(calm.bench.log.join('\n')).toMatch(/done at 2026-09-\d\dT\d\d:\d\d:\d\dZ at the earliest/);
  });

  it('is followed by no write as long as nothing is new: run, watch and checks', () => {
    expect(calm.bench.afterwards).toEqual([]);
  });
});

describe('faults: the end state equals the undisturbed one (all calls and 500 runs in faults.slow.test.ts)', () => {
  it.each(FAULTS)('%s, at a request here and there', async (fault) => {
    for (let at = 1; at <= calm.bench.calls; at += 460)
      expect((await faultAt(at, fault)).end, `${fault} at call ${at}`).toEqual(calm.end);
  });

  it('in randomised lives of several faults each, duplicate and reordered deliveries', async () => {
    for (let seed = 1; seed <= 2; seed += 1) {
      const { end, bench } = await disturbed(seed);
      expect(end, `seed ${seed}`).toEqual(calm.end);
      expect(bench.faults.length, `seed ${seed}`).toBeGreaterThanOrEqual(3);
      expect(bench.afterwards, `seed ${seed}`).toEqual([]);
    }
  });
});
