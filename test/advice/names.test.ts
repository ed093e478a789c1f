import { describe, expect, it } from 'vitest';
import type { InterfaceState } from '../../analyzer/model/interface.ts';
import type { Inventory, PrefixList } from '../../analyzer/model/inventory.ts';
import { daily, eni, FROM, group, inventory, judge, rule } from './build.ts';

const HOSTS = ['10.0.1.5', '10.0.1.6'];
const TEXT = 'ingress tcp 1-1000 10.0.0.0/8';

function app(address: string, groups: string[], more: Partial<InterfaceState> = {}): InterfaceState {
  return eni(`eni-${address}`, groups, [address], more);
}

function list(cidrs: readonly string[] | null, more: Partial<PrefixList> = {}): PrefixList {
  return { prefixListId: 'pl-apps', name: 'apps', ownerId: '111122223333', maxEntries: 2, cidrs, ...more };
}

const WORLD: Partial<Inventory> = {
  groups: [group('sg-web'), group('sg-app')],
  rules: [rule(TEXT)],
  interfaces: [eni('eni-web', ['sg-web'], ['10.0.0.10']), ...HOSTS.map((host) => app(host, ['sg-app']))],
};

async function says(parts: Partial<Inventory>, policy: object = { narrowToNames: true }) {
  const rows = HOSTS.flatMap((host) => daily(30, 6, 443, host));
  const judged = await judge(inventory({ ...WORLD, ...parts }), rows, { policy });
  return { ...judged, text: Object.values(judged.says)[0]! };
}

describe('names instead of networks, where the policy asks for them', () => {
  it('are not used unless it does', async () => {
    expect((await says({ prefixLists: [list(['10.0.1.0/28'])] }, {})).text).toMatch(/ \| 6 443-443 10\.0\.1\.0\/24$/);
  });

  it('a group that every observed peer wore for certain stands for its members', async () => {
    const { text, advice } = await says({});
    expect(text).toBe('narrow | ports-and-sources-unused | 6 443-443 sg-app');
    expect(advice.verdicts[0]!.detail).toMatch(
      /Every peer that was seen wore sg-app at that time, so that stands instead/,
    );
    expect(advice.replay.blocked).toBe(0);
  });

  it('a prefix list that holds every observed peer stands for its entries; of two names the smaller', async () => {
    const { text } = await says({
      prefixLists: [list(['10.0.1.4/31', '10.0.1.6/32'])],
      interfaces: WORLD.interfaces!.slice(0, 1),
    });
    expect(text).toMatch(/ \| 6 443-443 pl-apps$/);
    expect((await says({ prefixLists: [list(['10.0.1.4/31', '10.0.1.6/32'])] })).text).toMatch(/ sg-app$/);
  });

  const vpc = (...cidrs: string[]) => [{ vpcId: 'vpc-1', accountId: '111122223333', region: 'eu-west-1', cidrs }];
  const gone = { from: FROM, to: FROM + 86_400 * 10 };
  it.each<[string, Partial<Inventory>]>([
    ['one peer wears another group', { interfaces: [...WORLD.interfaces!.slice(0, 2), app(HOSTS[1]!, ['sg-other'])] }],
    [
      'one peer wore it for a part of the time',
      { interfaces: [...WORLD.interfaces!.slice(0, 2), app(HOSTS[1]!, ['sg-app'], gone)] },
    ],
    ['one peer is nobody known', { interfaces: WORLD.interfaces!.slice(0, 2) }],
    ['it is the default group', { groups: [group('sg-web'), group('sg-app', { groupName: 'default' })] }],
    ['AWS keeps it', { groups: [group('sg-web'), group('sg-app', { groupName: 'eks-cluster-sg-x' })] }],
    ['it is of another VPC', { groups: [group('sg-web'), group('sg-app', { vpcId: 'vpc-2' })] }],
    [
      'it is associated with further VPCs',
      { groupVpcs: [{ groupId: 'sg-app', vpcId: 'vpc-2', vpcOwnerId: null, state: 'associated' }] },
    ],
    ['members may have addresses outside what the rule allows', { vpcs: vpc('10.0.0.0/16', '100.64.0.0/16') }],
    ['members may have IPv6 addresses, which the rule never allowed', { vpcs: vpc('10.0.0.0/16', 'fd00::/56') }],
    ["the VPC's blocks are not known", { vpcs: [] }],
    [
      'it is much larger than the networks',
      {
        interfaces: [
          ...WORLD.interfaces!,
          ...Array.from({ length: 1100 }, (_, n) => app(`10.0.${10 + Math.floor(n / 250)}.${n % 250}`, ['sg-app'])),
        ],
      },
    ],
    [
      'a list has an entry outside what the rule allows',
      { interfaces: [], prefixLists: [list(['10.0.1.0/28', '192.0.2.0/31'])] },
    ],
    ['a list lacks one of the peers', { interfaces: [], prefixLists: [list(['10.0.1.4/31'])] }],
    ["a list's entries are not known", { interfaces: [], prefixLists: [list(null)] }],
    ['AWS keeps the list', { interfaces: [], prefixLists: [list(['10.0.1.0/28'], { ownerId: 'AWS' })] }],
    [
      'a list counts for more rules than might stand instead',
      { interfaces: [], prefixLists: [list(['10.0.1.0/28'], { maxEntries: 5 })] },
    ],
    ['a list is more than four times as large', { interfaces: [], prefixLists: [list(['10.0.0.0/21'])] }],
  ])('not where %s', async (_, parts) => {
    const interfaces = [
      eni('eni-web', ['sg-web'], ['10.0.0.10']),
      ...(parts.interfaces ?? WORLD.interfaces!).filter((i) => i.interfaceId !== 'eni-web'),
    ];
    expect((await says({ ...parts, interfaces })).text).toMatch(/ \| 6 443-443 10\.0\.1\.0\/24$/);
  });

  it('not where the policy wants networks whole', async () => {
    const none = { protectedGroups: [], protectedPorts: [], protectedPeers: [], keeps: [], windows: [], brake: null };
    const orders = { ...none, rulesPerGroup: 60, neverNarrow: ['10.0.1.0/24'] };
    expect((await says({}, { narrowToNames: true, orders })).text).toMatch(/ 10\.0\.1\.0\/24$/);
  });

  it('law 4: a name of which only a part lies within what the rule allowed would be withdrawn', async () => {
    // The proof sees the blocks of the VPC instead of the name: a narrower rule than these is not proved to hold the name.
    const narrow = { rules: [rule('ingress tcp 1-1000 10.0.0.0/17')], vpcs: vpc('10.0.0.0/16') };
    expect((await says(narrow)).text).toMatch(/ \| 6 443-443 10\.0\.1\.0\/24$/);
    expect((await says({ ...narrow, vpcs: vpc('10.0.0.0/17') })).text).toMatch(/ sg-app$/);
  });
});
