import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findingsDocument } from '../../analyzer/advice/index.ts';
import { parsePolicy } from '../../analyzer/advice/policy-file.ts';
import { findingId } from '../../analyzer/model/identity.ts';
import { daily, days, flow, group, inventory, judge, rule } from '../advice/build.ts';

// The window of judge() is 30 days from 2024-10-04 (day 20,000): it ends on 2024-11-03T00:00:00Z.
const RULES = [
  rule('ingress tcp 443 10.0.0.0/8'),
  rule('ingress tcp 22 10.0.0.0/8'),
  rule('ingress tcp 3389 192.0.2.0/24'),
  rule('ingress udp 500 10.1.0.0/16'),
  rule('ingress tcp 9000-9100 10.0.0.0/8'),
];
const TRAFFIC = [
  ...daily(30, 6, 443, '10.0.1.5'),
  ...daily(30, 6, 9000, '10.0.1.5'),
  ...daily(30, 6, 9001, '10.0.1.6'),
];

function orders(value: object) {
  const parsed = parsePolicy(value, 'policy.yml');
  if (!parsed.ok) throw new Error(parsed.problems.map((p) => p.message).join('; '));
  return parsed.policy;
}

const says = async (value: object, rules = RULES, rows = TRAFFIC) => {
  const groups = [group('sg-web', { tags: { Team: 'edge', critical: '' } })];
  const judged = await judge(inventory({ rules, groups }), rows, { policy: orders(value) });
  return {
    ...judged,
    text: Object.fromEntries(Object.entries(judged.says).map(([k, v]) => [k.replace('ingress ', ''), v])),
  };
};

describe('law 8: a human word wins over the plan', () => {
  it('changes nothing when the policy orders nothing', async () => {
    const plain = await judge(inventory({ rules: RULES }), TRAFFIC);
    expect((await says({})).says).toEqual(plain.says);
    expect(plain.says['ingress tcp 22 10.0.0.0/8']).toBe('remove | unused');
    expect(plain.says['ingress tcp 443 10.0.0.0/8']).toContain('narrow | sources-unused');
  });

  it.each([
    ['the id', { group: 'sg-web' }],
    ['the name', { group: 'web' }],
    ['a pattern', { group: 'w*b' }],
    ['a tag', { tag: 'critical' }],
    ['a tag with its value', { tag: 'Team=e*' }],
  ])('never touches a group protected by %s', async (_, selector) => {
    const { text, advice } = await says({ protected: { groups: [{ ...selector, reason: 'the regulator asks' }] } });
    for (const verdict of Object.values(text)) expect(verdict).toBe('keep | protected-by-policy');
    expect(advice.verdicts[0]!.detail).toBe('The policy protects the group: the regulator asks.');
  });

  it.each([
    [{ group: 'we' }],
    [{ group: 'w*c' }],
    [{ group: 'web*web' }],
    [{ tag: 'Team=core' }],
    [{ tag: 'team' }],
    [{ tag: 'toString' }],
  ])('leaves groups alone that %j does not name', async (selector) => {
    const { text } = await says({ protected: { groups: [selector] } });
    expect(text['tcp 22 10.0.0.0/8']).toBe('remove | unused');
  });

  it('never touches a rule that allows a protected port', async () => {
    const { text } = await says({ protected: { ports: [22, 'tcp/9050', 'tcp/500'] } });
    expect(text['tcp 22 10.0.0.0/8']).toBe('keep | protected-by-policy');
    expect(text['tcp 9000-9100 10.0.0.0/8']).toBe('keep | protected-by-policy');
    expect(text['udp 500 10.1.0.0/16']).toBe('remove | unused');
    expect(text['tcp 3389 192.0.2.0/24']).toBe('remove | unused');
  });

  it('counts a rule for all protocols as allowing every protected port', async () => {
    const all = rule('ingress all * 10.3.0.0/16');
    const { text } = await says({ protected: { ports: [22] } }, [all], []);
    expect(text['all * 10.3.0.0/16']).toBe('keep | protected-by-policy');
  });

  it('never touches a rule that allows a protected peer, or a part of it', async () => {
    const { text } = await says({ protected: { peers: ['192.0.2.8/32', '10.1.0.0/24'] } });
    expect(text['tcp 3389 192.0.2.0/24']).toBe('keep | protected-by-policy');
    expect(text['udp 500 10.1.0.0/16']).toBe('keep | protected-by-policy');
    expect(text['tcp 443 10.0.0.0/8']).toBe('keep | protected-by-policy');
    const other = await says({ protected: { peers: ['198.51.100.0/24'] } });
    expect(other.text['tcp 3389 192.0.2.0/24']).toBe('remove | unused');
  });

  it('never touches rules that name a protected group or prefix list', async () => {
    const rules = [rule('ingress tcp 22 sg-ops'), rule('ingress tcp 22 pl-1'), rule('ingress tcp 22 sg-other')];
    const { text } = await says({ protected: { peers: ['sg-ops', 'pl-1'] } }, rules, []);
    expect(text['tcp 22 sg-ops']).toBe('keep | protected-by-policy');
    expect(text['tcp 22 pl-1']).toBe('keep | protected-by-policy');
    expect(text['tcp 22 sg-other']).not.toContain('protected');
  });

  it.each([
    ['rule', RULES[1]!.ruleId],
    ['finding', findingId(RULES[1]!)],
  ])('keeps a rule named by its %s, with the reason', async (key, id) => {
    const { text, advice } = await says({
      keeps: [{ [key]: id, reason: 'yearly audit', until: '2024-12-31', author: 'ann' }],
    });
    expect(text['tcp 22 10.0.0.0/8']).toBe('keep | kept-by-policy');
    expect(text['tcp 3389 192.0.2.0/24']).toBe('remove | unused');
    const verdict = advice.verdicts.find((v) => v.rule.ruleId === RULES[1]!.ruleId)!;
    expect(verdict.detail).toBe('The policy keeps it until 2024-12-31: yearly audit (ann).');
    expect(verdict.confidence).toBe(1);
    expect(advice.warnings).toEqual([]);
  });

  it('asks that all fields of a keep agree', async () => {
    const keep = { group: 'web', reason: 'x' };
    expect((await says({ keeps: [{ ...keep, region: 'eu-west-1' }] })).text['tcp 22 10.0.0.0/8']).toContain('kept');
    for (const other of [{ region: 'us-east-1' }, { account: '999999999999' }, { rule: 'sgr-other' }]) {
      const { text, advice } = await says({ keeps: [{ ...keep, ...other }] });
      expect(text['tcp 22 10.0.0.0/8']).toBe('remove | unused');
      expect(advice.warnings.map((w) => w.code)).toEqual(['keep-without-rule']);
    }
  });

  it.each([
    ['2024-11-02', 'remove | unused'],
    ['2024-11-03', 'keep | kept-by-policy'],
  ])(
    'lets a keep hold to the end of its last day: until %s, judged at the end of 2024-11-02',
    async (until, expected) => {
      const { text, advice } = await says({ keeps: [{ rule: RULES[1]!.ruleId, reason: 'audit', until }] });
      expect(text['tcp 22 10.0.0.0/8']).toBe(expected);
      expect(advice.warnings.map((w) => w.code)).toEqual(expected.startsWith('keep') ? [] : ['keep-expired']);
    },
  );

  it('shows the ended keep in the document', async () => {
    const policy = orders({ keeps: [{ rule: RULES[1]!.ruleId, reason: 'audit', until: '2024-01-01' }] });
    const { advice, evidence } = await judge(inventory({ rules: RULES }), TRAFFIC, { policy });
    const flowLogs = {
      files: 0,
      bytes: 0,
      records: 0,
      accepted: 0,
      rejected: 0,
      noData: 0,
      skipData: 0,
      outsideWindow: 0,
      skipped: [],
      formats: [],
      from: null,
      to: null,
    };
    const document = findingsDocument({
      advice,
      evidence,
      inventory: inventory({ rules: RULES }),
      window: days(30),
      flowLogs,
      warnings: [],
    });
    expect(document.warnings).toEqual([
      {
        code: 'keep-expired',
        message: `the policy's keep of ${RULES[1]!.ruleId} ended on 2024-01-01; it fits 1 rules, which are judged like the others`,
        next: 'renew it or take it out of the policy',
        fault: 'configuration',
      },
    ]);
  });

  it('removes the other of two equal rules when one is kept', async () => {
    const rules = [rule('ingress tcp 443 10.0.0.0/16'), rule('ingress tcp 443 10.0.0.0/16', { ruleId: 'sgr-copy' })];
    for (const [kept, gone] of [rules, [rules[1]!, rules[0]!]] as const) {
      const rows = daily(30, 6, 443, '10.0.1.5');
      const { advice } = await says({ keeps: [{ rule: kept!.ruleId, reason: 'x' }] }, rules, rows);
      const actions = Object.fromEntries(advice.verdicts.map((v) => [v.rule.ruleId, `${v.action} ${v.reason}`]));
      expect(actions).toEqual({ [kept!.ruleId]: 'keep kept-by-policy', [gone!.ruleId]: 'remove redundant' });
    }
  });

  it('holds back all proposals when the brake is pulled, and says so', async () => {
    const { text, advice } = await says({ brake: { removals: 2 } });
    expect(text['tcp 22 10.0.0.0/8']).toBe('review | brake');
    expect(text['tcp 443 10.0.0.0/8']).toBe('review | brake');
    expect(advice.verdicts.every((v) => v.replacements.length === 0)).toBe(true);
    expect(advice.warnings).toEqual([
      expect.objectContaining({
        code: 'brake',
        message: 'the run would remove 3 of 5 rules; the policy stops at 2 removals',
      }),
    ]);
  });

  it.each([
    [{ removals: 3 }, false],
    [{ removals: 2 }, true],
    [{ percent: 60 }, false],
    [{ percent: 59.9 }, true],
    [{ removals: 3, percent: 10 }, true],
    [{}, false],
  ])('pulls the brake %j for 3 removals of 5 rules: %s', async (brake, pulled) => {
    const { text, advice } = await says({ brake });
    expect(text['tcp 22 10.0.0.0/8']).toBe(pulled ? 'review | brake' : 'remove | unused');
    expect(advice.warnings).toHaveLength(pulled ? 1 : 0);
  });

  it('counts for the brake only what is left after the other orders', async () => {
    const { text } = await says({ brake: { removals: 2 }, protected: { ports: [22] } });
    expect(text['tcp 3389 192.0.2.0/24']).toBe('remove | unused');
  });

  it('asks for the longest window of those that fit a group', async () => {
    const windows = [
      { group: 'web', days: 20 },
      { tag: 'Team', days: 31 },
      { group: 'other', days: 90 },
    ];
    const { text, advice } = await says({ windows });
    expect(text['tcp 22 10.0.0.0/8']).toBe('review | window-too-short');
    expect(text['tcp 443 10.0.0.0/8']).toBe('keep | in-use');
    expect(advice.verdicts.some((v) => v.detail.includes('31 are needed'))).toBe(true);
    expect((await says({ windows: [{ group: 'web', days: 30 }] })).text['tcp 22 10.0.0.0/8']).toBe('remove | unused');
    const shorter = await says({ thresholds: { minWindowDays: 60 }, windows: [{ group: 'web', days: 30 }] });
    expect(shorter.text['tcp 22 10.0.0.0/8']).toBe('remove | unused');
  });

  it('leaves a never-narrow network whole, or closes it whole', async () => {
    const rules = [rule('ingress tcp 443 10.0.0.0/8')];
    const rows = [...daily(30, 6, 443, '10.50.1.5'), ...daily(30, 6, 443, '10.60.1.5')];
    const { text } = await says({ neverNarrow: ['10.50.0.0/16', '10.70.0.0/16'] }, rules, rows);
    expect(text['tcp 443 10.0.0.0/8']).toBe(
      'narrow | sources-unused | 6 443-443 10.50.0.0/16 | 6 443-443 10.60.1.0/24',
    );
    const inside = await says({ neverNarrow: ['0.0.0.0/0'] }, rules, rows);
    expect(inside.text['tcp 443 10.0.0.0/8']).toBe('keep | in-use');
  });

  it('takes back the narrowings that add most rules when a group would pass its quota', async () => {
    const rules = [rule('ingress tcp 1000-2000 10.0.0.0/24'), rule('ingress tcp 3000-5000 10.0.0.0/24')];
    const rows = [1000, 1500, 2000]
      .flatMap((p) => daily(30, 6, p, '10.0.0.9'))
      .concat([3000, 5000].flatMap((p) => daily(30, 6, p, '10.0.0.9')));
    const free = await says({ quotas: { rulesPerGroup: 5 } }, rules, rows);
    expect(Object.values(free.text).map((t) => t.split(' | ').length)).toEqual([5, 4]);
    const tight = await says({ quotas: { rulesPerGroup: 4 } }, rules, rows);
    expect(tight.text['tcp 1000-2000 10.0.0.0/24']).toBe('keep | quota');
    expect(tight.text['tcp 3000-5000 10.0.0.0/24']).toContain('narrow');
    const none = await says({ quotas: { rulesPerGroup: 1 } }, rules, rows);
    expect(Object.values(none.text)).toEqual(['keep | quota', 'keep | quota']);
  });

  it('never lets a plan do more under orders than without them', async () => {
    const order = fc.record(
      {
        protected: fc.record({
          ports: fc.subarray([22, 443, 'udp/500', 'tcp/9000-9100']),
          peers: fc.subarray(['10.1.0.0/16', '192.0.2.0/24']),
        }),
        keeps: fc.subarray(RULES).map((kept) => kept.map((r) => ({ rule: r.ruleId, reason: 'r' }))),
        neverNarrow: fc.subarray(['10.0.0.0/16', '10.0.1.0/28']),
        brake: fc.record({ removals: fc.nat(4) }),
      },
      { requiredKeys: [] },
    );
    const free = await judge(inventory({ rules: RULES }), TRAFFIC);
    const changed = new Set(
      free.advice.verdicts.filter((v) => v.action === 'remove' || v.action === 'narrow').map((v) => v.rule.ruleId),
    );
    await fc.assert(
      fc.asyncProperty(order, async (value) => {
        const { advice } = await says(value);
        expect(advice.replay.blocked).toBe(0);
        const kept = new Set((value.keeps ?? []).map((k) => k.rule));
        for (const v of advice.verdicts) {
          if (v.action !== 'remove' && v.action !== 'narrow') continue;
          expect(changed.has(v.rule.ruleId)).toBe(true);
          expect(kept.has(v.rule.ruleId)).toBe(false);
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('a keep without traffic to judge', () => {
  it('holds for a rule in use as well, so that it is not narrowed', async () => {
    const rules = [rule('ingress tcp 9000-9100 10.0.0.0/8')];
    const { text } = await says({ keeps: [{ rule: rules[0]!.ruleId, reason: 'x' }] }, rules, [
      flow(1, 6, 9000, '10.0.0.3'),
    ]);
    expect(text['tcp 9000-9100 10.0.0.0/8']).toBe('keep | kept-by-policy');
  });
});
