import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAddress } from '../../analyzer/model/address.ts';
import type { Inventory } from '../../analyzer/model/inventory.ts';
import { Addresses } from '../../analyzer/usage/intern.ts';
import { buildPeerIndex, vpcSpaces } from '../../analyzer/usage/peers.ts';
import { timelines } from '../../analyzer/usage/timeline.ts';
import { eni, group, inventory, rule } from '../advice/build.ts';

const SLACK = 10;
const vpc = (vpcId: string, ...cidrs: string[]) => ({ vpcId, accountId: '1', region: 'r', cidrs });
const GROUPS = ['sg-a', 'sg-b', 'sg-c'].map((id) => group(id));
const RULES = ['sg-c', 'sg-b', 'sg-a'].map((id) => rule(`ingress tcp 1 ${id}`));
const held = (
  id: string,
  groups: string[],
  address: string,
  from: number,
  to: number | null,
  vpcId: string | null = 'vpc-1',
) => eni(id, groups, [address], { from, to, vpcId });

function index(parts: Partial<Inventory>) {
  const inv = inventory({
    groups: GROUPS,
    rules: RULES,
    interfaces: [],
    vpcs: [vpc('vpc-1', '10.0.0.0/16')],
    ...parts,
  });
  const peers = buildPeerIndex(inv, timelines(inv.interfaces), SLACK);
  const addresses = new Addresses();
  return {
    peers,
    at: (text: string, first: number, last: number, vpcId: string | null = 'vpc-1'): string => {
      const met = addresses.of(text);
      const { sure, peered, possible } = peers.groupsOf(vpcId, met, parseAddress(text)!, first, last).groups;
      return [sure, peered, possible].map((list) => list.join('+').replaceAll('sg-', '')).join('|');
    },
  };
}

describe('law 1: a VPC that is not described, or wrongly', () => {
  it('has no blocks to look an address up in, so any address may be in it', () => {
    const spaces = vpcSpaces(
      inventory({ vpcs: [vpc('vpc-1', '10.0.0.0/16', 'fd00::/64'), vpc('vpc-2'), vpc('vpc-3', '10.3.0.0/16', 'x')] }),
    );
    expect([...spaces.keys()]).toEqual(['vpc-1']);
    for (const blocks of [[], ['10.0.0.0/16', 'x']]) {
      expect(index({ vpcs: [vpc('vpc-1', ...blocks)] }).at('192.0.2.1', 1000, 1010)).toBe('||a+b+c');
    }
    expect(index({}).at('192.0.2.1', 1000, 1010)).toBe('||');
  });
});

describe('law 1: what is remembered of an address', () => {
  // Few moments, with the slack and one more or less between them, so that questions fall before, on and after every change.
  const moment = fc.constantFrom(79, 80, 89, 90, 91, 99, 100, 101, 109, 110, 111, 119, 120, 121, 130);
  const owner = fc.record({
    groups: fc.constantFrom<string[]>(['sg-a'], ['sg-b'], ['sg-a', 'sg-c'], []),
    from: moment,
    length: fc.constantFrom(1, 10, 20, null),
    vpcId: fc.constantFrom('vpc-1', 'vpc-2', null),
  });
  const question = fc.record({
    first: moment,
    length: fc.constantFrom(-1, 0, 1, 9, 10, 20, 30),
    vpcId: fc.constantFrom('vpc-1', 'vpc-2', null),
    address: fc.constantFrom('10.0.0.1', '192.0.2.1'),
  });

  it('is what would be decided anew, whatever was asked before', () => {
    let across = 0;
    fc.assert(
      fc.property(
        fc.array(owner, { maxLength: 4, size: 'max' }),
        fc.array(question, { minLength: 2, maxLength: 25, size: 'max' }),
        (owners, questions) => {
          const interfaces = owners.flatMap(({ groups, from, length, vpcId }, n) =>
            ['10.0.0.1', '192.0.2.1'].map((address, k) =>
              held(`eni-${n}${k}`, groups, address, from, length === null ? null : from + length, vpcId),
            ),
          );
          const parts = { interfaces, vpcs: [vpc('vpc-1', '10.0.0.0/16'), vpc('vpc-2', '10.0.0.0/16')] };
          const asked = index(parts);
          for (const { first, length, vpcId, address } of questions) {
            const last = first + length;
            expect(asked.at(address, first, last, vpcId)).toBe(index(parts).at(address, first, last, vpcId));
            if (owners.some(({ from }) => from > first - SLACK && from <= last + SLACK)) across += 1;
          }
        },
      ),
      { numRuns: 150 },
    );
    expect(across).toBeGreaterThan(500);
  });
});

describe('the groups of an address', () => {
  it('are the same, whichever moment was asked about before', () => {
    const interfaces = [
      held('eni-1', ['sg-a'], '10.0.0.1', 0, 1000),
      held('eni-2', ['sg-b'], '10.0.0.1', 1000, 2000),
      held('eni-3', ['sg-c'], '10.0.0.1', 2000, null),
    ];
    const moments: [number, number, string][] = [
      [500, 510, 'a||'],
      [989, 989, 'a||'],
      [989, 990, '||a+b'],
      [1000, 1005, '||a+b'],
      [1009, 1009, '||a+b'],
      [1010, 1010, 'b||'],
      [1500, 1989, 'b||'],
      [1500, 1990, '||b+c'],
      [500, 2500, '||a+b+c'],
      [2010, 9999, 'c||'],
      [2009, 9999, '||b+c'],
    ];
    for (const order of [moments, moments.toReversed(), [...moments, ...moments]]) {
      // Interfaces come by their ids, which say nothing of their times.
      const renamed = interfaces.map((state, i) => ({ ...state, interfaceId: `eni-${9 - i}` }));
      for (const turned of [interfaces, interfaces.toReversed(), renamed]) {
        const { at } = index({ interfaces: turned });
        expect(order.map(([first, last]) => at('10.0.0.1', first, last))).toEqual(order.map(([, , said]) => said));
      }
    }
  });

  it('are seen from each VPC by itself', () => {
    const interfaces = [
      held('eni-1', ['sg-a'], '10.0.0.1', 0, null),
      held('eni-2', ['sg-b'], '10.0.0.1', 0, null, 'vpc-2'),
    ];
    const { at } = index({
      interfaces,
      vpcs: [vpc('vpc-1', '10.0.0.0/16'), vpc('vpc-2', '10.0.0.0/24'), vpc('vpc-3', '10.3.0.0/16')],
    });
    expect(at('10.0.0.1', 500, 510)).toBe('a||');
    expect(at('10.0.0.1', 500, 510, 'vpc-2')).toBe('b||');
    expect(at('10.0.0.1', 500, 510, 'vpc-3')).toBe('||a+b');
    expect(at('10.0.0.1', 500, 510, null)).toBe('||a+b');
    expect(at('10.0.0.1', 500, 510)).toBe('a||');
  });

  it('worn by two at once are sure where both wear them, and in one VPC only', () => {
    const both = (vpcId: string | null) => [
      held('eni-1', ['sg-b', 'sg-a'], '192.0.2.1', 0, null),
      held('eni-2', ['sg-c', 'sg-b', 'sg-a'], '192.0.2.1', 0, null, vpcId),
    ];
    expect(index({ interfaces: both('vpc-1') }).at('192.0.2.1', 500, 510)).toBe('a+b||c');
    expect(index({ interfaces: both('vpc-2') }).at('192.0.2.1', 500, 510)).toBe('|a+b|c');
    expect(index({ interfaces: both('vpc-1') }).at('192.0.2.1', 500, 510, null)).toBe('|a+b|c');
  });

  it('of an interface whose VPC is not known count within the own VPC too', () => {
    const interfaces = [held('eni-1', ['sg-a'], '10.0.0.1', 0, null, null)];
    expect(index({ interfaces }).at('10.0.0.1', 500, 510)).toBe('a||');
    expect(
      index({ interfaces: [held('eni-1', ['sg-a'], '10.0.0.1', 0, null, 'vpc-9')] }).at('10.0.0.1', 500, 510),
    ).toBe('||a+b+c');
  });

  it('are found by delegated prefixes of one length and of several', () => {
    const node = (id: string, groupId: string, ...prefixes: string[]) => eni(id, [groupId], [], { prefixes, from: 0 });
    const { at } = index({
      interfaces: [
        node('eni-1', 'sg-a', '10.0.1.0/28', '10.0.1.32/28'),
        node('eni-2', 'sg-b', '10.0.1.16/28'),
        node('eni-3', 'sg-c', '10.0.2.0/24', 'fd00::/80'),
      ],
      vpcs: [vpc('vpc-1', '10.0.0.0/16', 'fd00::/64')],
    });
    expect(
      ['10.0.1.1', '10.0.1.15', '10.0.1.16', '10.0.1.40', '10.0.2.255', 'fd00::5'].map((a) => at(a, 500, 510)),
    ).toEqual(['a||', 'a||', 'b||', 'a||', 'c||', 'c||']);
    expect(['10.0.1.48', 'fd00::1:0:0:0'].map((a) => at(a, 500, 510))).toEqual(['||a+b+c', '||a+b+c']);
  });

  it('are one and the same object where they are equal', () => {
    const { peers, at } = index({
      interfaces: [held('eni-1', ['sg-a'], '10.0.0.1', 0, null), held('eni-2', ['sg-a'], '10.0.0.2', 0, null)],
    });
    for (const address of ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4']) at(address, 500, 510);
    expect(peers.sets.map((s) => s.id)).toEqual([0, 1]);
    expect(peers.sets.map((s) => s.groups.sure)).toEqual([['sg-a'], []]);
  });

  it('ignore what was made usable elsewhere of a group that no rule references', () => {
    const groupVpcs = [{ groupId: 'sg-z', vpcId: 'vpc-1', vpcOwnerId: null, state: null }];
    expect(index({ groupVpcs }).at('10.0.0.9', 500, 510)).toBe('||a+b+c');
  });
});
