import { describe, expect, it } from 'vitest';
import { findingsDocument } from '../../analyzer/advice/index.ts';
import type { RuleAge } from '../../analyzer/model/inventory.ts';
import { daily, days, FROM, flow, inventory, judge, rule } from './build.ts';

const DAY = 86_400;
const HTTPS = rule('ingress tcp 443 10.0.0.0/8');
const SSH = rule('ingress tcp 22 10.0.0.0/8');
const window = days(30);

/** Ages in days of the window: 0 is its first, 30 its end. */
function aged(createdAt: number | null, changedAt: number | null = null): RuleAge {
  const moment = (day: number | null): number | null => (day === null ? null : FROM + day * DAY);
  return {
    ruleId: SSH.ruleId,
    createdAt: moment(createdAt),
    changedAt: moment(changedAt),
    by: 'arn:aws:iam::1:user/a',
  };
}

async function verdict(age: RuleAge | null, rows = daily(30, 6, 443, '10.0.1.5'), policy = {}) {
  const inv = inventory({ rules: [HTTPS, SSH], ...(age === null ? {} : { ruleAges: [age] }) });
  const judged = await judge(inv, rows, { window, policy });
  return { ...judged, inv, ssh: judged.advice.verdicts.find((v) => v.rule.ruleId === SSH.ruleId)! };
}

describe('law 1: the silence of a rule younger than the window proves nothing before it was made', () => {
  it.each([
    ['of unknown age', null, 'remove', 'unused'],
    ['made before the window', aged(-100), 'remove', 'unused'],
    ['made as the window began', aged(0), 'remove', 'unused'],
    ['made 14 days before its end', aged(16), 'remove', 'unused'],
    ['made 13 days before its end', aged(17), 'review', 'rule-too-young'],
    ['made after it', aged(31), 'review', 'rule-too-young'],
    ['old, but changed 13 days before its end', aged(-100, 17), 'review', 'rule-too-young'],
    ['of which only a late change is known', aged(null, 17), 'review', 'rule-too-young'],
    ['of which only an early change is known', aged(null, 3), 'remove', 'unused'],
  ])('a rule %s', async (_, age, action, reason) => {
    const { ssh } = await verdict(age);
    expect([ssh.action, ssh.reason]).toEqual([action, reason]);
    expect(ssh.confidence > 0).toBe(action === 'remove');
  });

  it('says when, and how long is needed', async () => {
    const { ssh } = await verdict(aged(17));
    expect(ssh.detail).toBe(
      'The rule was made on 2024-10-21, 13 days before the end of the window; 14 are needed before silence proves anything.',
    );
    expect((await verdict(aged(-100, 17))).ssh.detail).toMatch(/^The rule was last changed on 2024-10-21, 13 days/);
    expect((await verdict(aged(31))).ssh.detail).toMatch(
      /^The rule was made on 2024-11-04, after the window judged; 14 /,
    );
  });

  it("asks for a group's own window where the policy gives one", async () => {
    const none = {
      protectedGroups: [],
      protectedPorts: [],
      protectedPeers: [],
      keeps: [],
      neverNarrow: [],
      brake: null,
    };
    const orders = { orders: { ...none, rulesPerGroup: 60, windows: [{ group: 'sg-web', days: 20 }] } };
    expect((await verdict(aged(12), undefined, orders)).ssh.reason).toBe('rule-too-young');
    expect((await verdict(aged(10), undefined, orders)).ssh.reason).toBe('unused');
  });

  it('keeps a young rule that is used as it is', async () => {
    const rows = Array.from({ length: 13 }, (_, n) => flow(17 + n, 6, 22, '10.0.1.5'));
    const young = (await verdict(aged(17), rows)).ssh;
    expect([young.action, young.reason]).toEqual(['keep', 'in-use']);
    expect(young.detail).toMatch(/Not narrowed: the rule was made on 2024-10-21/);
    expect((await verdict(aged(0), rows)).ssh.action).toBe('narrow');
  });

  it('writes the age into the finding, where it is known', async () => {
    const { advice, evidence, inv } = await verdict(aged(17, 18));
    const summary = { files: 0, bytes: 0, records: 0, accepted: 0, rejected: 0, noData: 0, skipData: 0 };
    const document = findingsDocument({
      advice,
      evidence,
      inventory: inv,
      window,
      flowLogs: { ...summary, outsideWindow: 0, skipped: [], formats: [], from: null, to: null },
      warnings: [],
    });
    expect(document.rules.map((f) => [f.ruleId, f.age])).toEqual([
      [
        SSH.ruleId,
        { createdAt: '2024-10-21T00:00:00Z', changedAt: '2024-10-22T00:00:00Z', by: 'arn:aws:iam::1:user/a' },
      ],
      [HTTPS.ruleId, undefined],
    ]);
  });
});

describe('a rule that was used and fell silent', () => {
  it('says so once it has missed three periods of its rhythm, and proposes nothing', async () => {
    const rows = [0, 3, 6, 8].map((day) => flow(day, 6, 22, '10.0.1.5'));
    const policy = { narrowPorts: false, narrowPeers: false };
    const { advice } = await judge(inventory({ rules: [SSH] }), rows, { window, policy });
    expect(advice.verdicts[0]!.action).toBe('keep');
    expect(advice.verdicts[0]!.detail).toMatch(
      /It never paused for more than 7 days before, and has been silent since 2024-10-12, 3 periods of its rhythm: by that the chance that it is still in use is [\d.]+ %\. A window that begins after that day can tell\./,
    );
  });

  it.each([
    ['two periods', [0, 7, 14], false],
    ['no rhythm, as it was used twice,', [0, 1], false],
    ['three daily ones', [24, 25, 26], true],
    ['two daily ones', [25, 26, 27], false],
  ])('with %s missed', async (_, used, says) => {
    const rows = used.map((day) => flow(day, 6, 22, '10.0.1.5'));
    const policy = { narrowPorts: false, narrowPeers: false };
    const { advice } = await judge(inventory({ rules: [SSH] }), rows, { window, policy });
    expect(advice.verdicts[0]!.detail.includes('has been silent since')).toBe(says);
  });
});
