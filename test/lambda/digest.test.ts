import { describe, expect, it } from 'vitest';
import type { Finding, FindingsDocument } from '../../analyzer/model/finding.ts';
import { type DigestFacts, digest } from '../../bot/lambda/digest.ts';

function finding(id: string, more: Partial<Finding> = {}): Finding {
  return {
    findingId: id,
    ruleId: `sgr-${id}`,
    groupId: 'sg-1',
    accountId: '111122223333',
    region: 'eu-west-1',
    direction: 'ingress',
    action: 'remove',
    reason: 'unused',
    replacements: [],
    ...more,
  } as unknown as Finding;
}

function facts(rules: readonly Finding[], more: Partial<DigestFacts> = {}): DigestFacts {
  const document = {
    window: { from: '2026-08-23T00:00:00Z', to: '2026-11-21T00:00:00Z' },
    rules,
    unexplained: [],
  } as unknown as FindingsDocument;
  return {
    document,
    previous: null,
    failed: [],
    repositories: [],
    pulls: [],
    at: new Date('2026-11-21T05:00:00Z'),
    ...more,
  };
}

describe('the digest', () => {
  it('counts what can go, what can be narrower and what needs a person', () => {
    const { subject, text } = digest(
      facts([
        finding('a'),
        finding('b', { action: 'narrow' }),
        finding('c', { action: 'review' }),
        finding('d', { action: 'keep' }),
      ]),
    );
    expect(subject).toBe('Pare: 1 rules can go, 2 new proposals');
    expect(text).toContain('4 rules judged: 1 can go, 1 can be narrower, 1 need a person.');
  });

  it('lists only what is new: another action or other replacements, not other figures', () => {
    const previous = [finding('a'), finding('b', { action: 'narrow' })];
    const now = [finding('a', { confidence: 0.5 }), finding('b'), finding('c')];
    const { text } = digest(facts(now, { previous }));
    expect(text).toContain('2 of these proposals are new since the last analysis.');
    expect(text).not.toContain('sgr-a');
    expect(text).toContain('- remove sgr-b of sg-1 (111122223333 eu-west-1): unused');
  });

  it('says first that accounts could not be read: few proposals are then no good news', () => {
    const { subject, text } = digest(facts([], { failed: ['444455556666 all regions: access denied; allow it'] }));
    expect(subject).toContain('(incomplete)');
    expect(text.indexOf('444455556666')).toBeGreaterThan(text.indexOf('Not read (1)'));
  });

  it('says when the evidence is old', () => {
    const { subject, text } = digest(facts([], { at: new Date('2026-11-25T05:00:00Z') }));
    expect(subject).toContain('(incomplete)');
    expect(text).toContain('No flow logs newer than 2026-11-21T00:00:00Z were read');
  });

  it('stays short, whatever there is', () => {
    const many = Array.from({ length: 5000 }, (_, i) => finding(`f${i}`));
    const { subject, text } = digest(facts(many, { failed: many.map(({ findingId }) => findingId) }));
    // SNS takes subjects of 100 characters.
    expect(subject.length).toBeLessThanOrEqual(100);
    expect(text.length).toBeLessThan(5000);
    expect(text).toContain('- and 4980 more');
  });

  it('lists the open pull requests, oldest first, and says of when the list is', () => {
    const pull = (number: number, more = {}) => ({
      ...{
        number,
        title: 'fix(web): remove 2 unused rules',
        url: `https://github.com/acme/infra/pull/${number}`,
        draft: false,
      },
      ...more,
    });
    const at = '2026-11-20T23:10:00.000Z';
    const pulls = [
      { repository: 'acme/infra', at, pulls: [pull(7), pull(12, { draft: true, title: 'a\nb' })] },
      { repository: 'acme/other', at, pulls: [] },
    ];
    const { text } = digest(facts([], { pulls }));
    expect(text).toContain(
      `2 open pull requests in acme/infra (as of 2026-11-20T23:10Z):
- #7 fix(web): remove 2 unused rules https://github.com/acme/infra/pull/7
- #12 a b (draft) https://github.com/acme/infra/pull/12
`,
    );
    expect(text).toContain('0 open pull requests in acme/other (as of 2026-11-20T23:10Z).\n');
    const many = [{ repository: 'acme/infra', at, pulls: Array.from({ length: 400 }, (_, i) => pull(i)) }];
    expect(digest(facts([], { pulls: many })).text).toContain('- and 380 more');
  });

  it('lets no text from outside break its line', () => {
    const { text } = digest(facts([finding('a', { groupId: 'sg-1\nNot read (9)\u2028x\u202E' })]));
    expect(text.split('\n').filter((line) => line.startsWith('Not read'))).toEqual([]);
    expect(text).not.toMatch(/[\u2028\u202E]/);
  });

  it('law 7: says the same whatever order the rules come in', () => {
    const rules = ['c', 'a', 'b'].map((id) => finding(id));
    expect(digest(facts(rules))).toEqual(digest(facts([...rules].reverse())));
  });
});
