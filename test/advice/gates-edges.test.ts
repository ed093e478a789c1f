import { describe, expect, it } from 'vitest';
import { buildGates, figure, percent, windowDays } from '../../analyzer/advice/gates.ts';
import { DEFAULT_POLICY, type Policy } from '../../analyzer/advice/policy.ts';
import type { GroupHolder, Inventory, MissingListing } from '../../analyzer/model/inventory.ts';
import type { Evidence, GroupCoverage, Unexplained } from '../../analyzer/usage/evidence.ts';
import { days, FROM, group, inventory, rule } from './build.ts';

const RULE = rule('ingress tcp 443 10.0.0.0/8');
const OWN = '111122223333';

function coverage(more: Partial<GroupCoverage> = {}): GroupCoverage {
  return {
    groupId: 'sg-web',
    observedInterfaceHours: 720,
    expectedInterfaceHours: 720,
    wornHours: 720,
    skippedRecords: 0,
    interfaces: ['eni-1'],
    leastCovered: { interfaceId: 'eni-1', observedHours: 720, expectedHours: 720, share: 1 },
    ...more,
  };
}

function gates(
  parts: {
    coverage?: GroupCoverage | null;
    unexplained?: Unexplained[];
    inventory?: Partial<Inventory>;
    policy?: Partial<Policy>;
    days?: number;
  } = {},
) {
  const held = parts.coverage === undefined ? coverage() : parts.coverage;
  const evidence: Evidence = {
    rules: [RULE],
    groupSets: [],
    peerGroupSets: [],
    classes: [],
    ambiguous: [],
    totals: { explained: 0, unfiltered: 0, unexplained: 0 },
    coverage: new Map(held === null ? [] : [['sg-web', held]]),
    unexplained: parts.unexplained ?? [],
  };
  return buildGates(
    evidence,
    inventory(parts.inventory ?? {}),
    { ...DEFAULT_POLICY, ...parts.policy },
    days(parts.days ?? 30),
  );
}

describe('groups that nobody but their keeper may change', () => {
  const says = (more: Partial<Inventory>): string | null => {
    const gate = gates({ inventory: more }).managed(RULE);
    return gate === null ? null : `${gate.reason}: ${gate.detail}`;
  };
  it.each<[string, Partial<Inventory>, string | null]>([
    ['a group of their own', {}, null],
    [
      'a group that the inventory lacks',
      { groups: [group('sg-other')] },
      'group-unknown: The inventory does not describe the group, so it is not known who wore it.',
    ],
    [
      'the default group',
      { groups: [group('sg-web', { groupName: 'default' })] },
      'default-group: This is the default group of a VPC, which Pare reports and never edits.',
    ],
    [
      'a group of a controller',
      { groups: [group('sg-web', { groupName: 'eks-cluster-sg-x' })] },
      'managed-by-aws: AWS or a controller keeps this group (EKS) and would undo what is changed elsewhere.',
    ],
  ])('%s', (_, more, expected) => expect(says(more)).toBe(expected));

  it('a rule that the policy keeps, whatever else the group is', () => {
    const orders = {
      windows: [],
      protectedGroups: [{ group: 'sg-*' }],
      protectedPorts: [],
      protectedPeers: [],
      keeps: [],
      neverNarrow: [],
      rulesPerGroup: 60,
      brake: null,
    };
    const gate = gates({
      policy: { orders },
      inventory: { groups: [group('sg-web', { groupName: 'default' })] },
    }).managed(RULE);
    expect(gate).toEqual({ reason: 'protected-by-policy', detail: 'The policy protects the group.' });
  });
});

describe('law 2: frozen groups', () => {
  const entry = (reason: Unexplained['reason'], more: Partial<Unexplained> = {}): Unexplained => ({
    interfaceId: 'eni-9',
    groups: ['sg-app', 'sg-web'],
    direction: 'ingress',
    records: 1,
    reason,
    example: 'x <- y',
    ...more,
  });

  it.each<[Unexplained['reason'], string]>([
    ['no-rule', 'no rule of the groups worn allows it'],
    ['unknown-interface', 'the interface is not in the inventory'],
    ['unknown-group', 'the interface wore a group that the inventory lacks'],
    ['no-state-at-that-time', 'it is not known which groups the interface wore then'],
  ])('by %s', (reason, why) => {
    expect(gates({ unexplained: [entry(reason)] }).frozen(RULE)).toEqual({
      reason: 'unexplained-traffic',
      detail: `Accepted traffic on eni-9 (x <- y) is explained by no known rule: ${why}.`,
    });
  });

  it('are frozen in that direction only, and told by the first entry', () => {
    const both = [entry('no-rule'), entry('unknown-group', { interfaceId: 'eni-8' })];
    expect(gates({ unexplained: both }).frozen(RULE)!.detail).toContain('eni-9');
    expect(gates({ unexplained: [entry('no-rule', { direction: 'egress' })] }).frozen(RULE)).toBeNull();
    expect(gates({ unexplained: [entry('no-rule', { groups: ['sg-app'] })] }).frozen(RULE)).toBeNull();
    expect(gates().frozen(RULE)).toBeNull();
  });
});

describe('law 1: silence that proves nothing', () => {
  const says = (parts: Parameters<typeof gates>[0]): string | null => {
    const gate = gates(parts).unproven(RULE);
    return gate === null ? null : `${gate.reason}: ${gate.detail}`;
  };

  it('is not found where all was watched, for long enough', () => {
    expect(says({})).toBeNull();
    expect(says({ coverage: coverage({ leastCovered: null }) })).toBeNull();
    expect(says({ days: 14 })).toBeNull();
    expect(says({ coverage: coverage({ wornHours: 72 }) })).toBeNull();
    expect(says({ coverage: coverage({ observedInterfaceHours: 0.98 * 720 }) })).toBeNull();
  });

  it.each<[string, Parameters<typeof gates>[0], string]>([
    [
      'a window that is too short',
      { days: 13.999 },
      'window-too-short: The window judged is 13.99 days long; 14 are needed before silence proves anything.',
    ],
    [
      'a group hardly ever worn',
      { coverage: coverage({ wornHours: 71 }) },
      'worn-too-briefly: Somebody wore the group in only 71 hours of the window; 72 are needed before silence proves anything.',
    ],
    [
      'one interface hardly logged',
      { coverage: coverage({ observedInterfaceHours: 700 }) },
      'coverage-too-thin: Flow logs cover 97.22 % of the 720 hours in which interfaces wore the group; 98 % are needed before silence proves anything.',
    ],
    [
      'the only interface hardly logged',
      {
        coverage: coverage({
          observedInterfaceHours: 700,
          leastCovered: { interfaceId: 'eni-1', observedHours: 700, expectedHours: 720, share: 0.9722 },
        }),
      },
      'coverage-too-thin: Flow logs cover 97.22 % of the 720 hours in which interfaces wore the group; 98 % are needed before silence proves anything.',
    ],
    [
      'interfaces of which nothing is known one by one',
      { coverage: coverage({ observedInterfaceHours: 700, interfaces: ['eni-1', 'eni-2'], leastCovered: null }) },
      'coverage-too-thin: Flow logs cover 97.22 % of the 720 hours in which interfaces wore the group; 98 % are needed before silence proves anything.',
    ],
    [
      'one interface of two hardly logged',
      {
        coverage: coverage({
          observedInterfaceHours: 1430,
          expectedInterfaceHours: 1440,
          interfaces: ['eni-1', 'eni-2'],
          leastCovered: { interfaceId: 'eni-2', observedHours: 350, expectedHours: 360.5, share: 0.9799 },
        }),
      },
      'coverage-too-thin: Flow logs cover 97.99 % of the 360.5 hours in which eni-2 wore the group, though 99.3 % of all 2 interfaces together; 98 % of each are needed before silence proves anything.',
    ],
    [
      'all interfaces hardly logged',
      {
        coverage: coverage({
          observedInterfaceHours: 1400,
          expectedInterfaceHours: 1440,
          interfaces: ['eni-1', 'eni-2'],
          leastCovered: { interfaceId: 'eni-2', observedHours: 350, expectedHours: 720, share: 0.5 },
        }),
      },
      'coverage-too-thin: Flow logs cover 50 % of the 720 hours in which eni-2 wore the group; 98 % of each are needed before silence proves anything.',
    ],
    [
      'all interfaces a little, none of them by itself',
      {
        coverage: coverage({
          observedInterfaceHours: 1400,
          expectedInterfaceHours: 1440,
          interfaces: ['eni-1', 'eni-2'],
          leastCovered: { interfaceId: 'eni-2', observedHours: 710, expectedHours: 720, share: 0.98 },
        }),
      },
      'coverage-too-thin: Flow logs cover 97.22 % of the 1440 hours in which interfaces wore the group; 98 % are needed before silence proves anything.',
    ],
  ])('is found with %s', (_, parts, expected) => expect(says(parts)).toBe(expected));

  const nobody = 'group-not-worn: No interface wore the group within the window, so nothing could be seen of it. ';
  const holder = (holderId: string, name: string | null, groupId = 'sg-web'): GroupHolder => ({
    groupId,
    kind: 'launch-template',
    holderId,
    name,
    versions: [1],
    accountId: OWN,
    region: 'eu-west-1',
    byName: false,
  });
  const missing = (more: Partial<MissingListing>): MissingListing[] => [
    { accountId: null, region: null, listing: 'launch-templates', ...more },
  ];
  const SOME = 'Launch templates and services scaled to nothing may still name it.';
  const NONE = 'No launch template names it; services scaled to nothing may.';

  it.each<[string, Partial<Inventory>, string]>([
    ['nobody looked for templates', {}, SOME],
    ['no template names it', { holders: [] }, NONE],
    ['a template names another', { holders: [holder('lt-1', 'a', 'sg-other')] }, NONE],
    [
      'templates name it',
      { holders: [holder('lt-2', null), holder('lt-1', 'app'), holder('lt-3', 'app')] },
      'Launch template app, lt-2 names it: what it starts will wear it.',
    ],
    ['templates could not be had at all', { holders: [], missingListings: missing({}) }, SOME],
    ['templates of its account could not be had', { holders: [], missingListings: missing({ accountId: OWN }) }, SOME],
    [
      'templates of its Region could not be had',
      { holders: [], missingListings: missing({ region: 'eu-west-1' }) },
      SOME,
    ],
    [
      'templates of another account could not be had',
      { holders: [], missingListings: missing({ accountId: '9' }) },
      NONE,
    ],
    ['templates of another Region could not be had', { holders: [], missingListings: missing({ region: 'x' }) }, NONE],
    ['another listing could not be had', { holders: [], missingListings: missing({ listing: 'subnets' }) }, NONE],
  ])('is found where nobody wore the group, and %s', (_, more, expected) => {
    expect(says({ coverage: null, inventory: more })).toBe(nobody + expected);
    expect(says({ coverage: coverage({ expectedInterfaceHours: 0 }), inventory: more })).toBe(nobody + expected);
  });
});

describe('law 1: a rule younger than the silence that is asked for', () => {
  const DAY = 86_400;
  const says = (age: { createdAt: number | null; changedAt: number | null }): string | null => {
    const ruleAges = [
      { ruleId: 'sgr-other', createdAt: FROM + 29 * DAY, changedAt: null, by: null, createdBefore: null },
      { ruleId: RULE.ruleId, by: null, createdBefore: null, ...age },
    ];
    const gate = gates({ inventory: { ruleAges } }).unproven(RULE);
    return gate === null ? null : `${gate.reason}: ${gate.detail}`;
  };

  it('is not taken for one where its age is not known, or great enough', () => {
    expect(says({ createdAt: null, changedAt: null })).toBeNull();
    expect(says({ createdAt: FROM, changedAt: null })).toBeNull();
    expect(says({ createdAt: FROM + 16 * DAY, changedAt: null })).toBeNull();
  });

  it('is reviewed, and told when it was made or last changed', () => {
    const needed = '14 are needed before silence proves anything.';
    expect(says({ createdAt: FROM + 16 * DAY + 1, changedAt: null })).toBe(
      `rule-too-young: The rule was made on 2024-10-20, 13.99 days before the end of the window; ${needed}`,
    );
    expect(says({ createdAt: FROM - DAY, changedAt: FROM + 20 * DAY })).toBe(
      `rule-too-young: The rule was last changed on 2024-10-24, 10 days before the end of the window; ${needed}`,
    );
    expect(says({ createdAt: null, changedAt: FROM + 30 * DAY })).toBe(
      `rule-too-young: The rule was last changed on 2024-11-03, after the window judged; ${needed}`,
    );
  });
});

describe('figures in sentences', () => {
  it('are rounded down', () => {
    expect([percent(0.97999), percent(1), percent(0), percent(0.5), percent(0.00004)]).toEqual([
      '97.99 %',
      '100 %',
      '0 %',
      '50 %',
      '0 %',
    ]);
    expect([figure(13.999), figure(14), figure(0.5)]).toEqual(['13.99', '14', '0.5']);
    expect(windowDays({ from: 0, to: 86_400 * 1.5 })).toBe(1.5);
  });
});
