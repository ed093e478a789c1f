import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { advise, DEFAULT_POLICY, type Policy, replay } from '../../analyzer/advice/index.ts';
import { narrowRule } from '../../analyzer/advice/narrow.ts';
import type { SecurityGroupRule } from '../../analyzer/model/rule.ts';
import { allowedSpace, isWithin, resolveNothing } from '../../analyzer/model/traffic.ts';
import { attribute } from '../../analyzer/usage/index.ts';
import { reference } from '../usage/reference.ts';
import { batches, TICK, WORLD_WINDOW, type World, world } from '../usage/worlds.ts';
import { covered, daily, days, eni, FROM, flow, group, inventory, judge, rule, shape } from './build.ts';

const DAY = 86_400;

/** Proposes wherever it may at all, so that the laws are under strain. */
const BOLD: Policy = {
  ...DEFAULT_POLICY,
  minCoverage: 0,
  minWindowDays: 0,
  minWornDays: 0,
  longestPrefixV4: 32,
  longestPrefixV6: 128,
  steadyDays: 1,
  maxMissingMass: 1,
  maxKeptShare: 1,
};

async function plan(w: World) {
  const evidence = await attribute({
    inventory: w.inventory,
    ledger: batches(w.rows),
    coverage: batches(w.coverage),
    window: WORLD_WINDOW,
  });
  return { evidence, advice: advise({ evidence, inventory: w.inventory, policy: BOLD, window: WORLD_WINDOW }) };
}

function rulesAfter(verdicts: Awaited<ReturnType<typeof plan>>['advice']['verdicts']): SecurityGroupRule[] {
  return verdicts.flatMap(({ rule: r, action, replacements }) =>
    action === 'remove'
      ? []
      : action === 'narrow'
        ? replacements.map((s, i) => ({ ...r, ...s, ruleId: `${r.ruleId}-${i}` }))
        : [r],
  );
}

describe('law 1: uncertainty counts as use', () => {
  const rules = [rule('ingress tcp 443 10.0.0.0/16'), rule('egress tcp 8443 10.0.0.0/16')];

  it('removes a rule that silence is proved for', async () => {
    const { says } = await judge(inventory({ rules }), []);
    expect(says['ingress tcp 443 10.0.0.0/16']).toBe('remove | unused');
  });

  it('keeps both rules that a connection of unknown opener may have needed', async () => {
    const row = flow(3, 6, 443, '10.0.5.5', { opened: 'unknown', evidence: 'none', peerPort: 8443 });
    const { says, advice } = await judge(inventory({ rules }), [row]);
    expect(says).toEqual({
      'ingress tcp 443 10.0.0.0/16': 'keep | seen-too-rarely',
      'egress tcp 8443 10.0.0.0/16': 'keep | seen-too-rarely',
    });
    expect(advice.verdicts.map((v) => [v.usage.flows, v.usage.uncertainFlows, v.usage.onlyPermitterFlows])).toEqual([
      [1, 1, 0],
      [1, 1, 0],
    ]);
  });

  it.each([
    ['too little coverage', { coverage: covered(days(30), 'eni-web', 0.9) }, 'coverage-too-thin'],
    ['no logs at all', { coverage: [] }, 'coverage-too-thin'],
    ['a short window', { window: days(10) }, 'window-too-short'],
  ])('does not call a rule unused with %s', async (_, options, reason) => {
    const { says } = await judge(inventory({ rules }), [], options);
    expect(says['ingress tcp 443 10.0.0.0/16']).toBe(`review | ${reason}`);
  });

  it('does not call a rule unused when nobody wore the group', async () => {
    const { says } = await judge(inventory({ rules, interfaces: [] }), []);
    expect(says['ingress tcp 443 10.0.0.0/16']).toBe('review | group-not-worn');
  });

  it.each([
    [2, 'review | worn-too-briefly'],
    [4, 'remove | unused'],
  ])('takes the silence of a group that was worn on %i days of the window for what it is', async (worn, verdict) => {
    const span = { from: FROM, to: FROM + worn * 86_400, startKnown: true };
    // Many interfaces at once add nothing: it is the clock that counts.
    const fleet = ['eni-a', 'eni-b', 'eni-c'].map((id, i) => eni(id, ['sg-web'], [`10.0.1.${i}`], span));
    const coverage = fleet.flatMap(({ interfaceId }) => covered(days(worn), interfaceId));
    const { says } = await judge(inventory({ rules, interfaces: fleet }), [], { coverage });
    expect(says['ingress tcp 443 10.0.0.0/16']).toBe(verdict);
  });

  it('does not let 99 logged interfaces speak for the one that was never logged', async () => {
    const fleet = Array.from({ length: 100 }, (_, i) => `eni-${String(i).padStart(3, '0')}`);
    const inv = inventory({ rules, interfaces: fleet.map((id, i) => eni(id, ['sg-web'], [`10.0.1.${i}`])) });
    const coverage = fleet.slice(0, 99).flatMap((id) => covered(days(30), id));
    const { says, advice, evidence } = await judge(inv, [], { coverage });
    expect(evidence.coverage.get('sg-web')).toMatchObject({
      observedInterfaceHours: 99 * 720,
      leastCovered: { interfaceId: 'eni-099', observedHours: 0, expectedHours: 720, share: 0 },
    });
    expect(says['ingress tcp 443 10.0.0.0/16']).toBe('review | coverage-too-thin');
    expect(advice.verdicts[0]!.detail).toBe(
      'Flow logs cover 0 % of the 720 hours in which eni-099 wore the group, though 99 % of all 100 interfaces together; 98 % of each are needed before silence proves anything.',
    );
    const all = await judge(inv, [], { coverage: fleet.flatMap((id) => covered(days(30), id)) });
    expect(all.says['ingress tcp 443 10.0.0.0/16']).toBe('remove | unused');
  });

  it.each([
    ['nine minutes, never logged', 540, 0, 'remove | unused'],
    ['fifty minutes, the first eight not logged', 3000, 2520, 'remove | unused'],
    ['fifty minutes, half of them not logged', 3000, 1500, 'review | coverage-too-thin'],
    ['fifty minutes, never logged', 3000, 0, 'review | coverage-too-thin'],
  ])('asks of an interface that lived %s no more than logs can show', async (_, lived, seen, expected) => {
    const brief = eni('eni-brief', ['sg-web'], ['10.0.0.11'], { from: FROM + 7200, to: FROM + 7200 + lived });
    const inv = inventory({ rules, interfaces: [brief, eni('eni-web', ['sg-web'], ['10.0.0.10'])] });
    const part = { interfaceId: 'eni-brief', hour: FROM + 7200, observedSeconds: seen, records: 1, skipData: 0 };
    const { says } = await judge(inv, [], { coverage: [...covered(days(30)), part] });
    expect(says['ingress tcp 443 10.0.0.0/16']).toBe(expected);
  });

  it('counts an hour once although two states claim it', async () => {
    const states = [
      eni('eni-web', ['sg-web'], ['10.0.0.10'], { to: FROM + 15 * DAY }),
      eni('eni-web', ['sg-web', 'sg-new'], ['10.0.0.10'], { from: FROM + 10 * DAY }),
    ];
    const { evidence } = await judge(inventory({ rules, interfaces: states }), []);
    expect(evidence.coverage.get('sg-web')).toMatchObject({ observedInterfaceHours: 720, expectedInterfaceHours: 720 });
  });

  it('expects nothing of an interface before its birth, though the inventory does not say since when it wore what it wears', async () => {
    const young = eni('eni-young', ['sg-web'], ['10.0.0.11'], {
      from: FROM + 20 * DAY,
      startKnown: false,
      existsSince: FROM + 20 * DAY,
    });
    const inv = inventory({ rules, interfaces: [eni('eni-web', ['sg-web'], ['10.0.0.10']), young] });
    const coverage = [
      ...covered(days(30)),
      ...covered(days(30), 'eni-young').filter((row) => row.hour >= FROM + 20 * DAY),
    ];
    const { evidence, says } = await judge(inv, [], { coverage });
    expect(evidence.coverage.get('sg-web')).toMatchObject({ expectedInterfaceHours: 960, observedInterfaceHours: 960 });
    expect(says['ingress tcp 443 10.0.0.0/16']).toBe('remove | unused');
  });

  it('takes an address inside a prefix delegated to an interface for that interface', async () => {
    const inv = inventory({
      groups: [group('sg-web'), group('sg-pods')],
      rules: [rule('ingress tcp 443 sg-pods')],
      interfaces: [
        eni('eni-web', ['sg-web'], ['fd00::10']),
        eni('eni-node', ['sg-pods'], ['fd00::20'], { prefixes: ['fd00:0:0:0:5::/80'] }),
      ],
      vpcs: [{ vpcId: 'vpc-1', accountId: '1', region: 'r', cidrs: ['fd00::/56'] }],
    });
    const inside = await judge(inv, daily(30, 6, 443, 'fd00::5:0:0:77'));
    expect(inside.evidence.peerGroupSets).toEqual([{ sure: ['sg-pods'], peered: [], possible: [] }]);
    expect(inside.says['ingress tcp 443 sg-pods']).toBe('keep | in-use');
    expect(inside.advice.verdicts[0]!.confidence).toBe(1);
    const outside = await judge(inv, daily(30, 6, 443, 'fd00::6:0:0:77'));
    expect(outside.evidence.peerGroupSets).toEqual([{ sure: [], peered: [], possible: ['sg-pods'] }]);
  });

  it('counts an hour with a SKIPDATA line as not covered', async () => {
    const coverage = covered(days(30)).map((row, i) => (i % 20 === 0 ? { ...row, skipData: 1 } : row));
    const { says, evidence } = await judge(inventory({ rules }), [], { coverage });
    expect(says['ingress tcp 443 10.0.0.0/16']).toBe('review | coverage-too-thin');
    expect(evidence.coverage.get('sg-web')).toMatchObject({
      expectedInterfaceHours: 720,
      observedInterfaceHours: 684,
      skippedRecords: 36,
    });
  });

  it('keeps every rule of both sides of a change of groups near a connection', async () => {
    const swap = flow(3, 6, 443, '10.0.5.5').last + 300;
    const inv = inventory({
      groups: [group('sg-web'), group('sg-new')],
      rules: [
        rule('ingress tcp 443 10.0.0.0/16'),
        rule('ingress tcp 443 10.0.0.0/16', { groupId: 'sg-new', ruleId: 'sgr-new' }),
      ],
      interfaces: [
        eni('eni-web', ['sg-web'], ['10.0.0.10'], { to: swap }),
        eni('eni-web', ['sg-new'], ['10.0.0.10'], { from: swap }),
      ],
    });
    const { says } = await judge(inv, [flow(3, 6, 443, '10.0.5.5')]);
    expect(Object.values(says).map((s) => s.split(' | ')[0])).toEqual(['keep', 'keep']);
  });

  it('keeps a rule that references a group whose member may have been an interface now gone', async () => {
    const inv = inventory({
      groups: [group('sg-web'), group('sg-client')],
      rules: [rule('ingress tcp 443 sg-client'), rule('ingress tcp 443 10.0.0.0/8')],
    });
    const { says } = await judge(inv, daily(30, 6, 443, '10.0.9.9'));
    expect(says['ingress tcp 443 sg-client']).toBe('keep | in-use');
  });

  it('keeps a rule that references a group whose member may have been gone from a VPC it was associated with', async () => {
    const inv = inventory({
      groups: [group('sg-web'), group('sg-far', { vpcId: 'vpc-2' })],
      rules: [rule('ingress tcp 443 sg-far')],
      vpcs: [
        { vpcId: 'vpc-1', accountId: '1', region: 'r', cidrs: ['10.0.0.0/16'] },
        { vpcId: 'vpc-2', accountId: '1', region: 'r', cidrs: ['10.9.0.0/16'] },
      ],
    });
    const row = flow(1, 6, 443, '10.0.9.9');
    const apart = await judge(inv, [row]);
    expect(apart.evidence.totals.unexplained).toBe(1);
    const groupVpcs = [{ groupId: 'sg-far', vpcId: 'vpc-1', vpcOwnerId: null, state: 'associated' }];
    const { evidence } = await judge({ ...inv, groupVpcs }, [row]);
    expect(evidence.totals).toMatchObject({ explained: 1, unexplained: 0 });
  });

  it('does not take an address for the interface that had it at another time', async () => {
    const half = days(15).to;
    const inv = inventory({
      groups: [group('sg-web'), group('sg-client'), group('sg-other')],
      rules: [rule('ingress tcp 443 sg-client'), rule('ingress tcp 443 10.0.9.0/24')],
      interfaces: [
        eni('eni-web', ['sg-web'], ['10.0.0.10']),
        eni('eni-old', ['sg-client'], ['10.0.9.9'], { to: half }),
        eni('eni-young', ['sg-other'], ['10.0.9.9'], { from: half }),
      ],
    });
    const late = await judge(
      inv,
      daily(12, 6, 443, '10.0.9.9').map((r) => ({
        ...r,
        first: r.first + 86_400 * 16,
        last: r.last + 86_400 * 16,
        bucket: r.bucket + 86_400 * 16,
      })),
    );
    expect(late.says['ingress tcp 443 sg-client']).toBe('remove | unused');
    const early = await judge(inv, daily(12, 6, 443, '10.0.9.9'));
    expect(early.says['ingress tcp 443 sg-client']).toBe('keep | in-use');
  });

  it('never narrows ICMP types, which the logs do not show', async () => {
    const inv = inventory({ rules: [rule('ingress icmp 8-0 10.0.0.0/16'), rule('ingress icmp 3-4 10.0.0.0/16')] });
    const { says } = await judge(inv, daily(30, 1, null, '10.0.5.5'), { policy: { narrowPeers: false } });
    expect(Object.values(says)).toEqual(['keep | in-use', 'keep | in-use']);
  });
});

describe('law 2: every accepted connection is explained, or its groups are frozen', () => {
  const rules = [rule('ingress tcp 443 10.0.0.0/16'), rule('egress tcp 8443 10.0.0.0/16')];

  it('freezes the direction in which no rule allows what was accepted', async () => {
    const { says, evidence } = await judge(inventory({ rules }), [flow(1, 6, 22, '10.0.5.5')]);
    expect(says).toEqual({
      'ingress tcp 443 10.0.0.0/16': 'review | unexplained-traffic',
      'egress tcp 8443 10.0.0.0/16': 'remove | unused',
    });
    expect(evidence.unexplained).toEqual([
      {
        interfaceId: 'eni-web',
        groups: ['sg-web'],
        direction: 'ingress',
        records: 1,
        reason: 'no-rule',
        example: 'tcp 10.0.0.10:22 <- 10.0.5.5',
      },
    ]);
  });

  it('takes a guessed opener that leads to no rule for undecided, and freezes nothing', async () => {
    const row = flow(1, 6, 22, '10.0.5.5', { evidence: 'fan' });
    const { says } = await judge(inventory({ rules }), [row]);
    expect(says).toEqual({
      'ingress tcp 443 10.0.0.0/16': 'remove | unused',
      'egress tcp 8443 10.0.0.0/16': 'keep | seen-too-rarely',
    });
  });

  it('freezes the groups that an unknown interface may have worn, and no others', async () => {
    const far = rule('ingress tcp 443 10.9.0.0/16', { groupId: 'sg-far' });
    const inv = inventory({
      groups: [group('sg-web'), group('sg-far', { vpcId: 'vpc-2' })],
      rules: [...rules, far],
      interfaces: [
        eni('eni-web', ['sg-web'], ['10.0.0.10']),
        eni('eni-far', ['sg-far'], ['10.9.0.10'], { vpcId: 'vpc-2' }),
      ],
      vpcs: [
        { vpcId: 'vpc-1', accountId: '1', region: 'r', cidrs: ['10.0.0.0/16'] },
        { vpcId: 'vpc-2', accountId: '1', region: 'r', cidrs: ['10.9.0.0/16'] },
      ],
    });
    const coverage = [...covered(days(30)), ...covered(days(30), 'eni-far')];
    const { says } = await judge(
      inv,
      [flow(1, 6, 443, '10.0.5.5', { interfaceId: 'eni-gone', localAddress: '10.0.0.77' })],
      { coverage },
    );
    expect(says).toEqual({
      'ingress tcp 443 10.0.0.0/16': 'review | unexplained-traffic',
      'egress tcp 8443 10.0.0.0/16': 'remove | unused',
      'ingress tcp 443 10.9.0.0/16': 'remove | unused',
    });
  });

  it('freezes a group of another VPC that was associated with the one of an unknown interface', async () => {
    const inv = inventory({
      groups: [group('sg-web'), group('sg-far', { vpcId: 'vpc-2' })],
      rules: [...rules, rule('ingress tcp 443 10.9.0.0/16', { groupId: 'sg-far' })],
      interfaces: [
        eni('eni-web', ['sg-web'], ['10.0.0.10']),
        eni('eni-far', ['sg-far'], ['10.9.0.10'], { vpcId: 'vpc-2' }),
      ],
      vpcs: [
        { vpcId: 'vpc-1', accountId: '1', region: 'r', cidrs: ['10.0.0.0/16'] },
        { vpcId: 'vpc-2', accountId: '1', region: 'r', cidrs: ['10.9.0.0/16'] },
      ],
      groupVpcs: [{ groupId: 'sg-far', vpcId: 'vpc-1', vpcOwnerId: null, state: 'disassociated' }],
    });
    const coverage = [...covered(days(30)), ...covered(days(30), 'eni-far')];
    const stranger = flow(1, 6, 443, '10.0.5.5', { interfaceId: 'eni-gone', localAddress: '10.0.0.77' });
    const { says, evidence } = await judge(inv, [stranger], { coverage });
    expect(evidence.unexplained[0]!.groups).toEqual(['sg-far', 'sg-web']);
    expect(says['ingress tcp 443 10.9.0.0/16']).toBe('review | unexplained-traffic');
  });

  it('asks nothing of interfaces without groups', async () => {
    const inv = inventory({
      rules,
      interfaces: [eni('eni-web', ['sg-web'], ['10.0.0.10']), eni('eni-nat', [], ['10.0.0.20'])],
    });
    const { evidence } = await judge(inv, [flow(1, 6, 22, '8.8.8.8', { interfaceId: 'eni-nat' })]);
    expect(evidence.totals).toEqual({ explained: 0, unfiltered: 1, unexplained: 0 });
    expect(evidence.unexplained).toEqual([]);
  });

  it('says when the group that may have allowed it is not in the inventory', async () => {
    const inv = inventory({ rules, interfaces: [eni('eni-web', ['sg-lost', 'sg-web'], ['10.0.0.10'])] });
    const { evidence, says } = await judge(inv, [flow(1, 6, 22, '10.0.5.5')]);
    expect(evidence.unexplained.map((u) => [u.reason, u.groups])).toEqual([['unknown-group', ['sg-lost', 'sg-web']]]);
    expect(says['ingress tcp 443 10.0.0.0/16']).toBe('review | unexplained-traffic');
  });
});

describe('law 3: the plan is judged whole', () => {
  it('never removes both of two rules that cover for each other', async () => {
    const inv = inventory({
      rules: [
        rule('ingress tcp 80-443 10.0.5.0/24'),
        rule('ingress tcp 80-443 10.0.4.0/24'),
        rule('ingress tcp 80-443 10.0.4.0/23'),
      ],
    });
    const rows = [80, 443].flatMap((port) => [...daily(30, 6, port, '10.0.4.4'), ...daily(30, 6, port, '10.0.5.5')]);
    const { advice, says } = await judge(inv, rows);
    expect(advice.replay).toMatchObject({ connections: 4, blocked: 0 });
    // Two narrowed rules for both networks do what four would for each.
    expect(says).toEqual({
      'ingress tcp 80-443 10.0.5.0/24': 'remove | redundant',
      'ingress tcp 80-443 10.0.4.0/24': 'remove | redundant',
      'ingress tcp 80-443 10.0.4.0/23': 'narrow | ports-unused | 6 80-80 10.0.4.0/23 | 6 443-443 10.0.4.0/23',
    });
  });

  it('withdraws the whole plan when the replay blocks a connection and no proposal is to blame', async () => {
    const inv = inventory({ rules: [rule('ingress tcp 443 10.0.0.0/16'), rule('ingress tcp 22 10.0.0.0/16')] });
    const { evidence } = await judge(inv, []);
    const input = { evidence, inventory: inv, policy: DEFAULT_POLICY, window: days(30) };
    expect(advise(input).verdicts.map((v) => v.action)).toEqual(['remove', 'remove']);
    const nobody: typeof replay = (e, after, i) => {
      const honest = replay(e, after, i);
      const changed = after.some(({ shapes }) => shapes.length === 0);
      return changed ? { ...honest, blocked: 1, offenders: [] } : honest;
    };
    const judged = advise(input, { narrowRule, replay: nobody });
    expect(judged.verdicts.map((v) => [v.action, v.reason])).toEqual([
      ['keep', 'replay-blocked'],
      ['keep', 'replay-blocked'],
    ]);
    expect(judged.replay.blocked).toBe(0);
  });

  it('refuses to return a plan at all when even no change is said to block', async () => {
    const inv = inventory({ rules: [rule('ingress tcp 443 10.0.0.0/16')] });
    const { evidence } = await judge(inv, []);
    const broken: typeof replay = (e, after, i) => ({ ...replay(e, after, i), blocked: 1 });
    const input = { evidence, inventory: inv, policy: DEFAULT_POLICY, window: days(30) };
    expect(() => advise(input, { narrowRule, replay: broken })).toThrow('changes nothing');
  });

  it('leaves every accepted connection of every random world a rule, asked row by row', async () => {
    let proposals = 0;
    await fc.assert(
      fc.asyncProperty(world, async (w) => {
        const { advice } = await plan(w);
        expect(advice.replay.blocked).toBe(0);
        expect(advice.verdicts.some((v) => v.reason === 'replay-blocked' || v.reason === 'subset-unproved')).toBe(
          false,
        );
        proposals += advice.verdicts.filter((v) => v.action === 'remove' || v.action === 'narrow').length;
        const after = { ...w.inventory, rules: rulesAfter(advice.verdicts) };
        for (const row of w.rows) {
          const before = reference({ inventory: w.inventory, slack: 600, tick: TICK }, [row]);
          if (before.totals.explained === 0) continue;
          expect(reference({ inventory: after, slack: 600, tick: TICK }, [row]).totals.explained).toBe(row.records);
        }
      }),
      { numRuns: 400 },
    );
    expect(proposals).toBeGreaterThan(200);
  });
});

describe('law 4: nothing opens', () => {
  it('lets every group of every random world allow a subset of what it allowed', async () => {
    await fc.assert(
      fc.asyncProperty(world, async (w) => {
        const { advice } = await plan(w);
        const after = rulesAfter(advice.verdicts);
        for (const { groupId } of w.inventory.groups) {
          const mine = (rules: readonly SecurityGroupRule[]) =>
            allowedSpace(
              rules.filter((r) => r.groupId === groupId),
              resolveNothing,
            );
          expect(isWithin(mine(after), mine(w.inventory.rules))).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('law 4: what narrowing proposes is not trusted', () => {
  const wide = rule('ingress tcp 8000-9000 10.0.5.0/24');
  const wider = shape('ingress tcp 8000-9000 10.0.0.0/16');
  const opens: typeof narrowRule = () => ({
    ok: true,
    reason: 'sources-unused',
    replacements: [wider],
    keptShare: 0.1,
    missingMass: 0,
    frontier: [],
  });

  it('withdraws a replacement that allows more than the group did', async () => {
    const inv = inventory({ rules: [wide, rule('egress tcp 443 10.0.0.0/8')] });
    const { evidence } = await judge(inv, daily(30, 6, 8080, '10.0.5.5'));
    const input = { evidence, inventory: inv, policy: DEFAULT_POLICY, window: days(30) };
    const advice = advise(input, { narrowRule: opens, replay });
    const said = advice.verdicts.find((v) => v.rule.ruleId === wide.ruleId)!;
    expect([said.action, said.reason, said.replacements]).toEqual(['keep', 'subset-unproved', []]);
  });

  it('judges each group by itself: what another group allows excuses nothing', async () => {
    const other = rule('ingress tcp 0-65535 10.0.0.0/8', { groupId: 'sg-other', ruleId: 'sgr-other' });
    const inv = inventory({ groups: [group('sg-web'), group('sg-other')], rules: [wide, other] });
    const { evidence } = await judge(inv, daily(30, 6, 8080, '10.0.5.5'));
    const input = { evidence, inventory: inv, policy: DEFAULT_POLICY, window: days(30) };
    const advice = advise(input, { narrowRule: opens, replay });
    expect(advice.verdicts.find((v) => v.rule.ruleId === wide.ruleId)!.reason).toBe('subset-unproved');
  });

  it('lets every narrowing of a random world stand only where the group stays a subset, whatever narrowing says', async () => {
    let withdrawn = 0;
    await fc.assert(
      fc.asyncProperty(world, async (w) => {
        const evidence = await attribute({
          inventory: w.inventory,
          ledger: batches(w.rows),
          coverage: batches(w.coverage),
          window: WORLD_WINDOW,
        });
        const everything: typeof narrowRule = (r) => ({
          ok: true,
          reason: 'sources-unused',
          replacements: [{ ...r, peer: { kind: 'cidrIpv4', cidr: '0.0.0.0/0' } }],
          keptShare: 0.1,
          missingMass: 0,
          frontier: [],
        });
        const input = { evidence, inventory: w.inventory, policy: BOLD, window: WORLD_WINDOW };
        const advice = advise(input, { narrowRule: everything, replay });
        const after = rulesAfter(advice.verdicts);
        for (const { groupId } of w.inventory.groups) {
          const mine = (rules: readonly SecurityGroupRule[]) =>
            allowedSpace(
              rules.filter((r) => r.groupId === groupId),
              resolveNothing,
            );
          expect(isWithin(mine(after), mine(w.inventory.rules))).toBe(true);
        }
        withdrawn += advice.verdicts.filter((v) => v.reason === 'subset-unproved').length;
      }),
      { numRuns: 400 },
    );
    expect(withdrawn).toBeGreaterThan(2);
  });
});

describe('law 7: same input, same output', () => {
  it('gives the same verdicts whatever the order of rows and of the inventory', async () => {
    await fc.assert(
      fc.asyncProperty(world, async (w) => {
        const turned: World = {
          rows: w.rows.toReversed(),
          coverage: w.coverage.toReversed(),
          inventory: {
            ...w.inventory,
            groups: w.inventory.groups.toReversed(),
            rules: w.inventory.rules.toReversed(),
            interfaces: w.inventory.interfaces.toReversed(),
            prefixLists: w.inventory.prefixLists.toReversed(),
            vpcs: w.inventory.vpcs.toReversed(),
          },
        };
        expect((await plan(turned)).advice).toEqual((await plan(w)).advice);
      }),
      { numRuns: 200 },
    );
  });
});
