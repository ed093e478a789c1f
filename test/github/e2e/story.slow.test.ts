import { beforeAll, describe, expect, it } from 'vitest';
import { type Pull, playStory } from './story.ts';
import { walkthrough } from './walkthrough.ts';

let told: Awaited<ReturnType<typeof playStory>>;
beforeAll(async () => {
  told = await playStory();
}, 600_000);

function fact<T>(name: string): T {
  return told.facts[name] as T;
}

describe('a repository’s life with the App, on GitHub by emulate, with real Probot and signed webhooks', () => {
  it('no job failed, and every delivery was taken', () => {
    expect(told.facts.failures).toEqual([]);
    expect(fact<{ status: number }[]>('deliveries').filter((one) => one.status >= 300)).toEqual([]);
    // These too were held against GitHub's description, as every exchange is (test/github/emulated.ts).
    expect(told.facts.asApp).toEqual(['GET /app 200', 'POST /app/installations/100/access_tokens 201']);
    expect(fact<unknown[]>('deliveries').length).toBeGreaterThan(10);
  });

  it('installed: only the onboarding pull request, with a preview', () => {
    const onboarding = fact<Pull>('onboarding');
    expect(onboarding.title).toBe('chore: configure Pare');
    expect(onboarding.body).toContain('remove 2 unused rules');
  });

  it('the weekly run: as many pull requests as limits.new allows, each with its check', () => {
    expect(fact<Pull[]>('opened').map((one) => one.title)).toEqual([
      'fix(mail): remove 2 unused rules',
      'fix(shop): remove 2 unused rules',
      'fix(web): remove 2 unused rules',
    ]);
    // She wrote the lines that go.
    expect(told.facts.reviewers).toEqual(['alice']);
    expect(told.facts.checks).toMatchObject([{ name: 'Pare: evidence', conclusion: 'success' }]);
  });

  it('a stranger’s command changes nothing and gets no reply', () => {
    expect(fact<{ user: string }[]>('afterStranger').map((one) => one.user)).toEqual(['stranger']);
    expect(fact<Pull>('webAfterStranger')).toEqual(
      fact<Pull[]>('opened').find((one) => one.number === told.web.number),
    );
  });

  it('a writer’s typo is hinted at, a quoted command is text, a command is done', () => {
    const replies = fact<{ user: string; body: string }[]>('afterKeep').filter((one) => one.user === 'pare[bot]');
    expect(replies.map((one) => one.body.split('\n')[0])).toEqual([
      'There is no command `kepe`: nothing was done. Did you mean `/pare keep`?',
      expect.stringContaining('stays until 2030-12-31.'),
    ]);
    expect(fact<Pull>('webAfterKeep').title).toBe('fix(web): remove 1 unused rule');
  });

  it('closed unmerged: newer evidence that says the same brings nothing back', () => {
    expect(fact<Pull[]>('afterClose').map((one) => one.state)).toEqual(['closed']);
    expect(fact<string>('dashboard')).toContain('refused by alice');
  });

  it('a human’s commit: hands off, the body says so, and it is made a draft when the evidence changed', () => {
    expect(fact<Pull>('handsOff').body).toMatch(/^> \*\*Pare leaves this branch alone\.\*\*/);
    expect(fact<Pull>('handsOff').draft).toBe(true);
    expect(fact<string>('mailFile')).toContain('by hand');
    expect(told.facts.mailChecks).toContainEqual(
      expect.objectContaining({ name: 'Pare: evidence', conclusion: 'failure' }),
    );
  });

  it('a conflict: that branch alone is made anew on the newest base', () => {
    const { before, after, text } = fact<{ before: string; after: string; text: string }>('rebased');
    expect(after).not.toBe(before);
    expect(text).toContain('# Owned by team web.');
    expect(text).not.toContain('9100');
    expect(fact<string>('dashboard')).toContain(`- #${told.web.number} fix\\(web\\): remove 1 unused rule (1 rule)\n`);
  });

  it('merged and regretted: an issue, a ready revert, and after it the rule is kept', () => {
    expect(fact<{ title: string }>('regret').title).toBe(
      `Refused packets match what #${fact<Pull>('zone').number} removed`,
    );
    expect(fact<Pull>('revert')).toMatchObject({ draft: false, head: `pare/revert-${fact<Pull>('zone').number}` });
    expect(fact<string>('reverted')).toContain('9100');
    expect(fact<string>('mainAtEnd')).toContain('9100');
    expect(fact<string[]>('mainLog')).toEqual(
      expect.arrayContaining([
        'edit web/main.tf',
        `Merge pull request #${fact<Pull>('zone').number}`,
        `Merge pull request #${fact<Pull>('revert').number}`,
      ]),
    );
    expect(fact<Pull[]>('end').map((one) => one.title)).not.toContain('fix(zone): remove 1 unused rule');
  });

  it('a re-run with unchanged evidence makes no write call at all', () => {
    expect(told.facts.quiet).toEqual([]);
  });

  it('docs/walkthrough.md tells it, with the bodies as rendered', async () => {
    await expect(walkthrough(told.chapters)).toMatchFileSnapshot('../../../docs/walkthrough.md');
  });
});
