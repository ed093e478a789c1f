import { afterEach, describe, expect, it } from 'vitest';
import { Bench } from './bench.ts';

const benches: Bench[] = [];
afterEach(async () => {
  for (const one of benches.splice(0)) await one.end();
});

/** Two of four are open, as limits.new allows; c and d wait. The dashboard is issue `board`. */
async function waiting(): Promise<{ bench: Bench; board: number }> {
  const bench = new Bench({ a: 3, b: 2, c: 1, d: 1 }, { config: 'limits: {open: 3, new: 2}\n' });
  benches.push(bench);
  await bench.deliver({ kind: 'run', fresh: false, cause: 'installed' });
  await bench.settle();
  expect(bench.world.repository.pulls).toHaveLength(2);
  return { bench, board: bench.world.repository.issues[0]!.number };
}

describe('/pare open', () => {
  it('opens the pull request of that rule, and only that one, before its slot', async () => {
    const { bench, board } = await waiting();
    const [reply] = await bench.say(board, '/pare open sgr-d-1');
    expect(reply).toContain('without waiting for its slot');
    expect(bench.world.repository.pulls.map((one) => one.title)).toEqual([
      'fix(a): remove 3 unused rules',
      'fix(b): remove 2 unused rules',
      'fix(d): remove 1 unused rule',
    ]);
    expect(bench.memory().wanted).toEqual([]);
    expect(bench.memory().audit.at(-1)).toMatchObject({ by: 'alice', what: 'open sgr-d-1', outcome: 'done' });
  });

  it('says where the rule is when it is open already, and does nothing', async () => {
    const { bench, board } = await waiting();
    const [reply] = await bench.say(board, '/pare open sgr-a-1');
    expect(reply).toContain(`is in #${bench.world.repository.pulls[0]!.number} already`);
    expect(bench.world.repository.pulls).toHaveLength(2);
  });

  it('refuses a rule that no edit is known for, and one that nobody knows', async () => {
    const { bench, board } = await waiting();
    const [rule] = bench.world.findings.document.rules.filter((one) => one.ruleId === 'sgr-d-1');
    bench.world.findings.document = {
      ...bench.world.findings.document,
      rules: bench.world.findings.document.rules.map((one) => (one === rule ? { ...one, action: 'keep' } : one)),
    };
    expect((await bench.say(board, '/pare open sgr-d-1'))[0]).toContain('There is no edit');
    expect((await bench.say(board, '/pare open sgr-none'))[0]).toContain('is not among the rules');
    expect(bench.world.repository.pulls).toHaveLength(2);
  });
});
