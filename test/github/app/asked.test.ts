import { afterEach, describe, expect, it } from 'vitest';
import { Bench } from './bench.ts';

const benches: Bench[] = [];
afterEach(async () => {
  for (const one of benches.splice(0)) await one.end();
});

async function opened(): Promise<Bench> {
  const bench = new Bench({ a: 2 });
  benches.push(bench);
  await bench.deliver({ kind: 'run', fresh: false, cause: 'installed' });
  await bench.settle();
  expect(bench.world.repository.pulls.map((one) => one.title)).toEqual(['fix(a): remove 2 unused rules']);
  return bench;
}

async function ask(bench: Bench, text: string, by = 'alice', id = 'one'): Promise<void> {
  await bench.deliver({ kind: 'asked', id, text, by, at: bench.world.clock.now() });
  await bench.settle();
}

describe('a command from the report page', () => {
  it('does what the same comment does: the rule leaves its pull request and the memory has the word', async () => {
    const bench = await opened();
    await ask(bench, '/pare keep sgr-a-1 because it is for the drill');
    expect(bench.memory().keeps).toMatchObject([{ by: 'alice', reason: 'it is for the drill', until: null }]);
    expect(bench.world.repository.pulls[0]!.title).toBe('fix(a): remove 1 unused rule');
    expect(bench.memory().audit.at(-1)).toMatchObject({ by: 'alice', outcome: 'done' });
  });

  it('is carried out once, however often it comes', async () => {
    const bench = await opened();
    await ask(bench, '/pare keep sgr-a-1');
    await ask(bench, '/pare unkeep sgr-a-1', 'alice', 'two');
    await ask(bench, '/pare keep sgr-a-1');
    expect(bench.memory().keeps).toEqual([]);
  });

  it('is refused where the right to write is gone by then', async () => {
    const bench = await opened();
    for (const by of ['eve', 'mallory', 'nobody']) await ask(bench, '/pare keep sgr-a-1', by, by);
    expect(bench.memory().keeps).toEqual([]);
    expect(bench.memory().audit.every((one) => one.outcome === 'refused')).toBe(true);
  });

  it('writes no comment', async () => {
    const bench = await opened();
    bench.world.repository.writes = [];
    await ask(bench, '/pare keep sgr-a-1');
    expect(bench.world.repository.writes).not.toContain('createComment');
  });
});
