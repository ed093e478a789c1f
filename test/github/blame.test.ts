import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPlatform } from '../../bot/github/platform/github.ts';
import { tokenClient } from '../../bot/github/platform/octokit.ts';
import { blamed, blameOf, touchedLines } from '../../bot/github/pulls/blame.ts';
import { runRepository } from '../../bot/github/run/run.ts';
import { createWire, wireFetch } from './wire/github.ts';
import { world } from './world.ts';

describe('the lines that a change touches', () => {
  it.each([
    ['a\nb\nc\n', 'a\nc\n', [{ from: 2, to: 2 }]],
    ['a\nb\nc\nd\n', 'a\nX\nd\n', [{ from: 2, to: 3 }]],
    [
      'a\nb\nc\n',
      'b\n',
      [
        { from: 1, to: 1 },
        { from: 3, to: 3 },
      ],
    ],
    ['a\n', '', [{ from: 1, to: 1 }]],
    ['a\n', 'a\n', []],
  ])('of %j to %j are %j', (before, after, lines) => expect(touchedLines(before, after)).toEqual(lines));

  it('hold every line that goes, and only lines of the text before', () => {
    const text = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 8 });
    fc.assert(
      fc.property(text, fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }), (lines, stays) => {
        const before = lines.map((one) => `${one}\n`).join('');
        const kept = lines.filter((_, n) => stays[n]);
        const touched = touchedLines(before, kept.map((one) => `${one}\n`).join(''));
        const size = touched.reduce((sum, one) => sum + one.to - one.from + 1, 0);
        expect(size).toBe(lines.length - kept.length);
        for (const one of touched) expect([one.from >= 1, one.to <= lines.length]).toEqual([true, true]);
      }),
    );
  });
});

describe('whom to ask', () => {
  const ranges = [
    { from: 1, to: 4, login: 'zoe' },
    { from: 5, to: 5, login: 'bob' },
    { from: 6, to: 8, login: 'amy' },
    { from: 9, to: 9, login: null },
    { from: 10, to: 12, login: 'renovate[bot]' },
  ];
  const platform = { blame: async () => ranges };
  const of = (lines: { from: number; to: number }[], but: string[] = [], atMost = 5) =>
    blamed({ commit: 'c', files: [{ path: 'x', lines }], atMost }, platform, but);

  it('who wrote the most of these lines first, by name where they wrote as many', async () => {
    expect(await of([{ from: 4, to: 7 }])).toEqual(['amy', 'bob', 'zoe']);
    expect(await of([{ from: 1, to: 12 }])).toEqual(['zoe', 'amy', 'bob']);
    expect(await of([{ from: 1, to: 12 }], ['zoe'])).toEqual(['amy', 'bob']);
    expect(await of([{ from: 1, to: 12 }], [], 1)).toEqual(['zoe']);
    expect(await of([{ from: 9, to: 12 }])).toEqual([]);
  });

  it('nobody where owners are enough', () => {
    expect(blameOf([{ path: 'x', before: 'a\n', after: '' }], '', 'c', 0)).toBeNull();
    expect(blameOf([{ path: 'x', before: 'a\n', after: '' }], 'infra/', 'c', 2)?.files[0]?.path).toBe('infra/x');
  });
});

describe('reviewers of a pull request', () => {
  const start = (config: string) => {
    const w = world({ live: 2 }, { config: `brake: {atLeast: 1000}\n${config}`, more: { CODEOWNERS: '* @olga\n' } });
    w.repository.blames.set('live/x.fake', [
      { from: 1, to: 1, login: 'amy' },
      { from: 2, to: 2, login: 'olga' },
    ]);
    return w;
  };
  const run = (w: ReturnType<typeof start>, fetch: typeof globalThis.fetch = wireFetch(createWire(w.repository))) =>
    runRepository({
      platform: createPlatform({
        client: tokenClient({ token: 't', baseUrl: 'https://github.test', fetch }),
        repository: { owner: 'acme', name: 'infra' },
        clock: w.clock,
        viewer: w.repository.viewer,
      }),
      source: w.source,
      clock: w.clock,
      onboarding: true,
    });

  it.each([
    ['', ['amy', 'olga']],
    ['reviewers: {atMost: 1}', ['olga']],
    ['reviewers: {blame: false}', ['olga']],
    ['reviewers: {codeowners: false}', ['amy', 'olga']],
    ['reviewers: {codeowners: false, blame: false}', []],
  ])('with %j are %j', async (config, reviewers) => {
    const w = start(`${config}\n`);
    await run(w);
    expect(w.repository.pulls[0]?.reviewers).toEqual(reviewers);
  });

  it('are asked once: who takes them away has the last word', async () => {
    const w = start('');
    await run(w);
    w.repository.pulls[0]!.reviewers = [];
    const writes = w.repository.writes.length;
    await run(w);
    expect(w.repository.writes.slice(writes)).toEqual([]);
  });

  it('are the owners alone where the host does not tell whose lines they are', async () => {
    for (const answer of [
      () => Response.json({ data: null, errors: [{ message: 'no' }] }),
      () => Response.json({ message: 'Not Found' }, { status: 404 }),
      () => Response.json({ message: 'Forbidden' }, { status: 403 }),
      () => Response.json({ data: { repository: { object: {} } } }),
    ]) {
      const w = start('');
      const wire = wireFetch(createWire(w.repository));
      await run(w, async (input, init) => (String(input).endsWith('/graphql') ? answer() : wire(input, init)));
      expect(w.repository.pulls[0]?.reviewers).toEqual(['olga']);
    }
  });
});
