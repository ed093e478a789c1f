import { describe, expect, it } from 'vitest';
import { fitSureness } from '../../analyzer/advice/confidence.ts';
import { advise, DEFAULT_POLICY, type Policy, replay } from '../../analyzer/advice/index.ts';
import { narrowRule } from '../../analyzer/advice/narrow.ts';
import type { LedgerRow } from '../../analyzer/flowlogs/ledger.ts';
import type { Inventory } from '../../analyzer/model/inventory.ts';
import type { SecurityGroupRule } from '../../analyzer/model/rule.ts';
import { covered, daily, days, eni, FROM, flow, group, inventory, judge, rule } from './build.ts';

const DAY = 86_400;

/** By rule: `action reason`, and the argument. */
async function told(
  rules: SecurityGroupRule[],
  rows: readonly LedgerRow[],
  more: Partial<Inventory> = {},
  options: Parameters<typeof judge>[2] = {},
): Promise<Record<string, [string, string, number]>> {
  const { advice } = await judge(inventory({ rules, ...more }), rows, options);
  return Object.fromEntries(
    advice.verdicts.map((v) => [
      v.rule.ruleId.replace('sgr-', '').replaceAll('_', ' '),
      [`${v.action} ${v.reason}`, v.detail, v.confidence],
    ]),
  );
}

const WEB = rule('ingress tcp 443 10.0.0.0/24');
const KEY = 'ingress tcp 443 10.0.0.0/24';

describe('a rule in use', () => {
  it('is certain where a class certainly needs it', async () => {
    const said = await told([WEB], daily(30, 6, 443, '10.0.0.7'));
    expect(said[KEY]).toEqual([
      'keep in-use',
      'Accepted connections need it: 30 records on 30 days, and no other rule lets them in. Nothing of it is idle, as finely as flow logs and the policy can tell.',
      1,
    ]);
  });

  it('is kept, half sure, where only doubtful records may need it', async () => {
    const row = daily(30, 6, 443, '10.0.0.7', { opened: 'unknown', peerPort: 8443 });
    const said = await told([WEB, rule('egress tcp 8443 10.0.0.0/24')], row);
    expect(said[KEY]![0]).toBe('keep in-use');
    expect(said[KEY]![2]).toBe(0.5);
    expect(said[KEY]![1]).toMatch(/^Accepted connections may need it: 30 records on 30 days\. Who opened them/);
  });

  it('is kept where a prefix list without entries may be what let it in', async () => {
    const said = await told([rule('ingress tcp 443 pl-dark')], daily(30, 6, 443, '10.0.0.7'));
    expect(said['ingress tcp 443 pl-dark']).toEqual([
      'keep in-use',
      'Accepted connections may need it: 30 records on 30 days. Who opened them, or who the peer was, is not certain, and uncertainty counts as use. Nothing of it is idle, as finely as flow logs and the policy can tell.',
      0.5,
    ]);
  });

  it('is not narrowed where silence proves nothing, and says why', async () => {
    const said = await told(
      [rule('ingress tcp 1-999 10.0.0.0/8')],
      daily(9, 6, 443, '10.0.0.7'),
      {},
      { window: days(9) },
    );
    expect(said['ingress tcp 1-999 10.0.0.0/8']).toEqual([
      'keep in-use',
      'Accepted connections need it: 9 records on 9 days, and no other rule lets them in. Not narrowed: the window judged is 9 days long; 14 are needed before silence proves anything.',
      1,
    ]);
  });

  it('is not narrowed where it was seen too rarely, and says how rarely', async () => {
    const said = await told([rule('ingress tcp 1-999 10.0.0.0/8')], [flow(1, 6, 443, '10.0.0.7')]);
    expect(said['ingress tcp 1-999 10.0.0.0/8']).toEqual([
      'keep seen-too-rarely',
      'It could be narrower, but 100 % of its use is estimated to be still unseen, because so much of it was seen on one day only; 10 % is the limit.',
      1,
    ]);
  });

  it('is not narrowed where little would be saved', async () => {
    const said = await told([rule('ingress tcp 443-444 10.0.0.0/24')], daily(30, 6, 443, '10.0.0.7'));
    expect(said['ingress tcp 443-444 10.0.0.0/24']![1]).toContain(
      'Not narrowed: at least 50 % of what it allows would stay.',
    );
  });
});

describe('an unused rule', () => {
  it('goes with the whole argument', async () => {
    const fleet = [eni('eni-web', ['sg-web'], ['10.0.0.10']), eni('eni-b', ['sg-web'], ['10.0.0.11'])];
    const coverage = [...covered(days(30)), ...covered(days(30), 'eni-b')];
    const said = await told([WEB], [], { interfaces: fleet }, { coverage });
    expect(said[KEY]!.slice(0, 2)).toEqual([
      'remove unused',
      'Under no reading of the records of 30 days could an accepted connection have needed TCP 443 from 10.0.0.0/24. Flow logs cover 100 % of the time in which 2 interfaces wore the group.',
    ]);
    expect(said[KEY]![2]).toBeGreaterThan(0.9);
    expect(said[KEY]![2]).toBeLessThanOrEqual(1);
  });

  it('of a managed group is left to its keeper: unused for a person, used as it is', async () => {
    const kept = { groups: [group('sg-web', { groupName: 'default' })] };
    expect((await told([WEB], [], kept))[KEY]).toEqual([
      'review default-group',
      'This is the default group of a VPC, which Pare reports and never edits.',
      0,
    ]);
    expect((await told([WEB], daily(30, 6, 443, '10.0.0.7'), kept))[KEY]!.slice(0, 3)).toEqual([
      'keep default-group',
      'This is the default group of a VPC, which Pare reports and never edits.',
      1,
    ]);
  });

  it('of a frozen group is left to a person, though it is used', async () => {
    const rows = [...daily(30, 6, 443, '10.0.0.7'), flow(1, 6, 22, '10.0.0.7')];
    const said = await told([WEB, rule('ingress tcp 80 10.0.0.0/24')], rows);
    expect(Object.values(said).map(([verdict, , sure]) => [verdict, sure])).toEqual([
      ['review unexplained-traffic', 0],
      ['review unexplained-traffic', 0],
    ]);
  });
});

describe('rules of which one is enough', () => {
  it('leave the one that is least when narrowed, and name it', async () => {
    const said = await told([WEB, rule('ingress tcp 443 10.0.0.0/16')], daily(30, 6, 443, '10.0.0.7'));
    expect(said['ingress tcp 443 10.0.0.0/16']!.slice(0, 2)).toEqual([
      'remove used-part-covered',
      `All that was seen of it (30 records on 30 days) is also let in by ${WEB.ruleId}, which stays; what else it allows was not used.`,
    ]);
    expect(said[KEY]![0]).toBe('keep in-use');
    expect(said[KEY]![1]).toContain('this one is kept for them');
  });

  it('name every rule that was needed instead, with its group where it is another', async () => {
    const rules = [
      rule('ingress tcp 443 10.0.0.0/16'),
      rule('ingress tcp 443 10.0.1.0/24', { groupId: 'sg-two', ruleId: 'sgr-one' }),
      rule('ingress tcp 443 10.0.2.0/24', { ruleId: 'sgr-two' }),
    ];
    const parts = {
      groups: [group('sg-web'), group('sg-two')],
      interfaces: [eni('eni-web', ['sg-two', 'sg-web'], ['10.0.0.10'])],
    };
    const rows = [...daily(30, 6, 443, '10.0.1.7'), ...daily(30, 6, 443, '10.0.2.7')];
    const said = await told(rules, rows, parts);
    expect(said['ingress tcp 443 10.0.0.0/16']![1]).toContain(
      'is also let in by sgr-one of sg-two and sgr-two, which stay;',
    );
  });

  it('stay both where one connection may be on either for certain by neither alone', async () => {
    // A doubtful reading: each of them may have been the one.
    const rows = daily(30, 6, 443, '10.0.0.7', { peerPacketAddress: '10.0.1.7' });
    const said = await told([WEB, rule('ingress tcp 443 10.0.1.0/24')], rows);
    expect(Object.values(said).map(([verdict]) => verdict)).toEqual(['keep in-use', 'keep in-use']);
  });

  it('stay both where their use was seen too rarely to say', async () => {
    const said = await told([WEB, rule('ingress tcp 443 10.0.0.0/16')], [flow(1, 6, 443, '10.0.0.7')]);
    expect(said[KEY]![0]).toBe('remove redundant');
    expect(said['ingress tcp 443 10.0.0.0/16']![0]).toBe('keep seen-too-rarely');
    const apart = await told(
      [rule('ingress tcp 443-500 10.0.0.0/24'), rule('ingress tcp 443 10.0.0.0/16')],
      [flow(1, 6, 443, '10.0.0.7')],
    );
    expect(Object.values(apart).map(([verdict]) => verdict)).toEqual(['keep seen-too-rarely', 'keep seen-too-rarely']);
  });

  it('stay where the one that covers is kept by another hand', async () => {
    const parts = {
      groups: [group('sg-web'), group('sg-two', { groupName: 'default' })],
      interfaces: [eni('eni-web', ['sg-two', 'sg-web'], ['10.0.0.10'])],
    };
    const rules = [WEB, rule('ingress tcp 443 10.0.0.0/16', { groupId: 'sg-two', ruleId: 'sgr-kept' })];
    const said = await told(rules, daily(30, 6, 443, '10.0.0.7'), parts);
    expect(said[KEY]![0]).toBe('keep in-use');
  });

  it('of a group worn by two interfaces alone and together are redundant only where always covered', async () => {
    const wide = rule('ingress tcp 443 10.0.0.0/16', { groupId: 'sg-two', ruleId: 'sgr-wide' });
    const parts = (lone: string[]) => ({
      groups: [group('sg-web'), group('sg-two'), group('sg-three')],
      interfaces: [eni('eni-web', ['sg-two', 'sg-web'], ['10.0.0.10']), eni('eni-b', lone, ['10.0.0.11'])],
    });
    const third = rule('ingress tcp 1-500 10.0.0.0/16', { groupId: 'sg-three', ruleId: 'sgr-third' });
    const bare = { coverage: [] };
    const both = await told([WEB, wide, third], [], parts(['sg-three', 'sg-web']), bare);
    expect(both[KEY]!.slice(0, 2)).toEqual([
      'remove redundant-with-other-groups',
      'Everything it allows is also allowed by sgr-third of sg-three and sgr-wide of sg-two on each of the 2 interfaces that wore the group within the window, proved by set algebra.',
    ]);
    expect((await told([WEB, wide], [], parts(['sg-three', 'sg-web']), bare))[KEY]![0]).toBe(
      'review coverage-too-thin',
    );
    expect((await told([WEB, wide, third], [], parts(['sg-web']), bare))[KEY]![0]).toBe('review coverage-too-thin');
  });

  it('of which a union covers the third name only what is needed', async () => {
    const rules = [
      rule('ingress tcp 5 10.0.0.0/25', { ruleId: 'sgr-0' }),
      rule('ingress tcp 4-6 10.0.0.0/26', { ruleId: 'sgr-1' }),
      rule('ingress tcp 5-7 10.0.0.64/26', { ruleId: 'sgr-2' }),
      rule('ingress tcp 5-7 10.0.0.32/27', { ruleId: 'sgr-3' }),
      rule('ingress tcp 99 10.0.0.0/8', { ruleId: 'sgr-4' }),
    ];
    const said = await told(rules, [], {}, { coverage: [] });
    expect(said['0']).toEqual([
      'remove redundant',
      'Everything it allows is also allowed by sgr-1 and sgr-2 of the same group, proved by set algebra.',
      1,
    ]);
  });
});

describe('a narrowed rule', () => {
  const wide = rule('ingress tcp 8000-9000 10.0.5.0/24');
  const key = 'ingress tcp 8000-9000 10.0.5.0/24';

  it('says what fits, and is as sure as its days allow', async () => {
    const said = await told([wide], daily(30, 6, 8080, '10.0.5.5'));
    expect(said[key]!.slice(0, 2)).toEqual([
      'narrow ports-unused',
      'All that was seen of TCP 8000-9000 from 10.0.5.0/24 in 30 days fits in one narrower rule: 0.09 % of the ports and addresses that it allows.',
    ]);
    const few = await told(
      [wide],
      [...daily(30, 6, 8080, '10.0.5.5'), flow(29, 6, 8081, '10.0.5.5')],
      {},
      { policy: { maxMissingMass: 1 } },
    );
    expect(few[key]![2]).toBeLessThan(said[key]![2]);
  });

  it('goes where what is left of it stands already', async () => {
    const rules = [rule('ingress tcp 8080 10.0.5.0/24', { ruleId: 'sgr-there' }), wide];
    const rows = daily(30, 6, 8080, '10.0.5.5');
    const said = await told(rules, rows);
    expect(said[key]!.slice(0, 2)).toEqual([
      'remove used-part-covered',
      'All that was seen of it (30 records on 30 days) is also let in by sgr-there, which stays; what else it allows was not used.',
    ]);
  });

  it('keeps its own rule beside another’s where either may have been needed', async () => {
    const dark = (id: string, ports: string) => rule(`ingress tcp ${ports} pl-dark`, { ruleId: id });
    const said = await judge(
      inventory({ rules: [dark('sgr-a', '8080'), dark('sgr-b', '8000-9000')] }),
      daily(30, 6, 8080, '10.0.5.5'),
    );
    expect(said.says).toEqual({ a: 'keep | in-use', b: 'keep | in-use' });
  });

  it('gives up space for fewer rules where the group is full, and says so', async () => {
    const others = Array.from({ length: 58 }, (_, i) => rule(`ingress tcp 22 10.0.7.${i}/32`));
    const rows = [8080, 8090, 8999].flatMap((port) => daily(30, 6, port, '10.0.5.5'));
    const used = others.flatMap((_, i) => daily(30, 6, 22, `10.0.7.${i}`));
    const said = await told([wide, ...others], [...rows, ...used], {}, { policy: { maxReplacements: 3 } });
    expect(said[key]!.slice(0, 2)).toEqual([
      'narrow ports-unused',
      'All that was seen of TCP 8000-9000 from 10.0.5.0/24 in 30 days fits in 2 narrower rules: 1.19 % of the ports and addresses that it allows. More rules would allow less, but the group may have no more than 60.',
    ]);
    const full = await told(
      [wide, ...others, rule('ingress tcp 22 10.0.7.58/32')],
      [...rows, ...used, ...daily(30, 6, 22, '10.0.7.58')],
      {},
      { policy: { maxReplacements: 3 } },
    );
    expect(full[key]).toEqual([
      'keep quota',
      'Narrowing it would leave its group with more than the 60 rules that EC2 takes.',
      1,
    ]);
  });

  it('gives way in the group that has most rules to give', async () => {
    const other = rule('ingress tcp 100-7000 10.0.6.0/24');
    const orders: NonNullable<Policy['orders']> = {
      windows: [],
      protectedGroups: [],
      protectedPorts: [],
      protectedPeers: [],
      keeps: [],
      neverNarrow: [],
      rulesPerGroup: 4,
      brake: null,
    };
    const rows = [
      ...[8080, 8090, 8999].flatMap((port) => daily(30, 6, port, '10.0.5.5')),
      ...[200, 6000].flatMap((port) => daily(30, 6, port, '10.0.6.6')),
    ];
    const { says } = await judge(inventory({ rules: [wide, other] }), rows, { policy: { orders, maxReplacements: 3 } });
    expect(says).toEqual({
      'ingress tcp 100-7000 10.0.6.0/24': 'narrow | ports-unused | 6 200-200 10.0.6.0/24 | 6 6000-6000 10.0.6.0/24',
      [key]: 'narrow | ports-unused | 6 8080-8090 10.0.5.0/24 | 6 8999-8999 10.0.5.0/24',
    });
  });
});

describe('the last checks', () => {
  it('withdraw only what took part in a blocked connection', async () => {
    const inv = inventory({ rules: [WEB, rule('ingress tcp 22 10.0.0.0/16'), rule('egress tcp 22 10.0.0.0/16')] });
    const { evidence } = await judge(inv, []);
    const input = { evidence, inventory: inv, policy: DEFAULT_POLICY, window: days(30) };
    let rounds = 0;
    const blames: typeof replay = (e, after, i) => {
      rounds += 1;
      const honest = replay(e, after, i);
      return after[1]!.shapes.length === 0 ? { ...honest, blocked: 1, offenders: [1] } : honest;
    };
    const { verdicts, replay: judged } = advise(input, { narrowRule, replay: blames });
    expect(verdicts.map((v) => `${v.action} ${v.reason} ${v.confidence}`)).toEqual([
      expect.stringMatching(/^remove unused/),
      'keep replay-blocked 1',
      expect.stringMatching(/^remove unused/),
    ]);
    expect(verdicts[1]!.detail).toBe('A proposal for it failed the final check of the whole plan and was withdrawn.');
    expect([rounds, judged.blocked]).toEqual([2, 0]);
  });

  it('leave unchanged groups alone where another group’s proposals open something', async () => {
    const inv = inventory({
      groups: [group('sg-web'), group('sg-two')],
      rules: [
        rule('ingress tcp 8000-9000 10.0.5.0/24'),
        rule('ingress tcp 8000-9000 10.0.5.0/24', { groupId: 'sg-two', ruleId: 'sgr-two' }),
      ],
      interfaces: [eni('eni-web', ['sg-web'], ['10.0.0.10']), eni('eni-two', ['sg-two'], ['10.0.0.11'])],
    });
    const rows = [...daily(30, 6, 8080, '10.0.5.5'), ...daily(30, 6, 8080, '10.0.5.5', { interfaceId: 'eni-two' })];
    const { evidence } = await judge(inv, rows, { coverage: [...covered(days(30)), ...covered(days(30), 'eni-two')] });
    const opens: typeof narrowRule = (r, ...rest) => {
      const honest = narrowRule(r, ...rest);
      return r.ruleId === 'sgr-two' && honest.ok
        ? { ...honest, replacements: honest.replacements.map((s) => ({ ...s, fromPort: 1 })) }
        : honest;
    };
    const { verdicts } = advise(
      { evidence, inventory: inv, policy: DEFAULT_POLICY, window: days(30) },
      { narrowRule: opens, replay },
    );
    expect(Object.fromEntries(verdicts.map((v) => [v.rule.groupId, v.reason]))).toEqual({
      'sg-web': 'ports-unused',
      'sg-two': 'subset-unproved',
    });
  });

  it('judge a rule by the classes of the time in which its group was worn', async () => {
    const interfaces = [
      eni('eni-web', ['sg-web'], ['10.0.0.10'], { to: FROM + 20 * DAY }),
      eni('eni-web', ['sg-two'], ['10.0.0.10'], { from: FROM + 20 * DAY }),
    ];
    const two = rule('ingress tcp 443 10.0.0.0/24', { groupId: 'sg-two', ruleId: 'sgr-two' });
    const said = await told([WEB, two], daily(19, 6, 443, '10.0.0.7'), {
      groups: [group('sg-web'), group('sg-two')],
      interfaces,
    });
    expect([said[KEY]![0], said.two![0]]).toEqual(['keep in-use', 'remove unused']);
  });
});

describe('what a person keeps', () => {
  const keepB = {
    windows: [],
    protectedGroups: [],
    protectedPorts: [],
    protectedPeers: [],
    keeps: [{ rule: 'sgr-b', reason: 'because' }],
    neverNarrow: [],
    rulesPerGroup: 60,
    brake: null,
  };
  const wide = rule('ingress tcp 8000-9000 10.0.5.0/24', { ruleId: 'sgr-a' });
  const kept = rule('ingress tcp 8090 10.0.5.0/24', { ruleId: 'sgr-b' });

  it('is not written a second time by a narrowing', async () => {
    const rows = [8080, 8090].flatMap((port) => daily(30, 6, port, '10.0.5.5'));
    const { says } = await judge(inventory({ rules: [wide, kept] }), rows, { policy: { orders: keepB } });
    expect(says).toEqual({ a: 'narrow | ports-unused | 6 8080-8080 10.0.5.0/24', b: 'keep | kept-by-policy' });
  });

  it('lets the other go where it is all that is left of it', async () => {
    const said = await told([wide, kept], daily(30, 6, 8090, '10.0.5.5'), {}, { policy: { orders: keepB } });
    expect(said.a!.slice(0, 2)).toEqual([
      'remove used-part-covered',
      'All that was seen of it (30 records on 30 days) is also let in by sgr-b, which stays; what else it allows was not used.',
    ]);
  });
});

describe('law 1: what may not be covered by another', () => {
  const verdicts = (said: Record<string, [string, string, number]>): string[] => Object.values(said).map(([v]) => v);

  it('is certain where one class certainly needs it, though others are doubtful', async () => {
    const doubtful = daily(30, 6, 443, '10.0.0.7', { opened: 'unknown', peerPort: 9 });
    const said = await told([WEB], [...daily(30, 6, 443, '10.0.0.7'), ...doubtful]);
    expect(said[KEY]![2]).toBe(1);
  });

  it.each([
    ['seen on many ports, each on one day', (day: number) => flow(day, 6, 100 + day, '10.0.0.7')],
    ['seen from many peers, each on one day', (day: number) => flow(day, 6, 443, `10.0.${day}.7`)],
  ])('is a rule %s', async (_, rare) => {
    const rules = [rule('ingress tcp 1-998 10.0.0.0/16'), rule('ingress tcp 2-999 10.0.0.0/16')];
    const said = await told(
      rules,
      Array.from({ length: 20 }, (__, day) => rare(day)),
    );
    expect(verdicts(said)).toEqual(['keep seen-too-rarely', 'keep seen-too-rarely']);
  });

  it('is a rule whose silence is not proved', async () => {
    const rules = [rule('ingress tcp 1-998 10.0.0.0/16'), rule('ingress tcp 2-999 10.0.0.0/16')];
    const said = await told(rules, daily(30, 6, 443, '10.0.0.7'), {}, { coverage: [] });
    expect(verdicts(said)).toEqual(['keep in-use', 'keep in-use']);
  });

  it('is a rule that only may have let a connection in', async () => {
    const rules = [
      rule('ingress tcp 443 pl-dark', { ruleId: 'sgr-a' }),
      rule('ingress tcp 443-500 10.0.0.0/16', { ruleId: 'sgr-b' }),
      rule('ingress tcp 400-443 10.0.0.0/17', { ruleId: 'sgr-c' }),
    ];
    const said = await told(rules, daily(30, 6, 443, '10.0.0.7'));
    expect(said.a![0]).toBe('keep in-use');
    expect(verdicts(said).filter((v) => v.startsWith('remove'))).toHaveLength(1);
  });
});

describe('a rule that another one makes needless', () => {
  it('goes where the other is needed anyway', async () => {
    const rules = [
      rule('ingress tcp 443-444 10.0.0.0/24', { ruleId: 'sgr-a' }),
      rule('ingress tcp 443 10.0.0.0/16', { ruleId: 'sgr-b' }),
    ];
    const rows = [...daily(30, 6, 443, '10.0.0.7'), ...daily(30, 6, 443, '10.0.1.7')];
    const said = await told(rules, rows);
    expect(said.a![0]).toBe('remove used-part-covered');
    expect(said.b![0]).toMatch(/^(keep|narrow) /);
  });

  it('names what covers it in the order of the rules', async () => {
    const rules = [
      rule('ingress tcp 443 10.0.0.0/16', { ruleId: 'sgr-0' }),
      rule('ingress tcp 443 10.0.2.0/24', { groupId: 'sg-two', ruleId: 'sgr-two' }),
      rule('ingress tcp 443 10.0.1.0/24', { ruleId: 'sgr-one' }),
    ];
    const parts = {
      groups: [group('sg-web'), group('sg-two')],
      interfaces: [eni('eni-web', ['sg-two', 'sg-web'], ['10.0.0.10'])],
    };
    const said = await told(rules, [...daily(30, 6, 443, '10.0.1.7'), ...daily(30, 6, 443, '10.0.2.7')], parts);
    expect(said['0']![1]).toContain('is also let in by sgr-two of sg-two and sgr-one, which stay;');
  });

  it('by another group is as sure as its use, or its silence, allows', async () => {
    const wide = rule('ingress tcp 443 10.0.0.0/16', { groupId: 'sg-two', ruleId: 'sgr-wide' });
    const inv = inventory({
      rules: [WEB, wide],
      groups: [group('sg-web'), group('sg-two')],
      interfaces: [eni('eni-web', ['sg-two', 'sg-web'], ['10.0.0.10'])],
    });
    for (const rows of [[], [flow(1, 6, 443, '10.0.0.7')]]) {
      const { evidence, advice } = await judge(inv, rows);
      const i = evidence.rules.findIndex((r) => r.ruleId === WEB.ruleId);
      const sure = fitSureness(evidence, inv, days(30));
      const said = advice.verdicts[i]!;
      const expected = rows.length === 0 ? sure.unused(i) : sure.narrowed(i, 0);
      expect([said.action, said.confidence]).toEqual(['remove', expected]);
    }
  });

  it('by another group is not concluded of a group that nobody wore yet', async () => {
    const wide = rule('ingress tcp 443 10.0.0.0/16', { groupId: 'sg-two', ruleId: 'sgr-wide' });
    const interfaces = [eni('eni-web', ['sg-two', 'sg-web'], ['10.0.0.10'], { from: FROM + 40 * DAY })];
    const said = await told([WEB, wide], [], { groups: [group('sg-web'), group('sg-two')], interfaces });
    expect(said[KEY]![0]).toBe('review group-not-worn');
  });
});

describe('a reference to a group that is gone', () => {
  it('is left to a person, with the reason, where it may have been the only rule', async () => {
    const gone = rule('ingress tcp 443 sg-gone', {
      ruleId: 'sgr-gone',
      peer: { kind: 'group', groupId: 'sg-gone', accountId: '111122223333' },
    });
    const said = await told([gone], daily(30, 6, 443, '10.7.0.1'));
    expect(said.gone).toEqual([
      'review stale-reference',
      'The group that it references does not exist any more, so it allows nothing. Within the window it may still have been the only rule for connections that were accepted, so a person must decide.',
      0,
    ]);
  });
});
