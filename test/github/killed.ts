import fc from 'fast-check';
import { expect } from 'vitest';
import { runRepository } from '../../bot/github/run/run.ts';
import type { FakeRepository } from './fake-platform.ts';
import { type World, world } from './world.ts';

type Event = { kind: 'later' | 'foreign' | 'close' | 'conflict' | 'merge' | 'keep' | 'again'; on: number };

const event = fc.record({
  kind: fc.constantFrom<Event['kind']>('later', 'foreign', 'close', 'conflict', 'merge', 'keep', 'again'),
  on: fc.nat({ max: 5 }),
});
/** What happens between runs, and at which write each run is killed, once. */
const story = fc.array(fc.record({ events: fc.array(event, { maxLength: 2 }), kill: fc.nat({ max: 16 }) }), {
  minLength: 1,
  maxLength: 4,
});

function begin(): World {
  return world({ a: 3, b: 1, c: 2 }, { config: 'limits: {open: 4, new: 2}\n', more: { CODEOWNERS: '* @alice\n' } });
}

function happen(w: World, { kind, on }: Event): void {
  const open = w.repository.pulls.filter((one) => one.state === 'open').sort((a, b) => (a.branch < b.branch ? -1 : 1));
  const pull = open[on % Math.max(1, open.length)];
  const { document } = w.findings;
  const rule = document.rules[on % document.rules.length]!;
  if (kind === 'later') {
    const to = new Date(Date.parse(document.window.to) + 7 * 86_400_000).toISOString();
    w.findings.document = { ...document, window: { ...document.window, to } };
  }
  if (kind === 'keep') rule.action = 'keep';
  if (kind === 'again') rule.action = 'remove';
  if (pull === undefined) return;
  if (kind === 'foreign') w.repository.push(pull.branch, { 'by-hand.txt': 'x' }, 'bob');
  if (kind === 'close') w.repository.closeByHand(pull.number, 'carol');
  if (kind === 'conflict') pull.mergeable = 'conflict';
  // What is merged together with a foreign commit would bring its file along; that is no concern of this test.
  if (kind === 'merge') w.repository.merge(pull.number);
}

async function run(w: World, kill: number): Promise<boolean> {
  const { repository, source, clock } = w;
  repository.writes = [];
  repository.stopAfter = kill;
  try {
    await runRepository({ platform: repository.platform(), source, clock, onboarding: true });
    return true;
  } catch (error) {
    if (!(error instanceof Error) || error.message !== 'killed') throw error;
    return false;
  } finally {
    repository.stopAfter = Number.POSITIVE_INFINITY;
  }
}

/** What people see, without the numbers and commit ids that depend on how often something was tried. */
function visible({ pulls, issues, branches, files }: FakeRepository) {
  const texts = (branch: string) => [...(files.get(branches.get(branch) ?? '') ?? [])].sort();
  return {
    pulls: pulls
      .map(({ branch, title, body, state, draft, labels, reviewers }) => ({
        branch,
        title,
        state,
        draft,
        labels,
        reviewers,
        body: plain(body),
        files: state === 'open' ? texts(branch) : [],
      }))
      .sort((x, y) => (JSON.stringify(x) < JSON.stringify(y) ? -1 : 1)),
    branches: [...branches.keys()].sort(),
    dashboards: issues.map((one) => plain(one.body).split('\n').sort()),
  };
}

function plain(text: string): string {
  return text
    .replace(/<!-- pare-(?:pull|memory):v1 .*?-->/g, '')
    .replace(/#(?:&#8203;)?\d+/g, '#n')
    .replace(/\b[0-9a-f]{10}\b/g, 'commit');
}

/** Whatever happens and wherever a run is killed: after the next one all is as if it had not been. */
export async function killedAnywhere(numRuns: number): Promise<'the same'> {
  await fc.assert(
    fc.asyncProperty(story, async (steps) => {
      const calm = begin();
      const rough = begin();
      for (const { events, kill } of steps) {
        for (const one of events) {
          happen(calm, one);
          happen(rough, one);
        }
        await run(calm, Number.POSITIVE_INFINITY);
        if (!(await run(rough, kill))) await run(rough, Number.POSITIVE_INFINITY);
        expect(visible(rough.repository)).toEqual(visible(calm.repository));
      }
      await run(rough, Number.POSITIVE_INFINITY);
      expect(rough.repository.writes).toEqual([]);
    }),
    { numRuns },
  );
  return 'the same';
}
