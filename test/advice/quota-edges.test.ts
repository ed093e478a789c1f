import { describe, expect, it } from 'vitest';
import { listWeights, overQuota, RULES_PER_GROUP, ruleWeights } from '../../analyzer/advice/quota.ts';
import { breadth, isCovered } from '../../analyzer/advice/redundant.ts';
import { inventory, shape } from './build.ts';

describe('what rules count against the quota', () => {
  const lists = new Map([['pl-big', 20]]);
  it.each<[string[], [number, number]]>([
    [[], [0, 0]],
    [['ingress tcp 1 10.0.0.0/8'], [1, 0]],
    [['ingress tcp 1 fd00::/8'], [0, 1]],
    [['ingress tcp 1 sg-a'], [1, 1]],
    [['ingress tcp 1 pl-big'], [20, 20]],
    [['ingress tcp 1 pl-new'], [1, 1]],
    [
      ['ingress tcp 1 10.0.0.0/8', 'ingress tcp 2 10.0.0.0/8', 'ingress tcp 1 ::/0', 'egress tcp 1 sg-a'],
      [3, 2],
    ],
  ])('%j: %j', (texts, [v4, v6]) => expect(ruleWeights(texts.map(shape), lists)).toEqual({ v4, v6 }));

  it('is of a prefix list its greatest number of entries, else those it has, else one', () => {
    const list = (prefixListId: string, maxEntries: number | null, cidrs: string[] | null) => ({
      prefixListId,
      name: null,
      ownerId: null,
      maxEntries,
      cidrs,
    });
    const prefixLists = [
      list('pl-1', 9, ['::/0']),
      list('pl-2', null, ['10.0.0.0/8', '::/0']),
      list('pl-3', null, null),
    ];
    expect([...listWeights(inventory({ prefixLists }))]).toEqual([
      ['pl-1', 9],
      ['pl-2', 2],
      ['pl-3', 1],
    ]);
  });

  it.each<[[number, number], [number, number], boolean]>([
    [[60, 60], [0, 0], false],
    [[61, 0], [0, 0], true],
    [[0, 61], [0, 0], true],
    [[61, 0], [61, 0], false],
    [[61, 0], [60, 61], true],
    [[0, 62], [70, 61], true],
    [[62, 0], [61, 0], true],
  ])('%j after %j is too many: %s', ([v4, v6], [b4, b6], over) => {
    expect(overQuota({ v4, v6 }, { v4: b4, v6: b6 }, RULES_PER_GROUP)).toBe(over);
  });
});

describe('whether rules allow all that others do', () => {
  it.each<[string[], string[], boolean]>([
    [[], [], true],
    [[], ['ingress tcp 1 10.0.0.0/8'], true],
    [['ingress tcp 1 10.0.0.0/8'], [], false],
    [['ingress tcp 1 10.0.0.0/8'], ['ingress tcp 1 10.0.0.0/8'], true],
    [['ingress tcp 1 10.0.0.0/8'], ['egress tcp 1 10.0.0.0/8'], false],
    [['ingress tcp 1 10.0.0.0/8'], ['ingress udp 1 10.0.0.0/8'], false],
    [['ingress tcp 1 10.0.0.0/8'], ['ingress tcp 2-9 10.0.0.0/8'], false],
    [['ingress tcp 5 10.0.0.0/8'], ['ingress tcp 5-9 10.0.0.0/8'], true],
    [['ingress tcp 9 10.0.0.0/8'], ['ingress tcp 5-9 10.0.0.0/8'], true],
    [['ingress tcp 1 10.0.0.0/8'], ['ingress all * 10.0.0.0/8'], true],
    [['ingress all * 10.0.0.0/8'], ['ingress tcp * 10.0.0.0/8'], false],
    [['ingress tcp 1-9 10.0.0.0/8'], ['ingress tcp 1-4 10.0.0.0/8', 'ingress tcp 5-9 10.0.0.0/8'], true],
    [['ingress tcp 1 10.0.0.0/8', 'ingress tcp 5 10.0.0.0/8'], ['ingress tcp 5 10.0.0.0/8'], false],
    [['ingress tcp 1 sg-a'], ['ingress tcp 1 sg-a'], true],
    [['ingress tcp 1 sg-a'], ['ingress tcp 1 sg-b'], false],
    [['ingress tcp 1 pl-a'], ['ingress tcp 1 pl-a'], true],
  ])('%j by %j: %s', (inner, outer, covered) => {
    expect(isCovered(inner.map(shape), outer.map(shape))).toBe(covered);
  });
});

describe('how wide a rule is, in powers of two', () => {
  it.each([
    ['ingress tcp 1 10.0.0.1/32', 0],
    ['ingress tcp 1-256 10.0.0.1/32', 8],
    ['ingress tcp 1 10.0.0.0/8', 24],
    ['ingress tcp 1 fd00::1/128', 0],
    ['ingress tcp 1 ::/0', 128],
    ['ingress tcp * 10.0.0.1/32', 16],
    ['ingress all * 10.0.0.1/32', 24],
    ['ingress tcp 1 sg-a', 8],
    ['ingress tcp 1 pl-a', 12],
    ['ingress icmp 8-0 10.0.0.0/24', 8],
  ])('%s: %d', (text, bits) => expect(breadth(shape(text))).toBe(bits));
});
