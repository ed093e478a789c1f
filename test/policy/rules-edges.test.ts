import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICY, type Keep, type PolicyOrders } from '../../analyzer/advice/policy.ts';
import { applyPolicy, type Judged, orderFor } from '../../analyzer/advice/policy-rules.ts';
import { group, inventory, rule, shape } from '../advice/build.ts';

const NONE: PolicyOrders = {
  windows: [],
  protectedGroups: [],
  protectedPorts: [],
  protectedPeers: [],
  keeps: [],
  neverNarrow: [],
  rulesPerGroup: 60,
  brake: null,
};
const NOW = Date.UTC(2026, 9, 1) / 1000;
const policy = (orders: Partial<PolicyOrders>) => ({ ...DEFAULT_POLICY, orders: { ...NONE, ...orders } });
const judged = (text: string, action: Judged['action'], ...replacements: string[]): Judged => ({
  action,
  reason: 'why',
  detail: 'd',
  confidence: 0.9,
  rule: rule(text),
  replacements: replacements.map(shape),
});

describe('law 8: what a person protects or keeps', () => {
  const says = (text: string, orders: Partial<PolicyOrders>): string | null =>
    orderFor(rule(text), policy(orders), () => group('sg-web'), NOW)?.detail ?? null;

  it.each<[string, string[], string | null]>([
    ['ingress tcp 1 pl-a', ['pl-a'], 'It allows pl-a, which the policy protects.'],
    ['ingress tcp 1 pl-a', ['pl-b', 'sg-a', '0.0.0.0/0'], null],
    ['ingress tcp 1 sg-a', ['sg-a'], 'It allows sg-a, which the policy protects.'],
    ['ingress tcp 1 sg-a', ['sg-b', 'pl-a', '0.0.0.0/0'], null],
    ['ingress tcp 1 10.0.0.0/8', ['10.9.0.0/16'], 'It allows 10.9.0.0/16, which the policy protects.'],
    ['ingress tcp 1 10.0.0.0/8', ['11.0.0.0/8', 'pl-a', '::/0'], null],
  ])('%s where %j are protected: %s', (text, protectedPeers, detail) => {
    expect(says(text, { protectedPeers })).toBe(detail);
  });

  it.each<[Partial<Keep>, boolean]>([
    [{ account: '111122223333' }, true],
    [{ account: '999900001111' }, false],
    [{ region: 'eu-west-1' }, true],
    [{ region: 'us-east-1' }, false],
    [{ group: 'sg-web' }, true],
    [{ group: 'web' }, true],
    [{ group: 'sg-app' }, false],
    [{ group: 'sg-web', account: '999900001111' }, false],
    [{ group: 'sg-app', account: '111122223333' }, false],
    [{ rule: 'sgr-other' }, false],
    [{ finding: 'f-000000000000' }, false],
    [{ group: 'sg-*', until: '2026-09-30' }, false],
    [{ group: 'sg-*', until: '2026-10-01' }, true],
  ])('a keep of %j fits: %s', (more, fits) => {
    expect(says('ingress tcp 1 10.0.0.0/8', { keeps: [{ reason: 'because', ...more }] }) !== null).toBe(fits);
  });

  it('of a group, whose inventory is not known, fits by its id', () => {
    const keeps = [{ reason: 'because', group: 'sg-web' }];
    expect(orderFor(rule('ingress tcp 1 10.0.0.0/8'), policy({ keeps }), () => undefined, NOW)!.detail).toBe(
      'The policy keeps it: because.',
    );
  });
});

describe('what the policy takes back', () => {
  const apply = (verdicts: Judged[], orders: Partial<PolicyOrders>) =>
    applyPolicy(verdicts, policy(orders), inventory({}), NOW);

  it('counts IPv4 and IPv6 apart, a group in both, and says how many there would be', () => {
    const v6 = judged('ingress tcp 1-9 fd00::/8', 'narrow', 'ingress tcp 1 fd00::/8', 'ingress tcp 3 fd00::/8');
    const keep4 = judged('ingress tcp 1 10.0.0.0/8', 'keep');
    const keepGroup = judged('ingress tcp 1 sg-a', 'keep');
    const reasons = (verdicts: Judged[], rulesPerGroup: number) =>
      apply(verdicts, { rulesPerGroup }).verdicts.map((v) => v.reason);
    expect(reasons([v6, keep4], 2)).toEqual(['why', 'why']);
    expect(reasons([v6, keepGroup], 2)).toEqual(['quota', 'why']);
    expect(apply([v6, keepGroup], { rulesPerGroup: 2 }).verdicts[0]!.detail).toBe(
      'Narrowing it would leave the group with 3 rules; 2 are allowed.',
    );
  });

  it('never cuts a network that stays whole, and says so', () => {
    const cut = judged('ingress tcp 1 10.0.0.0/8', 'narrow', 'ingress tcp 1 10.9.1.0/24');
    const [said] = apply([cut], { neverNarrow: ['10.9.0.0/16'] }).verdicts;
    expect([said!.reason, said!.detail]).toEqual([
      'never-narrow',
      'The policy forbids to narrow within a network that it allows.',
    ]);
    expect(apply([{ ...cut, action: 'remove' }], { neverNarrow: ['10.9.0.0/16'] }).verdicts[0]!.reason).toBe('why');
  });

  it('says which keeps fit nothing', () => {
    const keeps = [{ reason: 'r', group: 'sg-x', account: '9' }];
    expect(apply([judged('ingress tcp 1 10.0.0.0/8', 'keep')], { keeps }).warnings).toEqual([
      {
        code: 'keep-without-rule',
        message: "the policy's keep of sg-x 9 fits no rule",
        next: 'correct it or take it out of the policy',
        fault: 'configuration',
      },
    ]);
  });

  it('stops at a share of the rules, and says at which', () => {
    const verdicts = [judged('ingress tcp 1 10.0.0.0/8', 'remove'), judged('ingress tcp 2 10.0.0.0/8', 'keep')];
    const stopped = apply(verdicts, { brake: { removals: null, percent: 49 } });
    expect(stopped.verdicts.map((v) => [v.action, v.reason])).toEqual([
      ['review', 'brake'],
      ['keep', 'why'],
    ]);
    expect(stopped.warnings).toEqual([
      {
        code: 'brake',
        message: 'the run would remove 1 of 2 rules; the policy stops at 49 % of the rules',
        next: 'look at what is proposed, then raise the brake or run again without it',
        fault: 'configuration',
      },
    ]);
    expect(apply(verdicts, { brake: { removals: null, percent: 50 } }).warnings).toEqual([]);
    expect(apply([], { brake: { removals: 0, percent: 0 } }).warnings).toEqual([]);
  });
});
